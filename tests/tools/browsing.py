"""Pages in the Chromium of the distribution, driven by playwright: what people see, press and print.

Where playwright, axe, Chromium or pdftotext is missing the tests that need it are skipped; with CI=true they fail.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.tools.npm import lacking

_SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_MARGIN = 14 / 25.4 * 72
_FOCUS = """
() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  return {name: (one.innerText || one.getAttribute('aria-labelledby') || one.id || one.name || '').trim(),
          number: [...document.querySelectorAll('*')].indexOf(one), tag: one.tagName,
          seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
          ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2};
}"""
_FOCUSABLE = """
() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, [tabindex="0"]')]
  .filter(one => one.getClientRects().length).map(one => [...document.querySelectorAll('*')].indexOf(one))"""


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A browser, for the time of a with-block."""
    program = shutil.which("chromium")
    if program is None or find_spec("playwright") is None or find_spec("axe_playwright_python") is None:
        lacking("chromium and tests/interop/browser.txt are needed (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=list(_SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


def violations(page: Any, *rules: str) -> list[tuple[str, list[str]]]:
    """What axe finds: rule, and the first places. rules: only these; none named means all."""
    from axe_playwright_python.sync_playwright import Axe

    if page.evaluate("() => typeof axe === 'undefined'"):
        page.evaluate(Axe().axe_script)
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    told = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **only})
    return [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in told["violations"]]


@dataclass(frozen=True)
class Stop:
    """Where the focus stands after one press of the tabulator."""

    name: str
    number: int
    tag: str
    seen: bool
    ring: bool


def keyboard_walk(page: Any) -> tuple[list[Stop], list[int]]:
    """Every stop of a walk through the page with the tabulator, and the elements that it should stop at, in order."""
    wanted = page.evaluate(_FOCUSABLE)
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    stops = []
    for _ in wanted:
        page.keyboard.press("Tab")
        stops.append(Stop(**page.evaluate(_FOCUS)))
    return stops, wanted


@dataclass(frozen=True)
class Printed:
    """A page on paper.

    text     everything, in the order in which it was written, without any blank
    sheets   the words of each sheet
    outside  words that stand outside the margins at the sides, or off the paper
    """

    text: str
    sheets: tuple[str, ...]
    outside: tuple[str, ...]


def printed(page: Any, folder: Path) -> Printed:
    """The page as its own rules have it printed, read back by poppler."""
    reader = shutil.which("pdftotext")
    if reader is None:
        lacking("pdftotext is needed (apt-get install poppler-utils)")
    file = folder / "printed.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True)

    def read(*options: str) -> str:
        return subprocess.run([reader, *options, str(file), "-"], check=True, capture_output=True, timeout=60
                              ).stdout.decode()

    outside = []
    for sheet in re.split(r"(?=<page )", read("-bbox"))[1:]:
        width, height = (float(number) for number in re.findall(r'<page width="([\d.]+)" height="([\d.]+)"', sheet)[0])
        for left, top, right, bottom, word in re.findall(
                r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', sheet):
            if float(left) < _MARGIN - 1 or float(right) > width - _MARGIN + 1 or float(top) < 0 \
                    or float(bottom) > height:
                outside.append(word)
    return Printed(text=re.sub(r"\s", "", read("-raw")), sheets=tuple(read("-layout").split("\f")[:-1]),
                   outside=tuple(outside))


def cells(page: Any) -> list[str]:
    """The text of every cell of every table, without any blank."""
    found = page.evaluate("() => [...document.querySelectorAll('th, td')].map(one => one.innerText)")
    return [re.sub(r"\s", "", one) for one in found]

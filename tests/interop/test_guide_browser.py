"""Can everybody read the guide of a corridor, on a screen and on paper: axe finds nothing, and no table is cut?

Chromium with its driver opens the pages; axe-core comes from the npm registry into a temporary folder. Where one of
them is missing, or the registry cannot be reached, the tests are skipped; with CI=true that is a failure.
"""

from __future__ import annotations

import base64
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from gateway.findings import Finding
from gateway.mapping import Corridors, load_corridors
from gateway.mapping.bench.preview import Preview, PreviewRow
from gateway.pages import Example, GuideMessage, guide, pdf, preview_page
from gateway.texts import Language
from tests.tools.npm import installed, lacking

ROOT = Path(__file__).parents[2]
AXE = "axe-core@4.14.1"
SOME = ("corridors/tg-ml/cusdec", "base/cusres-d96b/rejected", "base/cusres-d96b/arrived-control")
"""The messages of the short guide: the longest, and those with the deepest tables."""
CUT = """
const paper = document.documentElement.clientWidth + 1;
return [...document.querySelectorAll('table, th, td, pre, h1, h2, h3, h4, p, li, dd, dt')].filter(one => {
  const content = document.createRange();
  content.selectNodeContents(one);
  const box = one.getBoundingClientRect(), text = content.getBoundingClientRect();
  return text.right > box.right + 1 || text.bottom > box.bottom + 1 || box.right > paper
    || one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'table';
}).map(one => one.outerHTML.slice(0, 200));
"""
"""What stands wider or higher than its place: the content of a cell, or a table on the page."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def corridors() -> Corridors:
    return load_corridors([ROOT / "mappings"])


@pytest.fixture(scope="module")
def pages(corridors: Corridors, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide in both languages, whole, and a preview, as files."""
    folder = tmp_path_factory.mktemp("pages")
    corridor = corridors.named("tg-ml")
    example = Example(name="retrait", file="retrait.json", rules=("COR0214",),
                      text="UNH+1+CUSDEC:D:96B:UN:COR10'\nBGM+950:::T1+26TGLPL0000018233+9'\nUNT+3+1'\n")
    for language in Language:
        messages = [GuideMessage(mapping=mapping, examples=[example] if number == 0 else ())
                    for number, mapping in enumerate(corridor.mappings())]
        (folder / f"guide.{language.value}.html").write_text(
            guide(corridor, messages, corridors.offices.values(), language), "utf-8")
        (folder / f"preview.{language.value}.html").write_text(preview_page([("a.json", seen())], language), "utf-8")
    return folder


def seen() -> Preview:
    """A preview with one of everything."""
    row = PreviewRow(path="office_of_departure.code", value="TGLPL", status="value", segment=3, tag="LOC",
                     segment_name="PLACE/LOCATION IDENTIFICATION", element=2, component=1, element_id="3225",
                     name="Place/location identification", meaning="", mandatory=True, line="cusdec-d96b.yaml:188")
    missing = PreviewRow(path="mrn", value="", status="missing", segment=0, tag="BGM",
                         segment_name="BEGINNING OF MESSAGE", element=2, component=1, element_id="1004",
                         name="Document/message number", meaning="", mandatory=True, line="cusdec-d96b.yaml:181")
    constant = PreviewRow(path=None, value="118", status="constant", segment=3, tag="LOC",
                          segment_name="PLACE/LOCATION IDENTIFICATION", element=1, component=1, element_id="3227",
                          name="Place/location qualifier", meaning="Customs office of departure", mandatory=True,
                          line="cusdec-d96b.yaml:188")
    return Preview(mapping="corridors/tg-ml/cusdec", message="CUSDEC:D:96B:UN:COR10",
                   record=(("office_of_departure.code", "TGLPL"),), segments=("LOC+118+TGLPL:113:ZZZ'",),
                   rows=(missing, constant, row), findings=(Finding(code="M101", values={"term": "mrn"}),))


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        lacking("chromium and chromedriver are needed (apt-get install chromium chromium-driver)")
    options = ChromeOptions()
    options.binary_location = program
    for switch in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(switch)
    running = Chrome(options=options, service=Service(driver))
    running.set_script_timeout(300)
    yield running
    running.quit()


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return (installed(AXE, tmp_path_factory.mktemp("npm")) / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("name", ["guide.fr", "preview.en"])
def test_axe_finds_no_violation(browser: Chrome, pages: Path, axe: str, name: str) -> None:
    browser.get((pages / f"{name}.html").as_uri())
    browser.execute_script(axe)
    told = browser.execute_async_script("const done = arguments[arguments.length - 1]; axe.run().then(done);")
    assert len(told["passes"]) > 10
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in told["violations"]] == []


def test_axe_would_find_one(browser: Chrome, axe: str, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text("<html><body><img src='data:,'><h4>x</h4></body></html>", "utf-8")
    browser.get((tmp_path / "bad.html").as_uri())
    browser.execute_script(axe)
    told = browser.execute_async_script("const done = arguments[arguments.length - 1]; axe.run().then(done);")
    assert {"image-alt", "html-has-lang"} <= {one["id"] for one in told["violations"]}


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("name", ["guide.fr", "guide.en", "preview.fr", "preview.en"])
def test_no_table_and_no_text_is_cut_on_a_screen(browser: Chrome, pages: Path, name: str, width: int) -> None:
    sized(browser, width, "screen")
    browser.get((pages / f"{name}.html").as_uri())
    assert browser.execute_script("return document.documentElement.clientWidth") == width
    assert browser.execute_script(CUT) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["guide.fr", "guide.en", "preview.fr", "preview.en"])
def test_no_table_and_no_text_is_cut_on_paper(browser: Chrome, pages: Path, name: str) -> None:
    sized(browser, 688, "print")  # A4 without the margins, at 96 to the inch
    browser.get((pages / f"{name}.html").as_uri())
    assert browser.execute_script("return document.querySelectorAll('table').length") > 1
    assert browser.execute_script(CUT) == []


def test_what_is_cut_would_be_noticed(browser: Chrome, tmp_path: Path) -> None:
    page = "<!DOCTYPE html><table style='table-layout:fixed;width:50px'><tr><td>unbreakabletextofsomelength</table>"
    (tmp_path / "cut.html").write_text(page, "utf-8")
    sized(browser, 300, "screen")
    browser.get((tmp_path / "cut.html").as_uri())
    assert [one[:4] for one in browser.execute_script(CUT)] == ["<tab", "<td>"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_runs_nothing_and_fetches_nothing(browser: Chrome, pages: Path, language: str) -> None:
    browser.get((pages / f"guide.{language}.html").as_uri())
    assert browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)") == []
    assert browser.execute_script("return document.scripts.length") == 0
    assert browser.execute_script("return document.documentElement.lang") == language


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_browser_prints_it(browser: Chrome, pages: Path, language: str) -> None:
    browser.get((pages / f"guide.{language}.html").as_uri())
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF-")


@pytest.mark.parametrize("language", Language)
def test_nothing_stands_outside_the_margins_of_the_pdf(corridors: Corridors, language: Language) -> None:
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        lacking(f"the extra pdf is needed: {error}")
    messages = [GuideMessage(mapping=mapping) for mapping in corridors.named("tg-ml").mappings()
                if mapping.identifier in SOME]
    page = guide(corridors.named("tg-ml"), messages, corridors.offices.values(), language)
    document = HTML(string=page).render()
    assert len(document.pages) > 10
    outside = []
    for number, sheet in enumerate(document.pages, 1):
        box: Any = sheet._page_box
        left, right = box.content_box_x(), box.content_box_x() + box.width
        bottom = box.content_box_y() + box.height
        outside += [(number, one.element_tag, one.position_x, one.width) for one in box.descendants()
                    if one.element_tag in ("table", "td", "th", "pre", "p", "h2", "h3", "h4")
                    and (one.position_x < left - 1 or one.position_x + one.border_width() > right + 1
                         or one.position_y + one.border_height() > bottom + 1)]
    assert outside == []


def test_the_pdf_is_tagged_and_names_its_language(corridors: Corridors, caplog: pytest.LogCaptureFixture) -> None:
    try:
        import weasyprint  # noqa: F401 - only asked whether it is there
    except (ImportError, OSError) as error:
        lacking(f"the extra pdf is needed: {error}")
    corridor = corridors.named("tg-ml")
    page = guide(corridor, [GuideMessage(mapping=corridor.cusres("STATE-QUERY"))], corridors.offices.values(),
                 Language.FRENCH)
    content = pdf(page)
    assert [record.getMessage() for record in caplog.records] == []  # the style is understood, nothing is fetched
    assert content.startswith(b"%PDF-")
    packed = re.findall(rb"/ObjStm.*?stream\n(.*?)\nendstream", content, re.DOTALL)
    objects = b"".join(zlib.decompress(one) for one in packed)
    for sign in (b"/StructTreeRoot", b"/Lang (fr)", b"/TH", b"/Table"):
        assert sign in objects


def sized(browser: Chrome, width: int, medium: str) -> None:
    """A window of that many pixels, on a screen or as it is printed."""
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium})

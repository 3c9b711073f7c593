"""Can everybody use the live pages: log in, find, decide, by eye, by keyboard, on a telephone, in both languages and
themes, with a browser that runs no script?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.cli.context import occasion
from gateway.exchange.assembled import Occasion
from gateway.security import file_name
from tests.pair.test_dead_letters import silence
from tests.tools.browsing import chromium, keyboard_walk, violations
from tests.tools.live_pages import PASSWORD, Visitor, served, with_pages
from tests.tools.malice import later
from tests.tools.offices import Office, offices
from tests.tools.records import declaration, numbered_mrn

MRN, DEAD = numbered_mrn(1), "TG0000000001"
DAYS = 16
BUDGET, REQUESTS = 30_000, 3
DRAWN = ("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block", "meta-viewport")
"""Rules whose answer depends on theme and width; the others are asked once for each page."""
WIDTHS = (1280, 360)
THEMES = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 20, 23)"}

pytestmark = [pytest.mark.timeout(300), pytest.mark.needs_chromium]


@dataclass(frozen=True)
class Site:
    """A server, its gateway, and a browser."""

    browser: Any
    office: Office
    port: int
    held: str

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """Every kind of page that somebody may come to who has logged in."""
        return ["/", "/board/tg-bf", f"/movement/{MRN}", f"/letter/{MRN}", "/overdue", "/statistics/tg-bf",
                "/search?q=TG-1234+ab", "/search?q=zzzz", "/quarantine", "/dead", f"/act/close/{DEAD}",
                f"/act/reject/{self.held}", f"/act/ask/{self.held}", "/guide/tg-bf", "/nowhere"]

    def page(self, login: str = "k.traore", *, script: bool = False, **options: Any) -> Any:
        """A page of a person who has logged in by the form."""
        page = self.browser.new_context(java_script_enabled=script, **options).new_page()
        page.goto(f"{self.root}/login")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("form.ask button")
        assert page.url == f"{self.root}/"
        return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Togo sixteen days on: two movements late, a dead letter, something in quarantine."""
    togo, burkina = offices(tmp_path_factory.mktemp("site"), valid=timedelta(days=400))
    for number in (1, 2):
        record = declaration(f"00012{number}", mrn=numbered_mrn(number))
        record["vehicle_at_departure"] = {"mode": "3", "kind": "31", "identity": f"TG-1234 A{'B' * number}"}
        togo.drop("declarations", {f"{number}.json": json.dumps(record).encode()})
    assert togo.run("edi-send").exit == 0
    (togo.mailbox("BFDGD") / file_name(b"not sealed")).write_bytes(b"not sealed")
    assert togo.run("edi-receive").exit == 5
    silence(togo, burkina, DAYS - 1)
    port = with_pages(togo, '  help: "cellule transit, poste 4512"\n')

    def moment() -> Occasion:
        return replace(occasion(), now=later(days=DAYS))

    with served(togo.settings, port, moment), chromium() as browser:
        (held,) = (togo.home / "state" / "quarantine").glob("*.bin")
        yield Site(browser, togo, port, held.stem)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nobody_is_kept_out_in_any_theme_at_any_width(site: Site, language: str) -> None:
    """axe finds nothing, and no page has to be scrolled sideways."""
    page = site.page(script=True, bypass_csp=True)
    found: dict[tuple[str, str, int], list[tuple[str, list[str]]]] = {}
    for theme, background in THEMES.items():
        page.goto(f"{site.root}/?lang={language}")
        page.select_option("#theme", theme)
        page.click("form.theme button")
        for path in site.paths():
            page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            answer = page.goto(f"{site.root}{path}")
            assert answer.status == (404 if path == "/nowhere" else 200), path
            assert page.evaluate("() => document.documentElement.lang") == language
            if (theme, language) == ("light", "fr"):  # the templates are the same in both
                found[path, "all", 0] = violations(page)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found[path, theme, width] = violations(page, *DRAWN)
                assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (path, width)
                assert page.evaluate(
                    "() => getComputedStyle(document.documentElement).backgroundColor") == background
    page.context.clear_cookies()
    page.goto(f"{site.root}/login?lang={language}")
    found["/login", "all", 0] = violations(page)
    page.context.close()
    assert {where: told for where, told in found.items() if told} == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(site: Site, width: int) -> None:
    page = site.page(script=True, bypass_csp=True, viewport={"width": width, "height": 900})
    for path in site.paths():
        page.goto(f"{site.root}{path}")
        stops, wanted = keyboard_walk(page)
        assert [stop.number for stop in stops] == wanted, path
        assert stops[0].name == "Aller au contenu"
        assert [stop for stop in stops if not (stop.seen and stop.ring)] == [], path
    page.context.close()


def test_a_page_is_light_fetches_nothing_else_and_breaks_no_rule_of_its_own(site: Site) -> None:
    page = site.page(script=True)
    requests: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    visitor = Visitor(site.port, cookies={one["name"]: one["value"] for one in page.context.cookies()})
    for path in site.paths():
        requests.clear()
        page.goto(f"{site.root}{path}")
        assert requests == [f"{site.root}{path}"]
        assert len(gzip.compress(visitor.get(path).body)) <= BUDGET, path
        assert page.evaluate("() => document.scripts.length + document.querySelectorAll('[style]').length") == 0
        assert page.evaluate("() => document.querySelectorAll('h1').length") == 1
    page.context.close()
    assert [one for one in said if "404" not in one] == []  # a style that the policy does not know would be told here


def test_an_officer_finds_a_truck_and_sees_whether_it_is_late(site: Site) -> None:
    """By what is painted on it, from the first page, with a browser that runs no script."""
    page = site.page("a.mensah")
    page.fill("#q", "tg 1234-ab")
    page.keyboard.press("Enter")
    page.click(f"main a >> text={MRN}")
    assert page.title().startswith("En retard")
    assert page.inner_text("h1").endswith(MRN)
    page.context.close()


def test_an_operator_closes_a_dead_letter_with_a_reason_and_is_asked_for_one(site: Site) -> None:
    page = site.page()
    page.click("nav.main >> text=Non remis")
    page.click(f"text=Clore {DEAD}")
    page.fill("#reason", "  ")
    page.click("form.ask button")
    assert page.inner_text(".fault") == "Un motif est nécessaire."
    page.fill("#reason", "envoyé sur papier")
    page.click("form.ask button")
    assert page.inner_text("h1") == f"Clos\N{NARROW NO-BREAK SPACE}: {DEAD}"
    page.reload()
    assert page.inner_text("h1") == f"Clos\N{NARROW NO-BREAK SPACE}: {DEAD}"
    page.click("main a")
    assert "Rien n'est abandonné" in page.inner_text("main")
    page.context.close()


def test_a_wrong_password_is_told_beside_the_form_and_a_logout_ends_it(site: Site) -> None:
    page = site.browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.root}/overdue")
    page.fill("#login", "a.mensah")
    page.fill("#password", "faux faux faux")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert page.inner_text("[role=alert]") == "Cet identifiant et ce mot de passe ne vont pas ensemble."
    assert page.input_value("#login") == "a.mensah"
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.root}/overdue")
    page.click(".who button")
    page.wait_for_url(f"{site.root}/login")
    page.go_back()
    page.reload()
    assert page.url.startswith(f"{site.root}/login")
    page.context.close()

"""Do the live pages show each person what their roles open, as pages and as files, and nothing else?"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.pages.live import ROWS, DeadRow, HeldRow, dead_page, quarantine_page
from gateway.pages.site import Site
from gateway.texts import Language
from gateway.web.frame import address
from tests.tools.live_pages import Visitor, served, with_pages
from tests.tools.offices import Office, offices
from tests.tools.records import declaration

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Live:
    """A gateway with two movements and its pages."""

    office: Office
    port: int
    mrn: str
    known: dict[str, Visitor] = field(default_factory=dict)

    def visitor(self, login: str) -> Visitor:
        """Somebody who has logged in, once for all tests; changes of their cookies stay with the one who asked."""
        if login not in self.known:
            visitor = Visitor(self.port)
            assert visitor.log_in(login).status == 303
            self.known[login] = visitor
        return Visitor(self.port, cookies=dict(self.known[login].cookies))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    togo, _ = offices(tmp_path_factory.mktemp("live"))
    port = with_pages(togo)
    record = declaration("000123")
    record["vehicle_at_departure"] = {"mode": "3", "kind": "31", "identity": "TG-1234 AB", "nationality": "TG"}
    togo.drop("declarations", {"a.json": json.dumps(record).encode(), "b.json": json.dumps(
        declaration("000124")).encode()})
    assert togo.run("edi-send").exit == 0
    mrn = next(mrn for mrn, line in togo.movements().items() if line["national_key"].endswith("000123"))
    with served(togo.settings, port):
        yield Live(togo, port, mrn)


def test_a_stranger_is_asked_to_log_in_and_then_sees_what_was_asked_for(live: Live) -> None:
    visitor = Visitor(live.port)
    asked = visitor.get(f"/movement/{live.mrn}")
    assert (asked.status, asked.headers["location"]) == (303, f"/login?back=%2Fmovement%2F{live.mrn}")
    form = visitor.get(asked.headers["location"])
    entered = visitor.post("/login", {"login": "A.Mensah", "password": "rivière tournevis goyave",
                                      "token": form.token, "back": f"/movement/{live.mrn}"})
    assert (entered.status, entered.headers["location"]) == (303, f"/movement/{live.mrn}")
    assert live.mrn in visitor.get(entered.headers["location"]).said


@pytest.mark.parametrize("path", ["/", "/board/tg-bf", "/overdue", "/statistics/tg-bf", "/search?q=000123"])
def test_an_officer_sees_the_pages_of_a_corridor(live: Live, path: str) -> None:
    answer = live.visitor("a.mensah").get(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Adjo Mensah" in answer.said


def test_what_is_on_another_corridor_is_not_there(live: Live) -> None:
    visitor = live.visitor("m.lecteur")
    for path in ("/board/tg-bf", f"/movement/{live.mrn}", f"/movement/{live.mrn}.json", "/statistics/tg-bf",
                 f"/certificate/{live.mrn}", f"/act/chase/{live.mrn}"):
        assert visitor.get(path).status == 404, path
    assert live.mrn not in visitor.get("/overdue").said + visitor.get("/search?q=TGCUS0012345678").said
    assert "tg-bf" not in visitor.get("/index.csv").text


def test_names_of_traders_are_for_those_whose_role_says_so(live: Live) -> None:
    assert "TRANSIT EXEMPLE SARL" in live.visitor("a.mensah").get(f"/movement/{live.mrn}").said
    reader = live.visitor("r.lecteur")
    assert "TRANSIT EXEMPLE SARL" not in reader.get(f"/movement/{live.mrn}").said
    assert reader.get(f"/letter/{live.mrn}").status == 403


@pytest.mark.parametrize(("words", "what"), [
    ("000123", "titre"), ("2026/tglpl/t/000123", "titre"), ("tg 1234-ab", "véhicule"), ("TG1234", "véhicule"),
    ("msku 123456-5", "conteneur"), ("tgcus0012345678", "scellé")])
def test_a_movement_is_found_by_what_is_in_hand_however_it_is_written(live: Live, words: str, what: str) -> None:
    visitor = live.visitor("a.mensah")
    answer = visitor.get(f"/search?q={words.replace(' ', '+').replace('/', '%2F')}")
    assert live.mrn in answer.said
    assert what in answer.said


def test_the_same_page_is_a_file_for_programs_and_one_for_a_french_excel(live: Live) -> None:
    visitor = live.visitor("a.mensah")
    plain = visitor.get("/board/tg-bf.csv")
    rows = list(csv.DictReader(plain.text.splitlines()))
    assert {row["mrn"] for row in rows} == set(live.office.movements())
    assert plain.headers["content-disposition"] == 'attachment; filename="board-tg-bf.csv"'
    excel = visitor.get("/board/tg-bf.csv?excel=1")
    assert excel.body.startswith(b"\xef\xbb\xbfchanged;mrn;")
    lines = [json.loads(line) for line in visitor.get("/board/tg-bf.json").text.splitlines()]
    assert [line["kind"] for line in lines] == ["movement", "movement", "summary"]
    assert list(lines[0])[:3] == ["schema", "kind", "changed"]


def test_an_unchanged_page_is_not_sent_twice_and_another_reader_gets_his_own(live: Live) -> None:
    visitor = live.visitor("a.mensah")
    first = visitor.get("/board/tg-bf")
    again = visitor.get("/board/tg-bf", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert first.headers["cache-control"] == "private, no-cache"
    # the browser goes on with the page that it has, whose foot tells an earlier minute: so with the policy of that page
    assert again.headers["content-security-policy"] is None
    other = live.visitor("k.traore").get("/board/tg-bf", If_None_Match=first.headers["etag"])
    assert other.status == 200


def test_the_language_is_french_and_the_choice_of_another_is_kept(live: Live) -> None:
    visitor = live.visitor("a.mensah")
    assert '<html lang="fr"' in visitor.get("/").text
    assert '<html lang="en"' in visitor.get("/?lang=en").text
    assert '<html lang="en"' in visitor.get("/overdue").text
    assert '<html lang="en"' in visitor.get("/?lang=xx").text
    assert '<html lang="fr"' in visitor.get("/?lang=fr").text


def test_the_theme_is_chosen_by_a_form(live: Live) -> None:
    visitor = live.visitor("a.mensah")
    chosen = visitor.post("/theme", {"theme": "dark", "token": visitor.get("/").token},
                          Referer=f"http://127.0.0.1:{live.port}/overdue")
    assert (chosen.status, chosen.headers["location"]) == (303, "/overdue")
    assert 'data-theme="dark"' in visitor.get("/").text


def test_the_guide_of_a_corridor_is_read_in_pages_by_whoever_sees_the_corridor_in_his_language_and_theme(
        live: Live) -> None:
    visitor = live.visitor("r.lecteur")
    assert '<a href="/guide/tg-bf">' in visitor.get("/").text
    first = visitor.get("/guide/tg-bf")
    pages = sorted(set(re.findall(r'href="(/guide/tg-bf/[a-z0-9-]+)"', first.text)))
    assert (first.status, len(pages), '<a href="/">' in first.text) == (200, 21, True)
    visitor.post("/theme", {"theme": "dark", "token": visitor.get("/").token})
    for path in (pages[0], pages[-1]):
        page = visitor.get(f"{path}?lang=en")
        assert (page.status, '<html lang="en" data-theme="dark">' in page.text) == (200, True), path
        assert "'sha256-" in page.headers["content-security-policy"]
    for path in ("/guide", "/guide/nowhere", "/guide/tg-bf/nothing", "/guide/tg-bf.csv", "/guide/tg-ml"):
        assert visitor.get(path).status == 404, path
    assert Visitor(live.port).get("/guide/tg-bf").status == 303


def test_what_is_not_there_says_so_and_whom_to_call(live: Live) -> None:
    answer = live.visitor("a.mensah").get("/movement/26XX")
    assert answer.status == 404
    assert "Cette page n'existe pas" in answer.said
    assert "appeler" in answer.said
    assert "404" not in answer.said


def test_a_list_that_a_partner_makes_long_shows_the_oldest_and_says_of_how_many() -> None:
    site = Site(language=Language.FRENCH, live=True, updated=NOW, expected=None, link=address, person="Kadi Traoré",
                may=lambda act, corridor: True)
    held = [HeldRow(name=f"BFDGD-{n:05d}", partner="BFDGD", code="E_ASN1", at=NOW, releasable=False)
            for n in range(900)]
    given_up = [DeadRow(reference=f"TG{n:05d}", partner="BFDGD", direction="out", type="CUSDEC", since=NOW, attempts=9,
                        detail="") for n in range(900)]
    for page, first, beyond in ((quarantine_page(site, held, two=True), "BFDGD-00000", "BFDGD-00200"),
                                (dead_page(site, given_up), "TG00000", "TG00200")):
        assert first in page and beyond not in page
        assert f"Les {ROWS} plus anciens sur 900 sont affichés" in page
        assert len(page) < 400_000
    assert "plus anciens" not in dead_page(site, given_up[:ROWS])


def test_strangers_learn_only_whether_it_is_up(live: Live) -> None:
    answer = Visitor(live.port).get("/health")
    assert (answer.status, answer.body) == (200, b"up\n")


def test_a_gateway_without_a_ledger_is_down_and_its_pages_say_why(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    port = with_pages(togo)
    with served(togo.settings, port):
        visitor = Visitor(port)
        assert visitor.get("/health").status == 503
        visitor.log_in("a.mensah")
        answer = visitor.get("/")
        assert (answer.status, "Le registre ne peut être lu" in answer.said) == (503, True)

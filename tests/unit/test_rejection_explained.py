"""Does a refusal lead back to line, column and value of the sender's own file, with an example that would be right?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.edifact import MessageIdentifier
from gateway.edifact.contrl import Contrl, ContrlElement, ContrlMessage, ContrlSegment
from gateway.exchange.assembly import open_gateway
from gateway.exchange.explaining import Pointed, Why, read_short, why
from gateway.exchange.process import in_short
from gateway.mapping import load_corridors, search_path
from gateway.transit.declaration import Declaration
from gateway.transit.examples import example_of
from gateway.transit.terms import terms
from tests.golden.fraud_builder import answer
from tests.golden.story.offices import ROOT, Office, open_offices
from tests.golden.story.scenarios import OUAGADOUGOU
from tests.tools.outputs import checked

STEP = OUAGADOUGOU.steps[1]
LATER = STEP.at + timedelta(hours=1)


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office of departure after its declaration was rejected by CUSRES; a good one was refused by CONTRL."""
    departure, destination = open_offices(tmp_path_factory.mktemp("offices"), OUAGADOUGOU.participants,
                                          STEP.at - timedelta(days=1))
    folder = OUAGADOUGOU.path / "tgotr"
    departure.drop("declarations", "declaration-2.json", (folder / "declaration-2.json").read_bytes())
    for minutes, office in enumerate((departure, destination, departure, destination)):
        office.run(STEP.at + timedelta(minutes=minutes))
    departure.drop("declarations", "declaration-1.json", (folder / "declaration-1.json").read_bytes())
    departure.run(STEP.at + timedelta(minutes=10))
    with open_gateway(departure.settings, LATER) as gateway:
        with gateway.ledger.reading() as queries:
            control = next(row.control_reference for row in queries.interchanges(direction="out")
                           if row.type == "CUSDEC" and row.action is None)
        with gateway.ledger.transaction() as transaction:
            assert transaction.settle_contrl("BFDGD", control_reference=control, action="4", rejected=["1"],
                                             detail="UCI 4, UCM 1 4, UCS 3, UCD 12 3:1, UCS 9 13", at=LATER)
    yield departure


def reasons(togo: Office, reference: str) -> list[Why]:
    with open_gateway(togo.settings, LATER) as gateway:
        return why(gateway, reference)


def text(name: str, place: tuple[int | None, int | None]) -> str:
    """What stands in a national file at line and column."""
    line, column = place
    assert line is not None and column is not None
    return (OUAGADOUGOU.path / "tgotr" / name).read_text("utf-8").splitlines()[line - 1][column - 1:]


def test_each_reason_of_a_cusres_leads_to_its_value_in_the_national_file(togo: Office) -> None:
    found = reasons(togo, "26TGLPLG0000000014")
    assert [(one.said_in, one.code, one.tag, one.segment, one.value, one.path, one.place and one.place.locator,
             one.example) for one in found] == [
        ("CUSRES", "COR0411", "CNT", 63, "42", "total_packages", "/total_packages", "16"),
        ("CUSRES", "COR0412", "MEA", 55, "2575", "items[2].net_mass", "/items/1/net_mass", "1250.5")]
    assert [text("declaration-2.json", (one.place.line, one.place.column)) for one in found if one.place] == [
        "42,", '"2575",']
    assert [one.fr for one in found] == ["total des colis 42 différent de la somme 41 des articles",
                                         "article 2 : masse nette 2575 supérieure à la masse brute 2400"]


def test_a_contrl_leads_over_segment_and_element_to_the_same_places(togo: Office) -> None:
    first, second = reasons(togo, "26TGLPLG0000000022")
    assert (first.said_in, first.code, first.tag, first.segment, first.element, first.component) == (
        "CONTRL", "12", "CST", 3, 3, 1)
    assert (first.value, first.path, first.example) == ("8000", "procedure", "8000")
    assert first.place is not None
    assert text("declaration-1.json", (first.place.line, first.place.column)) == '"8000",'
    assert (second.code, second.segment, second.element) == ("13", 9, None)
    assert second.path is not None


def test_the_command_tells_it_in_both_languages_and_for_programs(togo: Office) -> None:
    lines = checked("explain", answer(togo, ("explain", "26TGLPLG0000000014", "--json")).decode())
    assert [line["kind"] for line in lines] == ["reason", "reason", "summary"]
    assert (lines[0]["file"], lines[0]["line"], lines[0]["column"]) == ("declaration-2.json", 123, 20)
    french = answer(togo, ("explain", "26TGLPLG0000000014", "--lang", "fr")).decode()
    assert "  total des colis 42 différent de la somme 41 des articles\n" \
           "  dans votre fichier : declaration-2.json:123:20, /total_packages\n" in french
    assert "  une valeur juste ressemble à ceci : 16\n" in french
    english = answer(togo, ("explain", "26TGLPLG0000000022", "--lang", "en")).decode()
    assert "  your value: 8000\n  a right value looks like this: 8000\n" in english


def test_what_is_kept_of_a_contrl_is_read_back_as_it_was_said() -> None:
    cusdec = MessageIdentifier.parse("CUSDEC:D:96B:UN:COR10")
    said = Contrl("TG1", "TGOTR", "BFDGD", "4", None, (
        ContrlMessage("1", cusdec, "4", None, (
            ContrlSegment(3, "15"), ContrlSegment(4, None, (ContrlElement("12", 2, None),)))),
        ContrlMessage("2", cusdec, "7", None), ContrlMessage("3", cusdec, "4", "29")))
    assert read_short(in_short(said)) == [
        Pointed("1", 3, None, None, "15"), Pointed("1", 4, 2, None, "12"), Pointed("3", None, None, None, "29")]


@pytest.mark.parametrize(("detail", "faults"), [
    ("UCI 4", ["18"]), ("UCI 4 23", ["23"]), ("UCI 7", []), ("UCI 8", []), ("", []), ("nonsense, UCS x, UCD", [])])
def test_a_refusal_of_the_whole_has_one_fault_and_an_acceptance_none(detail: str, faults: list[str]) -> None:
    assert [one.fault for one in read_short(detail)] == faults


def test_every_term_has_an_example_that_its_mapping_can_send() -> None:
    mapping = load_corridors(search_path()).named("tg-ml").cusdec
    wrong = {}
    for term, kind in terms(Declaration).items():
        example = example_of(term)
        assert example, term
        typed = mapping.terms.get(term)
        if kind != "text" or typed is None:
            continue
        if typed.table is not None:
            if example not in mapping.tables.words(typed.table):
                wrong[term] = example
        elif typed.maximum and not typed.minimum <= len(example) <= typed.maximum:
            wrong[term] = example
    assert wrong == {}
    assert example_of("items[3].gross_mass") == "1250.5"
    assert example_of("no.such.term") is None


@pytest.mark.parametrize(("manual", "heading"), [("en/operator.md", "## A refusal"),
                                                 ("fr/exploitation.md", "## Un refus")])
def test_the_example_of_the_manual_runs(togo: Office, manual: str, heading: str) -> None:
    (line,) = (ROOT / "gateway" / "docs" / manual).read_text("utf-8").split(f"\n{heading}\n")[1].split("```\n")[1] \
        .splitlines()
    told = answer(togo, tuple(line.split()[1:])).decode()
    assert told.count("CUSRES") == 2

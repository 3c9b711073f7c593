"""Does a guarantee hold what open movements engage, give back what was written off, and never go below zero?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ledger import Ledger
from gateway.ledger.guarantee_rows import Held, NewEngagement, NewMonth
from gateway.transit.declaration import Declaration, GoodsItem, Guarantee, Packages, Reference
from gateway.transit.event import Event, EventItem, Word
from gateway.transit.guarantee import Engagement, engagements
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, event_json
from tests.unit.test_docs import commands

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
BOND = "TRIE-CCIT-2026-004511"


def item(number: int, packages: int, value: str | None = None) -> GoodsItem:
    return GoodsItem(number=number, packages=(Packages(count=packages),),
                     customs_value=None if value is None else Decimal(value))


def record(*items: GoodsItem, amount: str = "1000", references: tuple[str, ...] = (BOND,)) -> Declaration:
    return Declaration(mrn="M", items=items, guarantee=Guarantee(
        amount=Decimal(amount), currency="XOF", references=tuple(Reference(number=one) for one in references)))


def written_off(word: Word, *lines: tuple[int, int]) -> Event:
    return Event(word=word, reference=f"{word.value}-{lines}", administration="MLDGD", items=tuple(
        EventItem(item=number, packages=packages, document_type="929") for number, packages in lines))


def engaged(declaration: Declaration, *events: Event, state: str = "EN-ROUTE") -> list[Decimal]:
    return [one.engaged for one in engagements(declaration, events, state)]


def test_a_declaration_engages_the_amount_that_it_names() -> None:
    assert engagements(record(item(1, 480)), (), "SENT") == [
        Engagement(reference=BOND, currency="XOF", amount=Decimal(1000), engaged=Decimal(1000))]


@pytest.mark.parametrize("state", ["CLOSED", "CANCELLED"])
def test_a_movement_that_is_over_holds_nothing(state: str) -> None:
    assert engaged(record(item(1, 480)), state=state) == [Decimal()]


def test_each_item_answers_for_its_part_of_the_value() -> None:
    declaration = record(item(1, 10, "900"), item(2, 10, "100"))
    assert engaged(declaration, written_off(Word.PART_DISCHARGED, (1, 5))) == [Decimal(550)]
    assert engaged(declaration, written_off(Word.PART_DISCHARGED, (2, 10))) == [Decimal(900)]


def test_without_values_of_all_items_packages_decide_and_halves_are_not_given_back() -> None:
    declaration = record(item(1, 2, "900"), item(2, 1), amount="100")
    assert engaged(declaration, written_off(Word.PART_DISCHARGED, (1, 1))) == [Decimal("66.67")]


def test_what_is_settled_is_given_back_as_what_is_written_off() -> None:
    assert engaged(record(item(1, 10)), written_off(Word.PART_DISCHARGED, (1, 4)),
                   written_off(Word.DIFF_CLOSED, (1, 6))) == [Decimal()]


def test_an_excess_gives_back_no_more_than_was_engaged() -> None:
    assert engaged(record(item(1, 10), item(2, 10)), written_off(Word.PART_DISCHARGED, (1, 400))) == [Decimal(500)]


def test_of_several_guarantees_the_first_bears_the_amount() -> None:
    held = engagements(record(item(1, 1), references=("A", "B", "A")), (), "SENT")
    assert [(one.reference, one.engaged) for one in held] == [("A", Decimal(1000)), ("B", Decimal())]


def test_without_amount_currency_or_number_nothing_is_engaged() -> None:
    assert engagements(None, (), "SENT") == engagements(Declaration(mrn="M"), (), "SENT") == engagements(
        record(item(1, 1), references=()), (), "SENT") == []


@given(counts=st.lists(st.integers(0, 50), min_size=1, max_size=4), values=st.lists(st.integers(0, 10**9), min_size=4),
       amount=st.decimals(0, 10**9, places=2),
       events=st.lists(st.tuples(st.sampled_from([Word.PART_DISCHARGED, Word.DISCHARGED, Word.DIFF_CLOSED]),
                                 st.integers(1, 5), st.integers(0, 80)), max_size=6))
def test_what_is_engaged_lies_between_nothing_and_the_amount_in_every_order(
        counts: list[int], values: list[int], amount: Decimal, events: list[tuple[Word, int, int]]) -> None:
    declaration = record(*(item(number, count, str(values[number - 1])) for number, count in enumerate(counts, 1)),
                         amount=str(amount))
    told = [written_off(word, (number, packages)) for word, number, packages in events]
    (held,) = engaged(declaration, *told)
    assert Decimal() <= held <= amount
    assert all(engaged(declaration, *order) == [held] for order in itertools.islice(itertools.permutations(told), 12))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite", now=NOW) as opened:
        yield opened


HOLDS = st.tuples(st.sampled_from(["M1", "M2", "M3"]), st.sampled_from(["A", "B"]), st.sampled_from(["XOF", "EUR"]),
                  st.integers(0, 900))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(steps=st.lists(st.lists(HOLDS, max_size=3), max_size=8))
def test_the_total_of_a_guarantee_is_the_sum_of_what_movements_hold(
        ledger: Ledger, steps: list[list[tuple[str, str, str, int]]]) -> None:
    for step in steps:
        wished = {(mrn, bond): NewEngagement(mrn=mrn, reference=bond, currency=currency, amount=Decimal(900),
                                             engaged=Decimal(amount)) for mrn, bond, currency, amount in step}
        with ledger.transaction() as transaction:
            transaction.set_engagements({mrn for mrn, _ in wished}, list(wished.values()), at=NOW)
        with ledger.reading() as queries:
            for bond in ("A", "B"):
                sums: dict[str, tuple[Decimal, int]] = {}
                for held in queries.held_of(bond):
                    total, open_ones = sums.get(held.currency, (Decimal(), 0))
                    sums[held.currency] = total + held.engaged, open_ones + (held.engaged > 0)
                kept = {one.currency: (one.engaged, one.movements) for one in queries.bonds_of(bond)}
                assert {name: kept[name] for name in sums} == sums
                assert all(one >= 0 for one, _ in kept.values())


def test_a_change_stands_in_the_history_and_no_change_does_not(ledger: Ledger) -> None:
    one = NewEngagement(mrn="M", reference=BOND, currency="XOF", amount=Decimal(10), engaged=Decimal("7.50"))
    for at, new in ((NOW, [one]), (NOW + timedelta(hours=1), [one]), (NOW + timedelta(hours=2), [])):
        with ledger.transaction() as transaction:
            transaction.set_engagements(["M"], new, at=at)
    with ledger.reading() as queries:
        assert [(row.at, row.event, row.from_state, row.to_state, row.text) for row in queries.history_of(BOND)] == [
            (NOW, "engage", "0", "7.5", "M XOF"), (NOW + timedelta(hours=2), "free", "7.5", "0", "M XOF")]
        assert queries.held_of(BOND) == [Held(mrn="M", reference=BOND, currency="XOF", amount=Decimal(10),
                                              engaged=Decimal(), changed=NOW + timedelta(hours=2))]


def test_a_movement_on_paper_is_counted_once(ledger: Ledger) -> None:
    def month(mrn: str, paper: str | None) -> NewMonth:
        return NewMonth(mrn=mrn, month="2026-03", office="TGLPL", paper=paper)

    with ledger.transaction() as transaction:
        transaction.begin_months([month("M1", None), month("M2", "power cut"), month("M3", None)], at=NOW)
        transaction.note_on_paper([month("M3", "link down"), month("M3", "link down"), month("M2", "again")], at=NOW)
    with ledger.reading() as queries:
        assert [(one.movements, one.on_paper) for one in queries.month_shares("2026-01")] == [(3, 2)]
        assert [(one.mrn, one.reason) for one in queries.on_paper("2026-03")] == [("M2", "power cut"),
                                                                                 ("M3", "link down")]
        assert queries.month_shares("2026-04") == []


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, whose first declaration has crossed to Burkina Faso, was discharged, and whose second is on its way."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"a.json": declaration_json("A")})
    assert togo.run("edi-send").exit == burkina.run("edi-receive").exit == 0
    (mrn,) = togo.movements()
    for word in ("ARRIVED", "CONTROL", "DISCHARGED"):
        burkina.drop("events", {f"{word}.json": event_json(mrn, word)})
    togo.drop("declarations", {"b.json": declaration_json("B")})
    assert togo.run("edi-send").exit == burkina.run("edi-send").exit == togo.run("edi-receive").exit == 0
    assert togo.movements()[mrn]["state"] == "CLOSED"
    return togo


def test_the_account_shows_what_is_engaged_and_what_was_freed(togo: Office) -> None:
    bond, summary = checked("guarantee-list", togo.run("edi", "guarantee", "list", "--json").out)
    assert {name: bond[name] for name in ("reference", "currency", "engaged", "movements", "good_for", "free", "over")
            } == {"reference": BOND, "currency": "XOF", "engaged": "4625000", "movements": 1, "good_for": None,
                  "free": None, "over": "0"}
    assert summary == {"schema": 1, "kind": "summary", "count": 1, "over": 0}
    _, held, freed, _ = checked("guarantee-show", togo.run("edi", "guarantee", "show", BOND, "--json").out)
    assert (held["engaged"], freed["amount"], freed["engaged"]) == ("4625000", "4625000", "0")


def test_above_its_amount_it_says_by_how_much(togo: Office) -> None:
    words = ("edi", "guarantee", "limit", BOND, "4000000", "XOF", "--surety", "CCIT", "--until", "2027-01-31",
             "--reason", "letter of 9 March", "--by", "Afi Mensah")
    (limited,) = checked("guarantee-limit", togo.run(*words, "--json").out)
    assert (limited["free"], limited["over"], limited["until"]) == ("0", "625000", "2027-01-31")
    assert "625 000.00 above its amount" in togo.run("edi", "guarantee", "list").out
    shown = togo.run("edi", "guarantee", "show", BOND)
    assert (shown.exit, "4 625 000.00" in shown.out) == (0, True)


@pytest.mark.parametrize("words", [(BOND, "x", "XOF"), (BOND, "-1", "XOF"), (BOND, "1.005", "XOF"), (BOND, "1", "cfa"),
                                   ("", "1", "XOF"), (BOND, "nan", "XOF")])
def test_what_is_no_amount_is_refused(togo: Office, words: tuple[str, ...]) -> None:
    ran = togo.run("edi", "guarantee", "limit", "--reason", "r", "--by", "Afi Mensah", "--", *words)
    assert (ran.exit, ran.out) == (2, "")


def test_an_unknown_guarantee_is_said_to_be_unknown(togo: Office) -> None:
    ran = togo.run("edi", "guarantee", "show", "NOBODY")
    assert (ran.exit, "X140" in ran.err) == (1, True)


def test_a_movement_on_paper_is_entered_by_a_person_and_counts_once(togo: Office) -> None:
    mrn = min(togo.movements())
    words = ("edi", "fallback", "add", mrn, "--reason", "power cut", "--by", "Afi Mensah")
    (entered,) = checked("fallback-add", togo.run(*words, "--json").out)
    assert (entered["mrn"], entered["office"], entered["new"]) == (mrn, "TGLPL", True)
    assert entered["reason"].startswith("power cut (Afi Mensah [")
    assert "stood there already: power cut" in togo.run(*words).out
    listed = togo.run("edi", "fallback", "list", "--movements", "--json")
    month, movement, summary = checked("fallback-list", listed.out)
    assert (month["office"], month["movements"], month["on_paper"], month["percent"], month["review"]) == (
        "TGLPL", 2, 1, "50.0", True)
    assert (movement["mrn"], summary["movements"], summary["on_paper"], summary["review"]) == (mrn, 2, 1, 1)
    assert "above 2 %: to be reviewed" in togo.run("edi", "fallback", "list").out


def test_what_others_began_is_not_entered_and_what_is_no_month_is_refused(togo: Office) -> None:
    ran = togo.run("edi", "fallback", "add", "26BFOUIT0000000017", "--reason", "r", "--by", "Afi Mensah")
    assert (ran.exit, "X141" in ran.err) == (1, True)
    assert togo.run("edi", "fallback", "list", "--since", "2026-13").exit == 2
    assert togo.run("edi", "fallback", "list", "--since", "2099-01").out == "no movement was recorded since 2099-01\n"


@pytest.mark.parametrize("manual", ["gateway/docs/en/operator.md", "gateway/docs/fr/exploitation.md"])
def test_the_lines_of_the_manual_do_what_it_says(togo: Office, manual: str) -> None:
    lines = [words for words in commands(manual) if words[1:2] in (["guarantee"], ["fallback"]) and len(words) > 2]
    mrn = min(togo.movements())
    for words in lines:
        ran = togo.run(*(mrn if word == "26TGLPLT0000204177" else word for word in words))
        assert (words, ran.exit, ran.err) == (words, 0, "")
    assert {tuple(words[1:3]) for words in lines} == {
        ("guarantee", "list"), ("guarantee", "show"), ("guarantee", "limit"), ("fallback", "list"), ("fallback", "add")}

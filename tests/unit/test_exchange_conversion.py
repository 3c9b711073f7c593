"""Declarations converted by workers: the same as the run would make, and left to the run where that is not sure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from gateway.edifact import WireMessage
from gateway.exchange import outbound
from gateway.exchange.assembly import Gateway, Occasion, open_gateway
from gateway.exchange.conversion import (
    Converted,
    ConvertedApart,
    ConvertedRecord,
    completed,
    convert,
    convert_apart,
    ground_of,
    whole_records,
)
from gateway.exchange.intake import records_by_files
from gateway.exchange.taking import Groups, Taken, ready_to_take, take_groups
from gateway.ledger.codec import TreeText, digest_of
from gateway.ledger.tables import content
from gateway.ledger.tables import declaration as declaration_table
from gateway.ledger.tables import message as message_table
from gateway.mapping.dialect import NationalRecord, Reading
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word
from gateway.transit.guarantee import engagements
from gateway.transit.seals import sightings
from gateway.transit.sought import sought
from gateway.transit.states import movement_state
from gateway.transit.terms import from_tree
from tests.bench.load import declarations
from tests.tools.offices import offices
from tests.tools.records import declaration, numbered_mrn

DIALECT = "neutral/json"
NOW = datetime(2026, 3, 16, 12, 30, 5, tzinfo=UTC)
OCCASION = Occasion(now=NOW, identifier=lambda: "0" * 32, clock=float)


@pytest.fixture(name="gateway")
def fixture_gateway(tmp_path: Path) -> Iterator[Gateway]:
    togo = offices(tmp_path, now=NOW)[0]
    with open_gateway(togo.settings, NOW) as opened:
        yield opened


def neutral(number: int, **changes: Any) -> bytes:
    return json.dumps({**declaration(f"K{number}", mrn=numbered_mrn(number)), **changes}).encode()


def read(gateway: Gateway, files: dict[str, bytes]) -> tuple[Reading, ConvertedApart]:
    """What files give here, and what a worker would give."""
    dialect = gateway.dialect(DIALECT)
    return dialect.read(files), convert_apart(ground_of(gateway, NOW), dialect.archive, files)


def test_what_a_worker_converts_is_what_the_run_would_make_of_it(gateway: Gateway) -> None:
    files = {f"{number}.json": neutral(number) for number in (1, 2, 3)}
    here, apart = read(gateway, files)
    there = whole_records(apart, gateway.dialect(DIALECT), files)
    mapping = gateway.corridors.named("tg-bf").cusdec
    for number, (ours, theirs) in enumerate(zip(here.records, there.records, strict=True), 1):
        whole = completed(from_tree(Declaration, ours.tree), numbered_mrn(number), NOW)
        made = convert(whole, mapping)
        assert isinstance(theirs, ConvertedRecord)
        assert theirs.converted == replace(made, declaration=replace(whole, items=()))
        assert theirs.converted.whole() == whole
        assert (theirs.key, theirs.files, theirs.findings) == (ours.key, ours.files, ours.findings)
        assert theirs.tree == ours.tree
        assert dict(theirs.origins) == dict(ours.origins)
    assert (there.waiting, there.refused) == (here.waiting, here.refused)


@pytest.mark.parametrize("changes", [
    {"mrn": None},
    {"function": "cancellation"},
    {"office_of_destination": {"code": "XXXXX"}},
    {"office_of_departure": None},
    {"itinerary": "\N{SNOWMAN}"},
], ids=["no number", "cancellation", "unknown office", "no office", "no such character"])
def test_what_is_not_sure_is_left_to_the_run(gateway: Gateway, changes: dict[str, Any]) -> None:
    record = {name: value for name, value in {**declaration("K1", mrn=numbered_mrn(1)), **changes}.items()
              if value is not None}
    here, apart = read(gateway, {"1.json": json.dumps(record).encode()})
    assert apart.made == (None,)
    assert apart.read.trees() == [one.tree for one in here.records] != []


def test_events_are_only_read(gateway: Gateway) -> None:
    apart = convert_apart(None, gateway.dialect(DIALECT).archive, {"1.json": neutral(1)})
    assert apart.made == (None,)
    assert len(apart.read.trees()) == 1


def grouped(reading: Reading) -> Groups:
    """The records by their files, as they are taken."""
    return list(records_by_files(reading.records).items())


def held(gateway: Gateway, groups: Groups, files: dict[str, bytes]) -> tuple[list[Any], list[Any], list[Any]]:
    """What came of the files, the messages, and the declarations that the ledger holds then."""
    with gateway.ledger.transaction() as transaction:
        outcomes = list(take_groups(gateway, transaction, "declarations", DIALECT, groups, files, OCCASION))
        connection = transaction._connection
        messages = connection.execute(select(message_table.c.mrn, content.c.digest, message_table.c.mapping_digest)
                                      .join(content, content.c.id == message_table.c.content_id)
                                      .order_by(message_table.c.id)).all()
        rows = connection.execute(select(declaration_table.c.mrn, declaration_table.c.tree, declaration_table.c.digest)
                                  .order_by(declaration_table.c.id)).all()
    return outcomes, [tuple(row) for row in messages], [tuple(row) for row in rows]


def test_the_ledger_holds_what_it_would_hold_without_workers(gateway: Gateway, tmp_path: Path) -> None:
    files = {f"{number}.json": neutral(number) for number in (1, 2, 3)}
    here, apart = read(gateway, files)
    there = held(gateway, grouped(whole_records(apart, gateway.dialect(DIALECT), files)), files)
    other = offices(tmp_path / "other", now=NOW)[0]
    with open_gateway(other.settings, NOW) as alone:
        assert held(alone, grouped(here), files) == there
    assert there[0] == [((name,), Taken(digest=digest_of(digest_of(octets)), records=1, messages=1))
                        for name, octets in files.items()]


def test_the_run_converts_before_it_takes_the_write_lock_what_is_sure(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo = offices(tmp_path)[0]
    behind_the_lock = Mock(side_effect=convert)
    monkeypatch.setattr(outbound, "convert", behind_the_lock)
    togo.drop("declarations", {"1.json": neutral(1), "2.json": neutral(2), "3.json": json.dumps(
        declaration("K3")).encode()})  # the third one's number is the ledger's to give
    assert togo.run("edi-send").exit == 0
    assert [call.args[0].local_reference for call in behind_the_lock.call_args_list] == ["K3"]


def test_what_the_run_converts_ahead_is_what_it_converts_behind_the_lock(gateway: Gateway, tmp_path: Path) -> None:
    files = {f"{number}.json": neutral(number) for number in (1, 2)} | {"3.json": neutral(3, itinerary="\N{SNOWMAN}")}
    reading = gateway.dialect(DIALECT).read(files)
    groups = grouped(reading)
    ready = ready_to_take(gateway, "declarations", groups, NOW)
    assert [(names, [type(record) for record in records]) for names, records in ready] == [
        (("1.json",), [ConvertedRecord]), (("2.json",), [ConvertedRecord]), (("3.json",), [NationalRecord])]
    assert ready_to_take(gateway, "events", groups, NOW) is groups
    assert ready_to_take(gateway, "declarations", ready, NOW) == ready
    other = offices(tmp_path / "other", now=NOW)[0]
    with open_gateway(other.settings, NOW) as alone:
        found, expected = held(gateway, ready, files), held(alone, groups, files)
    assert [str(outcome) for _, outcome in found[0]] == [str(outcome) for _, outcome in expected[0]]
    assert found[1:] == expected[1:] and len(found[1]) == 2


def test_what_was_converted_by_another_mapping_is_converted_anew(gateway: Gateway) -> None:
    """The movement keeps an older version, say, or somebody saved the file while the run was at it."""
    files = {"1.json": neutral(1)}
    _, apart = read(gateway, files)
    made = apart.made[0]
    assert isinstance(made, Converted)
    wrong = replace(made, mapping="0" * 64, wire=WireMessage(made.wire.identifier, "BGM+wrong'", 1))
    read_there = whole_records(replace(apart, made=(wrong,)), gateway.dialect(DIALECT), files)
    _, messages, rows = held(gateway, grouped(read_there), files)
    assert messages == [(numbered_mrn(1), digest_of(made.wire.body), made.mapping)]
    assert [TreeText(text, digest) for _, text, digest in rows] == [made.tree]


def test_nothing_follows_from_goods_items_until_an_event_takes_some() -> None:
    """What is kept of a movement by its first declaration, which came without them."""
    accepted = Event(word=Word.ACCEPTED, reference="R1", administration="BFDGD", happened=NOW)
    for tree in declarations(20):
        whole = from_tree(Declaration, tree)
        bare = replace(whole, items=())
        assert whole.items
        for role in ("departure", "transit", "destination"):
            for events in ((), (accepted,)):
                assert movement_state(role, [bare], events, NOW) == movement_state(role, [whole], events, NOW)
                assert engagements(bare, events, "SENT") == engagements(whole, events, "SENT")
                assert sightings([bare], events, "TGOTR") == sightings([whole], events, "TGOTR")
                assert sought("m", "k", [bare], events) == sought("m", "k", [whole], events)

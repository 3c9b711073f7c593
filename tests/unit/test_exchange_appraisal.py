"""Messages that workers look at ahead: they find what the run would find, and nothing where something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.edifact import Interchange, read_interchanges, rejected, validate
from gateway.exchange.appraisal import Appraisal, Upon, appraise, body_of, listen, receive, stem_of
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.conversion import ground_of
from gateway.exchange.foresight import portions
from gateway.ledger.codec import tree_text
from gateway.mapping import load_mapping, peek, search_path
from gateway.spool import plain_name
from tests.bench.load import declarations
from tests.golden.profile.samples import EVENTS, wire
from tests.tools.offices import offices

NOW = datetime(2026, 3, 16, 12, 30, 5, tzinfo=UTC)
INBOX = "bfdgd/asycuda"


@pytest.fixture(name="gateway")
def fixture_gateway(tmp_path: Path) -> Iterator[Gateway]:
    burkina = offices(tmp_path, now=NOW, inbox_declarations=INBOX)[1]
    with open_gateway(burkina.settings, NOW) as opened:
        yield opened


def interchange_of(count: int) -> bytes:
    """Declarations of the load model in one interchange."""
    mapping = load_mapping("corridors/tg-bf/cusdec", search_path())
    text = "UNA:+.? 'UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260316:1230+TG0000000001'"
    for number, tree in enumerate(declarations(count), 1):
        wire = mapping.to_message(tree)
        text += f"UNH+{number:06d}+CUSDEC:D:96B:UN:COR10'{wire.body}UNT+{wire.segments + 2}+{number:06d}'"
    return f"{text}UNZ+{count}+TG0000000001'".encode("iso8859-1")


def found_ahead(gateway: Gateway, payload: bytes) -> list[Appraisal]:
    ground, inbox = ground_of(gateway, NOW), gateway.settings.national.inbox
    assert ground is not None
    upon = Upon(ground=ground, declarations=gateway.dialect(INBOX).archive,
                events=gateway.dialect(inbox.events).archive, corridor="tg-bf")
    return [one for octets in portions(payload, 32) for one in appraise(upon, octets)]


def interchange_of_events(*names: str) -> bytes:
    """Messages of the profile in one interchange."""
    text = "UNA:+.? 'UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260316:1230+TG0000000001'"
    for number, name in enumerate(names, 1):
        one = wire(name)
        text += f"UNH+{number:06d}+{one.identifier}'{one.body}UNT+{one.segments + 2}+{number:06d}'"
    return f"{text}UNZ+{len(names)}+TG0000000001'".encode("iso8859-1")


def only(payload: bytes) -> Interchange:
    interchange, = read_interchanges(payload)
    return interchange


def test_a_worker_finds_what_the_run_would_find(gateway: Gateway) -> None:
    payload = interchange_of(34)
    interchange, mapping = only(payload), gateway.corridors.named("tg-bf").cusdec
    assert validate(interchange) == []
    found = found_ahead(gateway, payload)
    assert len(list(portions(payload, 32))) == 2
    for ahead, message in zip(found, interchange.messages, strict=True):
        received = receive(message, mapping)
        assert (ahead.sound, ahead.glance, ahead.body) == (True, peek(message), body_of(message))
        assert ahead.received == replace(
            received, given=None, text=tree_text(received.tree), annex=mapping.annex(message),
            declaration=replace(received.declaration, items=()),
            files=gateway.dialect(INBOX).write(received.tree, stem_of(received.declaration)))
        assert ahead.received is not None
        assert ahead.received.tree == received.tree


def test_events_are_found_as_the_run_would_find_them(gateway: Gateway) -> None:
    payload = interchange_of_events(*EVENTS)
    interchange, corridor = only(payload), gateway.corridors.named("tg-bf")
    dialect = gateway.dialect(gateway.settings.national.inbox.events)
    for ahead, message in zip(found_ahead(gateway, payload), interchange.messages, strict=True):
        told = listen(message, corridor)
        files = {name: content for event, tree in zip(told.events, told.trees, strict=True)
                 for name, content in dialect.write(tree, plain_name(
                     event.administration, event.reference, event.word.value)).items()}
        assert (ahead.sound, ahead.glance, ahead.body) == (True, peek(message), body_of(message))
        assert ahead.told == replace(told, given=None, texts=tuple(tree_text(tree) for tree in told.trees),
                                     annex=corridor.layout_of(message).annex(message), files=files)
        assert ahead.told is not None
        assert list(ahead.told.trees) == list(told.trees)
        assert corridor.reads_by(told.tried)


def test_events_that_other_layouts_have_read_are_read_anew(gateway: Gateway) -> None:
    corridor = gateway.corridors.named("tg-bf")
    told = listen(only(interchange_of_events("cusres_reject")).messages[0], corridor)
    accepted, rejected_ = told.tried
    assert not corridor.reads_by((rejected_, accepted))
    assert not corridor.reads_by((accepted, "0" * 64))


def test_a_word_that_no_layout_has_is_left_to_the_run(gateway: Gateway) -> None:
    payload = interchange_of_events("cusres_accept").replace(b"GIS+ACC", b"GIS+QQQ", 1)
    assert [(one.sound, one.told) for one in found_ahead(gateway, payload)] == [(True, None)]


@pytest.mark.parametrize(("was", "became", "sound"), [
    (b"BGM+", b"BGN+", False),
    (b"LOC+118+TGLPL", b"LOC+118+XXXXX", True),
], ids=["syntax", "unknown office"])
def test_where_anything_is_wrong_the_run_looks_itself(gateway: Gateway, was: bytes, became: bytes, sound: bool) -> None:
    payload = interchange_of(2).replace(was, became, 1)
    first, second = found_ahead(gateway, payload)
    assert (first.sound, first.received) == (sound, None)
    assert second.received is not None
    interchange = only(payload)
    assert validate(interchange, [first.sound, second.sound]) == validate(interchange)
    assert (validate(interchange) == []) is sound


def test_what_is_wrong_with_the_envelope_is_found_by_the_run(gateway: Gateway) -> None:
    payload = interchange_of(2).replace(b"UNT+", b"UNT+9", 1)
    interchange = only(payload)
    found = validate(interchange, [one.sound for one in found_ahead(gateway, payload)])
    assert found == validate(interchange)
    assert [one.place.message for one in found] == ["000001"]
    assert rejected(interchange, found) == [True, False]


@pytest.mark.parametrize("payload", [
    b"", interchange_of(1) * 2, interchange_of(1).partition(b"UNZ")[0], b"UNB+UNOC:3+A+B+260316:1230+1'UNZ+0+1'",
], ids=["nothing", "two", "no end", "no message"])
def test_what_is_no_plain_interchange_is_left_to_the_run(payload: bytes) -> None:
    assert list(portions(payload, 32)) == []

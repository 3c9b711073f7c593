"""Messages that workers look at ahead: they find what the run would find, and nothing where something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.edifact import Interchange, read_interchanges, rejected, validate
from gateway.exchange.appraisal import Appraisal, appraise, body_of, receive, stem_of
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.conversion import ground_of
from gateway.exchange.foresight import PORTION, portions
from gateway.ledger.codec import tree_text
from gateway.mapping import load_mapping, peek, search_path
from tests.bench.load import declarations
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
    ground = ground_of(gateway, NOW)
    assert ground is not None
    return [one for octets in portions(payload)
            for one in appraise(ground, gateway.dialect(INBOX).archive, octets)]


def only(payload: bytes) -> Interchange:
    interchange, = read_interchanges(payload)
    return interchange


def test_a_worker_finds_what_the_run_would_find(gateway: Gateway) -> None:
    payload = interchange_of(PORTION + 2)
    interchange, mapping = only(payload), gateway.corridors.named("tg-bf").cusdec
    assert validate(interchange) == []
    found = found_ahead(gateway, payload)
    assert len(list(portions(payload))) == 2
    for ahead, message in zip(found, interchange.messages, strict=True):
        received = receive(message, mapping)
        assert (ahead.sound, ahead.glance, ahead.body) == (True, peek(message), body_of(message))
        assert ahead.received == replace(
            received, given=None, text=tree_text(received.tree), annex=mapping.annex(message),
            declaration=replace(received.declaration, items=()),
            files=gateway.dialect(INBOX).write(received.tree, stem_of(received.declaration)))
        assert ahead.received is not None
        assert ahead.received.tree == received.tree


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
    assert list(portions(payload)) == []

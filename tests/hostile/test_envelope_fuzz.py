"""A slice of the campaign on sealed files: altered outside and inside the encryption, and signed by those we trust."""

from __future__ import annotations

import random
from ctypes import c_longlong
from functools import cache
from multiprocessing.connection import Connection

import pytest

from gateway.security import verifying
from tests.campaigns import envelope_bits, envelope_fresh, envelope_fuzz, workers
from tests.campaigns.der_tree import Node, parse
from tests.campaigns.envelope_examined import CODES, examine
from tests.campaigns.envelope_inputs import KINDS, Stock
from tests.campaigns.workers import run_workers
from tests.hostile.test_security_decryption import CODES as TABLED
from tests.tools.security_world import NOW


@cache
def _stock() -> Stock:
    return Stock()


def _examine(content: bytes) -> str:
    stock = _stock()
    return examine(content, stock.w, stock.w.keys(), stock.w.trust(cbc_until=NOW))


@pytest.mark.threat(7)
@pytest.mark.threat(8)
@pytest.mark.threat(9)
@pytest.mark.threat(10)
@pytest.mark.threat(11)
def test_t19_altered_sealed_files_come_to_a_listed_code_or_to_what_was_signed() -> None:
    """Whatever is altered, outside or inside the encryption or before a signature we trust, gives a listed code that
    tells nothing, or an object whose content is what was signed; nothing passes the boundary."""
    result = envelope_fuzz.run(range(6000), 2026)
    assert result.failures == []
    assert result.done == 6000
    assert result.slowest < workers.SECONDS
    assert set(result.outcomes) - {"accepted"} <= CODES | {
        f"{kind}: {what}" for kind, _, _ in KINDS for what in ("accepted", "refused")}
    assert result.outcomes["accepted"] > 200
    assert len(set(result.outcomes) & CODES) > 15


@pytest.mark.threat(8)
@pytest.mark.threat(9)
@pytest.mark.threat(11)
def test_t10_a_turned_bit_is_refused_whatever_the_pair_of_algorithms() -> None:
    """One bit turned anywhere in a sealed file, outside or inside the encryption, in GCM or CBC, with any pair of
    algorithms: refused with a listed code."""
    result = envelope_bits.run(2400, 2026)
    assert result.failures == []
    assert (result.done, set(result.outcomes) <= CODES) == (2400, True)
    assert len({sample.name for sample in envelope_bits.samples()}) == envelope_bits.PAIRS


def test_the_positions_of_the_bit_campaign_are_those_of_every_sample() -> None:
    samples = envelope_bits.samples()
    for number, sample in enumerate(samples):
        assert envelope_bits.place(number * envelope_bits.SLOTS + 5, None, 1) == (sample, 5)
        for bit in (0, 8 * len(sample.outside) - 1):
            turned = sample.turned(bit)
            assert (len(turned), turned != sample.outside) == (len(sample.outside), True)


def test_what_is_drawn_for_a_seal_is_counted() -> None:
    assert envelope_fresh.drawn(30) == {"content keys": 30, "nonces": 30, "ephemeral keys": 30}


def test_what_the_campaign_takes_for_an_answer_has_a_case_each() -> None:
    assert CODES <= TABLED


@pytest.mark.parametrize(("rule", "kind"), [("verify", "octets inside"), ("_protection", "attributes, signed")])
def test_an_opener_that_left_out_a_rule_would_be_noticed(rule: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second reading does not trust the first one: with a rule left out, what is accepted is found false."""
    stock, noticed = _stock(), 0
    monkeypatch.setattr(verifying, rule, lambda *_: True)
    make = next(make for name, _, make in KINDS if name == kind)
    for number in range(1500):
        content = make(stock, random.Random(number))
        try:
            _examine(content)
        except AssertionError:
            noticed += 1
    assert noticed > 0


def _work(numbers: range, seed: int, current: c_longlong, told: Connection) -> None:
    envelope_fuzz.work(numbers, seed, current, told)


def test_the_campaign_runs_in_workers() -> None:
    lines: list[str] = []
    result = run_workers(40, 7, 1, lines.append, _work, lambda _: b"")
    assert (result.done, result.failures, lines) == (40, [], [])


def test_what_an_input_raises_is_a_failure_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object) -> str:
        raise KeyError("as planned")

    monkeypatch.setattr(envelope_fuzz, "examine", raising)
    (failure,) = envelope_fuzz.run(range(3, 4), 7).failures
    assert failure.startswith("3: KeyError: 'as planned': 30")


def test_trees_write_what_they_read() -> None:
    stock = _stock()
    for content in (*stock.sealed, *stock.inners):
        assert parse(content).encode() == content
    node = Node(0x30, b"", [Node(0x04, b"x" * 200)])
    assert parse(node.encode()) == node
    node.form = "long"
    assert node.encode()[:4] == b"\x30\x82\x00\xcb"


@pytest.mark.parametrize("content", [b"", b"\x30", b"\x30\x05\x04\x01x", b"\x04\x00\x00", b"\x30\x80\x00\x00"])
def test_what_is_no_tree_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(content)

"""Does the benchmark of the envelope measure what it says? No figure of time is looked at here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.bench import NAMES, Figure, envelope
from tests.tools.security_world import world
from tests.tools.stock import openssl


@pytest.fixture
def bench() -> envelope.Bench:
    """Keys on P-256."""
    return envelope.Bench(world().ec, world().ours_ec)


def _names(figures: Iterator[Figure]) -> list[str]:
    return [figure.name.removeprefix("envelope: ") for figure in figures]


def test_it_is_one_of_the_benchmarks() -> None:
    assert "envelope" in NAMES


def test_sealing_and_opening_are_compared_with_the_bare_primitives(bench: envelope.Bench) -> None:
    seal, opened = envelope._against_floor("2 KB", bench, 2048, 3, 2.5)
    assert [(one.name, one.target) for one in (seal, opened)] == [
        ("envelope: seal 2 KB", "at most 2.5 x"), ("envelope: open 2 KB", "at most 2.5 x")]
    for figure in (seal, opened):
        assert figure.ratio is not None
        assert figure.met is (figure.ratio <= 2.5)


def test_both_floors_do_what_they_stand_for(bench: envelope.Bench) -> None:
    for one in (bench, envelope.Bench(world().rsa, world().ours_rsa)):
        payload = envelope.payload_of(2048)
        assert one.sealing_floor(payload)() is one.opening_floor(payload)() is None
        assert one.opener(one.sealer(payload)())().payload == payload


@pytest.mark.needs_openssl
def test_sealing_and_opening_are_compared_with_the_command(bench: envelope.Bench, tmp_path: Path) -> None:
    openssl()
    figures = list(envelope._against_command("2 KB", bench, 2048, 3, tmp_path, 20))
    assert [figure.target for figure in figures] == ["at least 20 x as fast"] * 2
    assert (tmp_path / "opened").read_bytes() == (tmp_path / "entity").read_bytes()


def test_memory_is_measured_in_a_process_of_its_own_and_stays_within_its_target() -> None:
    figures = list(envelope._memory(0.1))
    assert [(figure.name, figure.met) for figure in figures] == [
        ("envelope: peak memory, seal 2 MB", True), ("envelope: peak memory, open 2 MB", True)]
    assert [figure.ratio is not None and figure.ratio > 1 for figure in figures] == [True, True]


def test_the_kinds_of_failed_decryption_are_compared_within_their_structure() -> None:
    assert _names(envelope._failures(1)) == [
        "failed decryptions, 7 kinds, key agreement to P-256, GCM",
        "failed decryptions, 4 kinds, key transport to RSA, GCM",
        "failed decryptions, 16 kinds, key agreement to P-256, CBC"]


def test_the_figures_begin_with_every_size() -> None:
    assert _names(islice(envelope.figures(0.001), 8)) == [
        f"{what} {size}" for size in envelope.SIZES for what in ("seal", "open")]

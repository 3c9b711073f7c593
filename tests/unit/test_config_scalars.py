"""Is there one way to write each value, and is everything else a fault?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError, create_model

from gateway.config import scalars
from gateway.config.ambiguous import ambiguous
from gateway.config.model import Model, Written
from gateway.config.validation import validate_node
from gateway.config.yaml import read_document
from gateway.errors import LocalError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0fXo3nYJyT4m0Yj0T0m5bq3a3S9Vw4m0hYy0T2h5q"
SHA = "0123456789abcdef" * 4


class Some(Model):
    at: scalars.Instant
    run: scalars.Duration
    size: scalars.Size
    path: scalars.FilePath
    count: scalars.Integer


def read(kind: Any, written: str) -> Any:
    """What a value written behind ``value: `` becomes, or the code of its fault."""
    model = create_model("One", __base__=Model, value=(kind, ...))
    try:
        return validate_node(read_document(f"value: {written}\n".encode(), "/srv/edi/x.yaml"), model,
                             "/srv/edi/x.yaml").value  # type: ignore[attr-defined]
    except LocalError as error:
        assert [(one.place.line, one.place.column) for one in error.findings] == [(1, 8)]
        return error.code


T1 = {  # scalar: (what PyYAML reads, what a core-schema reader of YAML 1.2 reads)
    "NO": (False, "NO"), "yes": (True, "yes"), "Off": (False, "Off"), "n": ("n", "n"), "0466": (310, 466),
    "010": (8, 10), "12:30:00": (45000, "12:30:00"), "12:30": (750, "12:30"),
    "2026-11-23": (datetime(2026, 11, 23).date(), "2026-11-23"), "1_000": (1000, "1_000"), "1E3": ("1E3", 1000.0),
    "0x1F": (31, 31), "0o17": ("0o17", 15), "0b11": (3, "0b11"), ".5": (0.5, 0.5), "1.": (1.0, 1.0), "~": (None, None),
    "null": (None, None), "True": (True, True), ".inf": (float("inf"), float("inf")), "18": (18, 18), "-1": (-1, -1),
    "+33": (33, 33), "1.50": (1.5, 1.5), "4012345678901": (4012345678901,) * 2,
}


@pytest.mark.parametrize("scalar", T1)
def test_t1_a_text_that_yaml_readers_take_for_something_else_must_be_quoted(scalar: str) -> None:
    assert yaml.safe_load(scalar) == T1[scalar][0]
    assert read(scalars.Text, scalar) == "S050"
    assert read(scalars.Text, f'"{scalar}"') == scalar
    assert read(scalars.Text, f"'{scalar}'") == scalar


@pytest.mark.parametrize("scalar", ["=", "<<", "y", "N", "ON", ".NaN", "-.INF", "2026-1-2", "2026-11-23T10:00:00Z",
                                    "."])
def test_t1_so_must_the_words_and_signs_that_only_some_readers_know(scalar: str) -> None:
    assert read(scalars.Text, scalar) == "S050"


@pytest.mark.parametrize("scalar", ["TG", "Nord", "oui", "Office togolais", "15m", "24h", "1.2.3", "12:75", "TGLPL001",
                                    "0466A", "v1/in", "2026-11", "127.0.0.1", "E12", "::1"])
def test_texts_that_every_reader_agrees_on_need_no_quotes(scalar: str) -> None:
    assert read(scalars.Text, scalar) == scalar
    assert yaml.safe_load(scalar) == scalar


@given(st.from_regex(r"[-+0-9.:_eExXoOTZ~=a-fyYnN]{1,12}", fullmatch=True))
def test_what_pyyaml_does_not_read_as_text_is_always_ambiguous(scalar: str) -> None:
    try:
        value = yaml.safe_load(scalar)
    except (yaml.YAMLError, ValueError):
        return
    if isinstance(value, (bool, int, float, type(None), datetime)) or type(value).__name__ == "date":
        assert ambiguous(scalar), scalar


@pytest.mark.parametrize(("kind", "written", "expected"), [
    (scalars.Integer, "500", 500), (scalars.Integer, "0", 0), (scalars.Integer, "-7", -7),
    *((scalars.Integer, wrong, "S051") for wrong in ("1_000", "22.0", "+5", "0466", "0x1F", "1e3", "-0a", "x",
                                                     "9" * 5000)),
    (scalars.Integer, '" 22 "', "S062"), (scalars.Integer, '"22"', "S062"),
    (scalars.Integer, "[1]", "S044"), (scalars.Integer, "{a: b}", "S044"),
    (scalars.DecimalNumber, "12.50", Decimal("12.50")), (scalars.DecimalNumber, "-3", Decimal(-3)),
    *((scalars.DecimalNumber, wrong, "S053") for wrong in ("nan", ".5", "1.", "1e3", "12,5", "1_0", ".inf")),
    (scalars.Flag, "true", True), (scalars.Flag, "false", False),
    *((scalars.Flag, wrong, "S054") for wrong in ("yes", "on", "1", "T", "True", "oui", "~")),
    (scalars.Flag, '"true"', "S062"),
    (scalars.YesNo, "yes", True), (scalars.YesNo, "no", False),
    *((scalars.YesNo, wrong, "S100") for wrong in ("true", "on", "1", "Y", "Yes", "oui", "~")),
    (scalars.YesNo, '"yes"', "S062"),
    (scalars.Duration, "15m", timedelta(minutes=15)), (scalars.Duration, "24h", timedelta(days=1)),
    (scalars.Duration, "7d", timedelta(days=7)), (scalars.Duration, "30s", timedelta(seconds=30)),
    (scalars.Duration, '"30s"', timedelta(seconds=30)),
    *((scalars.Duration, wrong, "S055") for wrong in ("15 m", "0m", "1h30m", "-1h", "1w", "PT15M", "1.5h", "15M",
                                                                "100000d")),  # before the first day of the calendar
    (scalars.Duration, "15", "S055"), (scalars.Duration, "12:30", "S055"),
    (scalars.Size, "32MiB", 32 << 20), (scalars.Size, "512KiB", 512 << 10), (scalars.Size, "7B", 7),
    *((scalars.Size, wrong, "S056") for wrong in ("32MB", "32 MiB", "0KiB", "1.5GiB", "32mib")),
    (scalars.Instant, "2026-11-01T00:00:00Z", datetime(2026, 11, 1, tzinfo=UTC)),
    (scalars.Instant, '"2026-11-01T00:00:00Z"', datetime(2026, 11, 1, tzinfo=UTC)),
    *((scalars.Instant, wrong, "S057") for wrong in (
        "2026-11-01", "2026-11-01T00:00:00", "2026-11-01T00:00:00+01:00", "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-01 00:00:00Z", "2026-11-01T24:00:00Z")),
    (scalars.Sha256, f'"{SHA}"', SHA), (scalars.Sha256, SHA, SHA),
    (scalars.Sha256, SHA.upper(), "S058"), (scalars.Sha256, SHA[:-1], "S058"), (scalars.Sha256, f'"{SHA} "', "S058"),
    (scalars.Sha256, "1" * 64, "S050"), (scalars.Sha256, "1" * 30 + "e" + "1" * 33, "S050"),
    (scalars.GatewayName, "TGOTR", "TGOTR"), (scalars.GatewayName, "XA-1.B", "XA-1.B"),
    *((scalars.GatewayName, wrong, "S059") for wrong in ("tgotr", "-A", "A" * 33, "A_B", "É", '""')),
    (scalars.Country, "TG", "TG"), (scalars.Country, "NO", "S050"), (scalars.Country, '"NO"', "NO"),
    (scalars.Country, "TGO", "S060"), (scalars.Country, "tg", "S060"),
    (scalars.TimeZone, "Africa/Lome", "Africa/Lome"),
    *((scalars.TimeZone, wrong, "S061") for wrong in ("Africa/Paris", "../etc/passwd", "/etc/localtime", "Togo")),
    (scalars.Host, "127.0.0.1", "127.0.0.1"), (scalars.Host, "sftp.douanes.example", "sftp.douanes.example"),
    (scalars.Host, "'2001:db8::1'", "2001:db8::1"),
    *((scalars.Host, wrong, "S067") for wrong in ("a b", "user@host", "-h", "h-", "sftp://h", '""')),
    (scalars.RemoteFolder, "v1/in", "v1/in"), (scalars.RemoteFolder, "/v1/in", "/v1/in"),
    *((scalars.RemoteFolder, wrong, "S069") for wrong in ("../in", "v1/../in", "v1//in", "v1/in/", ".ssh",
                                                          '"a\\u0000b"')),
    (scalars.Identifier, "tgotr/asycuda", "tgotr/asycuda"),
    *((scalars.Identifier, wrong, "S070") for wrong in ("asycuda", "../x", "Tgotr/asycuda", "a//b", "/a/b")),
    (scalars.Word, "TGOTR", "TGOTR"), (scalars.Word, "a b", "S065"),
    (scalars.PartyIdentifier, "TGOTR", "TGOTR"), (scalars.PartyIdentifier, "A" * 36, "S068"),
    (scalars.PartyQualifier, "ZZZ", "ZZZ"), (scalars.PartyQualifier, "zz", "S068"),
    (scalars.HostKey, f'"{KEY}"', KEY), (scalars.HostKey, f"{KEY} root@x", f"{KEY} root@x"),
    *((scalars.HostKey, wrong, "S049") for wrong in ("ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3M=",
                                                     KEY.replace("ssh-ed25519", "ssh-rsa"), f"host {KEY}", "x é")),
    (scalars.Text, "a", "a"), (scalars.Text, '""', "S063"), (scalars.Text, "' '", "S063"),
    (scalars.Text, "' a'", "S064"),
    (scalars.Text, '"a\\nb"', "S064"), (scalars.Text, "[a]", "S044"), (scalars.LongText, '" a\\nb"', " a\nb"),
    (scalars.FilePath, "keys/a.key", Path("/srv/edi/keys/a.key")), (scalars.FilePath, "../x", Path("/srv/x")),
    (scalars.FilePath, "/abs/x", Path("/abs/x")), (scalars.FilePath, "'~/x'", "S066"), (scalars.FilePath, '""', "S066"),
    (scalars.FilePath, '"a\\0b"', "S066"), (scalars.FilePath, "[a]", "S044"),
])
def test_each_kind_of_value_is_written_in_one_way(kind: Any, written: str, expected: object) -> None:
    found = read(kind, written)
    assert (found, type(found)) == (expected, type(expected) if not isinstance(expected, Path) else type(found))


def test_a_placed_text_keeps_its_node() -> None:
    value = read(scalars.PlacedText, "|\n  a\n  bc\n")
    assert isinstance(value, Written)
    assert (value, value.node.place_of(3)) == ("a\nbc\n", (3, 4))
    assert read(scalars.PlacedText, "[a]") == "S044"


def test_values_that_already_have_their_type_pass_and_others_do_not() -> None:
    now, path = datetime(2026, 11, 1, tzinfo=UTC), Path("relative")
    made = Some(at=now, run=timedelta(hours=2), size=1 << 30, path=path, count=3)
    assert made.model_dump() == {"at": "2026-11-01T00:00:00Z", "run": "2h", "size": "1GiB", "path": "relative",
                                 "count": 3}
    for wrong in ({"run": 3}, {"size": 1.5}, {"path": None}, {"count": 3.0}, {"at": "2026"}):
        with pytest.raises(ValidationError):
            Some.model_validate({**dict(made), **wrong})
    with pytest.raises(ValidationError):
        create_model("Placed", __base__=Model, text=(scalars.PlacedText, ...)).model_validate({"text": "from no file"})


@given(st.integers(1, 10**6))
def test_durations_and_sizes_are_written_as_they_are_read(number: int) -> None:
    assert read(scalars.Size, scalars.render_size(number)) == number
    assert read(scalars.Duration, scalars.render_duration(timedelta(seconds=number))) == timedelta(seconds=number) \
        or number > 999_999

"""Does each named format undo itself, and refuse what it cannot say exactly?"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.mapping.dialect_compile import _EACH, _LIST, _RULE, _SUGAR
from gateway.mapping.dialect_files import known_dialects
from gateway.mapping.dialect_formats import (
    NAMES,
    CodeTable,
    Format,
    Misfit,
    Surroundings,
    instants_only,
    java_double,
    make,
)
from gateway.mapping.dialect_kinds import KEYS
from gateway.mapping.dialect_load import _TOP
from gateway.mapping.dialect_source import PLACE_FORMS
from gateway.mapping.offices import load_offices
from gateway.references import Scalar

MAPPINGS = Path(__file__).parents[2] / "mappings"
TABLE = CodeTable("package", {"CT": "CT", "BG": "71"}, {"CT": "CT", "09": "CT", "71": "BG"}, keep=True)
HERE = Surroundings(ZoneInfo("Africa/Niamey"), ",", {"package": TABLE, "filling": CodeTable(
    "filling", {"full": "1/1"}, {"1/1": "full", "1": "full"})}, "dd/MM/yyyy", lambda: load_offices([MAPPINGS]))


def form(name: str) -> Format:
    return make(name, HERE)


@pytest.mark.parametrize(("name", "text", "value"), [
    ("number", "12500,000", Decimal("12500.000")), ("java", "26500.0", Decimal(26500)),
    ("java", "1.0623724E7", Decimal(10623724)), ("java", "8.13E-4", Decimal("0.000813")), ("count", "480", 480),
    ("flag OUI NON", "OUI", True), ("flag true false", "false", False), ("date M/d/yy", "3/10/26", date(2026, 3, 10)),
    ("date dd/MM/yyyy", "10/03/2026", date(2026, 3, 10)), ("day M/d/yy", "3/20/26", date(2026, 3, 20)),
    ("moment dd/MM/yyyy HH:mm", "10/03/2026 07:42", datetime(2026, 3, 10, 6, 42, tzinfo=UTC)),
    ("moment dd/MM/yyyy HH:mm(:ss)", "10/03/2026 07:42:09", datetime(2026, 3, 10, 6, 42, 9, tzinfo=UTC)),
    ("moment dd/MM/yyyy HH:mm", "10/03/2026", date(2026, 3, 10)), ("code package", "71", "BG"),
    ("code package", "PX", "PX"), ("date", "10/03/2026", date(2026, 3, 10)), ("office", "BFCKS", "BFCKS"),
    ("moment", "10/03/2026 07:42", datetime(2026, 3, 10, 6, 42, tzinfo=UTC)), ("office ML", "XX99", "XX99"),
    ("pad 4", "451", "0451"), ("text", "A b", "A b")])
def test_a_text_is_read_and_written_back_the_same(name: str, text: str, value: Scalar) -> None:
    assert form(name).read(text) == value
    assert form(name).write(value) == text


@pytest.mark.parametrize(("name", "text", "value"), [
    ("number", "1 234\u202f567,5", Decimal("1234567.5")), ("count", "480.0", 480), ("count", "1\u00a0500", 1500),
    ("flag OUI NON", "oui", True), ("code filling", "1", "full"), ("code package", "09", "CT"),
    ("date M/d/yy", "03/10/26", date(2026, 3, 10)), ("java", "0.0", Decimal(0)), ("office", "Sinkansé", "BFCKS"),
    ("office", "cinkanse", "BFCKS"), ("office", "CINKASSÉ", "TGCKS"), ("office ML", "Kouremale", "MLKML")])
def test_national_variants_are_read(name: str, text: str, value: Scalar) -> None:
    assert form(name).read(text) == value


@pytest.mark.parametrize(("name", "text", "code"), [
    ("number", "12.500", "D101"), ("number", "1,23E+4", "D101"), ("number", "12 50", "D101"), ("java", "1,5", "D101"),
    ("java", "NaN", "D101"), ("count", "12.5", "D101"), ("count", "-1", "D101"), ("flag OUI NON", "YES", "D101"),
    ("date M/d/yy", "13/10/26", "D101"), ("date M/d/yy", "2/30/26", "D101"), ("date M/d/yy", "3/10/2026", "D101"),
    ("date M/d/yy or d/M/yy", "3/10/26", "D102"), ("moment dd/MM/yyyy HH:mm", "10/03/2026 25:00", "D101"),
    ("code filling", "2", "D104"), ("code package", "BG", "D104"), ("pad 4", "4A", "D101"),
    ("office", "Kourémalé", "D123"), ("office", "Cinkase", "D122"), ("office BF", "Koury", "D122")])
def test_what_has_another_form_is_refused_and_never_guessed(name: str, text: str, code: str) -> None:
    with pytest.raises(Misfit) as caught:
        form(name).read(text)
    assert caught.value.code == code


def test_a_date_that_only_one_of_two_patterns_fits_is_read() -> None:
    assert form("date M/d/yy or d/M/yy").read("13/10/26") == date(2026, 10, 13)
    assert form("date M/d/yy or d/M/yy").read("3/3/26") == date(2026, 3, 3)


@pytest.mark.parametrize(("name", "value"), [
    ("java", Decimal("1234567890.1234567")), ("count", -1), ("date M/d/yy", date(1999, 1, 1)),
    ("date M/d/yy", datetime(2026, 3, 10, 7, 42, tzinfo=UTC)), ("day M/d/yy", datetime(2026, 3, 10, tzinfo=UTC)),
    ("moment dd/MM/yyyy HH:mm", datetime(2026, 3, 10, 7, 42, 5, tzinfo=UTC)), ("code filling", "empty"),
    ("code package", "71"), ("pad 4", "451"), ("text", " x"), ("text", ""),
    ("office", "Cinkansé"), ("office", "not a code")])
def test_what_would_not_come_back_is_not_written(name: str, value: Scalar) -> None:
    with pytest.raises(Misfit):
        form(name).write(value)


def test_a_day_repeats_what_it_can_of_an_instant_in_the_zone_of_the_dialect() -> None:
    assert form("day M/d/yy").echo(datetime(2026, 3, 20, 23, 30, tzinfo=UTC)) == "3/21/26"
    assert form("date M/d/yy").echo(datetime(2026, 3, 20, tzinfo=UTC)) is None


def test_a_term_that_is_an_instant_takes_no_day() -> None:
    with pytest.raises(Misfit):
        instants_only(form("moment dd/MM/yyyy HH:mm")).read("10/03/2026")


@pytest.mark.parametrize("value", ["0", "0.001", "0.000999", "1", "483", "480.5", "9999999", "10000000", "10623724",
                                   "18500000", "123456789012345", "0.000813", "26500.375", "1234567.5", "12345678.9"])
def test_decimals_are_written_as_java_writes_its_doubles(value: str) -> None:
    written = java_double(Decimal(value))
    assert Decimal(written) == Decimal(value)
    scientific = not Decimal("1E-3") <= abs(Decimal(value)) < Decimal("1E7") and Decimal(value) != 0
    assert ("E" in written) == scientific
    assert "." in written


@pytest.mark.parametrize(("name", "code"), [
    ("guess", "D007"), ("flag OUI", "D012"), ("flag x X", "D012"), ("code nope", "D012"), ("date HH", "D012"),
    ("date dd/MM/yyyy HH:mm", "D012"), ("moment dd/MM/yyyy", "D012"), ("pad x", "D012"),
    ("office bf", "D012")])
def test_a_format_that_is_not_understood_is_refused_when_the_dialect_is_loaded(name: str, code: str) -> None:
    with pytest.raises(Misfit) as caught:
        form(name)
    assert caught.value.code == code


def test_the_reference_names_every_format() -> None:
    reference = (Path(__file__).parents[2] / "mappings" / "dialects" / "README.md").read_text("utf-8")
    assert [name for name in NAMES if f"`{name}" not in reference] == []


def test_the_reference_names_every_key_and_every_dialect() -> None:
    folder = Path(__file__).parents[2] / "mappings" / "dialects"
    reference = (folder / "README.md").read_text("utf-8")
    keys = {*_TOP, *(key for keys in KEYS.values() for key in keys), *PLACE_FORMS, *_LIST, *_EACH, *_RULE, *_SUGAR}
    assert sorted(key for key in keys if not re.search(rf"\b{key}\b[:`]", reference)) == []
    assert [one for one in known_dialects([folder.parent]) if f"`{one}`" not in reference] == []

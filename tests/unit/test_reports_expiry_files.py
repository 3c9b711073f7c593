"""Is the calendar one that calendars read, with the same entries each time, and do the measurements fit monitoring?"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gateway.reports.expiry_files import calendar, metrics
from gateway.security.expiry import HOST_KEY, LIST, Term
from gateway.texts import Language
from tests.tools.identities import NOW

DAY = timedelta(days=1)
LANGUAGES = pytest.mark.parametrize("language", list(Language))


def terms() -> list[Term]:
    return [
        Term(owner="TGOTR", use="signing", identity="ab" * 32, shown="ABAB " * 7 + "ABAB", begins=NOW - DAY,
             ends=NOW + 100 * DAY),
        Term(owner="BFDGD", use="encryption", identity="cd" * 32, shown="CDCD", begins=NOW - DAY, ends=NOW + 20 * DAY),
        Term(owner="BFDGD", use=LIST, identity="7", shown="7", begins=NOW - DAY, ends=NOW + 6 * DAY),
        Term(owner="MLDGD", use=LIST, identity="-", shown="-", usable=False),
        Term(owner="BFDGD", use=HOST_KEY, identity="SHA256:x/y+z", shown="SHA256:x/y+z"),
    ]


def unfolded(content: bytes) -> list[str]:
    """The content lines of a calendar, as RFC 5545 section 3.1 says, and nothing but such lines."""
    assert content.endswith(b"\r\n")
    assert not re.search(rb"[^\r]\n|\r[^\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", content)
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")  # no character is cut by the folding
    return content.decode("utf-8").replace("\r\n ", "").split("\r\n")[:-1]


def events(content: bytes) -> list[dict[str, list[str]]]:
    """Every entry, property by property, its alarms among them."""
    lines = unfolded(content)
    assert (lines[:4], lines[-1]) == (
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//corridor gateway//edi keys check//EN", "CALSCALE:GREGORIAN"],
        "END:VCALENDAR")
    found: list[dict[str, list[str]]] = []
    for line in lines[4:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        found[-1].setdefault(name, []).append(value)
    return found


@LANGUAGES
def test_every_end_is_an_entry_with_an_alarm_at_each_warning(language: Language) -> None:
    made = events(calendar(terms(), NOW, language))
    assert [one["DTSTART;VALUE=DATE"] for one in made] == [["20270306"], ["20261216"], ["20261202"]]
    for one in made:
        assert one["TRIGGER"] == ["-P60D", "-P30D", "-P14D", "-P7D", "-P1D"]
        assert one["BEGIN"] == ["VEVENT", *["VALARM"] * 5]
        assert one["END"] == [*["VALARM"] * 5, "VEVENT"]
        assert one["ACTION"] == ["DISPLAY"] * 5
        assert one["DTSTAMP"] == ["20261126T120000Z"]
        assert len(one["UID"]) == len(one["SUMMARY"]) == 1
    assert "ABAB ABAB" in made[0]["DESCRIPTION"][0]
    assert "\\n" in made[0]["DESCRIPTION"][0]


def test_uids_stay_when_the_calendar_is_made_again_and_a_new_list_moves_its_entry() -> None:
    before = [one["UID"][0] for one in events(calendar(terms(), NOW, Language.FRENCH))]
    later = terms()
    later[2] = Term(owner="BFDGD", use=LIST, identity="8", shown="8", begins=NOW, ends=NOW + 13 * DAY)
    later[1] = Term(owner="BFDGD", use="encryption", identity="ef" * 32, shown="EFEF", begins=NOW, ends=NOW + 90 * DAY)
    after = [one["UID"][0] for one in events(calendar(later, NOW + DAY, Language.ENGLISH))]
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert len({*before, *after}) == 4
    assert all(uid.endswith(("@TGOTR.gw1", "@BFDGD.gw1")) for uid in before)


def test_what_has_a_meaning_in_a_calendar_is_escaped_and_long_lines_are_folded_between_characters() -> None:
    odd = Term(owner="A;B,C\\D", use="signing", identity="1", shown="é" * 100, begins=NOW, ends=NOW + DAY)
    (one,) = events(calendar([odd], NOW, Language.FRENCH))
    assert one["SUMMARY"][0].startswith("A\\;B\\,C\\\\D")
    assert "é" * 100 in one["DESCRIPTION"][0]


@LANGUAGES
def test_measurements_are_ends_levels_and_the_instant_of_the_check(language: Language) -> None:
    content = metrics(terms(), NOW, "TGOTR", language).decode("utf-8")
    assert content.endswith("\n")
    lines = content.splitlines()
    helps = [line for line in lines if line.startswith("# HELP ")]
    assert [line.split(" ")[2] for line in helps] == [
        "edi_trust_end_timestamp_seconds", "edi_trust_level", "edi_trust_check_timestamp_seconds"]
    assert [line for line in lines if line.startswith("# TYPE ")] == [
        f"# TYPE {line.split(' ')[2]} gauge" for line in helps]
    samples = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r'[a-z_]+\{([a-z]+="[^"\\\n]*",?)+\} -?[0-9]+', line) for line in samples)
    end = f"{(NOW + 6 * DAY).timestamp():.0f}"
    assert f'edi_trust_end_timestamp_seconds{{gateway="TGOTR",owner="BFDGD",use="list",identity=""}} {end}' in samples
    assert [line.rpartition(" ")[2] for line in samples if line.startswith("edi_trust_level")] == [
        "0", "2", "0", "4", "0"]
    assert len({line.rpartition(" ")[0] for line in samples}) == len(samples) == 3 + 5 + 1
    assert samples[-1] == f'edi_trust_check_timestamp_seconds{{gateway="TGOTR"}} {NOW.timestamp():.0f}'

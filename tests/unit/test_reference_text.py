"""Is there one way to write reference data, and is everything else refused?"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transit.calendars import Closure
from gateway.transit.reference_data import Code, Holiday, Office, Outage, ReferenceData, calendar
from gateway.transit.reference_text import ROLES, normal, read_reference, write_reference

TEXT = r"""gw-reference/1
version,7
from,2026-12-01T00:00:00Z
zone,Africa/Niamey
office,NENIR,Niamey Route,destination,,Rive gauche\u002c route
office,NETRD,Torodi,entry transit,Africa/Lagos
hours,NETRD,1,0800-1200,1400-1730
hours,NETRD,6,0800-0000
holiday,2026-12-18,*,Proclamation de la R\u00e9publique
holiday,2026-12-25,NETRD,No\u00ebl
downtime,2026-12-02T22:00:00Z,2026-12-03T04:00:00Z,NENIR NETRD,Power work \ud83d\udd0c
code,packages,SA,Sac
"""
DATA = ReferenceData(
    version=7, starts=datetime(2026, 12, 1, tzinfo=UTC), zone="Africa/Niamey",
    offices=(Office(code="NENIR", name="Niamey Route", roles=("destination",), aliases=("Rive gauche, route",)),
             Office(code="NETRD", name="Torodi", roles=("entry", "transit"), zone="Africa/Lagos", hours=(
                 (0, ((time(8), time(12)), (time(14), time(17, 30)))), (5, ((time(8), time()),))))),
    holidays=(Holiday(day=date(2026, 12, 18), name="Proclamation de la République"),
              Holiday(day=date(2026, 12, 25), name="Noël", offices=("NETRD",))),
    outages=(Outage(starts=datetime(2026, 12, 2, 22, tzinfo=UTC), ends=datetime(2026, 12, 3, 4, tzinfo=UTC),
                    text="Power work 🔌", offices=("NENIR", "NETRD")),),
    codes=(Code(listed="packages", code="SA", text="Sac"),))


def test_the_text_says_the_data_and_the_data_the_text() -> None:
    assert read_reference(TEXT.encode("ascii")) == DATA
    assert write_reference(DATA) == TEXT.encode("ascii")


@pytest.mark.parametrize(("old", "new"), [
    ("version,7", "version,07"), ("version,7", "version,0"), ("version,7", "version,2147483648"),
    ("version,7", "version,7,"), ("from,2026-12-01T00:00:00Z", "from,2026-12-01"),
    ("from,2026-12-01T00:00:00Z", "from,1626-12-01T00:00:00Z"), ("zone,Africa/Niamey", "zone,Africa/Nowhere"),
    ("zone,Africa/Niamey", "zone,../../etc/passwd"), ("entry transit", "transit entry"), ("entry transit", "shop"),
    ("office,NETRD", "office,NENIR"), ("office,NETRD", "office,netrd"), ("hours,NETRD,1", "hours,NETRD,8"),
    ("hours,NETRD,6", "hours,NETRD,1"), ("hours,NETRD,6", "hours,NEXXX,6"), ("0800-1200", "1200-0800"),
    ("0800-1200,1400-1730", "1400-1730,0800-1200"), ("1730", "2430"), (r"No\u00ebl", r"No\u00EBl"),
    (r"No\u00ebl", r"\u004eo\u00ebl"), (r"No\u00ebl", r"No\x"), (r"\ud83d\udd0c", r"\ud83d"), (r"No\u00ebl", ""),
    (r"No\u00ebl", r"\u001b[2J"), ("NENIR NETRD", "NETRD NENIR"), ("2026-12-03T04", "2026-12-02T04"),
    ("code,packages,SA,Sac", "code,packages,SA,Sac\ncode,packages,SA,Sac"), ("code,", "unknown,"),
    ("holiday,2026-12-18", "holiday,20261218"), ("gw-reference/1", "gw-reference/2"), ("2026-12-25", "2026-12-17"),
    ("Sac\n", "Sac"), ("Sac\n", "Sac\n\n"),
])
def test_whatever_is_written_otherwise_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=r".+"):
        read_reference(TEXT.replace(old, new, 1).encode("ascii"))


_words = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=30).filter(
    lambda text: text == text.strip() and text.isprintable())
_codes = st.from_regex("[A-Z]{2}[A-Z0-9]{3}", fullmatch=True)
_moments = st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
_office = st.builds(Office, code=_codes, name=_words, aliases=st.lists(_words, max_size=3).map(tuple),
                    roles=st.sets(st.sampled_from(ROLES), min_size=1).map(tuple),
                    zone=st.sampled_from([None, "Africa/Lome", "UTC"]),
                    hours=st.sets(st.integers(0, 6)).map(
                        lambda days: tuple((day, ((time(8), time(12)), (time(14), time()))) for day in days)))
_some = st.sets(_codes, max_size=3).map(tuple)
_data = st.builds(
    ReferenceData, version=st.integers(1, 2**31 - 1), starts=_moments, zone=st.sampled_from(["Africa/Lome", "UTC"]),
    offices=st.lists(_office, max_size=4, unique_by=lambda one: one.code).map(tuple),
    holidays=st.lists(st.builds(Holiday, day=_moments.map(datetime.date), name=_words, offices=_some),
                      max_size=4).map(tuple),
    outages=st.lists(st.builds(lambda starts, long, text, offices: Outage(
        starts=starts, ends=starts + timedelta(minutes=long), text=text, offices=offices),
        _moments, st.integers(1, 900), _words, _some), max_size=4).map(tuple),
    codes=st.lists(st.builds(Code, listed=st.just("packages"), code=_words, text=_words), max_size=4,
                   unique_by=lambda one: one.code).map(tuple))


@given(_data)
def test_what_is_written_is_read_as_it_was(data: ReferenceData) -> None:
    assert read_reference(write_reference(normal(data))) == normal(data)


@given(st.binary(max_size=200) | st.integers(0, len(TEXT) - 1).flatmap(lambda place: st.binary(max_size=3).map(
    lambda piece: TEXT.encode("ascii")[:place] + piece + TEXT.encode("ascii")[place + len(piece):])))
def test_any_octets_are_refused_or_are_the_one_way_to_write_what_they_say(payload: bytes) -> None:
    try:
        data = read_reference(payload)
    except ValueError:
        return
    assert write_reference(data) == payload


def test_an_office_has_the_holidays_and_downtimes_of_all_and_its_own() -> None:
    noel = Closure(datetime(2026, 12, 24, 23, tzinfo=UTC), datetime(2026, 12, 25, 23, tzinfo=UTC), "holiday", "Noël")
    torodi, niamey = calendar(DATA, "NETRD", (), "UTC"), calendar(DATA, "NENIR", (), "UTC")
    assert noel in torodi.closures and noel not in niamey.closures
    assert [one.why for one in niamey.closures] == ["holiday", "downtime"]
    assert torodi.open_at(datetime(2026, 12, 7, 8, tzinfo=UTC))  # a Monday, nine o'clock there
    assert not torodi.open_at(datetime(2026, 12, 8, 8, tzinfo=UTC))
    assert niamey.open_at(datetime(2026, 12, 8, 3, tzinfo=UTC))

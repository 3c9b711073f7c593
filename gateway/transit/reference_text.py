"""Reference data as the text that travels: GW-1 content type ``application/vnd.gw.reference`` (section 4).

One row on each line, comma between fields, the kind of row first; rows in the order of `_ROWS`. A character that is not
printable ASCII, a comma, or a backslash, is written ``\\uXXXX`` as JSON does (UTF-16). There is one way to write each
thing: what would be written otherwise is refused, so that the same data has the same digest everywhere.

    gw-reference/1
    version,7
    from,2026-12-01T00:00:00Z
    zone,Africa/Niamey
    office,NETRD,Torodi,entry transit,,Alias
    hours,NETRD,1,0800-1200,1400-1730
    holiday,2026-12-18,*,Proclamation de la R\\u00e9publique
    downtime,2026-12-02T22:00:00Z,2026-12-03T04:00:00Z,NETRD NENIR,Power work
    code,packages,SA,Sac
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.transit.reference_data import Code, Holiday, Office, Outage, ReferenceData

MOST_ROWS = 20_000
MOST_OCTETS = 4 << 20
LARGEST_VERSION = 2**31 - 1
ROLES = ("departure", "exit", "entry", "transit", "destination", "control")

_HEAD = "gw-reference/1"
_ALL = "*"
_OFFICE = re.compile("[A-Z]{2}[A-Z0-9]{3}")
_LIST = re.compile("[a-z][a-z0-9-]{0,31}")
_ZONE = re.compile("[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z][A-Za-z0-9_+-]{0,31}){0,2}")
_NUMBER = re.compile("[1-9][0-9]{0,9}")
_SPAN = re.compile("([0-9]{2})([0-9]{2})-([0-9]{2})([0-9]{2})")
_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
_PLAIN = re.compile(r"[ !-+\--\[\]-~]*")
_LONGEST = 200
_ROWS = ("office", "hours", "holiday", "downtime", "code")


class Unreadable(ValueError):
    """Reference data that is not written as it must be. row: the line at fault, "" where it is none of them."""

    def __init__(self, reason: str, row: str = "") -> None:
        super().__init__(f"{reason}: {row[:100]}" if row else reason)
        self.row = row[:100]


def write_reference(data: ReferenceData) -> bytes:
    """The text of reference data. Raises Unreadable for data that `read_reference` would not take."""
    text = ("\n".join(",".join(row) for row in _rows(data)) + "\n").encode("ascii")
    if read_reference(text) != data:
        raise Unreadable("this has another normal form")
    return text


def normal(data: ReferenceData) -> ReferenceData:
    """The same data in the order in which it is written."""
    return ReferenceData(
        version=data.version, starts=data.starts, zone=data.zone,
        offices=tuple(sorted((Office(
            code=one.code, name=one.name, zone=one.zone, aliases=one.aliases,
            roles=tuple(role for role in ROLES if role in one.roles),
            hours=tuple(sorted((day, tuple(sorted(spans))) for day, spans in one.hours))) for one in data.offices),
            key=lambda one: one.code)),
        holidays=tuple(sorted((Holiday(day=one.day, name=one.name, offices=tuple(sorted(one.offices)))
                               for one in data.holidays), key=_holiday_order)),
        outages=tuple(sorted((Outage(starts=one.starts, ends=one.ends, text=one.text,
                                     offices=tuple(sorted(one.offices))) for one in data.outages), key=_outage_order)),
        codes=tuple(sorted(data.codes, key=_code_order)))


def read_reference(payload: bytes) -> ReferenceData:
    """The data of a text. Raises Unreadable for anything that is not written as it must be."""
    if len(payload) > MOST_OCTETS or not payload.endswith(b"\n"):
        raise Unreadable("too long, or without an end")
    if not payload.isascii():
        raise Unreadable("not ASCII")
    lines = payload[:-1].decode("ascii").split("\n")
    if len(lines) > MOST_ROWS or len(lines) < 4 or lines[0] != _HEAD:
        raise Unreadable(f"not {_HEAD}, or too many rows", lines[0])
    found = _Found()
    for number, line in enumerate(lines[1:], 2):
        try:
            found.take(number, [_unescape(part) for part in line.split(",")])
        except (ValueError, IndexError) as error:
            raise Unreadable(str(error), line) from None
    data = found.whole()
    if normal(data) != data or "\n".join(",".join(row) for row in _rows(data)) != "\n".join(lines):
        raise Unreadable("this has another normal form")
    return data


class _Found:
    """What was read so far, row by row."""

    def __init__(self) -> None:
        self._version, self._starts, self._zone = 0, datetime.min.replace(tzinfo=UTC), ""
        self._offices: dict[str, Office] = {}
        self._hours: dict[str, list[tuple[int, tuple[tuple[time, time], ...]]]] = {}
        self._holidays: list[Holiday] = []
        self._outages: list[Outage] = []
        self._codes: dict[tuple[str, str], Code] = {}
        self._heads: Mapping[int, tuple[str, Callable[[str], None]]] = {
            2: ("version", self._take_version), 3: ("from", self._take_start), 4: ("zone", self._take_zone)}
        self._takes: Mapping[str, Callable[[Sequence[str]], None]] = {
            "office": self._office, "hours": self._office_hours, "holiday": self._holiday, "downtime": self._outage,
            "code": self._code}

    def take(self, number: int, row: Sequence[str]) -> None:
        """One row. Raises ValueError or IndexError."""
        if number in self._heads:
            kind, take = self._heads[number]
            if row[0] != kind or len(row) != 2:
                raise ValueError(f"not {kind}")
            take(row[1])
        elif row[0] not in self._takes:
            raise ValueError("no such row")
        else:
            self._takes[row[0]](row)

    def whole(self) -> ReferenceData:
        """All of it. Raises Unreadable for hours of an office that there is not."""
        if not self._hours.keys() <= self._offices.keys():
            raise Unreadable("hours of an office that is not listed")
        return ReferenceData(
            version=self._version, starts=self._starts, zone=self._zone,
            offices=tuple(Office(code=one.code, name=one.name, roles=one.roles, zone=one.zone, aliases=one.aliases,
                                 hours=tuple(self._hours.get(one.code, ()))) for one in self._offices.values()),
            holidays=tuple(self._holidays), outages=tuple(self._outages), codes=tuple(self._codes.values()))

    def _take_version(self, text: str) -> None:
        if not _NUMBER.fullmatch(text) or int(text) > LARGEST_VERSION:
            raise ValueError("no version")
        self._version = int(text)

    def _take_start(self, text: str) -> None:
        self._starts = _instant(text)

    def _take_zone(self, text: str) -> None:
        self._zone = _zone(text)

    def _office(self, row: Sequence[str]) -> None:
        _, code, name, roles, zone, *aliases = row
        _match(_OFFICE, code)
        if code in self._offices:
            raise ValueError("the same office twice")
        if not set(roles.split(" ")) <= set(ROLES) or len(aliases) > 20:
            raise ValueError("no such role, or too many names")
        self._offices[code] = Office(code=code, name=_text(name), roles=tuple(roles.split(" ")),
                                     zone=_zone(zone) if zone else None, aliases=tuple(map(_text, aliases)))

    def _office_hours(self, row: Sequence[str]) -> None:
        _, code, day, *spans = row
        if day not in tuple("1234567") or not 1 <= len(spans) <= 6:
            raise ValueError("no weekday, or no hours")
        days = self._hours.setdefault(code, [])
        if int(day) - 1 in {known for known, _ in days}:
            raise ValueError("the same day twice")
        days.append((int(day) - 1, tuple(map(_span, spans))))

    def _holiday(self, row: Sequence[str]) -> None:
        _, day, offices, name = row
        self._holidays.append(Holiday(day=_date(day), offices=_offices(offices), name=_text(name)))

    def _outage(self, row: Sequence[str]) -> None:
        _, starts, ends, offices, text = row
        outage = Outage(starts=_instant(starts), ends=_instant(ends), offices=_offices(offices), text=_text(text))
        if outage.ends <= outage.starts:
            raise ValueError("it ends before it begins")
        self._outages.append(outage)

    def _code(self, row: Sequence[str]) -> None:
        _, listed, code, text = row
        _match(_LIST, listed)
        if (listed, code) in self._codes or not code:
            raise ValueError("no code, or the same twice")
        self._codes[listed, code] = Code(listed=listed, code=_text(code), text=_text(text))


def _rows(data: ReferenceData) -> Iterator[tuple[str, ...]]:
    yield (_HEAD,)
    yield "version", str(data.version)
    yield "from", data.starts.strftime(_INSTANT)
    yield "zone", data.zone
    for one in data.offices:
        yield "office", one.code, _escape(one.name), " ".join(one.roles), one.zone or "", *map(_escape, one.aliases)
    for one in data.offices:
        for day, spans in one.hours:
            yield "hours", one.code, str(day + 1), *(f"{opens:%H%M}-{closes:%H%M}" for opens, closes in spans)
    for holiday in data.holidays:
        yield "holiday", holiday.day.isoformat(), " ".join(holiday.offices) or _ALL, _escape(holiday.name)
    for outage in data.outages:
        yield ("downtime", outage.starts.strftime(_INSTANT), outage.ends.strftime(_INSTANT),
               " ".join(outage.offices) or _ALL, _escape(outage.text))
    for code in data.codes:
        yield "code", code.listed, _escape(code.code), _escape(code.text)


def _escape(text: str) -> str:
    units = text.encode("utf-16-be")
    signs = (int.from_bytes(units[place:place + 2], "big") for place in range(0, len(units), 2))
    return "".join(chr(sign) if _PLAIN.fullmatch(chr(sign)) else f"\\u{sign:04x}" for sign in signs)


def _unescape(field: str) -> str:
    units = b"".join(int(digits, 16).to_bytes(2, "big") if digits else plain.encode("utf-16-be")
                     for plain, digits in re.findall(r"([^\\]+)|\\u([0-9a-f]{4})", field))
    if _ESCAPED.sub("", field).count("\\"):
        raise ValueError("a backslash that begins no character")
    return units.decode("utf-16-be")  # half a pair is a UnicodeDecodeError, which is a ValueError


def _text(text: str) -> str:
    if not 1 <= len(text) <= _LONGEST or text != text.strip() or not text.isprintable():
        raise ValueError("no text, too much of it, or signs that cannot be printed")
    return text


def _match(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not written so")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(_match(_ZONE, text))
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError("no such zone") from None
    return text


def _offices(text: str) -> tuple[str, ...]:
    return () if text == _ALL else tuple(_match(_OFFICE, code) for code in text.split(" "))


def _instant(text: str) -> datetime:
    return _sane(datetime.strptime(text, _INSTANT).replace(tzinfo=UTC))


def _date(text: str) -> date:
    day = date.fromisoformat(text)
    _sane(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return day


def _sane(instant: datetime) -> datetime:
    if not 2000 <= instant.year <= 2199:  # beyond, zones and sums of times are no longer sure
        raise ValueError("a time that cannot be meant")
    return instant


def _span(text: str) -> tuple[time, time]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("no hours")
    opens, closes = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if closes <= opens and closes != time():
        raise ValueError("hours that end before they begin")
    return opens, closes


def _holiday_order(one: Holiday) -> tuple[object, ...]:
    return one.day, one.offices, one.name


def _outage_order(one: Outage) -> tuple[object, ...]:
    return one.starts, one.ends, one.offices, one.text


def _code_order(one: Code) -> tuple[str, str]:
    return one.listed, one.code

"""The calendar of an office or of an administration, from what holds at an instant.

Where it comes from: our own reference data and each partner's, in the version that has begun; and notices of downtime
(event DOWNTIME), ours and theirs. An administration of which nothing is known has no calendar: nothing excuses it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.exchange.assembled import Assembly
from gateway.exchange.published_offices import Lookups, reference_of
from gateway.ledger.reference_rows import DowntimeRow
from gateway.transit.calendars import LONGEST, Calendar, Closure
from gateway.transit.facts import country_of
from gateway.transit.reference_data import calendar


def calendar_of(assembly: Assembly, lookups: Lookups, office_or_partner: str, at: datetime) -> Calendar | None:
    """The calendar by which a timer is judged that waits for an office, or for an administration as a whole.

    office_or_partner  code of an office, ours or a partner's; or the name of a gateway: then what holds for all of its
                       offices
    at                 the versions that have begun by then count; a downtime without an end lasts until then, and is
                       longer when it is asked later

    None for an office that nobody has, and where nothing is known that could interrupt.
    """
    administration, office = administration_of(assembly, lookups, office_or_partner, at)
    if administration is None:
        return None
    row = lookups.reference_in_force(administration, at)
    told = lookups.downtimes(administration, {"", office}, at - LONGEST)
    if row is None and not told:
        return None
    data = None if row is None else reference_of(lookups, row)
    return calendar(data, office, tuple(_closure(one, at) for one in told), _zone(assembly, office))


def administration_of(assembly: Assembly, lookups: Lookups, office_or_partner: str,
                      at: datetime) -> tuple[str | None, str]:
    """Whose an office is, and its code; "" where an administration as a whole was named."""
    known = assembly.settings.partners
    if office_or_partner == assembly.name or office_or_partner in known:
        return office_or_partner, ""
    entry = assembly.corridors.offices.get(office_or_partner)
    if entry is not None:
        return entry.administration, office_or_partner
    country = country_of(office_or_partner)
    for name in (assembly.name, *known):
        if (assembly.settings.country if name == assembly.name else known[name].country) == country:
            row = lookups.reference_in_force(name, at)
            if row is not None and reference_of(lookups, row).office(office_or_partner) is not None:
                return name, office_or_partner
    return None, office_or_partner


def _closure(one: DowntimeRow, at: datetime) -> Closure:
    ends = one.ends if one.ends is not None else max(at, one.starts + timedelta(seconds=1)).astimezone(UTC)
    return Closure(one.starts, ends, "downtime", one.text)


def _zone(assembly: Assembly, office: str) -> str:
    """Our own zone for ours, UTC for others, whose zone nobody has said."""
    return assembly.settings.time_zone if not office or country_of(office) == assembly.settings.country else "UTC"

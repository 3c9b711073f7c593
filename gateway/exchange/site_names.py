"""The names that pages show: of corridors, offices and whom to call, as settings, mappings and published data say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.exchange.assembly import Gateway
from gateway.exchange.calendars import calendar_of
from gateway.ledger import Queries
from gateway.texts import Language
from gateway.transit.timers import Timers


class SiteNames(Struct, frozen=True, kw_only=True):
    """Code -> name. corridors: those of ours whose ends we know, in the language asked for; calls: by partner."""

    offices: Mapping[str, str]
    corridors: Mapping[str, str]
    calls: Mapping[str, str]


def site_names(gateway: Gateway, language: Language) -> SiteNames:
    """The names in one language. A corridor whose file cannot be read goes by its identifier."""
    partners = gateway.settings.partners
    return SiteNames(
        offices={code: entry.name for code, entry in gateway.corridors.offices.items()},
        corridors={one.identifier: one.name[language.value] for one in gateway.corridors.all
                   if gateway.name in (named := [member.gateway for member in one.administrations])
                   and {named[0], named[-1]} <= {gateway.name, *partners}},
        calls={name: f"{one.contact.name}, {one.contact.telephone}" for name, one in partners.items()
               if one.contact is not None})


def zone_of(gateway: Gateway, queries: Queries, now: datetime) -> Callable[[str], tzinfo]:
    """The zone of an office by its code, as its administration publishes it; ours where nobody does."""
    own = ZoneInfo(gateway.settings.time_zone)
    known: dict[str, tzinfo] = {}

    def found(office: str) -> tzinfo:
        if office not in known:
            calendar = calendar_of(gateway, queries, office, now)
            known[office] = own if calendar is None else calendar.zone
        return known[office]

    return found


def enquiry_answer(gateway: Gateway, corridor: str) -> timedelta:
    """How long a corridor gives for the answer to an enquiry; of one whose file cannot be read, the usual time."""
    known = (one.timers for one in gateway.corridors.all if one.identifier == corridor)
    return next(known, Timers()).enquiry_answer.lasting

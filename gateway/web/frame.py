"""Addresses of the pages, and what all pages of one reader have in common (`pages.site.Site`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from gateway.exchange.assembly import Gateway
from gateway.pages.site import Site
from gateway.texts import Language
from gateway.web.rights import Act, may
from gateway.web.visit import Visit

Link: TypeAlias = Callable[[str, str], str]

_ROOTS = ("search", "login", "logout", "theme", "quarantine", "dead")
_KEYED = ("board", "movement", "statistics", "certificate", "letter", "guide", "act", "refused", "given-up")
_TABLES = ("index", "board", "overdue", "movement", "search")
"""Pages that are there as files, too."""

_RIGHTS: dict[str, Act] = {"chase": "chase", "resend": "resend", "close": "dead", "revive": "dead", "ask": "quarantine",
                           "confirm": "quarantine", "reject": "quarantine"}
"""Button of a page -> the right that it needs."""


def right_of(button: str) -> Act | None:
    """The right that a button needs; None for one that there is not."""
    return _RIGHTS.get(button)


def address(kind: str, key: str) -> str:
    """The address of a page; "" for one that the server does not have."""
    if kind == "index":
        return "/"
    if kind == "overdue":
        return f"/overdue/{quote(key, safe='')}" if key else "/overdue"
    if kind == "search":
        return f"/search?{urlencode({'q': key})}" if key else "/search"
    if kind in _ROOTS:
        return f"/{kind}"
    return f"/{kind}/{quote(key, safe='/')}" if kind in _KEYED else ""


def site_of(visit: Visit, gateway: Gateway | None, token: str, now: datetime, *, corridor: str | None = None,
            help_: str = "", proxy: bool = False) -> Site:
    """What a page shows around its content.

    gateway   None where the ledger cannot be read: then nothing has a name
    corridor  of the page: whether names of traders are shown; None for a page of several
    proxy     who somebody is, is not asked here: there is nothing to log out of
    """
    person, language = visit.person, visit.language
    settings = None if gateway is None else gateway.settings
    other = Language.ENGLISH if language is Language.FRENCH else Language.FRENCH

    def link(kind: str, key: str) -> str:
        if (kind in ("login", "logout") and proxy) or (kind in ("certificate", "letter") and not full) or (
                kind == "guide" and key not in corridors):
            return ""
        return address(kind, key)

    def turned(kind: str, key: str) -> str:
        found = address(kind, key)
        return f"{found}{'&' if '?' in found else '?'}lang={other.value}" if found else ""

    corridors = {} if gateway is None else {
        one.identifier: one.name.get(language.value, one.identifier) for one in gateway.corridors.all}
    full = person is not None and corridor is not None and may(person, "details", corridor)
    return Site(
        language=language, live=True, updated=now, expected=None,
        link=link, turned=turned, formats=_formats, person=None if person is None else person.name, token=token,
        may=lambda button, of: person is not None and (right := right_of(button)) is not None
        and may(person, right, of), theme=visit.theme, full=full,
        gateway="" if settings is None else settings.gateway,
        zone=ZoneInfo("UTC") if settings is None else ZoneInfo(settings.time_zone),
        offices={} if gateway is None else {
            code: entry.name for code, entry in gateway.corridors.offices.items()},
        corridors=corridors,
        calls={} if settings is None else {
            name: f"{partner.contact.name}, {partner.contact.telephone}"
            for name, partner in settings.partners.items() if partner.contact is not None}, help=help_)


def _formats(kind: str, key: str) -> Mapping[str, str]:
    if kind not in _TABLES:
        return {}
    path, _, query = address(kind, key).partition("?")
    plain = "/index" if path == "/" else path
    more = f"?{query}" if query else ""
    return {"csv": f"{plain}.csv{more}", "excel": f"{plain}.csv?{query + '&' if query else ''}excel=1",
            "json": f"{plain}.json{more}"}

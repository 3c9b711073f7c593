"""The revocation lists of partners: fetched by their own timer, judged as they come, kept for later evidence (K4).

Receiving never fetches. It uses what lies here: the file that the partner's settings name, and the list that
`edi keys crl` stored last. Both count, and neither below the highest number ever seen, which the ledger knows; where
none is usable, nothing is accepted (E_CRL). Every list that came into use stays in ``state/revocation/kept``, by its
first day: the list of a day is the last one kept until then.

A run may be cut anywhere: content is written before its number, and what was not finished is done by the next run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from gateway.config import Partner
from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import issuer_key
from gateway.security import JudgedList, RevocationLists, judge_list, list_issuers
from gateway.spool import own_folder, read_whole, write_whole

if TYPE_CHECKING:
    from gateway.exchange.assembly import Assembly, Gateway

LARGEST_LIST = 16 << 20
"""Octets of a list at most: some 400,000 certificates."""

PATIENCE = 60.0
"""Seconds that fetching one list may take."""

Outcome = Literal["stored", "unchanged", "none"]


class Refreshed(Struct, frozen=True):
    """What became of a partner's list: newly stored, the one that is in use, or none because it publishes none."""

    partner: str
    outcome: Outcome
    judged: JudgedList | None


def lists_of(partner: Partner, state: Path, numbers: Mapping[str, int]) -> RevocationLists | None:
    """The lists that count for a partner; None for an authority that publishes none, as its settings say.

    state    our folder of that name
    numbers  the highest numbers seen, by `issuer_key`; empty where there is no ledger at hand

    A file that is not there is no list. Raises LocalError B002, B005, B006.
    """
    authority = partner.authority
    if not _published(partner):
        return None
    paths = (authority.revocation, _stored(state, partner.partner))
    contents = tuple(content for path in paths if path is not None and (content := _content(path)) is not None)
    seen = tuple((issuer, numbers[key]) for issuer in list_issuers(contents) if (key := issuer_key(issuer)) in numbers)
    return RevocationLists(contents, authority.grace, seen)


def refresh(gateway: Gateway, name: str, now: datetime, *, given: bytes | None = None) -> Refreshed:
    """Get a partner's list and put it into use: `given` by hand, else from its address, else from its file.

    Raises LinkError B130 to B132 when it cannot be fetched; LocalError K061 to K065 when it may not be used (the list
    before stays in use), K066 for a list by hand of an authority that publishes none, K067 when the file is missing.
    """
    partner = gateway.partner(name)
    if not _published(partner):
        if given is not None:
            raise LocalError(Finding(code="K066", values={"partner": name}))
        return Refreshed(name, "none", None)
    content = _obtain(partner) if given is None else given
    judged = _judge(gateway, partner, content, now)
    stored = _stored(gateway.settings.paths.state, name)
    known = _content(stored) == content
    if not known:
        own_folder(stored.parent)
        write_whole(stored, content)
    reach(failpoints.LISTED)
    _note(gateway, name, content, judged.issuer, judged.number, _dates(judged), now)
    return Refreshed(name, "unchanged" if known else "stored", judged)


def note_lists(gateway: Gateway, name: str, now: datetime) -> None:
    """Before objects are judged: note every list in use that came by other ways than `refresh`, a file put there by
    hand above all, so that an older one never counts again and today's can be shown later."""
    partner = gateway.partner(name)
    lists = lists_of(partner, gateway.settings.paths.state, {})
    for content in lists.lists if lists is not None else ():
        if _kept(gateway.settings.paths.state, name, content) is None:
            try:
                judged = _judge(gateway, partner, content, now)
            except LocalError:  # not usable: then it is not used either, and every object says so
                continue
            _note(gateway, name, content, judged.issuer, judged.number, _dates(judged), now)


def note_used(gateway: Gateway, name: str, now: datetime) -> None:
    """After objects were judged: note the lists that judgements used and that `note_lists` could not judge, because
    the authority between the partner's and its certificates shows itself only in the objects (K3)."""
    if not _published(gateway.partner(name)):
        return
    trust, seen = gateway.trust(name), gateway.list_numbers(name)
    for issuer, number in trust.list_numbers.items():
        if number <= seen.get(issuer_key(issuer), -1) or trust.lists is None:
            continue
        content = next(one for one in trust.lists.lists if issuer in list_issuers([one]))
        _note(gateway, name, content, issuer, number, "", now)


def judged_lists(gateway: Assembly, name: str, now: datetime) -> list[JudgedList]:
    """The usable lists of a partner, the newest first; empty where it has none that is usable."""
    partner, found = gateway.partner(name), []
    lists = lists_of(partner, gateway.settings.paths.state, {})
    for content in lists.lists if lists is not None else ():
        try:
            found.append(_judge(gateway, partner, content, now))
        except LocalError:
            continue
    return sorted(found, key=lambda one: (one.number, one.ends), reverse=True)


def _published(partner: Partner) -> bool:
    return partner.authority.revocation is not None or partner.authority.address is not None


def _obtain(partner: Partner) -> bytes:
    """The list as the partner publishes it, or as somebody put it into the file of the settings."""
    authority = partner.authority
    if authority.address is not None:
        from gateway.transport.web import fetch  # its libraries cost a start, and receiving never fetches

        return fetch(authority.address, limit=LARGEST_LIST, seconds=PATIENCE)
    assert authority.revocation is not None
    content = _content(authority.revocation)
    if content is None:
        raise LocalError(Finding(code="K067", place=Place(file=str(authority.revocation)),
                                 values={"partner": partner.partner, "path": str(authority.revocation)}))
    return content


def _judge(gateway: Assembly, partner: Partner, content: bytes, now: datetime) -> JudgedList:
    trust, issuers = gateway.trust(partner.partner), list_issuers([content])
    authority = next((one for one in (trust.authority, *trust.further) if one.subject in issuers), trust.authority)
    seen = gateway.list_numbers(partner.partner).get(issuer_key(authority.subject), 0)
    return judge_list(content, authority, seen=seen, now=now, grace=partner.authority.grace)


def _note(gateway: Gateway, name: str, content: bytes, issuer: str, number: int, dates: str, now: datetime) -> None:
    """Number into the ledger, then the content beside those of other days, which says that both are done."""
    digest = hashlib.sha256(content).hexdigest()
    kept = _kept(gateway.settings.paths.state, name, content) is not None
    if kept and number <= gateway.list_numbers(name).get(issuer_key(issuer), -1):
        return
    with gateway.ledger.transaction() as transaction:
        transaction.note_list(name, issuer, number, digest=digest, at=now, text=dates)
    reach(failpoints.NUMBERED)
    if not kept:
        folder = own_folder(own_folder(_folder(gateway.settings.paths.state) / "kept") / name)
        write_whole(folder / f"{now:%Y-%m-%d}-{digest[:32]}.crl", content)
    reach(failpoints.LIST_KEPT)


def _dates(judged: JudgedList) -> str:
    return f"{judged.begins:%Y-%m-%dT%H:%M:%SZ} {judged.ends:%Y-%m-%dT%H:%M:%SZ}"


def _kept(state: Path, name: str, content: bytes) -> Path | None:
    digest = hashlib.sha256(content).hexdigest()
    return next((_folder(state) / "kept" / name).glob(f"*-{digest[:32]}.crl"), None)


def _folder(state: Path) -> Path:
    return state / "revocation"


def _stored(state: Path, name: str) -> Path:
    return _folder(state) / f"{name}.crl"


def _content(path: Path) -> bytes | None:
    try:
        return read_whole(path, LARGEST_LIST)
    except FileNotFoundError:
        return None

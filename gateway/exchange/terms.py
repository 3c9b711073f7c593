"""Everything that trust rests on for a while: our certificates and the partners', authorities, lists, host keys.

What the ledger knows of changed keys and of lists counts where there is a ledger; a gateway that was only just set up
has none yet, and is told what its files say.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from gateway.config import Partner, Settings
from gateway.errors import LocalError
from gateway.exchange.assembly import Assembly, Gateway, open_gateway
from gateway.exchange.revocation_lists import LARGEST_LIST, judged_lists
from gateway.ledger.key_rows import OwnKeyState
from gateway.ledger.upgrading import stands
from gateway.security import JudgedList, fingerprint, judge_list, load_certificate
from gateway.security.certificates import ENCRYPTION, SIGNING
from gateway.security.expiry import AUTHORITY, HOST_KEY, LIST, Term, certificate_term
from gateway.spool import read_whole

_MOMENT = timedelta(seconds=1)


@contextmanager
def standing(settings: Settings, now: datetime) -> Iterator[Assembly]:
    """The gateway with its ledger; without one where there is none yet, for nothing is made here."""
    if not stands(settings.ledger):
        yield Assembly(settings, now=now)
        return
    with open_gateway(settings, now) as gateway:
        yield gateway


def terms(assembly: Assembly, now: datetime) -> list[Term]:
    """Ours first, then each partner's, in the order in which people look for them.

    Certificates that were revoked, or whose time with a partner is over, are left out while another of their use is in
    force; where none is, the last one has expired.
    Raises LocalError K004, K009, K061 as reading them does.
    """
    found = _ours(assembly, now)
    for name in sorted(assembly.settings.partners):
        found += _theirs(assembly, assembly.partner(name), now)
    return found


def _ours(assembly: Assembly, now: datetime) -> list[Term]:
    keys, owner = assembly.settings.keys, assembly.name
    authority = load_certificate(keys.authority)
    found = [certificate_term(owner, AUTHORITY, authority, fingerprint(authority))]
    for use in (SIGNING, ENCRYPTION):
        pairs = assembly.own_chain(use) if isinstance(assembly, Gateway) else assembly.settings_pairs(use)
        live = [pair for pair in pairs if not pair.over(now) and pair.state is not OwnKeyState.REVOKED]
        for pair in live or pairs[-1:]:
            one = load_certificate(pair.certificate)
            until = pair.accept_until if pair in live or pair.over(now) else now - _MOMENT  # revoked: over since it was
            found.append(certificate_term(owner, use, one, fingerprint(one), until))
    listed = keys.authority.with_suffix(".crl")
    if listed.exists():
        try:
            found.append(_list_term(owner, judge_list(read_whole(listed, LARGEST_LIST), authority, seen=0, now=now)))
        except LocalError:
            found.append(_no_list(owner))
    return found


def _theirs(assembly: Assembly, partner: Partner, now: datetime) -> list[Term]:
    name, authority = partner.partner, load_certificate(partner.authority.certificate)
    found = [certificate_term(name, AUTHORITY, one, fingerprint(one)) for one in (authority, *assembly.further(name))]
    entries = assembly.certificates(name)
    for use in (SIGNING, ENCRYPTION):
        of_use = [entry for entry in entries if entry.use == use]
        in_force = [entry for entry in of_use if now <= entry.accept_until and entry.revoked is None]
        for entry in in_force or of_use[-1:]:
            until = entry.accept_until if entry.revoked is None else min(entry.revoked, entry.accept_until)
            found.append(certificate_term(name, use, entry.certificate, fingerprint(entry.certificate), until))
    if partner.authority.revocation is not None or partner.authority.address is not None:
        usable = judged_lists(assembly, name, now)
        found.append(_list_term(name, usable[0], partner) if usable else _no_list(name))
    boxes = (partner.mailbox.outbound, partner.mailbox.inbound)
    for line in dict.fromkeys(key for box in boxes if box.kind == "sftp" for key in box.host_keys):
        shown = ssh_fingerprint(line)
        found.append(Term(owner=name, use=HOST_KEY, identity=shown, shown=shown))
    return found


def _list_term(owner: str, judged: JudgedList, partner: Partner | None = None) -> Term:
    room = datetime.max.replace(tzinfo=UTC) - judged.ends  # "99991231235959Z" is a date of authorities, too
    until = judged.ends if partner is None else judged.ends + min(partner.authority.grace, room)
    return Term(owner=owner, use=LIST, identity=str(judged.number), shown=str(judged.number), begins=judged.begins,
                ends=judged.ends, until=until)


def _no_list(owner: str) -> Term:
    return Term(owner=owner, use=LIST, identity="-", shown="-", usable=False)


def ssh_fingerprint(line: str) -> str:
    """A host key as ``ssh-keygen -lf`` shows it."""
    digest = hashlib.sha256(base64.b64decode(line.split(" ")[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"

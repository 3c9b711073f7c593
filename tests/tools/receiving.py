"""XB as a whole program: an office that trusts of XA exactly what a test says, and the two commands that open files.

    office = receiver(tmp_path, circumstances)
    opened(office, content, now)         what `edi open` says: "accepted" or the code, with everything it owes checked
    received(office, {name: content}, now)   what `edi-receive` says of each file of the mailbox
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

from cryptography.hazmat.primitives import serialization

from gateway.cli import envelope
from gateway.config import MailboxAnswers, PartnerAnswers, SettingsAnswers, load_settings, partner_text, settings_text
from gateway.config.starting import AuthorityAnswers, CertificateAnswers
from gateway.exchange import cycle
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.security import Certificate, make_identity
from tests.tools.loose_sealer import Author
from tests.tools.offices import Office

REASON = "none in this test"


@dataclass(frozen=True)
class Listed:
    """One line of the partner's list."""

    certificate: Certificate
    use: str
    use_from: datetime
    until: datetime


@dataclass(frozen=True)
class Circumstances:
    """What XB holds when the files come.

    keys        its encryption keys
    revocation  the list of the partner's authority; None where it publishes none
    agreed      words of the agreement, CBC and gzip among them
    """

    now: datetime
    keys: tuple[Author, ...]
    listed: tuple[Listed, ...]
    authority: Certificate
    revocation: bytes | None = None
    agreed: tuple[str, ...] = ()
    environment: str = "test"
    partner: str = "XA"
    grace: timedelta = timedelta(hours=24)


def receiver(root: Path, given: Circumstances) -> Office:
    """Make XB in a folder, with keys of its own to sign its receipts."""
    office = Office("XB", root / "xb", root / "mail")
    for folder in ("partners", "national/out/declarations", "national/out/events", "state"):
        (office.home / folder).mkdir(parents=True, mode=0o700)
    make_identity(office.home / "keys", gateway="XB", environment=given.environment, now=given.now,
                  valid=timedelta(days=30), passphrase=None)
    for path in (office.mailbox(given.partner), office.mailbox(given.partner).with_name("tmp"),
                 root / "mail" / given.partner / "XB" / "v1" / "in" / "new",
                 root / "mail" / given.partner / "XB" / "v1" / "in" / "tmp"):
        path.mkdir(parents=True)
    text = settings_text(SettingsAnswers(gateway="XB", environment=given.environment, country="BF",
                                         time_zone="Africa/Ouagadougou"))
    pairs = "".join(f"    - key: keys/{name}.key\n      certificate: keys/{name}.crt\n"
                    for name in _own_keys(office.home / "keys", given.keys))
    changed = re.sub(r"(?m)^    - key: keys/encryption\.key\n(      .*\n)*?      certificate: .*\n", pairs, text)
    assert changed != text
    office.settings.write_text(changed, "utf-8")
    _introduce(office, given)
    return office


def opened(office: Office, content: bytes, now: datetime, *, name: str | None = None,
           partner: str | None = None) -> str:
    """Let `edi open` open a file: "accepted" or its code, when everything else is as it should be.

    name  of the file; the one of its content unless told otherwise
    """
    folder = office.home.parent / "given"
    folder.mkdir(exist_ok=True)
    path = folder / (name or named(content))
    path.write_bytes(content)
    output = folder / "output.edi"
    words = ["open", str(path), "-o", str(output), "--json", *(["--from", partner] if partner else [])]
    with clock(now):
        ran = office.run("edi", *words)
    assert ran.out, ran.err
    answer = json.loads(ran.out.splitlines()[-1])
    assert "Traceback" not in ran.err + ran.out
    assert sorted(one.name for one in folder.iterdir()) == sorted(
        {path.name, *([output.name] if answer["ok"] else [])}), "something was left lying"
    path.unlink()
    if answer["ok"]:
        assert (ran.exit, ran.err) == (0, "") and content.find(output.read_bytes()[:20] or b"\x00" * 20) < 0
        output.unlink()
        return "accepted"
    code = str(answer["code"])
    assert ran.exit == 5, ran.err
    assert re.search(rf"\b{code}: .+\n  → .+", ran.err), ran.err
    return code


def received(office: Office, files: Mapping[str, bytes], now: datetime, *, partner: str = "XA",
             again: Sequence[str] = ()) -> dict[str, str]:
    """Let a cycle receive these files of a partner: name -> "accepted" or the code. again: what still lies there."""
    box = office.mailbox(partner)
    for name, content in files.items():
        (box / name).write_bytes(content)
    with open_gateway(load_settings(office.settings), now) as gateway:
        summary = cycle.receive(gateway, Occasion(now, lambda: f"{next(_IDENTIFIERS):032x}", lambda: 0.0))
        with gateway.ledger.reading() as queries:
            settled = {note.name: note.code for note in queries.notes(partner=partner)}
    told = {finding.place.file: finding.code for _, finding in summary.problems if finding.place is not None}
    names = [*files, *again]
    verdicts = {name: settled.get(name) or told.get(f"{partner}/{name}") or "accepted" for name in names}
    if verdicts == dict.fromkeys(files, "accepted"):  # what an object of a single file says about us
        verdicts |= {name: finding.code for _, finding in summary.problems for name in files
                     if len(files) == 1 and finding.code.startswith("E_")}
    left = {path.name for path in box.iterdir()}
    assert [name for name, verdict in verdicts.items() if verdict == "accepted" and name in left] == []
    return verdicts


_IDENTIFIERS = itertools.count(1)


@contextmanager
def clock(now: datetime) -> Iterator[None]:
    """`edi open` runs at this moment."""
    with mock.patch.object(envelope, "occasion", lambda: Occasion(now, lambda: "0f" * 16, lambda: 0.0)):
        yield


def named(content: bytes) -> str:
    """The name of a content in the mailbox."""
    return f"{hashlib.sha256(content).hexdigest()[:32]}.p7m"


def holds(folder: Path, octets: bytes) -> list[str]:
    """The files below a folder that hold these octets."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                  if path.is_file() and octets in path.read_bytes())


def _own_keys(folder: Path, authors: Sequence[Author]) -> list[str]:
    names = []
    for number, author in enumerate(authors):
        name = f"receiving-{number}"
        for ending, content in ((".key", author.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())),
                                (".crt", author.certificate.public_bytes(serialization.Encoding.PEM))):
            path = folder / f"{name}{ending}"
            path.write_bytes(content)
            path.chmod(0o600)
        names.append(name)
    return names


def _introduce(office: Office, given: Circumstances) -> None:
    folder, name = office.home / "partners", given.partner
    (folder / "authority.crt").write_bytes(given.authority.pem())
    if given.revocation is not None:
        (folder / "authority.crl").write_bytes(given.revocation)
    for one in given.listed:
        (folder / f"{one.certificate.sha256[:16]}.crt").write_bytes(one.certificate.pem())
    text = partner_text(PartnerAnswers(
        partner=name, name_fr=name, name_en=name, country="TG", folder=folder, valid_from=given.now,
        valid_until=given.now, outbound=MailboxAnswers(path=str(office.mail / name / "XB" / "v1" / "in")),
        inbound=MailboxAnswers(path=str(office.mailbox(name).parent)),
        authority=AuthorityAnswers(certificate="authority.crt",
                                   revocation="none" if given.revocation is None else "authority.crl", reason=REASON),
        certificates=tuple(CertificateAnswers(file=f"{one.certificate.sha256[:16]}.crt", sha256=one.certificate.sha256,
                                              use=one.use, begins=one.use_from, ends=one.until)
                           for one in given.listed),
        algorithms=tuple(word for word in given.agreed if word not in ("CBC", "gzip")), gzip="gzip" in given.agreed))
    if "CBC" in given.agreed:
        until = f"{given.now:%Y-%m-%dT%H:%M:%SZ}"
        text = re.sub(r"(?m)^agreement:\n", f"agreement:\n  cbc:\n    reason: a test\n    until: {until}\n", text)
    if given.grace != timedelta(hours=24):
        hours = int(given.grace.total_seconds() // 3600)
        text = re.sub(r"(?m)^authority:\n", f"authority:\n  grace: {hours}h\n", text)
    (folder / f"{name}.yaml").write_text(text, "utf-8")

"""Bad input for a whole gateway: a partner that sends whatever a test wants, and what every refusal owes to people.

    togo, burkina = offices(tmp_path)
    malice = Puppet(togo, burkina)                       Togo's keys in the hands of a test
    malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_SIGNATURE", place="BFDGD")

`at` runs a cycle at a moment of one's own, so that a day passes without waiting.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gateway.config import load_settings
from gateway.edifact import (
    InterchangeHeader,
    MessageIdentifier,
    WireMessage,
    read_interchanges,
    to_wire,
    write_interchange,
)
from gateway.exchange import cycle
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.summary import Summary
from gateway.mapping import Corridor, load_corridors, search_path
from gateway.mapping.dialect import load_dialect
from gateway.references import Tree
from gateway.security import (
    EDIFACT,
    FIRST_PREVIOUS,
    RECEIPT,
    Header,
    Identity,
    Opened,
    Sealed,
    Signer,
    load_certificate,
    load_decryption_key,
    load_signer,
    open_envelope,
    read_receipt,
    seal,
)
from gateway.texts import Language, hint, known, sentence
from tests.tools.identities import Party
from tests.tools.offices import Office, Ran

STEPS: dict[str, Callable[..., Summary]] = {"edi-send": cycle.send, "edi-receive": cycle.receive,
                                            "edi-sync": cycle.sync}


def corridor(identifier: str = "tg-bf") -> Corridor:
    """A corridor of the project."""
    return load_corridors(search_path()).named(identifier)


class Puppet:
    """A partner with real keys and no scruples, who counts his own numbers."""

    def __init__(self, office: Office, target: Office, route: str = "tg-bf") -> None:
        self.office = office
        self.target = target
        self.corridor = corridor(route)
        self.sequence = 0
        self.previous = FIRST_PREVIOUS
        self._references = itertools.count(1)
        self._messages = itertools.count(1)

    def key(self, name: str) -> Path:
        """A file of his keys."""
        return self.office.home / "keys" / name

    @property
    def signer(self) -> Signer:
        """His signing key."""
        return load_signer(self.key("signing.key"), self.key("signing.crt"), None)

    def cusdec(self, tree: dict[str, Any]) -> WireMessage:
        """A declaration as it travels."""
        prepared: Tree = {"prepared": datetime(2026, 3, 10, 10, 30, tzinfo=UTC), "amendment": 0, **_canonical(tree)}
        return self.corridor.cusdec.to_message(prepared)

    def cusres(self, word: str, mrn: str | None, *, reference: str, administration: str | None = None,
               **terms: Any) -> WireMessage:
        """An event as it travels; by himself unless told otherwise; a term that is None is left out."""
        tree: Tree = {"word": word, "administration": administration or self.office.name, "reference": reference,
                      "happened": datetime(2026, 3, 16, 11, 30, tzinfo=UTC), **terms}
        if mrn is not None:
            tree["mrn"] = mrn
        return self.corridor.write([{term: value for term, value in tree.items() if value is not None}])

    def contrl(self, reference: str, action: str = "7", rest: str = "") -> WireMessage:
        """A CONTRL about an interchange of the target's."""
        body = f"UCI+{reference}+{self.target.name}:ZZZ+{self.office.name}:ZZZ+{action}'{rest}"
        return WireMessage(MessageIdentifier.parse("CONTRL:D:3:UN"), body, body.count("'"))

    def interchange(self, *messages: WireMessage, reference: str | None = None, **header: Any) -> bytes:
        """An interchange of messages; keywords change UNB."""
        chosen = reference or f"TG{next(self._references):010d}"
        unb = InterchangeHeader(
            syntax_identifier="UNOC", syntax_version="3", sender=self.office.name, sender_qualifier="ZZZ",
            recipient=self.target.name, recipient_qualifier="ZZZ", prepared=_now(), control_reference=chosen, test="1")
        return write_interchange(replace(unb, **header),
                                 [(str(number), message) for number, message in enumerate(messages, 1)])

    def seal(self, payload: bytes, *, at: datetime | None = None, kind: str = EDIFACT, signer: Signer | None = None,
             sequence: int | None = None, previous: str | None = None, message: int | None = None,
             count: bool = True, to: str | None = None, filename: str = "d1.edi") -> Sealed:
        """The next object of his; `count` False does not let it count."""
        moment = (at or _now()).replace(microsecond=0)
        number = self.sequence + 1 if sequence is None else sequence
        identity = next(self._messages) if message is None else message
        header = Header(f"<{identity:032x}@{self.office.name}>", self.office.name, to or self.target.name, moment,
                        number, previous or self.previous, kind, filename)
        recipient = load_certificate(self.target.home / "keys" / "encryption.crt")
        sealed = seal(header, payload, signer=signer or self.signer, recipients=[recipient], signing_time=moment)
        if count:
            self.sequence, self.previous = number, sealed.mic
        return sealed

    def put(self, content: bytes, name: str | None = None) -> Path:
        """A file into the target's mailbox, under the name that fits it."""
        path = self.target.mailbox(self.office.name) / (name or f"{hashlib.sha256(content).hexdigest()[:32]}.p7m")
        path.write_bytes(content)
        return path

    def send(self, *messages: WireMessage, **header: Any) -> Path:
        """An interchange, sealed and delivered as it should be."""
        return self.put(self.seal(self.interchange(*messages, **header)).content)

    def collect(self) -> None:
        """Empty his mailbox, as a partner does that is there but silent."""
        for path in self.office.mailbox(self.target.name).iterdir():
            path.unlink()

    def answers(self) -> list[Opened]:
        """What the target has put into his mailbox, opened, in the order of its numbers."""
        certificate = self.key("encryption.crt")
        key = load_decryption_key(self.key("encryption.key"), certificate, None)
        trust = Party(self.target.name, "test", _identity(self.target)).trust(
            since=_now() - timedelta(days=2), until=_now() + timedelta(days=2))
        return sorted((open_envelope(path.name, path.read_bytes(), recipient=self.office.name, keys=[key], trust=trust,
                                     now=datetime.now(UTC), environment="test")
                       for path in self.office.mailbox(self.target.name).iterdir()),
                      key=lambda opened: opened.header.sequence)

    def receipts(self) -> list[str]:
        """The dispositions of the receipts he got."""
        return [read_receipt(opened.payload).disposition for opened in self.answers()
                if opened.header.content_type == RECEIPT]

    def said(self) -> list[str]:
        """The messages he got, as text."""
        return [text for opened in self.answers() if opened.header.content_type == EDIFACT
                for text in _texts(opened.payload)]


_NUMBERS: dict[tuple[Path, datetime], itertools.count[int]] = {}
"""Two runs within one second go on in one series: message ids never come twice."""


def at(office: Office, program: str, moment: datetime) -> Ran:
    """Run a program's cycle at a moment of one's own; the findings as the program would tell them in English."""
    numbers = _NUMBERS.setdefault((office.home, moment), itertools.count())
    identifiers = (hashlib.sha256(f"{office.name} {moment} {number}".encode()).hexdigest()[:32] for number in numbers)
    with open_gateway(load_settings(office.settings), moment) as gateway:
        summary = STEPS[program](gateway, Occasion(moment, lambda: next(identifiers), lambda: 0.0))
    told = [f"{sentence(finding, Language.ENGLISH)}\n  → {hint(finding, Language.ENGLISH)}"
            for _, finding in summary.problems]
    line = {**summary.counts(), "findings": [{"code": finding.code, "exit": int(status)}
                                             for status, finding in summary.problems]}
    return Ran(int(summary.status), _json(line), "\n".join(told))


def later(**passed: float) -> datetime:
    """A moment to come."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**passed)


def whole_minute(moment: datetime) -> datetime:
    """A moment as it travels."""
    return moment.replace(second=0, microsecond=0)


def codes(ran: Ran) -> list[str]:
    """The codes of the findings of a run, sorted."""
    return sorted(finding["code"] for finding in ran.counts["findings"])


def well(ran: Ran) -> None:
    """Nothing was said and nothing was wrong."""
    assert (ran.exit, ran.err) == (0, "")


def refused(ran: Ran, status: int, *expected: str, place: str) -> None:
    """The run ended with this status and exactly these codes; people were told where, what, and what to do.

    place  a regular expression that the line of the first code must fit from its start to the code
    """
    assert codes(ran) == sorted(expected), ran.err
    assert ran.exit == status, ran.err
    assert "Traceback" not in ran.err and "Traceback" not in ran.out
    lines = ran.err.splitlines()
    for code in expected:
        said = [number for number, line in enumerate(lines) if re.search(rf"\b{code}\b: ", line)]
        assert said, f"{code} is not told: {ran.err}"
        for number in said:
            advice = next((line for line in lines[number + 1:] if line.startswith("  → ")), None)
            assert advice, f"no hint below: {lines[number]}"
        for language in Language:
            assert known(code, language) and known(f"{code}.hint", language), code
    assert re.search(rf"^{place}.*?\b{expected[0]}: ", ran.err, re.MULTILINE), ran.err
    assert not re.search(r"\{[a-z_]+\}", ran.err), "a value was asked for and not given"


def refused_files(office: Office, kind: str) -> list[str]:
    """What lies in national/refused of a kind."""
    return sorted(path.name for path in (office.home / "national" / "refused" / kind).iterdir())


def waiting_files(office: Office, kind: str) -> list[str]:
    """What is claimed and not yet settled."""
    folder = office.home / "state" / "claimed" / kind
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def sent_files(office: Office, kind: str) -> list[str]:
    """What was taken for good."""
    return sorted(path.name for path in (office.home / "national" / "sent" / kind).iterdir())


def quarantined(office: Office) -> list[bytes]:
    """The contents in quarantine, sorted."""
    return sorted(path.read_bytes() for path in (office.home / "state" / "quarantine").glob("*.bin"))


def everything(*offices: Office) -> dict[str, bytes]:
    """Every file that people or partners see, and what the ledgers answer; not what crossed the lines and when runs
    ended, which every run changes."""
    seen: dict[str, bytes] = {}
    for office in offices:
        for folder in (office.home / "national", office.home / "state" / "quarantine",
                       office.home / "state" / "claimed", office.mail / office.name):
            seen.update({str(path): path.read_bytes() for path in sorted(folder.rglob("*"))
                         if stat.S_ISREG(path.lstat().st_mode)})
        said = office.run("edi", "status", "--json").out.splitlines()
        seen[f"{office.name} status"] = "\n".join(
            line for line in said if json.loads(line)["kind"] not in ("traffic", "run")).encode()
    return seen


@contextlib.contextmanager
def unchanged(*offices: Office) -> Iterator[None]:
    """What happens inside changes nothing that anybody sees."""
    before = everything(*offices)
    yield
    assert everything(*offices) == before


def again(office: Office, *others: Office, programs: Sequence[str] = ("edi-send", "edi-receive", "edi-sync"),
          status: int = 0) -> None:
    """Running again changes nothing, and ends as it should."""
    with unchanged(office, *others):
        for program in programs:
            ran = office.run(program)
            assert ran.exit == status, ran.err
            assert "Traceback" not in ran.err


def _canonical(tree: dict[str, Any]) -> Tree:
    """A national record of the neutral dialect as a transit record."""
    (record,) = load_dialect("neutral/json", search_path()).read({"d.json": json.dumps(tree).encode()}).records
    return record.tree


def _identity(office: Office) -> Identity:
    keys = office.home / "keys"
    return Identity(keys, *(load_certificate(keys / f"{name}.crt") for name in ("authority", "signing", "encryption")))


def _texts(payload: bytes) -> Iterator[str]:
    for interchange in read_interchanges(payload):
        for message in interchange.messages:
            yield to_wire(message).body


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)

"""A month of the ledger as a folder: which month, where everything lies, the plan, and the list of its files.

    audit.txt                          the plan: what lies here, the rows of the history and what they follow
    history.txt                        a row on each line: its hash, a space, and what is hashed (`ledger.chain`)
    links/FROM/TO/N/SEQUENCE.cms       the SignedData of each object, a thousand to a folder
    links/FROM/TO/leaves.txt           the leaves of a link, from the first of the month on
    links/FROM/TO/tree.txt             the peaks of its tree before them
    links/FROM/TO/covering-GATEWAY.cms the checkpoints of both with the smallest head over all leaves of the month
    trust/GATEWAY.pem                  its authorities and their lists; GATEWAY.signers.pem what it signed with
    index.fr.txt, index.en.txt         each object on a line, for people
    SHA256SUMS                         every other file, in the order of its path
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.security import is_gateway_id
from gateway.spool import pieces_of

PLAN, HISTORY, SUMS = "audit.txt", "history.txt", "SHA256SUMS"
LEAVES, TREE = "leaves.txt", "tree.txt"
NO_MONTH, NO_FOLDER = "X250", "X252"

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


class Month(Struct, frozen=True, order=True):
    """A calendar month in universal time."""

    year: int
    month: int

    @classmethod
    def read(cls, text: str) -> Month:
        """The month of ``YYYY-MM``. Raises LocalError X250."""
        found = _MONTH.fullmatch(text)
        if found is None or not 1970 <= int(found[1]) < 9999:
            raise LocalError(Finding(code=NO_MONTH, values={"text": text}))
        return cls(int(found[1]), int(found[2]))

    @property
    def begin(self) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first instant behind it."""
        return datetime(self.year + self.month // 12, self.month % 12 + 1, 1, tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


class LinkPart(Struct, frozen=True, kw_only=True):
    """What of a link lies in the folder.

    low, high  the lowest and the highest number of an object of the month
    objects    how many were recorded in the month, and leaves how many leaves lie here, later ones for a head included
    covered    size of the head that both signed over all of them; 0 where there is none
    """

    sender: str
    recipient: str
    low: int
    high: int
    objects: int
    leaves: int
    covered: int


class Plan(Struct, frozen=True, kw_only=True):
    """What a folder says of itself.

    whole          whether the month was over when it was made
    first, last    rows of the history, and anchor and head: the hash before them, and that of the last
    trust          gateways whose authorities lie here
    """

    month: Month
    gateway: str
    environment: str
    made: datetime
    whole: bool
    first: int
    last: int
    anchor: str
    head: str
    links: tuple[LinkPart, ...] = field(default=())
    trust: tuple[str, ...] = field(default=())

    def text(self) -> bytes:
        """The plan as a file."""
        lines = ["gw-audit/1", f"month {self.month}", f"gateway {self.gateway}", f"environment {self.environment}",
                 f"made {self.made.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"whole {'yes' if self.whole else 'no'}",
                 f"history {self.first} {self.last} {self.anchor} {self.head}"]
        lines += [f"link {one.sender} {one.recipient} {one.low} {one.high} {one.objects} {one.leaves} {one.covered}"
                  for one in self.links]
        lines += [f"trust {name}" for name in self.trust]
        return "".join(f"{line}\n" for line in lines).encode("ascii")

    @classmethod
    def read(cls, content: bytes) -> Plan:
        """The plan of a file. Raises ValueError unless it is exactly what `text` writes."""
        lines = [line.split(" ") for line in content.decode("ascii").split("\n")[:-1]]
        named = dict(line for line in lines[1:6] if len(line) == 2)
        _, first, last, anchor, head = lines[6]
        links = [line[1:] for line in lines[7:] if line[0] == "link"]
        plan = cls(
            month=_month(named["month"]), gateway=named["gateway"], environment=named["environment"],
            made=datetime.strptime(named["made"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
            whole=named["whole"] == "yes", first=_number(first), last=_number(last), anchor=anchor, head=head,
            links=tuple(LinkPart(sender=one[0], recipient=one[1], low=_number(one[2]), high=_number(one[3]),
                                 objects=_number(one[4]), leaves=_number(one[5]), covered=_number(one[6]))
                        for one in links),
            trust=tuple(line[1] for line in lines[7:] if line[0] == "trust"))
        names = {plan.gateway, *plan.trust, *(name for one in plan.links for name in (one.sender, one.recipient))}
        if (plan.text() != content or not all(map(is_gateway_id, names)) or plan.first < 1
                or not _SHA256.fullmatch(anchor) or not _SHA256.fullmatch(head) or plan.last < plan.first - 1):
            raise ValueError("not a plan")
        return plan


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("not a number")
    return int(text)


def _month(text: str) -> Month:
    try:
        return Month.read(text)
    except LocalError:
        raise ValueError("not a month") from None


def link_folder(sender: str, recipient: str) -> str:
    """Where what belongs to a link lies."""
    return f"links/{sender}/{recipient}"


def object_name(sender: str, recipient: str, sequence: int) -> str:
    """Where an object lies: a folder holds a thousand at most."""
    return f"{link_folder(sender, recipient)}/{sequence // 1000:06d}/{sequence:09d}.cms"


def covering_name(sender: str, recipient: str, signer: str) -> str:
    """Where the checkpoint of one of the two lies that covers a link."""
    return f"{link_folder(sender, recipient)}/covering-{signer}.cms"


def trust_names(gateway: str) -> tuple[str, str]:
    """Where the authorities of a gateway lie with their lists, and the certificates that it signed with."""
    return f"trust/{gateway}.pem", f"trust/{gateway}.signers.pem"


ERASED = ".erased"
"""Behind the name of an object in whose place stands who decided that it go, when and why."""


def order(name: str) -> list[str]:
    """What files are sorted by: the parts of their path."""
    return name.split("/")


def files_below(folder: Path, above: str = "") -> Iterator[str]:
    """The path of every file in a folder, sorted by `order`; what is no folder counts as a file, links too."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda one: one.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(Path(entry.path), f"{above}{entry.name}/")
        else:
            yield f"{above}{entry.name}"


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits. Raises FileNotFoundError, LocalError B006."""
    hashed = hashlib.sha256()
    for piece in pieces_of(path):
        hashed.update(piece)
    return hashed.hexdigest()

"""What makes a vector: its description, and the tools that a case has at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author, attribute, sequence
from tests.tools.vectors.keys import AT, Kit

INTERCHANGE = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1++CUSDEC++++1'UNZ+0+1'"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Tools:
    """What makes one case: the keys, and the number and identity that belong to the case alone."""

    kit: Kit
    name: str

    @property
    def number(self) -> int:
        """An even Sequence of its own, so that no two cases are neighbours on the link."""
        return 1000 + 2 * (int(hashlib.sha256(self.name.encode()).hexdigest()[:6], 16))

    def author(self, name: str = "p256") -> Author:
        """A signer of XA."""
        return self.kit.author(_full("xa-signing", name))

    def recipient(self, name: str = "p256") -> Any:
        """An encryption certificate of XB."""
        return self.kit.author(_full("xb-encryption", name)).certificate

    def entity(self, payload: bytes = INTERCHANGE, **header: Any) -> bytes:
        """Header and payload."""
        options: dict[str, Any] = {
            "date": AT, "sequence_number": self.number, "previous": hashlib.sha256(self.name.encode()).hexdigest(),
            "identifier": hashlib.sha256(f"id {self.name}".encode()).hexdigest()[:32], "filename": "vector.edi",
            **header}
        return loose.header(**options) + payload

    def inner(self, entity: bytes | None = None, author: Author | str = "p256", **options: Any) -> bytes:
        """A signed object."""
        who = author if isinstance(author, Author) else self.author(author)
        options.setdefault("signing_time", AT)
        return loose.inner(self.entity() if entity is None else entity, who, **options)

    def outer(self, plain: bytes | None = None, *recipients: str, **options: Any) -> bytes:
        """A sealed file."""
        chosen = [self.recipient(one) for one in recipients or ("p256",)]
        return loose.outer(self.inner() if plain is None else plain, chosen, **options)

    def sealed(self, entity: bytes | None = None, author: Author | str = "p256", **options: Any) -> bytes:
        """A sealed file with a signer's options."""
        return self.outer(self.inner(entity, author, **options))


@dataclass(frozen=True)
class Vector:
    """One file.

    name       of the file without its ending, below `folder`
    verdict    "accepted" or the code; of the file alone, without anything that came before it
    rule       of section 5 of GW-1
    sentence   what is in the file, for people
    make       the content
    at         the moment of receipt; agreed  what the two partners added to the profile
    revocation the list of XA's authority that is in use
    delivered  its name in the mailbox, where that is not the one of its content
    after      files received before, in this order; then  the verdict of a gateway with a ledger, where it is another
    """

    folder: str
    name: str
    verdict: str
    rule: str
    sentence: str
    make: Callable[[Tools], bytes]
    at: datetime = AT
    agreed: Sequence[str] = ()
    revocation: str = "xa.crl"
    maker: str = "loose sealer"
    delivered: str | None = None
    after: Sequence[str] = ()
    then: str | None = None

    @property
    def path(self) -> str:
        """Below samples/gw1."""
        return f"{self.folder}/{self.name}.p7m"


Row: TypeAlias = tuple[str, str, str, str, Callable[[Tools], bytes]]


def bad(rows: Sequence[Row]) -> Iterator[Vector]:
    """Rows as vectors: name, code, rule, sentence, content."""
    for row in rows:
        yield Vector("bad", *row)


def agree(t: Tools, **options: Any) -> bytes:
    """A file whose EC recipient is made with these options."""
    return t.outer(entries=lambda key: [loose.key_agree(t.recipient(), key, **options)])


def trans(t: Tools, **options: Any) -> bytes:
    """A file whose RSA recipient is made with these options."""
    return t.outer(entries=lambda key: [loose.key_trans(t.recipient("rsa3072"), key, **options)])


def ess(t: Tools, **options: Any) -> bytes:
    """A file whose signingCertificateV2 is made with these options."""
    value = loose.ess(loose.der_of(t.author().certificate), **options)
    return t.sealed(attributes={loose.SIGNING_CERTIFICATE_V2: attribute(loose.SIGNING_CERTIFICATE_V2, value)})


def protection(digest: bytes, algorithm: bytes) -> bytes:
    """The attribute cmsAlgorithmProtection."""
    return attribute(loose.ALGORITHM_PROTECTION, sequence(digest, b"\xa1" + algorithm[1:]))


def flipped(content: bytes, at: int) -> bytes:
    """The content with one bit turned."""
    where = at % len(content)
    return content[:where] + bytes((content[where] ^ 1,)) + content[where + 1:]


def _full(kind: str, name: str) -> str:
    return name if name.startswith(("xa-", "xb-", "xc-", "stranger-")) else f"{kind}-{name}"

"""What a gateway signs outside of any envelope: its own introduction in a pack.

The form is that of the inner object (GW-1 section 3.2), judged by the same rules V11 to V25; the openssl command reads
it. It can never pass for an object of a link: what is signed begins otherwise than a protected header (V26).
"""

from __future__ import annotations

from datetime import datetime

from gateway.security.keys import Signer
from gateway.security.sealing import sign_inner
from gateway.security.trust import Trust
from gateway.security.verifying import verify_inner

_ENTITY = b"MIME-Version:"


def attest(content: bytes, signer: Signer, signing_time: datetime) -> bytes:
    """A SignedData round `content`, DER. Raises ValueError for a content that could be taken for a GW-1 object."""
    if content.startswith(_ENTITY):
        raise ValueError("looks like the entity of an object")
    return sign_inner(content, signer, signing_time)[0]


def attested(signed: bytes, trust: Trust, *, now: datetime, environment: str) -> bytes:
    """The content of a SignedData that one of `trust`'s signing certificates made. Raises EnvelopeError."""
    return bytes(verify_inner(signed, trust, now=now, environment=environment).entity)

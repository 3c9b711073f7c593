"""Is a name whose value is a BIT STRING unreadable, and no error of ours?

The library reads such a value for one attribute only, and raises TypeError for all others: found by the fuzz campaign
in a certificate that came along with a sealed file.
"""

from __future__ import annotations

import pytest

from gateway.errors import PartnerError
from gateway.security import Certificate
from tests.tools import loose_sealer as loose
from tests.tools.security_world import Delivery, world

UTF8, BITS = b"\x0c", b"\x03"


def in_bits(der: bytes, name: str) -> bytes:
    """The same octets with every value of that text as a BIT STRING, its first letter made the count of unused bits."""
    text = name.encode()
    element = UTF8 + bytes([len(text)]) + text
    assert element in der
    return der.replace(element, BITS + bytes([len(text)]) + b"\x00" + text[1:])


def test_a_certificate_with_a_name_in_bits_is_unreadable() -> None:
    certificate = world().third.certificate
    name = str(certificate.subject.rdns[-1].rfc4514_string()).partition("=")[2]
    with pytest.raises(ValueError, match=r"BitString|BIT"):
        Certificate(in_bits(loose.der_of(certificate), name))


def test_an_object_with_such_a_certificate_is_refused_as_one_with_a_broken_hint() -> None:
    w = world()
    other = w.third.certificate
    name = str(other.subject.rdns[-1].rfc4514_string()).partition("=")[2]
    hint = in_bits(loose.der_of(other), name)
    inner = w.inner(certificates=[w.ec.certificate, hint])
    with pytest.raises(PartnerError) as caught:
        Delivery(w.outer(inner)).open()
    assert caught.value.code == "E_CERTS"

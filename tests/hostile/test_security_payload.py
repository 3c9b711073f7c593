"""Is the payload of an authentic object of the kind it declares? (V34, R1)"""

from __future__ import annotations

import gzip
import re

import pytest
from msgspec.structs import replace

from gateway.security import EDIFACT, EDIFACT_GZIP, RECEIPT, EnvelopeError, Opened, check_payload_kind, receipt_payload
from gateway.security.header import CHECKPOINT, KEYS, LEAVES, REFERENCE, RESEND, ROOTS, WITHDRAW
from tests.tools.security_world import PAYLOAD, Delivery, world

LEAF = f"gw-leaf/1\n3\n<{'0' * 32}@XA>\nsha-256={'1' * 64}\nsha-256={'2' * 64}\n".encode()
HEAD = b"gw-1/XA/XB\n3\nAp2VUB9Bl+MstBW9biSHyZShUAInWCFsU88Z4YCdltM=\n"
HASH = b"Wb2uRCB7v3AwMdLbl4UE71YImYXsCMXkxgv0EhpU+m0=\n"
ANNOUNCED = (f"gw-keys/1\nuse: signing\nreplaces: sha-256={'a' * 64}\nuse-from: 2026-12-01T00:00:00Z\n"
             "accept-old-until: 2027-01-01T00:00:00Z\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
             ).encode()

PAYLOADS: list[tuple[str, str, bytes, str]] = [
    ("an interchange", EDIFACT, PAYLOAD, "accepted"),
    ("an interchange with UNA", EDIFACT, b"UNA:+.? '" + PAYLOAD, "accepted"),
    ("an interchange with UNA and a line end", EDIFACT, b"UNA:+.? '\r\n" + PAYLOAD, "accepted"),
    ("an interchange with other separators", EDIFACT, b"UNA:*.! ~UNB*UNOC:3*XA*XB~", "accepted"),
    ("a terminator that was released", EDIFACT, b"UNB+UNOC:3+X?'", "E_PAYLOAD"),
    ("a release character that was released", EDIFACT, b"UNB+UNOC:3+X??'", "accepted"),
    ("a UNB that ends in octet 1000", EDIFACT, b"UNB+" + b"x" * 995 + b"'", "accepted"),
    ("a UNB that ends in octet 1001", EDIFACT, b"UNB+" + b"x" * 996 + b"'", "E_PAYLOAD"),
    ("a UNB without end", EDIFACT, b"UNB+" + b"x" * 5000, "E_PAYLOAD"),
    ("a message without interchange", EDIFACT, b"UNH+1+CUSDEC'", "E_PAYLOAD"),
    ("UNA and nothing", EDIFACT, b"UNA:+.?", "E_PAYLOAD"),
    ("UNA and something else", EDIFACT, b"UNA:+.? 'UNH'", "E_PAYLOAD"),
    ("nothing", EDIFACT, b"", "E_PAYLOAD"),
    ("a compressed interchange that nobody agreed", EDIFACT_GZIP, gzip.compress(PAYLOAD), "E_PAYLOAD"),
    ("a compressed interchange declared as plain", EDIFACT, gzip.compress(PAYLOAD), "E_PAYLOAD"),
    ("one head", CHECKPOINT, HEAD, "accepted"),
    ("eight heads", CHECKPOINT, b"\n".join([HEAD] * 8), "accepted"),
    ("nine heads", CHECKPOINT, b"\n".join([HEAD] * 9), "E_PAYLOAD"),
    ("heads without an empty line between", CHECKPOINT, HEAD * 2, "E_PAYLOAD"),
    ("one range to resend", RESEND, b"gw-resend/1\n5\n7-9\n", "accepted"),
    ("nothing to resend", RESEND, b"gw-resend/1\n", "E_PAYLOAD"),
    ("a thousand and one ranges", RESEND, b"gw-resend/1\n" + b"5\n" * 1001, "E_PAYLOAD"),
    ("a withdrawn leaf", WITHDRAW, LEAF, "accepted"),
    ("half a leaf", WITHDRAW, LEAF[:-70], "E_PAYLOAD"),
    ("a new certificate", KEYS, ANNOUNCED, "accepted"),
    ("a new certificate for everything", KEYS, ANNOUNCED.replace(b"signing", b"all"), "E_PAYLOAD"),
    ("leaf hashes", LEAVES, b"gw-leaves/1\ngw-1/XA/XB\n1 2\n" + HASH * 2, "accepted"),
    ("too many leaf hashes", LEAVES, b"gw-leaves/1\ngw-1/XA/XB\n1 2\n" + HASH * 10_001, "E_PAYLOAD"),
    ("a question for roots", ROOTS, b"gw-roots/1\ngw-1/XA/XB\nask\n16\n8\n", "accepted"),
    ("an answer with roots", ROOTS, b"gw-roots/1\ngw-1/XA/XB\nanswer\n16 " + HASH, "accepted"),
    ("roots without question or answer", ROOTS, b"gw-roots/1\ngw-1/XA/XB\n16\n", "E_PAYLOAD"),
    ("reference data", REFERENCE, b"version,1\nfrom,2026-12-01\noffice,TGLFW\n", "accepted"),
    ("reference data of empty lines", REFERENCE, b"\n\n", "accepted"),
    ("reference data without a line end", REFERENCE, b"version,1", "E_PAYLOAD"),
    ("no reference data", REFERENCE, b"", "E_PAYLOAD"),
    ("reference data with CR", REFERENCE, b"version,1\r\n", "E_PAYLOAD"),
    ("a certificate of a thousand and one lines", KEYS, ANNOUNCED.replace(b"MIIB\n", b"MIIB\n" * 1001), "E_PAYLOAD"),
    ("reference data outside ASCII", REFERENCE, "bureau,Lomé\n".encode(), "E_PAYLOAD"),
]


def _opened(kind: str, payload: bytes) -> Opened:
    w = world()
    return Delivery(w.sealed(w.entity(payload, content_type=kind))).open()


def _kind(opened: Opened, *, gzip_agreed: bool = False, limit: int = 32 << 20) -> str:
    try:
        check_payload_kind(opened, gzip_agreed=gzip_agreed, limit=limit)
    except EnvelopeError as error:
        assert error.opened == opened
        return error.code
    return "accepted"


@pytest.mark.parametrize(("kind", "payload", "expected"), [row[1:] for row in PAYLOADS],
                         ids=[row[0] for row in PAYLOADS])
def test_a_payload_is_of_the_declared_kind(kind: str, payload: bytes, expected: str) -> None:
    assert _kind(_opened(kind, payload)) == expected


@pytest.mark.threat(18)
def test_t18_a_compressed_interchange_is_inflated_only_by_agreement_and_within_its_limits() -> None:
    """A compressed interchange is inflated by agreement alone, as a stream, up to a hundred times its size."""
    bomb = gzip.compress(PAYLOAD + bytes(2_000_000))
    outcomes = [_kind(_opened(EDIFACT_GZIP, content), gzip_agreed=True, limit=10_000_000) for content in (
        gzip.compress(PAYLOAD * 3), bomb, gzip.compress(PAYLOAD) * 2, gzip.compress(PAYLOAD)[:-1],
        gzip.compress(PAYLOAD) + b"x", b"UNB", PAYLOAD)]
    assert outcomes == ["accepted", *["E_PAYLOAD"] * 6]
    assert _kind(_opened(EDIFACT_GZIP, gzip.compress(PAYLOAD * 3)), gzip_agreed=True, limit=100) == "E_PAYLOAD"


@pytest.mark.threat(29)
def test_t29_a_receipt_of_another_shape_or_by_another_gateway_is_refused() -> None:
    """A receipt by another gateway, without digest, with a SHA-1 digest or with only a disposition is E_RECEIPT."""
    w = world()
    original = Delivery(w.sealed()).open()
    ours = replace(original, header=replace(original.header, recipient="XA"))
    good = receipt_payload(ours, product="gateway 1.0")
    shapes = {
        "good": good,
        "by another": receipt_payload(original, product="gateway 1.0"),
        "without MIC": b"".join(line for line in good.splitlines(keepends=True) if b"MIC:" not in line),
        "SHA-1": good.replace(b", sha-256\r", b", sha1\r"),
        "disposition alone": b"Disposition: automatic-action/MDN-sent-automatically; processed\r\n",
        "line ends of LF": good.replace(b"\r\n", b"\n"),
        "a line more": good + b"Error: none\r\n",
        "a number of nought": good.replace(b"Original-Sequence: 1", b"Original-Sequence: 0"),
        "another disposition": good.replace(b"; processed", b"; displayed"),
        "unused bits": re.sub(rb".=, sha", b"9=, sha", good),
    }
    outcomes = {name: _kind(_opened(RECEIPT, payload)) for name, payload in shapes.items()}
    assert outcomes == {name: "accepted" if name == "good" else "E_RECEIPT" for name in shapes}

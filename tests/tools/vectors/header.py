"""Files whose signed header, payload or place in the order is wrong: V26 to V34."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from tests.tools.vectors.keys import AT
from tests.tools.vectors.parts import DAY, HOUR, INTERCHANGE, Tools, Vector, bad


def _altered(old: bytes, new: bytes) -> Callable[[Tools], bytes]:
    def make(t: Tools) -> bytes:
        entity = t.entity()
        assert old in entity
        return t.sealed(entity.replace(old, new, 1))
    return make


def _with_header(**header: Any) -> Callable[[Tools], bytes]:
    return lambda t: t.sealed(t.entity(**header))


def header() -> Iterator[Vector]:
    yield from bad([
        ("header-missing", "E_HEADER", "V26", "The payload alone is signed", lambda t: t.sealed(INTERCHANGE)),
        ("header-lf", "E_HEADER", "V26", "Lines end in LF", _with_header(end="\n")),
        ("header-line-more", "E_HEADER", "V26", "An eleventh line", _with_header(
            extra="Content-Transfer-Encoding: base64")),
        ("header-line-missing", "E_HEADER", "V26", "A line is missing", _altered(b"MIME-Version: 1.0\r\n", b"")),
        ("header-two-spaces", "E_HEADER", "V26", "Two spaces after a name", _altered(b"Sequence: ", b"Sequence:  ")),
        ("header-lower-case", "E_HEADER", "V26", "A name in lower case", _altered(b"Sequence:", b"sequence:")),
        ("sequence-0", "E_HEADER", "V26", "Sequence is 0", _with_header(sequence_number=0)),
        ("sequence-leading-zero", "E_HEADER", "V26", "Sequence has a leading zero", _with_header(
            sequence_number="0123")),
        ("sequence-1-with-previous", "E_HEADER", "V26", "Sequence 1 names a predecessor", _with_header(
            sequence_number=1)),
        ("no-such-day", "E_HEADER", "V26", "Date is 31 November", _altered(b"2026-11-26T", b"2026-11-31T")),
        ("unknown-content-type", "E_HEADER", "V26", "Content-Type is text/plain", _with_header(
            content_type="text/plain")),
        ("climbing-file-name", "E_HEADER", "V26", "The file name is ../x.edi", _with_header(filename="../x.edi")),
        ("profile-2", "E_PROFILE", "V26", "Gateway-Profile is 2", _with_header(profile="2")),
        ("wrong-sender", "E_WRONG_SENDER", "V27", "Signed by XA, From-Gateway is XC", _with_header(
            sender="XC", maker="XC")),
        ("wrong-maker", "E_WRONG_SENDER", "V27", "Message-ID ends in @XC", _with_header(maker="XC")),
        ("wrong-recipient", "E_WRONG_RECIPIENT", "V28", "Signed for XC, encrypted anew to XB by somebody",
         _with_header(recipient="XC")),
        ("future", "E_FUTURE", "V29", "Signed an hour ahead of the receiver's clock", lambda t: t.sealed(
            t.entity(date=AT + HOUR), signing_time=AT + HOUR)),
        ("date-differs", "E_DATE", "V32", "Date is 25 hours before signingTime", lambda t: t.sealed(
            t.entity(date=AT - 25 * HOUR))),
    ])
    yield Vector("bad", "old", "E_OLD", "V33", "Signed ninety days and a minute before it is received",
                 lambda t: t.sealed(), at=AT + 90 * DAY + timedelta(minutes=1))


def _kind(kind: str, payload: bytes) -> Callable[[Tools], bytes]:
    return lambda t: t.sealed(t.entity(payload, content_type=kind))


_GZIP, _RECEIPT = "application/EDIFACT+gzip", "message/disposition-notification"


def _receipt(**changes: str) -> bytes:
    lines = {"Reporting-UA": "gateway.XA; test vector", "Original-Recipient": "gateway; XA",
             "Final-Recipient": "gateway; XA", "Original-Message-ID": f"<{'0' * 32}@XB>",
             "Disposition": "automatic-action/MDN-sent-automatically; processed",
             "Received-Content-MIC": "Wb2uRCB7v3AwMdLbl4UE71YImYXsCMXkxgv0EhpU+m0=, sha-256",
             "Original-Signature-Digest": f"sha-256={'1' * 64}", "Original-Sequence": "1", **changes}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value).encode("ascii")


def payload() -> Iterator[Vector]:
    yield from bad([
        ("message-without-interchange", "E_PAYLOAD", "V34", "The content begins with UNH", lambda t: t.sealed(
            t.entity(b"UNH+1+CUSDEC:D:96B:UN'"))),
        ("endless-unb", "E_PAYLOAD", "V34", "UNB does not end within 1,000 octets", lambda t: t.sealed(
            t.entity(b"UNB+" + b"x" * 2000))),
        ("gzip-not-agreed", "E_PAYLOAD", "V34", "A compressed interchange, which nobody agreed", _kind(
            _GZIP, gzip.compress(INTERCHANGE))),
        ("gzip-called-edifact", "E_PAYLOAD", "V34", "A compressed interchange that is declared as a plain one",
         lambda t: t.sealed(t.entity(gzip.compress(INTERCHANGE)))),
        ("other-parties", "E_UNB", "V34", "UNB names XC as recipient", lambda t: t.sealed(
            t.entity(INTERCHANGE.replace(b"+XB:", b"+XC:")))),
        ("not-a-test", "E_TEST_FLAG", "V34", "UNB has no test indicator 0035, the environment is test",
         lambda t: t.sealed(t.entity(INTERCHANGE.replace(b"++++1'", b"'")))),
        ("receipt-without-digest", "E_RECEIPT", "V34", "A receipt without Received-Content-MIC", _kind(
            _RECEIPT, _receipt(**{"Received-Content-MIC": ""}))),
        ("receipt-sha1", "E_RECEIPT", "V34", "A receipt whose digest is by SHA-1", _kind(
            _RECEIPT, _receipt(**{"Received-Content-MIC": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=, sha1"}))),
        ("checkpoint-of-nine", "E_PAYLOAD", "V34", "A checkpoint with nine texts", _kind(
            "application/vnd.gw.checkpoint",
            b"\n".join([b"gw-1/XA/XB\n3\nAp2VUB9Bl+MstBW9biSHyZShUAInWCFsU88Z4YCdltM=\n"] * 9))),
        ("resend-of-nothing", "E_PAYLOAD", "V34", "A resend object that asks for nothing", _kind(
            "application/vnd.gw.resend", b"gw-resend/1\n")),
    ])
    yield from _compressed()
    yield Vector("good", "receipt", "accepted", "V34", "A receipt; XB never sent what it speaks of, but that is only"
                 " seen with the ledger at hand", _kind(_RECEIPT, _receipt()), then="E_RECEIPT_UNKNOWN")


_LONG = INTERCHANGE.replace(b"UNZ", b"UNH+1+CUSDEC:D:96B:UN'BGM+952+25TG1'UNT+3+1'UNZ")
_MEMBER = gzip.compress(_LONG, mtime=0)
"""As `gzip -n` writes it; the size is in the last four octets and the check sum in the four before them."""

_COMPRESSED: list[tuple[str, str, str, str, bytes]] = [
    ("good", "gzip", "accepted", "A compressed interchange, as agreed", _MEMBER),
    ("good", "gzip-with-name", "accepted", "A compressed interchange whose member has a name, a time and a comment",
     _MEMBER[:3] + b"\x18" + struct.pack("<I", 1795694400) + _MEMBER[8:10] + b"d1.edi\x00by hand\x00" + _MEMBER[10:]),
    ("bad", "gzip-plain", "E_PAYLOAD", "A plain interchange that is declared as a compressed one", _LONG),
    ("bad", "gzip-two-members", "E_PAYLOAD", "Two compressed interchanges, one behind the other", _MEMBER * 2),
    ("bad", "gzip-empty-member-behind", "E_PAYLOAD", "A second member that holds nothing, which gunzip passes over",
     _MEMBER + gzip.compress(b"", mtime=0)),
    ("bad", "gzip-trailing", "E_PAYLOAD", "Octets of zero behind a compressed interchange", _MEMBER + bytes(8)),
    ("bad", "gzip-cut", "E_PAYLOAD", "A compressed interchange without its last octet", _MEMBER[:-1]),
    ("bad", "gzip-check-sum", "E_PAYLOAD", "A compressed interchange with another check sum",
     _MEMBER[:-8] + bytes((_MEMBER[-8] ^ 1,)) + _MEMBER[-7:]),
    ("bad", "gzip-size", "E_PAYLOAD", "A compressed interchange that says another size",
     _MEMBER[:-4] + struct.pack("<I", len(_LONG) - 1)),
    ("bad", "gzip-bomb", "E_PAYLOAD", "Two million blanks behind an interchange, in two thousand octets",
     gzip.compress(_LONG + b" " * 2_000_000, mtime=0)),
    ("bad", "gzip-of-a-message", "E_PAYLOAD", "What comes out begins with UNH", gzip.compress(
        b"UNH+1+CUSDEC:D:96B:UN'", mtime=0)),
    ("bad", "gzip-other-parties", "E_UNB", "UNB inside the compressed interchange names XC as recipient", gzip.compress(
        _LONG.replace(b"+XB:", b"+XC:"), mtime=0)),
]


def _compressed() -> Iterator[Vector]:
    for folder, name, verdict, sentence, content in _COMPRESSED:
        yield Vector(folder, name, verdict, "V34", sentence, _kind(_GZIP, content), agreed=("gzip",))

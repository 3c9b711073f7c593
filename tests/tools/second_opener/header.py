"""V26 to V34: the signed header, and the payload by its kind."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tests.tools.second_opener.der import Refused
from tests.tools.second_opener.member import unpacked
from tests.tools.second_opener.situation import Situation

GATEWAY = r"[A-Z0-9][A-Z0-9.-]{0,31}"
KINDS = ("application/EDIFACT", "application/EDIFACT+gzip", "message/disposition-notification",
         *(f"application/vnd.gw.{name}" for name in (
             "checkpoint", "resend", "withdraw", "keys", "leaves", "roots", "reference")))
HEADER = re.compile((
    r"MIME-Version: 1\.0\r\nGateway-Profile: ([1-9][0-9]*)\r\n"
    rf"Message-ID: <[0-9a-f]{{32}}@({GATEWAY})>\r\nFrom-Gateway: ({GATEWAY})\r\nTo-Gateway: ({GATEWAY})\r\n"
    r"Date: ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\r\nSequence: ([1-9][0-9]{0,17})\r\n"
    rf"Previous: sha-256=([0-9a-f]{{64}})\r\nContent-Type: ({'|'.join(map(re.escape, KINDS))})\r\n"
    r'Content-Disposition: attachment; filename="[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"\r\n\r\n').encode("ascii"))


def addressed(entity: bytes, signed_at: datetime, s: Situation) -> None:
    """Judge header and payload."""
    header = HEADER.match(entity[:4096])
    if header is None:  # V26
        other = re.match(rb"MIME-Version: 1\.0\r\nGateway-Profile: ([1-9][0-9]*)\r\n", entity)
        raise Refused("E_PROFILE" if other and other[1] != b"1" else "E_HEADER")
    profile, maker, sender, recipient, date, sequence, previous, kind = (
        field.decode("ascii") for field in header.groups())
    if profile != "1":
        raise Refused("E_PROFILE")
    try:
        dated = datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused("E_HEADER") from None
    if sequence == "1" and previous != "0" * 64:
        raise Refused("E_HEADER")
    if not maker == sender == s.sender:  # V27
        raise Refused("E_WRONG_SENDER")
    if recipient != s.recipient:  # V28
        raise Refused("E_WRONG_RECIPIENT")
    if signed_at > s.now + timedelta(minutes=5):  # V29
        raise Refused("E_FUTURE")
    if abs(dated - signed_at) > timedelta(hours=24):  # V32
        raise Refused("E_DATE")
    if s.now - signed_at > timedelta(days=90):  # V33
        raise Refused("E_OLD")
    _payload(kind, entity[header.end():], s)  # V34


def _payload(kind: str, payload: bytes, s: Situation) -> None:
    text = payload.decode("latin-1")
    hexes, base = "sha-256=[0-9a-f]{64}\n", "[A-Za-z0-9+/]{43}=\n"
    head = rf"gw-1/{GATEWAY}/{GATEWAY}\n[0-9]+\n{base}"
    grammars = {
        "message/disposition-notification": (
            rf"Reporting-UA: gateway\.{GATEWAY}; .+\r\nOriginal-Recipient: gateway; {GATEWAY}\r\n"
            rf"Final-Recipient: gateway; {GATEWAY}\r\nOriginal-Message-ID: <[0-9a-f]{{32}}@{GATEWAY}>\r\n"
            r"Disposition: automatic-action/MDN-sent-automatically; (processed|failed/failure: E_[A-Z_]+"
            r"|processed/error: duplicate-conflict)\r\nReceived-Content-MIC: [A-Za-z0-9+/]{43}=, sha-256\r\n"
            r"Original-Signature-Digest: sha-256=[0-9a-f]{64}\r\nOriginal-Sequence: [1-9][0-9]{0,17}\r\n"),
        "application/vnd.gw.checkpoint": rf"{head}(\n{head}){{0,7}}",
        "application/vnd.gw.resend": r"gw-resend/1\n([1-9][0-9]*(-[1-9][0-9]*)?\n){1,1000}",
        "application/vnd.gw.withdraw": (rf"(gw-leaf/1\n[1-9][0-9]*\n<[0-9a-f]{{32}}@{GATEWAY}>\n{hexes}{hexes})"
                                        r"{1,1000}"),
        "application/vnd.gw.keys": (rf"gw-keys/1\nuse: (signing|encryption)\nreplaces: {hexes}use-from: [0-9TZ:-]+\n"
                                    r"accept-old-until: [0-9TZ:-]+\n-----BEGIN CERTIFICATE-----\n[\s\S]+"
                                    r"-----END CERTIFICATE-----\n"),
    }
    if kind in grammars:
        if not re.fullmatch(grammars[kind], text):
            raise Refused("E_RECEIPT" if kind.startswith("message/") else "E_PAYLOAD")
        return
    if kind.endswith("+gzip"):
        text = unpacked(payload).decode("latin-1") if "gzip" in s.agreed else ""
    found = re.match(r"(?:UNA:\+\.\? '\s*)?UNB\+([^']*)'", text[:1000])
    if not kind.startswith("application/EDIFACT") or found is None:
        raise Refused("E_PAYLOAD")
    unb = found[1].split("+")
    if unb[1:3] != [s.parties[s.sender], s.parties[s.recipient]]:
        raise Refused("E_UNB")
    if (len(unb) > 10 and unb[10] == "1") is (s.environment == "production"):
        raise Refused("E_TEST_FLAG")

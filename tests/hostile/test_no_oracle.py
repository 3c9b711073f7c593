"""Does a gateway answer nothing, and say one thing only, whatever was altered in a file that it cannot decrypt?"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.security import asn1, file_name
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json

NAME = re.compile(r"[0-9a-f]{32}\.p7m|[0-9a-f]{12,64}|object-[0-9]+|[0-9T:+-]{16,}")


def _flip(content: bytes, at: int) -> bytes:
    where = at % len(content)
    return content[:where] + bytes((content[where] ^ 1,)) + content[where + 1:]


def _wrapped(content: bytes) -> int:
    """Where the wrapped content key stands."""
    outer = asn1.read_outer(content) if asn1.read_content_type(content) == asn1.AUTH_ENVELOPED_DATA \
        else asn1.read_enveloped(content)
    return content.index(outer.recipients[0].encrypted_key)


def _point(content: bytes) -> int:
    """Where the ephemeral key stands: most alterations of it leave the curve."""
    outer = asn1.read_outer(content) if asn1.read_content_type(content) == asn1.AUTH_ENVELOPED_DATA \
        else asn1.read_enveloped(content)
    point = outer.recipients[0].point
    assert point is not None
    return content.index(point) + 40


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "content": lambda content: _flip(content, -200),
    "end": lambda content: _flip(content, -1),
    "wrapped key": lambda content: _flip(content, _wrapped(content) + 3),
    "ephemeral key": lambda content: _flip(content, _point(content)),
}
IN_CBC = {"padding": lambda content: _flip(content, -17), **{
    name: alter for name, alter in ALTERED.items() if name != "content"}}
"""A bit turned in the content itself is found by the digest there: nothing but padding and keys fail to decrypt."""


def _agree(office: Office, partner: str) -> None:
    path = office.home / "partners" / f"{partner}.yaml"
    text = path.read_text("utf-8")
    at = text.index("agreement:\n") + len("agreement:\n")
    until = datetime.now(UTC) + timedelta(days=1)
    path.write_text(f"{text[:at]}  cbc:\n    reason: the other side reads no AuthEnvelopedData\n"
                    f"    until: {until:%Y-%m-%dT%H:%M:%SZ}\n{text[at:]}", "utf-8")


@pytest.mark.parametrize("cbc", [False, True], ids=["GCM", "CBC"])
def test_t11_a_file_that_cannot_be_decrypted_is_answered_by_nothing_and_named_by_one_sentence(tmp_path: Path,
                                                                                              cbc: bool) -> None:
    """A file that cannot be decrypted gets no answer of any kind, and people read the same whatever was altered."""
    togo, burkina = offices(tmp_path)
    if cbc:
        _agree(togo, "BFDGD")
        _agree(burkina, "TGOTR")
    togo.drop("declarations", {"d1.json": declaration_json("O")})
    togo.run("edi-send")
    (sent,) = burkina.mailbox("TGOTR").iterdir()
    good = sent.read_bytes()
    sent.unlink()
    said = {}
    for name, alter in (IN_CBC if cbc else ALTERED).items():
        content = alter(good)
        (burkina.mailbox("TGOTR") / file_name(content)).write_bytes(content)
        ran = burkina.run("edi-receive")
        assert (ran.exit, "E_DECRYPT" in ran.err) == (5, True), (name, ran.err)
        assert list(togo.mailbox("BFDGD").iterdir()) == []
        counts = {key: value for key, value in ran.counts.items() if isinstance(value, int)}
        said[name] = (NAME.sub("*", ran.err), counts)
    assert [one for one in said.values() if one != next(iter(said.values()))] == []
    assert burkina.interchanges("out") == []
    assert burkina.run("edi-send").exit == 0
    assert list(togo.mailbox("BFDGD").iterdir()) == []
    (burkina.mailbox("TGOTR") / sent.name).write_bytes(good)
    assert burkina.run("edi-receive").exit == 0
    assert list(togo.mailbox("BFDGD").iterdir()) != []

"""Has every code of the spool and the mailboxes its sentence and its hint, in both languages, with all its values?"""

from __future__ import annotations

import errno
import re
import socket
import string
from pathlib import Path

import paramiko
import polib
import pytest

from gateway.errors import GatewayError, LinkError, LocalError
from gateway.transport.faults import classify
from gateway.transport.wire import Malformed

ROOT = Path(__file__).parents[2] / "gateway"
CODE = re.compile(r'"(B\d{3}|E_[A-Z]+)"')


def codes_in_use() -> set[str]:
    return {code for package in ("spool", "transport") for path in (ROOT / package).glob("*.py")
            for code in CODE.findall(path.read_text("utf-8"))} - {"E_NAME"}


def entries(language: str) -> dict[str, str]:
    return {entry.msgid: entry.msgstr for path in (ROOT / "locale" / language).glob("*.po")
            for entry in polib.pofile(str(path))}


def asked(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_code_has_a_sentence_and_a_hint(language: str) -> None:
    known = entries(language)
    assert {key for code in codes_in_use() for key in (code, f"{code}.hint") if not known.get(key)} == set()


def test_both_languages_ask_for_the_same_values() -> None:
    french, english = entries("fr"), entries("en")
    keys = {key for code in codes_in_use() for key in (code, f"{code}.hint")}
    assert {key: asked(french[key]) for key in keys} == {key: asked(english[key]) for key in keys}


def in_context(error: BaseException) -> paramiko.SSHException:
    try:
        raise error
    except (EOFError, OSError):
        try:
            raise paramiko.SSHException("Error reading SSH protocol banner")
        except paramiko.SSHException as wrapped:
            return wrapped


@pytest.mark.parametrize(("error", "kind", "code", "reason"), [
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), LinkError, "B102", "refused"),
    (paramiko.ChannelException(2, "Connect failed"), LinkError, "B102", "refused"),
    (socket.gaierror(-2, "Name or service not known"), LinkError, "B101", "unreachable"),
    (OSError(errno.EHOSTUNREACH, "No route to host"), LinkError, "B101", "unreachable"),
    (OSError(errno.ENETUNREACH, "Network is unreachable"), LinkError, "B101", "unreachable"),
    (TimeoutError("timed out"), LinkError, "B103", "timed out"),
    (OSError(errno.ETIMEDOUT, "Connection timed out"), LinkError, "B103", "timed out"),
    (paramiko.AuthenticationException("Authentication failed."), LinkError, "B104", "authentication"),
    (paramiko.BadAuthenticationType("Bad type", ["password"]), LinkError, "B104", "authentication"),
    (paramiko.AuthenticationException("Authentication failed: transport shut down or saw EOF"), LinkError, "B105",
     "closed"),
    (EOFError(), LinkError, "B105", "closed"),
    (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), LinkError, "B105", "closed"),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), LinkError, "B105", "closed"),
    (OSError("Socket is closed"), LinkError, "B105", "closed"),
    (in_context(EOFError()), LinkError, "B105", "closed"),
    (paramiko.SSHException("Indecipherable protocol version"), LinkError, "B106", "protocol"),
    (Malformed("packet is cut"), LinkError, "B106", "protocol"),
    (paramiko.ssh_exception.IncompatiblePeer("Incompatible ssh server (no acceptable ciphers)"), LocalError, "E_SSH",
     None),
    (paramiko.ssh_exception.IncompatiblePeer("Incompatible ssh peer (no acceptable host key)"), LocalError,
     "E_HOSTKEY", None),
    (paramiko.SSHException("Signature verification (ssh-ed25519) failed."), LocalError, "E_HOSTKEY", None),
])
def test_an_exception_of_the_libraries_has_one_meaning(error: BaseException, kind: type[GatewayError], code: str,
                                                       reason: str | None) -> None:
    fault = classify(error, address="host:22", phase="handshake", expired=False)
    assert (type(fault), fault.code, fault.findings[0].values.get("reason")) == (kind, code, reason)
    late = classify(error, address="host:22", phase="handshake", expired=True)
    assert (type(late), late.code) == (LinkError, "B103")


def test_what_the_other_side_says_is_shown_escaped() -> None:
    fault = classify(paramiko.SSHException("bad \x1b[2J banner\n"), address="h", phase="handshake", expired=False)
    assert fault.findings[0].values["detail"] == "bad \\x1b[2J banner"

"""What went wrong on a link, said once and in our codes.

The libraries below report one and the same event as EOFError, OSError, socket.timeout or SSHException in any mix
(MAILBOX section 1.4); so the phase and the time limit decide first, the type of the exception last.
"""

from __future__ import annotations

import enum
import errno
import socket

import paramiko

from gateway.errors import GatewayError, LinkError, LocalError
from gateway.findings import Finding
from gateway.spool import escaped
from gateway.transport.wire import Malformed

_CLOSED = {errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED, errno.ESHUTDOWN, errno.EBADF, errno.ENOTCONN}


@enum.unique
class Reason(enum.Enum):
    """Why there is no session; the word stands in the finding's values as ``reason``."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    AUTHENTICATION = "authentication"
    CLOSED = "closed"
    PROTOCOL = "protocol"


_CODES = {Reason.UNREACHABLE: "B101", Reason.REFUSED: "B102", Reason.TIMED_OUT: "B103",
          Reason.AUTHENTICATION: "B104", Reason.CLOSED: "B105", Reason.PROTOCOL: "B106"}


def link_fault(reason: Reason, address: str, phase: str, detail: str = "") -> LinkError:
    """The LinkError for a reason: where, during which phase, and the other side's own words (escaped)."""
    return LinkError(Finding(code=_CODES[reason], values={
        "address": address, "phase": phase, "reason": reason.value, "detail": escaped(detail)}))


def classify(error: BaseException, *, address: str, phase: str, expired: bool) -> GatewayError:
    """The one place where an exception of the socket or SSH layer becomes one of ours.

    expired   our own time limit cut the connection: whatever the library says then, it timed out
    """
    if isinstance(error, GatewayError):
        return error
    detail = _words(error)
    if expired:
        return link_fault(Reason.TIMED_OUT, address, phase)
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        if "host key" in detail:  # none of the kinds we hold a pinned key of
            return LocalError(Finding(code="E_HOSTKEY", values={"address": address, "found": "of no pinned type"}))
        return LocalError(Finding(code="E_SSH", values={"address": address, "detail": escaped(detail)}))
    if isinstance(error, paramiko.SSHException) and detail.startswith("Signature verification"):
        return LocalError(Finding(code="E_HOSTKEY", values={"address": address, "found": escaped(detail)}))
    return link_fault(_reason(error, detail), address, phase, detail)


def _words(error: BaseException) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said.strip().rstrip(".") or type(error).__name__


def _reason(error: BaseException, detail: str) -> Reason:
    match error:
        case paramiko.AuthenticationException():
            return Reason.CLOSED if "saw EOF" in detail else Reason.AUTHENTICATION
        case paramiko.ChannelException() | ConnectionRefusedError():
            return Reason.REFUSED
        case socket.gaierror():
            return Reason.UNREACHABLE
        case TimeoutError():
            return Reason.TIMED_OUT
        case Malformed():
            return Reason.PROTOCOL
        case EOFError():
            return Reason.CLOSED
        case OSError(errno=errno.ETIMEDOUT):
            return Reason.TIMED_OUT
        case OSError():
            return Reason.CLOSED if error.errno in _CLOSED or "closed" in detail.lower() else Reason.UNREACHABLE
        case paramiko.SSHException() if isinstance(error.__context__, (EOFError, ConnectionError)):
            return Reason.CLOSED
    return Reason.PROTOCOL

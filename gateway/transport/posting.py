"""Telling another program or a person something over the network: one request, one mail. Bounded as a whole.

No answer is believed: what counts is that it was taken.
"""

from __future__ import annotations

import http.client
import smtplib
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from gateway.errors import LinkError
from gateway.findings import Finding, Place
from gateway.spool import escaped

POST_FAILED, MAIL_FAILED, TOO_SLOW = "B150", "B151", "B152"


class MailServer(Struct, frozen=True, kw_only=True):
    """A server that takes mail. authority: who vouches for it, in place of the machine's own; secret: the password."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    authority: Path | None = None
    user: str | None = None
    secret: str | None = None


def post(address: str, body: bytes, headers: Mapping[str, str], *, seconds: float, shown: str) -> None:
    """Send a body to an address; an answer of 2xx says that it was taken, and no redirect is followed.

    shown  what is said in place of the address, which may be a secret

    Raises LinkError B150 {reason}, B152.
    """
    def work() -> None:
        opener = urllib.request.OpenerDirector()
        for handler in (urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
                        urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(),
                        urllib.request.UnknownHandler()):
            opener.add_handler(handler)
        opener.addheaders = []
        request = urllib.request.Request(  # noqa: S310 - the opener knows the web and nothing else
            address, data=body, headers=dict(headers), method="POST")
        opener.open(request, timeout=seconds).close()

    _within(seconds, work, POST_FAILED, shown)


def send_mail(server: MailServer, message: EmailMessage, *, recipients: Sequence[str], seconds: float) -> None:
    """Hand one mail to a server, for all recipients or for none. Raises LinkError B151 {reason}, B152."""
    sender = str(message["From"])

    def work() -> None:
        context = ssl.create_default_context(cafile=None if server.authority is None else str(server.authority))
        own = sender.rpartition("@")[2]  # the library would ask the resolver for our name, without a limit
        if server.security == "tls":
            line: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, local_hostname=own, timeout=seconds,
                                                  context=context)
        else:
            line = smtplib.SMTP(server.host, server.port, local_hostname=own, timeout=seconds)
        with line:
            if server.security == "starttls":
                line.starttls(context=context)
            if server.user is not None and server.secret is not None:
                line.login(server.user, server.secret)
            refused = line.send_message(message, sender, list(recipients))
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

    _within(seconds, work, MAIL_FAILED, f"{server.host}:{server.port}")


def mail(*, sender: str, recipients: Sequence[str], subject: str, body: str, identifier: str, at: datetime,
         answers: str | None = None) -> EmailMessage:
    """A plain text mail. identifier: before the @ of its Message-ID, the same for the same thing; answers: that of the
    mail that it goes on from."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, ", ".join(recipients), subject
    message["Date"], message["Message-ID"] = format_datetime(at), f"<{identifier}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: an answering machine keeps quiet
    if answers is not None:
        message["In-Reply-To"] = message["References"] = f"<{answers}@{domain}>"
    message.set_content(body, charset="utf-8")
    return message


def _within(seconds: float, work: Callable[[], None], code: str, shown: str) -> None:
    """Do some work in a thread that is left behind when it takes too long: a server that drips holds nobody."""
    told: list[LinkError | None] = []

    def attempt() -> None:
        try:
            work()
        except urllib.error.HTTPError as error:
            error.close()
            told.append(_fault(code, shown, f"HTTP {error.code}"))
        except (smtplib.SMTPException, urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
            told.append(_fault(code, shown, _reason(error)))
        else:
            told.append(None)

    worker = threading.Thread(target=attempt, daemon=True)
    worker.start()
    worker.join(seconds)
    if not told:
        raise LinkError(Finding(code=TOO_SLOW, place=Place(file=shown), values={"seconds": f"{seconds:g}"}))
    if told[0] is not None:
        raise told[0]


def _reason(error: Exception) -> str:
    """What went wrong, without anything that could hold an address or a password."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{name}: {code}" for name, (code, _) in sorted(error.recipients.items()))
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code}"
    inner = getattr(error, "reason", None) or error
    return escaped(inner.strerror or type(inner).__name__) if isinstance(inner, OSError) else type(inner).__name__


def _fault(code: str, shown: str, reason: str) -> LinkError:
    return LinkError(Finding(code=code, place=Place(file=shown), values={"reason": reason}))

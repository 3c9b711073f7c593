"""A mail server of this machine that takes, refuses or holds mail as a test says, and keeps what it took (RFC 5321)."""

from __future__ import annotations

import base64
import contextlib
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self


@dataclass
class Manners:
    """How it behaves.

    refuse    the answer to MAIL, where it takes none
    mute      it says nothing at all
    account   user and password that it wants before it takes anything
    tls       certificate and key, with which it offers STARTTLS
    """

    refuse: str = ""
    mute: bool = False
    account: tuple[str, str] | None = None
    tls: tuple[Path, Path] | None = None
    seen: list[str] = field(default_factory=list)


class MailServer:
    """Use as a context; `port` on 127.0.0.1, `taken` with every mail it took."""

    def __init__(self, manners: Manners | None = None) -> None:
        self.manners, self.taken = manners or Manners(), list[EmailMessage]()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, line: socketserver.StreamRequestHandler) -> None:
        with contextlib.ExitStack() as opened:
            self._talk(line, opened)

    def _talk(self, line: socketserver.StreamRequestHandler, opened: contextlib.ExitStack) -> None:
        manners = self.manners
        reader, writer = line.rfile, line.wfile

        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode("ascii"))
            writer.flush()

        if manners.mute:
            reader.read(1)
            return
        say("220 mail.example ESMTP")
        known, safe = manners.account is None, False
        while command := reader.readline():
            words = command.decode("ascii").split()
            verb = words[0].upper() if words else ""
            manners.seen.append(verb)
            if verb == "EHLO":
                offers = ["AUTH PLAIN"] if manners.account else []
                offers += ["STARTTLS"] if manners.tls and not safe else []
                for offer in ("mail.example", *offers):
                    say(f"250-{offer}")
                say("250 8BITMIME")
            elif verb == "STARTTLS" and manners.tls is not None:
                say("220 go on")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*manners.tls)
                try:
                    wrapped = opened.enter_context(context.wrap_socket(line.connection, server_side=True))
                except (ssl.SSLError, OSError):  # who does not believe the certificate goes away
                    return
                reader = opened.enter_context(wrapped.makefile("rb"))
                writer, safe = opened.enter_context(wrapped.makefile("wb")), True
            elif verb == "AUTH":
                given = base64.b64decode(words[2]).decode("utf-8").split("\0")[1:]
                known = tuple(given) == manners.account
                say("235 welcome" if known else "535 who are you")
            elif verb == "MAIL":
                say(manners.refuse or ("250 go on" if known else "530 who are you"))
            elif verb == "DATA":
                say("354 go on")
                content = b""
                while (part := reader.readline()) != b".\r\n":
                    content += part.removeprefix(b".") if part.startswith(b"..") else part
                mail = message_from_bytes(content, policy=policy.default)
                assert isinstance(mail, EmailMessage)
                self.taken.append(mail)
                say("250 taken")
            elif verb == "QUIT":
                say("221 goodbye")
                return
            else:
                say("250 good")

"""A web server of this machine whose paths behave as a test says, and notes who asked for what."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

Behaviour = Callable[[BaseHTTPRequestHandler], None]


class WebServer:
    """Use as a context; `base` is its address."""

    def __init__(self) -> None:
        self.paths: dict[str, Behaviour] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                outer.paths[self.path](self)

            do_POST = do_GET

            def log_message(self, *words: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def at(self, path: str, behaviour: Behaviour) -> str:
        """Let a path behave so from now on; its address."""
        self.paths[path] = behaviour
        return self.base + path


def answer(content: bytes, *, status: int = 200, length: int | None = None, location: str = "") -> Behaviour:
    """A plain answer; `length` is what the server says of its size, `location` where it leads to."""
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if location:
            handler.send_header("Location", location)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    return behave

"""A small package index on the loopback interface, in JSON (PEP 691) and in HTML (PEP 503).

    make_wheel(wheels, "tiny", "1.2")           a wheel that an installer takes for a real one
    with IndexServer(wheels) as index:          a folder of wheels
        index.address                           "http://127.0.0.1:40713/simple"
        index.requests                          what was asked: (path, Authorization header or None)
"""

from __future__ import annotations

import hashlib
import html
import http.server
import json
import re
import threading
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote

JSON = "application/vnd.pypi.simple.v1+json"


def make_wheel(folder: Path, name: str, version: str, tag: str = "py3-none-any") -> Path:
    """Write the wheel of a distribution that holds one module of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    files = {f"{module}.py": f"VERSION = {version!r}\n",
             f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"}
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    wheel = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return wheel


def sha256(wheel: Path) -> str:
    """The hash of a wheel, as a locked list writes it."""
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


class IndexServer:
    """Serves the wheels of a folder.

    json      whether the JSON form is offered at all; else every answer is HTML
    password  "user:password" that a request must bring (HTTP basic), None for an open index
    failures  how many requests are answered 503 first
    """

    def __init__(self, wheels: Path, *, json: bool = True, password: str | None = None, failures: int = 0) -> None:
        self.requests: list[tuple[str, str | None]] = []
        self._wheels, self._json, self._password, self.failures = wheels, json, password, failures
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append((self.path, self.headers.get("Authorization")))
                status, kind, content = outer.answer(unquote(self.path), self.headers.get("Accept", ""),
                                                     self.headers.get("Authorization"))
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="index"')
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}/simple"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def answer(self, path: str, accept: str, authorization: str | None) -> tuple[int, str, bytes]:
        """Status, content type and content for a request."""
        if self.failures:
            self.failures -= 1
            return 503, "text/plain", b"later"
        if self._password is not None and authorization is None:
            return 401, "text/plain", b"who are you?"
        if path.startswith("/files/"):
            file = self._wheels / path.removeprefix("/files/")
            return (200, "application/octet-stream", file.read_bytes()) if file.is_file() else (404, "text/plain", b"")
        project = path.removeprefix("/simple/").strip("/")
        wheels = [each for each in sorted(self._wheels.glob("*.whl"))
                  if re.sub(r"[-_.]+", "-", each.name.split("-")[0]).lower() == project]
        if not wheels:
            return 404, "text/plain", b""
        if self._json and JSON in accept:
            return 200, JSON, json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": [
                {"filename": each.name, "url": f"/files/{quote(each.name)}",
                 "hashes": {"sha256": sha256(each)}} for each in wheels]}).encode()
        anchors = "".join(f'<a href="../../files/{quote(each.name)}#sha256={sha256(each)}">{html.escape(each.name)}</a>'
                          for each in wheels)
        return 200, "text/html; charset=utf-8", f"<!DOCTYPE html><html><body>{anchors}</body></html>".encode()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

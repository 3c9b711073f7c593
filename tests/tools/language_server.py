"""A client of a language server over its standard streams: what an editor does, without the editor.

Source: Language Server Protocol 3.17. Only what the tests ask: open a document, wait for its diagnostics, completion,
hover. Whatever the server asks of us gets an answer, as it would from an editor.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

_PATIENCE = 60
"""Seconds within which a server has to answer; node starts slowly on a busy machine."""


class LanguageServer:
    """One running server.

    command        what starts it
    configuration  section -> settings, as the editor's own settings would be
    locale         language of the editor's user
    """

    def __init__(self, command: Sequence[str], folder: Path, configuration: Mapping[str, object], locale: str) -> None:
        self._process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL)
        self._configuration = configuration
        self._folder = folder
        self._locale = locale
        self._number = 0
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: queue.Queue[dict[str, Any]] = queue.Queue()
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> LanguageServer:
        self.request("initialize", {
            "processId": None, "rootUri": self._folder.as_uri(), "locale": self._locale,
            "workspaceFolders": [{"uri": self._folder.as_uri(), "name": self._folder.name}],
            "capabilities": {"workspace": {"configuration": True, "workspaceFolders": True}, "textDocument": {
                "publishDiagnostics": {}, "hover": {"contentFormat": ["markdown", "plaintext"]},
                "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}}}})
        self._notify("initialized", {})
        self._notify("workspace/didChangeConfiguration", {"settings": dict(self._configuration)})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def open(self, path: Path, version: int = 1) -> list[dict[str, Any]]:
        """Open a document; its diagnostics, once the server has sent them."""
        self._notify("textDocument/didOpen", {"textDocument": {
            "uri": path.as_uri(), "languageId": "yaml", "version": version, "text": path.read_text("utf-8")}})
        while True:
            found = self._diagnostics.get(timeout=_PATIENCE)
            if found["uri"] == path.as_uri():
                diagnostics: list[dict[str, Any]] = found["diagnostics"]
                return diagnostics

    def ask(self, what: str, path: Path, line: int, column: int) -> Any:
        """``completion`` or ``hover`` at a place; line and column from 1, as people count."""
        return self.request(f"textDocument/{what}", {"textDocument": {"uri": path.as_uri()},
                                                     "position": {"line": line - 1, "character": column - 1}})

    def request(self, method: str, parameters: object) -> Any:
        """Ask and wait for the answer. Raises queue.Empty when none comes."""
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": parameters})
        answer = self._answers.get(timeout=_PATIENCE)
        assert answer["id"] == self._number
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _notify(self, method: str, parameters: object) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": parameters})

    def _send(self, message: object) -> None:
        content = json.dumps(message).encode()
        stream = self._process.stdin
        assert stream is not None
        with self._sending:
            stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
            stream.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("ascii").partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            if not line:
                return
            self._take(json.loads(stream.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            self._answers.put(message)
        elif method == "textDocument/publishDiagnostics":
            self._diagnostics.put(message["params"])
        elif "id" in message:
            result: object = None
            if method == "workspace/configuration":
                result = [self._configuration.get(item.get("section", ""), {}) for item in message["params"]["items"]]
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

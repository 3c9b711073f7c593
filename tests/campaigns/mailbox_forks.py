"""Programs of the gateway as processes of their own that begin in milliseconds: a server forks that has it all loaded.

    with Forks() as forks:
        run = forks.start("edi-send", ["--config", ...], folder, failpoint="seal.after")
        run.wait()                       Ran(exit=-9, out="", err="")
        run.kill()                       as kill -9 does, at whatever instant

A program runs as in production: its own process, file descriptors, umask, threads. What differs is that the modules are
loaded already. Nothing runs before `go`, so that strace can be put upon it; `start` goes at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

from tests.tools.offices import ROOT, Ran

LARGEST = 1 << 16
LOADING = 120.0
"""Seconds in which the server has loaded everything, on a machine however busy."""

PR_SET_DUMPABLE = 4
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, -1
BROKEN = 99
"""Exit status of a program that a setup of the tests kept from beginning."""

Setup = tuple[str, Sequence[Any]]
"""Something called in the process before its program: ``module:function`` and plain arguments."""


class Running:
    """A program that was forked."""

    def __init__(self, told: socket.socket, out: Path, err: Path) -> None:
        self._told, self._out, self._err = told, out, err
        self.pid = int(self._hear(LOADING))

    def go(self) -> None:
        """Let it begin."""
        self._told.send(b"go")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal; nothing when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, seconds: float = 120) -> Ran:
        """Wait for its end; its exit status is -9 when it was killed. Raises TimeoutError after `seconds`: it hangs."""
        try:
            status = int(self._hear(seconds))
        except TimeoutError:
            self.kill()
            raise TimeoutError(f"process {self.pid} did not end within {seconds} s") from None
        self._told.close()
        return Ran(status, _said(self._out), _said(self._err))

    def _hear(self, seconds: float) -> str:
        self._told.settimeout(seconds)
        try:
            heard = self._told.recv(64).decode("ascii")
        except ConnectionResetError:  # it was killed before it read that it may begin; how it ended comes behind
            heard = self._told.recv(64).decode("ascii")
        if not heard:
            raise RuntimeError("the server of forks has ended")
        return heard


def _said(path: Path) -> str:
    """What a program printed; one that was killed before it began has no file."""
    return path.read_text("utf-8", "replace") if path.exists() else ""


class Forks:
    """The server of forks, as the campaign sees it. Safe to use from several threads, one `start` at a time each."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.campaigns.mailbox_forks", str(theirs.fileno())], cwd=ROOT,
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
        self._numbers = iter(range(1, 1 << 62))

    def prepare(self, program: str, words: Sequence[str], folder: Path, *, failpoint: str = "",
                setups: Sequence[Setup] = (), at: datetime | None = None,
                environment: Mapping[str, str] | None = None) -> Running:
        """Fork a program that waits for `go`.

        folder       where what it prints is written
        failpoint    where it is to die: ``name``, or ``name:3`` for the third passage
        setups       called in the process before the program
        at           the instant that it takes for now; the clock of the machine when None
        environment  added to that of the campaign
        """
        number = next(self._numbers)
        out, err = folder / f"{number}.out", folder / f"{number}.err"
        request = json.dumps({
            "program": program, "words": list(words), "out": str(out), "err": str(err), "failpoint": failpoint,
            "setups": [[name, list(arguments)] for name, arguments in setups],
            "at": None if at is None else at.isoformat(), "environment": dict(environment or {})})
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self._control, [request.encode()], [theirs.fileno()])
        return Running(ours, out, err)

    def start(self, program: str, words: Sequence[str], folder: Path, **options: Any) -> Running:
        """Fork a program that begins at once; options as of `prepare`."""
        running = self.prepare(program, words, folder, **options)
        running.go()
        return running

    def close(self) -> None:
        """End the server; programs that still run go on."""
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()


def serve(control: socket.socket) -> None:
    """Fork what is asked for until nobody asks any more, and tell how each ended."""
    _load()
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is control:
                message, handles, _, _ = socket.recv_fds(control, LARGEST, 1)
                if not message:
                    return
                told = socket.socket(fileno=handles[0])
                pid = os.fork()
                if pid == 0:
                    selector.close()
                    control.close()
                    _become(json.loads(message), told)
                told.send(str(pid).encode())
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))
            else:
                selector.unregister(key.fileobj)
                assert isinstance(key.fileobj, int)
                os.close(key.fileobj)
                pid, told = key.data
                with contextlib.suppress(OSError):  # whoever asked has lost interest
                    told.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
                told.close()


def _load() -> None:
    """What every program loads in the end, and what it keeps in memory for the whole of its life."""
    from tests.tools.done_once import documents_read_once, statements_compiled_once
    from tests.tools.offices import offices
    from tests.tools.records import declaration_json

    importlib.import_module("gateway.transport.ssh")
    for once in (statements_compiled_once(), documents_read_once()):
        once.__enter__()  # to the end of the process
    with tempfile.TemporaryDirectory() as folder:
        togo, burkina = offices(Path(folder))
        togo.drop("declarations", {"a.json": declaration_json("A"), "b.json": declaration_json("B")})
        for office in (togo, burkina, togo, burkina):
            for ran in (office.run("edi-send"), office.run("edi-receive"), office.run("edi", "audit", "verify")):
                if ran.exit:
                    raise RuntimeError(ran.err)
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(10)
    # The gateway forbids that its memory is looked into; strace is to be put upon those that have not begun yet.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    gc.freeze()  # what is loaded stays, and its pages are shared


def _become(request: dict[str, Any], told: socket.socket) -> None:
    """Be the program: never returns."""
    status = BROKEN
    try:
        for path, handle in ((request["out"], 1), (request["err"], 2)):
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(opened, handle)
            os.close(opened)
        os.environ.update(request["environment"])
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)
        go = told.recv(8)
        told.close()
        if not go:  # nobody lets it begin any more
            os._exit(BROKEN)
        from gateway.cli.entry import run

        _arm(request["failpoint"])
        if request["at"] is not None:
            set_clock(datetime.fromisoformat(request["at"]))
        for name, arguments in request["setups"]:
            module, _, function = name.partition(":")
            getattr(importlib.import_module(module), function)(*arguments)
        status = run(request["program"], request["words"])
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _arm(failpoint: str) -> None:
    from gateway import failpoints

    failpoints._armed, _, passage = failpoint.partition(":")
    failpoints._remaining = int(passage or "1")


def set_clock(moment: datetime) -> None:
    """Let the programs of this process take an instant for now, whatever the machine says, and draw from it by how much
    what fails is put off: the same again when the case is repeated. Identifiers stay as random as they are."""
    from gateway.cli import context

    chance: Any = SimpleNamespace(token_hex=secrets.token_hex, SystemRandom=lambda: random.Random(str(moment)))
    context.secrets = chance  # type: ignore[attr-defined]

    class Fixed(datetime):
        """The type, with a clock that stands still."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            """The instant, in the zone asked for."""
            return moment.astimezone(tz or UTC)

    context.datetime = Fixed  # type: ignore[attr-defined]


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

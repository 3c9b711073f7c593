"""Does `edi serve` begin where it is told to, say so, end when it is told to, and hold nobody up meanwhile?"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from tests.tools.live_pages import Visitor, served, with_pages
from tests.tools.offices import ROOT, Office, offices
from tests.tools.records import declaration_json


def office(tmp_path: Path) -> tuple[Office, int]:
    togo, _ = offices(tmp_path)
    assert togo.run("edi-send").exit == 0
    return togo, with_pages(togo)


def test_it_serves_until_it_is_told_to_stop_and_says_what_happens_for_the_journal(tmp_path: Path) -> None:
    togo, port = office(tmp_path)
    with subprocess.Popen([sys.executable, "-m", "gateway.cli", "serve", "--config", str(togo.settings)], cwd=ROOT,
                          env={**os.environ, "EDI_LANG": "en"}, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == \
            f"Pages at http://127.0.0.1:{port} (listening on 127.0.0.1:{port}); people named: 5.\n"
        visitor = Visitor(port)
        assert visitor.get("/health").body == b"up\n"
        assert visitor.log_in("a.mensah").status == 303
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(30) == 143
    assert "Z INFO edi.web login: a.mensah from 127.0.0.1\n" in rest
    assert "Traceback" not in rest


def test_an_address_that_is_taken_is_told_with_a_remedy(tmp_path: Path) -> None:
    togo, port = office(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        ran = togo.run("edi", "serve")
    assert (ran.exit, ran.err.startswith(f"C209: the address 127.0.0.1:{port} cannot be had")) == (1, True)


def test_without_pages_in_the_settings_nothing_is_served(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    ran = togo.run("edi", "serve")
    assert (ran.exit, ran.err[:4]) == (1, "C205")


def test_a_run_goes_on_while_pages_are_read(tmp_path: Path) -> None:
    togo, port = office(tmp_path)
    with served(togo.settings, port):
        visitor = Visitor(port)
        visitor.log_in("a.mensah")
        stop, statuses = threading.Event(), list[int]()

        def read() -> None:
            while not stop.is_set():
                statuses.append(visitor.get("/board/tg-bf").status)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for number in range(3):
                togo.drop("declarations", {f"{number}.json": declaration_json(f"N{number}")})
                assert togo.run("edi-send").exit == 0
        finally:
            stop.set()
            reader.join(20)
    assert set(statuses) == {200}
    assert len(togo.movements()) == 3

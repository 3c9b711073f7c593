"""What one process of the daemon does: a program, as cron would run it, with its stdout going to the daemon."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread

from gateway.cli.commands import PROGRAMS

MODULES = ("gateway.cli.daemon_job", "gateway.cli.entry", "gateway.cli.runs", "gateway.exchange.collect",
           "gateway.exchange.alerting", "gateway.exchange.dispatch", "gateway.ledger.lanes", "gateway.records",
           "gateway.mapping.dialect", "gateway.security", "gateway.transport", "gateway.edifact", "paramiko",
           "lxml.etree", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "yaml", "pydantic",
           "cryptography.x509", "filelock")
"""Loaded once, for all of them."""


def work(common: tuple[str, ...], out: Connection, program: str, words: tuple[str, ...]) -> None:
    """Be that program, with the options that the daemon itself was given.

    A process whose daemon is gone comes to its end as after SIGTERM: nobody would stop it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon
    os.dup2(out.fileno(), 1)
    out.close()
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- the old one knows another file
    Thread(target=_end_with_daemon, daemon=True).start()
    from gateway.cli.entry import run

    if program in PROGRAMS:
        from gateway.cli.runs import lane_command

        os._exit(run(program, (*words, *common), lane_command(program)))
    os._exit(run(program, (*words, *common)))


def _end_with_daemon() -> None:
    daemon = parent_process()
    if daemon is not None:
        wait([daemon.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

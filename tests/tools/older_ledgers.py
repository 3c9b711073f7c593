"""Ledgers as an older program left them: the ledger of an office, taken back to an earlier schema."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from gateway.ledger.upgrading import back
from tests.tools.offices import Office

OLDER = "0017"
"""A schema before the newest: what a program that was installed before this one left."""


def ledger_file(office: Office) -> Path:
    """The file of an office's ledger."""
    return office.home / "state" / "ledger.sqlite"


def make_older(office: Office, now: datetime, revision: str = OLDER) -> None:
    """Take the ledger of an office back, as if only an older program had ever written it."""
    back(f"sqlite:///{ledger_file(office)}", revision, now)

"""What crossed the line to a partner, as it goes into the ledger and comes out of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Traffic(Struct, frozen=True, kw_only=True):
    """What crossed the line to one partner in one direction: in one session of a run, or in all of a UTC day.

    direction     ``inbound`` (we collect) or ``outbound`` (we publish); both have octets in both directions
    at            when the run began; the beginning of the day
    day           whether it stands for a whole day
    sessions      1, or how many there were; failed: those of them in which the link failed
    octets_in     octets that came over the socket, all layers above TCP, sessions that did not come about included;
                  of a folder of this machine the octets of its files; octets_out: those that went
    files_in      sealed files fetched; files_out: published
    milliseconds  how long the sessions lasted
    """

    partner: str
    direction: str
    at: datetime
    day: bool = False
    sessions: int = 1
    failed: int = 0
    octets_in: int = 0
    octets_out: int = 0
    files_in: int = 0
    files_out: int = 0
    milliseconds: int = 0

"""A machine whose clock is wrong: set in the process of a program, before it begins.

    world.start("TGOTR", "edi-send", setups=[skewed(world.now, timedelta(days=-1))])
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from tests.campaigns.mailbox_forks import Setup, set_clock


def skewed(now: datetime, off: timedelta) -> Setup:
    """The setup of a program that takes it to be `off` later than it is, or earlier."""
    return f"{__name__}:skew", [(now + off).isoformat(), off.total_seconds()]


def skew(moment: str, seconds: float) -> None:
    """Let this process take an instant for now, and let its library calls read a clock that is wrong by as much."""
    honest = time.time
    set_clock(datetime.fromisoformat(moment))
    time.time = lambda: honest() + seconds

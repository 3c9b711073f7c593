"""A partner that does everything wrong that a partner can, with real keys, real mailboxes and real ledgers, on this
computer alone: for `edi simulate`, and for the tests of others through `gateway.testing`.

Nobody here reads the clock or draws randomness: the moment of each run is an argument, so that days pass at once.
"""

from __future__ import annotations

from gateway.simulation.declarations import declaration_for
from gateway.simulation.faults import FAULTS, Fault
from gateway.simulation.offices import Office, Ran, make_offices
from gateway.simulation.pair import Pair
from gateway.simulation.scenes import SCENES, Act, Seen, Step, play

__all__ = ["FAULTS", "SCENES", "Act", "Fault", "Office", "Pair", "Ran", "Seen", "Step", "declaration_for",
           "make_offices", "play"]

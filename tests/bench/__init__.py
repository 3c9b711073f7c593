"""Benchmarks: figures that `edi bench` prints, each compared with something measured in the same run.

A benchmark is a module here with ``figures(scale) -> Iterator[Figure]``. Nothing here is a test: a loaded machine is
slow, and no test may fail for that. Ratios within one run count, absolute figures do not.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMES = ("edifact", "mapping", "envelope", "mailbox", "road", "hosts", "ladder", "ledger", "ledger_postgresql",
         "startup")
"""The benchmarks, in the order they run."""
PEERS = ("edifact",)
"""Those that also have ``peer_figures(scale)``: against software that has to be installed first."""
SIZED = ("ledger", "ledger_postgresql", "road", "hosts")
"""Those that also have ``figures_of(sizes, folder)``: at sizes somebody names, and with files that may be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    value    in `unit`; against: what it was compared with, "" when it stands alone
    ratio    value over the comparison, None without one
    target   in words, "" when it is reported only; met: whether it is met, True without a target
    """

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool = True

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        return self.met

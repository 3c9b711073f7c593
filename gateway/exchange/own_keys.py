"""Which of our own keys is used for whom, and when: pure decisions (GW-1 section 10, K6).

The pairs of one use are a chain, each made to follow the one before. A partner takes the first of them by its own file,
and each other one by its consent. What a partner does not take is never used for it; when nothing is left that it takes
and that still holds, what is meant for it waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from gateway.ledger.key_rows import ConsentRow, ConsentState, OwnKeyRow, OwnKeyState

CLOCKS_DIFFER = timedelta(minutes=5)
"""A new key signs from a little after its first day on: the partner's clock may be behind ours (section 3.4)."""

ON_ITS_WAY = timedelta(days=90)
"""How long an object that was encrypted to a key may still arrive after nobody uses that key any more (K6)."""


class OwnPair(Struct, frozen=True, kw_only=True):
    """A pair of ours.

    number        of its row in the ledger; None for one of the settings of which nothing is known beyond them
    use_from      announced; None for the first of a chain, and before its announcement
    accept_until  until when partners take it; None while no other one follows
    """

    number: int | None
    sha256: str
    key: Path
    certificate: Path
    replaces: str | None = None
    use_from: datetime | None = None
    accept_until: datetime | None = None
    state: OwnKeyState = OwnKeyState.ORIGINAL

    def over(self, now: datetime) -> bool:
        """Tell whether partners take it no more."""
        return self.accept_until is not None and now > self.accept_until

    def usable(self, now: datetime) -> bool:
        """Tell whether it may be used at all, whoever takes it."""
        due = self.use_from is None or now - self.use_from >= CLOCKS_DIFFER
        return due and self.state is not OwnKeyState.REVOKED and not self.over(now)

    def opens(self, now: datetime) -> bool:
        """Tell whether something may still arrive that was encrypted to it."""
        return self.accept_until is None or now - self.accept_until <= ON_ITS_WAY


def chain(pairs: Sequence[OwnPair], rows: Sequence[OwnKeyRow]) -> list[OwnPair]:
    """The pairs of one use: those of the settings with what is known of them, each where it belongs in the order.

    pairs  of the settings; one that has a row counts as the row says
    """
    known = {row.sha256 for row in rows}
    first = [pair for pair in pairs if pair.sha256 not in known]
    return first + [OwnPair(number=row.id, sha256=row.sha256, key=Path(row.key), certificate=Path(row.certificate),
                            replaces=row.replaces, use_from=row.use_from, accept_until=row.accept_until,
                            state=row.state) for row in rows]


def chosen(pairs: Sequence[OwnPair], settled: str, consents: Mapping[str, ConsentState],
           now: datetime) -> OwnPair | None:
    """The pair that is used for one partner: the newest that it takes and that holds; None when there is none.

    pairs     the chain of one use
    settled   SHA-256 of the pair that the settings name: what a partner got with our introduction
    consents  what this partner said, by SHA-256

    A partner that was never asked has the pair of the settings, by our introduction. One that follows a revoked pair is
    used for nobody who has not said that it takes it: nobody else tells those who know it from those who do not.
    """
    asked = any(pair.sha256 in consents for pair in pairs)
    start = next(pair for pair in pairs if asked or pair.sha256 == settled)
    revoked = {pair.sha256 for pair in pairs if pair.state is OwnKeyState.REVOKED}
    taken = [pair for pair in pairs if consents.get(pair.sha256) is ConsentState.CONSENTED
             or (pair is start and pair.replaces not in revoked)]
    return next((pair for pair in reversed(taken) if pair.usable(now)), None)


def consents_of(partner: str, rows: Sequence[ConsentRow]) -> dict[str, ConsentState]:
    """What one partner said to our pairs, by SHA-256."""
    return {row.sha256: row.state for row in rows if row.partner == partner}

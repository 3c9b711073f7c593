"""In whose turn stored interchanges are judged, so that no partner's flood keeps another's message waiting. Pure.

Between partners: whoever would have had least with its next interchange comes first, by what each has cost so far. So a
partner with one small message waits for one turn of the others at most, and nobody waits while there is work and time.

Within a partner whose agreement lets objects overtake each other (`order: loose`): status messages before declarations,
up to a bound, for the declarations must not wait for ever either. A status whose movement may stand in a declaration
before it stays behind that. Where the agreement says `strict`, everything stays in the order of the link.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gateway.ledger.rows import InterchangeIn

PAGE = 1000
"""Interchanges of a partner and kind that are looked at together: a longer queue stays in the ledger."""

PIECE = 4 << 10
"""What an interchange costs beside its octets: its transaction, its answer."""

SPEED = 256 << 10
"""Octets that judging gets through in a second: what took longer costs more than its octets."""

LARGE = 1 << 20
"""A next interchange counts as no more than this: one that is larger waits for that much of everybody, no longer."""

STATUSES = 8
"""How many octets of status messages go for one of declarations, while both wait."""

AHEAD = 256 << 10
"""Octets of declarations that status messages are ahead of from the beginning: 2 MiB of statuses (STATUSES)."""

Fill = Callable[[str, bool | None, int], Sequence[InterchangeIn]]
"""Partner, whether declarations are wanted (None: everything), a Sequence -> the next PAGE that wait behind it."""


def cost(row: InterchangeIn, seconds: float = 0.0) -> int:
    """What an interchange costs: its octets, or the time it took where that says more."""
    return max(row.size + PIECE, round(seconds * SPEED))


@dataclass(slots=True)
class _Lane:
    """Interchanges in the order of their link, read in pages."""

    partner: str
    declarations: bool | None
    fill: Fill
    page: deque[InterchangeIn] = field(default_factory=deque)
    last: int = 0
    ended: bool = False

    def head(self) -> InterchangeIn | None:
        if not self.page and not self.ended:
            self.page.extend(self.fill(self.partner, self.declarations, self.last))
            self.ended = len(self.page) < PAGE
            if self.page:
                self.last = self.page[-1].sequence
        return self.page[0] if self.page else None


class _Queue:
    """What waits of one partner."""

    def __init__(self, partner: str, strict: bool, fill: Fill, free: Callable[[InterchangeIn], bool]) -> None:
        self._statuses = None if strict else _Lane(partner, False, fill)
        self._link = _Lane(partner, None if strict else True, fill)
        self.partner = partner
        self._behind: deque[InterchangeIn] = deque()  # statuses that go in the order of the link
        self._free = free
        self._statuses_had = 0.0
        self._link_had = float(AHEAD)
        self._next: tuple[InterchangeIn, deque[InterchangeIn]] | None = None
        self.had = 0

    def next(self) -> InterchangeIn | None:
        """The next interchange, which stays here until it is taken."""
        if self._next is None:
            self._next = self._choose()
        return None if self._next is None else self._next[0]

    def take(self) -> InterchangeIn:
        assert self._next is not None
        row, page = self._next
        page.popleft()
        return row

    def behind(self, many: int) -> list[InterchangeIn]:
        assert self._next is not None
        return list(islice(self._next[1], many))

    def charge(self, octets: int) -> None:
        """Have the interchange that was taken last paid for."""
        assert self._next is not None
        if self._statuses is not None and self._next[1] is self._statuses.page:
            self._statuses_had += octets / STATUSES
        else:
            self._link_had += octets
        self.had += octets
        self._next = None

    def _choose(self) -> tuple[InterchangeIn, deque[InterchangeIn]] | None:
        while True:
            link = self._in_link_order()
            status = None if self._statuses is None else self._statuses.head()
            if status is None or self._statuses is None:
                return link
            if link is not None and (self._link_had < self._statuses_had or len(self._behind) >= PAGE):
                return link
            if link is None or status.sequence < link[0].sequence or self._free(status):
                return status, self._statuses.page
            self._behind.append(self._statuses.page.popleft())

    def _in_link_order(self) -> tuple[InterchangeIn, deque[InterchangeIn]] | None:
        heads = [(page[0], page) for page in (self._behind, self._link.page) if self._link.head() is not None or page
                 if page]
        return min(heads, key=lambda found: found[0].sequence, default=None)


class Turns:
    """The interchanges of a run, one after the other.

    partners  whoever has something waiting, by name, and whether its link is in `strict` order
    owed      a partner that came to no turn in the run before: this one begins with it and goes round
    fill      gives interchanges by the page
    free      whether a status concerns nothing that a declaration before it could bring
    """

    def __init__(self, partners: Sequence[tuple[str, bool]], owed: str | None, fill: Fill,
                 free: Callable[[InterchangeIn], bool]) -> None:
        ordered = sorted(partners, key=lambda one: (one[0] < (owed or ""), one[0]))
        self._queues = {partner: _Queue(partner, strict, fill, free) for partner, strict in ordered}
        self._owed = owed
        self._turn: _Queue | None = None
        self._unserved = dict.fromkeys(self._queues)

    def take(self) -> InterchangeIn | None:
        """The next interchange; None when nothing waits any more. Each is charged before the next is taken."""
        best: tuple[bool, int] | None = None
        for partner, queue in list(self._queues.items()):
            row = queue.next()
            if row is None:
                del self._queues[partner]
                self._unserved.pop(partner, None)
                continue
            place = (partner != self._owed, queue.had + min(cost(row), LARGE))
            if best is None or place < best:
                best, self._turn = place, queue
        if best is None or self._turn is None:
            return None
        return self._turn.take()

    def behind(self, many: int) -> list[InterchangeIn]:
        """What stands behind the interchange that was taken last, as far as it is known: it may come next, or later."""
        assert self._turn is not None
        return self._turn.behind(many)

    def charge(self, octets: int) -> None:
        """Have the interchange that was taken last paid for: its partner had a turn."""
        assert self._turn is not None
        self._turn.charge(octets)
        self._unserved.pop(self._turn.partner, None)
        if self._turn.partner == self._owed:
            self._owed = None

    @property
    def unserved(self) -> str | None:
        """The first partner that had no turn yet; None when everybody had one."""
        return next(iter(self._unserved), None)

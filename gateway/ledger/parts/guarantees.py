"""The guarantee account and the fallback register, kept with the movements from which they follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import bindparam, insert, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.guarantee_rows import NewEngagement, NewMonth
from gateway.ledger.guarantee_tables import bond, engagement, month_share, on_paper
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows, run_rows
from gateway.ledger.reading.guarantees import HUNDREDTHS, GuaranteeLookups

_SLICE = 500

_ENGAGED = (update(engagement)
            .where(engagement.c.mrn == bindparam("of_mrn"), engagement.c.reference == bindparam("of_reference"))
            .values(currency=bindparam("new_currency"), amount=bindparam("new_amount"),
                    engaged=bindparam("new_engaged"), changed=bindparam("moment")))

_GROWN = (update(bond)
          .where(bond.c.reference == bindparam("of_reference"), bond.c.currency == bindparam("of_currency"))
          .values(engaged=bond.c.engaged + bindparam("more"), movements=bond.c.movements + bindparam("further"),
                  changed=bindparam("moment")))


class Guarantees(Base, GuaranteeLookups):
    """What movements hold of guarantees; which of them ran on paper."""

    def set_engagements(self, mrns: Collection[str], new: Sequence[NewEngagement], *, at: datetime) -> None:
        """Keep what each of these movements holds now; what one held before and does not name any more is freed.

        Each change stands in the history of the guarantee. Nothing is written where nothing changed.
        """
        wanted = list(mrns)
        held = {(row.mrn, row.reference): row for start in range(0, len(wanted), _SLICE)
                for row in self._connection.execute(
                    select(engagement).where(engagement.c.mrn.in_(wanted[start:start + _SLICE])))}
        wished = {(one.mrn, one.reference): one for one in new}
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        added, moved = [], []
        for key in dict.fromkeys((*held, *wished)):
            old, now = held.get(key), wished.get(key)
            if now is not None:
                currency, amount, engaged = now.currency, _hundredths(now.amount), _hundredths(now.engaged)
            else:
                currency, amount, engaged = held[key].currency, held[key].amount, 0
            if old is None:
                added.append((*key, currency, amount, engaged, at))
            elif (old.currency, old.amount, old.engaged) == (currency, amount, engaged):
                continue
            else:
                _add(sums[key[1], old.currency], -old.engaged)
                moved.append((*key, currency, amount, engaged, at))
            before = 0 if old is None else old.engaged
            _add(sums[key[1], currency], engaged)
            self._record(Fact(at=at, subject="guarantee", subject_id=None, reference=key[1],
                              event="engage" if engaged > before else "free", from_state=_shown(before),
                              to_state=_shown(engaged), text=f"{key[0]} {currency}"))
        insert_rows(self._connection, engagement, ("mrn", "reference", "currency", "amount", "engaged", "changed"),
                    added)
        run_rows(self._connection, _ENGAGED, ("of_mrn", "of_reference", "new_currency", "new_amount", "new_engaged",
                                              "moment"), moved)
        self._add_to_bonds(sums, at)

    def set_bond(self, reference: str, *, currency: str, good_for: Decimal, surety: str, until: date | None,
                 text: str, at: datetime) -> None:
        """Say up to what a guarantee is good, and until when. text: who says so, and why."""
        values = {"good_for": _hundredths(good_for), "surety": surety, "until": until, "changed": at}
        done = self._connection.execute(update(bond).where(
            bond.c.reference == reference, bond.c.currency == currency).values(**values))
        if not done.rowcount:
            self._connection.execute(insert(bond).values(reference=reference, currency=currency, engaged=0,
                                                         movements=0, **values))
        self._record(Fact(at=at, subject="guarantee", subject_id=None, reference=reference, event="limit",
                          to_state=_shown(_hundredths(good_for)), text=f"{currency} {text}"))

    def begin_months(self, new: Sequence[NewMonth], *, at: datetime) -> None:
        """Count movements that are recorded for the first time."""
        counts: dict[tuple[str, str], int] = defaultdict(int)
        for one in new:
            counts[one.month, one.office] += 1
        for (month, office), number in counts.items():
            self._add_to_month(month, office, number, 0)
        self.note_on_paper([one for one in new if one.paper is not None], at=at)

    def note_on_paper(self, found: Sequence[NewMonth], *, at: datetime) -> None:
        """Enter movements into the fallback register; one that stands there stays as it is."""
        known = {mrn for start in range(0, len(found), _SLICE) for mrn in self._connection.execute(
            select(on_paper.c.mrn).where(on_paper.c.mrn.in_([one.mrn for one in found[start:start + _SLICE]]))
        ).scalars()}
        for one in found:
            if one.mrn in known or one.paper is None:
                continue
            known.add(one.mrn)
            self._connection.execute(insert(on_paper).values(
                mrn=one.mrn, month=one.month, office=one.office, reason=one.paper, at=at))
            self._add_to_month(one.month, one.office, 0, 1)
            self._record(Fact(at=at, subject="movement", subject_id=None, reference=one.mrn, event="on-paper",
                              text=one.paper))

    def _add_to_bonds(self, sums: Mapping[tuple[str, str], Sequence[int]], at: datetime) -> None:
        """Add to guarantees, by reference and currency, what is engaged and the number of movements."""
        references = sorted({reference for reference, _ in sums})
        known = {(row.reference, row.currency) for start in range(0, len(references), _SLICE)
                 for row in self._connection.execute(select(bond.c.reference, bond.c.currency).where(
                     bond.c.reference.in_(references[start:start + _SLICE])))}
        grown = [(*key, *more, at) for key, more in sums.items() if key in known]
        run_rows(self._connection, _GROWN, ("of_reference", "of_currency", "more", "further", "moment"), grown)
        new = [(*key, *more, "", at) for key, more in sums.items() if key not in known]
        insert_rows(self._connection, bond, ("reference", "currency", "engaged", "movements", "surety", "changed"), new)

    def _add_to_month(self, month: str, office: str, movements: int, paper: int) -> None:
        done = self._connection.execute(
            update(month_share).where(month_share.c.month == month, month_share.c.office == office)
            .values(movements=month_share.c.movements + movements, on_paper=month_share.c.on_paper + paper))
        if not done.rowcount:
            self._connection.execute(insert(month_share).values(
                month=month, office=office, movements=movements, on_paper=paper))


def _add(total: list[int], engaged: int) -> None:
    """Add to the sum and to the number of movements that hold something; a negative amount takes one away."""
    total[0] += engaged
    total[1] += (engaged > 0) - (engaged < 0)


def _hundredths(amount: Decimal) -> int:
    return int(amount * HUNDREDTHS)


def _shown(hundredths: int) -> str:
    return format(hundredths / HUNDREDTHS, "f")

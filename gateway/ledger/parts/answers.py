"""Answers that arrive: receipts, CONTRL, CUSRES. Each moves forward what it answers; said twice, it changes nothing.

The first answer stands. A later one that contradicts it moves nothing and leaves a row ``contradiction`` in the
history for people to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Row, bindparam, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.entries import NewAnswer
from gateway.ledger.parts.sealing import Sealing
from gateway.ledger.states import (
    INTERCHANGE_OUT,
    MESSAGE_OUT,
    OBJECT_OUT,
    InterchangeState,
    MessageState,
    ObjectState,
    Step,
    advance,
    may,
)
from gateway.ledger.tables import interchange, message, object_

Settled: TypeAlias = Literal["received", "refused", "unknown", "differs", "repeated"]

PROCESSED = "processed"
"""The only disposition that moves an object to RECEIVED (ENVELOPE R2)."""
WHOLE = ""
"""Among the rejected message references of a CONTRL: the interchange as a whole."""

_CONTRL = {"4": Step.CONTRL_4, "7": Step.CONTRL_7, "8": Step.CONTRL_8}
_DECLARED = select(message.c.id, message.c.state, message.c.mrn, message.c.message_reference).where(
    message.c.direction == "out", message.c.partner == bindparam("partner"), message.c.type == "CUSDEC")
_BY_REFERENCES = _DECLARED.where(
    message.c.message_reference.in_(bindparam("references", expanding=True)),
    message.c.interchange_id == select(interchange.c.id).where(
        interchange.c.direction == "out", interchange.c.partner == bindparam("partner"),
        interchange.c.control_reference == bindparam("control_reference")).scalar_subquery())
_BY_MRN = _DECLARED.where(message.c.mrn == bindparam("mrn"), message.c.state != MessageState.WAITING
                          ).order_by(message.c.id.desc()).limit(1)
_SLICE = 500
_ANSWERS = {"ACCEPTED": Step.ANSWER_ACCEPTED, "REJECTED": Step.ANSWER_REJECTED}


class Answers(Sealing):
    """Receipts, CONTRL, CUSRES."""

    def settle_receipt(self, partner: str, *, message_id: str, sequence: int, mic: str, signature_digest: str,
                       disposition: str, at: datetime, receipt_id: int | None = None) -> Settled:
        """Take a partner's receipt for an object of ours (ENVELOPE R1, R2, R8).

        receipt_id  the object that is this receipt: kept as the one that moved ours, so that both are shown together

        received  the object and its interchange moved to RECEIVED
        refused   the partner will not process it: object, interchange and messages are REFUSED, a person must act
        unknown   no object of ours has this Message-ID
        differs   Sequence, MIC or signature digest are not what we sent, or a refusal follows a reception: E_RECEIPT
        repeated  the same was said before: nothing moves, and what is RECEIVED is not put up again
        """
        row = self._connection.execute(
            select(object_.c.id, object_.c.state, object_.c.sequence, object_.c.mic, object_.c.signature_digest,
                   object_.c.interchange_id)
            .where(object_.c.direction == "out", object_.c.partner == partner,
                   object_.c.message_id == message_id)).first()
        if row is None:
            return "unknown"
        step = Step.RECEIPT if disposition == PROCESSED else Step.REFUSAL
        state = ObjectState(row.state)
        target = ObjectState.RECEIVED if step is Step.RECEIPT else ObjectState.REFUSED
        same = (row.sequence, row.mic, row.signature_digest) == (sequence, mic, signature_digest)
        if same and state is target:
            if state is ObjectState.RECEIVED:  # a resend of what was REFUSED still has to go
                self._connection.execute(update(object_).where(object_.c.id == row.id)
                                         .values(next_at=None, receipt_due=None))
            return "repeated"
        if same and state is ObjectState.WITHDRAWN and step is Step.REFUSAL:
            return "repeated"  # we had taken it back ourselves
        if not same or not may(OBJECT_OUT, state, step):
            self._record(Fact(at=at, subject="object", subject_id=row.id, reference=message_id,
                              event="contradiction", from_state=state, to_state=state,
                              text=f"{disposition} {sequence} {mic} {signature_digest}"))
            return "differs"
        if receipt_id is not None:
            self._connection.execute(update(object_).where(object_.c.id == receipt_id).values(receipt_for=row.id))
        self._move_one(object_, row.id, state,
                       {"state": target, "disposition": disposition, "received": at, "next_at": None,
                        "receipt_due": None}, message_id)
        self._record(Fact(at=at, subject="object", subject_id=row.id, reference=message_id, event=step,
                          from_state=state, to_state=target, text=disposition))
        if row.interchange_id is not None:
            self._move_carried([row.interchange_id], step, at, {"received": at} if step is Step.RECEIPT else {})
        return "received" if step is Step.RECEIPT else "refused"

    def settle_contrl(self, partner: str, *, control_reference: str, action: str, rejected: Sequence[str],
                      detail: str, at: datetime) -> bool:
        """Take a CONTRL for an interchange of ours; False when we have none of that reference.

        action    0083: "7" acknowledged, "4" rejected with all its messages, "8" received
        rejected  message references rejected under action 7; `WHOLE` among them stands for action 4
        """
        row = self._connection.execute(
            select(interchange.c.id, interchange.c.state)
            .where(interchange.c.direction == "out", interchange.c.partner == partner,
                   interchange.c.control_reference == control_reference)).first()
        if row is None:
            return False
        step = Step.CONTRL_4 if WHOLE in rejected else _CONTRL[action]
        state = InterchangeState(row.state)
        if not may(INTERCHANGE_OUT, state, step):
            if step is not Step.CONTRL_8 and state != advance(INTERCHANGE_OUT, InterchangeState.DISPATCHED, step):
                self._record(Fact(at=at, subject="interchange", subject_id=row.id, reference=control_reference,
                                  event="contradiction", from_state=state, to_state=state, text=f"{step} {detail}"))
            return True
        target = advance(INTERCHANGE_OUT, state, step)
        answered = {} if step is Step.CONTRL_8 else {"answered": at}
        self._move_one(interchange, row.id, state,
                       {"state": target, "action": action, "detail": detail or None, "changed": at, **answered},
                       control_reference)
        self._record(Fact(at=at, subject="interchange", subject_id=row.id, reference=control_reference, event=step,
                          from_state=state, to_state=target, text=detail))
        mine = message.c.interchange_id == row.id
        if step is Step.CONTRL_4:
            self._judge(mine, Step.CONTRL_4, at)
        elif step is Step.CONTRL_7:
            if rejected:
                self._judge(mine & message.c.message_reference.in_(rejected), Step.CONTRL_4, at)
            self._judge(mine & message.c.message_reference.not_in(rejected), Step.CONTRL_7, at)
        return True

    def _judge(self, where: ColumnElement[bool], step: Step, at: datetime) -> None:
        self._move_all(
            message, MESSAGE_OUT, step, where,
            lambda row, source, target: Fact(at=at, subject="message", subject_id=row.id, reference=row.mrn or "",
                                             event=step, from_state=source, to_state=target),
            {"changed": at}, [message.c.mrn])

    def settle_answer(self, partner: str, *, answered: str | None, mrn: str | None, word: str, detail: str,
                      at: datetime) -> int | None:
        """Take one answer to a CUSDEC of ours; as `settle_answers`."""
        return self.settle_answers([NewAnswer(partner=partner, answered=answered, mrn=mrn, word=word, detail=detail)],
                                   at=at)[0]

    def settle_answers(self, answers: Sequence[NewAnswer], *, at: datetime) -> list[int | None]:
        """Take ACCEPTED or REJECTED for CUSDEC of ours, in this order; for each the number of the message that is now
        so answered.

        It is None when there is no such message, when it belongs to another MRN, or when the first answer (or the
        CONTRL) said otherwise.
        """
        named = self._named(answers)
        states: dict[int, MessageState] = {}
        settled: list[int | None] = []
        moved: list[dict[str, object]] = []
        for new in answers:
            row = named.get((new.partner, new.answered)) if new.answered is not None else self._connection.execute(
                _BY_MRN, {"partner": new.partner, "mrn": new.mrn}).first()
            if row is None or (new.mrn is not None and row.mrn is not None and row.mrn != new.mrn):
                settled.append(None)
                continue
            step, state = _ANSWERS[new.word], states.get(row.id) or MessageState(row.state)
            target = advance(MESSAGE_OUT, MessageState.DISPATCHED, step)
            if state is target:
                settled.append(int(row.id))
                continue
            moves = may(MESSAGE_OUT, state, step)
            self._record(Fact(at=at, subject="message", subject_id=row.id, reference=row.mrn or "",
                              event=step if moves else "contradiction", from_state=state,
                              to_state=target if moves else state,
                              text=new.detail if moves else f"{step} {new.detail}"))
            settled.append(int(row.id) if moves else None)
            if moves:
                states[row.id] = target
                moved.append({"number": row.id, "expected": state, "new_state": target, "new_changed": at,
                              "new_detail": new.detail or None})
        self._move_each(message, moved)
        return settled

    def _named(self, answers: Sequence[NewAnswer]) -> dict[tuple[str, str | None], Row[*tuple[object, ...]]]:
        """The CUSDEC of ours that answers name by "control reference-message reference", by partner and that name."""
        wanted: dict[tuple[str, str], dict[str, str]] = {}
        for new in answers:
            if new.answered is not None:
                control_reference, _, message_reference = new.answered.rpartition("-")
                wanted.setdefault((new.partner, control_reference), {})[message_reference] = new.answered
        found: dict[tuple[str, str | None], Row[*tuple[object, ...]]] = {}
        for (partner, control_reference), names in wanted.items():
            references = list(names)
            for start in range(0, len(references), _SLICE):
                found.update({(partner, names[row.message_reference]): row for row in self._connection.execute(
                    _BY_REFERENCES, {"partner": partner, "control_reference": control_reference,
                                     "references": references[start:start + _SLICE]})})
        return found

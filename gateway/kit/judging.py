"""What a partner's answers are worth: one verdict for each thing that a case must bring, and some for the link itself.

Pure: from what was put and what came to verdicts. Sources: GW-1 sections 6 (silence), 8 (receipts), 9 (numbers);
ISO 9735 CONTRL; the corridor profile for CUSRES.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from gateway.edifact import Message, read_contrl, read_interchanges, validate
from gateway.errors import GatewayError
from gateway.exchange.payload import interchange_of
from gateway.findings import has_errors
from gateway.kit.cases import Case
from gateway.mapping import Corridor
from gateway.security import INTERCHANGES, RECEIPT, Opened, read_receipt
from gateway.security.receipts import PROCESSED, Receipt

Result = Literal["pass", "fail", "unanswered"]


class Got(Struct, frozen=True, kw_only=True):
    """One file from the partner: opened, or the code that refuses it.

    times  how often it came
    """

    file: str
    opened: Opened | None
    code: str = ""
    times: int = 1


class Verdict(Struct, frozen=True, kw_only=True):
    """One line of the report.

    case    name of the case; ``link`` for what concerns all
    check   receipt, contrl, cusres, silence, repeat; opens, chain, syntax
    reason  key of the sentence ``kit.reason.REASON`` with its values; "" when it passed
    """

    case: str
    check: str
    result: Result
    reason: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


class Said(Struct):
    """Everything that the partner said, sorted by what it is about."""

    receipts: list[tuple[Receipt, int]] = field(default_factory=list)
    contrls: dict[str, list[str]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)


def judge(cases: Sequence[Case], got: Sequence[Got], corridor: Corridor, sequence: int, previous: str) -> list[Verdict]:
    """Every verdict, cases in their order, then the link.

    sequence, previous  number and MIC of the last object that the partner had sent before
    """
    said = _said(got, corridor)
    made = [verdict for case in cases for verdict in _case(case, cases, said)]
    return [*made, *_link(got, said, sequence, previous)]


def unanswered(verdicts: Sequence[Verdict]) -> bool:
    """Tell whether waiting longer may change something."""
    return any(verdict.result == "unanswered" for verdict in verdicts)


def _said(got: Sequence[Got], corridor: Corridor) -> Said:
    said = Said()
    for one in got:
        if one.opened is None:
            continue
        kind = one.opened.header.content_type
        try:
            if kind == RECEIPT:
                said.receipts.append((read_receipt(one.opened.payload), one.times))
            elif kind in INTERCHANGES:
                _interchange(interchange_of(one.opened), one.file, corridor, said)
        except GatewayError as error:
            said.faults.append((one.file, error.code))
    return said


def _interchange(content: bytes, file: str, corridor: Corridor, said: Said) -> None:
    for interchange in read_interchanges(content):
        findings = validate(interchange)
        if has_errors(findings):
            said.faults.append((file, findings[0].code))
        for message in interchange.messages:
            _message(message, corridor, said)


def _message(message: Message, corridor: Corridor, said: Said) -> None:
    if message.identifier.type == "CONTRL":
        contrl = read_contrl(message)
        refused = contrl.action == "4" or any(one.action == "4" for one in contrl.messages)
        said.contrls.setdefault(contrl.reference, []).append("4" if refused else contrl.action)
    elif message.identifier.type == "CUSRES":
        for tree in corridor.read(message):
            said.words.setdefault(str(tree.get("mrn", "")), []).append(str(tree.get("word", "")))


def _case(case: Case, cases: Sequence[Case], said: Said) -> Iterator[Verdict]:
    expected = case.expected
    about = [(receipt, times) for receipt, times in said.receipts if receipt.message_id == case.message_id]
    if expected.receipt == "none":
        yield _silence(case, cases, said, bool(about))
        return
    if expected.receipt == "again":
        came = sum(times for _, times in about)
        yield Verdict(case=case.name, check="repeat", result="pass" if came > 1 else "unanswered",
                      reason="" if came > 1 else "no-repeat")
        return
    yield _receipt(case, [receipt for receipt, _ in about])
    yield _once(case, "contrl", said.contrls.get(case.reference, []), expected.contrl)
    yield _once(case, "cusres", said.words.get(case.mrn, []), expected.word)


def _receipt(case: Case, about: Sequence[Receipt]) -> Verdict:
    for receipt in about:
        wrong = next((name for name, told, right in (
            ("disposition", receipt.disposition, PROCESSED), ("mic", receipt.mic, case.mic),
            ("digest", receipt.signature_digest, case.signature_digest),
            ("sequence", str(receipt.sequence), str(case.sequence))) if told != right), None)
        if wrong is not None:
            return Verdict(case=case.name, check="receipt", result="fail", reason=f"receipt-{wrong}",
                           values={"found": receipt.disposition})
    return Verdict(case=case.name, check="receipt", result="pass" if about else "unanswered",
                   reason="" if about else "no-receipt")


def _once(case: Case, check: str, told: Sequence[str], expected: str | None) -> Verdict:
    """Exactly the answer that must come, once; or none."""
    values = {"found": ", ".join(told) or "-", "expected": expected or "-"}
    if expected is None:
        return Verdict(case=case.name, check=check, result="fail" if told else "pass",
                       reason="unasked" if told else "", values=values)
    if not told:
        return Verdict(case=case.name, check=check, result="unanswered", reason="no-answer", values=values)
    reason = "other-answer" if any(one != expected for one in told) else "twice" if len(told) > 1 else ""
    return Verdict(case=case.name, check=check, result="fail" if reason else "pass", reason=reason, values=values)


def _silence(case: Case, cases: Sequence[Case], said: Said, receipt: bool) -> Verdict:
    """A bad object is never answered; that it was looked at is shown by the answer to a good one behind it."""
    broken = receipt or case.reference in said.contrls or case.mrn in said.words
    if broken:
        return Verdict(case=case.name, check="silence", result="fail", reason="not-silent")
    behind = {one.message_id for one in cases if one.name == "afterwards"}
    seen = any(receipt.message_id in behind for receipt, _ in said.receipts)
    return Verdict(case=case.name, check="silence", result="pass" if seen else "unanswered",
                   reason="" if seen else "not-reached")


def _link(got: Sequence[Got], said: Said, sequence: int, previous: str) -> Iterator[Verdict]:
    refused = [one for one in got if one.opened is None]
    yield Verdict(case="link", check="opens", result="fail" if refused else "pass",
                  reason="refused" if refused else "", values={
                      "file": refused[0].file, "code": refused[0].code} if refused else {})
    broken = next(_breaks([one.opened for one in got if one.opened is not None], sequence, previous), None)
    yield Verdict(case="link", check="chain", result="fail" if broken else "pass",
                  reason=broken[0] if broken else "", values={"number": str(broken[1])} if broken else {})
    yield Verdict(case="link", check="syntax", result="fail" if said.faults else "pass",
                  reason="unreadable" if said.faults else "", values={
                      "file": said.faults[0][0], "code": said.faults[0][1]} if said.faults else {})


def _breaks(opened: Sequence[Opened], sequence: int, previous: str) -> Iterator[tuple[str, int]]:
    """Where numbers are missing or used twice, and where an object does not name the one before it."""
    numbered = Counter(one.header.sequence for one in opened)
    yield from (("number-twice", number) for number, times in numbered.items() if times > 1)
    for one in sorted(opened, key=lambda one: one.header.sequence):
        if one.header.sequence != sequence + 1:
            yield "number-missing", sequence + 1
        elif one.header.previous != previous:
            yield "previous", one.header.sequence
        sequence, previous = one.header.sequence, one.mic

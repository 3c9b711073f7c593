"""What is asked of any input to EDIFACT, and what must never happen; the campaigns and the tests ask the same.

Nothing raises but what the interface names. The reference reader (tests/tools/edifact_reference.py) and the reading in
blocks see the same. Written again an interchange is the same, byte for byte, but for needless release characters. Every
finding has its words in both languages and its place inside the interchange. A CONTRL can be made whenever one is due,
obeys its own directory and is understood again.
"""

from __future__ import annotations

import io
import random
import re
from collections import Counter
from collections.abc import Sequence

from gateway import texts
from gateway.edifact import (
    Interchange,
    Repeated,
    check_message,
    describe,
    make_contrl,
    read_contrl,
    read_interchanges,
    read_wire,
    rejected_messages,
    rewrite,
    stream_interchanges,
    tree,
    validate,
    wants_contrl,
)
from gateway.errors import LocalError
from gateway.findings import Finding
from tests.tools import edifact_reference as reference


class Surprise(Exception):
    """What must never happen, in words."""


def _compare(content: bytes, interchanges: Sequence[Interchange]) -> None:
    expected = reference.read(content)
    seen = [(one.offset, one.offset + len(one.content), one.una) for one in interchanges]
    if seen != [(one.start, one.end, one.una) for one in expected]:
        raise Surprise(f"interchanges {seen}, the reference has {[(one.start, one.end, one.una) for one in expected]}")
    for ours, theirs in zip(interchanges, expected, strict=True):
        if ours.wire.complete != theirs.complete:
            raise Surprise(f"complete: {ours.wire.complete}")
        mine = [
            reference.ReadSegment(
                one.tag,
                one.nesting,
                tuple(reference.Repeats(tuple(e)) if isinstance(e, Repeated) else e for e in one.elements),
            )
            for one in ours.segments
        ]
        if mine != theirs.segments:
            pair = next((p for p in zip(mine, theirs.segments, strict=False) if p[0] != p[1]), (len(mine),))
            raise Surprise(f"segments differ: {pair}")


def _streamed(content: bytes, interchanges: Sequence[Interchange], chance: random.Random) -> None:
    """Read in blocks of any size it is the same: messages, places in the source, findings."""
    whole: Counter[object] = Counter()
    for interchange in interchanges:
        whole.update(_key(finding) for finding in validate(interchange))
    parts: Counter[object] = Counter()
    seen = []
    for streamed in stream_interchanges(io.BytesIO(content), block=chance.choice((5, 100, 3000))):
        messages = []
        for message, findings in streamed.messages():
            messages.append(list(message.segments))
            parts.update(map(_key, findings))
        parts.update(map(_key, streamed.findings))
        seen.append((streamed.offset, streamed.una, streamed.header, messages))
    expected = [
        (one.offset, one.una, one.header, [list(message.segments) for message in one.messages]) for one in interchanges
    ]
    if seen != expected:
        raise Surprise("the stream has other interchanges")
    if parts != whole:
        raise Surprise(f"the stream finds otherwise: {list(parts - whole)[:2]} instead of {list(whole - parts)[:2]}")


def _key(finding: Finding) -> object:
    return finding.code, finding.fault, finding.severity, finding.place, tuple(sorted(finding.values.items()))


def _rewritten(interchange: Interchange) -> str:
    """Written again from its segments it is the same, byte for byte; only needless release characters are not kept."""
    try:
        made = rewrite(interchange)
    except LocalError as error:
        if [finding.code for finding in error.findings] != ["F063"]:
            raise
        return "not rewritable"
    if made == interchange.content:
        return "rewritten exactly"
    if not needless(interchange):
        raise Surprise(f"rewritten it is another: {made.hex()[:2000]}")
    return "rewritten without needless release characters"


def needless(interchange: Interchange) -> bool:
    """Whether a release character stands before a character that needs none, as in a tag even ``*`` does not."""
    service = interchange.service
    if service.release is None:
        return False
    repetition = service.repetition
    if repetition is not None and any(repetition in "".join((one.tag, *one.nesting)) for one in interchange.segments):
        return True
    body = interchange.content[interchange.wire.base :].decode("iso8859-1")
    pairs = re.findall(f"{re.escape(service.release)}(.?)", body, re.DOTALL)
    return any(character not in service.special for character in pairs)


def _without_words(code: str, values: frozenset[str]) -> str:
    """What the sentences of a code lack; "" when both languages have them and these values fill them."""
    for language in texts.Language:
        for key in (code, f"{code}.hint"):
            if not texts.known(key, language):
                return f"{key} has no words in {language.value}"
            wanted = set(re.findall(r"{(\w+)}", texts.catalogue(language).gettext(key)))
            if not wanted <= values:
                return f"{key} wants {sorted(wanted)}, has {sorted(values)}"
    return ""


_SAID: dict[tuple[str, ...], str] = {}
"""The answers of `_without_words` by code and names of values: a few hundred at most, for both are ours."""


def _sayable(finding: Finding) -> None:
    key = (finding.code, *finding.values)
    lacking = _SAID.get(key)
    if lacking is None:
        lacking = _SAID[key] = _without_words(finding.code, frozenset(finding.values))
    if lacking:
        raise Surprise(lacking)


def _inside(interchange: Interchange, findings: Sequence[Finding]) -> None:
    longest = max((message.count for message in interchange.messages), default=0)
    for finding in findings:
        _sayable(finding)
        if (finding.place.segment or 0) > longest:
            raise Surprise(f"{finding.code} at segment {finding.place.segment} of {longest}")


def _answer(interchange: Interchange, findings: Sequence[Finding]) -> None:
    wire = make_contrl(interchange, findings)
    message = read_wire(wire)
    wrong = [one.code for one in check_message(message) if one.code in ("F031", "F032", "F033", "F034", "F035", "F036")]
    if wrong:
        raise Surprise(f"the CONTRL has {wrong}")
    contrl = read_contrl(message)
    if contrl.action not in ("4", "7") or contrl.reference != interchange.header.control_reference:
        raise Surprise(f"the CONTRL says {contrl.action} of {contrl.reference!r}")
    if (contrl.action == "7" and not contrl.messages and not contrl.groups) != (not rejected_messages(findings)):
        raise Surprise("the CONTRL and the findings do not say the same")


def examine(content: bytes, chance: random.Random, *, compared: bool = True) -> Counter[str]:
    """Everything that is asked of one input; what came out, for the statistics. Raises whatever is wrong.

    chance     draws the size of the blocks of the stream
    compared   also by the reference reader and in blocks, as a tree and described: longer than all the rest
    """
    interchanges = list(read_interchanges(content))
    if compared:
        _compare(content, interchanges)
        _streamed(content, interchanges, chance)
    outcome: Counter[str] = Counter()
    for interchange in interchanges:
        findings = validate(interchange)
        _inside(interchange, findings)
        outcome[_rewritten(interchange)] += 1
        for segment in interchange.segments[:5]:
            start, end = segment.span
            if not 0 <= start <= end <= len(interchange.content):
                raise Surprise(f"span {start} {end}")
            if compared:
                describe(segment)
        if compared:
            tree(interchange)
        if wants_contrl(interchange):
            _answer(interchange, findings)
            outcome["answered"] += 1
        outcome["clean" if not findings else "faulty"] += 1
    return outcome

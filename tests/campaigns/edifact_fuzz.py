"""Altered interchanges and random bytes against reader, validator and CONTRL: what may happen, and what may not.

    python -m tests.campaigns.edifact_fuzz [--runs N] [--seed S] [--json]

An input is a published or golden interchange altered at one to eight places, two of them spliced, pieces of syntax in
any order, or plain random bytes, at most 8 KiB. For each of them: nothing raises but what the interface names; the
reference reader (tests/tools/edifact_reference.py) and the reading in blocks, asked every eighth time, see the same;
written again it is the same, byte for byte, but for needless release characters; every finding has its words
in both languages and its place inside the interchange; a CONTRL can be made whenever one is due, obeys its own
directory and is understood again; no input takes more than SECONDS of processor time; the process stays under its
memory limit. An input that fails is shown in hexadecimal and does not stop the campaign. THREATS: content of a partner.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

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

GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
MOST = 8192
SECONDS = 2.0
MEMORY = 1 << 30
"""Bytes of address space the process may take beyond what it has at the start: more is a failure of the input."""

PIECES = (
    b"UNA:+.? '", b"UNA:+.?*'", b"UNA:+,? '", b"UNA=*.? ~", b"UNA:+.  '", b"UNA", b"UNB+UNOC:3+S+R+260310:1016+1'",
    b"UNB+UNOW:4+S+R+20260310:1016+1'", b"UNB+UNOB:1+S+R+260310:1016+1'", b"UNB\x1dUNOB\x1f1\x1dS\x1dR\x1c", b"UNB",
    b"UNG+CUSRES+S+R+260310:1016+7+UN+D:96B'", b"UNE+1+7'", b"UNH+1+CUSRES:D:96B:UN'", b"UNH+1+CUSDEC:D:96B:UN'",
    b"UNH+1+CONTRL:D:3:UN'", b"UNH+1+CONTRL:4:1:UN'", b"UNH+2+AUTACK:4:1:UN'", b"UNT+3+1'", b"UNZ+1+1'", b"UNZ+1+1",
    b"BGM+962'", b"UNS+D'", b"UNS+S'", b"CST+1'", b"FTX+AAA+++A:B'", b"GIS+1'", b"UCI+1+S+R+7'", b"UCM+1+X:D:96B:UN+4'",
    b"UCS+2+13'", b"UCD+12+2:1'", b"'", b"''", b"+", b"++", b":", b"?", b"??", b"?'", b"*", b"\r\n", b"\n", b" ", b"\t",
    b"\x00", b"\x1a", b"\x1c", b"\x1d", b"\x1f", b"\x92", b"\xc3\xa9", b"\xef\xbb\xbf", b"\xa0", b"9" * 40, b"A" * 600,
)


def seeds() -> list[bytes]:
    """The interchanges that are altered; messages on their own are put into an interchange first."""
    found = [file.read_bytes()[:MOST] for file in sorted(GOLDEN.glob("**/*.edi"))]
    return [_wrapped(content) if content.startswith(b"UNH") else content for content in found]


def _wrapped(message: bytes) -> bytes:
    return b"UNA:+.? '\nUNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG1++CUSDEC++1'\n" + message + b"UNZ+1+TG1'\n"


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.randbytes(chance.randint(1, 3)) + content[at + chance.randint(0, 3) :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.choice(PIECES) + content[at:]


def _cut(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + content[at + chance.choice((1, 2, 9, 60, 600)) :]


def _truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _double(content: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(content) + 1), chance.choice((1, 5, 40, 200))
    return content[:at] + content[at : at + length] * chance.randint(2, 5) + content[at + length :]


def _swap_segments(content: bytes, chance: random.Random) -> bytes:
    parts = content.split(b"'")
    one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b"'".join(parts)


def _exchange(content: bytes, chance: random.Random) -> bytes:
    """One byte value for another, everywhere: other separators, other letters."""
    return content.replace(chance.choice((b"+", b":", b"'", b"?", b"1", b"U", b"\n")), chance.randbytes(1))


def _number(content: bytes, chance: random.Random) -> bytes:
    found = list(re.finditer(rb"\d+", content))
    if not found:
        return content
    one = chance.choice(found)
    return content[: one.start()] + str(chance.choice((0, 1, 99, 10**9, 10**30))).encode() + content[one.end() :]


ALTERATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _overwrite, _overwrite, _insert, _insert, _cut, _truncate, _double, _swap_segments, _exchange, _number,
)


def make(chance: random.Random, samples: Sequence[bytes]) -> bytes:
    """One input."""
    kind = chance.randrange(20)
    if kind == 0:
        return chance.randbytes(chance.randrange(300))
    if kind < 4:
        return b"".join(chance.choice(PIECES) for _ in range(chance.randrange(40)))[:MOST]
    content = chance.choice(samples)
    if kind == 4:
        other = chance.choice(samples)
        content = content[: chance.randrange(len(content) + 1)] + other[chance.randrange(len(other) + 1) :]
    for _ in range(chance.randint(1, 8)):
        content = chance.choice(ALTERATIONS)(content, chance)
    return content[:MOST]


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


_WORDS: dict[tuple[str, texts.Language], frozenset[str]] = {}


def _sayable(finding: Finding) -> None:
    for language in texts.Language:
        for key in (finding.code, f"{finding.code}.hint"):
            wanted = _WORDS.get((key, language))
            if wanted is None:
                if not texts.known(key, language):
                    raise Surprise(f"{key} has no words in {language.value}")
                found = re.findall(r"{(\w+)}", texts.catalogue(language).gettext(key))
                wanted = _WORDS[key, language] = frozenset(found)
            if not wanted <= finding.values.keys():
                raise Surprise(f"{key} wants {sorted(wanted)}, has {sorted(finding.values)}")


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
    compared   also by the reference reader and in blocks, which takes longer than all the rest
    """
    interchanges = list(read_interchanges(content))
    if compared:
        _compare(content, interchanges)
        _streamed(content, interchanges, chance)
    outcome: Counter[str] = Counter()
    for interchange in interchanges:
        findings = validate(interchange)
        _inside(interchange, findings)
        tree(interchange)
        outcome[_rewritten(interchange)] += 1
        for segment in interchange.segments[:5]:
            start, end = segment.span
            if not 0 <= start <= end <= len(interchange.content):
                raise Surprise(f"span {start} {end}")
            describe(segment)
        if wants_contrl(interchange):
            _answer(interchange, findings)
            outcome["answered"] += 1
        outcome["clean" if not findings else "faulty"] += 1
    return outcome


def run(runs: int, seed: int, report: Callable[[str], None]) -> tuple[Counter[str], list[str], float]:
    """The campaign: outcomes, failures in words, the slowest input in seconds of processor time."""
    samples, outcomes, failures, slowest = seeds(), Counter[str](), list[str](), 0.0
    for number in range(runs):
        chance = random.Random(f"{seed}/{number}")
        content = make(chance, samples)
        began = time.process_time()
        try:
            outcomes += examine(content, chance, compared=number % 8 == 0)
        except Exception as error:
            outcomes["failures"] += 1
            if len(failures) < 50:
                failures.append(f"{number}: {type(error).__name__}: {str(error)[:300]}: {content.hex()[:2000]}")
                report(failures[-1])
        took = time.process_time() - began
        slowest = max(slowest, took)
        if took > SECONDS:
            outcomes["failures"] += 1
            failures.append(f"{number}: {took:.1f} s: {content.hex()[:2000]}")
            report(failures[-1])
        if number % 100_000 == 99_999:
            report(f"{number + 1} runs, {outcomes['failures']} failures, slowest {slowest:.3f} s")
    return outcomes, failures, slowest


def limit_memory() -> None:
    """No input may make the process take a gibibyte more than it has: it would be a MemoryError, and a failure."""
    size = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))


def main() -> int:
    """Run; exit 1 when an input failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    limit_memory()
    outcomes, failures, slowest = run(options.runs, options.seed, lambda line: print(line, file=sys.stderr, flush=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if options.json:
        print(json.dumps({"schema": 1, "kind": "campaign", "name": "edifact_fuzz", "runs": options.runs,
                          "seed": options.seed, "outcomes": dict(sorted(outcomes.items())), "failures": failures,
                          "slowest_seconds": round(slowest, 3), "peak_bytes": peak, "ok": not failures}))
    else:
        for name, count in sorted(outcomes.items()):
            print(f"{count:9d} {name}")
        print(f"slowest {slowest:.3f} s, peak {peak >> 20} MiB")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())

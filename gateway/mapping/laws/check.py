"""The two laws of a mapping, tried on records made from its own lines and limits.

For every record r that the mapping can write, reading what was written gives r, normalised; for every message m that it
can read, in the canonical order of its segments, writing what was read gives m; the messages are spelled without the
mapping's own writer (`gateway.mapping.laws.messages`). That it can write every record within
its types, and read every message of its lines, is tried as well: else the laws could hold by refusing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from msgspec.structs import replace

from gateway.edifact import WireMessage, read_wire
from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.mapping.laws.chance import Chances
from gateway.mapping.laws.messages import spell
from gateway.mapping.laws.records import drawn
from gateway.mapping.laws.report import Law, LawReport, Shrunk
from gateway.mapping.laws.sample_files import segments
from gateway.mapping.laws.shrink import TRIES, shrink
from gateway.mapping.mapping import Mapping
from gateway.mapping.notation import Origin
from gateway.mapping.plan import Plan
from gateway.references import Scalar, Tree


def check_laws(mapping: Mapping, chances: Chances, seed: int, *, first: int = 0, records: int,
               shrinking: bool = True) -> LawReport:
    """Try records number `first` to below ``first + records``, each function in turn; stop at a counter-example.

    shrinking   make the counter-example small

    The same seed and number make the same record, whoever tries which share of them.
    """
    report = LawReport(identifier=mapping.identifier)
    plans = list(mapping.plans.values())
    for number in range(first, first + records):
        plan = plans[number % len(plans)]
        name = f"{seed}/{mapping.identifier}/{number}"
        record = drawn(mapping, chances(name), edges=number // len(plans) % 3 == 2).record(plan)
        report.tried += 1
        report.messages += 1
        for fault in (partial(breach, mapping), partial(message_breach, mapping, chances=chances, name=name)):
            broken = fault(record)
            if broken is not None:
                small = shrink(broken, partial(_still, fault), TRIES if shrinking else 0)
                report.counterexample = replace(small, seed=name, line=line_of(mapping, small))
                return report
        normal = mapping.normal(record)
        if normal != record:
            report.normalised.update(changes(record, normal))
    return report


def _still(fault: Callable[[Tree], Shrunk | None], record: Tree) -> Shrunk | None:
    try:
        return fault(record)
    except LocalError:  # without its function it is no record of any plan
        return None


def breach(mapping: Mapping, record: Tree) -> Shrunk | None:
    """Which law a record breaks, and how; None when it breaks none."""
    plan = mapping.plan(record)
    try:
        wire = mapping.to_message(record)
    except LocalError as error:
        return _shrunk("writes", plan, record, findings=error)
    try:
        back = mapping.to_record(read_wire(wire))
    except PartnerError as error:
        return _shrunk("reads", plan, record, wire, findings=error)
    normal = mapping.normal(record)
    if not same(back, normal):
        return _shrunk("record", plan, record, wire, flat(normal), flat(back))
    again = mapping.to_message(back)
    if again != wire:
        return _shrunk("message", plan, record, wire, segments(wire.body), segments(again.body))
    return None


def message_breach(mapping: Mapping, record: Tree, *, chances: Chances, name: str) -> Shrunk | None:
    """Which law the message of a record breaks that was written without the mapping's writer; None when none."""
    plan = mapping.plan(record)
    spelled = spell(mapping, plan, record, chances(f"{name}/message"))
    try:
        back = mapping.to_record(read_wire(spelled.wire(mapping, sent=True)))
    except PartnerError as error:
        return Shrunk(law="reads", function=plan.function, record=record, segments=spelled.sent,
                      expected=spelled.canonical, found=(), findings=error.findings)
    try:
        again = mapping.to_message(back).body
    except LocalError as error:
        return Shrunk(law="writes", function=plan.function, record=back, segments=spelled.sent,
                      expected=spelled.canonical, found=(), findings=error.findings)
    if again == "".join(spelled.canonical):
        return None
    return Shrunk(law="message", function=plan.function, record=record, segments=spelled.sent,
                  expected=spelled.canonical, found=segments(again))


def _shrunk(law: Law, plan: Plan, record: Tree, wire: WireMessage | None = None, expected: list[str] | None = None,
            found: list[str] | None = None, findings: GatewayError | None = None) -> Shrunk:
    return Shrunk(law=law, function=plan.function, record=record, expected=expected or (), found=found or (),
                  segments=segments(wire.body) if wire is not None else (),
                  findings=findings.findings if findings is not None else ())


def line_of(mapping: Mapping, shrunk: Shrunk) -> Origin | None:
    """The line of the mapping that a finding names, or that wrote what stands at the first difference."""
    lines = [line for plan in mapping.plans.values() if plan.function == shrunk.function for line in plan.walk()]
    named = {finding.values.get("line") for finding in shrunk.findings}
    pairs = zip(shrunk.expected, shrunk.found, strict=False)
    differing = next((one for one, other in pairs if one != other),
                     next(iter([*shrunk.expected[len(shrunk.found):], *shrunk.found[len(shrunk.expected):]]), "-"))
    term = _term(differing.partition(":")[0])
    for line in lines:
        held = any(access.term == term for access in line.accesses) if shrunk.law == "record" \
            else differing.startswith(line.tag)
        if str(line.origin) in named or (not shrunk.findings and held):
            return line.origin
    return None


def same(one: Tree, other: Tree) -> bool:
    """Equal to the last digit: 1.50 is not 1.5, and true is not 1."""
    return one == other and (repr(one) == repr(other) or flat(one) == flat(other))


def flat(tree: Tree, path: str = "") -> list[str]:
    """A record as lines, one for each value: ``items[1].gross_mass: 12.50``, sorted by path."""
    return sorted(f"{place}: {_said(value)}" for place, value in _leaves(tree, path))


def _said(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _leaves(node: Tree, path: str) -> Iterator[tuple[str, Scalar]]:
    for name, value in node.items():
        place = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from _leaves(value, place)
        elif isinstance(value, list):
            for ordinal, member in enumerate(value, 1):
                yield from _leaves(member, f"{place}[{ordinal}]")
        else:
            yield place, value


def changes(record: Tree, normal: Tree) -> Iterator[tuple[str, str, str]]:
    """Term, value before and after, for everything that normalising changed; a value that is not there is a hyphen."""
    before = {(path, _term(path)): _said(value) for path, value in _leaves(record, "")}
    after = {(path, _term(path)): _said(value) for path, value in _leaves(normal, "")}
    for key in [*before, *(key for key in after if key not in before)]:
        if before.get(key) != after.get(key):
            yield key[1], before.get(key, "-"), after.get(key, "-")


def _term(path: str) -> str:
    return ".".join(step.partition("[")[0] for step in path.split("."))

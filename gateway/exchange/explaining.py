"""Explain my rejection: from what a partner refused back to the sender's own file (TRANSIT 7.2, 12).

A CUSRES names rule, item and segment; a CONTRL names segment, data element and component. Both lead over the message as
it was sent to the record and to line and column, XML path or JSON pointer of the national file, with the value that
stands there and one that would be right. What a CONTRL said is kept with the interchange, in segment notation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from gateway.edifact import load_directory
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.tracing import Origin, origins_of
from gateway.findings import Finding, Place
from gateway.ledger.queries import Queries
from gateway.mapping.document import Rule
from gateway.references import Path, Tree
from gateway.texts import Language, sentence
from gateway.transit.event import Event, FunctionalError, Word
from gateway.transit.examples import example_of
from gateway.transit.terms import from_tree

_REJECTED = "4"
_UNSPECIFIED = "18"


class Why(Struct, frozen=True, kw_only=True):
    """One reason of a refusal.

    said_in   CUSRES or CONTRL
    message   control reference, hyphen, message reference of what was refused
    code      rule (COR0…), or the code of list 0085
    segment   position in the message, UNH is 1; element and component from 1; None where nobody says
    value     as it was sent, None where it is missing or no single one is meant
    path      in the transit record
    place     in the national file
    mapping   file and line by which the value was written; None where no value was
    held      the partner misses a value that record and message have: the mapping says it where nobody looks for it
    example   of a right value
    """

    partner: str
    said_in: Literal["CUSRES", "CONTRL"]
    message: str
    code: str
    fr: str
    en: str
    tag: str | None
    segment: int | None
    element: int | None
    component: int | None
    value: str | None
    path: Path | None
    place: Place | None
    mapping: str | None
    held: bool
    example: str | None


class Pointed(Struct, frozen=True):
    """One fault of a CONTRL: the message, its segment, data element and component, and the code of list 0085."""

    message: str | None
    segment: int | None
    element: int | None
    component: int | None
    fault: str


def why(gateway: Gateway, reference: str) -> list[Why]:
    """Every reason for which partners refused what answers to a reference; empty where nothing was refused.

    Raises LocalError X044 when nothing answers to it.
    """
    with gateway.ledger.reading() as queries:
        found = queries.find(reference)
        if not (found.movements or found.events or found.messages or found.interchanges):
            raise LocalError(Finding(code="X044", values={"reference": reference}))
        events = [row.tree for row in found.events if row.word == Word.REJECTED.value
                  and row.administration != gateway.name]
        carried: dict[int, set[str]] = {row.id: set() for row in found.interchanges if row.direction == "out"}
        for message in found.messages:
            if message.direction == "out" and message.interchange_id is not None and message.message_reference:
                carried.setdefault(message.interchange_id, set()).add(message.message_reference)
        refused = list(_refused(queries, carried))
    return [*(one for event in events for one in reasons_of(gateway, event)),
            *(_of_contrl(gateway, partner, control, pointed) for partner, control, pointed in refused)]


def _refused(queries: Queries, carried: Mapping[int, Collection[str]]) -> Iterator[tuple[str, str, Pointed]]:
    """Partner, control reference and fault of every interchange of ours that a CONTRL refused, whole or in part.

    carried  number of the interchange -> references of the messages that are asked for, empty for all
    """
    for number, wanted in sorted(carried.items()):
        row = queries.interchange(number)
        for pointed in read_short(row.detail) if row is not None and row.detail else ():
            if row is not None and (pointed.message is None or not wanted or pointed.message in wanted):
                yield row.partner, row.control_reference, pointed


def read_short(detail: str) -> list[Pointed]:
    """The faults in what `process.in_short` kept of a CONTRL; a refusal that nothing says more of has one fault."""
    found: list[Pointed] = []
    message: str | None = None
    segment: int | None = None
    action = ""
    for part in detail.split(", "):
        tag, *words = part.split(" ")
        if tag == "UCI" and words:
            action = words[0]
            if len(words) > 1:
                found.append(Pointed(None, None, None, None, words[1]))
        elif tag == "UCM" and len(words) >= 2:
            message, segment = words[0], None
            if words[1] == _REJECTED and len(words) > 2:
                found.append(Pointed(message, None, None, None, words[2]))
        elif tag == "UCS" and words and words[0].isdigit():
            segment = int(words[0])
            if len(words) > 1:
                found.append(Pointed(message, segment, None, None, words[1]))
        elif tag == "UCD" and len(words) == 2 and segment is not None:
            element, _, component = words[1].partition(":")
            found.append(Pointed(message, segment, int(element) if element.isdigit() else None,
                                 int(component) if component.isdigit() else None, words[0]))
    if not found and action == _REJECTED:
        found.append(Pointed(None, None, None, None, _UNSPECIFIED))
    return found


def reasons_of(gateway: Gateway, rejection: Tree) -> Iterator[Why]:
    """Why a REJECTED event of a partner refuses our declaration.

    A missing value is named by the segment that opens its group: the first value there is the item's own number.
    """
    event = from_tree(Event, rejection)
    answered = event.answered_message or event.mrn or ""
    origins = _origins(gateway, answered)
    for error in event.errors:
        named = [origin for origin in origins if origin.segment == error.position and origin.path is not None]
        right = [origin for origin in named if origin.tag == error.segment] or named
        first = next((origin for origin in right if origin.place is not None), right[0] if right else None)
        missing = _missing(gateway, event.mrn, error, first, origins)
        held = next((origin for origin in origins if missing is not None and _says(origin, missing)), None)
        led = held or first
        path = missing or (None if led is None else led.path)
        sent = held if missing is not None else led
        yield Why(partner=event.administration, said_in="CUSRES", message=answered, code=error.rule,
                  fr=_text(error, "FR"), en=_text(error, "EN"), tag=error.segment, segment=error.position,
                  element=None, component=None, value=None if sent is None else sent.value, path=path,
                  place=None if led is None else led.place, mapping=None if sent is None else sent.mapping,
                  held=held is not None, example=example_of(path or ""))


def _text(error: FunctionalError, wanted: str) -> str:
    return next((one.text for one in error.texts if one.language == wanted),
                error.texts[0].text if error.texts else "")


def _missing(gateway: Gateway, mrn: str | None, error: FunctionalError, first: Origin | None,
             origins: Sequence[Origin]) -> Path | None:
    """The path that a rule of the corridor insists on; None for the receiver's arithmetic, which points at a value.

    Where the rule insists on several, it is one of which our message says nothing; the first where it says them all.
    """
    rule = _rule(gateway, mrn, error.rule)
    if rule is None or not rule.need:
        return None
    within = ""
    if rule.every is not None:
        group = (first.path if first is not None and first.path is not None else "").partition(".")[0]
        within = f"{group if group.startswith(f'{rule.every.text}[') else rule.every.text}."
    needs = [[f"{within}{word.text}" for word in alternatives] for alternatives in rule.need]
    unsaid = (paths for paths in needs if not any(_says(origin, path) for origin in origins for path in paths))
    return next(unsaid, needs[0])[0]


def _says(origin: Origin, path: Path) -> bool:
    """Whether a value of our message comes from a path of the record or from within it."""
    return origin.path is not None and (origin.path == path or origin.path.startswith((f"{path}.", f"{path}[")))


def _rule(gateway: Gateway, mrn: str | None, code: str) -> Rule | None:
    with gateway.ledger.reading() as queries:
        movement = next(iter(queries.find(mrn).movements), None) if mrn else None
    if movement is None:
        return None
    corridor = next((one for one in gateway.corridors.all if one.identifier == movement.corridor), None)
    return None if corridor is None else corridor.cusdec.definition.require.get(code)


def _of_contrl(gateway: Gateway, partner: str, control: str, pointed: Pointed) -> Why:
    reference = control if pointed.message is None else f"{control}-{pointed.message}"
    origins = _origins(gateway, reference) if pointed.message is not None and pointed.segment is not None else []
    here = [origin for origin in origins if origin.segment == pointed.segment]
    exact = [origin for origin in here if pointed.element in (None, origin.element)
             and pointed.component in (None, origin.component)]
    led = next((origin for origin in exact or here if origin.path is not None), None)
    sent = exact[0] if len(exact) == 1 or (exact and pointed.element is not None) else led
    finding = Finding(code="F071", fault=pointed.fault, values={"fault": pointed.fault, "name": _name(pointed.fault)})
    return Why(partner=partner, said_in="CONTRL", message=reference, code=pointed.fault,
               fr=sentence(finding, Language.FRENCH), en=sentence(finding, Language.ENGLISH),
               tag=here[0].tag if here else None, segment=pointed.segment, element=pointed.element,
               component=pointed.component, value=None if sent is None else sent.value,
               path=None if led is None else led.path, place=None if led is None else led.place,
               mapping=None if sent is None else sent.mapping, held=False,
               example=None if led is None or led.path is None else example_of(led.path))


def _name(fault: str) -> str:
    return load_directory(None, "3").codes("0085").get(fault) or load_directory(None, "4").codes("0085").get(fault) \
        or "?"


def _origins(gateway: Gateway, reference: str) -> Sequence[Origin]:
    """The values of a message of ours; none where it or its record cannot be found any more."""
    try:
        return origins_of(gateway, reference)
    except LocalError:
        return []

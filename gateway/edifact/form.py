"""How an interchange is written, apart from what it says; with it, what was read can be written again byte for byte.

A form is what senders choose: service string advice or none, separators, line breaks between segments, character set.
`rewrite` makes the bytes from the segments as they were understood, so that a reader who lost or altered anything is
found out. It gives the original bytes exactly, unless one of these stood there, which say nothing and are not kept: a
release character before a character that needs none, and more separators in one segment than are told apart. Bytes
that the announced set does not have are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.edifact.characters import UNA_LENGTH, ServiceCharacters, excerpt
from gateway.edifact.model import Segment
from gateway.edifact.wire import Element, Repeated
from gateway.errors import LocalError
from gateway.findings import Finding, Place

if TYPE_CHECKING:
    from gateway.edifact.interchange import Interchange


class Form(Struct, frozen=True):
    """The form of one interchange; texts are blanks and line breaks, mostly empty.

    una       the nine characters of the service string advice, None for none
    service   the service characters in force
    codec     Python codec of the values
    lead      what stands before UNA, or before the first segment where there is none
    advice    between UNA and the first segment
    breaks    between segments: one text where it is everywhere the same, else one for each place
    tail      behind the last segment
    closed    whether the last segment has its terminator
    """

    una: str | None
    service: ServiceCharacters
    codec: str
    lead: str = ""
    advice: str = ""
    breaks: tuple[str, ...] = ("",)
    tail: str = ""
    closed: bool = True


def form_of(interchange: Interchange) -> Form:
    """The form in which an interchange was received."""
    wire, content = interchange.wire, interchange.content.decode("iso8859-1")
    una, raws = interchange.una, wire.raws
    if not raws:
        lead, _, tail = content.partition(una) if una is not None else (content, "", "")
        return Form(una, wire.service, interchange.codec, lead=lead, tail=tail)
    starts = [wire.start(index) for index in range(len(raws))]
    first = starts[0]
    breaks = [
        content[start + len(raw) + 1 : following]
        for start, raw, following in zip(starts, raws, starts[1:], strict=False)
    ]
    advice = content.index(una) if una is not None else first
    last = starts[-1] + len(raws[-1]) + wire.complete
    return Form(
        una,
        wire.service,
        interchange.codec,
        lead=content[:advice],
        advice=content[advice + UNA_LENGTH : first] if una is not None else "",
        breaks=tuple(breaks) if len(set(breaks)) > 1 else tuple(breaks[:1] or ("",)),
        tail=content[last:],
        closed=wire.complete,
    )


def rewrite(interchange: Interchange, form: Form | None = None) -> bytes:
    """An interchange from its segments, in its own form, or in another one.

    Raises LocalError F063 for a value that the form cannot hold: a separator without a release character, a character
    outside the set. Nothing is repaired and nothing is counted: the trailers say what they said. Raises ValueError for
    a form with as many different line breaks as another interchange has.
    """
    form = form or form_of(interchange)
    terminator = form.service.terminator
    texts = list(_texts(interchange.segments, form))
    if len(form.breaks) == 1:
        text = f"{terminator}{form.breaks[0]}".join(texts)
    else:
        text = "".join(f"{one}{terminator}{gap}" for one, gap in zip(texts, (*form.breaks, ""), strict=True))
        text = text[:-1]
    if form.closed and texts:
        text += terminator
    lead = form.lead + (form.una or "") + form.advice
    return lead.encode("iso8859-1") + text.encode(form.codec) + form.tail.encode("iso8859-1")


def rewrite_file(interchanges: Iterable[Interchange]) -> bytes:
    """A file from its interchanges, each in its own form, with what stood between them."""
    return b"".join(one.before + rewrite(one) + one.after for one in interchanges)


def _texts(segments: Iterable[Segment], form: Form) -> Iterator[str]:
    for segment in segments:
        text = form.service.element.join(
            [
                form.service.component.join(
                    [_value(one, segment, form, tag=True) for one in (segment.tag, *segment.nesting)]
                ),
                *(_element(element, segment, form) for element in segment.elements),
            ]
        )
        try:
            text.encode(form.codec)
        except UnicodeEncodeError as error:
            raise _cannot(segment, text[error.start : error.end]) from None
        if "\ufffd" in text and not segment.decoded:
            raise _cannot(segment, "\ufffd")
        yield text


def _element(element: Element, segment: Segment, form: Form) -> str:
    service = form.service
    if isinstance(element, Repeated):
        if service.repetition is None:
            raise _cannot(segment, "*")
        return service.repetition.join(_element(occurrence, segment, form) for occurrence in element)
    return service.component.join([_value(text, segment, form) for text in element])


def _value(text: str, segment: Segment, form: Form, *, tag: bool = False) -> str:
    """A value with every separator in it released: the release character itself comes first in `special`.

    A tag is never repeated: the repetition separator is nothing special in it.
    """
    service = form.service
    for character in service.special:
        if character in text and not (tag and character == service.repetition):
            if service.release is None:
                raise _cannot(segment, character)
            text = text.replace(character, service.release + character)
    return text


def _cannot(segment: Segment, text: str) -> LocalError:
    place = Place(segment=segment.position or None, tag=excerpt(segment.tag))
    return LocalError(Finding(code="F063", place=place, values={"text": excerpt(text)}))

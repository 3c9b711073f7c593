"""Constants that depend on the message function: ``<148:original,replacement|46:cancellation>``.

They are decided before a plan is made: what runs only ever sees a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from gateway.mapping.document import nearest
from gateway.mapping.notation import Choice, Component, Element, Line, Origin, Part

Complain = Callable[[Origin, str, str], None]
"""Told of a choice that is not sound (M060): where, what, the nearest function."""


def decide(lines: Sequence[Line], function: str | None, complain: Complain) -> tuple[Line, ...]:
    """The lines for one message function, every choice a constant."""
    return tuple(_line(line, function, complain) for line in lines)


def check_choices(lines: Sequence[Line], functions: Sequence[str], complain: Complain) -> None:
    """Every choice names functions that there are, each once."""
    for line in lines:
        for choice in _choices(line):
            place = replace(line.body.origin, column=choice.column)
            named = [function for _, names in choice.options for function in names]
            for number, function in enumerate(named):
                if function not in functions:
                    complain(place, function, nearest(function, functions))
                elif function in named[:number]:
                    complain(place, function, "-")
        check_choices(line.children, functions, complain)


def _choices(line: Line) -> Iterator[Choice]:
    for element in line.body.elements:
        for component in element:
            yield from (part for part in component if isinstance(part, Choice))


def _line(line: Line, function: str | None, complain: Complain) -> Line:
    children = decide(line.children, function, complain)
    if not any(_choices(line)):
        return replace(line, children=children)

    def text(choice: Choice) -> str:
        for constant, functions in choice.options:
            if function in functions:
                return constant
        complain(replace(line.body.origin, column=choice.column), function or "-", "-")
        return choice.options[0][0]  # one of them, so that nothing else seems to be wrong

    elements = tuple(_element(element, text) for element in line.body.elements)
    return replace(line, body=replace(line.body, elements=elements), children=children)


def _element(element: Element, text: Callable[[Choice], str]) -> Element:
    components = [_component(component, text) for component in element]
    while components and not components[-1]:
        components.pop()
    return tuple(components)


def _component(component: Component, text: Callable[[Choice], str]) -> Component:
    parts: list[Part] = []
    for part in component:
        made = text(part) if isinstance(part, Choice) else part
        if isinstance(made, str) and parts and isinstance(parts[-1], str):
            parts[-1] = f"{parts[-1]}{made}"
        elif made != "":
            parts.append(made)
    return tuple(parts)

"""A flame graph as one small SVG: who calls whom, the width of a box is its share of the processor time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from xml.sax.saxutils import escape, quoteattr

from tests.bench.road_stages import Stacks

WIDTH, HEIGHT, DEEPEST = 1200, 17, 34
LEAST = 0.004
"""Share of the time below which a box is left out."""
_FRAMEWORK = ("click/", "contextlib.py", "functools.py", "<frozen", "runpy.py", "<string>")


@dataclass
class _Box:
    samples: int = 0
    inner: dict[str, _Box] = field(default_factory=dict)


def flame(stacks: Stacks, title: str) -> str:
    """The graph of some stacks. Frames of frameworks that only pass on are left out, as is what nobody would see."""
    root = _Box()
    for samples, frames in stacks:
        box = root
        root.samples += samples
        for name in _names(frames):
            box = box.inner.setdefault(name, _Box())
            box.samples += samples
    rows: list[str] = []
    depth = _draw(root, 0.0, 1, root.samples or 1, rows)
    high = (depth + 1) * HEIGHT
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}" font-family="monospace" '
            f'font-size="11"><title>{escape(title)}</title><rect width="{WIDTH}" height="{high}" fill="#fff"/>'
            f'<text x="4" y="12">{escape(title)}</text>{"".join(rows)}</svg>\n')


def _names(frames: Sequence[tuple[str, str]]) -> list[str]:
    """The boxes of a stack, the outermost first."""
    names: list[str] = []
    for file, function in reversed(frames):
        if file.startswith(_FRAMEWORK) or function == "<module>":
            continue
        place = file.removeprefix("gateway/").removesuffix(".py").replace("/__init__", "")
        name = f"{place}:{function.replace('.<locals>', '')}"
        if not names or names[-1] != name:
            names.append(name)
    return names[:DEEPEST]


def _draw(box: _Box, left: float, level: int, total: int, rows: list[str]) -> int:
    deepest = level - 1
    for name, inner in sorted(box.inner.items(), key=lambda item: -item[1].samples):
        wide = inner.samples / total
        if wide < LEAST:
            continue
        x, width, y = left * WIDTH, wide * WIDTH, level * HEIGHT
        red, green = 200 + sha256(name.encode()).digest()[0] % 55, 110 + sha256(name.encode()).digest()[1] % 110
        fits = int(width / 6.7) - 1
        shown = name if len(name) <= fits else name.rpartition(":")[2]
        text = f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(shown[:fits])}</text>' if fits > 3 else ""
        rows.append(f'<g><title>{escape(name)} {wide:.1%}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
                    f'height="{HEIGHT - 1}" fill={quoteattr(f"rgb({red},{green},70)")}/>{text}</g>')
        deepest = max(deepest, level, _draw(inner, left, level + 1, total, rows))
        left += wide
    return deepest

"""Converter ``moment``: a day or an instant, with the format that says which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.mapping.codecs import StampCodec, Unfit
from gateway.mapping.parts import Access, Part, Reader, Scopes, Size, Writer

_MOMENT_DATE, _MOMENT_INSTANT = StampCodec("102"), StampCodec("203")


class Moment(Part):
    """Converter ``moment``: value and format together, ``20260310:102`` (a day), ``202603100742:203`` (an instant)."""

    width = 2

    def __init__(self, access: Access, optional: bool) -> None:
        self.access, self.optional = access, optional

    def accesses(self) -> tuple[Access, ...]:
        return (self.access,)

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        yield Size((_MOMENT_INSTANT.longest, len("203"))[offset], True, self.access.term)

    def normalise(self, scopes: Scopes) -> None:
        """Days and instants stay as they are."""

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        value = self.access.get(scopes)
        if value is None:
            return None
        instant = hasattr(value, "hour")
        try:
            return f"{_MOMENT_INSTANT.write(value)}:203" if instant else f"{_MOMENT_DATE.write(value)}:102"
        except Unfit as unfit:
            writer.refuse(self.access, unfit.code, unfit.values)
            return ""

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        kind = texts[component + 1] if component + 1 < len(texts) else ""
        codec = _MOMENT_DATE if kind == "102" else _MOMENT_INSTANT if kind == "203" else None
        if codec is None:
            reader.fault("M205", element, component + 1, {"value": kind, "expected": "102, 203"})
            return
        try:
            value = codec.read(texts[component])
        except Unfit as unfit:
            reader.fault(unfit.code, element, component, unfit.values)
            return
        reader.put(self.access, scopes, value, element, component, texts[component])

"""Finding the readers that are installed beside the gateway, by their entry points; loading one by its name."""

from __future__ import annotations

from importlib import import_module, metadata

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.records.readers import GROUP, RECORDS, Reader


class Plugin(Struct, frozen=True, kw_only=True):
    """One reader, ready to read.

    name     as the entry point or the command line says
    source   distribution and version that brought it; "" for one that no distribution brings
    """

    name: str
    reader: Reader
    source: str = ""


def installed() -> list[str]:
    """The names of the readers that are installed; none of them is loaded."""
    return sorted({point.name for point in metadata.entry_points(group=GROUP)})


def find_reader(name: str) -> Plugin:
    """The installed reader of a name.

    Raises LocalError: R041 none has the name, R042 several have it or it cannot be loaded, R043 it is no reader.
    """
    points = list({(point.value, point.dist.name if point.dist else ""): point
                   for point in metadata.entry_points(group=GROUP, name=name)}.values())
    if not points:
        raise LocalError(Finding(code="R041", values={"reader": name, "known": ", ".join(installed()) or "-"}))
    if len(points) > 1:
        raise LocalError(Finding(code="R042", values={"reader": name, "error": ", ".join(
            f"{point.dist.name if point.dist else '?'} ({point.value})" for point in points)}))
    point = points[0]
    return load_reader(point.value, name, f"{point.dist.name} {point.dist.version}" if point.dist else "")


def load_reader(address: str, name: str = "", source: str = "") -> Plugin:
    """The reader at ``package.module:Name``: a class that is made without arguments, or an object.

    Raises LocalError R042, R043 as `find_reader`.
    """
    shown = name or address
    module, _, attribute = address.partition(":")
    try:
        found: object = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
        if isinstance(found, type):
            found = found()
    except (Exception, SystemExit) as error:  # somebody else's code, while it is imported
        raise LocalError(Finding(code="R042", values={
            "reader": shown, "error": f"{type(error).__name__}: {error}"[:200]})) from error
    if not isinstance(found, Reader) or not callable(found.read):
        raise LocalError(Finding(code="R043", values={"reader": shown, "what": "record, read(content, file)"}))
    if found.record not in RECORDS:
        raise LocalError(Finding(code="R043", values={"reader": shown, "what": f"record: {', '.join(RECORDS)}"}))
    return Plugin(name=shown, reader=found, source=source)

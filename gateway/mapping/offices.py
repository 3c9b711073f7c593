"""The offices that the corridors name: code, name, administration, country, what they do, how else they are called.

The list is data (``mappings/codes/offices.yaml``); an administration adds its own, or replaces one by its code, without
a developer. One place may be two offices with nearly the same name, and two countries may have one name each: nothing
is guessed, a name that fits several is refused with all of them (TRANSIT section 4.3).
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from gateway.config.model import Model
from gateway.config.nodes import Node
from gateway.config.scalars import Country, Flag, GatewayName, Text
from gateway.config.validation import place_at, read_model, validate_node
from gateway.config.yaml import read_document
from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.mapping.document import nearest

OFFICES = Path("codes") / "offices.yaml"

_OFFICE_ROLES = Literal["departure", "exit", "entry", "transit", "destination", "control"]


class OfficeEntry(Struct, frozen=True, kw_only=True):
    """One customs office.

    roles     departure, exit, entry, transit, destination, control
    aliases   other spellings and names, as people and national systems write them
    unlocode  the place in UN/LOCODE, to be verified by the administration; a place is not an office
    invented  the code is this project's own until the administration supplies its
    """

    code: str
    name: str
    administration: str
    country: str
    roles: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    unlocode: str | None = None
    invented: bool = False


class _Office(Model):
    name: Text
    administration: GatewayName
    country: Country
    roles: tuple[_OFFICE_ROLES, ...]
    aliases: tuple[Text, ...] = ()
    unlocode: Text | None = None
    invented: Flag = False


class _Offices(Model):
    format: Literal["1"]
    version: Text
    offices: dict[str, _Office]


def load_offices(search: Sequence[Path]) -> Mapping[str, OfficeEntry]:
    """The offices of all folders that have a list, by code; of two with one code, that of the first folder.

    Raises LocalError: S... for a list that cannot be read, M309 where two offices of one country have a name in common.
    """
    found: dict[str, OfficeEntry] = {}
    findings: list[Finding] = []
    for folder in search:
        path = folder / OFFICES
        if path.is_file():
            listed, node, faults = read_model(path, _Offices, os.fspath(path))
            findings.extend(faults)
            if listed is not None and node is not None:
                findings.extend(_add(found, listed, node, os.fspath(path)))
    if findings:
        raise LocalError(*findings)
    return found


def read_offices(lists: Iterable[tuple[str, bytes]]) -> Mapping[str, OfficeEntry]:
    """The offices of lists that were read already, each with what findings call it and its bytes; the first wins.

    Raises LocalError as `load_offices`.
    """
    found: dict[str, OfficeEntry] = {}
    findings: list[Finding] = []
    for label, content in lists:
        node = read_document(content, label)
        findings.extend(_add(found, validate_node(node, _Offices, label), node, label))
    if findings:
        raise LocalError(*findings)
    return found


def _add(found: dict[str, OfficeEntry], listed: _Offices, node: Node, file: str) -> list[Finding]:
    """Put the offices of one list behind those found before; tell of names that another of the country has."""
    taken = {(entry.country, name): entry.code for entry in found.values() for name in _names(entry)}
    findings = []
    for code, office in listed.offices.items():
        if code in found:
            continue
        entry = OfficeEntry(code=code, name=office.name, administration=office.administration, country=office.country,
                            roles=tuple(office.roles), aliases=office.aliases, unlocode=office.unlocode,
                            invented=office.invented)
        found[code] = entry
        for name in sorted(_names(entry)):
            other = taken.setdefault((entry.country, name), code)
            if other != code:
                findings.append(Finding(code="M309", place=place_at(node, ("offices", code), file), values={
                    "office": code, "other": other, "name": name, "country": entry.country}))
    return findings


def find_office(offices: Mapping[str, OfficeEntry], text: str, country: str | None = None) -> OfficeEntry:
    """The office that a text means: its code, its name or one of its aliases.

    text     accents, upper and lower case, hyphens, apostrophes and blanks do not count, in a code they do
    country  ISO 3166 alpha-2: only offices of this country; None: of all

    Raises LocalError: M301 when no office is called so, M308 when several are (name the country, or use the code).
    """
    held = [entry for entry in offices.values() if country in (None, entry.country)]
    matches = [entry for entry in held if entry.code == text] \
        or [entry for entry in held if folded(text) in _names(entry)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise LocalError(Finding(code="M308", values={"office": text, "offices": _listed(matches)}))
    known = [name for entry in held for name in (entry.code, entry.name, *entry.aliases)]
    raise LocalError(Finding(code="M301", values={"office": text, "nearest": nearest(text, known),
                                                  "file": OFFICES.as_posix()}))


def suggested(offices: Mapping[str, OfficeEntry], text: str) -> str:
    """Codes to propose for a code that there is not: of every office that is called so, else the nearest one, or a
    hyphen."""
    try:
        return find_office(offices, text).code
    except LocalError as error:
        (finding,) = error.findings
        if finding.code == "M308":
            return finding.values["offices"]
        return nearest(text, offices)


def folded(text: str) -> str:
    """A name as it is compared: no accents, no case, words of letters and digits with one blank between."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", plain.casefold()))


def _names(entry: OfficeEntry) -> set[str]:
    return {folded(name) for name in (entry.name, *entry.aliases)}


def _listed(entries: Iterable[OfficeEntry]) -> str:
    return ", ".join(f"{entry.code} ({entry.country})" for entry in sorted(entries, key=lambda entry: entry.code))

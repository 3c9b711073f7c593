"""A new corridor from the nearest one and a sample of a national file: the files, and what was guessed or is missing.

Nothing is written here. Every file is checked as it would be loaded, and the records of the sample are put through the
new dialect and the new mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.nodes import MappingNode
from gateway.config.yaml import parse_document
from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.mapping.bench.beside import Beside
from gateway.mapping.bench.corpus import TRIAL_MRN
from gateway.mapping.bench.detect import detect
from gateway.mapping.bench.fixes import MODELINE
from gateway.mapping.bench.proposals import Comments, Proposal, Wish, in_braces, propose
from gateway.mapping.corridors import Administration, Corridor, Corridors, Role, load_corridors
from gateway.mapping.document import nearest, parse_mapping
from gateway.mapping.inherit import Folders, locate
from gateway.mapping.loading import load_from
from gateway.mapping.mapping import Mapping as MessageMapping
from gateway.mapping.offices import OFFICES, OfficeEntry
from gateway.references import Tree

_NAME = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z]{2})+")
_OWN_KEYS = ("format", "id", "extends", "version", "title", "base")
_ROLES = {"office_of_departure": "departure", "office_of_exit": "exit", "offices_of_transit": "transit",
          "office_of_destination": "destination"}


class Request(Struct, frozen=True, kw_only=True):
    """What is asked for.

    name      countries in the order of the route: ``BJ-NE``, ``TG-BF-ML``
    nearest   the corridor to begin from; None: the one that shares most with it
    sample    name and bytes of a national file of the administration of departure; None: no dialect is made
    gateways  country -> name of its gateway, where somebody knows it
    titles    the corridor's name in French and in English; None: made of its countries
    subject   what a declaration is called in titles, in French and in English
    comments  what stands behind ``#``
    """

    name: str
    nearest: str | None
    sample: tuple[str, bytes] | None
    gateways: Mapping[str, str]
    titles: tuple[str, str] | None
    subject: tuple[str, str]
    comments: Comments


class Started(Struct, frozen=True, kw_only=True):
    """A corridor that nobody has written yet.

    nearest   the corridor it was begun from
    files     name below the folder of mappings -> text
    dialect   identifier of the new dialect, None without a sample
    records   how many records the sample gave, and how many of them the mapping can write
    findings  errors: what keeps a file from being loaded; warnings: gaps; notes: guesses
    """

    nearest: str
    files: Mapping[str, str]
    dialect: str | None
    records: int
    written: int
    findings: tuple[Finding, ...]

    @property
    def lines(self) -> int:
        """How many lines the files have together."""
        return sum(text.count("\n") for text in self.files.values())


def start(request: Request, search: Sequence[Path]) -> Started:
    """Make the files of a corridor.

    Raises LocalError: M475 a name that is none, M461 a corridor that there is, M302 an unknown one to begin from, M476
    none to begin from, M462 or M477 a sample of no known kind.
    """
    if not _NAME.fullmatch(request.name):
        raise LocalError(Finding(code="M475", values={"name": request.name}))
    corridors = load_corridors(search)
    identifier = request.name.lower()
    if identifier in {one.identifier for one in corridors.all} | set(corridors.broken):
        raise LocalError(Finding(code="M461", values={"file": f"corridors/{identifier}/corridor.yaml"}))
    base = _nearest(request, corridors)
    findings: list[Finding] = []
    members = list(_members(request, corridors, findings))
    files = {f"corridors/{identifier}/corridor.yaml": _corridor(identifier, members, request),
             f"corridors/{identifier}/cusdec.yaml": _cusdec(identifier, base, request, search)}
    mapping = _mapping(identifier, files, search, findings)
    proposal: Proposal | None = None
    if request.sample is not None:
        proposal = _dialect(request, members[0], search)
        files[f"dialects/{proposal.identifier}.yaml"] = proposal.text
        findings.extend(proposal.findings)
    records = proposal.records if proposal is not None else ()
    offices = list(_offices(records, members, corridors.offices, findings))
    if offices:
        files[OFFICES.as_posix()] = _office_list(offices, request)
    written = [_judged(record, mapping, findings) for record in records] if mapping is not None else []
    return Started(nearest=base.identifier, files=files, dialect=proposal.identifier if proposal else None,
                   records=len(records), written=sum(written), findings=_once(findings))


def _nearest(request: Request, corridors: Corridors) -> Corridor:
    """The corridor with the same destination, departure and countries between, in this order."""
    if request.nearest is not None:
        return corridors.named(request.nearest.lower())
    countries = request.name.upper().split("-")

    def shared(one: Corridor) -> tuple[bool, bool, int, int]:
        theirs = [member.country for member in one.administrations]
        return (theirs[-1] == countries[-1], theirs[0] == countries[0], len(set(theirs) & set(countries)),
                -abs(len(theirs) - len(countries)))

    if not corridors.all:
        raise LocalError(Finding(code="M476"))
    return max(corridors.all, key=shared)


def _members(request: Request, corridors: Corridors, findings: list[Finding]) -> Iterator[Administration]:
    """An administration for every country: the name its gateway has elsewhere, else an invented one."""
    known = {member.country: (member.gateway, member.invented) for one in corridors.all
             for member in one.administrations}
    for entry in corridors.offices.values():
        known.setdefault(entry.country, (entry.administration, entry.invented))
    countries = request.name.upper().split("-")
    for number, country in enumerate(countries):
        role: Role = "departure" if number == 0 else "destination" if number == len(countries) - 1 else "transit"
        if country in request.gateways:
            gateway, invented = request.gateways[country], False
        elif country in known:
            gateway, invented = known[country]
        else:
            gateway, invented = f"{country}DGD", True
            findings.append(_note("M473", gateway=gateway, country=country))
        yield Administration(gateway=gateway, country=country, role=role, invented=invented)


def _corridor(identifier: str, members: Sequence[Administration], request: Request) -> str:
    french, english = _titles(request)
    lines = [f"{MODELINE}../../../gateway/schema/corridor.json", f"# {request.comments.made}", 'format: "1"',
             f"id: {identifier}", f"name: {{fr: {in_braces(french)}, en: {in_braces(english)}}}", "administrations:"]
    for one in members:
        mark = ", invented: true" if one.invented else ""
        lines.append(f"  - {{gateway: {one.gateway}, country: {in_braces(one.country)}, role: {one.role}{mark}}}")
    return "\n".join([*lines, ""])


def _titles(request: Request) -> tuple[str, str]:
    plain = " – ".join(request.name.upper().split("-"))
    return request.titles or (plain, plain)


def _cusdec(identifier: str, base: Corridor, request: Request, search: Sequence[Path]) -> str:
    """The mapping of the nearest corridor under its new name, without its comments."""
    found = locate(f"corridors/{base.identifier}/cusdec", search)
    if found is None:
        raise LocalError(Finding(code="M476"))
    content = found[0].read_bytes()
    document, _ = parse_mapping(content, found[1])
    extends = document.extends.text if document.extends is not None else f"corridors/{base.identifier}/cusdec"
    french, english = (f"{what}, {name}" for what, name in zip(request.subject, _titles(request), strict=True))
    lines = [f"{MODELINE}../../../gateway/schema/mapping.json", f"# {request.comments.made}", 'format: "1"',
             f"id: corridors/{identifier}/cusdec", f"extends: {extends}", 'version: "1"',
             f"title: {{fr: {in_braces(french)}, en: {in_braces(english)}}}"]
    return "\n".join([*lines, *_sections(content, found[1]), ""])


def _sections(content: bytes, name: str) -> Iterator[str]:
    """The lines of a mapping file from its first key that is not about itself; those of its own keys left out."""
    root, _ = parse_document(content, name)
    if not isinstance(root, MappingNode):
        return
    lines = content.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    starts = [key.line for key, _ in root.items] + [len(lines) + 1]
    for number, (key, _) in enumerate(root.items):
        if key.text in _OWN_KEYS:
            continue
        for line in lines[starts[number] - 1:starts[number + 1] - 1]:
            if line.strip() and not line.startswith("#"):
                yield line


def _mapping(identifier: str, files: Mapping[str, str], search: Sequence[Path],
             findings: list[Finding]) -> MessageMapping | None:
    name = f"corridors/{identifier}/cusdec"
    try:
        return load_from(Beside(name, files[f"{name}.yaml"].encode("utf-8"), Folders(search)), name)
    except LocalError as error:
        findings.extend(error.findings)
        return None


def _dialect(request: Request, departure: Administration, search: Sequence[Path]) -> Proposal:
    assert request.sample is not None
    file, content = request.sample
    detected = detect(content, file)
    wish = Wish(f"{departure.gateway.lower()}/{detected.kind}", departure.country, request.comments)
    if any((folder / "dialects" / f"{wish.identifier}.yaml").is_file() for folder in search):
        raise LocalError(Finding(code="M461", values={"file": f"dialects/{wish.identifier}.yaml"}))
    return propose(detected, content, file, wish, search)


def _offices(records: Sequence[Tree], members: Sequence[Administration], known: Mapping[str, OfficeEntry],
             findings: list[Finding]) -> Iterator[OfficeEntry]:
    """The offices of the sample that no list has."""
    made: dict[str, OfficeEntry] = {}
    by_country = {member.country: member for member in members}
    for record in records:
        for term, role in _ROLES.items():
            held = record.get(term)
            for group in held if isinstance(held, list) else [held] if isinstance(held, dict) else []:
                code, name = str(group.get("code", "")), group.get("name")
                if not code or code in known or code in made:
                    continue
                member = by_country.get(code[:2]) or (members[0] if role in ("departure", "exit") else members[-1])
                made[code] = OfficeEntry(code=code, name=str(name or code), administration=member.gateway,
                                         country=member.country, roles=(role,), invented=True)
                findings.append(_note("M474", office=code, gateway=member.gateway, role=role,
                                      nearest=nearest(code, known)))
    yield from made.values()


def _office_list(offices: Sequence[OfficeEntry], request: Request) -> str:
    lines = [f"{MODELINE}../../gateway/schema/offices.json", f"# {request.comments.made}", 'format: "1"',
             f'version: "{request.name.lower()}-1"', "offices:"]
    lines.extend(f"  {in_braces(one.code)}: {{name: {in_braces(one.name)}, administration: {one.administration}, "
                 f"country: {in_braces(one.country)}, roles: [{', '.join(one.roles)}], invented: true}}"
                 for one in offices)
    return "\n".join([*lines, ""])


def _judged(record: Tree, mapping: MessageMapping, findings: list[Finding]) -> bool:
    """Tell whether the mapping can write a record; what is missing, and what the receiver would refuse, is noted."""
    whole = record if "mrn" in record else {**record, "mrn": TRIAL_MRN}  # a gateway gives one when it dispatches
    for failure in mapping.requirements(whole):
        findings.append(_gap("M478", rule=failure.rule, path=failure.path, fr=failure.fr, en=failure.en))
    try:
        mapping.to_message(whole)
    except LocalError as error:
        findings.extend(replace(one, severity=Severity.WARNING) for one in error.findings)
        return False
    return True


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each finding once, errors before gaps before guesses."""
    order = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    unique = {(one.code, one.place, tuple(one.values.items())): one for one in findings}
    return tuple(sorted(unique.values(), key=lambda one: order.index(one.severity)))


def _note(code: str, **values: str) -> Finding:
    return Finding(code=code, place=Place(), values=values, severity=Severity.NOTE)


def _gap(code: str, **values: str) -> Finding:
    return Finding(code=code, place=Place(path=values.get("path")), values=values, severity=Severity.WARNING)

"""A dialect for a sample of a national file: what an existing dialect already says, and what this file has otherwise.

The proposal is tried on the sample before it is shown: what the sample holds and the proposal cannot read is told. For
XML and JSON the dialect that reads the sample best is inherited as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.nodes import MappingNode, TextNode
from gateway.errors import LocalError
from gateway.findings import Finding, Place, Severity
from gateway.mapping.bench.beside import BesideShelf
from gateway.mapping.bench.detect import Detected, date_patterns
from gateway.mapping.bench.fixes import MODELINE
from gateway.mapping.bench.format import quoted
from gateway.mapping.bench.headings import Match, Shape, Use, fold, match, shapes, shortened
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_files import Folders, Kept, file_name, known_dialects
from gateway.mapping.dialect_load import load_spec
from gateway.mapping.dialect_source import Source
from gateway.references import Tree

ZONES = {
    "BF": "Africa/Ouagadougou", "BJ": "Africa/Porto-Novo", "CI": "Africa/Abidjan", "CM": "Africa/Douala",
    "CV": "Atlantic/Cape_Verde", "GH": "Africa/Accra", "GM": "Africa/Banjul", "GN": "Africa/Conakry",
    "GW": "Africa/Bissau", "LR": "Africa/Monrovia", "ML": "Africa/Bamako", "MR": "Africa/Nouakchott",
    "NE": "Africa/Niamey", "NG": "Africa/Lagos", "SL": "Africa/Freetown", "SN": "Africa/Dakar", "TD": "Africa/Ndjamena",
    "TG": "Africa/Lome"}
"""Country -> the zone of its clocks (IANA). Each of them has one."""

_FLAGS = (("OUI", "NON"), ("O", "N"), ("YES", "NO"), ("Y", "N"), ("VRAI", "FAUX"), ("TRUE", "FALSE"), ("1", "0"))
_PLAIN = re.compile(r"[^\W\d](?:[\w /.°'–-]*[\w.])?")
_WIDTH = 118
_KEYS = ("reference", "mrn", "national")


class Proposal(Struct, frozen=True):
    """A dialect file that nobody has written yet.

    identifier  ``bjdgd/csv``; the file is ``dialects/bjdgd/csv.yaml``
    text        its whole text
    dialect     the same, loaded; None when it cannot be, the findings then say why
    records     what it reads in the sample
    findings    notes on what was guessed, warnings on what is missing or cannot be read
    """

    identifier: str
    text: str
    dialect: Dialect | None
    records: tuple[Tree, ...]
    findings: tuple[Finding, ...]


class Comments(Struct, frozen=True):
    """What stands behind ``#`` in files that are made, in the language of who asked for them.

    made     first line; `guessed`, `missing` behind a heading that was taken for a column, or that has no place yet
    """

    made: str
    guessed: str
    missing: str


class Wish(Struct, frozen=True):
    """What the dialect is for: its identifier, the country of its administration, what its comments say."""

    identifier: str
    country: str
    comments: Comments


def propose(detected: Detected, content: bytes, file: str, wish: Wish, search: Sequence[Path]) -> Proposal:
    """A dialect for the sample. `file` is the sample's own name.

    Raises LocalError M477 when no dialect reads anything like it.
    """
    if detected.kind == "csv":
        return _tried(_csv(detected, file, wish, search), content, file, search)
    best: Proposal | None = None
    for base in _fitting(detected, search):
        draft = _inherited(base, detected, wish, search)
        if draft is None:
            continue
        tried = _tried(draft, content, file, search)
        if best is None or _unread(tried) < _unread(best):
            best = tried
    if best is None:
        raise LocalError(Finding(code="M477", place=Place(file=file), values={
            "kind": detected.kind, "root": detected.root or "-"}))
    return best


def _unread(tried: Proposal) -> tuple[bool, int]:
    """How badly a proposal reads the sample."""
    return not tried.records, sum(one.code != "M470" for one in tried.findings)


def _fitting(detected: Detected, search: Sequence[Path]) -> list[str]:
    """The dialects that have a part of that kind, and of XML with that root; those that inherit from nobody first."""
    shelf = Folders(search)
    found = []
    for identifier in known_dialects(search):
        kept = shelf.find(file_name(identifier))
        try:
            source = Source(kept, shelf) if kept is not None else None
        except LocalError:
            continue  # lint tells
        if source is None:
            continue
        parts = [node for _, node in source.entries(source.root.get("parts")) if isinstance(node, MappingNode)]
        if any(_word(node, "kind") == detected.kind and _word(node, "root") in ("", detected.root) for node in parts):
            found.append((_word(source.root, "extends") != "", identifier))
    return [identifier for _, identifier in sorted(found)]


def _word(node: MappingNode, key: str) -> str:
    value = node.get(key)
    return value.text if isinstance(value, TextNode) else ""


def _inherited(base: str, detected: Detected, wish: Wish, search: Sequence[Path]) -> Proposal | None:
    """An heir of a dialect of declarations; None for every other dialect."""
    try:
        dialect = load_dialect(base, search)
    except LocalError:
        return None  # lint tells
    if dialect.kind != "declaration":
        return None
    lines = [*_head(wish, base), ""]
    return Proposal(wish.identifier, "\n".join(lines), None, (), detected.guesses)


def _head(wish: Wish, base: str) -> Iterator[str]:
    yield f"{MODELINE}../../../gateway/schema/dialect.json"
    yield f"# {wish.comments.made}"
    yield 'format: "1"'
    yield f"id: {wish.identifier}"
    yield f"extends: {base}"
    if wish.country in ZONES:
        yield f"zone: {ZONES[wish.country]}"


def _csv(detected: Detected, file: str, wish: Wish, search: Sequence[Path]) -> Proposal:
    """An heir of the CSV dialect that knows most of the headings."""
    known = shapes(search)
    if not known:
        raise LocalError(Finding(code="M477", place=Place(file=file), values={"kind": "csv", "root": "-"}))
    scored = [(sum(one.sure for one in found), len(found), shape.identifier.startswith("generic/"), -number)
              for number, shape in enumerate(known)
              for found in [match(detected.headings, shape, [other for other in known if other is not shape])]]
    base = known[-max(scored)[3]]
    matches = match(detected.headings, base, [other for other in known if other is not base])
    findings = [*detected.guesses]
    if wish.country not in ZONES:
        findings.append(_note("M479", file, country=wish.country))
    findings.extend(_told(detected, base, matches, file))
    group = _group(base, matches)
    overrides = _Overrides(detected, base, file, findings)
    for one in matches:
        overrides.look(one)
    ending = Path(file).suffix or ".csv"
    part = ["parts:", f"  {base.part}:", *([] if ending == ".csv" else [f'    file: "{{stem}}{ending}"']),
            f"    encoding: {detected.encoding}", f'    mark: "{"yes" if detected.mark else "no"}"',
            f"    delimiter: {quoted_mark(detected.delimiter)}", f"    decimal: {quoted_mark(detected.decimal)}"]
    if detected.totals:
        part.append(f"    totals: {quoted(detected.totals)}")
    if group != list(base.group):
        part.append(f"    group: [{', '.join(group)}]")
    lines = [*_head(wish, base.identifier), *part, *_columns(detected, base, matches, wish.comments),
             *overrides.lines(), ""]
    return Proposal(wish.identifier, "\n".join(lines), None, (), tuple(findings))


def quoted_mark(mark: str) -> str:
    """A delimiter or decimal mark between quotes."""
    return '"\\t"' if mark == "\t" else f'"{mark}"'


def _columns(detected: Detected, base: Shape, matches: Sequence[Match], comments: Comments) -> list[str]:
    """The headings that are not already those the base writes: sure ones, guessed ones, those without a place."""
    by_heading = {one.heading: one for one in matches}
    sure: list[str] = []
    guessed: list[str] = []
    missing: list[str] = []
    for heading in filter(None, detected.headings):
        found = by_heading.get(heading)
        if found is None:
            missing.append(f"{_name(heading, base)}: {in_braces(heading)}")
        elif not found.sure or base.columns[found.column][0] != heading:
            (sure if found.sure else guessed).append(f"{found.column}: {in_braces(heading)}")
    groups = [("", sure), (comments.guessed, guessed), (comments.missing, missing)]
    return _braces("    columns:", [(comment, entries) for comment, entries in groups if entries])


def _braces(key: str, groups: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Entries in braces over as many lines as they need; each group begins a line, under its comment."""
    if not groups:
        return []
    lines = [f"{key} {{"]
    for number, (comment, entries) in enumerate(groups):
        if comment:
            lines.append(f"      # {comment}")
        row = "      "
        for place, entry in enumerate(entries):
            last = number == len(groups) - 1 and place == len(entries) - 1
            piece = entry + ("}" if last else ",")
            if row.strip() and len(row) + len(piece) > _WIDTH:
                lines.append(row.rstrip())
                row = "      "
            row += piece + " "
        lines.append(row.rstrip())
    return lines


def _told(detected: Detected, base: Shape, matches: Sequence[Match], file: str) -> Iterator[Finding]:
    """What was guessed of the headings, and which have no place."""
    by_heading = {one.heading: one for one in matches}
    for heading in filter(None, detected.headings):
        found = by_heading.get(heading)
        if found is None:
            yield _gap("M470", file, heading=_shown(heading))
        elif not found.sure:
            use = base.uses.get(found.column)
            yield _note("M469", file, heading=_shown(heading), term=use.term if use is not None else "-")


def _group(base: Shape, matches: Sequence[Match]) -> list[str]:
    """The columns that name a declaration whose header is repeated: those of the base, else the first key."""
    columns = [one.column for one in matches]
    return list(base.group) if all(one in columns for one in base.group) else [
        one for one in _KEYS if one in columns][:1]


def in_braces(text: str) -> str:
    """A text as it may stand inside braces: between quotes where a sign in it might end it."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _name(heading: str, base: Shape) -> str:
    name = "_".join(fold(heading).split()) or "column"
    return f"{name}_x" if name in base.columns else name


def _shown(heading: str) -> str:
    return " ".join(heading.split())


class _Overrides:
    """What the cells of the sample need otherwise than the base has it: forms of dates, flags, words of code tables."""

    def __init__(self, detected: Detected, base: Shape, file: str, findings: list[Finding]) -> None:
        self._detected, self._base, self._file, self._findings = detected, base, file, findings
        self._places: dict[str, str] = {}
        self._codes: dict[str, dict[str, list[str]]] = {}

    def lines(self) -> Iterator[str]:
        """Sections ``codes`` and ``places``, where there is something to say."""
        if self._codes:
            yield "codes:"
            for table, words in self._codes.items():
                told = ", ".join(f"{ours}: [{', '.join(map(quoted, texts))}]" for ours, texts in words.items())
                yield f"  {table}: {{{told}}}"
        if self._places:
            yield "places:"
            yield from (f"  {term}: {place}" for term, place in self._places.items())

    def look(self, one: Match) -> None:
        """Hold the cells under a heading against the format of its column."""
        use = self._base.uses.get(one.column)
        texts = list(dict.fromkeys(self._detected.column(one.heading)))
        if use is None or not use.format or not texts:
            return
        name, _, argument = use.format.partition(" ")
        if name in ("date", "moment"):
            self._date(one, use, argument, texts)
        elif name == "flag":
            self._flag(one, use, argument.split(), texts)
        elif name == "code":
            self._code(one, argument, texts)

    def _date(self, one: Match, use: Use, argument: str, texts: Sequence[str]) -> None:
        """A day, or a moment, whose cells may tell the time of day or not."""
        name = use.format.split()[0]
        mark = "T" if any("T" in text for text in texts) else " "
        days = [text.partition(mark)[0] for text in texts] if name == "moment" else texts
        fitting = date_patterns(days)
        if argument.split("HH")[0].rstrip(" T") in fitting and (mark == " " or "T" in argument):
            return
        if not fitting or not use.alone:
            self._findings.append(_gap("M472", self._file, heading=_shown(one.heading), value=texts[0],
                                       format=use.format))
            return
        if len(fitting) > 1:
            self._findings.append(_note("M468", self._file, heading=_shown(one.heading), pattern=fitting[0],
                                        other=fitting[1]))
        self._place(one, use, f"{name} {fitting[0]}" + (f"{mark}HH:mm(:ss)" if name == "moment" else ""))

    def _flag(self, one: Match, use: Use, words: Sequence[str], texts: Sequence[str]) -> None:
        if set(texts) <= set(words):
            return
        pair = next((pair for pair in _FLAGS if {text.upper() for text in texts} <= set(pair)), None)
        written = pair if pair is None or set(texts) <= set(pair) else (pair[0].lower(), pair[1].lower())
        if written is None or not set(texts) <= set(written) or not use.alone:
            self._findings.append(_gap("M472", self._file, heading=_shown(one.heading), value=texts[0],
                                       format=use.format))
            return
        self._place(one, use, f"flag {written[0]} {written[1]}")

    def _code(self, one: Match, table: str, texts: Sequence[str]) -> None:
        known = self._base.codes.get(table, {})
        if "others" in known.values():
            return
        alike = {fold(word): ours for word, ours in known.items()} | {fold(ours): ours for ours in known.values()}
        for text in texts:
            if text in known:
                continue
            ours = alike.get(fold(text)) or next((ours for word, ours in alike.items()
                                                  if shortened(word, fold(text))), None)
            if ours is None:
                self._findings.append(_gap("M471", self._file, heading=_shown(one.heading), word=text, table=table,
                                           known=", ".join(dict.fromkeys(known.values()))))
                continue
            others = [word for word, meant in known.items() if meant == ours]
            self._codes.setdefault(table, {}).setdefault(ours, [text, *others])
            self._findings.append(_note("M481", self._file, heading=_shown(one.heading), word=text, ours=ours))

    def _place(self, one: Match, use: Use, form: str) -> None:
        self._places[use.term] = f"{self._base.part} {one.column} | {form}"


def _tried(draft: Proposal, content: bytes, file: str, search: Sequence[Path]) -> Proposal:
    """The proposal, loaded and tried on the sample."""
    own = Kept(file_name(draft.identifier), f"dialects/{draft.identifier}.yaml", draft.text.encode("utf-8"))
    try:
        dialect = Dialect(load_spec(own, draft.identifier, BesideShelf(own, Folders(search))))
    except LocalError as error:
        return replace(draft, findings=(*draft.findings, *error.findings))
    reading = dialect.read({Path(file).name: content})
    known = {finding.values.get("word") for finding in draft.findings}
    told = [replace(finding, severity=Severity.WARNING) for refused in reading.refused for finding in refused.findings
            if not (finding.code == "D104" and finding.values["value"] in known)]
    told.extend(_gap("M480", waiting.file, part=waiting.lacks) for waiting in reading.waiting)
    if not reading.refused and _reads_xml(dialect, file):
        told.extend(_gap("M470", file, heading=place.locator or "-")
                    for place in dialect.unread(Path(file).name, content)[:50])
    return replace(draft, dialect=dialect, records=tuple(record.tree for record in reading.records),
                   findings=(*draft.findings, *told))


def _reads_xml(dialect: Dialect, file: str) -> bool:
    """Tell whether a file of that name is one in which a dialect may leave something unread."""
    return file.lower().endswith(".xml") and any(pattern.endswith(".xml") for pattern in dialect.matches)


def _note(code: str, file: str, **values: str) -> Finding:
    return Finding(code=code, place=Place(file=file), values=values, severity=Severity.NOTE)


def _gap(code: str, file: str, **values: str) -> Finding:
    return Finding(code=code, place=Place(file=file), values=values, severity=Severity.WARNING)



"""`edi map test --exchange`: national files over a corridor and its answers back, without partner, mailbox, ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.cli.context import emit, emit_json, language, occasion, t, tell
from gateway.errors import LocalError
from gateway.exchange.loopback import Dialects, Exchange, exchange
from gateway.findings import Finding, has_errors
from gateway.mapping import Corridor, load_corridors
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_files import known_dialects
from gateway.texts import sentence

_NEUTRAL, _EVENTS = "neutral/json", "neutral/event-json"
_LARGEST = 32 << 20
BESIDE = "samples"
"""The folder in that of a corridor in which its national samples lie, each dialect's in a folder of its own name."""


def exchange_all(names: Sequence[str], search: Sequence[Path], paths: Sequence[Path], dialect: str | None,
                 as_json: bool) -> bool:
    """Let the files go over each corridor that is named; tell whether everything was accepted.

    names   identifiers of mappings: those of corridors count
    paths   national files, or folders of them; none: the samples beside the corridor
    dialect what reads them; None: the one of the departure's dialects that understands most of them

    Raises LocalError: M451 where no dialect understands a file, M452 where there are no files, C001.
    """
    corridors = load_corridors(search)
    verdicts: list[bool] = []
    for identifier in dict.fromkeys(name.split("/")[1] for name in names if name.startswith("corridors/")):
        corridor = corridors.named(identifier)
        sets = [(dialect, _files(paths))] if paths else list(_beside(identifier, search))
        if not sets:
            raise LocalError(Finding(code="M452", values={"corridor": identifier}))
        for named, files in sets:
            sender = _sender(corridor, files, named, search)
            dialects = Dialects(sent=sender, received=_receiver(corridor, search),
                                answered=load_dialect(_EVENTS, search))
            done = exchange(corridors, corridor, files, dialects, occasion().now)
            (_show_json if as_json else _show)(corridor, dialects, done)
            verdicts.append(done.accepted and not has_errors(done.findings))
    if as_json:
        emit_json("summary", {"count": len(verdicts), "failed": verdicts.count(False)})
    return all(verdicts)


def _files(paths: Sequence[Path]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in paths:
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file() and not file.name.startswith("."):
                found[file.name] = content_of(file)
    return found


def content_of(file: Path) -> bytes:
    """The bytes of a national file, cut behind the largest that is read. Raises LocalError C001."""
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST + 1)
    except OSError as error:
        raise LocalError(Finding(code="C001", values={"file": str(file), "reason": error.strerror or str(error)}))


def _beside(corridor: str, search: Sequence[Path]) -> list[tuple[str | None, dict[str, bytes]]]:
    """The national samples in the folder of a corridor: dialect and files."""
    known = known_dialects(search)
    for folder in search:
        samples = folder / "corridors" / corridor / BESIDE
        found = [(identifier, _files([samples / identifier])) for identifier in known
                 if (samples / identifier).is_dir()]
        if found:
            return [(identifier, files) for identifier, files in found if files]
    return []


def _sender(corridor: Corridor, files: Mapping[str, bytes], named: str | None, search: Sequence[Path]) -> Dialect:
    """The dialect that is named, else the one of the departure's, or a neutral one, that reads most records."""
    if named is not None:
        return load_dialect(named, search)
    own = f"{corridor.administrations[0].gateway.lower()}/"
    candidates = [load_dialect(one, search) for one in known_dialects(search) if one.startswith(own)]
    candidates.append(load_dialect(_NEUTRAL, search))
    read = [(len(one.read(files).records), -number) for number, one in enumerate(candidates)
            if one.kind == "declaration"]
    most, place = max(read)
    if not most:
        raise LocalError(Finding(code="M451", values={"files": ", ".join(files) or "-", "dialects": ", ".join(
            one.identifier for one in candidates)}))
    return candidates[-place]


def _receiver(corridor: Corridor, search: Sequence[Path]) -> Dialect:
    """What the destination's national system reads: its own dialect of files where it has one, else the neutral one."""
    own = f"{corridor.administrations[-1].gateway.lower()}/"
    candidates = [load_dialect(one, search) for one in known_dialects(search) if one.startswith(own)]
    return next((one for one in candidates if one.kind == "declaration" and one.view is None),
                load_dialect(_NEUTRAL, search))


def _show(corridor: Corridor, dialects: Dialects, done: Exchange) -> None:
    members = corridor.administrations
    emit(t("map.exchange.title", corridor=corridor.identifier, sender=members[0].gateway,
           receiver=members[-1].gateway, sent=dialects.sent.identifier, received=dialects.received.identifier))
    for key, number, size in (("records", len(done.records), None), ("wire", None, len(done.wire)),
                              ("contrl", None, len(done.contrl)), ("received", len(done.received), None),
                              ("answer", None, len(done.answer))):
        if number or size:
            emit("  " + t(f"map.exchange.{key}", n=number or size))
    for name in done.national:
        emit("  " + t("map.exchange.national", file=name))
    for word in done.words:
        emit("  " + t("map.exchange.word", word=word))
    for name in done.national_answer:
        emit("  " + t("map.exchange.national_answer", file=name))
    emit("  " + t("map.exchange.accepted" if done.accepted else "map.exchange.not_accepted"))
    tell(done.findings)


def _show_json(corridor: Corridor, dialects: Dialects, done: Exchange) -> None:
    emit_json("map_exchange", {
        "corridor": corridor.identifier, "sent": dialects.sent.identifier, "received": dialects.received.identifier,
        "records": len(done.records), "wire": done.wire.decode("latin-1"), "contrl": done.contrl.decode("latin-1"),
        "read": len(done.received), "national": list(done.national), "words": done.words,
        "answer": done.answer.decode("latin-1"), "national_answer": list(done.national_answer),
        "accepted": done.accepted,
        "findings": [{"severity": one.severity.value, "code": one.code, "file": one.place.file, "line": one.place.line,
                      "path": one.place.path, "text": one.values.get(language().value) or sentence(one, language())}
                     for one in done.findings]})

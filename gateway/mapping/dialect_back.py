"""National files out: a record written anew, or put onto the files the national side already has.

Onto existing files only the difference is written: what the dialect says of the record as those files hold it, against
what it says of the record now. What did not change is not touched, so a file whose record stayed the same is the same
byte for byte, and what the national system added beside it stays. Who writes reads again: a record that would not come
back is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping import dialect_equipment
from gateway.mapping.dialect_canonical import write_canonical
from gateway.mapping.dialect_formats import Misfit
from gateway.mapping.dialect_level import Writing, leaves, spread
from gateway.mapping.dialect_load import Spec
from gateway.mapping.dialect_parts import JsonCodec, Piece
from gateway.mapping.dialect_reader import ReaderCodec
from gateway.mapping.dialect_record import Assembled, assemble
from gateway.mapping.dialect_rest import write_rest
from gateway.records.json import Json, write_json
from gateway.records.json_patch import patch_json
from gateway.records.nodes import FILE_LIMIT, Values
from gateway.references import Path, Scalar, Tree


def write_new(spec: Spec, tree: Tree, stem: str) -> dict[str, bytes]:
    """The files of a record, as if there had been none. Raises LocalError D201 to D203; R047 for a plug-in's files."""
    if spec.canonical:
        codec = spec.parts[0].codec
        if isinstance(codec, ReaderCodec):
            codec.write({})  # a plug-in writes nothing: R047
        assert isinstance(codec, JsonCodec)
        return {spec.parts[0].file.replace("{stem}", stem): write_json(_canonical(spec, tree), lines=codec.lines)}
    values = _values(spec, dialect_equipment.split(tree) if spec.equipment else tree)
    made = {}
    for part in spec.parts:
        try:
            made[part.file.replace("{stem}", stem)] = part.codec.write(values[part.name])
        except Misfit as misfit:
            raise _uncarried(spec, misfit)
    return made


def write_onto(spec: Spec, tree: Tree, stem: str, onto: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a record, written onto files that hold an older state of it.

    Raises LocalError: as `write_new`, and D204 (no record there, or several), D205 (it would not come back), and what
    reading those files refuses.
    """
    group, contents = _only_record(spec, onto)
    before = assemble(spec, group)
    if before.findings:
        raise LocalError(*before.findings)
    if any(isinstance(part.codec, ReaderCodec) for part in spec.parts):
        return write_new(spec, tree, stem)
    if spec.canonical:
        made = {spec.parts[0].file.replace("{stem}", stem): _own_names(spec, tree, before, contents)}
        _comes_back(spec, tree, made)
        return made
    old, new = _values(spec, _national(spec, before.tree, before)), _values(spec, _national(spec, tree, before))
    made = {}
    for part in spec.parts:
        node = before.scope[part.name]
        try:
            made[part.file.replace("{stem}", stem)] = contents[part.name] if old[part.name] == new[part.name] else \
                part.codec.patch(node, before.reading.members, old[part.name], new[part.name])
        except Misfit as misfit:
            raise _uncarried(spec, misfit)
    _comes_back(spec, tree, made)
    return made


def _own_names(spec: Spec, tree: Tree, before: Assembled, contents: Mapping[str, bytes]) -> bytes:
    """The one file of a dialect in the record's own names."""
    part = spec.parts[0]
    old, new = _canonical(spec, before.tree), _canonical(spec, tree)
    codec = part.codec
    assert isinstance(codec, JsonCodec)
    return contents[part.name] if old == new else patch_json(before.scope[part.name], old, new, lines=codec.lines)


def _canonical(spec: Spec, tree: Tree) -> dict[str, Json]:
    try:
        return write_canonical(tree, spec.coded)
    except Misfit as misfit:
        raise LocalError(Finding(code=misfit.code, values=misfit.values))


def _only_record(spec: Spec, files: Mapping[str, bytes]) -> tuple[list[Piece], dict[str, bytes]]:
    """The pieces of the one record that files hold, and the content of each part. Raises LocalError D204, or what
    reading refuses."""
    group: list[Piece] = []
    contents: dict[str, bytes] = {}
    for file, content in files.items():
        part = next((part for part in spec.parts if part.fits(file)), None)
        if part is not None:
            group.extend(part.pieces(content, file, FILE_LIMIT))
            contents[part.name] = content
    if sorted(piece.part for piece in group) != sorted(part.name for part in spec.parts) \
            or len({piece.key for piece in group}) != 1:
        raise LocalError(Finding(code="D204", place=Place(file=", ".join(files)), values={
            "found": str(len(group)), "parts": ", ".join(part.name for part in spec.parts)}))
    return group, contents


def _national(spec: Spec, tree: Tree, before: Assembled) -> Tree:
    """The tree in the terms of the national side. Equipment that did not change keeps the lines it had there, whose
    order is nobody's business but the national system's."""
    if not spec.equipment:
        return tree
    if before.equipment is None or not _same_equipment(tree, before.tree):
        return dialect_equipment.split(tree)
    made: Tree = {name: value for name, value in tree.items() if name != "equipment"}
    items = tree.get("items")
    if isinstance(items, list):
        made["items"] = [{name: value for name, value in item.items() if name != "containers"} for item in items]
    return {**made, **before.equipment}


def _same_equipment(tree: Tree, other: Tree) -> bool:
    return tree.get("equipment") == other.get("equipment") and _containers(tree) == _containers(other)


def _containers(tree: Tree) -> list[object]:
    items = tree.get("items", [])
    assert isinstance(items, list)
    return [item.get("containers") for item in items]


def _values(spec: Spec, tree: Tree) -> dict[str, Values]:
    """What the parts say of a record. Raises LocalError D201."""
    drafts: dict[str, Values] = {part.name: {} for part in spec.parts}
    writing = Writing()
    spec.root.write(tree, drafts, "", writing)
    if writing.rest:
        if spec.rest is None:
            raise LocalError(*(Finding(code="D201", place=Place(path=path), values={
                "value": str(value)[:80], "dialect": spec.identifier}) for path, value in writing.rest.items()))
        drafts[spec.rest.part][spec.rest.key] = write_rest(writing.rest)
    return drafts


def _uncarried(spec: Spec, misfit: Misfit) -> LocalError:
    return LocalError(Finding(code=misfit.code, values={**misfit.values, "dialect": spec.identifier},
                              place=Place(locator=misfit.values.get("locator"))))


def _comes_back(spec: Spec, tree: Tree, files: Mapping[str, bytes]) -> None:
    """Read what was written. Raises LocalError D205 for each value that is not the record's."""
    group, _ = _only_record(spec, files)
    after = assemble(spec, group)
    if after.findings:
        raise LocalError(*after.findings)
    if after.tree == tree:
        return
    wanted, found = _paths(tree), _paths(after.tree)
    paths: Sequence[Path] = [path for path in dict.fromkeys((*wanted, *found)) if wanted.get(path) != found.get(path)]
    raise LocalError(*(Finding(code="D205", place=Place(path=path), values={
        "value": str(wanted.get(path, "-"))[:80], "found": str(found.get(path, "-"))[:80]}) for path in paths))


def _paths(tree: Tree) -> dict[Path, Scalar]:
    made: dict[Path, Scalar] = {}
    for term, value in leaves(tree, ""):
        spread(value, term, made)
    return made

"""The settings with all their partners: every file read, every fault of every file at once.

A run must not stop because the file of one partner is broken (EXPERIENCE 3.7), so such a partner is set aside with its
findings; a person who checks the settings sees everything.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict

from gateway.config.faults import by_place
from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.partner import Partner
from gateway.config.settings import SettingsFile, sqlite_address
from gateway.config.validation import folder_of, place_at, read_model
from gateway.errors import LocalError
from gateway.findings import Finding, Place


class Settings(SettingsFile):
    """Everything that people decided about this gateway.

    ledger            address of the database, absolute
    partners          gateway id -> partner, those that are in order
    broken_partners   file stem, which is the gateway id -> what is wrong with the file, sorted by place
    file              the settings file, absolute
    origins           where each value that was written stands: ``limits.run``, ``partners.BFDGD.mailbox.inbound.path``
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)  # findings and places are put in, not read

    ledger: str
    partners: dict[str, Partner]
    broken_partners: dict[str, tuple[Finding, ...]]
    file: Path
    origins: dict[str, Place]

    @property
    def folder(self) -> Path:
        """The folder of the settings file."""
        return self.file.parent


@dataclass
class _PartnerFile:
    """One file of the partners' folder, as far as it could be read."""

    path: Path
    shown: str
    partner: Partner | None
    node: Node | None
    findings: list[Finding]

    def blame(self, code: str, location: tuple[str | int, ...], **values: str) -> None:
        """Add a finding at a value of this file."""
        assert self.node is not None
        self.findings.append(Finding(code=code, place=place_at(self.node, location, self.shown), values=values))


def load_settings(path: Path, *, partners: bool = True, strict: bool = False) -> Settings:
    """Read a settings file and the files of all partners, ``*.yaml`` in its partners' folder.

    path      the settings file; relative paths in a file start at the folder of that file
    partners  False: read the settings file only, before there is any partner
    strict    True: a broken partner is an error too; else it stands in `Settings.broken_partners` and is left out of
              `Settings.partners`, so that the others run on

    Raises LocalError with all faults of all files, sorted by file and place, when the settings file is broken.
    """
    shown = os.fspath(path)
    file, node, findings = read_model(path, SettingsFile, shown)
    if file is None or node is None:
        others = _read_partners(_partners_folder(node, path), path) if partners else []
        raise LocalError(*findings, *by_place([finding for one in others for finding in one.findings]))
    folder = file.paths.partners
    if partners and not folder.is_dir() and "partners" in file.paths.model_fields_set:
        raise LocalError(Finding(code="S083", place=place_at(node, ("paths", "partners"), shown),
                                 values={"path": str(folder)}))
    files = _read_partners(folder, path) if partners else []
    _check_together(file, files)
    broken = {one.path.stem: tuple(by_place(one.findings)) for one in files if one.findings}
    if broken and strict:
        raise LocalError(*by_place([finding for one in broken.values() for finding in one]))
    origins = dict(_origins(node, shown))
    sound = {}
    for one in files:
        if one.partner is not None and one.node is not None and not one.findings:
            sound[one.partner.partner] = one.partner
            origins.update({f"partners.{one.partner.partner}.{key}": place
                            for key, place in _origins(one.node, one.shown)})
    values = {name: getattr(file, name) for name in SettingsFile.model_fields}
    values["ledger"] = file.ledger or sqlite_address(file.paths.state / "ledger.sqlite")
    return Settings.model_construct(file.model_fields_set, **values, partners=sound, broken_partners=broken,
                                    origins=origins, file=folder_of(path) / path.name)


def _partners_folder(node: Node | None, settings: Path) -> Path:
    """Where the partners are, as far as a broken settings file tells."""
    paths = node.get("paths") if isinstance(node, MappingNode) else None
    written = paths.get("partners") if isinstance(paths, MappingNode) else None
    return folder_of(settings) / (written.text if isinstance(written, TextNode) and written.text else "partners")


def _read_partners(folder: Path, settings: Path) -> list[_PartnerFile]:
    """Every partner's file, in the order of their names. A folder that is not there holds none."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        shown = _shown(path, settings)
        partner, node, findings = read_model(path, Partner, shown)
        found.append(_PartnerFile(path, shown, partner, node, findings))
    return found


def _shown(path: Path, settings: Path) -> str:
    """A path as a person would type it who typed the path of the settings file."""
    home = folder_of(settings)
    return os.fspath(settings.parent / path.relative_to(home)) if path.is_relative_to(home) else os.fspath(path)


def _check_together(settings: SettingsFile, files: list[_PartnerFile]) -> None:
    """What only the settings and all partners together show. Findings go to the partner's file to blame."""
    names: dict[str, _PartnerFile] = {}
    parties: dict[str, _PartnerFile] = {}
    for one in files:
        partner = one.partner
        if partner is None:
            continue
        if partner.partner == settings.gateway:
            one.blame("S074", ("partner",), partner=partner.partner)
        elif one.path.stem != partner.partner:
            one.blame("S078", ("partner",), partner=partner.partner, file=one.path.name)
        if partner.environment not in (None, settings.environment):
            one.blame("S077", ("environment",), environment=str(partner.environment), ours=settings.environment)
        if partner.unb == settings.unb:
            one.blame("S086", ("unb", "identifier"), value=partner.unb.identifier)
        _once(names, partner.partner, one, "S075", ("partner",))
        _once(parties, f"{partner.unb.identifier}:{partner.unb.qualifier}", one, "S076", ("unb", "identifier"))


def _once(seen: dict[str, _PartnerFile], value: str, one: _PartnerFile, code: str, location: tuple[str, ...]) -> None:
    """Blame both files when two hold the same value: which of them is right, only a person knows."""
    first = seen.setdefault(value, one)
    if first is not one:
        one.blame(code, location, value=value, other=first.shown)
        first.blame(code, location, value=value, other=one.shown)


def _origins(node: Node, file: str, path: str = "") -> list[tuple[str, Place]]:
    """Every scalar of a file: its path, with ordinals from 1, and its place."""
    if isinstance(node, TextNode):
        return [(path, Place(file=file, line=node.line, column=node.column))]
    if isinstance(node, SequenceNode):
        return [found for ordinal, value in enumerate(node.items, 1)
                for found in _origins(value, file, f"{path}[{ordinal}]")]
    return [found for key, value in node.items
            for found in _origins(value, file, f"{path}.{key.text}" if path else key.text)]

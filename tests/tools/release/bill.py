"""The bill of materials: every distribution inside, with its licence and the SHA-256 of the file (CycloneDX 1.6)."""

from __future__ import annotations

import email.parser
import hashlib
import json
import uuid
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tests.tools.release.source import Source

_SPACE = uuid.UUID("5d4c7f4e-2f0c-5c25-9d5e-6a6f7a0e8d11")
"""Serial numbers are made from the digests of what they list, in this name space (RFC 9562, version 5)."""


def bill(source: Source, ours: Path, libraries: Sequence[Path]) -> str:
    """The bill as JSON, the same text for the same files."""
    main = _component(ours, ComponentType.APPLICATION)
    parts = [_component(wheel, ComponentType.LIBRARY) for wheel in libraries]
    digests = "".join(sorted(_digest(wheel) for wheel in [ours, *libraries]))
    made = Bom(components=parts, metadata=BomMetaData(component=main), serial_number=uuid.uuid5(_SPACE, digests))
    made.register_dependency(main, parts)
    said = json.loads(JsonV1Dot6(made).output_as_string())
    said["metadata"]["timestamp"] = _instant(source.epoch)
    return json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _component(wheel: Path, kind: ComponentType) -> Component:
    said = _metadata(wheel)
    name, version = str(said["Name"]), str(said["Version"])
    return Component(
        name=name, version=version, type=kind, bom_ref=f"{name}@{version}",
        purl=PackageURL("pypi", None, name.lower().replace("_", "-"), version),
        licenses=[DisjunctiveLicense(name=_licence(said))],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_digest(wheel))])


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA") and one.count("/") == 1)
        return email.parser.BytesParser().parsebytes(archive.read(name))


def _licence(said: Message) -> str:
    """What a distribution says of its own licence: the expression, else its classifiers, else the words."""
    classified = [str(line).rpartition(" :: ")[2] for line in said.get_all("Classifier", [])
                  if str(line).startswith("License :: ")]
    words = str(said.get("License", "")).strip().splitlines()
    return str(said.get("License-Expression", "")) or "; ".join(classified) or (words[0] if words else "not said")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _instant(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

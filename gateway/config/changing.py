"""A partner's file with another authority and other certificates, and everything else in it as people wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.config.nodes import MappingNode
from gateway.config.partner import Partner
from gateway.config.rendering import Value, section
from gateway.config.starting import AuthorityAnswers, CertificateAnswers
from gateway.config.validation import validate_node
from gateway.config.yaml import read_document
from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.texts import Language


def changed_trust(path: Path, *, authority: AuthorityAnswers | None, certificates: Sequence[CertificateAnswers],
                  language: Language) -> str:
    """The text of the partner's file `path` with these certificates, and this authority where one is given.

    Comments and order outside the two sections stay. Raises LocalError with the findings of a broken file, S091 when
    the file is written so that the two sections cannot be exchanged without touching others.
    """
    text = path.read_text("utf-8")
    before = _read(text, path)
    sections: dict[str, Value] = {"certificates": [one.values for one in certificates]}
    if authority is not None:
        sections["authority"] = authority.values(language)
    changed = _exchanged(text, sections, path, language)
    try:
        after = _read(changed, path)
        touched = any(getattr(after, name) != getattr(before, name)
                      for name in Partner.model_fields if name not in sections)
    except LocalError:
        touched = True
    if touched:
        raise LocalError(Finding(code="S091", place=Place(file=str(path)), values={"file": str(path)}))
    return changed


def _read(text: str, path: Path) -> Partner:
    return validate_node(read_document(text.encode("utf-8"), str(path)), Partner, str(path))


def _exchanged(text: str, sections: Mapping[str, Value], path: Path, language: Language) -> str:
    """The text with other lines for these keys of its outermost level."""
    node = read_document(text.encode("utf-8"), str(path))
    assert isinstance(node, MappingNode)
    lines = text.splitlines()
    starts = [key.line - 1 for key, _ in node.items]
    for key, start, end in reversed(list(zip((key.text for key, _ in node.items), starts, [*starts[1:], len(lines)],
                                             strict=True))):
        if key in sections:
            while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
                end -= 1  # what stands above the next key belongs to that one
            lines[start:end] = section(key, sections[key], Partner, language)
    return "\n".join(lines) + "\n"

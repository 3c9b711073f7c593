"""What the world of a campaign does to folders and to the files of partners."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path


def clear(folder: Path) -> None:
    """Take everything out of a folder, and leave the folder."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def pulled(partner: str, outbound: str, inbound: str) -> str:
    """A partner's file whose inbound mailbox is read with the account of the outbound one."""
    lines = partner.splitlines()
    sections = dict(_sections(lines))
    mailbox = [line.replace(outbound, inbound) for line in sections["outbound"]]
    start = lines.index("  inbound:")
    end = start + 1 + len(sections["inbound"])
    return "\n".join([*lines[:start + 1], *mailbox, *lines[end:]]) + "\n"


def agreed(partner: str, mode: str, compressed: bool) -> str:
    """A partner's file with another mode of both mailboxes, or with interchanges compressed."""
    lines: list[str] = []
    for line in partner.splitlines():
        if mode and line.startswith("    mode:"):
            continue
        lines.append(line)
        if mode and line.startswith("    kind:"):
            lines.append(f"    mode: {mode}")
        if compressed and line == "agreement:":
            lines.append("  gzip: yes")
    return "\n".join(lines) + "\n"


def _sections(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(lines):
        if line in ("  outbound:", "  inbound:"):
            below = []
            for later in lines[number + 1:]:
                if not later.startswith("    "):
                    break
                below.append(later)
            yield line.strip(" :"), below

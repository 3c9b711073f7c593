"""Packages that bring readers, installed for a test: a folder on the path with a module and its entry points.

    install(tmp_path, monkeypatch, "odd", "class Odd: ...", {"odd": "odd:Odd"})
"""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, code: str, points: Mapping[str, str],
            version: str = "1.0") -> None:
    """As pip would leave it: the module, and its distribution's metadata."""
    site = folder / f"site-{module}"
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{module}.py").write_text(textwrap.dedent(code), "utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: {version}\n", "utf-8")
    (info / "entry_points.txt").write_text("[edi_gateway.readers]\n" + "".join(
        f"{name} = {address}\n" for name, address in points.items()), "utf-8")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, module, raising=False)
    importlib.invalidate_caches()

"""Where mappings are looked for: settings, EDI_MAPPINGS, the checkout, then those packed with the gateway."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def search_path(settings_paths: Sequence[Path] = (), environment: Mapping[str, str] | None = None) -> list[Path]:
    """The folders in which mappings, dialects and code lists are looked for; the first that has one wins.

    settings_paths  ``paths.mappings`` of the settings
    environment     the process environment by default
    """
    folders = [*settings_paths, *named_folders(environment), _PACKAGE.parent / "mappings", _PACKAGE / "_mappings"]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def named_folders(environment: Mapping[str, str] | None = None) -> list[Path]:
    """The folders of EDI_MAPPINGS, separated there as in PATH; whether they exist is not asked."""
    variable = (os.environ if environment is None else environment).get("EDI_MAPPINGS", "")
    return [Path(part) for part in variable.split(os.pathsep) if part]

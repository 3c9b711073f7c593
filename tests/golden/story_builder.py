"""Write again what the stories of `samples/` give, or tell whether it is still true.

    python -m tests.golden.story_builder            write samples/*/steps and samples/settings
    python -m tests.golden.story_builder --check    exit 1 and a unified diff when something differs
"""

from __future__ import annotations

import difflib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.golden.story.scenarios import ALL, Scenario
from tests.golden.story.settings import KEPT, SETTINGS, settings_files
from tests.golden.story.telling import Files, tell


def held(scenario: Scenario) -> Files:
    """What stands in the checkout of a story's steps."""
    return _below(scenario.path, scenario.path / "steps")


def held_settings() -> Files:
    """What stands in the checkout of the settings, the certificates apart: they are made once."""
    return {name: content for name, content in _below(SETTINGS, SETTINGS).items() if not name.endswith(KEPT)}


def differences(expected: Files, found: Files, where: str) -> Iterator[str]:
    """A unified diff, file by file; segments stand on lines of their own. Nothing when both are the same."""
    for name in sorted(expected.keys() | found.keys()):
        was, now = found.get(name), expected.get(name)
        if was == now:
            continue
        yield from difflib.unified_diff(_lines(was, name), _lines(now, name), f"{where}/{name} (held)",
                                        f"{where}/{name} (made)", lineterm="")
        if was is not None and now is not None and _lines(was, name) == _lines(now, name):
            yield f"{where}/{name}: only line ends differ"


def _lines(content: bytes | None, name: str) -> list[str]:
    if content is None:
        return []
    if name.endswith(".edi"):
        return content.decode("iso8859-1").replace("'", "'\n").splitlines()
    return content.decode("utf-8", "backslashreplace").splitlines()


def _below(root: Path, folder: Path) -> Files:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file()}


def main(arguments: list[str]) -> int:
    """Write, or check."""
    found = [*(line for scenario in ALL
               for line in differences(tell(scenario), held(scenario), f"samples/{scenario.folder}")),
             *differences(settings_files(), held_settings(), "samples/settings")]
    if arguments == ["--check"]:
        print("\n".join(found) or "samples: as they are made")
        return 1 if found else 0
    if arguments:
        print(__doc__)
        return 2
    for scenario in ALL:
        shutil.rmtree(scenario.path / "steps", ignore_errors=True)
        _write(scenario.path, tell(scenario))
    _write(SETTINGS, settings_files())
    print(f"samples: {sum(line.startswith('+++') for line in found)} files differ from those held before")
    return 0


def _write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

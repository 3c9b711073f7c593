"""The compiled twin of the EDIFACT reader's inner loops, built for a Python where a C compiler and its headers are.

It is never needed: where it cannot be built, or the sources have changed since, the plain twin does the same work in
about twice the time. ``python3 -m gateway`` builds it into its environment; elsewhere, this file does when it is run:

    python -m gateway.launcher.compiled

Standard library alone; nothing of ours is imported but where the source lies.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

SOURCE = Path(__file__).absolute().parents[1] / "edifact" / "_core.c"
NAME = "_corridor_edifact"
OPTIONS = ("-O3", "-DNDEBUG", "-fPIC")
SECONDS = 120
"""Longer than any compiler needs for one file."""
_FACTS = (
    "import json, sysconfig; print(json.dumps([sysconfig.get_path('include'), sysconfig.get_path('platlib'), "
    "sysconfig.get_config_var('EXT_SUFFIX') or '', sysconfig.get_config_var('LDSHARED') or '']))"
)


def stamp(packages: Path) -> Path:
    """The file that says of which sources a try was made, and how it ended."""
    return packages / f"{NAME}.source"


def keep(python: Path | str, packages: Path) -> bool:
    """Build for a Python whose packages lie in `packages`, unless it was tried with these sources: whether it is there.

    A try that fails is not repeated, for it would be at every start; a new environment tries again.
    """
    if not SOURCE.is_file():
        return False
    wanted = digest()
    try:
        before, how = stamp(packages).read_text("utf-8").split()
    except (OSError, ValueError):
        before = how = ""
    if before != wanted:
        how = "plain" if build(python) is None else "compiled"
        with suppress(OSError):  # an environment that is not ours to write
            stamp(packages).write_text(f"{wanted} {how}\n", "utf-8")
    return how == "compiled"


def digest() -> str:
    """What the sources are."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()


def build(python: Path | str) -> Path | None:
    """Compile the module, put it among the packages of a Python, and load it there; None where any of it fails."""
    try:
        told = subprocess.run([str(python), "-I", "-c", _FACTS], capture_output=True, check=True, timeout=SECONDS)
        include, packages, suffix, linker = json.loads(told.stdout)
        if not suffix or not (Path(include) / "Python.h").is_file():
            return None
        command = _compiler(linker)
        if command is None:
            return None
        target = Path(packages) / f"{NAME}{suffix}"
        with tempfile.TemporaryDirectory(dir=packages, prefix=f".{NAME}-") as folder:
            made = Path(folder) / target.name
            call = [*command, *OPTIONS, f'-DSOURCE="{digest()}"', f"-I{include}", str(SOURCE), "-o", str(made)]
            subprocess.run(call, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=SECONDS)
            made.replace(target)
        root = str(SOURCE.parents[2])
        loads = f"import sys; sys.path.insert(0, {root!r}); import {NAME}"
        done = subprocess.run([str(python), "-I", "-c", loads], capture_output=True, check=False, timeout=SECONDS)
        if done.returncode:
            target.unlink(missing_ok=True)
            return None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return target


def _compiler(linker: str) -> list[str] | None:
    """The command that this Python's own modules are linked with, where it is there; else any C compiler."""
    words = shlex.split(linker)
    if words and shutil.which(words[0]):
        return words
    found = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    return [found, "-shared"] if found else None


if __name__ == "__main__":
    made = build(sys.executable)
    print(made or "plain: no C compiler, no Python headers, or no place to write")
    raise SystemExit(0 if made else 1)

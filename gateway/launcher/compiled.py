"""The compiled twin of the EDIFACT package's inner loops, built for a Python where a C compiler and its headers are.

It is never needed: where it cannot be built, or the sources have changed since, the plain twin does the same work in
about twice the time. ``python3 -m gateway`` builds it into its environment; elsewhere, this file does when it is run:

    python -m gateway.launcher.compiled

Standard library alone; a Python that loads the gateway is asked whether it takes what was built.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

SOURCE = Path(__file__).absolute().parents[1] / "edifact" / "_core.c"
NAME = "_corridor_edifact"
OPTIONS = ("-O3", "-DNDEBUG", "-fPIC", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2")
"""The module reads what partners send: the compiler's own guards stay on."""
SECONDS = 60
"""Longer than any compiler needs for one file."""
_FACTS = (
    "import json, sysconfig; print(json.dumps([sysconfig.get_path('include'), sysconfig.get_path('platlib'), "
    "sysconfig.get_config_var('EXT_SUFFIX') or '', sysconfig.get_config_var('LDSHARED') or '']))"
)
_TAKEN = "from gateway.edifact import core; raise SystemExit(core.COMPILED is None)"


class Cannot(Exception):
    """It cannot be built here, whenever it is tried: no compiler, no headers, a compiler that refuses. Says why."""


class NotNow(Exception):
    """It was not built this time: no space, no place to write, no answer within SECONDS. Says why."""


def stamp(packages: Path) -> Path:
    """The file that says of which sources and options the last try was made, and which file came of it."""
    return packages / f"{NAME}.source"


def keep(python: Path | str, packages: Path) -> bool:
    """Build for a Python whose packages lie in `packages`, unless that is done or cannot be: whether it is there.

    What cannot be done is tried again in a new environment only, for it would be at every start; what failed in passing
    is tried again the next time.
    """
    if not SOURCE.is_file():
        return False
    wanted = hashlib.sha256(SOURCE.read_bytes() + repr(OPTIONS).encode()).hexdigest()
    try:
        before, name = stamp(packages).read_text("utf-8").split()
    except (OSError, ValueError):
        before = name = ""
    if before == wanted and (name == "-" or (packages / name).is_file()):
        return name != "-"
    try:
        name = build(python).name
    except Cannot:
        name = "-"
    except NotNow:
        return False
    with suppress(OSError):  # an environment that is not ours to write
        stamp(packages).write_text(f"{wanted} {name}\n", "utf-8")
    return name != "-"


def taken(python: Path | str) -> bool:
    """Whether the gateway, run by this Python, takes the compiled twin."""
    loads = f"import sys; sys.path.insert(0, {str(SOURCE.parents[2])!r}); {_TAKEN}"
    try:
        return _run([str(python), "-I", "-c", loads])[0] == 0
    except NotNow:
        return False


def build(python: Path | str) -> Path:
    """Compile the module, put it among the packages of a Python, and see that the gateway takes it.

    Raises Cannot and NotNow.
    """
    if os.name != "posix":
        raise Cannot("built on POSIX systems only")
    status, told = _run([str(python), "-I", "-c", _FACTS])
    try:
        include, packages, suffix, linker = json.loads(told)
    except ValueError:
        raise Cannot(f"{python} ended with {status}: {_last(told)}") from None
    if not suffix or not (Path(include) / "Python.h").is_file():
        raise Cannot(f"no Python headers in {include}")
    target = Path(packages) / f"{NAME}{suffix}"
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    try:
        for left in Path(packages).glob(f".{NAME}-*"):  # of a launcher that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=packages, prefix=f".{NAME}-") as folder:
            made = Path(folder) / target.name
            status, told = _run([*compiler(linker), *OPTIONS, f'-DSOURCE="{digest}"', f"-I{include}", str(SOURCE),
                                 "-o", str(made)])
            if status:
                raise Cannot(_last(told)) if status > 0 else NotNow(f"the compiler was ended by signal {-status}")
            made.replace(target)
    except OSError as error:
        raise NotNow(str(error)) from None
    if not taken(python):
        target.unlink(missing_ok=True)
        raise Cannot("it was compiled, but does not load")
    return target


def compiler(linker: str) -> list[str]:
    """The command that this Python's own modules are linked with, where it is there; else any C compiler.

    Raises Cannot.
    """
    words = shlex.split(linker)
    if words and (found := shutil.which(words[0])):
        return [found, *words[1:]]
    other = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if other is None:
        raise Cannot("no C compiler")
    return [other, "-shared"]


def _run(command: list[str]) -> tuple[int, str]:
    """Status and output of a command; what it started ends with it. Raises NotNow."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, errors="replace", start_new_session=True)
    except OSError as error:
        raise NotNow(str(error)) from None
    with process:
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise NotNow(f"no answer within {SECONDS} s: {command[0]}") from None
    return process.returncode, output


def _last(output: str) -> str:
    return (output.strip().splitlines() or ["?"])[-1]


if __name__ == "__main__":
    try:
        print(build(sys.executable))
    except (Cannot, NotNow) as reason:
        print(f"plain: {reason}")
        raise SystemExit(1) from None

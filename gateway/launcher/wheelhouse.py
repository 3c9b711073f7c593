"""The wheelhouse: a folder of wheels, filled on a connected computer, used on one that has no index."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
import venv
from pathlib import Path

from gateway.launcher import index, pip
from gateway.launcher.folders import python_of
from gateway.launcher.words import Options, Stop

OLDEST_GLIBC = 28
"""Minor of the glibc 2 that the wheels must be content with (Debian 10, Red Hat 8)."""


def fill(options: Options) -> int:
    """``wheelhouse DIR``: every wheel of the locked list with pip, SHA256SUMS and a README. Raises Stop."""
    if len(options.rest) != 1:
        raise Stop(2, "launcher.usage")
    house = Path(options.rest[0]).absolute()
    version = options.given.get("--python") or "{}.{}".format(*sys.version_info[:2])
    machine = options.given.get("--platform") or platform.machine()
    house.mkdir(parents=True, exist_ok=True)
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(OLDEST_GLIBC, 4, -1)] + [f"manylinux2014_{machine}"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
        wanted = folder / "requirements.txt"
        wanted.write_text(pip.locked(options.given.get("--extra", "")) + index.REQUIREMENT, "utf-8")
        well, output = pip.find(options, python_of(folder), folder).run(
            "download", "--require-hashes", "--no-deps", "-r", str(wanted), "-d", str(house),
            "--python-version", version, *(word for tag in tags for word in ("--platform", tag)))
    if not well:
        pip.judge(options, output)
        raise Stop(4, "launcher.no_wheel", what=pip.missing(output), target=f"Python {version}, Linux {machine}",
                   verb="wheelhouse")
    wheels = sorted(house.glob("*.whl"))
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in wheels)
    (house / "SHA256SUMS").write_text(sums, "utf-8")
    readme = options.text("launcher.house_readme", version=version, machine=machine)
    (house / "README.txt").write_text(readme + "\n", "utf-8")
    options.say(sys.stderr, "launcher.house_filled", folder=house, number=len(wheels), version=version, machine=machine)
    return 0

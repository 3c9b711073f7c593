"""``python -m tests.tools.release --out DIR``: see the package."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tools.release.bill import bill
from tests.tools.release.debian import package
from tests.tools.release.source import CHANGELOG, ROOT, unpacked
from tests.tools.release.wheels import MACHINE, PYTHON, archive, library_wheels, locked_requirements, our_wheel

_README = """\
Every wheel that the gateway {version} needs on Python {python}, Linux {machine}. On the machine without a network:
    python3 -m venv /opt/edi-gateway
    /opt/edi-gateway/bin/python -m pip install --no-index --find-links . --require-hashes -r requirements.txt
"""


def main() -> int:
    """Make a release; 1 when the wheel is not the same twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.release")
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    parser.add_argument("--key", type=Path, help="Ed25519 key (PEM) that signs SHA256SUMS")
    parser.add_argument("--wheels", type=Path, help="folder that holds or will hold the wheels of the locked list")
    parser.add_argument("--commit", default="HEAD")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="edi-release-") as scratch:
        return release(Path(scratch), chosen.out.absolute(), chosen.key, chosen.wheels, chosen.commit, ROOT)


def release(work: Path, out: Path, key: Path | None, wheels: Path | None, commit: str, repository: Path) -> int:
    """See `main`. work: an empty folder; out: one that is there."""
    sources = [unpacked(work / name, repository=repository, commit=commit) for name in ("one", "two")]
    source, again = sources
    ours, same = (our_wheel(one, one.folder.with_name(f"{one.folder.name}-wheel")) for one in (source, again))
    if ours.read_bytes() != same.read_bytes():
        print("the wheel is not the same twice", file=sys.stderr)
        return 1
    libraries = library_wheels(wheels if wheels is not None else work / "wheels")
    lock = (source.folder / "gateway" / "requirements.lock").read_text("utf-8")
    stem = f"edi-gateway-{source.version}"

    shutil.copyfile(ours, out / ours.name)
    house = work / "house"
    house.mkdir()
    digest = hashlib.sha256(ours.read_bytes()).hexdigest()
    (house / "requirements.txt").write_text("".join(locked_requirements(lock, ours, digest)), "utf-8")
    (house / "README.txt").write_text(_README.format(version=source.version, python=PYTHON, machine=MACHINE), "utf-8")
    archive(out / f"{stem}-wheels-py{PYTHON}-{MACHINE}.tar", [ours, *libraries, *house.iterdir()],
            f"{stem}-wheels", source.epoch)
    package(source, [ours, *libraries], work / "debian", out / f"edi-gateway_{source.version}_amd64.deb")
    (out / f"{stem}.cdx.json").write_text(bill(source, ours, libraries), "utf-8")
    (out / "requirements.lock").write_text(lock, "utf-8")
    (out / "CHANGELOG.md").write_text((source.folder / CHANGELOG).read_text("utf-8"), "utf-8")
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(out.iterdir()))
    (out / "SHA256SUMS").write_text(sums, "ascii")
    if key is not None:
        subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(out / "SHA256SUMS"),
                        "-out", str(out / "SHA256SUMS.sig")], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

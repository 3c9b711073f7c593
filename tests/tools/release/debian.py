"""The Debian package: an environment of its own under /usr/lib, with every library in it; nothing is fetched or built
when it is installed.

Debian's rule against bundled libraries does not bind a package that a ministry installs from a stick: what was tested
together stays together. Settings, data and log have the folders of the house; the account ``edi`` owns them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tests.tools.release.source import Source
from tests.tools.release.wheels import PYTHON

HOME = "usr/lib/edi-gateway"
PROGRAMS = {"edi": "main", "edi-send": "main_send", "edi-receive": "main_receive", "edi-sync": "main_sync"}
_FOLDERS = ("/etc/edi-gateway", "/var/lib/edi-gateway", "/var/log/edi-gateway")
_CONTROL = """\
Package: edi-gateway
Version: {version}
Section: net
Priority: optional
Architecture: amd64
Depends: python3 (>= 3.11), python3 (<< 3.12), adduser
Recommends: openssl
Suggests: openssh-server
Installed-Size: {size}
Maintainer: The corridor gateway developers <noreply@example.org>
Description: customs administrations exchange transit data directly
 Reads the files of the national system, writes UN/EDIFACT CUSDEC and CUSRES,
 signs and encrypts them, exchanges them over SFTP mailboxes with partner
 gateways, and tracks every acknowledgement. Nothing runs until edi init and
 the administrator say so.
"""
_POSTINST = """\
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
getent passwd edi >/dev/null || adduser --system --group --home /var/lib/edi-gateway --no-create-home --quiet edi
for folder in {folders}; do
    [ -d "$folder" ] || install -d -m 0750 -o edi -g edi "$folder"
done
"""
_POSTRM = """\
#!/bin/sh
set -e
# Settings, keys, ledger and log are an administration's records: no removal of a program removes them.
[ "$1" = purge ] || exit 0
for folder in {folders}; do
    rmdir --ignore-fail-on-non-empty "$folder" 2>/dev/null || true
done
"""


def package(source: Source, wheels: Sequence[Path], work: Path, target: Path) -> None:
    """Write the package from our wheel and the libraries'. Raises CalledProcessError when dpkg-deb refuses it."""
    tree = work / "tree"
    home = tree / HOME
    libraries = home / "lib" / f"python{PYTHON}" / "site-packages"
    libraries.mkdir(parents=True)
    for wheel in wheels:
        if not wheel.name.startswith("pip-"):
            _unpack(wheel, libraries)
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to(f"/usr/bin/python{PYTHON}")
    _write(home / "pyvenv.cfg", f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n")
    for name, function in PROGRAMS.items():
        _write(home / "bin" / name, f"#!/{HOME}/bin/python3 -I\nimport sys\n\nfrom gateway.cli import {function}\n\n"
                                    f"sys.exit({function}())\n", 0o755)
        link = tree / "usr" / "bin" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../lib/edi-gateway/bin/{name}")
    _write(tree / "usr/share/doc/edi-gateway/copyright", (source.folder / "LICENSE").read_text("utf-8"))
    _manuals(source, libraries, tree / "usr/share/man", work)
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink()) // 1024
    folders = " ".join(_FOLDERS)
    _write(tree / "DEBIAN" / "control", _CONTROL.format(version=source.version, size=size))
    _write(tree / "DEBIAN" / "postinst", _POSTINST.format(folders=folders), 0o755)
    _write(tree / "DEBIAN" / "postrm", _POSTRM.format(folders=folders), 0o755)
    for path in [tree, *tree.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(target)], check=True,
                   capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(source.epoch), "LC_ALL": "C"})


def _unpack(wheel: Path, libraries: Path) -> None:
    """As an installer does, without what it adds for itself: purelib and platlib go together, programs stay out."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            parts = Path(entry.filename).parts
            if parts[0].endswith(".data"):
                if parts[1] not in ("purelib", "platlib"):
                    continue
                parts = parts[2:]
            target = libraries.joinpath(*parts)
            if entry.is_dir():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file)
            target.chmod(0o644)


def _manuals(source: Source, libraries: Path, target: Path, work: Path) -> None:
    """The manual pages in both languages, from the program that is packed."""
    out = work / "manual"
    subprocess.run([f"python{PYTHON}", "-c", "from gateway.cli import main; raise SystemExit(main())", "manual",
                    "--out", str(out)], check=True, capture_output=True, cwd=work,
                   env={"PATH": os.environ["PATH"], "PYTHONPATH": str(libraries), "PYTHONDONTWRITEBYTECODE": "1",
                        "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": str(source.epoch)})
    for page in sorted(out.rglob("*.1")):
        relative = page.relative_to(out)
        language = "" if relative.parts[0] in ("en", "man1") else "fr"
        _write(target / language / "man1" / page.name, page.read_text("utf-8"))


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)

"""Is a release what it says: whole, signed, listed; and does the Debian package run with Debian's Python alone?"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.tools.release.__main__ import release
from tests.tools.release.source import ROOT, unpacked

pytestmark = pytest.mark.skipif(
    (sys.version_info[:2] != (3, 11) or not Path("/usr/bin/python3.11").exists()) and not os.environ.get("CI"),
    reason="a release is made with Debian 12's Python")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of what is committed, signed with a key of its own."""
    folder = tmp_path_factory.mktemp("release")
    key = folder / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(folder / "public.pem")], check=True)
    out, work = folder / "out", folder / "work"
    out.mkdir()
    work.mkdir()
    assert release(work, out, key, None, "HEAD", ROOT) == 0
    return out


def file(made: Path, pattern: str) -> Path:
    found, = made.glob(pattern)
    return found


def test_the_digests_name_every_file_and_are_signed(made: Path) -> None:
    lines = dict(line.split("  ")[::-1] for line in (made / "SHA256SUMS").read_text("ascii").splitlines())
    others = {path.name for path in made.iterdir()} - {"SHA256SUMS", "SHA256SUMS.sig"}
    assert lines == {name: hashlib.sha256((made / name).read_bytes()).hexdigest() for name in others}
    verified = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(made.parent / "public.pem"), "-in",
         str(made / "SHA256SUMS"), "-sigfile", str(made / "SHA256SUMS.sig")],
        capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stdout.strip()) == (0, "Signature Verified Successfully")


def test_the_bill_is_valid_and_names_each_file_with_its_licence(made: Path) -> None:
    text = file(made, "*.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    with tarfile.open(file(made, "*-wheels-*.tar")) as archive:
        digests = {hashlib.sha256(archive.extractfile(one).read()).hexdigest()  # type: ignore[union-attr]
                   for one in archive.getmembers() if one.name.endswith(".whl")}
    listed = [bill["metadata"]["component"], *bill["components"]]
    assert {one["hashes"][0]["content"] for one in listed} == digests
    assert [one["name"] for one in listed if one["licenses"][0]["license"]["name"] == "not said"] == []


def test_every_wheel_of_the_folder_is_one_that_its_own_list_takes(made: Path) -> None:
    with tarfile.open(file(made, "*-wheels-*.tar")) as archive:
        contents = {one.name.split("/")[1]: archive.extractfile(one).read()  # type: ignore[union-attr]
                    for one in archive.getmembers()}
        assert {(one.mtime, one.uid, one.mode) for one in archive.getmembers()} == {
            (unpacked(made.parent / "again").epoch, 0, 0o644)}
    wanted = contents["requirements.txt"].decode("utf-8")
    ours, = (name for name in contents if name.startswith("corridor_gateway-"))
    for name, content in contents.items():
        if name.endswith(".whl") and not name.startswith("pip-"):
            assert f"--hash=sha256:{hashlib.sha256(content).hexdigest()}" in wanted, name
    assert wanted.count("==") == sum(name.endswith(".whl") and not name.startswith("pip-") for name in contents)
    assert contents[ours] == (made / ours).read_bytes()


def test_the_debian_package_runs_with_nothing_but_debians_python(made: Path, tmp_path: Path) -> None:
    package = file(made, "*.deb")
    subprocess.run(["dpkg-deb", "-x", str(package), str(tmp_path)], check=True)
    home = tmp_path / "usr/lib/edi-gateway"
    for name, words in (("edi", ["--version"]), ("edi-send", ["--help"])):
        first = (home / "bin" / name).read_text("utf-8").splitlines()[0]
        assert first == "#!/usr/lib/edi-gateway/bin/python3 -I"
        done = subprocess.run([str(home / "bin/python3"), "-I", str(home / "bin" / name), *words], capture_output=True,
                              text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    listing = subprocess.run(["dpkg-deb", "-c", str(package)], check=True, capture_output=True, text=True).stdout
    assert {line.split()[1] for line in listing.splitlines()} == {"root/root"}
    assert (tmp_path / "usr/bin/edi").readlink() == Path("../lib/edi-gateway/bin/edi")
    assert (tmp_path / "usr/share/man/man1/edi.1").is_file()
    assert (tmp_path / "usr/share/man/fr/man1/edi.1").is_file()


def test_dpkg_unpacks_the_package_and_its_scripts_remove_no_record(made: Path, tmp_path: Path) -> None:
    for folder in ("var/lib/dpkg/updates", "var/lib/dpkg/info"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").touch()
    dpkg = ["dpkg", f"--root={tmp_path}", "--force-depends", "--force-not-root", "--log=/dev/null"]
    subprocess.run([*dpkg, "--unpack", str(file(made, "*.deb"))], check=True, capture_output=True)
    assert (tmp_path / "usr/lib/edi-gateway/lib/python3.11/site-packages/gateway/__init__.py").is_file()
    for script in ("postinst", "postrm"):
        subprocess.run(["sh", "-n", str(tmp_path / f"var/lib/dpkg/info/edi-gateway.{script}")], check=True)
    assert "rm -r" not in (tmp_path / "var/lib/dpkg/info/edi-gateway.postrm").read_text("utf-8")

"""Does a pack hold all that a partner needs and nothing secret, and can every tool open and check it?"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import open_gateway
from gateway.exchange.introduction import read_introduction
from gateway.exchange.pack import PackAnswers, make_pack
from gateway.exchange.pack_archive import LARGEST_FILE, archive, unarchive
from gateway.security import make_identity
from gateway.texts import Language
from tests.tools.newcomers import HOST_KEY, NAMES, PEOPLE, edi, new_gateway, pack_of
from tests.tools.outputs import checked

USES = ("authority", "signing", "encryption")


@pytest.fixture
def mali(tmp_path: Path) -> Path:
    """Mali's settings."""
    return new_gateway(tmp_path / "mali", "MLDGD", "ML")


def with_keys(home: Path, *words: str) -> Path:
    """The settings of a gateway with keys of other kinds."""
    settings = new_gateway(home, "MLDGD", "ML")
    for path in (settings.parent / "keys").rglob("*"):
        if path.is_file():
            path.unlink()
    assert edi("keys", "init", *words, "--config", settings)[0] == 0
    return settings


def test_the_pack_holds_certificates_key_page_and_signature_and_says_whose_they_are(mali: Path, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{HOST_KEY}\n", "ascii")
    status, out, _ = edi(
        "partner", "pack", "-o", tmp_path / "mali.tar", "--name-fr", "Douanes du Mali", "--name-en", "Mali customs",
        "--mailbox", "sftp://TGOTR@edi.example.ml/v1/in", "--host-keys", tmp_path / "keys", "--deadlines", "6h", "1h",
        "3h", "--list-address", "https://ca.example.ml/list.crl", "--config", mali, "--json")
    [told] = checked("partner-pack", out)
    files = unarchive((tmp_path / "mali.tar").read_bytes())
    assert (status, told["gateway"], sorted(files)) == (0, "MLDGD", [
        "README.txt", "authority.crt", "encryption.crt", "gateway.cms", "gateway.yaml", "signing.crt", "ssh.pub"])
    keys = mali.parent / "keys"
    assert {use: files[f"{use}.crt"] for use in USES} == {use: (keys / f"{use}.crt").read_bytes() for use in USES}
    assert files["ssh.pub"] == (keys / "ssh.pub").read_bytes()
    said = read_introduction(tmp_path / "mali.tar", now=datetime.now(UTC), environment="test").said
    assert said is not None
    assert {one.name: one.sha256 for one in said.files} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if not name.startswith("gateway.")}
    assert (said.gateway, said.environment, said.country, said.address) == (
        "MLDGD", "test", "ML", "https://ca.example.ml/list.crl")
    assert [str(said.offer.deadlines.receipt), str(said.offer.deadlines.cusres)] == ["6:00:00", "3:00:00"]
    page = files["README.txt"].decode()
    for one in told["certificates"]:
        assert page.count(one["fingerprint"]) == 2, "once in each language"


def test_the_systems_own_tar_opens_a_pack_and_the_library_reads_it(mali: Path, tmp_path: Path) -> None:
    pack = pack_of(mali, tmp_path / "mali.tar")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", pack, "-C", tmp_path / "unpacked"], check=True)
    files = unarchive(pack.read_bytes())
    assert {path.name: path.read_bytes() for path in (tmp_path / "unpacked").iterdir()} == files
    with tarfile.open(pack) as read:
        assert [(one.name, one.size, one.mode, one.uid, one.mtime, one.isreg()) for one in read] == [
            (name, len(files[name]), 0o644, 0, 0, True) for name in sorted(files)]
    again = new_gateway(tmp_path / "togo", "TGOTR", "TG")
    assert edi("partner", "import", tmp_path / "unpacked", "--outbound", tmp_path / "mail", *PEOPLE, "--config",
               again)[0] == 0, "an unpacked pack is a pack"


@pytest.mark.needs_openssl
@pytest.mark.parametrize("algorithm", ["ec", "ec384", "rsa"])
def test_the_commands_of_the_page_check_the_signature_with_openssl(tmp_path: Path, algorithm: str) -> None:
    mali = with_keys(tmp_path / "mali", "--algorithm", algorithm)
    pack = pack_of(mali, tmp_path / "mali.tar")
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xf", pack, "-C", tmp_path / "unpacked"], check=True)
    lines = [line.strip() for line in (tmp_path / "unpacked" / "README.txt").read_text("utf-8").splitlines()]
    commands = [line for line in lines if line.startswith(("openssl ", "cmp "))]
    assert len(commands) == 4
    for command in commands[:2]:
        subprocess.run(command, shell=True, cwd=tmp_path / "unpacked", check=True, capture_output=True)
    (tmp_path / "unpacked" / "gateway.yaml").write_bytes(b"format: 1\n")
    assert subprocess.run(commands[1], shell=True, cwd=tmp_path / "unpacked", capture_output=True).returncode == 1


@pytest.mark.parametrize(("words", "needed"), [
    (("--algorithm", "ec384"), ("P-384", "ECDH-P-384")),
    (("--algorithm", "ed25519", "--encryption", "ec384"), ("Ed25519", "ECDH-P-384")), (("--algorithm", "rsa"), ())],
    ids=["P-384", "Ed25519", "RSA"])
def test_keys_beyond_the_profile_are_offered_with_the_algorithms_they_need(tmp_path: Path, words: tuple[str, ...],
                                                                           needed: tuple[str, ...]) -> None:
    togo, mali = new_gateway(tmp_path / "togo", "TGOTR", "TG"), with_keys(tmp_path / "mali", *words)
    pack = pack_of(mali, tmp_path / "mali.tar")
    line = ("--outbound", tmp_path / "mail", *PEOPLE, "--config", togo)
    # the plain folder offers nothing: what its keys need has to be agreed on by people
    status, _, err = edi("partner", "import", mali.parent / "keys" / "public", "--partner", "MLDGD", *NAMES, *line)
    assert (status, "X110: " in err) == ((1, True) if needed else (0, False))
    if not needed:
        return
    algorithms = [word for one in needed for word in ("--algorithm", one)]
    assert edi("partner", "import", mali.parent / "keys" / "public", "--partner", "MLDGD", *NAMES, *algorithms,
               *line)[0] == 0
    for path in (togo.parent / "partners").iterdir():
        path.unlink()
    assert edi("partner", "import", pack, *line)[0] == 0
    assert load_settings(togo).partners["MLDGD"].agreement.algorithms == needed
    assert edi("partner", "test", "MLDGD", "--config", togo)[0] == 0


def test_the_list_of_our_own_authority_travels_along_and_counts_there(mali: Path, tmp_path: Path) -> None:
    assert edi("keys", "crl", "--own", "--config", mali)[0] == 0
    pack = pack_of(mali, tmp_path / "mali.tar")
    togo = new_gateway(tmp_path / "togo", "TGOTR", "TG")
    assert edi("partner", "import", pack, "--outbound", tmp_path / "mail", *PEOPLE, "--config", togo)[0] == 0
    authority = load_settings(togo).partners["MLDGD"].authority
    assert authority.revocation == togo.parent / "partners" / "MLDGD-authority.crl"
    assert authority.reason is None
    assert edi("partner", "test", "MLDGD", "--config", togo)[0] == 0
    # the partner's authority takes the signing certificate back, and says so in the list of its next pack
    keys = mali.parent / "keys"
    assert edi("keys", "crl", "--own", "--revoke", keys / "signing.crt", "--config", mali)[0] == 0
    status, _, err = edi("partner", "import", pack_of(mali, tmp_path / "later.tar"), *PEOPLE, "--config", togo)
    assert (status, "E_CERT_REVOKED: " in err) == (5, True), "a pack signed with a revoked key says nothing"


def test_a_pack_is_written_under_a_name_of_its_own_unless_told_otherwise(mali: Path, tmp_path: Path,
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    words = ("partner", "pack", "--name-fr", "x", "--name-en", "x", "--config", mali)
    assert edi(*words)[0] == 0
    name = f"MLDGD-{datetime.now(UTC):%Y%m%d}.tar"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    (tmp_path / "there").mkdir()
    assert edi(*words, "-o", tmp_path / "there")[0] == 0
    assert [path.name for path in (tmp_path / "there").iterdir()] == [name]


@pytest.mark.parametrize(("words", "code"), [
    (("--mailbox", "here"), "C023"), (("--mailbox", "sftp://TGOTR@edi.example.ml/v1/in"), "C009"),
    (("--deadlines", "4", "30m", "2h"), "S055"), (("--list-address", "ftp://x"), "S088"),
    (("--contact", "Awa", " ", "x"), "S0")])
def test_an_answer_that_does_not_fit_makes_no_pack(mali: Path, tmp_path: Path, words: tuple[str, ...],
                                                   code: str) -> None:
    status, out, err = edi("partner", "pack", "-o", tmp_path / "p.tar", "--name-fr", "x", "--name-en", "x", *words,
                           "--config", mali)
    assert (status != 0, out, (tmp_path / "p.tar").exists(), code in err) == (True, "", False, True), err


@pytest.mark.parametrize(("days", "expected"), [(0.5, None), (2, "C013"), (-1, "C013")])
def test_a_certificate_that_does_not_hold_today_is_presented_to_nobody(tmp_path: Path, days: float,
                                                                       expected: str | None) -> None:
    settings = new_gateway(tmp_path / "mali", "MLDGD", "ML")
    for path in (settings.parent / "keys").rglob("*.*"):
        path.unlink()
    (settings.parent / "keys" / "ssh").unlink()
    now = datetime.now(UTC).replace(microsecond=0)
    make_identity(settings.parent / "keys", gateway="MLDGD", environment="test", now=now, valid=timedelta(days=1),
                  passphrase=None)
    answers = PackAnswers(name_fr="x", name_en="x")
    with open_gateway(load_settings(settings), now) as gateway:
        try:
            made = make_pack(gateway, answers, now + timedelta(days=days), Language.ENGLISH)
        except LocalError as error:
            assert error.code == expected
        else:
            assert (expected, len(made.certificates)) == (None, 3)


@pytest.mark.parametrize("files", [
    {}, {"../x": b""}, {"a/b": b""}, {"": b""}, {"x" * 60: b""}, {"é.crt": b""}, {".crt": b""},
    {f"a{number}.crt": b"" for number in range(33)}, {"a.crt": bytes(LARGEST_FILE + 1)}],
    ids=["none", "up", "folder", "empty", "long", "accent", "point", "many", "large"])
def test_what_no_pack_may_hold_is_never_archived(files: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="not the files of a pack"):
        archive(files)


def test_an_archive_is_a_function_of_its_files() -> None:
    files = {"b.crt": b"2", "a.crt": bytes(512), "c.crt": b""}
    assert archive(files) == archive(dict(reversed(files.items())))
    assert unarchive(archive(files)) == files

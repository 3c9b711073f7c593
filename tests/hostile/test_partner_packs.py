"""Packs that somebody made to harm: is each refused with its code, and is nothing written anywhere?"""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.exchange.introduction import LARGEST_MANIFEST, read_introduction
from gateway.exchange.pack_archive import LARGEST_FILE, archive, unarchive
from gateway.security import load_signer
from gateway.security.attestation import attest
from tests.tools.newcomers import NAMES, PEOPLE, edi, left, new_gateway, pack_of, public_folder

NOW = datetime.now(UTC).replace(microsecond=0)
CODE = re.compile(r"\b([A-Z]\d{3}|E_[A-Z_]+): ")


@pytest.fixture(scope="module")
def mali(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mali's settings; its pack lies beside its folder."""
    root = tmp_path_factory.mktemp("mali")
    settings = new_gateway(root / "mali", "MLDGD", "ML")
    pack_of(settings, root / "mali.tar")
    return settings


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Togo's settings; no test here may leave a partner in them."""
    return new_gateway(tmp_path_factory.mktemp("togo") / "togo", "TGOTR", "TG")


@pytest.fixture
def files(mali: Path) -> dict[str, bytes]:
    """The files of Mali's good pack."""
    return unarchive((mali.parents[1] / "mali.tar").read_bytes())


def signed_anew(files: dict[str, bytes], mali: Path) -> dict[str, bytes]:
    """The files with digests and signature that fit them: what a lawful but hostile partner sends."""
    lines = files["gateway.yaml"].decode().split("\nfiles:\n")[0]
    lines += "\nfiles:\n" + "".join(
        f"  - name: {name}\n    sha256: {hashlib.sha256(files[name]).hexdigest()}\n"
        for name in sorted(files) if name not in ("gateway.yaml", "gateway.cms"))
    keys = mali.parent / "keys"
    signer = load_signer(keys / "signing.key", keys / "signing.crt", None)
    manifest = lines.encode()
    return {**files, "gateway.yaml": manifest, "gateway.cms": attest(manifest, signer, datetime.now(UTC))}


def refused(togo: Path, source: Path) -> tuple[int, str]:
    """Exit status and first code of an import that leaves nothing behind."""
    before = sorted(togo.parent.rglob("*"))
    status, out, err = edi("partner", "import", source, "--outbound", "/tmp/mail", *PEOPLE, "--config", togo)
    assert (out, left(togo), sorted(togo.parent.rglob("*"))) == ("", [], before), err
    found = CODE.search(err)
    return status, "" if found is None else found[1]


def member(name: str, content: bytes = b"x", **fields: object) -> bytes:
    """A tar with one member, as the library writes it."""
    info = tarfile.TarInfo(name)
    info.size = len(content) if fields.get("type", tarfile.REGTYPE) == tarfile.REGTYPE else 0
    for key, value in fields.items():
        setattr(info, key, value)
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as made:
        made.addfile(info, io.BytesIO(content))
    return held.getvalue()


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "zeros only": lambda: bytes(1024),
    "no archive": lambda: b"not a tar" * 100,
    "a way up": lambda: member("../authority.crt"),
    "an absolute name": lambda: member("/etc/cron.d/x"),
    "a folder": lambda: member("partners", type=tarfile.DIRTYPE),
    "a folder inside": lambda: member("a/authority.crt"),
    "a link": lambda: member("authority.crt", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": lambda: member("authority.crt", type=tarfile.LNKTYPE, linkname="signing.crt"),
    "a device": lambda: member("authority.crt", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
    "a pipe": lambda: member("authority.crt", type=tarfile.FIFOTYPE),
    "a name with a line": lambda: member("a\nb.crt"),
    "a hidden name": lambda: member(".ssh"),
    "an owner": lambda: member("authority.crt", uname="root"),
    "another mode": lambda: member("authority.crt", mode=0o4755),
    "a date": lambda: member("authority.crt", mtime=1),
    "the same name twice": lambda: archive({"authority.crt": b"a"})[:1024] + archive({"authority.crt": b"b"}),
    "something behind the end": lambda: archive({"authority.crt": b"a"}) + b"more",
    "something in the padding": lambda: archive({"authority.crt": b"a"}).replace(b"a\0\0", b"a\0b", 1),
    "cut short": lambda: archive({"authority.crt": bytes(2000)})[:1600],
    "a size that lies": lambda: archive({"authority.crt": b"a"}).replace(b"00000000001\0", b"77777777777\0"),
    "a negative size": lambda: archive({"authority.crt": b"a"}).replace(b"00000000001\0", b"-0000000001\0"),
    "too many files": lambda: b"".join(archive({f"a{number}.crt": b""})[:512] for number in range(33)) + bytes(1024),
    "a compressed one": lambda: b"\x1f\x8b\x08" + bytes(600),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_we_would_not_have_written_is_no_pack(togo: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "pack.tar").write_bytes(ARCHIVES[name]())
    assert refused(togo, tmp_path / "pack.tar") == (1, "X100")


def test_a_huge_file_is_not_read_to_its_end(togo: Path, tmp_path: Path) -> None:
    with (tmp_path / "pack.tar").open("wb") as file:
        file.truncate(1 << 40)
    assert refused(togo, tmp_path / "pack.tar") == (1, "B005")
    folder = tmp_path / "folder"
    folder.mkdir()
    with (folder / "authority.crt").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert refused(togo, folder) == (1, "B005")


def test_a_statement_of_megabytes_is_not_read_before_anything_is_known_to_be_signed(
        togo: Path, files: dict[str, bytes], mali: Path, tmp_path: Path) -> None:
    files["gateway.yaml"] += b"#" * LARGEST_MANIFEST
    (tmp_path / "pack.tar").write_bytes(archive(signed_anew(files, mali) | {"gateway.yaml": files["gateway.yaml"]}))
    assert refused(togo, tmp_path / "pack.tar") == (1, "X100")


def test_a_link_or_a_pipe_in_a_folder_is_not_followed(togo: Path, tmp_path: Path) -> None:
    public = public_folder(tmp_path, "test", NOW, timedelta(days=30))
    certificate = (public / "signing.crt").rename(tmp_path / "elsewhere.crt")
    (public / "signing.crt").symlink_to(certificate)
    status, code = refused(togo, public)
    assert (status, code.startswith("B00")) == (1, True)
    (public / "signing.crt").unlink()
    os.mkfifo(public / "signing.crt")
    assert refused(togo, public) == (1, "B002")


@pytest.mark.parametrize("name", ["authority.crt", "signing.crt", "encryption.crt", "ssh.pub", "README.txt"])
def test_a_file_exchanged_in_a_pack_is_noticed(togo: Path, files: dict[str, bytes], tmp_path: Path, name: str) -> None:
    other = public_folder(tmp_path, "test", NOW, timedelta(days=30))
    files[name] = (other / name).read_bytes() if name != "README.txt" else b"Call +223 11 11 11 11.\n"
    (tmp_path / "pack.tar").write_bytes(archive(files))
    assert refused(togo, tmp_path / "pack.tar") == (1, "X103")


def test_a_pack_whose_lines_were_changed_is_not_what_was_signed(togo: Path, files: dict[str, bytes],
                                                                tmp_path: Path) -> None:
    files["gateway.yaml"] = files["gateway.yaml"].replace(b"country: ML", b"country: BF")
    (tmp_path / "pack.tar").write_bytes(archive(files))
    assert refused(togo, tmp_path / "pack.tar") == (1, "X103")


def test_a_pack_signed_by_a_key_that_is_not_in_it_is_refused(togo: Path, files: dict[str, bytes],
                                                             tmp_path: Path) -> None:
    other = new_gateway(tmp_path / "other", "MLDGD", "ML")
    (tmp_path / "pack.tar").write_bytes(archive(signed_anew(files, other)))
    assert refused(togo, tmp_path / "pack.tar") == (5, "E_SIGNER_UNKNOWN")


@pytest.mark.parametrize("name", ["gateway.yaml", "gateway.cms", "authority.crt", "signing.crt"])
def test_a_pack_without_one_of_its_files_is_refused(togo: Path, files: dict[str, bytes], mali: Path, tmp_path: Path,
                                                    name: str) -> None:
    if name.endswith(".crt"):
        files = signed_anew({key: content for key, content in files.items() if key != name}, mali)
    else:
        del files[name]
    (tmp_path / "pack.tar").write_bytes(archive(files))
    status, code = refused(togo, tmp_path / "pack.tar")
    assert (status, code) == (1, "X104" if name == "signing.crt" else "X101")


@pytest.mark.parametrize("name", ["signing.key", "settings.yaml", "host-keys", "notes.txt", "signing-9.crt"])
def test_a_file_that_no_pack_has_is_refused_even_when_signed(togo: Path, files: dict[str, bytes], mali: Path,
                                                             tmp_path: Path, name: str) -> None:
    (tmp_path / "pack.tar").write_bytes(archive(signed_anew({**files, name: b"x"}, mali)))
    assert refused(togo, tmp_path / "pack.tar") == (1, "X104")


def test_a_signed_statement_that_is_no_manifest_is_refused_with_its_line(togo: Path, files: dict[str, bytes],
                                                                         mali: Path, tmp_path: Path) -> None:
    files["gateway.yaml"] = files["gateway.yaml"].replace(b"country: ML", b"country: Mali\nsurprise: yes")
    (tmp_path / "pack.tar").write_bytes(archive(signed_anew(files, mali)))
    status, _, err = edi("partner", "import", tmp_path / "pack.tar", *PEOPLE, "--config", togo)
    assert (status, left(togo)) == (3, [])
    assert ("gateway.yaml:" in err, "S060" in err, "surprise" in err) == (True, True, True)


def test_a_certificate_of_another_use_or_authority_is_refused(togo: Path, tmp_path: Path) -> None:
    public = public_folder(tmp_path, "test", NOW, timedelta(days=30))
    swapped = (public / "signing.crt").read_bytes()
    (public / "signing.crt").write_bytes((public / "encryption.crt").read_bytes())
    assert refused(togo, public) == (5, "E_CERT_USAGE")
    (public / "signing.crt").write_bytes(swapped)
    other = public_folder(tmp_path, "test", NOW, timedelta(days=30), "BJDGD")
    (public / "authority.crt").write_bytes((other / "authority.crt").read_bytes())
    assert refused(togo, public) == (5, "E_CERT_PATH")


def test_t25_a_partner_cannot_be_introduced_with_the_certificates_of_another_or_with_ours(tmp_path: Path) -> None:
    """A certificate stands for one administration alone: no import, and no check of the settings, lets it be two."""
    togo = new_gateway(tmp_path / "togo", "TGOTR", "TG")
    public = public_folder(tmp_path, "test", NOW, timedelta(days=30))
    line = (*NAMES, "--outbound", tmp_path / "mail", *PEOPLE, "--config", togo)
    assert edi("partner", "import", public, "--partner", "MLDGD", *line)[0] == 0
    before = left(togo)
    for source in (public, togo.parent / "keys" / "public"):
        status, _, err = edi("partner", "import", source, "--partner", "BFDGD", *line)
        assert (status, left(togo)) == (1, before), err
        assert "X109: " in err
    text = (togo.parent / "partners" / "MLDGD.yaml").read_text("utf-8")
    (togo.parent / "partners" / "BFDGD.yaml").write_text(text.replace("partner: MLDGD", "partner: BFDGD").replace(
        "identifier: MLDGD", "identifier: BFDGD"), "utf-8")
    status, _, err = edi("config", "check", "--config", togo)
    assert (status, err.count("X109: ")) == (3, 2)


def test_a_private_key_in_a_file_we_were_sent_is_not_taken_for_a_certificate(togo: Path, tmp_path: Path) -> None:
    public = public_folder(tmp_path, "test", NOW, timedelta(days=30))
    (public / "signing.crt").write_bytes((public.parent / "signing.key").read_bytes())
    assert refused(togo, public) == (1, "X105")


def test_our_own_pack_carries_no_private_key_even_when_one_lies_in_the_same_file(tmp_path: Path) -> None:
    settings = new_gateway(tmp_path / "careless", "MLDGD", "ML")
    keys = settings.parent / "keys"
    for use in ("signing", "encryption", "authority"):
        certificate = (keys / f"{use}.crt").read_bytes()
        (keys / f"{use}.crt").write_bytes(certificate + (keys / f"{use}.key").read_bytes())
    content = pack_of(settings, tmp_path / "pack.tar").read_bytes()
    secrets = [line for use in ("signing", "encryption", "authority")
               for line in (keys / f"{use}.key").read_bytes().splitlines() if len(line) > 40]
    assert secrets
    assert (b"PRIVATE" in content, [line for line in secrets if line in content]) == (False, [])


def test_no_altered_octet_of_a_pack_is_ever_accepted_with_other_content(mali: Path, tmp_path: Path) -> None:
    """Every eighth octet, one bit each, and 300 random cuts and insertions: refused, or the very same introduction."""
    good = (mali.parents[1] / "mali.tar").read_bytes()
    path = tmp_path / "pack.tar"
    path.write_bytes(good)
    true = read_introduction(path, now=NOW + timedelta(minutes=1), environment="test")
    draw = random.Random(5)
    altered = [good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1:] for at in range(0, len(good), 8)]
    for _ in range(300):
        at, more, fewer = draw.randrange(len(good)), draw.randrange(3), draw.randrange(3)
        altered.append(good[:at] + draw.randbytes(more) + good[at + fewer:])
    altered = [content for content in altered if content != good]
    accepted = []
    for at, content in enumerate(altered):
        path.write_bytes(content)
        try:
            found = read_introduction(path, now=NOW + timedelta(minutes=1), environment="test")
        except GatewayError:
            continue
        accepted.append(at)
        assert (found.said, found.authority, found.certificates, found.ssh) == (
            true.said, true.authority, true.certificates, true.ssh)
    assert len(accepted) < 10, accepted  # octets of the signature's form that nothing signs: versions, a repeated tag

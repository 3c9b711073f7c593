"""Does `edi keys crl --own` issue lists that openssl and partners accept, and that never forget or count backwards?"""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from gateway.errors import LocalError
from gateway.security.keys import load_private_key
from gateway.security.own_list import REASONS, Revoked, issue_list
from tests.tools.identities import NOW, identity
from tests.tools.listed import Listed, listed
from tests.tools.offices import Ran
from tests.tools.outputs import checked

DAY = timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> Listed:
    return listed(tmp_path, revocation="TGOTR.crl")


def own(world: Listed, *words: str) -> Ran:
    return world.togo.run("edi", "keys", "crl", "--own", *words, "--json")


def issued(world: Listed, *words: str) -> dict[str, Any]:
    """Issue the next list, and hand it to Burkina Faso."""
    told = own(world, *words)
    assert (told.exit, told.err) == (0, "")
    (line,) = checked("keys-crl", told.out)
    shutil.copy(line["file"], world.burkina.home / "partners" / "TGOTR.crl")
    return line


@pytest.mark.needs_openssl
def test_our_list_is_one_that_openssl_and_the_partner_accept(world: Listed) -> None:
    line = issued(world)
    assert Path(line["file"]) == world.togo.home / "keys" / "public" / "authority.crl"
    told = subprocess.run(["openssl", "crl", "-in", line["file"], "-CAfile", world.togo.home / "keys" / "authority.crt",
                           "-noout", "-text"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "verify OK\n")
    assert re.search(r"X509v3 CRL Number: *\n *" + line["number"], told.stdout)
    world.send("A")
    assert world.received() == []
    assert len(world.burkina.movements()) == 1


def test_a_certificate_of_ours_that_we_revoke_is_refused_by_the_partner(world: Listed) -> None:
    issued(world)
    world.send("A")
    line = issued(world, "--revoke", str(world.togo.home / "keys" / "signing.crt"), "--reason", "compromise",
                  "--since", "2026-01-02T03:04:05Z")
    assert line["revoked"] == 1
    assert world.received() == ["E_CERT_REVOKED"]
    (entry,) = x509.load_pem_x509_crl(Path(line["file"]).read_bytes())
    assert (entry.serial_number, entry.revocation_date_utc, entry.extensions[0].value) == (
        world.signing_serial, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        x509.CRLReason(x509.ReasonFlags.key_compromise))


def test_a_list_forgets_nobody_and_its_number_grows_within_a_second_and_after_a_loss(world: Listed) -> None:
    first = issued(world, "--revoke", str(world.togo.home / "keys" / "encryption.crt"))
    second, third = issued(world), issued(world, "--revoke", str(world.togo.home / "keys" / "encryption.crt"))
    assert [line["revoked"] for line in (first, second, third)] == [1, 1, 1]
    assert int(first["number"]) < int(second["number"]) < int(third["number"])
    (world.togo.home / "keys" / "authority.crl").unlink()
    party = identity(world.togo.home, "LATER")
    key = load_private_key(party.folder / "authority.key", None)
    numbers = [_number(issue_list(key, party.identity.authority, now=NOW + step * timedelta(seconds=1), valid=DAY))
               for step in range(3)]
    assert numbers == sorted(set(numbers))


def test_the_authoritys_key_may_lie_elsewhere_and_without_it_nothing_is_issued(world: Listed, tmp_path: Path) -> None:
    elsewhere = tmp_path / "safe.key"
    shutil.move(world.togo.home / "keys" / "authority.key", elsewhere)
    assert (own(world).exit, (world.togo.home / "keys" / "authority.crl").exists()) == (5, False)
    assert own(world, "--authority-key", str(elsewhere)).exit == 0
    assert own(world, "--authority-key", str(world.togo.home / "keys" / "signing.key")).exit == 5


@pytest.mark.parametrize("words", [("--revoke", "X"), ("--since", "2026-01-01T00:00:00Z"), ("--own", "--partner", "B"),
                                   ("--own", "--file", "X"), ("--own", "--since", "yesterday")])
def test_options_that_do_not_go_together_are_told_apart(world: Listed, words: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "X"
    file.write_bytes(b"")
    told = world.togo.run("edi", "keys", "crl", *[str(file) if word == "X" else word for word in words])
    assert (told.exit, told.out) == (2, "")


def test_a_list_follows_only_one_of_its_own_authority(tmp_path: Path) -> None:
    ours, theirs = identity(tmp_path, "TGOTR"), identity(tmp_path, "BFDGD")
    key = load_private_key(ours.folder / "authority.key", None)
    other = issue_list(load_private_key(theirs.folder / "authority.key", None), theirs.identity.authority, now=NOW,
                       valid=DAY)
    for before, code in ((other, "K062"), (b"no list", "K061")):
        with pytest.raises(LocalError) as caught:
            issue_list(key, ours.identity.authority, now=NOW, valid=DAY, before=before)
        assert caught.value.code == code


def test_every_reason_is_one_of_the_standard_and_unspecified_is_left_out(tmp_path: Path) -> None:
    party = identity(tmp_path, "TGOTR")
    key = load_private_key(party.folder / "authority.key", None)
    made = issue_list(key, party.identity.authority, now=NOW, valid=DAY,
                      revoked=[Revoked(number, NOW, reason) for number, reason in enumerate(REASONS, 1)])
    assert [[extension.value.reason.value for extension in entry.extensions
             if isinstance(extension.value, x509.CRLReason)] for entry in x509.load_pem_x509_crl(made)] == [
        ["keyCompromise"], ["superseded"], ["cessationOfOperation"], []]


def _number(content: bytes) -> int:
    return x509.load_pem_x509_crl(content).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

"""Does `edi partner import` make of what came, and of two people, a partner that the gateway trusts, or nothing?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import DirectoryMailbox, SftpMailbox, load_settings
from gateway.ledger import Ledger
from gateway.security import fingerprint, load_certificate
from tests.tools.newcomers import HOST_KEY, NAMES, PEOPLE, edi, left, new_gateway, pack_of, public_folder
from tests.tools.outputs import checked

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def togo(tmp_path: Path) -> Path:
    """The settings of a new gateway, as the commands make it."""
    return new_gateway(tmp_path / "togo", "TGOTR", "TG")


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """The folder that Mali sent."""
    return public_folder(tmp_path, "test", NOW, timedelta(days=30))


def add(togo: Path, public: Path, *words: object, people: tuple[str, ...] = PEOPLE,
        lang: str = "en") -> tuple[int, str, str]:
    return edi("partner", "import", public, "--partner", "MLDGD", *NAMES, *words, *people, "--config", togo, lang=lang)


def test_a_folder_of_plain_files_becomes_a_partner_and_its_fingerprints_are_told(togo: Path, public: Path,
                                                                                 tmp_path: Path) -> None:
    status, out, err = add(togo, public, "--outbound", tmp_path / "mail", "--agreement", "TG-ML-2026-01",
                           "--contact", "Awa Traoré", "+223 20 00 00 00", "edi@example.ml")
    assert status == 0, err
    assert left(togo) == ["MLDGD-authority.crt", "MLDGD-encryption.crt", "MLDGD-signing.crt", "MLDGD-ssh.pub",
                          "MLDGD.yaml"]
    partner = load_settings(togo).partners["MLDGD"]
    assert partner.mailbox.outbound == DirectoryMailbox(kind="directory", path=tmp_path / "mail")
    assert partner.mailbox.inbound == DirectoryMailbox(
        kind="directory", path=togo.parent / "mailbox" / "MLDGD" / "v1" / "in")
    assert (partner.environment, partner.agreement.reference) == ("test", "TG-ML-2026-01")
    assert partner.contact is not None
    assert (partner.contact.name, partner.contact.telephone) == ("Awa Traoré", "+223 20 00 00 00")
    assert {(entry.from_, entry.until) for entry in partner.certificates} == {
        (NOW - timedelta(hours=1), NOW + timedelta(days=30))}
    told = {use: fingerprint(load_certificate(public / f"{use}.crt")) for use in ("authority", "signing", "encryption")}
    ends = {use: f"{NOW + timedelta(days=60 if use == 'authority' else 30):%Y-%m-%d}" for use in told}
    assert out.splitlines() == ["MLDGD (plain files, not signed)", *(
        f"  new        {use}: {told[use]} (ends {ends[use]})" for use in ("authority", "signing", "encryption")),
        "  name                     Mali customs", "  country                  ML",
        "  UNB identity             MLDGD:ZZZ",
        f"  we push to               {tmp_path / 'mail'}", "  we collect from          ../mailbox/MLDGD/v1/in",
        "  order                    loose", "  algorithms beyond        -",
        "  whom to call             Awa Traoré, +223 20 00 00 00, edi@example.ml"]
    assert "Two people compare these fingerprints with MLDGD" in err
    assert edi("config", "check", "--config", togo)[0] == 0


def test_an_sftp_address_becomes_a_mailbox_with_pinned_host_keys(togo: Path, public: Path, tmp_path: Path) -> None:
    scanned = tmp_path / "keys"
    scanned.write_text(f"# edi.example.ml:22 SSH-2.0\nedi.example.ml {HOST_KEY}\n{HOST_KEY} a comment\n\n", "utf-8")
    status, _, err = add(togo, public, "--outbound", "sftp://TGOTR@edi.example.ml:2222/v1/in", "--host-keys", scanned)
    assert status == 0, err
    assert load_settings(togo).partners["MLDGD"].mailbox.outbound == SftpMailbox(
        kind="sftp", host="edi.example.ml", port=2222, user="TGOTR", key=togo.parent / "keys" / "ssh",
        host_keys=(HOST_KEY,), base="v1/in")


def test_host_keys_may_lie_in_the_folder_that_the_partner_sent(togo: Path, public: Path) -> None:
    (public / "host-keys").write_text(f"edi.example.ml {HOST_KEY}\n", "ascii")
    assert add(togo, public, "--outbound", "sftp://TGOTR@edi.example.ml/v1/in")[0] == 0
    outbound = load_settings(togo).partners["MLDGD"].mailbox.outbound
    assert outbound.kind == "sftp"
    assert outbound.host_keys == (HOST_KEY,)


@pytest.mark.parametrize(("address", "code"), [
    ("sftp://edi.example.ml/v1/in", "C008"), ("sftp://a:secret@edi.example.ml/v1/in", "C008"),
    ("sftp://TGOTR@edi.example.ml", "C008"), ("sftp://TGOTR@edi.example.ml/v1/in", "C009")])
def test_an_address_without_account_folder_or_host_keys_is_refused(togo: Path, public: Path, address: str,
                                                                   code: str) -> None:
    status, out, err = add(togo, public, "--outbound", address)
    assert (status, out, err[:6], left(togo)) == (1, "", f"{code}: ", [])


@pytest.mark.parametrize(("people", "code"), [
    ((), "C016"), (PEOPLE[:4], "C016"), (PEOPLE[4:], "C012"), ((*PEOPLE[:2], *PEOPLE[4:]), "C012"),
    (("--by", "Awa Traoré", "--by", " awa  traoré", *PEOPLE[4:]), "C012"), (("--by", "1", *PEOPLE), "C014"),
    (("--by", "a\x1bb", *PEOPLE), "C014")],
    ids=["nobody", "not compared", "no name", "one name", "one name twice", "no name at all", "an escape"])
def test_without_two_people_who_compared_everything_is_shown_and_nothing_written(
        togo: Path, public: Path, tmp_path: Path, people: tuple[str, ...], code: str) -> None:
    status, out, err = add(togo, public, "--outbound", tmp_path / "mail", people=people)
    assert (status, left(togo)) == (1, [])
    assert fingerprint(load_certificate(public / "authority.crt")) in out
    assert f"{code}: " in err


def test_who_compared_what_and_how_stands_in_the_history(togo: Path, public: Path, tmp_path: Path) -> None:
    status, out, _ = add(togo, public, "--outbound", tmp_path / "mail", "--json")
    [told] = checked("partner-import", out)
    ledger = Ledger.open(load_settings(togo).ledger, now=NOW)
    try:
        with ledger.reading() as queries:
            [row] = queries.about_partner("MLDGD")
    finally:
        ledger.close()
    assert (status, row.event, row.digest) == (0, "introduced", told["digest"])
    noted = json.loads(row.text)
    assert (noted["people"], noted["compared"]) == (["Kofi Mensah", "Awa Traoré"], "voice")
    assert noted["certificates"] == [{name: one[name] for name in ("use", "sha256", "change")}
                                     for one in told["certificates"]]
    assert noted["login"]


@pytest.mark.parametrize("name", ["authority.crt", "signing.crt", "encryption.crt"])
def test_a_file_that_is_missing_is_named_and_nothing_stays_behind(togo: Path, public: Path, tmp_path: Path,
                                                                  name: str) -> None:
    (public / name).unlink()
    status, _, err = add(togo, public, "--outbound", tmp_path / "mail")
    assert (status, left(togo)) == (1, [])
    assert f"X101: {name} is missing" in err


@pytest.mark.parametrize("option", ["--country", "--name-fr", "--name-en", "--outbound"])
def test_what_neither_the_partner_nor_anybody_here_said_is_asked_for(togo: Path, public: Path, tmp_path: Path,
                                                                     option: str) -> None:
    words = dict(zip(NAMES[::2], NAMES[1::2], strict=True)) | {"--outbound": str(tmp_path / "mail")}
    del words[option]
    status, _, err = edi("partner", "import", public, "--partner", "MLDGD", *[
        word for pair in words.items() for word in pair], *PEOPLE, "--config", togo)
    assert (status, left(togo)) == (1, [])
    assert f"C015: {option} is missing" in err


def test_a_name_that_is_no_gateway_name_touches_no_file(togo: Path, public: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    status, _, err = edi("partner", "import", public, "--partner", "../MLDGD", *NAMES, "--outbound", tmp_path / "mail",
                         *PEOPLE, "--config", togo)
    assert (status, err[:6], sorted(tmp_path.rglob("*"))) == (3, "S059: ", before)


@pytest.mark.parametrize(("made", "valid"), [
    (NOW - timedelta(days=9), timedelta(days=8)), (NOW + timedelta(days=2), timedelta(days=8))],
    ids=["expired", "not yet valid"])
def test_certificates_that_could_not_be_used_today_are_refused(togo: Path, tmp_path: Path, made: datetime,
                                                               valid: timedelta) -> None:
    public = public_folder(tmp_path, "test", made, valid)
    status, out, err = add(togo, public, "--outbound", tmp_path / "mail")
    assert (status, out, left(togo)) == (1, "", [])
    assert "C010" in err


def test_a_fault_that_only_the_whole_shows_leaves_everything_as_it_was(togo: Path, public: Path,
                                                                       tmp_path: Path) -> None:
    assert add(togo, public, "--outbound", tmp_path / "mail")[0] == 0
    before = {path: path.read_bytes() for path in (togo.parent / "partners").iterdir()}
    other = public_folder(tmp_path, "test", NOW, timedelta(days=30), "BJDGD")
    status, _, err = edi("partner", "import", other, "--partner", "TGOTR", *NAMES, "--outbound", tmp_path / "mail",
                         *PEOPLE, "--config", togo)
    assert (status, err.count("S074: ")) == (3, 1)
    assert {path: path.read_bytes() for path in (togo.parent / "partners").iterdir()} == before


def test_the_command_speaks_french_and_json(togo: Path, public: Path, tmp_path: Path) -> None:
    status, out, err = add(togo, public, "--outbound", tmp_path / "mail", "--dry-run", "--json")
    [told] = checked("partner-import", out)
    assert (status, err, told["partner"], told["written"], told["existed"]) == (0, "", "MLDGD", False, False)
    assert [(one["use"], one["change"]) for one in told["certificates"]] == [
        ("authority", "new"), ("signing", "new"), ("encryption", "new")]
    status, _, err = add(togo, public, "--outbound", tmp_path / "mail", lang="fr")
    assert status == 0
    assert "Deux personnes comparent ces empreintes avec MLDGD" in err


def test_a_pack_says_all_that_a_folder_leaves_open(togo: Path, tmp_path: Path) -> None:
    mali = new_gateway(tmp_path / "mali", "MLDGD", "ML")
    (tmp_path / "host-keys").write_text(f"edi.example.ml {HOST_KEY}\n", "ascii")
    pack = pack_of(mali, tmp_path / "mali.tar", "--mailbox", "sftp://TGOTR@edi.example.ml/v1/in", "--host-keys",
                   tmp_path / "host-keys", "--contact", "Awa Traoré", "+223 20 00 00 00", "edi@example.ml",
                   "--algorithm", "P-384", "--order", "strict")
    status, out, err = edi("partner", "import", pack, *PEOPLE, "--config", togo)
    assert status == 0, err
    assert out.splitlines()[0] == "MLDGD (whole pack, signed with its key)"
    partner = load_settings(togo).partners["MLDGD"]
    assert (partner.name.fr, partner.name.en, partner.country) == ("Douanes du Mali", "Mali customs", "ML")
    assert partner.mailbox.outbound == SftpMailbox(
        kind="sftp", host="edi.example.ml", port=22, user="TGOTR", key=togo.parent / "keys" / "ssh",
        host_keys=(HOST_KEY,), base="v1/in")
    assert (partner.agreement.algorithms, partner.agreement.order) == (("P-384",), "strict")
    assert partner.contact is not None
    assert partner.contact.mail == "edi@example.ml"
    assert [entry.sha256 for entry in partner.certificates] == [
        load_certificate(mali.parent / "keys" / f"{use}.crt").sha256 for use in ("signing", "encryption")]
    assert edi("config", "check", "--config", togo)[0] == 0


def test_importing_the_same_again_changes_nothing_and_asks_nobody(togo: Path, tmp_path: Path) -> None:
    pack = pack_of(new_gateway(tmp_path / "mali", "MLDGD", "ML"), tmp_path / "mali.tar")
    line = ("partner", "import", pack, "--outbound", tmp_path / "mail", "--config", togo)
    assert edi(*line, *PEOPLE)[0] == 0
    before = {path: path.read_bytes() for path in (togo.parent / "partners").iterdir()}
    status, _, err = edi(*line)
    assert (status, err) == (0, "MLDGD: nothing to change, these certificates are accepted already\n")
    assert {path: path.read_bytes() for path in (togo.parent / "partners").iterdir()} == before

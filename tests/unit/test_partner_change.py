"""Does an import over an existing partner change whom we trust, and nothing else, with the old file kept?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from gateway.config import load_settings
from gateway.exchange.introduction import read_introduction
from gateway.ledger import Ledger
from gateway.ledger.key_rows import TrustedRow, TrustedState
from gateway.security import Certificate, load_certificate
from gateway.security.issuing import issue
from tests.tools.newcomers import HOST_KEY, NAMES, PEOPLE, edi, left, new_gateway, pack_of, public_folder
from tests.tools.outputs import checked

NOW = datetime.now(UTC).replace(microsecond=0)
LIFE = timedelta(days=30)
OTHER_HOST_KEY = HOST_KEY.replace("ODxAR", "ODxAS")


@pytest.fixture
def togo(tmp_path: Path) -> Path:
    """A gateway that knows Mali, with a remark in the partner's file that somebody wrote by hand."""
    settings = new_gateway(tmp_path / "togo", "TGOTR", "TG")
    first = public_folder(tmp_path / "first", "test", NOW, LIFE)
    status, _, err = edi("partner", "import", first, "--partner", "MLDGD", *NAMES, "--outbound", tmp_path / "mail",
                         *PEOPLE, "--config", settings)
    assert status == 0, err
    file = settings.parent / "partners" / "MLDGD.yaml"
    text = file.read_text("utf-8").replace("contrl: 30m", "contrl: 45m  # by letter of 3 November")
    file.write_text(f"{text}\n# Call before noon.\n", "utf-8")
    return settings


@pytest.fixture
def mali(tmp_path: Path) -> Path:
    """The folder that Mali sent first, in which its keys lie one above."""
    return tmp_path / "first" / "mldgd" / "public"


def again(togo: Path, folder: Path, *words: object) -> tuple[int, str, str]:
    return edi("partner", "import", folder, "--partner", "MLDGD", *words, "--config", togo)


def changes(out: str) -> list[tuple[str, str, str]]:
    """Use, change and SHA-256 of each line of an import's answer for programs."""
    [told] = checked("partner-import", out)
    return [(one["use"], one["change"], one["sha256"]) for one in told["certificates"]]


def listed(togo: Path) -> list[tuple[str, str]]:
    return [(one.use, one.sha256) for one in load_settings(togo).partners["MLDGD"].certificates]


def authority_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key of the authority whose public folder this is."""
    key = load_pem_private_key((folder.parent / "authority.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def publish_list(folder: Path, number: int) -> bytes:
    """Put a revocation list of the authority, empty, into a folder."""
    made = (x509.CertificateRevocationListBuilder()
            .issuer_name(x509.load_pem_x509_certificate((folder / "authority.crt").read_bytes()).subject)
            .last_update(NOW - timedelta(hours=1)).next_update(NOW + timedelta(days=7))
            .add_extension(x509.CRLNumber(number), critical=False)
            .sign(authority_key(folder), hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "authority.crl").write_bytes(made)
    return made


def renew(folder: Path, use: str) -> Certificate:
    """Put a new certificate of the same authority into a folder; the key is thrown away."""
    keys = folder.parent
    made = issue(authority_key(folder), load_certificate(keys / "authority.crt"),
                 ec.generate_private_key(ec.SECP256R1()), gateway="MLDGD", environment="test", use=use,
                 start=NOW - timedelta(hours=1), end=NOW + LIFE)
    (folder / f"{use}.crt").write_bytes(made.pem())
    return made


def test_a_new_certificate_of_the_same_authority_stands_beside_the_old_one(togo: Path, mali: Path) -> None:
    before = {path: path.read_bytes() for path in (togo.parent / "partners").iterdir()}
    old = {use: load_certificate(mali / f"{use}.crt").sha256 for use in ("authority", "signing", "encryption")}
    new = renew(mali, "signing")
    status, out, err = again(togo, mali, *PEOPLE, "--json")
    assert status == 0, err
    assert changes(out) == [("authority", "kept", old["authority"]), ("signing", "kept", old["signing"]),
                            ("encryption", "kept", old["encryption"]), ("signing", "new", new.sha256)]
    assert listed(togo) == [("signing", old["signing"]), ("encryption", old["encryption"]), ("signing", new.sha256)]
    [kept] = (togo.parent / "partners" / "replaced").iterdir()
    assert kept.read_bytes() == before[togo.parent / "partners" / "MLDGD.yaml"]
    assert {path: path.read_bytes() for path in before if path.suffix != ".yaml"} == {
        path: content for path, content in before.items() if path.suffix != ".yaml"}
    assert edi("config", "check", "--config", togo)[0] == 0


def test_everything_else_in_the_file_stays_as_people_wrote_it(togo: Path, mali: Path) -> None:
    file = togo.parent / "partners" / "MLDGD.yaml"
    before = file.read_text("utf-8")
    renew(mali, "encryption")
    assert again(togo, mali, *PEOPLE)[0] == 0
    after = file.read_text("utf-8")
    start, end = "certificates:\n", "\nmailbox:\n"
    assert after.split(start)[0] == before.split(start)[0]
    assert after.split(end)[1] == before.split(end)[1]
    assert "contrl: 45m  # by letter of 3 November\n" in after
    assert after.endswith("# Call before noon.\n")


def test_another_authority_ends_all_that_the_old_one_vouched_for(togo: Path, mali: Path, tmp_path: Path) -> None:
    other = public_folder(tmp_path / "second", "test", NOW, LIFE)
    old = {use: load_certificate(mali / f"{use}.crt").sha256 for use in ("authority", "signing", "encryption")}
    new = {use: load_certificate(other / f"{use}.crt").sha256 for use in ("authority", "signing", "encryption")}
    status, out, err = again(togo, other, *PEOPLE, "--json")
    assert status == 0, err
    assert changes(out) == [
        ("authority", "new", new["authority"]), ("authority", "dropped", old["authority"]),
        ("signing", "dropped", old["signing"]), ("encryption", "dropped", old["encryption"]),
        ("signing", "new", new["signing"]), ("encryption", "new", new["encryption"])]
    assert listed(togo) == [("signing", new["signing"]), ("encryption", new["encryption"])]
    partner = load_settings(togo).partners["MLDGD"]
    assert load_certificate(partner.authority.certificate).sha256 == new["authority"]


def test_replace_ends_what_the_partner_no_longer_names_announced_or_not(togo: Path, mali: Path) -> None:
    announced = renew(mali, "signing")
    learn(togo, announced, TrustedState.ACCEPTED)
    new = renew(mali, "signing")
    status, out, err = again(togo, mali, "--replace", *PEOPLE, "--json")
    assert status == 0, err
    assert [change for use, change, _ in changes(out) if use == "signing"] == ["dropped", "new"]
    assert [sha256 for use, sha256 in listed(togo) if use == "signing"] == [new.sha256]
    [row] = rows(togo)
    assert (row.sha256, row.state, row.accept_until is not None and row.accept_until <= datetime.now(UTC)) == (
        announced.sha256, TrustedState.ACCEPTED, True)


def test_a_certificate_that_was_revoked_here_does_not_come_back_with_a_pack(togo: Path, mali: Path) -> None:
    before = {path: path.read_bytes() for path in (togo.parent / "partners").iterdir()}
    new = renew(mali, "signing")
    learn(togo, new, TrustedState.REVOKED)
    status, _, err = again(togo, mali, *PEOPLE)
    assert (status, "X108: " in err, left(togo)) == (1, True, sorted([*(path.name for path in before), "replaced"]))
    assert {path: path.read_bytes() for path in before} == before
    assert list((togo.parent / "partners" / "replaced").iterdir()) == []


def test_without_two_names_a_change_is_shown_and_not_made(togo: Path, mali: Path) -> None:
    file = togo.parent / "partners" / "MLDGD.yaml"
    before = file.read_bytes()
    new = renew(mali, "signing")
    status, out, err = again(togo, mali, "--by", "Kofi Mensah", "--compared", "letter")
    assert (status, "C012: " in err, file.read_bytes()) == (1, True, before)
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["authority:", "signing:", "encryption:", "new"]
    assert new.sha256[:4].upper() in out


def test_the_history_says_who_changed_what(togo: Path, mali: Path) -> None:
    new = renew(mali, "signing")
    assert again(togo, mali, "--by", "Kofi Mensah", "--by", "Ama Lawson", "--compared", "letter")[0] == 0
    ledger = Ledger.open(load_settings(togo).ledger, now=NOW)
    try:
        with ledger.reading() as queries:
            first, second = queries.about_partner("MLDGD")
            assert queries.verify_history() is None
    finally:
        ledger.close()
    noted = json.loads(second.text)
    assert (first.event, second.event, noted["people"], noted["compared"]) == (
        "introduced", "changed", ["Kofi Mensah", "Ama Lawson"], "letter")
    assert {"use": "signing", "sha256": new.sha256, "change": "new"} in noted["certificates"]


@pytest.mark.parametrize("style", ["flow", "unindented"])
def test_however_a_person_wrote_the_lists_they_are_exchanged_whole(togo: Path, mali: Path, style: str) -> None:
    file = togo.parent / "partners" / "MLDGD.yaml"
    head, _, rest = file.read_text("utf-8").partition("certificates:\n")
    block, _, tail = rest.partition("\nmailbox:\n")
    entries = "\n".join(line for line in block.splitlines() if not line.lstrip().startswith("#")).rstrip()
    if style == "unindented":
        written = "certificates:\n" + "\n".join(line.removeprefix("  ") for line in entries.splitlines())
    else:
        items = [one.replace("\n", ",").replace("    ", " ") for one in entries.removeprefix("  - ").split("\n  - ")]
        written = "certificates: [\n" + ",\n".join(f"{{{item}}}" for item in items) + "\n]"
    file.write_text(f"{head}{written}\n\n# what follows stays\nmailbox:\n{tail}", "utf-8")
    new = renew(mali, "signing")
    status, _, err = again(togo, mali, *PEOPLE)
    assert status == 0, err
    assert ("signing", new.sha256) in listed(togo)
    assert "# what follows stays\nmailbox:\n" in file.read_text("utf-8")


def test_a_file_in_which_the_lists_cannot_be_exchanged_alone_is_left_as_it_is(togo: Path, mali: Path) -> None:
    file = togo.parent / "partners" / "MLDGD.yaml"
    text = file.read_text("utf-8")
    document = yaml.safe_load("\n".join(line.partition("  # ")[0] for line in text.splitlines()))
    written = json.dumps(document, ensure_ascii=False, default=lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    file.write_text(f"{written}\n", "utf-8")  # one line, in which everything stands
    before = file.read_bytes()
    assert edi("config", "check", "--config", togo)[0] == 0
    renew(mali, "signing")
    status, _, err = again(togo, mali, *PEOPLE)
    assert (status, "S091: " in err, file.read_bytes()) == (3, True, before)


def test_lists_that_come_along_are_taken_when_they_are_newer(togo: Path, mali: Path) -> None:
    file = togo.parent / "partners" / "MLDGD-authority.crl"
    assert load_settings(togo).partners["MLDGD"].authority.revocation is None
    first = publish_list(mali, 2)
    assert again(togo, mali, *PEOPLE)[0] == 0
    assert load_settings(togo).partners["MLDGD"].authority.revocation == file
    assert file.read_bytes() == first
    publish_list(mali, 1)
    assert again(togo, mali)[0] == 0  # older: nothing to change, nobody to ask
    assert file.read_bytes() == first
    newer = publish_list(mali, 3)
    assert again(togo, mali, *PEOPLE)[0] == 0
    assert file.read_bytes() == newer


def learn(togo: Path, certificate: Certificate, state: TrustedState, use: str = "signing") -> None:
    """What an announcement, or a revocation, leaves in the ledger."""
    ledger = Ledger.open(load_settings(togo).ledger, now=NOW)
    try:
        with ledger.transaction() as transaction:
            transaction.add_trusted(
                partner="MLDGD", use=use, sha256=certificate.sha256, der=certificate.der, replaces=None,
                use_from=NOW, accept_until=None, state=state, reason="test", object_id=None, at=NOW)
    finally:
        ledger.close()


def rows(togo: Path) -> list[TrustedRow]:
    ledger = Ledger.open(load_settings(togo).ledger, now=NOW)
    try:
        with ledger.reading() as queries:
            return list(queries.trusted("MLDGD"))
    finally:
        ledger.close()


def test_what_else_a_pack_says_otherwise_is_shown_and_left_as_it_is(tmp_path: Path) -> None:
    togo, mali = new_gateway(tmp_path / "togo", "TGOTR", "TG"), new_gateway(tmp_path / "mali", "MLDGD", "ML")
    (tmp_path / "old").write_text(f"{HOST_KEY}\n", "ascii")
    (tmp_path / "new").write_text(f"{OTHER_HOST_KEY}\n", "ascii")
    first = pack_of(mali, tmp_path / "first.tar", "--mailbox", "sftp://TGOTR@edi.example.ml/v1/in", "--host-keys",
                    tmp_path / "old")
    assert edi("partner", "import", first, *PEOPLE, "--config", togo)[0] == 0
    before = {path: path.read_bytes() for path in (togo.parent / "partners").iterdir()}
    second = pack_of(mali, tmp_path / "second.tar", "--mailbox", "sftp://TGOTR@mail.example.ml:2222/v1/in",
                     "--host-keys", tmp_path / "new", "--order", "strict", "--algorithm", "P-384")
    status, out, _ = edi("partner", "import", second, "--agreement", "TG-ML-2027-01", "--config", togo, "--json")
    [told] = checked("partner-import", out)
    assert (status, told["written"]) == (0, False)
    assert {one["what"]: (one["held"], one["said"]) for one in told["differences"]} == {
        "mailbox.outbound.host": ("edi.example.ml", "mail.example.ml"), "mailbox.outbound.port": ("22", "2222"),
        "mailbox.outbound.host_keys": (HOST_KEY, OTHER_HOST_KEY), "agreement.order": ("loose", "strict"),
        "agreement.algorithms": ("", "P-384"), "agreement.reference": ("to be agreed", "TG-ML-2027-01")}
    assert {path: path.read_bytes() for path in before} == before
    assert "  unchanged  agreement.order: loose in the file, strict in what is said now" in edi(
        "partner", "import", second, "--config", togo)[1].splitlines()


def test_a_pack_presents_every_key_that_partners_take_and_the_import_takes_each_with_its_dates(tmp_path: Path) -> None:
    togo, mali = new_gateway(tmp_path / "togo", "TGOTR", "TG"), new_gateway(tmp_path / "mali", "MLDGD", "ML")
    for gateway, name, partner in ((togo, "TGOTR", mali), (mali, "MLDGD", togo)):
        pack = pack_of(gateway, tmp_path / f"{name}.tar")
        assert edi("partner", "import", pack, "--outbound", tmp_path / "mail" / name, *PEOPLE, "--config",
                   partner)[0] == 0
    for use in ("signing", "encryption"):
        status, _, err = edi("keys", "rotate", use, "--config", mali)
        assert status == 0, err
    made = pack_of(mali, tmp_path / "made.tar")
    assert len(read_introduction(made, now=datetime.now(UTC), environment="test").certificates) == 2
    status, _, err = edi("keys", "announce", "encryption", "--config", mali)
    assert status == 0, err
    announced = read_introduction(pack_of(mali, tmp_path / "announced.tar"), now=datetime.now(UTC), environment="test")
    old, new = (entry for entry in announced.certificates if entry.use == "encryption")
    assert old.use_from < NOW + timedelta(days=29) < new.use_from < old.accept_until < new.accept_until
    assert edi("partner", "import", tmp_path / "announced.tar", *PEOPLE, "--config", togo)[0] == 0
    assert [(one.sha256, one.from_, one.until) for one in load_settings(togo).partners["MLDGD"].certificates
            if one.use == "encryption"][1] == (new.certificate.sha256, new.use_from, new.accept_until)


def test_an_authority_let_in_beside_that_of_the_file_ends_once_the_file_has_another(togo: Path, mali: Path,
                                                                                   tmp_path: Path) -> None:
    beside = load_certificate(public_folder(tmp_path / "beside", "test", NOW, LIFE) / "authority.crt")
    other = public_folder(tmp_path / "other", "test", NOW, LIFE)
    new = load_certificate(other / "authority.crt")
    for authority in (beside, new):
        learn(togo, authority, TrustedState.ACCEPTED, use="authority")
    _, out, _ = edi("partner", "show", "MLDGD", "--config", togo, "--json")
    assert [one["sha256"] for one in checked("partner-show", out)[0]["certificates"] if one["use"] == "authority"] == [
        load_certificate(mali / "authority.crt").sha256, beside.sha256, new.sha256]
    assert again(togo, other, *PEOPLE)[0] == 0
    assert [(row.sha256, row.state, row.accept_until is None) for row in rows(togo)] == [
        (beside.sha256, TrustedState.ACCEPTED, False), (new.sha256, TrustedState.ACCEPTED, True)]
    _, out, _ = edi("partner", "show", "MLDGD", "--config", togo, "--json")
    assert [one["sha256"] for one in checked("partner-show", out)[0]["certificates"] if one["use"] == "authority"] == [
        new.sha256]

"""Do the commands about keys in change say what they did, to people and to programs, and refuse what nobody meant?"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.security import fingerprint, load_certificate
from gateway.security.identity import make_identity
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked

YEARS = timedelta(days=730)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    togo, burkina = offices(tmp_path, valid=YEARS)
    return togo, burkina


def _use_two(office: Office) -> None:
    office.settings.write_text(office.settings.read_text("utf-8") + "\napprovals: two\n", "utf-8")


def test_a_change_is_told_from_its_making_to_its_consent(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    (made,) = checked("keys-rotate", togo.run("edi", "keys", "rotate", "encryption", "--json").out)
    assert load_certificate(Path(made["certificate"])).sha256 == made["sha256"]
    assert Path(made["key"]).stat().st_mode & 0o777 == 0o600
    asked, total = checked("keys-announce", togo.run("edi", "keys", "announce", "encryption", "--json").out)
    assert (asked["partner"], asked["outcome"], asked["codes"]) == ("BFDGD", "asked", [])
    assert (total["count"], total["failed"]) == (1, 0)
    togo.run("edi-send")
    burkina.run("edi-receive")
    togo.run("edi-receive")
    *ours, _ = checked("keys-list", togo.run("edi", "keys", "list", "--json").out)
    assert [(line["use"], line["state"], line["consents"]) for line in ours if line["owner"] == "TGOTR"] == [
        ("signing", "ORIGINAL", {}), ("encryption", "REPLACED", {}), ("encryption", "ANNOUNCED",
                                                                      {"BFDGD": "CONSENTED"})]
    assert [line["state"] for line in ours if line["owner"] == "BFDGD"] == ["LISTED", "LISTED"]
    shown = burkina.run("edi", "keys", "list").out
    assert made["fingerprint"] in shown and "accepted" in shown


@pytest.mark.parametrize(("given", "found"), [
    (lambda one: one.sha256, True), (lambda one: fingerprint(one), True), (lambda one: one.sha256[:16].upper(), True),
    (lambda one: ":".join(one.sha256[at:at + 2] for at in range(0, 64, 2)), True),
    (lambda one: one.sha256[:15], False), (lambda one: "0" * 64, False), (lambda one: "", False),
    (lambda one: one.sha256 + "00", False)])
def test_a_certificate_is_named_as_people_read_it_aloud_by_sixteen_digits_at_least(
        pair: tuple[Office, Office], given: object, found: bool) -> None:
    togo, burkina = pair
    one = load_certificate(togo.home / "keys" / "signing.crt")
    ran = burkina.run("edi", "keys", "revoke", "TGOTR", given(one),  # type: ignore[operator]
                      "--since", "2020-01-01", "--reason", "stolen", "--by", "Awa", "--json")
    assert ran.exit == (0 if found else 5) and ("K084" in ran.err) is not found
    if found:
        revoked, total = checked("keys-revoke", ran.out)
        assert (revoked["sha256"], total["count"], total["certificates"]) == (one.sha256, 0, 1)


def test_a_key_and_certificate_of_an_existing_authority_are_recorded_and_stay_where_they_are(
        pair: tuple[Office, Office], tmp_path: Path) -> None:
    togo, burkina = pair
    other = make_identity(tmp_path / "pki", gateway="TGOTR", environment="test", now=_now(togo), valid=YEARS,
                          passphrase=None)
    files = ("--key", str(other.folder / "signing.key"), "--certificate", str(other.folder / "signing.crt"))
    (made,) = checked("keys-rotate", togo.run("edi", "keys", "rotate", "signing", *files, "--json").out)
    assert (made["key"], made["sha256"]) == (str(other.folder / "signing.key"), other.signing.sha256)
    togo.run("edi", "keys", "announce", "signing")
    togo.run("edi-send")
    received = burkina.run("edi-receive")  # of another authority: always by hand (K6)
    assert (received.exit, [one["code"] for one in received.counts["findings"]]) == (1, ["K076"])
    refused = burkina.run("edi", "keys", "accept", "TGOTR", other.signing.sha256, "--by", "Awa")
    assert refused.exit == 5 and "K076" in refused.err


@pytest.mark.parametrize(("use", "key", "code"), [
    ("signing", "encryption", "K006"), ("encryption", "signing", "K006"), ("signing", "mixed", "K005"),
    ("signing", "demo", "K024")])
def test_a_pair_that_does_not_serve_is_not_recorded(pair: tuple[Office, Office], tmp_path: Path, use: str, key: str,
                                                    code: str) -> None:
    togo, _ = pair
    other = make_identity(tmp_path / "pki", gateway="TGOTR", environment="demo" if key == "demo" else "test",
                          now=_now(togo), valid=YEARS, passphrase=None)
    named = {"mixed": ("encryption.key", "signing.crt"), "demo": ("signing.key", "signing.crt")}.get(
        key, (f"{key}.key", f"{key}.crt"))
    ran = togo.run("edi", "keys", "rotate", use, "--key", str(other.folder / named[0]), "--certificate",
                   str(other.folder / named[1]))
    assert ran.exit == 5 and code in ran.err
    assert {line.get("state") for line in togo.lines("keys", "list")[:-1] if line["owner"] == "TGOTR"} == {"ORIGINAL"}


def test_without_the_authoritys_key_nothing_is_made(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    apart = togo.home / "keys" / "elsewhere.key"
    (togo.home / "keys" / "authority.key").rename(apart)
    before = sorted(path.name for path in (togo.home / "keys").iterdir())
    ran = togo.run("edi", "keys", "rotate", "signing")
    assert ran.exit == 5 and "K085" in ran.err
    assert sorted(path.name for path in (togo.home / "keys").iterdir()) == before
    assert togo.run("edi", "keys", "rotate", "signing", "--authority-key", str(apart)).exit == 0


def test_one_change_at_a_time_and_nothing_to_announce_before_one_is_made(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    assert "K080" in togo.run("edi", "keys", "announce", "signing").err
    assert togo.run("edi", "keys", "rotate", "signing").exit == 0
    assert "K079" in togo.run("edi", "keys", "rotate", "signing").err
    assert togo.run("edi", "keys", "rotate", "encryption").exit == 0
    for dates in (("--from", "2026-01-01"), ("--from", "2099-01-01")):
        assert "K081" in togo.run("edi", "keys", "announce", "signing", *dates).err
    soon = (_now(togo) + timedelta(days=40)).strftime("%Y-%m-%d")
    assert "K081" in togo.run("edi", "keys", "announce", "signing", "--from", soon, "--until", soon).err
    assert togo.run("edi", "keys", "announce", "signing", "--from", soon).exit == 0


def test_a_key_that_a_partner_has_not_agreed_to_is_not_announced_to_it(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    assert togo.run("edi", "keys", "rotate", "signing", "--algorithm", "ec384").exit == 0
    ran = togo.run("edi", "keys", "announce", "signing", "--json")
    failed, total = checked("keys-announce", ran.out)
    assert (ran.exit, failed["outcome"], failed["codes"], total["failed"]) == (1, "failed", ["K082"], 1)


def test_where_two_people_are_needed_one_is_not_enough(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    _use_two(burkina)
    file = burkina.home / "partners" / "TGOTR.yaml"
    file.write_text(file.read_text("utf-8").replace("order: loose", "order: loose\n  consent: by-hand"), "utf-8")
    (made,) = checked("keys-rotate", togo.run("edi", "keys", "rotate", "signing", "--json").out)
    togo.run("edi", "keys", "announce", "signing")
    togo.run("edi-send")
    burkina.run("edi-receive")
    words = ("edi", "keys", "accept", "TGOTR", made["sha256"], "--by", "Awa Sawadogo")
    assert "C012" in burkina.run(*words).err
    assert "C012" in burkina.run(*words, "--by", "awa  sawadogo").err
    (done,) = checked("keys-accept", burkina.run(*words, "--by", "Issa Ouédraogo", "--json").out)
    assert done["fingerprint"] == made["fingerprint"]
    assert "K083" in burkina.run(*words, "--by", "Issa Ouédraogo").err
    one = ("edi", "keys", "revoke", "TGOTR", made["sha256"], "--since", "2020-01-01", "--reason", "stolen")
    assert "C012" in burkina.run(*one, "--by", "Awa Sawadogo").err
    reason = next(line["reason"] for line in burkina.lines("keys", "list") if line.get("sha256") == made["sha256"])
    assert '"people": ["Awa Sawadogo", "Issa Ouédraogo"]' in reason
    confirmed = ("edi", "keys", "confirm", "BFDGD", made["sha256"], "--by", "Kofi")
    assert "C012" in togo.run(*confirmed).err  # by voice it is two people, whatever the settings say (K5)
    (told,) = checked("keys-confirm", togo.run(*confirmed, "--by", "Ama", "--json").out)
    assert told["partner"] == "BFDGD"


def test_a_partner_that_refused_is_asked_again_only_by_name(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    file = burkina.home / "partners" / "TGOTR.yaml"
    file.write_text(file.read_text("utf-8").replace("order: loose", "order: loose\n  consent: by-hand"), "utf-8")
    (made,) = checked("keys-rotate", togo.run("edi", "keys", "rotate", "encryption", "--json").out)

    def decided(verb: str) -> str:
        togo.run("edi-send")
        burkina.run("edi-receive")
        decision = burkina.run("edi", "keys", verb, "TGOTR", made["fingerprint"], "--by", "Awa", "--json")
        (told,) = checked(f"keys-{verb}", decision.out)
        assert (decision.exit, told["partner"], told["sha256"]) == (0, "TGOTR", made["sha256"])
        burkina.run("edi-send")
        togo.run("edi-receive")
        line = next(line for line in togo.lines("keys", "list") if line.get("sha256") == made["sha256"])
        return str(line["consents"]["BFDGD"])

    words = ("edi", "keys", "announce", "encryption", "--json")
    assert checked("keys-announce", togo.run(*words).out)[0]["outcome"] == "asked"
    assert decided("refuse") == "REFUSED"
    assert checked("keys-announce", togo.run(*words).out)[0]["outcome"] == "known"
    assert checked("keys-announce", togo.run(*words, "--partner", "BFDGD").out)[0]["outcome"] == "asked"
    assert decided("accept") == "CONSENTED"


@pytest.mark.parametrize("words", [
    ("revoke", "TGOTR", "0" * 64, "--reason", "x", "--by", "Awa"), ("revoke", "own", "0" * 64, "--by", "Awa"),
    ("rotate", "signing", "--key", "a.key"), ("rotate", "everything"), ("announce", "signing", "--until", "2030-01-01"),
    ("announce", "signing", "--from", "tomorrow"), ("announce", "signing", "--from", "2030-01-01T00:00:00")])
def test_a_line_that_cannot_be_meant_is_a_matter_of_usage(pair: tuple[Office, Office], words: tuple[str, ...]) -> None:
    assert pair[1].run("edi", "keys", *words).exit == 2


def test_a_passphrase_serves_the_next_pair_too(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path, valid=YEARS)
    phrase = togo.home / "keys" / "passphrase"
    phrase.touch(mode=0o600)
    phrase.write_text("canary phrase\n", "utf-8")
    text = togo.settings.read_text("utf-8")
    togo.settings.write_text(text.replace("keys:\n", "keys:\n  passphrase: keys/passphrase\n", 1), "utf-8")
    (made,) = checked("keys-rotate", togo.run("edi", "keys", "rotate", "signing", "--json").out)
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in Path(made["key"]).read_bytes()
    assert togo.run("edi", "keys", "list").exit == 0


def _now(office: Office) -> datetime:
    return load_certificate(office.home / "keys" / "signing.crt").not_before + timedelta(hours=1)

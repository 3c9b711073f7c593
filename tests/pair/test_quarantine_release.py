"""What may people let in that a rule refused, and is it then as if it had just arrived?

Only what GW-1 section 6 calls releasable, with a reason, by as many named people as the settings want; once, whatever
is killed; and never past any other rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from gateway.security import file_name, load_certificate
from tests.tools import loose_sealer as loose
from tests.tools.listed import listed
from tests.tools.malice import Puppet, again, at, later, quarantined, refused, well
from tests.tools.offices import Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration, numbered_mrn
from tests.tools.signing import author, recipient

BY = ("--reason", "spoken with Ms Sawadogo on 22 50 01 23", "--by", "Awa Diallo")


@pytest.fixture
def world(tmp_path: Path) -> tuple[Puppet, Office]:
    """Togo in the hands of a test, and Burkina Faso."""
    togo, burkina = offices(tmp_path)
    return Puppet(togo, burkina), burkina


def retired(malice: Puppet, burkina: Office) -> str:
    """A declaration signed with a certificate that Burkina Faso holds for replaced; the name it is kept under."""
    until(burkina, later(minutes=-1))
    path = malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_CERT_RETIRED", place=f"TGOTR/{path.name}")
    return kept(burkina)


def until(office: Office, moment: datetime) -> None:
    """Until when an office accepts what Togo signs with its certificate."""
    partner = office.home / "partners" / "TGOTR.yaml"
    text, count = re.subn(r"(?<=use: signing\n)((?:    from: .*\n)    until: ).*", rf'\1"{moment:%Y-%m-%dT%H:%M:%SZ}"',
                          partner.read_text("utf-8"))
    assert count == 1
    partner.write_text(text, "utf-8")


def another_signer(office: Office) -> str:
    """The partner file of Togo with another certificate in the place of the one it signs with; what it was before."""
    partner = office.home / "partners" / "TGOTR.yaml"
    text = partner.read_text("utf-8")
    (office.home / "partners" / "TGOTR-other.crt").write_bytes((office.home / "keys" / "signing.crt").read_bytes())
    other = load_certificate(office.home / "partners" / "TGOTR-other.crt").sha256
    changed, count = re.subn(r"file: TGOTR-signing.crt\n    sha256: \w+", f"file: TGOTR-other.crt\n    sha256: {other}",
                             text)
    assert count == 1
    partner.write_text(changed, "utf-8")
    return text


def misdated(malice: Puppet, burkina: Office) -> str:
    """A declaration whose header has another day than its signature; the name it is kept under."""
    content = with_two_days(malice, burkina)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_DATE", place="")
    return file_name(content).removesuffix(".p7m")


def with_two_days(malice: Puppet, burkina: Office) -> bytes:
    """The same, put and not yet fetched."""
    entity = loose.header(sender="TGOTR", recipient="BFDGD", date=later(days=-3), sequence_number=1) + \
        malice.interchange(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    inner = loose.inner(entity, author(malice.office), signing_time=later())
    content = loose.outer(inner, [recipient(burkina)])
    malice.put(content)
    return content


def retired_and_misdated(malice: Puppet, burkina: Office) -> str:
    """What two rules refuse, one behind the other; the name it is kept under."""
    until(burkina, later(minutes=-1))
    content = with_two_days(malice, burkina)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_CERT_RETIRED", place=f"TGOTR/{file_name(content)}")
    return kept(burkina)


CASES: list[tuple[Callable[[Puppet, Office], str], str]] = [(retired, "E_CERT_RETIRED"), (misdated, "E_DATE")]


def kept(office: Office) -> str:
    """The name of the one file in quarantine."""
    (path,) = (office.home / "state" / "quarantine").glob("*.bin")
    return path.stem


def history(office: Office, event: str) -> list[str]:
    """The texts of one kind of step in the history."""
    ledger = Ledger.open(f"sqlite:///{next((office.home / 'state').glob('*.sqlite'))}", now=later())
    try:
        with ledger.reading() as queries:
            assert queries.verify_history() is None
            assert list(queries.verify_contents()) == []
            return [row.text for row in queries.history() if row.event == event]
    finally:
        ledger.close()


def taken_once(malice: Puppet, burkina: Office) -> None:
    """The declaration is accepted, answered and receipted, and nothing of it is open."""
    well(burkina.run("edi-receive"))
    assert list(burkina.movements()) == [numbered_mrn(1)]
    assert list(burkina.inbox("declarations")) == [f"{numbered_mrn(1)}.json"]
    assert malice.receipts().count("processed") == 1
    assert burkina.lines("quarantine")[-1]["count"] == 0
    assert burkina.lines("status")[-1]["quarantined"] == 0
    again(burkina)


@pytest.mark.parametrize(("make", "code"), CASES, ids=["retired", "misdated"])
def test_t24_what_people_let_in_goes_the_way_of_everything_that_arrives(
        world: tuple[Puppet, Office], make: Callable[[Puppet, Office], str], code: str) -> None:
    """What the table calls releasable is let in with a reason and a name, and then goes the way of all that arrives."""
    malice, burkina = world
    name = make(malice, burkina)
    (line, _) = checked("quarantine", burkina.run("edi", "quarantine", "--json").out)
    assert (line["code"], line["releasable"]) == (code, True)
    shown = burkina.run("edi", "quarantine", "show", name)
    assert (shown.exit, f"edi quarantine release {name} --reason ... --by ..." in shown.err) == (0, True), shown.err
    assert code in shown.out and numbered_mrn(1) not in shown.out
    ran = burkina.run("edi", "quarantine", "release", name, *BY, "--json")
    (said,) = checked("quarantine", ran.out)
    assert (ran.exit, ran.err, said["rules"], said["people"]) == (0, "", [code], ["Awa Diallo"])
    assert burkina.inbox("declarations") == {}, "a release stores; the next run acts"
    taken_once(malice, burkina)
    (text,) = [text for event in ("journal", "release") for text in history(burkina, event) if "Awa" in text]
    assert re.fullmatch(
        rf"(release {name}\.bin; )?{code}; ({code}; )?Awa Diallo \(.+\): spoken with Ms Sawadogo on 22 50 01 23", text)
    shown = burkina.run("edi", "quarantine", "show", name)
    if code == "E_DATE":
        assert malice.receipts() == [f"failed/failure: {code}", "processed"]
        assert (shown.exit, "X081" in shown.err) == (Exit.PERSON, True)
    else:
        assert "released: " in shown.out and "Awa Diallo" in shown.out
        assert quarantined(burkina), "the bytes stay until their time is over"


@pytest.mark.parametrize(("make", "code"), CASES, ids=["retired", "misdated"])
def test_a_release_said_twice_is_done_once(world: tuple[Puppet, Office], make: Callable[[Puppet, Office], str],
                                           code: str) -> None:
    malice, burkina = world
    name = make(malice, burkina)
    assert burkina.run("edi", "quarantine", "release", name, *BY).exit == 0
    second = burkina.run("edi", "quarantine", "release", name, *BY)
    assert (second.exit, "X081" in second.err or "X084" in second.err) == (Exit.PERSON, True), second.err
    taken_once(malice, burkina)


@pytest.mark.parametrize("failpoint", ["quarantine.before", "quarantine.after"])
@pytest.mark.parametrize(("make", "code"), CASES, ids=["retired", "misdated"])
def test_a_release_that_is_killed_and_said_again_is_done_once(
        world: tuple[Puppet, Office], make: Callable[[Puppet, Office], str], code: str, failpoint: str) -> None:
    malice, burkina = world
    name = make(malice, burkina)
    assert burkina.killed("edi", failpoint, "quarantine", "release", name, *BY) == -9
    done = burkina.run("edi", "quarantine", "release", name, *BY)
    assert done.exit in (0, Exit.PERSON), done.err
    assert done.exit == 0 or (failpoint, code) == ("quarantine.after", "E_DATE")
    taken_once(malice, burkina)
    assert sum("Awa" in text for event in ("journal", "release") for text in history(burkina, event)) == 1


def test_what_a_second_rule_refuses_is_let_in_when_people_pass_over_that_one_as_well(
        world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    name = retired_and_misdated(malice, burkina)
    ran = burkina.run("edi", "quarantine", "release", name, *BY)
    assert (ran.exit, "E_DATE: " in ran.err, burkina.movements()) == (Exit.TRUST, True, {}), ran.err
    ran = burkina.run("edi", "quarantine", "release", name, *BY, "--also", "E_DATE", "--json")
    (said,) = checked("quarantine", ran.out)
    assert (ran.exit, said["rules"]) == (0, ["E_CERT_RETIRED", "E_DATE"]), ran.err
    taken_once(malice, burkina)


def test_t24_what_is_false_is_never_let_in(world: tuple[Puppet, Office]) -> None:
    """A false signature is never let in, whoever asks and whatever else he waives."""
    malice, burkina = world
    content = loose.outer(loose.inner(b"x", author(malice.office), signing_time=later(),
                                      alter=lambda value: value[:-1] + bytes((value[-1] ^ 1,))), [recipient(burkina)])
    malice.put(content)
    burkina.run("edi-receive")
    name = kept(burkina)
    shown = burkina.run("edi", "quarantine", "show", name)
    assert "This code is never released" in shown.err
    for words in ((), ("--also", "E_CERT_TIME")):
        ran = burkina.run("edi", "quarantine", "release", name, *BY, *words)
        assert (ran.exit, "X083: " in ran.err) == (Exit.PERSON, True), ran.err
    assert quarantined(burkina) == [content]
    assert burkina.movements() == {}


def test_t24_no_other_rule_is_passed_over(world: tuple[Puppet, Office]) -> None:
    """A release passes over the one rule decided on; every other rule is judged once more."""
    malice, burkina = world
    name = retired(malice, burkina)
    file = burkina.home / "state" / "quarantine" / f"{name}.bin"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
    ran = burkina.run("edi", "quarantine", "release", name, *BY)
    assert (ran.exit, "B009: " in ran.err) == (Exit.PERSON, True), ran.err
    file.write_bytes(whole)
    before = another_signer(burkina)
    ran = burkina.run("edi", "quarantine", "release", name, *BY)
    assert (ran.exit, "E_SIGNER_UNKNOWN: " in ran.err) == (Exit.TRUST, True), ran.err
    assert burkina.movements() == {}
    (burkina.home / "partners" / "TGOTR.yaml").write_text(before, "utf-8")
    assert burkina.run("edi", "quarantine", "release", name, *BY).exit == 0
    taken_once(malice, burkina)


def test_what_was_only_late_is_judged_again_by_what_is_known_of_its_signer_now(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    name = misdated(malice, burkina)
    before = another_signer(burkina)
    ran = burkina.run("edi", "quarantine", "release", name, *BY)
    assert (ran.exit, "E_SIGNER_UNKNOWN: " in ran.err) == (Exit.TRUST, True), ran.err
    assert burkina.movements() == {}
    assert burkina.lines("quarantine")[-1]["count"] == 1
    (burkina.home / "partners" / "TGOTR.yaml").write_text(before, "utf-8")
    assert burkina.run("edi", "quarantine", "release", name, *BY).exit == 0
    taken_once(malice, burkina)


def two_wanted(burkina: Office) -> None:
    burkina.settings.write_text(burkina.settings.read_text("utf-8") + "\napprovals: two\n", "utf-8")


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Sit down at the keyboard as the person with an account, behind the gateway's own; None: as that itself."""
    def sit(account: int | None) -> None:
        if account is None:
            monkeypatch.delenv("SUDO_UID", raising=False)
        else:
            monkeypatch.setenv("SUDO_UID", str(account))
    return sit


AWA, ISSA = 20001, 20002


@pytest.mark.parametrize(("make", "code"), CASES, ids=["retired", "misdated"])
def test_t24_two_people_are_wanted_where_the_settings_say_so(
        world: tuple[Puppet, Office], become: Callable[[int | None], None], make: Callable[[Puppet, Office], str],
        code: str) -> None:
    """Where the settings want two people, one name, or one name twice, releases nothing."""
    malice, burkina = world
    name = make(malice, burkina)
    two_wanted(burkina)

    def refusal(code: str, *words: str) -> None:
        ran = burkina.run("edi", "quarantine", *words)
        assert (ran.exit, f"{code}: " in ran.err) == (Exit.PERSON, True), ran.err
        assert burkina.movements() == {}

    become(AWA)
    refusal("X171", "confirm", name, "--by", "Awa Diallo")
    refusal("C032", "release", name, *BY, "--by", "Issa Sow")
    become(None)
    refusal("C031", "release", name, *BY)
    become(AWA)
    (said,) = checked("quarantine", burkina.run("edi", "quarantine", "release", name, *BY, "--json").out)
    assert (said["kind"], said["new"], said["rules"], said["people"]) == ("asked", True, [code], ["Awa Diallo"])
    (line, _) = checked("quarantine", burkina.run("edi", "quarantine", "--json").out)
    assert "Awa Diallo" in line["asked"] and line["rejected"] is None
    shown = burkina.run("edi", "quarantine", "show", name)
    assert "release asked for: " in shown.out and f"edi quarantine confirm {name} --by ..." in shown.err
    (said,) = checked("quarantine", burkina.run("edi", "quarantine", "release", name, *BY, "--json").out)
    assert said["new"] is False, "said twice, asked once"
    for account, by in ((AWA, "Issa Sow"), (ISSA, " awa  DIALLO")):
        become(account)
        refusal("X172", "confirm", name, "--by", by)
    become(None)
    refusal("C031", "confirm", name, "--by", "Issa Sow")
    become(ISSA)
    refusal("X170", "release", name, "--reason", "me too", "--by", "Issa Sow")
    (said,) = checked("quarantine", burkina.run("edi", "quarantine", "confirm", name, "--by", "Issa Sow", "--json").out)
    assert (said["kind"], said["people"]) == ("released", ["Awa Diallo", "Issa Sow"])
    taken_once(malice, burkina)
    (asked, done) = history(burkina, "release")[-2:] if code == "E_CERT_RETIRED" else [
        text for text in history(burkina, "release") if not text.startswith("E_DATE; E_DATE")]
    assert f"Awa Diallo (root ({AWA})): {BY[1]}" in asked
    assert f"Awa Diallo, Issa Sow (root ({AWA}), root ({ISSA}))" in done


@pytest.mark.parametrize("failpoint", ["quarantine.before", "quarantine.after"])
def test_a_confirmation_that_is_killed_and_said_again_is_done_once(
        world: tuple[Puppet, Office], become: Callable[[int | None], None], failpoint: str) -> None:
    malice, burkina = world
    name = retired(malice, burkina)
    two_wanted(burkina)
    become(AWA)
    assert burkina.run("edi", "quarantine", "release", name, *BY).exit == 0
    become(ISSA)
    assert burkina.killed("edi", failpoint, "quarantine", "confirm", name, "--by", "Issa Sow") == -9
    done = burkina.run("edi", "quarantine", "confirm", name, "--by", "Issa Sow")
    assert done.exit == 0, done.err
    taken_once(malice, burkina)
    assert burkina.run("edi", "quarantine", "confirm", name, "--by", "Issa Sow").exit == Exit.PERSON


@pytest.mark.parametrize(("make", "code"), CASES, ids=["retired", "misdated"])
def test_what_is_rejected_is_told_where_there_is_a_receipt_for_it_and_never_let_in(
        world: tuple[Puppet, Office], become: Callable[[int | None], None], make: Callable[[Puppet, Office], str],
        code: str) -> None:
    malice, burkina = world
    name = make(malice, burkina)
    two_wanted(burkina)
    become(AWA)
    assert burkina.run("edi", "quarantine", "release", name, *BY).exit == 0
    become(ISSA)
    before = malice.receipts()
    ran = burkina.run("edi", "quarantine", "reject", name, "--reason", "Lomé never sent it", "--by", "Issa Sow",
                      "--json")
    (said,) = checked("quarantine", ran.out)
    assert (ran.exit, said["kind"], said["receipt"] is not None) == (0, "rejected", code == "E_DATE")
    assert burkina.lines("quarantine")[-1]["count"] == 0
    shown = burkina.run("edi", "quarantine", "show", name)
    assert "rejected: " in shown.out and "Lomé never sent it" in shown.out
    for words in (("confirm", name, "--by", "Issa Sow"), ("release", name, *BY),
                  ("reject", name, "--reason", "again", "--by", "Issa Sow")):
        ran = burkina.run("edi", "quarantine", *words)
        assert (ran.exit, "X174: " in ran.err) == (Exit.PERSON, True), ran.err
    assert burkina.run("edi-receive").exit == 0
    assert burkina.movements() == {}
    assert malice.receipts() == before + (["failed/failure: E_DATE"] if code == "E_DATE" and not before else [])
    assert any("Issa Sow" in text for text in history(burkina, "reject"))


@pytest.mark.parametrize(("words", "code"), [
    (("--reason", " ", "--by", "Awa Diallo"), "C018"), (("--reason", "by telephone"), "C012"),
    (("--reason", "by telephone", "--by", "?"), "C014")])
def test_a_release_wants_a_reason_and_a_name(world: tuple[Puppet, Office], words: tuple[str, ...],
                                             code: str) -> None:
    malice, burkina = world
    name = retired(malice, burkina)
    ran = burkina.run("edi", "quarantine", "release", name, *words)
    assert (ran.exit, f"{code}: " in ran.err) == (Exit.PERSON, True), ran.err
    assert burkina.lines("quarantine")[0]["released"] is None


def test_what_nobody_kept_cannot_be_let_in(world: tuple[Puppet, Office]) -> None:
    _, burkina = world
    for verb in (("show", "TGOTR-00"), ("release", "../../x", *BY)):
        ran = burkina.run("edi", "quarantine", *verb)
        assert (ran.exit, "X081: " in ran.err) == (Exit.PERSON, True), ran.err


def test_a_released_object_on_a_halted_link_waits_with_the_others(world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    first = malice.previous
    name = retired(malice, burkina)
    assert burkina.run("edi", "quarantine", "release", name, *BY).exit == 0
    until(burkina, later(days=2))
    other = malice.seal(malice.interchange(malice.cusdec(declaration("T-2", mrn=numbered_mrn(2)))), sequence=1,
                        previous=first, count=False)
    malice.put(other.content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_DUPLICATE", place="")
    assert burkina.movements() == {}
    burkina.run("edi", "partner", "resume", "TGOTR", "--reason", "cleared up by telephone")
    well(burkina.run("edi-receive"))
    assert list(burkina.movements()) == [numbered_mrn(1)]


def test_a_certificate_that_ran_out_on_the_way_can_be_passed_over_and_no_clock_undoes_it(
        world: tuple[Puppet, Office]) -> None:
    malice, burkina = world
    malice.send(malice.cusdec(declaration("T-1", mrn=numbered_mrn(1))))
    moment = later() + timedelta(days=31)
    assert at(burkina, "edi-receive", moment).exit == Exit.TRUST
    (line,) = [line for line in burkina.lines("quarantine") if line["kind"] == "quarantined"]
    assert line["code"] in ("E_CERT_TIME", "E_CERT_RETIRED")
    assert line["releasable"] is True


def test_t24_what_lacked_a_usable_list_is_let_in_when_its_receipt_can_be_sent_and_revoked_never(tmp_path: Path) -> None:
    """What was refused for want of a list is let in by people once a list is there; what a list names, never."""
    world = listed(tmp_path, address='"https://127.0.0.1:9/ca.crl"')
    world.send("A")
    assert world.received() == ["E_CRL"]
    name = kept(world.burkina)
    ran = world.burkina.run("edi", "quarantine", "release", name, *BY)
    assert (ran.exit, "K021: " in ran.err, "E_CRL: " in ran.err) == (Exit.TRUST, True, True), ran.err
    assert world.burkina.movements() == {}

    def put(**content: Any) -> Ran:
        file = tmp_path / "list.crl"
        file.write_bytes(world.crl(**content))
        assert world.burkina.run("edi", "keys", "crl", "--partner", "TGOTR", "--file", str(file)).exit == 0
        return world.burkina.run("edi", "quarantine", "release", name, *BY)

    released = put(number=1)
    assert released.exit == 0, released.err
    world.burkina.run("edi-receive")
    assert len(world.burkina.movements()) == 1
    world.send("B")
    (world.folder / "TGOTR.crl").unlink()
    world.burkina.run("edi-receive")
    name = next(line["file"] for line in world.burkina.lines("quarantine") if line["kind"] == "quarantined")
    name = Path(name).stem
    ran = put(number=2, revoked=[world.signing_serial])
    assert (ran.exit, "E_CERT_REVOKED: " in ran.err) == (Exit.TRUST, True), ran.err
    assert len(world.burkina.movements()) == 1

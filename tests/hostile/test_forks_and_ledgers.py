"""A stolen key writes a second history, an insider rewrites the ledger, an old backup is put back: who notices, and
what is named?"""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.security import CHECKPOINT, LEAVES, RECEIPT, ROOTS, leaf_hash
from gateway.security.checkpoint import Head, checkpoint_payload
from gateway.security.link_texts import leaves_payload
from gateway.security.merkle import EMPTY_ROOT
from tests.tools.malice import Puppet, at, codes, later, refused, well, whole_minute
from tests.tools.offices import Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn

DAY = 24.0


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso."""
    return offices(tmp_path, valid=timedelta(days=400))


def declare(togo: Office, number: int) -> None:
    """One more declaration goes out."""
    togo.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}", mrn=numbered_mrn(number))})
    togo.run("edi-send")


def settle(*offices_: Office, hours: float = 0, times: int = 3) -> list[Ran]:
    """Cron comes round at both."""
    return [at(office, "edi-sync", later(hours=hours, minutes=number)) for number in range(times)
            for office in offices_]


def mic_of(office: Office, partner: str, sequence: int) -> str:
    """The MIC of an object that an office sent."""
    with raw(office) as connection:
        (mic,), = connection.execute("SELECT mic FROM object WHERE direction = 'out' AND partner = ? AND sequence = ?",
                                     (partner, sequence))
        return str(mic)


def halts(office: Office) -> dict[str, str | None]:
    """Why the office's links are halted, by direction."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return {one.direction: one.halted for one in queries.links()}


def agreed(office: Office) -> dict[str, int]:
    """How far both sides signed the same head, by direction."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return {one.direction: one.agreed for one in queries.links()}


@contextmanager
def raw(office: Office) -> Iterator[sqlite3.Connection]:
    """What somebody with a shell on the machine has."""
    connection = sqlite3.connect(office.home / "state" / "ledger.sqlite", isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def forks(ran: Ran) -> list[str]:
    """The lines of a run that tell of a fork."""
    return [line for line in ran.err.splitlines() if " E_FORK: " in line]


# --- agreement

def test_heads_that_both_sides_sign_are_agreed_the_same_day(pair: list[Office]) -> None:
    togo, burkina = pair
    declare(togo, 1)
    settle(burkina, togo)
    assert (agreed(togo), agreed(burkina)) == ({"in": 0, "out": 0}, {"in": 0, "out": 0})
    for ran in settle(togo, burkina, hours=DAY):
        well(ran)
    mine, theirs = agreed(togo), agreed(burkina)
    assert (mine["out"], mine["in"]) == (theirs["in"], theirs["out"])
    assert min(*mine.values()) >= 2
    for ran in settle(togo, burkina, hours=2 * DAY):
        well(ran)
    assert agreed(togo)["out"] > mine["out"]
    assert all(ran.counts["objects_dispatched"] <= 1 for ran in settle(togo, burkina, hours=3 * DAY, times=1))
    for office in pair:
        assert office.run("edi", "audit", "verify").exit == 0


# --- 28: a second history under a stolen key

@pytest.mark.parametrize("known", [False, True], ids=["nothing agreed before", "the first numbers agreed before"])
def test_t28_a_forked_history_is_seen_the_next_day_and_both_sides_name_the_number(known: bool, pair: list[Office]
                                                                                  ) -> None:
    """A stolen signing key forks the link at number 10: the next day's heads differ, both links halt on both sides,
    lists of leaves are exchanged, and both sides alarm and name 10."""
    togo, burkina = pair
    for number in range(1, 10):
        declare(togo, number)
        if known and number == 3:
            burkina.run("edi-receive")
            settle(burkina, hours=DAY, times=1)
    burkina.run("edi-receive")
    with raw(togo) as connection:
        (head,), = connection.execute("SELECT sequence FROM link WHERE direction = 'out'")
    assert head == 9
    declare(togo, 10)
    for path in burkina.mailbox("TGOTR").iterdir():
        path.unlink()  # the host takes the true number 10 away
    thief = Puppet(togo, burkina)
    thief.sequence, thief.previous = 9, mic_of(togo, "BFDGD", 9)
    thief.put(thief.seal(thief.interchange(thief.cusdec(_other(77)), reference="TG0000000010")).content)
    well(burkina.run("edi-receive"))
    assert numbered_mrn(77) in burkina.movements()
    found: dict[str, list[str]] = {"TGOTR": [], "BFDGD": []}
    for number in range(4):
        for office in (burkina, togo):
            ran = at(office, "edi-sync", later(hours=2 * DAY, minutes=number))
            found[office.name].extend(forks(ran))
    name = "interchange {}: E_FORK: The partner's ledger of the link TGOTR/BFDGD differs from ours at number 10."
    for office, partner in ((togo, "BFDGD"), (burkina, "TGOTR")):
        assert [line for line in found[office.name] if line.startswith(name.format(partner))], found
        assert halts(office) == {"in": "E_FORK", "out": "E_FORK"}
    declare(togo, 11)
    assert list(burkina.mailbox("TGOTR").iterdir()) == []


def test_t28_a_list_of_leaves_that_no_longer_fits_into_its_link_still_names_the_number(pair: list[Office]) -> None:
    """The list of leaves that comes right behind the fork names a predecessor we do not hold: it is quarantined and the
    link halts, and comparing it names the number all the same."""
    togo, burkina = pair
    for number in (1, 2):
        declare(togo, number)
    with open_gateway(togo.settings, later()) as gateway, gateway.ledger.reading() as queries:
        hashes = [leaf_hash(one) for one in queries.leaves("BFDGD", "out")]
    thief = Puppet(togo, burkina)
    thief.sequence, thief.previous = 1, mic_of(togo, "BFDGD", 1)
    forged = thief.seal(thief.interchange(thief.cusdec(_other(77)), reference="TG0000000002"))
    for path in burkina.mailbox("TGOTR").iterdir():
        with open_gateway(togo.settings, later()) as gateway, gateway.ledger.reading() as queries:
            if queries.find(path.name).objects[0].sequence == 2:
                path.unlink()
    thief.put(forged.content)
    well(burkina.run("edi-receive"))
    honest = Puppet(togo, burkina)
    honest.sequence, honest.previous = 2, mic_of(togo, "BFDGD", 2)
    listed = honest.seal(leaves_payload("TGOTR", "BFDGD", 1, hashes), kind=LEAVES, filename="leaves.txt", message=999)
    honest.put(listed.content)
    ran = burkina.run("edi-receive")
    assert codes(ran) == ["E_CHAIN", "E_FORK"]
    assert [re.sub(r".* at number (\d+)\..*", r"\1", line) for line in forks(ran)] == ["2"]
    assert halts(burkina) == {"in": "E_FORK", "out": "E_FORK"}


def _other(number: int) -> dict[str, object]:
    return dict(json.loads(declaration_json(f"X{number}", mrn=numbered_mrn(number))))


def test_t28_a_second_object_under_a_known_number_halts_the_link_at_once(pair: list[Office]) -> None:
    """Where the true object has arrived already, a second one under its number or after another predecessor halts the
    link at once."""
    togo, burkina = pair
    declare(togo, 1)
    burkina.run("edi-receive")
    thief = Puppet(togo, burkina)
    thief.put(thief.seal(thief.interchange(thief.cusdec(_other(77)))).content)
    assert codes(burkina.run("edi-receive")) == ["E_DUPLICATE"]
    assert halts(burkina)["in"] == "E_DUPLICATE"


def test_t28_a_head_that_came_before_its_objects_is_judged_once_they_are_here(tmp_path: Path) -> None:
    """A checkpoint that covers more than has arrived waits; when the objects come and give another head, the fork is
    told, and the links with other partners go on."""
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    malice = Puppet(togo, burkina)
    malice.put(malice.seal(malice.interchange(malice.cusdec(_other(1)))).content)
    late = malice.seal(malice.interchange(malice.cusdec(_other(2))))
    heads = [Head("TGOTR", "BFDGD", 2, bytes(32)), Head("BFDGD", "TGOTR", 0, EMPTY_ROOT)]
    malice.put(malice.seal(checkpoint_payload(heads), kind=CHECKPOINT, filename="c.txt").content)
    well(burkina.run("edi-receive"))
    malice.put(late.content)
    ran = burkina.run("edi-receive")
    assert codes(ran) == ["E_FORK"]
    assert "at number 1-2." in forks(ran)[0]
    with open_gateway(burkina.settings, later()) as gateway, gateway.ledger.reading() as queries:
        assert {(one.partner, one.halted) for one in queries.links()} == {("TGOTR", "E_FORK")}
    third = Puppet(mali, burkina)
    third.send(third.cusres("DOWNTIME", None, reference="MLDGD-D-1", notice="N1", happened=None,
                            starts=whole_minute(later(hours=1)), ends=whole_minute(later(hours=2))))
    assert burkina.run("edi-receive").counts["answers_taken"] == 1


def test_a_checkpoint_that_breaks_its_rules_is_refused_with_its_leaf_and_without_a_receipt(pair: list[Office]) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    heads = [Head("TGOTR", "BFDGD", 1, bytes(32)), Head("BFDGD", "TGOTR", 0, bytes(32))]
    malice.put(malice.seal(checkpoint_payload(heads), kind=CHECKPOINT, filename="c.txt").content)
    refused(burkina.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange TGOTR 1")
    assert list(togo.mailbox("BFDGD").iterdir()) == []
    assert halts(burkina) == {"in": None}


@pytest.mark.parametrize(("link", "expected", "answers"), [("TGOTR/BFDGD", [], 1), ("TGOTR/MLDGD", ["E_PAYLOAD"], 0)])
def test_a_question_after_roots_is_answered_for_the_links_with_the_partner_and_no_other(
        link: str, expected: list[str], answers: int, pair: list[Office]) -> None:
    togo, burkina = pair
    malice = Puppet(togo, burkina)
    root = base64.b64encode(bytes(32)).decode("ascii")
    question = f"gw-roots/1\ngw-1/{link}\nask\n1 {root}\n2\n"
    malice.put(malice.seal(question.encode("ascii"), kind=ROOTS, filename="r.txt").content)
    assert codes(burkina.run("edi-receive")) == expected
    assert len(list(togo.mailbox("BFDGD").iterdir())) == answers


# --- 29: receipts

def _receipts(mic: str, signature: str, message_id: str, sequence: int) -> dict[str, tuple[bytes, str]]:
    def text(**changes: str) -> bytes:
        said = {"gateway": "BFDGD", "id": message_id, "disposition": "processed", "mic": mic, "algorithm": "sha-256",
                "signature": signature, "sequence": str(sequence), **changes}
        return (f"Reporting-UA: gateway.{said['gateway']}; forged 1\r\n"
                f"Original-Recipient: gateway; {said['gateway']}\r\nFinal-Recipient: gateway; {said['gateway']}\r\n"
                f"Original-Message-ID: {said['id']}\r\n"
                f"Disposition: automatic-action/MDN-sent-automatically; {said['disposition']}\r\n"
                f"Received-Content-MIC: {said['mic']}, {said['algorithm']}\r\n"
                f"Original-Signature-Digest: sha-256={said['signature']}\r\n"
                f"Original-Sequence: {said['sequence']}\r\n").encode("ascii")

    whole = text()
    return {
        "another MIC": (text(mic="A" * 43 + "="), "E_RECEIPT"),
        "another signature": (text(signature="0" * 64), "E_RECEIPT"),
        "another number": (text(sequence="2"), "E_RECEIPT"),
        "in the name of a third": (text(gateway="MLDGD"), "E_RECEIPT"),
        "a SHA-1 MIC": (text(mic="A" * 27 + "=", algorithm="sha1"), "E_RECEIPT"),
        "without a MIC": (b"".join(line for line in whole.splitlines(True) if b"-MIC" not in line), "E_RECEIPT"),
        "only a disposition": (b"Disposition: automatic-action/MDN-sent-automatically; processed\r\n", "E_RECEIPT"),
        "of an object never sent": (text(id=f"<{'e' * 32}@TGOTR>"), "E_RECEIPT_UNKNOWN"),
    }


@pytest.mark.parametrize("case", list(_receipts("", "", "", 1)))
def test_t29_a_receipt_that_does_not_fit_what_was_sent_is_an_alarm_and_the_object_stays_sent(
        case: str, pair: list[Office]) -> None:
    """A receipt with another MIC, signature or number, for another object, in another's name, without MIC, with a SHA-1
    MIC or with a disposition alone moves nothing: the object stays sent, and the operator is told."""
    togo, burkina = pair
    declare(togo, 1)
    with raw(togo) as connection:
        (mic, signature, message_id), = connection.execute(
            "SELECT mic, signature_digest, message_id FROM object WHERE direction = 'out'")
    payload, code = _receipts(base64.b64encode(bytes.fromhex(mic)).decode(), signature, message_id, 1)[case]
    forger = Puppet(burkina, togo)
    forger.put(forger.seal(payload, kind=RECEIPT, filename="receipt-1.txt").content)
    ran = togo.run("edi-receive")
    assert (ran.exit, code in codes(ran)) == (Exit.TRUST, True), ran.err
    assert [line["state"] for line in togo.interchanges("out")] == ["DISPATCHED"]


def test_t29_a_receipt_by_another_signer_is_quarantined_and_the_object_stays_sent(tmp_path: Path) -> None:
    """A true receipt signed with the key of a third gateway is not the partner's: it is quarantined, the object stays
    sent."""
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    declare(togo, 1)
    with raw(togo) as connection:
        (mic, signature, message_id), = connection.execute(
            "SELECT mic, signature_digest, message_id FROM object WHERE direction = 'out' AND partner = 'BFDGD'")
    payload, _ = _receipts(base64.b64encode(bytes.fromhex(mic)).decode(), signature, message_id, 2)["another number"]
    true = payload.replace(b"Original-Sequence: 2", b"Original-Sequence: 1")
    forger = Puppet(burkina, togo)
    forger.put(forger.seal(true, kind=RECEIPT, filename="r.txt", signer=Puppet(mali, togo).signer).content)
    ran = togo.run("edi-receive")
    assert codes(ran) == ["E_SIGNER_UNKNOWN"]
    assert [line["state"] for line in togo.interchanges("out") if line["partner"] == "BFDGD"] == ["DISPATCHED"]


# --- 31: the ledger is edited, or replaced by an old one

def _lived(togo: Office, burkina: Office) -> None:
    for number in (1, 2, 3):
        declare(togo, number)
        settle(burkina, togo, times=1)
    settle(burkina, togo)


EDITS = {
    "a fact is edited": ("UPDATE history SET text = 'x' WHERE id = 7", "history 7 (hash)"),
    "a fact is deleted": ("DELETE FROM history WHERE id = 7", "history 7 (hole)"),
    "two facts are swapped": (
        "UPDATE history SET id = -1 WHERE id = 7; UPDATE history SET id = 7 WHERE id = 8; "
        "UPDATE history SET id = 8 WHERE id = -1", "history 7 (hash)"),
    "a fact is inserted": (
        "INSERT INTO history SELECT (SELECT max(id) + 1 FROM history), at, subject, subject_id, reference, event, "
        "from_state, to_state, text, digest, row_hash FROM history WHERE id = 7", None),
    "the last facts are cut off": ("DELETE FROM history WHERE id > 20", "history 21 (end)"),
    "a leaf is edited": (
        "UPDATE object SET leaf = CAST(replace(CAST(leaf AS TEXT), 'gw-leaf', 'gw-leav') AS BLOB) "
        "WHERE direction = 'out' AND sequence = 2", "link TGOTR/BFDGD/2 (leaf)"),
    "a MIC is edited": ("UPDATE object SET mic = row_hash FROM history WHERE history.id = 1 AND direction = 'out' "
                        "AND sequence = 2", "link TGOTR/BFDGD/2 (leaf)"),
    "an object is deleted": ("DELETE FROM object WHERE direction = 'in' AND sequence = 2", None),
    "two objects are swapped": (
        "UPDATE object SET sequence = -1 WHERE direction = 'out' AND sequence = 2; "
        "UPDATE object SET sequence = 2 WHERE direction = 'out' AND sequence = 3; "
        "UPDATE object SET sequence = 3 WHERE direction = 'out' AND sequence = -1", "link TGOTR/BFDGD/2 (leaf)"),
    "the proofs of two objects are swapped": (
        "UPDATE object SET inner_id = inner_id + 10000 WHERE direction = 'out' AND sequence = 2; "
        "UPDATE object SET inner_id = (SELECT inner_id FROM object WHERE direction = 'out' AND sequence = 3) "
        "WHERE direction = 'out' AND sequence = 2", "link TGOTR/BFDGD/2 (signed)"),
    "the last object is cut off": (
        "DELETE FROM object WHERE direction = 'in' AND sequence = (SELECT max(sequence) FROM object "
        "WHERE direction = 'in'); UPDATE link SET sequence = sequence - 1, highest = highest - 1 "
        "WHERE direction = 'in'", None),
    "a content is edited": ("UPDATE content SET bytes = x'00' WHERE id = 3", "content 3 (bytes)"),
    "a state is edited": ("UPDATE object SET state = 'RECEIVED' WHERE direction = 'in' AND sequence = 2", None),
}


@pytest.mark.parametrize(("statement", "named"), EDITS.values(), ids=EDITS.keys())
def test_t31_every_edit_of_the_ledger_is_found_and_the_first_bad_row_named(statement: str, named: str | None,
                                                                           pair: list[Office]) -> None:
    """Rows that are edited, deleted, inserted, swapped or cut off behind the gateway's back are found by the check of
    the ledger, which names the first of them."""
    togo, burkina = pair
    _lived(togo, burkina)
    assert togo.run("edi", "audit", "verify").exit == 0
    with raw(togo) as connection:
        for trigger in ("history_no_update", "history_no_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.executescript(statement)
    ran = togo.run("edi", "audit", "verify")
    assert ran.exit == Exit.TRUST
    (first, *_) = [line for line in ran.err.splitlines() if "L014: " in line]
    if named is not None:
        what, fault = named.split(" (")
        assert f"L014: {what}: " in first, ran.err
        assert f"({fault}" in first
    lines = checked("audit-verify", togo.run("edi", "audit", "verify", "--json").out)[:-1]
    assert len(lines) == len([line for line in ran.err.splitlines() if "L014: " in line])


def test_t31_the_end_of_the_history_is_looked_at_in_every_run(pair: list[Office]) -> None:
    """A row of the recent history that was edited is an alarm of the very next run."""
    togo, burkina = pair
    _lived(togo, burkina)
    with raw(togo) as connection:
        connection.execute("DROP TRIGGER history_no_update")
        connection.execute("UPDATE history SET text = 'x' WHERE id = (SELECT max(id) - 3 FROM history)")
    assert codes(togo.run("edi-send")) == ["L013"]


@pytest.mark.parametrize("hours", [DAY + 1, 2 * DAY + 1], ids=["between two heads", "with the heads of the next day"])
def test_t31_a_tree_that_no_longer_gives_the_head_we_signed_stops_everything(hours: float, pair: list[Office]) -> None:
    """A leaf below a head that both sides signed is edited: E_LEDGER at the next run, both links halt, and nothing goes
    out."""
    togo, burkina = pair
    _lived(togo, burkina)
    settle(togo, burkina, hours=DAY)
    with raw(togo) as connection:
        connection.execute("UPDATE object SET leaf = CAST(replace(CAST(leaf AS TEXT), 'gw-leaf', 'gw-leav') AS BLOB) "
                           "WHERE direction = 'out' AND sequence = 2")
    togo.drop("declarations", {"d9.json": declaration_json("N9", mrn=numbered_mrn(9))})
    ran = at(togo, "edi-send", later(hours=hours))
    assert (ran.exit, "E_LEDGER" in codes(ran), ran.counts["objects_dispatched"]) == (Exit.TRUST, True, 0)
    assert halts(togo) == {"in": "E_LEDGER", "out": "E_LEDGER"}
    assert codes(at(togo, "edi-sync", later(hours=hours + 1))) == ["X049", "X049"]


def test_t31_a_leaf_below_older_heads_is_found_by_the_walk_of_the_day(pair: list[Office]) -> None:
    """A run between two checkpoints walks what came since the last but one; an edit of older leaves is found with the
    next day's heads at the latest."""
    togo, burkina = pair
    _lived(togo, burkina)
    for day in (1, 2):
        settle(togo, burkina, hours=day * DAY)
    with raw(togo) as connection:
        connection.execute("UPDATE object SET leaf = x'00' WHERE direction = 'in' AND sequence = 1")
    assert codes(at(togo, "edi-send", later(hours=2 * DAY + 1))) == []
    assert codes(at(togo, "edi-send", later(hours=3 * DAY + 1))) == ["E_LEDGER"]
    assert togo.run("edi", "audit", "verify").exit == Exit.TRUST


def test_t31_an_old_backup_is_found_by_the_partners_heads_and_everything_stops(pair: list[Office]) -> None:
    """Yesterday's ledger is put back: the partner's checkpoint covers more than we know to have sent. E_LEDGER, both
    links halt, no number is given twice, and what lies in the mailbox stays there."""
    togo, burkina = pair
    _lived(togo, burkina)
    state = togo.home / "state"
    kept = {path.name: path.read_bytes() for path in state.glob("ledger.sqlite*")}
    declare(togo, 4)
    well(burkina.run("edi-receive"))
    settle(burkina, togo)
    settle(burkina, hours=DAY, times=1)
    for path in [*state.glob("ledger.sqlite*"), state / "generation"]:  # a whole machine: nothing on it tells
        path.unlink()
    for name, content in kept.items():
        (state / name).write_bytes(content)
    ran = at(togo, "edi-receive", later(hours=DAY, minutes=5))
    assert (ran.exit, "E_LEDGER" in codes(ran)) == (Exit.TRUST, True), ran.err
    assert halts(togo) == {"in": "E_LEDGER", "out": "E_LEDGER"}
    before = sorted(path.name for path in burkina.mailbox("TGOTR").iterdir())
    at(burkina, "edi-send", later(hours=2 * DAY + 1))
    lying = sorted(path.name for path in togo.mailbox("BFDGD").iterdir())
    assert lying
    togo.drop("declarations", {"d5.json": declaration_json("N5", mrn=numbered_mrn(5))})
    at(togo, "edi-sync", later(hours=2 * DAY, minutes=70))
    assert sorted(path.name for path in burkina.mailbox("TGOTR").iterdir()) == before
    assert sorted(path.name for path in togo.mailbox("BFDGD").iterdir()) == lying
    assert togo.run("edi", "link", "checkpoint").exit != 0

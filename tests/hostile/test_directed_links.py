"""A hostile mailbox host replays, reorders and deletes; a partner goes silent: does it show, and does it mend?"""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from gateway.ledger.questions import LinkState
from gateway.security import RESEND, encrypt, file_name, load_certificate
from tests.tools.malice import Puppet, at, codes, later, refused, well
from tests.tools.offices import Office, Ran, offices
from tests.tools.records import declaration_json, numbered_mrn

YEARS = timedelta(days=800)


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo and Burkina Faso, whose certificates hold for two years."""
    return offices(tmp_path, valid=YEARS)


def strict(office: Office, partner: str) -> None:
    """The two have agreed on the strict order."""
    path = office.home / "partners" / f"{partner}.yaml"
    path.write_text(path.read_text("utf-8").replace("order: loose", "order: strict"), "utf-8")


def sent(togo: Office, burkina: Office, number: int) -> Path:
    """One more declaration of Togo's; its file in the mailbox."""
    before = set(burkina.mailbox(togo.name).iterdir())
    togo.drop("declarations", {f"d{number}.json": declaration_json(f"N{number}", mrn=numbered_mrn(number))})
    well(togo.run("edi-send"))
    (new,) = set(burkina.mailbox(togo.name).iterdir()) - before
    return new


def link(office: Office, partner: str, direction: str) -> LinkState:
    """Where one of the office's links stands."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return next(one for one in queries.links() if (one.partner, one.direction) == (partner, direction))


def inner_of(office: Office, sequence: int) -> bytes:
    """The SignedData of an object that an office sent, as its ledger keeps it."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.transaction() as transaction:
        number = transaction.object_out("BFDGD" if office.name == "TGOTR" else "TGOTR", sequence)
        assert number is not None
        return transaction.inner_of(number)


def encrypted_anew(sender: Office, recipient: Office, sequence: int) -> tuple[str, bytes]:
    """What a host that has learnt the certificate, or a partner, can make of an object it once had."""
    content = encrypt(inner_of(sender, sequence), [load_certificate(recipient.home / "keys" / "encryption.crt")])
    return file_name(content), content


# --- 1: replay

def test_t01_a_replay_after_a_year_or_in_a_new_envelope_has_one_effect_and_gets_the_same_receipt(
        pair: list[Office]) -> None:
    """An accepted file put back a year later, and its SignedData encrypted anew, count as the same object: one record,
    one business effect, and the stored receipt byte for byte."""
    togo, burkina = pair
    first = sent(togo, burkina, 1)
    kept = first.read_bytes()
    well(burkina.run("edi-receive"))
    (receipt,) = [path for path in togo.mailbox("BFDGD").iterdir() if path.read_bytes() == _receipt(burkina)]
    said = receipt.read_bytes()
    inbox = burkina.inbox("declarations")
    name, content = encrypted_anew(togo, burkina, 1)
    assert content != kept
    for moment, file, bytes_ in ((later(days=365), first.name, kept), (later(days=366), name, content)):
        receipt.unlink(missing_ok=True)
        (burkina.mailbox("TGOTR") / file).write_bytes(bytes_)
        ran = at(burkina, "edi-receive", moment)
        assert (ran.counts["objects_repeated"], ran.counts["messages_accepted"]) == (1, 0)
        assert receipt.read_bytes() == said
        assert burkina.inbox("declarations") == inbox
        assert len(burkina.movements()) == 1
        assert not (burkina.mailbox("TGOTR") / file).exists()


def _receipt(office: Office) -> bytes:
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.transaction() as transaction:
        known = transaction.known_object("TGOTR", sequence=1)
        assert known is not None
        receipt = transaction.receipt_of(known.object_id)
        assert receipt is not None
        return receipt.sealed


# --- 2: reordering

def _three(togo: Office, burkina: Office) -> list[tuple[str, bytes]]:
    files = []
    for number in (1, 2, 3):
        path = sent(togo, burkina, number)
        files.append((path.name, path.read_bytes()))
        path.unlink()
    return files


def test_t02_under_the_strict_order_later_objects_are_parked_and_released_in_order(pair: list[Office]) -> None:
    """Delivered 3, 1, 2, the objects are released 1, 2, 3: what comes early is receipted and parked."""
    togo, burkina = pair
    strict(burkina, "TGOTR")
    files = _three(togo, burkina)
    released: list[list[str]] = []
    parked = []
    for number in (3, 1, 2):
        name, content = files[number - 1]
        (burkina.mailbox("TGOTR") / name).write_bytes(content)
        before = set(burkina.movements())
        well(burkina.run("edi-receive"))
        released.append(sorted(set(burkina.movements()) - before))
        parked.append(link(burkina, "TGOTR", "in").parked)
    assert released == [[], [numbered_mrn(1)], [numbered_mrn(2), numbered_mrn(3)]]
    assert parked == [1, 1, 0]
    assert [line["state"] for line in burkina.interchanges("in")] == ["ACKNOWLEDGED"] * 3


def test_t02_under_the_loose_order_what_comes_early_is_processed_and_marked(pair: list[Office]) -> None:
    """Without a strict order an object that comes early is processed on arrival and marked as out of order."""
    togo, burkina = pair
    files = _three(togo, burkina)
    for number in (3, 1, 2):
        name, content = files[number - 1]
        (burkina.mailbox("TGOTR") / name).write_bytes(content)
        well(burkina.run("edi-receive"))
        assert len(burkina.movements()) == {3: 1, 1: 2, 2: 3}[number]
    with open_gateway(burkina.settings, later()) as gateway, gateway.ledger.reading() as queries:
        marks = [row.text for row in queries.history() if row.event == "out-of-order"]
    assert marks == ["TGOTR 3, awaited 1"]


# --- 3: deletion in the middle

def test_t03_a_deleted_object_is_named_asked_for_once_a_day_and_comes_again(pair: list[Office]) -> None:
    """Of five objects the second is deleted: the gap says 2, one resend object asks for it, repeated daily, and once it
    is put up again the gap closes and the business order is kept."""
    togo, burkina = pair
    strict(burkina, "TGOTR")
    paths = [sent(togo, burkina, number) for number in range(1, 6)]
    paths[1].unlink()
    well(burkina.run("edi-receive"))
    assert sorted(burkina.movements()) == [numbered_mrn(1)]
    asked = []
    for hours in (0.5, 1.5, 2, 20, 25, 26):
        ran = at(burkina, "edi-receive", later(hours=hours))
        assert ("E_GAP" in codes(ran)) is (hours > 1)
        asked.append(_sealed(burkina, "TGOTR", RESEND))
    assert asked == [0, 1, 1, 1, 2, 2]
    assert re.search(r"^interchange TGOTR: E_GAP: Number 2 has been missing for 26 h", ran.err, re.MULTILINE)
    well(at(togo, "edi-receive", later(hours=26)))
    well(at(burkina, "edi-receive", later(hours=26)))
    assert sorted(burkina.movements()) == [numbered_mrn(number) for number in range(1, 6)]
    judged = [line["reference"] for line in burkina.interchanges("in") if line["type"] == "CUSDEC"]
    assert judged == [f"TG{number:010d}" for number in (1, 3, 4, 5, 2)]
    assert (link(burkina, "TGOTR", "in").gaps, link(burkina, "TGOTR", "in").parked) == ((), 0)


def test_t03_a_partner_that_asks_without_end_gets_each_object_once_a_day(pair: list[Office]) -> None:
    """Who asks for everything again and again gets each object once a day: nobody makes us send without end."""
    togo, burkina = pair
    for number in (1, 2, 3):
        sent(togo, burkina, number)
    malice = Puppet(burkina, togo)
    sizes = []
    for hour in range(1, 30):
        for path in burkina.mailbox("TGOTR").iterdir():
            path.unlink()
        request = malice.seal(b"gw-resend/1\n1-999999999999999999\n2\n2-3\n", kind=RESEND, filename="resend.txt",
                              at=later(hours=hour))
        malice.put(request.content)
        at(togo, "edi-receive", later(hours=hour))
        sizes.append(len(list(burkina.mailbox("TGOTR").iterdir())))
    assert sizes[0] == 3
    assert sum(sizes) <= 3 * (2 + 4) + 2, sizes  # twice asked for, repeats without a receipt, heads of the day


def test_t03_a_request_that_is_backwards_is_refused_and_sends_nothing(pair: list[Office]) -> None:
    """A request whose range ends before it begins is E_PAYLOAD and puts nothing up."""
    togo, burkina = pair
    sent(togo, burkina, 1).unlink()
    malice = Puppet(burkina, togo)
    malice.put(malice.seal(b"gw-resend/1\n7-1\n", kind=RESEND, filename="resend.txt").content)
    refused(togo.run("edi-receive"), Exit.TRUST, "E_PAYLOAD", place="interchange BFDGD 1")
    assert list(burkina.mailbox("TGOTR").iterdir()) == []


def _sealed(office: Office, partner: str, kind: str) -> int:
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return sum(row.kind == kind for number in itertools.takewhile(
            lambda number: queries.object_of(number) is not None, itertools.count(1))
            if (row := queries.object_of(number)) is not None and (row.direction, row.partner) == ("out", partner))


# --- 4: deletion of the newest

def test_t04_the_newest_object_deleted_shows_by_its_receipt_and_by_the_heads_of_the_day(pair: list[Office]) -> None:
    """The last file is dropped: the same bytes go up again; and the next day's checkpoint names a size that is one
    larger than what arrived, so that the number is asked for."""
    togo, burkina = pair
    well(_settled(togo, burkina))
    last = sent(togo, burkina, 2)
    kept = last.read_bytes()
    last.unlink()
    ran = at(togo, "edi-send", later(hours=4, minutes=1))
    assert (ran.counts["objects_dispatched"], last.read_bytes()) == (1, kept)
    last.unlink()
    at(togo, "edi-send", later(hours=24))
    last.unlink(missing_ok=True)
    at(burkina, "edi-receive", later(hours=24))
    state = link(burkina, "TGOTR", "in")
    mine = link(togo, "BFDGD", "out")
    missing = [(gap.first, gap.last) for gap in state.gaps]
    assert missing == [(mine.sequence - 1, mine.sequence - 1)]
    refused(at(burkina, "edi-receive", later(hours=25, minutes=1)), Exit.PERSON, "E_GAP", place="interchange TGOTR")
    at(togo, "edi-receive", later(hours=25, minutes=2))
    well(at(burkina, "edi-receive", later(hours=25, minutes=3)))
    assert numbered_mrn(2) in burkina.movements()


def test_t04_the_newest_object_deleted_again_and_again_ends_in_an_alarm(pair: list[Office]) -> None:
    """Dropped each time it goes up, the newest object ends in the alarm that it is unacknowledged, and stays sent."""
    togo, burkina = pair
    path = sent(togo, burkina, 1)
    found = []
    for hours in (0, 4, 8, 12, 16):
        if hours:
            found.append(codes(at(togo, "edi-send", later(hours=hours, minutes=hours))))
        path.unlink(missing_ok=True)  # after the third repeat it goes up once a day
    assert found == [[], [], [], ["X063"]]
    assert [line["state"] for line in togo.interchanges("out")] == ["DISPATCHED"]


def _settled(togo: Office, burkina: Office) -> Ran:
    sent(togo, burkina, 1)
    for office in (burkina, togo, burkina):
        well(office.run("edi-sync"))
    return togo.run("edi-sync")


# --- 30: receipts withheld

def test_t30_a_partner_that_withholds_its_receipts_is_an_alarm_every_day_and_nothing_counts_as_delivered(
        pair: list[Office]) -> None:
    """Without a receipt the same bytes go up three times more, then "unacknowledged" is an alarm once a day; the upload
    stays on record, and the object is never shown as delivered."""
    togo, burkina = pair
    path = sent(togo, burkina, 1)
    kept = path.read_bytes()
    told = []
    for hours in range(1, 72):
        ran = at(togo, "edi-send", later(hours=hours, minutes=hours))
        if "X063" in codes(ran):
            told.append(hours)
            refused(ran, Exit.PERSON, "X063", place="interchange BFDGD")
        if path.exists():
            assert path.read_bytes() == kept
            path.unlink()
        for other in burkina.mailbox("TGOTR").iterdir():
            other.unlink()
    assert 15 <= told[0] <= 17
    assert len(told) in (3, 4), told  # on each day of the calendar of those three
    (line,) = togo.interchanges("out")
    assert line["state"] == "DISPATCHED"
    with open_gateway(togo.settings, later()) as gateway, gateway.ledger.reading() as queries:
        steps = [row.event for row in queries.history() if row.subject == "object" and row.subject_id == 1]
    assert steps[:5] == ["new", "dispatch", "repeat", "repeat", "repeat"]

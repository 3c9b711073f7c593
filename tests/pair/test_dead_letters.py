"""What becomes of an envelope that is never acknowledged: repeated for a time, then a person's, and never given up?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.exchange.assembly import open_gateway
from gateway.exchange.summary import Exit
from tests.tools.malice import at, codes, later, refused, well
from tests.tools.offices import Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn

DEAD = "X053"


@pytest.fixture
def pair(tmp_path: Path) -> list[Office]:
    """Togo, that sends one declaration, and Burkina Faso; their certificates hold for two years."""
    togo, burkina = offices(tmp_path, valid=timedelta(days=800))
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=numbered_mrn(1))})
    well(togo.run("edi-send"))
    return [togo, burkina]


def lose(burkina: Office) -> None:
    """Whatever Togo has put up is gone, and no receipt comes."""
    for path in burkina.mailbox("TGOTR").iterdir():
        path.unlink()


def objects(office: Office) -> list[tuple[int, str, int, bool]]:
    """The declarations that an office sent: number, state, how often it went up, whether it goes up again by itself."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return [(row.sequence, row.state.value, row.attempts, row.next_at is not None)
                for interchange in queries.interchanges(direction="out", partner="BFDGD")
                for row in queries.objects_of(interchange.id)]


def silence(togo: Office, burkina: Office, days: int) -> list[int]:
    """Runs to whose envelopes nobody answers, five on the first day and one on each other; the days on which a dead
    letter was told."""
    told = []
    for hours in (5, 10, 15, 20, *range(25, days * 24, 24)):
        if DEAD in codes(at(togo, "edi-send", later(hours=hours))):
            told.append(hours // 24)
        lose(burkina)
    return told


def overdue(office: Office) -> list[tuple[str, str, str]]:
    """What `edi overdue` lists of receipts today: kind, reference, next step."""
    return [(line["overdue_kind"], line["reference"], line["next"]) for line in checked(
        "overdue", office.run("edi", "overdue", "--json").out) if line["kind"] == "overdue"]


def totals(office: Office) -> tuple[int, int]:
    """Unanswered envelopes, and those of them that are dead letters."""
    (line,) = [line for line in checked("status", office.run("edi", "status", "--json").out)
               if line["kind"] == "summary"]
    return line["unanswered"], line["dead"]


def test_after_two_weeks_without_a_receipt_nothing_goes_up_any_more_and_a_person_is_told_every_day(
        pair: list[Office]) -> None:
    togo, burkina = pair
    assert silence(togo, burkina, 20) == [14, 15, 16, 17, 18, 19]
    ((sequence, state, attempts, again),) = objects(togo)
    assert (sequence, state, again) == (1, "DEAD-LETTER", False)
    assert attempts == 16  # once, three times, and once a day
    dead = at(togo, "edi-send", later(days=21))
    refused(dead, Exit.PERSON, DEAD, place="interchange BFDGD")
    assert "edi resend TG0000000001" in dead.err
    assert objects(togo) == [(1, "DEAD-LETTER", attempts, False)]


def test_a_dead_letter_is_seen_in_status_and_overdue_with_what_to_do(pair: list[Office]) -> None:
    togo, burkina = pair
    silence(togo, burkina, 15)
    assert overdue(togo) == []  # today nothing is late: the days were travelled ahead
    with open_gateway(togo.settings, later(days=15)) as gateway:
        from gateway.reports import overdue as late

        (line,) = [one for one in late(gateway.ledger, later(days=15), {}) if one.kind != "movement"]
    assert (line.kind, line.reference, line.partner, line.next) == ("dead", "TG0000000001", "BFDGD", "resend")
    assert [(line["state"], line["next"]) for line in togo.interchanges("out")] == [("DEAD-LETTER", "resend")]
    assert togo.movements()[numbered_mrn(1)]["next"] == "resend"  # nobody has it: nothing comes by waiting
    assert totals(togo)[1] == 1
    shown = togo.run("edi", "status").out
    assert "Dead letters: 1 envelopes without receipt are repeated no more; see: edi overdue" in shown
    assert "Dead letter " in shown


def test_a_receipt_that_comes_late_settles_a_dead_letter(pair: list[Office]) -> None:
    togo, burkina = pair
    (lying,) = burkina.mailbox("TGOTR").iterdir()
    kept = lying.read_bytes()
    silence(togo, burkina, 15)
    lying.write_bytes(kept)  # it was on its way all the time
    at(burkina, "edi-receive", later(days=15))
    at(togo, "edi-receive", later(days=15, hours=1))
    assert objects(togo)[-1] == (1, "RECEIVED", 16, False)  # the others are answers to answers
    assert next(line["state"] for line in togo.interchanges("out")) == "ACKNOWLEDGED"
    assert totals(togo)[1] == 0
    assert DEAD not in codes(at(togo, "edi-send", later(days=17)))


def _resent(togo: Office, moment: timedelta) -> Ran:
    assert togo.run("edi", "resend", "TG0000000001").exit == 0
    return at(togo, "edi-send", later() + moment)


def test_a_dead_letter_sent_again_by_hand_lives_as_long_again(pair: list[Office]) -> None:
    togo, burkina = pair
    (lying,) = burkina.mailbox("TGOTR").iterdir()
    kept = lying.read_bytes()
    silence(togo, burkina, 15)
    _resent(togo, timedelta(days=16))
    assert [path.read_bytes() for path in burkina.mailbox("TGOTR").iterdir() if path.name == lying.name] == [kept]
    assert [state for _, state, _, again in objects(togo) if again] == ["DISPATCHED"]
    assert [(line["state"], line["next"]) for line in togo.interchanges("out")] == [("DISPATCHED", "wait")]
    lose(burkina)
    for day in range(17, 40):
        if DEAD in codes(at(togo, "edi-send", later(days=day))):
            break
        lose(burkina)
    assert day == 30


def test_what_lies_uncollected_for_as_long_is_a_dead_letter_too_and_stays_where_it_lies(pair: list[Office]) -> None:
    togo, burkina = pair
    (lying,) = burkina.mailbox("TGOTR").iterdir()
    told = [day for day in range(1, 18) if DEAD in codes(at(togo, "edi-send", later(days=day, hours=5)))]
    assert told == [15, 16, 17]  # found to be one on the fourteenth day
    assert objects(togo) == [(1, "DEAD-LETTER", 1, False)]
    assert lying.exists()
    _resent(togo, timedelta(days=18))  # it lies there, and is waited for again
    assert objects(togo) == [(1, "DISPATCHED", 2, True)]


def test_a_dead_letter_can_be_taken_back(pair: list[Office]) -> None:
    togo, burkina = pair
    silence(togo, burkina, 15)
    ran = togo.run("edi", "link", "withdraw", "1", "--partner", "BFDGD", "--reason", "not wanted any more",
                   "--by", "K. Mensah")
    assert ran.exit == 0, ran.err
    assert objects(togo) == [(1, "WITHDRAWN", objects(togo)[0][2], False)]
    assert totals(togo)[1] == 0


def test_what_was_taken_back_does_not_go_up_again_by_hand(pair: list[Office]) -> None:
    togo, burkina = pair
    (lying,) = burkina.mailbox("TGOTR").iterdir()
    silence(togo, burkina, 15)
    assert togo.run("edi", "link", "withdraw", "1", "--partner", "BFDGD", "--reason", "not wanted any more",
                    "--by", "K. Mensah").exit == 0
    ran = togo.run("edi", "resend", "TG0000000001", "--json")
    assert ran.exit == Exit.PERSON
    assert checked("resend", ran.out)[0]["reason"] == "withdrawn"
    assert "what was sealed under this reference was taken back and goes out no more" in ran.err
    well(at(togo, "edi-send", later(days=16)))
    assert [state for _, state, _, again in objects(togo)] == ["WITHDRAWN"]
    assert not lying.exists()


# --- clocks that jump

def test_a_clock_that_was_years_ahead_for_one_run_makes_no_dead_letter_and_puts_no_repeat_off(
        pair: list[Office]) -> None:
    togo, burkina = pair
    lose(burkina)
    at(togo, "edi-send", later(days=700))
    assert objects(togo) == [(1, "DISPATCHED", 2, True)]  # repeated, as it was due
    lose(burkina)
    at(togo, "edi-send", later(minutes=5))
    ((_, state, attempts, _),) = objects(togo)
    assert (state, attempts) == ("DISPATCHED", 3)  # what only that clock put off is due
    assert burkina.mailbox("TGOTR").iterdir()


def test_what_went_up_while_the_clock_was_ahead_is_late_when_it_really_is(tmp_path: Path) -> None:
    togo, burkina = offices(tmp_path, valid=timedelta(days=800))
    togo.drop("declarations", {"d.json": declaration_json("A", mrn=numbered_mrn(1))})
    well(at(togo, "edi-send", later(days=300)))
    lose(burkina)
    at(togo, "edi-send", later(hours=1))
    with open_gateway(togo.settings, later()) as gateway, gateway.ledger.reading() as queries:
        (row,) = [one.object for one in queries.objects_unanswered(later())]
    assert row.dispatched is not None
    assert row.receipt_due is not None
    assert later() < row.dispatched <= later(hours=1)
    assert row.receipt_due <= later(hours=5)


@pytest.mark.parametrize("days", [3, 30])
def test_the_settings_say_how_long_an_envelope_is_repeated(pair: list[Office], days: int) -> None:
    togo, burkina = pair
    togo.settings.write_text(togo.settings.read_text("utf-8") + f"\nretry:\n  dead: {days}d\n", "utf-8")
    lose(burkina)
    for hours in (5, 10, 15, 20):
        at(togo, "edi-send", later(hours=hours))
        lose(burkina)
    assert DEAD not in codes(at(togo, "edi-send", later(days=days) - timedelta(hours=1)))
    lose(burkina)
    assert DEAD in codes(at(togo, "edi-send", later(days=days, hours=1)))

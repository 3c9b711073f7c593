"""Are people told of what waits: each cause once, its end once, with the message, the partner, the reason and what to
type next; and does telling survive kills, silent servers and refusals without ever failing a run?"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load_settings
from gateway.exchange.alerting import tell_after_run
from gateway.exchange.assembly import Occasion, open_gateway
from gateway.exchange.run_marks import marked
from gateway.exchange.summary import Summary
from gateway.reports import overdue
from gateway.texts import Language, sentence
from tests.tools.mailserver import MailServer, Manners
from tests.tools.malice import STEPS, later
from tests.tools.offices import Office, Ran, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, numbered_mrn
from tests.tools.webserver import Behaviour, WebServer

TRADERS = sorted({party["name"] for name in ("consignor", "consignee", "declarant", "principal")
                  if isinstance(party := json.loads(declaration_json("A")).get(name), dict) and "name" in party})
KEY = b"a key that both programs have"


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, whose partner takes what it sends and never answers."""
    office, _ = offices(tmp_path, valid=timedelta(days=800))
    office.drop("declarations", {"d.json": declaration_json("A", mrn=numbered_mrn(1))})
    return office


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def told_by(office: Office, text: str) -> None:
    """Let an office tell by these ways."""
    office.settings.write_text(office.settings.read_text("utf-8") + "\nalerts:\n" + text, "utf-8")


def by_mail(office: Office, server: MailServer, more: str = "") -> None:
    told_by(office, f"  - by: mail\n    to: [night@customs.example]\n    from: edi@customs.example\n"
                    f"    server: 127.0.0.1\n    port: {server.port}\n    security: none\n    language: en\n{more}")


def secret(office: Office, name: str, content: bytes) -> str:
    file = office.home / "keys" / name
    file.write_bytes(content)
    file.chmod(0o600)
    return f"keys/{name}"


def quiet(ran: Ran, *exits: int) -> None:
    """The run is done, and nothing in it has gone wrong for want of somebody who takes an alert."""
    assert ran.exit in (exits or (0,)), ran


def rows(office: Office) -> list[tuple[str, bool, bool]]:
    """What the ledger keeps: cause, told, over."""
    with open_gateway(office.settings, later()) as gateway, gateway.ledger.reading() as queries:
        return [(row.cause, row.told is not None, row.ended is not None) for row in queries.alerts()]


def at(office: Office, program: str, moment: datetime) -> Ran:
    """A run at a moment of one's own, with what it says of problems and of alerts."""
    with open_gateway(load_settings(office.settings), moment) as gateway:
        occasion = Occasion(moment, lambda: secrets.token_hex(16), time.monotonic)
        summary = Summary()
        with marked(gateway.settings.paths.state, program, occasion, summary):
            STEPS[program](gateway, occasion, summary=summary)
            tell_after_run(gateway, occasion, summary)
    findings = [*summary.news, *(finding for _, finding in summary.problems)]
    return Ran(int(summary.status), "", "\n".join(sentence(finding, Language.ENGLISH) for finding in findings))


def words(mail: Any) -> str:
    """The text of a mail."""
    text: str = mail.get_content().replace("\r\n", "\n")
    return text


@pytest.mark.parametrize(("collected", "code", "why", "advice", "step"), [
    (False, "X372", "BFDGD does not collect any more: envelopes that lie there and await a receipt: 1, since ",
     "telephone, its runs do not come any more; resending is of no use; what waits: edi overdue", "call"),
    (True, "X362", "BFDGD: answers late: 1, the oldest awaited since ",
     "see what became of the oldest message: edi show TG0000000001", "resend")])
def test_the_mail_of_three_in_the_night_says_which_message_which_partner_why_and_what_to_type(
        togo: Office, mails: MailServer, collected: bool, code: str, why: str, advice: str, step: str) -> None:
    by_mail(togo, mails)
    quiet(togo.run("edi-send"))
    assert mails.taken == []
    if collected:
        for file in Office("BFDGD", togo.home, togo.mail).mailbox("TGOTR").iterdir():
            file.unlink()
    quiet(at(togo, "edi-send", night := later(hours=5)), 0, 1)  # the receipt was due after four hours
    (mail,) = mails.taken
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == (
        "night@customs.example", "edi@customs.example", "auto-generated")
    assert mail["Subject"].startswith(f"[edi TGOTR] {code}: {why}")
    text = words(mail)
    assert "TG0000000001: receipt awaited since " in text
    assert f"  → {advice}" in text
    assert TRADERS and [word for word in (*TRADERS, str(togo.home)) if word in text] == []
    with open_gateway(togo.settings, night) as gateway:
        late = overdue(gateway.ledger, night, {"BFDGD": gateway.partner("BFDGD").agreement})
    assert [line.next for line in late] == [step]


def test_a_cause_is_told_once_however_often_runs_come_and_its_end_once(togo: Office, mails: MailServer) -> None:
    by_mail(togo, mails)
    quiet(togo.run("edi-send"))
    for hours in (5.0, 5.1, 5.2):
        quiet(at(togo, "edi-send", later(hours=hours)), 0, 1)
    assert len(mails.taken) == 1
    assert rows(togo) == [("late/BFDGD", True, False)]
    burkina = Office("BFDGD", togo.home.parent / "bfdgd", togo.mail)
    for office, program in ((burkina, "edi-sync"), (togo, "edi-receive"), (togo, "edi-receive")):
        quiet(at(office, program, later(hours=5.3)), 0, 1)
    assert [mail["Subject"].strip().partition(" (")[0] for mail in mails.taken[1:]] == [
        "[edi TGOTR] BFDGD: no answer is late any more"]
    assert rows(togo) == []


@pytest.mark.parametrize("failpoint", ["alerts.noted", "alerts.told"])
def test_a_run_killed_while_it_tells_loses_nothing_and_tells_again_only_under_the_same_identifier(
        togo: Office, mails: MailServer, failpoint: str) -> None:
    quiet(togo.run("edi-send"))
    (togo.mailbox("BFDGD") / f"{'0' * 32}.p7m").write_bytes(b"no CMS")
    for _ in range(2):
        togo.run("edi-receive")
    by_mail(togo, mails)
    assert togo.killed("edi-receive", failpoint) == -9
    before = len(mails.taken)
    assert (before, rows(togo)) == (int(failpoint == "alerts.told"), [("quarantine/BFDGD", False, False)])
    for _ in range(2):
        quiet(togo.run("edi-receive"), 0, 5)
    assert len({mail["Message-ID"] for mail in mails.taken}) == 1
    assert (len(mails.taken), rows(togo)) == (before + 1, [("quarantine/BFDGD", True, False)])


@pytest.mark.parametrize("manners", [Manners(refuse="451 later"), Manners(mute=True), Manners(account=("a", "b"))])
def test_a_mail_server_that_does_not_take_it_fails_no_run_and_is_tried_again_later(
        togo: Office, manners: Manners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.exchange.alert_channels._SECONDS", 0.5)
    with MailServer(manners) as server:
        by_mail(togo, server)
        quiet(togo.run("edi-send"))
        begun = time.monotonic()
        ran = at(togo, "edi-send", later(hours=5))
        assert time.monotonic() - begun < 8
        quiet(ran, 0, 1)
        assert any(code in ran.err for code in ("B151", "B152"))
        assert (server.taken, rows(togo)) == ([], [("late/BFDGD", False, False)])
        quiet(at(togo, "edi-send", later(hours=5, seconds=30)), 0, 1)  # a minute has not passed
        assert server.taken == []
        manners.refuse, manners.mute, manners.account = "", False, None
        quiet(at(togo, "edi-send", later(hours=5, minutes=2)), 0, 1)
        assert len(server.taken) == 1


def test_the_digest_comes_once_a_day_after_its_time_with_one_line_on_top(togo: Office, mails: MailServer) -> None:
    by_mail(togo, mails, '    digest: "06:30"\n')
    quiet(togo.run("edi-send"))
    mails.taken.clear()
    day = (later() + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    for minutes in (6 * 60 + 29, 6 * 60 + 31, 7 * 60, 23 * 60):
        quiet(at(togo, "edi-send", day + timedelta(minutes=minutes)), 0, 1)
    digests = [mail for mail in mails.taken if f"{day:%Y-%m-%d}: alerts 1, answers late 1, movements overdue 0" in
               words(mail)]
    assert len(digests) == 1
    assert "BFDGD: last object received - (UTC), envelopes without a receipt: 1" in words(digests[0])
    quiet(at(togo, "edi-send", day + timedelta(days=1, hours=8)), 0, 1)
    assert len([mail for mail in mails.taken if "answers late 1" in words(mail)]) == 2


def test_a_request_is_signed_and_carries_an_identifier_and_references_only(togo: Office) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    def take(status: int) -> Behaviour:
        def behave(handler: BaseHTTPRequestHandler) -> None:
            content = handler.rfile.read(int(handler.headers["Content-Length"]))
            got.append(({name.lower(): value for name, value in handler.headers.items()}, content))
            handler.send_response(status)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        return behave

    with WebServer() as server:
        server.at("/hidden-hook", take(500))
        told_by(togo, f"  - by: webhook\n    address: {secret(togo, 'hook', f'{server.base}/hidden-hook'.encode())}\n"
                      f"    key: {secret(togo, 'hook-key', KEY)}\n")
        quiet(togo.run("edi-send"))
        ran = at(togo, "edi-send", later(hours=5))
        quiet(ran, 0, 1)
        assert ("B150" in ran.err, "hidden-hook" in ran.err) == (True, False)
        server.at("/hidden-hook", take(204))
        quiet(at(togo, "edi-send", later(hours=6)), 0, 1)
        quiet(at(togo, "edi-send", later(hours=7)), 0, 1)
    assert len(got) == 2
    for headers, body in got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert headers["idempotency-key"] == headers["webhook-id"] == got[0][0]["webhook-id"]
    alert = json.loads(got[1][1])
    assert {key: alert[key] for key in ("schema", "kind", "event", "gateway", "cause", "code", "references")} == {
        "schema": 1, "kind": "alert", "event": "begun", "gateway": "TGOTR", "cause": "late/BFDGD", "code": "X372",
        "references": ["TG0000000001"]}
    assert "hidden-hook" not in togo.run("edi", "config", "show").out


def test_a_program_gets_each_cause_as_json_and_one_that_fails_is_called_again(togo: Office, tmp_path: Path) -> None:
    program = tmp_path / "tell"
    program.write_text(f"#!/bin/sh\ncd {tmp_path}\ntest -e ready || exit 3\ncat >> told\necho >> told\n")
    program.chmod(0o700)
    told_by(togo, f"  - by: command\n    command: {program}\n")
    quiet(togo.run("edi-send"))
    ran = at(togo, "edi-send", later(hours=5))
    quiet(ran, 0, 1)
    assert "X359: the program for alerts failed (exit 3)" in ran.err
    (tmp_path / "ready").touch()
    quiet(at(togo, "edi-send", later(hours=6)), 0, 1)
    (line,) = (tmp_path / "told").read_text("utf-8").splitlines()
    assert json.loads(line)["cause"] == "late/BFDGD"


def test_what_would_be_told_is_shown_without_telling_and_what_was_told_is_listed(
        togo: Office, mails: MailServer) -> None:
    quiet(togo.run("edi-send"))
    (togo.mailbox("BFDGD") / f"{'0' * 32}.p7m").write_bytes(b"no CMS")
    for _ in range(2):
        togo.run("edi-receive")
    assert togo.run("edi", "alerts", "send").exit == 1  # X370: nobody is to be told
    by_mail(togo, mails)
    shown = togo.run("edi", "alerts", "send", "--dry-run")
    assert (shown.exit, shown.out.split("\n")[0][:70], mails.taken, rows(togo)) == (
        0, "would tell mail night@customs.example: X363: BFDGD: in quarantine: 1, ", [], [])
    cause, channel, summary = checked("alerts-list", togo.run("edi", "alerts", "list", "--json").out)
    assert (cause["cause"], cause["told"], channel["failures"], summary["causes"]) == (
        "quarantine/BFDGD", [{"channel": "mail night@customs.example", "at": None}], 0, 1)
    told, summary = checked("alerts-send", togo.run("edi", "alerts", "send", "--json").out)
    assert (told["cause"], told["dry_run"], summary["told"], len(mails.taken)) == ("quarantine/BFDGD", False, 1, 1)
    assert togo.run("edi", "alerts", "send").out == "Nothing new to tell.\n"
    assert "told to mail night@customs.example on " in togo.run("edi", "alerts", "list").out


def test_a_trial_goes_by_every_way_and_says_which_does_not_work(togo: Office, mails: MailServer) -> None:
    quiet(togo.run("edi-send"))
    by_mail(togo, mails)
    shown = togo.run("edi", "alerts", "test", "--dry-run")
    assert (shown.exit, shown.out, mails.taken) == (
        0, "would tell mail night@customs.example: trial: the alerts of this gateway arrive here\n", [])
    assert togo.run("edi", "alerts", "test").exit == 0
    assert mails.taken[0]["Subject"] == "[edi TGOTR] trial: the alerts of this gateway arrive here"
    told_by_both = togo.settings.read_text("utf-8") + "  - by: command\n    command: /nowhere/to/be/found\n"
    togo.settings.write_text(told_by_both, "utf-8")
    ran = togo.run("edi", "alerts", "test", "--json")
    *told, summary = checked("alerts-test", ran.out)
    assert (ran.exit, [one["channel"] for one in told], summary["failed"], rows(togo)) == (
        4, ["mail night@customs.example"], 1, [])
    assert "X359" in ran.err

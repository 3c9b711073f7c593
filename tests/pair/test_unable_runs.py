"""A run that cannot begin, its settings broken or its ledger of another version: who hears of it, and how often?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.config.salvage import salvaged
from gateway.errors import LocalError
from gateway.exchange.assembled import Occasion
from gateway.exchange.unable import tell_unable
from gateway.findings import Finding
from tests.pair.test_alerts import by_mail, secret, told_by, words
from tests.tools.mailserver import MailServer
from tests.tools.malice import later
from tests.tools.offices import Office, offices
from tests.tools.older_ledgers import make_older
from tests.tools.webserver import WebServer, answer

FAULT = "limits:\n  run: for ever\n"


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    office, _ = offices(tmp_path, valid=timedelta(days=800))
    return office


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def lasting(office: Office, minutes: int) -> None:
    """The command has not begun for so long."""
    file = office.home / "state" / "runs" / "edi-send.unable.json"
    held = json.loads(file.read_text("ascii"))
    held["began"] = (datetime.fromisoformat(held["began"]) - timedelta(minutes=minutes)).isoformat()
    file.write_text(json.dumps(held), "ascii")


def test_a_ledger_that_cannot_be_opened_is_told_once_when_it_has_lasted_and_once_when_it_is_over(
        togo: Office, mails: MailServer) -> None:
    by_mail(togo, mails)
    assert togo.run("edi-send").exit == 0
    make_older(togo, later())
    assert [togo.run("edi-send").exit for _ in range(2)] == [3, 3]
    assert mails.taken == [], "what may pass by itself has lasted first"
    lasting(togo, 31)
    assert [togo.run("edi-send").exit for _ in range(3)] == [3, 3, 3]
    [mail] = mails.taken
    assert "is of an older version of the program" in words(mail)
    assert "edi-send does not begin any more since" in words(mail)
    assert "→ see what would change, then decide: edi upgrade --check" in words(mail)
    assert togo.run("edi", "upgrade", "--yes").exit == 0
    assert [togo.run("edi-send").exit for _ in range(2)] == [0, 0]
    assert len(mails.taken) == 2
    assert "edi-send begins again" in words(mails.taken[1])


def test_broken_settings_are_told_by_what_of_them_is_sound_and_the_watchdog_hears_the_status(
        togo: Office, mails: MailServer) -> None:
    with WebServer() as dog:
        dog.at("/abc/3", answer(b"OK"))
        by_mail(togo, mails, "    after: 1m\n")
        address = secret(togo, "ping", f"{dog.base}/abc\n".encode())
        sound = togo.settings.read_text("utf-8")
        more = f"  - by: mail\n    to: nobody\nwatch:\n  send: {address}\n"
        togo.settings.write_text(sound + more + FAULT, "utf-8")
        assert togo.run("edi-send").exit == 3
        lasting(togo, 2)
        assert togo.run("edi-send").exit == 3
        assert dog.asked == ["/abc/3", "/abc/3"]
    [mail] = mails.taken
    assert f"{togo.settings}:" in words(mail), "the first fault of the file, at its place"
    assert "edi-send does not begin any more since" in words(mail)
    togo.settings.write_text(sound, "utf-8")
    assert togo.run("edi-send").exit == 0
    assert len(mails.taken) == 2


def test_a_defect_before_a_run_begins_is_told_once_without_its_words(togo: Office, mails: MailServer,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    by_mail(togo, mails)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("of a trader")

    with monkeypatch.context() as patched:
        patched.setattr("gateway.cli.runs.open_gateway", broken)
        assert togo.run("edi-send").exit == 70
        lasting(togo, 31)
        assert [togo.run("edi-send").exit for _ in range(3)] == [70, 70, 70]
    [mail] = mails.taken
    assert "defect of the gateway (RuntimeError)" in words(mail)
    assert ("of a trader" in words(mail), str(togo.home / "state" / "defects") in words(mail)) == (False, True)
    assert [togo.run("edi-send").exit for _ in range(2)] == [0, 0]
    assert len(mails.taken) == 2


def test_a_password_in_another_encoding_takes_no_other_way_of_telling_away(togo: Office, mails: MailServer) -> None:
    by_mail(togo, mails)
    file = secret(togo, "mail", "été".encode("latin-1"))
    first = (f"  - by: mail\n    to: [day@customs.example]\n    from: edi@customs.example\n    server: 127.0.0.1\n"
             f"    port: 1\n    security: starttls\n    user: edi\n    password: {file}\n")
    text = togo.settings.read_text("utf-8").replace("alerts:\n", f"alerts:\n{first}", 1)
    togo.settings.write_text(text + FAULT, "utf-8")
    assert togo.run("edi-send").exit == 3
    lasting(togo, 31)
    assert togo.run("edi-send").exit == 3
    assert len(mails.taken) == 1


def test_what_is_left_of_broken_settings_is_judged_part_by_part(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("gateway: TGOTR\nenvironment: elsewhere\nlanguage: en\npaths: {state: /srv/state}\nalerts:\n"
                    "  - by: command\n    command: /usr/bin/logger\n  - by: pigeon\nwatch: {send: 7: 8}\n", "utf-8")
    left = salvaged(file)
    assert (left.gateway, left.environment, left.language) == ("TGOTR", "-", "en")
    file.write_text("gateway: TGOTR\nenvironment: elsewhere\nlanguage: en\npaths: {state: /srv/state}\nalerts:\n"
                    "  - by: command\n    command: /usr/bin/logger\n  - by: pigeon\nwatch: {send: ''}\n", "utf-8")
    left = salvaged(file)
    assert (left.state, [one.by for one in left.alerts], left.watch) == (Path("/srv/state"), ["command"], None)
    for text in ("", "- a list", "\t", "gateway: [unclosed"):
        file.write_text(text, "utf-8")
        assert salvaged(file).alerts == ()
    assert salvaged(tmp_path / "absent.yaml").alerts == ()


def test_nothing_here_hides_why_the_run_failed(togo: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    told_by(togo, "  - by: command\n    command: /does/not/exist\n    after: 1m\n")
    togo.settings.write_text(togo.settings.read_text("utf-8") + FAULT, "utf-8")
    ran = togo.run("edi-send")
    lasting(togo, 5)
    assert (ran.exit, togo.run("edi-send").err) == (3, ran.err)
    (togo.home / "state" / "runs" / "edi-send.unable.json").write_bytes(b"\xff")
    assert togo.run("edi-send").err == ran.err

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("gateway.exchange.unable.salvaged", broken)
    tell_unable(togo.settings, "edi-send", LocalError(Finding(code="L004", values={})),
                Occasion(later(), lambda: "0" * 32, lambda: 0.0), watched=True)

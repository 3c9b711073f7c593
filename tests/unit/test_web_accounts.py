"""Who may log in to the pages: are accounts, passwords, sessions and rights what the settings and people say?"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import load_settings
from gateway.config.web import Person, Web
from gateway.errors import LocalError
from gateway.web.accounts import add, change_password, close, file_of, read_accounts
from gateway.web.passwords import fits
from gateway.web.rights import may, sees
from gateway.web.sessions import Keyring, Session
from gateway.web.throttle import Throttle
from tests.tools.offices import Office, offices
from tests.tools.outputs import checked

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
PASSWORD = "rivière tournevis goyave"
PEOPLE = """\
web:
  people:
    - {login: a.mensah, name: Adjo Mensah, on: [{corridor: all, roles: [officer]}]}
    - {login: k.traore, name: Kadi Traoré, on: [{corridor: tg-bf, roles: [reader, operator]}]}
"""


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, with pages for two people."""
    office, _ = offices(tmp_path)
    office.settings.write_text(office.settings.read_text("utf-8") + PEOPLE, "utf-8")
    return office


def secret(tmp_path: Path, text: str = PASSWORD) -> str:
    path = tmp_path / "secret"
    path.write_text(text + "\n", "utf-8")
    path.chmod(0o600)
    return str(path)


def test_what_the_settings_would_not_name_is_given_no_account(togo: Office, tmp_path: Path) -> None:
    state = load_settings(togo.settings).paths.state
    for login in ("", " ", "a b", "a\nb", "é", "-x", "x" * 65, "\udcff"):
        with pytest.raises(LocalError, match="C210"):
            add(state, login, PASSWORD, NOW)
    told = togo.run("edi", "accounts", "add", "", "--password-file", secret(tmp_path))
    assert (told.exit, "C210" in told.err, read_accounts(state)) == (1, True, {})


def test_what_a_proxy_says_beside_a_name_is_a_secret_like_the_others(togo: Office) -> None:
    """The doctor reads it as the server does, and a backup without keys leaves it out, wherever it lies."""
    text = togo.settings.read_text("utf-8")
    togo.settings.write_text(text.replace("web:\n", "web:\n  address: https://edi.example\n  proxy: {header: X-Who, "
                                          'from: ["127.0.0.1"], secret: partners/between-us}\n'), "utf-8")
    secret = togo.home / "partners" / "between-us"
    secret.write_text("between us two\n", "utf-8")
    secret.chmod(0o600)
    assert togo.run("edi-send").exit == 0
    assert togo.run("edi", "backup", "--to", str(togo.home / "safe")).exit == 0
    assert list((togo.home / "safe").rglob("BFDGD.yaml"))
    assert list((togo.home / "safe").rglob("between-us")) == []
    secret.chmod(0o644)
    told = togo.run("edi", "doctor", "--offline")
    assert f"{secret}: E_KEYFILE" in told.out


def test_a_password_that_no_browser_could_send_is_refused(togo: Office, tmp_path: Path) -> None:
    file = Path(secret(tmp_path))
    file.write_bytes(PASSWORD.encode("latin-1"))
    told = togo.run("edi", "accounts", "add", "a.mensah", "--password-file", str(file))
    assert (told.exit, f"{file}: C211" in told.err, "iconv" in told.err) == (1, True, True)


def test_an_account_is_opened_listed_given_another_password_and_closed(togo: Office, tmp_path: Path) -> None:
    state = load_settings(togo.settings).paths.state
    assert togo.run("edi", "accounts", "add", "a.mensah", "--password-file", secret(tmp_path)).exit == 0
    assert file_of(state).stat().st_mode & 0o777 == 0o600
    before = read_accounts(state)["a.mensah"]
    assert fits(before.hash, PASSWORD)
    assert not fits(before.hash, PASSWORD + " ")
    assert [(one["login"], one["account"]) for one in checked(
        "accounts", togo.run("edi", "accounts", "list", "--json").out)[:-1]] == [
        ("a.mensah", "open"), ("k.traore", "none")]
    assert togo.run("edi", "accounts", "password", "A.Mensah", "--password-file",
                    secret(tmp_path, "un autre secret bien long")).exit == 0
    assert read_accounts(state)["a.mensah"].stamp != before.stamp
    assert checked("accounts", togo.run("edi", "accounts", "close", "a.mensah", "--json").out) == [
        {"schema": 1, "kind": "closed", "login": "a.mensah", "named": True}]
    assert read_accounts(state)["a.mensah"].closed is not None
    assert togo.run("edi", "accounts", "close", "a.mensah").err.startswith("C204: no open account")


def test_a_rehearsal_says_what_would_be_and_writes_nothing(togo: Office, tmp_path: Path) -> None:
    ran = togo.run("edi", "accounts", "add", "a.mensah", "--password-file", secret(tmp_path), "--dry-run")
    assert (ran.exit, ran.err.split()[0]) == (0, "would:")
    assert not file_of(load_settings(togo.settings).paths.state).exists()


@pytest.mark.parametrize(("password", "code"), [
    ("court", "C201"), ("a" * 40, "C201"), ("a.mensaha.mensah", "C201"), ("x" * 201, "C201")])
def test_what_is_easily_guessed_is_no_password(togo: Office, tmp_path: Path, password: str, code: str) -> None:
    ran = togo.run("edi", "accounts", "add", "a.mensah", "--password-file", secret(tmp_path, password))
    assert (ran.exit, ran.err[:4]) == (1, code)


def test_a_password_is_no_argument_and_nobody_waits_for_a_terminal_that_is_not_there(togo: Office) -> None:
    ran = togo.run("edi", "accounts", "add", "a.mensah")
    assert (ran.exit, "--password-file" in ran.err) == (2, True)


def test_a_password_that_others_can_read_is_refused(togo: Office, tmp_path: Path) -> None:
    path = Path(secret(tmp_path))
    path.chmod(0o644)
    assert togo.run("edi", "accounts", "add", "a.mensah", "--password-file", str(path)).err.startswith(str(path))


def test_whoever_the_settings_do_not_name_is_told_so(togo: Office, tmp_path: Path) -> None:
    ran = togo.run("edi", "accounts", "add", "inconnu", "--password-file", secret(tmp_path))
    assert (ran.exit, ran.err.splitlines()[1][:4]) == (0, "C208")


def test_without_pages_in_the_settings_there_are_no_accounts(tmp_path: Path) -> None:
    office, _ = offices(tmp_path)
    assert office.run("edi", "accounts", "list").err.startswith("C205")


def test_a_file_of_accounts_that_was_cut_is_not_guessed_at(tmp_path: Path) -> None:
    add(tmp_path, "a.mensah", PASSWORD, NOW)
    file_of(tmp_path).write_bytes(file_of(tmp_path).read_bytes()[:-20])
    with pytest.raises(LocalError) as raised:
        read_accounts(tmp_path)
    assert (raised.value.code, raised.value.findings[0].place.line) == ("C202", 1)


def keyring(folder: Path) -> Keyring:
    numbers = itertools.count()
    return Keyring(folder, lambda: f"{next(numbers):032x}")


def test_a_session_holds_until_its_end_its_logout_and_no_longer_over_a_new_start(tmp_path: Path) -> None:
    keys, lasting = keyring(tmp_path), timedelta(hours=8)
    session = Session(login="a.mensah", account="stamp", begun=NOW, id="1" * 32)
    cookie = keys.cookie(session)
    assert keys.session(cookie, lasting, NOW) == session
    assert keys.session(cookie, lasting, NOW + lasting) is None
    assert keyring(tmp_path).session(cookie, lasting, NOW) == session
    keys.end(session, lasting, NOW)
    assert keys.session(cookie, lasting, NOW) is None
    assert keyring(tmp_path).session(cookie, lasting, NOW) is None
    assert (tmp_path / "web" / "key").stat().st_mode & 0o777 == 0o600


def test_a_cookie_of_another_key_or_with_another_letter_is_nobodys(tmp_path: Path) -> None:
    session = Session(login="a.mensah", account="stamp", begun=NOW, id="1" * 32)
    keys, lasting = keyring(tmp_path / "a"), timedelta(hours=8)
    cookie = keys.cookie(session)
    other = Keyring(tmp_path / "b", lambda: "f" * 32)
    assert other.session(cookie, lasting, NOW) is None
    for place in range(0, len(cookie), 7):
        changed = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1:]
        assert keys.session(changed, lasting, NOW) is None
    for odd in ("", ".", "x", "é.é", "." + "0" * 64):
        assert keys.session(odd, lasting, NOW) is None


def test_a_form_belongs_to_one_visit_and_one_login(tmp_path: Path) -> None:
    keys = keyring(tmp_path)
    token = keys.token("visit", "a.mensah")
    assert keys.knows(token, "visit", "a.mensah")
    assert not keys.knows(token, "visit", "k.traore")
    assert not keys.knows(token, "other", "a.mensah")
    assert not keys.knows(keys.token("", "a.mensah"), "", "a.mensah")


def test_guessing_becomes_slow_for_one_login_from_one_place_and_stays_free_elsewhere() -> None:
    throttle = Throttle()
    for _ in range(4):
        throttle.failed("a.mensah", "192.0.2.1", NOW)
    assert throttle.wait("a.mensah", "192.0.2.1", NOW) == timedelta(0)
    throttle.failed("a.mensah", "192.0.2.1", NOW)
    assert throttle.wait("a.mensah", "192.0.2.1", NOW) == timedelta(seconds=2)
    throttle.failed("a.mensah", "192.0.2.1", NOW)
    assert throttle.wait("a.mensah", "192.0.2.1", NOW) == timedelta(seconds=4)
    assert throttle.wait("a.mensah", "198.51.100.7", NOW) == timedelta(0)
    for _ in range(60):
        throttle.failed("a.mensah", "192.0.2.1", NOW)
    assert throttle.wait("a.mensah", "192.0.2.1", NOW) == timedelta(minutes=15)
    assert throttle.wait("a.mensah", "198.51.100.7", NOW) > timedelta(0)
    throttle.succeeded("a.mensah", "192.0.2.1")
    assert throttle.wait("k.traore", "198.51.100.7", NOW + timedelta(hours=2)) == timedelta(0)


def person(*on: tuple[str, list[str]]) -> Person:
    return Person.model_validate({"login": "x", "name": "X", "on": tuple(
        {"corridor": corridor, "roles": tuple(roles)} for corridor, roles in on)})


def test_roles_give_rights_on_their_corridor_and_what_belongs_to_none_needs_all() -> None:
    officer = person(("tg-bf", ["officer"]), ("tg-ml", ["reader"]))
    assert [may(officer, act, corridor) for act in ("see", "details", "chase", "resend")
            for corridor in ("tg-bf", "tg-ml", "tg-ne")] == [
        True, True, False, True, False, False, True, False, False, False, False, False]
    assert sees(officer, ["tg-ne", "tg-ml", "tg-bf"]) == ["tg-ml", "tg-bf"]
    operator = person(("all", ["operator"]))
    assert [may(operator, act, "") for act in ("see", "resend", "dead", "quarantine")] == [True] * 4
    assert not may(person(("tg-bf", ["operator"])), "quarantine", "")
    assert [may(person(("all", ["auditor"])), act, "tg-bf") for act in ("see", "details", "chase")] == [
        True, True, False]


@pytest.mark.parametrize(("written", "code"), [
    ('listen: "localhost:8080"', "S200"), ('listen: "127.0.0.1:0"', "S200"), ('listen: "127.0.0.1:70000"', "S200"),
    ("address: https://edi.example/chemin", "S201"), ("address: ftp://edi.example", "S201"),
    ("address: https://a@edi.example", "S201"),
    ("proxy: {header: X-Remote-User, from: [proxy.example], secret: secret}", "S202"),
    ('proxy: {header: "X Remote", from: ["127.0.0.1"], secret: secret}', "S203"),
    ("people: [{login: a, name: A, on: [{corridor: all, roles: [reader]}]}, "
     "{login: A, name: B, on: [{corridor: all, roles: [reader]}]}]", "S204"),
    ('listen: "0.0.0.0:8080"', "S205"), ("address: http://edi.douanes.example", "S205"),
])
def test_settings_that_would_open_the_pages_to_others_are_refused_with_their_place(
        tmp_path: Path, written: str, code: str) -> None:
    office, _ = offices(tmp_path)
    text = office.settings.read_text("utf-8")
    office.settings.write_text(f"{text}web:\n  {written}\n", "utf-8")
    with pytest.raises(LocalError) as raised:
        load_settings(office.settings)
    assert [(one.code, one.place.line) for one in raised.value.findings] == [(code, len(text.splitlines()) + 2)]


def test_the_address_of_people_is_where_the_server_listens_unless_a_proxy_is_in_front() -> None:
    plain = Web()
    assert (plain.public, plain.secure, plain.host_and_port) == ("http://127.0.0.1:8080", False, ("127.0.0.1", 8080))
    behind = Web.model_validate({"listen": "[::1]:9000", "address": "https://EDI.douanes.example/"})
    assert (behind.public, behind.secure, behind.host_and_port) == (
        "https://edi.douanes.example", True, ("::1", 9000))


def test_a_port_that_goes_without_saying_is_left_out_as_browsers_do() -> None:
    for address, public in (("https://edi.example:443", "https://edi.example"), ("http://127.0.0.1:80", "http://127.0.0.1"),
                            ("https://edi.example:80", "https://edi.example:80"), ("https://[::1]:443/", "https://[::1]"),
                            ("http://localhost:443", "http://localhost:443"), ("https://x:4443", "https://x:4443")):
        assert Web.model_validate({"address": address}).public == public
    assert Web.model_validate({"listen": "127.0.0.1:80"}).public == "http://127.0.0.1"


def test_closing_and_changing_ask_for_an_open_account(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as raised:
        close(tmp_path, "a", NOW)
    assert raised.value.code == "C204"
    with pytest.raises(LocalError) as raised:
        change_password(tmp_path, "a", PASSWORD, NOW)
    assert raised.value.code == "C204"

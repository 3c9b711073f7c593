"""Do the live pages hold against strangers, other sites, forged forms, slow clients and what partners write?"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from gateway.cli.context import occasion
from gateway.config import load_settings
from gateway.exchange.assembled import Occasion
from gateway.web import slow
from gateway.web.accounts import close
from gateway.web.answers import local
from gateway.web.desk import Desk
from gateway.web.files import Table, as_csv, as_excel
from gateway.web.passwords import fits, hashed
from gateway.web.sessions import Keyring, Session
from tests.tools.live_pages import PASSWORD, Visitor, served, with_pages
from tests.tools.offices import Office, offices
from tests.tools.records import declaration

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Togo with one movement, whose texts are hostile."""
    togo, _ = offices(tmp_path_factory.mktemp("hostile"))
    record = declaration("000123")
    record["principal"]["name"] = f"A{SCRIPT}B"
    record["items"][0]["description"] = '"><img src=x onerror=alert(1)>'
    record["vehicle_at_departure"] = {"mode": "3", "kind": "31", "identity": "<b>TG</b>", "nationality": "TG"}
    togo.drop("declarations", {"a.json": json.dumps(record).encode()})
    assert togo.run("edi-send").exit == 0
    return togo


@pytest.fixture(scope="module")
def mrn(office: Office) -> str:
    return next(iter(office.movements()))


@pytest.fixture(scope="module")
def port(office: Office) -> Iterator[int]:
    number = with_pages(office)
    with served(office.settings, number):
        yield number


@pytest.fixture(scope="module")
def officer(port: int) -> Visitor:
    visitor = Visitor(port)
    assert visitor.log_in("a.mensah").status == 303
    return visitor


def again(visitor: Visitor) -> Visitor:
    return Visitor(visitor.port, cookies=dict(visitor.cookies))


def test_texts_of_partners_are_texts_and_no_page_may_run_a_script(officer: Visitor, mrn: str) -> None:
    for path in (f"/movement/{mrn}", f"/search?q={quote(SCRIPT)}", f"/movement/{quote(SCRIPT)}", f"/letter/{mrn}",
                 f"/overdue/{quote(SCRIPT, safe='')}", f"/login?back={quote(SCRIPT)}"):
        answer = officer.get(path)
        assert "<script" not in answer.text, path
        assert "<img" not in answer.text, path
        assert "<b>TG" not in answer.text, path
        policy = answer.headers["content-security-policy"] or ""
        if answer.status != 303:
            assert re.fullmatch(r"default-src 'none'; style-src( 'sha256-[A-Za-z0-9+/=]+')+; base-uri 'none'; "
                                r"form-action 'self'; img-src 'self'; frame-ancestors 'none'", policy), policy


def test_every_answer_forbids_what_browsers_would_else_allow(officer: Visitor) -> None:
    for path in ("/", "/health", "/nowhere", "/index.csv", "/login"):
        headers = officer.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["server"] is None
        assert "uvicorn" not in str(headers).lower()


def test_a_request_for_another_name_is_refused(port: int) -> None:
    for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1:{port}.evil.example", f"localhost:{port}"):
        answer = Visitor(port, host=host).get("/login")
        assert answer.status == 421, host
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(f"GET /login HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n".encode())
        assert raw.recv(100).split(b" ")[1] in (b"400", b"421")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_only_reading_and_our_forms_are_served(port: int, method: str) -> None:
    assert Visitor(port).ask(method, "/", None, {}).status == 405


def test_a_form_of_another_page_visit_or_person_does_nothing(officer: Visitor, office: Office, mrn: str) -> None:
    visitor = again(officer)
    before = len(office.lines("status"))
    token = visitor.get("/").token
    stranger = Visitor(officer.port).get("/login").token
    for fields in ({}, {"token": ""}, {"token": "0" * 64}, {"token": stranger}, {"token": token[:-1]}):
        answer = visitor.post(f"/act/chase/{mrn}", fields)
        assert answer.status == 403
        assert "Rien n'a été enregistré" in answer.said
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://["}, {"Origin": ""},
                    {"Origin": f"http://127.0.0.1:{officer.port}x"}, {"Sec_Fetch_Site": "cross-site"}):
        assert visitor.post(f"/act/chase/{mrn}", {"token": token}, **headers).status == 403
    without = Visitor(officer.port, cookies={"edi-session": officer.cookies["edi-session"]})
    assert without.post(f"/act/chase/{mrn}", {"token": token}).status == 403
    assert len(office.lines("status")) == before


def test_a_form_is_urlencoded_small_and_of_few_fields(officer: Visitor, mrn: str) -> None:
    visitor = again(officer)
    token = visitor.get("/").token
    kinds = {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/json"}
    for kind in kinds:
        assert visitor.ask("POST", f"/act/chase/{mrn}", b"{}", kind).status == 415
    assert visitor.post(f"/act/chase/{mrn}", {"token": token, "reason": "x" * 70_000}).status == 413
    assert visitor.post(f"/act/chase/{mrn}", {"token": token, **{f"f{n}": "" for n in range(50)}}).status == 415
    connection = http.client.HTTPConnection("127.0.0.1", visitor.port, timeout=20)
    connection.request("POST", f"/act/chase/{mrn}", iter([b"reason=" + b"x" * 40_000, b"x" * 40_000]), {
        "Host": f"127.0.0.1:{visitor.port}", "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("path", [
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/movement/..%2f..%2fetc%2fpasswd", "/board/tg-bf/..",
    "/movement/%00", "/movement/x%0d%0aSet-Cookie:a=b", "//evil.example/", "/index.html", "/board/tg-bf/99999999999",
    "/board/tg-bf/-1", "/act/erase/x", "/act/__class__/x", "/done/chase/x?proof=1", "/movement/" + "x" * 4000])
def test_paths_that_are_no_page_are_not_there(officer: Visitor, path: str) -> None:
    answer = officer.get(path)
    assert answer.status == 404, path
    assert answer.headers["set-cookie"] is None or "a=b" not in answer.headers["set-cookie"]
    assert "root:x:" not in answer.text


@pytest.mark.parametrize(("asked", "kept"), [
    ("/overdue?x=1", "/overdue?x=1"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"),
    ("/x\r\nSet-Cookie: a=b", "/"), ("javascript:alert(1)", "/"), ("", "/"), ("/a\\b", "/")])
def test_after_a_login_nobody_is_sent_to_another_site(asked: str, kept: str) -> None:
    assert local(asked) == kept


def test_a_session_given_by_a_stranger_is_not_taken_over_and_a_login_makes_a_new_one(port: int) -> None:
    visitor = Visitor(port, cookies={"edi-session": "chosen", "edi-visit": "chosen"})
    form = visitor.get("/login")
    entered = visitor.post("/login", {"login": "a.mensah", "password": PASSWORD, "token": form.token, "back": "/"})
    assert entered.status == 303
    assert "chosen" not in visitor.cookies.values()
    cookies = entered.headers.get_all("set-cookie") or []
    assert all("HttpOnly" in one and "SameSite=" in one and "Path=/" in one for one in cookies)


def test_a_logout_ends_the_session_for_whoever_has_copied_its_cookie(port: int) -> None:
    visitor = Visitor(port)
    visitor.log_in("r.lecteur")
    copied = again(visitor)
    assert copied.get("/").status == 200
    out = visitor.post("/logout", {"token": visitor.get("/").token})
    assert (out.status, out.headers["clear-site-data"]) == (303, '"cache"')
    assert copied.get("/").status == 303


def test_a_closed_account_is_out_at_once_and_so_is_a_role_that_was_taken_away(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.run("edi-send")
    number = with_pages(togo)
    with served(togo.settings, number):
        visitor, other = Visitor(number), Visitor(number)
        visitor.log_in("a.mensah")
        other.log_in("k.traore")
        assert (visitor.get("/").status, other.get("/dead").status) == (200, 200)
        close(load_settings(togo.settings).paths.state, "a.mensah", occasion().now)
        assert visitor.get("/").status == 303
        text = togo.settings.read_text("utf-8")
        togo.settings.write_text(text.replace("name: Kadi Traoré, on: [{corridor: all, roles: [operator]}]",
                                              "name: Kadi Traoré, on: [{corridor: all, roles: [reader]}]"), "utf-8")
        assert other.get("/dead").status == 403
        togo.settings.write_text("gateway: [", "utf-8")
        assert other.get("/").status == 200  # settings that cannot be read leave those that held before


def test_guessing_becomes_slow_and_an_unknown_login_is_told_nothing_else(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    number = with_pages(togo)
    with served(togo.settings, number), mock.patch("gateway.web.entering.fits", lambda *_: False):
        visitor = Visitor(number)
        answers = [visitor.log_in(login, "x" * 20) for login in ["a.mensah"] * 6 + ["nobody"]]
        assert [one.status for one in answers] == [403] * 5 + [429, 403]
        assert answers[5].headers["retry-after"] is not None
        wrong = [re.sub(r"a\.mensah|nobody", "X", one.said) for one in (answers[0], answers[6])]
        assert wrong[0] == wrong[1]


def test_finding_out_that_there_is_no_account_takes_as_long_as_a_wrong_password() -> None:
    stored = hashed(PASSWORD)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(3):
        for known in (True, False):
            began = time.process_time()
            assert not fits(stored if known else None, "wrong wrong wrong")
            taken[known].append(time.process_time() - began)
    assert 0.5 < min(taken[False]) / min(taken[True]) < 2


PROXY = '  proxy: {header: X-Remote-User, from: ["127.0.0.1"], secret: secret}\n  address: https://edi.example\n'


def behind_proxy(office: Office, proxy: str = PROXY) -> int:
    number = with_pages(office, proxy, accounts=False)
    (office.home / "secret").write_text("between us two\n", "utf-8")
    (office.home / "secret").chmod(0o600)
    return number


def test_only_the_proxy_says_who_somebody_is(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.run("edi-send")
    number = behind_proxy(togo)
    with served(togo.settings, number):
        def asked(**headers: str) -> int:
            return Visitor(number, host="edi.example").get("/", **headers).status
        assert asked(X_Remote_User="a.mensah", X_Edi_Secret="between us two") == 200
        assert asked(X_Remote_User="A.MENSAH", X_Edi_Secret="between us two") == 200
        assert asked(X_Remote_User="a.mensah") == 403
        assert asked(X_Remote_User="a.mensah", X_Edi_Secret="guessed") == 403
        assert asked(X_Remote_User="unknown", X_Edi_Secret="between us two") == 403
        assert asked() == 403
        assert Visitor(number, host="edi.example").get("/login").status == 404
        secure = Visitor(number, host="edi.example").get(
            "/", X_Remote_User="a.mensah", X_Edi_Secret="between us two")
        assert secure.headers["set-cookie"].startswith("__Host-edi-visit=")
        assert "Secure" in secure.headers["set-cookie"]
        assert secure.headers["strict-transport-security"] == "max-age=31536000"


def test_a_proxy_that_comes_into_the_settings_or_gets_another_secret_counts_at_once_and_no_empty_secret_does(
        tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.run("edi-send")
    number = with_pages(togo)
    secret, plain = togo.home / "secret", togo.settings.read_text("utf-8")

    def asked(told: str) -> int:
        return Visitor(number, host="edi.example").get("/", X_Remote_User="a.mensah", X_Edi_Secret=told).status

    with served(togo.settings, number):
        assert Visitor(number).get("/").status == 303
        listen = f'listen: "127.0.0.1:{number}"\n'
        togo.settings.write_text(plain.replace(listen, listen + PROXY), "utf-8")
        assert [asked(told) for told in ("", "between us two")] == [403, 403]  # its file is not there yet
        for held, told in (("", ["", "between us two"]), ("between us two\n", ["", "between us"]),
                           ("another\n", ["", "between us two"])):
            secret.write_text(held, "utf-8")
            secret.chmod(0o600)
            assert [asked(one) for one in told] == [403, 403], held
        assert asked("another") == 200


def test_behind_the_proxy_a_form_belongs_to_the_person_whom_the_proxy_names(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.drop("declarations", {"a.json": json.dumps(declaration("000123")).encode()})
    togo.run("edi-send")
    mrn = next(iter(togo.movements()))
    number = behind_proxy(togo)
    with served(togo.settings, number):
        one = Visitor(number, host="edi.example", headers={"X-Remote-User": "a.mensah",
                                                           "X-Edi-Secret": "between us two"})
        token = one.get("/").token
        other = Visitor(number, host="edi.example", cookies=dict(one.cookies), headers={
            "X-Remote-User": "k.traore", "X-Edi-Secret": "between us two"})
        assert other.post(f"/act/chase/{mrn}", {"token": token}, Origin="https://edi.example").status == 403
        assert one.post(f"/act/chase/{mrn}", {"token": token}, Origin="https://edi.example").status == 303


def test_a_proxy_header_from_another_address_is_refused_whatever_it_knows(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.run("edi-send")
    number = behind_proxy(togo, PROXY.replace("127.0.0.1", "192.0.2.7"))
    with served(togo.settings, number):
        answer = Visitor(number, host="edi.example").get(
            "/", X_Remote_User="a.mensah", X_Edi_Secret="between us two")
        assert (answer.status, "Votre connexion n'est pas parvenue" in answer.said) == (403, True)


def test_two_words_of_who_somebody_is_are_none(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.run("edi-send")
    number = behind_proxy(togo)
    with served(togo.settings, number), socket.create_connection(("127.0.0.1", number)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: edi.example\r\nX-Remote-User: k.traore\r\nX-Remote-User: a.mensah\r\n"
                    b"X-Edi-Secret: between us two\r\n\r\n")
        assert raw.recv(100).split(b" ")[1] == b"403"


def test_who_is_slow_to_ask_or_to_read_holds_no_place(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    number = with_pages(togo, accounts=False)
    with mock.patch.object(slow, "ASKING", 0.3), mock.patch.object(slow, "ANSWERING", 0.6), \
            served(togo.settings, number):
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /login HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                      b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=" % number):
            with socket.create_connection(("127.0.0.1", number)) as raw:
                raw.settimeout(10)
                raw.sendall(begun)
                began = time.monotonic()
                with contextlib.suppress(ConnectionResetError):
                    assert raw.recv(100) == b""
                assert time.monotonic() - began < 5
        assert Visitor(number).get("/login").status == 200


def test_who_guesses_many_times_at_once_gains_no_try_by_it(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    number = with_pages(togo)

    def slowly(stored: str | None, password: str) -> bool:
        time.sleep(0.02)
        return False

    with served(togo.settings, number), mock.patch("gateway.web.entering.fits", slowly):
        visitors = [Visitor(number) for _ in range(20)]
        tokens = [one.get("/login").token for one in visitors]
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda one: one[0].post("/login", {
                "login": "a.mensah", "password": "x" * 20, "token": one[1], "back": "/"}).status,
                zip(visitors, tokens, strict=True)))
    assert sorted(answers) == [403] * 6 + [429] * 14 or sorted(answers) == [403] * 5 + [429] * 15


def test_people_who_log_out_at_once_are_out_all_of_them(tmp_path: Path) -> None:
    ring, now = Keyring(tmp_path, occasion().identifier), occasion().now
    sessions = [Session(login="a", account="b", begun=now, id=f"{n:032x}") for n in range(60)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda one: ring.end(one, timedelta(hours=1), now), sessions))
    finally:
        sys.setswitchinterval(interval)
    assert [one for one in sessions if ring.session(ring.cookie(one), timedelta(hours=1), now) is not None] == []
    anew = Keyring(tmp_path, occasion().identifier)
    assert [one for one in sessions if anew.session(ring.cookie(one), timedelta(hours=1), now) is not None] == []


def test_many_readers_at_once_are_all_answered(officer: Visitor, mrn: str) -> None:
    with ThreadPoolExecutor(60) as pool:
        assert set(pool.map(lambda _: again(officer).get(f"/movement/{mrn}").status, range(120))) == {200}


def test_a_head_without_end_is_cut(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.settimeout(10)
        try:
            raw.sendall(b"GET / HTTP/1.1\r\n" + b"X: " + b"x" * 200_000)
            answer = raw.recv(100)
        except (ConnectionResetError, BrokenPipeError):  # it did not even listen to the end
            answer = b"HTTP/1.1 400 "
        assert answer.split(b" ")[1] in (b"400", b"431")


def test_a_fault_of_ours_shows_no_trace_and_says_that_the_exchange_goes_on(office: Office, port: int,
                                                                          officer: Visitor) -> None:
    with mock.patch("gateway.web.reading.corridor_lines", side_effect=RuntimeError("secret words")):
        answer = officer.get("/")
    assert answer.status == 500
    assert "défaut de la passerelle" in answer.said
    assert "secret words" not in answer.text
    assert "Traceback" not in answer.text


def test_a_partners_text_becomes_no_formula_in_excel_and_plain_csv_stays_exact() -> None:
    table = Table("x", ("a",), (("=1+1",), ("@x",), ("+x",), ("-x",), ("\tx",), ("x",), (-5,)))
    assert as_excel(table).decode("utf-8-sig").split("\r\n") == [
        "a", "'=1+1", "'@x", "'+x", "'-x", "'\tx", "x", "-5", ""]
    assert as_csv(table).split(b"\r\n")[1] == b"=1+1"


def test_the_servers_own_files_are_for_its_own_user(office: Office, port: int) -> None:
    folder = load_settings(office.settings).paths.state / "web"
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()
            if path.name in ("key", "accounts")} == {"key": "0o600", "accounts": "0o600"}
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "key").chmod(0o644)
    try:
        with pytest.raises(Exception, match="E_KEYFILE"):
            Desk(office.settings, occasion)
    finally:
        (folder / "key").chmod(0o600)


def test_a_session_ends_by_itself(tmp_path: Path) -> None:
    togo, _ = offices(tmp_path)
    togo.run("edi-send")
    number = with_pages(togo, "  session: 5m\n")
    late = timedelta(0)

    def moment() -> Occasion:
        return replace(occasion(), now=occasion().now + late)

    with served(togo.settings, number, moment):
        visitor = Visitor(number)
        visitor.log_in("a.mensah")
        assert visitor.get("/").status == 200
        late = timedelta(minutes=6)
        assert visitor.get("/").status == 303



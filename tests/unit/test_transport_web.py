"""Does fetching over the web stay within its bounds of size, time and scheme, whatever the server does?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from gateway.errors import LinkError
from gateway.transport.web import fetch
from tests.tools.webserver import Behaviour, WebServer, answer


def raw(content: bytes) -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(content)

    return behave


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with WebServer() as made:
        yield made


def code(address: str, limit: int = 1000, seconds: float = 5) -> str:
    with pytest.raises(LinkError) as caught:
        fetch(address, limit=limit, seconds=seconds)
    return caught.value.code


def test_a_file_is_fetched_whole_and_a_redirect_to_another_place_is_followed(server: WebServer) -> None:
    address = server.at("/ca.crl", answer(b"x" * 1000))
    assert fetch(address, limit=1000, seconds=5) == b"x" * 1000
    assert fetch(server.at("/old", answer(b"", status=302, location=address)), limit=1000, seconds=5) == b"x" * 1000


def test_what_is_too_large_is_not_read_whatever_the_server_says_of_its_size(server: WebServer) -> None:
    assert code(server.at("/big", answer(b"x" * 1001))) == "B131"

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            handler.wfile.write(b"x" * 65536)

    assert code(server.at("/endless", endless), seconds=30) == "B131"


@pytest.mark.parametrize("where", ["headers", "content"])
def test_a_server_that_drips_does_not_hold_us(server: WebServer, where: str) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"" if where == "headers" else b"\r\n"))
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    start = time.monotonic()
    assert code(server.at("/drip", drip), seconds=0.5) == "B132"
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher://x/"])
def test_no_redirect_leads_out_of_the_web(server: WebServer, target: str) -> None:
    assert code(server.at("/out", answer(b"", status=302, location=target))) == "B130"


def test_redirects_end(server: WebServer) -> None:
    assert code(server.at("/loop", answer(b"", status=302, location="/loop"))) == "B130"


def test_other_answers_broken_ones_and_silence_are_faults_of_the_link(server: WebServer) -> None:
    assert code(server.at("/gone", answer(b"no", status=404))) == "B130"
    assert code(server.at("/broken", raw(b"not HTTP\r\n\r\n"))) == "B130"
    assert code("http://127.0.0.1:1/none") == "B130"
    assert code("http://name.invalid/none") == "B130"


def test_an_answer_that_ends_too_early_is_not_taken_for_the_file(server: WebServer) -> None:
    assert code(server.at("/short", answer(b"half", length=900))) == "B130"

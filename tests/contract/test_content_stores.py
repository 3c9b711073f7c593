"""Do a folder and a bucket keep contents alike: whole, by their keys, findable, and gone when they are removed?"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.contents.bucket import Bucket
from gateway.contents.directory import Directory
from gateway.errors import LocalError
from gateway.ledger.stores import ContentStore
from tests.tools.s3server import S3Server, running_s3

KEYS = [f"{digest[:2]}/{digest}-{number}" for number, digest in enumerate(
    (hashlib.sha256(bytes([n])).hexdigest() for n in range(20)), 1)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server) -> ContentStore:
    """Each kind in turn, empty."""
    if request.param == "s3":
        return server.bucket(tmp_path.name)
    (tmp_path / "store").mkdir(mode=0o700)
    return Directory(tmp_path / "store")


def refusal(act: Callable[[], object]) -> tuple[str, str]:
    """Code and reason of what an act is refused with."""
    with pytest.raises(LocalError) as caught:
        act()
    return caught.value.code, caught.value.findings[0].values["reason"]


def test_what_is_put_is_given_back_under_its_key_and_nothing_under_another(store: ContentStore) -> None:
    contents = {key: os.urandom(size) for key, size in zip(KEYS, [0, 1, 4096, 5 << 20, *range(100, 116)], strict=True)}
    store.put(contents)
    assert {key: store.get(key) for key in KEYS} == contents
    assert store.get("00/absent-1") is None
    assert list(store.every_key()) == sorted(KEYS)


def test_putting_once_more_replaces_and_removing_once_more_does_nothing(store: ContentStore) -> None:
    store.put(dict.fromkeys(KEYS, b"first"))
    store.put({KEYS[0]: b"second"})
    assert (store.get(KEYS[0]), store.get(KEYS[1])) == (b"second", b"first")
    for _ in range(2):
        store.remove(KEYS[:19])
        assert (store.get(KEYS[0]), list(store.every_key())) == (None, [KEYS[19]])
    store.remove([])


def test_a_new_store_has_no_key(store: ContentStore) -> None:
    assert (list(store.every_key()), store.get(KEYS[0])) == ([], None)


# --- a folder


def test_a_folder_that_is_not_there_is_a_disk_that_is_not_mounted_and_is_never_made(tmp_path: Path) -> None:
    store = Directory(tmp_path / "volume")
    for act in (lambda: store.put({KEYS[0]: b"x"}), lambda: store.get(KEYS[0]), lambda: store.remove(KEYS),
                lambda: list(store.every_key())):
        assert refusal(act) == ("L063", "no folder")
    assert not (tmp_path / "volume").exists()


def test_a_file_of_the_store_is_ours_alone_and_flushed_with_its_folder(tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    before = os.fsync

    def noted(handle: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        before(handle)

    monkeypatch.setattr(os, "fsync", noted)
    Directory(tmp_path).put({KEYS[0]: b"x"})
    path = tmp_path / KEYS[0]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert flushed[-1] == str(path.parent)
    assert any(name.startswith(f"{path.parent}/.{path.name}") for name in flushed)
    assert str(tmp_path) in flushed, "the new folder's name in the folder above"


def test_what_an_interrupted_writing_left_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / ".abc-1.99-1.partial").write_bytes(b"half")
    assert list(Directory(tmp_path).every_key()) == []


# --- a bucket


def test_a_wrong_secret_a_wrong_bucket_and_a_server_that_is_down_are_told_apart(server: S3Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = Bucket(address=f"http://127.0.0.1:{taken.getsockname()[1]}", bucket="b", prefix="p", region="r",
                        access_key="k", secret=lambda: b"s")
    assert refusal(lambda: server.bucket("x", secret="wrong").get(KEYS[0]))[1] == "403 Forbidden SignatureDoesNotMatch"
    assert refusal(lambda: server.bucket("x", bucket="nowhere").get(KEYS[0]))[1] == "404 Not Found NoSuchBucket"
    assert refusal(lambda: server.bucket("x", bucket="nowhere").put({KEYS[0]: b"x"}))[1].startswith("404 Not Found")
    assert refusal(lambda: closed.get(KEYS[0])) == ("L063", "HTTP error: error sending request")


def test_a_server_that_gives_back_something_else_is_found_before_the_ledger_lets_go() -> None:
    """A server that takes everything and keeps something else: what no checksum of the request shows."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer() -> None:
            for body in (b"", b"something else"):
                line, _ = listener.accept()
                with line, line.makefile("rb") as stream:
                    length = 0
                    while (header := stream.readline()) not in (b"\r\n", b""):
                        if header.lower().startswith(b"content-length:"):
                            length = int(header.split(b":")[1])
                    stream.read(length)
                    line.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\nETag: "e"\r\nLast-Modified: Fri, 27 Nov '
                                 b"2026 12:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        store = Bucket(address=f"http://127.0.0.1:{listener.getsockname()[1]}", bucket="b", prefix="p", region="r",
                       access_key="k", secret=lambda: b"s")
        with pytest.raises(LocalError) as caught:
            store.put({KEYS[0]: b"right"})
        assert (caught.value.code, caught.value.findings[0].values) == ("L062", {"store": store.name, "key": KEYS[0]})
        thread.join(5)


def test_no_secret_is_read_and_nobody_asked_before_the_first_content() -> None:
    def secret() -> bytes:
        raise AssertionError("nobody asked yet")

    store = Bucket(address="http://127.0.0.1:9", bucket="b", prefix="p", region="r", access_key="k", secret=secret)
    assert store.name == "http://127.0.0.1:9/b/p"

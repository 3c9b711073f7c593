"""Does anything that arrives packed, or in millions of lines, take more memory than its due?"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.records.sheets import Sheet, read_sheets, write_sheets
from gateway.security import EDIFACT, EDIFACT_GZIP, EnvelopeError, check_payload_kind, inflate, payloads
from gateway.security.header import KEYS, REFERENCE, RESEND, WITHDRAW
from tests.tools.security_world import PAYLOAD, Delivery, world

MEGABYTE = 1 << 20
TABLE = Sheet("a", ("one", "two"), (("1", "2"), ("3", "4")))
BOMB = gzip.compress(PAYLOAD + bytes(200 * MEGABYTE), compresslevel=6)


def _grown(work: Callable[[], object]) -> int:
    """Octets by which the resident memory of this process grows at its peak, libraries in other languages included."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # forget the peak so far, proc(5)
    base = _peak()
    work()
    return _peak() - base


def _peak() -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("agreed", [False, True], ids=["not agreed", "agreed"])
@pytest.mark.parametrize("kind", [EDIFACT, EDIFACT_GZIP])
def test_t18_two_hundred_megabytes_in_two_hundred_kilobytes_are_refused_in_little_memory(kind: str,
                                                                                         agreed: bool) -> None:
    """200 MB in 200 KB under either content type are E_PAYLOAD; memory stays below the absolute limit."""
    w = world()
    opened = Delivery(w.sealed(w.entity(BOMB, content_type=kind))).open()

    def judged() -> None:
        with pytest.raises(EnvelopeError) as caught:
            check_payload_kind(opened, gzip_agreed=agreed)
        assert (caught.value.code, caught.value.opened) == ("E_PAYLOAD", opened)

    assert 190_000 < len(BOMB) < 250_000
    assert _grown(judged) < 32 * MEGABYTE


def _workbook(fill: int) -> bytes:
    """A good workbook of one table, its sheet made longer by so many blanks."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(write_sheets([TABLE]))) as good, zipfile.ZipFile(
            out, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in good.infolist():
            content = good.read(one)
            if one.filename.endswith("sheet1.xml"):
                content = content.replace(b"</worksheet>", b" " * fill + b"</worksheet>")
            packed.writestr(one.filename, content)
    return out.getvalue()


def _lying(content: bytes, size: int) -> bytes:
    """The directory at the end and the header before it both give the largest part another size."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        largest = max(packed.infolist(), key=lambda one: one.file_size)
    truth, told = struct.pack("<I", largest.file_size), struct.pack("<I", size)
    assert content.count(truth) == 2
    return content.replace(truth, told)


def test_a_workbook_that_is_packed_anew_is_read() -> None:
    (table,) = read_sheets(_workbook(10), "x.xlsx")
    assert (table.headings, table.rows) == (TABLE.headings, TABLE.rows)


@pytest.mark.parametrize("size", [0, 1, 100, 4999, 1 << 30])
def test_a_small_workbook_that_lies_about_a_size_is_refused(size: int) -> None:
    with pytest.raises(LocalError) as caught:
        read_sheets(_lying(_workbook(5000), size), "x.xlsx")
    assert caught.value.code == "M490"


@pytest.mark.parametrize("lying", [None, 5000], ids=["honest", "a size that lies"])
def test_t18_a_workbook_that_unpacks_to_two_hundred_megabytes_is_refused_in_little_memory(lying: int | None) -> None:
    """A workbook of 200 KB that holds 200 MB is refused, also when it says that it holds little."""
    content = _workbook(200 * MEGABYTE)
    content = content if lying is None else _lying(content, lying)
    assert len(content) < MEGABYTE

    def read() -> None:
        with pytest.raises(LocalError) as caught:
            read_sheets(content, "x.xlsx")
        assert caught.value.code == "M490"

    assert _grown(read) < 32 * MEGABYTE


@pytest.mark.parametrize(("kind", "payload"), [
    (REFERENCE, b"\n" * (8 * MEGABYTE)),
    (REFERENCE, b"\n" * (8 * MEGABYTE) + b"\xff"),
    (KEYS, b"gw-keys/1\nuse: signing\nreplaces: sha-256=" + b"a" * 64 + b"\nuse-from: 2026-12-01T00:00:00Z\n"
           b"accept-old-until: 2027-01-01T00:00:00Z\n-----BEGIN CERTIFICATE-----\n" + b"A\n" * (4 * MEGABYTE)
           + b"-----END CERTIFICATE-----\n"),
    (WITHDRAW, (b"gw-leaf/1\n3\n<" + b"0" * 32 + b"@XA>\nsha-256=" + b"1" * 64 + b"\nsha-256=" + b"2" * 64 + b"\n")
               * 40_000),
    (RESEND, b"gw-resend/1\n" + b"1\n" * (4 * MEGABYTE)),
], ids=["empty lines", "empty lines and no ASCII", "a certificate of short lines", "leaves", "numbers"])
def test_a_payload_of_millions_of_lines_is_judged_in_little_memory(kind: str, payload: bytes) -> None:
    w = world()
    opened = Delivery(w.sealed(w.entity(payload, content_type=kind))).open()

    def judged() -> None:
        with suppress(EnvelopeError):
            check_payload_kind(opened)

    assert _grown(judged) < 32 * MEGABYTE


@pytest.mark.parametrize("step", [1, 5, 1 << 20])
def test_a_member_is_inflated_whole_however_it_falls_into_pieces(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    good = gzip.compress(PAYLOAD * 20)
    monkeypatch.setattr(payloads, "_STEP", step)
    for piece in (1, 7, len(good) - 1, len(good), len(good) + 1):
        monkeypatch.setattr(payloads, "_PIECE", piece)
        assert [inflate(one) for one in (good, good[:-1], good + b"x", good + good, b"")] == [
            PAYLOAD * 20, None, None, None, None]
        assert [inflate(good, limit=len(PAYLOAD) * 20 + more) for more in (0, -1)] == [PAYLOAD * 20, None]

"""Does a stick do what a line does while the line is down, and does nothing count twice when the line is back?"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from gateway.spool import turn
from tests.tools.offices import ROOT, Office, offices
from tests.tools.outputs import checked
from tests.tools.records import declaration_json


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    togo, burkina = offices(tmp_path)
    return togo, burkina


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


@contextmanager
def line_down(*offices: Office) -> Iterator[None]:
    """A line that is down: no mailbox of either can be reached."""
    mail = offices[0].mail
    mail.rename(mail.with_name("mail-away"))
    mail.write_bytes(b"")
    try:
        yield
    finally:
        mail.unlink()
        mail.with_name("mail-away").rename(mail)


def out(office: Office, partner: Office, stick: Path, status: Exit = Exit.DONE) -> dict[str, object]:
    """What an office carries out, checked against its schema."""
    ran = office.run("edi", "carry", "out", partner.name, "--to", str(stick), "--json")
    carried, end = checked("carry-out", ran.out)
    assert end["exit"] == status, end
    assert (carried["partner"], carried["folder"]) == (partner.name, str(box(stick, partner, office)))
    sums = box(stick, partner, office) / "SHA256SUMS"
    lines = [line.split("  ") for line in sums.read_text("ascii").splitlines()] if carried["files"] else []
    assert len(lines) == carried["files"]
    for digest, name in lines:
        assert hashlib.sha256((box(stick, partner, office) / name).read_bytes()).hexdigest() == digest
    return {name: carried[name] for name in ("files", "interchanges", "receipts", "others", "earlier")} | (
        {} if status is Exit.DONE else {"findings": [one["code"] for one in end["findings"]]})


def taken(office: Office, stick: Path, status: Exit = Exit.DONE) -> dict[str, object]:
    """What an office takes from its only partner there, checked against its schema."""
    carried, end = checked("carry-in", office.run("edi", "carry", "in", str(stick), "--json").out)
    assert end["exit"] == status, end
    return {name: carried[name] for name in ("files", "new", "receipts", "known", "refused")} | (
        {} if status is Exit.DONE else {"findings": [one["code"] for one in end["findings"]]})


def refusal(office: Office, *words: str) -> tuple[int, str]:
    """Exit status and first code of a command that says why it does nothing."""
    ran = office.run("edi", "carry", *words)
    return ran.exit, next(iter(re.findall(r"\b[A-Z]\d{3}\b", ran.err)), ran.err)


def box(stick: Path, to: Office, sender: Office) -> Path:
    return stick / to.name / sender.name / "v1" / "in"


def quiet(*offices: Office) -> list[dict[str, int]]:
    """Run until nobody has anything to say; every count of those runs that is not zero."""
    counted = []
    for _ in range(6):
        for office in offices:
            ran = office.run("edi-sync")
            assert (ran.exit, ran.err) == (Exit.DONE, "")
            counted.append({key: value for key, value in ran.counts.items()
                            if isinstance(value, int) and value and key not in ("schema", "exit")})
    assert counted[-len(offices):] == [{} for _ in offices]
    return counted


def three_interchanges(togo: Office) -> None:
    """Three interchanges that no line takes."""
    for key in "ABC":
        togo.drop("declarations", {f"{key}.json": declaration_json(key)})
        togo.run("edi-send")


def histories(*offices: Office) -> list[int]:
    """How many messages and answers each national side has found, and what its ledger says of itself."""
    for office in offices:
        assert office.run("edi", "audit", "verify").exit == Exit.DONE
    return [len(office.inbox(kind)) for office in offices for kind in ("declarations", "events", "answers")]


def test_days_without_a_line_are_bridged_by_a_stick_both_ways_and_the_line_brings_nothing_twice(
        pair: tuple[Office, Office], stick: Path) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A"), "b.json": declaration_json("B")})
    with line_down(togo, burkina):
        assert togo.run("edi-send").exit != Exit.DONE
        first = out(togo, burkina, stick)
        assert first == {"files": 1, "interchanges": 1, "receipts": 0, "others": 0, "earlier": 0}
        there = taken(burkina, stick)
        assert there == {"files": 1, "new": 1, "receipts": 0, "known": 0, "refused": 0}
        assert len(burkina.inbox("declarations")) == 2
        back = out(burkina, togo, stick)
        assert (back["receipts"], back["others"], back["earlier"]) == (1, 0, 0)
        home = taken(togo, stick)
        assert (home["files"], home["new"], home["receipts"], home["refused"]) == (back["files"], back["files"], 1, 0)
        assert {line["state"] for line in togo.interchanges("out")} <= {"ACKNOWLEDGED", "RECEIVED", "CLOSED"}
        again = out(togo, burkina, stick)
        assert (again["interchanges"], again["receipts"]) == (1, back["interchanges"])  # CONTRL of the answers
        taken(burkina, stick)
        moved = {mrn: line["state"] for mrn, line in togo.movements().items()}
        found = histories(togo, burkina)
    quiet(togo, burkina)
    assert histories(togo, burkina) == found
    assert {mrn: line["state"] for mrn, line in togo.movements().items()} == moved
    compared = togo.run("edi", "reconcile", burkina.name)
    assert compared.exit in (Exit.DONE, Exit.LATER), compared.err


def test_what_was_put_up_and_not_collected_is_carried_too_and_the_file_in_the_mailbox_is_a_duplicate(
        pair: tuple[Office, Office], stick: Path) -> None:
    """The line of the partner alone is down: our file lies in its mailbox, and nobody fetches it."""
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    assert togo.run("edi-send").exit == Exit.DONE
    assert out(togo, burkina, stick)["interchanges"] == 1
    assert taken(burkina, stick)["new"] == 1
    [lying], [carried] = (list(folder.iterdir()) for folder in (
        burkina.mailbox(togo.name), box(stick, burkina, togo) / "new"))
    assert (lying.name, lying.read_bytes()) == (carried.name, carried.read_bytes())  # no second signature
    assert burkina.run("edi-receive").counts["objects_repeated"] == 1
    assert len(burkina.inbox("declarations")) == 1
    quiet(togo, burkina)


def test_what_was_taken_from_a_stick_is_known_when_the_stick_comes_again_and_goes_from_it_once_acknowledged(
        pair: tuple[Office, Office], stick: Path) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        assert out(togo, burkina, stick)["files"] == 3
        assert out(togo, burkina, stick)["files"] == 3
        assert taken(burkina, stick) == {"files": 3, "new": 3, "receipts": 0, "known": 0, "refused": 0}
        assert taken(burkina, stick) == {"files": 3, "new": 0, "receipts": 0, "known": 3, "refused": 0}
        first = out(burkina, togo, stick)
        assert first["receipts"] == 3
        kept = out(burkina, togo, stick)  # receipts get no receipt: those that lie there stay
        assert (kept["files"], kept["receipts"], kept["earlier"]) == (first["files"], 0, 3)
        assert taken(togo, stick)["receipts"] == 3
        before = {path.name for path in (box(stick, burkina, togo) / "new").iterdir()}
        assert out(togo, burkina, stick)["earlier"] == 0
        assert not before & {path.name for path in (box(stick, burkina, togo) / "new").iterdir()}
    quiet(togo, burkina)


def test_a_stick_that_is_full_holds_what_fits_and_the_next_stick_holds_the_rest(
        pair: tuple[Office, Office], stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        room(monkeypatch, stick, 4000, errno.ENOSPC)
        carried = out(togo, burkina, stick, Exit.PERSON)
        assert (carried["interchanges"], carried["findings"]) == (1, ["X277"])
        assert list((box(stick, burkina, togo) / "tmp").iterdir()) == []
        monkeypatch.undo()
        assert taken(burkina, stick)["new"] == 1
        (tmp_path / "second").mkdir()
        assert out(togo, burkina, tmp_path / "second")["interchanges"] == 3
        assert taken(burkina, tmp_path / "second") == {"files": 3, "new": 2, "receipts": 0, "known": 1, "refused": 0}
    quiet(togo, burkina)
    assert len(burkina.inbox("declarations")) == 3


def test_a_stick_that_is_pulled_out_took_nothing_that_the_ledger_believes(
        pair: tuple[Office, Office], stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        room(monkeypatch, stick, 0, errno.EIO)
        assert out(togo, burkina, stick, Exit.PERSON) == {
            "files": 0, "interchanges": 0, "receipts": 0, "others": 0, "earlier": 0, "findings": ["X277"]}
        monkeypatch.undo()
        assert {line["state"] for line in togo.interchanges("out")} == {"PREPARED"}
        assert out(togo, burkina, stick)["interchanges"] == 3


def test_what_is_more_than_one_batch_is_carried_whole(
        pair: tuple[Office, Office], stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        monkeypatch.setattr("gateway.exchange.carrying.BATCH", 2)
        assert out(togo, burkina, stick)["interchanges"] == 3
        assert taken(burkina, stick)["new"] == 3


def room(monkeypatch: pytest.MonkeyPatch, stick: Path, octets: int, number: int) -> None:
    """A stick on which so many octets of sealed files find room; then writing one fails."""
    real, left = os.write, [octets]

    def write(handle: int, content: bytes) -> int:
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
        if path.startswith(str(stick)) and path.endswith(".p7m"):
            left[0] -= len(content)
            if left[0] < 0:
                raise OSError(number, os.strerror(number))
        return real(handle, content)

    monkeypatch.setattr(os, "write", write)


def test_of_a_copy_that_is_not_whole_what_is_whole_is_taken_and_the_rest_when_it_is_there(
        pair: tuple[Office, Office], stick: Path, tmp_path: Path) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        assert out(togo, burkina, stick)["files"] == 3
        half = tmp_path / "half"
        shutil.copytree(stick, half)
        shutil.rmtree(box(half, burkina, togo) / "tmp")  # copying loses empty folders
        first, second, _ = sorted((box(half, burkina, togo) / "new").iterdir())
        first.unlink()
        second.write_bytes(second.read_bytes()[:100])
        assert taken(burkina, half, Exit.PERSON) == {
            "files": 1, "new": 1, "receipts": 0, "known": 0, "refused": 0, "findings": ["X274"]}
        sums = box(half, burkina, togo) / "SHA256SUMS"
        sums.write_text(sums.read_text()[:-10])  # of the file that is whole, the last line
        assert taken(burkina, half, Exit.PERSON) == {
            "files": 0, "new": 0, "receipts": 0, "known": 0, "refused": 0, "findings": ["X273", "X274"]}
        sums.unlink()
        assert taken(burkina, half, Exit.PERSON) == {
            "files": 0, "new": 0, "receipts": 0, "known": 0, "refused": 0, "findings": ["X273"]}
        assert taken(burkina, stick) == {"files": 3, "new": 2, "receipts": 0, "known": 1, "refused": 0}
    quiet(togo, burkina)


def test_what_is_no_sealed_file_or_not_in_the_list_is_left_and_named(
        pair: tuple[Office, Office], stick: Path) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        out(togo, burkina, stick)
        new = box(stick, burkina, togo) / "new"
        (new / "autorun.inf").write_bytes(b"[autorun]")
        (new / f"{'0' * 32}.p7m").symlink_to("/etc/passwd")
        (new / f"{'f' * 32}.p7m").write_bytes(b"not ours")
        there = {path.name for path in new.iterdir()}
        assert taken(burkina, stick, Exit.PERSON) == {
            "files": 3, "new": 3, "receipts": 0, "known": 0, "refused": 0, "findings": ["X273", "X275"]}
        assert {path.name for path in new.iterdir()} == there


def test_a_stick_for_somebody_else_is_said_to_be_and_one_of_a_stranger_is_left(
        pair: tuple[Office, Office], stick: Path, tmp_path: Path) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        out(togo, burkina, stick)
        wrong = togo.run("edi", "carry", "in", str(stick))
        assert (wrong.exit, "X272" in wrong.err, "BFDGD" in wrong.err) == (Exit.PERSON, True, True)
        assert refusal(togo, "in", str(tmp_path / "nowhere")) == (Exit.PERSON, "X271")
        assert refusal(togo, "out", "BFDGD", "--to", str(tmp_path / "nowhere")) == (Exit.PERSON, "X271")
        assert refusal(togo, "out", "XXXXX", "--to", str(stick)) == (Exit.SETTINGS, "X010")
        shutil.copytree(stick / "BFDGD" / "TGOTR", stick / "BFDGD" / "XXXXX")
        assert taken(burkina, stick, Exit.PERSON)["findings"] == ["X276"]


def test_files_that_lie_under_the_name_of_another_partner_are_refused_as_from_a_line(
        tmp_path: Path, stick: Path) -> None:
    togo, burkina, mali = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    with line_down(togo, burkina, mali):
        three_interchanges(togo)
        out(togo, burkina, stick)
        (stick / "BFDGD" / "TGOTR").rename(stick / "BFDGD" / "MLDGD")
        found = taken(burkina, stick, Exit.TRUST)
        assert (found["new"], found["refused"]) == (0, 3)
        assert burkina.inbox("declarations") == {}


def test_nothing_is_carried_beside_a_run_at_the_same_work(pair: tuple[Office, Office], stick: Path) -> None:
    togo, burkina = pair
    with line_down(togo, burkina):
        three_interchanges(togo)
        with turn(togo.home / "state" / "lock" / "step-outbound-BFDGD.lock") as ours:
            assert ours
            assert refusal(togo, "out", "BFDGD", "--to", str(stick)) == (Exit.LATER, "X270")
        out(togo, burkina, stick)


@pytest.mark.parametrize("page", ["en/operator.md", "fr/exploitation.md"])
def test_the_lines_of_the_manual_carry_a_declaration_and_its_receipt(
        page: str, pair: tuple[Office, Office], stick: Path) -> None:
    togo, burkina = pair
    togo.drop("declarations", {"a.json": declaration_json("A")})
    manual = (ROOT / "gateway" / "docs" / page).read_text("utf-8")
    block, = re.findall(r"```\n(edi carry out .*?)```", manual, re.DOTALL)
    lines = [shlex.split(line.replace("/media/edi", str(stick))) for line in block.splitlines()]
    with line_down(togo, burkina):
        togo.run("edi-send")
        for (program, *words), office in zip(lines, (togo, burkina, burkina, togo), strict=True):
            ran = office.run(program, *words)
            assert (ran.exit, words[0]) == (Exit.DONE, "carry"), ran.err
        assert "receipts: 1" in ran.out
        assert {line["state"] for line in togo.interchanges("out")} == {"ACKNOWLEDGED"}

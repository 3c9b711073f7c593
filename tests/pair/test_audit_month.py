"""Does a month of the ledger, handed over as a folder, prove what was recorded, and does nothing else pass for it?

The story of the 2,000 packages runs on over the end of its month. Folders are then damaged in every way that matters,
with the list of their files as it was, and with a list made anew by whoever damaged them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from gateway.cli.commands import reads
from gateway.cli.entry import run as run_program
from gateway.errors import LocalError
from gateway.exchange import audit_export
from gateway.exchange.assembly import open_gateway
from gateway.exchange.audit_export import Exported, export_month
from gateway.exchange.audit_month import Month, files_below
from gateway.exchange.audit_proof import judge_folder
from gateway.exchange.audit_verdict import Verdict
from gateway.ledger.questions import HistoryRow
from tests.golden.evidence_builder import built
from tests.golden.fraud_builder import Fraud
from tests.golden.story.telling import PAUSE
from tests.tools.outputs import checked

ROOT = Path(__file__).parents[2]
END = datetime(2026, 10, 2, 14, tzinfo=UTC)
SEPTEMBER, OCTOBER, JANUARY = Month(2026, 9), Month(2026, 10), Month(2026, 1)
LINK = "links/TGOTR/BFDGD"
OBJECT = f"{LINK}/000000/000000001.cms"
FILES = ("audit.txt", "history.txt", "index.fr.txt", "index.en.txt", "trust/TGOTR.pem", "trust/TGOTR.signers.pem",
         "trust/BFDGD.pem", "trust/BFDGD.signers.pem", OBJECT, f"{LINK}/leaves.txt", f"{LINK}/tree.txt",
         f"{LINK}/covering-TGOTR.cms", f"{LINK}/covering-BFDGD.cms", "SHA256SUMS")
FOR_PEOPLE = ("index.fr.txt", "index.en.txt")
"""Bound by the list of files alone: nobody signed them."""


@dataclass(frozen=True)
class Made:
    """The gateways, the folders of both months made by Lomé, and its history."""

    fraud: Fraud
    september: Exported
    october: Exported
    rows: tuple[HistoryRow, ...]


def exported(fraud: Fraud, month: Month, out: Path) -> Exported:
    with open_gateway(fraud.departure.settings, END) as gateway:
        return export_month(gateway, month, out, END)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    root = tmp_path_factory.mktemp("month")
    with built(root / "evidence") as story:
        for at in (datetime(2026, 9, 30, 23, 50, tzinfo=UTC), *(END - timedelta(hours=hours) for hours in (36, 3, 2))):
            for round_ in range(3):
                for office in story.fraud.offices:
                    office.run(at + round_ * PAUSE)
        with open_gateway(story.fraud.departure.settings, END) as gateway, gateway.ledger.reading() as queries:
            rows = tuple(queries.history())
        yield Made(story.fraud, exported(story.fraud, SEPTEMBER, root / "september"),
                   exported(story.fraud, OCTOBER, root / "october"), rows)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The month of the same story told with other keys, and none of the days after."""
    root = tmp_path_factory.mktemp("other")
    with built(root / "evidence") as story:
        yield exported(story.fraud, SEPTEMBER, root / "september").folder


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.september.folder, tmp_path / "somewhere else" / "month"))


def list_anew(folder: Path) -> None:
    """SHA256SUMS as somebody makes it who has changed files."""
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in files_below(folder) if name != "SHA256SUMS"))


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def hurt(copy: Path, other: Path, name: str, damage: str) -> None:
    """Change a file by one bit, take it away, or put another of its kind in its place."""
    if damage == "changed":
        change(copy / name)
    elif damage == "absent":
        (copy / name).unlink()
    else:
        swapped = {f"{LINK}/covering-TGOTR.cms": copy / LINK / "covering-BFDGD.cms",
                   f"{LINK}/covering-BFDGD.cms": copy / LINK / "covering-TGOTR.cms",
                   f"{LINK}/tree.txt": copy / "SHA256SUMS"}.get(name, other / name)
        assert swapped.read_bytes() != (copy / name).read_bytes()
        shutil.copyfile(swapped, copy / name)


def faults(folder: Path) -> list[tuple[str, str, str]]:
    """What is false in a folder; of one whose plan is none, that."""
    try:
        return [(one.what, one.row, one.fault) for one in judge_folder(folder).faults]
    except LocalError as error:
        assert error.code == "X252"
        return [("file", "audit.txt", error.code)]


def proven(verdict: Verdict) -> dict[str, bool]:
    return {part.what: part.of == part.proven for part in verdict.parts.values()}


def test_a_month_that_is_over_is_proven_elsewhere_with_nothing_but_its_folder(copy: Path) -> None:
    verdict = judge_folder(copy)
    assert (verdict.faults, verdict.opens) == ([], [])
    assert proven(verdict) == dict.fromkeys(("manifest", "history", "signatures", "leaves", "heads"), True)
    assert verdict.parts["signatures"].of == verdict.parts["leaves"].of > 30
    assert set(verdict.authorities) == {"TGOTR", "BFDGD"}


def test_two_months_share_no_row_and_lose_none(made: Made) -> None:
    first, second = made.september.plan, made.october.plan
    assert (first.first, first.last + 1, second.last) == (1, second.first, made.rows[-1].id)
    assert (first.head, second.head) == (second.anchor, made.rows[-1].row_hash)
    boundary = made.rows[first.last - 1].at, made.rows[first.last].at
    assert boundary[0] < OCTOBER.begin <= boundary[1]
    later = {name for name in files_below(made.october.folder) if name.endswith("000.cms") or "/000000/" in name}
    assert later
    assert later.isdisjoint(files_below(made.september.folder))


def test_a_month_that_runs_is_true_and_not_all_of_it_proven(made: Made) -> None:
    verdict = judge_folder(made.october.folder)
    assert (verdict.faults, ("month", "2026-10") in verdict.opens) == ([], True)
    assert made.october.partners == ("BFDGD",)


def test_a_month_without_anything_says_so(made: Made, tmp_path: Path) -> None:
    empty = exported(made.fraud, JANUARY, tmp_path / "empty")
    verdict = judge_folder(empty.folder)
    assert (empty.objects, verdict.faults, verdict.opens) == (0, [], [])
    assert (verdict.plan.first, verdict.plan.last, verdict.plan.head) == (1, 0, "0" * 64)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["changed", "absent", "swapped"])
def test_a_damaged_file_is_named(copy: Path, other: Path, name: str, damage: str) -> None:
    hurt(copy, other, name, damage)
    assert any(name in row or name == "SHA256SUMS" for _, row, _ in faults(copy))


@pytest.mark.parametrize("name", [one for one in FILES if one not in (*FOR_PEOPLE, "SHA256SUMS")])
@pytest.mark.parametrize("damage", ["changed", "absent", "swapped"])
def test_a_damaged_proof_does_not_pass_although_the_list_was_made_anew(copy: Path, other: Path, name: str,
                                                                       damage: str) -> None:
    hurt(copy, other, name, damage)
    list_anew(copy)
    assert faults(copy) != []


def test_an_object_in_the_place_of_another_and_one_too_many_are_named(copy: Path) -> None:
    shutil.copyfile(copy / f"{LINK}/000000/000000002.cms", copy / OBJECT)
    (copy / "more.txt").write_text("more")
    list_anew(copy)
    assert ("link", "TGOTR/BFDGD/1", "digest") in faults(copy)
    assert ("link", "TGOTR/BFDGD/1", "leaf") in faults(copy)
    (copy / "SHA256SUMS").write_text((copy / "SHA256SUMS").read_text().replace("more.txt", "mure.txt"))
    assert {("file", "more.txt", "unrecorded"), ("file", "mure.txt", "missing")} <= set(faults(copy))


def test_rows_cut_from_the_history_are_noticed(copy: Path) -> None:
    lines = (copy / "history.txt").read_text().splitlines(keepends=True)
    for kept, fault in ((lines[1:], "hole"), (lines[:5] + lines[6:], "hole"), (lines[:-1], "end"),
                        ([*lines, lines[-1]], "hole")):
        (copy / "history.txt").write_text("".join(kept))
        list_anew(copy)
        assert fault in {found for what, _, found in faults(copy) if what == "history"}


def test_a_link_in_the_place_of_a_file_is_not_followed(copy: Path) -> None:
    (copy / "real.cms").write_bytes((copy / OBJECT).read_bytes())
    (copy / OBJECT).unlink()
    (copy / OBJECT).symlink_to(copy / "real.cms")
    assert ("file", OBJECT, "bytes") in faults(copy)


def test_a_folder_that_is_there_and_a_month_that_is_to_come_are_refused(made: Made, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for month, out, code in ((SEPTEMBER, tmp_path / "there", "C061"), (Month(2026, 11), tmp_path / "new", "X251")):
        with pytest.raises(LocalError) as caught:
            exported(made.fraud, month, out)
        assert caught.value.code == code
    for text in ("2026-13", "2026-1", "26-01", "2026-01-01", ""):
        with pytest.raises(LocalError) as caught:
            Month.read(text)
        assert caught.value.code == "X250"
    assert [one.name for one in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize(("module", "step"), [
    (audit_export, "write_together"), (audit_export, "write_whole"), (audit_export, "digest_of_file"),
    (os, "fsync"), (audit_export, "sync_folder")])
def test_a_full_disk_leaves_nothing(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType,
                                    step: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/full")

    monkeypatch.setattr(module, step, full)
    with pytest.raises((LocalError, OSError)) as caught:
        exported(made.fraud, SEPTEMBER, tmp_path / "out")
    assert not isinstance(caught.value, LocalError) or caught.value.code == "B003"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("manual", "heading", "language"), [
    ("en/operator.md", "## A month handed over", "en"), ("fr/exploitation.md", "## Un mois remis", "fr")])
def test_the_lines_of_the_manual_make_and_check_a_month(made: Made, tmp_path: Path, manual: str, heading: str,
                                                        language: str, monkeypatch: pytest.MonkeyPatch,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "gateway" / "docs" / manual).read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    export, verify = [line.split()[1:] for line in text.splitlines() if line.startswith("edi ")]
    monkeypatch.chdir(tmp_path)
    settings = ["--config", str(made.fraud.departure.settings)]
    assert run_program("edi", [*export, "--lang", language, *settings]) == 0
    assert run_program("edi", [*verify, "--lang", language]) == 0
    assert {"en": "PROVEN: 2026-09", "fr": "PROUVÉ : 2026-09"}[language] in capsys.readouterr().out
    change(tmp_path / verify[-1] / OBJECT)
    assert run_program("edi", [*verify, "--lang", language]) == 5
    said = capsys.readouterr()
    assert OBJECT in said.err
    assert {"en": "FALSE: 2026-09", "fr": "FAUX : 2026-09"}[language] in said.out


def test_programs_read_the_same(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--config", str(made.fraud.departure.settings)]
    assert run_program("edi", ["audit", "export", "2026-10", "--out", str(tmp_path / "m"), "--json", *settings]) == 0
    (month,) = checked("audit-export", capsys.readouterr().out)
    assert (month["month"], month["anchor"], month["open"]) == ("2026-10", made.september.plan.head, ["BFDGD"])
    status = run_program("edi", ["audit", "verify", str(tmp_path / "m"), "--json"])
    *lines, verdict = checked("audit-verify", capsys.readouterr().out)
    assert (status, verdict["verdict"], verdict["faults"], verdict["head"]) == (1, "open", 0, month["head"])
    assert [line["kind"] for line in lines].count("part") == 5
    assert run_program("edi", ["audit", "verify", str(tmp_path), "--lang", "en"]) == 1
    assert "X252" in capsys.readouterr().err


def test_a_check_only_reads_and_an_export_does_not() -> None:
    assert [reads("edi", ["audit", *words.split()]) for words in (
        "", "verify", "verify export", "export 2026-09 --out m", "--lang fr export 2026-09")] == [
        True, True, True, False, False]

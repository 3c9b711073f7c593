"""Does `edi validate` judge a file of any size in little memory, and say the same of it as of a small one?"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from gateway.cli import files, verdicts
from gateway.edifact import read_contrl, read_interchanges, validate
from gateway.findings import Finding, Place
from tests.campaigns.edifact_large import FAULTY, Made
from tests.tools.outputs import checked
from tests.unit.test_cli_files import GOLDEN, edi

ROOT = Path(__file__).parents[2]
UNB = "UNB+UNOC:3+S:ZZZ+R:ZZZ+260310:1016+1'"
WRONG = "UNH+{0}+CUSRES:D:96B:UN'BGM+XX+{0}'UNT+3+{0}'"
MEASURED = """
import sys
from pathlib import Path
from gateway.cli.entry import run
status = run("edi", sys.argv[1:])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(peak.split()[1], file=sys.stderr)
raise SystemExit(status)
"""


@pytest.mark.timeout(120)
def test_forty_megabytes_are_judged_in_a_hundred_and_all_their_faults_are_told(tmp_path: Path) -> None:
    made = Made(40 << 20)
    path = tmp_path / "large.edi"
    path.write_bytes(made.read())
    done = subprocess.run([sys.executable, "-c", MEASURED, "validate", str(path), "--lang", "en"],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert lines[-1] == f"{path}: does not conform ({made.faults} findings)"
    assert len(lines) == made.faults + 1
    assert lines[0].startswith(f"{path}: interchange TG0000004711, message {FAULTY}, segment ")
    assert int(done.stderr.splitlines()[-1]) < 110_000  # kilobytes; held as a whole it takes 600,000


def _key(finding: Finding) -> tuple[str, str | None, Place, tuple[tuple[str, str], ...]]:
    return finding.code, finding.fault, finding.place, tuple(sorted(finding.values.items()))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("**/*.edi")), ids=lambda path: path.stem)
def test_what_is_told_of_a_file_is_what_its_receiver_finds(path: Path) -> None:
    told = Counter(map(_key, files._findings(path, lambda reference, message: (), None)))
    assert told == Counter(_key(one) for interchange in read_interchanges(path.read_bytes())
                           for one in validate(interchange))


def test_findings_come_message_by_message_and_those_of_the_interchange_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "two.edi"
    path.write_text((UNB + WRONG.format("A") + WRONG.format("B") + "UNZ+9+1'\n") * 2)
    plain = [(one["code"], one["message"]) for one in _json("validate", path)["findings"]]
    answered = [(one["code"], one["message"]) for one in
                _json("validate", path, "--contrl", tmp_path / "contrl.edi")["findings"]]
    assert plain == answered == [("F046", "A"), ("F046", "B"), ("F018", None)] * 2


def _json(*words: object) -> dict[str, Any]:
    _, out, _ = edi(*words, "--json")
    (line,) = checked("validate", out)
    return line


class _Watched(io.BytesIO):
    """A stream that knows how much of it was read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.size = len(content)


def test_a_finding_is_told_before_the_rest_of_the_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (UNB + "".join(WRONG.format(number) for number in range(30_000)) + "UNZ+30000+1'").encode()
    stream = _Watched(content)

    def opened(path: Path) -> nullcontext[BinaryIO]:
        return nullcontext(stream)

    monkeypatch.setattr(files, "_opened", opened)
    found = files._findings(Path("any"), lambda reference, message: (), None)
    assert next(found).code == "F046"
    assert stream.tell() < stream.size / 2
    assert sum(1 for _ in found) == 29_999


def test_a_file_that_breaks_off_while_it_is_read_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (UNB + "".join(WRONG.format(number) for number in range(30_000))).encode()

    class Breaking(_Watched):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > self.size / 2:
                raise OSError(5, "Input/output error")
            return super().read(size)

    def opened(path: Path) -> nullcontext[BinaryIO]:
        return nullcontext(Breaking(content))

    monkeypatch.setattr(files, "_opened", opened)
    codes = Counter(finding.code for finding in files._findings(Path("any"), lambda reference, message: (), None))
    assert codes["C001"] == 1
    assert 5_000 < codes["F046"] < 30_000


def test_more_findings_than_are_held_in_memory_are_still_one_line_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "many.edi"
    path.write_text(UNB + "".join(WRONG.format(number) for number in range(4000)) + "UNZ+4000+1'")
    waited: list[bool] = []

    class Watched(verdicts.JsonVerdict):
        def end(self) -> None:
            waited.append(bool(self._waiting._rolled))  # type: ignore[attr-defined]
            super().end()

    monkeypatch.setattr(files, "JsonVerdict", Watched)
    status, out, _ = edi("validate", path, "--json")
    (line,) = checked("validate", out)
    assert (status, waited, line["ok"]) == (1, [True], False)
    assert list(line) == ["schema", "kind", "file", "ok", "findings"]
    assert [finding["message"] for finding in line["findings"]] == [str(number) for number in range(4000)]


def test_what_is_too_large_for_a_contrl_is_a_finding_and_the_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 1 << 20)
    small, large, contrl = (tmp_path / name for name in ("small.edi", "large.edi", "contrl.edi"))
    small.write_text(UNB + WRONG.format("A") + "UNZ+1+1'")
    large.write_text(UNB.replace("+1'", "+2'") + WRONG.format("B") + "UNZ+1+2'" + "\n" * (1 << 20))
    status, out, err = edi("validate", large, small, "--contrl", contrl, "--json")
    told = checked("validate", out)
    assert (status, err) == (1, "")
    assert [(one["file"], [finding["code"] for finding in one["findings"]]) for one in told] == [
        (str(large), ["C011"]), (str(small), ["F046"])]
    assert told[0]["findings"][0]["text"] == (
        f"C011: the file {large} has more than 1 MiB: a CONTRL is made of a whole interchange, and no larger one "
        "crosses a link")
    answers = [read_contrl(answer.messages[0]).reference for answer in read_interchanges(contrl.read_bytes())]
    assert answers == ["1"]


def test_a_message_larger_than_any_that_crosses_a_link_is_a_finding_and_the_next_interchange_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 300_000)
    path = tmp_path / "long.edi"
    long = f"{UNB}UNH+1+CUSRES:D:96B:UN'BGM+962'{'FTX+AAA+++X' * 200_000}'UNT+4+1'UNZ+1+1'"
    path.write_text(long + UNB + WRONG.format("A") + "UNZ+1+1'")
    status, told = edi("validate", path, "--json")[:2]
    findings = json.loads(told)["findings"]
    assert (status, [finding["code"] for finding in findings]) == (1, ["F051", "F046"])


def test_a_corridor_judges_each_message_where_it_stands(tmp_path: Path) -> None:
    lines = (GOLDEN / "cusdec_transit_original.edi").read_text("utf-8").splitlines()
    lacking = [line for line in lines if not line.startswith("MEA+WT+AAE")]
    lacking[-1] = f"UNT+{len(lacking)}+1'"
    second = [lines[0].replace("UNH+1+", "UNH+2+"), *lines[1:-1], lines[-1].replace("+1'", "+2'")]
    head = "UNB+UNOC:3+TGOTR:ZZZ+BFDGD:ZZZ+260310:1016+TG0000004711++CUSDEC++1'"
    path = tmp_path / "both.edi"
    path.write_text("\n".join((head, *lacking, *second, "UNZ+3+TG0000004711'\n")), "utf-8")
    told = _json("validate", path, "--corridor", "tg-bf")["findings"]
    assert [(one["code"], one["message"]) for one in told] == [("COR0214", "1"), ("COR0214", "1"), ("F018", None)]

"""Does a stream, read block by block, give the same messages and findings as the whole, in bounded memory?"""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gateway.edifact import read_interchanges, stream_interchanges, validate, validate_stream
from gateway.findings import Finding
from tests.campaigns.edifact_large import Made, run

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "edifact"
UNB = "UNB+UNOC:3+S:ZZZ+R:ZZZ+260310:1016+1'"
MESSAGE = "UNH+{0}+CUSRES:D:96B:UN'BGM+962+X{0}'UNT+3+{0}'"


def keys(findings: list[Finding]) -> Counter[object]:
    return Counter((one.code, one.fault, one.place, tuple(sorted(one.values.items()))) for one in findings)


def both(content: bytes, block: int) -> tuple[Counter[object], Counter[object]]:
    whole = [finding for interchange in read_interchanges(content) for finding in validate(interchange)]
    return keys(whole), keys(list(validate_stream(io.BytesIO(content), block=block)))


@pytest.mark.parametrize("block", [1, 50, 4000])
@pytest.mark.parametrize("file", sorted(GOLDEN.glob("**/*.edi")), ids=lambda file: file.stem)
def test_every_sample_has_the_same_findings_whatever_the_size_of_the_blocks(file: Path, block: int) -> None:
    whole, parts = both(file.read_bytes(), block)
    assert parts == whole


def grouped(*groups: str, count: int | None = None) -> str:
    return UNB + "".join(groups) + f"UNZ+{len(groups) if count is None else count}+1'"


def group(reference: str, messages: int, *, said: int | None = None, closed: bool = True) -> str:
    body = "".join(MESSAGE.format(number) for number in range(messages))
    end = f"UNE+{messages if said is None else said}+{reference}'" if closed else ""
    return f"UNG+CUSRES+S+R+260310:1016+{reference}+UN+D:96B'{body}{end}"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (grouped(group("7", 400), group("8", 400)), set()),
        (grouped(group("7", 400, said=399), group("8", 3)), {"F018"}),
        (grouped(group("7", 400, closed=False), group("8", 3)), {"F025"}),
        (grouped(group("7", 400), group("7", 400)), {"F024"}),
        (grouped(group("7", 400), MESSAGE.format("x")), {"F018", "F023"}),
        (grouped(group("7", 400).replace("UNH+7+", "UNH+6+").replace("UNT+3+7'", "UNT+3+6'")), {"F021"}),
        (UNB + "".join(MESSAGE.format(number) for number in range(900)) + "UNZ+899+1'", {"F018"}),
        (UNB + MESSAGE.format("A") * 700 + "UNZ+700+1'", {"F021"}),
        (UNB + MESSAGE.format("A") + "XYZ+1'" * 3000 + MESSAGE.format("B") + "UNZ+2+1'", {"F028"}),
        (UNB + "".join(MESSAGE.format(number) for number in range(500)), {"F016"}),
        (UNB + MESSAGE.format("A") + "\n" * 3000 + "UNZ+1+1'" + "\n" * 9000 + "thank you" * 2000, {"F008"}),
        ("Dear sirs\n" * 2000 + UNB + MESSAGE.format("A") + "UNZ+1+1'", {"F003"}),
        (UNB + MESSAGE.format("\xc3\xa9") + "".join(map(MESSAGE.format, range(900))) + "UNZ+901+1'", {"F010"}),
        ("".join(map(MESSAGE.format, range(900))), {"F002"}),
    ],
)
def test_what_spans_many_blocks_is_still_found_once_and_with_the_same_place(text: str, codes: set[str]) -> None:
    content = text.encode("iso8859-1")
    whole, parts = both(content, 1000)
    assert parts == whole
    assert {key[0] for key in whole} == codes  # type: ignore[index]


def test_a_message_comes_with_its_findings_and_the_interchange_keeps_its_own() -> None:
    text = UNB + MESSAGE.format("1").replace("962", "XX") + MESSAGE.format("2") + "UNZ+7+1'"
    streamed = next(stream_interchanges(io.BytesIO(text.encode())))
    seen = [(message.reference, [one.code for one in found]) for message, found in streamed.messages()]
    assert seen == [("1", ["F046"]), ("2", [])]
    assert (streamed.count, [one.code for one in streamed.findings]) == (2, ["F018"])
    assert streamed.header.sender == "S"


def test_interchanges_that_nobody_looked_at_are_passed_over_to_the_next(tmp_path: Path) -> None:
    text = (UNB + MESSAGE.format("1") + "UNZ+1+1'\n") * 3
    file = tmp_path / "three.edi"
    file.write_text(text)
    assert [(one.offset, one.count) for one in stream_interchanges(file)] == [(0, 0), (87, 0), (174, 0)]


@pytest.mark.parametrize("end", ["UNT+99+1'UNZ+1+1'", "", "'" * 9000])
def test_a_message_longer_than_what_may_be_held_is_a_finding_and_the_next_interchange_is_read(end: str) -> None:
    text = f"{UNB}UNH+1+CUSRES:D:96B:UN'{'FTX+AAA+++X?+' * 9000}{end}" + UNB + MESSAGE.format("1") + "UNZ+1+1'"
    if end != "":
        found = list(stream_interchanges(io.BytesIO(text.encode()), block=1000, largest=30_000))
        told = [[one.code for one in interchange.findings] for interchange in found]
        assert told == [["F051"], []]
    else:  # no terminator before the next UNB: its text is data
        (interchange,) = stream_interchanges(io.BytesIO(text.encode()), block=1000, largest=30_000)
        assert [one.code for one in interchange.findings] == ["F051"]


def test_text_that_is_no_interchange_is_told_so_however_long_it_is() -> None:
    interchange = next(stream_interchanges(io.BytesIO(b"no EDIFACT " * 100_000), block=1000, largest=30_000))
    list(interchange.messages())
    assert [one.code for one in interchange.findings] == ["F002", "F051"]


def test_findings_of_one_kind_are_cut_at_a_thousand() -> None:
    text = UNB + "XYZ+1'".join(map(MESSAGE.format, range(1500))) + "UNZ+1500+1'"
    streamed = next(stream_interchanges(io.BytesIO(text.encode()), block=5000))
    list(streamed.messages())
    assert Counter(one.code for one in streamed.findings) == Counter({"F028": 1000, "F099": 1})


def test_a_made_interchange_of_two_megabytes_comes_whole_with_its_planted_faults() -> None:
    source, codes, count = run(2 << 20)
    assert count == source.messages > 900
    assert codes == Counter({"F046": source.faults})
    assert source.faults > 0


def test_the_made_stream_is_an_interchange_like_any_other() -> None:
    (interchange,) = read_interchanges(Made(300_000).read())
    assert [one.code for one in validate(interchange)] == []


@pytest.mark.timeout(240)
def test_forty_megabytes_take_less_than_a_hundred_of_memory() -> None:
    command = [sys.executable, "-m", "tests.campaigns.edifact_large", "--megabytes", "40"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Do the compiled inner loops and those in plain Python return the same for the same arguments, whatever these are?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edifact import core, read_interchanges
from gateway.edifact.characters import ServiceCharacters
from gateway.edifact.core import PLAIN, Core
from gateway.edifact.model import Segment
from gateway.edifact.plain import MOST
from gateway.edifact.wire import Repeated, Wire
from gateway.launcher import compiled

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden" / "edifact"
PIECES = ("UNA:+.? '", "UNB", "UNH", "UNH+1+CUSDEC:D:96B:UN'", "UNT+1+1'", "UNS+D'", "UNZ+1+1'", "LOC+118+TGLFW:139:6'",
          "FTX", "'", "''", "+", "++", ":", "?", "??", "?'", "?+", "*", " ", "\n", "\x01", "\x02", "\x0e", "\u00e9",
          "\u00e9\u00e9\u00e9", "\u0141", "\u20ac", "A", "a", "LO", "1", "118", "9" * 17, "TGLFW:139:6", "Z" * 300)
texts = st.one_of(st.lists(st.sampled_from(PIECES), max_size=24).map("".join), st.text(max_size=12))
characters = st.sampled_from([
    ServiceCharacters(), ServiceCharacters(repetition="*"), ServiceCharacters(release=None),
    ServiceCharacters(component=";", element="|", terminator="~"), ServiceCharacters(terminator="\n"),
    ServiceCharacters(component="\x1f", element="\x1d", release=None, terminator="\x1c")])


@pytest.fixture(scope="module")
def other() -> Core:
    """The compiled twin, without which CI proves nothing."""
    if core.COMPILED is None:
        if os.environ.get("CI"):
            pytest.fail("no compiled twin: the environment has no C compiler, or no Python headers")
        pytest.skip("the compiled twin was not built (python -m gateway.launcher.compiled)")
    return core.COMPILED


@settings(max_examples=400)
@given(texts, st.integers(0, 30), characters, st.booleans())
def test_the_same_places(other: Core, text: str, start: int, service: ServiceCharacters, to_edge: bool) -> None:
    arguments = (text, start, service.terminator, service.element, to_edge)
    assert other.places(*arguments) == PLAIN.places(*arguments)


@settings(max_examples=400)
@given(texts, st.sampled_from(["?", "*", "\u00e9", "\u20ac"]), st.booleans())
def test_the_same_exchange(other: Core, text: str, release: str, far: bool) -> None:
    protected = [release, "'", "+", ":"]
    markers = dict(zip(protected, "\ue000\ue001\ue002\ue003" if far else "\x03\x04\x05\x06", strict=True))
    assert other.exchanged(text, release, markers) == PLAIN.exchanged(text, release, markers)


@settings(max_examples=400)
@given(texts, characters, st.data())
def test_the_same_service_segments(other: Core, text: str, service: ServiceCharacters, data: st.DataObject) -> None:
    places = PLAIN.places(text, 0, service.terminator, service.element, False)
    found = other.services(text, service.terminator, places)
    assert found == PLAIN.services(text, service.terminator, places)
    assert list(found[0]) == sorted(found[0])
    fewer = [place for place in places if data.draw(st.booleans())]
    assert other.services(text, service.terminator, tuple(fewer)) == PLAIN.services(text, service.terminator, fewer)


@settings(max_examples=400)
@given(texts, characters)
def test_the_same_idle_separators(other: Core, text: str, service: ServiceCharacters) -> None:
    arguments = (text, service.component, service.element, service.terminator)
    assert other.idle(*arguments) is PLAIN.idle(*arguments)
    padded = ("x" * 5000 + text, *arguments[1:])
    assert other.idle(*padded) is PLAIN.idle(*padded)


def looked_into(one: Core, wire: Wire, start: int, positions: range) -> list[object]:
    service = wire.service
    made = one.cut(Segment, wire, wire.raws, start, positions, service.element, service.component, wire.odd)
    return [(segment.tag, segment.elements, [isinstance(part, Repeated) for part in segment.elements],
             segment.position, segment.nesting, segment.text, segment.span, type(segment)) for segment in made]


@settings(max_examples=600)
@given(texts, characters, st.sampled_from([None, "utf-8"]), st.data())
def test_the_same_segments(
    other: Core, text: str, service: ServiceCharacters, codec: str | None, data: st.DataObject
) -> None:
    if codec is not None:
        text = text.encode("utf-8").decode("iso8859-1")
    wire = Wire(text, service, codec)
    start = data.draw(st.integers(0, wire.count))
    positions = range(7, 7 + wire.count - start)
    assert looked_into(other, wire, start, positions) == looked_into(PLAIN, wire, start, positions)


@pytest.mark.parametrize("separator", ["+", ":"])
def test_the_same_at_the_limit_of_what_is_told_apart(other: Core, separator: str) -> None:
    for many in (MOST - 1, MOST, MOST + 1, MOST + 5):
        wire = Wire(f"FTX+A{separator * many}B'", ServiceCharacters())
        assert looked_into(other, wire, 0, range(1)) == looked_into(PLAIN, wire, 0, range(1))


def test_what_is_kept_of_one_text_is_not_taken_for_another(other: Core) -> None:
    """Elements that share a place of the table, or differ in a separator only."""
    values = [f"{number:x}" for number in range(20_000)] + ["A:B", "A;B", "A", "A\x00", "A\x00\x00", "0123456789abcdef"]
    for component in ":;":
        wire = Wire("".join(f"LOC+{value}'" for value in values), ServiceCharacters(component=component))
        assert [segment[1] for segment in looked_into(other, wire, 0, range(len(values)))] == [  # type: ignore[index]
            (tuple(value.split(component)),) for value in values]


def test_real_files_read_the_same(other: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in sorted(GOLDEN.glob("**/*.edi")):
        seen = []
        for one in (other, PLAIN):
            monkeypatch.setattr(core, "active", one)
            seen.append([
                (read.offset, read.content, read.una, read.header, read.findings, read.layout, read.wire.notable,
                 list(read.segments), [list(message.segments) for message in read.messages])
                for read in read_interchanges(file.read_bytes())])
        assert seen[0] == seen[1], file.name


VALUES = ("", "A", "?", "+", ":", "'", "*", "?+", " ", "\x00", "\x1c", "\x1d", "\x1e", "\x1f", "\u00e9", "\u20ac",
          "LOC", "Z" * 70)
values = st.lists(st.sampled_from(VALUES), max_size=3).map("".join)
elements = st.one_of(st.lists(values, max_size=3).map(tuple), values,
                     st.lists(st.lists(values, max_size=2).map(tuple), max_size=2).map(Repeated))


@settings(max_examples=600)
@given(st.lists(st.tuples(values, st.lists(elements, max_size=4).map(tuple)), max_size=4), st.booleans())
def test_the_same_text_from_values(
    other: Core, segments: list[tuple[str, tuple[tuple[str, ...], ...]]], repeats: bool
) -> None:
    assert other.joined(segments, repeats) == PLAIN.joined(segments, repeats)


def test_a_long_text_from_values(other: Core) -> None:
    segments = [("FTX", (("AAI",), (), ("\u00e9?:" * number, "+'"))) for number in range(3000)]
    for repeats in (False, True):
        assert other.joined(segments, repeats) == PLAIN.joined(segments, repeats)
    assert other.joined([], False) == PLAIN.joined([], False) == ""


def test_wrong_arguments_are_refused_and_nothing_else_happens(other: Core) -> None:
    wire = Wire("LOC+1'", ServiceCharacters())
    fine = (Segment, wire, wire.raws, 0, range(1), "+", ":", wire.odd)
    wrong: list[tuple[object, ...]] = [
        (), (int, *fine[1:]), (Segment, wire, "LOC+1", *fine[3:]), (*fine[:4], None, *fine[5:]), (*fine[:7], None)]
    for arguments in wrong:
        with pytest.raises((TypeError, AttributeError)):
            other.cut(*arguments)  # type: ignore[arg-type]
    for start, raws in ((1, wire.raws), (0, []), (0, [None])):
        with pytest.raises(ValueError, match="position"):
            list(other.cut(Segment, wire, raws, start, range(1), "+", ":", wire.odd))  # type: ignore[arg-type]
    for call in (lambda: other.places(b"x", 0, "'", "+", False), lambda: other.idle("x", "y", "z", 1),  # type: ignore[arg-type]
                 lambda: other.services("x", "'", 5), lambda: other.exchanged("x", None, {})):  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            call()


def test_it_is_used_where_it_was_built_and_not_when_it_was_built_from_other_sources(
    other: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert core.active is other
    assert core._compiled() is other
    monkeypatch.setattr(other, "SOURCE", "0" * 64)
    assert core._compiled() is None


def test_nothing_but_a_compiled_module_is_run_under_its_name(tmp_path: Path) -> None:
    (tmp_path / f"{core.NAME}.py").write_text("print('planted')", "utf-8")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; " \
           "from gateway.edifact import core; print(core.COMPILED)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "None\n"), done.stderr


def test_it_is_compiled_without_a_warning(tmp_path: Path) -> None:
    include = sysconfig.get_path("include")
    if not (Path(include) / "Python.h").is_file() or not shutil.which("cc"):
        if os.environ.get("CI"):
            pytest.fail("no C compiler, or no Python headers")
        pytest.skip("no C compiler, or no Python headers")
    strict = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-cast-function-type"]
    command = [*compiled.compiler(sysconfig.get_config_var("LDSHARED") or ""), *compiled.OPTIONS, *strict]
    done = subprocess.run([*command, f"-I{include}", str(compiled.SOURCE), "-o", str(tmp_path / "core.so")],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    free = subprocess.run([*command, "-DPy_GIL_DISABLED=1", f"-I{include}", str(compiled.SOURCE), "-fsyntax-only"],
                          capture_output=True, text=True, check=False)
    assert "without the GIL the plain twin serves" in free.stderr


def test_without_a_compiler_the_plain_twin_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    with pytest.raises(compiled.Cannot, match="no C compiler"):
        compiled.compiler("")
    tries = []

    def cannot(_: object) -> Path:
        tries.append(1)
        raise compiled.Cannot("no C compiler")

    monkeypatch.setattr(compiled, "build", cannot)
    assert [compiled.keep(sys.executable, tmp_path) for _ in range(2)] == [False, False]
    assert (len(tries), compiled.stamp(tmp_path).read_text("utf-8")[64:]) == (1, " -\n")


def test_what_failed_in_passing_is_tried_again_and_what_was_lost_is_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[compiled.NotNow | Path] = [compiled.NotNow("no space"), tmp_path / "made.so", tmp_path / "made.so"]

    def build(_: object) -> Path:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        answer.touch()
        return answer

    monkeypatch.setattr(compiled, "build", build)
    assert [compiled.keep(sys.executable, tmp_path) for _ in range(3)] == [False, True, True]
    (tmp_path / "made.so").unlink()
    assert compiled.keep(sys.executable, tmp_path)
    assert answers == []


def test_a_compiler_that_hangs_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = tmp_path / "pid"
    monkeypatch.setattr(compiled, "SECONDS", 1)
    with pytest.raises(compiled.NotNow, match="no answer"):
        compiled._run(["/bin/sh", "-c", f"sleep 60 & echo $! > {noted}; wait"])
    child = noted.read_text("ascii").strip()
    end = time.monotonic() + 20  # a busy machine takes its time to end what was killed
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False

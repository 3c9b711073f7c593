"""Do readers that others write keep places, serve settings and dialects, and break nothing but their own files?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.api import Record, Workbench
from gateway.errors import LocalError
from gateway.mapping.bench.reader_check import check_reader, own_dialect, variants
from gateway.mapping.dialect import load_archived_dialect, load_dialect
from gateway.mapping.search import search_path
from gateway.records.plugins import Plugin, find_reader, installed, load_reader
from gateway.records.readers import Unreadable, Value, nodes_of
from tests.tools.offices import offices
from tests.tools.outputs import checked
from tests.tools.readers import install
from tests.tools.records import declaration_json

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "reader"
MANIFEST = (SAMPLE / "d1.man").read_bytes()
BAD = """
    import sys
    from gateway.records.readers import Unreadable, Value

    class Bad:
        record = "declaration"

        def read(self, content, file):
            if content.startswith(b"exit"):
                sys.exit(3)
            if content.startswith(b"no"):
                raise Unreadable("not one of mine", 1, 3)
            if content.startswith(b"deep"):
                return self.read(content, file)
            return [{"local_reference": 7}]
"""


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "manifest_reader", (SAMPLE / "manifest_reader.py").read_text("utf-8"),
            {"manifest": "manifest_reader:Manifest"})


@pytest.mark.usefixtures("manifest")
def test_a_reader_is_a_dialect_without_a_file_and_every_value_keeps_its_place() -> None:
    (record,) = Workbench().read("readers/manifest", {"d1.man": MANIFEST}).records
    assert record.tree["items"] == [
        {"number": 1, "commodity": "8517130000", "description": "TELEPHONES PORTABLES", "gross_mass": 12500,
         "packages": [{"count": 480, "kind": "CT"}]},
        {"number": 2, "commodity": "6402990000", "description": "CHAUSSURES, MODÈLE D'ÉTÉ", "gross_mass": 14000,
         "packages": [{"count": 320, "kind": "CT"}]}]
    assert record.tree["accepted"] == datetime(2026, 3, 10, 7, 51, tzinfo=UTC)
    place = record.places["items[2].packages[1].kind"]
    assert (place.file, place.line, place.column, place.locator) == ("d1.man", 3, 56, "/items/1/packages/0/kind")
    lines = MANIFEST.decode().splitlines()
    for path, where in record.places.items():
        assert where.line is not None
        assert where.column is not None
        assert lines[where.line - 1][where.column - 1] not in " 0", path


@pytest.mark.usefixtures("manifest")
def test_a_dialect_gives_the_names_of_a_reader_a_meaning(tmp_path: Path) -> None:
    folder = tmp_path / "dialects" / "tgotr"
    folder.mkdir(parents=True)
    (folder / "manifest.yaml").write_text("""
format: "1"
id: tgotr/manifest
record: declaration
parts:
  decl: {kind: reader, reader: manifest, file: "{stem}.man", others: keep}
places:
  local_reference: decl local_reference
  office_of_departure.code: decl office_of_departure/code
  items: {each: decl items, ordinal: number, places: {commodity: decl commodity}}
""", "utf-8")
    dialect = load_dialect("tgotr/manifest", search_path([tmp_path]))
    (record,) = dialect.read({"d1.man": MANIFEST}).records
    assert record.tree["items"] == [{"number": 1, "commodity": "8517130000"}, {"number": 2, "commodity": "6402990000"}]
    assert record.origins["items[2].commodity"].line == 3
    assert dialect.unread("d1.man", MANIFEST) != []


@pytest.mark.usefixtures("manifest")
def test_the_version_of_a_reader_belongs_to_what_its_dialect_is() -> None:
    archive = load_dialect("readers/manifest", search_path()).archive
    assert dict(archive.files)["readers/manifest"] == b"manifest_reader 1.0\n"
    assert load_archived_dialect(archive).read({"d1.man": MANIFEST}).records != ()


@pytest.mark.usefixtures("manifest")
def test_a_reader_only_reads() -> None:
    with pytest.raises(LocalError) as raised:
        Workbench().write("readers/manifest", Record(kind="declaration", tree={"local_reference": "T"}), "d")
    assert raised.value.code == "R047"


@pytest.mark.parametrize(("content", "code", "values"), [
    (b"no", "R044", {"reader": "bad", "reason": "not one of mine"}),
    (b"exit", "R045", {"reader": "bad", "error": "SystemExit: 3"}),
    (b"deep", "R045", None),
    (b"else", "R046", {"reader": "bad", "what": "local_reference: int, not a Value, a mapping or a list"})])
def test_what_a_reader_does_to_a_file_refuses_that_file(
        content: bytes, code: str, values: dict[str, str] | None, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "bad_reader", BAD, {"bad": "bad_reader:Bad"})
    reading = load_dialect("readers/bad", search_path()).read({"d.bad": content})
    ((refused),) = reading.refused
    (finding,) = refused.findings
    assert (finding.code, finding.place.file) == (code, "d.bad")
    assert values is None or finding.values == values


@pytest.mark.parametrize("given", [
    7, "text", [{"a": object()}], [{7: Value("x")}], [{"": Value("x")}], [{"a": Value("x", 0)}],
    [{"a": Value("x", True)}], [{"a": Value(7)}], [{"a": Value("\ud800")}], [{"a": ["x"]}]])  # type: ignore[arg-type]
def test_whatever_a_reader_gives_that_is_no_record_is_named(given: Any) -> None:
    class Odd:
        record = "declaration"

        def read(self, content: bytes, file: str) -> Any:
            return given

    with pytest.raises(LocalError) as raised:
        nodes_of(Odd(), "odd", b"", "d.odd")
    assert raised.value.code in ("R045", "R046")


def test_a_circle_in_what_a_reader_gives_ends() -> None:
    circle: dict[str, Any] = {}
    circle["inner"] = circle

    class Round:
        record = "event"

        def read(self, content: bytes, file: str) -> Any:
            yield circle

    with pytest.raises(LocalError) as raised:
        nodes_of(Round(), "round", b"", "d.round")
    assert raised.value.code == "R046"


def test_a_reader_that_is_not_there_broken_or_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "broken_readers", """
        class NoRecord:
            def read(self, content, file): ...
        class OddRecord:
            record = "song"
            def read(self, content, file): ...
        class Fails:
            record = "event"
            def __init__(self): raise ValueError("no licence")
            def read(self, content, file): ...
    """, {"no-record": "broken_readers:NoRecord", "odd-record": "broken_readers:OddRecord", "fails":
          "broken_readers:Fails", "nowhere": "broken_readers:Nowhere", "no-module": "no_such_module:X"})
    install(tmp_path, monkeypatch, "rival", "", {"fails": "rival:X", "both": "rival:X"})
    install(tmp_path, monkeypatch, "rival_two", "", {"both": "rival_two:X"})
    found = {}
    for name in ("absent", "no-record", "odd-record", "nowhere", "no-module", "both"):
        with pytest.raises(LocalError) as raised:
            find_reader(name)
        found[name] = raised.value.code
    assert found == {"absent": "R041", "no-record": "R043", "odd-record": "R043", "nowhere": "R042",
                     "no-module": "R042", "both": "R042"}
    assert {"both", "fails", "no-record"} <= set(installed())
    with pytest.raises(LocalError) as raised:
        load_reader("broken_readers:Fails")
    assert raised.value.findings[0].values["error"] == "ValueError: no licence"


def test_in_a_run_a_reader_refuses_its_own_files_and_a_missing_one_lets_them_wait(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "manifest_reader", (SAMPLE / "manifest_reader.py").read_text("utf-8"),
            {"manifest": "manifest_reader:Manifest"})
    install(tmp_path, monkeypatch, "bad_reader", BAD, {"bad": "bad_reader:Bad"})
    togo, _ = offices(tmp_path)
    settings = togo.settings.read_text("utf-8")
    own = "".join(f'    - {{match: "*.{end}", dialect: readers/{name}}}\n'
                  for end, name in (("man", "manifest"), ("bad", "bad"), ("gone", "gone")))
    togo.settings.write_text(settings.replace("  declarations:\n", f"  declarations:\n{own}", 1), "utf-8")
    togo.drop("declarations", {"d1.man": MANIFEST, "d2.bad": b"exit", "d3.json": declaration_json("T-3"),
                               "d4.gone": b"x"})
    ran = togo.run("edi-send")
    assert "R041" in ran.err
    assert (ran.counts["records_taken"], ran.counts["records_waiting"]) == (2, 1)
    refused = {path.name for path in (togo.home / "national/refused/declarations").iterdir()}
    assert refused == {"d2.bad", "d2.bad.reason"}
    assert "R045" in (togo.home / "national/refused/declarations/d2.bad.reason").read_text("utf-8")
    assert [path.name for path in (togo.home / "state/claimed/declarations").iterdir()] == ["d4.gone"]


def _findings(reader: object, content: bytes = b"first\nsecond\n") -> dict[str, list[str]]:
    plugin = Plugin(name="trial", reader=reader)  # type: ignore[arg-type]
    ticks = iter(range(0, 10_000, 5))
    return {check.name: [finding.code for finding in check.findings]
            for check in check_reader(plugin, {"d": content}, lambda: next(ticks), None) if not check.ok}


class _Good:
    record = "declaration"

    def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
        lines = content.decode("latin-1").split("\n")
        if not lines[0]:
            raise Unreadable("empty", 1)
        yield {"local_reference": Value(lines[0], 1, 1)}


class _Forgetful(_Good):
    def __init__(self) -> None:
        self.times = 0

    def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
        self.times += 1
        yield {"local_reference": Value(f"first {self.times}", 1, 1)}


class _Placeless(_Good):
    def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
        yield {"local_reference": Value("first")}


class _Beyond(_Good):
    def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
        yield {"local_reference": Value("first", 9, 1)}


class _Loud(_Good):
    def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
        print("reading", file)
        yield from super().read(content, file)


class _Brittle(_Good):
    def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
        assert content.endswith(b"\n")
        yield from super().read(content, file)


class _Nothing(_Good):
    def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
        yield from ()


@pytest.mark.parametrize(("reader", "expected"), [
    (_Good(), {}), (_Forgetful(), {"same-twice": ["R048"]}), (_Placeless(), {"places": ["R049"]}),
    (_Beyond(), {"places": ["R049"]}), (_Loud(), {"quiet": ["R050"]}), (_Nothing(), {"reads": ["D118"]}),
    (_Brittle(), {"damaged": ["R045"] * 5})], ids=lambda one: type(one).__name__)
def test_each_fault_of_a_reader_is_found_by_its_check(reader: object, expected: dict[str, list[str]]) -> None:
    assert _findings(reader) == expected


def test_a_reader_that_is_too_slow_is_told() -> None:
    ticks = iter(range(0, 1000, 11))
    plugin = Plugin(name="slow", reader=_Good())
    assert [finding.code for check in check_reader(plugin, {"d": b"first\n"}, lambda: next(ticks))
            for finding in check.findings] == ["R051"]


def test_a_file_without_lines_needs_no_places() -> None:
    assert _findings(_Placeless(), b"\x00\x01first") == {}


def test_damaged_copies_are_many_and_the_same_on_every_day() -> None:
    made = list(variants(MANIFEST))
    assert made == list(variants(MANIFEST))
    assert len(dict(made)) == len(made) > 30
    assert all(content != MANIFEST for name, content in made if "CRLF" not in name)


def test_names_that_are_none_of_the_record_are_told_by_the_check() -> None:
    class Own(_Good):
        def read(self, content: bytes, file: str) -> Iterator[dict[str, Value]]:
            yield {"reference_nationale": Value("first", 1, 1)}

    plugin = Plugin(name="own", reader=Own())
    found = [finding.code for check in check_reader(plugin, {"d": b"first\n"}, lambda: 0.0,
                                                    own_dialect(plugin, search_path())) for finding in check.findings]
    assert found == ["D110"]


def test_the_example_is_built_installed_and_checked_by_the_command(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    for name in ("pyproject.toml", "manifest_reader.py", "d1.man"):
        (source / name).write_bytes((SAMPLE / name).read_bytes())
    code = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    built = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=source, capture_output=True, text=True,
                           check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target",
                    str(target), str(tmp_path / built.stdout.split()[-1])], check=True)
    told = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "reader-check", "manifest", "d1.man", "--json"], cwd=source,
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{target}:{ROOT}", "EDI_LANG": "en"})
    assert (told.returncode, told.stderr) == (0, "")
    lines = checked("reader-check", told.stdout)
    assert [line["check"] for line in lines if line["kind"] == "check"] == [
        "reads", "same-twice", "places", "damaged", "quiet", "pace", "records"]
    assert lines[0]["source"] == "example-manifest-reader 1.0"
    assert lines[-1] == {"schema": 1, "kind": "summary", "checks": 7, "failed": 0}
    assert json.loads(told.stdout.splitlines()[2])["figures"] == {"values": "22", "found": "22"}

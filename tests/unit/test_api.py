"""Is the module for other programs small, light, typed, without state, and does it keep what it has promised?"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from msgspec import Struct

import gateway.api as api
from gateway.api import Header, LocalError, Record, Workbench, explain, from_json, make_mrn, to_json
from tests.tools import record_schema
from tests.tools.outputs import validator
from tests.tools.records import declaration, declaration_json, numbered_mrn

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
HEADER = Header(sender="TGOTR", recipient="BFDGD", control_reference="TG1", prepared=NOW, test=True)
HEAVY = ("paramiko", "sqlalchemy", "alembic", "click", "cryptography", "jinja2", "weasyprint", "rich", "pydifact")

SIGNATURES = {
    "Explanation": ["code", "sentence", "hint", "text"],
    "Header": ["sender", "recipient", "control_reference", "prepared", "test", "sender_qualifier",
               "recipient_qualifier", "syntax_identifier"],
    "Parsed": ["interchange", "reference", "type", "records", "findings"],
    "Read": ["records", "waiting", "refused"],
    "Record": ["kind", "tree", "key", "files", "places", "findings"],
    "Record.having": "(self, **terms: 'Scalar') -> 'Record'",
    "Record.to_json": "(self) -> 'dict[str, Json]'",
    "Record.from_json": "(document: 'object') -> 'Record'",
    "Workbench": "(mappings: 'Sequence[Path]' = ()) -> 'None'",
    "Workbench.read": "(self, dialect: 'str', files: 'Mapping[str, bytes]') -> 'Read'",
    "Workbench.write": "(self, dialect: 'str', record: 'Record', stem: 'str') -> 'dict[str, bytes]'",
    "Workbench.map": "(self, record: 'Record', corridor: 'str') -> 'WireMessage'",
    "Workbench.build": "(self, messages: 'Sequence[WireMessage]', header: 'Header') -> 'bytes'",
    "Workbench.validate": "(self, content: 'bytes', corridor: 'str | None' = None) -> 'list[Finding]'",
    "Workbench.parse": "(self, content: 'bytes', corridor: 'str | None' = None) -> 'list[Parsed]'",
    "explain": "(about: 'Finding | str', language: \"Literal['fr', 'en']\" = 'fr') -> 'Explanation'",
    "from_json": "(document: 'object') -> 'bytes'",
    "make_mrn": "(year: 'int', office: 'str', serial: 'str', number: 'int') -> 'Mrn'",
    "to_json": "(content: 'bytes') -> 'dict[str, Json]'",
}
"""What others build on. A line is added here, never changed."""


def record(key: str = "T-1") -> Record:
    read = Workbench().read("neutral/json", {"d1.json": declaration_json(key, mrn=numbered_mrn(1))})
    return read.records[0].having(prepared=NOW, amendment=0)


def samples() -> list[Path]:
    return sorted(path for folder in ("samples", "mappings", "tests/golden")
                  for path in (ROOT / folder).rglob("*.edi"))


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_was_promised_is_there(name: str) -> None:
    found: object = api
    for part in name.split("."):
        found = getattr(found, part)
    if isinstance(found, type) and issubclass(found, Struct):
        assert [*found.__struct_fields__] == SIGNATURES[name]
    else:
        assert callable(found)
        assert str(inspect.signature(found)) == SIGNATURES[name]


def test_nothing_public_is_missing_from_the_promise() -> None:
    own = {name for name in api.__all__ if getattr(getattr(api, name), "__module__", "") == "gateway.api"}
    assert own <= {name.partition(".")[0] for name in SIGNATURES}
    bench = {f"Workbench.{name}" for name, member in vars(Workbench).items()
             if not name.startswith("_") and callable(member)}
    assert bench <= set(SIGNATURES)


def test_importing_it_brings_no_library_of_mailboxes_ledgers_or_pages() -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, gateway.api; print([one for one in {HEAVY} if one in sys.modules])"],
        cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


@pytest.mark.parametrize("name", ["gateway/docs/en/developers.md", "gateway/docs/fr/developpeurs.md"])
def test_the_example_of_the_page_prints_what_the_page_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, printed = re.findall(r"^```(?:python)?\n(.*?)^```$", (ROOT / name).read_text("utf-8"),
                                  re.MULTILINE | re.DOTALL)[:2]
    monkeypatch.chdir(ROOT)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, name, "exec"), {})
    assert out.getvalue() == printed


def test_a_record_goes_through_a_message_and_comes_back() -> None:
    bench = Workbench()
    sent = record()
    content = bench.build([bench.map(sent, "tg-bf")], HEADER)
    assert bench.validate(content, "tg-bf") == []
    (parsed,) = bench.parse(content, "tg-bf")
    assert (parsed.interchange, parsed.reference, parsed.type, parsed.findings) == (
        "TG1", "1", "CUSDEC:D:96B:UN:COR10", ())
    assert [one.tree for one in parsed.records] == [sent.tree]
    files = bench.write("neutral/json", parsed.records[0], "back")
    assert bench.read("neutral/json", files).records[0].tree == sent.tree


def test_a_fault_of_a_record_names_the_line_of_the_national_file() -> None:
    content = declaration_json("T-2", mrn=numbered_mrn(2)).replace(b"TRANSIT EXEMPLE SARL", "ŁÓDŹ ".encode() * 20)
    (read,) = Workbench().read("neutral/json", {"d2.json": content}).records
    with pytest.raises(LocalError) as raised:
        Workbench().map(read, "tg-bf")
    (finding,) = raised.value.findings
    line = next(number for number, text in enumerate(content.decode().splitlines(), 1) if "ŁÓDŹ" in text)
    assert (finding.place.file, finding.place.line, finding.place.path) == ("d2.json", line, "principal.name")


def test_content_that_is_wrong_raises_nothing() -> None:
    bench = Workbench()
    assert [finding.code for finding in bench.read("neutral/json", {"d.json": b"{"}).refused["d.json"]] == ["R020"]
    assert [finding.code for finding in bench.validate(b"nothing", "tg-bf")] != []
    assert bench.parse(b"nothing", "tg-bf") == []
    parsed = bench.parse(bench.build([bench.map(record(), "tg-bf")], HEADER).replace(b"CUSDEC:D", b"CUSDEC:X"),
                         "tg-bf")
    assert [(one.records, [finding.code for finding in one.findings]) for one in parsed] == [((), ["M212"])]


@pytest.mark.parametrize("call", [lambda bench: bench.read("no/where", {}), lambda bench: bench.map(record(), "xx-yy"),
                                  lambda bench: bench.validate(b"", "xx-yy")])
def test_a_name_that_is_not_there_is_said(call: object) -> None:
    assert callable(call)
    with pytest.raises(LocalError) as raised:
        call(Workbench())
    assert raised.value.code in ("D011", "M302")


def test_every_file_of_the_samples_comes_back_from_its_json() -> None:
    assert len(samples()) > 200
    for number, path in enumerate(samples()):
        document = to_json(path.read_bytes())
        if number % 10 == 0:  # the schema's own judge takes most of the time
            validator("inspect").validate(document)
        assert to_json(from_json(document)) == document, path


def test_what_we_write_comes_back_to_the_byte() -> None:
    ours = [path for path in samples() if "mappings" in path.parts]
    assert len(ours) > 50
    for path in ours:
        content = path.read_bytes().replace(b"\n", b"")  # a sample has a line for each segment, for people
        assert from_json(json.loads(json.dumps(to_json(content)))) == content, path


@pytest.mark.parametrize(("document", "pointer"), [
    ([], ""), ({"schema": 2}, ""), ({"schema": 1}, "/interchanges"),
    ({"schema": 1, "interchanges": [{"una": 7, "segments": []}]}, "/interchanges/0/una"),
    ({"schema": 1, "interchanges": [{"una": "UNA+++++'", "segments": []}]}, "/interchanges/0/una"),
    ({"schema": 1, "interchanges": [{"una": None, "segments": [["UNB"]]}]}, "/interchanges/0/segments/0"),
    ({"schema": 1, "interchanges": [{"una": None, "segments": [["UNB", [["UNOC", 3]]]]}]},
     "/interchanges/0/segments/0/1/0/1")])
def test_json_of_another_form_is_refused_with_its_pointer(document: object, pointer: str) -> None:
    with pytest.raises(LocalError) as raised:
        from_json(document)
    assert (raised.value.code, raised.value.findings[0].place.locator) == ("F080", pointer)


def test_text_that_the_separators_cannot_carry_is_refused() -> None:
    for una, element, text in (("UNA:+.  '", ["a:b"], "a:b"), (None, {"repeat": [["a"], ["b"]]}, "['b']"),
                               (None, ["Ł"], "Ł")):
        with pytest.raises(LocalError) as raised:
            from_json({"schema": 1, "interchanges": [{"una": una, "segments": [["UNB", [["UNOC", "3"], element]]]}]})
        assert (raised.value.code, text in raised.value.findings[0].values["text"] + "['b']") == ("F063", True)


def test_records_come_back_from_their_json_and_fit_the_published_schema() -> None:
    schema = json.loads(record_schema.TARGET.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for sent in (record(), Record(kind="event", tree={"word": "ACCEPTED", "reference": "R-1", "administration": "BFDGD",
                                                      "mrn": make_mrn(2026, "TGLPL", "T", 1), "happened": NOW})):
        document = json.loads(json.dumps(sent.to_json()))
        jsonschema.validate(document, schema)
        assert Record.from_json(document).tree == sent.tree


def test_the_published_schema_is_that_of_the_record() -> None:
    assert record_schema.TARGET.read_text("utf-8") == record_schema.text(), "run: python -m tests.tools.record_schema"


def test_a_record_of_another_form_is_refused_with_every_path() -> None:
    document = Record(kind="declaration", tree={}).to_json()
    with pytest.raises(LocalError) as raised:
        Record.from_json({**document, "record": {**declaration("T"), "colour": "red", "total_packages": "many"}})
    assert sorted((finding.code, finding.place.path) for finding in raised.value.findings) == [
        ("D110", "colour"), ("D111", "total_packages")]
    with pytest.raises(LocalError) as raised:
        Record.from_json({"schema": 1, "kind": "song", "record": {}})
    assert raised.value.code == "F080"


def test_a_code_is_explained_in_both_languages() -> None:
    french, english = explain("x001"), explain("X001", "en")
    assert french.code == english.code == "X001"
    assert french.sentence != english.sentence
    assert french.hint
    with pytest.raises(LocalError) as raised:
        explain("Z999")
    assert raised.value.code == "C002"

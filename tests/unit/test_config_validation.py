"""Does every fault of a file come at once, at its place, in words of ours?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

import pytest

from gateway import texts
from gateway.config.answers import InitAnswers
from gateway.config.model import Field, Model, section
from gateway.config.partner import Authority, Partner
from gateway.config.reference import ReferenceFile
from gateway.config.scalars import QUOTED, Flag, Integer, PlacedText, Text
from gateway.config.settings import SettingsFile
from gateway.config.shape import keys_of, models_in
from gateway.config.validation import CODES, load_model, validate_node
from gateway.config.yaml import read_document
from gateway.errors import LocalError
from gateway.texts import Language
from tests.tools.catalogues import merged

ROOT = Path(__file__).parents[2]


class Square(Model):
    kind: Literal["square"]
    side: Integer


class Circle(Model):
    kind: Literal["circle"]
    radius: Integer
    filled: Flag = False


class Options(Model):
    depth: Integer = 3
    title: Text | None = None


class Drawing(Model):
    format: Annotated[Literal["1"], QUOTED]
    required: Text
    shapes: Annotated[tuple[Annotated[Square | Circle, Field(discriminator="kind")], ...],
                      Field(min_length=1, max_length=3)] = (Square(kind="square", side=1),)
    options: Options = section(Options)
    names: dict[Text, Text] = {}  # noqa: RUF012 - pydantic copies it
    body: PlacedText | None = None


def faults(text: str) -> list[tuple[str, int | None, int | None, dict[str, str]]]:
    with pytest.raises(LocalError) as error:
        validate_node(read_document(text.encode(), "x.yaml"), Drawing, "x.yaml")
    return [(one.code, one.place.line, one.place.column, dict(one.values)) for one in error.value.findings]


HEAD = 'format: "1"\nrequired: x\n'


def test_a_file_without_fault_becomes_a_model_that_nobody_can_change() -> None:
    text = (HEAD + "shapes:\n- {kind: square, side: 2}\n- {kind: circle, radius: 3, filled: true}\n"
            "names: {a: b, 'NO': c}\n")
    made = validate_node(read_document(text.encode(), "x.yaml"), Drawing, "x.yaml")
    assert made == Drawing(format="1", required="x", shapes=(Square(kind="square", side=2),
                                                             Circle(kind="circle", radius=3, filled=True)),
                           options=Options(depth=3), names={"a": "b", "NO": "c"})
    assert [type(key) for key in made.names] == [str, str]
    with pytest.raises(Exception, match="frozen"):
        made.required = "y"


@pytest.mark.parametrize(("text", "expected"), [
    ("format: 1\n", [("S040", 1, 1, {"key": "required"}), ("S050", 1, 9, {"value": "1"})]),
    ('format: "2"\nrequired: x\n', [("S045", 1, 9, {"value": "2", "expected": "1"})]),
    ('format: "1"\nrequird: x\n', [("S041", 2, 1, {"key": "requird", "suggestion": "required"})]),
    (HEAD + "zzz: x\n", [("S048", 3, 1, {"key": "zzz", "known": "body, format, names, options, required, shapes"})]),
    (HEAD + "options: {dept: 2}\n", [("S041", 3, 11, {"key": "dept", "suggestion": "depth"})]),
    (HEAD + "options: x\n", [("S042", 3, 10, {"value": "x"})]),
    (HEAD + "options: [x]\n", [("S042", 3, 10, {"value": ""})]),
    (HEAD + "options: {depth: x, title: [a]}\n", [("S051", 3, 18, {"value": "x"}), ("S044", 3, 28, {})]),
    (HEAD + "shapes: x\n", [("S043", 3, 9, {"value": "x"})]),
    (HEAD + "shapes: {a: b}\n", [("S043", 3, 9, {"value": ""})]),
    (HEAD + "shapes: []\n", [("S046", 3, 9, {"value": "", "min_length": "1", "actual_length": "0"})]),
    (HEAD + "shapes: [" + "{kind: square, side: 1}, " * 4 + "]\n",
     [("S047", 3, 9, {"value": "", "max_length": "3", "actual_length": "4"})]),
    (HEAD + "shapes:\n- kind: sqare\n  side: 1\n", [("S045", 4, 9, {"value": "sqare", "expected": "square, circle"})]),
    (HEAD + "shapes:\n- side: 1\n", [("S040", 4, 3, {"key": "kind"})]),
    (HEAD + "shapes:\n- kin: square\n  side: 1\n", [("S040", 4, 3, {"key": "kind"})]),
    (HEAD + "shapes:\n- kind: [square]\n", [("S045", 4, 9, {"value": "", "expected": "square, circle"})]),
    (HEAD + "shapes:\n- kind: square\n", [("S040", 4, 3, {"key": "side"})]),
    (HEAD + "shapes:\n- kind: square\n  sides: 2\n", [("S041", 5, 3, {"key": "sides", "suggestion": "side"})]),
    (HEAD + "shapes:\n- kind: circle\n  radius: 2\n  filed: true\n",
     [("S041", 6, 3, {"key": "filed", "suggestion": "filled"})]),
    (HEAD + "shapes: [x]\n", [("S042", 3, 10, {"value": "x"})]),
    (HEAD + "names: {NO: a, b: NO}\n", [("S050", 3, 9, {"value": "NO"}), ("S050", 3, 19, {"value": "NO"})]),
    (HEAD + "names: [a]\n", [("S042", 3, 8, {"value": ""})]),
    (HEAD + "body: {a: b}\n", [("S044", 3, 7, {})]),
    ("[a]\n", [("S042", 1, 1, {"value": ""})]),
    ("a\n", [("S042", 1, 1, {"value": "a"})]),
    (HEAD + f"options: {{title: t, {'x' * 99}: y}}\n",
     [("S048", 3, 21, {"key": "x" * 60 + "…", "known": "depth, title"})]),
])
def test_each_fault_stands_at_its_place(text: str, expected: list[tuple[str, int, int, dict[str, str]]]) -> None:
    assert faults(text) == expected


def test_an_alternative_reports_its_own_faults_only() -> None:
    text = HEAD + "shapes:\n- kind: circle\n  radius: big\n  side: 1\n"
    assert faults(text) == [("S051", 5, 11, {"value": "big"}),
                            ("S048", 6, 3, {"key": "side", "known": "filled, kind, radius"})]


def test_faults_of_the_yaml_and_of_the_content_come_together_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("zzz: 1\nformat: &a '1'\nrequired:\noptions: {depth: x}\nformat: '1'\n", "utf-8")
    with pytest.raises(LocalError) as error:
        load_model(path, Drawing)
    assert [(one.code, one.place.file, one.place.line, one.place.column) for one in error.value.findings] == [
        ("S048", str(path), 1, 1), ("S030", str(path), 2, 9), ("S039", str(path), 3, 1), ("S051", str(path), 4, 18),
        ("S034", str(path), 5, 1)]


def test_what_was_not_read_is_not_called_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("format: '1'\nrequired: x: y\n", "utf-8")
    with pytest.raises(LocalError) as error:
        load_model(path, Drawing)
    assert [(one.code, one.place.line, one.place.column) for one in error.value.findings] == [("S021", 2, 12)]


def test_a_fault_reads_place_code_sentence_in_both_languages() -> None:
    with pytest.raises(LocalError) as error:
        validate_node(read_document(b'format: "1"\nrequird: x\n', "x.yaml"), Drawing, "x.yaml")
    finding = error.value.findings[0]
    assert texts.sentence(finding, Language.FRENCH) == \
        "x.yaml:2:1: S041: clé inconnue « requird » ; vouliez-vous dire « required » ?"
    assert texts.sentence(finding, Language.ENGLISH) == \
        "x.yaml:2:1: S041: unknown key 'requird'; did you mean 'required'?"
    assert texts.hint(finding, Language.FRENCH) == "Écrire required"


def test_a_forgotten_error_type_still_says_nothing_in_the_librarys_english() -> None:
    class Odd(Model):
        value: Annotated[int, Field(strict=False)]

    with pytest.raises(LocalError) as error:
        validate_node(read_document(b"value: x\n", "x.yaml"), Odd, "x.yaml")
    assert [(one.code, one.values) for one in error.value.findings] == [("S099", {"value": "x"})]


RAISED = {  # what each kind of schema can raise in strict mode, from pydantic-core's own list
    "model-fields": {"missing", "extra_forbidden", "model_type", "model_attributes_type"}, "model": {"model_type"},
    "str": {"string_type"}, "int": {"int_type"}, "bool": {"bool_type"}, "decimal": {"decimal_type"},
    "datetime": {"datetime_type"}, "timedelta": {"time_delta_type"}, "is-instance": {"is_instance_of"},
    "dict": {"dict_type"}, "tuple": {"tuple_type", "too_short", "too_long"}, "literal": {"literal_error"},
    "tagged-union": {"union_tag_invalid", "union_tag_not_found", "model_attributes_type"},
    "nullable": set(), "default": set(), "function-before": set(), "function-after": set(), "definitions": set(),
    "definition-ref": set(), "lax-or-strict": set(), "any": set(), "json-or-python": set(), "function-plain": set(),
}


UNUSED = ("metadata", "serialization", "config", "default", "expected", "lax_schema", "json_schema")


def schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a core schema that strict validation of Python values goes through."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str) and schema["type"] not in ("model-field", "no-info", "with-info"):
            yield schema
        for key, value in schema.items():
            if key not in UNUSED:
                yield from schemas(value)
    elif isinstance(schema, (list, tuple)):
        for one in schema:
            yield from schemas(one)


@pytest.mark.parametrize("model", [SettingsFile, Partner, Drawing])
def test_every_error_type_that_our_models_can_raise_has_a_sentence_of_ours(model: type[Model]) -> None:
    found = list(schemas(model.__pydantic_core_schema__))
    unknown = {one["type"] for one in found} - set(RAISED)
    assert unknown == set(), "add what this kind of schema can raise"
    raised = set().union(*(RAISED[one["type"]] for one in found))
    assert raised - set(CODES) == set()
    loose = [one for one in found if one["type"] in ("int", "bool", "str", "decimal") and one.get("strict") is False]
    assert loose == []


def entries(language: str) -> dict[str, str]:
    return {entry.msgid: entry.msgstr for entry in merged(language)}


def test_every_code_of_this_package_has_sentence_and_hint_with_the_same_values_in_both_languages() -> None:
    used = {code for path in (ROOT / "gateway/config").glob("*.py")
            for code in re.findall(r"\"(S[0-9]{3})\"", path.read_text("utf-8"))}
    french, english = entries("fr"), entries("en")
    ours = [key for key in french if key.removesuffix(".hint") in used]
    assert {key.removesuffix(".hint") for key in ours} == used
    for key in ours:
        fields = [{name for _, name, _, _ in Formatter().parse(table[key]) if name} for table in (french, english)]
        assert fields[0] == fields[1], key
        assert french[key] != english[key] and french[key] and english[key], key
    assert all(f"{code}.hint" in french for code in used)


def test_every_key_of_the_models_is_explained_in_both_languages() -> None:
    french, english = entries("fr"), entries("en")
    keys = {f"config.{model.__name__}{'.' + key if key else ''}"
            for top in (SettingsFile, Partner, ReferenceFile, InitAnswers) for model in models_in(top)
            for key in ["", *keys_of(model)]}
    explained = {key for key in french if re.match(r"config\.[A-Z]", key)}
    assert explained == keys == {key for key in english if key in explained}


def test_a_rule_of_a_model_may_blame_one_of_its_values() -> None:
    with pytest.raises(LocalError) as error:
        validate_node(read_document(b"certificate: a\nrevocation: none\n", "x.yaml"), Authority, "x.yaml")
    assert [(one.code, one.place.line, one.place.column) for one in error.value.findings] == [("S072", 2, 13)]

"""Does the loader take every construct of the language, and refuse every misuse at its place?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.edifact import read_wire
from gateway.errors import LocalError
from gateway.findings import Severity
from gateway.mapping import Mapping, lint_mapping, load_mapping
from gateway.references import Tree

HEAD = """format: "1"
id: small
version: "1"
message: CUSDEC:D:96B:UN:COR10
"""
SMALL = HEAD + """record:
  mrn: an..18
  function: code(function)
  local_reference: an..35
  prepared: datetime
  itinerary: text
  seals: list(99)
  seals.equipment: n..4
  seals.number: n..5
  seals.identity: an..35
  items: list(9999)
  items.number: n..5
  items.commodity: an..18
  items.gross_mass: decimal(3)
codes:
  function: {original: 9, cancellation: 1}
segments: |
  head:    BGM+950+{mrn}+{function}'
  made:    ? DTM+137:{prepared|203}:203'
  seal:    each seals: SEL+{equipment}.{number}+CU:::{identity}'
  route:   ? FTX+RQR+++{itinerary|chunks 9x5x70}'
  local:   ? RFF+ABE:{local_reference}'
  detail:  UNS+D'
  item:    each items: CST+{number}+{commodity?}:122:ZZZ'
    gross: ? MEA+WT+AAE+KGM:{gross_mass}'
  summary: UNS+S'
  count:   CNT+5:{#items}'
"""
RECORD: Tree = {"mrn": "26TGLPLT0000182338", "function": "original",
                "seals": [{"equipment": 1, "number": 2, "identity": "A'B"}], "items": [{"number": 1}]}


def load(folder: Path, text: str, **others: str) -> Mapping:
    (folder / "small.yaml").write_text(text, "utf-8")
    for name, content in others.items():
        (folder / f"{name}.yaml").write_text(content, "utf-8")
    return load_mapping("child" if "child" in others else "small", [folder])


def faults(folder: Path, text: str, **others: str) -> list[tuple[str, str, int | None, int | None]]:
    with pytest.raises(LocalError) as caught:
        load(folder, text, **others)
    return [(one.code, one.place.file or "", one.place.line, one.place.column) for one in caught.value.findings]


def where(text: str, part: str) -> tuple[int, int]:
    line = next(number for number, content in enumerate(text.split("\n"), 1) if part in content)
    return line, text.split("\n")[line - 1].index(part) + 1


def test_a_small_mapping_writes_what_it_shows(tmp_path: Path) -> None:
    mapping = load(tmp_path, SMALL)
    wire = mapping.to_message(RECORD)
    assert wire.body == ("BGM+950+26TGLPLT0000182338+9'SEL+1.2+CU:::A?'B'UNS+D'CST+1'UNS+S'CNT+5:1'")
    assert (wire.segments, str(wire.identifier)) == (6, "CUSDEC:D:96B:UN:COR10")
    assert mapping.to_record(read_wire(wire)) == RECORD
    assert (mapping.identifier, mapping.version, mapping.record_kind) == ("small", "1", "declaration")


CASES = [  # code, text to replace, by what, text at which the fault stands
    ("M002", "codes:\n", "code:\n  a: {b: C}\ncodes:\n", "code:"),
    ("M003", 'id: small\n', "", 'format: "1"'),
    ("M004", "{original: 9, cancellation: 1}", "[9]", "[9]"),
    ("M005", 'format: "1"', 'format: "7"', '"7"'),
    ("M009", "CUSDEC:D:96B:UN:COR10", "CUSDEC", "CUSDEC"),
    ("M010", "RFF+ABE:{local_reference}'", "Rff+ABE:{local_reference}'", "Rff"),
    ("M011", "  made: ", "  head: ", "? DTM"),
    ("M012", "cancellation: 1}", "cancellation: 9}", "cancellation: 9"),
    ("M013", "  summary: UNS", "   summary: UNS", "summary:"),
    ("M014", "{local_reference}'", "{local_reference}", "reference}\n"),
    ("M015", "{local_reference}", "{local reference}", "{local reference}"),
    ("M016", "chunks 9x5x70", "chunk 9x5x70", "{itinerary|"),
    ("M017", "{prepared|203}", "{prepared|102}", "{prepared|"),
    ("M018", "{equipment}.{number}+", "{equipment}{number}+", "{equipment}"),
    ("M019", "count:   CNT", "count:   when mrn: CNT", "mrn: CNT"),
    ("M020", "head:    BGM", "head:    when local_reference is A: BGM", "local_reference is"),
    ("M021", "  items.gross_mass: decimal(3)\n", "  items.gross_mass: decimal(3)\n  procedure: an..3\n", "procedure:"),
    ("M022", "mrn: an..18", "mrn: an-18", "an-18"),
    ("M023", "mrn: an..18", "mrn: n..9", "mrn: n..9"),
    ("M024", "  items.number: n..5\n", "  items.number: n..5\n  surety.name: an..35\n", "surety.name"),
    ("M025", "each items: CST", "with items: CST", "with items"),
    ("M026", "  local:   ?", "  other:   ? RFF+ABE:{mrn}'\n  local:   ?", "? RFF+ABE:{local"),
    ("M027", "SEL+{equipment}", "PAC+{equipment}", "each seals"),
    ("M028", "seals: list(99)", "seals: list(2000)", "each seals"),
    ("M029", "local_reference: an..35", "local_reference: an..36", "? RFF"),
    ("M031", "{local_reference}'", "{local_referense}'", "{local_referense}"),
    ("M032", "  mrn: an..18", "  mrm: an..18", "mrm"),
    ("M034", "code(function)", "code(functions)", "{function}"),
    ("M039", "CNT+5:{#items}'", "CNT+5:{#items}+A'", "CNT+5"),
    ("M041", "  detail:  UNS", "  detail:  ? UNS", "? UNS"),
    ("M043", "{commodity?}", "{commodity= }", "{commodity= }"),
    ("M044", "{itinerary|", "{itinerary?|", "? FTX"),
    ("M045", "CU:::{identity}'", "{identity|chunks 2x35}:::A'", "each seals"),
    ("M046", "original: 9", 'original: ""', "original:"),
    ("M047", "  summary: UNS", "  again: each seals: RFF+ABE:{identity}'\n  summary: UNS", "each seals: RFF"),
    ("M049", "  summary: UNS+S'\n", "", "BGM"),
    ("M050", "MEA+WT+AAE", "MEA+WT+QQQ", "? MEA"),
    ("M051", "RFF+ABE:{local_reference}'", "RFF++{local_reference}'", "? RFF"),
    ("M052", "prepared: datetime", "prepared: datetime(Africa/Niamy)", "prepared: datetime"),
    ("M056", "CNT+5:{#items}'", "CNT+:{#items}'", "CNT+:"),
    ("M056", "CST+{number}+{commodity?}:122:ZZZ'", "CST+{number}+:122:ZZZ'", "each items"),
    ("M057", "BGM+950+{mrn}+{function}'", "BGM+950+{mrn}+{function}'\n  local2:  RFF+{local_reference?}'", "RFF+{"),
    ("M059", "  local:   ? RFF", "  rest:    rest mrn: FTX+ABE+++{mrn|chunks 5x70}'\n  local:   ? RFF", "rest mrn"),
    ("M060", "BGM+950+", "BGM+<950:original|951:cancelation>+", "<950"),
    ("M060", "BGM+950+", "BGM+<950>+", "<950"),
    ("M061", "{prepared|203}:203", "{prepared|203}:204", "? DTM"),
    ("M061", "{prepared|203}:203", "{prepared|203}", "? DTM"),
    ("M062", "  local:   ? RFF", "  again:   ? FTX+ACD+++{itinerary|chunks 9x5x70}'\n  local:   ? RFF",
     "? FTX+RQR"),
    ("M002", "message:", "title: {fr: A, en: B, nl: C}\nmessage:", "nl"),
    ("M003", "message:", "title: {fr: A}\nmessage:", "{fr"),
    ("M004", "message:", "title: [x, {y: z}]\nmessage:", "[x"),
    ("M016", "{prepared|203}", "{prepared|203 5}", "{prepared|"),
    ("M017", "{prepared|203}", "{prepared|overflow 35}", "{prepared|"),
    ("M017", "{mrn}+", "{mrn|overflow 35}+", "{mrn|"),  # it fits as it is
    ("M017", "{equipment}.", "{equipment|ref items.commodity}.", "{equipment|"),
    ("M031", "{equipment}.", "{equipment|ref items.comodity}.", "{equipment|"),
    ("M031", "{equipment}.", "{equipment|ref mrn#}.", "{equipment|"),
    ("M016", "{equipment}.", "{equipment|ref mrn}.", "{equipment|"),
    ("M025", "{#items}", "{sum items.commodity}", "{sum"),
    ("M025", "{#items}", "{sum mrn}", "{sum"),
    ("M031", "{#items}", "{sum items.gros_mass}", "{sum"),
    ("M015", "{#items}", "{sum items.gross_mass?}", "{sum"),
]


OF_A_LINE = ("M014", "M019", "M020", "M027", "M028", "M029", "M039", "M044", "M045", "M047", "M049", "M050", "M051",
             "M056", "M057", "M059", "M061", "M062")


@pytest.mark.parametrize(("code", "old", "new", "at"), CASES, ids=[f"{case[0]} {case[2][:30]}" for case in CASES])
def test_a_misuse_is_refused_at_its_place(tmp_path: Path, code: str, old: str, new: str, at: str) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    line, column = where(text, at.rstrip("\n"))
    found = faults(tmp_path, text)
    assert (code, "small.yaml", line) in [(one, file, row) for one, file, row, _ in found]
    if code not in OF_A_LINE:
        assert (code, "small.yaml", line, column) in found


def test_all_faults_come_at_once_and_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = SMALL.replace("mrn: an..18", "mrn: an-18").replace("MEA+WT", "Mea+WT")
    text = text.replace("cancellation: 1", "cancellation: 9")
    assert [(code, line) for code, _, line, _ in faults(tmp_path, text)] == \
        [("M022", 6), ("M021", 18), ("M012", 20), ("M031", 22), ("M010", 29)]


def test_a_fault_names_the_word_that_was_probably_meant(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as caught:
        load(tmp_path, SMALL.replace("{local_reference}'", "{local_referense}'"))
    assert {one.code: one.values.get("nearest") for one in caught.value.findings} == \
        {"M031": "local_reference", "M021": None}


CHILD = """format: "1"
id: child
extends: small@1
version: "2"
"""


def test_a_child_overrides_removes_and_adds_by_label(tmp_path: Path) -> None:
    mapping = load(tmp_path, SMALL, child=CHILD + """codes:
  function: {copy: 31}
record:
  transit_type: an..18
override:
  local: "? RFF+UCN:{local_reference}'"
remove:
  route: itineraries are not exchanged (agreement 4.2)
after:
  head: |
    regime: ? CST++{transit_type}:149:ZZZ'
""")
    record: Tree = {"mrn": "M", "function": "copy", "transit_type": "T1", "local_reference": "L"}
    assert mapping.to_message(record).body == "BGM+950+M+31'CST++T1:149:ZZZ'RFF+UCN:L'UNS+D'UNS+S'CNT+5:0'"
    assert "itinerary" not in mapping.terms
    with pytest.raises(LocalError) as caught:
        mapping.to_message({**record, "itinerary": "LOME"})
    assert [(one.code, one.place.path) for one in caught.value.findings] == [("M113", "itinerary")]


def test_inheritance_goes_over_several_levels(tmp_path: Path) -> None:
    middle = CHILD.replace("id: child", "id: middle") + "remove: {route: not used}\n"
    (tmp_path / "middle.yaml").write_text(middle, "utf-8")
    mapping = load(tmp_path, SMALL, child="""format: "1"
id: child
extends: middle@2
override: {head: "BGM+952+{mrn}+{function}'"}
""")
    assert mapping.to_message({"mrn": "M", "function": "original"}).body.startswith("BGM+952+M+9'UNS+D'")
    assert mapping.version == "2"


CHILD_CASES = [
    ("M006", "extends: small@1", "extends: smal@1", "smal@1"),
    ("M007", "extends: small@1", 'extends: "child"', '"child"'),
    ("M008", "small@1", "small@9", "small@9"),
    ("M030", 'version: "2"\n', 'version: "2"\nremove: {rout: because}\n', "because"),
    ("M033", 'version: "2"\n', 'version: "2"\nremove: {route: ""}\n', '""'),
    ("M035", 'version: "2"\n', 'version: "2"\nmany_to_one: {function: {first: 9, answer: cancellation}}\n', "first"),
    ("M036", 'version: "2"\n', 'version: "2"\nextras: {escort: an..80}\n', "escort"),
    ("M038", 'version: "2"\n', 'version: "2"\nfunctions: {original: whole}\n', "original"),
    ("M040", 'version: "2"\n', 'version: "2"\nfixed: {mrm: A}\n', "A}"),
    ("M042", 'version: "2"\n', 'version: "2"\nsegments: "a: UNS+D\'"\n', "small@1"),
    ("M019", 'version: "2"\n', 'version: "2"\nrequire: {COR1: {when: a b c d, need: mrn, fr: x, en: y}}\n', "a b c d"),
    ("M031", 'version: "2"\n', 'version: "2"\nrequire: {COR1: {need: mrm, fr: x, en: y}}\n', "mrm"),
    ("M053", 'version: "2"\n', 'version: "2"\ncodes: {function: {original: 5}}\n', "original"),
    ("M034", 'version: "2"\n', 'version: "2"\noverride: {codes.function.origina: 5}\n', "5}"),
    ("M034", 'version: "2"\n', 'version: "2"\nremove: {codes.function.origina: because}\n', "because"),
    ("M034", 'version: "2"\n', 'version: "2"\nremove: {extras.escort: because}\n', "because"),
    ("M034", 'version: "2"\n', 'version: "2"\nremove: {many_to_one.function.first: because}\n', "because"),
    ("M055", "small@1", "small@1#0123456789ab", "small@1#0"),
    ("M055", "small@1", "small@1#", "small@1#"),
]


@pytest.mark.parametrize(("code", "old", "new", "at"), CHILD_CASES,
                         ids=[f"{case[0]} {case[2][13:40]}" for case in CHILD_CASES])
def test_a_misuse_in_a_child_is_refused_in_the_child(tmp_path: Path, code: str, old: str, new: str, at: str) -> None:
    child = CHILD.replace(old, new, 1)
    line, column = where(child, at)
    assert (code, "child.yaml", line, column) in faults(tmp_path, SMALL, child=child)


def test_a_base_cannot_be_loaded_by_itself(tmp_path: Path) -> None:
    assert faults(tmp_path, SMALL.replace("record:\n", "base: yes\nrecord:\n", 1)) == [("M048", "small.yaml", 1, 1)]


def test_a_file_that_is_nowhere_is_named_with_its_nearest_neighbour(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "cusdec.yaml").write_text(SMALL.replace("id: small", "id: base/cusdec"), "utf-8")
    with pytest.raises(LocalError) as caught:
        load_mapping("base/cusdek", [tmp_path])
    assert (caught.value.code, caught.value.findings[0].values["nearest"]) == ("M006", "base/cusdec")
    with pytest.raises(LocalError) as missing:
        load_mapping(tmp_path / "no.yaml", [tmp_path])
    assert missing.value.code == "M001"


def test_several_words_on_one_code_come_back_as_the_declared_answer(tmp_path: Path) -> None:
    mapping = load(tmp_path, SMALL, child=CHILD + "many_to_one: {function: {first: 9, answer: original}}\n")
    record: Tree = {"mrn": "M", "function": "first"}
    wire = mapping.to_message(record)
    assert mapping.to_record(read_wire(wire)) == {"mrn": "M", "function": "original"} == mapping.normal(record)


def test_a_default_is_written_and_comes_back_as_a_value(tmp_path: Path) -> None:
    mapping = load(tmp_path, SMALL.replace("{commodity?}:122", "{commodity=9999}:122").replace(
        "CST+{number}+", "CST+{number}+"))
    record: Tree = {"mrn": "M", "function": "original", "items": [{"number": 1, "commodity": "12"}]}
    assert mapping.to_record(read_wire(mapping.to_message(record))) == record


def test_extras_travel_as_key_and_value_and_only_declared_ones(tmp_path: Path) -> None:
    small = SMALL.replace("  local: ", "  extra:   each extras: FTX+AAI+++{key}={value}'\n  local: ")
    mapping = load(tmp_path, small, child=CHILD + "extras: {escort_order: an..35}\n")
    record: Tree = {"mrn": "M", "function": "original", "extras": [{"key": "escort_order", "value": "A=B+C"}]}
    wire = mapping.to_message(record)
    assert "FTX+AAI+++escort_order=A=B?+C'" in wire.body
    assert mapping.to_record(read_wire(wire)) == record
    with pytest.raises(LocalError) as caught:
        mapping.to_message({"mrn": "M", "function": "original", "extras": [{"key": "other", "value": "A"}]})
    assert caught.value.code == "M110"


def test_a_condition_holds_in_both_directions(tmp_path: Path) -> None:
    mapping = load(tmp_path, SMALL.replace("local:   ? RFF", "local:   when function in original: ? RFF"))
    assert "RFF+ABE:L'" in mapping.to_message({"mrn": "M", "function": "original", "local_reference": "L"}).body
    with pytest.raises(LocalError) as caught:
        mapping.to_message({"mrn": "M", "function": "cancellation", "local_reference": "L"})
    assert [(one.code, one.place.path) for one in caught.value.findings] == [("M111", "local_reference")]


def test_functions_say_which_lines_travel(tmp_path: Path) -> None:
    mapping = load(tmp_path, SMALL + "functions:\n  original: {without: [route]}\n"
                                     "  cancellation: [head, local, detail, summary]\n")
    assert mapping.functions == ("original", "cancellation")
    record: Tree = {"mrn": "M", "function": "cancellation", "local_reference": "L"}
    assert mapping.to_message(record).body == "BGM+950+M+1'RFF+ABE:L'UNS+D'UNS+S'"
    with pytest.raises(LocalError) as caught:
        mapping.to_message({**record, "items": [{"number": 1}]})
    assert [(one.code, one.place.path) for one in caught.value.findings] == [("M113", "items")]
    with pytest.raises(LocalError) as unknown:
        mapping.to_message({"mrn": "M", "function": "copy"})
    assert unknown.value.code == "M115"


def test_the_digest_changes_with_the_base(tmp_path: Path) -> None:
    first = load(tmp_path, SMALL, child=CHILD).digest
    second = load(tmp_path, SMALL + "# a comment\n", child=CHILD).digest
    assert len(first) == 64
    assert first != second


def test_a_base_is_pinned_by_the_beginning_of_its_digest(tmp_path: Path) -> None:
    digest = load(tmp_path, SMALL).digest
    for pin in (f"small@1#{digest[:12]}", f"small#{digest}"):
        assert load(tmp_path, SMALL, child=CHILD.replace("small@1", pin)).identifier == "child"
    for text, pin in ((SMALL, digest[:11]), (SMALL + "# new\n", digest)):
        found = faults(tmp_path, text, child=CHILD.replace("small@1", f"small#{pin}"))
        assert [row[0] for row in found] == ["M055"]


def test_a_code_of_the_base_changes_where_the_child_says_so(tmp_path: Path) -> None:
    mapping = load(tmp_path, SMALL, child=CHILD + "override: {codes.function.original: 5}\n")
    assert mapping.to_message({"mrn": "M", "function": "original"}).body.startswith("BGM+950+M+5'")
    again = load(tmp_path, SMALL, child=CHILD + "codes: {function: {original: 9}}\n")  # the same code is no change
    assert again.to_message({"mrn": "M", "function": "original"}).body.startswith("BGM+950+M+9'")


def test_words_and_extras_of_the_base_can_be_taken_out(tmp_path: Path) -> None:
    small = SMALL.replace("  local: ", "  extra:   each extras: FTX+AAI+++{key}={value}'\n  local: ")
    base = small + "extras: {escort: an..9, guide: an..9}\nmany_to_one: {function: {first: 9, answer: original}}\n"
    mapping = load(tmp_path, base, child=CHILD + """remove:
  codes.function.cancellation: never cancelled
  extras.escort: no escort
  many_to_one.function.first: not used
""")
    assert dict(mapping.tables.words("function")) == {"original": "9"}
    wrongs: list[Tree] = [{"function": "cancellation"}, {"function": "first"},
                          {"extras": [{"key": "escort", "value": "7"}]}]
    for wrong in wrongs:
        with pytest.raises(LocalError) as caught:
            mapping.to_message({"mrn": "M", "function": "original", **wrong})
        assert caught.value.code == "M110"
    assert "guide=7" in mapping.to_message({"mrn": "M", "function": "original",
                                            "extras": [{"key": "guide", "value": "7"}]}).body
    closed = load(tmp_path, base, child=CHILD + "remove: {extras.escort: none, extras.guide: none}\n")
    assert "extras" not in closed.terms


def test_a_function_goes_with_its_word(tmp_path: Path) -> None:
    base = SMALL + "functions: {original: whole, cancellation: [head, detail, summary]}\n"
    mapping = load(tmp_path, base, child=CHILD + "remove: {codes.function.cancellation: never cancelled}\n")
    assert mapping.functions == ("original",)
    with pytest.raises(LocalError) as caught:
        mapping.to_message({"mrn": "M", "function": "cancellation"})
    assert caught.value.code == "M115"


def test_a_table_that_no_term_has_is_a_warning_and_loads(tmp_path: Path) -> None:
    text = SMALL.replace("codes:\n", "codes:\n  packages: {bag: BG}\n")
    assert load(tmp_path, text).identifier == "small"
    mapping, findings = lint_mapping("small", [tmp_path])
    assert mapping is not None
    assert [(one.code, one.severity, one.place.line, dict(one.values)) for one in findings] == \
        [("M054", Severity.WARNING, where(text, "packages:")[0], {"table": "packages"})]
    assert [row[0] for row in faults(tmp_path, text.replace("mrn: an..18", "mrn: an-18"))] == ["M022", "M031"]


def test_a_table_whose_term_was_taken_out_is_no_warning(tmp_path: Path) -> None:
    small = SMALL.replace("{commodity?}", "{commodity}").replace("commodity: an..18", "commodity: code(goods)")
    small = small.replace("codes:\n", "codes:\n  goods: {rice: 1006}\n")
    load(tmp_path, small, child=CHILD + 'override: {item: "each items: CST+{number}\'"}\n'
                                        "remove: {items.commodity: not exchanged}\n")
    assert lint_mapping("child", [tmp_path])[1] == []


def test_a_mapping_can_be_looked_at_whatever_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL.replace("mrn: an..18", "mrn: an-18"), "utf-8")
    mapping, findings = lint_mapping("small", [tmp_path])
    assert (mapping, [one.code for one in findings]) == (None, ["M022", "M031"])
    assert [one.code for one in lint_mapping("smal", [tmp_path])[1]] == ["M006"]
    (tmp_path / "small.yaml").write_text(SMALL.replace("record:\n", "base: yes\nrecord:\n", 1), "utf-8")
    assert lint_mapping("small", [tmp_path]) == (None, [])  # a base is no fault, and no mapping


def test_a_mapping_has_the_title_of_the_nearest_level(tmp_path: Path) -> None:
    base = SMALL.replace("message:", "title: {fr: Petite, en: Small}\nmessage:")
    title = load(tmp_path, base, child=CHILD).definition.title
    assert title is not None
    assert (title.french, title.english, title.origin.file) == ("Petite", "Small", "small.yaml")
    own = load(tmp_path, base, child=CHILD + "title: {fr: Enfant, en: Child}\n").definition.title
    assert own is not None
    assert (own.french, own.english) == ("Enfant", "Child")


def test_a_malformed_term_is_told_with_the_term_that_was_probably_meant(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as caught:
        load(tmp_path, SMALL.replace("  local_reference: an..35", "  Local_reference: an..35"))
    assert next(one.values["nearest"] for one in caught.value.findings if one.code == "M031") == "local_reference"

"""Does the guide of a corridor say what the mapping does, in both languages, and nothing that somebody else put in?"""

from __future__ import annotations

import dataclasses
import re
import shutil
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import LocalError
from gateway.exchange.guides import in_force_before
from gateway.findings import Finding
from gateway.mapping import Corridors, Mapping, load_corridors, load_mapping
from gateway.mapping.bench.flatten import flat_of, flatten
from gateway.mapping.bench.preview import Preview, PreviewRow
from gateway.mapping.versions import Activated, Versions
from gateway.pages import Example, GuideMessage, guide, pdf, preview_page
from gateway.pages.changes import Change, changes
from gateway.pages.engine import FOLDER, printed, term
from gateway.pages.layout import Code, Row, SegmentTable, segment_tables
from gateway.texts import Language, known
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import terms
from tests.tools.catalogues import merged
from tests.tools.command import ROOT, command

MAPPINGS = ROOT / "mappings"
TEMPLATES = {"guide": "guide.html", "page": "preview.html"}


@pytest.fixture(scope="module")
def corridors() -> Corridors:
    return load_corridors([MAPPINGS])


@pytest.fixture(scope="module")
def page(corridors: Corridors) -> str:
    """The whole guide of Lomé – Bamako in French."""
    corridor = corridors.named("tg-ml")
    messages = [GuideMessage(mapping=mapping) for mapping in corridor.mappings()]
    return guide(corridor, messages, corridors.offices.values(), Language.FRENCH)


class Seen(HTMLParser):
    """What a browser would find: tags, identifiers, links, text; and whether every tag is closed."""

    _VOID = frozenset(("meta", "br"))

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.open and self.open[-1] != "style" else ""


def table_of(identifier: str, label: str) -> SegmentTable:
    mapping = load_mapping(identifier, [MAPPINGS])
    return next(one for one in segment_tables(mapping) if one.label == label)


# what the tables say


def test_a_segment_stands_with_its_names_status_usage_and_content() -> None:
    made = table_of("corridors/tg-ml/cusdec", "departure")
    assert replace(made, rows=(), unused=(), origin="") == SegmentTable(
        label="departure", depth=0, tag="LOC", name="PLACE/LOCATION IDENTIFICATION", group="", status="C", maximum=99,
        mandatory=False, limit=1, each="", present="office_of_departure", condition=None,
        functions=("original", "replacement", "copy", "retransmission", "cancellation"), others=("request",),
        written="with office_of_departure: LOC+118+{code}:113:ZZZ:{name?}'", origin="", rows=(), unused=())
    office = Code(value="113", meaning="Customs office", functions=())
    agreed = Code(value="ZZZ", meaning="Mutually defined", functions=())
    departure = Code(value="118", meaning="Customs office of departure", functions=())
    assert made.rows == (
        Row(element=1, component=0, last=0, id="3227", name="Place/location qualifier", format="an..3", status="M",
            usage="required", codes=(departure,)),
        Row(element=2, component=0, last=0, id="C517", name="LOCATION IDENTIFICATION", format="", status="C",
            usage=None),
        Row(element=2, component=1, last=1, id="3225", name="Place/location identification", format="an..25",
            status="C", usage="required", terms=("office_of_departure.code",), types=("an..25",), own=True),
        Row(element=2, component=2, last=2, id="1131", name="Code list qualifier", format="an..3", status="C",
            usage="required", codes=(office,)),
        Row(element=2, component=3, last=3, id="3055", name="Code list responsible agency, coded", format="an..3",
            status="C", usage="required", codes=(agreed,)),
        Row(element=2, component=4, last=4, id="3224", name="Place/location", format="an..70", status="C",
            usage="optional", terms=("office_of_departure.name",), types=("an..70",), own=True))
    assert made.unused == (("C519", "RELATED LOCATION ONE IDENTIFICATION"),
                           ("C553", "RELATED LOCATION TWO IDENTIFICATION"), ("5479", "Relation, coded"))


def test_components_of_one_text_are_one_row_and_a_repeat_tells_its_list() -> None:
    text = table_of("corridors/tg-ml/cusdec", "text")
    assert (text.depth, text.group, text.limit) == (1, "", 9)
    assert [(row.component, row.last, row.id, row.terms) for row in text.rows if row.terms] == [
        (1, 5, "4440", ("items.description",))]
    item = table_of("corridors/tg-ml/cusdec", "item")
    assert (item.each, item.limit, item.group, item.maximum, item.mandatory) == ("items", 9999, "SG30", 9999, False)


def test_a_count_is_computed_and_a_table_names_its_codes() -> None:
    lines = table_of("corridors/tg-ml/cusdec", "lines")
    assert [(row.usage, row.terms) for row in lines.rows if row.usage is not None] == [
        ("required", ()), ("computed", ())]
    box = table_of("corridors/tg-ml/cusdec", "box")
    assert [row.tables for row in box.rows if row.tables] == [
        ("equipment",), ("container_size",), ("filling",)]


CHOICE = """\
format: "1"
id: corridors/tg-ml/cusdec
extends: base/cusdec-d96b
override:
  accepted: "? DTM+<148:original,replacement,copy,retransmission|46:cancellation,request>:{accepted|moment}'"
functions:
  cancellation: [head, departure, accepted, prepared, reason, extra, local, detail, summary]
"""


def test_a_constant_that_depends_on_the_function_says_so(tmp_path: Path) -> None:
    (tmp_path / "corridors" / "tg-ml").mkdir(parents=True)
    (tmp_path / "corridors" / "tg-ml" / "cusdec.yaml").write_text(CHOICE, "utf-8")
    mapping = load_mapping("corridors/tg-ml/cusdec", [tmp_path, MAPPINGS])
    accepted = next(one for one in segment_tables(mapping) if one.label == "accepted")
    codes = next(row.codes for row in accepted.rows if row.id == "2005")
    assert [(code.value, code.functions) for code in codes] == [
        ("148", ("original", "replacement", "copy", "retransmission")), ("46", ("cancellation",))]


@pytest.mark.parametrize("identifier", ["tg-ml", "tg-bf", "tg-ne"])
def test_every_line_of_every_message_has_its_place_in_the_directory(corridors: Corridors, identifier: str) -> None:
    for mapping in corridors.named(identifier).mappings():
        for one in segment_tables(mapping):
            assert one.status in ("M", "C"), one.label
            assert one.name or one.tag == "UNS", one.label  # service segments have no names in the facts
            assert [row for row in one.rows if not (row.id and row.status and (row.name or one.tag == "UNS"))] == []


# the page


def test_the_page_holds_every_message_segment_rule_and_code_of_the_corridor(corridors: Corridors, page: str) -> None:
    seen = Seen(page)
    for mapping in corridors.named("tg-ml").mappings():
        flat, anchor = flat_of(mapping.definition), mapping.identifier.replace("/", "-")
        assert {f"{anchor}-{one.label}" for one in segment_tables(mapping)} <= set(seen.ids)
        for told in (flat.digest, *(rule.code for rule in flat.rules), *(rule.french for rule in flat.rules),
                     *(rule.english for rule in flat.rules)):
            assert told in seen.text
    for name in corridors.named("tg-ml").invented:
        assert re.search(rf'table {name} <span class="mark">inventé', page)
    for word in ("original", "LOC+118+{code}:113:ZZZ:{name?}'", "bureau de départ › code",
                 "Customs office of departure"):
        assert word in seen.text


def test_the_page_is_whole_runs_nothing_and_fetches_nothing(page: str) -> None:
    seen = Seen(page)
    assert seen.open == []
    assert len(seen.ids) == len(set(seen.ids))
    assert {link for link in seen.links if not link.startswith("#")} == set()
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    assert seen.tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"} == set()
    assert {name for name in seen.attributes if name.startswith("on") or name in ("src", "style")} == set()
    assert re.findall(r"https?:|url\(|@import", page) == []


def test_what_is_invented_is_marked_and_offices_are_those_of_the_administrations(corridors: Corridors,
                                                                                 page: str) -> None:
    offices = page.split('id="offices"')[1].split("</section>")[0]
    own = {one.code for one in corridors.offices.values() if one.administration in ("TGOTR", "BFDGD", "MLDGD")}
    assert set(re.findall(r'<th scope="row"><code>(\w+)</code>', offices)) == own
    marked = set(re.findall(r'<code>(\w+)</code> <span class="mark">inventé</span>', offices))
    assert marked == {code for code in own if corridors.offices[code].invented}
    assert marked


def test_what_others_have_written_is_shown_and_never_taken_for_html(corridors: Corridors) -> None:
    corridor = corridors.named("tg-ml")
    evil = "<script>alert('x')</script>"
    example = Example(name=evil, file=evil, text=f"FTX+AAI+++{evil}'\n", rules=(evil,))
    made = guide(dataclasses.replace(corridor, name={"fr": evil, "en": evil}),
                 [GuideMessage(mapping=corridor.cusdec, examples=[example])], (), Language.ENGLISH)
    seen = Seen(made)
    assert "script" not in seen.tags
    assert f"FTX+AAI+++{evil}'" in seen.text


def test_an_example_is_the_file_and_what_is_long_or_made_up_is_named(corridors: Corridors) -> None:
    corridor = corridors.named("tg-ml")
    short = "UNH+1+CUSDEC:D:96B:UN:COR10'\nBGM+950+26TGLPL0000018233+9'\nUNT+3+1'\n"
    made = Example(name="bare", file="bare.json", text="GIS+BRT:109:ZZZ'\n", made=True)
    examples = [made, Example(name="court", file="court.json", text=short, rules=("COR0214", "COR0231")),
                Example(name="long", file="long.json", text="GIS+CTR:109:ZZZ'\n" * 121)]
    seen = Seen(guide(corridor, [GuideMessage(mapping=corridor.cusdec, examples=examples)], (), Language.FRENCH)).text
    assert short in seen
    assert "Règles enfreintes\N{NARROW NO-BREAK SPACE}: COR0214, COR0231." in seen
    assert "bare.json (segments\N{NARROW NO-BREAK SPACE}: 1)." in seen
    assert "long.json (segments\N{NARROW NO-BREAK SPACE}: 121)." in seen
    assert "GIS+BRT" not in seen.split("Exemple court")[1]
    assert "GIS+CTR" not in seen.split("Exemple court")[1]
    alone = Seen(guide(corridor, [GuideMessage(mapping=corridor.cusdec, examples=[made])], (), Language.FRENCH)).text
    assert made.text in alone


# changes since the version before


def changed(folder: Path) -> list[Change]:
    text = (MAPPINGS / "corridors" / "tg-ml" / "cusdec.yaml").read_text("utf-8")
    shutil.copytree(MAPPINGS, folder / "new")
    path = folder / "new" / "corridors" / "tg-ml" / "cusdec.yaml"
    path.write_text(re.sub(r'(?m)^version: .*$', 'version: "99"', text) + "extras: {escort_order: an..35}\n"
                    "override:\n  goods: \"? LOC+14+{location_of_goods}:113:ZZZ'\"\n"
                    "remove: {route: not exchanged}\n", "utf-8")
    new = flatten("corridors/tg-ml/cusdec", [folder / "new"])
    return changes(flatten("corridors/tg-ml/cusdec", [MAPPINGS]), new)


def test_changes_are_told_with_what_stood_there_before_and_after(tmp_path: Path) -> None:
    assert changed(tmp_path) == [
        Change(what="line", name="goods", before="? LOC+14+{location_of_goods}'",
               after="? LOC+14+{location_of_goods}:113:ZZZ'"),
        Change(what="line", name="extra", before=None, after="each extras: FTX+AAI+++{key}={value}'"),
        Change(what="line", name="route", before="? FTX+RQR+++{itinerary|chunks 9x5x70}'", after=None),
        Change(what="extra", name="escort_order", before=None, after="an..35")]


def test_the_guide_tells_the_changes_nothing_new_and_no_version_before(corridors: Corridors, tmp_path: Path) -> None:
    corridor, old = corridors.named("tg-ml"), flatten("corridors/tg-ml/cusdec", [MAPPINGS])
    changed(tmp_path)
    newer = load_corridors([tmp_path / "new"]).named("tg-ml")
    made = guide(newer, [GuideMessage(mapping=newer.cusdec, previous=old)], (), Language.ENGLISH)
    assert f"Changes since version {old.version}" in made
    assert re.search(r"line route</th><td>removed</td><td><code>\? FTX\+RQR", made)
    assert "Nothing has changed." in guide(corridor, [GuideMessage(mapping=corridor.cusdec, previous=old)], (),
                                           Language.ENGLISH)
    assert "No earlier version" in guide(corridor, [GuideMessage(mapping=corridor.cusdec)], (), Language.ENGLISH)


# words


@pytest.mark.parametrize("words", TEMPLATES)
def test_a_template_says_only_what_the_catalogues_have_and_they_have_only_what_is_said(words: str) -> None:
    text = (FOLDER / TEMPLATES[words]).read_text("utf-8") + (FOLDER / "base.html").read_text("utf-8")
    said = set(re.findall(r"""\bt\("([\w.]+)"(?! ~)""", text))
    composed = set(re.findall(r"""\bt\("([\w.]+)" ~""", text))
    held = {entry.msgid.removeprefix(f"{words}.") for entry in merged("fr") if entry.msgid.startswith(f"{words}.")}
    assert said <= held
    assert {key for key in held - said if not any(key.startswith(start) for start in composed)} == set()


@pytest.mark.parametrize("language", Language)
def test_every_term_of_the_record_has_a_name(language: Language) -> None:
    names = {part for model in (Declaration, Event) for name in terms(model) for part in name.split(".")}
    assert {name for name in names if not known(f"term.{name}", language)} == set()
    held = {entry.msgid.removeprefix("term.") for entry in merged(language.value) if entry.msgid.startswith("term.")}
    assert held == names


def test_a_term_is_told_in_words_and_french_keeps_its_blanks() -> None:
    assert term("office_of_departure.code", Language.FRENCH) == "bureau de départ › code"
    assert term("vehicle_at_border.identity", Language.ENGLISH) == "vehicle at the border › identity"
    assert term("vehicle_at_border.unheard", Language.ENGLISH) == "vehicle at the border › unheard"
    blank, narrow = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
    assert printed("si « x » : y ; z", Language.FRENCH) == f"si «{blank}x{blank}»{narrow}: y{narrow}; z"
    assert printed("if « x » : y", Language.ENGLISH) == "if « x » : y"


# preview, PDF, command


def test_a_preview_shows_record_and_message_what_is_missing_and_why() -> None:
    row = PreviewRow(path="mrn", value="", status="missing", segment=0, tag="BGM", segment_name="BEGINNING OF MESSAGE",
                     element=2, component=1, element_id="1004", name="Document/message number", meaning="",
                     mandatory=True, line="base/cusdec-d96b.yaml:9")
    one = Preview(
        mapping="corridors/tg-ml/cusdec", message="CUSDEC:D:96B:UN:COR10", record=(("reason", "<b>"),),
        segments=("UNH+1+CUSDEC:D:96B:UN:COR10'", "BGM+950'"), rows=(row,),
        findings=(Finding(code="M101", values={"term": "mrn"}),))
    seen = Seen(preview_page([("a.json", one), ("b.json", one)], Language.FRENCH))
    assert "b" not in seen.tags
    assert len(seen.ids) == len(set(seen.ids))
    for told in ("a.json", "b.json", "<b>", "BGM+950'", "BGM 2.1", "1004", "manque, obligatoire", "M101",
                 "base/cusdec-d96b.yaml:9"):
        assert told in seen.text


def test_the_preview_of_a_file_is_written_as_a_page(tmp_path: Path) -> None:
    sample = MAPPINGS / "corridors" / "tg-ml" / "samples" / "cusdec" / "story-1-original.json"
    page = tmp_path / "preview.html"
    done = command("map", "preview", "tg-ml", sample, "--html", page, "--lang", "fr")
    assert (done.exit, done.out, done.err) == (0, f"{page}\n", "")
    text = Seen(page.read_text("utf-8")).text
    assert "Aperçu\N{NARROW NO-BREAK SPACE}: corridors/tg-ml/cusdec" in text
    assert sample.with_suffix(".edi").read_text("utf-8").splitlines()[1] in text


def test_a_pdf_without_its_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(LocalError) as caught:
        pdf("<p>x</p>")
    assert caught.value.code == "M500"


def test_the_command_writes_the_page_of_its_language_with_the_samples_and_names_it(tmp_path: Path) -> None:
    done = command("map", "guide", "tg-ml", "--out", str(tmp_path / "a" / "b"), "--lang", "en")
    path = tmp_path / "a" / "b" / "guide-tg-ml.en.html"
    assert (done.exit, done.out, done.err) == (0, f"{path}\n", "")
    text = Seen(path.read_text("utf-8")).text
    assert "Implementation guide: " in text
    sample = MAPPINGS / "corridors" / "tg-ml" / "samples" / "cusdec" / "story-1-original.edi"
    assert sample.read_text("utf-8") in text


def test_the_command_compares_with_an_earlier_folder(tmp_path: Path) -> None:
    changed(tmp_path)
    done = command("map", "guide", "tg-ml", "--out", str(tmp_path), "--since", str(tmp_path / "new"), "--lang", "fr")
    assert done.exit == 0
    text = Seen((tmp_path / "guide-tg-ml.fr.html").read_text("utf-8")).text
    assert "Changements depuis la version 99" in text


def test_the_version_before_is_the_one_that_was_in_force_last(tmp_path: Path) -> None:
    changed(tmp_path)
    old, new = (load_mapping("corridors/tg-ml/cusdec", [folder]) for folder in (MAPPINGS, tmp_path / "new"))
    archives = {one.digest: one.archive for one in (old, new)}

    def versions(*mappings: Mapping) -> Versions:
        return Versions([Activated(mapping=one.identifier, version=one.version, digest=one.digest,
                                   starts=datetime(2026, month, 1, tzinfo=UTC))
                         for month, one in enumerate(mappings, 1)], archives.__getitem__)

    def before(known: Versions, mapping: Mapping) -> str | None:
        flat = in_force_before(known, mapping)
        return None if flat is None else flat.digest

    assert before(versions(), new) is None
    assert before(versions(new), new) is None
    assert before(versions(old), new) == old.digest
    assert before(versions(old, new), new) == old.digest
    assert before(versions(new, old), new) is None


def test_the_command_compares_with_what_the_ledger_says_was_in_force(tmp_path: Path) -> None:
    made = command("init", tmp_path / "gw", "--gateway", "TGOTR", "--environment", "test", "--country", "TG",
                   "--time-zone", "Africa/Lome", lang="fr")
    assert made.exit == 0, made.err
    settings = tmp_path / "gw" / "settings.yaml"
    done = command("map", "activate", "tg-ml", "--config", settings, lang="fr")
    assert done.exit == 0, done.err
    changed(tmp_path)
    done = command("map", "guide", "tg-ml", "--out", tmp_path, "--config", settings, lang="fr",
                   environment={"EDI_MAPPINGS": str(tmp_path / "new")})
    assert done.exit == 0, done.err
    text = Seen((tmp_path / "guide-tg-ml.fr.html").read_text("utf-8")).text
    standing = flatten("corridors/tg-ml/cusdec", [MAPPINGS]).version
    assert f"Changements depuis la version {standing}" in text
    assert "ligne route" in text
    assert "Aucune version antérieure" in text  # of the events, which were not activated


def test_an_unknown_corridor_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    done = command("map", "guide", "tg-xx", "--out", str(tmp_path), "--lang", "fr")
    assert (done.exit, done.out) == (3, "")
    assert "M302" in done.err
    assert "tg-ml" in done.err


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    done = command("map", "guide", "tg-ml", "--out", str(tmp_path / "file" / "b"), "--lang", "fr")
    assert done.exit == 1
    assert "M501" in done.err

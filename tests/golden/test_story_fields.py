"""Is the national file that is received the one that was sent, field by field, after its way through CUSDEC?

The files are read here with the standard library alone, and every cell that the dialect names is a row of a table that
the failure prints. The received files are those that real gateways wrote (`test_story_samples` keeps them true).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.edifact import read_interchanges, to_wire
from gateway.findings import Severity
from gateway.mapping import load_corridors
from gateway.mapping.dialect import load_dialect
from gateway.texts import Language, sentence
from tests.golden.story.fields import (
    Row,
    cells_of,
    columns_of,
    plain,
    sad_texts,
    shown,
    t1_texts,
    table,
    terms,
)
from tests.golden.story.scenarios import NIAMEY, SAMPLES, STORY, Scenario

MAPPINGS = SAMPLES.parent / "mappings"
DIALECT = MAPPINGS / "dialects" / "asycuda" / "world.yaml"
CELLS = cells_of(DIALECT)
COLUMNS = columns_of(DIALECT)
MRN = "26TGLPLT0000204177"

NOT_SAID = {"t1 reason", "t1 cancelled", "t1 guarantee_office", "t1 seals_container", "t1 seals_carrier",
            "sad Traders/Exporter/Exporter_code", "sad Item/Valuation_item/Statistical_value",
            "sad Item/Packages/Marks2_of_packages"}
"""Cells of the dialect that declaration 1 leaves empty; `test_dialect_laws` fills them."""

NATIONAL = {"Country_first_destination", "Export_country_name", "Destination_country_name", "Device", "Officer_name",
            "Kind_of_packages_name"}
"""Elements of the sent SAD that are Togo's own affair: no dialect reads them, so they do not travel."""

Side = Mapping[str, Mapping[str, str]]


def sent(scenario: Scenario) -> Side:
    """Part -> place -> text of the first declaration as Togo's national system wrote it."""
    folder = scenario.path / "tgotr"
    return {"sad": sad_texts((folder / "declaration-1.xml").read_bytes()),
            "t1": t1_texts((folder / "declaration-1-t1.csv").read_bytes(), "cp1252", COLUMNS)}


def received(scenario: Scenario, gateway: str, mrn: str) -> Side:
    """The same as a partner's gateway handed it to its national side."""
    folder = scenario.path / "steps" / "01-declaration" / gateway / "declarations"
    return {"sad": sad_texts((folder / f"{mrn}.xml").read_bytes()),
            "t1": t1_texts((folder / f"{mrn}-t1.csv").read_bytes(), "utf-8-sig", COLUMNS)}


@pytest.mark.parametrize("gateway", ["bfdgd", "mldgd"])
def test_every_cell_that_the_dialect_names_says_the_same_in_the_received_files(gateway: str) -> None:
    rows = table(CELLS, sent(STORY), received(STORY, gateway, MRN))
    assert [row for row in rows if not row.same] == [
        Row("rest", "t1 rest", "", "prepared=2026-11-09T15:35Z")], "\n" + shown(rows)
    assert len(rows) == 133
    filled = {plain(row.place) for row in rows if row.sent}
    assert {f"{cell.part} {cell.path}" for cell in CELLS} - filled == {*NOT_SAID, "t1 rest"}


@pytest.mark.parametrize("gateway", ["bfdgd", "mldgd"])
def test_only_elements_that_no_dialect_reads_stay_behind(gateway: str) -> None:
    there, here = sent(STORY), received(STORY, gateway, MRN)
    stayed = there["sad"].keys() - here["sad"].keys()
    assert {place.rpartition("/")[2].partition("[")[0] for place in stayed} == NATIONAL
    assert here["sad"].keys() - there["sad"].keys() == set()
    assert there["t1"].keys() - here["t1"].keys() == set()
    assert here["t1"].keys() - there["t1"].keys() == {"rest"}
    assert here["sad"]["Identification[1]/Type[1]/Type_of_declaration[1]"] == "TR"  # a constant of every dialect's SAD


@pytest.mark.parametrize(("gateway", "dialect"), [("bfdgd", "bfdgd/asycuda"), ("mldgd", "mldgd/asycuda")])
def test_every_term_of_the_record_is_the_same_at_both_ends(gateway: str, dialect: str) -> None:
    national = STORY.path / "tgotr"
    folder = STORY.path / "steps" / "01-declaration" / gateway / "declarations"
    (there,) = load_dialect("tgotr/asycuda", [MAPPINGS]).read(
        {path.name: path.read_bytes() for path in national.glob("declaration-1*")}).records
    (here,) = load_dialect(dialect, [MAPPINGS]).read(
        {path.name: path.read_bytes() for path in folder.iterdir()}).records
    said, heard = dict(terms(there.tree)), dict(terms(here.tree))
    rows = [Row(path, "", said.get(path, ""), heard.get(path, "")) for path in dict.fromkeys([*said, *heard])]
    assert [row for row in rows if row.sent != row.received] == [
        Row("prepared", "", "", "2026-11-09T15:35Z")], "\n" + shown(rows)
    assert len(said) == 152


def test_xml_to_wire_to_record_to_wire_gives_the_same_wire() -> None:
    corridor = load_corridors([MAPPINGS]).named("tg-ml")
    (record,) = load_dialect("tgotr/asycuda", [MAPPINGS]).read(
        {path.name: path.read_bytes() for path in (STORY.path / "tgotr").glob("declaration-1*")}).records
    for partner in ("BFDGD", "MLDGD"):
        (path,) = (STORY.path / "steps" / "01-declaration").glob(f"*-{partner}-CUSDEC.edi")
        (interchange,) = read_interchanges(path)
        (message,) = interchange.messages
        (tree,) = corridor.read(message)
        wire = to_wire(message)
        assert corridor.cusdec.to_message(tree) == wire
        assert corridor.cusdec.to_message({**record.tree, "prepared": tree["prepared"]}) == wire


def test_an_older_extract_comes_back_in_the_columns_of_today_and_loses_nothing_that_a_cell_said() -> None:
    """Niamey's extract has seals in two columns, no registration number and no régime."""
    rows = table(CELLS, sent(NIAMEY), received(NIAMEY, "bfdgd", "26TGLPLT0000182338"))
    assert [(row.place, row.sent, row.received) for row in rows if not row.same] == [
        ("t1 function", "", "ORIGINAL"),
        ("t1 amendment", "", "0"),
        ("t1 seals", "", "1.1 TGCUS0012345678 (douane)|1.2 CX5567123 (transporteur)"),
        ("t1 seals_container", "TGCUS0012345678", ""),
        ("t1 seals_carrier", "CX5567123", ""),
        ("sad Item[1]/Previous_doc[1]/Previous_document_reference[1]", "", "2026/TGLPL/C/9921"),
        ("t1 registration", "", "2026/TGLPL/T/18233"),
        # the first digit of a régime whose other three stand nowhere: announced as D121 when the file is read
        ("sad Identification[1]/Type[1]/Declaration_gen_procedure_code[1]", "8", ""),
        ("t1 rest", "", "prepared=2026-03-10T10:20Z")], "\n" + shown(rows)
    assert len(rows) == 115


def test_a_cell_that_is_not_enough_for_its_term_is_announced_at_its_place() -> None:
    (record,) = load_dialect("tgotr/asycuda", [MAPPINGS]).read(
        {path.name: path.read_bytes() for path in (NIAMEY.path / "tgotr").glob("declaration-1*")}).records
    (finding,) = record.findings
    assert (finding.code, finding.severity, finding.values) == (
        "D121", Severity.WARNING, {"value": "8", "term": "procedure"})
    assert (finding.place.file, finding.place.line, finding.place.locator) == (
        "declaration-1.xml", 43, "/ASYCUDA/Identification/Type/Declaration_gen_procedure_code")
    assert sentence(finding, Language.ENGLISH).endswith(
        "“8” is not enough to make procedure, which stays without a value")


def test_the_table_shows_the_line_that_differs() -> None:
    rows = table(CELLS, {"sad": {"Item[2]/Packages[1]/Number_of_packages[1]": "480.0"}, "t1": {"mrn": "A"}},
                 {"sad": {"Item[2]/Packages[1]/Number_of_packages[1]": "481"}, "t1": {"mrn": "A"}})
    assert shown(rows).splitlines() == [
        f"  mrn{'':42} t1 mrn{'':41}'A'  'A'",
        f"! items.packages.count{'':25} sad Item[2]/Packages[1]/Number_of_packages[1]  '480.0'  '481'"]

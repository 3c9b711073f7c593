"""Does a new corridor begin from the nearest, with a dialect for the sample that loads and reads it, in 60 lines?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import LocalError
from gateway.findings import Severity
from gateway.mapping import load_corridors, load_mapping
from gateway.mapping.bench.faults import check_dialect, check_lists, check_mapping
from gateway.mapping.bench.proposals import Comments
from gateway.mapping.bench.start import Request, Started, start
from gateway.mapping.dialect import load_dialect
from gateway.mapping.offices import load_offices
from tests.tools.command import ROOT

SHIPPED = [ROOT / "mappings"]
COMMENTS = Comments("begun", "guessed", "without place")
HEADINGS = ("NUMERO MRN;LRN;N° ENREGISTREMENT;BUREAU_DEPART;NOM BUREAU DÉPART;BUREAU DE DESTINATION;BUREAUX DE PASSAGE;"
            "Date d'enregistrement;Délai de route;TYPE TRANSIT;PRINCIPAL OBLIGÉ;TOTAL COLIS;N° CAUTION;Poids brut;"
            "Désignation des marchandises;Code S.H.;NBRE COLIS;NATURE COLIS;Conteneurisé;Expéditeur;PLOMBS;"
            "NUMERO ARTICLE;Nature\n")
LINE = ("26BJCOOT0000000017;BJ-77;2026/BJXXX/T/1;BJXXX;Cotonou Port;NENRD;BJMLV MALANVILLE;2026-03-10;2026-03-20 18:00;"
        "T1;SAHEL NÉGOCE;80;G-1;1200.5;Riz;100630;40;BG;N;ACME;;{number};Originale\n")
SAMPLE = HEADINGS + LINE.format(number=1) + LINE.format(number=2)


def request(name: str = "BJ-NE", sample: bytes | None = SAMPLE.encode(), file: str = "benin.csv",
            nearest: str | None = None, gateways: dict[str, str] | None = None) -> Request:
    return Request(name=name, nearest=nearest, sample=None if sample is None else (file, sample),
                   gateways=gateways or {}, titles=("Cotonou – Niamey", "Cotonou – Niamey"),
                   subject=("Déclaration de transit", "Transit declaration"), comments=COMMENTS)


def written(started: Started, folder: Path) -> list[Path]:
    for name, text in started.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return [folder, *SHIPPED]


def codes(started: Started, severity: Severity) -> list[tuple[str, str]]:
    return [(one.code, one.values.get("heading") or one.values.get("office") or one.values.get("gateway")
             or one.values.get("rule") or "") for one in started.findings if one.severity is severity]


def test_a_corridor_and_its_csv_come_in_sixty_lines_load_and_carry_the_sample(tmp_path: Path) -> None:
    started = start(request(), SHIPPED)
    assert sorted(started.files) == ["codes/offices.yaml", "corridors/bj-ne/corridor.yaml",
                                     "corridors/bj-ne/cusdec.yaml", "dialects/bjdgd/csv.yaml"]
    assert started.lines == sum(text.count("\n") for text in started.files.values()) <= 60
    assert (started.nearest, started.dialect, started.records, started.written) == ("tg-ne", "bjdgd/csv", 1, 1)
    assert codes(started, Severity.ERROR) == []
    search = written(started, tmp_path)
    for checked in (check_mapping("corridors/bj-ne/cusdec", search), check_dialect("bjdgd/csv", search),
                    *check_lists(search)):
        assert (checked.name, checked.findings) == (checked.name, ())
    record = load_dialect("bjdgd/csv", search).read({"benin.csv": SAMPLE.encode()}).records[0].tree
    load_mapping("corridors/bj-ne/cusdec", search).to_message(record)
    corridor = load_corridors(search).between("BJXXX", "NENRD")
    assert [(one.gateway, one.country, one.role) for one in corridor.administrations] == [
        ("BJDGD", "BJ", "departure"), ("NEDGD", "NE", "destination")]
    assert corridor.name == {"fr": "Cotonou – Niamey", "en": "Cotonou – Niamey"}
    entry = load_offices(search)["BJXXX"]
    assert (entry.name, entry.administration, entry.roles, entry.invented) == ("Cotonou Port", "BJDGD", ("departure",),
                                                                              True)


def test_what_was_read_out_of_the_sample_stands_in_the_dialect(tmp_path: Path) -> None:
    started = start(request(sample=SAMPLE.replace(";", ",").encode("cp1252")), SHIPPED)
    text = started.files["dialects/bjdgd/csv.yaml"]
    for line in ("extends: generic/csv", "zone: Africa/Porto-Novo", "    encoding: windows-1252", '    delimiter: ","',
                 '    decimal: "."', "  time_limit: decl time_limit | moment yyyy-MM-dd HH:mm(:ss)",
                 "  national_reference_date: decl national_date | date yyyy-MM-dd",
                 "  containerised: decl containerised | flag O N",
                 "  function: {original: [Originale, ORIGINAL]}"):
        assert line in text.splitlines(), line
    search = written(started, tmp_path)
    tree = load_dialect("bjdgd/csv", search).read({"b.csv": SAMPLE.replace(";", ",").encode("cp1252")}).records[0].tree
    assert [tree[term] for term in ("mrn", "local_reference", "transit_type", "function")] == [
        "26BJCOOT0000000017", "BJ-77", "T1", "original"]
    items = tree["items"]
    assert isinstance(items, list)
    assert [(str(one["gross_mass"]), one["description"]) for one in items] == [("1200.5", "Riz"), ("1200.5", "Riz")]


def test_every_guess_and_every_gap_is_told() -> None:
    sample = (HEADINGS.rstrip("\n") + ";CLÉ INTERNE\n" + LINE.format(number=1).replace("Originale", "Spéciale")
              .replace("T1;", ";").rstrip("\n") + ";x\n")
    started = start(request(sample=sample.encode()), SHIPPED)
    assert codes(started, Severity.WARNING)[:2] == [("M470", "CLÉ INTERNE"), ("M471", "Nature")]
    guessed = codes(started, Severity.NOTE)
    assert {heading for code, heading in guessed if code == "M469"} == {
        "NUMERO MRN", "BUREAU DE DESTINATION", "Délai de route", "Poids brut", "Désignation des marchandises",
        "NUMERO ARTICLE"}
    assert "cle_interne: CLÉ INTERNE" in started.files["dialects/bjdgd/csv.yaml"]
    assert (started.records, started.written) == (0, 0)  # the word that nobody knows keeps the sample from being read


def test_a_file_that_a_dialect_reads_as_it_stands_needs_no_other_form_of_dates() -> None:
    sample = ROOT / "samples/corridors/sn-ml/sndgd/declaration-1.csv"
    started = start(request("SN-GN", sample.read_bytes(), sample.name), SHIPPED)
    assert started.files["dialects/sndgd/csv.yaml"].partition("parts:\n")[2] == (
        '  decl:\n    encoding: utf-8\n    mark: "yes"\n    delimiter: ";"\n    decimal: ","\n')
    assert {one.code for one in started.findings} & {"M468", "M472"} == set()


def test_a_column_without_place_does_not_keep_the_sample_from_being_read() -> None:
    lines = [HEADINGS, LINE.format(number=1), LINE.format(number=2)]
    inner = ["CLÉ INTERNE", "a", "b"]  # another value on each line of one declaration
    sample = "".join(f"{line.rstrip()};{key}\n" for line, key in zip(lines, inner, strict=True))
    started = start(request(sample=sample.encode()), SHIPPED)
    assert (started.records, started.written) == (1, 1)
    assert ("M470", "CLÉ INTERNE") in codes(started, Severity.WARNING)


def test_what_the_receiver_would_refuse_is_a_gap() -> None:
    started = start(request(sample=SAMPLE.replace(";T1;", ";;").encode()), SHIPPED)
    assert ("M478", "COR0203") in codes(started, Severity.WARNING)


@pytest.mark.parametrize(("name", "nearest"), [("BJ-NE", "tg-ne"), ("bj-ml", "gn-ml"), ("TG-CI", "tg-bf"),
                                               ("CI-BF-NE", "tg-ne")])
def test_the_nearest_shares_destination_then_departure_then_most_countries(name: str, nearest: str) -> None:
    found = start(request(name, None), SHIPPED).nearest
    theirs = [one.country for one in load_corridors(SHIPPED).named(found).administrations]
    wanted = name.upper().split("-")
    if theirs[-1] == wanted[-1]:
        assert found.endswith(nearest[-2:])
    else:
        assert (found.startswith(nearest[:2]), found) == (True, found)


def test_a_corridor_can_be_begun_from_another_one_and_without_a_sample(tmp_path: Path) -> None:
    started = start(request("SN-BF", None, nearest="sn-ml", gateways={"BF": "BFXXX"}), SHIPPED)
    assert (started.nearest, started.dialect, started.findings) == ("sn-ml", None, ())
    assert sorted(started.files) == ["corridors/sn-bf/corridor.yaml", "corridors/sn-bf/cusdec.yaml"]
    search = written(started, tmp_path)
    own, theirs = (load_mapping(f"corridors/{one}/cusdec", search) for one in ("sn-bf", "sn-ml"))
    assert (own.version, set(own.definition.require)) == ("1", set(theirs.definition.require))
    assert load_corridors(search).named("sn-bf").administrations[1].gateway == "BFXXX"


def test_a_sample_of_asycuda_world_begins_an_heir_of_the_dialect_that_reads_it() -> None:
    content = (ROOT / "samples" / "story" / "tgotr" / "declaration-1.xml").read_bytes()
    started = start(request(sample=content, file="declaration-1.xml"), SHIPPED)
    text = started.files["dialects/bjdgd/xml.yaml"]
    assert "extends: asycuda/world" in text.splitlines()
    assert ("M480", "") in codes(started, Severity.WARNING)  # the T1 extract is the other half


def test_a_sample_of_the_records_own_json_begins_an_heir_of_the_neutral_dialect() -> None:
    started = start(request(sample=b'{"function": "original", "local_reference": "A1"}', file="a.json"), SHIPPED)
    assert "extends: neutral/json" in started.files["dialects/bjdgd/json.yaml"].splitlines()


@pytest.mark.parametrize(("asked", "code"), [
    (request("BJNE"), "M475"), (request("B-NE"), "M475"), (request("TG-ML"), "M461"),
    (request(nearest="tg-xx"), "M302"), (request(sample=b"nothing"), "M462"),
    (request(sample=b"<Unknown/>", file="x.txt"), "M477"),
])
def test_what_cannot_be_begun_is_refused(asked: Request, code: str) -> None:
    with pytest.raises(LocalError) as caught:
        start(asked, SHIPPED)
    assert caught.value.code == code


def test_without_any_corridor_there_is_nothing_to_begin_from(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as caught:
        start(request(), [tmp_path])
    assert caught.value.code == "M476"


def test_a_dialect_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    search = written(start(request(), SHIPPED), tmp_path)
    (tmp_path / "corridors" / "bj-ne" / "corridor.yaml").unlink()
    (tmp_path / "corridors" / "bj-ne" / "cusdec.yaml").unlink()
    with pytest.raises(LocalError) as caught:
        start(request(), search)
    assert [(one.code, one.values["file"]) for one in caught.value.findings] == [("M461", "dialects/bjdgd/csv.yaml")]

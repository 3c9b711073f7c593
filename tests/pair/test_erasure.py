"""A trader's data must go, by law: are they gone from every octet of the file, and does what proves it all stay?"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.exchange.summary import Exit
from gateway.ledger import Ledger
from tests.tools.malice import later, well
from tests.tools.offices import Office, offices
from tests.tools.older_ledgers import ledger_file
from tests.tools.outputs import checked
from tests.tools.records import declaration_json, event_json, numbered_mrn

MRN, OTHER, MATE = (numbered_mrn(number) for number in (1, 2, 3))
TRADER = "ETS KOSSIVI ET FRERES"
WORDS = (TRADER, "KOSSIVI", "TELEPHONES PORTABLES", "AB-4711-RB", "TG9999999")
BY = ("--by", "Ama Lawson", "--by", "Kofi Mensah")
WHY = ("--reason", "article 12, request of 3 March", *BY)


def declared(key: str, mrn: str) -> bytes:
    text = declaration_json(key, mrn=mrn)
    return text.replace(b"TRANSIT EXEMPLE SARL", TRADER.encode()).replace(b"TG1000012", b"TG9999999").replace(
        b'"total_packages"', b'"vehicle_at_departure": {"mode": "3", "kind": "31", "identity": "AB-4711-RB", '
                             b'"nationality": "TG"}, "total_packages"') if mrn == MRN else text


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Office, Office]:
    """Togo and Burkina Faso: one movement is over, another went in the same interchange, a third is under way."""
    togo, burkina = offices(tmp_path)
    togo.drop("declarations", {"one.json": declared("N1", MRN), "mate.json": declared("N3", MATE)})
    everybody(togo, burkina)
    for word in ("ARRIVED", "CONTROL", "DISCHARGED"):
        burkina.drop("events", {f"{word}.json": event_json(MRN, word)})
        everybody(burkina, togo)
    togo.drop("declarations", {"two.json": declared("N2", OTHER)})
    everybody(togo, burkina)
    return togo, burkina


def everybody(*offices_: Office) -> None:
    for _ in range(2):
        for office in offices_:
            well(office.run("edi-sync"))


def rows(office: Office, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(ledger_file(office))) as connection:
        return connection.execute(query).fetchall()


def octets(office: Office) -> dict[str, bytes]:
    """Everything of an office's folders, keys and settings apart, and the ledger's file with what lies beside it."""
    return {str(path): path.read_bytes() for folder in ("state", "national") for path in
            (office.home / folder).rglob("*") if path.is_file()}


def holding(office: Office, word: str) -> list[str]:
    """Files in which a word stands, as UTF-8 or as the character set of the wire has it."""
    return [name for name, content in octets(office).items() if word.encode() in content]


def kept(office: Office) -> list[list[tuple[object, ...]]]:
    """What proves: history before, objects with their leaves, digests of contents, declarations and events."""
    return [rows(office, query) for query in (
        "SELECT * FROM history ORDER BY id",
        "SELECT direction, sequence, message_id, mic, previous, signature_digest, leaf, state FROM object ORDER BY id",
        "SELECT id, digest, size FROM content ORDER BY id",
        "SELECT id, mrn, digest FROM declaration ORDER BY id", "SELECT id, mrn, digest FROM event ORDER BY id",
        "SELECT mrn, state, flags, next_action, departure, destination FROM movement ORDER BY mrn")]


@pytest.mark.parametrize("who", [0, 1], ids=["who declared", "who received"])
def test_every_octet_of_the_trader_is_gone_and_every_proof_is_as_it_was(who: int, pair: tuple[Office, Office]) -> None:
    office, partner = pair[who], pair[1 - who]
    before = kept(office)
    assert {word for word in WORDS if holding(office, word)} == set(WORDS), "else this test would show nothing"
    ran = office.run("edi", "erase", MRN, *WHY, "--shared", "--yes")
    assert (ran.exit, ran.out.startswith(f"{MRN}: erased; ")) == (Exit.DONE, True), ran.err
    left = {word: holding(office, word) for word in WORDS}
    # TELEPHONES PORTABLES stands in the declarations of other movements, which keep their data
    assert {word for word, files in left.items() if files} == {"TELEPHONES PORTABLES"}
    after = kept(office)
    assert after[0][:len(before[0])] == before[0] and len(after[0]) == len(before[0]) + 1
    assert after[1:] == before[1:]
    assert office.run("edi", "audit", "verify").exit == Exit.DONE
    for words in (("show", MRN), ("status",), ("overdue",), ("mirror", MRN)):
        assert office.run("edi", *words).exit == Exit.DONE, words
    assert TRADER not in office.run("edi", "show", MRN).out
    everybody(*pair)
    assert office.movements()[MRN]["state"] == partner.movements()[MRN]["state"].replace(
        "DISCHARGED" if who == 0 else "CLOSED", "CLOSED" if who == 0 else "DISCHARGED")
    assert office.run("edi", "reconcile", partner.name).exit in (Exit.DONE, Exit.LATER)


def test_who_asks_for_what_is_gone_learns_who_decided_and_why(pair: tuple[Office, Office]) -> None:
    togo, burkina = pair
    assert togo.run("edi", "erase", MRN, *WHY, "--shared", "--yes").exit == Exit.DONE
    for words in (("show", MRN, "--raw", "source"), ("evidence", MRN, "--out", str(togo.home / "evidence"))):
        ran = togo.run("edi", *words)
        assert ran.exit == Exit.PERSON, words
        assert "L043" in ran.err and "Ama Lawson, Kofi Mensah" in ran.err and "article 12" in ran.err
    ran = togo.run("edi", "resend", MRN)
    assert (ran.exit, "archived or erased" in ran.err) == (Exit.PERSON, True)
    well(togo.run("edi-sync"))
    [line, summary] = checked("archive", togo.run("edi", "archive", "--list", "--json").out)
    assert (line["departure"], line["reference"], line["people"], summary["count"]) == (
        "erased", MRN, "Ama Lawson, Kofi Mensah", 1)
    assert togo.run("edi", "erase", MRN, *WHY, "--shared", "--yes").exit == Exit.DONE
    assert len(rows(togo, "SELECT id FROM departure")) == 1, "what is done is not done again"
    ran = togo.run("edi", "upgrade", "--back", "0018", "--yes")
    assert (ran.exit, "L049" in ran.err) == (Exit.PERSON, True)
    assert holding(burkina, TRADER), "the partner keeps its own, by its own law"


def test_a_month_can_still_be_handed_over_and_says_what_is_missing_in_it(pair: tuple[Office, Office],
                                                                        tmp_path: Path) -> None:
    togo, _ = pair
    month = f"{later():%Y-%m}"
    assert togo.run("edi", "erase", MRN, *WHY, "--shared", "--yes").exit == Exit.DONE
    assert togo.run("edi", "audit", "export", month, "--out", str(tmp_path / "month")).exit == Exit.DONE
    ran = togo.run("edi", "audit", "verify", str(tmp_path / "month"), "--json")
    lines = checked("audit-verify", ran.out)
    erased = list((tmp_path / "month").rglob("*.erased"))
    assert (ran.exit, lines[-1]["verdict"], lines[-1]["faults"]) == (Exit.PERSON, "open", 0)
    assert len([line for line in lines if line["kind"] == "open" and line["what"] == "erased"]) == len(erased) > 0
    assert all("Ama Lawson" in path.read_text() and "article 12" in path.read_text() for path in erased)
    erased[0].unlink()
    assert togo.run("edi", "audit", "verify", str(tmp_path / "month")).exit == Exit.TRUST


def test_nothing_goes_unless_it_is_said_twice_and_what_goes_is_said_before(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    before = octets(togo)
    ran = togo.run("edi", "erase", MRN, *WHY)
    assert (ran.exit, "L047" in ran.err, "--shared" in ran.err) == (Exit.PERSON, True, True)
    ran = togo.run("edi", "erase", MRN, *WHY, "--shared", "--json")
    [line] = checked("erase", ran.out)
    assert (ran.exit, line["done"], line["shared"]) == (Exit.PERSON, False, [MATE])
    assert "one.json" in {Path(name).name for name in line["files"]}
    ran = togo.run("edi", "erase", MRN, *WHY, "--shared", "--yes", "--dry-run")
    assert (ran.exit, {text.split()[0] for text in ran.out.splitlines()}) == (Exit.DONE, {"would:"})
    assert {name: content for name, content in octets(togo).items() if "lock" not in name and "-shm" not in name
            and "generation" not in name} == {name: content for name, content in before.items() if "lock" not in name
                                              and "-shm" not in name and "generation" not in name}


def test_what_is_under_way_unknown_or_unreasoned_is_not_erased(pair: tuple[Office, Office]) -> None:
    togo, _ = pair
    for words, code in ((("erase", OTHER, *WHY, "--shared", "--yes"), "L046"),
                        (("erase", "26TGLPLT9999999999", *WHY, "--yes"), "L045"),
                        (("erase", MRN, "--reason", "x", "--yes"), "C012")):
        ran = togo.run("edi", *words)
        assert (ran.exit, code in ran.err) == (Exit.PERSON, True), words
    assert togo.run("edi", "erase", MRN, "--by", "Ama Lawson", "--yes").exit == Exit.USAGE
    togo.settings.write_text(togo.settings.read_text("utf-8").replace("approvals: one", "approvals: two"), "utf-8")
    if "approvals: two" not in togo.settings.read_text("utf-8"):
        togo.settings.write_text(f"{togo.settings.read_text('utf-8')}\napprovals: two\n", "utf-8")
    ran = togo.run("edi", "erase", MRN, "--reason", "x", "--by", "Ama Lawson", "--shared", "--yes")
    assert (ran.exit, "C012" in ran.err, rows(togo, "SELECT * FROM departure")) == (Exit.PERSON, True, [])


EDITS = (
    "UPDATE content SET bytes = x'' WHERE id = (SELECT content_id FROM message ORDER BY id DESC LIMIT 1)",
    "INSERT INTO away SELECT content_id, 1 FROM message WHERE id = (SELECT max(id) FROM message)",
    "UPDATE departure SET digest = replace(digest, substr(digest, 1, 1), 'x')",
    "UPDATE declaration SET tree = replace(tree, 'TGLPL', 'TGXXX')",
    "DELETE FROM masked")


def test_an_erasure_that_nobody_decided_and_one_that_was_changed_later_are_found(pair: tuple[Office, Office],
                                                                                tmp_path: Path) -> None:
    togo, _ = pair
    assert togo.run("edi", "erase", MRN, *WHY, "--shared", "--yes").exit == Exit.DONE
    for number, edit in enumerate(("SELECT 1", *EDITS)):
        copy = Path(shutil.copy(ledger_file(togo), tmp_path / f"{number}.sqlite"))
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute(edit)
        with Ledger.open(f"sqlite:///{copy}", now=later()) as ledger, ledger.reading() as queries:
            assert bool(list(queries.verify_contents())) is (edit in EDITS), edit

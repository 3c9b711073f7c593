"""Does the national side get its own files back with the MRN that the gateway gave, and nothing else changed?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.offices import ROOT, Office, offices

STORY = ROOT / "samples" / "story" / "tgotr"
SAD = (STORY / "declaration-1.xml").read_bytes()
T1 = (STORY / "declaration-1-t1.csv").read_bytes().replace(b"\r\n26TGLPLT0000204177;", b"\r\n;")
QUOTA = b"<Quota_block>\n <Year a='2026'/>\n</Quota_block>\n"


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    office, *_ = offices(tmp_path, names=("TGOTR", "BFDGD", "MLDGD"))
    text = office.settings.read_text("utf-8")
    assert text.count("\n    declarations: neutral/json\n") == 1
    office.settings.write_text(text.replace("\n    declarations: neutral/json\n",
                                            "\n    declarations: neutral/json\n    mrn: files\n"), "utf-8")
    return office


def test_the_files_of_a_declaration_come_back_with_their_mrn(togo: Office) -> None:
    sad = SAD.replace(b"<Warehouse>", QUOTA + b"<Warehouse>")
    togo.drop("declarations", {"a.xml": sad, "a-t1.csv": T1})
    ran = togo.run("edi-send")
    assert (ran.exit, ran.counts["records_taken"]) == (0, 1), ran.err
    mrn, = togo.movements()
    inbox = togo.inbox("answers")
    assert sorted(inbox) == ["TGLPL.2026.T.20417.mrn.json", "TGLPL.2026.T.20417.numbered-t1.csv",
                             "TGLPL.2026.T.20417.numbered.xml"]
    assert inbox["TGLPL.2026.T.20417.numbered.xml"] == sad
    rows = inbox["TGLPL.2026.T.20417.numbered-t1.csv"].decode("cp1252").splitlines()
    assert (len(rows), rows[1].split(";")[0]) == (2, mrn)


def test_several_declarations_in_one_file_are_sent_and_told_by_notes_alone(togo: Office) -> None:
    content = (STORY / "declaration-2.csv").read_bytes()
    head, rows = content[:content.index(b"TG26-DECL-001211")], content[content.index(b"TG26-DECL-001211"):]
    rows = rows[:rows.index(b"TOTAL;")]
    other = rows.replace(b"TG26-DECL-001211", b"TG26-DECL-001212").replace(b"2026/TGLPL/T/20431", b"2026/TGLPL/T/20432")
    togo.drop("declarations", {"d.csv": head + rows + other})
    ran = togo.run("edi-send")
    assert (ran.exit, ran.counts["records_taken"]) == (0, 2), ran.err
    assert [name.rpartition(".mrn")[1:] for name in togo.inbox("answers")] == [(".mrn", ".json")] * 2

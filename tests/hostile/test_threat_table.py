"""Is every row of the threat table shown by a test that is there, that runs alone, and that says what it shows?"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.security import CHECKPOINT, EDIFACT, KEYS, RECEIPT, Header, seal
from gateway.security.keys import FileSigner
from tests.tools.security_world import NOW, PAYLOAD, product, world
from tests.tools.threats import DOCUMENT, ROOT, THREATS, Shown, missing, mute, row_of, shown, table, written


def test_there_are_forty_threats() -> None:
    assert list(THREATS) == list(range(1, 41))


def test_the_table_is_what_the_tests_give_and_no_cell_of_its_forty_rows_is_empty() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert written(text, shown()) == text, "python -m tests.tools.threats writes it"
    rows = re.findall(r"(?m)^\| ([0-9]+) \|(.*)\|$", text)
    assert [int(number) for number, _ in rows] == list(range(1, 41))
    for number, row in rows:
        cells = re.split(r"(?<!\\)\|", row)
        assert (len(cells), all(cell.strip() for cell in cells)) == (3, True), number


def test_every_row_is_shown_and_every_test_of_a_row_says_which_behaviour() -> None:
    assert {row: THREATS[row] for row in missing(shown())} == {}
    assert [f"{one.path}: {one.name}" for one in mute(shown())] == []


def test_the_tests_of_all_rows_run_alone_and_are_those_of_the_table() -> None:
    """What carries the mark is collected by it, all of it, and a row by its name alone."""
    tests = {(one.path, one.name) for one in shown() if one.path.startswith("tests/hostile/")}
    marked = collected("-m", "threat")
    assert tests - marked == set()
    assert {row_of(name) for _, name in marked} >= set(THREATS)
    assert collected("-k", "test_t09") == {(path, name) for path, name in tests if row_of(name) == 9}


def collected(*words: str) -> set[tuple[str, str]]:
    """File and function of the tests in tests/hostile that pytest would run with these words."""
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", *words, "tests/hostile"], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    found = re.findall(r"(?m)^(tests/\S+\.py)::(\w+)", done.stdout)
    return {(path, name) for path, name in found}


def test_a_name_a_sentence_and_a_place_make_a_row(tmp_path: Path) -> None:
    for folder in ("hostile", "unit"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    (tmp_path / "tests/hostile/test_a.py").write_text(
        'def test_t02_it_is_parked() -> None:\n'
        '    """Later ones\n    wait | are parked. How is\n    another matter."""\n'
        'def test_t02_it_is_released() -> None:\n    """They are released."""\n'
        'def test_t03_says_nothing() -> None:\n    assert True\n'
        'def test_other() -> None:\n    """No row."""\n', "utf-8")
    (tmp_path / "tests/unit/test_b.py").write_text('def test_t04_elsewhere() -> None:\n    """It waits."""\n', "utf-8")
    found = shown(tmp_path)
    assert found == [
        Shown(2, "test_t02_it_is_parked", "tests/hostile/test_a.py", "Later ones wait | are parked."),
        Shown(2, "test_t02_it_is_released", "tests/hostile/test_a.py", "They are released."),
        Shown(3, "test_t03_says_nothing", "tests/hostile/test_a.py", ""),
        Shown(4, "test_t04_elsewhere", "tests/unit/test_b.py", "It waits.")]
    assert table(found).splitlines()[3] == (
        f"| 2 | {THREATS[2]} | Later ones wait \\| are parked.<br>They are released. | "
        "[test_t02_it_is_parked](../../tests/hostile/test_a.py)<br>"
        "[test_t02_it_is_released](../../tests/hostile/test_a.py) |")
    assert missing(found) == [row for row in THREATS if row not in (2, 3)]
    assert mute(found) == [found[2]]
    assert [row_of(name) for name in ("test_t07_x", "test_t7_x", "test_tab", "test_t07_x[case]")] == [7, None, None, 7]




@pytest.mark.parametrize(("page", "heading", "words"), [
    ("SECURITY.md", "What is not hidden", ("how many files", "when", "how large", "addresses", "not solved")),
    ("fr/SECURITY.md", "Ce qui n'est pas caché", ("combien de fichiers", "quand", "la taille", "adresses",
                                                 "non résolu"))])
def test_t39_the_documents_say_what_the_traffic_shows(page: str, heading: str, words: tuple[str, ...]) -> None:
    """Names are opaque; that sizes, times and counts stay visible is said, and not solved."""
    text = (DOCUMENT.parent / page).read_text("utf-8")
    chapter = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    assert [word for word in words if word not in " ".join(chapter.split())] == []
    assert "(SECURITY.md)" in (DOCUMENT.parent / page).with_name(
        "security.md" if page == "SECURITY.md" else "securite.md").read_text("utf-8")


def test_t39_nothing_of_the_content_shows_outside() -> None:
    """File names are digests of what is encrypted; sender, kind, number and file name stand only inside."""
    w = world()
    signer = FileSigner(w.ec.key, product(w.ec.certificate))
    for number, kind in enumerate((EDIFACT, RECEIPT, CHECKPOINT, KEYS), 1):
        header = Header(f"<{number:032x}@XA>", "XA", "XB", NOW, 1234567890, "1" * 64, kind, "a-telling-name.edi")
        sealed = seal(header, PAYLOAD, signer=signer, signing_time=NOW, recipients=[product(w.ours_ec.certificate)])
        telling = (b"From-Gateway", b"1234567890", b"telling", b"UNB+UNOC", b"XA signing", b"XA authority",
                   kind.encode())
        assert [word for word in telling if word in sealed.content] == []
        assert sealed.name == f"{hashlib.sha256(sealed.content).hexdigest()[:32]}.p7m"

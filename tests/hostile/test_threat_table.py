"""Is every row of the threat table shown by a test that is there, that runs alone, and that says what it shows?"""

from __future__ import annotations

from pathlib import Path

from tests.tools.threats import THREATS, Shown, missing, mute, row_of, shown, table


def test_there_are_forty_threats() -> None:
    assert list(THREATS) == list(range(1, 41))


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



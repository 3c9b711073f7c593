"""Does a search show what a person may see, however much of other corridors answers to the same word?"""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from gateway.ledger import Ledger
from gateway.web import search as searching
from gateway.web.search import SHOWN, search
from tests.unit.test_reports_board import NOW, add


def test_movements_of_other_corridors_take_no_place_of_those_that_a_person_may_see(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", now=NOW) as ledger:
        add(ledger, [(f"26TG{n:04d}", "wait", NOW) for n in range(12)], "tg-ml")
        add(ledger, [(f"26TG{n:04d}", "wait", NOW) for n in range(12, 15)], "tg-bf")
        with ledger.transaction() as transaction:
            transaction.note_sought([(f"26TG{n:04d}", what, f"26TG{n:04d}") for n in range(15)
                                     for what in ("mrn", "title")])
        with mock.patch.object(searching, "LINES", 4), ledger.reading() as queries:
            matches, more = search(queries, "26tg", lambda corridor: corridor == "tg-bf")
            assert ([(one.movement.mrn, one.what) for one in matches], more) == (
                [(f"26TG{n:04d}", ("mrn", "title")) for n in (14, 13, 12)], False)
            assert search(queries, "26tg", lambda corridor: False) == ([], False)
            with mock.patch.object(searching, "SLICES", 2):
                assert search(queries, "26tg", lambda corridor: corridor == "tg-bf") == ([], True)
        with mock.patch.object(searching, "SHOWN", 5), ledger.reading() as queries:
            matches, more = search(queries, "26tg", lambda corridor: True)
            assert ([one.movement.mrn for one in matches], more) == ([f"26TG{n:04d}" for n in range(14, 9, -1)], True)
    assert SHOWN == 50

"""Is what is done once for all runs of a process what each of them would have done?"""

from __future__ import annotations

from pathlib import Path
from unittest import mock

from sqlalchemy import Integer, column, select, table

from gateway.config import yaml
from gateway.ledger import sqlite
from tests.tools.done_once import documents_read_once, statements_compiled_once
from tests.tools.offices import ROOT


def test_a_file_of_the_checkout_is_read_once_and_one_that_a_test_writes_each_time(tmp_path: Path) -> None:
    shipped, written = ROOT / "mappings" / "corridors" / "tg-bf" / "corridor.yaml", tmp_path / "a.yaml"
    written.write_text("a: 1\n", "utf-8")
    read: list[Path] = []

    def honest(source: Path, name: str) -> yaml.Reading:
        read.append(source)
        return real(source, name)

    real = yaml.read_partly
    with mock.patch("gateway.config.yaml.read_partly", honest), documents_read_once():
        for path in (shipped, written):
            for name in ("x", "x", "y"):
                assert yaml.read_partly(path, name) == real(path, name)
    assert read == [shipped, shipped, written, written, written]
    assert yaml.read_partly is real


def test_two_ledgers_have_their_statements_compiled_once_and_each_its_own_rows(tmp_path: Path) -> None:
    question = select(table("a", column("number", Integer)))
    with statements_compiled_once():
        found = []
        for number, name in enumerate(("first", "second")):
            engine = sqlite.create_engine(f"sqlite:///{tmp_path / name}")  # type: ignore[attr-defined]
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE a (number INTEGER)")
                connection.exec_driver_sql("INSERT INTO a VALUES (?)", (number,))
                ran = connection.execute(question)
                found.append((ran.all(), ran.context.cache_hit.name))
            engine.dispose()
    assert found == [([(0,)], "CACHE_MISS"), ([(1,)], "CACHE_HIT")]

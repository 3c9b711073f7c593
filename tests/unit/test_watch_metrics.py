"""Do measurements say what stands, in the format of Prometheus, without a reference or a name in any label?"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event

from gateway.exchange.assembly import open_gateway
from gateway.exchange.watching import look
from gateway.reports.metrics import metrics
from gateway.texts import Language
from tests.tools.malice import later
from tests.tools.offices import Office, offices
from tests.tools.records import declaration_json, numbered_mrn

LABELS = {"partner": {"BFDGD", "TGOTR"}, "command": {"edi-send", "edi-receive", "edi-sync"},
          "direction": {"in", "out", "inbound", "outbound"}, "answer": {"receipt", "contrl", "cusres"},
          "use": {"authority", "signing", "encryption", "list"}}


@pytest.fixture
def togo(tmp_path: Path) -> Office:
    """Togo, which has sent a declaration that nobody answers, and holds a file that it could not believe."""
    office, _ = offices(tmp_path, valid=timedelta(days=800))
    office.drop("declarations", {"d.json": declaration_json("A", mrn=numbered_mrn(1))})
    (office.mailbox("BFDGD") / f"{'0' * 32}.p7m").write_bytes(b"no CMS")
    for program in ("edi-sync", "edi-sync"):
        office.run(program)
    return office


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every value: name and the labels' values in the order of their names -> value."""
    return {(sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def test_every_measurement_is_read_by_the_parser_of_prometheus_and_says_what_stands(togo: Office) -> None:
    before = datetime.now(UTC).timestamp()
    ran = togo.run("edi", "metrics")
    found = samples(ran.out)
    assert (ran.exit, ran.err) == (0, "")
    assert {key: found[key] for key in (
        ("edi_unanswered", "BFDGD"), ("edi_quarantined", "BFDGD"), ("edi_dead_letters", "BFDGD"),
        ("edi_partner_silent", "BFDGD"), ("edi_messages_waiting",), ("edi_link_sequence", "out", "BFDGD"),
        ("edi_link_halted", "in", "BFDGD"), ("edi_partner_unreachable_seconds", "inbound", "BFDGD"),
        ("edi_movements_overdue", "tg-bf"), ("edi_sight_faults",))} == {
        ("edi_unanswered", "BFDGD"): 1, ("edi_quarantined", "BFDGD"): 1, ("edi_dead_letters", "BFDGD"): 0,
        ("edi_partner_silent", "BFDGD"): 0, ("edi_messages_waiting",): 0, ("edi_link_sequence", "out", "BFDGD"): 1,
        ("edi_link_halted", "in", "BFDGD"): 0, ("edi_partner_unreachable_seconds", "inbound", "BFDGD"): 0,
        ("edi_movements_overdue", "tg-bf"): 0, ("edi_sight_faults",): 0}
    assert before - 60 < found["edi_run_last_end_timestamp_seconds", "edi-sync"] <= before + 60
    assert found["edi_certificate_end_timestamp_seconds", "TGOTR", "signing"] > before + 700 * 86400
    assert found["edi_disk_free_bytes",] > found["edi_disk_needed_bytes",]
    assert ("edi_messages_waiting_oldest_timestamp_seconds",) not in found  # nothing waits: there is no age


def test_a_late_answer_is_counted_once_its_grace_is_over(togo: Office) -> None:
    for hours, late in ((3, 0), (5, 1)):
        with open_gateway(togo.settings, moment := later(hours=hours)) as gateway:
            found = samples(metrics(look(gateway, moment), Language.ENGLISH).decode("utf-8"))
        assert found["edi_answers_late", "receipt", "BFDGD"] == late


def test_labels_are_gateways_corridors_and_words_of_closed_lists(togo: Office) -> None:
    found = [sample for family in text_string_to_metric_families(togo.run("edi", "metrics").out)
             for sample in family.samples]
    assert [(sample.name, label, value) for sample in found for label, value in sample.labels.items()
            if (label == "corridor" and not re.fullmatch("[a-z]{2}-[a-z]{2}", value))
            or (label != "corridor" and value not in LABELS[label])] == []


def test_the_file_is_replaced_as_a_whole_and_read_by_another_account(togo: Office, tmp_path: Path) -> None:
    file = tmp_path / "edi.prom"
    file.write_text("older")
    ran = togo.run("edi", "metrics", "--textfile", str(file))
    assert (ran.exit, ran.out, ran.err, file.stat().st_mode & 0o777) == (0, "", "", 0o644)
    assert samples(file.read_text("utf-8"))["edi_unanswered", "BFDGD"] == 1
    assert [path.name for path in tmp_path.iterdir() if "edi.prom" in path.name] == ["edi.prom"]
    assert togo.run("edi", "metrics", "--textfile", str(tmp_path / "none" / "edi.prom")).exit != 0


def test_every_measurement_is_explained_in_both_languages(togo: Office) -> None:
    with open_gateway(togo.settings, later()) as gateway:
        sight = look(gateway, gateway.now)
    for language in Language:
        text = metrics(sight, language).decode("utf-8")
        lines = re.findall(r"^# HELP (edi_\w+) (.+)$", text, re.MULTILINE)
        assert len(lines) == text.count("# TYPE") == 25
        assert [name for name, words in lines if words.startswith("metric.")] == []


def test_a_look_goes_through_no_table_but_those_that_stay_small(togo: Office) -> None:
    """Whatever is kept, a watch asks for what is open: from an index, or from a table of a few rows."""
    asked: list[tuple[str, Any]] = []
    with open_gateway(togo.settings, later()) as gateway:
        engine = gateway.ledger._reader
        event.listen(engine, "before_cursor_execute",
                     lambda _c, _k, statement, values, *_: asked.append((statement, values)))
        look(gateway, gateway.now)
        steps = set()
        with engine.connect() as connection:
            for statement, values in list(asked):
                if statement.startswith(("SELECT", "WITH")):
                    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                    steps |= {str(row[3]) for row in plan}
    large = "object|message|interchange|movement|event|history|incoming_note|source|content|delivery|declaration"
    scans = sorted(step for step in steps if re.match(rf"SCAN ({large})\b", step))
    assert [step for step in scans if "USING" not in step or "ix_incoming_note_kept" not in step] == []

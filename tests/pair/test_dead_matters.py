"""What may a person do about what nobody tries any more, and is it seen and told accordingly?"""

from __future__ import annotations

import re
import shlex

import pytest

from gateway.exchange.summary import Exit
from tests.pair.test_dead_letters import DEAD, objects, overdue, pair, silence, totals
from tests.tools.malice import at, codes, later
from tests.tools.offices import ROOT, Office
from tests.tools.outputs import checked

__all__ = ["pair"]

REF = "TG0000000001"
CLOSE = ("dead", "close", REF, "--reason", "said by telephone: sent on paper", "--by", "Awa Diallo")


def dead(office: Office, *words: str) -> list[tuple[str, bool]]:
    """References of what is dead, and whether it is closed."""
    return [(line["reference"], line["closed"] is not None) for line in checked(
        "dead", office.run("edi", "dead", "list", *words, "--json").out) if line["kind"] == "dead"]


@pytest.mark.parametrize("guide", ["en/operator.md", "fr/exploitation.md"])
def test_the_lines_of_the_guide_show_close_and_revive(pair: list[Office], guide: str) -> None:
    togo, burkina = pair
    silence(togo, burkina, 15)
    lines = re.findall(r"^edi (dead .*)$", (ROOT / "gateway" / "docs" / guide).read_text("utf-8"), re.MULTILINE)
    assert [line.split()[1] for line in lines] == ["list", "show", "close", "revive"]
    for line in lines:
        ran = togo.run("edi", *shlex.split(line), "--json")
        assert (ran.exit, ran.err) == (0, "")
        assert checked("dead", ran.out)
    assert at(togo, "edi-send", later(days=16)).exit == 0
    assert [state for _, state, _, _ in objects(togo)] == ["DISPATCHED"], "it goes up again"
    assert dead(togo) == []


def test_what_is_closed_is_told_no_more_stays_visible_and_is_settled_by_a_late_receipt(pair: list[Office]) -> None:
    togo, burkina = pair
    kept = {path.name: path.read_bytes() for path in burkina.mailbox("TGOTR").iterdir()}
    silence(togo, burkina, 15)
    assert dead(togo) == [(REF, False)]
    assert totals(togo)[1] == 1
    (said,) = checked("dead", togo.run("edi", *CLOSE, "--json").out)
    assert (said["kind"], said["new"], said["people"]) == ("closed", True, ["Awa Diallo"])
    (said,) = checked("dead", togo.run("edi", *CLOSE, "--json").out)
    assert said["new"] is False
    assert (dead(togo), dead(togo, "--all")) == ([], [(REF, True)])
    assert (totals(togo)[1], overdue(togo)) == (0, [])
    assert DEAD not in codes(at(togo, "edi-send", later(days=17)))
    shown = togo.run("edi", "dead", "show", REF)
    assert "Awa Diallo" in shown.out and "said by telephone: sent on paper" in shown.out
    for name, content in kept.items():
        (burkina.mailbox("TGOTR") / name).write_bytes(content)
    at(burkina, "edi-receive", later(days=17, minutes=5))
    at(togo, "edi-receive", later(days=17, minutes=10))
    assert (objects(togo)[-1][1], dead(togo, "--all")) == ("RECEIVED", [])


def test_what_a_partner_sent_and_nobody_could_judge_is_dead_too_and_judged_again_when_revived(
        pair: list[Office], monkeypatch: pytest.MonkeyPatch) -> None:
    _, burkina = pair

    def defect(*_: object) -> None:
        raise RuntimeError("ours")

    with monkeypatch.context() as broken:
        broken.setattr("gateway.exchange.reading_ahead.read_interchanges", defect)
        for _ in range(4):
            burkina.run("edi-receive")
    assert dead(burkina) == [(REF, False)]
    (said,) = checked("dead", burkina.run("edi", "dead", "revive", REF, "--by", "Issa Sow", "--json").out)
    assert (said["direction"], said["again"]) == ("in", True)
    assert burkina.run("edi-receive").exit == 0
    assert (dead(burkina, "--all"), len(burkina.movements())) == ([], 1)


@pytest.mark.parametrize(("words", "code"), [
    (("show", "TG0000000099"), "X175"), (("revive", "TG0000000099"), "X175"),
    (("close", REF, "--reason", " ", "--by", "Awa Diallo"), "C018"), (("close", REF, "--reason", "so"), "C012"),
    (("close", REF, "--reason", "so", "--by", "Awa Diallo"), "X175")])
def test_what_is_not_dead_or_not_answered_for_is_not_touched(pair: list[Office], words: tuple[str, ...],
                                                             code: str) -> None:
    ran = pair[0].run("edi", "dead", *words)
    assert (ran.exit, f"{code}: " in ran.err) == (Exit.PERSON, True), ran.err

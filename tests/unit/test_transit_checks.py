"""Does the receiver's arithmetic find each contradiction, at its item and segment, and nothing in a sound record?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from gateway.findings import Finding
from gateway.texts import Language, hint, known, say
from gateway.transit.checks import RULES, RuleFailure, check_declaration
from gateway.transit.declaration import ContainerOfItem, Declaration, Equipment, GoodsItem, Packages, Seal

SOUND = Declaration(
    mrn="26TGLPLT0000182338", released=datetime(2026, 3, 10, 10, 15, tzinfo=UTC), time_limit=date(2026, 3, 20),
    equipment=(Equipment(kind="container", number="MSKU1234565"),),
    seals=(Seal(equipment=1, number=1, identity="TGCUS0012345678"),),
    total_packages=800, total_gross_mass=Decimal("26500.000"),
    items=(GoodsItem(number=1, gross_mass=Decimal(12500), net_mass=Decimal(12500), packages=(Packages(count=480),),
                     containers=(ContainerOfItem(number="MSKU1234565"),)),
           GoodsItem(number=2, gross_mass=Decimal(14000), packages=(Packages(count=320), Packages(count=0)))))


def test_a_sound_record_breaks_no_rule() -> None:
    assert check_declaration(SOUND) == []
    assert check_declaration(Declaration()) == []


@pytest.mark.parametrize(("changed", "failure"), [
    (replace(SOUND, mrn="26TGLPLT0000182339"),
     RuleFailure("COR0111", "mrn", None, "BGM", {"mrn": "26TGLPLT0000182339"})),
    (replace(SOUND, time_limit=date(2026, 3, 9)),
     RuleFailure("COR0204", "time_limit", None, "DTM", {"limit": "2026-03-09",
                                                        "released": "2026-03-10T10:15:00+00:00"})),
    (replace(SOUND, time_limit=datetime(2026, 3, 10, 10, 14, tzinfo=UTC)),
     RuleFailure("COR0204", "time_limit", None, "DTM", {"limit": "2026-03-10T10:14:00+00:00",
                                                        "released": "2026-03-10T10:15:00+00:00"})),
    (replace(SOUND, seals=(Seal(equipment=2, number=1, identity="S"),)),
     RuleFailure("COR0311", "seals[1].equipment", None, "SEL", {"seal": "S", "equipment": "2", "count": "1"})),
    (replace(SOUND, equipment=(Equipment(kind="container", number="OTHER"),)),
     RuleFailure("COR0312", "items[1].containers[1].number", 1, "RFF", {"item": "1", "container": "MSKU1234565"})),
    (replace(SOUND, total_packages=801),
     RuleFailure("COR0411", "total_packages", None, "CNT", {"total": "801", "sum": "800"})),
    (replace(SOUND, items=(replace(SOUND.items[0], net_mass=Decimal("12500.001")), SOUND.items[1])),
     RuleFailure("COR0412", "items[1].net_mass", 1, "MEA", {"item": "1", "net": "12500.001", "gross": "12500"})),
    (replace(SOUND, total_gross_mass=Decimal("26500.5")),
     RuleFailure("COR0413", "total_gross_mass", None, "MEA", {"total": "26500.5", "sum": "26500"})),
    (replace(SOUND, items=(SOUND.items[0], replace(SOUND.items[1], number=1))),
     RuleFailure("COR0414", "items[2].number", 1, "CST", {"item": "1"}))])
def test_each_contradiction_is_one_failure(changed: Declaration, failure: RuleFailure) -> None:
    assert check_declaration(changed) == [failure]


def test_the_sum_of_gross_masses_is_judged_only_where_every_item_has_one() -> None:
    items = (SOUND.items[0], replace(SOUND.items[1], gross_mass=None))
    assert check_declaration(replace(SOUND, items=items)) == []


def test_a_time_limit_given_as_a_day_ends_at_the_office_of_destination() -> None:
    late = replace(SOUND, released=datetime(2026, 3, 20, 23, 30, tzinfo=UTC))
    assert check_declaration(late) == []
    assert [failure.rule for failure in check_declaration(late, zone=ZoneInfo("Africa/Niamey"))] == ["COR0204"]


def test_failures_come_in_the_order_of_the_rules_and_all_at_once() -> None:
    worst = replace(SOUND, mrn="X", total_packages=1, total_gross_mass=Decimal(1), seals=(
        Seal(equipment=0, number=1, identity="S"),))
    assert [failure.rule for failure in check_declaration(worst)] == ["COR0111", "COR0311", "COR0411", "COR0413"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("language", Language)
def test_each_rule_has_its_sentence_and_hint_in_both_languages(rule: str, language: Language) -> None:
    assert known(rule, language)
    assert hint(Finding(code=rule), language)


def test_the_sentence_names_the_figures() -> None:
    failure = check_declaration(replace(SOUND, total_packages=801))[0]
    assert say(failure.rule, Language.FRENCH, **failure.values) == (
        "total des colis 801 différent de la somme 800 des articles")

"""Do templates take a text apart and put it together again, and say when they cannot?"""

from __future__ import annotations

import pytest

from gateway.mapping.dialect_formats import Misfit
from gateway.mapping.dialect_text import Template

ADDRESS = "{name:line}[\n{street:line}[\n{city:line}[ {country:letters 2}]]]"


@pytest.mark.parametrize(("form", "text", "parts"), [
    (ADDRESS, "GUANGZHOU EXAMPLE TRADING\nTIANHE RD 8\nGUANGZHOU CN",
     {"name": "GUANGZHOU EXAMPLE TRADING", "street": "TIANHE RD 8", "city": "GUANGZHOU", "country": "CN"}),
    (ADDRESS, "SOCIETE\nROUTE\nNIAMEY", {"name": "SOCIETE", "street": "ROUTE", "city": "NIAMEY"}),
    (ADDRESS, "SOCIETE", {"name": "SOCIETE"}), ("{a}[/{b}]", "TG 1/TG 2", {"a": "TG 1", "b": "TG 2"}),
    ("{year:4}/{office}/{number}", "2026/TGLPL/0451", {"year": "2026", "office": "TGLPL", "number": "0451"}),
    ("{name} {number:word}", "CHAMBRE DE COMMERCE TRIE-1", {"name": "CHAMBRE DE COMMERCE", "number": "TRIE-1"}),
    ("{code:up 8}[{rest:rest}]", "8517130000", {"code": "85171300", "rest": "00"}),
    ("{code:up 8}[{rest:rest}]", "851713", {"code": "851713"}), ("{{{x}}}", "{7}", {"x": "7"})])
def test_a_text_comes_apart_and_together_again(form: str, text: str, parts: dict[str, str]) -> None:
    template = Template(form)
    assert template.read(text) == parts
    assert template.write(parts) == text


@pytest.mark.parametrize(("form", "parts"), [
    ("{name} {number:word}", {"name": "A", "number": "B C"}), ("{a}[/{b}]", {"a": "x/y"}), (ADDRESS, {"street": "x"}),
    (ADDRESS, {"name": "A", "city": "B"}), (ADDRESS, {"name": "A", "street": "B", "city": "C DE"}),
    ("{a}", {"a": "x "})])
def test_parts_that_would_come_back_otherwise_are_refused(form: str, parts: dict[str, str]) -> None:
    with pytest.raises(Misfit):
        Template(form).write(parts)


def test_a_text_of_another_form_gives_nothing() -> None:
    assert Template("{year:4}/{office}").read("26/TGLPL") is None
    assert Template("{a} {b}").read("x" * 20_000) is None


@pytest.mark.parametrize(("form", "at"), [("{a", "1"), ("a}", "2"), ("{a}[b", "5"), ("{a}]", "4"), ("{a}{a}", "4"),
                                          ("x", "1"), ("{a:foo}", "1"), ("{a:up}", "1")])
def test_a_template_that_cannot_be_understood_says_where(form: str, at: str) -> None:
    with pytest.raises(Misfit) as caught:
        Template(form)
    assert (caught.value.code, caught.value.values["at"]) == ("D010", at)


def test_a_line_end_may_have_blanks_and_tabs_around_it_and_is_written_bare() -> None:
    template = Template("{name:line}[\n{street:line}]")
    assert template.read("A B \r\n\t C\tD") == {"name": "A B", "street": "C\tD"}
    assert template.write({"name": "A B", "street": "C\tD"}) == "A B\nC\tD"
    with pytest.raises(Misfit):
        template.write({"name": "A", "street": "\tC"})

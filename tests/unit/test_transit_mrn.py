"""Does the MRN have the form of the profile, and does its digit catch what people mistype?"""

from __future__ import annotations

import pytest

from gateway.transit.mrn import MrnParts, check_digit, is_mrn, make_mrn, read_mrn


def test_the_samples_of_the_profile_are_right_and_are_made_again() -> None:
    assert make_mrn(2026, "TGLPL", "T", 18233) == "26TGLPLT0000182338"
    assert make_mrn(2026, "TGLPL", "T", 18240) == "26TGLPLT0000182402"
    assert read_mrn("26TGLPLT0000182338") == MrnParts(2026, "TGLPL", "T", 18233)


@pytest.mark.parametrize("number", ["CSQU305438", "MSKU123456", "TGHU765431", "CAIU234567"])
def test_the_digit_is_that_of_containers(number: str) -> None:
    known = {"CSQU305438": "3", "MSKU123456": "5", "TGHU765431": "4", "CAIU234567": "8"}
    assert check_digit(number) == known[number]


def test_a_wrong_digit_and_most_neighbours_exchanged_are_caught() -> None:
    mrn = "26TGLPLT0000182338"
    changed = [mrn[:position] + replacement + mrn[position + 1:] for position in range(8, 18)
               for replacement in "0123456789" if replacement != mrn[position]]
    assert sum(is_mrn(one) for one in changed) <= len(changed) // 20
    assert not is_mrn("26TGLPLT0000183238")


@pytest.mark.parametrize("text", ["", "26TGLPLT000018233", "26TGLPLT00001823388", "26tglplt0000182338",
                                  "26TGLPL00000182338", "2BTGLPLT0000182338", "26TGLPLT0000182338 "])
def test_another_form_is_no_mrn(text: str) -> None:
    assert read_mrn(text) is None


def test_every_number_of_a_register_has_its_own_mrn() -> None:
    made = {make_mrn(2026, "TGLPL", serial, number) for serial in "CT" for number in range(1, 2000)}
    assert len(made) == 2 * 1999
    assert all(is_mrn(one) for one in made)


@pytest.mark.parametrize(("year", "office", "serial", "number"), [
    (1999, "TGLPL", "T", 1), (2100, "TGLPL", "T", 1), (2026, "TGLP", "T", 1), (2026, "tglpl", "T", 1),
    (2026, "TGLPL", "TT", 1), (2026, "TGLPL", "7", 1), (2026, "TGLPL", "T", 0), (2026, "TGLPL", "T", 10 ** 9)])
def test_what_cannot_be_an_mrn_is_a_mistake_of_ours(year: int, office: str, serial: str, number: int) -> None:
    with pytest.raises(ValueError, match="no MRN"):
        make_mrn(year, office, serial, number)

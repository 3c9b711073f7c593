"""Does each sample of the profile give exactly this record, and that record exactly this message?"""

from __future__ import annotations

import copy

import pytest

from gateway.edifact import check_message
from gateway.mapping import Corridors, load_corridors, load_mapping, peek
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.terms import from_tree, to_tree
from tests.golden.profile import expected
from tests.golden.profile.samples import DECLARATIONS, EVENTS, MAPPINGS, message, wire

WORDS = {
    "cusres_accept": ["ACCEPTED"], "cusres_arrival_control": ["ARRIVED", "CONTROL"], "cusres_cross_out": ["CROSS-OUT"],
    "cusres_crossing": ["CROSS-IN"], "cusres_diff_closed": ["DIFF-CLOSED"], "cusres_discharge_final": ["DISCHARGED"],
    "cusres_diverted": ["DIVERTED"], "cusres_downtime": ["DOWNTIME"], "cusres_enquiry": ["ENQUIRY"],
    "cusres_enquiry_answer": ["ENQ-ANSWER"], "cusres_incident": ["INCIDENT"], "cusres_ledger": ["LEDGER"],
    "cusres_not_released": ["NOT-RELEASED"], "cusres_part_discharge": ["PART-DISCHARGED"],
    "cusres_recovery": ["RECOVERY"], "cusres_reject": ["REJECTED"], "cusres_state_answer": ["STATE-ANSWER"],
    "cusres_state_query": ["STATE-QUERY"],
}
NAMES = ["ci-bf", "ci-ml", "gn-ml", "sn-ml", "tg-bf", "tg-ml", "tg-ne"]
FUNCTIONS = {"cusdec_amend": "replacement", "cusdec_cancel": "cancellation", "cusdec_copy": "copy",
             "cusdec_request": "request", "cusdec_transit_hard": "original", "cusdec_transit_original": "original"}


@pytest.fixture(scope="module")
def corridors() -> Corridors:
    return load_corridors([MAPPINGS])


def test_no_corridor_and_no_layout_has_a_fault(corridors: Corridors) -> None:
    assert corridors.faults == {}
    assert [corridor.identifier for corridor in corridors.all] == NAMES


@pytest.mark.parametrize("corridor", NAMES)
@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_declaration_comes_back_segment_for_segment(corridors: Corridors, corridor: str, name: str) -> None:
    records = corridors.named(corridor).read(message(name))
    assert [record["function"] for record in records] == [FUNCTIONS[name]]
    assert corridors.named(corridor).cusdec.to_message(records[0]) == wire(name)
    assert to_tree(from_tree(Declaration, records[0])) == records[0]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_comes_back_segment_for_segment(corridors: Corridors, name: str) -> None:
    corridor = corridors.named("tg-ne")
    events = corridor.read(message(name))
    assert [event["word"] for event in events] == WORDS[name]
    assert corridor.write(events) == wire(name)
    assert [to_tree(from_tree(Event, event)) for event in events] == events


@pytest.mark.parametrize("name", [*DECLARATIONS, *EVENTS])
def test_every_sample_keeps_to_the_directory(name: str) -> None:
    assert check_message(message(name)) == []


def test_the_hard_declaration_gives_this_record(corridors: Corridors) -> None:
    assert corridors.named("tg-ml").read(message("cusdec_transit_hard")) == [expected.TRANSIT_HARD]


def test_the_first_declaration_gives_this_record(corridors: Corridors) -> None:
    assert corridors.named("tg-ne").read(message("cusdec_transit_original")) == [expected.TRANSIT_ORIGINAL]


def test_arrival_and_control_in_one_message_give_these_two_events(corridors: Corridors) -> None:
    assert corridors.named("tg-ne").read(message("cusres_arrival_control")) == expected.ARRIVAL_CONTROL


def test_a_rejection_gives_this_event(corridors: Corridors) -> None:
    assert corridors.named("tg-ne").read(message("cusres_reject")) == expected.REJECT


def test_exactly_one_layout_accepts_each_event() -> None:
    layouts = {path.stem: load_mapping(f"base/cusres-d96b/{path.stem}", [MAPPINGS])
               for path in (MAPPINGS / "base" / "cusres-d96b").glob("*.yaml") if path.stem != "common"}
    accepted = {name: [layout for layout, mapping in layouts.items() if mapping.accepts(message(name))]
                for name in EVENTS}
    assert {name: len(found) for name, found in accepted.items()} == dict.fromkeys(EVENTS, 1)


def test_a_glance_at_a_declaration_names_mrn_function_and_the_two_offices() -> None:
    glance = peek(message("cusdec_transit_hard"))
    assert (glance.mrn, glance.function, glance.departure, glance.destination) == \
        ("26TGLPLT0000182402", "original", "TGLPL", "MLBKO")


@pytest.mark.parametrize("name", EVENTS)
def test_a_glance_at_an_event_names_its_movement_and_its_reference(corridors: Corridors, name: str) -> None:
    event = corridors.named("tg-bf").read(message(name))[0]
    glance = peek(message(name))
    seen = event["reference"] if event["word"] != "LEDGER" else None  # that one has none of its own place
    assert (glance.mrn, glance.reference) == (event.get("mrn"), seen)


def test_the_trace_leads_every_value_to_its_line_and_its_place_in_the_record(corridors: Corridors) -> None:
    mapping = corridors.named("tg-ml").cusdec
    traced = {(one.segment, one.tag, one.element, one.component): one for one in mapping.trace(expected.TRANSIT_HARD)}
    segments = message("cusdec_transit_hard").segments
    assert all(one.value in segments[place[0] - 1].component(place[2], place[3]) for place, one in traced.items())
    gross = traced[62, "MEA", 3, 2]
    assert (gross.value, gross.path, gross.mapping_file) == ("21000.25", "items[2].gross_mass", "base/cusdec-d96b.yaml")
    line = (MAPPINGS / gross.mapping_file).read_text("utf-8").split("\n")[gross.mapping_line - 1]
    assert "MEA+WT+AAE" in line
    cut = [one.value for one in traced.values() if one.path == "principal.name"]
    assert "".join(cut) == expected.TRANSIT_HARD["principal"]["name"]


def test_the_sample_record_breaks_no_rule_and_a_poor_one_breaks_several(corridors: Corridors) -> None:
    mapping = corridors.named("tg-ml").cusdec
    assert mapping.requirements(expected.TRANSIT_HARD) == []
    record = copy.deepcopy(expected.TRANSIT_HARD)
    del record["seals"], record["guarantee"], record["items"][1]["gross_mass"]
    failures = [(one.rule, one.path, one.item, one.segment) for one in mapping.requirements(record)]
    assert failures == [("COR0214", "items[2].gross_mass", 2, "MEA"), ("COR0232", "guarantee.references", None, "RFF"),
                        ("COR0233", "reason", None, "FTX")]
    assert mapping.requirements({"function": "cancellation"})[0].fr == "motif absent"

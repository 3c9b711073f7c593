"""The segments of a message to a record, with the same checks and the same trace."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.edifact import Message
from gateway.mapping import Mapping as MessageMapping
from gateway.mapping import Traced
from tests.bench.by_hand.reading_members import ReadingMembers
from tests.bench.by_hand.texts import an, moment, shape, whole, within
from tests.bench.by_hand.values import MOMENTS, PARTIES, Line, Node, Refused


class ReadByHand:
    """Reads the messages that `tests.bench.mapping_by_hand.ByHand` writes."""

    def __init__(self, mapping: MessageMapping) -> None:
        plan = mapping.plans["original"]
        self._lines: dict[str, Line] = {line.label: (line.origin.file, line.origin.line) for line in plan.walk()}
        self._words: dict[str, Mapping[str, str]] = {
            table: {code: word for word, code in mapping.tables.words(table).items()}
            for table in mapping.tables.names()}

    def read(self, message: Message) -> tuple[Node, list[Traced]]:
        """The record of a message, and where each value goes. Raises Refused, IndexError or ValueError."""
        return _Reading(message, self._lines, self._words).read()


class _Reading(ReadingMembers):
    """One message, from top to bottom."""

    def read(self) -> tuple[Node, list[Traced]]:
        """The whole message."""
        self.head()
        office = self.office_of
        country = self.country_of
        self.run("LOC", {
            "118": lambda q: office("departure", "office_of_departure"),
            "42": lambda q: office("exit", "office_of_exit"),
            "45": lambda q: office("destination", "office_of_destination"), "50": self.via, "119": self.bond_office,
            "35": lambda q: country("dispatch", "country_of_dispatch"),
            "36": lambda q: country("arrival", "country_of_destination"),
            "49": lambda q: self.countries("crossed", self.record, "countries_of_transit", 9, ""),
            "9": self.loading, "14": self.goods,
            "86": lambda q: self.countries("valid", self.guarantee(), "valid_in", 20, "guarantee."),
            "51": lambda q: self.countries("not_valid", self.guarantee(), "not_valid_in", 40, "guarantee.")})
        self.run("DTM", {**{qualifier: self.moment for qualifier, _, _ in MOMENTS}, "137": self.prepared})
        while self.tag == "GIS":
            self.indicator()
        while self.tag == "MEA":
            self.once("MEA")
            self.mass("AAD", "gross", self.record, "total_gross_mass", "")
        while self.tag == "EQD":
            self.equipment()
        while self.tag == "SEL":
            self.seal()
        while self.tag == "FTX":
            self.text()
        self.references()
        while self.tag == "TDT":
            self.vehicle()
        self.documents(self.record, 10, "documents", "document", "document_date")
        parties = dict(PARTIES)
        while self.tag == "NAD":
            self.once(f"NAD{self.e[0][0]}")
            term = parties.get(self.e[0][0], "")
            self.party(term, self.record, term, "")
        while self.tag == "MOA":
            if self.e[0][0] == "43":
                self.once("MOA43")
                self.amount("value", self.record, "customs_value", "customs_value_currency", "")
            elif self.e[0][0] == "166":
                self.once("MOA166")
                self.amount("bond_amount", self.guarantee(), "amount", "currency", "guarantee.")
            else:
                raise Refused("MOA")
        self.separator("D")
        items: list[Node] = []
        while self.tag == "CST":
            items.append(self.item(f"items[{len(items) + 1}]"))
        if len(items) > 9999:
            raise Refused("items")
        if items:
            self.record["items"] = items
        self.separator("S")
        self.summary(len(items))
        for name in ("type", "weight"):  # both stand in two places
            if (f"{name}1" in self.seen) != (f"{name}2" in self.seen):
                raise Refused(name)
        if self.tag:
            raise Refused(self.tag)
        return self.record, self.trace

    def head(self) -> None:
        """BGM and CST."""
        record, e, place = self.record, self.e, self.lines["head"]
        if self.tag != "BGM":
            raise Refused("BGM")
        shape(e, 3, 3)
        name = e[0]
        if any(name):
            within(name, 4, 4)
            if name[0] != "950" or any(name[1:3]):
                raise Refused("BGM")
            record["transit_type"] = an(name[3], 18)
            self.seen.add("type1")
            self.note(1, 4, name[3], place, "transit_type")
        number = e[1]
        count = within(number, 1, 2)
        record["mrn"] = an(number[0], 18)
        self.note(2, 1, number[0], place, "mrn")
        if count > 1 and number[1]:
            record["amendment"] = whole(number[1], 9)
            self.note(2, 2, number[1], place, "amendment")
        within(e[2], 1, 1)
        record["function"] = self.code("function", e[2][0])
        if record["function"] != "original":
            raise Refused("function")
        self.note(3, 1, e[2][0], place, "function")
        self.next()
        if self.tag == "CST":
            self.regime()

    def regime(self) -> None:
        """The regime: CST before UNS."""
        record, e, place = self.record, self.e, self.lines["regime"]
        shape(e, 2, 3)
        if e[0] not in ((), ("",)) or not (any(e[1]) or (len(e) > 2 and any(e[2]))):
            raise Refused("CST")
        if any(e[1]):
            kind = self.qualified(e[1], "149")
            if record.setdefault("transit_type", kind) != kind:
                raise Refused("transit_type")
            self.seen.add("type2")
            self.note(2, 1, kind, place, "transit_type")
        if len(e) > 2 and any(e[2]):
            record["procedure"] = self.qualified(e[2], "117")
            self.note(3, 1, e[2][0], place, "procedure")
        self.next()

    def office_of(self, label: str, term: str) -> None:
        self.once(term)
        shape(self.e, 2, 2)
        self.record[term] = self.office(label, term)
        self.next()

    def bond_office(self, _: str) -> None:
        self.once("bond_office")
        shape(self.e, 2, 2)
        self.guarantee()["office"] = self.office("bond_office", "guarantee.office")
        self.next()

    def via(self, _: str) -> None:
        offices = self.record.setdefault("offices_of_transit", [])
        if len(offices) == 9:
            raise Refused("offices_of_transit")
        path = f"offices_of_transit[{len(offices) + 1}]"
        shape(self.e, 3, 3)
        office = self.office("via", path)
        within(self.e[2], 1, 1)
        office["order"] = whole(self.e[2][0], 2)
        self.note(3, 1, self.e[2][0], self.lines["via"], f"{path}.order")
        offices.append(office)
        self.next()

    def country_of(self, label: str, term: str) -> None:
        self.once(term)
        self.record[term] = self.country(label, term)

    def loading(self, _: str) -> None:
        self.once("loading")
        shape(self.e, 2, 2)
        within(self.e[0], 1, 1)
        components = self.e[1]
        within(components, 3, 3)
        if components[1] or components[2] != "6":
            raise Refused("place_of_loading")
        self.record["place_of_loading"] = {"code": an(components[0], 17)}
        self.note(2, 1, components[0], self.lines["loading"], "place_of_loading.code")
        self.next()

    def goods(self, _: str) -> None:
        self.once("goods")
        shape(self.e, 2, 2)
        within(self.e[0], 1, 1)
        within(self.e[1], 1, 1)
        self.record["location_of_goods"] = an(self.e[1][0], 25)
        self.note(2, 1, self.e[1][0], self.lines["goods"], "location_of_goods")
        self.next()

    def moment(self, qualifier: str) -> None:
        label, term = next((label, term) for one, label, term in MOMENTS if one == qualifier)
        self.once(term)
        shape(self.e, 1, 1)
        within(self.e[0], 3, 3)
        self.record[term] = moment(self.e[0])
        self.note(1, 2, self.e[0][1], self.lines[label], term)
        self.next()

    def prepared(self, _: str) -> None:
        self.once("prepared")
        self.record["prepared"] = self.stamp("prepared", "prepared", "137")

    def indicator(self) -> None:
        shape(self.e, 1, 1)
        components = self.e[0]
        within(components, 3, 3)
        if components[2] != "ZZZ":
            raise Refused("GIS")
        if components[1] == "109" and components[0] in ("CTR", "BRT"):
            term = "containerised" if components[0] == "CTR" else "binding_itinerary"
            self.once(term)
            self.record[term] = True
        elif components[1] == "125":
            self.once("guarantee.type")
            self.guarantee()["type"] = self.code("guarantee_type", components[0])
            self.note(1, 1, components[0], self.lines["bond_type"], "guarantee.type")
        elif components[1] == "70":
            self.once("control_result")
            self.record["control_result"] = an(components[0], 3)
            self.note(1, 1, components[0], self.lines["control"], "control_result")
        else:
            raise Refused("GIS")
        self.next()

    def text(self) -> None:
        label, term = {"RQR": ("route", "itinerary"), "ACD": ("reason", "reason")}[self.e[0][0]]
        if sum(name == term for name in self.texts) == 9:
            raise Refused(term)
        self.texts.append(term)
        self.long((self.e[0], (), ()), 4, 5, 70, self.record, term, label, term)

    def references(self) -> None:
        record = self.record
        while self.tag == "RFF":
            shape(self.e, 1, 1)
            components = self.e[0]
            within(components, 2, 2)
            qualifier = components[0]
            if qualifier == "ABE":
                self.reference("local", "local_reference")
            elif qualifier == "ABT":
                self.reference("national", "national_reference")
                if self.tag == "DTM":
                    record["national_reference_date"] = self.dated("national_date", "national_reference_date", "148")
            elif qualifier == "UCN":
                self.reference("ucr", "unique_consignment_reference")
            elif qualifier == "AFB":
                self.numbered("manifest", "137", "manifest_date", record.setdefault("manifests", []), 30, "manifests")
            elif qualifier == "AAS":
                self.numbered("transport", "137", "transport_date", record.setdefault("transport_documents", []), 30,
                              "transport_documents")
            elif qualifier == "ABK":
                self.numbered("bond", "258", "bond_date", self.guarantee().setdefault("references", []), 30,
                              "guarantee.references")
            else:
                raise Refused("RFF")

    def reference(self, label: str, term: str) -> None:
        self.once(term)
        self.record[term] = an(self.e[0][1], 35)
        self.note(1, 2, self.e[0][1], self.lines[label], term)
        self.next()

    def vehicle(self) -> None:
        e = self.e
        label, term = {"12": ("leaving", "vehicle_at_departure"), "11": ("crossing", "vehicle_at_border")}[e[0][0]]
        self.once(term)
        place = self.lines[label]
        shape(e, 1, 8)
        within(e[0], 1, 1)
        if any(text for number in (1, 4, 5, 6) for element in e[number:number + 1] for text in element):
            raise Refused(term)
        found: Node = {}
        for number, name, most in ((2, "mode", 3), (3, "kind", 8)):
            if len(e) > number and any(e[number]):
                within(e[number], 1, 1)
                found[name] = an(e[number][0], most)
                self.note(number + 1, 1, e[number][0], place, f"{term}.{name}")
        if len(e) > 7 and any(e[7]):
            count = within(e[7], 4, 5)
            if any(e[7][:3]):
                raise Refused(term)
            if e[7][3]:
                found["identity"] = an(e[7][3], 35)
                self.note(8, 4, e[7][3], place, f"{term}.identity")
            if count > 4 and e[7][4]:
                found["nationality"] = an(e[7][4], 2, 2)
                self.note(8, 5, e[7][4], place, f"{term}.nationality")
        if not found:
            raise Refused(term)
        self.record[term] = found
        self.next()

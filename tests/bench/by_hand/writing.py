"""A record to the segments of its message, from top to bottom."""

from __future__ import annotations

from gateway.mapping import Traced
from tests.bench.by_hand.values import (
    MOMENTS,
    PARTIES,
    Node,
    Refused,
    an,
    code,
    day,
    decimal,
    make_traced,
    minute,
    whole,
)
from tests.bench.by_hand.writing_parts import WritingParts


class ByHand(WritingParts):
    """Writes records, with the codes of the corridor and the lines that a trace names."""

    def write(self, record: Node) -> tuple[list[str], list[Traced]]:
        """The segments of a record and where each value comes from. Raises Refused."""
        self._check(record)
        out: list[str] = []
        trace: list[Traced] = []
        self._write_head(record, out, trace)
        self._write_references(record, out, trace)
        self._write_parties(record, out, trace)
        out.append("UNS+D")
        for ordinal, item in enumerate(record.get("items", ()), 1):
            self._write_item(item, f"items[{ordinal}]", out, trace)
        self._write_summary(record, out, trace)
        return out, trace

    def _write_head(self, record: Node, out: list[str], trace: list[Traced]) -> None:
        lines, note = self._lines, trace.append
        kind, procedure, amendment = record.get("transit_type"), record.get("procedure"), record.get("amendment")
        mrn = an(record.get("mrn"), 18, "mrn")
        file, line = lines["head"]
        head = "BGM+"
        if kind is not None:
            head += f"950:::{an(kind, 18, 'transit_type')}"
            note(make_traced((2, "BGM", 1, 4, kind, file, line, "transit_type")))
        head += f"+{mrn}"
        note(make_traced((2, "BGM", 2, 1, record["mrn"], file, line, "mrn")))
        if amendment is not None:
            text = whole(amendment, 10 ** 9, "amendment")
            head += f":{text}"
            note(make_traced((2, "BGM", 2, 2, text, file, line, "amendment")))
        function = self._words["function"]["original"]
        note(make_traced((2, "BGM", 3, 1, function, file, line, "function")))
        out.append(f"{head}+{function}")
        if kind is not None or procedure is not None:
            file, line = lines["regime"]
            regime = "CST+"
            if kind is not None:
                regime += f"+{an(kind, 18, 'transit_type')}:149:ZZZ"
                note(make_traced((3, "CST", 2, 1, kind, file, line, "transit_type")))
            else:
                regime += "+"
            if procedure is not None:
                regime += f"+{an(procedure, 18, 'procedure')}:117:ZZZ"
                note(make_traced((3, "CST", 3, 1, procedure, file, line, "procedure")))
            out.append(regime)
        self._write_places(record, out, trace)
        for qualifier, label, term in MOMENTS:
            value = record.get(term)
            if value is not None:
                text = minute(value, term) if hasattr(value, "hour") else day(value, term)
                out.append(f"DTM+{qualifier}:{text}:{'203' if len(text) == 12 else '102'}")
                note(make_traced((len(out) + 1, "DTM", 1, 2, text, *lines[label], term)))
        value = record.get("prepared")
        if value is not None:
            text = minute(value, "prepared")
            out.append(f"DTM+137:{text}:203")
            note(make_traced((len(out) + 1, "DTM", 1, 2, text, *lines["prepared"], "prepared")))
        for term, word in (("containerised", "CTR"), ("binding_itinerary", "BRT")):
            flag = record.get(term)
            if flag is True:
                out.append(f"GIS+{word}:109:ZZZ")
            elif flag is not None and flag is not False:
                raise Refused(term)
        kind = record.get("guarantee", {}).get("type")
        if kind is not None:
            text = code(kind, self._words["guarantee_type"], "guarantee.type")
            out.append(f"GIS+{text}:125:ZZZ")
            note(make_traced((len(out) + 1, "GIS", 1, 1, text, *lines["bond_type"], "guarantee.type")))
        result = record.get("control_result")
        if result is not None:
            out.append(f"GIS+{an(result, 3, 'control_result')}:70:ZZZ")
            note(make_traced((len(out) + 1, "GIS", 1, 1, result, *lines["control"], "control_result")))
        gross = record.get("total_gross_mass")
        if gross is not None:
            text = decimal(gross, 6, "total_gross_mass")
            out.append(f"MEA+WT+AAD+KGM:{text}")
            note(make_traced((len(out) + 1, "MEA", 3, 2, text, *lines["gross"], "total_gross_mass")))
        self._write_equipment(record, out, trace)
        for qualifier, label, term in (("RQR", "route", "itinerary"), ("ACD", "reason", "reason")):
            if record.get(term) is not None:
                self._write_text(f"FTX+{qualifier}+++", "FTX", 4, record[term], 5, 70, self._lines[label], term, out,
                                 trace)

    def _write_places(self, record: Node, out: list[str], trace: list[Traced]) -> None:
        for qualifier, label, term in (("118", "departure", "office_of_departure"), ("42", "exit", "office_of_exit")):
            if record.get(term):
                self._write_office(qualifier, record[term], label, term, out, trace)
        offices = record.get("offices_of_transit", ())
        if len(offices) > 9:
            raise Refused("offices_of_transit")
        for ordinal, office in enumerate(offices, 1):
            path = f"offices_of_transit[{ordinal}]"
            self._write_office("50", office, "via", path, out, trace)
            text = whole(office.get("order"), 100, path)
            out[-1] += f"+{text}"
            trace.append(make_traced((len(out) + 1, "LOC", 3, 1, text, *self._lines["via"], f"{path}.order")))
        if record.get("office_of_destination"):
            self._write_office("45", record["office_of_destination"], "destination", "office_of_destination", out,
                               trace)
        for qualifier, label, term in (("35", "dispatch", "country_of_dispatch"),
                                       ("36", "arrival", "country_of_destination")):
            if record.get(term) is not None:
                self._write_country(f"LOC+{qualifier}+", record[term], ":162:5", label, term, out, trace)
        self._write_countries("49", record, "countries_of_transit", "crossed", 9, "", out, trace)
        if record.get("place_of_loading"):
            self._write_country("LOC+9+", record["place_of_loading"].get("code"), "::6", "loading",
                                "place_of_loading.code", out, trace, 17, 1)
        if record.get("location_of_goods") is not None:
            self._write_country("LOC+14+", record["location_of_goods"], "", "goods", "location_of_goods", out, trace,
                                25, 1)
        guarantee = record.get("guarantee", {})
        if guarantee.get("office"):
            self._write_office("119", guarantee["office"], "bond_office", "guarantee.office", out, trace)
        self._write_countries("86", guarantee, "valid_in", "valid", 20, "guarantee.", out, trace)
        self._write_countries("51", guarantee, "not_valid_in", "not_valid", 40, "guarantee.", out, trace)

    def _write_equipment(self, record: Node, out: list[str], trace: list[Traced]) -> None:
        note, words = trace.append, self._words
        boxes, seals = record.get("equipment", ()), record.get("seals", ())
        if len(boxes) > 999 or len(seals) > 999:
            raise Refused("equipment")
        file, line = self._lines["box"]
        for ordinal, box in enumerate(boxes, 1):
            path = f"equipment[{ordinal}]"
            number = len(out) + 2
            kind = code(box.get("kind"), words["equipment"], path)
            text = f"EQD+{kind}+{an(box.get('number'), 17, path)}"
            note(make_traced((number, "EQD", 1, 1, kind, file, line, f"{path}.kind")))
            note(make_traced((number, "EQD", 2, 1, box["number"], file, line, f"{path}.number")))
            size, filling = box.get("size"), box.get("filling")
            if size is not None:
                size = code(size, words["container_size"], path)
                text += f"+{size}:102:5"
                note(make_traced((number, "EQD", 3, 1, size, file, line, f"{path}.size")))
            if filling is not None:
                filling = code(filling, words["filling"], path)
                text += f"+++{filling}" if size is not None else f"++++{filling}"
                note(make_traced((number, "EQD", 6, 1, filling, file, line, f"{path}.filling")))
            out.append(text)
        file, line = self._lines["seal"]
        for ordinal, seal in enumerate(seals, 1):
            path = f"seals[{ordinal}]"
            number = len(out) + 2
            box, own = whole(seal.get("equipment"), 10 ** 4, path), whole(seal.get("number"), 10 ** 5, path)
            note(make_traced((number, "SEL", 1, 1, box, file, line, f"{path}.equipment")))
            note(make_traced((number, "SEL", 1, 1, own, file, line, f"{path}.number")))
            text = f"SEL+{box}.{own}+"
            party, condition = seal.get("party"), seal.get("condition")
            if party is not None:
                party = code(party, words["sealing_party"], path)
                text += party
                note(make_traced((number, "SEL", 2, 1, party, file, line, f"{path}.party")))
            text += f":::{an(seal.get('identity'), 35, path)}"
            note(make_traced((number, "SEL", 2, 4, seal["identity"], file, line, f"{path}.identity")))
            if condition is not None:
                condition = code(condition, words["seal_condition"], path)
                text += f"+{condition}"
                note(make_traced((number, "SEL", 3, 1, condition, file, line, f"{path}.condition")))
            out.append(text)

    def _write_references(self, record: Node, out: list[str], trace: list[Traced]) -> None:
        self._write_reference("ABE", "local", record, "local_reference", out, trace)
        stamped = record.get("national_reference_date")
        if record.get("national_reference") is not None:
            self._write_reference("ABT", "national", record, "national_reference", out, trace)
            if stamped is not None:
                self._write_day("148", "national_date", stamped, "national_reference_date", out, trace)
        elif stamped is not None:
            raise Refused("national_reference_date")
        self._write_dated("AFB", "manifest", "137", "manifest_date", record.get("manifests", ()), 30, "manifests", out,
                          trace)
        self._write_dated("AAS", "transport", "137", "transport_date", record.get("transport_documents", ()), 30,
                          "transport_documents", out, trace)
        self._write_dated("ABK", "bond", "258", "bond_date", record.get("guarantee", {}).get("references", ()), 30,
                          "guarantee.references", out, trace)
        self._write_reference("UCN", "ucr", record, "unique_consignment_reference", out, trace)
        for qualifier, label, term in (("12", "leaving", "vehicle_at_departure"),
                                       ("11", "crossing", "vehicle_at_border")):
            if record.get(term):
                self._write_vehicle(qualifier, label, record[term], term, out, trace)
        self._write_documents(record.get("documents", ()), 10, "documents", "document", "document_date", out, trace)

    def _write_parties(self, record: Node, out: list[str], trace: list[Traced]) -> None:
        for qualifier, term in PARTIES:
            if record.get(term):
                self._write_party(qualifier, term, record[term], term, out, trace)
        self._write_amount("43", "value", record, "customs_value", "customs_value_currency", "", out, trace)
        guarantee = record.get("guarantee", {})
        self._write_amount("166", "bond_amount", guarantee, "amount", "currency", "guarantee.", out, trace)

    def _write_item(self, item: Node, path: str, out: list[str], trace: list[Traced]) -> None:
        note, lines, get = trace.append, self._lines, item.get
        file, line = lines["item"]
        at = len(out) + 2
        number = whole(get("number"), 10 ** 5, path)
        text = f"CST+{number}"
        note(make_traced((at, "CST", 1, 1, number, file, line, f"{path}.number")))
        commodity, procedure = get("commodity"), get("procedure")
        if commodity is not None:
            text += f"+{an(commodity, 18, path)}:122:ZZZ"
            note(make_traced((at, "CST", 2, 1, commodity, file, line, f"{path}.commodity")))
        if procedure is not None:
            if commodity is None:
                text += "+"
            text += f"+{an(procedure, 18, path)}:117:ZZZ"
            note(make_traced((at, "CST", 3, 1, procedure, file, line, f"{path}.procedure")))
        out.append(text)
        value = get("description")
        if value is not None:
            self._write_text("FTX+AAA+++", "FTX", 4, value, 5, 70, lines["text"], f"{path}.description", out, trace)
        value = get("origin")
        if value is not None:
            out.append(f"LOC+27+{an(value, 2, path, 2)}:162:5")
            note(make_traced((len(out) + 1, "LOC", 2, 1, value, *lines["origin"], f"{path}.origin")))
        for qualifier, label, term in (("AAE", "item_gross", "gross_mass"), ("AAL", "item_net", "net_mass")):
            value = get(term)
            if value is not None:
                text = decimal(value, 6, path)
                out.append(f"MEA+WT+{qualifier}+KGM:{text}")
                note(make_traced((len(out) + 1, "MEA", 3, 2, text, *lines[label], f"{path}.{term}")))
        party = get("consignee")
        if party:
            self._write_party("CN", "receiver", party, f"{path}.consignee", out, trace)
        packages = get("packages", ())
        if len(packages) > 10:
            raise Refused(path)
        for ordinal, package in enumerate(packages, 1):
            self._write_package(package, f"{path}.packages[{ordinal}]", out, trace)
        self._write_amount("40", "item_value", item, "customs_value", "customs_value_currency", f"{path}.", out, trace)
        self._write_amount("123", "statistics", item, "statistical_value", "statistical_value_currency", f"{path}.",
                           out, trace)
        containers = get("containers", ())
        if len(containers) > 500:
            raise Refused(path)
        for ordinal, container in enumerate(containers, 1):
            place = f"{path}.containers[{ordinal}].number"
            out.append(f"RFF+AAQ:{an(container.get('number'), 17, place)}")
            note(make_traced((len(out) + 1, "RFF", 1, 2, container["number"], *lines["in_box"], place)))
        self._write_dated("AEI", "previous", "254", "previous_date", get("previous_documents", ()), 400,
                          f"{path}.previous_documents", out, trace)
        self._write_documents(get("documents", ()), 25, f"{path}.documents", "attached", "attached_date", out, trace)

    def _write_package(self, package: Node, path: str, out: list[str], trace: list[Traced]) -> None:
        file, line = self._lines["pack"]
        count = whole(package.get("count"), 10 ** 8, path)
        text = f"PAC+{count}"
        trace.append(make_traced((len(out) + 2, "PAC", 1, 1, count, file, line, f"{path}.count")))
        kind = package.get("kind")
        if kind is not None:
            kind = code(kind, self._words["package"], path)
            text += f"++{kind}:67:6"
            trace.append(make_traced((len(out) + 2, "PAC", 3, 1, kind, file, line, f"{path}.kind")))
        out.append(text)
        marks = package.get("marks")
        if marks is not None:
            self._write_text("PCI+28+", "PCI", 2, marks, 10, 35, self._lines["marks"], f"{path}.marks", out, trace)

    def _write_summary(self, record: Node, out: list[str], trace: list[Traced]) -> None:
        note, lines = trace.append, self._lines
        items = record.get("items", ())
        if len(items) > 9999:
            raise Refused("items")
        out.append("UNS+S")
        out.append(f"CNT+5:{len(items)}")
        note(make_traced((len(out) + 1, "CNT", 1, 2, str(len(items)), *lines["lines"], None)))
        if record.get("total_gross_mass") is not None:
            text = decimal(record["total_gross_mass"], 6, "total_gross_mass")
            out.append(f"CNT+7:{text}:KGM")
            note(make_traced((len(out) + 1, "CNT", 1, 2, text, *lines["mass"], "total_gross_mass")))
        if record.get("total_packages") is not None:
            text = whole(record["total_packages"], 10 ** 8, "total_packages")
            out.append(f"CNT+11:{text}")
            note(make_traced((len(out) + 1, "CNT", 1, 2, text, *lines["packages"], "total_packages")))
        if record.get("equipment"):
            text = str(len(record["equipment"]))
            out.append(f"CNT+16:{text}")
            note(make_traced((len(out) + 1, "CNT", 1, 2, text, *lines["boxes"], None)))
        proof = record.get("authentication")
        if proof:
            file, line = lines["signature"]
            text = f"AUT+{an(proof.get('digest'), 35, 'authentication')}"
            note(make_traced((len(out) + 2, "AUT", 1, 1, proof["digest"], file, line, "authentication.digest")))
            if proof.get("key") is not None:
                text += f"+{an(proof['key'], 35, 'authentication')}"
                note(make_traced((len(out) + 2, "AUT", 2, 1, proof["key"], file, line, "authentication.key")))
            out.append(text)
            if proof.get("at") is not None:
                text = minute(proof["at"], "authentication")
                out.append(f"DTM+137:{text}:203")
                note(make_traced((len(out) + 1, "DTM", 1, 2, text, *lines["signed"], "authentication.at")))

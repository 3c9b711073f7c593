"""What comes many times in a message, equipment, seals, items, and how many there were."""

from __future__ import annotations

import re

from tests.bench.by_hand.reading_parts import ReadingParts
from tests.bench.by_hand.texts import an, decimal, shape, whole, within
from tests.bench.by_hand.values import Node, Refused

_SEAL = re.compile(r"([0-9]+)\.([0-9]+)").fullmatch


class ReadingMembers(ReadingParts):
    """Reads members of lists into the record, and compares the counts at the end."""

    def equipment(self) -> None:
        e, place = self.e, self.lines["box"]
        boxes = self.record.setdefault("equipment", [])
        if len(boxes) == 999:
            raise Refused("equipment")
        path = f"equipment[{len(boxes) + 1}]"
        shape(e, 2, 6)
        within(e[0], 1, 1)
        within(e[1], 1, 1)
        box: Node = {"kind": self.code("equipment", e[0][0]), "number": an(e[1][0], 17)}
        self.note(1, 1, e[0][0], place, f"{path}.kind")
        self.note(2, 1, e[1][0], place, f"{path}.number")
        if len(e) > 2 and any(e[2]):
            within(e[2], 3, 3)
            if e[2][1] != "102" or e[2][2] != "5":
                raise Refused(path)
            box["size"] = self.code("container_size", e[2][0])
            self.note(3, 1, e[2][0], place, f"{path}.size")
        if any(text for element in e[3:5] for text in element):
            raise Refused(path)
        if len(e) > 5 and any(e[5]):
            within(e[5], 1, 1)
            box["filling"] = self.code("filling", e[5][0])
            self.note(6, 1, e[5][0], place, f"{path}.filling")
        boxes.append(box)
        self.next()

    def seal(self) -> None:
        e, place = self.e, self.lines["seal"]
        seals = self.record.setdefault("seals", [])
        if len(seals) == 999:
            raise Refused("seals")
        path = f"seals[{len(seals) + 1}]"
        shape(e, 2, 3)
        within(e[0], 1, 1)
        match = _SEAL(e[0][0])
        if match is None:
            raise Refused(path)
        seal: Node = {"equipment": whole(match[1], 4), "number": whole(match[2], 5)}
        self.note(1, 1, match[1], place, f"{path}.equipment")
        self.note(1, 1, match[2], place, f"{path}.number")
        within(e[1], 4, 4)
        if e[1][0]:
            seal["party"] = self.code("sealing_party", e[1][0])
            self.note(2, 1, e[1][0], place, f"{path}.party")
        if e[1][1] or e[1][2]:
            raise Refused(path)
        seal["identity"] = an(e[1][3], 35)
        self.note(2, 4, e[1][3], place, f"{path}.identity")
        if len(e) > 2 and any(e[2]):
            within(e[2], 1, 1)
            seal["condition"] = self.code("seal_condition", e[2][0])
            self.note(3, 1, e[2][0], place, f"{path}.condition")
        seals.append(seal)
        self.next()

    def item(self, path: str) -> Node:
        e, place = self.e, self.lines["item"]
        shape(e, 1, 3)
        within(e[0], 1, 1)
        item: Node = {"number": whole(e[0][0], 5)}
        self.note(1, 1, e[0][0], place, f"{path}.number")
        for number, name, table in ((1, "commodity", "122"), (2, "procedure", "117")):
            if len(e) > number and any(e[number]):
                item[name] = self.qualified(e[number], table)
                self.note(number + 1, 1, e[number][0], place, f"{path}.{name}")
        self.next()
        texts = 0
        while self.tag == "FTX":
            texts += 1
            if texts > 9:
                raise Refused(path)
            self.long((("AAA",), (), ()), 4, 5, 70, item, "description", "text", f"{path}.description")
        if self.tag == "LOC":
            if self.e[0] != ("27",):
                raise Refused(path)
            item["origin"] = self.country("origin", f"{path}.origin")
        while self.tag == "MEA":
            term, label = ("gross_mass", "item_gross") if self.e[1] == ("AAE",) else ("net_mass", "item_net")
            if term in item:
                raise Refused(path)
            self.mass("AAE" if term == "gross_mass" else "AAL", label, item, term, f"{path}.")
        if self.tag == "NAD":
            if self.e[0] != ("CN",):
                raise Refused(path)
            self.party("receiver", item, "consignee", f"{path}.")
        self.packages(item, path)
        while self.tag == "MOA":
            term, label = {"40": ("customs_value", "item_value"),
                           "123": ("statistical_value", "statistics")}[self.e[0][0]]
            if term in item:
                raise Refused(path)
            self.amount(label, item, term, f"{term}_currency", f"{path}.")
        while self.tag == "RFF":
            shape(self.e, 1, 1)
            within(self.e[0], 2, 2)
            if self.e[0][0] == "AAQ":
                boxes = item.setdefault("containers", [])
                if len(boxes) == 500:
                    raise Refused(path)
                boxes.append({"number": an(self.e[0][1], 17)})
                self.note(1, 2, self.e[0][1], self.lines["in_box"], f"{path}.containers[{len(boxes)}].number")
                self.next()
            elif self.e[0][0] == "AEI":
                self.numbered("previous", "254", "previous_date", item.setdefault("previous_documents", []), 400,
                              f"{path}.previous_documents")
            else:
                raise Refused(path)
        self.documents(item, 25, f"{path}.documents", "attached", "attached_date")
        return item

    def packages(self, item: Node, path: str) -> None:
        place = self.lines["pack"]
        while self.tag == "PAC":
            e = self.e
            packages = item.setdefault("packages", [])
            if len(packages) == 10:
                raise Refused(path)
            at = f"{path}.packages[{len(packages) + 1}]"
            shape(e, 1, 3)
            within(e[0], 1, 1)
            package: Node = {"count": whole(e[0][0], 8)}
            self.note(1, 1, e[0][0], place, f"{at}.count")
            if len(e) > 1 and any(e[1]):
                raise Refused(path)
            if len(e) > 2 and any(e[2]):
                within(e[2], 3, 3)
                if e[2][1] != "67" or e[2][2] != "6":
                    raise Refused(path)
                package["kind"] = self.code("package", e[2][0])
                self.note(3, 1, e[2][0], place, f"{at}.kind")
            packages.append(package)
            self.next()
            marks = 0
            while self.tag == "PCI":
                marks += 1
                if marks > 9:
                    raise Refused(path)
                self.long((("28",),), 2, 10, 35, package, "marks", "marks", f"{at}.marks")

    def summary(self, items: int) -> None:
        record = self.record
        while self.tag == "CNT":
            shape(self.e, 1, 1)
            components = self.e[0]
            qualifier = components[0]
            self.once(f"CNT{qualifier}")
            if qualifier == "5":
                within(components, 2, 2)
                if whole(components[1], 9) != items:
                    raise Refused("items")
                self.note(1, 2, components[1], self.lines["lines"], None)
            elif qualifier == "7":
                within(components, 3, 3)
                value = decimal(components[1], 6)
                if components[2] != "KGM" or record.setdefault("total_gross_mass", value) != value:
                    raise Refused("total_gross_mass")
                self.seen.add("weight2")
                self.note(1, 2, components[1], self.lines["mass"], "total_gross_mass")
            elif qualifier == "11":
                within(components, 2, 2)
                record["total_packages"] = whole(components[1], 8)
                self.note(1, 2, components[1], self.lines["packages"], "total_packages")
            elif qualifier == "16":
                within(components, 2, 2)
                if whole(components[1], 9) != len(record.get("equipment", ())):
                    raise Refused("equipment")
                self.note(1, 2, components[1], self.lines["boxes"], None)
            else:
                raise Refused("CNT")
            self.next()
        if "CNT5" not in self.seen or ("equipment" in record) != ("CNT16" in self.seen):
            raise Refused("CNT")
        if self.tag == "AUT":
            e, place = self.e, self.lines["signature"]
            shape(e, 1, 2)
            within(e[0], 1, 1)
            proof: Node = {"digest": an(e[0][0], 35)}
            self.note(1, 1, e[0][0], place, "authentication.digest")
            if len(e) > 1 and any(e[1]):
                within(e[1], 1, 1)
                proof["key"] = an(e[1][0], 35)
                self.note(2, 1, e[1][0], place, "authentication.key")
            self.next()
            if self.tag == "DTM":
                proof["at"] = self.stamp("signed", "authentication.at", "137")
            record["authentication"] = proof

"""Messages to national files, written by hand: templates of the two files, filled from the segments in one pass.

The templates are made once from a file that holds one container and one item, as a programmer would take a sample of
the system's own output and put placeholders into it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.references import Tree
from tests.bench.by_hand.national import Segments, split, xml_escaped

_LISTS = ("Container", "Item")
_PARTY = {"CU": "douane"}
_FULL = {"5": "1/1"}


def sample() -> Tree:
    """A record in which every text stands once, so that it can be found again in the files made of it."""
    moment = {"presented": 1, "accepted": 2, "released": 3}
    return {
        "function": "original", "mrn": "26§MRN", "amendment": 0, "local_reference": "§LOCAL",
        "national_reference": "2026/§DEP/§SER/§NUM", "national_reference_date": date(2026, 11, 28),
        "transit_type": "T1", "procedure": "8§PRO", "prepared": datetime(2027, 5, 5, 5, 5, tzinfo=UTC),
        "office_of_departure": {"code": "§DEP", "name": "§DNAME"},
        "office_of_exit": {"code": "§EXIT", "name": "§ENAME"}, "offices_of_transit": [{"code": "§VIA", "order": 1}],
        "office_of_destination": {"code": "§DEST"}, "country_of_dispatch": "§CFROM", "country_of_destination": "§CTO",
        "countries_of_transit": [{"country": "§CVIA"}], "itinerary": "§ROUTE", "binding_itinerary": True,
        **{name: datetime(2027, 1, 1, 1, minute, tzinfo=UTC) for name, minute in moment.items()},
        "time_limit": date(2027, 2, 3), "containerised": True, "control_result": "§CTL",
        "equipment": [{"kind": "container", "number": "§BOX", "size": "§SIZE", "filling": "full"}],
        "seals": [{"equipment": 1, "number": 1, "identity": "§SEAL", "party": "customs"}],
        "vehicle_at_departure": {"mode": "§VM1", "kind": "31", "identity": "§VI1", "nationality": "§VN1"},
        "vehicle_at_border": {"mode": "§VM2", "kind": "31", "identity": "§VI2", "nationality": "§VN2"},
        "principal": {"identifier": "§PI", "name": "§PN", "street": "§PS", "city": "§PC", "country": "§PL"},
        "consignor": {"name": "§CZN", "street": "§CZS", "city": "§CZC", "country": "ZA"},
        "consignee": {"identifier": "§CNI", "name": "§CNN", "street": "§CNS", "city": "§CNC", "country": "ZB"},
        "declarant": {"identifier": "§DI", "name": "§DN"},
        "guarantee": {"type": "§GT", "amount": Decimal("1234567891"), "currency": "XOF",
                      "references": [{"number": "§GNUM", "date": date(2026, 12, 29)}],
                      "valid_in": [{"country": "§VALID"}]},
        "total_gross_mass": Decimal("98765.125"), "total_packages": 987654,
        "items": [{"number": 1, "commodity": "§HS56789§PREC", "procedure": "8§PRI", "description": "§DESC",
                   "origin": "§ORIG", "gross_mass": Decimal("4321.125"), "net_mass": Decimal("4321.25"),
                   "packages": [{"count": 7531, "kind": "CT", "marks": "§MARKS"}],
                   "customs_value": Decimal("8642.5"), "customs_value_currency": "XOF",
                   "containers": [{"number": "§BOX"}]}],
    }


_PLACES = {  # as it stands in the files of the sample -> the place of a value
    "11/28/26": "§RDATE", "12/29/26": "§GDATE", "2/3/27": "§LIMIT", "03/02/2027": "§LIMITFR",
    "01/01/2027 01:01": "§PRESENTED", "01/01/2027 01:02": "§ACCEPTED", "01/01/2027 01:03": "§RELEASED",
    "2027-05-05T05:05Z": "§PREPARED", "1.234567891E9": "§AMOUNT", "98765.125": "§GROSS", "987654": "§PACKAGES",
    "4321.125": "§ITGROSS", "4321.25": "§ITNET", "7531": "§COUNT", "8642.5": "§VALUE", " ZA<": " §CZL<",
    " ZB<": " §CNL<", "Total_number_of_items>1<": "Total_number_of_items>§ITEMS<",
    "Seals>\n<Number>1<": "Seals>\n<Number>§SEALS<", "1.1 §SEAL (douane)": "§SEALLIST",
    "<Item_Number>1<": "<Item_Number>§ITEMNO<", ">§SEAL<": ">§SEALIDS<",
    "<Kind_of_packages_code>CT<": "<Kind_of_packages_code>§KIND<", ">8<": ">§PRO1<", ">8§PRI<": ">§PROITEM<",
    "8§PRO": "§PROCEDURE", "26§MRN": "§MRN", "2026/§DEP/§SER/§NUM": "§NATIONAL", }


class Back:
    """The way back for one dialect.

    made  the files of `sample`, as the dialect writes them: suffix -> content
    """

    def __init__(self, made: Mapping[str, bytes]) -> None:
        sad, t1 = (made[suffix].decode() for suffix in (".xml", "-t1.csv"))
        parts = []
        for name in _LISTS:
            head, block, sad = re.split(rf"(<{name}>\n.*</{name}>\n)", sad, flags=re.S)
            parts += [head, block]
        self._head, self._container, self._between, self._item, self._tail = map(_template, (*parts, sad))
        self._t1 = _template(t1)

    def files(self, body: str) -> tuple[bytes, bytes]:
        """SAD and T1 extract of the body of a message."""
        segments = split(body)
        found = _head_of(segments)
        items = _items_of(segments)
        boxes: dict[str, list[str]] = {}
        for item in items:
            boxes.setdefault(item["BOX"], []).append(item["ITEMNO"])
        found["ITEMS"] = str(len(items))
        lines = [self._container % {"ITEMNO": number, "BOX": box, "SIZE": found["SIZE"]}
                 for box, numbers in boxes.items() for number in numbers]
        return ((self._head % found + "".join(lines) + self._between % found
                 + "".join([self._item % item for item in items]) + self._tail % found).encode(),
                (self._t1 % found).encode())


def _template(text: str) -> str:
    for value, place in _PLACES.items():
        text = text.replace(value, place)
    return re.sub(r"§([A-Z][A-Z0-9]*)", r"%(\1)s", text.replace("%", "%%"))


def _head_of(segments: Segments) -> dict[str, str]:
    found: dict[str, str] = {}
    previous = ""
    seals, via, valid, crossed = [], [], [], []
    for segment in segments:
        tag, first = segment[0][0], segment[1] if len(segment) > 1 else [""]
        code = first[0]
        if tag == "UNS" and code == "D":
            break
        if tag == "LOC":
            place = segment[2]
            if code == "118":
                found["DEP"], found["DNAME"] = place[0], xml_escaped(place[3])
            elif code == "42":
                found["EXIT"], found["ENAME"] = place[0], xml_escaped(place[3])
            elif code == "50":
                via.append(place[0])
            elif code == "49":
                crossed.append(place[0])
            elif code == "86":
                valid.append(place[0])
            else:
                found[{"45": "DEST", "35": "CFROM", "36": "CTO"}[code]] = place[0]
        elif tag == "DTM":
            _moment(found, first[0], first[1], previous)
        elif tag == "RFF":
            previous = code
            found[{"ABE": "LOCAL", "ABT": "NATIONAL", "ABK": "GNUM"}[code]] = first[1]
        elif tag == "NAD":
            _party(found, segment)
        elif tag == "TDT":
            number = "1" if code == "12" else "2"
            found[f"VM{number}"] = segment[3][0]
            found[f"VI{number}"], found[f"VN{number}"] = segment[8][3], segment[8][4]
        elif tag == "SEL":
            seals.append((code, segment[2][3], _PARTY[segment[2][0]]))
        elif tag == "BGM":
            found["MRN"] = segment[2][0]
        elif tag == "CST":
            found["PROCEDURE"], found["PRO1"] = segment[3][0], segment[3][0][0]
        elif tag == "GIS":
            if first[1] in ("125", "70"):
                found["GT" if first[1] == "125" else "CTL"] = code
        elif tag == "MEA":
            found["GROSS"] = java(segment[3][1])
        elif tag == "EQD":
            found["SIZE"] = segment[3][0]
        elif tag == "FTX":
            found["ROUTE"] = segment[4][0]
        elif tag == "MOA":
            found["AMOUNT"] = java(first[1])
    _, _, found["SER"], found["NUM"] = found["NATIONAL"].split("/")
    found["SEALS"] = str(len(seals))
    found["SEALIDS"] = " ".join(identity for _, identity, _ in seals)
    found["SEALLIST"] = "|".join(f"{place} {identity} ({party})" for place, identity, party in seals)
    found["VIA"], found["CVIA"], found["VALID"] = ">".join(via), ",".join(crossed), ",".join(valid)
    found["PACKAGES"] = next(segment[1][1] for segment in segments[-4:] if segment[1][0] == "11")
    return found


def _party(found: dict[str, str], segment: list[list[str]] | object) -> None:
    assert isinstance(segment, list)
    code = segment[1][0]
    if code == "DT":
        found["DI"], found["DN"] = segment[2][0], xml_escaped(segment[4][0])
        return
    prefix = {"AF": "P", "CZ": "CZ", "CN": "CN"}[code]
    texts = [segment[4][0], segment[5][0], segment[6][0], segment[9][0]]
    if code != "AF":  # the principal's address stands in the extract, which is no XML
        texts = [xml_escaped(text) for text in texts]
    found[f"{prefix}I"] = segment[2][0]
    found[f"{prefix}N"], found[f"{prefix}S"], found[f"{prefix}C"], found[f"{prefix}L"] = texts
    if code == "AF":
        found["PN"] = xml_escaped(texts[0])


def _moment(found: dict[str, str], code: str, text: str, previous: str) -> None:
    year, month, day = text[:4], text[4:6], text[6:8]
    if previous == "ABT":
        found["RDATE"] = f"{int(month)}/{int(day)}/{year[2:]}"
    elif previous == "ABK":
        found["GDATE"] = f"{int(month)}/{int(day)}/{year[2:]}"
    elif code == "268":
        found["LIMIT"], found["LIMITFR"] = f"{int(month)}/{int(day)}/{year[2:]}", f"{day}/{month}/{year}"
    elif code == "137":
        found["PREPARED"] = f"{year}-{month}-{day}T{text[8:10]}:{text[10:]}Z"
    else:
        name = {"141": "PRESENTED", "148": "ACCEPTED", "204": "RELEASED"}[code]
        found[name] = f"{day}/{month}/{year} {text[8:10]}:{text[10:]}"


def _items_of(segments: Segments) -> list[dict[str, str]]:
    start = next(number for number, segment in enumerate(segments) if segment[0][0] == "UNS") + 1
    items: list[dict[str, str]] = []
    item: dict[str, str] = {}
    for segment in segments[start:]:
        tag, first = segment[0][0], segment[1]
        if tag == "CST":
            hs = segment[2][0]
            item = {"ITEMNO": first[0], "HS56789": hs[:8], "PREC": hs[8:], "PROITEM": segment[3][0]}
            items.append(item)
        elif tag == "FTX":
            item["DESC"] = xml_escaped(segment[4][0])
        elif tag == "LOC":
            item["ORIG"] = segment[2][0]
        elif tag == "MEA":
            item["ITGROSS" if segment[2][0] == "AAE" else "ITNET"] = java(segment[3][1])
        elif tag == "PAC":
            item["COUNT"], item["KIND"] = first[0], segment[3][0]
        elif tag == "PCI":
            item["MARKS"] = xml_escaped(segment[2][0])
        elif tag == "MOA":
            item["VALUE"] = java(first[1])
        elif tag == "RFF":
            item["BOX"] = first[1]
        elif tag == "UNS":
            break
    return items


def java(number: str) -> str:
    """A number as Java writes a double."""
    whole, _, part = number.partition(".")
    if len(whole) < 8:
        return f"{whole}.{part or '0'}"
    digits = (whole + part).rstrip("0")
    return f"{digits[0]}.{digits[1:] or '0'}E{len(whole) - 1}"

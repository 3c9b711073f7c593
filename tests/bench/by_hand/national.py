"""National files to messages and back, written by hand for one corridor and for records as the load model makes them.

What a good programmer would write for these two forms and nothing else: one pass, no table, no trace, no judgement. It
is the floor of conversion in `tests.bench.road`, which compares every message and every file with the product's own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape as xml

Segments = Sequence[Sequence[Sequence[str]]]

_PARTY = {"douane": "CU"}
_FULL = {"1/1": "5"}
_FREE = str.maketrans({"?": "??", "+": "?+", ":": "?:", "'": "?'"})
_CUSRES = ("BGM+962+{mrn}+29'DTM+148:{at:%Y%m%d%H%M}:203'LOC+45+{office}:113:ZZZ'GIS+ACC:120:ZZZ'NAD+CM+{by}::ZZZ'"
           "RFF+ABT:{mrn}'RFF+ACW:{answered}'RFF+ABE:{local}'RFF+AIV:{reference}'")


def to_message(sad: Any, extract: bytes, prepared: str) -> str:
    """The body of the message of a SAD, parsed by lxml, and of its T1 extract.

    prepared  when the message is made, ``YYYYMMDDHHMM``
    """
    rows = csv.reader(io.StringIO(extract.decode("windows-1252"), newline=""), delimiter=";")
    t1 = dict(zip(next(rows), next(rows), strict=True))
    text = sad.findtext
    office, commodity_currency = text("Identification/Office_segment/Customs_clearance_office_code"), "XOF"
    out = [f"BGM+950:::{text('Identification/Type/Type_of_transit_document')}+{t1['N° T1']}:{t1['VERSION']}+9",
           f"CST++T1:149:ZZZ+{t1['RÉGIME']}:117:ZZZ",
           f"LOC+118+{office}:113:ZZZ:{_named(text('Identification/Office_segment/Customs_Clearance_office_name'))}",
           f"LOC+42+{text('Transport/Border_office/Code')}:113:ZZZ:{_named(text('Transport/Border_office/Name'))}"]
    out.extend(f"LOC+50+{via}:113:ZZZ+{order}" for order, via in enumerate(t1["BUREAUX DE PASSAGE"].split(">"), 1))
    out.append(f"LOC+45+{text('Transit/Destination/Office')}:113:ZZZ")
    out.append(f"LOC+35+{text('General_information/Country/Export/Export_country_code')}:162:5")
    out.append(f"LOC+36+{text('General_information/Country/Destination/Destination_country_code')}:162:5")
    out.extend(f"LOC+49+{country}:162:5" for country in t1["PAYS TRAVERSÉS"].split(","))
    out.extend(f"LOC+86+{country}:162:5" for country in t1["VALABLE"].split(","))
    out.extend(f"DTM+{code}:{_minute(t1[name])}:203" for code, name in (
        ("141", "DATE DÉPÔT"), ("148", "DATE ENREG."), ("204", "DATE MAINLEVÉE")))
    day, month, year = t1["DÉLAI"].split("/")
    out.append(f"DTM+268:{year}{month}{day}:102")
    out.append(f"DTM+137:{prepared}:203")
    if text("Transport/Container_flag") == "true":
        out.append("GIS+CTR:109:ZZZ")
    if t1["ITIN. OBLIGATOIRE"] == "OUI":
        out.append("GIS+BRT:109:ZZZ")
    out.append(f"GIS+{t1['CAUTION (TYPE)']}:125:ZZZ")
    out.append(f"GIS+{text('Transit/Result_of_control')}:70:ZZZ")
    gross = _plain(text("Valuation/Weight/Gross_weight"))
    out.append(f"MEA+WT+AAD+KGM:{gross}")
    boxes: dict[str, list[str]] = {}
    for line in sad.iterfind("Container"):
        number = line.findtext("Container_identity")
        if number not in boxes:
            full = _FULL[line.findtext("Empty_full_indicator")]
            out.append(f"EQD+CN+{number}+{line.findtext('Container_type')}:102:5+++{full}")
        boxes.setdefault(number, []).append(line.findtext("Item_Number"))
    seals = t1["PLOMBS"].split("|")
    for seal in seals:
        place, identity, party = seal.split(" ")
        out.append(f"SEL+{place}+{_PARTY[party[1:-1]]}:::{identity}")
    out.append(f"FTX+RQR+++{t1['ITINÉRAIRE'].translate(_FREE)}")
    out.append(f"RFF+ABE:{text('Declarant/Reference/Number')}")
    out.append(f"RFF+ABT:{t1['N° ENREGISTREMENT']}")
    out.append(f"DTM+148:{_american(text('Identification/Registration/Date'))}:102")
    out.append(f"RFF+ABK:{t1['N° CAUTION']}")
    out.append(f"DTM+258:{_american(text('Financial/Guarantee/Date'))}:102")
    means = "Transport/Means_of_transport/"
    out.append(f"TDT+12++{text(means + 'Inland_mode_of_transport')}+31++++:::{t1['TRACTEUR']}:"
               f"{text(means + 'Departure_arrival_information/Nationality')}")
    out.append(f"TDT+11++{text(means + 'Border_information/Mode')}+31++++:::"
               f"{text(means + 'Border_information/Identity')}:{text(means + 'Border_information/Nationality')}")
    out.append(f"NAD+AF+{text('Transit/Principal/Code')}::ZZZ++{text('Transit/Principal/Name').translate(_FREE)}+"
               f"{t1['RUE PRINCIPAL'].translate(_FREE)}+{t1['VILLE PRINCIPAL'].translate(_FREE)}+++"
               f"{t1['PAYS PRINCIPAL']}")
    out.append(f"NAD+CZ+++{_address(text('Traders/Exporter/Exporter_name'))}")
    out.append(f"NAD+CN+{text('Traders/Consignee/Consignee_code')}::ZZZ++"
               f"{_address(text('Traders/Consignee/Consignee_name'))}")
    out.append(f"NAD+DT+{text('Declarant/Declarant_code')}::ZZZ++"
               f"{text('Declarant/Declarant_name').translate(_FREE)}")
    out.append(f"MOA+166:{_plain(text('Financial/Guarantee/Amount'))}:{commodity_currency}")
    out.append("UNS+D")
    packed = {item: number for number, items in boxes.items() for item in items}
    packages = 0
    for ordinal, item in enumerate(sad.iterfind("Item"), 1):
        packages += _item(item, ordinal, packed.get(str(ordinal)), out)
    out += ["UNS+S", f"CNT+5:{ordinal}", f"CNT+7:{gross}:KGM",
            f"CNT+11:{text('Property/Nbers/Total_number_of_packages')}", f"CNT+16:{len(seals)}"]
    if packages != int(text("Property/Nbers/Total_number_of_packages")):
        raise ValueError("packages do not add up")
    return "'".join(out) + "'"


def _item(item: Any, ordinal: int, container: str | None, out: list[str]) -> int:
    text = item.findtext
    hs = "Tarification/HScode/"
    out.append(f"CST+{ordinal}+{text(hs + 'Commodity_code')}{text(hs + 'Precision_1')}:122:ZZZ+"
               f"{text('Tarification/Extended_customs_procedure')}:117:ZZZ")
    out.append(f"FTX+AAA+++{text('Goods_description/Commercial_Description').translate(_FREE)}")
    out.append(f"LOC+27+{text('Goods_description/Country_of_origin_code')}:162:5")
    out.append(f"MEA+WT+AAE+KGM:{_plain(text('Valuation_item/Weight_itm/Gross_weight_itm'))}")
    out.append(f"MEA+WT+AAL+KGM:{_plain(text('Valuation_item/Weight_itm/Net_weight_itm'))}")
    count = text("Packages/Number_of_packages")
    out.append(f"PAC+{count}++{text('Packages/Kind_of_packages_code')}:67:6")
    out.append(f"PCI+28+{text('Packages/Marks1_of_packages').translate(_FREE)}")
    out.append(f"MOA+40:{_plain(text('Valuation_item/Total_CIF_itm'))}:XOF")
    if container is not None:
        out.append(f"RFF+AAQ:{container}")
    return int(count)


def _named(name: str | None) -> str:
    return (name or "").translate(_FREE)


def _address(lines: str) -> str:
    name, street, last = (line.translate(_FREE) for line in lines.split("\n"))
    city, _, country = last.rpartition(" ")
    return f"{name}+{street}+{city}+++{country}"


def _minute(moment: str) -> str:
    """``10/03/2026 07:42`` as ``202603100742``: Lomé keeps the time of Greenwich."""
    return f"{moment[6:10]}{moment[3:5]}{moment[:2]}{moment[11:13]}{moment[14:16]}"


def _american(day: str) -> str:
    month, number, year = day.split("/")
    return f"20{year}{month:0>2}{number:0>2}"


def _plain(number: str) -> str:
    """A number as Java writes a double, without exponent and without zeros at its end."""
    value = Decimal(number).normalize()
    return f"{value:f}"


def split(body: str) -> Segments:
    """The segments of a message's body: elements of components, unescaped."""
    if "?" not in body:
        return [[element.split(":") for element in segment.split("+")] for segment in body.split("'")[:-1]]
    return list(_slowly(body))


def _slowly(body: str) -> Iterator[Sequence[Sequence[str]]]:
    hidden = body.replace("??", "\1").replace("?'", "\2").replace("?+", "\3").replace("?:", "\4")
    for segment in hidden.split("'")[:-1]:
        if any(mark in segment for mark in "\1\2\3\4"):
            yield [[component.replace("\1", "?").replace("\2", "'").replace("\3", "+").replace("\4", ":")
                    for component in element.split(":")] for element in segment.split("+")]
        else:
            yield [element.split(":") for element in segment.split("+")]


def accepted(mrn: str, office: str, by: str, answered: str, local: str, reference: str, at: datetime) -> str:
    """The body of the answer to one declaration."""
    return _CUSRES.format(mrn=mrn, office=office, by=by, answered=answered, local=local, reference=reference,
                          at=at.astimezone(UTC))


def xml_escaped(text: str) -> str:
    """A text as it stands in an element."""
    return xml(text)

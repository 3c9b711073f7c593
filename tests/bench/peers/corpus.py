"""CUSDEC files of the corridor for comparing readers and writers: every message valid by D.96B, no two alike.

The values differ from message to message as they do in traffic (references, plates, seals, masses, names), so that no
reader wins by remembering whole messages; what repeats is what repeats in traffic (``LOC+35+CN:162:5``).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PLAIN = ("TELEPHONES PORTABLES", "CHAUSSURES", "RIZ BRISE 25", "PIECES DETACHEES, VEHICULES", "TISSUS IMPRIMES")
_RELEASED = ("N'GOLO + FILS: PAGNES", "RIZ BRISE? 25 + 5", "PIECES D'OCCASION: 12'", "QUI??", "A:B+C'D?E")
_ACCENTS = ("PIÈCES DÉTACHÉES", "CHAUSSURES D'ÉTÉ, MODÈLE Ñ", "HUILE VÉGÉTALE", "RIZ BRISÉ", "ÉTOFFES À FLEURS")


@dataclass(frozen=True, slots=True)
class Sample:
    """One file: its content, and what every right reader finds in it."""

    name: str
    content: bytes
    messages: int
    segments: int


def samples(scale: float = 1.0) -> list[Sample]:
    """The six files: one small, many, one long, release characters, accents, repetition of syntax version 4."""
    many = max(10, round(1000 * scale))
    fewer = max(5, round(200 * scale))
    return [
        _sample("1 message x 5 items", 1, 5),
        _sample(f"{many} messages x 5 items", many, 5),
        _sample("1 message x 999 items", 1, 999),
        _sample("release characters", fewer, 5, _RELEASED),
        _sample("Latin-1", fewer, 5, _ACCENTS),
        _sample("syntax 4, repetition", fewer, 5, version="4"),
    ]


def _sample(name: str, messages: int, items: int, goods: tuple[str, ...] = _PLAIN, version: str = "3") -> Sample:
    content = b"".join(interchange(messages, items, goods, version))
    return Sample(name, content, messages, messages * (30 + 11 * items - (version == "4")) + 2)


def fresh(messages: int, seed: int, most: int = 5) -> Sample:
    """Messages of 5 items, or of 1 to `most`, other ones for each seed: nothing that was read before helps."""
    rng = random.Random(seed)
    bodies = [message(rng, number, 5 if most == 5 else rng.randint(1, most)) for number in range(1, messages + 1)]
    content = "".join((_head("3"), *bodies, f"UNZ+{messages}+TG0000004711'")).encode("iso8859-1")
    items = "5" if most == 5 else f"1 to {most}"
    return Sample(f"{messages} messages x {items} items", content, messages, content.count(b"'") - 1)


def long_file(path: Path, *, messages: int | None = None, octets: int = 0, seed: int = 5) -> Path:
    """An interchange of so many messages, or so many bytes, of 5 items, written without being held in memory."""
    rng = random.Random(seed)
    tails = [message(rng, 1, 5).partition("+CUSDEC")[2].rpartition("+")[0] for _ in range(min(messages or 1000, 1000))]
    size = number = 0
    with path.open("wb") as file:
        size += file.write(_head("3").encode())
        while number < messages if messages is not None else size < octets:
            number += 1
            size += file.write(f"UNH+{number}+CUSDEC{tails[number % len(tails)]}+{number}'".encode())
        file.write(f"UNZ+{number}+TG0000004711'".encode())
    return path


def interchange(messages: int, items: int, goods: tuple[str, ...] = _PLAIN, version: str = "3") -> Iterator[bytes]:
    """One interchange, message by message: it may be larger than memory."""
    rng = random.Random(messages * 1000 + items)
    yield _head(version).encode()
    for number in range(1, messages + 1):
        yield message(rng, number, items, goods, version).encode("iso8859-1")
    yield f"UNZ+{messages}+TG0000004711'".encode()


def _head(version: str) -> str:
    date = "20260310" if version == "4" else "260310"
    una = "UNA:+.?*'" if version == "4" else "UNA:+.? '"
    return f"{una}UNB+UNOC:{version}+TGOTR:ZZZ+BFDGD:ZZZ+{date}:1016+TG0000004711++CUSDEC'"


def message(rng: random.Random, number: int, items: int, goods: tuple[str, ...] = _PLAIN, version: str = "3") -> str:
    """UNH to UNT of one CUSDEC."""
    plate = f"TG {rng.randrange(10000):04d} AZ"
    container = f"MSKU{rng.randrange(10**7):07d}"
    town = _released(rng.choice(goods)[:35])
    release = "04A" if version == "4" else "96B"  # D.96B repeats nothing
    lines = [
        f"UNH+{number}+CUSDEC:D:{release}:UN:COR10+26TGLPLT{number:010d}",
        f"BGM+950:::T1+26TGLPLT{number:010d}:0+9",
        "CST++T1:149:ZZZ+8000:117:ZZZ",
        "LOC+118+TGLPL:113:ZZZ:LOME PORT",
        "LOC+42+TGCKS:113:ZZZ:CINKASSE",
        "LOC+50+BFCKS:113:ZZZ:CINKANSE+1",
        "LOC+45+BFOUI:113:ZZZ:OUAGADOUGOU",
        "LOC+35+CN:162:5",
        "LOC+36+BF:162:5",
        f"DTM+141:2026031007{rng.randrange(60):02d}:203",
        f"DTM+148:2026031008{rng.randrange(60):02d}:203",
        "DTM+268:20260320:102",
        *(("GIS+CTR:109:ZZZ", "GIS+T:125:ZZZ") if version != "4" else ()),  # GIS is gone in D.04A
        f"EQD+CN+{container}+22G1:102:5+++5",
        f"SEL+1.1+CU:::TGCUS{rng.randrange(10**10):010d}+1",
        "FTX+RQR+++LOME-KARA-CINKASSE-KOUPELA-OUAGADOUGOU",
        f"RFF+ABE:TG26-DECL-{rng.randrange(10**6):06d}",
        f"RFF+ABT:2026/TGLPL/T/{rng.randrange(10**6)}",
        "DTM+148:20260310:102",
        f"RFF+ABK:TRIE-CCIT-2026-{rng.randrange(10**6):06d}",
        f"TDT+12++3+31++++:::{plate}:TG",
        f"TDT+11++3+31++++:::{plate}:TG",
        "NAD+AF+TG1000012::ZZZ++TRANSIT EXEMPLE SARL+BD DU MONO 12+LOME+++TG",
        f"NAD+CN+BF{rng.randrange(10**5):05d}::ZZZ++{town}+AVENUE KWAME NKRUMAH {rng.randrange(400)}+OUAGADOUGOU+++BF",
        *((f"COM+228{rng.randrange(10**8):08d}:TE*DOUANE?*{number}@EXEMPLE.BF:EM",) if version == "4" else ()),
        "UNS+D",
    ]
    packages = 0
    for position in range(1, items + 1):
        count = rng.randrange(1, 999)
        gross = rng.randrange(20_000, 30_000_000)
        packages += count
        lines += [
            f"CST+{position}+{rng.randrange(10**9, 10**10)}:122:ZZZ+8000:117:ZZZ",
            f"FTX+AAA+++{_released(rng.choice(goods))}",
            "LOC+27+CN:162:5",
            f"MEA+WT+AAE+KGM:{gross / 1000:.3f}".rstrip("0").rstrip("."),
            f"MEA+WT+AAL+KGM:{(gross - 9999) // 1000}",
            f"PAC+{count}++CT:67:6",
            f"PCI+28+SEN {position}-{rng.randrange(1000)}",
            f"MOA+40:{rng.randrange(10_000, 30_000_000)}:XOF",
            f"RFF+AAQ:{container}",
            f"DOC+380+INV-{rng.randrange(10**6)}",
            "DTM+137:20260202:102",
        ]
    lines += ["UNS+S", f"CNT+5:{items}", f"CNT+11:{packages}"]
    lines.append(f"UNT+{len(lines) + 1}+{number}")
    return "'".join(lines) + "'"


def _released(text: str) -> str:
    return text.replace("?", "??").replace("+", "?+").replace(":", "?:").replace("'", "?'")

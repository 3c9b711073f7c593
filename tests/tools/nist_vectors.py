"""Reads the test vectors of the package cryptography-vectors: NIST's files of `name = value` lines (public domain).

    for section, case in cases("ciphers/AES/GCM/gcmDecrypt256.rsp", begins="Count"):
        section["Taglen"], case["Key"], "FAIL" in case
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import cryptography_vectors

ROOT = Path(cryptography_vectors.__file__).parent

Values = Mapping[str, str]

_SECTION = re.compile(r"\[([^\]=]+?)(?:\s*=\s*([^\]]*))?\]")
_VALUE = re.compile(r"\s*(\w[\w ]*?)\s*=\s*(.*?)\s*")


def cases(path: str, *, begins: str) -> Iterator[tuple[Values, Values]]:
    """Every case of a file with its section. A case begins with the value named `begins`.

    Sections are headings in brackets, "[Taglen = 128]" as a value, "[P-256,SHA-256]" under the name "". What stands
    above the cases of a section as values (a modulus) belongs to the section, as often as it comes; a line of one word
    (FAIL) belongs to its case.
    """
    section: dict[str, str] = {}
    case: dict[str, str] = {}
    fresh = False
    for line in (ROOT / path).read_text("ascii").splitlines():
        heading, value = _SECTION.fullmatch(line.strip()), _VALUE.fullmatch(line)
        if heading or (value and (value[1] == begins or value[1] in section)):
            if case:
                yield dict(section), case
            case = {}
        if heading:
            section = section if fresh else {}
            section["" if heading[2] is None else heading[1]] = heading[1] if heading[2] is None else heading[2]
            fresh = True
        elif value and (case or value[1] == begins):
            case[value[1]], fresh = value[2], False
        elif value:
            section[value[1]], fresh = value[2], True
        elif case and line.strip().isalpha():
            case[line.strip()] = ""
    if case:
        yield dict(section), case

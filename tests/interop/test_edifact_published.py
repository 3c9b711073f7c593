"""Do we find in other people's interchanges what is in them, right or wrong? Sources: golden/edifact/published."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.edifact import read_interchanges, validate
from gateway.findings import Severity

PUBLISHED = Path(__file__).parents[1] / "golden" / "edifact" / "published"

Found = list[tuple[str, str | None, str | None, int | None, str | None, int | None, int | None]]

EXPECTED: dict[str, list[Found]] = {
    "edifactrs_d96a_orders_malformed": [
        [
            ("F002", None, None, None, "UNB", None, None),
            ("F018", "29", "1", 4, "UNT", 1, None),
            ("F028", "33", None, None, "BGM", None, None),
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
    "edinet_d01b.ifcsum.newlines": [
        [
            ("F009", "21", None, None, "UNB", 48, 1),
            ("F011", "21", None, None, "UNB", 7, None),
            ("F005", "22", None, None, "UNB", None, None),
            ("F044", "37", None, None, "UNB", 8, None),
            ("F046", "12", None, None, "UNB", 8, None),
            ("F043", "37", None, None, "UNB", 9, None),
            ("F046", "12", None, None, "UNB", 9, None),
            ("F040", "16", None, None, "UNB", 9, 2),
            ("F041", "39", None, None, "UNB", 11, None),
            ("F046", "12", None, None, "UNB", 11, None),
            ("F039", "16", None, None, "UNB", 12, None),
            ("F016", "13", None, None, "UNZ", None, None),
            ("F022", "32", None, None, "UNB", None, None),
        ],
    ],
    "edinet_issue188": [
        [
            ("F018", "29", None, None, "UNZ", 1, None),
            ("F018", "29", "42", 3, "UNT", 1, None),
            ("F018", "29", "44", 3, "UNT", 1, None),
            ("F020", "28", "44", 3, "UNT", 2, None),
            ("F018", "29", "43", 3, "UNT", 1, None),
            ("F021", "26", "44", 1, "UNH", 1, None),
            ("F018", "29", "44", 3, "UNT", 1, None),
            ("F020", "28", "44", 3, "UNT", 2, None),
            ("F030", "17", "42", 1, "UNH", 2, None),
            ("F030", "17", "44", 1, "UNH", 2, None),
            ("F030", "17", "43", 1, "UNH", 2, None),
            ("F030", "17", "44", 1, "UNH", 2, None),
        ],
    ],
    "eg_cuscar_d95b_issue137": [
        [
            ("F002", None, None, None, "UNB", None, None),
            ("F018", "29", "201701191AB652", 52, "UNT", 1, None),
            ("F030", "17", "201701191AB652", 1, "UNH", 2, None),
            ("F038", "13", "201701191AB652", 1, "UNH", 2, 1),
        ],
    ],
    "ics_atd_01": [
        [],
    ],
    "ics_c01": [
        [
            ("F018", "29", "1", 10, "UNT", 1, None),
            ("F046", "12", "1", 4, "FTX", 1, None),
            ("F046", "12", "1", 6, "RFF", 1, 1),
            ("F046", "12", "1", 8, "FTX", 1, None),
            ("F046", "12", "1", 8, "FTX", 2, None),
            ("F046", "12", "1", 9, "MEA", 1, None),
            ("F043", "37", "1", 10, "UNT", 1, None),
        ],
    ],
    "ics_c_error": [
        [],
    ],
    "ics_c_ok": [
        [],
    ],
    "ics_cusdec_exd_d99b": [
        [],
    ],
    "ics_re_ok": [
        [],
    ],
    "mixed_transactions": [
        [
            ("F030", "17", "000000101", 1, "UNH", 2, None),
            ("F030", "17", "509010117", 1, "UNH", 2, None),
        ],
    ],
    "oboe_orders_newdelimiters": [
        [
            ("F013", "15", None, None, 'UNB"UNOB=1"003897733=01=MFGB-PO"PARTNER ', None, None),
            ("F005", "22", None, None, 'UNB"UNOB=1"003897733=01=MFGB-PO"PARTNER ', None, None),
            ("F028", "33", None, None, 'UNB"UNOB=1"003897733=01=MFGB-PO"PARTNER ', None, None),
        ],
    ],
    "pydifact_sage_coala": [
        [
            ("F003", None, None, None, None, None, None),
            ("F018", "29", "00001", 97, "UNT", 1, None),
            ("F030", "17", "00001", 1, "UNH", 2, None),
        ],
    ],
    "pydifact_v4_aperak": [
        [
            ("F009", "21", "1", 6, "FTX", 4, 1),
            ("F018", "29", "1", 7, "UNT", 1, None),
        ],
    ],
    "pydifact_wikipedia_de": [
        [
            ("F020", "28", None, None, "UNZ", 2, None),
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
    "repetition_syntax4_no_una": [
        [
            ("F022", "32", None, None, "UNB", None, None),
            ("F028", "33", None, None, "RFF", None, None),
        ],
    ],
    "smooks_with_ung_unedifact-msg-01": [
        [
            ("F009", "21", None, None, "UNB", 2, 1),
            ("F009", "21", None, None, "UNG", 2, 1),
            ("F009", "21", "0001", 2, "BBBB", 1, 1),
            ("F009", "21", None, None, "UNE", 2, 1),
            ("F009", "21", "0001", 2, "BBBB", 1, 1),
            ("F009", "21", "0001", 2, "AAAA", 1, 1),
            ("F009", "21", "0001", 3, "BB", 1, 1),
            ("F013", "15", "0001", 2, "BBBB", None, None),
            ("F013", "15", "0001", 2, "BBBB", None, None),
            ("F013", "15", "0001", 2, "AAAA", None, None),
            ("F013", "15", "0001", 3, "BB", None, None),
            ("F020", "28", None, None, "UNZ", 2, None),
            ("F023", "30", None, None, "UNB", None, None),
            ("F018", "29", "0001", 3, "UNT", 1, None),
            ("F018", "29", "0001", 3, "UNT", 1, None),
            ("F021", "26", "0001", 1, "UNH", 1, None),
            ("F018", "29", "0001", 4, "UNT", 1, None),
            ("F037", "13", None, None, "UNG", 4, None),
            ("F037", "13", None, None, "UNG", 6, None),
            ("F037", "13", None, None, "UNG", 7, None),
            ("F030", "17", "0001", 1, "UNH", 2, None),
            ("F030", "17", "0001", 1, "UNH", 2, None),
            ("F030", "17", "0001", 1, "UNH", 2, None),
        ],
    ],
    "staedi_errorevents_l102": [
        [
            ("F030", "17", "00000000000117", 1, "UNH", 2, None),
        ],
    ],
    "staedi_errorevents_l261": [
        [
            ("F022", "32", None, None, "UNB", None, None),
        ],
    ],
    "staedi_invoic_d93a_una": [
        [
            ("F009", "21", "INVOIC0001", 6, "NAD", 3, 1),
            ("F009", "21", "INVOIC0001", 7, "NAD", 3, 1),
            ("F009", "21", "INVOIC0001", 9, "IMD", 3, 4),
            ("F009", "21", "INVOIC0001", 14, "IMD", 3, 4),
            ("F009", "21", "INVOIC0001", 19, "IMD", 3, 4),
            ("F030", "17", "INVOIC0001", 1, "UNH", 2, None),
        ],
    ],
    "staedi_reader_l2210": [
        [
            ("F022", "32", None, None, "UNB", None, None),
        ],
        [
            ("F022", "32", None, None, "UNB", None, None),
        ],
    ],
    "staedi_segval_l151": [
        [
            ("F017", "13", "00000000000117", 1, "UNT", None, None),
            ("F030", "17", "00000000000117", 1, "UNH", 2, None),
        ],
    ],
    "staedi_segval_l99": [
        [
            ("F018", "29", "00000000000117", 2, "UNT", 1, None),
            ("F030", "17", "00000000000117", 1, "UNH", 2, None),
        ],
    ],
    "staedi_wrapped_invoic_d97b_una": [
        [
            ("F007", "2", None, None, "UNB", 1, 1),
            ("F011", "21", None, None, "UNB", 1, None),
            ("F011", "21", None, None, "UNH·", None, None),
            ("F011", "21", None, None, "BGM", 2, None),
            ("F011", "21", None, None, "DTM", 1, None),
            ("F011", "21", None, None, "RFF", 1, None),
            ("F011", "21", None, None, "NAD", 2, None),
            ("F011", "21", None, None, "NAD", 2, None),
            ("F011", "21", None, None, "LIN", 1, None),
            ("F011", "21", None, None, "IMD·", None, None),
            ("F011", "21", None, None, "Q·TY", None, None),
            ("F011", "21", None, None, "A·LI", None, None),
            ("F011", "21", None, None, "MOA", 1, None),
            ("F011", "21", None, None, "PRI", 1, None),
            ("F011", "21", None, None, "LIN", 3, None),
            ("F011", "21", None, None, "IMD", 3, None),
            ("F011", "21", None, None, "QTY", 1, None),
            ("F011", "21", None, None, "MOA", 1, None),
            ("F011", "21", None, None, "PRI", 1, None),
            ("F011", "21", None, None, "MOA", 1, None),
            ("F011", "21", None, None, "ALC", 1, None),
            ("F011", "21", None, None, "MOA", 1, None),
            ("F011", "21", None, None, "UNT", 2, None),
            ("F011", "21", None, None, "UNZ", 2, None),
            ("F013", "15", None, None, "UNH·", None, None),
            ("F013", "15", None, None, "IMD·", None, None),
            ("F013", "15", None, None, "Q·TY", None, None),
            ("F013", "15", None, None, "A·LI", None, None),
            ("F041", "39", None, None, "UNB", 1, 1),
            ("F043", "37", None, None, "UNB", 4, 1),
            ("F041", "39", None, None, "UNB", 5, None),
            ("F027", "12", None, None, "UNB", 4, 1),
            ("F041", "39", None, None, "UNZ", 2, None),
            ("F018", "29", None, None, "UNZ", 1, None),
            ("F020", "28", None, None, "UNZ", 2, None),
            ("F022", "32", None, None, "UNB", None, None),
            ("F028", "33", None, None, "UNH·", None, None),
            ("F029", "15", None, None, "UNT", None, None),
        ],
    ],
    "star_released_syntax4": [
        [
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
    "unb_0026_wrong_position": [
        [
            ("F041", "39", None, None, "UNB", 8, None),
            ("F046", "12", None, None, "UNB", 8, None),
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
    "vscode_sample_crlf_line_ending_formatted": [
        [
            ("F020", "28", None, None, "UNZ", 2, None),
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
    "vscode_sample_esc_release_char_before_seg_delimiter_single_line": [
        [
            ("F020", "28", None, None, "UNZ", 2, None),
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
    "vscode_sample_hash_seg_delimiter_formatted": [
        [
            ("F020", "28", None, None, "UNZ", 2, None),
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
    "vscode_sample_line_break": [
        [
            ("F011", "21", "1", 4, "NAD", 6, None),
            ("F020", "28", None, None, "UNZ", 2, None),
            ("F030", "17", "1", 1, "UNH", 2, None),
        ],
    ],
}
"""Per file, per interchange: every error as code, 0085, message, segment, tag, element, component."""


def errors(file: Path) -> list[Found]:
    return [
        [
            (
                finding.code,
                finding.fault,
                finding.place.message,
                finding.place.segment,
                finding.place.tag,
                finding.place.element,
                finding.place.component,
            )
            for finding in validate(interchange)
            if finding.severity is Severity.ERROR
        ]
        for interchange in read_interchanges(file)
    ]


@pytest.mark.parametrize("file", sorted(PUBLISHED.glob("*.edi")), ids=lambda file: file.stem)
def test_every_error_of_a_published_interchange_is_found_and_nothing_else(file: Path) -> None:
    assert errors(file) == EXPECTED[file.stem]


def test_every_published_file_names_its_source() -> None:
    attribution = (PUBLISHED / "ATTRIBUTION.md").read_text("utf-8")
    assert [file.name for file in PUBLISHED.glob("*.edi") if f"`{file.name}`" not in attribution] == []

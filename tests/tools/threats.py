"""The threat table of gateway/docs/security.md, made of the tests that show each row.

    python -m tests.tools.threats          write the table; say which rows nobody shows
    python -m tests.tools.threats --check  exit 1 when the table is not what the tests give, or a row is not shown

A test named `test_tNN_...` shows row NN; the first sentence of its docstring is the required behaviour that it shows.
A row counts as shown only by tests in tests/hostile; tests elsewhere that carry its number stand in the table as well.
Nothing is imported here: names and sentences are read from the sources, so that a broken test hides none of the others.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "gateway" / "docs" / "security.md"
BEGIN = "<!-- the table is written by: python -m tests.tools.threats -->"
END = "<!-- end of the table -->"

_NAME = re.compile(r"test_t([0-9]{2})_")
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)", re.DOTALL)

THREATS: Mapping[int, str] = {
    1: "An old object is put back under a new name, copied or encrypted anew (M)",
    2: "Objects arrive in another order than they were sent (M)",
    3: "An object in the middle is deleted (M)",
    4: "The newest object is deleted, so that no later one shows the hole (M)",
    5: "A file for one partner lies in the folder of another, or its recipient was changed (M, P)",
    6: "A recipient encrypts a signed object anew to a third administration (P)",
    7: "The signature is taken away: bare payload, no signer, the signature of another object (M, P)",
    8: "Signed attributes are passed off as content, doubled, or given two values (P)",
    9: "A weaker algorithm is used: SHA-1, short RSA keys, PKCS#1 v1.5, other salts, curves, wraps (P)",
    10: "The authentication tag is cut short, the nonce has another length, GCM stands in EnvelopedData (M)",
    11: "The gateway is made an oracle: padding, key unwrapping, CBC gadgets (M)",
    12: "A failed tag or a crash leaves plaintext lying about (L)",
    13: "File names lie or change, uploads stay partial (M, N)",
    14: "The server lists `../../x`, absolute names, NUL, line ends, look-alikes, endless names, `-rf` (M)",
    15: "Links, pipes, folders or devices lie in mailbox or spool (M, L)",
    16: "Files are huge, endless, dripping, or larger than the server says (M)",
    17: "A million files lie in a mailbox (M)",
    18: "A small file inflates without end (P)",
    19: "ASN.1 is nested, mis-sized, of indefinite length, or names nine recipients (M, P)",
    20: "EDIFACT has no end, a million segments, an endless element, or counts that lie (P)",
    21: "XML brings entities, a DTD, XInclude, a depth or an encoding of its own (L, P)",
    22: "The mailbox host shows another key, or one that nobody has pinned (N)",
    23: "SSH is talked down to weak algorithms, or its handshake is cut (N)",
    24: "A certificate is expired, early, revoked, of another use or authority; a revocation list is unusable (P, M)",
    25: "A certificate of one partner is used under another, or imitates issuer and serial (P)",
    26: "A clock is wrong, forward or back (P, I)",
    27: "Keys change while objects are on their way (-)",
    28: "A stolen signing key forks the history of a link (P, I)",
    29: "A receipt is forged, for another object, by another signer, without digest, or only says yes (M, P)",
    30: "A receipt is withheld (P, M)",
    31: "The ledger is edited, or replaced by an old copy (I, L)",
    32: "A run is killed, the disk fills up, power fails, two runs meet (-)",
    33: "Values carry SQL (P)",
    34: "Values carry formulas, terminal escapes, forged log lines or HTML (P)",
    35: "Secrets can be read: key files, arguments, environment, logs, dumps, tracebacks (L)",
    36: "Plaintext lies at rest where others read it, or for longer than it must (L, I)",
    37: "A library is vulnerable or was replaced (N)",
    38: "The configuration was changed, or test keys work in production (I, L)",
    39: "Who watches the line counts, measures and times the files (M, N)",
    40: "A nonce is used twice (-)",
}
"""Row -> threat, and whose it is: M the mailbox host, P a partner, N the network, L a local user, I an insider."""


@dataclass(frozen=True)
class Shown:
    """One test that shows a row.

    path       of its file, below the checkout, with slashes
    behaviour  "" where it has no docstring
    """

    row: int
    name: str
    path: str
    behaviour: str


def row_of(name: str) -> int | None:
    """The row that a test shows by its name."""
    found = _NAME.match(name)
    return int(found[1]) if found else None


def shown(root: Path = ROOT) -> list[Shown]:
    """Every test that shows a row, by row, file and place in the file."""
    found = [one for path in sorted((root / "tests").rglob("test_*.py")) for one in _in_file(path, root)]
    return sorted(found, key=lambda one: (one.row, not _counts(one)))


def missing(tests: Sequence[Shown]) -> list[int]:
    """Rows that no test in tests/hostile shows."""
    return sorted(THREATS.keys() - {one.row for one in tests if _counts(one)})


def mute(tests: Sequence[Shown]) -> list[Shown]:
    """Tests that do not say which behaviour they show, or show a row that is none."""
    return [one for one in tests if not one.behaviour or one.row not in THREATS]


def table(tests: Sequence[Shown]) -> str:
    """The table as Markdown: a row has its threat, the behaviours, and the tests that show them."""
    lines = ["| # | threat (by) | required behaviour | shown by |", "|---|---|---|---|"]
    for row, threat in THREATS.items():
        of_row = [one for one in tests if one.row == row]
        behaviours = dict.fromkeys(one.behaviour for one in of_row if one.behaviour)
        links = dict.fromkeys(f"[{one.name}](../../{one.path})" for one in of_row)
        lines.append(f"| {row} | {_cell([threat])} | {_cell(behaviours)} | {_cell(links)} |")
    return "\n".join(lines)


def written(text: str, tests: Sequence[Shown]) -> str:
    """The document with the table in its place. Raises ValueError when it has no place for one."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the document has no place for the table")
    return f"{before}{BEGIN}\n\n{table(tests)}\n\n{END}{after}"


def main(arguments: Sequence[str]) -> int:
    """Write the table, or check it with --check."""
    tests = shown()
    for row in missing(tests):
        print(f"row {row} is shown by no test in tests/hostile: {THREATS[row]}")
    for one in mute(tests):
        print(f"{one.path}: {one.name} has no sentence of behaviour, or no row of that number")
    old = DOCUMENT.read_text("utf-8")
    new = written(old, tests)
    if "--check" in arguments:
        if new != old:
            print("the table is not what the tests give: python -m tests.tools.threats")
        return 1 if new != old or missing(tests) or mute(tests) else 0
    DOCUMENT.write_text(new, "utf-8")
    return 0


def _in_file(path: Path, root: Path) -> Iterator[Shown]:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and (row := row_of(node.name)) is not None:
            said = _SENTENCE.match(" ".join((ast.get_docstring(node) or "").split()))
            yield Shown(row, node.name, path.relative_to(root).as_posix(), said[1] if said else "")


def _counts(one: Shown) -> bool:
    return one.path.startswith("tests/hostile/")


def _cell(parts: Sequence[str] | Mapping[str, None]) -> str:
    return "<br>".join(part.replace("|", "\\|") for part in parts)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

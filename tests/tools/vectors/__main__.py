"""Make the published test vectors, or check that all of them are there."""

from __future__ import annotations

import sys

from tests.tools.vectors import FOLDER, make, missing, rendered


def main() -> int:
    """Make, or check with --check."""
    if "--check" in sys.argv:
        absent = [vector.path for vector in missing()]
        stale = not absent and (FOLDER / "index.json").read_text("utf-8") != rendered()
        print(*absent, *(["index.json is not what its source gives"] if stale else []), sep="\n")
        return 1 if absent or stale else 0
    make()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m gateway.cli [edi-send|edi-receive|edi-sync] …`: the programs without their installed scripts."""

import sys

from gateway.cli import process

_PROGRAMS = ("edi-send", "edi-receive", "edi-sync")

if len(sys.argv) > 1 and sys.argv[1] in _PROGRAMS:
    raise SystemExit(process(sys.argv[1], sys.argv[2:]))
raise SystemExit(process("edi", sys.argv[1:]))

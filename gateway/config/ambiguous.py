"""Which unquoted scalars does some YAML reader take for something else than text?

The union of the resolutions of YAML 1.1 (yaml.org/type, as PyYAML and libyaml-based editors apply it, with the yes/no
words in full) and of the core schema of YAML 1.2. Anything on this list must be quoted in a text.
"""

from __future__ import annotations

import re

_WORDS = {"", "~", "=", "<<", "null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_NUMBERS = re.compile(
    r"""
      [-+]? 0b [01_]+                                      # 1.1 binary
    | [-+]? 0o? [0-7_]+                                    # 1.1 and 1.2 octal
    | [-+]? 0x [0-9a-fA-F_]+                               # hexadecimal
    | [-+]? [0-9] [0-9_]*                                  # integers, also 0466 and 1_000
    | [-+]? ( [0-9] [0-9_]* )? \. [0-9_]* ( [eE] [-+]? [0-9]+ )?     # floats, also 1. and .5 (and the lone point)
    | [-+]? [0-9] [0-9_]* [eE] [-+]? [0-9]+                # 1E3 of YAML 1.2
    | [-+]? [0-9] [0-9_]* ( : [0-5]? [0-9] )+ ( \. [0-9_]* )?        # base 60: 12:30
    | [-+]? \. (inf|Inf|INF) | \. (nan|NaN|NAN)
    """, re.VERBOSE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(([Tt]|[ ]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?")


def ambiguous(text: str) -> bool:
    """Tell whether an unquoted scalar with this text must be quoted to be text everywhere."""
    return text.lower() in _WORDS or _NUMBERS.fullmatch(text) is not None or _DATE.fullmatch(text) is not None

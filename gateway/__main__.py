# -*- coding: utf-8 -*-
"""``python3 -m gateway`` and ``python3 gateway``: nothing but the way to the launcher.

This file parses on old Pythons, because it is the one that tells them they are too old.
"""

import os
import sys

if not __package__:  # python3 gateway: sys.path[0] is this folder, whose parent holds the package
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from gateway.launcher.steps import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# -*- coding: utf-8 -*-
"""The doorstep: from a bare Python to a prepared environment, with the standard library alone.

    words        what was asked, and the sentences to answer with
    steps        the order of the work, up to becoming the environment's Python
    folders      folders of ours: claimed, emptied and removed only when they carry the marker
    environment  found, made, completed, made again
    needs        what must be installed, and whether a Python has it
    pip          where pip comes from, how it is asked, what its answers mean
    compiled     the inner loops of the EDIFACT reader in C, where there is a compiler
    index        pip's own wheel from the package index, where there is no pip at all
    wheelhouse   a folder of wheels instead of an index
    suite        ``test``: pytest, and the line that closes it

`words` and `steps` (with this file and ``gateway/__main__.py``) parse and run on old Pythons, because they are the
ones that tell an old Python that it is too old: no ``:=``, no ``match``, no ``from __future__``, annotations in quotes.
The rest is imported after the version check. Exit codes: 2 wrong use, 3 unsuitable computer or folder, 4 no index or
no wheel, 5 wrong hash, 70 our defect.
"""

"""Which packages the wheel holds. Everything else about the project stands in ``pyproject.toml``.

The mappings and the samples lie at the top of the checkout, where people look for them; in the wheel they are data
inside the package. `setuptools` can rename folders only here when the other packages are to be found by themselves.
"""

from __future__ import annotations

from setuptools import find_packages, setup

FOLDERS = {"gateway._mappings": "mappings", "gateway._samples": "samples"}

setup(packages=[*find_packages(include=["gateway", "gateway.*"]), *FOLDERS], package_dir=dict(FOLDERS))

"""Do the packages whose names are fetched late give what they promise, to people, to checkers and at run time?"""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in (ROOT / "gateway").rglob("__init__.py")
                  if "lazily(__name__" in path.read_text("utf-8"))


def declared(package: Path) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Name -> module as the checkers of types read it, as it is fetched, and what the package promises."""
    name = f"gateway.{package.name}."
    checked, fetched, promised = {}, {}, []
    for node in ast.walk(ast.parse((package / "__init__.py").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith(name):
            checked.update({alias.name: node.module.removeprefix(name) for alias in node.names})
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "lazily":
            fetched.update({given: module for module, names in ast.literal_eval(node.args[1]).items()
                            for given in names})
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            promised = ast.literal_eval(node.value)
    return checked, fetched, promised


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_three_lists_of_a_late_package_agree_and_no_name_is_that_of_a_module(package: Path) -> None:
    checked, fetched, promised = declared(package)
    assert checked == fetched != {}
    assert sorted(promised) == sorted(fetched)
    assert set(fetched) & {path.stem for path in package.iterdir()} == set()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_late_package_gives_each_name_and_nothing_else(package: Path) -> None:
    found = import_module(f"gateway.{package.name}")
    for name, module in declared(package)[1].items():
        assert getattr(found, name) is getattr(import_module(f"gateway.{package.name}.{module}"), name)
    with pytest.raises(AttributeError, match=f"module 'gateway.{package.name}' has no attribute 'nothing'"):
        found.nothing  # noqa: B018


def test_importing_the_late_packages_loads_none_of_their_modules() -> None:
    names = [f"gateway.{package.name}" for package in PACKAGES]
    code = f"import sys, {', '.join(names)}; print(*sorted(name for name in sys.modules if name.startswith('gateway')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    assert done.stdout.split() == sorted(["gateway", "gateway.lazily", *names])


def test_five_packages_are_late() -> None:
    assert [package.name for package in PACKAGES] == ["config", "ledger", "mapping", "security", "transport"]

"""Do the packages import only what lies below them, and does each library live in one place?"""

from __future__ import annotations

import ast
import configparser
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = [  # outside in; packages on one line never import each other (DESIGN section 3)
    {"cli", "api"},
    {"web", "daemon"},
    {"kit"},
    {"simulation"},
    {"exchange"},
    {"pages"},
    {"mapping", "reports"},
    {"records", "transit", "edifact", "security", "transport", "ledger", "contents"},
    {"config", "spool"},
    {"errors"},
    {"findings", "references", "texts", "failpoints", "lazily"},
]
RANK = {name: len(LAYERS) - level for level, names in enumerate(LAYERS) for name in names}
INNERMOST = {"texts": {"findings"}}
LIBRARIES = {
    "click": {"cli"}, "paramiko": {"transport"}, "lxml": {"records"}, "pydifact": {"edifact"},
    "cryptography": {"security"}, "sqlalchemy": {"ledger", "records"}, "alembic": {"ledger"}, "fastapi": {"web"},
    "starlette": {"web"}, "uvicorn": {"web"}, "argon2": {"web"}, "yaml": {"config"}, "jinja2": {"pages"},
    "weasyprint": {"pages"},
    "xlsxwriter": {"records"}, "python_calamine": {"records"}, "psycopg": {"ledger", "records", "daemon"},
    "psycopg_pool": {"daemon"}, "procrastinate": {"daemon"}, "filelock": {"spool"},
    "prometheus_client": {"reports"}, "obstore": {"contents"},
    "pydantic": {"config", "mapping"}, "pkcs11": {"security"},
}
RIM = {"cli", "launcher", "__main__", "demo", "testing"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


def modules() -> list[Path]:
    return sorted((ROOT / "gateway").rglob("*.py"))


def package_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "gateway").parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == "gateway":
                yield from ((f"gateway.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_below_and_libraries_where_they_belong(path: Path) -> None:
    package = package_of(path)
    faults = []
    for name, line in imports(path):
        parts = name.split(".")
        if parts[0] == "gateway" and len(parts) > 1:
            target = parts[1]
            if target == package or package in RIM - {"cli"}:
                continue
            allowed = RANK.get(target, 99) < RANK.get(package, 0) or target in INNERMOST.get(package, set())
            if not allowed:
                faults.append(f"line {line}: {package} imports {target}")
        elif parts[0] in LIBRARIES and package not in LIBRARIES[parts[0]]:
            faults.append(f"line {line}: {parts[0]} is spoken only in {', '.join(LIBRARIES[parts[0]])}")
    assert faults == []


@pytest.mark.parametrize("path", [path for path in modules() if package_of(path) not in RIM],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_below_the_command_line_reads_the_clock_draws_randomness_or_prints(path: Path) -> None:
    faults = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id == "print":
                faults.append(f"line {node.lineno}: print")
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) \
                    and (function.value.id, function.attr) in CLOCKS:
                faults.append(f"line {node.lineno}: {function.value.id}.{function.attr}")
    faults.extend(f"line {line}: {name}" for name, line in imports(path) if name in ("random", "secrets", "uuid"))
    assert faults == []


def test_every_package_of_the_plan_has_its_place_in_the_layers() -> None:
    known = set(RANK) | RIM | {"__init__"}
    assert {package_of(path) for path in modules()} <= known


def test_the_tool_sections_of_setup_cfg_hold_no_metadata() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    assert [name for name in parser.sections() if name in ("metadata", "options") or name.startswith("options.")] == []


def test_the_package_itself_imports_nothing() -> None:
    assert list(imports(ROOT / "gateway" / "__init__.py")) == []
    foreign = [name for name, _ in imports(ROOT / "gateway" / "__main__.py")
               if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("gateway")] \
        if (ROOT / "gateway" / "__main__.py").exists() else []
    assert foreign == []

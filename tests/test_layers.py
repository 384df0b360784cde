"""Modules import only from the layers below them, and importing the package loads little."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import runbase

ROOT = Path(runbase.__file__).parent
#: From the bottom to the top. What is in one layer may import from its own.
LAYERS = [
    {"errors"},
    {"config", "query", "engines", "environment", "args", "sigterm", "util", "filter"},
    {"session", "db"},
    {"migrate"},
    {"store"},
    {"search"},
    {"buffer"},
    {"client"},
    {"artifacts"},
    {"experiment", "run", "run_functions"},
    {"", "__init__", "frames"},
    {"pandas", "queries"},
    {"notebook", "commands", "optuna", "ax", "sources", "dashboard"},
    {"__main__"},
]
HEIGHT = {name: height for height, layer in enumerate(LAYERS) for name in layer}
FILES = sorted(ROOT.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The parts of the package that a file imports from, "" for the package itself."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "runbase":
                    yield alias.name.partition(".")[2].partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".") if node.module else []
            if node.level:
                package = ["runbase", *path.relative_to(ROOT).parent.parts]
                module = package[: len(package) - node.level + 1] + module
            if module[:1] == ["runbase"]:
                yield from [module[1]] if module[1:] else (alias.name for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path: Path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    here = HEIGHT[parts[0]]
    # A name of the package itself, such as `from . import Client`, counts as the package.
    upwards = {name for name in imports(path) if HEIGHT.get(name, HEIGHT[""]) > here}
    assert upwards == set()


def test_every_module_has_a_layer():
    assert {path.relative_to(ROOT).with_suffix("").parts[0] for path in FILES} <= HEIGHT.keys()


HEAVY = {
    "sqlite3", "psycopg", "pymysql", "pandas", "numpy", "scipy", "sqlalchemy", "optuna", "ax",
    "torch", "streamlit", "rich", "docopt", "IPython", "itables", "humanize", "plotly",
    "runbase.commands", "runbase.pandas", "runbase.notebook",
}  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """Which of the heavy modules are loaded after ``code`` ran in a new interpreter."""
    code += "; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return HEAVY & set(done.stdout.split())


@pytest.mark.item("S001", "S002")
def test_importing_the_package_loads_no_driver_and_nothing_heavy():
    assert loaded_by("import runbase") == set()


@pytest.mark.item("S001")
def test_tracking_in_sqlite_loads_nothing_else(tmp_path: Path):
    assert loaded_by(
        "import runbase; "
        f"run = runbase.Experiment(runbase.Client({str(tmp_path / 'runs.db')!r}), name='e')"
        ".get_run().start().set_env().add_metrics({'m': 1.0}).stop()"
    ) == {"sqlite3"}


@pytest.mark.item("S002")
def test_the_documented_modules_are_there():
    from runbase import args, config, engines, queries, sigterm, util
    from runbase.engines import engine, json, postgres, sqlite

    assert all([args, config, engines, queries, sigterm, util, engine, json, postgres, sqlite])

"""The documentation: what it shows runs, and nothing is missing in it."""

from __future__ import annotations

import inspect
import os
import re
import runpy
import subprocess
import sys
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import runbase
from runbase import commands, engines
from runbase.errors import ReadOnlyError

if TYPE_CHECKING:
    from psycopg import Connection
    from pymysql.connections import Connection as MySQLConnection

    from tests.servers import Running

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in DOCS.rglob("*.md")
    if not any(part.startswith("_") for part in path.relative_to(DOCS).parts)
)
#: Pages whose Python code, one block after the other, is a program.
PROGRAMS = [
    "README.md",
    "docs/artifacts.md",
    "docs/coming-from-sqltrack.md",
    "docs/database.md",
    "docs/getting-started.md",
    "docs/index.md",
]
#: Pages with code that takes for granted what a reader has by then.
FRAGMENTS = [
    "docs/analysing.md",
    "docs/arguments.md",
    "docs/configuration.md",
    "docs/filters.md",
]
PREPARED = """
import pandas
import runbase
from runbase.commands import setup

client = runbase.Client("sqlite:///runs.db")
experiment = runbase.Experiment(client, name="digits")
for _ in range(4):
    run = experiment.get_run().set_args({"lr": 0.1})
    with run.track():
        run.add_metrics({"val_loss": 1.0}, step=1)
pandas.DataFrame.plot = lambda frame: frame
parse_size = int
"""


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


CLI = text(DOCS / "cli.md")


# The reference


@pytest.mark.parametrize("name", sorted(set(runbase.__all__) - {"__version__"}))
def test_public_names_have_docstrings(name: str):
    obj = getattr(runbase, name)
    assert inspect.getdoc(obj)
    if inspect.isclass(obj):
        members = {k: v for k, v in vars(obj).items() if not k.startswith("_")}
        methods = [k for k, v in members.items() if callable(v) or isinstance(v, property)]
        assert [k for k in methods if not inspect.getdoc(members[k])] == []


def test_public_names_are_in_the_reference():
    page = text(DOCS / "api" / "runbase.md")
    documented = re.findall(r"^\.\. (?:auto|py:)\w+:: (?:runbase\.)?(\w+)$", page, re.M)
    assert sorted(runbase.__all__) == sorted({*documented} & {*runbase.__all__})


@pytest.mark.parametrize(
    "module",
    [
        "args", "artifacts", "commands", "config", "engines", "environment", "errors", "notebook",
        "pandas", "queries", "sigterm", "util",
    ],
)  # fmt: skip
def test_public_modules_are_in_the_reference(module: str):
    assert f".. automodule:: runbase.{module}\n" in "".join(map(text, DOCS.glob("api/*.md")))


def test_public_names_of_packages_are_in_the_reference():
    for module in (engines, commands):
        page = text(DOCS / "api" / f"{module.__name__.rpartition('.')[2]}.md")
        assert [name for name in module.__all__ if name not in page] == []


def test_every_command_has_its_section():
    parsers = runpy.run_path(str(DOCS / "_ext" / "command_help.py"))["subparsers"]
    sections = re.findall(r"^## runbase (\w+)\n.*?\{command-help\} (\w+)$", CLI, re.M | re.S)
    assert [(name, name) for name in parsers(commands.parser())] == sections


# Pages


def test_every_page_is_in_a_toctree():
    listed = {DOCS / "index.md"}
    for page in PAGES:
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", text(page), re.M | re.S):
            entries = [line for line in tree.split() if not line.startswith(":")]
            patterns = [str(page.parent / f"{entry}.md") for entry in entries]
            listed |= {p for p in PAGES if any(fnmatch(str(p), pattern) for pattern in patterns)}
    assert sorted(set(PAGES) - listed) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(name: str):
    targets = re.findall(r"\]\(([^)#:]+)\)", text(ROOT / name))
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", [*PROGRAMS, *FRAGMENTS])
def test_code_runs(name: str, tmp_path: Path):
    blocks = re.findall(r"^```python\n(.*?)^```", text(ROOT / name), re.M | re.S)
    assert blocks
    if name in FRAGMENTS:
        blocks.insert(0, PREPARED)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("RUNBASE_", "SQLTRACK_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env=env | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert list(tmp_path.glob("*.db"))


# The SQL for users and rights


def team_sql(section: str, number: int) -> list[str]:
    """Statements of a block of SQL in a section, with names that no other test uses."""
    page = text(DOCS / "database.md").partition(f"## {section}\n")[2]
    block = re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S)[number]
    renamed = re.sub(r"\b(experiments|alice|bob|reader)\b", rf"\1_{os.getpid()}", block)
    return [s for s in renamed.replace("\n", " ").split(";") if s.strip()]


def log(url: str, metric: str) -> None:
    with closing(runbase.Client(url)) as client:
        runbase.Experiment(client, name="shared").get_run().add_metrics({metric: 1.0})


def reads_and_cannot_write(url: str) -> None:
    with closing(runbase.Client(url)) as client:
        names = client.execute("SELECT name FROM metrics_long ORDER BY name").fetchall()
        assert names == [("accuracy",), ("loss",)]
        assert client.execute("SELECT COUNT(*) FROM metrics_of_shared").fetchone() == (2,)
        with pytest.raises(ReadOnlyError):
            runbase.Experiment(client, name="another")


def test_a_team_on_postgresql(postgres_server: Running, postgres_admin: Connection[Any]):
    import psycopg

    mine = f"_{os.getpid()}"
    place = postgres_server.url(f"experiments{mine}").rpartition("@")[2]
    alice, bob, reader = (
        f"postgresql://{name}{mine}:change-me@{place}" for name in ("alice", "bob", "reader")
    )
    try:
        for statement in team_sql("A team on PostgreSQL", 0):
            postgres_admin.execute(statement.encode())
        with closing(runbase.Client(alice)) as client:
            commands.setup(client, quiet=True)
        log(alice, "loss")
        log(bob, "accuracy")
        with psycopg.connect(postgres_server.url(f"experiments{mine}")) as connection:
            for statement in team_sql("A team on PostgreSQL", 1):
                connection.execute(statement.encode())
        with closing(runbase.Client(bob)) as client:
            runbase.Experiment(client, name="shared").create_metrics_view()
        reads_and_cannot_write(reader)
    finally:
        postgres_admin.execute(f"DROP DATABASE IF EXISTS experiments{mine} WITH (FORCE)".encode())
        for name in ("alice", "bob", "reader", "experiments"):
            postgres_admin.execute(f"DROP ROLE IF EXISTS {name}{mine}".encode())


def test_a_team_on_mariadb(mariadb_server: Running, mariadb_admin: MySQLConnection[Any]):
    mine = f"_{os.getpid()}"
    place = mariadb_server.url(f"experiments{mine}").rpartition("@")[2]
    alice, reader = (f"mysql://{name}{mine}:change-me@{place}" for name in ("alice", "reader"))
    with mariadb_admin.cursor() as cursor:
        try:
            for block in (0, 1):
                for statement in team_sql("A team on MySQL or MariaDB", block):
                    cursor.execute(statement)
            with closing(runbase.Client(alice)) as client:
                commands.setup(client, quiet=True)
            log(alice, "loss")
            log(alice, "accuracy")
            with closing(runbase.Client(alice)) as client:
                runbase.Experiment(client, name="shared").create_metrics_view()
            reads_and_cannot_write(reader)
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS experiments{mine}")
            cursor.execute(f"DROP USER IF EXISTS alice{mine}, reader{mine}")

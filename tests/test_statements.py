"""Every statement of the core is valid on every engine."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

from runbase import Client, Run, migrate, store
from runbase.db import Database
from runbase.query import Query
from runbase.store import plans, reports, trials
from runbase.store.changes import Change


def queries(module: Any) -> Iterator[tuple[str, Query]]:
    """The queries of a module by name, those in dictionaries included."""
    for name, value in vars(module).items():
        if isinstance(value, Query):
            yield f"{module.__name__}.{name}", value
        elif isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, Query):
                    yield f"{module.__name__}.{name}[{key}]", item
        elif isinstance(value, tuple):
            for key, item in enumerate(value):
                if isinstance(item, Query):
                    yield f"{module.__name__}.{name}[{key}]", item


MODULES = [migrate] + [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(store.__path__, "runbase.store.")
]
QUERIES = {name: query for module in MODULES for name, query in queries(module)}


def explain(db: Database, sql: str, parameters: Any) -> None:
    """Let the database make a plan for a statement, without running it."""
    if db.dialect == "postgresql" and parameters:
        parameters = dict.fromkeys(parameters)  # NULL fits every type
    db.session.run(f"EXPLAIN {sql}", parameters)


def test_every_statement_can_be_explained(db: Database):
    """In one test for each engine, since setting up a database takes longer than all of them."""
    failed = {}
    for name, query in QUERIES.items():
        parameters = dict.fromkeys(query.names, 1) if query.names else None
        try:
            explain(db, query.text[db.dialect].strip(), parameters)
        except Exception as error:
            failed[name] = str(error)
    assert failed == {}
    assert len(QUERIES) > 40


def test_the_statements_that_are_made_for_a_set_of_metrics_can_be_explained(
    client: Client, run: Run
):
    names = ("a", "it's", 'b"c', "100%", ":x", "?", "back\\slash", "`tick`")
    run.add_metrics(dict.fromkeys(names, 1.0))
    plans.prepare(client.db, names)
    [plan] = client.db.memo["catalogue"].plans.values()
    place: dict[str, Any] = {"run_id": run.id, "step": 1, "progress": 0.0}
    values = place | {f"v{i}": 0.5 for i in range(len(names))}
    for sql in filter(None, plan):
        if client.dialect == "sqlite":
            client.db.session.run(f"EXPLAIN {sql.strip()}", tuple(values.values()))
        else:
            explain(client.db, sql.strip(), values)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_every_statement_names_the_same_parameters_in_every_dialect(dialect: Any):
    changes = [*vars(trials).values(), *vars(reports).values()]
    whole = {change.run for change in changes if isinstance(change, Change)}
    for name, query in QUERIES.items():
        if query in whole:
            continue  # on PostgreSQL such a statement does what are three elsewhere
        mark = ":{}" if dialect == "sqlite" else "%({})s"
        text = query.text[dialect]
        used = {p for p in query.names if mark.format(p) in text}
        assert used == query.names or text.strip() == "SELECT 1", name

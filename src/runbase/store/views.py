"""Views whose text depends on the columns of ``metrics``; the others are in ``migrations``."""

from __future__ import annotations

import json

from ..db import Database
from ..engines import Engine
from ..query import Query

COLUMNS = Query(
    "SELECT id, name, column_name, kind FROM metric_names WHERE column_name IS NOT NULL ORDER BY id"
)
NAMES_OF = Query("""
SELECT DISTINCT k.id, k.name, k.column_name, k.kind
  FROM metric_names AS k
  JOIN run_metrics AS m ON m.metric_id = k.id
  JOIN runs AS r ON r.id = m.run_id
 WHERE r.experiment_id = :experiment_id
 ORDER BY k.id
""")

# Every value of metrics_more, and of metric_specials, as (run_id, name, step, progress, value,
# text): value where it is a number, text where it is not.
MORE = {
    "sqlite": """
SELECT o.run_id, j.key, o.step, o.progress,
       CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.value AS DOUBLE) END,
       CASE WHEN j.type NOT IN ('integer', 'real') THEN CAST(j.value AS TEXT) END
  FROM metrics_more AS o, json_each(o.data) AS j""",
    # Integers may be larger than any DOUBLE PRECISION.
    "postgresql": """
SELECT o.run_id, j.key, o.step, o.progress, n.value,
       CASE WHEN n.value IS NULL THEN j.value #>> '{}' END
  FROM metrics_more AS o, json_each(o.data) AS j, LATERAL (
SELECT CASE WHEN json_typeof(j.value) = 'number'
            THEN CASE WHEN ABS(CAST(j.value #>> '{}' AS NUMERIC)) <= 1.7976931348623157e308
                      THEN CAST(j.value #>> '{}' AS DOUBLE PRECISION) END END AS value) AS n""",
    "mysql": """
SELECT o.run_id, k.name, o.step, o.progress,
       CASE WHEN JSON_TYPE(JSON_EXTRACT(o.data, p.path)) IN ('INTEGER', 'DOUBLE', 'DECIMAL')
            THEN CAST(JSON_EXTRACT(o.data, p.path) AS DOUBLE) END,
       CASE WHEN JSON_TYPE(JSON_EXTRACT(o.data, p.path)) NOT IN ('INTEGER', 'DOUBLE', 'DECIMAL')
            THEN JSON_UNQUOTE(JSON_EXTRACT(o.data, p.path)) END
  FROM metrics_more AS o
  JOIN run_metrics AS m ON m.run_id = o.run_id
  JOIN (SELECT id, name, CONCAT('$.', JSON_QUOTE(name)) AS path FROM metric_names) AS p
    ON p.id = m.metric_id
  JOIN metric_names AS k ON k.id = p.id
 WHERE JSON_CONTAINS_PATH(o.data, 'one', p.path)""",
}
_SPECIALS = """
SELECT s.run_id, k.name, s.step, s.progress, {value}, {text}
  FROM metric_specials AS s
  JOIN metric_names AS k ON k.id = s.metric_id"""
_NAN = "CASE WHEN s.value = 'NaN' THEN s.value END"
SPECIALS = {
    "sqlite": _SPECIALS.format(
        value="CASE s.value WHEN 'Infinity' THEN 9e999 WHEN '-Infinity' THEN -9e999 END", text=_NAN
    ),
    "postgresql": _SPECIALS.format(
        value="CASE WHEN s.value <> 'NaN' THEN CAST(s.value AS DOUBLE PRECISION) END", text=_NAN
    ),
    "mysql": _SPECIALS.format(value="NULL", text="s.value"),  # it has no infinities
}
HEAD = "(run_id, name, step, progress, value, text)"
MAX_TERMS = 450  # of a UNION on SQLite


def refresh(db: Database) -> None:
    """Make ``metrics_long``: a row for each value of each metric, whatever column it is in."""
    branches = [_branch(db, *row) for row in db.rows(COLUMNS)]
    if db.dialect == "sqlite":
        branches = branches[:MAX_TERMS]
    text = "\nUNION ALL".join([*branches, MORE[db.dialect], SPECIALS[db.dialect]])
    _replace(db, f"metrics_long {HEAD}", text)


def _branch(db: Database, id: int, name: str, column: str, kind: str) -> str:
    quoted = db.engine.quote(column)
    texts = {"sqlite": "TEXT", "postgresql": "TEXT", "mysql": "CHAR"}
    doubles = {"sqlite": "DOUBLE", "postgresql": "DOUBLE PRECISION", "mysql": "DOUBLE"}
    if kind in ("number", "integer"):
        value, text = (
            f"CAST({quoted} AS {doubles[db.dialect]})",
            f"CAST(NULL AS {texts[db.dialect]})",
        )
    else:
        value, text = (
            f"CAST(NULL AS {doubles[db.dialect]})",
            f"CAST({quoted} AS {texts[db.dialect]})",
        )
    return (
        f"\nSELECT run_id, {_literal(db, name)}, step, progress, {value}, {text}"
        f"\n  FROM metrics WHERE {quoted} IS NOT NULL"
    )


def _literal(db: Database, text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'" if db.dialect != "mysql" else "'" + escaped.replace("\\", "\\\\") + "'"


def _replace(db: Database, head: str, select: str) -> None:
    if db.dialect == "sqlite":
        db.run(f"DROP VIEW IF EXISTS {head.partition(' (')[0]}")
        db.run(f"CREATE VIEW {head} AS {select}")
    else:
        db.run(f"CREATE OR REPLACE VIEW {head} AS {select}")


def free_name(engine: Engine, name: str, taken: set[str]) -> str:
    """The identifier for a metric: its name, with a number behind it where that is ``taken``.

    It is added to ``taken``, a set of names folded by the engine: SQLite and MySQL ignore case.
    """
    base = found = engine.identifier(name)
    number = 1
    while engine.fold(found) in taken:
        number += 1
        ending = f"_{number}"
        stem = base
        while engine.identifier(stem + ending) != stem + ending:
            stem = stem[:-1]
        found = stem + ending
    taken.add(engine.fold(found))
    return found


def create_wide(db: Database, experiment_id: int, view: str) -> list[str]:
    """Make the view ``view`` of one experiment's metrics, a column for each of its metrics.

    It has the columns run_id, step and progress, and then those metrics that the experiment has
    now, also the ones that live in ``metrics_more``. NaN is NULL.

    Returns:
        The names of the view's metric columns.
    """
    engine = db.engine
    taken = {"run_id", "step", "progress"}
    names: list[str] = []
    cells: list[str] = []
    for _, name, column, _ in db.rows(NAMES_OF, experiment_id=experiment_id):
        names.append(free_name(engine, name, taken))
        cells.append(_cell(db, name, column) + f" AS {engine.quote(names[-1])}")
    columns = ", ".join(["m.run_id", "m.step", "m.progress", *cells])
    select = f"""
SELECT {columns}
  FROM metrics AS m
  JOIN runs AS r ON r.id = m.run_id AND r.experiment_id = {int(experiment_id)}
  LEFT JOIN metrics_more AS o
    ON o.run_id = m.run_id AND o.step = m.step AND o.progress = m.progress"""
    with db.transaction():
        db.run(f"DROP VIEW IF EXISTS {engine.quote(view)}")
        db.run(f"CREATE VIEW {engine.quote(view)} AS {select}")
    return names


def _cell(db: Database, name: str, column: str | None) -> str:
    path = "$." + _json_key(name)
    # Paths of SQLite know no quotes within a name.
    by_key = f"SELECT j.value FROM json_each(o.data) AS j WHERE j.key = {_literal(db, name)}"
    more = {
        "sqlite": by_key if '"' in name else f"o.data ->> {_literal(db, path)}",
        "postgresql": f"o.data ->> {_literal(db, name)}",
        "mysql": f"JSON_VALUE(o.data, {_literal(db, path)})",
    }[db.dialect]
    if column is None:
        return f"({more})"
    return f"m.{db.engine.quote(column)}"


def _json_key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)

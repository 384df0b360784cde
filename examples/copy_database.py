"""Copy a Runbase database to another one, for example from SQLite to PostgreSQL.

Everything is copied under the same ids, in one transaction: what fails half-way leaves the target
as it was. The target's tables are made if they are missing; experiments it must not have yet. Runs
that log into the source meanwhile are copied as they were when the copying began. The bytes of
artifacts stay where they are: name their place as artifacts= of the target.

Usage: copy_database.py [--batch N] SOURCE TARGET

Options:
    -h --help      Show this text.
    -b, --batch N  Rows that are read at a time [default: 5000]

SOURCE and TARGET are URLs or SQLite files, such as runs.db or postgresql://alice@db.example/alice
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import runbase
from runbase.args import ParsedOptions, docopt_main
from runbase.commands import setup
from runbase.engines.json import dumps
from runbase.errors import ConflictError, RunbaseError
from runbase.store import columns, curves, schema, summaries, values, views

#: Tables in an order in which references point backwards, and their keys.
TABLES = {
    "experiments": ["id"],
    "experiment_links": ["from_id", "kind", "to_id"],
    "experiment_attrs": ["owner_id", "scope", "key"],
    "runs": ["id"],
    "run_links": ["from_id", "kind", "to_id"],
    "run_attrs": ["owner_id", "scope", "key"],
    "distributions": ["id"],
    "run_params": ["run_id", "name"],
    "metric_names": ["id"],
    "metrics": ["run_id", "step", "progress"],
    "metrics_more": ["run_id", "step", "progress"],
    "metric_specials": ["run_id", "metric_id", "step", "progress"],
    "run_metrics": ["run_id", "metric_id"],
    "artifacts": ["id"],
    "views": ["id"],
    "ax_experiments": ["experiment_id"],
    "ax_trials": ["run_id"],
    "ax_strategies": ["id"],
    "ax_generator_runs": ["strategy_id", "ordinal"],
    "ax_cards": ["id"],
}
#: By MySQL.
COMPUTED = {("distributions", "sha256"), ("views", "owner")}
WITH_IDS = [table for table, key in TABLES.items() if key == ["id"]]
DOCUMENTS = {"tags", "args", "env", "extras", "directions", "objective_values", "data"}
SNAPSHOT = {
    "sqlite": ["BEGIN"],
    "postgresql": ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"],
    "mysql": [
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ],
}
CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "number": float,
    "text": str,
    "interval": lambda v: v if isinstance(v, timedelta) else timedelta(seconds=v),
}

Row = tuple[Any, ...]


class Copy:
    """One database on its way into another."""

    def __init__(self, source: runbase.Client, target: runbase.Client, batch: int) -> None:
        self.source, self.target, self.batch = source, target, batch
        self.metrics = {m.id: m for m in columns.refresh(source.db).values()}
        #: Columns of the metrics by id, in the target.
        self.renamed: dict[int, str] = {}
        self.has_lost_infinities = source.engine.has_infinity and not target.engine.has_infinity
        #: Metrics of runs that have infinities, where only one of the engines has them.
        self.infinite: set[tuple[int, int]] = set()
        #: Infinities that the target keeps in another table than the source.
        self.moved: list[tuple[int, int, int, float, float]] = []
        self.parents: list[Row] = []

    def run(self, progress: Progress) -> dict[str, int]:
        """Copy everything; the number of rows in the target by table."""
        setup(self.target, quiet=True)
        if self.target.execute("SELECT 1 FROM experiments LIMIT 1").fetchone():
            raise ConflictError(
                f"{self.target.engine.describe()} has experiments already: copy into a new database"
            )
        for statement in SNAPSHOT[self.source.dialect]:
            self.read(statement)
        counts = {table: self.read(f"SELECT COUNT(*) FROM {table}")[0][0] for table in TABLES}
        highest = {table: self.highest_id(table) for table in WITH_IDS}
        self.add_columns()  # MySQL cannot do this in a transaction
        with self.target.db.transaction():
            self.write("DELETE FROM metric_names")  # the columns of users' scripts, numbered anew
            for table in TABLES:
                self.copy_table(table, progress, progress.add_task(table, total=counts[table]))
            self.move_infinities()
            self.verify(counts)
            if self.target.dialect != "mysql":
                self.skip_ids(highest)
        if self.target.dialect == "mysql":
            self.skip_ids(highest)
        self.read("ROLLBACK")
        schema.setup(self.target.db)  # users' columns and the view metrics_long
        return counts

    def read(self, sql: str, parameters: Any = ()) -> list[Row]:
        """Run a statement on the source, in its driver's style, and fetch what it finds."""
        cursor = self.source.connection.cursor()
        cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []

    def write(self, sql: str, rows: list[Row] | None = None) -> list[Row]:
        """Run a statement on the target, in the open transaction; once for each of ``rows``."""
        if rows is None:
            cursor = self.target.db.session.run(sql)
            return list(cursor.fetchall()) if cursor.description else []
        if rows:
            adapt = self.target.engine.adapt
            adapted = [tuple(map(adapt, row)) for row in rows]
            self.target.db.session.run(sql, adapted, many=True)
        return []

    def add_columns(self) -> None:
        """Give the target's metrics the columns of the source; by its own rules for names."""
        engine, db = self.target.engine, self.target.db
        declared = self.source.engine.columns(self.source.db.run, "metrics")
        there = {engine.fold(c): c for c in engine.columns(db.run, "metrics")}
        free = set(there) - {"run_id", "step", "progress"}
        for metric in self.metrics.values():
            if metric.column is None:
                continue
            wanted = engine.fold(engine.identifier(metric.column))
            if wanted in free:
                free.remove(wanted)
                self.renamed[metric.id] = there[wanted]
                continue
            name = views.free_name(engine, metric.column, taken := set(there))
            there |= dict.fromkeys(taken - there.keys(), name)
            if metric.kind in values.PYTHON:
                sql = engine.map_type(self.target, values.PYTHON[metric.kind])
            else:
                sql = "BIGINT" if metric.kind == "integer" else declared[metric.column]
            db.run(f"ALTER TABLE metrics ADD COLUMN {engine.quote(name)} {sql}")
            self.renamed[metric.id] = name

    def copy_table(self, table: str, progress: Progress, task: Any) -> None:
        """Copy one table, a batch at a time."""
        source, target = self.source.engine, self.target.engine
        if table == "metrics":
            with_column = [m for m in self.metrics.values() if m.column is not None]
            names = [*TABLES[table], *(m.column or "" for m in with_column)]
            new_names = [*TABLES[table], *(self.renamed[m.id] for m in with_column)]
        else:
            there = target.columns(self.target.db.run, table)
            names = new_names = [
                c for c in source.columns(self.source.db.run, table) if (table, c) not in COMPUTED
            ]
            if missing := [c for c in names if c not in there]:
                raise ConflictError(
                    f"{table} has the column {missing[0]} in the source alone: run the script that "
                    "added it with 'runbase setup' on the target first"
                )
        marks = ", ".join(["?" if target.dialect == "sqlite" else "%s"] * len(names))
        quoted = ", ".join(map(target.quote, new_names))
        if target.dialect != "sqlite":
            quoted = quoted.replace("%", "%%")
        insert = f"INSERT INTO {table} ({quoted}) VALUES ({marks})"
        for rows in self.batches(table, names):
            converted = [self.converted(table, names, row) for row in rows]
            self.write(insert, [row for row in converted if row is not None])
            progress.advance(task, len(rows))
            if table == "runs":
                parent, id = names.index("parent_id"), names.index("id")
                self.parents += [(row[parent], row[id]) for row in rows if row[parent] is not None]
        if table == "runs":
            mark = marks[: marks.find(",")]
            self.write(f"UPDATE runs SET parent_id = {mark} WHERE id = {mark}", self.parents)

    def batches(self, table: str, names: list[str]) -> Iterator[list[Row]]:
        """The rows of a table in the order of its key, a batch at a time."""
        engine, key = self.source.engine, TABLES[table]
        mark = "?" if engine.dialect == "sqlite" else "%s"
        cells = []
        kinds = {m.column: m.kind for m in self.metrics.values()} if table == "metrics" else {}
        for name in names:
            is_text = engine.dialect == "mysql" and kinds.get(name) == "json"
            cells.append(f"CAST({engine.quote(name)} AS CHAR)" if is_text else engine.quote(name))
        order = ", ".join(map(engine.quote, key))
        head = f"SELECT {', '.join(cells)} FROM {table}"
        if engine.dialect != "sqlite":
            head = head.replace("%", "%%")
        tail = f"ORDER BY {order} LIMIT {self.batch}"
        where, after = _after([engine.quote(k) for k in key], mark, engine.dialect)
        places = [names.index(k) for k in key]
        rows = self.read(f"{head} {tail}".replace("%%", "%"))
        while rows:
            yield rows
            if len(rows) < self.batch:
                return
            last = [rows[-1][place] for place in places]
            rows = self.read(f"{head} WHERE {where} {tail}", after(last))

    def converted(self, table: str, names: list[str], row: Row) -> Row | None:
        """A row as the target takes it; None if it has no place there."""
        if table == "metrics":
            return self.converted_metrics(row)
        cells = dict(zip(names, row, strict=True))
        if table == "runs":
            cells["parent_id"] = None  # set when all runs are there
        if table == "metric_names":
            cells["user_defined"] = bool(cells["user_defined"])
            cells["column_name"] = self.renamed.get(cells["id"])
        if table == "metric_specials" and self.target.engine.has_infinity:
            metric = self.metrics[cells["metric_id"]]
            if cells["value"] != "NaN" and metric.column and metric.kind == "number":
                place = (cells["run_id"], metric.id, cells["step"], cells["progress"])
                self.moved.append((*place, float(cells["value"])))
                return None
        if table == "run_metrics" and self.has_lost_infinities:
            numbers = ("last", "min", "max", "sum")
            if any(cells[n] is not None and math.isinf(cells[n]) for n in numbers):
                self.infinite.add((cells["run_id"], cells["metric_id"]))
                cells |= {n: None for n in numbers if cells[n] and math.isinf(cells[n])}
        for name in DOCUMENTS & cells.keys():
            if cells[name] is not None:
                cells[name] = dumps(cells[name])
        return tuple(cells.values())

    def converted_metrics(self, row: Row) -> Row:
        """A point as the target takes it."""
        with_column = [m for m in self.metrics.values() if m.column is not None]
        cells: list[Any] = list(row[:3])
        for metric, value in zip(with_column, row[3:], strict=True):
            if value is None:
                cells.append(None)
            elif metric.kind == "json":
                cells.append(value if self.source.dialect == "mysql" else dumps(value))
            elif metric.kind == "number" and math.isinf(value) and self.has_lost_infinities:
                self.moved.append((row[0], metric.id, row[1], row[2], value))
                cells.append(None)
            else:
                convert = CONVERSIONS.get(metric.kind)
                cells.append(convert(value) if convert else value)
        return tuple(cells)

    def move_infinities(self) -> None:
        """Put infinities where the target keeps them, and sum up again what has some."""
        mark = "?" if self.target.dialect == "sqlite" else "%s"
        quote = self.target.engine.quote
        for run_id, metric_id, step, at, value in self.moved:
            self.infinite.add((run_id, metric_id))
            if self.target.engine.has_infinity:
                column = quote(self.renamed[metric_id])
                column = column if mark == "?" else column.replace("%", "%%")
                self.write(
                    f"UPDATE metrics SET {column} = {mark}"
                    f" WHERE run_id = {mark} AND step = {mark} AND progress = {mark}",
                    [(value, run_id, step, at)],
                )
            else:
                self.write(
                    "INSERT INTO metric_specials (run_id, metric_id, step, progress, value)"
                    f" VALUES ({', '.join([mark] * 5)})",
                    [(run_id, metric_id, step, at, values.special_text(value))],
                )
        if self.infinite:
            known = {m.id: m for m in columns.refresh(self.target.db).values()}
        for run_id, metric_id in sorted(self.infinite):
            curve = curves.read(self.target.db, run_id, known[metric_id])
            points = [(p.step, p.progress, values.number(p.value)) for p in curve]
            record = summaries.of_points(self.target.db, run_id, metric_id, points)
            summaries.replace(self.target.db, run_id, metric_id, record)

    def highest_id(self, table: str) -> int:
        """The highest id that the source ever gave, where it knows: ids are never used twice."""
        highest = self.read(f"SELECT COALESCE(MAX(id), 0) FROM {table}")[0][0]
        if self.source.dialect == "sqlite":
            found = self.read("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        elif self.source.dialect == "postgresql":
            found = self.read(f"SELECT last_value FROM {table}_id_seq WHERE is_called")
        else:
            found = []
        return max(int(highest), *(int(row[0]) for row in found), 0)

    def skip_ids(self, highest: dict[str, int]) -> None:
        """Let the target's next ids come after all that were copied."""
        for table, id in highest.items():
            if not id:
                continue
            if self.target.dialect == "sqlite":
                self.write(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")
                self.write(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', {id})")
            elif self.target.dialect == "postgresql":
                self.write(f"SELECT setval('{table}_id_seq', {id})")
            else:
                self.write(f"ALTER TABLE {table} AUTO_INCREMENT = {id + 1}")

    def verify(self, counts: dict[str, int]) -> None:
        """Compare the numbers of rows.

        Raises:
            RunbaseError: they differ; nothing was copied.
        """
        change = len(self.moved) * (-1 if self.target.engine.has_infinity else 1)
        expected = {**counts, "metric_specials": counts["metric_specials"] + change}
        for table, count in expected.items():
            found = self.write(f"SELECT COUNT(*) FROM {table}")[0][0]
            if found != count:
                raise RunbaseError(f"{table}: {found} of {count} rows arrived; nothing was copied")


def _after(key: list[str], mark: str, dialect: str) -> tuple[str, Callable[[list[Any]], list[Any]]]:
    """The condition for rows behind one in the order of a key, and its parameters."""
    if dialect != "mysql":
        return f"({', '.join(key)}) > ({', '.join([mark] * len(key))})", list
    # MySQL finds ranges of an index in this form only.
    parts = [
        " AND ".join([*(f"{k} = {mark}" for k in key[:i]), f"{name} > {mark}"])
        for i, name in enumerate(key)
    ]
    where = "(" + ") OR (".join(parts) + ")"
    return where, lambda last: [v for i in range(len(last)) for v in last[: i + 1]]


def copy_database(source_url: str, target_url: str, batch: int = 5000) -> dict[str, int]:
    """Copy everything from one database to another; the number of copied rows by table.

    Raises:
        ConflictError: the target has experiments already, or lacks columns of users.
        RunbaseError: one of the databases cannot be used; the target is as it was.
    """
    source = runbase.Client(source_url, mode="ro")
    target = runbase.Client(target_url)
    bar = (
        TextColumn("{task.description:17}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*bar, console=Console(stderr=True)) as progress:
            return Copy(source, target, batch).run(progress)
    finally:
        source.close()
        target.close()


@docopt_main
def main(args: ParsedOptions) -> None:
    try:
        counts = copy_database(str(args.SOURCE), str(args.TARGET), args.batch)
    except RunbaseError as error:
        sys.exit(f"copy_database: {error}")
    rows = sum(counts.values())
    print(
        f"{counts['runs']:,} runs and {counts['metrics']:,} points: {rows:,} rows in all, verified"
    )

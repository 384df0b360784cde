"""SQL in the making: its parameters, and the tables that it needs beside ``runs``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..db import Database
from ..errors import InvalidValueError, RunbaseError
from ..query import Query
from ..store.tables import IS_TRY
from .dialects import WORDS

JOINS = 40  # SQLite joins 64 tables at most, MariaDB 61
_TOO_LARGE = re.compile(
    r"too large|too many|parser stack|tables in a join|stack depth|stack overrun|too high level",
    re.IGNORECASE,
)

#: Whether there may be batch trials: other experiments need not look at each run for that.
WITH_ARMS = Query(
    "SELECT 1 FROM experiments WHERE kind = 'ax' AND id = COALESCE(:id, id) LIMIT 1",
    postgresql="SELECT 1 FROM experiments"
    " WHERE kind = 'ax' AND id = COALESCE(CAST(:id AS BIGINT), id) LIMIT 1",
)


class Statement:
    """One statement about runs, ``r``; all that people wrote goes into it through `bind`.

    With ``only_tries`` the runs that hold the arms of a batch trial together are left out.
    """

    def __init__(
        self, db: Database, experiment_id: int | None, *, only_tries: bool = False
    ) -> None:
        self.db, self.experiment_id = db, experiment_id
        self.only_tries = only_tries and db.row(WITH_ARMS, id=experiment_id) is not None
        self.words = WORDS[db.dialect]
        self.parameters: dict[str, Any] = {}
        self._marks: dict[Any, str] = {}
        self._joins: dict[str, str] = {}
        self._pivot: list[str] | None = None
        self._only = ""

    def bind(self, value: Any) -> str:
        """The mark of a parameter with this value; a text is as it would be stored."""
        if isinstance(value, str):
            value = stored(value)
        key = (type(value), str(value))
        if key not in self._marks:
            name = f"p{len(self._marks)}"
            self._marks[key] = f":{name}"
            self.parameters[name] = value
        return self._marks[key]

    def metric(self, id: int, of: Callable[[str], str]) -> str:
        """An expression of the row of ``run_metrics`` for a metric, whose alias it is made of."""
        if self._pivot is not None:
            column = f"c{len(self._pivot)}"
            one = f"MAX(CASE WHEN m.metric_id = {int(id)} THEN {of('m')} END) AS {column}"
            self._pivot.append(one)
            return f"m.{column}"
        alias = f"m{int(id)}"
        on = f"{alias}.run_id = r.id AND {alias}.metric_id = {int(id)}"
        return self._beside("run_metrics", alias, on, of(alias))

    def pivot(self, only: str) -> None:
        """Let metrics be read in one pass over those of certain rows ``m`` of ``run_metrics``."""
        self._pivot, self._only = [], only

    def attribute(self, key: str) -> str:
        """The value of a user attribute."""
        mark = self.bind(key)
        alias = f"a{mark[2:]}"
        quoted = self.db.engine.quote("key")
        on = f"{alias}.owner_id = r.id AND {alias}.scope = 'user' AND {alias}.{quoted} = {mark}"
        return self._beside("run_attrs", alias, on, f"{alias}.value")

    def _beside(self, table: str, alias: str, on: str, expression: str) -> str:
        """An expression of a row of another table: joined, as long as there is room for it."""
        if alias not in self._joins and len(self._joins) >= JOINS:
            return f"(SELECT {expression} FROM {table} AS {alias} WHERE {on})"
        self._joins[alias] = f"LEFT JOIN {table} AS {alias} ON {on}"
        return expression

    def every_metric(self) -> None:
        """Let there be a row for each metric of each run, ``m``."""
        self._joins["m"] = "JOIN run_metrics AS m ON m.run_id = r.id"

    def every_attribute(self) -> tuple[str, str]:
        """Key and value of all user attributes, in a row each."""
        self._joins["a"] = "JOIN run_attrs AS a ON a.owner_id = r.id AND a.scope = 'user'"
        return f"a.{self.db.engine.quote('key')}", "a.value"

    def experiment(self) -> str:
        """The alias of the experiment."""
        self._joins["e"] = "JOIN experiments AS e ON e.id = r.experiment_id"
        return "e"

    def trial(self) -> str:
        """The alias of the run that a run is a part of."""
        self._joins["parent"] = "LEFT JOIN runs AS parent ON parent.id = r.parent_id"
        return "parent"

    def rows(self, select: str, where: str, then: str = "", around: str = "{}") -> list[Any]:
        """The rows of runs of the experiment (or all) for which ``where`` holds."""
        return self.run(around.format(self.select(select, where, then)))

    def select(self, select: str, where: str, then: str = "") -> str:
        """The SQL for these rows."""
        if self.only_tries:
            where = f"{IS_TRY} AND ({where})"
        if self.experiment_id is not None:
            where = f"r.experiment_id = {self.bind(self.experiment_id)} AND ({where})"
        joins = " ".join(self._joins.values())
        if self._pivot:
            joins += (
                f" LEFT JOIN (SELECT m.run_id, {', '.join(self._pivot)} FROM run_metrics AS m"
                f" WHERE {self._only} GROUP BY m.run_id) AS m ON m.run_id = r.id"
            )
        return f"SELECT {select} FROM runs AS r {joins} WHERE {where} {then}"

    def run(self, sql: str) -> list[Any]:
        """The rows of a whole statement.

        Raises:
            InvalidValueError: it is more than the database takes.
        """
        try:
            return self.db.large(Query(sql), **self.parameters)
        except Exception as error:
            if isinstance(error, RunbaseError) or not _TOO_LARGE.search(str(error)):
                raise
            raise InvalidValueError(
                f"the filter is too large for the database ({error}): ask for less at a time"
            ) from error


def stored(text: str) -> str:
    """A text as it is in documents: without NUL and halves of surrogate pairs."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\u2400")

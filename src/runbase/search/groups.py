"""Runs grouped by what they have in a column."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..filter import parse
from ..filter.syntax import TIMES
from .columns import in_filter, quoted
from .condition import Condition
from .ids import EVERYTHING
from .operands import Operand, Resolver
from .statement import Statement


class Group(NamedTuple):
    """Runs that have the same value, and numbers of theirs by the keys of columns."""

    value: Any
    #: Lets through just these, of those that the filter of all groups lets through.
    filter: str
    count: int  # type: ignore[assignment]  # tuples count values
    means: dict[str, float | None]
    lows: dict[str, float | None]
    highs: dict[str, float | None]


GROUPS = """
SELECT label, number, COUNT(*), SUM(COUNT(*)) OVER (), COUNT(*) OVER (){numbers}
  FROM (SELECT found.*, CASE WHEN number IS NULL THEN text END AS label
          FROM ({{}}) AS found) AS found
 GROUP BY label, number
 ORDER BY COUNT(*) DESC, CASE WHEN number IS NULL THEN 1 ELSE 0 END, number,
          CASE WHEN label IS NULL THEN 1 ELSE 0 END, label
 LIMIT {limit}
"""


@repeatable
def groups(
    db: Database, experiment_id: int | None, filter: str, by: str, keys: Sequence[str],
    limit: int = 200,
) -> tuple[list[Group], int, int]:  # fmt: skip
    """The groups of most runs first, how many runs there are, and how many groups were left out.

    Of columns without numbers there is no mean, and no least and greatest value.

    Raises:
        InvalidValueError: the filter has a mistake, or there is no such column.
    """
    statement = Statement(db, experiment_id, only_tries=True)
    names = Resolver(statement)
    cells = _value(statement, names.column(by))
    for i, key in enumerate(keys):
        number = names.column(key).number or "NULL + 0e0"
        cells.append(f"{number} AS n{i}")
    where = Condition(statement, names).where(parse(filter))
    numbers = "".join(f", AVG(n{i}), MIN(n{i}), MAX(n{i})" for i in range(len(keys)))
    around = GROUPS.format(numbers=numbers, limit=int(limit))
    rows = statement.rows(", ".join(cells), where, f"LIMIT {EVERYTHING}", around)
    found = [_group(by, row, keys) for row in rows]
    total, number_of_groups = (int(rows[0][3]), int(rows[0][4])) if rows else (0, 0)
    return found, total, number_of_groups - len(found)


def _value(statement: Statement, operand: Operand) -> list[str]:
    """A value as a text or a time, or else as a number."""
    if operand.time is not None:
        return [f"{operand.time} AS text", "NULL AS number"]
    if operand.label is None:
        return ["NULL AS text", f"{operand.number} AS number"]
    text: str = statement.words.text(f"NULLIF({operand.label}, 'None')")
    if operand.is_numeric:
        text = f"CASE WHEN ({operand.number}) IS NULL THEN {text} END"
    return [f"{text} AS text", f"{operand.number or 'NULL'} AS number"]


def _group(by: str, row: Any, keys: Sequence[str]) -> Group:
    label, number, count = row[:3]
    value = label.decode() if isinstance(label, bytes) else label
    if number is not None:
        value = _of_number(number)
    elif value is not None and by in TIMES:
        value = _time(value)
    numbers = [None if cell is None else float(cell) for cell in row[5:]]
    means, lows, highs = (dict(zip(keys, numbers[i::3], strict=True)) for i in range(3))
    told = list(json.loads(value)) if by == "tags" and value is not None else value
    told = {"True": True, "False": False}.get(told, told) if isinstance(told, str) else told
    return Group(told, f"{in_filter(by)} = {_in_filter(value)}", int(count), means, lows, highs)


def _time(value: datetime | str) -> datetime:
    """A time in UTC, which SQLite has as a text."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _in_filter(value: Any) -> str:
    match value:
        case None:
            return "none"
        case int() | float():
            return repr(value)
        case datetime():
            return quoted(value.isoformat(" "))
    return quoted(value)


def _of_number(number: Any) -> float:
    found = float(number)
    return int(found) if found.is_integer() and abs(found) < 2**53 else found

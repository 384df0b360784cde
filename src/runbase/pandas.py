"""Results of queries as pandas data frames."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .client import Client, Cursor
from .errors import require
from .query import Parameters

if TYPE_CHECKING:
    from pandas import DataFrame, Series

#: Columns of Runbase's tables whose type shows only in their values, if at all.
DOCUMENTS = {"tags", "args", "env", "extras", "directions", "objective_values"}
TEXTS = {"comment", "name", "status", "kind"}
TIMES = {"heartbeat", "time_created", "time_started", "time_updated", "time_finished"}

#: How SQLite stores times: a result has this text where it was computed, as by MAX(...).
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00")


def query_dataframe(client: Client | Cursor, query: Any, parameters: Parameters = ()) -> DataFrame:
    """Run a query and return its result as a data frame, with the columns of the result.

    The frame is the same on every engine: numbers are int or float, times UTC, intervals
    timedelta (on MySQL seconds), and JSON documents dicts. NULL is NaN (NaT among times) except
    in columns of documents and texts. ::

        runs = query_dataframe(client, "SELECT * FROM runs WHERE status = %s", ["FAILED"])

    ``query`` and ``parameters`` are those of `runbase.Client.execute`; so are the errors.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    pandas = require("pandas", "analysis")
    cursor = client.execute(query, parameters)
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchall()
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    # Numbered first, since several columns may have the same name.
    series = {i: _series(names[i], values) for i, values in enumerate(columns)}
    frame: DataFrame = pandas.DataFrame(series, columns=range(len(names)))
    return frame.set_axis(names, axis=1)


def _series(name: str, values: Sequence[Any]) -> Series[Any]:
    """One column, with the type that its values have; without values its name may tell."""
    example = next((value for value in values if value is not None), None)
    match example:
        case None if name in TIMES:
            return _times(values)
        case None:
            return _column(values, object if name in DOCUMENTS | TEXTS else float)
        case datetime():
            return _times(values)
        case str() if _TIME.fullmatch(example) and all(map(_is_time, values)):
            return _times(values)
        case str() if name in DOCUMENTS:
            return _column([_document(value) for value in values], object)
        case Decimal():  # what servers make of AVG and SUM
            return _column(values, float)
    return _column(values)


def _column(values: Sequence[Any], dtype: type | None = None) -> Series[Any]:
    column: Series[Any] = require("pandas", "analysis").Series(values, dtype=dtype)
    return column


def _times(values: Sequence[Any]) -> Series[Any]:
    times = require("pandas", "analysis").to_datetime(_column(values, object), utc=True)
    column: Series[Any] = times.dt.as_unit("us")
    return column


def _is_time(value: Any) -> bool:
    return value is None or _TIME.fullmatch(str(value)) is not None


def _document(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value

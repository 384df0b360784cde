"""The tables of data in Ax's JSON: pandas' JSON of a DataFrame for each trial, without pandas.

Ax has kept several tables for a trial, one for each time that data were attached, and has called
the steps of curves by other names than "step".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .numbers import number_text
from .observations import Observation

Json = Any
TIMES = ("start_time", "end_time")
COLUMNS = (
    "trial_index", "arm_name", "metric_name", "metric_signature", "mean", "sem", "step",
    "start_time", "end_time", "n",
)  # fmt: skip
REQUIRED = 6  # of the columns


class _Row(NamedTuple):
    trial: int
    observation: Observation


def read(data_by_trial: Mapping[str, Json]) -> dict[int, list[Observation]]:
    """What was observed, by trial: of several tables of a trial the later ones win, as in Ax.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: this is no data of Ax's.
    """
    found: dict[int, list[Observation]] = {}
    for trial, tables in data_by_trial.items():
        for row in _rows(int(trial), tables):
            found.setdefault(row.trial, []).append(row.observation)
    return found


def _rows(trial: int, tables: Json) -> list[_Row]:
    """The rows of an ``OrderedDict`` of tables by the time when they were attached."""
    items = tables["value"] if tables.get("__type") == "OrderedDict" else tables.items()
    by_time = sorted(((int(time), data) for time, data in items), key=lambda item: item[0])
    rows = [row for _, data in by_time for row in _table(trial, data)]
    return rows if len(by_time) == 1 else _newest(rows)


def _newest(rows: list[_Row]) -> list[_Row]:
    """The last row of each trial, arm, metric and step, if any row has a step."""
    has_steps = any(row.observation.step is not None for row in rows)
    found: dict[Any, _Row] = {}
    for row in rows:
        trial, one = row
        if has_steps and one.step is None:
            row = _Row(trial, one._replace(step=math.nan))
        step = None if one.step is None or one.step != one.step else one.step
        key = trial, one.arm, one.metric, step
        found.pop(key, None)  # a row that replaces another one comes at the end
        found[key] = row
    return list(found.values())


def _table(trial: int, data: Json) -> Iterator[_Row]:
    table = json.loads(data.get("df", data.get("map_df"))["value"])
    step = _step_column(data, table)
    names = table["metric_name"]
    signatures = table.get("metric_signature", names)
    for i, arm in table["arm_name"].items():
        times = {name: _time(table[name][i]) for name in TIMES if name in table}
        n = {"n": _missing(table["n"][i])} if "n" in table else {}
        index = table["trial_index"][i] if "trial_index" in table else trial
        yield _Row(int(index), Observation(
            _text(arm), _text(names[i]), _text(signatures[i]),
            _number(table["mean"][i]), _number(table["sem"][i] if "sem" in table else None),
            _number(table[step][i]) if step is not None else None, **times, **n,
        ))  # fmt: skip


def _step_column(data: Json, table: Mapping[str, Json]) -> str | None:
    """Where the steps are: Ax 1.3.1 knows "step" only, and forgets those of other names."""
    keys = ["step", *(info["key"] for info in data.get("map_key_infos") or ())]
    return next((key for key in keys if key in table and _is_numeric(table[key])), None)


def _is_numeric(column: Mapping[str, Json]) -> bool:
    return all(value is None or type(value) in (int, float) for value in column.values())


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no name")
    return value


def _number(value: Json) -> float:
    if value is None:
        return math.nan
    if type(value) not in (int, float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _missing(value: Json) -> Json:
    """What pandas makes of an empty cell."""
    return math.nan if value is None else value


def _time(value: Json) -> Json:
    """A time, which is milliseconds since 1970 or ISO text, as the store keeps it."""
    if value is None:
        return {"timestamp": "NaT"}
    if isinstance(value, str):
        datetime.fromisoformat(value)
        return {"timestamp": value}
    milliseconds = int(value)
    seconds, rest = divmod(milliseconds, 1000)
    whole = datetime.fromtimestamp(seconds, UTC).replace(microsecond=1000 * rest, tzinfo=None)
    return {"timestamp": whole.isoformat()}


def write(trial: int, observations: Sequence[Observation]) -> str:
    """The text of a trial's entry in ``data_by_trial``, as Ax 1.3.1 writes it but exact."""
    columns = list(zip(*(_cells(trial, row) for row in observations), strict=True))
    table = ",".join(
        f'"{name}":{{{_column(cells)}}}'
        for i, (name, cells) in enumerate(zip(COLUMNS, columns, strict=True))
        if i < REQUIRED or any(cell is not None for cell in cells)
    )
    frame = json.dumps("{" + table + "}")
    return (
        '{"__type":"OrderedDict","value":[[0,{"df":{"__type":"DataFrame","value":'
        f'{frame}}},"__type":"Data"}}]]}}'
    )


def _cells(trial: int, row: Observation) -> tuple[Any, ...]:
    """The cells of a row as JSON texts; None is a cell of which the column may be left out."""
    return (
        str(trial), *map(json.dumps, row[:3]), number_text(row.mean), number_text(row.sem),
        None if row.step is None else number_text(row.step),
        _time_text(row.start_time), _time_text(row.end_time),
        None if row.n is None else number_text(row.n),
    )  # fmt: skip


def _column(cells: Iterable[str | None]) -> str:
    return ",".join(f'"{i}":{cell or "null"}' for i, cell in enumerate(cells))


def _time_text(value: Json) -> str | None:
    if isinstance(value, dict):
        value = value["timestamp"]
    if value is None:
        return None
    if isinstance(value, str):
        return "null" if value == "NaT" else json.dumps(value)
    if value != value:
        return "null"
    # A number that a program gave to Ax is taken for nanoseconds.
    seconds, rest = divmod(int(value), 10**9)
    whole = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return json.dumps(f"{whole.isoformat()}.{rest:09}")

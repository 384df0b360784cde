"""The table of runs: its columns, pages, groups, and points for charts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .. import search
from ..errors import InvalidValueError
from ..store import studies
from . import reading
from .api.runs import RunCatalogue, RunColumn, RunGroup, RunGroups, RunPage, RunPoints, TagCount
from .api.types import Column
from .orders import Order
from .preferential.attrs import is_preferential

if TYPE_CHECKING:
    from .board import Board

MAX_ROWS, MAX_COLUMNS, MAX_GROUPS, MAX_POINTS = 1000, 500, 1000, 20_000
#: Columns that are shown unless somebody chose others: of arguments and of metrics.
ARGS, METRICS = 6, 4
EXACT = 2**53  # beyond which browsers round whole numbers
#: Runs whose columns are known at once.
NEWEST = 1000
VALIDATION = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|test|eval|dev)(?:$|[^a-z])", re.I)


def catalogue(board: Board, experiment: int | None, complete: bool) -> RunCatalogue:
    """See `api.runs.get_catalogue`."""
    known = None if experiment is None else reading.experiment(board.db, experiment)
    newest = found = search.catalogue(board.db, experiment, NEWEST)
    if complete or newest.total <= NEWEST:
        found = search.catalogue(board.db, experiment)
    columns = [RunColumn(*cast(Any, column)) for column in found.columns]
    is_study = known is not None and known.kind == studies.KIND
    if is_study and is_preferential(reading.preferences(board.db, cast(int, experiment))):
        # What a preferential study has stored as values stands for comparisons, and says nothing.
        columns = [column for column in columns if not column.key.startswith("value")]
    keys = {column.key for column in columns}
    return RunCatalogue(
        experiment=known and known.name,
        kind=known and known.kind,
        total=found.total,
        is_complete=found is not newest,
        columns=columns,
        shown=[key for key in _shown(newest, is_all=known is None) if key in keys],
        metrics=_by_use(found.metrics),
        tags=[TagCount(*tag) for tag in found.tags],
        statuses=found.statuses,
    )


def _by_use(metrics: list[str]) -> list[str]:
    """Those of validation first, which people compare."""
    return sorted(metrics, key=lambda name: VALIDATION.search(name) is None)


def _shown(found: search.Catalogue, is_all: bool) -> list[str]:
    """What is shown unless somebody chose: choices among arguments come before numbers."""
    keys = {column.key for column in found.columns}
    args = [column for column in found.columns if column.group == "args"]
    args.sort(key=lambda column: column.kind == "number")
    first = ["id", *(["experiment"] if is_all else []), "name", "status"]
    values = ["value"] + [f"best:{name}" for name in _by_use(found.metrics)[:METRICS]]
    last = ["duration", "created", "tags"]
    shown = [*first, *values, *(column.key for column in args[:ARGS]), *last]
    return [key for key in shown if key in keys]


def page(board: Board, order: Order, columns: list[str], offset: int, limit: int) -> RunPage:
    """See `api.runs.get_runs`."""
    check(columns)
    if offset < 0 or not 1 <= limit <= MAX_ROWS:
        raise InvalidValueError(f"offset is from 0, limit from 1 to {MAX_ROWS}")
    total, ids = _part(board, order, offset, limit)
    cells = search.cells(board.db, ids, columns)
    shown = {key: [as_json(value) for value in values] for key, values in cells.items()}
    return RunPage(total, offset, ids, shown)


def _part(board: Board, order: Order, offset: int, limit: int) -> tuple[int, list[int]]:
    """How many runs there are in an order, and the ids in a part of it."""
    # A table begins with the newest: those are there before all runs are put in order.
    if order == Order(order.experiment) and offset + limit <= MAX_ROWS:
        if order.experiment is not None:
            reading.experiment(board.db, order.experiment)  # or there is no such experiment
        total, found = search.newest(board.db, order.experiment, offset + limit)
        return total, found[offset:]
    found = board.orders.ids(board, order)
    return len(found), found[offset : offset + limit]


def groups(
    board: Board, experiment: int | None, filter: str, by: str, columns: list[str], limit: int
) -> RunGroups:
    """See `api.runs.get_groups`."""
    check(columns)
    if not 1 <= limit <= MAX_GROUPS:
        raise InvalidValueError(f"groups are 1 to {MAX_GROUPS}, not {limit}")
    if experiment is not None:
        reading.experiment(board.db, experiment)
    found, total, left_out = search.groups(board.db, experiment, filter, by, columns, limit)
    return RunGroups(total, [_group(group) for group in found], left_out)


def _group(group: search.Group) -> RunGroup:
    means, lows, highs = (
        {key: None if value is None else as_json(value) for key, value in values.items()}
        for values in (group.means, group.lows, group.highs)
    )
    return RunGroup(as_json(group.value), group.filter, group.count, means, lows, highs)


def points(
    board: Board, experiment: int | None, filter: str, columns: list[str], limit: int,
    runs: list[int] | None,
) -> RunPoints:  # fmt: skip
    """See `api.runs.get_points`."""
    check(columns)
    if not 1 <= limit <= MAX_POINTS:
        raise InvalidValueError(f"the limit is from 1 to {MAX_POINTS}, not {limit}")
    found = board.orders.ids(board, Order(experiment, filter, "id", descending=False))
    found = only(found, runs)
    ids = found
    if len(found) > limit:
        ids = [found[i] for i in np.linspace(0, len(found) - 1, limit).astype(int)]
    cells = search.cells(board.db, ids, columns)
    shown = {key: column(values) for key, values in cells.items()}
    return RunPoints(len(found), len(ids) < len(found), ids, shown)


def only(found: list[int], runs: list[int] | None) -> list[int]:
    """Those of the runs that were chosen, if any were."""
    if runs is None:
        return found
    chosen = set(runs)
    return [id for id in found if id in chosen]


def column(values: Sequence[Any]) -> Column:
    """Numbers and times as numbers; anything else as places among its labels."""
    if all(v is None or isinstance(v, int | float | datetime) for v in values):
        return Column([as_json(_plain(value)) for value in values])
    texts = [None if value is None else _text(value) for value in values]
    labels = sorted({text for text in texts if text is not None})
    place = {text: i for i, text in enumerate(labels)}
    return Column([None if text is None else place[text] for text in texts], labels)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_json(value: Any) -> Any:
    """A cell as pages get it: times in milliseconds since 1970, odd and large numbers as texts."""
    if isinstance(value, int) and abs(value) > EXACT:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000
    return value


def check(columns: list[str]) -> None:
    """Refuse more columns than a table has.

    Raises:
        InvalidValueError: there are too many.
    """
    if len(columns) > MAX_COLUMNS:
        raise InvalidValueError(f"a table has at most {MAX_COLUMNS} columns, not {len(columns)}")

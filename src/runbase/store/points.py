"""What one logging call brings: checked, and sorted by how it can be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import InvalidValueError
from . import values

FLOATS = frozenset({float})
Names = tuple[str, ...]
#: (run_id, step, progress, numbers...) of finite floats, in the order of the names.
Row = tuple[Any, ...]


class Point(NamedTuple):
    """What was measured at one point in time of one run, of whatever kinds."""

    run_id: int
    step: int
    progress: float
    metrics: Mapping[str, Any]


#: A row with its names, or (names None) a `Point`.
Entry = tuple[Names | None, Any]


class Group(NamedTuple):
    """Points with the same names: rows of finite numbers, and all others."""

    rows: list[Row]
    others: list[Point]


Groups = dict[Names, Group]


def check(run_id: int, metrics: Mapping[str, Any], step: Any, progress: Any) -> Point:
    """A point that can be written, without the metrics that are None.

    Raises:
        InvalidValueError: it cannot; the message says which part and why.
    """
    step, progress = values.check_point(step, progress)
    if not isinstance(metrics, Mapping):
        raise InvalidValueError(f"metrics are a dict of names and values, not {metrics!r}")
    values.check_names(metrics)
    normal = {name: values.normalise(name, value) for name, value in metrics.items()}
    return Point(run_id, step, progress, {name: v for name, v in normal.items() if v is not None})


def is_plain_place(step: Any, progress: Any) -> bool:
    """Whether ``step`` and ``progress`` are what `check` would make of them."""
    return (
        type(step) is int
        and type(progress) is float
        and -values.MAX_STEP <= step <= values.MAX_STEP
        and progress - progress == 0.0
    )


def plain_numbers(numbers: Iterable[Any]) -> tuple[float, ...] | None:
    """The values as finite floats; None if one is anything that these cannot hold exactly."""
    numbers = tuple(numbers)
    if not FLOATS.issuperset(map(type, numbers)):
        return _as_floats(numbers)
    total = sum(numbers)
    # A finite sum has finite parts; the other way round finite parts may overflow.
    return numbers if total - total == 0.0 else _as_floats(numbers)


def _as_floats(numbers: Iterable[Any]) -> tuple[float, ...] | None:
    found = []
    for number in numbers:
        if type(number) not in (float, int):
            try:
                number = values.normalise("", number)
            except InvalidValueError:
                return None
        if not values.fits("number", number) or values.is_special(number):
            return None
        found.append(float(number))
    return tuple(found)


def grouped(batch: Sequence[Entry]) -> Groups:
    """Points by their names: rows where they are finite numbers; each place occurs once.

    Of several values for the same metric at the same place the last one stays.
    """
    if len(batch) > 1 and len({row[:3] for _, row in batch}) < len(batch):
        batch = _merged(batch)
    groups: Groups = {}
    for names, row in batch:
        if names is None:
            groups.setdefault(tuple(row.metrics), Group([], [])).others.append(row)
        else:
            group = groups.get(names)
            if group is None:
                group = groups[names] = Group([], [])
            group.rows.append(row)
    return groups


def _merged(batch: Iterable[Entry]) -> list[Entry]:
    places: dict[tuple[int, int, float], dict[str, Any]] = {}
    for names, row in batch:
        new = row.metrics if names is None else dict(zip(names, row[3:], strict=True))
        places.setdefault(row[:3], {}).update(new)
    return [entry(Point(*place, metrics)) for place, metrics in places.items()]


def entry(point: Point) -> Entry:
    """A checked point as a row of finite numbers, if it is one."""
    numbers = plain_numbers(point.metrics.values())
    if numbers is None:
        return None, point
    return tuple(point.metrics), (point.run_id, point.step, point.progress, *numbers)


def kinds(groups: Groups) -> dict[str, values.Kind]:
    """The kind of column for each name, should it be new: what its first value asks for."""
    found: dict[str, values.Kind] = {}
    for names, group in groups.items():
        if group.rows:
            found |= dict.fromkeys(names, "number")
        for point in group.others:
            for name, value in point.metrics.items():
                found.setdefault(name, values.kind_of(value))
    return found


def as_points(names: Names, rows: Iterable[Row]) -> list[Point]:
    """Rows as points."""
    return [Point(*row[:3], dict(zip(names, row[3:], strict=True))) for row in rows]  # type: ignore[call-arg]

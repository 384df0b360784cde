"""What one logging call brings: checked, and sorted by how it can be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..errors import InvalidValueError
from . import values

Names = tuple[str, ...]
#: (run_id, step, progress, numbers...) of finite floats, in the order of the names.
Row = tuple[Any, ...]


class Point(NamedTuple):
    """What was measured at one point in time of one run, of whatever kinds."""

    run_id: int
    step: int
    progress: float
    metrics: Mapping[str, Any]


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
    for number in numbers:
        if type(number) is not float:
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


def add_row(groups: Groups, names: Names, row: Row) -> None:
    """Put a row of finite numbers into its group."""
    group = groups.get(names)
    if group is None:
        group = groups[names] = Group([], [])
    group.rows.append(row)


def add_point(groups: Groups, point: Point) -> None:
    """Put a point of any values into its group."""
    groups.setdefault(tuple(point.metrics), Group([], [])).others.append(point)


def grouped(points: Iterable[Point]) -> Groups:
    """Checked points by their names; rows where they are finite numbers."""
    groups: Groups = {}
    for point in points:
        numbers = plain_numbers(point.metrics.values())
        if numbers is None:
            add_point(groups, point)
        else:
            row = (point.run_id, point.step, point.progress, *numbers)
            add_row(groups, tuple(point.metrics), row)
    return groups


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

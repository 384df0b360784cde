"""Which runs a command is about, and in which order."""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ..db import Database
from ..engines.json import Jsonb
from ..errors import InvalidValueError, NotFoundError
from ..search import metrics, subquery
from ..store import columns, experiments, tables
from ..store.reports import INTERMEDIATE
from ..store.tables import Filter, Order, RunRow
from ..util import Literal

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_selection(parser: argparse.ArgumentParser, limit: int | None) -> None:
    """The options that choose runs."""
    group = parser.add_argument_group("which runs")
    group.add_argument("-e", "--experiment", help="only runs of this experiment (name or id)")
    add_kind(group)
    group.add_argument("--status", help="only runs with this status, such as RUNNING")
    group.add_argument("--tag", action="append", default=[], help="only runs with this tag")
    group.add_argument(
        "--arg", action="append", default=[], metavar="NAME=VALUE", help="only with this argument"
    )
    group.add_argument(
        "--filter",
        default="",
        metavar="TEXT",
        help="only runs that a filter lets through, such as 'val_acc > 0.9 and not tag:old'",
    )
    group.add_argument("--since", help="only runs created in this time: 30m, 12h, 2d, 1w")
    group.add_argument(
        "--sort",
        default="id",
        help="id, created or updated (newest first), best:METRIC, last:METRIC, or value, the best "
        "of the study in --experiment first (default: id)",
    )
    group.add_argument(
        "--max", action="append", default=[], metavar="METRIC", help="more is better"
    )
    group.add_argument(
        "--min", action="append", default=[], metavar="METRIC", help="less is better"
    )
    group.add_argument(
        "--limit",
        type=_positive,
        default=limit,
        help="at most so many runs" + (f" (default: {limit})" if limit else ""),
    )


def add_kind(group: Any) -> None:
    """The option for --experiment NAME where several experiments have the name."""
    group.add_argument(
        "--kind", metavar="KIND",
        help="kind of --experiment, if there are several of this name: tracking, optuna, ax",
    )  # fmt: skip


def select(db: Database, args: argparse.Namespace) -> Iterator[RunRow]:
    """The runs that the options ask for, in their order.

    Raises:
        InvalidValueError: an option cannot be understood.
        NotFoundError: there is no such experiment or metric.
    """
    where, order = chosen(db, args), _order(db, args)
    limit = args.limit or tables.LAST
    if order == tables.NEWEST:
        found = tables.newest(db, where, page=min(limit, tables.PAGE))
        return itertools.islice(found, args.limit)
    return tables.ordered(db, order, where, limit)


def chosen(db: Database, args: argparse.Namespace) -> Filter:
    """The conditions in the options; see `select` for the errors."""
    experiment = (
        None if args.experiment is None else find_experiment(db, args.experiment, args.kind)
    )
    since = None if args.since is None else datetime.now(UTC) - period(args.since)
    wanted = dict(_argument(text) for text in args.arg)
    tries = experiment is None or experiments.get_kind(db, experiment) == "ax"
    among = subquery(db, experiment, args.filter) if args.filter.strip() else None
    return Filter(experiment, args.status, since, args.tag, wanted, tries, among)


def sql(db: Database, args: argparse.Namespace) -> str:
    """The SQL that reads the table of runs, with all values in it; see `select` for the errors."""
    limit = args.limit or tables.LAST
    query, parameters = tables.statement(chosen(db, args), _order(db, args), limit)
    page = _filled(query.text[db.dialect], parameters, db)
    ids = ", ".join(str(row.id) for row in select(db, args)) or "NULL"
    return f"{page.strip()};\n\n{tables.SUMMARIES.strip().replace('?', ids)};"


def _filled(text: str, parameters: dict[str, Any], db: Database) -> str:
    """A statement with the values in the places of its parameters."""
    mark = re.compile(r":(\w+)" if db.dialect == "sqlite" else r"%\((\w+)\)s")

    def value(match: re.Match[str]) -> str:
        found = parameters[match[1]]
        # The documents of a filter are text to the database.
        return Literal(str(found) if isinstance(found, Jsonb) else found).as_string(db)

    return mark.sub(value, text)


def _order(db: Database, args: argparse.Namespace) -> Order:
    by, _, metric = args.sort.partition(":")
    if by in ("id", "created", "updated") and not metric:
        return Order(by)
    if args.sort == "value":
        return Order("value", descending=_is_maximised(db, args))
    if by not in ("best", "last") or not metric:
        raise InvalidValueError(
            "runs are sorted by id, created, updated, value, best:METRIC or last:METRIC, not by "
            f"{args.sort!r}"
        )
    check_metrics(db, [metric])
    is_min = is_lower_better(metric, args)
    key = by if by == "last" else "min" if is_min else "max"
    return Order(key, metric, descending=not is_min)


def _is_maximised(db: Database, args: argparse.Namespace) -> bool:
    directions = _directions(db, args)
    if len(directions) != 1:
        raise InvalidValueError(
            "--sort value needs --experiment with a study that has one objective, "
            + (f"not {len(directions)}" if directions else "which says what is better")
        )
    return directions[0] == "maximize"


def _directions(db: Database, args: argparse.Namespace) -> list[str]:
    if args.experiment is None:
        return []
    id = find_experiment(db, args.experiment, args.kind)
    return experiments.get_directions(db, id)


def learn_direction(db: Database, args: argparse.Namespace) -> None:
    """What is better of the values that trials report: that which is of the study's objective."""
    if len(directions := _directions(db, args)) == 1 and INTERMEDIATE not in [*args.min, *args.max]:
        option = "max" if directions[0] == "maximize" else "min"
        setattr(args, option, [*getattr(args, option), INTERMEDIATE])


def check_metrics(db: Database, names: Iterable[str]) -> None:
    """Refuse names that no metric of this database has.

    Raises:
        NotFoundError: there is such a name; the message has those that are alike.
    """
    known = columns.refresh(db)
    for name in names:
        if name not in known:
            alike = difflib.get_close_matches(name, known, n=5, cutoff=0.4) or list(known)[:5]
            raise NotFoundError(
                f"there is no metric {name!r}" + (f": is it {' or '.join(alike)}?" if alike else "")
            )


def is_lower_better(metric: str, args: argparse.Namespace | None = None) -> bool:
    """Whether the least value of a metric is its best: as told, or by the words in its name."""
    if args is not None and metric in [*args.min, *args.max]:
        return metric in args.min
    return metrics.is_lower_better(metric)


def find_experiment(db: Database, text: str, kind: str | None) -> int:
    """The id of an experiment by its name or id.

    Raises:
        NotFoundError: there is none.
        InvalidValueError: several have this name, and ``kind`` does not say which.
    """
    try:
        return experiments.find(db, text, kind)
    except NotFoundError:
        if not text.isdecimal():
            raise
        experiments.get_name(db, int(text))
        return int(text)


def _argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidValueError(f"--arg takes NAME=VALUE, such as lr=0.1, not {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def period(text: str) -> timedelta:
    """A time such as 30m, 12h, 2d or 1w.

    Raises:
        InvalidValueError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mhdw])", text)
    if not found:
        raise InvalidValueError(f"a time is written such as 30m, 12h, 2d or 1w, not {text!r}")
    return timedelta(**{UNITS[found[2]]: float(found[1])})

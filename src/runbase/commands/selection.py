"""Which runs a command is about, and in which order."""

from __future__ import annotations

import argparse
import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ..db import Database
from ..errors import InvalidValueError
from ..query import Dialect
from ..store import experiments, tables
from ..store.tables import RunRow

#: Metrics of which less is better, by the words in their names.
LOWER = re.compile(
    r"(?:^|[^a-z])(loss|err|error|errors|mse|rmse|mae|mape|nll|perplexity|ppl|cost|regret"
    r"|time|seconds|duration|latency|memory|fid|wer|cer)(?:$|[^a-z])"
)
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_selection(parser: argparse.ArgumentParser, limit: int | None) -> None:
    """The options that choose runs."""
    group = parser.add_argument_group("which runs")
    group.add_argument("-e", "--experiment", help="only runs of this experiment (name or id)")
    group.add_argument(
        "--kind", default="tracking", help="kind of --experiment (default: tracking)"
    )
    group.add_argument("--status", help="only runs with this status, such as RUNNING")
    group.add_argument("--tag", action="append", default=[], help="only runs with this tag")
    group.add_argument(
        "--arg", action="append", default=[], metavar="NAME=VALUE", help="only with this argument"
    )
    group.add_argument("--since", help="only runs created in this time: 30m, 12h, 2d, 1w")
    group.add_argument("--sort", default="id", help="id (newest first), best:METRIC or last:METRIC")
    group.add_argument(
        "--max", action="append", default=[], metavar="METRIC", help="more is better"
    )
    group.add_argument(
        "--min", action="append", default=[], metavar="METRIC", help="less is better"
    )
    group.add_argument(
        "--limit",
        type=int,
        default=limit,
        help="at most so many runs" + (f" (default: {limit})" if limit else ""),
    )


def select(db: Database, args: argparse.Namespace) -> Iterator[RunRow]:
    """The runs that the options ask for, in their order.

    Raises:
        InvalidValueError: an option cannot be understood.
        NotFoundError: there is no such experiment.
    """
    experiment = None if args.experiment is None else _experiment(db, args.experiment, args.kind)
    wanted = dict(_argument(text) for text in args.arg)
    since = None if args.since is None else datetime.now(UTC) - _period(args.since)

    def keep(run: RunRow) -> bool:
        return (
            all(tag in (run.tags or {}) for tag in args.tag)
            and _has(run.args or {}, wanted)
            and (since is None or run.time_created >= since)
        )

    filters = {"experiment_id": experiment, "status": args.status, "keep": keep}
    return itertools.islice(_sorted(db, args, filters), args.limit)


def sql(args: argparse.Namespace, dialect: Dialect) -> str:
    """The SQL that finds the runs that the options ask for, and their metrics."""
    order = _order(args)
    query = tables.NEWEST if order is None else tables.BY_METRIC[order[1:]]
    return f"{query.text[dialect].strip()};\n\n{tables.SUMMARIES.strip()};"


def _order(args: argparse.Namespace) -> tuple[str, str, str] | None:
    """The metric, summary and direction that runs are sorted by; None for newest first."""
    by, _, metric = args.sort.partition(":")
    if by == "id" and not metric:
        return None
    if by not in ("best", "last") or not metric:
        raise InvalidValueError(
            f"runs are sorted by id, best:METRIC or last:METRIC, not by {args.sort!r}"
        )
    is_min = is_lower_better(metric, args)
    column = by if by == "last" else "min" if is_min else "max"
    return metric, column, "ASC" if is_min else "DESC"


def _sorted(db: Database, args: argparse.Namespace, filters: dict[str, Any]) -> Iterator[RunRow]:
    order, limit = _order(args), args.limit or tables.LAST
    if order is None:
        return tables.newest(db, page=max(50, min(limit, tables.PAGE)), **filters)
    if args.tag or args.arg or args.since:
        limit = tables.LAST  # what is left out is only known when it is seen
    return tables.by_metric(db, *order, limit=limit, **filters)


def is_lower_better(metric: str, args: argparse.Namespace | None = None) -> bool:
    """Whether the least value of a metric is its best: as told, or by the words in its name."""
    if args is not None and metric in [*args.min, *args.max]:
        return metric in args.min
    return LOWER.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metric).lower()) is not None


def _experiment(db: Database, text: str, kind: str) -> int:
    if text.isdecimal():
        experiments.get_name(db, int(text))
        return int(text)
    return experiments.find(db, text, kind)


def _argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidValueError(f"--arg takes NAME=VALUE, such as lr=0.1, not {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _period(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mhdw])", text)
    if not found:
        raise InvalidValueError(f"--since takes a time such as 30m, 12h, 2d or 1w, not {text!r}")
    return timedelta(**{UNITS[found[2]]: float(found[1])})


def _has(args: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(name in args and args[name] == value for name, value in wanted.items())

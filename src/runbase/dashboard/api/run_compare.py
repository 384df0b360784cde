"""Comparison of several runs of any kind."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ...errors import InvalidValueError
from .. import run_compare, run_facts
from ..board import Board
from .runs import Group, Kind
from .types import RunHead

MOST = 100


class ComparedRow(Struct):
    """A fact of runs, with the key of its column; one value for each, null where there is none."""

    key: str
    label: str
    group: Group
    kind: Kind
    #: Times are milliseconds since 1970.
    values: list[Any]
    #: Whether they are not all the same.
    differs: bool
    lower_is_better: bool


class ComparedLink(Struct):
    """A link from one of the runs to another one."""

    from_id: int
    kind: str
    to_id: int


class RunComparison(Struct):
    """Runs side by side."""

    runs: list[RunHead]
    rows: list[ComparedRow]
    links: list[ComparedLink]
    #: Ids of runs that are not there.
    missing: list[int]


def get_run_comparison(board: Board, runs: list[int]) -> RunComparison:
    """What up to 100 runs have in common, and in what they differ.

    Raises:
        InvalidValueError: these are too many.
    """
    ids = list(dict.fromkeys(runs))
    if len(ids) > MOST:
        raise InvalidValueError(f"compare up to {MOST} runs, not {len(ids)}")
    heads = run_facts.heads(board.db, ids)
    there = [id for id in ids if id in heads]
    rows = run_compare.compare(board.db, there) if there else []
    return RunComparison(
        [heads[id] for id in there],
        [ComparedRow(*row[:5], row.differs, row.lower_is_better) for row in rows],  # type: ignore[arg-type]
        [ComparedLink(*link) for link in run_compare.links(board.db, there)],
        [id for id in ids if id not in heads],
    )

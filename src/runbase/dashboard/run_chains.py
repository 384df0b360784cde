"""Runs that go on where another stopped: links of the kind "resumes", from the later run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..db import Database
from . import reading

#: Of one run that so many others go on from, only some are followed.
MOST = 1000

_FOLLOWED = """
WITH RECURSIVE c (id) AS (
SELECT id FROM runs WHERE id IN (:ids)
 UNION
SELECT l.{other} FROM c JOIN run_links AS l ON l.{one} = c.id AND l.kind = 'resumes')
SELECT id FROM c LIMIT :most"""
_LINKS = "SELECT from_id, to_id FROM run_links WHERE kind = 'resumes' AND from_id IN (:ids)"


class Chain(NamedTuple):
    """Runs that are one training: the last one, and all of them, the earliest first."""

    id: int
    runs: list[int]


def chains(db: Database, ids: Iterable[int]) -> list[Chain]:
    """The chains that runs are in; a run that several go on from is in several.

    Each chain comes once, in the order of ``ids``. Runs that go on from each other in a circle are
    one chain, too.
    """
    ids = list(ids)
    later = _followed(db, ids, one="to_id", other="from_id")
    earlier = _followed(db, later, one="from_id", other="to_id")
    before: dict[int, list[int]] = defaultdict(list)
    after: dict[int, list[int]] = defaultdict(list)
    for from_id, to_id in _links(db, earlier):
        before[from_id].append(to_id)
        after[to_id].append(from_id)
    known = set(later)
    ends: dict[int, None] = {}
    for id in ids:
        reached = [run for run in _reached(id, after) if run in known]
        last = [run for run in reached if not after[run]]
        ends |= dict.fromkeys(sorted(last) or [max(reached, default=id)])
    return [Chain(id, _reached(id, before)[::-1]) for id in ends]


def _reached(id: int, links: Mapping[int, list[int]]) -> list[int]:
    """A run and all that are linked from it, the nearest first."""
    found = {id: None}
    queue = [id]
    for run in queue:
        new = [other for other in sorted(links.get(run, ()), reverse=True) if other not in found]
        found |= dict.fromkeys(new)
        queue += new
    return list(found)


def _followed(db: Database, ids: list[int], *, one: str, other: str) -> list[int]:
    sql = _FOLLOWED.format(one=one, other=other)
    return [id for (id,) in reading.fetch(db, sql, ids=ids, most=MOST)]


def _links(db: Database, ids: list[int]) -> list[tuple[int, int]]:
    return [(from_id, to_id) for from_id, to_id in reading.fetch(db, _LINKS, ids=ids)]

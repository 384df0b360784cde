"""Routes with the answers of Optuna Dashboard, for programs that were written against it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from msgspec import Struct

from ...errors import ConflictError, InvalidValueError, NotFoundError
from .. import steer, stock_json, table_csv
from ..board import Board
from ..importances import Regime, importances, normalised
from ..regimes import regimes
from ..server.endpoint import Raw
from ..targets import losses


def list_studies(board: Board) -> dict[str, Any]:
    """``{"study_summaries": [...]}``."""
    return {"study_summaries": stock_json.summaries(board.db)}


class NewStudy(Struct):
    """A study to create."""

    study_name: str
    directions: list[str]


def create_study(board: Board, body: NewStudy) -> dict[str, Any]:
    """``{"study_summary": {...}}`` of the new study.

    Raises:
        InvalidValueError: the name is taken, or there is no such direction.
    """
    directions = [direction.lower() for direction in body.directions]
    with _as_invalid():
        id = steer.create_study(board, body.study_name, directions)
    return {"study_summary": stock_json.summary(board.db, id)}


class NewName(Struct):
    """A new name of a study."""

    study_name: str


def rename_study(board: Board, id: int, body: NewName) -> dict[str, Any]:
    """The summary of the renamed study, whose id stays where the storage can do so.

    Raises:
        InvalidValueError: the name is taken.
        NotFoundError: there is no such study.
    """
    with _as_invalid():
        id = steer.rename(board, id, body.study_name)
    return stock_json.summary(board.db, id)


class Removal(Struct):
    """What to delete with a study."""

    remove_associated_artifacts: bool = True


def delete_study(board: Board, id: int, body: Removal) -> None:
    """Delete a study.

    Raises:
        NotFoundError: there is no such study.
    """
    stock_json.summary(board.db, id)  # only studies have this route
    steer.delete(board, id, artifacts=body.remove_associated_artifacts)


def get_study(board: Board, id: int, after: int = 0) -> dict[str, Any]:
    """Everything of a study, with its trials from the place ``after`` on.

    Raises:
        InvalidValueError: ``after`` is negative.
        NotFoundError: there is no such study.
    """
    if after < 0:
        raise InvalidValueError(f"`after` is 0 or more, not {after}")
    return stock_json.detail(board, id, after)


def get_param_importances(board: Board, id: int) -> dict[str, Any]:
    """``{"param_importances": [[{"name", "importance", "distribution"}]]}``.

    Raises:
        NotFoundError: there is no such study.
    """
    stock_json.summary(board.db, id)
    table = board.tables.of(id)
    done = table.has("COMPLETED")
    found = regimes(table, done)
    if np.count_nonzero(done) < 2:
        return {"param_importances": [[] for _ in table.directions]}
    return {
        "param_importances": [
            [
                {"name": name, "importance": share, "distribution": _first_kind(found[name])}
                for name, share in normalised(importances(loss, found))
            ]
            for loss in losses(table, done)
        ]
    }


def _first_kind(regimes: list[Regime]) -> str:
    """The class of the distribution of the first trial."""
    space = min((r for r in regimes if r.trials.size), key=lambda r: r.trials.min()).space
    if space.choices:
        return "CategoricalDistribution"
    return "IntDistribution" if space.is_int else "FloatDistribution"


def get_csv(board: Board, id: int, trial_ids: list[int] | None = None) -> Raw:
    """A CSV file of all trials, or those with the numbers ``trial_ids``.

    Raises:
        NotFoundError: there is no such study.
    """
    stock_json.summary(board.db, id)
    if trial_ids is None:
        return table_csv.answer(board.db, id, None)
    table = board.tables.of(id)
    chosen = table.ids[np.isin(table.numbers, trial_ids)].tolist()
    if not chosen:
        raise NotFoundError(f"study {id} has no trial with these numbers")
    return table_csv.answer(board.db, id, chosen)


@contextmanager
def _as_invalid() -> Iterator[None]:
    """A block in which a name that is taken is a bad request, as programs expect it here."""
    try:
        yield
    except ConflictError as error:
        raise InvalidValueError(str(error)) from error

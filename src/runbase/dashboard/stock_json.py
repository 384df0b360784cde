"""Studies as Optuna Dashboard answers them.

Their keys are its; where it had mistakes, ours are right: constraints that have names count, and a
trial that violates one is not among the best.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..db import Database
from ..store import studies, trial_rows
from . import files, forms, names, notes, plots
from .board import Board
from .preferential import attrs as preferences
from .stock_space import intersection, space_json, union
from .stock_trials import Row, Trials, attrs_json

Attrs = Mapping[str, Any]


def summaries(db: Database) -> list[dict[str, Any]]:
    """All studies by id."""
    attrs = studies.all_attrs(db)
    return [
        _summary(id, name, directions, _loaded(attrs, id, "user"), _loaded(attrs, id, "system"))
        for id, name, directions in studies.list_all(db)
    ]


def summary(db: Database, id: int) -> dict[str, Any]:
    """One study.

    Raises:
        NotFoundError: there is no such study.
    """
    name, directions, user, system = _study(db, id)
    return _summary(id, name, directions, user, system)


def detail(board: Board, id: int, after: int) -> dict[str, Any]:
    """Everything of a study, with its trials from the place ``after`` on; they are encoded already.

    Raises:
        NotFoundError: there is no such study.
    """
    name, directions, user, system = _study(board.db, id)
    rows = trial_rows.read(board.db, id)
    if rows is None:
        raise studies.missing(id)
    trials = Trials(board.db, id, system, rows)
    form = forms.read_form(system)
    objective_names = names.read_objective_names(system)
    is_preferential = preferences.is_preferential(system)
    return {
        "name": name,
        "directions": directions,
        "user_attrs": attrs_json(user),
        "artifacts": [file._asdict() for file in files.listed(system)],
        "trials": [trials.json(row) for row in trials.rows[after:]],
        "best_trials": [trials.json(row) for row in _best(board, id, directions, system, trials)],
        "intersection_search_space": space_json(intersection(trials.spaces)),
        "union_search_space": space_json(union(trials.spaces)),
        "union_user_attrs": [
            {"key": key, "sortable": is_number} for key, is_number in trials.user_attr_keys.items()
        ],
        "has_intermediate_values": trials.has_reports,
        "note": notes.read_note(system)._asdict(),
        "is_preferential": is_preferential,
        "feedback_component_type": preferences.component(system),
        "plotly_graph_objects": [
            {"id": id, "graph_object": text} for id, text in plots.read_figures(system).items()
        ],
        **({"objective_names": objective_names} if objective_names else {}),
        **({"form_widgets": form._asdict()} if form else {}),
        **(_preferential(system, trials) if is_preferential else {}),
    }


def _study(db: Database, id: int) -> tuple[str, list[str], Attrs, Attrs]:
    """Name, directions, user and system attributes of a study."""
    found = studies.read(db, id)
    if found is None:
        raise studies.missing(id)
    user, system = (
        {key: json.loads(text) for key, text in studies.attrs(db, id, scope).items()}
        for scope in ("user", "system")
    )
    return found[0], found[1], user, system


def _loaded(attrs: Mapping[tuple[int, str], Mapping[str, str]], id: int, scope: str) -> Attrs:
    texts = attrs.get((id, scope), {})
    if scope == "system":  # notes and figures can be long
        texts = {key: text for key, text in texts.items() if key == preferences.IS_PREFERENTIAL}
    return {key: json.loads(text) for key, text in texts.items()}


def _summary(
    id: int, name: str, directions: list[str], user: Attrs, system: Attrs
) -> dict[str, Any]:
    return {
        "study_id": id,
        "study_name": name,
        "directions": directions,
        "user_attrs": attrs_json(user),
        "is_preferential": preferences.is_preferential(system),
    }


def _best(
    board: Board, id: int, directions: Sequence[str], system: Attrs, trials: Trials
) -> list[Row]:
    """The best trial, those of the front, or those that people preferred."""
    if preferences.is_preferential(system):
        liked, skipped = preferences.best(system), preferences.skipped(system)
        return [row for row in trials.rows if row.number in liked and row.id not in skipped]
    if len(directions) > 1:
        table = board.tables.of(id)
        front = set(table.ids[table.front].tolist())
        return [row for row in trials.rows if row.id in front]
    done = [row for row in trials.rows if row.status == "COMPLETED" and row.all_values]
    done = [row for row in done if trials.is_feasible(row.id)]
    sign = -1 if directions == ["maximize"] else 1
    best = min(done, key=lambda row: sign * float(row.all_values[0]), default=None)
    return [] if best is None else [best]


def _preferential(system: Attrs, trials: Trials) -> dict[str, Any]:
    skipped = preferences.skipped(system)
    return {
        "preference_history": [
            {
                "history": {
                    "mode": answer.mode,
                    "id": answer.id,
                    "timestamp": answer.time.isoformat(),
                    "candidates": answer.candidates,
                    "clicked": answer.clicked,
                    "preferences": answer.pairs,
                },
                "is_removed": answer.is_removed,
            }
            for answer in preferences.answers(system)
            if answer.mode == "ChooseWorst" and answer.time
        ],
        "preferences": preferences.pairs(system),
        "skipped_trial_numbers": [row.number for row in trials.rows if row.id in skipped],
    }

"""The table of trials, and one trial whole."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from runbase import Client, Experiment
from runbase.dashboard.api.trials import get_trial, get_trials
from runbase.dashboard.board import Board
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage

optuna.logging.set_verbosity(optuna.logging.WARNING)
SPACE: dict[str, Any] = {
    "x": FloatDistribution(0, 9),
    "n": IntDistribution(1, 2**60),
    "c": CategoricalDistribution(["b", "a"]),
}


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


@pytest.fixture
def study(client: Client) -> optuna.Study:
    study = optuna.create_study(storage=RDBStorage(client))
    for i, x in enumerate((3.0, 1.0, 2.0)):
        params = {"x": x, "n": 2**60 - i, "c": "ab"[i % 2]}
        study.add_trial(
            create_trial(value=x, params=params, distributions=SPACE, user_attrs={"t": f"{9 - i}"})
        )
    study.add_trial(create_trial(state=TrialState.FAIL))
    return study


def numbers(board: Board, id: int, **how: object) -> list[int]:
    return [row.number for row in get_trials(board, id, **how).rows]  # type: ignore[arg-type]


def test_rows_are_exact(board: Board, study: optuna.Study) -> None:
    first, *_, failed = get_trials(board, study._study_id).rows
    trial = study.trials[0]
    assert (first.number, first.id, first.status) == (0, trial._trial_id, "COMPLETED")
    assert (first.values, first.params, first.user_attrs) == (
        [3.0], {"x": 3.0, "n": 2**60, "c": "a"}, {"t": "9"},
    )  # fmt: skip
    assert (failed.values, failed.params, failed.status) == ([], {}, "FAILED")
    assert first.feasible
    assert not first.is_best


def test_rows_are_sorted_with_those_without_value_last(board: Board, study: optuna.Study) -> None:
    id = study._study_id
    assert numbers(board, id) == [0, 1, 2, 3]
    assert numbers(board, id, descending=True) == [3, 2, 1, 0]
    assert numbers(board, id, sort="param:x") == [1, 2, 0, 3]
    assert numbers(board, id, sort="param:x", descending=True) == [0, 2, 1, 3]
    assert numbers(board, id, sort="attr:t") == [2, 1, 0, 3]
    assert numbers(board, id, sort="param:c") == [1, 0, 2, 3]
    with pytest.raises(InvalidValueError, match="no column"):
        get_trials(board, id, sort="param:z")


def test_a_page_is_a_part(board: Board, study: optuna.Study) -> None:
    id = study._study_id
    page = get_trials(board, id, sort="value:0", offset=1, limit=2)
    assert (page.total, page.offset, [row.number for row in page.rows]) == (4, 1, [2, 0])
    assert numbers(board, id, offset=9) == []
    assert numbers(board, id, filter="value >= 2", descending=True) == [2, 0]
    assert numbers(board, id, numbers=[3, 1, 77]) == [1, 3]
    for wrong in ({"offset": -1}, {"limit": 0}, {"limit": 1001}):
        with pytest.raises(InvalidValueError, match="offset"):
            get_trials(board, id, **wrong)  # type: ignore[arg-type]


def test_rows_tell_of_notes_files_and_the_best(board: Board, study: optuna.Study) -> None:
    storage, id = study._storage, study._study_id
    file = {"artifact_id": "u", "filename": "a.txt", "mimetype": "text/plain", "encoding": None}
    running = study.ask()
    trial_id = running._trial_id
    storage.set_trial_system_attr(trial_id, "artifacts:u", json.dumps(file))
    storage.set_study_system_attr(id, f"dashboard:{trial_id}:note_ver", 1)
    storage.set_study_system_attr(id, f"dashboard:{trial_id}:note_str:0", "seen")
    rows = get_trials(board, id).rows
    assert [row.has_note for row in rows] == [False] * 4 + [True]
    assert [a.url for a in rows[4].artifacts] == [f"artifacts/{id}/{trial_id}/u"]
    assert [row.number for row in rows if row.is_best] == [study.best_trial.number]
    assert rows[4].duration is not None


def test_a_trial_is_shown_whole(board: Board, study: optuna.Study) -> None:
    trial = get_trial(board, study._study_id, 0)
    stored = study.trials[0]
    assert [(p.name, p.value) for p in trial.params] == list(stored.params.items())
    assert [p.distribution for p in trial.params] == [
        "0 to 9", f"1 to {2**60}", "one of b, a",
    ]  # fmt: skip
    assert (trial.values, trial.status, trial.previous, trial.next) == ([3.0], "COMPLETED", None, 1)
    assert [(a.key, a.value) for a in trial.user_attrs] == [("t", "9")]
    assert get_trial(board, study._study_id, 1).is_best
    assert get_trial(board, study._study_id, 3).next is None
    with pytest.raises(NotFoundError, match="no trial 4"):
        get_trial(board, study._study_id, 4)
    with pytest.raises(NotFoundError, match="no experiment"):
        get_trial(board, study._study_id + 1, 0)


@pytest.mark.item("K07")
def test_a_waiting_trial_has_its_fixed_parameters(board: Board, study: optuna.Study) -> None:
    study.enqueue_trial({"x": 5})
    trial = get_trial(board, study._study_id, 4)
    assert (trial.status, [(a.key, a.value) for a in trial.fixed_params]) == ("PLANNED", [("x", 5)])
    assert trial.params == []


def test_constraints_make_a_trial_infeasible(board: Board, study: optuna.Study) -> None:
    attrs = {"constraints": [-1.0, 2.0], "other": 1}
    study.add_trial(create_trial(value=-9, system_attrs=attrs))
    trial = get_trial(board, study._study_id, 4)
    assert (trial.constraints, trial.feasible, trial.is_best) == ([-1.0, 2.0], False, False)
    assert [a.key for a in trial.system_attrs] == ["other"]


def test_intermediate_values_are_summed_up(board: Board, study: optuna.Study) -> None:
    reports = {1: 3.0, 2: 1.0, 5: 2.0}
    study.add_trial(create_trial(value=1, intermediate_values=reports))
    (metric,) = get_trial(board, study._study_id, 4).metrics
    assert (metric.count, metric.last, metric.min, metric.max, metric.last_step) == (3, 2, 1, 3, 5)


def test_special_values_are_texts(board: Board, study: optuna.Study) -> None:
    study.add_trial(create_trial(value=math.inf))
    assert get_trial(board, study._study_id, 4).values == ["inf"]
    assert get_trials(board, study._study_id).rows[4].values == ["inf"]


def test_a_form_waits_for_answers_of_running_trials(board: Board, study: optuna.Study) -> None:
    id, storage = study._study_id, study._storage
    widget = {"type": "text", "user_attr_key": "opinion"}
    form: Any = {"output_type": "user_attr", "widgets": [widget]}
    storage.set_study_system_attr(id, "dashboard:form_widgets:v2", form)
    running = study.ask()
    assert not get_trial(board, id, 0).wants_answer
    assert get_trial(board, id, running.number).wants_answer
    running.set_user_attr("opinion", "good")
    assert not get_trial(board, id, running.number).wants_answer


def test_a_run_is_shown_like_a_trial(client: Client, board: Board, experiment: Experiment) -> None:
    run = experiment.get_run()
    run.start()
    run.set_args({"lr": 0.1, "net": {"depth": 2}})
    run.add_tags("good")
    run.set_env({"host": "h"})
    run.add_metrics({"loss": 0.5}, step=3)
    client.flush()
    trial = get_trial(board, experiment.id, 0)
    assert [(p.name, p.value) for p in trial.params] == [("lr", 0.1), ("net", {"depth": 2})]
    assert (trial.tags, trial.env, trial.values) == (["good"], {"host": "h"}, [])
    assert [(m.name, m.last, m.last_step) for m in trial.metrics] == [("loss", 0.5, 3)]
    (row,) = get_trials(board, experiment.id, sort="param:net.depth").rows
    assert (row.status, row.params["lr"]) == ("RUNNING", 0.1)

"""The head of an experiment's pages: what it is, how it goes, what is best."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from runbase import Client, Experiment
from runbase.dashboard.api.study import get_figure, get_study, get_summary
from runbase.dashboard.api.types import Counts
from runbase.dashboard.board import Board
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage
from runbase.store import heartbeats

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


def new_study(client: Client, directions: Any = None) -> optuna.Study:
    return optuna.create_study(
        study_name="a study", storage=RDBStorage(client), directions=directions or ["minimize"]
    )


def set_system(study: optuna.Study, **attrs: Any) -> None:
    for key, value in attrs.items():
        study._storage.set_study_system_attr(study._study_id, key.replace("__", ":"), value)


def finished(value: float, ago: float, seconds: float, **more: Any) -> optuna.trial.FrozenTrial:
    """A trial that took so many seconds and finished so many seconds ago."""
    trial = create_trial(value=value, **more)
    end = datetime.now() - timedelta(seconds=ago)
    trial.datetime_complete, trial.datetime_start = end, end - timedelta(seconds=seconds)
    return trial


def test_a_study_is_described_as_it_was_created(client: Client, board: Board) -> None:
    study = new_study(client, ["minimize", "maximize"])
    study.set_user_attr("team", {"size": 3})
    set_system(study, study__metric_names=["loss", "accuracy"])
    set_system(study, cma__restarts=2, dashboard__note_ver=1, dashboard__note_str__0="# Hello")
    found = get_study(board, study._study_id)
    assert (found.kind, found.name, found.directions) == (
        "optuna", "a study", ["minimize", "maximize"],
    )  # fmt: skip
    assert found.objective_names == ["loss", "accuracy"]
    assert [(a.key, a.value) for a in found.user_attrs] == [("team", {"size": 3})]
    assert [(a.key, a.value) for a in found.system_attrs] == [("cma:restarts", 2)]
    assert (found.note.version, found.note.body) == (1, "# Hello")
    assert abs(found.time_created - datetime.now(UTC).timestamp() * 1000) < 600_000
    assert found.summary.counts == Counts()
    assert (found.summary.best, found.summary.rate, found.summary.last_activity) == ([], None, None)
    assert not found.is_preferential
    assert not found.has_constraints
    assert not found.has_intermediate_values


def test_objectives_without_names_are_numbered(client: Client, board: Board) -> None:
    study = new_study(client, ["minimize", "maximize"])
    assert get_study(board, study._study_id).objective_names == ["Objective 0", "Objective 1"]
    set_system(study, dashboard__objective_names=["a", "b"])
    assert get_study(board, study._study_id).objective_names == ["a", "b"]


def test_parameters_have_the_bounds_of_all_their_distributions(
    client: Client, board: Board
) -> None:
    study = new_study(client)
    for space, params in [
        ({"x": FloatDistribution(0.1, 1, log=True), "c": CategoricalDistribution(["a", 1])},
         {"x": 0.5, "c": 1}),
        ({"x": FloatDistribution(0.01, 0.6, log=True), "n": IntDistribution(2, 8, step=2)},
         {"x": 0.1, "n": 4}),
        ({"x": FloatDistribution(0.1, 3, log=True), "c": CategoricalDistribution(["a", 1])},
         {"x": 2.5, "c": "a"}),
    ]:  # fmt: skip
        study.add_trial(create_trial(value=1, params=params, distributions=space))  # type: ignore[arg-type]
    study.ask()  # has no parameters yet, which makes no difference
    by_name = {p.name: p for p in get_study(board, study._study_id).params}
    x, c, n = by_name["x"], by_name["c"], by_name["n"]
    assert (x.kind, x.low, x.high, x.log, x.step, x.count, x.in_all) == (
        "float", 0.01, 3, True, None, 3, True,
    )  # fmt: skip
    assert (n.kind, n.low, n.high, n.step, n.count, n.in_all) == ("int", 2, 8, 2, 1, False)
    assert (c.kind, c.low, c.high, c.count, c.in_all) == ("categorical", 0, 1, 2, False)
    assert [(each.label, each.type) for each in c.choices] == [("a", "string"), ("1", "number")]


def test_attributes_are_numeric_if_all_values_are(client: Client, board: Board) -> None:
    study = new_study(client)
    for attrs in ({"n": -1, "m": 2, "b": True}, {"n": 1e-7, "m": "x"}, {"n": math.inf}):
        study.add_trial(create_trial(value=1, user_attrs=attrs))
    found = [(a.key, a.numeric, a.count) for a in get_study(board, study._study_id).attributes]
    assert found == [("b", False, 1), ("m", False, 2), ("n", True, 3)]


def test_figures_are_served_by_their_ids(client: Client, board: Board) -> None:
    study = new_study(client)
    prefix = "dashboard:plot_data:a:b"
    for i, piece in enumerate(('{"data": [], ', '"layout": {}}')):
        study._storage.set_study_system_attr(study._study_id, f"{prefix}:{i}", piece)
    id = study._study_id
    (before,) = get_study(board, id).figures
    assert before.id == "a:b"
    assert json.loads(get_figure(board, id, "a:b")) == {"data": [], "layout": {}}
    study._storage.set_study_system_attr(id, f"{prefix}:1", '"layout": {"height": 1}}')
    assert get_study(board, id).figures[0].hash != before.hash
    with pytest.raises(NotFoundError, match="no figure"):
        get_figure(board, id, "a")
    with pytest.raises(NotFoundError, match="no experiment"):
        get_figure(board, id + 1, "a:b")


def test_files_and_the_form_are_read_from_attributes(client: Client, board: Board) -> None:
    study = new_study(client)
    file = {"artifact_id": "u-1", "filename": "a.png", "mimetype": "image/png", "encoding": None}
    widget = {"type": "slider", "min": 0, "max": 5, "labels": [{"value": 1, "label": "low"}]}
    attrs: dict[str, Any] = {
        "artifacts:u-1": json.dumps(file),
        "artifacts:u-2": "null",
        "dashboard:form_widgets:v2": {"output_type": "objective", "widgets": [widget]},
    }
    for key, value in attrs.items():
        study._storage.set_study_system_attr(study._study_id, key, value)
    found = get_study(board, study._study_id)
    assert [(a.filename, a.url) for a in found.artifacts] == [
        ("a.png", f"artifacts/{study._study_id}/u-1")
    ]
    assert found.form is not None
    (slider,) = found.form.widgets
    assert (slider.type, slider.max, slider.labels[0].label) == ("slider", 5, "low")
    assert found.system_attrs == []


def test_the_summary_counts_and_has_the_best(client: Client, board: Board) -> None:
    study = new_study(client, ["maximize"])
    space = {"x": FloatDistribution(0, 9)}
    for value in (1.0, 7.0, 3.0):
        study.add_trial(create_trial(value=value, params={"x": value}, distributions=space))  # type: ignore[arg-type]
    study.add_trial(create_trial(state=TrialState.FAIL))
    study.add_trial(create_trial(value=99, state=TrialState.PRUNED))
    study.enqueue_trial({"x": 1})
    study.add_trial(create_trial(state=TrialState.RUNNING))
    found = get_summary(board, study._study_id)
    assert found.counts == Counts(7, 1, 1, 3, 1, 1)
    (best,) = found.best
    assert best.number == study.best_trial.number
    assert (best.values, best.params, best.status) == ([7.0], {"x": 7.0}, "COMPLETED")
    assert [t.number for t in found.running] == [6]
    filtered = get_summary(board, study._study_id, "value < 5")
    assert filtered.counts.total == 2
    assert [t.values for t in filtered.best] == [[3.0]]
    with pytest.raises(InvalidValueError):
        get_summary(board, study._study_id, "value <")


def test_the_front_is_counted_and_at_most_twenty_are_shown(client: Client, board: Board) -> None:
    study = new_study(client, ["minimize", "minimize"])
    study.add_trials([create_trial(values=[i, 30 - i]) for i in range(30)])
    study.add_trial(create_trial(values=[40, 40]))
    found = get_summary(board, study._study_id)
    assert (found.front_size, len(found.best)) == (len(study.best_trials), 20)
    assert get_summary(board, study._study_id, "number >= 30").front_size == 1


def test_the_best_of_preferences_never_lost(client: Client, board: Board) -> None:
    study = new_study(client)
    for _ in range(4):
        study.add_trial(create_trial(value=0))
    set_system(study, preference__is_preferential=True, preference__values1=[[0, 1], [0, 2]])
    set_system(study, preference__values2=[[3, 0]])
    found = get_study(board, study._study_id)
    assert found.is_preferential
    assert [t.number for t in found.summary.best] == [3]


def test_a_trial_is_stale_when_its_heartbeat_stopped(client: Client, board: Board) -> None:
    study = new_study(client)
    alive, silent, quiet = (study.ask() for _ in range(3))
    for trial in (alive, silent):
        heartbeats.beat(client.db, trial._trial_id)
    ago = datetime.now(UTC) - timedelta(minutes=4)
    client.execute("UPDATE runs SET heartbeat = ? WHERE id = ?", (ago, silent._trial_id))
    assert get_summary(board, study._study_id).stale == [silent.number]
    assert quiet.number == 2


def test_without_heartbeats_a_trial_is_stale_that_runs_far_too_long(
    client: Client, board: Board
) -> None:
    study = new_study(client)
    old, new = study.ask(), study.ask()
    for trial, minutes in ((old, 11), (new, 9)):
        ago = datetime.now(UTC) - timedelta(minutes=minutes)
        client.execute(
            "UPDATE runs SET time_started = ?, time_updated = ? WHERE id = ?",
            (ago, ago, trial._trial_id),
        )
    assert get_summary(board, study._study_id).stale == [old.number]
    study.add_trial(finished(1, 60, 180))  # now eleven minutes are not that long
    assert get_summary(board, study._study_id).stale == []


def test_the_rate_is_that_of_the_last_trials(client: Client, board: Board) -> None:
    study = new_study(client)
    study.add_trials([finished(1, 10 * (60 - i), 5) for i in range(60)])
    study.enqueue_trial({})
    found = get_summary(board, study._study_id)
    assert found.rate == pytest.approx(6, rel=0.1)
    assert found.mean_duration == pytest.approx(5, abs=0.01)
    assert found.time_left == pytest.approx(10_000, rel=0.1)


def test_nothing_is_expected_of_a_study_that_rests(client: Client, board: Board) -> None:
    study = new_study(client)
    study.add_trials([finished(1, 900 + i, 5) for i in range(5)])
    study.enqueue_trial({})
    found = get_summary(board, study._study_id)
    assert (found.rate, found.time_left) == (None, None)
    assert found.mean_duration == pytest.approx(5, abs=0.01)


def test_improvement_is_that_of_the_last_tenth(client: Client, board: Board) -> None:
    study = new_study(client, ["maximize"])
    study.add_trials([create_trial(value=v) for v in (1, 2, 3, 4, 5, 5, 5, 5, 5, 7)])
    assert get_summary(board, study._study_id).improvement == 2


def test_a_tracking_experiment_has_counts_metrics_and_no_best(
    client: Client, board: Board, experiment: Experiment
) -> None:
    run = experiment.get_run()
    run.start()
    run.set_args({"lr": 0.1})
    run.add_metrics({"loss": 0.5}, step=1)
    client.flush()
    found = get_study(board, experiment.id)
    assert (found.kind, found.directions, found.metrics) == ("tracking", [], ["loss"])
    assert [(p.name, p.kind, p.count) for p in found.params] == [("lr", "float", 1)]
    assert (found.summary.best, found.summary.front_size) == ([], 0)
    assert [(t.params, t.values) for t in found.summary.running] == [({"lr": 0.1}, [])]
    assert found.summary.last_activity is not None


def test_intermediate_values_and_constraints_are_announced(client: Client, board: Board) -> None:
    study = new_study(client)
    trial = create_trial(value=1, intermediate_values={1: 2.0}, system_attrs={"constraints": [0.0]})
    study.add_trial(trial)
    found = get_study(board, study._study_id)
    assert found.has_intermediate_values
    assert found.has_constraints


def test_no_experiment_no_study(board: Board) -> None:
    for get in (get_study, get_summary):
        with pytest.raises(NotFoundError, match="no experiment 99"):
            get(board, 99)


def test_a_study_that_runs_now_is_json(client: Client, board: Board) -> None:
    study = new_study(client)
    for _ in range(2):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
        summary = get_summary(board, study._study_id)
        assert summary.rate is not None
        assert summary.rate > 0
        assert msgspec.json.decode(msgspec.json.encode(summary))["rate"] == summary.rate

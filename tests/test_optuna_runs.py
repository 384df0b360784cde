"""A trial is a run: what is logged to it, and how runs and trials share their tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from runbase import Client, Experiment, Run
from runbase.errors import ConfigError, ConflictError

optuna = pytest.importorskip("optuna")

from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import TrialState, create_trial  # noqa: E402

from runbase.optuna import RDBStorage, TrialRun, run_of  # noqa: E402

MINIMIZE = [StudyDirection.MINIMIZE]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


@pytest.fixture
def storage(client: Client) -> RDBStorage:
    return RDBStorage(client)


@pytest.fixture
def study(storage: RDBStorage) -> Any:
    return optuna.create_study(
        study_name="a study", storage=storage, sampler=optuna.samplers.RandomSampler()
    )


@pytest.fixture
def reopened(url: str, client: Client) -> Iterator[Callable[[], RDBStorage]]:
    """Makes new storages, which know only what is in the database."""
    with ExitStack() as stack:
        yield lambda: RDBStorage(stack.enter_context(closing(Client(url))))


# -- the run of a trial ------------------------------------------------------------------------


def test_a_running_trial_has_a_run(client: Client, study: Any):
    trial = study.ask()
    run = run_of(trial)
    assert isinstance(run, TrialRun)
    assert isinstance(run, Run)
    assert (run.id, run.experiment_id) == (trial._trial_id, study._study_id)
    assert run.client is client
    assert client.execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 1


def test_a_frozen_trial_needs_its_storage(storage: RDBStorage, study: Any):
    study.tell(study.ask(), 1.0)
    trial = study.trials[0]
    assert run_of(trial, storage).id == trial._trial_id
    assert run_of(trial, storage=storage).add_tags("late").id == trial._trial_id
    with pytest.raises(ConfigError, match=r"name it in run_of\(trial, storage\)"):
        run_of(trial)


def test_trials_of_other_storages_have_no_run(study: Any):
    other = optuna.create_study(storage=optuna.storages.InMemoryStorage())
    trial = other.ask()
    with pytest.raises(ConfigError, match=r"storage=runbase\.optuna\.RDBStorage"):
        run_of(trial)
    with pytest.raises(ConfigError, match=r"storage=runbase\.optuna\.RDBStorage"):
        run_of(trial, other._storage)
    with pytest.raises(ConfigError):
        run_of(optuna.trial.FixedTrial({}))


def test_a_trial_that_the_storage_does_not_have_is_a_key_error(storage: RDBStorage, study: Any):
    study.tell(study.ask(), 1.0)
    trial = study.trials[0]
    study._storage.delete_study(study._study_id)
    with pytest.raises(KeyError):
        run_of(trial, storage)


CALLS: dict[str, Callable[[TrialRun], object]] = {
    "start": lambda run: run.start(),
    "start with arguments": lambda run: run.start(args=None, env=None),
    "stop": lambda run: run.stop(),
    "stop with a status": lambda run: run.stop("FAILED"),
    "set_status": lambda run: run.set_status("COMPLETED"),
    "track": lambda run: run.track().__enter__(),
    "track with arguments": lambda run: run.track("COMPLETED").__enter__(),
}


def test_the_status_is_left_to_the_study(client: Client, study: Any):
    trial = study.ask()
    read = "SELECT status, version, time_started, time_finished FROM runs"
    before = client.execute(read).fetchall()
    for call in CALLS.values():
        with pytest.raises(ConfigError, match="set by its study: return the value"):
            call(run_of(trial))
    assert client.execute(read).fetchall() == before
    study.tell(trial, 1.0)
    assert client.execute("SELECT status FROM runs").fetchall() == [("COMPLETED",)]


def test_all_kinds_of_documents_are_logged_in_an_objective(
    client: Client, storage: RDBStorage, study: Any, reopened: Callable[[], RDBStorage]
):
    other = Experiment(client, name="tracked").get_run()

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        run = run_of(trial).add_tags("tag").set_extras({"extra": [1]}).set_env({"HOST": "here"})
        run.add_link("tuned by", other.id).set_comment("a comment").add_extras({"more": None})
        trial.set_user_attr("user", 1)
        run.add_metrics({"loss": x}, step=1)
        return float(x)

    study.optimize(objective, n_trials=2)
    for trial in study.trials:
        row = client.execute(
            "SELECT tags, extras, env, comment, status, args, value FROM runs WHERE id = ?",
            [trial._trial_id],
        ).fetchone()
        x = trial.params["x"]
        assert [as_object(v) for v in row[:3]] == [
            {"tag": True},
            {"extra": [1], "more": None},
            {"HOST": "here"},
        ]
        assert tuple(row[3:5]) == ("a comment", "COMPLETED")
        assert (as_object(row[5]), row[6]) == ({"x": x}, x)
        assert run_of(trial, storage).get_metric("loss") == [(1, 0.0, x)]
    links = client.execute("SELECT from_id, kind, to_id FROM run_links ORDER BY from_id").fetchall()
    assert links == [(t._trial_id, "tuned by", other.id) for t in study.trials]
    again = reopened().get_all_trials(study._study_id)
    assert again == study.trials
    assert [t.user_attrs for t in again] == [{"user": 1}] * 2
    assert [t.intermediate_values for t in again] == [{}] * 2


def as_object(value: Any) -> Any:
    import json

    return json.loads(value) if isinstance(value, str) else value


# -- metrics beside reports --------------------------------------------------------------------

STEPS = [0, 1, 3, 2, 3, 7]  # out of order, and one of them twice


def report(trial: Any, step: int, value: float) -> None:
    # Not trial.report, which keeps the first value of a step.
    trial.storage.set_trial_intermediate_value(trial._trial_id, step, value)


def summary(client: Client, run_id: int, name: str) -> tuple[Any, ...]:
    row = client.execute(
        "SELECT m.n, m.n_nan, m.first_step, m.last_step, m.last, m.min, m.min_step, m.max,"
        " m.max_step FROM run_metrics AS m JOIN metric_names AS n ON n.id = m.metric_id"
        " WHERE m.run_id = ? AND n.name = ?",
        [run_id, name],
    ).fetchone()
    return tuple(row)


def summed_up(curve: dict[int, float]) -> tuple[Any, ...]:
    """What `summary` should be, for numbers that differ."""
    best, worst = min(curve, key=curve.__getitem__), max(curve, key=curve.__getitem__)
    first, last = min(curve), max(curve)
    return (len(curve), 0, first, last, curve[last], curve[best], best, curve[worst], worst)


ORDERS: dict[str, Callable[[int], bool]] = {
    "report first": lambda place: True,
    "metric first": lambda place: False,
    "in turn": lambda place: place % 2 == 0,
}


@pytest.mark.parametrize("in_block", [False, True], ids=["alone", "in a block"])
def test_metrics_and_reports_at_the_same_steps_do_not_disturb_each_other(
    client: Client,
    study: Any,
    reopened: Callable[[], RDBStorage],
    in_block: bool,
):
    for name, order in [*ORDERS.items(), *ORDERS.items()]:  # then all columns are there
        trial = study.ask()
        run = run_of(trial)
        reports: dict[int, float] = {}
        losses: dict[int, float] = {}

        def log(place: int, step: int, trial: Any, run: Run) -> None:
            value = float((place * 7 + step) % 11) + 0.25
            metrics = {"loss": -value, "more": value}
            if order(place):  # noqa: B023
                report(trial, step, value)
                run.add_metrics(metrics, step=step)
            else:
                run.add_metrics(metrics, step=step)
                report(trial, step, value)
            reports[step], losses[step] = value, -value  # noqa: B023

        for place, step in enumerate(STEPS):
            if in_block:
                with client:
                    log(place, step, trial, run)
            else:
                log(place, step, trial, run)

        assert {step: x for step, _, x in run.get_metric("loss")} == losses, name
        assert {s: x for s, _, x in run.get_metric("intermediate_value")} == reports
        assert summary(client, run.id, "loss") == summed_up(losses)
        assert summary(client, run.id, "intermediate_value") == summed_up(reports)
        for storage in study._storage, reopened():
            assert storage.get_trial(trial._trial_id).intermediate_values == reports
        rows = client.execute("SELECT COUNT(*) FROM metrics WHERE run_id = ?", [run.id])
        assert rows.fetchone()[0] == len(reports)  # columns of the same rows


def test_special_values_do_not_disturb_each_other(
    client: Client, study: Any, reopened: Callable[[], RDBStorage]
):
    trial = study.ask()
    run = run_of(trial)
    for step, (reported, logged) in enumerate(
        [("nan", "1"), ("1", "nan"), ("inf", "-inf"), ("nan", "nan"), ("-inf", "2"), ("2", "3")]
    ):
        for _ in range(2):
            run.add_metrics({"loss": float(logged)}, step=step)
            report(trial, step, float(reported))
    texts = [str(x) for _, _, x in run.get_metric("loss")]
    assert texts == ["1.0", "nan", "-inf", "nan", "2.0", "3.0"]
    for storage in study._storage, reopened():
        found = storage.get_trial(trial._trial_id).intermediate_values
        assert {s: str(x) for s, x in found.items()} == dict(
            enumerate(["nan", "1.0", "inf", "nan", "-inf", "2.0"])
        )
    assert summary(client, run.id, "loss")[:2] == (6, 2)
    assert summary(client, run.id, "intermediate_value")[:2] == (6, 2)


def test_metrics_at_another_progress_are_no_reports(study: Any, reopened: Callable[[], RDBStorage]):
    trial = study.ask()
    run = run_of(trial)
    trial.report(0.5, 1)
    run.add_metrics({"loss": 2.0}, step=1, progress=0.25)
    run.add_metrics({"loss": 3.0}, step=2)
    assert reopened().get_trial(trial._trial_id).intermediate_values == {1: 0.5}
    assert run.get_metric("loss") == [(1, 0.25, 2.0), (2, 0.0, 3.0)]


def test_metrics_may_come_after_the_end_of_the_trial(
    storage: RDBStorage, study: Any, reopened: Callable[[], RDBStorage]
):
    trial = study.ask()
    trial.report(0.5, 1)
    study.tell(trial, 1.0)
    frozen = study.trials[0]
    run_of(frozen, storage).add_metrics({"test": 2.0}, step=1).add_tags("tested")
    assert reopened().get_trial(frozen._trial_id) == frozen == study.trials[0]


def test_metrics_may_be_collected_before_they_are_written(url: str, client: Client):
    with closing(Client(url, flush_interval=60)) as slow:
        storage = RDBStorage(slow)
        study_id = storage.create_new_study(MINIMIZE, "slow")
        trial_id = storage.create_new_trial(study_id)
        run = run_of(storage.get_trial(trial_id), storage)
        for step in range(4):
            run.add_metrics({"loss": 10.0 + step}, step=step)
            storage.set_trial_intermediate_value(trial_id, step, float(step))
        storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [1.0])
    trial = RDBStorage(client).get_trial(trial_id)
    assert trial.intermediate_values == {0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0}
    metric = run_of(trial, RDBStorage(client)).get_metric("loss")
    assert metric == [(s, 0.0, 10.0 + s) for s in range(4)]


# -- numbers -----------------------------------------------------------------------------------


def test_a_study_makes_its_runs_itself(client: Client, study: Any):
    experiment = Experiment(client, experiment_id=study._study_id)
    for id in None, 12345:
        with pytest.raises(ConflictError, match=r"runbase\.optuna\.run_of\(trial\)"):
            experiment.get_run(id)
    assert client.execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 0
    trial = study.ask()
    assert trial.number == 0  # no number was lost
    assert experiment.get_run(trial._trial_id).id == trial._trial_id  # one that is there


def test_a_study_and_an_experiment_may_share_a_name(client: Client, study: Any):
    experiment = Experiment(client, name="a study")
    assert experiment.id != study._study_id
    run = experiment.get_run()
    trial = study.ask()
    assert trial._trial_id == run.id + 1
    with pytest.raises(ConflictError, match="belongs to experiment"):
        experiment.get_run(trial._trial_id)
    assert numbers(client, experiment.id) == numbers(client, study._study_id) == [0]


def numbers(client: Client, experiment_id: int) -> list[int]:
    found = client.execute(
        "SELECT number FROM runs WHERE experiment_id = ? ORDER BY id", [experiment_id]
    )
    return [row[0] for row in found]


def insert(client: Client, experiment_id: int, *new: int) -> None:
    """Insert runs past the counter."""
    for number in new:
        client.execute(
            "INSERT INTO runs (experiment_id, number) VALUES (?, ?)", [experiment_id, number]
        )


def test_runs_that_were_inserted_by_sql_do_not_break_later_ones(client: Client):
    experiment = Experiment(client, name="tracked")
    experiment.get_run()
    insert(client, experiment.id, 1, 2, 5)
    experiment.get_run()
    experiment.get_run(1000)
    assert numbers(client, experiment.id) == [0, 1, 2, 5, 6, 7]
    insert(client, experiment.id, 8, 10)
    with client:
        experiment.get_run()
        experiment.get_run()
    experiment.get_run(2000)
    assert numbers(client, experiment.id)[6:] == [8, 10, 11, 12, 13]


def test_a_run_with_a_chosen_id_comes_after_those_inserted_by_sql(client: Client):
    experiment = Experiment(client, name="tracked")
    insert(client, experiment.id, 0, 1)
    assert experiment.get_run(500).id == 500
    assert numbers(client, experiment.id) == [0, 1, 2]


CREATE: dict[str, Callable[[RDBStorage, int], object]] = {
    "new": lambda s, id: s.create_new_trial(id),
    "from a template": lambda s, id: s.create_new_trial(id, create_trial(value=1.0)),
    "many": lambda s, id: s.add_trials(id, [create_trial(value=1.0)] * 2),
}


@pytest.mark.parametrize("in_block", [False, True], ids=["alone", "in a block"])
def test_trials_that_were_inserted_by_sql_do_not_break_later_ones(
    client: Client, storage: RDBStorage, reopened: Callable[[], RDBStorage], in_block: bool
):
    for name, create in CREATE.items():
        study_id = storage.create_new_study(MINIMIZE, name)
        first = storage.create_new_trial(study_id)
        insert(client, study_id, 1, 2)
        if in_block:
            with client:
                storage.set_trial_user_attr(first, "kept", 1)
                create(storage, study_id)
        else:
            create(storage, study_id)
        create(reopened(), study_id)
        found = numbers(client, study_id)
        assert found == list(range(len(found)))
        trials = reopened().get_all_trials(study_id)
        assert [trial.number for trial in trials] == found
        assert [trial.state for trial in trials[1:3]] == [TrialState.WAITING] * 2  # PLANNED
        assert trials[0].user_attrs == ({"kept": 1} if in_block else {})

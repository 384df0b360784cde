"""What the documentation of Optuna 2 says of its RDBStorage holds, methods since dropped too."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from typing import Any

import pytest

from runbase import Client
from runbase.store import schema

optuna = pytest.importorskip("optuna")

from optuna.distributions import CategoricalDistribution, FloatDistribution  # noqa: E402
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning  # noqa: E402
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import FrozenTrial, TrialState, create_trial  # noqa: E402

from runbase.optuna import RDBStorage  # noqa: E402

NOT_SET, MINIMIZE, MAXIMIZE = (
    StudyDirection.NOT_SET,
    StudyDirection.MINIMIZE,
    StudyDirection.MAXIMIZE,
)
UNKNOWN = 10**6
FAIL = TrialState.FAIL
FINISHED = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]


@pytest.fixture
def storage(client: Client) -> RDBStorage:
    return RDBStorage(client)


@pytest.fixture
def study_id(storage: RDBStorage) -> int:
    return storage.create_new_study("a study")


@pytest.fixture
def trial_id(storage: RDBStorage, study_id: int) -> int:
    return storage.create_new_trial(study_id)


@pytest.fixture
def reopened(url: str, client: Client) -> Iterator[Callable[[], RDBStorage]]:
    """Makes new storages, which know only what is in the database."""
    with ExitStack() as stack:
        yield lambda: RDBStorage(stack.enter_context(closing(Client(url))))


def error(call: Callable[..., object], *args: Any) -> Exception | None:
    """What a call raises."""
    try:
        call(*args)
    except Exception as error:
        return error
    return None


# -- studies -----------------------------------------------------------------------------------


def test_a_study_is_created_by_name_alone(storage: RDBStorage):
    first = storage.create_new_study("by position")
    second = storage.create_new_study(study_name="by keyword")
    assert storage.get_study_name_from_id(first) == "by position"
    assert storage.get_study_name_from_id(second) == "by keyword"
    assert storage.get_study_directions(first) == [NOT_SET]


def test_a_study_without_a_name_gets_one(storage: RDBStorage):
    ids = [storage.create_new_study() for _ in range(2)]
    names = [storage.get_study_name_from_id(id) for id in ids]
    assert len(set(ids)) == len(set(names)) == 2
    assert [storage.get_study_id_from_name(name) for name in names] == ids


def test_a_name_is_taken_once(storage: RDBStorage, study_id: int):
    with pytest.raises(DuplicatedStudyError, match="'a study' already exists"):
        storage.create_new_study("a study")
    with pytest.raises(DuplicatedStudyError):
        storage.create_new_study([MINIMIZE], "a study")
    assert len(storage.get_all_studies()) == 1


def test_ids_of_deleted_studies_and_trials_are_not_used_again(
    storage: RDBStorage, study_id: int, trial_id: int
):
    storage.delete_study(study_id)
    again = storage.create_new_study("a study")
    assert again > study_id
    assert storage.create_new_trial(again) > trial_id


@pytest.mark.parametrize("directions", [[MINIMIZE], [MAXIMIZE], [MINIMIZE, MAXIMIZE]])
def test_directions_are_set_after_the_study_was_created(
    storage: RDBStorage,
    study_id: int,
    reopened: Callable[[], RDBStorage],
    directions: list[StudyDirection],
):
    storage.set_study_directions(study_id, directions)
    storage.set_study_directions(study_id, tuple(directions))  # once more changes nothing
    assert storage.get_study_directions(study_id) == directions
    assert reopened().get_study_directions(study_id) == directions


def test_directions_cannot_be_unset_or_turned(storage: RDBStorage, study_id: int):
    storage.set_study_directions(study_id, [NOT_SET])
    storage.set_study_directions(study_id, [MINIMIZE, MAXIMIZE])
    for wrong in [NOT_SET], [NOT_SET, NOT_SET], [MAXIMIZE, MINIMIZE], [MINIMIZE], [MAXIMIZE]:
        with pytest.raises(ValueError, match="Cannot overwrite study direction"):
            storage.set_study_directions(study_id, wrong)
    assert storage.get_study_directions(study_id) == [MINIMIZE, MAXIMIZE]


def test_directions_decide_which_trial_is_best(storage: RDBStorage, study_id: int):
    for value in 1.0, 3.0, 2.0:
        storage.create_new_trial(study_id, create_trial(value=value))
    storage.set_study_directions(study_id, [MAXIMIZE])
    assert storage.get_best_trial(study_id).value == 3.0


def test_directions_decide_for_those_who_had_read_the_study_before(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    other = reopened()
    assert other.get_all_trials(study_id) == []
    storage.set_study_directions(study_id, [MAXIMIZE])
    for value in 1.0, 3.0, 2.0:
        storage.create_new_trial(study_id, create_trial(value=value))
    assert other.get_best_trial(study_id).value == 3.0


def test_the_best_of_several_objectives_is_refused_by_those_who_had_read_before(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    other = reopened()
    assert other.get_all_trials(study_id) == []
    storage.set_study_directions(study_id, [MINIMIZE, MAXIMIZE])
    storage.create_new_trial(study_id, create_trial(values=[1.0, 2.0]))
    with pytest.raises(RuntimeError):
        other.get_best_trial(study_id)


def test_studies_are_summarised(storage: RDBStorage, study_id: int):
    assert [(s.study_name, s.n_trials) for s in storage.get_all_study_summaries()] == [
        ("a study", 0)
    ]
    other = storage.create_new_study([MAXIMIZE], "other")
    storage.set_study_user_attr(other, "owner", "me")
    started = datetime(2024, 1, 1)
    for number, value in enumerate([1.0, 3.0, 2.0]):
        template = create_trial(value=value)
        template.datetime_start = started.replace(day=3 - number)
        storage.create_new_trial(other, template)
    summary = storage.get_all_study_summaries()[1]
    assert (summary.study_name, summary.direction, summary.n_trials) == ("other", MAXIMIZE, 3)
    assert summary.best_trial.value == 3.0
    assert summary.user_attrs == {"owner": "me"}
    assert summary.datetime_start == started


def test_attributes_of_a_study_are_overwritten(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    for value in 1, {"a": [None, True]}:
        storage.set_study_user_attr(study_id, "key", value)
        storage.set_study_system_attr(study_id, "key", [value])
    for each in storage, reopened():
        assert each.get_study_user_attrs(study_id) == {"key": {"a": [None, True]}}
        assert each.get_study_system_attrs(study_id) == {"key": [{"a": [None, True]}]}


OF_A_STUDY: dict[str, Callable[[RDBStorage, int], object]] = {
    "create_new_trial": lambda s, id: s.create_new_trial(id),
    "create_new_trial from a template": lambda s, id: s.create_new_trial(id, create_trial(value=1)),
    "delete_study": lambda s, id: s.delete_study(id),
    "get_all_trials": lambda s, id: s.get_all_trials(id),
    "get_all_trials in states": lambda s, id: s.get_all_trials(id, False, (TrialState.FAIL,)),
    "get_best_trial": lambda s, id: s.get_best_trial(id),
    "get_n_trials": lambda s, id: s.get_n_trials(id),
    "get_study_directions": lambda s, id: s.get_study_directions(id),
    "get_study_name_from_id": lambda s, id: s.get_study_name_from_id(id),
    "get_study_system_attrs": lambda s, id: s.get_study_system_attrs(id),
    "get_study_user_attrs": lambda s, id: s.get_study_user_attrs(id),
    "get_trial_id_from_study_id_trial_number": (
        lambda s, id: s.get_trial_id_from_study_id_trial_number(id, 0)
    ),
    "read_trials_from_remote_storage": lambda s, id: s.read_trials_from_remote_storage(id),
    "set_study_directions": lambda s, id: s.set_study_directions(id, [MINIMIZE]),
    "set_study_system_attr": lambda s, id: s.set_study_system_attr(id, "key", 1),
    "set_study_user_attr": lambda s, id: s.set_study_user_attr(id, "key", 1),
}


def test_a_study_that_does_not_exist_is_a_key_error(storage: RDBStorage, study_id: int):
    gone = storage.create_new_study("gone")
    storage.create_new_trial(gone)
    storage.delete_study(gone)
    for name, call in OF_A_STUDY.items():
        for id in UNKNOWN, gone:
            assert isinstance(error(call, storage, id), KeyError), name
    with pytest.raises(KeyError):
        storage.get_study_id_from_name("gone")
    assert [s.study_name for s in storage.get_all_studies()] == ["a study"]


def test_a_tracking_experiment_is_no_study(storage: RDBStorage, client: Client):
    from runbase import Experiment

    run = Experiment(client, name="tracked").get_run()
    for name, call in OF_A_STUDY.items():
        assert isinstance(error(call, storage, run.experiment_id), KeyError), name
    for name, call in (OF_A_TRIAL | WRITES).items():
        assert isinstance(error(call, storage, run.id), KeyError), name
    assert Experiment(client, name="tracked").id == run.experiment_id


# -- trials ------------------------------------------------------------------------------------


def test_the_state_is_set_alone(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    waiting = storage.create_new_trial(study_id, create_trial(state=TrialState.WAITING))
    assert storage.set_trial_state(waiting, TrialState.RUNNING) is True
    assert storage.set_trial_state(waiting, TrialState.RUNNING) is False
    assert reopened().set_trial_state(waiting, TrialState.RUNNING) is False
    assert storage.get_trial(waiting).datetime_start is not None
    assert storage.set_trial_state(waiting, TrialState.FAIL) is True
    trial = reopened().get_trial(waiting)
    assert (trial.state, trial.values) == (TrialState.FAIL, None)
    assert trial.datetime_complete is not None


def test_values_are_set_before_the_state(
    storage: RDBStorage, trial_id: int, reopened: Callable[[], RDBStorage]
):
    storage.set_trial_values(trial_id, [1.5])
    assert reopened().get_trial(trial_id).values == [1.5]
    storage.set_trial_values(trial_id, (2.5,))  # overwrites
    trial = storage.get_trial(trial_id)
    assert (trial.state, trial.values) == (TrialState.RUNNING, [2.5])
    assert trial.datetime_complete is None
    storage.set_trial_state(trial_id, TrialState.COMPLETE)
    trial = reopened().get_trial(trial_id)
    assert (trial.state, trial.values) == (TrialState.COMPLETE, [2.5])


def test_several_values_are_set_before_the_state(
    storage: RDBStorage, reopened: Callable[[], RDBStorage]
):
    study_id = storage.create_new_study([MINIMIZE, MAXIMIZE], "two")
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_values(trial_id, [1.5, float("inf")])
    storage.set_trial_state(trial_id, TrialState.COMPLETE)
    for each in storage, reopened():
        assert each.get_trial(trial_id).values == [1.5, float("inf")]
        with pytest.raises(RuntimeError):
            each.get_best_trial(study_id)


def test_no_trial_is_best_before_one_is_complete(storage: RDBStorage, study_id: int, trial_id: int):
    storage.set_trial_values(trial_id, [1.0])
    with pytest.raises(ValueError, match="No trials are completed yet"):
        storage.get_best_trial(study_id)
    storage.set_trial_state(trial_id, TrialState.COMPLETE)
    assert storage.get_best_trial(study_id)._trial_id == trial_id


def test_a_trial_knows_its_study(storage: RDBStorage, reopened: Callable[[], RDBStorage]):
    studies = [storage.create_new_study(name) for name in "ab"]
    trials = {storage.create_new_trial(id): id for id in studies * 2}
    for each in storage, reopened():
        assert {t: each.get_study_id_from_trial_id(t) for t in trials} == trials
        numbers = [each.get_trial_number_from_id(t) for t in trials]
        assert numbers == [0, 0, 1, 1]


def test_parameters_are_read_one_by_one_as_internal_values(
    storage: RDBStorage, trial_id: int, reopened: Callable[[], RDBStorage]
):
    choices = CategoricalDistribution(("a", None, 3))
    storage.set_trial_param(trial_id, "kind", 2.0, choices)
    storage.set_trial_param(trial_id, "rate", 0.25, FloatDistribution(0, 1))
    for each in storage, reopened():
        assert each.get_trial_param(trial_id, "kind") == 2.0
        assert each.get_trial_param(trial_id, "rate") == 0.25
        assert each.get_trial_params(trial_id) == {"kind": 3, "rate": 0.25}
        with pytest.raises(KeyError):
            each.get_trial_param(trial_id, "missing")


def test_what_is_set_again_is_overwritten(
    storage: RDBStorage, trial_id: int, reopened: Callable[[], RDBStorage]
):
    for value in 1, 2:
        storage.set_trial_intermediate_value(trial_id, 5, value)
        storage.set_trial_user_attr(trial_id, "key", value)
        storage.set_trial_system_attr(trial_id, "key", -value)
    for each in storage, reopened():
        trial = each.get_trial(trial_id)
        assert trial.intermediate_values == {5: 2.0}
        assert each.get_trial_user_attrs(trial_id) == trial.user_attrs == {"key": 2}
        assert each.get_trial_system_attrs(trial_id) == trial.system_attrs == {"key": -2}


def test_trials_are_counted_by_one_or_several_states(storage: RDBStorage, study_id: int):
    states = [TrialState.FAIL, TrialState.RUNNING, TrialState.FAIL, TrialState.WAITING]
    for state in states:
        storage.create_new_trial(study_id, create_trial(state=state))
    assert storage.get_n_trials(study_id) == 4
    assert storage.get_n_trials(study_id, TrialState.FAIL) == 2
    assert storage.get_n_trials(study_id, state=(TrialState.FAIL, TrialState.WAITING)) == 3
    assert storage.get_n_trials(study_id, ()) == 0
    found = storage.get_all_trials(study_id, states=(TrialState.FAIL, TrialState.WAITING))
    assert [trial.number for trial in found] == [0, 2, 3]


def test_the_numbers_of_trials_are_found(storage: RDBStorage, study_id: int):
    ids = [storage.create_new_trial(study_id) for _ in range(3)]
    find = storage.get_trial_id_from_study_id_trial_number
    assert [find(study_id, number) for number in range(3)] == ids
    for number in 3, -1:
        with pytest.raises(KeyError):
            find(study_id, number)


def test_a_session_that_was_removed_is_made_anew(storage: RDBStorage, study_id: int):
    storage.remove_session()
    trial_id = storage.create_new_trial(study_id)
    storage.remove_session()
    storage.read_trials_from_remote_storage(study_id)
    assert storage.get_trial(trial_id).number == 0


OF_A_TRIAL: dict[str, Callable[[RDBStorage, int], object]] = {
    "get_trial": lambda s, id: s.get_trial(id),
    "get_study_id_from_trial_id": lambda s, id: s.get_study_id_from_trial_id(id),
    "get_trial_number_from_id": lambda s, id: s.get_trial_number_from_id(id),
    "get_trial_param": lambda s, id: s.get_trial_param(id, "x"),
    "get_trial_params": lambda s, id: s.get_trial_params(id),
    "get_trial_system_attrs": lambda s, id: s.get_trial_system_attrs(id),
    "get_trial_user_attrs": lambda s, id: s.get_trial_user_attrs(id),
}
WRITES: dict[str, Callable[[RDBStorage, int], object]] = {
    "set_trial_intermediate_value": lambda s, id: s.set_trial_intermediate_value(id, 0, 1.0),
    "set_trial_param": lambda s, id: s.set_trial_param(id, "x", 0.5, FloatDistribution(0, 1)),
    "set_trial_state": lambda s, id: s.set_trial_state(id, TrialState.FAIL),
    "set_trial_state running": lambda s, id: s.set_trial_state(id, TrialState.RUNNING),
    "set_trial_system_attr": lambda s, id: s.set_trial_system_attr(id, "key", 1),
    "set_trial_user_attr": lambda s, id: s.set_trial_user_attr(id, "key", 1),
    "set_trial_values": lambda s, id: s.set_trial_values(id, [9.0]),
}


def test_a_trial_that_does_not_exist_is_a_key_error(storage: RDBStorage, study_id: int):
    gone = storage.create_new_study("gone")
    trial_id = storage.create_new_trial(gone)
    storage.delete_study(gone)
    for name, call in (OF_A_TRIAL | WRITES).items():
        for id in UNKNOWN, trial_id:
            assert isinstance(error(call, storage, id), KeyError), name


def test_a_finished_trial_is_a_runtime_error_and_stays_as_it_is(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    other = reopened()
    for state in FINISHED:
        trial_id = storage.create_new_trial(study_id)
        other.read_trials_from_remote_storage(study_id)  # knows it as a running one
        storage.set_trial_state_values(trial_id, state, [1.0])
        before = storage.get_trial(trial_id)
        for name, call in WRITES.items():
            for each in storage, other:
                assert isinstance(error(call, each, trial_id), RuntimeError), name
        assert storage.get_trial(trial_id) == other.get_trial(trial_id) == before
        assert reopened().get_trial(trial_id) == before


def test_only_finished_states_are_not_updatable(storage: RDBStorage, trial_id: int):
    for state in TrialState.RUNNING, TrialState.WAITING:
        storage.check_trial_is_updatable(trial_id, state)
    for state in FINISHED:
        with pytest.raises(RuntimeError, match="Trial#0 has already finished"):
            storage.check_trial_is_updatable(trial_id, state)


# -- heartbeats --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["heartbeat_interval", "grace_period"])
@pytest.mark.parametrize("seconds", [0, -1])
def test_intervals_are_positive(name: str, seconds: int):
    with pytest.raises(ValueError, match=f"`{name}` should be a positive integer"):
        RDBStorage("sqlite://", **{"heartbeat_interval": 60, name: seconds})  # type: ignore[arg-type]


def test_one_callback_is_enough():
    with pytest.raises(ValueError, match="only one of"):
        RDBStorage(
            "sqlite://",
            failed_trial_callback=lambda study, trial: None,
            heartbeat_stale_trial_callback=lambda study, trial: None,
        )


def test_the_warning_about_heartbeats_names_the_callers_line():
    with pytest.warns(ExperimentalWarning, match="heartbeat_interval") as caught:
        storage = RDBStorage("sqlite://", heartbeat_interval=1)
    assert [w.filename for w in caught] == [__file__]
    storage.close()


def test_without_an_interval_nothing_is_stale(storage: RDBStorage, client: Client, trial_id: int):
    assert storage.get_heartbeat_interval() is None
    assert storage.is_heartbeat_enabled() is False
    storage.record_heartbeat(trial_id)
    silence(client, trial_id)
    assert storage.fail_stale_trials() == []
    assert storage.get_trial(trial_id).state == TrialState.RUNNING


def beating(client: Client, **arguments: Any) -> RDBStorage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(client, **arguments)


def silence(client: Client, *trial_ids: int, seconds: int = 1000) -> None:
    """Move the last sign of life into the past."""
    seconds = int(seconds)
    earlier = {
        "sqlite": f"strftime('%Y-%m-%d %H:%M:%f000+00:00', heartbeat, '-{seconds} seconds')",
        "postgresql": f"heartbeat - INTERVAL '{seconds} seconds'",
        "mysql": f"heartbeat - INTERVAL {seconds} SECOND",
    }[client.dialect]
    for id in trial_ids:
        client.execute(f"UPDATE runs SET heartbeat = {earlier} WHERE id = ?", [id])


def test_stale_trials_of_all_studies_fail_and_the_callback_hears_of_each(
    client: Client, reopened: Callable[[], RDBStorage]
):
    heard: list[tuple[str, int, TrialState]] = []

    def callback(study: Any, trial: FrozenTrial) -> None:
        heard.append((study.study_name, trial._trial_id, trial.state))
        study.set_user_attr("heard", trial.number)

    storage = beating(
        client, heartbeat_interval=60, grace_period=120, heartbeat_stale_trial_callback=callback
    )
    assert storage.get_heartbeat_interval() == 60
    assert storage.is_heartbeat_enabled() is True
    studies = [storage.create_new_study([MINIMIZE], name) for name in "abc"]
    trials = {id: [storage.create_new_trial(id) for _ in range(4)] for id in studies}
    for id in studies[:2]:
        for trial_id in trials[id][:3]:
            storage.record_heartbeat(trial_id)  # the fourth never gave a sign of life
        silence(client, *trials[id][:2])  # the third one did a moment ago
    storage.set_trial_state_values(trials[studies[1]][1], TrialState.COMPLETE, [1.0])

    expected = [trials[studies[0]][0], trials[studies[0]][1], trials[studies[1]][0]]
    assert storage.fail_stale_trials() == expected
    assert heard == [
        ("a", expected[0], TrialState.FAIL),
        ("a", expected[1], TrialState.FAIL),
        ("b", expected[2], TrialState.FAIL),
    ]
    assert storage.fail_stale_trials() == []
    other = reopened()
    failed = {t._trial_id for s in studies for t in other.get_all_trials(s, states=[FAIL])}
    assert failed == set(expected)
    assert [other.get_study_user_attrs(id) for id in studies] == [{"heard": 1}, {"heard": 0}, {}]


def test_the_grace_period_is_twice_the_interval(client: Client):
    storage = beating(client, heartbeat_interval=100)
    study_id = storage.create_new_study("a study")
    ids = [storage.create_new_trial(study_id) for _ in range(3)]
    for id, seconds in zip(ids, [150, 190, 210], strict=True):
        storage.record_heartbeat(id)
        silence(client, id, seconds=seconds)
    assert storage.fail_stale_trials() == ids[2:]


def test_a_process_that_was_failed_but_ran_gets_a_runtime_error(
    client: Client, reopened: Callable[[], RDBStorage]
):
    worker, other = reopened(), beating(client, heartbeat_interval=60)
    study_id = worker.create_new_study("a study")
    trial_id = worker.create_new_trial(study_id)
    worker.record_heartbeat(trial_id)
    silence(client, trial_id)
    assert other.fail_stale_trials() == [trial_id]
    with pytest.raises(RuntimeError):
        worker.set_trial_state_values(trial_id, TrialState.COMPLETE, [1.0])
    assert worker.get_trial(trial_id).state == FAIL


def test_the_callback_of_optuna_queues_a_stale_trial_again(client: Client):
    kind: Any = getattr(optuna.storages, "RetryHeartbeatStaleTrialCallback", None)
    kind = kind or optuna.storages.RetryFailedTrialCallback
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        callback = kind(max_retry=1)
    storage = beating(client, heartbeat_interval=60, failed_trial_callback=callback)
    assert storage.get_failed_trial_callback() is callback
    assert storage.get_heartbeat_stale_trial_callback() is callback
    study_id = storage.create_new_study("a study")
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_param(trial_id, "x", 0.5, FloatDistribution(0, 1))
    storage.record_heartbeat(trial_id)
    silence(client, trial_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        assert storage.fail_stale_trials() == [trial_id]
    failed, again = storage.get_all_trials(study_id)
    assert (failed.state, again.state) == (FAIL, TrialState.WAITING)
    assert again.params == failed.params == {"x": 0.5}


def test_a_heartbeat_changes_nothing_else(storage: RDBStorage, trial_id: int, client: Client):
    read = "SELECT version, status, time_started, time_finished FROM runs WHERE id = ?"
    before = client.execute(read, [trial_id]).fetchone()
    storage.record_heartbeat(trial_id)
    assert client.execute(read, [trial_id]).fetchone() == before
    with pytest.raises(LookupError):
        storage.record_heartbeat(UNKNOWN)


# -- versions ----------------------------------------------------------------------------------


def test_a_new_database_has_the_newest_version(storage: RDBStorage):
    versions = storage.get_all_versions()
    assert versions[-1] == "base.sql"
    assert storage.get_head_version() == storage.get_current_version() == versions[0]
    assert versions == [*sorted(versions[:-1], reverse=True), "base.sql"]
    storage.upgrade()
    assert storage.get_current_version() == versions[0]


def test_an_earlier_version_is_upgraded(url: str, client: Client, trial_id: int):
    head = RDBStorage(client).get_head_version()
    client.execute("DELETE FROM applied_migrations WHERE name = ?", [head])
    # What would be made twice is dropped before.
    with closing(Client(url)) as fresh:
        with pytest.raises(Exception, match="was made by an older Runbase"):
            RDBStorage(fresh)
        storage = RDBStorage(fresh, skip_compatibility_check=True)
        assert storage.get_current_version() == storage.get_all_versions()[1]
        fresh.execute("DROP TABLE views")
        storage.upgrade()
        assert fresh.execute("SELECT COUNT(*) FROM views").fetchone() == (0,)
        assert storage.get_current_version() == head
        assert storage.get_trial(trial_id).number == 0


def test_a_storage_that_checks_nothing_can_be_upgraded_from_nothing(url: str):
    with closing(Client(url)) as fresh:
        fresh.skip_check()
        storage = RDBStorage(fresh, skip_table_creation=True)
        assert storage.get_current_version() == ""
        storage.upgrade()
        assert storage.get_current_version() == storage.get_head_version()
        assert storage.create_new_trial(storage.create_new_study("a study")) == 1
        assert [a.state for a in schema.setup(fresh.database)] == ["OK"] * len(
            storage.get_all_versions()
        )

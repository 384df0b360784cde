"""Preferential studies from Python, in every kind of storage."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.exceptions import DuplicatedStudyError
from optuna.samplers import RandomSampler
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import TrialState, create_trial

from runbase import Client
from runbase.dashboard import register_preference_feedback_component
from runbase.dashboard.preferential import (
    PreferentialStudy,
    answers,
    create_study,
    load_study,
)
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage
from tests.boards import KINDS, new_storage
from tests.preferences import new_study, numbers

SAMPLER = RandomSampler(seed=1)
COMPLETE, RUNNING = TrialState.COMPLETE, TrialState.RUNNING


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    with new_storage(request.param, tmp_path, request) as found:
        optuna.create_study(storage=found, study_name="another").ask()
        yield found


#: For what is the same in every storage.
anywhere = pytest.mark.parametrize("storage", ["sqlite", "journal"], indirect=True)


@pytest.fixture
def study(storage: BaseStorage) -> PreferentialStudy:
    """A study of five running trials that keeps four waiting."""
    return new_study(storage)


def states(study: PreferentialStudy) -> list[TrialState]:
    return [trial.state for trial in study.trials]


# -- creating and loading -------------------------------------------------------------------------


@pytest.mark.item("V05", "V06")
def test_a_study_is_loaded_as_it_was_created(storage: BaseStorage, study: PreferentialStudy):
    study.report_preference(study.trials[0], study.trials[1])
    study.set_user_attr("who", "me")
    loaded = load_study(study_name="likes", storage=storage, sampler=SAMPLER)
    assert loaded.study_name == "likes"
    assert loaded.user_attrs == {"who": "me"}
    assert loaded.trials == study.trials
    assert numbers(loaded.preferences) == [(0, 1)]
    attrs = storage.get_study_system_attrs(study._study._study_id)
    assert attrs["preference:is_preferential"] is True
    assert attrs["preference:n_generate"] == 4


def test_a_name_is_taken_unless_the_study_may_be_loaded(
    storage: BaseStorage, study: PreferentialStudy
):
    with pytest.raises(DuplicatedStudyError):
        create_study(n_generate=2, storage=storage, study_name="likes", sampler=SAMPLER)
    again = create_study(
        n_generate=2, storage=storage, study_name="likes", sampler=SAMPLER, load_if_exists=True
    )
    assert len(again.trials) == 5
    attrs = storage.get_study_system_attrs(study._study._study_id)
    assert attrs["preference:n_generate"] == 4


@anywhere
def test_another_study_is_not_loaded(storage: BaseStorage):
    with pytest.raises(ValueError, match="not preferential"):
        load_study(study_name="another", storage=storage, sampler=SAMPLER)
    with pytest.raises(InvalidValueError, match="not preferential"):
        create_study(
            n_generate=2,
            storage=storage,
            study_name="another",
            sampler=SAMPLER,
            load_if_exists=True,
        )
    with pytest.raises(KeyError):
        load_study(study_name="no such study", storage=storage, sampler=SAMPLER)


@anywhere
def test_a_study_whose_creator_was_killed_is_taken_over(storage: BaseStorage):
    optuna.create_study(storage=storage, study_name="likes")
    study = create_study(
        n_generate=3, storage=storage, study_name="likes", sampler=SAMPLER, load_if_exists=True
    )
    assert study.should_generate()


def test_all_who_create_a_study_at_once_get_it(url: str):
    RDBStorage(url).close()
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(
            lambda _: create_study(
                n_generate=3,
                storage=RDBStorage(url),
                study_name="likes",
                sampler=SAMPLER,
                load_if_exists=True,
            ),
            range(8),
        )
        ids = {study._study._study_id for study in made}
    assert len(ids) == 1


@anywhere
@pytest.mark.parametrize("what", ["maximize", "two objectives", "user attribute", "trial"])
def test_a_study_that_somebody_has_made_for_something_else_stays_as_it_is(
    storage: BaseStorage, what: str
):
    directions: dict[str, Any] = {"maximize": ["maximize"], "two objectives": ["minimize"] * 2}
    plain = optuna.create_study(
        storage=storage, study_name="plain", directions=directions.get(what, ["minimize"])
    )
    if what == "user attribute":
        plain.set_user_attr("a", 1)
    if what == "trial":
        plain.ask()
    with pytest.raises(InvalidValueError, match="not preferential"):
        create_study(
            n_generate=2,
            storage=storage,
            study_name="plain",
            sampler=SAMPLER,
            load_if_exists=True,
        )
    assert storage.get_study_system_attrs(plain._study_id) == {}


def test_numbers_of_numpy_are_numbers():
    study = create_study(n_generate=np.int64(2), sampler=SAMPLER)  # type: ignore[arg-type]
    assert study._place.attrs()["preference:n_generate"] == 2


@pytest.mark.parametrize("n_generate", [0, -1, 2.5, "4", True])
def test_at_least_one_trial_is_kept_waiting(n_generate: Any):
    storage = InMemoryStorage()
    with pytest.raises(InvalidValueError, match="n_generate"):
        create_study(n_generate=n_generate, storage=storage, sampler=SAMPLER)
    assert storage.get_all_studies() == []


def test_a_study_without_a_storage_is_in_memory():
    study = create_study(n_generate=1, sampler=SAMPLER)
    assert study.should_generate()
    study.ask()
    assert not study.should_generate()


def test_a_url_means_optunas_tables_or_ours_where_they_are(url: str, tmp_path: Path):
    RDBStorage(url).close()
    for storage in (url, Client(url)):
        create_study(
            n_generate=1, storage=storage, study_name="a", sampler=SAMPLER, load_if_exists=True
        )
    with Client(url) as client:
        assert client.execute("SELECT name FROM experiments").fetchall() == [("a",)]
    stock = f"sqlite:///{tmp_path}/stock.db"
    create_study(n_generate=1, storage=stock, study_name="b", sampler=SAMPLER)
    assert load_study(study_name="b", storage=stock, sampler=SAMPLER).trials == []
    assert optuna.load_study(study_name="b", storage=stock).trials == []


def test_reading_what_is_stored_needs_no_optuna():
    code = (
        "import sys; from runbase.dashboard import preferential, feedback; "
        "sys.exit('optuna' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


# -- trials ---------------------------------------------------------------------------------------


@anywhere
def test_trials_are_asked_queued_and_added(study: PreferentialStudy):
    study.enqueue_trial({"x": 0.25}, user_attrs={"of": "mine"})
    study.enqueue_trial({"x": 0.25}, skip_if_exists=True)
    assert [t.number for t in study.get_trials(states=[TrialState.WAITING])] == [5]
    trial = study.ask({"x": FloatDistribution(0, 1)})
    assert (trial.number, trial.params, trial.user_attrs) == (5, {"x": 0.25}, {"of": "mine"})
    made = create_trial(params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}, value=0)
    study.add_trial(made)
    study.add_trials([made, made])
    assert [t.params["x"] for t in study.trials[6:]] == [0.5] * 3
    assert states(study) == [RUNNING] * 6 + [COMPLETE] * 3


@anywhere
def test_trials_are_copies_if_asked_for(study: PreferentialStudy):
    study.report_preference(study.trials[0], study.trials[1])
    study.trials[0].user_attrs["a"] = 1
    study.best_trials[0].user_attrs["a"] = 1
    study.preferences[0][0].user_attrs["a"] = 1
    study.get_preferences(deepcopy=True)[0][0].user_attrs["a"] = 1
    study.candidates[0].user_attrs["a"] = 1
    assert study.trials[0].user_attrs == {}


# -- preferences ----------------------------------------------------------------------------------


@anywhere
def test_reported_trials_are_complete(study: PreferentialStudy):
    study.report_preference(study.trials[0], study.trials[1])
    assert states(study) == [COMPLETE] * 2 + [RUNNING] * 3
    assert [trial.values for trial in study.trials[:2]] == [[0.0], [0.0]]
    assert numbers(study.preferences) == [(0, 1)]


@anywhere
def test_each_of_the_better_is_better_than_each_of_the_worse(study: PreferentialStudy):
    a, b, c, d, e = study.trials
    study.report_preference([a, b], [c, d])
    study.report_preference(b, [a])
    study.report_preference(study.ask(), e)  # trials of both kinds
    assert sorted(numbers(study.preferences)) == [(0, 2), (0, 3), (1, 0), (1, 2), (1, 3), (5, 4)]


def test_the_best_won_and_lost_nothing(study: PreferentialStudy):
    a, b, c, d, e = study.trials
    assert study.best_trials == []
    study.report_preference(b, a)
    study.report_preference([d, c], b)
    assert [trial.number for trial in study.best_trials] == [2, 3]
    assert study.best_trials[0].state == COMPLETE
    answers.skip(study._place, c._trial_id)
    assert [trial.number for trial in study.best_trials] == [3]
    answers.keep(study._place, answers.new("Equal", [d.number, e.number]))
    assert [trial.number for trial in study.best_trials] == [3, 4]
    study.report_preference(c, e)
    assert [trial.number for trial in study.best_trials] == [3]


@anywhere
def test_who_prefers_a_trial_to_itself_is_told(study: PreferentialStudy):
    a, b, *_ = study.trials
    refused: list[tuple[Any, Any, str]] = [
        (a, a, "better than itself"),
        ([a, b], [b], "trial 1"),
        ([], [a], "a better and a worse"),
        (a, [], "a better and a worse"),
    ]
    for better, worse, why in refused:
        with pytest.raises(InvalidValueError, match=why):
            study.report_preference(better, worse)
    stranger = create_trial(value=0)
    stranger.number = 17
    with pytest.raises(NotFoundError, match="17"):
        study.report_preference(a, stranger)
    assert study.preferences == []
    assert states(study) == [RUNNING] * 5


@anywhere
def test_trials_of_another_study_are_refused(storage: BaseStorage, study: PreferentialStudy):
    other = optuna.load_study(study_name="another", storage=storage)
    other.ask()
    for strangers in (other.trials, [other.ask(), other.ask()]):
        with pytest.raises(NotFoundError):
            study.report_preference(*strangers[:2])
    assert study.preferences == []
    assert states(study) == [RUNNING] * 5


def test_a_preference_is_between_trials(study: PreferentialStudy):
    first = study.trials[0]
    refused: list[Any] = [(1, 2), ("a", "b"), (None, first), (first, [1]), ([[first]], first)]
    for better, worse in refused:
        with pytest.raises(InvalidValueError, match="between trials"):
            study.report_preference(better, worse)
    assert states(study) == [RUNNING] * 5


@anywhere
def test_finished_trials_can_be_compared(study: PreferentialStudy):
    study.add_trial(create_trial(value=3.5))
    study.report_preference(study.trials[5], study.trials[0])
    assert states(study) == [COMPLETE, *[RUNNING] * 4, COMPLETE]
    assert study.trials[5].value == 3.5


@anywhere
def test_pairs_of_trials_that_are_not_there_are_left_out(study: PreferentialStudy):
    written: list[Any] = [[[0, 99]], [[-1, 0]], [[2, 2]], "ab", [[3, 1], [4]]]
    for n, pairs in enumerate(written):
        place = study._place
        place.storage.set_study_system_attr(place.study_id, f"preference:values{n}", pairs)
    assert numbers(study.preferences) == [(3, 1)]
    assert [trial.number for trial in study.candidates] == [0, 2, 3, 4]


@anywhere
def test_a_failed_trial_is_not_among_the_best(study: PreferentialStudy):
    place = study._place
    place.storage.set_study_system_attr(place.study_id, "preference:values1", [[0, 1], [2, 1]])
    study._study.tell(0, state=TrialState.FAIL)  # between the answer and its state
    assert [trial.number for trial in study.best_trials] == [2]


# -- how many wait --------------------------------------------------------------------------------


def test_trials_that_were_worse_or_skipped_wait_no_more(storage: BaseStorage):
    study = new_study(storage, trials=0, n_generate=3)
    for _ in range(3):
        assert study.should_generate()
        study.ask()
    assert not study.should_generate()
    study.report_preference(study.trials[0], study.trials[1])
    assert study.should_generate()
    study.ask()
    assert not study.should_generate()
    answers.skip(study._place, study.trials[2]._trial_id)
    assert study.should_generate()
    assert [trial.number for trial in study.candidates] == [0, 3]
    answers.skip(study._place, study.trials[2]._trial_id, False)
    assert not study.should_generate()
    assert [trial.number for trial in study.candidates] == [0, 2, 3]


@anywhere
def test_of_equal_trials_one_waits(study: PreferentialStudy):
    answers.keep(study._place, answers.new("Equal", [4, 1, 3]))
    assert study.should_generate()
    study.ask()
    assert not study.should_generate()


@anywhere
def test_queued_and_failed_trials_do_not_wait(study: PreferentialStudy):
    study.ask()
    for trial in study.trials[:3]:
        study._study.tell(trial.number, state=TrialState.FAIL)
    study.enqueue_trial({"x": 0.5})
    assert study.should_generate()


# -- what people look at --------------------------------------------------------------------------


@anywhere
@pytest.mark.item("V08")
def test_the_component_is_a_note_or_an_artifact(study: PreferentialStudy):
    def stored() -> object:
        return study._place.attrs().get("preference:component")

    assert stored() is None
    register_preference_feedback_component(study, "artifact", "picture")
    assert stored() == {"output_type": "artifact", "artifact_key": "picture"}
    register_preference_feedback_component(study, "note")
    assert stored() == {"output_type": "note"}
    with pytest.raises(InvalidValueError, match="artifact_key"):
        register_preference_feedback_component(study, "artifact")
    with pytest.raises(InvalidValueError, match="'video'"):
        register_preference_feedback_component(study, "video")  # type: ignore[arg-type]
    plain = optuna.load_study(study_name="another", storage=study._study._storage)
    with pytest.raises(InvalidValueError, match="not preferential"):
        register_preference_feedback_component(plain, "note")  # type: ignore[arg-type]
    assert stored() == {"output_type": "note"}

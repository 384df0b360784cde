"""What people do to studies and trials reaches the storage that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from runbase import Client, Experiment
from runbase.dashboard import (
    ChoiceWidget,
    get_note,
    register_objective_form_widgets,
    save_note,
    steer,
)
from runbase.dashboard.api import experiments, notes, steering, study
from runbase.dashboard.api.experiments import ExperimentChange, NewExperiment
from runbase.dashboard.api.notes import NoteConflictError
from runbase.dashboard.api.steering import Queued, Told, UserAttrs
from runbase.dashboard.api.types import Note
from runbase.dashboard.board import Board
from runbase.errors import ConflictError, InvalidValueError, NotFoundError
from tests.boards import KINDS, Case, case, objective, state_of

NOWHERE = 987_654


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with case(request.param, tmp_path, request) as found:
        yield found


@pytest.mark.item("H07")
def test_a_running_trial_is_told_its_value(at: Case) -> None:
    steering.tell(at.board, at.trial_id(3), Told("Complete", [0.25]))
    told = at.storage.get_trial(at.trial_id(3))
    assert (told.state, told.values) == (TrialState.COMPLETE, [0.25])
    assert told.datetime_complete is not None


def test_infinities_are_values_and_nan_is_none(at: Case) -> None:
    with pytest.raises(InvalidValueError, match="NaN"):
        steering.tell(at.board, at.trial_id(3), Told("Complete", ["nan"]))
    assert state_of(at, 3) == TrialState.RUNNING
    steering.tell(at.board, at.trial_id(3), Told("Complete", ["-inf"]))
    assert at.storage.get_trial(at.trial_id(3)).value == float("-inf")


def test_a_running_trial_can_fail(at: Case) -> None:
    steering.tell(at.board, at.trial_id(3), Told("Fail"))
    assert state_of(at, 3) == TrialState.FAIL


def test_a_worker_that_is_still_at_a_failed_trial_ends_with_its_next_report(at: Case) -> None:
    def objective(trial: optuna.Trial) -> float:
        steering.tell(at.board, trial._trial_id, Told("Fail"))
        with pytest.raises(UpdateFinishedTrialError) as caught:
            trial.report(1.0, 0)
        raise caught.value

    with pytest.raises(ValueError, match="Cannot tell a FAIL trial"):
        at.study.optimize(objective, 2)


def test_a_waiting_trial_can_fail(at: Case) -> None:
    steering.tell(at.board, at.trial_id(4), Told("Fail"))
    assert state_of(at, 4) == TrialState.FAIL


def test_a_pruned_trial_gets_its_last_report(at: Case) -> None:
    trial = at.storage.get_trial(at.trial_id(3))
    steering.tell(at.board, at.trial_id(3), Told("Pruned"))
    assert at.storage.get_trial(at.trial_id(3)).value == trial.intermediate_values[2]


@pytest.mark.parametrize("values", [None, [], [1.0, 2.0]])
def test_each_objective_needs_a_value(at: Case, values: list[float] | None) -> None:
    with pytest.raises(InvalidValueError, match="1 values are needed"):
        steering.tell(at.board, at.trial_id(3), Told("Complete", values))  # type: ignore[arg-type]
    assert state_of(at, 3) == TrialState.RUNNING


def test_a_finished_trial_stays_as_it_is(at: Case) -> None:
    before = at.storage.get_trial(at.trial_id(0))
    with pytest.raises(ConflictError, match="finished"):
        steering.tell(at.board, at.trial_id(0), Told("Complete", [0.0]))
    with pytest.raises(ConflictError, match="finished"):
        steering.set_user_attrs(at.board, at.trial_id(0), UserAttrs({"a": 1}))
    assert at.storage.get_trial(at.trial_id(0)) == before


def test_a_trial_that_is_not_there_is_not_found(at: Case) -> None:
    with pytest.raises(NotFoundError):
        steering.tell(at.board, NOWHERE, Told("Fail"))
    with pytest.raises(NotFoundError):
        steering.set_user_attrs(at.board, NOWHERE, UserAttrs({"a": 1}))


@pytest.mark.item("H07")
def test_answers_become_user_attributes(at: Case) -> None:
    answers = {"rating": 3, "text": "sunset 🌇", "list": [1, None]}
    steering.set_user_attrs(at.board, at.trial_id(3), UserAttrs(answers))
    assert at.storage.get_trial(at.trial_id(3)).user_attrs == answers


def test_a_queued_trial_is_the_next_that_is_asked_for(at: Case) -> None:
    steering.tell(at.board, at.trial_id(4), Told("Fail"))
    queued = Queued({"model": None, "x": 1, "n": 4}, {"why": "a hunch"})
    assert steering.enqueue(at.board, at.id, queued).number == 5
    trial = at.study.ask()
    objective(trial)
    assert trial.number == 5
    assert trial.params == {"x": 1.0, "n": 4, "model": None}
    assert trial.user_attrs == {"why": "a hunch"}


def test_what_was_queued_is_skipped_if_asked_so(at: Case) -> None:
    again = Queued({"x": 0.5, "model": "small"}, skip_if_exists=True)
    assert steering.enqueue(at.board, at.id, again).number is None
    assert len(at.study.trials) == 5


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"x": 1.5}, "x cannot be 1.5"),
        ({"x": "a"}, "x cannot be 'a'"),
        ({"n": 0}, "n cannot be 0"),
        ({"model": "huge"}, "model cannot be 'huge'"),
        ({"y": 1}, "no parameter 'y'; it has model, n, x"),
    ],
)
def test_what_no_worker_could_try_is_not_queued(
    at: Case, params: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidValueError, match=message):
        steering.enqueue(at.board, at.id, Queued(params))
    assert len(at.study.trials) == 5


@pytest.mark.item("P02")
def test_a_study_is_created(at: Case) -> None:
    row = experiments.create_experiment(
        at.board, NewExperiment("new", directions=["minimize", "maximize"])
    )
    study = optuna.load_study(study_name="new", storage=at.storage)
    assert study._study_id == row.id
    assert [d.name for d in study.directions] == ["MINIMIZE", "MAXIMIZE"]
    assert row.directions == ["minimize", "maximize"]


def test_a_taken_or_empty_name_is_refused(at: Case) -> None:
    for name, error in (("another", ConflictError), (" ", InvalidValueError)):
        with pytest.raises(error):
            steer.create_study(at.board, name, ["minimize"])
        with pytest.raises(error):
            steer.rename(at.board, at.id, name)
    with pytest.raises(InvalidValueError, match="directions"):
        steer.create_study(at.board, "new", [])
    names = {study.study_name for study in at.storage.get_all_studies()}
    assert names == {"another", "a study"}


@pytest.mark.item("P03")
def test_a_renamed_study_keeps_everything(at: Case) -> None:
    save_note(at.study, "# about it")
    notes.put_trial_note(at.board, at.id, at.trial_id(1), Note(1, "of a trial"))
    trials = at.study.trials
    at.study.set_user_attr("owner", "me")
    widgets = [ChoiceWidget(["good", "bad"], [0, 1])]
    register_objective_form_widgets(at.study, widgets)
    at.storage.set_study_system_attr(at.id, "study:metric_names", ["loss"])
    at.storage.set_study_system_attr(at.id, "dashboard:plot_data:a:0", "{}")
    id = steer.rename(at.board, at.id, "better name")
    renamed = optuna.load_study(study_name="better name", storage=at.storage)
    assert renamed._study_id == id
    assert [t.params for t in renamed.trials] == [t.params for t in trials]
    assert renamed.user_attrs == {"owner": "me"}
    assert get_note(renamed) == "# about it"
    attrs = at.storage.get_study_system_attrs(id)
    assert attrs[f"dashboard:{renamed.trials[1]._trial_id}:note_str:0"] == "of a trial"
    shown = study.get_study(at.board, id)
    assert shown.objective_names == ["loss"]
    assert [figure.id for figure in shown.figures] == ["a"]
    assert shown.form is not None
    assert shown.form.widgets[0].choices == ["good", "bad"]
    assert len(at.storage.get_all_studies()) == 2


def test_a_storage_that_can_rename_keeps_the_id(at: Case) -> None:
    id = steer.rename(at.board, at.id, "better name")
    can = at.board.mirror is None or hasattr(at.storage, "engine")
    assert (id == at.id) == can


@pytest.mark.item("P04")
def test_a_deleted_study_is_gone(at: Case) -> None:
    experiments.delete_experiment(at.board, at.id)
    assert [study.study_name for study in at.storage.get_all_studies()] == ["another"]
    with pytest.raises(NotFoundError):
        experiments.delete_experiment(at.board, at.id)


@pytest.mark.item("H06", "W04")
def test_a_note_is_written_once_for_each_version(at: Case) -> None:
    notes.put_study_note(at.board, at.id, Note(1, "first"))
    with pytest.raises(NoteConflictError) as caught:
        notes.put_study_note(at.board, at.id, Note(1, "mine"))
    assert caught.value.answer == {"note": {"version": 1, "body": "first"}}
    notes.put_study_note(at.board, at.id, Note(2, "x" * 5000))
    assert get_note(at.study) == "x" * 5000


@pytest.mark.item("H06")
def test_a_finished_trial_gets_a_note(at: Case) -> None:
    notes.put_trial_note(at.board, at.id, at.trial_id(0), Note(1, "**best**"))
    attrs = at.storage.get_study_system_attrs(at.id)
    assert attrs[f"dashboard:{at.trial_id(0)}:note_str:0"] == "**best**"


def test_a_note_needs_its_own_study(at: Case) -> None:
    with pytest.raises(NotFoundError):
        notes.put_trial_note(at.board, at.id, at.trial_id(0) + NOWHERE, Note(1, ""))
    with pytest.raises(NotFoundError):
        notes.put_study_note(at.board, NOWHERE, Note(1, ""))


def test_a_tracking_experiment_is_created_renamed_tagged_and_deleted(client: Client) -> None:
    board = Board(client)
    row = experiments.create_experiment(board, NewExperiment("mine", "tracking"))
    with pytest.raises(ConflictError):
        experiments.create_experiment(board, NewExperiment("mine", "tracking"))
    change = ExperimentChange("ours", ["a", "b"], "what it is about")
    changed = experiments.change_experiment(board, row.id, change)
    assert (changed.id, changed.name, changed.comment) == (row.id, "ours", "what it is about")
    assert sorted(changed.tags) == ["a", "b"]
    assert Experiment(client, row.id).name == "ours"
    experiments.delete_experiment(board, row.id)
    assert experiments.list_experiments(board).experiments == []

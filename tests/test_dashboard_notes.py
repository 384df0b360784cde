"""Notes of studies and trials, which Optuna Dashboard reads and writes as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

from runbase import errors
from runbase.dashboard import get_note, save_note
from runbase.dashboard.notes import Note, note_attrs, read_note
from tests.dashboards import STORAGES, attrs_of, new_study, open_storage, set_attr, shown, theirs


@pytest.fixture(params=STORAGES)
def study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[optuna.Study]:
    yield from new_study(request.param, tmp_path)


@pytest.fixture
def memory() -> optuna.Study:
    """A study where the storage does not matter."""
    return optuna.create_study()


LENGTHS = (0, 1, 2044, 2045, 2046, 4090, 4091, 10_000)


def text(length: int, alphabet: str = "# äß漢😀\n\"'\\%") -> str:
    return (alphabet * (length // len(alphabet) + 1))[:length]


@pytest.mark.item("F03")
def test_a_note_comes_back(study: optuna.Study):
    trial = study.ask()
    assert (get_note(study), get_note(trial)) == ("", "")
    save_note(study, "# The study")
    save_note(trial, "*The trial*")
    assert (get_note(study), get_note(trial)) == ("# The study", "*The trial*")


@pytest.mark.parametrize("first", LENGTHS)
def test_notes_of_any_length_replace_each_other(memory: optuna.Study, first: int):
    trial = memory.ask()
    for length in (first, *LENGTHS):
        save_note(trial, text(length))
        assert get_note(trial) == text(length)


def test_notes_are_stored_as_optuna_dashboard_does(memory: optuna.Study):
    trial = memory.ask()
    save_note(memory, "a" * 2045 + "b")
    save_note(trial, "c" * 5000)
    save_note(trial, "d")
    assert attrs_of(memory) == {
        "dashboard:note_ver": 1,
        "dashboard:note_str:0": "a" * 2045,
        "dashboard:note_str:1": "b",
        f"dashboard:{trial._trial_id}:note_ver": 2,
        f"dashboard:{trial._trial_id}:note_str:0": "d",
        f"dashboard:{trial._trial_id}:note_str:1": "",
        f"dashboard:{trial._trial_id}:note_str:2": "",
    }


@pytest.mark.item("F03", "K01")
def test_both_dashboards_store_the_same(memory: optuna.Study):
    other = optuna.create_study()
    for body in (text(5000), text(3000), "", text(2045), text(2046)):
        for a_study, save in ((memory, save_note), (other, theirs().save_note)):
            save(a_study, body)
            save(optuna.Trial(a_study, a_study.ask()._trial_id), body)
        assert attrs_of(memory) == attrs_of(other)


def test_the_version_counts_up(study: optuna.Study):
    for version in range(1, 4):
        save_note(study, "the same")
        assert read_note(attrs_of(study)) == Note(version, "the same")
    assert read_note(attrs_of(study), 1) == Note(0, "")


def test_a_note_of_a_finished_trial_can_be_changed(study: optuna.Study):
    trial = study.ask()
    study.tell(trial, 1.0)
    save_note(trial, "Good")
    save_note(trial, "Very good")
    assert get_note(optuna.Trial(study, trial._trial_id)) == "Very good"


def test_another_process_sees_the_note(tmp_path: Path):
    for kind in ("stock", "journal", "runbase"):
        for study in new_study(kind, tmp_path):
            save_note(study, text(5000))
            other = open_storage(kind, tmp_path)
            assert read_note(other.get_study_system_attrs(study._study_id)).body == text(5000)
            other.remove_session()


def test_optuna_dashboard_shows_our_notes(study: optuna.Study):
    trial = study.ask()
    for length in (5000, 100, 2046):
        save_note(study, text(length))
        save_note(trial, text(length + 1))
    detail = shown(study)
    assert detail["note"] == {"version": 3, "body": text(2046)}
    assert detail["trials"][0]["note"] == {"version": 3, "body": text(2047)}
    assert theirs().get_note(trial) == text(2047)


def test_notes_of_optuna_dashboard_are_read_and_changed(study: optuna.Study):
    trial = study.ask()
    for length in (5000, 100, 2046):
        theirs().save_note(study, text(length))
        theirs().save_note(trial, text(length + 1))
    assert read_note(attrs_of(study)) == Note(3, text(2046))
    assert read_note(attrs_of(study), trial._trial_id) == Note(3, text(2047))
    save_note(trial, "short")
    assert theirs().get_note(trial) == "short"
    theirs().save_note(trial, text(9000))
    assert read_note(attrs_of(study), trial._trial_id) == Note(5, text(9000))


def test_the_version_is_written_when_the_text_is_complete():
    new = note_attrs(text(5000), 7, {"dashboard:5:note_str:3": "of another"}, trial_id=4)
    assert list(new)[-1] == "dashboard:4:note_ver"
    assert read_note(new, 4) == Note(7, text(5000))


def test_pieces_that_are_empty_already_are_not_written_again():
    old = note_attrs(text(5000), 1, {})
    short = old | note_attrs("short", 2, old)
    assert note_attrs("again", 3, short) == {
        "dashboard:note_str:0": "again",
        "dashboard:note_ver": 3,
    }


def test_a_note_without_version_was_never_completed(memory: optuna.Study):
    set_attr(memory, "dashboard:note_str:0", "the beginning")
    assert read_note(attrs_of(memory)) == Note(0, "")


def test_what_has_no_note_says_so(memory: optuna.Study):
    trial = memory.ask()
    memory.tell(trial, 1.0)
    with pytest.raises(errors.InvalidValueError, match=r"not FrozenTrial: optuna\.Trial\(study, "):
        save_note(memory.trials[0], "lost")  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidValueError, match="a Study or a Trial is needed, not str"):
        get_note("my study")  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidValueError, match="a note is text, not None"):
        save_note(memory, None)  # type: ignore[arg-type]
    assert attrs_of(memory) == {}

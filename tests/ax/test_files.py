"""Ax's JSON store: experiments in files, and snapshots that older versions of Ax wrote."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ax.core.arm import Arm
from ax.core.experiment import Experiment
from ax.core.search_space import SearchSpace
from ax.storage.json_store.load import load_experiment as ax_load_experiment
from ax.storage.json_store.save import save_experiment as ax_save_experiment

from runbase import Client
from runbase.ax import load_experiment, object_from_json, object_to_json, save_experiment
from runbase.errors import ConfigError, InvalidValueError, RunbaseError
from tests.ax.experiments import observe, run_trial, small_experiment, stored

DATA = Path(__file__).parents[1] / "data" / "ax"
SNAPSHOTS = sorted(DATA.glob("*.json"))


def snapshot_id(path: Path) -> str:
    return path.stem


@pytest.fixture
def small() -> Experiment:
    """An experiment with two trials and a curve."""
    experiment = small_experiment()
    run_trial(experiment)
    trial = run_trial(experiment)
    observe(trial, 1 / 3, 0.1 + 0.2, step=1.0)
    observe(trial, 0.25, None, step=2.0)
    return experiment


@pytest.mark.item("AX05", "AX08")
@pytest.mark.parametrize("path", SNAPSHOTS, ids=snapshot_id)
def test_snapshots_of_other_versions_load(path: Path) -> None:
    experiment = load_experiment(path)
    document = json.loads(path.read_text())
    document = document.get("experiment", document)
    assert experiment.name == document["name"]
    assert [str(index) for index in experiment.trials] == list(document["trials"])
    for index, trial in experiment.trials.items():
        written = document["trials"][str(index)]
        assert trial.status.name == written["status"]["name"]
        assert len(trial.generator_runs) >= 1
    assert len(experiment.lookup_data().df) > 0


@pytest.mark.parametrize("path", SNAPSHOTS, ids=snapshot_id)
def test_snapshots_of_other_versions_are_equal_in_a_database(shared: Client, path: Path) -> None:
    experiment = load_experiment(path)
    loaded = stored(experiment, shared)
    assert loaded == experiment
    assert [repr(vars(row)) for row in loaded.data._data_rows] == [
        repr(vars(row)) for row in experiment.data._data_rows
    ]
    for index, trial in experiment.trials.items():
        assert loaded.trials[index].time_created == trial.time_created


@pytest.mark.parametrize("path", SNAPSHOTS, ids=snapshot_id)
def test_snapshots_of_other_versions_are_equal_in_a_file(tmp_path: Path, path: Path) -> None:
    experiment = load_experiment(path)
    save_experiment(experiment, tmp_path / "again.json")
    assert load_experiment(tmp_path / "again.json") == experiment


@pytest.mark.item("AX09")
def test_an_experiment_in_a_file(tmp_path: Path, small: Experiment) -> None:
    path = tmp_path / "a.json"
    save_experiment(small, path)
    loaded = load_experiment(str(path))
    assert loaded == small
    assert repr(vars(loaded.data._data_rows[0])) == repr(vars(small.data._data_rows[0]))
    assert loaded.db_id is None


def test_ax_reads_our_files_and_we_read_theirs(tmp_path: Path, small: Experiment) -> None:
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    save_experiment(small, ours)
    ax_save_experiment(small, str(theirs))
    assert ax_load_experiment(str(ours)) == small
    assert load_experiment(theirs) == small


def test_an_experiment_without_a_name_can_be_in_a_file(tmp_path: Path) -> None:
    save_experiment(small_experiment(None), tmp_path / "a.json")
    assert load_experiment(tmp_path / "a.json")._name is None


def test_saving_to_a_file_does_not_make_it_one_of_a_database(
    tmp_path: Path, small: Experiment
) -> None:
    save_experiment(small, tmp_path / "a.json")
    assert small.db_id is None
    assert all(trial.db_id is None for trial in small.trials.values())


def test_an_experiment_of_a_database_is_a_new_one_in_a_file(
    tmp_path: Path, shared: Client, small: Experiment
) -> None:
    loaded = stored(small, shared)
    save_experiment(loaded, tmp_path / "a.json")
    assert load_experiment(tmp_path / "a.json").db_id is None


@pytest.mark.item("AX01", "AX04")
def test_any_object_is_json_and_back() -> None:
    arm = Arm({"x": 0.5}, name="a")
    value = object_to_json([arm, {"space": SearchSpace([])}])
    assert json.loads(json.dumps(value)) == value
    assert object_from_json(value) == [arm, {"space": SearchSpace([])}]


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, small: Experiment
) -> None:
    path = tmp_path / "a.json"
    save_experiment(small, path)
    before = path.read_text()
    small._properties["it"] = object()
    with pytest.raises(InvalidValueError, match="object"):
        save_experiment(small, path)
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_two_that_save_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    experiments = [small_experiment(f"{letter}" * 10_000) for letter in "ab"]

    def save(experiment: Experiment) -> None:
        for _ in range(40):
            save_experiment(experiment, path)
            load_experiment(path)

    with ThreadPoolExecutor() as pool:
        list(pool.map(save, experiments))
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_is_not_there(tmp_path: Path, small: Experiment) -> None:
    with pytest.raises(ConfigError, match=r"a\.json cannot be written: No such file"):
        save_experiment(small, tmp_path / "gone" / "a.json")
    with pytest.raises(ConfigError, match=r"a\.json cannot be read: No such file"):
        load_experiment(tmp_path / "gone" / "a.json")


@pytest.mark.item("AX09")
def test_other_endings_and_other_objects_are_refused(tmp_path: Path, small: Experiment) -> None:
    with pytest.raises(InvalidValueError, match=r"must end in \.json"):
        save_experiment(small, tmp_path / "a.txt")
    with pytest.raises(InvalidValueError, match="Can only save instances of Experiment"):
        save_experiment(small.trials[0], tmp_path / "a.json")
    with pytest.raises(ConfigError, match="either a file or store="):
        save_experiment(small, tmp_path / "a.json", store=tmp_path / "a.db")
    assert not list(tmp_path.iterdir())


DAMAGED: dict[str, tuple[Any, str]] = {
    "empty": ("", "is no JSON"),
    "cut": ('{"__type": "Experiment", "na', "is no JSON"),
    "no text": (b"\xff\xfe\x00", "is no JSON"),
    "a list": ("[1, 2]", "has no Ax experiment, but list"),
    "another object": ('{"__type": "Arm", "parameters": {}}', "has no Ax experiment, but Arm"),
    "nothing": ("null", "has no Ax experiment"),
    "an empty experiment": ('{"__type": "Experiment"}', "has no Ax experiment that Ax"),
    "an unknown class": ('{"__type": "Nothing"}', "no class called Nothing"),
}


@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_files(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RunbaseError, match=message):
        load_experiment(path)


@pytest.mark.parametrize("path", SNAPSHOTS, ids=snapshot_id)
def test_parts_of_snapshots_that_are_missing(tmp_path: Path, path: Path) -> None:
    document = json.loads(path.read_text())
    document = document.get("experiment", document)
    for key in ("search_space", "time_created", "trials"):
        damaged = tmp_path / "a.json"
        damaged.write_text(json.dumps({**document, key: {"__type": "SearchSpace"}}))
        with pytest.raises(RunbaseError, match=r"a\.json"):
            load_experiment(damaged)

"""The routes of Optuna Dashboard: the same answers from the same studies."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore, upload_artifact
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage
from optuna.trial import TrialState, create_trial

from runbase import Client
from runbase.dashboard.api import stock
from runbase.dashboard.board import Board
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage
from runbase.sources.optuna.mirror import Mirror

DISTRIBUTIONS = {
    "x": FloatDistribution(-1, 1),
    "lr": FloatDistribution(1e-5, 1, log=True),
    "drop": FloatDistribution(0, 1, step=0.25),
    "layers": IntDistribution(1, 9),
    "width": IntDistribution(8, 1024, log=True),
    "huge": IntDistribution(0, 2**60),
    "kind": CategoricalDistribution(["adam", 'sg"d', None, True, 2, 0.5]),
}


@pytest.fixture
def storage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[BaseStorage]:
    """A storage that a dashboard shows."""
    if request.param == "stock":
        stock = optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/stock.db")
        yield stock
        stock.engine.dispose()
        return
    with closing(Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        yield RDBStorage(client)


@pytest.fixture
def board(storage: BaseStorage, tmp_path: Path) -> Iterator[Board]:
    """A board that reads the storage as a dashboard does."""
    if isinstance(storage, RDBStorage):
        with closing(Board(storage.client)) as board:
            yield board
        return
    mirror = Mirror(f"sqlite:///{tmp_path}/stock.db", directory=tmp_path / "mirrors")
    with closing(Board(mirror.client, mirror=mirror)) as board:
        yield board


def both(test: Any) -> Any:
    """Run a test with a database of Optuna's own, and with ours."""
    return pytest.mark.parametrize("storage", ["stock", "ours"], indirect=True)(test)


def seen(board: Board) -> Board:
    """The board after it has looked at what was written."""
    if board.mirror is not None:
        board.mirror.sync()
    return board


def ours(answer: Any) -> Any:
    """An answer as a program receives it."""
    return json.loads(msgspec.json.encode(answer))


def theirs(storage: BaseStorage, path: str) -> Any:
    """What Optuna Dashboard answers."""
    dashboard = pytest.importorskip("optuna_dashboard")
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
    }  # fmt: skip
    status: list[str] = []
    answer = b"".join(dashboard.wsgi(storage)(environ, lambda line, *_: status.append(line)))
    assert status == ["200 OK"], answer
    return json.loads(answer) if path.startswith("/api") else answer.decode()


#: Lists in no certain order.
SETS = {
    "user_attrs", "union_user_attrs", "artifacts", "choices", "union_search_space",
    "best_trials", "preferences",
}  # fmt: skip


def normal(answer: Any, key: str = "") -> Any:
    """An answer whose lists without an order are sorted."""
    if isinstance(answer, dict):
        return {k: normal(v, k) for k, v in answer.items()}
    if isinstance(answer, list):
        found = [normal(item) for item in answer]
        return sorted(found, key=json.dumps) if key in SETS else found
    return answer


def assert_same(board: Board, storage: BaseStorage, study: optuna.Study, after: int = 0) -> None:
    """Both dashboards answer the same about a study."""
    id = study._study_id
    path = f"/api/studies/{id}?after={after}"
    answer = normal(ours(stock.get_study(seen(board), id, after)))
    expected = normal(theirs(storage, path))
    assert answer.keys() == expected.keys()
    for key in expected:
        assert answer[key] == expected[key], key


def params(n: int) -> dict[str, Any]:
    """Parameters of the trial with this number."""
    return {
        "x": math.sin(n),
        "lr": 10 ** -(n % 5 + 0.3),
        "drop": (n % 5) / 4,
        "layers": n % 9 + 1,
        "width": 8 + n,
        "huge": 2**59 + 1 + n,
        "kind": DISTRIBUTIONS["kind"].choices[n % 6],  # type: ignore[attr-defined]
    }


def trial(n: int, state: TrialState = TrialState.COMPLETE, **more: Any) -> optuna.trial.FrozenTrial:
    """A trial with everything."""
    found = create_trial(
        state=state,
        params=params(n),
        distributions=DISTRIBUTIONS,
        user_attrs={
            "n": n, "text": f"trial {n}", "flag": True, "list": [1, {"a": None}],
            "none": None, "long": ["x" * 2000], "nan": math.nan, **more.pop("user_attrs", {}),
        },
        intermediate_values={3: 0.5, 1: math.nan, 2: -math.inf, 10: n / 3},
        **more,
    )  # fmt: skip
    found.datetime_start = datetime(2026, 3, 29, 1, 30) + timedelta(minutes=n)
    if state.is_finished():
        found.datetime_complete = found.datetime_start + timedelta(seconds=1.25)
    return found


@pytest.mark.item("H04")
@both
def test_a_study_of_all_kinds_of_trials(board: Board, storage: BaseStorage) -> None:
    study = optuna.create_study(storage=storage, direction="maximize", study_name="all")
    study.set_user_attr("who", {"a": [1, 2]})
    study.set_user_attr("count", 3)
    study.add_trials([trial(n, values=[n % 7 - 0.5]) for n in range(12)])
    study.add_trial(trial(12, TrialState.PRUNED, values=[0.25]))
    study.add_trial(trial(13, TrialState.FAIL, user_attrs={"only failed": 1}))
    study.add_trial(trial(14, values=[-math.inf]))
    study.add_trial(create_trial(state=TrialState.RUNNING))
    study.enqueue_trial({"x": 0.5, "kind": None}, user_attrs={"queued": "yes"})
    assert_same(board, storage, study)
    assert_same(board, storage, study, after=13)
    assert_same(board, storage, study, after=1000)


@both
def test_parameters_that_change_from_trial_to_trial(board: Board, storage: BaseStorage) -> None:
    study = optuna.create_study(storage=storage)
    for low in (0.0, -1.0, 0.5):
        kinds_of = {
            "x": FloatDistribution(low, 2),
            "s": FloatDistribution(low, 2, step=0.25),
            "c": CategoricalDistribution(["a", "b", "c"]),
            "i": IntDistribution(-1, 7, step=2) if low else IntDistribution(1, 8),
        }
        values = {"x": 1.0, "s": low + 0.5, "c": "b", "i": 1}
        study.add_trial(create_trial(params=values, distributions=kinds_of, values=[1.0]))
    study.add_trial(
        create_trial(values=[2.0], params={"x": 0.0}, distributions={"x": FloatDistribution(0, 1)})
    )
    assert_same(board, storage, study)


@both
def test_several_objectives_with_names(board: Board, storage: BaseStorage) -> None:
    study = optuna.create_study(storage=storage, directions=["minimize", "maximize", "minimize"])
    names = ["loss", "accuracy", "seconds"]
    storage.set_study_system_attr(study._study_id, "study:metric_names", names)
    study.add_trials([trial(n, values=[n % 3, n % 4, n % 5]) for n in range(20)])
    study.add_trial(trial(20, values=[math.inf, 1, 2]))
    assert_same(board, storage, study)


@pytest.mark.item("H04", "K01", "K02", "K03", "K05")
@both
def test_notes_forms_figures_and_files(board: Board, storage: BaseStorage, tmp_path: Path) -> None:
    dashboard = pytest.importorskip("optuna_dashboard")
    go = pytest.importorskip("plotly.graph_objects")
    study = optuna.create_study(storage=storage)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    one = optuna.Trial(study, study.trials[1]._trial_id)
    dashboard.save_note(study, "# About ü\n" * 500)
    dashboard.save_note(one, "first")
    dashboard.save_note(one, "second")
    dashboard.save_plotly_graph_object(study, go.Figure(), graph_object_id="a:b")
    dashboard.register_objective_form_widgets(
        study, [dashboard.SliderWidget(min=0, max=3, labels=[(1, "one")], description="?")]
    )
    (tmp_path / "file.txt").write_text("bytes")
    (tmp_path / "files").mkdir()
    store = FileSystemArtifactStore(tmp_path / "files")
    running = study.ask()
    for owner in (study, running):
        upload_artifact(
            artifact_store=store, file_path=str(tmp_path / "file.txt"), study_or_trial=owner
        )
    assert_same(board, storage, study)


@both
def test_preferences_of_people(board: Board, storage: BaseStorage) -> None:
    history = pytest.importorskip("optuna_dashboard._preferential_history")
    study = optuna.create_study(storage=storage, study_name="likes")
    id = study._study_id
    storage.set_study_system_attr(id, "preference:is_preferential", True)
    for _ in range(5):
        study.ask().suggest_float("x", 0, 1)
    clicked = history.NewHistory(mode="ChooseWorst", candidates=[0, 1, 2], clicked=1)
    history.report_history(id, storage, clicked)
    undone = history.report_history(id, storage, history.NewHistory("ChooseWorst", [0, 2], 0))
    history.remove_history(id, storage, undone)
    storage.set_study_system_attr(id, f"preference:skip_trial:{study.trials[3]._trial_id}", True)
    assert_same(board, storage, study)


@both
def test_a_study_without_trials(board: Board, storage: BaseStorage) -> None:
    study = optuna.create_study(storage=storage)
    assert_same(board, storage, study)


@pytest.mark.item("H02")
@both
def test_the_list_of_studies(board: Board, storage: BaseStorage) -> None:
    optuna.create_study(storage=storage, study_name="b").set_user_attr("key", [1.5, None])
    optuna.create_study(storage=storage, study_name="a", directions=["maximize", "minimize"])
    likes = optuna.create_study(storage=storage, study_name="likes")
    storage.set_study_system_attr(likes._study_id, "preference:is_preferential", True)
    assert ours(stock.list_studies(seen(board))) == theirs(storage, "/api/studies")


def test_the_same_on_every_engine(client: Client) -> None:
    storage = RDBStorage(client)
    study = optuna.create_study(storage=storage)
    study.set_user_attr("who", "me")
    study.add_trials([trial(n, values=[n - 4.0]) for n in range(9)])
    study.add_trial(trial(9, values=[math.inf]))
    with closing(Board(client)) as board:
        assert_same(board, storage, study)
        assert ours(stock.list_studies(board)) == theirs(storage, "/api/studies")


@pytest.mark.item("K06")
def test_a_trial_that_violates_a_constraint_is_not_the_best(
    client: Client,
) -> None:
    study = optuna.create_study(storage=RDBStorage(client))
    for value, violation in [(1.0, 0.5), (2.0, 0.0), (3.0, -1.0)]:
        found = study.ask()
        found.set_constraint("memory", violation)
        study.tell(found, value)
    with closing(Board(client)) as board:
        answer = ours(stock.get_study(board, study._study_id))
    assert [trial["number"] for trial in answer["best_trials"]] == [1]
    assert [trial["constraints"] for trial in answer["trials"]] == [[0.5], [0.0], [-1.0]]


@pytest.mark.item("H02", "H03")
@both
def test_studies_are_created_renamed_and_deleted(board: Board, storage: BaseStorage) -> None:
    created = stock.create_study(seen(board), stock.NewStudy("new", ["MAXIMIZE"]))["study_summary"]
    assert created["directions"] == ["maximize"]
    id = storage.get_study_id_from_name("new")
    assert created["study_id"] == id
    with pytest.raises(InvalidValueError):
        stock.create_study(board, stock.NewStudy("new", ["minimize"]))
    with pytest.raises(InvalidValueError):
        stock.create_study(board, stock.NewStudy("other", []))
    renamed = stock.rename_study(board, id, stock.NewName("newer"))
    assert renamed["study_name"] == "newer"
    assert storage.get_study_name_from_id(renamed["study_id"]) == "newer"
    stock.delete_study(board, renamed["study_id"], stock.Removal())
    assert storage.get_all_studies() == []


def test_what_is_not_there_is_told(client: Client) -> None:
    with closing(Board(client)) as board:
        for route in (stock.get_study, stock.get_param_importances, stock.get_csv):
            with pytest.raises(NotFoundError):
                route(board, 7)
        with pytest.raises(NotFoundError):
            stock.delete_study(board, 7, stock.Removal())
        with pytest.raises(InvalidValueError):
            stock.get_study(board, 7, -1)

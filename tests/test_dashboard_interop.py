"""A database that people changed in this dashboard is the same in Optuna Dashboard."""

from __future__ import annotations

import base64
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import plotly.graph_objects as go
import pytest
from optuna.artifacts import FileSystemArtifactStore
from optuna.storages import BaseStorage
from playwright.sync_api import Page, expect

from runbase.dashboard import (
    ChoiceWidget,
    ObjectiveUserAttrRef,
    SliderWidget,
    TextInputWidget,
    get_note,
    register_objective_form_widgets,
    register_user_attr_form_widgets,
    save_plotly_graph_object,
    set_objective_names,
)
from runbase.dashboard.server.app import create_app
from runbase.dashboard.server.guard import Guard
from tests.boards import Case, case, objective
from tests.dashboards import open_storage
from tests.test_dashboard_stock import normal
from tests.web import HERE, Web

theirs = pytest.importorskip("optuna_dashboard")

KINDS = {"stock": "stock", "journal": "journal", "sqlite": "runbase"}
NOTE = "# Findings ü\n\n" + "A long line of a long note, with 'quotes' and \\ signs.\n" * 100
FILES = {"a picture.png": b"\x89PNG\r\n\x1a\n", "table.csv": b"a,b\n1,2\n", "gone.txt": b"gone"}

pytestmark = pytest.mark.item("G02")


class People:
    """What people do to a study in the pages, as requests."""

    def __init__(self, case: Case, kind: str) -> None:
        self.case = case
        self.kind = kind
        self.web = Web(create_app(case.board, Guard(host="127.0.0.1")))

    def do(self, method: str, path: str, json: Any = None) -> Any:
        """Make a change."""
        response = self.web.ask(method, path, json=json, headers={"Origin": HERE})
        assert response.is_success, response.text
        return response.json() if response.content else None

    def upload(self, path: str, name: str) -> str:
        """Store one of `FILES`; its artifact id."""
        data = f"data:application/octet-stream;base64,{base64.b64encode(FILES[name]).decode()}"
        answer = self.do("POST", f"/api/artifacts/{path}", {"file": data, "filename": name})
        return str(answer["artifact_id"])

    def study(self, id: int) -> Any:
        """What the stock API tells about a study."""
        if self.case.board.mirror is not None:
            self.case.board.mirror.sync()
        return self.web.get(f"/api/studies/{id}?after=0").raise_for_status().json()


@pytest.fixture(params=KINDS)
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    with case(request.param, tmp_path, request) as made:
        yield People(made, request.param)


@contextmanager
def opened(people: People, folder: Path) -> Iterator[httpx.Client]:
    """Optuna Dashboard, over another connection to the same storage and files."""
    storage = open_storage(KINDS[people.kind], folder)
    try:
        app = theirs.wsgi(storage, artifact_store=FileSystemArtifactStore(folder))
        with httpx.Client(transport=httpx.WSGITransport(app), base_url=HERE) as client:
            yield client
    finally:
        close(storage)


def close(storage: BaseStorage) -> None:
    storage.remove_session()
    if hasattr(storage, "engine"):
        storage.engine.dispose()
    elif hasattr(storage, "close"):
        storage.close()


def shown(client: httpx.Client, id: int) -> Any:
    """What Optuna Dashboard tells its page about a study."""
    return client.get(f"/api/studies/{id}?after=0").raise_for_status().json()


def assert_same(people: People, folder: Path, id: int | None = None) -> Any:
    """Both tell the same about a study; what Optuna Dashboard tells."""
    id = people.case.id if id is None else id
    ours = people.study(id)
    with opened(people, folder) as client:
        other = shown(client, id)
    assert ours.keys() == other.keys()
    assert ours.get("form_widgets") == other.get("form_widgets")
    for answer in (ours, other):
        answer["plotly_graph_objects"].sort(key=lambda figure: figure["id"])
    for key, value in normal(other).items():
        assert normal(ours)[key] == value, key
    return other


@pytest.mark.item("H06", "K01")
def test_notes(people: People, tmp_path: Path):
    id, finished = people.case.id, people.case.trial_id(1)
    for version, text in enumerate([NOTE * 3, NOTE], 1):
        people.do("PUT", f"/api/studies/{id}/note", {"body": text, "version": version})
        note = {"body": text[:10], "version": version}
        people.do("PUT", f"/api/studies/{id}/{finished}/note", note)
    seen = assert_same(people, tmp_path)
    assert seen["note"] == {"body": NOTE, "version": 2}
    assert seen["trials"][1]["note"] == {"body": NOTE[:10], "version": 2}
    assert theirs.get_note(people.case.study) == get_note(people.case.study) == NOTE


@pytest.mark.item("H07", "T02", "T08", "K07")
def test_told_failed_answered_and_queued_trials(people: People, tmp_path: Path):
    case = people.case
    for _ in range(2):
        objective(case.study.ask())
    people.do("POST", f"/api/trials/{case.trial_id(3)}/user-attrs", {"user_attrs": {"ok": 1}})
    people.do("POST", f"/api/trials/{case.trial_id(3)}/tell", {"state": "Complete", "values": [2]})
    people.do("POST", f"/api/trials/{case.trial_id(4)}/tell", {"state": "Fail"})
    params = {"x": -0.5, "model": None}
    queued = people.do("POST", f"/api/experiments/{case.id}/enqueue", {"params": params})
    seen = assert_same(people, tmp_path)
    states = [trial["state"] for trial in seen["trials"]]
    assert states[:5] == ["Complete"] * 4 + ["Fail"]
    assert states[queued["number"]] == "Waiting"
    assert seen["trials"][3]["values"] == [2.0]
    fixed = seen["trials"][-1]["fixed_params"]
    assert sorted(each["name"] for each in fixed) == ["model", "x"]
    assert {each["param_external_value"] for each in fixed} == {"-0.5", "None"}


@pytest.mark.item("H09", "K05")
def test_files_stored_and_deleted(people: People, tmp_path: Path):
    case = people.case
    id, trial_id = case.id, case.trial_id(3)
    kept = {
        f"{id}/{people.upload(str(id), 'table.csv')}": "table.csv",
        f"{id}/{trial_id}/{people.upload(f'{id}/{trial_id}', 'a picture.png')}": "a picture.png",
    }
    gone = [
        f"{id}/{people.upload(str(id), 'gone.txt')}",
        f"{id}/{trial_id}/{people.upload(f'{id}/{trial_id}', 'gone.txt')}",
    ]
    for path in gone:
        people.do("DELETE", f"/api/artifacts/{path}")
    seen = assert_same(people, tmp_path)
    assert [each["filename"] for each in seen["artifacts"]] == ["table.csv"]
    assert [each["filename"] for each in seen["trials"][3]["artifacts"]] == ["a picture.png"]
    with opened(people, tmp_path) as client:
        for path, name in kept.items():
            assert client.get(f"/artifacts/{path}").raise_for_status().content == FILES[name]
        assert all(client.get(f"/artifacts/{path}").is_error for path in gone)


FORMS: list[list[Any]] = [
    [ChoiceWidget(["Good 👍", "Bad"], [-1, 1], description="How is it?")],
    [SliderWidget(min=1, max=5, step=2, labels=[(1, "low"), (5, "high")])],
    [TextInputWidget(description="Seconds")],
    [ObjectiveUserAttrRef("loss")],
]


@pytest.mark.item("K03")
@pytest.mark.parametrize("form", FORMS, ids=lambda form: type(form[0]).__name__)
def test_forms_of_objectives(people: People, tmp_path: Path, form: list[Any]):
    register_objective_form_widgets(people.case.study, form)
    seen = assert_same(people, tmp_path)
    assert seen["form_widgets"]["output_type"] == "objective"
    assert seen["form_widgets"]["widgets"] == [form[0].to_dict()]


@pytest.mark.item("K02", "K03", "K04")
def test_forms_of_attributes_figures_and_names(people: People, tmp_path: Path):
    study = people.case.study
    widget = TextInputWidget(description="What?", user_attr_key="what", optional=True)
    register_user_attr_form_widgets(study, [widget])
    figure = go.Figure(go.Scatter(y=list(range(2000))))
    save_plotly_graph_object(study, figure, graph_object_id="a-figure")
    save_plotly_graph_object(study, go.Figure(), graph_object_id="an-empty-figure")
    with warnings.catch_warnings(action="ignore"):
        set_objective_names(study, ["loss"])
    seen = assert_same(people, tmp_path)
    assert seen["form_widgets"]["output_type"] == "user_attr"
    assert {each["id"] for each in seen["plotly_graph_objects"]} == {"a-figure", "an-empty-figure"}


@pytest.mark.item("P03", "H03")
def test_a_renamed_study_keeps_everything(people: People, tmp_path: Path):
    case = people.case
    id, trial_id = case.id, case.trial_id(3)
    people.do("PUT", f"/api/studies/{id}/note", {"body": NOTE, "version": 1})
    people.do("PUT", f"/api/studies/{id}/{trial_id}/note", {"body": "a trial", "version": 1})
    people.upload(str(id), "table.csv")
    people.upload(f"{id}/{trial_id}", "a picture.png")
    register_objective_form_widgets(case.study, FORMS[0])
    before = people.study(id)
    renamed = people.do("POST", f"/api/studies/{id}/rename", {"study_name": "another name"})
    seen = assert_same(people, tmp_path, renamed["study_id"])
    assert seen["name"] == "another name"
    assert seen["note"]["body"] == NOTE
    assert seen["trials"][3]["note"]["body"] == "a trial"
    assert seen["form_widgets"] == before["form_widgets"]
    for then, now in zip(before["trials"], seen["trials"], strict=True):
        assert (then["state"], then["params"]) == (now["state"], now["params"])
    with opened(people, tmp_path) as client:
        (file,) = seen["artifacts"]
        path = f"/artifacts/{seen['trials'][3]['study_id']}/{file['artifact_id']}"
        assert client.get(path).raise_for_status().content == FILES["table.csv"]


def test_what_they_write_is_shown_here(people: People, tmp_path: Path):
    case = people.case
    id, trial_id = case.id, case.trial_id(3)
    with opened(people, tmp_path) as client:
        note = {"body": NOTE, "version": 1}
        client.put(f"/api/studies/{id}/note", json=note).raise_for_status()
        client.put(f"/api/studies/{id}/{trial_id}/note", json=note).raise_for_status()
        path = f"/api/trials/{trial_id}"
        client.post(f"{path}/user-attrs", json={"user_attrs": {"ok": 1}}).raise_for_status()
        told = {"state": "Complete", "values": [0.5]}
        client.post(f"{path}/tell", json=told).raise_for_status()
    seen = assert_same(people, tmp_path)
    assert seen["note"]["body"] == NOTE
    assert seen["trials"][3]["values"] == [0.5]


class Quiet(WSGIRequestHandler):
    """Requests that are not written to the standard error."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of Optuna Dashboard over a stock database."""
    storage = open_storage("stock", folder)
    app = theirs.wsgi(storage, artifact_store=FileSystemArtifactStore(folder))
    with make_server("127.0.0.1", 0, app, WSGIServer, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    close(storage)


def test_their_page_opens_what_was_changed_here(
    page: Page, tmp_path: Path, request: pytest.FixtureRequest
):
    with case("stock", tmp_path, request) as made:
        people = People(made, "stock")
        id, trial_id = made.id, made.trial_id(3)
        people.do("PUT", f"/api/studies/{id}/note", {"body": "# Findings", "version": 1})
        people.do("PUT", f"/api/studies/{id}/{trial_id}/note", {"body": "a sunset", "version": 1})
        people.upload(f"{id}/{trial_id}", "table.csv")
        register_objective_form_widgets(made.study, FORMS[0])
        people.do("POST", f"/api/experiments/{id}/enqueue", {"params": {"x": 0.25}})
        people.do("POST", f"/api/studies/{id}/rename", {"study_name": "another name"})
    with served(tmp_path) as url:
        page.goto(f"{url}/dashboard/studies/{id}/trials?numbers=3")
        expect(page.get_by_text("a sunset").first).to_be_visible()
        expect(page.get_by_text("How is it?").first).to_be_visible()
        expect(page.get_by_text("table.csv").first).to_be_visible()
        page.goto(f"{url}/dashboard/studies/{id}/note")
        expect(page.get_by_text("Findings").first).to_be_visible()
        page.goto("about:blank")

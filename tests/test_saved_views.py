"""Names for what pages of runs show, kept in the database and shared by its users."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runbase import Client, Experiment
from runbase.dashboard.server.guard import Guard
from runbase.db import Database
from runbase.errors import ConflictError, InvalidValueError, NotFoundError, RunbaseError
from runbase.store import experiments, saved_views
from tests.boards import case
from tests.web import Web, reason, web_of

STATE = "filter=val_acc%20%3E%200.9&columns=id,name&sort=best:val_acc"


@pytest.fixture
def other(client: Client) -> Experiment:
    return Experiment(client, name="another experiment")


@pytest.fixture
def web(client: Client) -> Iterator[Web]:
    with web_of(client) as web:
        yield web


def names(db: Database, experiment_id: int | None) -> list[str]:
    return [view.name for view in saved_views.list_of(db, experiment_id)]


# -- in the database --------------------------------------------------------------------------


def test_a_view_comes_back_as_it_was_saved(db: Database, experiment: Experiment):
    saved = saved_views.add(db, experiment.id, "the best ☃", STATE)
    assert saved_views.list_of(db, experiment.id) == [saved]
    assert saved == saved_views.get(db, saved.id)
    assert (saved.name, saved.state, saved.version) == ("the best ☃", STATE, 1)
    assert saved.time_updated is None


def test_views_are_of_one_experiment_or_of_all_runs(
    db: Database, experiment: Experiment, other: Experiment
):
    for owner in (experiment.id, other.id, None):
        saved_views.add(db, owner, "a", f"of={owner}")
    for owner in (experiment.id, other.id, None):
        assert [v.state for v in saved_views.list_of(db, owner)] == [f"of={owner}"]


def test_views_are_listed_by_name(db: Database):
    for name in ("b", "c", "a"):
        saved_views.add(db, None, name, "")
    assert names(db, None) == ["a", "b", "c"]


@pytest.mark.parametrize("of_all", [False, True])
def test_a_name_is_used_once_by_an_experiment(db: Database, experiment: Experiment, of_all: bool):
    owner = None if of_all else experiment.id
    saved_views.add(db, owner, "a", "1")
    with pytest.raises(ConflictError, match="there is a view 'a' already"):
        saved_views.add(db, owner, "a", "2")
    second = saved_views.add(db, owner, "A", "2")
    with pytest.raises(ConflictError, match="there is a view 'a' already"):
        saved_views.change(db, second.id, "a", "2", second.version)
    assert [v.state for v in saved_views.list_of(db, owner)] in (["1", "2"], ["2", "1"])


def test_a_change_counts_the_version_up(db: Database):
    saved = saved_views.add(db, None, "a", "1")
    changed = saved_views.change(db, saved.id, "b", "2", saved.version)
    assert (changed.name, changed.state, changed.version) == ("b", "2", 2)
    assert changed.time_updated is not None
    assert changed.time_updated >= saved.time_created
    assert saved_views.list_of(db, None) == [changed]


def test_nobody_overwrites_a_change_unseen(db: Database):
    saved = saved_views.add(db, None, "a", "1")
    first = saved_views.change(db, saved.id, "a", "2", saved.version)
    with pytest.raises(saved_views.ChangedMeanwhileError, match="changed meanwhile") as raised:
        saved_views.change(db, saved.id, "a", "3", saved.version)
    assert raised.value.view == first == saved_views.get(db, saved.id)


def test_of_two_changes_at_the_same_time_one_counts(db: Database):
    saved = saved_views.add(db, None, "a", "0")

    def change(state: str) -> str | None:
        try:
            return saved_views.change(db, saved.id, "a", state, saved.version).state
        except ConflictError:
            return None

    with ThreadPoolExecutor(4) as pool:
        done = [state for state in pool.map(change, "1234") if state is not None]
    assert [saved_views.get(db, saved.id).state] == done


def test_a_deleted_view_is_gone(db: Database):
    saved = saved_views.add(db, None, "a", "")
    saved_views.delete(db, saved.id)
    assert names(db, None) == []
    for work in (
        lambda: saved_views.delete(db, saved.id),
        lambda: saved_views.get(db, saved.id),
        lambda: saved_views.change(db, saved.id, "a", "", 1),
    ):
        with pytest.raises(NotFoundError, match=f"no view {saved.id}"):
            work()
    assert saved_views.add(db, None, "a", "").id > saved.id


def test_views_go_with_their_experiment(db: Database, experiment: Experiment, other: Experiment):
    for owner in (experiment.id, other.id, None):
        saved_views.add(db, owner, "a", "")
    experiments.delete(db, experiment.id)
    assert [names(db, owner) for owner in (experiment.id, other.id, None)] == [[], ["a"], ["a"]]


def test_there_are_no_views_of_an_experiment_that_is_not_there(db: Database):
    with pytest.raises(NotFoundError, match="no experiment 987"):
        saved_views.add(db, 987, "a", "")


BAD: list[tuple[str, str]] = [
    ("", ""),
    ("  ", ""),
    ("a" * 201, ""),
    ("a\0", ""),
    ("\ud800", ""),
    ("a", "\0"),
    ("a", "s" * 100_001),
]


@pytest.mark.parametrize(("name", "state"), BAD, ids=range(len(BAD)))
def test_what_no_engine_keeps_is_refused_before_it_is_written(db: Database, name: str, state: str):
    with pytest.raises(InvalidValueError):
        saved_views.add(db, None, name, state)
    saved = saved_views.add(db, None, "good", "")
    with pytest.raises(InvalidValueError):
        saved_views.change(db, saved.id, name, state, 1)
    assert saved_views.list_of(db, None) == [saved]


def test_the_longest_name_and_state_are_kept(db: Database):
    saved = saved_views.add(db, None, "☃" * 200, "s☃" * 50_000)
    assert saved_views.get(db, saved.id) == saved
    assert (len(saved.name), len(saved.state)) == (200, 100_000)


# -- by the API -------------------------------------------------------------------------------


def save(web: Web, **view: Any) -> Any:
    answer = web.ask("POST", "/api/views", json={"experiment": None, "state": STATE, **view})
    assert answer.status_code == 201, answer.text
    return answer.json()


def listed(web: Web, query: str = "") -> list[dict[str, Any]]:
    views = web.get(f"/api/views{query}").json()["views"]
    assert isinstance(views, list)
    return views


def test_pages_save_list_change_and_delete_views(web: Web, experiment: Experiment):
    saved = save(web, experiment=experiment.id, name="a")
    assert saved["state"] == STATE
    assert listed(web, f"?experiment={experiment.id}") == [saved]
    assert listed(web) == []
    change = {"name": "b", "state": "sort=id", "version": saved["version"]}
    changed = web.ask("PUT", f"/api/views/{saved['id']}", json=change).json()
    assert listed(web, f"?experiment={experiment.id}") == [changed]
    assert (changed["name"], changed["state"], changed["version"]) == ("b", "sort=id", 2)
    assert changed["updated"] >= changed["created"]
    assert web.ask("DELETE", f"/api/views/{saved['id']}").status_code == 204
    assert listed(web, f"?experiment={experiment.id}") == []


def test_who_comes_too_late_is_shown_the_view_as_it_is(web: Web):
    saved = save(web, name="a")
    change = {"name": "a", "state": "sort=id", "version": 1}
    first = web.ask("PUT", f"/api/views/{saved['id']}", json=change).json()
    late = web.ask("PUT", f"/api/views/{saved['id']}", json={**change, "state": "sort=name"})
    assert late.status_code == 409
    assert "meanwhile" in reason(late)
    assert late.json()["view"] == first


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/views", {"experiment": None, "name": "taken", "state": ""}, 409),
        ("POST", "/api/views", {"experiment": 987, "name": "a", "state": ""}, 404),
        ("POST", "/api/views", {"experiment": None, "name": "", "state": ""}, 400),
        ("POST", "/api/views", {"experiment": 2**70, "name": "a", "state": ""}, 400),
        ("POST", "/api/views", {"experiment": "1", "name": "a", "state": ""}, 400),
        ("POST", "/api/views", {"name": "a"}, 400),
        ("PUT", "/api/views/987", {"name": "a", "state": "", "version": 1}, 404),
        ("PUT", "/api/views/987", {"name": "a", "state": "", "version": 2**70}, 400),
        ("DELETE", "/api/views/987", None, 404),
    ],
)
def test_a_mistake_is_explained(web: Web, method: str, path: str, body: Any, status: int):
    save(web, name="taken")
    answer = web.ask(method, path, json=body)
    assert answer.status_code == status
    assert reason(answer)
    assert [view["name"] for view in listed(web)] == ["taken"]


def test_a_read_only_dashboard_lists_views_and_saves_none(client: Client):
    saved = saved_views.add(client.db, None, "a", STATE)
    guard = Guard(host="127.0.0.1", read_only=True)
    with web_of(client, guard, read_only=True) as web:
        assert [view["id"] for view in listed(web)] == [saved.id]
        assert web.get("/api/meta").json()["saves_views"] is False
        body = {"experiment": None, "name": "b", "state": "", "version": 1}
        for method, path in (("POST", ""), ("PUT", f"/{saved.id}"), ("DELETE", f"/{saved.id}")):
            assert web.ask(method, f"/api/views{path}", json=body).status_code == 403
    assert saved_views.list_of(client.db, None) == [saved]


def test_a_view_comes_from_no_other_site(web: Web):
    body = {"experiment": None, "name": "a", "state": ""}
    answer = web.ask("POST", "/api/views", json=body, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert listed(web) == []


def test_over_a_storage_of_optunas_views_are_refused(
    tmp_path: Path, request: pytest.FixtureRequest
):
    from runbase.dashboard.api import meta, views

    with case("stock", tmp_path, request) as at:
        assert views.list_views(at.board, at.id).views == []
        assert meta.get_meta(at.board).saves_views is False
        with pytest.raises(RunbaseError, match="runbase import optuna"):
            views.save_view(at.board, views.NewView(at.id, "a", ""))

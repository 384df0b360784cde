"""Writes of trials: refused when the trial is not as it is known, one statement, synced or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runbase import Client
from runbase.db import Database
from runbase.errors import InvalidValueError, NotFoundError
from runbase.session import Session
from runbase.store import (
    columns,
    distributions,
    heartbeats,
    reports,
    schema,
    studies,
    trial_rows,
    trials,
    versions,
)
from runbase.store.changes import Place
from runbase.store.reports import INTERMEDIATE
from runbase.store.trials import State, Template

NOW = datetime(2024, 1, 2, 3, 4, 5, 678901, UTC)
DONE = State("COMPLETED", 1.5, None, NOW, NOW)
WHOLE = Template(DONE, {}, [], [("user", "whole", "1")], {5: 0.5})
TABLES = ("run_params", "run_attrs", "metrics", "metrics_more", "metric_specials", "run_metrics")


@pytest.fixture
def study_id(db: Database) -> int:
    return studies.create(db, "a study", ["minimize"])


@pytest.fixture
def place(db: Database, study_id: int) -> Place:
    return new(db, study_id)


def new(db: Database, study_id: int) -> Place:
    created = trials.create(db, study_id, NOW)
    return Place(study_id, created.id, created.version, created.version)


def kind_id(db: Database) -> int:
    return distributions.id_of(db, '{"name": "some kind"}')


def set_param(db: Database, place: Place) -> int | None:
    return trials.set_param(db, place, 0, "x", 0.5, kind_id(db), {"x": 0.5})


#: Each kind of change, and whether it is synced to disk.
CHANGES: dict[str, tuple[Callable[[Database, Place], int | None], bool]] = {
    "set_param": (set_param, False),
    "set_attr": (lambda db, at: trials.set_attr(db, at, "user", "key", "1"), False),
    "set_state": (lambda db, at: trials.set_state(db, at, DONE), True),
    "report": (lambda db, at: reports.report(db, at, 3, 0.25), False),
    "report infinity": (lambda db, at: reports.report(db, at, 4, float("inf")), False),
    "report nan": (lambda db, at: reports.report(db, at, 4, float("nan")), False),
    "replace": (lambda db, at: trials.replace(db, at, WHOLE), True),
}


def content(client: Client) -> dict[str, list[Any]]:
    """All that belongs to trials."""
    found = {t: sorted(map(repr, client.execute(f"SELECT * FROM {t}"))) for t in TABLES}
    row = "id, status, value, objective_values, time_started, time_finished, args, version"
    found["runs"] = list(client.execute(f"SELECT {row} FROM runs ORDER BY id"))
    return found


def version_of(client: Client) -> int:
    return int(client.execute("SELECT version FROM experiments").fetchone()[0])


def read(db: Database, study_id: int) -> dict[int, float]:
    """The reports of a study's only trial."""
    rows = trial_rows.read(db, study_id)
    assert rows is not None
    found = [(step, value) for _, step, value in rows.reports]
    assert len(found) == len(dict(found))  # each step once
    return dict(found)


# -- versions ----------------------------------------------------------------------------------


def test_a_change_gives_the_trial_the_next_version(client: Client, db: Database, study_id: int):
    columns.ensure(db, {INTERMEDIATE: "number"})
    for name, (write, _) in CHANGES.items():
        at = new(db, study_id)
        other = new(db, study_id)  # what is known of the study is old
        assert version_of(client) == other.known == at.known + 1, name
        version = write(db, at)
        assert version == version_of(client) == other.known + 1, name
        query = "SELECT version FROM runs WHERE id IN (?, ?) ORDER BY id"
        assert client.execute(query, [at.id, other.id]).fetchall() == [(version,), (other.known,)]
        again = write(db, at._replace(known=version, seen=version))
        assert again == version_of(client), name
        assert again > version, name


def test_a_change_of_an_old_version_is_refused_and_writes_nothing(
    client: Client, db: Database, place: Place
):
    columns.ensure(db, {INTERMEDIATE: "number"})
    kind_id(db)
    version = trials.set_attr(db, place, "system", "somebody", '"else"')
    assert version is not None
    before = content(client)
    for name, (write, _) in CHANGES.items():
        for known, seen in (place.known, place.seen), (place.known, version), (9999, version):
            stale = place._replace(known=known, seen=seen)
            assert write(db, stale) is None, name
            with client:
                assert write(db, stale) is None, name
        assert content(client) == before, name


def test_a_change_of_what_does_not_exist_is_refused(client: Client, db: Database, place: Place):
    columns.ensure(db, {INTERMEDIATE: "number"})
    before = content(client)
    for name, (write, _) in CHANGES.items():
        assert write(db, place._replace(id=place.id + 1)) is None, name
    assert content(client) == before
    studies.delete(db, place.study_id)
    for name, (write, _) in CHANGES.items():
        assert write(db, place) is None, name
    assert all(rows == [] for rows in content(client).values())


def test_trials_of_a_missing_study_or_of_an_experiment_are_refused(
    client: Client, db: Database, study_id: int
):
    from runbase import Experiment

    experiment = Experiment(client, name="tracked")
    for id in study_id + 100, experiment.id:
        with pytest.raises(NotFoundError, match=f"no study {id}"):
            trials.create(db, id, NOW)
        with pytest.raises(NotFoundError, match=f"no study {id}"):
            trials.create_many(db, id, [WHOLE])
    assert content(client)["runs"] == []
    counters = client.execute("SELECT next_number, version FROM experiments").fetchall()
    assert counters == [(0, 0)] * 2


def test_numbers_and_versions_are_counted(client: Client, db: Database, study_id: int):
    created = [trials.create(db, study_id, NOW) for _ in range(2)]
    created += trials.create_many(db, study_id, [WHOLE] * 3)
    assert [c.number for c in created] == list(range(5))
    assert [c.version for c in created] == [1, 2, 3, 3, 3]
    assert trials.create_many(db, study_id, []) == []
    trials.create(db, study_id, NOW)
    assert client.execute("SELECT next_number FROM experiments").fetchone()[0] == 6
    seen = trial_rows.changed(db, study_id, 2)
    assert seen is not None
    assert [row[1] for row in seen.trials] == [2, 3, 4, 5]
    assert trial_rows.changed(db, study_id + 1, 0) is None
    nothing = trial_rows.changed(db, study_id, seen.version)
    assert nothing is not None
    assert list(nothing.trials) == []


def test_the_counter_is_repaired(client: Client, db: Database, study_id: int):
    client.execute("INSERT INTO runs (experiment_id, number) VALUES (?, 7)", [study_id])
    versions.repair(db, study_id)
    assert trials.create(db, study_id, NOW).number == 8
    client.execute("DELETE FROM runs")
    versions.repair(db, study_id)
    assert trials.create(db, study_id, NOW).number == 0


# -- reports -----------------------------------------------------------------------------------


def report(db: Database, place: Place, step: int, value: float) -> Place:
    version = reports.report(db, place, step, value)
    assert version is not None
    return place._replace(known=version, seen=version)


def summary(client: Client) -> tuple[Any, ...]:
    row = client.execute(
        "SELECT n, n_nan, first_step, last_step, last, min, max FROM run_metrics"
    ).fetchone()
    return tuple(row)


@pytest.mark.parametrize("in_block", [False, True], ids=["alone", "in a block"])
def test_a_report_of_the_same_step_replaces_it(
    client: Client, db: Database, place: Place, in_block: bool
):
    def work() -> None:
        at = place
        for step, value in [(1, 5.0), (2, 1.0), (1, 3.0), (2, float("nan")), (1, 4.0), (2, 9.0)]:
            at = report(db, at, step, value)
        report(db, at, 0, float("-inf"))

    if in_block:
        with client:
            work()
    else:
        work()
    assert read(db, place.study_id) == {0: float("-inf"), 1: 4.0, 2: 9.0}
    assert summary(client)[:4] == (3, 0, 0, 2)
    assert summary(client)[4] == 9.0


@pytest.mark.parametrize("value", [1.5, float("inf"), float("nan")])
def test_reports_work_where_no_column_is_free(
    client: Client, db: Database, place: Place, monkeypatch: pytest.MonkeyPatch, value: float
):
    monkeypatch.setattr(db.engine, "max_metric_columns", 0)
    at = report(db, place, 0, 7.0)
    at = report(db, at, 1, 2.0)
    at = report(db, at, 0, value)  # again
    kind = client.execute("SELECT name, column_name FROM metric_names").fetchall()
    assert kind == [(INTERMEDIATE, None)]
    assert INTERMEDIATE not in db.engine.columns(db.run, "metrics")
    assert {k: repr(v) for k, v in read(db, place.study_id).items()} == {0: repr(value), 1: "2.0"}
    changed = trial_rows.changed(db, place.study_id, 0)
    assert changed is not None
    assert len(list(changed.reports)) == 2
    # When a column is free after all, the values go on there.
    monkeypatch.undo()
    columns.catalogue(db).retry_at[INTERMEDIATE] = 0.0
    at = report(db, at, 2, 4.0)
    assert client.execute("SELECT column_name FROM metric_names").fetchall() == [(INTERMEDIATE,)]
    assert client.execute(
        f"SELECT step FROM metrics WHERE {INTERMEDIATE} IS NOT NULL"
    ).fetchall() == [(2,)]
    at = report(db, at, 1, 8.0)
    at = report(db, at, 0, 6.0)
    assert read(db, place.study_id) == {0: 6.0, 1: 8.0, 2: 4.0}
    assert summary(client) == (3, 0, 0, 2, 4.0, 4.0, 8.0)


def test_a_reader_finds_reports_whose_column_came_later(
    url: str, db: Database, place: Place, monkeypatch: pytest.MonkeyPatch
):
    with closing(Client(url)) as reader:
        assert read(reader.db, place.study_id) == {}
        monkeypatch.setattr(db.engine, "max_metric_columns", 0)
        at = report(db, place, 0, 7.0)
        assert read(reader.db, place.study_id) == {0: 7.0}
        monkeypatch.undo()
        columns.catalogue(db).retry_at[INTERMEDIATE] = 0.0
        report(db, at, 1, 8.0)
        assert read(reader.db, place.study_id) == {0: 7.0, 1: 8.0}


def test_a_step_that_no_engine_keeps_is_refused(client: Client, db: Database, place: Place):
    before = content(client)
    for step in 2**63, -(2**63) - 1:
        with pytest.raises(InvalidValueError):
            reports.report(db, place, step, 0.5)
    assert content(client) == before
    at = report(db, place, 2**63 - 1, 0.5)
    report(db, at, 1 - 2**63, 0.25)
    assert read(db, place.study_id) == {2**63 - 1: 0.5, 1 - 2**63: 0.25}


# -- what is synced to disk --------------------------------------------------------------------

#: Everything that is written for a study, and whether it is synced.
SYNCED: Mapping[str, tuple[Callable[[Database, Place], object], bool]] = {
    **CHANGES,
    "create": (lambda db, at: trials.create(db, at.study_id, NOW), True),
    "create_many": (lambda db, at: trials.create_many(db, at.study_id, [WHOLE]), True),
    "beat": (lambda db, at: heartbeats.beat(db, at.id), False),
    "study": (lambda db, at: studies.create(db, "another", ["minimize"]), True),
    "study attribute": (lambda db, at: studies.set_attr(db, at.study_id, "user", "a", "1"), True),
    "directions": (lambda db, at: studies.set_directions(db, at.study_id, ["maximize"]), True),
    "delete": (lambda db, at: studies.delete(db, at.study_id), True),
}
DURABILITIES: list[Any] = [None, "full", "normal"]


@pytest.fixture
def traced(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Client, list[str]]]:
    """A client of SQLite, and how each of its transactions was committed."""
    with closing(Client(f"sqlite:///{tmp_path}/runs.db", durability=request.param)) as client:
        schema.setup(client.database)
        connection: sqlite3.Connection = client.connection
        commits: list[str] = []
        level = [connection.execute("PRAGMA synchronous").fetchone()[0]]

        def trace(statement: str) -> None:
            if statement.startswith("PRAGMA synchronous = "):
                level[0] = statement.rpartition(" ")[2]
            if statement == "COMMIT":
                commits.append({1: "NORMAL", 2: "FULL"}.get(level[0], level[0]))

        connection.set_trace_callback(trace)
        yield client, commits
        connection.set_trace_callback(None)


@pytest.mark.parametrize("traced", DURABILITIES, indirect=True)
def test_what_sqlite_syncs(traced: tuple[Client, list[str]]):
    client, commits = traced
    db = client.db
    columns.ensure(db, {INTERMEDIATE: "number"})
    kind_id(db)
    for name, (write, is_durable) in SYNCED.items():
        study_id = studies.create(db, f"for {name}", ["minimize"])
        at = new(db, study_id)
        commits.clear()
        assert write(db, at) != 0
        full = is_durable if db.durability is None else db.durability == "full"
        assert commits == ["FULL" if full else "NORMAL"], name
        # A new one after it is not misled by what the connection was told last.
        commits.clear()
        trials.create(db, studies.create(db, f"after {name}", ["minimize"]), NOW)
        assert commits == ["NORMAL" if db.durability == "normal" else "FULL"] * 2, name


@pytest.mark.parametrize("durability", DURABILITIES)
def test_what_postgresql_syncs(postgres_url: str, durability: Any, monkeypatch: pytest.MonkeyPatch):
    with closing(Client(postgres_url, durability=durability)) as client:
        schema.setup(client.database)
        db = client.db
        columns.ensure(db, {INTERMEDIATE: "number"})
        kind_id(db)
        sent = statements(monkeypatch)
        for name in "create", "set_param", "set_attr", "set_state", "report":
            write, is_durable = SYNCED[name]
            at = new(db, studies.create(db, name, ["minimize"]))
            sent.clear()
            assert write(db, at)
            full = is_durable if durability is None else durability == "full"
            assert [p["commit"] for _, p in sent] == ["on" if full else "off"], name
            assert all("set_config('synchronous_commit'" in text for text, _ in sent)


def test_a_block_of_the_user_is_synced_on_postgresql(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    with closing(Client(postgres_url)) as client:
        schema.setup(client.database)
        db = client.db
        columns.ensure(db, {INTERMEDIATE: "number"})
        at = new(db, studies.create(db, "a study", ["minimize"]))
        with client:
            for name in "report", "set_attr", "set_param":
                version = SYNCED[name][0](db, at)
                assert isinstance(version, int)
                at = at._replace(known=version, seen=version)
                assert client.execute("SHOW synchronous_commit").fetchone()[0] == "on", name


# -- round trips -------------------------------------------------------------------------------


def statements(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """A list that grows by each statement that is sent."""
    sent: list[tuple[str, Any]] = []
    run = Session.run

    def noting(self: Session, sql: str, parameters: Any = None, **kwargs: Any) -> Any:
        sent.append((sql, parameters))
        return run(self, sql, parameters, **kwargs)

    monkeypatch.setattr(Session, "run", noting)
    return sent


def test_each_call_is_one_statement_on_postgresql(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    with closing(Client(postgres_url)) as client:
        schema.setup(client.database)
        db = client.db
        columns.ensure(db, {INTERMEDIATE: "number"})
        kind_id(db)
        study_id = studies.create(db, "a study", ["minimize"])
        sent = statements(monkeypatch)
        at = new(db, study_id)
        assert len(sent) == 1
        for step, name in enumerate(["set_param", "set_attr", "report", "set_state"], 2):
            version = CHANGES[name][0](db, at)
            assert version == at.known + 1
            at = at._replace(known=version, seen=version)
            assert len(sent) == step, name
        sent.clear()
        assert trials.set_attr(db, at._replace(known=0), "user", "key", "1") is None  # refused
        assert studies.find(db, "a study") == study_id
        assert studies.read(db, study_id) is not None
        unchanged = trial_rows.changed(db, study_id, at.seen)
        assert unchanged is not None
        heartbeats.stale(db, study_id, 60)
        assert len(sent) == 5


def test_each_call_of_a_storage_is_one_statement_on_postgresql(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
):
    optuna = pytest.importorskip("optuna")
    from runbase.optuna import RDBStorage

    storage = RDBStorage(postgres_url)
    unit = optuna.distributions.FloatDistribution(0, 1)
    study_id = storage.create_new_study([optuna.study.StudyDirection.MINIMIZE], "a study")
    complete = optuna.trial.TrialState.COMPLETE
    sent = statements(monkeypatch)
    for number in range(3):
        sent.clear()
        id = storage.create_new_trial(study_id)
        storage.set_trial_param(id, "x", 0.5, unit)
        storage.set_trial_intermediate_value(id, 0, 0.5)
        storage.set_trial_user_attr(id, "key", 1)
        storage.get_trial(id)
        storage.set_trial_state_values(id, complete, [0.5])
        storage.get_best_trial(study_id)
        if number:  # after the first trial columns and distributions are known
            assert len(sent) == 7
    storage.close()


@pytest.mark.parametrize("query", ["CHANGED", "PARAMS", "ATTRS", "SPECIALS", "MORE"])
def test_sqlite_begins_to_read_at_what_was_seen(tmp_path: Path, query: str):
    client = Client(tmp_path / "runs.db")
    found = getattr(trial_rows, query)
    text = (found if query == "CHANGED" else found[1]).text["sqlite"]
    parameters = {"study_id": 1, "seen": 5, "metric": 1}
    steps = client.connection.execute(f"EXPLAIN {text}", parameters).fetchall()
    bounds = [step[5] for step in steps if step[1] == "Variable"]
    seek = next(step for step in steps if step[1] == "SeekGT")
    assert ":seen" in bounds
    [place] = [step[3] for step in steps if step[1] == "Variable" and step[5] == ":seen"]
    assert seek[4] + 1 == place  # the key (experiment_id, version) lies in two registers
    client.close()

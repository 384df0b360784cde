"""Databases of Ax's own SQL store come in, also those that today's Ax cannot open."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.storage.sqa_store import db

from runbase import Client, errors
from runbase.ax import (
    UnregisteredClassError,
    load_experiment,
    load_generation_strategy_by_experiment_name,
    object_to_json,
    register_metric,
)
from runbase.commands import main
from runbase.sources.ax import Copied, _save, import_database, import_snapshot
from runbase.sources.ax.database import opened
from runbase.sources.ax.upgrade import upgraded_copy

Capture = pytest.CaptureFixture[str]
DATA = Path(__file__).parent.parent / "data" / "ax"
FILES = sorted(DATA.glob("old-*.db"))
OLD = DATA / "old-0.3.7.db"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without Ax's lines about models that it has renamed."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def local(tmp_path: Path) -> Client:
    return Client(f"sqlite:///{tmp_path}/runs.db")


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """Makes a changed copy of an old database."""

    def change(sql: str) -> Path:
        path = tmp_path / "changed.db"
        shutil.copyfile(OLD, path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(sql)
            connection.commit()
        return path

    return change


def facts(experiment: Experiment) -> dict[str, Any]:
    found: dict[str, Any] = object_to_json(experiment)
    return found


@pytest.mark.item("AX23")
@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_everything_in_an_old_database_comes_in(client: Client, file: Path):
    assert import_database(client, file) == [
        Copied("old-client", 8, 11, True),
        Copied("old-batch", 3, 13, False),
    ]
    with opened(file) as old:
        for name in old.names():
            found = old.read(name)
            assert facts(load_experiment(name, store=client)) == facts(found.experiment)
            if found.strategy is not None:
                strategy = load_generation_strategy_by_experiment_name(name, store=client)
                strategy._db_id = None
                assert object_to_json(strategy) == object_to_json(found.strategy)


@pytest.mark.parametrize("version", ["0.2.10", "0.3.7"])
def test_a_database_and_a_snapshot_of_the_same_client_are_the_same(local: Client, version: str):
    import_snapshot(local, DATA / f"client-{version}.json", "from the file")
    import_database(local, DATA / f"old-{version}.db", ["old-client"])
    sql = (
        "SELECT number, r.name, status, args, value FROM runs r"
        " JOIN experiments e ON e.id = r.experiment_id WHERE e.name = ? ORDER BY number"
    )
    one, other = (list(local.execute(sql, (n,))) for n in ("from the file", "old-client"))
    assert [json.dumps(row) for row in one] == [json.dumps(row) for row in other]


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_the_old_database_is_not_changed(local: Client, tmp_path: Path, file: Path):
    copy = tmp_path / "old.db"
    shutil.copyfile(file, copy)
    before = hashlib.sha256(copy.read_bytes()).digest()
    copy.chmod(0o444)
    import_database(local, copy)
    assert hashlib.sha256(copy.read_bytes()).digest() == before
    assert not [path for path in tmp_path.glob("old.db*") if path != copy]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Path]:
    """A database that another thread goes on changing; the sum of ``steps`` is always 0."""
    path, started, stopped = tmp_path / "busy.db", threading.Event(), threading.Event()
    shutil.copyfile(OLD, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE steps (n INTEGER, filler BLOB)")
        rows = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 5000)"
        connection.execute(f"INSERT INTO steps {rows} SELECT 0, zeroblob(3000) FROM r")
        connection.commit()

    def change() -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint = 1")
            while not stopped.is_set():
                for change in (-1, 1):
                    row = random.randint(1, 5000)
                    connection.execute("UPDATE steps SET n = n + ? WHERE rowid = ?", (change, row))
                connection.commit()
                started.set()

    thread = threading.Thread(target=change)
    thread.start()
    started.wait()
    yield path
    stopped.set()
    thread.join()


def test_a_database_in_use_is_copied_as_it_is_at_one_moment(busy: Path):
    for _ in range(5):
        with (
            upgraded_copy(busy) as copy,
            closing(sqlite3.connect(copy)) as connection,
        ):
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("SELECT SUM(n) FROM steps").fetchone() == (0,)


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_what_a_crash_left_is_put_right_in_the_copy(local: Client, tmp_path: Path, mode: str):
    path, crashed = tmp_path / "old.db", tmp_path / "crashed.db"
    shutil.copyfile(OLD, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("PRAGMA cache_size = 1")  # so that it writes before the end
        connection.execute("UPDATE experiment_v2 SET name = 'new-batch' WHERE name = 'old-batch'")
        connection.execute("BEGIN")
        connection.execute("UPDATE experiment_v2 SET name = name || '!'")
        connection.execute("CREATE TABLE large AS SELECT zeroblob(1000000)")
        for ending in ("", "-wal", "-journal"):
            if (part := Path(f"{path}{ending}")).exists():
                shutil.copyfile(part, f"{crashed}{ending}")
    assert import_database(local, crashed, ["new-batch"]) == [Copied("new-batch", 3, 13, False)]


def test_an_import_that_was_undone_can_be_repeated(local: Client):
    with opened(OLD) as database:
        found = database.read("old-client")
    assert found.strategy is not None
    name, found.strategy._name = found.strategy._name, object()
    with pytest.raises(errors.RunbaseError):
        _save(local, found, None, False)
    found.strategy._name = name
    assert _save(local, found, None, False).has_strategy
    assert len(load_experiment("old-client", store=local).trials) == 8


def test_the_session_of_the_program_stays_as_it_was(local: Client):
    db.init_test_engine_and_session_factory(force_init=True)
    before = db.SESSION_FACTORY
    import_database(local, OLD)
    assert db.SESSION_FACTORY is before
    db.get_engine().dispose()


def test_one_experiment_under_another_name(local: Client):
    assert import_database(local, OLD, ["old-batch"], "batch") == [Copied("batch", 3, 13, False)]
    assert load_experiment("batch", store=local).name == "batch"
    with pytest.raises(errors.ConfigError, match=r"for one experiment, not for 2.*--experiment"):
        import_database(local, OLD, rename="both")
    with pytest.raises(errors.NotFoundError, match=r"no experiment 'new' in .* has 'old-client'"):
        import_database(local, OLD, ["new"])


def test_a_name_that_is_taken_is_a_conflict_and_nothing_comes_in(local: Client):
    import_database(local, OLD, ["old-batch"])
    with pytest.raises(errors.ConflictError, match=r"'old-batch' already.*--overwrite"):
        import_database(local, OLD)
    assert list(local.execute("SELECT name FROM experiments")) == [("old-batch",)]
    assert [one.trials for one in import_database(local, OLD, overwrite=True)] == [8, 3]


def test_an_experiment_of_the_same_id_is_left_alone(local: Client):
    import_database(local, OLD, ["old-batch"], "first")
    import_database(local, DATA / "old-0.2.10.db", ["old-client"], "second")
    assert len(load_experiment("first", store=local).trials) == 3


def test_a_class_that_nobody_registered_is_named(local: Client, changed: Any):
    file = changed("UPDATE metric_v2 SET metric_type = 4711 WHERE name = 'loss'")
    with pytest.raises(UnregisteredClassError, match=r"metric loss in .*number 4711 there"):
        import_database(local, file)
    file = changed("UPDATE runner SET runner_type = 4712")
    with pytest.raises(UnregisteredClassError, match=r"runner of old-batch .*register_runner"):
        import_database(local, file)
    file = changed(
        "UPDATE generation_strategy SET steps = replace(steps, 'GenerationStep', 'Unheard')"
    )
    with pytest.raises(UnregisteredClassError, match=r"'old-client' in .* has a Unheard"):
        import_database(local, file)


def test_times_and_steps_are_what_they_were(local: Client):
    import_database(local, OLD, ["old-batch"])
    data = load_experiment("old-batch", store=local).data.full_df
    assert {str(time) for time in data["start_time"]} == {"2023-01-02 03:04:05"}
    assert {str(time) for time in data["end_time"]} == {"2023-01-03 03:04:05"}


def test_registered_classes_are_known_by_the_number_that_ax_gives_them(local: Client, changed: Any):
    from ax.storage.utils import stable_hash

    @register_metric
    class OldMetric(Metric):
        pass

    number = stable_hash("OldMetric") % 10**5
    file = changed(f"UPDATE metric_v2 SET metric_type = {number} WHERE name = 'visits'")
    import_database(local, file, ["old-batch"])
    found = load_experiment("old-batch", store=local)
    assert type(found.metrics["visits"]) is OldMetric


def test_a_damaged_database_is_an_error(local: Client, tmp_path: Path, changed: Any):
    broken = tmp_path / "broken.db"
    broken.write_bytes(OLD.read_bytes()[:100] + b"x" * 5000)
    with pytest.raises(errors.CorruptDatabaseError, match=r"broken\.db is damaged"):
        import_database(local, broken)
    file = changed("UPDATE trial_v2 SET status = 99")
    with pytest.raises(
        errors.CorruptDatabaseError, match="cannot read the experiment 'old-client'"
    ):
        import_database(local, file)


def test_the_command_recognises_a_database(tmp_path: Path, capsys: Capture):
    url = f"sqlite:///{tmp_path}/runs.db"
    assert main(["import", "ax", str(OLD), "--url", url, "--experiment", "old-client"]) == 0
    assert capsys.readouterr().out.splitlines()[-2].split() == ["old-client", "8", "11", "yes"]
    assert main(["import", "ax", str(DATA / "map-0.3.7.json"), "--experiment", "e"]) == 1
    assert "--experiment is for databases" in capsys.readouterr().err


def test_without_sqlalchemy_the_error_says_what_to_install(
    local: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(errors.MissingExtraError, match=r"SQLAlchemy is not installed.*pip install"):
        import_database(local, OLD)

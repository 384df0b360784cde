from __future__ import annotations

import math
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import runbase
from examples.copy_database import COMPUTED, TABLES, copy_database
from runbase.commands import setup
from runbase.engines.json import jsonb
from runbase.errors import ConflictError, SchemaError
from runbase.sources.ax import export_snapshot, import_snapshot
from runbase.store import artifacts, saved_views
from runbase.store.ax import cards, experiments

ENGINES = ("sqlite", "postgres", "mysql")
AX_FILE = Path(__file__).parent / "data" / "ax" / "client-1.3.1.json"
AX_NAME = "current-client"
VALUES: dict[str, Any] = {
    "loss": 0.25,
    "Loss": -1e300,
    "train/top 1%": 0.5,
    "nan": math.nan,
    "inf": -math.inf,
    "note": "it's 100 %, \u2603",
    "at": datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC),
    "day": date(2026, 3, 4),
    "took": timedelta(seconds=90.5),
    "raw": b"\x00\xff",
    "document": jsonb({"a": [1, None, "x"]}),
    "huge": 2**70,
}


@pytest.fixture
def source(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return url_of(request.param, request, tmp_path / "source.db")


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return url_of(request.param, request, tmp_path / "target.db")


def url_of(engine: str, request: pytest.FixtureRequest, path: Path) -> str:
    return f"sqlite:///{path}" if engine == "sqlite" else request.getfixturevalue(f"{engine}_url")


def fill(url: str) -> None:
    with closing(runbase.Client(url)) as client:
        setup(client, quiet=True)
        experiment = runbase.Experiment(client, name="one").set_comment("☃").add_tags("a", "b")
        other = runbase.Experiment(client, name="two").add_link("continues", experiment.id)
        for owner in (experiment.id, None):
            saved_views.add(client.db, owner, "the best ☃", "filter=loss < 1")
        for i in range(5):
            run = experiment.get_run().set_args({"lr": 0.1, "x": [i, None]}).add_tags("t")
            run.set_env({"A": "1"}).set_extras({"deep": {"x": 1}}).start(terminated=None)
            for step in range(3):
                run.add_metrics(VALUES | {"loss": step / 3}, step=step, progress=step / 3)
            run.stop()
        last = other.get_run().add_link("resumes", run.id)
        gone = other.get_run()
        client.execute("UPDATE runs SET parent_id = ? WHERE id = 1", [last.id])
        client.execute("DELETE FROM runs WHERE id = ?", [gone.id])
        artifacts.add(client.db, 1, "model.pt", "application/x", None, 3, "a" * 64, "1/model.pt")


def fill_with_ax(url: str) -> None:
    with closing(runbase.Client(url)) as client:
        import_snapshot(client, AX_FILE)
        found = experiments.find(client.db, AX_NAME)
        assert found is not None
        cards.insert(client.db, found.id, '{"mean": NaN}', "1.3.1")


def content(client: runbase.Client) -> dict[str, list[Any]]:
    found = {}
    for table, key in TABLES.items():
        if table in ("metrics", "metrics_more", "metric_specials", "metric_names", "run_metrics"):
            continue
        order = ", ".join(map(client.engine.quote, key))
        cursor = client.execute(f"SELECT * FROM {table} ORDER BY {order}")
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        found[table] = [
            {name: v for name, v in row.items() if (table, name) not in COMPUTED} for row in rows
        ]
    return found


def curve(client: runbase.Client, run_id: int, name: str) -> list[Any]:
    points = runbase.Run(client, run_id=run_id).get_metric(name)
    return [(p.step, p.progress, repr(p.value)) for p in points]


pairs = pytest.mark.parametrize(
    ("source", "target"),
    [pair for pair in product(ENGINES, repeat=2) if pair[0] != pair[1] or pair[0] == "sqlite"],
    indirect=True,
)


def test_every_table_is_copied(tmp_path: Path) -> None:
    with closing(runbase.Client(f"sqlite:///{tmp_path}/runs.db")) as client:
        setup(client, quiet=True)
        names = client.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        assert {*TABLES, "applied_migrations"} == {name for (name,) in names}


@pairs
def test_everything_arrives_under_the_same_ids(source: str, target: str, tmp_path: Path) -> None:
    fill(source)
    fill_with_ax(source)
    counts = copy_database(source, target, batch=4)
    empty = [table for table, count in counts.items() if not count]
    assert empty == ["distributions", "run_params"]  # of Optuna
    old, new = runbase.Client(source), runbase.Client(target)
    assert content(new) == content(old)
    for client, name in ((old, "old"), (new, "new")):
        export_snapshot(client, AX_NAME, tmp_path / name)
    assert (tmp_path / "new").read_text() == (tmp_path / "old").read_text()
    for run_id, name in product((1, 5), VALUES):
        assert curve(new, run_id, name) == curve(old, run_id, name)
    old.close()
    new.close()


@pairs
def test_the_copy_goes_on_as_if_it_had_grown_there(
    source: str, target: str, tmp_path: Path
) -> None:
    fill(source)
    copy_database(source, target)
    fresh = runbase.Client(target)
    run = runbase.Experiment(fresh, name="one").get_run()
    if not source.startswith("mysql"):  # MySQL does not tell the ids of deleted rows
        assert run.id == 8
    assert run.id > 6
    run.add_metrics(VALUES | {"new": 1.0})
    assert curve(fresh, run.id, "inf") == [(0, 0.0, "-inf")]
    best = "SELECT n, n_nan, min, max, max_step FROM run_best WHERE run_id = 1 AND name = ?"
    assert list(fresh.execute(best, ["loss"])) == [(3, 0, 0.0, 2 / 3, 2)]
    long = "SELECT COUNT(*) FROM metrics_long WHERE run_id = 1 AND name = ?"
    assert list(fresh.execute(long, ["train/top 1%"])) == [(3,)]
    fresh.close()


@pytest.mark.parametrize(
    ("source", "target"), [("postgres", "mysql"), ("mysql", "postgres")], indirect=True
)
def test_summaries_are_those_of_the_target(source: str, target: str) -> None:
    fill(source)
    copy_database(source, target)
    with closing(runbase.Client(target)) as client:
        other = runbase.Experiment(client, name="one").get_run()
        for step in range(3):
            other.add_metrics(VALUES | {"loss": step / 3}, step=step, progress=step / 3)
        rows = client.execute(
            "SELECT metric_id, n, n_nan, last, min, min_step, max, max_step, sum FROM run_metrics"
            " WHERE run_id IN (1, ?) ORDER BY metric_id, run_id",
            [other.id],
        ).fetchall()
    assert rows[0::2] == rows[1::2]


def test_columns_of_users_keep_their_types(postgres_url: str, tmp_path: Path) -> None:
    script = ("v001.sql", "ALTER TABLE metrics ADD COLUMN big BIGINT, ADD COLUMN acc FLOAT")
    source = f"sqlite:///{tmp_path}/source.db"
    for url in (source, postgres_url):
        with closing(runbase.Client(url)) as client:
            setup(client, [script], quiet=True)
    with closing(runbase.Client(source)) as client:
        run = runbase.Experiment(client, name="one").get_run()
        run.add_metrics({"loss": 1.0, "acc": 0.5, "big": 2**60 + 1})
    copy_database(source, postgres_url)
    with closing(runbase.Client(postgres_url)) as client:
        row = client.execute("SELECT big, acc, loss FROM metrics").fetchone()
        assert row == (2**60 + 1, 0.5, 1.0)
        assert setup(client, [script], quiet=True)[-1].state == "OK"


@pytest.mark.parametrize("target", ENGINES, indirect=True)
def test_a_copy_that_fails_leaves_nothing(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from examples.copy_database import Copy

    source = f"sqlite:///{tmp_path}/source.db"
    fill(source)

    def fails(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Copy, "verify", fails)
        with pytest.raises(KeyboardInterrupt):
            copy_database(source, target)
    with closing(runbase.Client(target)) as client:
        for table in TABLES:
            assert client.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,), table
    assert copy_database(source, target)["runs"] == 6


def test_a_target_with_experiments_is_refused(tmp_path: Path) -> None:
    source, target = (f"sqlite:///{tmp_path}/{name}.db" for name in "ab")
    fill(source)
    fill(target)
    with pytest.raises(ConflictError, match="has experiments already"):
        copy_database(source, target)


def test_an_empty_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    with pytest.raises(SchemaError, match="no Runbase tables"):
        copy_database(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")

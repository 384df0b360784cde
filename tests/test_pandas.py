"""`runbase.pandas` on every engine: the same frame, whatever the driver returns."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from runbase import Client, Run
from runbase.errors import MissingExtraError
from runbase.pandas import query_dataframe
from runbase.util import SQL, Identifier

pytestmark = pytest.mark.item("S103", "A140")

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def dtypes(frame: pd.DataFrame) -> list[str]:
    return [str(dtype) for dtype in frame.dtypes]


@pytest.mark.item("S004")
def test_metrics_are_the_documented_columns(client: Client, run: Run):
    for epoch in range(90):
        run.add_metrics({"loss": 7 ** (1 / (epoch + 1))}, step=epoch)
    frame = query_dataframe(client, "SELECT * FROM metrics")
    assert list(frame.columns) == ["run_id", "step", "progress", "loss"]
    assert dtypes(frame) == ["int64", "int64", "float64", "float64"]
    assert str(frame).endswith("[90 rows x 4 columns]")
    assert str(frame).splitlines()[1].split() == ["0", "1", "0", "0.0", "7.000000"]
    assert str(frame).splitlines()[-3].split() == ["89", "1", "89", "0.0", "1.021857"]


def test_cursor_in_a_transaction(client: Client, run: Run):
    with client.cursor() as cursor:
        run.add_metrics({"loss": 1.0})
        assert len(query_dataframe(cursor, "SELECT * FROM metrics")) == 1
        client.rollback()
        assert len(query_dataframe(cursor, "SELECT run_id FROM metrics")) == 0


def test_parameters_and_composed_queries(client: Client, run: Run):
    for step in range(4):
        run.add_metrics({"train/loss": step / 2}, step=step)
    query = SQL("SELECT {name} FROM metrics WHERE step IN (:steps) ORDER BY step").format(
        name=Identifier("train/loss")
    )
    frame = query_dataframe(client, query, {"steps": [1, 3]})
    assert frame["train/loss"].tolist() == [0.5, 1.5]


def test_null_metrics_are_nan(client: Client, run: Run):
    run.add_metrics({"loss": 1.0, "other": 2.0}, step=0)
    run.add_metrics({"loss": math.nan}, step=1)
    query = "SELECT loss, other FROM metrics WHERE step = %s"
    both = query_dataframe(client, "SELECT loss FROM metrics ORDER BY step")
    only_null = query_dataframe(client, query, [1])
    assert dtypes(both) == ["float64"]
    assert both["loss"].tolist()[0] == 1.0
    assert math.isnan(both["loss"][1])
    assert dtypes(only_null) == ["float64", "float64"]
    assert only_null["loss"].isna().all()


@pytest.mark.parametrize("table", ["experiments", "runs", "metrics"])
def test_no_rows(client: Client, table: str):
    frame = query_dataframe(client, f"SELECT * FROM {table} WHERE 1 = 0")
    assert len(frame) == 0
    assert len(frame.columns) >= 3
    if table == "runs":
        assert str(frame.dtypes["time_created"]) == "datetime64[us, UTC]"


def test_columns_keep_their_order_and_may_repeat(client: Client, run: Run):
    run.add_metrics({"loss": 1.0}, step=3)
    frame = query_dataframe(client, "SELECT step, loss, run_id, loss AS step FROM metrics")
    assert list(frame.columns) == ["step", "loss", "run_id", "step"]
    assert frame.iloc[0].tolist() == [3, 1.0, run.id, 1.0]


def test_times_are_utc(client: Client, run: Run):
    run.set_started(NOON.astimezone())
    run.add_metrics({"train_start": NOON}, step=0).add_metrics({"loss": 1.0}, step=1)
    run.set_updated(NOON + timedelta(microseconds=1))
    times = "time_started, time_updated, time_finished, MAX(time_started) AS latest"
    group = "GROUP BY id, time_started, time_updated, time_finished"
    frame = query_dataframe(client, f"SELECT {times} FROM runs {group}")
    assert dtypes(frame) == ["datetime64[us, UTC]"] * 4
    assert frame["time_started"][0] == frame["latest"][0] == NOON
    assert frame["time_updated"][0] - NOON == timedelta(microseconds=1)
    assert frame["time_finished"][0] is pd.NaT
    metrics = query_dataframe(client, "SELECT train_start FROM metrics ORDER BY step")
    assert dtypes(metrics) == ["datetime64[us, UTC]"]
    assert metrics["train_start"].tolist() == [NOON, pd.NaT]


@pytest.mark.parametrize(
    "source", ["runs", "(SELECT * FROM runs) AS inner_runs", "run_summary"], ids=lambda s: s[:5]
)
def test_documents_are_dicts(client: Client, run: Run, source: str):
    run.set_args({"lr": 0.1, "layers": [1, {"size": 2}]}).set_tags("marked")
    Run(client, run.experiment_id)
    frame = query_dataframe(client, f"SELECT args, tags FROM {source} ORDER BY id")
    assert frame["args"].tolist() == [{"lr": 0.1, "layers": [1, {"size": 2}]}, None]
    assert frame["tags"][0] == {"marked": True}
    assert pd.json_normalize(frame["args"])["lr"][0] == 0.1


def test_averages_are_floats(client: Client, run: Run):
    for step in (1, 2):
        run.add_metrics({"loss": 1.0}, step=step)
    frame = query_dataframe(client, "SELECT AVG(step) AS a, SUM(step) AS s FROM metrics")
    assert frame.iloc[0].tolist() == [1.5, 3]
    assert "object" not in dtypes(frame)


def test_texts_and_intervals(client: Client, run: Run):
    run.set_comment("2024-01-01")
    run.add_metrics({"loss": 1.0, "note": "fine", "epoch_time": timedelta(seconds=1.5)})
    comments = query_dataframe(client, "SELECT comment, name FROM runs")
    assert comments["comment"].tolist() == ["2024-01-01"]
    assert comments["name"].tolist() == [None]
    frame = query_dataframe(client, "SELECT note, epoch_time FROM metrics")
    assert frame["note"].tolist() == ["fine"]
    length = 1.5 if client.dialect == "mysql" else timedelta(seconds=1.5)
    assert frame["epoch_time"].tolist() == [length]


def test_missing_pandas_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"runbase\[analysis\]"):
        query_dataframe(Client("sqlite://"), "SELECT 1")


def test_module_does_not_shadow_or_import_pandas():
    program = (
        "import sys, runbase.pandas; assert 'pandas' not in sys.modules;"
        "import pandas; assert pandas.DataFrame"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

"""The statements in docs/queries.md: the documented ones on PostgreSQL, the portable ones anywhere.

The statements are read from the page, so that page and tests cannot differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from runbase import Client, Experiment, Run
from runbase.pandas import query_dataframe
from runbase.store import schema

PAGE = Path(__file__).parents[1] / "docs" / "queries.md"
SQL = dict(
    re.findall(r"^```\{code-block\} sql\n:name: (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
)
NOON = datetime(2024, 5, 17, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def add_epochs(run: Run, first: int, top1: list[float | None]) -> None:
    for epoch, value in enumerate(top1, first):
        metrics = {
            "train_loss": 5.0 - epoch,
            "val_loss": None if value is None else 4.0 - epoch,
            "val_top1": value,
            "train_start": NOON + epoch * MINUTE,
            "train_end": NOON + (epoch + 1) * MINUTE,
        }
        run.add_metrics(metrics, step=epoch, progress=(epoch + 1) / 8, updated=None)


def fill(client: Client) -> None:
    """Run 1 was resumed by 2, and 2 by 3; 4 has a step without val_top1, and 5 no metrics."""
    experiment = Experiment(client, name="resnet").set_comment("small").add_tags("vision")
    for id, lr in enumerate([0.1, 0.1, 0.1, 0.01, 0.5], 1):
        run = experiment.get_run().set_args({"lr": lr, "layers": {"n": id}}).set_tags("test")
        run.set_env({"SOURCE": "train.py", "GIT_COMMIT": f"c{id}", "SLURM_JOBID": str(100 + id)})
        run.set_started(NOON).set_updated(NOON + 10 * MINUTE).set_status("COMPLETED")
    runs = [Run(client, run_id=id) for id in (1, 2, 3, 4)]
    add_epochs(runs[0], 0, [0.1, 0.4, 0.3])
    add_epochs(runs[1], 3, [0.5, 0.6])
    add_epochs(runs[2], 5, [0.7, 0.65])
    add_epochs(runs[3], 0, [None, 0.2, math.nan, 0.3, 0.25])
    runs[0].add_tags("marked")
    runs[1].add_link("resumes", 1)
    runs[2].add_link("resumes", 2)
    runs[3].add_link("repeats", 1)


@pytest.fixture
def filled(client: Client) -> Client:
    fill(client)
    return client


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Client]:
    with closing(Client(postgres_url)) as client:
        schema.setup(client.database)
        fill(client)
        yield client


def query(client: Client, name: str, *run_ids: int) -> pd.DataFrame:
    parameters: Any = {"run_ids": list(run_ids)} if run_ids else ()
    with client.cursor() as cursor:
        return query_dataframe(cursor, SQL[name], parameters)


def cells(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of some columns, with None for NULL and 4 digits."""
    rows = frame[list(columns)].itertuples(index=False, name=None)
    return [tuple(None if pd.isna(c) else round(c, 4) for c in row) for row in rows]


def test_page_has_all_statements():
    documented = {"q2-documented", "q3-documented", "q4-documented"}
    portable = {"q1", "q2-portable", "q2-best", "q3-portable", "q4-portable", "q4-epoch-times"}
    assert SQL.keys() == documented | portable


@pytest.mark.item("Q1")
def test_experiments(filled: Client):
    frame = query(filled, "q1")
    assert list(frame.columns)[:6] == ["id", "kind", "name", "comment", "tags", "extras"]
    row = frame.iloc[0]
    assert (row["id"], row["name"], row["comment"]) == (1, "resnet", "small")
    assert row["tags"] == {"vision": True}
    assert str(frame.dtypes["time_created"]) == "datetime64[us, UTC]"


# Run, best step, progress there, val_top1, val_loss
BEST = [
    (1, 1, 0.25, 0.4, 3.0),
    (2, 4, 0.625, 0.6, 0.0),
    (3, 5, 0.75, 0.7, -1.0),
    (4, 3, 0.5, 0.3, 1.0),
    (5, None, None, None, None),
]


@pytest.mark.item("Q2")
def test_documented_runs_show_null_as_best_value(postgres: Client):
    frame = query(postgres, "q2-documented")
    assert list(frame.columns) == [
        " ", "id", "s", "updated", "runtime", "step", "progress", "val_top1", "val_loss",
        "lr", "source", "commit", "partition", "tags",
    ]  # fmt: skip
    found = cells(frame, "id", "step", "progress", "val_top1", "val_loss")
    assert found[:3] + found[4:] == BEST[:3] + BEST[4:]
    assert found[3][3] is None  # although it reached 0.3: a step without a value sorts first
    assert frame[" "].tolist() == [True, False, False, False, False]
    assert frame["runtime"].tolist() == [10 * MINUTE] * 5
    assert frame["lr"].tolist() == [0.1, 0.1, 0.1, 0.01, 0.5]
    assert frame["commit"].tolist() == ["c1", "c2", "c3", "c4", "c5"]
    assert frame["partition"].isna().all()
    assert frame["tags"][0] == {"test": True, "marked": True}


@pytest.mark.item("Q2")
def test_documented_runs_with_nulls_last(postgres: Client):
    frame = query_dataframe(postgres, SQL["q2-documented"].rstrip() + " NULLS LAST")
    assert cells(frame, "id", "step", "progress", "val_top1", "val_loss") == BEST


@pytest.mark.item("Q2")
def test_portable_runs(filled: Client):
    frame = query(filled, "q2-portable")
    assert cells(frame, "id", "step", "progress", "val_top1", "val_loss") == BEST
    assert cells(frame, "runtime") == [(600.0,)] * 5
    assert frame["updated"].tolist() == [NOON + 10 * MINUTE] * 5
    assert ["marked" in tags for tags in frame["tags"]] == [True, False, False, False, False]
    assert pd.json_normalize(frame["args"])["lr"].tolist() == [0.1, 0.1, 0.1, 0.01, 0.5]
    assert [env["GIT_COMMIT"] for env in frame["env"]] == ["c1", "c2", "c3", "c4", "c5"]


@pytest.mark.item("Q2")
def test_best_values_of_runs(filled: Client):
    best = [(id, step, top1) for id, step, _, top1, _ in BEST]
    assert cells(query(filled, "q2-best"), "id", "step", "val_top1") == best


@pytest.mark.item("Q3")
def test_documented_curve(postgres: Client):
    frame = query(postgres, "q3-documented", 1).sort_values("step")
    assert list(frame.columns)[:4] == ["merged_id", "run_id", "step", "progress"]
    assert cells(frame[frame["merged_id"] == 1], "run_id", "step", "val_top1") == [
        (1, 0, 0.1), (1, 1, 0.4), (1, 2, 0.3), (2, 3, 0.5), (2, 4, 0.6),
    ]  # fmt: skip
    # The link of another kind brings run 4 along.
    assert set(frame["run_id"]) == {1, 2, 4}


@pytest.mark.item("Q3")
def test_portable_curve(filled: Client):
    frame = query(filled, "q3-portable", 1, 4)
    assert list(frame.columns)[:4] == ["merged_id", "run_id", "step", "progress"]
    assert cells(frame, "merged_id", "run_id", "step", "val_top1") == [
        (1, 1, 0, 0.1), (1, 1, 1, 0.4), (1, 1, 2, 0.3), (1, 2, 3, 0.5), (1, 2, 4, 0.6),
        (1, 3, 5, 0.7), (1, 3, 6, 0.65),
        (4, 4, 0, None), (4, 4, 1, 0.2), (4, 4, 2, None), (4, 4, 3, 0.3), (4, 4, 4, 0.25),
    ]  # fmt: skip


# Run, last step, progress there, best step, val_top1
REACHED = [(1, 2, 0.375, 1, 0.4), (3, 6, 0.875, 5, 0.7), (5, None, None, None, None)]


@pytest.mark.item("Q4")
def test_documented_comparison(postgres: Client):
    frame = query(postgres, "q4-documented", 5, 3, 1)
    assert cells(frame, "id", "step", "progress", "best_step", "val_top1") == REACHED
    assert frame["epoch_time"].tolist()[:2] == [MINUTE, MINUTE]
    assert frame["runtime"].tolist() == [10 * MINUTE] * 3
    assert frame["jobid"].tolist() == ["101", "103", "105"]
    assert frame["experiments_name"].tolist() == ["resnet"] * 3
    assert frame["marked"].tolist() == [True, False, False]
    assert pd.json_normalize(frame["args"])["layers.n"].tolist() == [1, 3, 5]


@pytest.mark.item("Q4")
def test_documented_comparison_shows_null_as_best_value(postgres: Client):
    documented = query(postgres, "q4-documented", 4)
    assert cells(documented, "id", "val_top1") == [(4, None)]
    assert cells(query(postgres, "q4-portable", 4), "id", "val_top1") == [(4, 0.3)]


@pytest.mark.item("Q4")
def test_portable_comparison(filled: Client):
    frame = query(filled, "q4-portable", 5, 3, 1)
    assert cells(frame, "id", "step", "progress", "best_step", "val_top1") == REACHED
    assert cells(frame, "runtime", "experiments_id") == [(600.0, 1)] * 3
    assert frame["started"].tolist() == [NOON] * 3
    assert frame["experiments_name"].tolist() == ["resnet"] * 3
    assert pd.json_normalize(frame["args"])["layers.n"].tolist() == [1, 3, 5]
    assert pd.json_normalize(frame["env"])["SLURM_JOBID"].tolist() == ["101", "103", "105"]


@pytest.mark.item("Q4")
def test_epoch_times(filled: Client):
    times = query(filled, "q4-epoch-times", 1, 3, 5)
    epoch_time = (times["train_end"] - times["train_start"]).groupby(times["run_id"]).mean()
    assert epoch_time.to_dict() == {1: MINUTE, 3: MINUTE}

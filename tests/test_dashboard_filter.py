"""Filters of the trials of a study, which are in memory."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, cast

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from runbase import Client
from runbase.dashboard.columns import Tables
from runbase.dashboard.columns.table import Labelled, Table
from runbase.dashboard.filter import mask
from runbase.dashboard.filter.evaluate import evaluate
from runbase.errors import InvalidValueError
from runbase.filter import parse
from runbase.optuna import RDBStorage


class Trials:
    """A table of trials that are given as dicts, to compare each of them alone."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.numbers = np.arange(len(rows))
        self.directions = ["minimize", "maximize"]
        self.feasible = np.array([row["feasible"] for row in rows], dtype=bool)
        self.front = np.array([row.get("front") == 1 for row in rows], dtype=bool)
        self.params, self.attrs = ["lr", "model", "size"], ["epoch", "lr"]
        self.metrics = ["accuracy"]

    def column(self, name: str) -> Labelled:
        cells = [row.get(name) for row in self.rows]
        if name in ("status", "param:model", "param:size"):
            labels = sorted({cell for cell in cells if cell is not None})
            places = [math.nan if cell is None else labels.index(cell) for cell in cells]
            return Labelled(np.array(places, dtype=float), labels)
        return Labelled(np.array([math.nan if c is None else c for c in cells], dtype=float))


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


small = st.integers(-2, 2).map(float)
rows = st.fixed_dictionaries(
    {
        "number": st.integers(0, 3),
        "status": st.sampled_from(["RUNNING", "COMPLETED", "TIMEOUT"]),
        "feasible": st.booleans(),
        "front": st.integers(0, 1),
        "value:0": maybe(small),
        "value:1": maybe(small),
        "param:lr": maybe(small),
        "param:model": maybe(st.sampled_from(["vit", "resnet", "None", "Net"])),
        "param:size": maybe(st.sampled_from(["1", "2", "big"])),
        "attr:epoch": maybe(small),
        "attr:lr": maybe(small),
    }
)
PLACES = {
    "value": "value:0", "values.1": "value:1", "number": "number", "lr": "param:lr",
    "params.lr": "param:lr", "attrs.lr": "attr:lr", "epoch": "attr:epoch",
}  # fmt: skip
TESTS: dict[str, Any] = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip

numeric = st.tuples(
    st.sampled_from(sorted(PLACES)), st.sampled_from(sorted(TESTS)), st.integers(-2, 2)
)
texts = st.tuples(
    st.sampled_from(["model", "size"]), st.sampled_from(["=", "!="]),
    st.sampled_from(["vit", "Net", "big", "other"]),
)  # fmt: skip


def compared(case: tuple[str, str, Any]) -> tuple[str, Any]:
    """A comparison as text, and as a test of one trial."""
    name, sign, value = case
    place = PLACES.get(name, f"param:{name}")

    def test(row: dict[str, Any]) -> bool:
        return row[place] is not None and bool(TESTS[sign](row[place], value))

    return f"{name} {sign} {value}", test


words: list[tuple[str, Any]] = [
    ("feasible", lambda row: row["feasible"]),
    ("best", lambda row: row["front"] == 1),
    ("complete", lambda row: row["status"] == "COMPLETED"),
    ("status != running", lambda row: row["status"] != "RUNNING"),
    ("status = timeout", lambda row: row["status"] == "TIMEOUT"),
    ("status in (fail, RUNNING)", lambda row: row["status"] == "RUNNING"),
    ("model contains net", lambda row: row["param:model"] in ("resnet", "Net")),
    ("model not in (vit, Net)", lambda row: row["param:model"] not in ("vit", "Net")),
    ("model = none", lambda row: row["param:model"] in (None, "None")),
    ("model is missing", lambda row: row["param:model"] is None),
    ("size > 1", lambda row: row["param:size"] == "2"),
    ("size = 2", lambda row: row["param:size"] == "2"),
    ("lr != none", lambda row: row["param:lr"] is not None),
    ("lr in (1, none)", lambda row: row["param:lr"] in (1, None)),
]
atoms = st.one_of(st.sampled_from(words), numeric.map(compared), texts.map(compared))


def combined(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pair = st.tuples(parts, parts)
    return st.one_of(
        parts.map(lambda p: (f"not ({p[0]})", lambda row: not p[1](row))),
        pair.map(lambda p: (f"({p[0][0]}) and ({p[1][0]})", lambda r: p[0][1](r) and p[1][1](r))),
        pair.map(lambda p: (f"({p[0][0]}) or ({p[1][0]})", lambda r: p[0][1](r) or p[1][1](r))),
    )


#: Trials that have nothing, so that these statuses are known.
NOTHING: list[dict[str, Any]] = [
    dict.fromkeys([*PLACES.values(), "param:model", "param:size"])
    | {"number": 0, "feasible": True, "front": 0, "status": status}
    for status in ("RUNNING", "TIMEOUT")
]


@given(st.lists(rows, max_size=6), st.recursive(atoms, combined, max_leaves=6))
def test_a_filter_lets_through_what_a_test_of_each_trial_does(
    trials: list[dict[str, Any]], case: tuple[str, Any]
) -> None:
    text, test = case
    every = [*trials, *NOTHING]
    found = evaluate(cast(Table, Trials(every)), parse(text))
    assert found.tolist() == [bool(test(row)) for row in every]


TABLE = cast(
    Table,
    Trials(
        [
            {"status": "RUNNING", "feasible": True, "start": 0.0, "duration": 5.0, "param:lr": 0.1,
             "param:model": "True"},
            {"status": "COMPLETED", "feasible": True, "duration": 61.0, "param:lr": 0.2,
             "start": datetime(2026, 11, 1, 12).timestamp() * 1000, "param:model": "vit"},
        ]
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [0, 1]),
        ("duration > 60", [1]),
        ("started > 2026-11-01", [1]),
        ('started >= "2026-11-01 12:00" and started < 2026-11-01T12:01', [1]),
        ("started < '2000-01-01T00:00:00+00:00'", [0]),
        ("model = true", [0]),
        ("params.lr = '0.2'", [1]),
        ("waiting", []),
    ],
)
def test_times_durations_and_truths(text: str, places: list[int]) -> None:
    assert np.flatnonzero(mask(TABLE, text)).tolist() == places


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lrr < 3", "at character 1: there is nothing called lrr (did you mean lr?)"),
        ("best and params.Modle = 3", "at character 10: there is no parameter Modle (did you"),
        ("attrs.lr2 = 3", "there is no attribute lr2 (did you mean lr?)"),
        ("valeu < 3", "there is nothing called valeu (did you mean value?)"),
        ("values.2 < 3", "there is no objective 2, only 0 to 1"),
        ("status = runing", "at character 10: there is no status runing (did you mean running?)"),
        ("lr < abc", "at character 6: expected a number for lr, not abc"),
        ("lr < none", "expected a number or a text after <, not none"),
        ("lr contains 3", "lr has numbers: contains is for texts"),
        ("started > soon", "expected a time such as"),
        ("started > 3", "expected a time such as"),
        ("acuracy > 3", "there is nothing called acuracy (did you mean accuracy?)"),
    ],
)
def test_what_a_table_has_not_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        mask(TABLE, text)
    assert message in str(caught.value)


@pytest.mark.item("T05")
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("best", [1]),
        ("not feasible", [0]),
        ("complete and not best", [0, 2]),
        ("pruned or failed or waiting", [3, 4, 5]),
        ("lr < 0.15 and value >= 0", [0]),
        ("kind = none", [2, 4, 5]),
        ("kind is missing", [4, 5]),
        ("kind in (a, True)", [0, 1, 3]),
        ("size >= 32", [1, 2, 3]),
        ("attrs.epoch = 2", [2]),
        ('host contains "NODE"', [0]),
        ('params."odd name" = 0', [0, 1, 2, 3]),
        ("started is not missing and finished > 2020-01-01", [0, 1, 2, 3, 4]),
    ],
)
def test_a_filter_of_a_real_study(client: Client, text: str, numbers: list[int]) -> None:
    study = optuna.create_study(storage=RDBStorage(client))
    kinds = {
        "lr": FloatDistribution(0, 1),
        "kind": CategoricalDistribution(["a", None, True]),
        "size": CategoricalDistribution([16, 32, 64]),
        "odd name": IntDistribution(0, 3),
    }
    choices = [("a", 16), (True, 32), (None, 64), ("a", 64)]
    for n, (kind, size) in enumerate(choices):
        params = {"lr": 0.1 * (n + 1), "kind": kind, "size": size, "odd name": 0}
        study.add_trial(
            create_trial(
                state=TrialState.PRUNED if n == 3 else TrialState.COMPLETE,
                value=float(n),
                params=params,
                distributions=kinds,
                user_attrs={"epoch": n, **({"host": "node1"} if n == 0 else {})},
                system_attrs={"constraints": [1.0 - 2 * n]},
            )
        )
    study.add_trial(create_trial(state=TrialState.FAIL))
    study.enqueue_trial({"lr": 0.5})
    table = Tables(client).of(study._study_id)
    assert table.numbers[mask(table, text)].tolist() == numbers

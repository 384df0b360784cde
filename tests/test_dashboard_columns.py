"""Trials as columns: what they hold, how they follow changes, what charts get of them."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import msgspec
import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from runbase import Client, Experiment
from runbase.dashboard.api.charts import Columns, get_columns
from runbase.dashboard.board import Board
from runbase.dashboard.columns import Tables
from runbase.dashboard.columns.pareto import front
from runbase.dashboard.columns.sample import chosen
from runbase.dashboard.columns.select import rounded
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage
from runbase.run_functions import run_set_args

optuna.logging.set_verbosity(optuna.logging.WARNING)
PRUNED, COMPLETE, FAIL = TrialState.PRUNED, TrialState.COMPLETE, TrialState.FAIL


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        board.tables = Tables(client, recount=0.0)
        yield board


def new_study(client: Client, directions: Any = None) -> optuna.Study:
    return optuna.create_study(
        storage=RDBStorage(client),
        directions=directions or ["minimize"],
        sampler=optuna.samplers.RandomSampler(seed=0),
    )


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -5, 5)
    n = trial.suggest_int("n", 1, 9)
    kind = trial.suggest_categorical("kind", ["b", "a"])
    trial.set_user_attr("half", x / 2)
    trial.set_user_attr("place", f"node {trial.number % 2}")
    if trial.number % 5 == 4:
        raise optuna.TrialPruned
    return x**2 + n + (kind == "a")


def as_lists(found: Columns) -> dict[str, Any]:
    return {name: column.values for name, column in found.columns.items()}


def same(a: Any, b: Any) -> None:
    np.testing.assert_array_equal(np.array(a, float), np.array(b, float))


def test_columns_hold_what_optuna_says(client: Client, board: Board) -> None:
    study = new_study(client)
    study.optimize(objective, 12)
    table = board.tables.of(study._study_id)
    trials = study.trials
    assert table.numbers.tolist() == [t.number for t in trials]
    assert table.ids.tolist() == [t._trial_id for t in trials]
    same(table.column("param:x").values, [t.params["x"] for t in trials])
    same(table.column("param:n").values, [t.params["n"] for t in trials])
    kinds = table.column("param:kind")
    assert kinds.labels == ["b", "a"]
    assert [kinds.labels[int(v)] for v in kinds.values] == [t.params["kind"] for t in trials]
    same(table.column("attr:half").values, [t.user_attrs["half"] for t in trials])
    places = table.column("attr:place")
    assert [(places.labels or [])[int(v)] for v in places.values] == [
        t.user_attrs["place"] for t in trials
    ]
    complete = [t for t in trials if t.state == COMPLETE]
    same(table.values[table.has("COMPLETED"), 0], [t.value for t in complete])
    starts = [t.datetime_start.timestamp() * 1000 for t in trials if t.datetime_start]
    same(table.start, starts)
    assert sorted(table.params) == ["kind", "n", "x"]
    assert sorted(table.attrs) == ["half", "place"]


def test_a_table_never_changes_and_a_later_one_has_what_came(client: Client, board: Board) -> None:
    study = new_study(client)
    study.optimize(objective, 3)
    id = study._study_id
    before = board.tables.of(id)
    for name in ("param:x", "param:kind", "attr:half", "best:0"):
        before.column(name)
    running = study.ask()
    running.suggest_float("x", -5, 5)
    mid = board.tables.of(id)
    assert (len(before), len(mid)) == (3, 4)
    assert mid.column("status").values[3] == mid.statuses.index("RUNNING")
    assert mid.column("param:x").values[3] == running.params["x"]
    assert np.isnan(mid.column("param:n").values[3])
    running.set_user_attr("half", 7.5)
    running.set_user_attr("new", "text")
    study.tell(running, 0.125)
    after = board.tables.of(id)
    assert after.column("value:0").values[3] == 0.125
    assert after.column("attr:half").values[3] == 7.5
    assert after.column("attr:new").labels == ["text"]
    assert np.isnan(mid.column("value:0").values[3])
    fresh = Tables(client).of(id)
    for name in ("param:x", "param:n", "attr:half", "best:0", "rank:0", "start", "finish"):
        same(after.column(name).values, fresh.column(name).values)
    assert after.attributes == fresh.attributes
    assert board.tables.of(id) is after


def test_one_new_trial_is_all_that_is_read(client: Client, board: Board) -> None:
    study = new_study(client)
    study.optimize(objective, 5)
    table = board.tables.of(study._study_id)
    table.column("param:x")
    client.execute("UPDATE runs SET value = 77 WHERE number = 0")  # unseen: it has no new version
    study.optimize(objective, 1)
    later = board.tables.of(study._study_id)
    assert len(later) == 6
    assert later.values[0, 0] != 77


def test_trials_that_sql_inserts_or_deletes_come_and_go(client: Client, board: Board) -> None:
    study = new_study(client)
    study.optimize(objective, 4)
    id = study._study_id
    assert len(board.tables.of(id)) == 4
    client.execute("DELETE FROM runs WHERE experiment_id = ? AND number = 1", (id,))
    assert board.tables.of(id).numbers.tolist() == [0, 2, 3]
    client.execute(
        "INSERT INTO runs (experiment_id, number, status, value) VALUES (?, 9, 'COMPLETED', 1.5)",
        (id,),
    )
    assert board.tables.of(id).column("value:0").values[-1] == 1.5


def test_runs_of_a_tracking_experiment_have_their_arguments(
    client: Client, board: Board, experiment: Experiment
) -> None:
    first, second = experiment.get_run(), experiment.get_run()
    run_set_args(client, first.id, {"lr": 0.5, "model": {"name": "net", "depth": 3}, "on": True})
    run_set_args(client, second.id, {"lr": 1, "model": {"name": "tree"}})
    table = board.tables.of(experiment.id)
    assert sorted(table.params) == ["lr", "model.depth", "model.name", "on"]
    same(table.column("param:lr").values, [0.5, 1])
    same(table.column("param:model.depth").values, [3, math.nan])
    assert table.column("param:model.name").labels == ["net", "tree"]
    assert table.column("param:on").labels == ["True"]
    first.start()
    assert board.tables.of(experiment.id).has("RUNNING").tolist() == [True, False]
    first.stop()
    later = board.tables.of(experiment.id)
    assert later.has("COMPLETED").tolist() == [True, False]
    assert later.version > table.version
    client.execute("DELETE FROM runs WHERE id = ?", (second.id,))
    assert len(board.tables.of(experiment.id)) == 1


def test_choices_that_read_the_same_are_told_apart(client: Client, board: Board) -> None:
    study = new_study(client)
    choices: list[Any] = [1, "1", True, "True", None, "None", 0.5]
    for choice in choices:
        distribution = CategoricalDistribution(choices)
        study.add_trial(
            create_trial(value=0, params={"c": choice}, distributions={"c": distribution})
        )
    column = board.tables.of(study._study_id).column("param:c")
    assert column.values.tolist() == list(range(7))
    assert column.labels == ["1", '"1"', "True", '"True"', "None", '"None"', "0.5"]


def test_numbers_among_choices_are_labels_in_the_order_of_the_choices(
    client: Client, board: Board
) -> None:
    study = new_study(client)
    kind = CategoricalDistribution([64, 16, 32])
    for size in (16, 64):
        study.add_trial(create_trial(value=0, params={"s": size}, distributions={"s": kind}))
    column = board.tables.of(study._study_id).column("param:s")
    assert column.labels == ["64", "16", "32"]
    assert column.values.tolist() == [1, 0]


def test_an_attribute_that_becomes_text_gets_labels(client: Client, board: Board) -> None:
    study = new_study(client)
    for value in (1, 2.5):
        study.add_trial(create_trial(value=0, user_attrs={"a": value}))
    table = board.tables.of(study._study_id)
    assert table.column("attr:a").labels is None
    assert table.attributes["a"].is_numeric
    study.add_trial(create_trial(value=0, user_attrs={"a": "many"}))
    later = board.tables.of(study._study_id)
    assert later.column("attr:a").labels == ["1", "2.5", "many"]
    assert not later.attributes["a"].is_numeric
    same(table.column("attr:a").values, [1, 2.5])


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_counts_feasible_completed_trials_only(
    client: Client, board: Board, direction: str
) -> None:
    study = new_study(client, [direction])
    sign = 1 if direction == "minimize" else -1
    for value, state, constraints in [
        (5, COMPLETE, None), (1, COMPLETE, [0.5, -1]), (4, COMPLETE, [0.0, -1]),
        (0, PRUNED, None), (3, COMPLETE, [-1, -1]), (6, COMPLETE, []),
    ]:  # fmt: skip
        attrs = {} if constraints is None else {"constraints": constraints}
        study.add_trial(create_trial(value=sign * value, state=state, system_attrs=attrs))
    table = board.tables.of(study._study_id)
    assert table.feasible.tolist() == [True, False, True, True, True, True]
    same(table.column("violation").values, [math.nan, 0.5, 0, math.nan, 0, math.nan])
    same(table.column("best:0").values, [sign * v for v in (5, 5, 4, 4, 3, 3)])
    assert np.flatnonzero(table.front).tolist() == [study.best_trial.number] == [4]
    same(table.column("rank:0").values, [0.75, 0, 0.5, math.nan, 0.25, 1])


@pytest.mark.item("K06")
@pytest.mark.skipif(not hasattr(optuna.Trial, "set_constraint"), reason="Optuna before 5")
def test_named_constraints_count_like_listed_ones(client: Client, board: Board) -> None:
    study = new_study(client)
    for value, x in ((1.0, 2.0), (2.0, 0.0), (3.0, -1.0)):
        trial = study.ask()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial.set_constraint("load", x)
            trial.set_constraint("heat", -1.0)
        study.tell(trial, value)
    table = board.tables.of(study._study_id)
    assert table.feasible.tolist() == [False, True, True]
    assert np.flatnonzero(table.front).tolist() == [study.best_trial.number] == [1]


@pytest.mark.parametrize("objectives", [2, 3])
@pytest.mark.parametrize("constrained", [False, True])
def test_the_front_is_optunas(
    client: Client, board: Board, objectives: int, constrained: bool
) -> None:
    rng = np.random.default_rng(objectives)
    study = new_study(client, ["minimize", "maximize", "minimize"][:objectives])
    for _ in range(60):
        attrs = {"constraints": [float(rng.normal())]} if constrained else {}
        values = rng.integers(0, 12, objectives).astype(float).tolist()
        study.add_trial(create_trial(values=values, system_attrs=attrs))
    table = board.tables.of(study._study_id)
    assert table.numbers[table.front].tolist() == [t.number for t in study.best_trials]


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_a_front_has_all_rows_that_nothing_dominates(columns: int) -> None:
    rng = np.random.default_rng(columns)
    points = rng.integers(0, 9, (300, columns)).astype(float)
    points[::17] = np.inf
    less = (points[:, None] <= points).all(axis=2) & (points[:, None] < points).any(axis=2)
    assert front(points).tolist() == (~less.any(axis=0)).tolist()


def test_infinite_values_are_values(client: Client, board: Board) -> None:
    study = new_study(client)
    for value in (math.inf, 2.0, -math.inf):
        study.add_trial(create_trial(value=value))
    found = get_columns(board, study._study_id, ["value:0", "best:0"])
    assert as_lists(found) == {"value:0": ["inf", 2, "-inf"], "best:0": ["inf", 2, "-inf"]}


def test_a_name_that_is_no_column_is_refused(client: Client, board: Board) -> None:
    study = new_study(client)
    for name in ("x", "param:x", "attr:x", "value:1", "value:-1", "best:", "front:0", ""):
        with pytest.raises(InvalidValueError, match="no column"):
            get_columns(board, study._study_id, [name])
    with pytest.raises(NotFoundError):
        get_columns(board, study._study_id + 1, ["number"])
    for limit in (0, 20_001):
        with pytest.raises(InvalidValueError, match="limit"):
            get_columns(board, study._study_id, ["number"], limit=limit)


def test_an_experiment_without_trials_has_empty_columns(client: Client, board: Board) -> None:
    study = new_study(client, ["minimize", "maximize"])
    names = ["number", "value:1", "best:0", "rank:1", "front", "feasible", "duration"]
    found = get_columns(board, study._study_id, names)
    assert as_lists(found) == {name: [] for name in names}
    assert (found.total, found.sampled, found.complete) == (0, False, True)


def test_a_chart_gets_the_filtered_trials(client: Client, board: Board) -> None:
    study = new_study(client)
    study.optimize(objective, 10)
    found = get_columns(board, study._study_id, ["number", "status"], "pruned")
    assert found.columns["number"].values == [4, 9]
    assert found.total == 2


def test_a_chart_gets_at_most_the_limit_with_what_matters(client: Client, board: Board) -> None:
    study = new_study(client)
    rng = np.random.default_rng(1)
    values = rng.normal(size=400).tolist()
    study.add_trials([create_trial(value=value) for value in values])
    id = study._study_id
    spread = get_columns(board, id, ["number", "value:0"], limit=60)
    assert spread.sampled
    assert spread.total == 400
    shown = as_lists(spread)["number"]
    assert len(shown) <= 60
    assert shown == sorted(shown)
    improvements = [i for i, v in enumerate(values) if v == min(values[: i + 1])]
    assert {0, 399, int(np.argmax(values)), *improvements} <= set(shown)
    latest = get_columns(board, id, ["number"], limit=60, sample="latest")
    assert as_lists(latest)["number"] == list(range(340, 400))
    best = get_columns(board, id, ["number"], limit=60, sample="best")
    assert as_lists(best)["number"] == sorted(np.argsort(values)[:60].tolist())


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 99])
def test_a_sample_is_never_larger_than_its_limit(limit: int) -> None:
    places = np.arange(100)
    for notable in (np.zeros(100, bool), np.ones(100, bool)):
        for losses in (np.full(100, np.nan), np.arange(100.0)):
            found = chosen(places, losses, limit, "spread", notable)
            assert 0 < len(found) <= limit


def test_only_what_changed_is_sent_again(client: Client, board: Board) -> None:
    study = new_study(client)
    study.optimize(objective, 6)
    id, names = study._study_id, ["number", "value:0", "best:0"]
    first = get_columns(board, id, names)
    none = get_columns(board, id, names, since=first.version)
    assert (none.complete, as_lists(none)["number"]) == (False, [])
    study.optimize(objective, 2)
    more = get_columns(board, id, names, since=first.version)
    assert (more.complete, as_lists(more)["number"]) == (False, [6, 7])
    ranks = get_columns(board, id, ["rank:0"], since=first.version)
    assert ranks.complete
    assert get_columns(board, id, names, since=more.version + 100).complete


def test_only_the_changed_trials_of_a_sample_are_sent(client: Client, board: Board) -> None:
    study = new_study(client)
    study.add_trials([create_trial(value=float(v)) for v in range(30)])
    slow, fast = study.ask(), study.ask()
    study.tell(fast, 5.0)
    id, names = study._study_id, ["number", "best:0"]
    first = get_columns(board, id, names, limit=10)
    assert first.sampled
    study.tell(slow, -1.0)
    news = get_columns(board, id, names, limit=10, since=first.version)
    assert (news.total, news.sampled, news.complete) == (32, True, False)
    assert as_lists(news) == {"number": [30], "best:0": [-1]}
    filtered = get_columns(board, id, names, filter="value < 99", limit=10, since=first.version)
    assert filtered.complete  # nobody knows which of the sample have left the filter


def test_the_best_so_far_is_that_of_the_filtered_trials(client: Client, board: Board) -> None:
    study = new_study(client)
    study.add_trials([create_trial(value=v) for v in (1.0, 7.0, 5.0, 6.0)])
    found = get_columns(board, study._study_id, ["best:0"], filter="number > 0")
    assert as_lists(found) == {"best:0": [7, 5, 5]}


def test_numbers_of_charts_have_six_digits_and_times_all() -> None:
    given = [1 / 3, 123456789.0, -1e-300, 2e300, 0.0, math.inf, math.nan, 1e-310, 0.1 + 0.2]
    same(rounded(np.array(given))[[0, 1, 4, 5, 6]], [0.333333, 123457000, 0, math.inf, math.nan])
    same(rounded(np.array(given))[8], 0.3)
    np.testing.assert_allclose(rounded(np.array(given)), given, rtol=1e-5)


def test_two_thousand_points_are_small(client: Client, board: Board) -> None:
    study = new_study(client)
    rng = np.random.default_rng(2)
    study.add_trials([create_trial(value=v) for v in rng.normal(size=2100).tolist()])
    names = ["number", "value:0", "status", "best:0", "feasible"]
    found = get_columns(board, study._study_id, names)
    assert len(msgspec.json.encode(found)) <= 60_000


def test_threads_that_ask_at_the_same_time_get_the_same_table(client: Client, board: Board) -> None:
    if client.engine.is_memory:
        pytest.skip("one connection")
    study = new_study(client)
    study.optimize(objective, 5)
    barrier = threading.Barrier(4)

    def ask(_: int) -> Any:
        barrier.wait()
        table = board.tables.of(study._study_id)
        return id(table), table.column("param:x").values.tolist()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert all(each == found[0] for each in found)


def test_integers_beyond_floats_are_rounded_and_distributions_known(
    client: Client, board: Board
) -> None:
    study = new_study(client)
    space = {"f": FloatDistribution(1e-9, 1e9, log=True), "i": IntDistribution(0, 2**60)}
    study.add_trial(create_trial(value=0, params={"f": 1.5, "i": 2**60}, distributions=space))
    table = board.tables.of(study._study_id)
    same(table.column("param:i").values, [2.0**60])
    assert table.parameters.kinds["f"].popitem()[1][1]["log"]

"""Importances of parameters: the figures of Optuna's own evaluator."""

from __future__ import annotations

import math
import random
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import numpy as np
import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from runbase import Client, Experiment
from runbase.dashboard.api import charts, stock
from runbase.dashboard.board import Board
from runbase.dashboard.importances import Regime, Space, importances
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage

SPACES: dict[str, list[BaseDistribution]] = {
    "float": [FloatDistribution(-3, 5), FloatDistribution(0, 5)],
    "log": [FloatDistribution(1e-5, 1, log=True)],
    "step": [FloatDistribution(0, 2, step=0.25), FloatDistribution(0, 1, step=0.5)],
    "int": [IntDistribution(0, 3), IntDistribution(0, 1000)],
    "int step": [IntDistribution(0, 20, step=4)],
    "int log": [IntDistribution(1, 2000, log=True)],
    "choice": [CategoricalDistribution(["a", 2, None, True, "a b"])],
    "single": [CategoricalDistribution(["x"])],
    "same": [FloatDistribution(2, 2)],
}


def value(random: random.Random, kind: BaseDistribution) -> Any:
    """A random value of a distribution."""
    if isinstance(kind, CategoricalDistribution):
        return random.choice(kind.choices)
    assert isinstance(kind, FloatDistribution | IntDistribution)
    if kind.log:
        found = math.exp(random.uniform(math.log(kind.low), math.log(kind.high)))
        return round(found) if isinstance(kind, IntDistribution) else found
    if kind.step is not None:
        return kind.low + kind.step * random.randint(0, round((kind.high - kind.low) / kind.step))
    return random.uniform(kind.low, kind.high)


def trial(random: random.Random, objectives: int) -> FrozenTrial:
    """A trial that may lack parameters or a value, or have failed."""
    kinds = {
        name: random.choices(kinds, [9, 1][: len(kinds)])[0]
        for name, kinds in SPACES.items()
        if name != "float" or random.random() < 0.8
    }
    params = {name: value(random, kind) for name, kind in kinds.items()}
    score = params.get("float", 0) ** 2 + math.log(params["log"]) + (params["choice"] == 2) * 9
    score = math.inf if random.random() < 0.05 else round(score + random.random(), 1)
    state = TrialState.FAIL if random.random() < 0.1 else TrialState.COMPLETE
    values = [score + i * random.random() for i in range(objectives)]
    return create_trial(
        state=state, params=params, distributions=kinds,
        values=values if state == TrialState.COMPLETE else None,
    )  # fmt: skip


def expected(study: optuna.Study, objective: int, **options: float) -> dict[str, float]:
    """What Optuna says about an objective, as its dashboard asks it."""
    sign = -1 if study.directions[objective].name == "MAXIMIZE" else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_param_importances(
            study,
            evaluator=PedAnovaImportanceEvaluator(**options),  # type: ignore[arg-type]
            target=lambda trial: sign * trial.values[objective],
        )


@pytest.fixture
def board(client: Client) -> Iterator[Board]:
    with closing(Board(client)) as board:
        yield board


@pytest.mark.item("C04")
@pytest.mark.parametrize("seed", range(6))
def test_the_figures_are_those_of_optuna(board: Board, seed: int) -> None:
    chance = random.Random(seed)
    directions = [chance.choice(list(StudyDirection)[1:]) for _ in range(seed % 3 + 1)]
    study = optuna.create_study(storage=RDBStorage(board.client), directions=directions)
    study.add_trials([trial(chance, len(directions)) for _ in range([4, 30, 150][seed // 2])])
    for quantile, baseline in [(0.1, 1.0), (0.3, 0.6)]:
        found = charts.get_importances(
            board, study._study_id, quantile=quantile, baseline=baseline
        ).importances
        assert len(found) == len(directions)
        for objective, shares in enumerate(found):
            theirs = expected(study, objective, target_quantile=quantile, region_quantile=baseline)
            assert {s.name: s.importance for s in shares} == pytest.approx(theirs, abs=1e-9)
            assert sum(s.importance for s in shares) == pytest.approx(1)
            assert shares == sorted(shares, key=lambda s: -s.importance)


@pytest.mark.item("H05")
def test_the_route_of_optuna_dashboard_has_the_same_figures(board: Board) -> None:
    study = optuna.create_study(
        storage=RDBStorage(board.client), directions=["minimize", "maximize"]
    )
    chance = random.Random(1)
    study.add_trials([trial(chance, 2) for _ in range(40)])
    answer = msgspec.json.encode(stock.get_param_importances(board, study._study_id))
    found = msgspec.json.decode(answer)["param_importances"]
    for objective, shares in enumerate(found):
        assert {s["name"]: s["importance"] for s in shares} == pytest.approx(
            expected(study, objective)
        )
    kinds = {s["name"]: s["distribution"] for s in found[0]}
    assert kinds["log"] == "FloatDistribution"
    assert kinds["int log"] == "IntDistribution"
    assert kinds["choice"] == "CategoricalDistribution"


def test_chosen_parameters_and_trials(board: Board) -> None:
    study = optuna.create_study(storage=RDBStorage(board.client))
    chance = random.Random(2)
    study.add_trials([trial(chance, 1) for _ in range(60)])
    id = study._study_id
    found = charts.get_importances(board, id, params=["log", "int"])
    assert {share.name for share in found.importances[0]} == {"log", "int"}
    assert msgspec.json.decode(msgspec.json.encode(found), type=charts.Importances) == found
    fewer = charts.get_importances(board, id, filter="number < 30")
    assert 0 < fewer.trials < found.trials
    assert fewer.importances != found.importances
    with pytest.raises(InvalidValueError, match="nope"):
        charts.get_importances(board, id, params=["nope"])
    with pytest.raises(InvalidValueError, match="quantile"):
        charts.get_importances(board, id, quantile=0.5, baseline=0.5)
    with pytest.raises(NotFoundError):
        charts.get_importances(board, id + 1)


def test_why_there_are_none(board: Board) -> None:
    storage = RDBStorage(board.client)
    study = optuna.create_study(storage=storage)
    study.add_trial(create_trial(value=1.0))
    assert "two finished trials" in (charts.get_importances(board, study._study_id).reason or "")
    assert stock.get_param_importances(board, study._study_id) == {"param_importances": [[]]}
    study.add_trial(create_trial(value=2.0))
    found = charts.get_importances(board, study._study_id)
    assert (found.trials, found.importances) == (2, [])
    assert "parameters" in (found.reason or "")
    tracked = Experiment(board.client, name="tracked")
    tracked.get_run().start()
    assert "objective" in (charts.get_importances(board, tracked.id).reason or "")


def test_hundred_thousand_trials_take_a_moment() -> None:
    n = 100_000
    chance = np.random.default_rng(0)
    places = np.arange(n)
    params = {f"x{i}": [Regime(Space(0, 1), places, chance.random(n))] for i in range(10)}
    loss = params["x3"][0].values + 0.1 * chance.random(n)
    begun = time.perf_counter()
    found = importances(loss, params)
    assert time.perf_counter() - begun < 0.5
    assert max(found, key=lambda name: found[name]) == "x3"

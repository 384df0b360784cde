"""Experiments that tests of Ax make, and what it takes to store and load one."""

from __future__ import annotations

from typing import Any

from ax.core.arm import Arm
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.core.metric import Metric
from ax.core.objective import Objective
from ax.core.optimization_config import OptimizationConfig
from ax.core.parameter import ParameterType, RangeParameter
from ax.core.search_space import SearchSpace
from ax.core.trial import Trial

from runbase import Client
from runbase.ax import Store, load_experiment, save_experiment


def small_experiment(name: str | None = "small", **kwargs: Any) -> Experiment:
    """An experiment with the parameter "x" and the objective "loss", without trials."""
    objective = Objective(metric=Metric(name="loss"), minimize=True)
    space = SearchSpace([RangeParameter("x", ParameterType.FLOAT, 0.0, 1.0)])
    given = {
        "search_space": space,
        "optimization_config": OptimizationConfig(objective=objective),
    }
    return Experiment(name=name, **{**given, **kwargs})


def run_trial(experiment: Experiment, **parameters: Any) -> Trial:
    """A new trial of an experiment, running; "x" is the half of one divided by its number."""
    given = parameters or {"x": 1 / (2 + len(experiment.trials))}
    trial = experiment.new_trial(GeneratorRun([Arm(given)]))
    trial.mark_running(no_runner_required=True)
    return trial


def observe(trial: Trial, mean: float, sem: float | None = None, **details: Any) -> None:
    """Attach an observation of a trial's arm to its experiment; the metric is "loss"."""
    experiment = trial.experiment
    assert trial.arm is not None
    metric = details.pop("metric", "loss")
    row = DataRow(
        trial.index, details.pop("arm", trial.arm.name), metric,
        details.pop("signature", metric), mean, float("nan") if sem is None else sem, **details,
    )  # fmt: skip
    experiment.data = Data(data_rows=[*experiment.data._data_rows, row])


def stored(experiment: Experiment, client: Client, **classes: Any) -> Experiment:
    """The experiment as another process loads it after this one has saved it."""
    save_experiment(experiment, store=Store(client, **classes), overwrite=True)
    return load_experiment(experiment.name, store=Store(client, **classes))

"""Write client- and experiment-VERSION.json with the installed Ax.

On Python 3.11, with the versions that the files here were made with:

    pip install ax-platform==1.3.1
    python make_current.py DIRECTORY
"""
# mypy: ignore-errors

import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from ax.adapter.registry import Generators
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.core.arm import Arm
from ax.core.data import Data
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.objective import Objective
from ax.core.optimization_config import MultiObjectiveOptimizationConfig
from ax.core.outcome_constraint import OutcomeConstraint
from ax.core.parameter import (
    ChoiceParameter,
    DerivedParameter,
    FixedParameter,
    ParameterType,
    RangeParameter,
)
from ax.core.parameter_constraint import ParameterConstraint
from ax.core.search_space import SearchSpace
from ax.runners.synthetic import SyntheticRunner
from ax.storage.json_store.save import save_experiment


def client():
    """Seven trials: a baseline, three with curves, one failed, one abandoned, one running."""
    ax = Client(random_seed=7)
    ax.configure_experiment(
        name="current-client",
        description="The client API",
        parameters=[
            RangeParameterConfig("lr", (1e-5, 1e-1), "float", scaling="log"),
            RangeParameterConfig("layers", (1, 6), "int"),
            RangeParameterConfig("dropout", (0.0, 0.5), "float", step_size=0.1),
            ChoiceParameterConfig("optimizer", ["sgd", "adam"], "str", is_ordered=False),
        ],
    )
    ax.configure_optimization("-loss", outcome_constraints=["latency <= 1.5 * baseline"])
    ax.configure_tracking_metrics(["accuracy"])
    ax.configure_generation_strategy(initialization_budget=4)

    def outcome(p):
        loss = 0.2 + 2 * abs(p["lr"] - 0.01) + 0.05 * abs(p["layers"] - 3) + p["dropout"] / 4
        return {"loss": (round(loss, 5), 0.01), "latency": 3.5 * p["layers"]}

    baseline = {"lr": 0.02, "layers": 3, "dropout": 0.1, "optimizer": "adam"}
    ax.complete_trial(ax.attach_baseline(baseline), outcome(baseline))
    for _ in range(5):
        ((index, parameters),) = ax.get_next_trials(1).items()
        result = outcome(parameters)
        if index == 2:
            ax.mark_trial_failed(index, failed_reason="out of memory")
        elif index == 3:
            ax.mark_trial_abandoned(index)
        else:
            loss, sem = result["loss"]
            for step in (10, 20, 30):
                point = {"loss": (round(loss + 5 / step, 5), sem), "accuracy": 1 - index / step}
                ax.attach_data(index, point, progression=step)
            if index == 4:
                ax.mark_trial_early_stopped(index)
            else:
                ax.complete_trial(index, result, progression=40)
    ax.get_next_trials(1)
    return ax


def batches():
    """Three batch trials: one completed and measured, one running, one a candidate."""
    values = {"x": 0.5, "y": 0.2, "depth": 3, "width": 32, "bias": True, "mode": "fast"}
    experiment = Experiment(
        name="current-batch",
        description="Batch trials beside a status quo",
        search_space=SearchSpace(
            [
                RangeParameter("x", ParameterType.FLOAT, 0.0, 1.0),
                RangeParameter("y", ParameterType.FLOAT, 0.01, 1.0, log_scale=True),
                RangeParameter("depth", ParameterType.INT, 1, 8),
                ChoiceParameter("width", ParameterType.INT, [16, 32, 64], is_ordered=True),
                ChoiceParameter("bias", ParameterType.BOOL, [False, True]),
                FixedParameter("mode", ParameterType.STRING, "fast"),
                DerivedParameter("twice", ParameterType.FLOAT, expression_str="2 * x"),
            ],
            parameter_constraints=[ParameterConstraint("x + 0.1 * depth <= 1.4")],
        ),
        metrics=[
            Metric("clicks", lower_is_better=False),
            Metric("cost", lower_is_better=True),
            Metric("visits"),
        ],
        runner=SyntheticRunner(),
        status_quo=Arm({**values, "twice": 1.0}, name="status_quo"),
        properties={"team": "search"},
    )
    signatures = {name: metric.signature for name, metric in experiment.metrics.items()}
    experiment.optimization_config = MultiObjectiveOptimizationConfig(
        Objective("clicks, -cost", metric_name_to_signature=signatures),
        outcome_constraints=[
            OutcomeConstraint("visits >= 900", metric_name_to_signature=signatures)
        ],
        objective_thresholds=[
            OutcomeConstraint("cost <= 1.1 * baseline", metric_name_to_signature=signatures)
        ],
    )
    sobol = Generators.SOBOL(experiment=experiment, seed=5)

    first = experiment.new_batch_trial(sobol.gen(2))
    deep = Arm({**experiment.status_quo.parameters, "depth": 8}, "deep")
    first.add_arms_and_weights([deep], weights=[2.0])
    first.add_status_quo_arm()  # Ax 1.3.1 cannot load what it saves with a weight other than 1.
    first.run()
    rows = [
        {
            "trial_index": 0,
            "arm_name": arm.name,
            "metric_name": name,
            "metric_signature": signatures[name],
            "mean": mean,
            "sem": sem,
            "start_time": pd.Timestamp("2023-01-02 03:04:05"),
            "end_time": pd.Timestamp("2023-01-03 03:04:05"),
            "n": 1000,
        }
        for i, arm in enumerate(first.arms)
        for name, mean, sem in (
            ("clicks", 0.31 + i / 100, 0.004),
            ("cost", float("nan") if arm.name == "deep" else 12.0 - i, 0.25),
            ("visits", 1000.0 + i, float("nan")),
        )
    ]
    experiment.attach_data(Data(df=pd.DataFrame(rows)))
    first.mark_arm_abandoned("deep", reason="too slow")
    first.mark_completed()

    experiment.new_batch_trial(sobol.gen(2), should_add_status_quo_arm=True).run()
    experiment.new_batch_trial(sobol.gen(2))
    return experiment


def main(folder):
    release = version("ax-platform")
    client().save_to_json_file(str(folder / f"client-{release}.json"))
    save_experiment(batches(), str(folder / f"experiment-{release}.json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Write client-, experiment- and map-VERSION.json and old-VERSION.db with the installed Ax.

On Python 3.11, with the versions that the files here were made with:

    pip install ax-platform==0.2.10 SQLAlchemy==1.4.17 numpy==1.24.4 pandas==1.5.3 "scipy<1.12"
    python make_old.py DIRECTORY

or with ax-platform==0.3.7, numpy==1.26.4 and pandas==2.1.4.
"""
# mypy: ignore-errors

import sqlite3
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from ax.core.arm import Arm
from ax.core.data import Data
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.objective import Objective
from ax.core.optimization_config import OptimizationConfig
from ax.core.outcome_constraint import OutcomeConstraint
from ax.core.parameter import ChoiceParameter, FixedParameter, ParameterType, RangeParameter
from ax.core.parameter_constraint import SumConstraint
from ax.core.search_space import SearchSpace
from ax.core.types import ComparisonOp
from ax.modelbridge.registry import Models
from ax.runners.synthetic import SyntheticRunner
from ax.service.ax_client import AxClient, ObjectiveProperties
from ax.storage.json_store.save import save_experiment
from ax.storage.sqa_store.db import (
    create_all_tables,
    get_engine,
    init_engine_and_session_factory,
)
from ax.storage.sqa_store.save import save_experiment as save_experiment_to_db
from ax.storage.sqa_store.structs import DBSettings

PARAMETERS = [
    {"name": "lr", "type": "range", "bounds": [1e-5, 1e-1], "log_scale": True},
    {"name": "layers", "type": "range", "bounds": [1, 6], "value_type": "int"},
    {
        "name": "size",
        "type": "choice",
        "values": ["small", "medium", "large"],
        "is_ordered": True,
        "value_type": "str",
    },
]


def outcome(trial_index, parameters):
    loss = 0.2 + 2 * abs(parameters["lr"] - 0.01) + 0.05 * abs(parameters["layers"] - 3)
    return {
        "loss": (round(loss, 5), 0.01 * (trial_index + 1)),
        "latency": (3.5 * parameters["layers"], 0.5),
    }


def client(url):
    """Eight trials: five completed, one failed, one abandoned, one running."""
    ax = AxClient(db_settings=DBSettings(url=url), random_seed=7, verbose_logging=False)
    ax.create_experiment(
        name="old-client",
        description="The service API",
        parameters=PARAMETERS,
        objectives={"loss": ObjectiveProperties(minimize=True)},
        outcome_constraints=["latency <= 18.0"],
        tracking_metric_names=["accuracy"],
        choose_generation_strategy_kwargs={"num_initialization_trials": 3},
    )
    for _ in range(5):
        parameters, index = ax.get_next_trial()
        if index == 2:
            ax.log_trial_failure(index, metadata={"reason": "out of memory"})
        elif index == 4:
            ax.abandon_trial(index, reason="not worth it")
        else:
            ax.complete_trial(index, outcome(index, parameters))
    parameters, index = ax.attach_trial({"lr": 0.02, "layers": 3, "size": "medium"})
    ax.complete_trial(index, outcome(index, parameters), metadata={"note": "by hand"})
    parameters, index = ax.get_next_trial()  # By the Gaussian process, as is the next.
    ax.complete_trial(index, outcome(index, parameters), sample_size=100)
    ax.get_next_trial()
    ax.update_trial_data(3, {"accuracy": (0.91, None)})
    return ax


def table(*rows):
    columns = ("trial_index", "arm_name", "metric_name", "mean", "sem")
    frame = pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])
    return frame.assign(
        start_time=pd.Timestamp("2023-01-02 03:04:05"),
        end_time=pd.Timestamp("2023-01-03 03:04:05"),
        n=1000,
    )


def batches():
    """Three batch trials: one completed and measured twice, one running, one a candidate."""
    clicks = Metric("clicks", lower_is_better=False)
    cost = Metric("cost", lower_is_better=True)
    experiment = Experiment(
        name="old-batch",
        description="Batch trials beside a status quo",
        search_space=SearchSpace(
            [
                RangeParameter("x", ParameterType.FLOAT, 0.0, 1.0),
                RangeParameter("y", ParameterType.FLOAT, 0.0, 1.0),
                RangeParameter("lr", ParameterType.FLOAT, 1e-4, 1.0, log_scale=True),
                RangeParameter("depth", ParameterType.INT, 1, 8),
                ChoiceParameter("width", ParameterType.INT, [16, 32, 64], is_ordered=True),
                ChoiceParameter("bias", ParameterType.BOOL, [False, True]),
                FixedParameter("mode", ParameterType.STRING, "fast"),
            ],
            parameter_constraints=[],
        ),
        optimization_config=OptimizationConfig(
            Objective(clicks, minimize=False),
            outcome_constraints=[OutcomeConstraint(cost, ComparisonOp.LEQ, 5.0, relative=True)],
        ),
        tracking_metrics=[Metric("visits")],
        runner=SyntheticRunner(),
        status_quo=Arm(
            {"x": 0.5, "y": 0.2, "lr": 0.01, "depth": 3, "width": 32, "bias": True, "mode": "fast"},
            name="status_quo",
        ),
        properties={"team": "search"},
    )
    x, y = (experiment.search_space.parameters[name] for name in "xy")
    experiment.search_space.add_parameter_constraints([SumConstraint([x, y], True, 1.5)])
    sobol = Models.SOBOL(search_space=experiment.search_space, seed=5)

    first = experiment.new_batch_trial(sobol.gen(2))
    first.add_arms_and_weights([Arm({**experiment.status_quo.parameters, "depth": 8}, "deep")])
    first.set_status_quo_with_weight(experiment.status_quo, 0.5)
    first.run()
    arms = enumerate(arm.name for arm in first.arms)
    measured = [
        row
        for i, arm in arms
        for row in (
            (0, arm, "clicks", 0.31 + i / 100, 0.004),
            (0, arm, "cost", 12.0 - i, 0.25),
            (0, arm, "visits", 1000.0 + i, float("nan")),
        )
    ]
    early = [(*where, 0.9 * mean, 2 * sem) for *where, mean, sem in measured[:6]]
    experiment.attach_data(Data(table(*early)))
    time.sleep(0.05)  # Data is kept by the millisecond.
    experiment.attach_data(Data(table(*measured)))
    first.mark_arm_abandoned("deep", reason="too slow")
    first.mark_completed()

    second = experiment.new_batch_trial(sobol.gen(3), optimize_for_power=True)
    second.run()
    experiment.attach_data(Data(table((1, second.arms[0].name, "clicks", 0.4, 0.005))))

    experiment.new_batch_trial(sobol.gen(2))
    return experiment


def curves():
    """Three trials: two with curves over the map key "step", one over "timestamp"."""
    ax = AxClient(random_seed=7, verbose_logging=False)
    ax.create_experiment(
        name="old-map",
        parameters=PARAMETERS,
        objectives={"loss": ObjectiveProperties(minimize=True)},
        support_intermediate_data=True,
    )
    for key in ("step", "step", "timestamp"):
        parameters, index = ax.get_next_trial()
        loss, sem = outcome(index, parameters)["loss"]
        for step in range(1, 5):
            point = [({key: 10 * step}, {"loss": (loss + 1 / step, sem)})]
            ax.update_running_trial_with_intermediate_data(index, point)
        if index == 0:
            ax.complete_trial(index, [({key: 50}, {"loss": (loss, sem)})])
        if index == 1:
            ax.stop_trial_early(index)
    return ax.experiment


def main(folder):
    release = version("ax-platform")
    database = folder / f"old-{release}.db"
    database.unlink(missing_ok=True)
    url = f"sqlite:///{database}"
    init_engine_and_session_factory(url=url)
    create_all_tables(get_engine())
    ax = client(url)
    ax.save_to_json_file(str(folder / f"client-{release}.json"))
    save_experiment_to_db(ax.experiment)  # The client did not save the abandoned trial's status.
    batch = batches()
    save_experiment(batch, str(folder / f"experiment-{release}.json"))
    save_experiment_to_db(batch)
    save_experiment(curves(), str(folder / f"map-{release}.json"))
    get_engine().dispose()
    connection = sqlite3.connect(database)
    connection.execute("VACUUM")
    connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

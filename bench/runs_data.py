"""Runs to look at: many of them, long curves, wide arguments; in Runbase, MLflow and Aim."""

from __future__ import annotations

import random
import time
from typing import Any

from bench.contest import Figures, main

MODELS = ["resnet", "vit", "mlp", "gbdt"]
METRICS = [f"val_metric_{i}" for i in range(10)]
STEPS = 3
IN_ONE = 1000  # runs that are written in one transaction


def args(number: int, count: int) -> dict[str, Any]:
    """Arguments of a run, the same wherever it is written."""
    random_ = random.Random(number)
    found: dict[str, Any] = {
        "model": random_.choice(MODELS),
        "lr": 10 ** random_.uniform(-5, -1),
        "batch_size": random_.choice([32, 64, 128]),
    }
    return found | {f"arg_{i}": random_.random() for i in range(count - len(found))}


def values(number: int, step: int) -> dict[str, float]:
    """Metrics of a run at a step."""
    random_ = random.Random(STEPS * number + step)
    return {name: random_.random() for name in METRICS}


def runbase(file: str, count: int, width: int = 20) -> Figures:
    """Completed runs, written with the public API."""
    from runbase import Client, Experiment

    client = Client(f"sqlite:///{file}")
    experiment = Experiment(client, name="bench")
    for begin in range(0, count, IN_ONE):
        with client:
            for number in range(begin, min(begin + IN_ONE, count)):
                run = experiment.get_run().start().add_args(args(number, width))
                for step in range(STEPS):
                    run.add_metrics(values(number, step), step=step)
                if number % 10 == 0:
                    run.add_tags("baseline")
                run.stop()
    client.close()
    return {"id": experiment.id}


def curves(file: str, runs: int, steps: int) -> Figures:
    """Runs with long curves: noisy losses that fall, with a spike now and then."""
    from runbase import Client, Experiment

    client = Client(f"sqlite:///{file}", flush_interval=0.2)
    experiment = Experiment(client, name="curves")
    ids = []
    for number in range(runs):
        noise = random.Random(number).random
        run = experiment.get_run().start().add_args(args(number, 20))
        for step in range(steps):
            loss = 3 / (1 + step / steps * 9) + 0.2 * noise() + (2 if step % 9973 == 99 else 0)
            run.add_metrics({"loss": loss}, step=step)
        run.stop()
        ids.append(run.id)
    client.close()
    return {"id": experiment.id, "runs": ids}


def mlflow(file: str, count: int, width: int = 20) -> Figures:
    """The same runs in MLflow's SQLite store, which has no bulk form of this."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(f"sqlite:///{file}")
    experiment = client.create_experiment("bench")
    for number in range(count):
        run, now = client.create_run(experiment).info.run_id, int(time.time() * 1000)
        params = [Param(name, str(value)) for name, value in args(number, width).items()]
        metrics = [
            Metric(name, value, now, step)
            for step in range(STEPS)
            for name, value in values(number, step).items()
        ]
        client.log_batch(run, metrics=metrics, params=params)
        client.set_terminated(run)
    return {"id": int(experiment)}


def aim(file: str, count: int, width: int = 20) -> Figures:
    """The same runs in a repository of Aim."""
    from aim import Repo, Run

    Repo.from_path(file, init=True)
    for number in range(count):
        run = Run(
            repo=file, experiment="bench", log_system_params=False, system_tracking_interval=None,
            capture_terminal_logs=False,
        )  # fmt: skip
        for name, value in args(number, width).items():
            run[name] = value
        for step in range(STEPS):
            for name, value in values(number, step).items():
                run.track(value, name=name, step=step)
        run.close()
    return {"id": 0}


def first(file: str, id: int, sort: str, filter: str) -> Figures:
    """The runs that come first when sorted, and when filtered."""
    from runbase import Client, search

    db = Client(f"sqlite:///{file}").db
    return {"best": search.ids(db, id, "", sort)[0], "filtered": search.ids(db, id, filter)[0]}


if __name__ == "__main__":
    main({"runbase": runbase, "curves": curves, "mlflow": mlflow, "aim": aim, "first": first})

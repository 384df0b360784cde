"""Fill a database with experiments as a group that trains image classifiers might have them.

    python examples/generate_experiment_data.py --runs 40

The numbers are made up, for trying out queries, notebooks and dashboards. Some runs stop before
their last epoch and are resumed by the next run.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.progress import track

import runbase
from runbase.args import ParsedOptions, docopt_main
from runbase.commands import setup

EXPERIMENTS = {
    "Baselines": "Small residual networks with common settings",
    "Learning rates": "How far from 0.1 is still fine?",
    "Mixed precision": "Is it really free?",
}
TOP1 = {"resnet18": 0.70, "resnet34": 0.735, "resnet50": 0.762}
COMMITS = ["1b0ae5f2", "87c4d1e9", "c03f7a66", "e95d20b8"]
FIRST_JOB = 523_400


@dataclass(frozen=True)
class Job:
    """What a batch system is given: settings, and the epoch to begin with."""

    experiment: str
    args: dict[str, Any]
    env: dict[str, str]
    begin: datetime
    epoch: int = 0
    resumes: int | None = None


def generate(client: runbase.Client, count: int, epochs: int, rng: random.Random) -> None:
    """Write so many runs, the last of which ended today."""
    for name, comment in EXPERIMENTS.items():
        runbase.Experiment(client, name=name).set_comment(comment).add_tags("generated")
    stopped: Job | None = None
    for number in track(range(count), "Generating runs"):
        begin = datetime.now(UTC) - timedelta(hours=3 * (count - number))
        env = {"SLURM_JOBID": str(FIRST_JOB + number)}
        if stopped is None:
            job = new_job(rng, begin, env, epochs)
        else:
            job = replace(stopped, begin=begin, env=stopped.env | env)
        stopped = write_run(client, job, rng, stops=number % 5 == 2)


def new_job(rng: random.Random, begin: datetime, env: dict[str, str], epochs: int) -> Job:
    """A job with random settings."""
    experiment = rng.choice(list(EXPERIMENTS))
    args = {
        "model": rng.choice(list(TOP1)),
        "lr": rng.choice([0.01, 0.03, 0.1, 0.3] if experiment == "Learning rates" else [0.1]),
        "batch_size": rng.choice([128, 256]),
        "weight_decay": rng.choice([1e-4, 5e-4]),
        "amp": experiment == "Mixed precision" and rng.random() < 0.5,
        "epochs": epochs,
    }
    source = {
        "SOURCE": f"imagenet/{experiment.split()[0].lower()}/train.py",
        "GIT_COMMIT": rng.choice(COMMITS),
        "SLURM_JOB_PARTITION": rng.choice(["gpu", "gpu-large"]),
    }
    return Job(experiment, args, source | env, begin)


def write_run(client: runbase.Client, job: Job, rng: random.Random, stops: bool) -> Job | None:
    """Write the run of a job; return the job that resumes it if it ``stops`` half-way."""
    run = runbase.Experiment(client, name=job.experiment).get_run()
    run.set_args(job.args).set_env(job.env).set_created(job.begin - timedelta(minutes=9))
    run.set_tags(job.args["model"], *(["marked"] if rng.random() < 0.15 else []))
    if job.resumes is not None:
        run.add_link("resumes", job.resumes).set_comment(f"goes on where run {job.resumes} stopped")
    last = (job.epoch + job.args["epochs"]) // 2 if stops else job.args["epochs"]
    end = job.begin
    for epoch in range(job.epoch, last):
        start, end = (
            end,
            end + timedelta(seconds=rng.uniform(55, 65) * (0.6 if job.args["amp"] else 1)),
        )
        metrics = made_up(job.args, epoch, rng) | {"train_start": start, "train_end": end}
        progress = (epoch + 1) / job.args["epochs"]
        run.add_metrics(metrics, step=epoch, progress=progress, updated=None)
    # What `with run.track()` does for a run of today.
    run.set_started(job.begin).set_updated(end)
    run.set_status(rng.choice(["FAILED", "TIMEOUT", "NODE_FAIL"]) if stops else "COMPLETED")
    return replace(job, epoch=last, resumes=run.id) if stops else None


def made_up(args: dict[str, Any], epoch: int, rng: random.Random) -> dict[str, float]:
    """Losses and accuracies of an epoch: quick progress at first, a little overfitting at last."""
    done = (epoch + 1) / args["epochs"]
    learned = 1 - math.exp(-5 * done)
    limit = TOP1[args["model"]] - 0.04 * abs(math.log10(args["lr"] / 0.1))
    overfit = 0.03 * max(0.0, done - 0.8)
    return {
        "train_loss": 6.9 - 5.6 * learned + rng.gauss(0, 0.03),
        "train_top1": (limit + 0.05) * learned + rng.gauss(0, 0.004),
        "val_loss": 6.9 - 5.8 * learned * limit / 0.76 + 4 * overfit + rng.gauss(0, 0.05),
        "val_top1": limit * learned - overfit + rng.gauss(0, 0.006),
    }


@docopt_main
def main(args: ParsedOptions) -> None:
    """
    Usage: generate_experiment_data.py [options]

    Options:
        -h --help    Show this text.
        --url URL    The database; runbase.conf or RUNBASE_URL name it otherwise.
        --runs N     How many runs to generate [default: 40]
        --epochs N   How many epochs each would like to train [default: 90]
        --seed N     The same number makes the same data [default: 0]
    """
    # These metrics come faster than any training's: they are collected, and written once a second.
    client = runbase.Client(args.url, flush_interval=1)
    setup(client)
    generate(client, args.runs, args.epochs, random.Random(args.seed))
    client.close()
    print(f"{args.runs} runs are in {client.engine.describe()}")

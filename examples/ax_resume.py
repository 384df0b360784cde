"""Tune a model with Ax, in a way that may be killed and started again at any moment.

    python examples/ax_resume.py [FILE]

FILE is demo.db by default. Press Ctrl-C in the middle, or kill the process: the next start goes on
where this one ended. Everything else in the file stays.
"""

from __future__ import annotations

import logging
import shlex
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.utils.common.logger import set_stderr_log_level
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import runbase
from runbase.ax import Client, ExperimentNotFoundError, Store

EXPERIMENT, TRIALS, EPOCHS = "tune digits with Ax", 8, 10
BY_HAND = {"lr": 0.01, "hidden": 32, "alpha": 0.0001, "activation": "relu"}
PARAMETERS = [
    RangeParameterConfig("lr", (1e-4, 1e-1), "float", scaling="log"),
    RangeParameterConfig("hidden", (8, 128), "int", scaling="log"),
    RangeParameterConfig("alpha", (1e-6, 1e-1), "float", scaling="log"),
    ChoiceParameterConfig("activation", ["relu", "tanh", "logistic"], "str", is_ordered=False),
]
LEFT = """
SELECT r.number
  FROM runs AS r
  JOIN experiments AS e ON e.id = r.experiment_id
 WHERE e.kind = 'ax' AND e.name = ? AND r.status = 'RUNNING'
 ORDER BY r.number"""
BEST = """
SELECT e.kind, e.name AS experiment, r.number, r.status, best.max AS val_accuracy, r.args
  FROM run_best AS best
  JOIN runs AS r ON r.id = best.run_id
  JOIN experiments AS e ON e.id = r.experiment_id
 WHERE best.name = 'val_accuracy'
 ORDER BY best.max DESC, r.id
 LIMIT 8"""


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "demo.db"
    set_stderr_log_level(logging.ERROR)
    warnings.simplefilter("ignore")  # of what Ax brings along
    torch.set_num_threads(1)
    try:
        store = Store(f"sqlite:///{path}")
        tune(client_of(store), store.client)
        report(store.client, path)
        store.close()
    except runbase.RunbaseError as error:
        sys.exit(f"ax_resume: {error}")


def client_of(store: Store) -> Client:
    """A client that goes on with the experiment, if it is there."""
    try:
        client = Client.load(EXPERIMENT, store)
    except ExperimentNotFoundError:
        client = Client(store)
        client.configure_experiment(PARAMETERS, name=EXPERIMENT)
        track_by_hand(store.client)
    if client._experiment.optimization_config is None:  # it was killed right after that
        client.configure_optimization("val_accuracy")
    return client


def tune(client: Client, database: runbase.Client) -> None:
    """Complete the trials that an earlier start has left, and try new ones until it is enough."""
    left = [number for (number,) in database.execute(LEFT, [EXPERIMENT])]
    trials = client.summarize()
    done = 0 if trials.empty else int((trials["trial_status"] == "COMPLETED").sum())
    print(f"{done} of {TRIALS} trials are done" + (f", again: {left}" if left else ""), flush=True)
    while done < TRIALS:
        if left:
            index = left.pop(0)
            args = client._experiment.trials[index].arms[0].parameters
        else:
            [(index, args)] = client.get_next_trials(max_trials=1).items()
        began = time.monotonic()
        for epoch, metrics in enumerate(train(args)):
            client.attach_data(index, metrics, progression=epoch)
        client.complete_trial(index)
        done += 1
        print(
            f"trial {index}: val_accuracy {metrics['val_accuracy']:.4f} "
            f"in {time.monotonic() - began:.1f} s", flush=True,
        )  # fmt: skip


def train(args: Any) -> Any:
    """Train a network for some epochs; yields its metrics after each."""
    x, y = load_digits(return_X_y=True)
    x_train, x_val, y_train, y_val = train_test_split(x / 16, y, test_size=0.3, random_state=0)
    model = MLPClassifier(
        (args["hidden"],), learning_rate_init=args["lr"], alpha=args["alpha"],
        activation=args["activation"], random_state=0,
    )  # fmt: skip
    for _ in range(EPOCHS):
        model.partial_fit(x_train, y_train, classes=range(10))
        probabilities = model.predict_proba(x_val)
        yield {
            "val_accuracy": accuracy_score(y_val, probabilities.argmax(axis=1)),
            "val_loss": log_loss(y_val, probabilities),
        }


def track_by_hand(client: runbase.Client) -> None:
    """A tracked run with the arguments that a person would start with."""
    run = runbase.Experiment(client, name="digits by hand").get_run().set_args(BY_HAND)
    with run.track():
        for epoch, metrics in enumerate(train(BY_HAND)):
            run.add_metrics(metrics, step=epoch)


def report(client: runbase.Client, path: str) -> None:
    """Print the best of all that was tried, and what can be done next."""
    print("\nThe best of all runs and trials in the file:")
    for kind, name, number, status, accuracy, args in client.execute(BEST):
        values = " ".join(
            f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}"
            for key, value in args.items()
        )
        print(f"  {kind or 'run':6} {name} {number}: {status} {accuracy:.4f}  {values}")
    command = Path(sys.executable).with_name("runbase")
    if command.is_relative_to(Path.cwd()):
        command = command.relative_to(Path.cwd())
    file = shlex.quote(path)
    print(f"""
Type next:
  {command} runs {file} --sort best:val_accuracy --max val_accuracy
  {command} dashboard {file}
""")


if __name__ == "__main__":
    main()

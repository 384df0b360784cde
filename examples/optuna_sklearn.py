"""Tune a model with two processes on one SQLite file, and compare the trials with tracked runs.

    python examples/optuna_sklearn.py [FILE]

FILE is demo.db by default. A study of an earlier demo in it is replaced, all else in it stays.
"""

from __future__ import annotations

import multiprocessing
import shlex
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import optuna
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

import runbase
from runbase.optuna import RDBStorage, run_of

STUDY, EXPERIMENT, METRIC = "tune digits", "digits by hand", "val_accuracy"
WORKERS, TRIALS, EPOCHS = 2, 24, 25
BY_HAND = {"lr": 0.01, "hidden": 32, "alpha": 0.0001, "activation": "relu"}

BEST = """
SELECT e.kind, e.name AS experiment, r.number, r.status,
       best.max AS val_accuracy, best.max_step AS at_step, r.args
  FROM run_best AS best
  JOIN runs AS r ON r.id = best.run_id
  JOIN experiments AS e ON e.id = r.experiment_id
 WHERE best.name = 'val_accuracy'
 ORDER BY best.max DESC, r.id
 LIMIT 12"""


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "demo.db"
    url = f"sqlite:///{path}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = RDBStorage(url)
        track_by_hand(storage.client)
        seconds = tune(url, storage)
        report(storage, path, seconds)
        storage.close()
    except runbase.RunbaseError as error:
        sys.exit(f"optuna_sklearn: {error}")


# One try


def train(args: dict[str, Any]) -> Any:
    """Train a network for some epochs; yields its metrics after each."""
    threadpool_limits(1)  # on a small network, threads of two processes mostly wait for each other
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
            "val_loss": log_loss(y_val, probabilities),
            METRIC: accuracy_score(y_val, probabilities.argmax(axis=1)),
        }


def track_by_hand(client: runbase.Client) -> None:
    """A tracked run with the arguments that a person would start with."""
    run = runbase.Experiment(client, name=EXPERIMENT).get_run().set_args(BY_HAND)
    with run.track():
        for epoch, metrics in enumerate(train(BY_HAND)):
            run.add_metrics(metrics, step=epoch)


def objective(trial: optuna.Trial) -> float:
    """A trial is a run: its learning curves are logged to it as to any other."""
    args = {
        "lr": trial.suggest_float("lr", 1e-4, 1e-1, log=True),
        "hidden": trial.suggest_int("hidden", 8, 128, log=True),
        "alpha": trial.suggest_float("alpha", 1e-6, 1e-1, log=True),
        "activation": trial.suggest_categorical("activation", ["relu", "tanh", "logistic"]),
    }
    run, best = run_of(trial), 0.0
    for epoch, metrics in enumerate(train(args)):
        run.add_metrics(metrics, step=epoch)
        trial.report(metrics[METRIC], epoch)
        best = max(best, metrics[METRIC])
        if trial.should_prune():
            raise optuna.TrialPruned
    return best


# The study


def work(url: str, seed: int) -> None:
    """What each process does: take trials until there are enough."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    study = optuna.load_study(
        study_name=STUDY,
        storage=RDBStorage(url),
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=8),
    )
    states = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED
    enough = optuna.study.MaxTrialsCallback(TRIALS, states=states)
    study.optimize(objective, callbacks=[enough])


def tune(url: str, storage: RDBStorage) -> float:
    """Let two processes work on one study, show their progress, and return the seconds it took."""
    if STUDY in optuna.get_all_study_names(storage):
        optuna.delete_study(study_name=STUDY, storage=storage)
    study = optuna.create_study(study_name=STUDY, storage=storage, direction="maximize")
    study.enqueue_trial(BY_HAND)
    began = time.monotonic()
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=work, args=(url, seed)) for seed in range(WORKERS)]
    for worker in workers:
        worker.start()
    columns = TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns) as progress:
        task = progress.add_task(f"{STUDY}: {WORKERS} processes", total=TRIALS)
        while any(worker.is_alive() for worker in workers):
            done = [
                trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()
            ]
            progress.update(task, completed=min(len(done), TRIALS))
            time.sleep(0.1)
        progress.update(task, completed=TRIALS, description=f"{STUDY}: done")
    if any(worker.exitcode for worker in workers):
        sys.exit("optuna_sklearn: a worker failed")
    return time.monotonic() - began


def report(storage: RDBStorage, path: str, seconds: float) -> None:
    """Print the best of all that was tried, and what can be done next."""
    study = optuna.load_study(study_name=STUDY, storage=storage)
    states = [trial.state.name for trial in study.get_trials(deepcopy=False)]
    print(
        f"\n{len(states)} trials in {seconds:.0f} s, {states.count('PRUNED')} of them pruned. "
        f"The best is number {study.best_trial.number}, with {study.best_value:.4f}.\n"
        f"The best of all tracked runs and trials in {path}, from this SQL:\n{BEST}\n"
    )
    found = storage.client.execute(BEST)
    print_table([column[0] for column in found.description or ()], found.fetchall())
    command = Path(sys.executable).with_name("runbase")
    if command.is_relative_to(Path.cwd()):
        command = command.relative_to(Path.cwd())
    file = shlex.quote(path)
    best = study.best_trial
    print(f"""
Type next:
  {command} runs {file} --sort best:{METRIC} --max {METRIC}
  {command} show {best._trial_id} {file}
  sqlite3 {file} "SELECT number, status, value, args->>'lr' AS lr FROM runs ORDER BY value DESC"
""")


def print_table(names: list[str], rows: list[Any]) -> None:
    """Print aligned columns."""
    texts = [names, *([as_text(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for line in texts:
        print("  ".join(f"{text:{n}}" for text, n in zip(line, widths, strict=True)).rstrip())


def as_text(cell: Any) -> str:
    """A cell of a table."""
    match cell:
        case dict():
            return " ".join(f"{key}={as_text(value)}" for key, value in cell.items())
        case float():
            return f"{cell:.4g}"
    return str(cell)


if __name__ == "__main__":
    main()

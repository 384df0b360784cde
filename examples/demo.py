"""Train real models, track every run in an SQLite file, and find the best one.

    python examples/demo.py [FILE]

FILE is demo.db by default. Runs of an earlier demo in it are replaced, all else in it stays.
"""

from __future__ import annotations

import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sklearn
from PIL import Image
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

import runbase
from runbase import artifacts

EPOCHS = 30
TREES = 2  # that a forest or a boosted model grows in an "epoch"
LOADERS = {"digits": load_digits, "breast cancer": load_breast_cancer}
SETTINGS: list[dict[str, Any]] = [
    *({"model": "logistic", "lr": lr, "alpha": 1e-4} for lr in (0.001, 0.01, 0.1)),
    *({"model": "huber", "lr": lr, "alpha": 1e-3} for lr in (0.001, 0.01)),
    *({"model": "mlp", "lr": lr, "hidden": n} for lr in (0.001, 0.01) for n in (16, 64)),
    *({"model": "boosting", "lr": lr, "depth": 2} for lr in (0.1, 0.5)),
    *({"model": "forest", "depth": depth} for depth in (4, 12)),
]
RESUMED = {"model": "mlp", "lr": 0.0003, "hidden": 32}

OLD_EXPERIMENTS = """
SELECT id FROM experiments WHERE kind = 'tracking' AND name IN ('digits', 'breast cancer')"""
DELETE_OLD_RUNS = "DELETE FROM experiments WHERE id = :id"

RUNS = """
SELECT r.id, r.experiment, r.status, r.args,
       best.max AS best, best.max_step AS at_step, last.value AS last, r.seconds
  FROM run_summary AS r
  LEFT JOIN run_best AS best ON best.run_id = r.id AND best.name = 'val_accuracy'
  LEFT JOIN run_last AS last ON last.run_id = r.id AND last.name = 'val_accuracy'
 WHERE r.experiment IN ('digits', 'breast cancer')
 ORDER BY r.experiment, best.max DESC, r.id"""

MERGED_CURVE = """
WITH RECURSIVE parts (id) AS (
    SELECT :id
    UNION SELECT from_id FROM run_links JOIN parts ON to_id = id WHERE kind = 'resumes'
)
SELECT step, run_id, train_loss, val_loss, val_accuracy
  FROM metrics JOIN parts ON run_id = id
 WHERE step % 3 = 2
 ORDER BY step"""


NOTE = """\
**The best model of {experiment}** so far, with a validation accuracy of {best:.3f}.

- Arguments: `{args}`
- See `confusion.png` for what it takes for what.
"""


class Data(NamedTuple):
    """What models learn from, and what they are judged by."""

    x_train: Any
    x_val: Any
    y_train: Any
    y_val: Any


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "demo.db"
    client = runbase.Client(f"sqlite:///{path}")
    try:
        delete_old_runs(client)
        began = time.monotonic()
        stopped_run = train_all(client)
        report(client, path, stopped_run, time.monotonic() - began)
    except runbase.RunbaseError as error:
        sys.exit(f"demo: {error}")
    finally:
        client.close()


def delete_old_runs(client: runbase.Client) -> None:
    """Delete the experiments of an earlier demo, and the files of their runs."""
    for (experiment_id,) in client.execute(OLD_EXPERIMENTS).fetchall():
        files = list(artifacts.all_of(client, experiment_id))
        client.execute(DELETE_OLD_RUNS, {"id": experiment_id})
        artifacts.remove_bytes(client, files)


# Training, and tracking it


def train_all(client: runbase.Client) -> int:
    """Train every model on both data sets; return the id of a run that another one resumes."""
    columns = TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("", total=(len(LOADERS) * len(SETTINGS) + 1) * EPOCHS)
        advance = partial(progress.advance, task)
        for name, load in LOADERS.items():
            experiment = runbase.Experiment(client, name=name)
            experiment.set_comment(f"Models of scikit-learn {sklearn.__version__}")
            data = prepare(load)
            for args in SETTINGS:
                progress.update(task, description=f"{name}: {as_text(args)}")
                run, model = new_run(experiment, args), make_model(args)
                with run.track():
                    train(run, model, data, range(EPOCHS), advance)
                    keep_results(run, model, data)
        digits = runbase.Experiment(client, name="digits")
        stopped_run = train_in_two_parts(digits, prepare(load_digits), advance)
        progress.update(task, description="trained and tracked")
    return stopped_run


def new_run(experiment: runbase.Experiment, args: dict[str, Any]) -> runbase.Run:
    """A run with all that is known before it starts."""
    # set_args() finds a script's own arguments, set_env() all variables that are no secrets.
    env = {"SOURCE": Path(__file__).name, "PYTHON_VERSION": platform.python_version()}
    return experiment.get_run().set_args(args).set_env(env).add_tags(args["model"])


def train(
    run: runbase.Run, model: Any, data: Data, epochs: range, advance: Callable[[], None]
) -> None:
    """Train for some epochs, with a row of metrics for each."""
    for epoch in epochs:
        learn(model, data)
        metrics = {**measure("train", model, data), **measure("val", model, data)}
        run.add_metrics(metrics, step=epoch, progress=(epoch + 1) / EPOCHS)
        advance()


def train_in_two_parts(
    experiment: runbase.Experiment, data: Data, advance: Callable[[], None]
) -> int:
    """Train a model in a run that runs out of time and another that resumes it."""
    model = make_model(RESUMED)
    first = new_run(experiment, RESUMED)
    with first.track(normal="TIMEOUT"):
        train(first, model, data, range(EPOCHS // 2), advance)
    second = new_run(experiment, RESUMED).add_link("resumes", first.id)
    with second.track():
        train(second, model, data, range(EPOCHS // 2, EPOCHS), advance)
        keep_results(second, model, data)
    return first.id


def keep_results(run: runbase.Run, model: Any, data: Data) -> None:
    """Keep a picture and a table of what the model takes for what."""
    counts = confusion_matrix(data.y_val, model.predict(data.x_val))
    run.add_artifact(as_picture(counts), name="confusion.png")
    classes = range(len(counts))
    lines = [("truth", *(f"taken for {i}" for i in classes)), *zip(classes, *counts.T, strict=True)]
    table = "".join(",".join(map(str, line)) + "\n" for line in lines)
    run.add_artifact(table, name="confusion.csv")


def as_picture(counts: Any, size: int = 40) -> Image.Image:
    """A square for each pair of truth (down) and prediction (across), the darker the more."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    picture = Image.fromarray((255 * (1 - shares)).astype("uint8"))
    return picture.resize((size * len(counts), size * len(counts)), Image.Resampling.NEAREST)


# Models


def prepare(load: Callable[..., Any]) -> Data:
    """A data set in two parts, scaled by what is known of the first."""
    x, y = load(return_X_y=True)
    data = Data(*train_test_split(x, y, test_size=0.3, stratify=y, random_state=0))
    scaler = StandardScaler().fit(data.x_train)
    return data._replace(x_train=scaler.transform(data.x_train), x_val=scaler.transform(data.x_val))


def make_model(args: dict[str, Any]) -> Any:
    """The untrained model that the arguments of a run describe."""
    match args:
        case {"model": "logistic" | "huber" as model, "lr": lr, "alpha": alpha}:
            loss = {"logistic": "log_loss", "huber": "modified_huber"}[model]
            return SGDClassifier(
                loss=loss, learning_rate="constant", eta0=lr, alpha=alpha, random_state=0
            )
        case {"model": "mlp", "lr": lr, "hidden": hidden}:
            return MLPClassifier((hidden,), learning_rate_init=lr, random_state=0)
        case {"model": "boosting", "lr": lr, "depth": depth}:
            return GradientBoostingClassifier(
                n_estimators=0, warm_start=True, learning_rate=lr, max_depth=depth, random_state=0
            )
        case {"model": "forest", "depth": depth}:
            return RandomForestClassifier(
                n_estimators=0, warm_start=True, max_depth=depth, random_state=0
            )
    raise ValueError(f"no model has the arguments {args}")


def learn(model: Any, data: Data) -> None:
    """Go through the data once, or grow some more trees."""
    if hasattr(model, "partial_fit"):
        model.partial_fit(data.x_train, data.y_train, classes=range(data.y_train.max() + 1))
    else:
        model.set_params(n_estimators=model.n_estimators + TREES)
        model.fit(data.x_train, data.y_train)


def measure(part: str, model: Any, data: Data) -> dict[str, float]:
    """Loss and accuracy on the "train" or "val" part of the data."""
    x, y = (data.x_train, data.y_train) if part == "train" else (data.x_val, data.y_val)
    probabilities = model.predict_proba(x)
    return {
        f"{part}_loss": log_loss(y, probabilities),
        f"{part}_accuracy": accuracy_score(y, probabilities.argmax(axis=1)),
    }


# Finding out what worked


def report(client: runbase.Client, path: str, stopped_run: int, seconds: float) -> None:
    """Print the runs, a curve made of two runs, and what can be done next."""
    runs = client.execute(RUNS)
    names, rows = [column[0] for column in runs.description or ()], runs.fetchall()
    for experiment in LOADERS:
        best = next(row for row in rows if row[1] == experiment)
        run = runbase.Run(client, run_id=best[0]).add_tags("marked")
        run.set_comment(NOTE.format(experiment=experiment, args=as_text(best[3]), best=best[4]))
    points = client.execute("SELECT COUNT(*) FROM metrics").fetchone()[0]
    print(f"\n{len(rows)} runs with their best validation accuracy, from this SQL:\n{RUNS}\n")
    print_table(names, rows)
    print(f"\nRun {stopped_run} ran out of time, and another run resumed it. As one curve:")
    print(f"{MERGED_CURVE}\n")
    curve = client.execute(MERGED_CURVE, {"id": stopped_run})
    print_table([column[0] for column in curve.description or ()], curve)
    print(f"\n{points} rows of metrics were tracked in {path}, in {seconds:.0f} s with training.")
    suggest(path, rows[0][0])


def suggest(path: str, run_id: int) -> None:
    """Print commands to go on with."""
    command = Path(sys.executable).with_name("runbase")
    if command.is_relative_to(Path.cwd()):
        command = command.relative_to(Path.cwd())
    file = shlex.quote(path)
    print(f"""
Type next:
  {command} runs {file}
  {command} show {run_id} {file}
  sqlite3 {file} "SELECT * FROM metrics WHERE run_id = {run_id}"
""")


def print_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print aligned columns, numbers to the right."""
    rows = list(rows)
    texts = [list(names), *([as_text(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = [
        any(isinstance(cell, int | float) for cell in column) for column in zip(*rows, strict=True)
    ]
    for line in texts:
        cells = zip(line, widths, right, strict=True)
        print("  ".join(f"{text:>{n}}" if r else f"{text:{n}}" for text, n, r in cells).rstrip())


def as_text(cell: Any) -> str:
    """A cell of a table."""
    match cell:
        case None:
            return ""
        case dict():
            return " ".join(f"{key}={value}" for key, value in cell.items())
        case float():
            return f"{cell:.3f}"
    return str(cell)


if __name__ == "__main__":
    main()

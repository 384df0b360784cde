"""The statements in docs/optuna.md, on every engine; they are read from the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import optuna
import pytest

from runbase import Client, Experiment
from runbase.optuna import RDBStorage, run_of

PAGE = (Path(__file__).parents[1] / "docs" / "optuna.md").read_text()
SQL = dict(re.findall(r"^```\{code-block\} sql\n:name: (\S+)\n(.*?)^```$", PAGE, re.M | re.S))
CHANGES = re.search(r"^```sql\n(UPDATE.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture
def studies(client: Client) -> RDBStorage:
    """Two studies, and a run that took the parameters of a trial."""
    storage = RDBStorage(client)

    def objective(trial: optuna.Trial) -> float:
        lr = trial.suggest_float("lr", 0.0, 1.0)
        for step in range(3):
            trial.report(lr / (step + 1), step)
            run_of(trial).add_metrics({"train_loss": lr, "val_loss": lr + step}, step=step)
        if lr == 0.75:
            raise optuna.TrialPruned
        return lr

    for name, direction in (
        ("curves", optuna.study.StudyDirection.MINIMIZE),
        ("other", optuna.study.StudyDirection.MAXIMIZE),
    ):
        study = optuna.create_study(study_name=name, storage=storage, direction=direction)
        for lr in (0.5, 0.25, 0.75):
            study.enqueue_trial({"lr": lr})
        study.optimize(objective, n_trials=3)
    run = Experiment(client, name="by hand").get_run().set_args({"lr": 0.25})
    run.add_link(
        "tuned by", optuna.load_study(study_name="curves", storage=storage).best_trial._trial_id
    )
    run.add_metrics({"val_loss": 0.125}, step=7).stop()
    return storage


def ask(storage: RDBStorage, name: str) -> list[tuple[Any, ...]]:
    sql = SQL[name]
    if storage.client.dialect == "mysql":
        sql = re.sub(r"r\.args->>'(\w+)'", r"JSON_VALUE(r.args, '$.\1')", sql)
    return [tuple(row) for row in storage.client.execute(sql).fetchall()]


def as_dict(args: Any) -> Any:
    """What MariaDB gives as text where it comes from a subquery."""
    import json

    return json.loads(args) if isinstance(args, str) else args


def test_the_trials_of_a_study(studies: RDBStorage):
    rows = [(*row[:3], float(row[3])) for row in ask(studies, "trials")]
    assert rows == [
        (0, "COMPLETED", 0.5, 0.5),
        (1, "COMPLETED", 0.25, 0.25),
        (2, "PRUNED", 0.25, 0.75),
    ]


def test_the_best_trial_of_each_study(studies: RDBStorage):
    rows = [(*row[:3], as_dict(row[3])) for row in ask(studies, "best")]
    assert rows == [("curves", 1, 0.25, {"lr": 0.25}), ("other", 0, 0.5, {"lr": 0.5})]


def test_the_best_of_trials_and_tracked_runs(studies: RDBStorage):
    rows = ask(studies, "all")
    assert rows[0][:5] == ("tracking", "by hand", 0, 0.125, 7)
    assert [row[:4] for row in rows[1:3]] == [
        ("optuna", "curves", 1, 0.25),
        ("optuna", "other", 1, 0.25),
    ]
    assert len(rows) == 7


def test_a_run_beside_the_trial_that_tuned_it(studies: RDBStorage):
    [row] = ask(studies, "tuned")
    assert row[1:5] == ("COMPLETED", 0.125, 1, 0.25)
    assert as_dict(row[5]) == {"lr": 0.25}


def test_learning_curves(studies: RDBStorage):
    rows = ask(studies, "curves")
    assert len(rows) == 9
    assert rows[-1] == (2, "PRUNED", 2, 0.25, 0.75)


def test_states(studies: RDBStorage):
    assert ask(studies, "states")[:2] == [
        ("curves", "COMPLETED", 2, 0.25, 0.5),
        ("curves", "PRUNED", 1, 0.25, 0.25),
    ]


def test_programs_see_what_was_changed_by_sql(studies: RDBStorage, url: str):
    study = optuna.load_study(study_name="curves", storage=studies)
    study.ask()
    assert [trial.state.name for trial in study.trials[-1:]] == ["RUNNING"]
    assert CHANGES is not None
    other = Client(url)
    other.executescript(CHANGES[1])
    other.close()
    assert [trial.state.name for trial in study.trials[-1:]] == ["FAIL"]

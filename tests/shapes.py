"""Studies of every shape that a dashboard has to draw, in one database."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial
from playwright.sync_api import Locator, Page

from runbase import Experiment
from runbase.dashboard import save_plotly_graph_object
from tests.people import Site, until

X, N = FloatDistribution(0.001, 1.0, log=True), IntDistribution(1, 9)
BEGIN = datetime(2026, 1, 1)


def card(page: Page, title: str) -> Locator:
    """The card of a chart."""
    return page.get_by_role("region", name=title, exact=True)


def chart(page: Page, title: str) -> Locator:
    """The chart in a card, whose name says what it shows."""
    return card(page, title).get_by_role("application")


def drawn(plot: Locator) -> str:
    """What is on the canvas of a chart."""
    return str(plot.locator("canvas").evaluate("canvas => canvas.toDataURL()"))


def redrawn(plot: Locator, change: Callable[[], object]) -> None:
    """Change something, and wait until a chart shows it."""
    before = drawn(plot)
    change()
    until(lambda: drawn(plot) != before)


def trials(count: int, **options: Any) -> list[optuna.trial.FrozenTrial]:
    """Finished trials: every seventh is pruned, every eleventh of the others failed."""
    rng = random.Random(1)
    return [_trial(number, rng, **options) for number in range(count)]


def _trial(number: int, rng: random.Random, steps: int = 0) -> optuna.trial.FrozenTrial:
    x, n = 10 ** rng.uniform(-3, 0), rng.randint(1, 9)
    state = TrialState.COMPLETE
    if number % 7 == 6:
        state = TrialState.PRUNED
    elif number % 11 == 10:
        state = TrialState.FAIL
    reports = {step: x + n / (step + 1) for step in range(steps)}
    trial = create_trial(
        state=state,
        value=None if state == TrialState.FAIL else x + n,
        params={"x": x, "n": n},
        distributions={"x": X, "n": N},
        intermediate_values=reports if state != TrialState.FAIL else {},
    )
    trial.datetime_start = BEGIN + timedelta(seconds=10 * number)
    trial.datetime_complete = trial.datetime_start + timedelta(seconds=9)
    return trial


def pruned_study(site: Site, name: str = "pruning", count: int = 40) -> optuna.Study:
    """One objective, intermediate values, pruned and failed trials."""
    study = site.study(name)
    study.add_trials(trials(count, steps=5))
    return study


def many(site: Site, name: str = "ten thousand") -> optuna.Study:
    """Hundred trials, hundred times: as rows, since adding each of them takes half a minute."""
    study = site.study(name)
    study.add_trials(trials(100))
    with closing(sqlite3.connect(site.folder / "runs.db")) as connection, connection:
        for statement in COPIES:
            connection.execute(statement, {"id": study._study_id})
    return study


#: The trials of a study that has the last ones of the database.
COPIES = (
    """
    WITH RECURSIVE copies(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM copies WHERE n < 99)
    INSERT INTO runs (id, experiment_id, number, status, time_created, time_started,
                      time_updated, time_finished, args, value, version)
    SELECT id + 100 * n, experiment_id, number + 100 * n, status, time_created, time_started,
           time_updated, time_finished, args, value, version
    FROM runs, copies WHERE experiment_id = :id
    """,
    """
    WITH RECURSIVE copies(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM copies WHERE n < 99)
    INSERT INTO run_params (run_id, seq, name, value, distribution_id)
    SELECT run_id + 100 * n, seq, p.name, p.value, distribution_id
    FROM run_params AS p JOIN runs ON runs.id = run_id, copies
    WHERE experiment_id = :id AND number < 100
    """,
    "UPDATE experiments SET next_number = 10000 WHERE id = :id",
)


def conditional(trial: optuna.Trial) -> float:
    """Either of two branches has parameters of its own."""
    if trial.suggest_categorical("kind", ["linear", "tree"]) == "linear":
        return trial.suggest_float("slope", -1, 1)
    return trial.suggest_int("depth", 1, 5) + trial.suggest_float("rate", 0.01, 1, log=True)


def choices(trial: optuna.Trial) -> float:
    """Choices that read alike."""
    return float(str(trial.suggest_categorical("choice", [None, True, 1, "1", 1.5])) == "1")


def two(trial: optuna.Trial) -> tuple[float, float]:
    """Two objectives."""
    x, y = trial.suggest_float("x", 0, 5), trial.suggest_float("y", 0, 3)
    return 4 * x * x + 4 * y * y, (x - 5) ** 2 + (y - 5) ** 2


def three(trial: optuna.Trial) -> tuple[float, float, float]:
    """Three objectives, one of which is only allowed below a bound."""
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    trial.set_user_attr("above", x - 0.3)
    return x, y, (x - y) ** 2


def special(study: optuna.Study) -> None:
    """Values and reports that are no numbers."""
    for value, report in ((float("inf"), float("nan")), (-1.0, float("-inf")), (2.0, 1.0)):
        trial = study.ask({"x": X, "n": N})
        trial.report(report, 0)
        trial.report(1.0, 1)
        study.tell(trial, value)
    study.tell(study.ask({"x": X, "n": N}), float("nan"), skip_if_finished=True)


def constrained(study: optuna.Study) -> None:
    """Half of the trials violate a constraint."""
    study.sampler = optuna.samplers.NSGAIISampler(
        seed=1, constraints_func=lambda trial: (trial.user_attrs["above"],)
    )


def tracking(site: Site, name: str = "a tracking experiment") -> int:
    """Runs with metrics and without objectives; the experiment's id."""
    experiment = Experiment(site.storage.client, name=name)
    for i in range(3):
        run = experiment.get_run().start()
        run.add_args({"lr": 0.1 * (i + 1), "model": "small"})
        for step in range(5):
            run.add_metrics({"loss": 1 / (step + i + 1), "accuracy": step / 5}, step=step)
        run.stop()
    return experiment.id


def with_figure(site: Site, name: str = "a figure") -> optuna.Study:
    """A study with a figure of its owner's."""
    import plotly.graph_objects as go

    study = site.study(name)
    study.add_trials(trials(5))
    figure = go.Figure([go.Bar(x=["a", "b"], y=[3, 1])], {"title": {"text": "Mine <i>alone</i>"}})
    save_plotly_graph_object(study, figure)
    return study

"""Saving and loading experiments, in a database or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ax.core.experiment import Experiment

from ..errors import ConfigError
from . import files, sql


def save_experiment(
    experiment: Experiment,
    filepath: str | Path | None = None,
    *,
    store: Any = None,
    overwrite: bool = False,
) -> None:
    """Save an experiment with all of its trials and data.

    Args:
        experiment: an Ax experiment with a name.
        filepath: a file ending with .json, for Ax's JSON format; None for a database.
        store: the database: a `Store`, a `runbase.Client`, a URL or a path; None for the default
            store. Only what changed is written.
        overwrite: take the place of another experiment of this name, which is deleted.

    Raises:
        ExperimentConflictError: another experiment has the name, or another program changed this
            one since it was loaded.
        TrialConflictError: another program changed one of its trials.
        InvalidValueError: there is no name, or something in it cannot be stored.
        ConfigError: the file cannot be written, or both a file and a store are given.
    """
    if filepath is None:
        sql.save_experiment(experiment, store, overwrite=overwrite)
        return
    if store is not None or not isinstance(filepath, str | Path):
        raise ConfigError("give either a file or store=, and overwrite by its name")
    files.save_experiment(experiment, filepath)


def load_experiment(
    experiment_name: str | Path,
    *,
    store: Any = None,
    reduced_state: bool = False,
    skip_runners_and_metrics: bool = False,
    load_auxiliary_experiments: bool = True,
) -> Experiment:
    """The experiment with this name, or in this file.

    Args:
        experiment_name: its name; or the path of a file ending with .json, if no ``store`` is
            given.
        store: the database; see `save_experiment`.
        reduced_state: without the large parts of generator runs, which are not lost when it is
            saved again.
        skip_runners_and_metrics: without runners, and with plain metrics in the place of others;
            for experiments with classes that nobody registered.
        load_auxiliary_experiments: with the experiments that this one refers to.

    Raises:
        ExperimentNotFoundError: there is none.
        UnregisteredClassError: it has a class that is not registered.
        NewerAxError: it was written by a newer Ax.
        CorruptDatabaseError: a document is damaged.
        ConfigError: the file cannot be read, or has no experiment.
    """
    if store is None and str(experiment_name).endswith(".json"):
        return files.load_experiment(experiment_name)
    return sql.load_experiment(
        str(experiment_name), store, reduced_state=reduced_state,
        skip_runners_and_metrics=skip_runners_and_metrics,
        load_auxiliary_experiments=load_auxiliary_experiments,
    )  # fmt: skip

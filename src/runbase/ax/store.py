"""A database as a place for Ax experiments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.runner import Runner

from ..client import Client
from ..config import resolve
from ..db import Database
from ..errors import ConfigError
from ..store.ax import experiments
from ..store.ax import read as rows
from ..store.ax.goals import goals_of
from ..store.ax.read import parse
from .codec import Codec
from .data import data_row
from .known import KnownExperiment, KnownStrategy, KnownTrial, Notes
from .registry import Registries

#: The attribute of a client that holds its store.
OF_CLIENT = "_ax_store"


class Store:
    """Ax experiments in a database of Runbase.

    A store remembers what it saved and loaded, so that it writes only what changed, and notices
    what other programs changed in between. ::

        store = Store("sqlite:///exp.db", metrics=[MyMetric])
        save_experiment(experiment, store=store)

    Args:
        storage: a URL, the path of an SQLite file, a `runbase.Client`, or None for the database
            that the configuration names; see `runbase.Client`.
        metrics: classes of metrics of your own that this store knows, besides those that were
            given to `register_metric`.
        runners: the same for runners.
        registries: what to look up instead of Ax's own registries.

    Raises:
        ConfigError: the URL is wrong.
    """

    def __init__(
        self,
        storage: Client | str | Path | None = None,
        *,
        metrics: Iterable[type[Metric]] = (),
        runners: Iterable[type[Runner]] = (),
        registries: Registries | None = None,
    ) -> None:
        self.client = storage if isinstance(storage, Client) else Client(storage)
        self.codec = Codec(metrics, runners, registries)
        self.experiments: Notes[KnownExperiment] = Notes()
        self.strategies: Notes[KnownStrategy] = Notes()
        #: Documents of generator runs that are in memory without their large parts.
        self.reduced_runs: Notes[str] = Notes()

    def __repr__(self) -> str:
        return f"Store({self.client.engine.describe()!r})"

    @property
    def db(self) -> Database:
        """The database, its tables checked (and made, in a new SQLite file)."""
        return self.client.db

    def names(self) -> list[str]:
        """The names of the Ax experiments, the oldest first."""
        return experiments.names(self.db)

    def is_stored(self, name: str) -> bool:
        """Whether there is an experiment with this name."""
        return experiments.find(self.db, name) is not None

    def known_of(self, found: experiments.Found, experiment: Experiment) -> KnownExperiment:
        """What is stored of an experiment that is known by its id alone.

        A copy of an experiment, say, or one that came from another process: nobody knows what it
        was when it was loaded, so what is stored counts as that, and what it lacks as left out.
        """
        seen, loaded = rows.read(self.db, found.id)
        head = parse(found.doc, f"ax_experiments.doc of experiment {found.id}")
        known = KnownExperiment(found.id, seen, found.head, found.doc, goals_of(head))
        known.is_skipped = True
        for trial in loaded:
            stored = trial.stored
            known.trials[stored.number] = KnownTrial(
                stored.run_id, stored.version, dict(stored.arms), stored.doc,
                [data_row(stored.number, row) for row in trial.observations],
            )  # fmt: skip
        self.experiments.put(experiment, known)
        return known

    def forget_all(self) -> None:
        """Take what is in memory as new: what was written was undone."""
        for notes in (self.experiments, self.strategies, self.reduced_runs):
            notes.clear()

    def close(self) -> None:
        """Close the connections; the store can be used again."""
        self.client.close()


_by_url: dict[str, Store] = {}
_default: list[Store] = []


def set_default_store(store: Store | Client | str | Path | None) -> None:
    """Choose the store of all functions that are given none; None is the configured database."""
    _default[:] = [] if store is None else [store_of(store)]


def store_of(place: Any) -> Store:
    """The store of a place: the same for the same URL or client, so that it remembers.

    Args:
        place: a store, a client, a URL or path, or None for the default store.

    Raises:
        ConfigError: it is something else, such as the settings of Ax's own SQL store.
    """
    if isinstance(place, Store):
        return place
    if isinstance(place, Client):
        found = vars(place).get(OF_CLIENT) or Store(place)
        vars(place)[OF_CLIENT] = found  # it lives as long as its client
        return found
    if place is None and _default:
        return _default[0]
    _check(place)
    client_config = repr(sorted(resolve(place).items(), key=repr))
    if client_config not in _by_url:
        _by_url[client_config] = Store(place)
    return _by_url[client_config]


def _check(place: Any) -> None:
    if place is not None and not isinstance(place, str | Path | dict):
        raise ConfigError(
            "experiments are stored in a runbase.Client, a Store, or at a URL or path, not in a "
            f"{type(place).__name__}: give storage= and a URL, such as storage='sqlite:///exp.db'"
        )

"""Experiments: what is being studied, and the runs that belong to it."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from .client import Client
from .errors import ConfigError, ConflictError
from .store import documents, experiments, links, views

if TYPE_CHECKING:
    from .run import Run


class Experiment:
    """An experiment, found by id or by name; a name that is new makes a new one.

    Methods return the experiment itself, so that calls can be chained.

    Raises:
        ConfigError: neither id nor name is given.
        NotFoundError: no experiment has this id.
        ConflictError: the experiment with this id has another name.
        InvalidValueError: the name is not text, empty, or longer than 500 characters.
    """

    __module__ = "runbase"

    def __init__(
        self, client: Client, experiment_id: int | None = None, name: str | None = None
    ) -> None:
        self.client = client
        if experiment_id is None:
            if name is None:
                raise ConfigError("an experiment needs its experiment_id or a name")
            self.id = experiments.get_or_create(client.db, name)
        else:
            if isinstance(experiment_id, str):
                raise TypeError(f"an id is a number, not text: say name={experiment_id!r}")
            self.id = operator.index(experiment_id)
            found = experiments.get_name(client.db, self.id)
            if name is not None and name != found:
                raise ConflictError(f"experiment {self.id} is called {found!r}, not {name!r}")

    def __repr__(self) -> str:
        return f"Experiment(id={self.id}, name={self.name!r})"

    @property
    def name(self) -> str:
        """The name, read from the database."""
        return experiments.get_name(self.client.db, self.id)

    def get_run(self, run_id: int | str | None = None) -> Run:
        """A new run, or the one with this id; see `runbase.Run`."""
        from .run import Run

        return Run(self.client, self.id, run_id)

    def set_name(self, name: str) -> Self:
        """Rename the experiment. Raises ConflictError if another one has this name."""
        experiment_set_name(self.client, self.id, name)
        return self

    def set_comment(self, comment: str | None) -> Self:
        """Set the comment; None clears it."""
        experiment_set_comment(self.client, self.id, comment)
        return self

    def set_tags(self, *tags: str) -> Self:
        """Replace all tags."""
        experiment_set_tags(self.client, self.id, *tags)
        return self

    def add_tags(self, *tags: str) -> Self:
        """Add tags to those that are there."""
        experiment_add_tags(self.client, self.id, *tags)
        return self

    def remove_tags(self, *tags: str) -> Self:
        """Remove tags; those that are not there are ignored."""
        experiment_remove_tags(self.client, self.id, *tags)
        return self

    def set_extras(self, extras: Mapping[str, Any] | None) -> Self:
        """Replace all extras: any JSON document. None stores NULL."""
        experiment_set_extras(self.client, self.id, extras)
        return self

    def add_extras(self, extras: Mapping[str, Any] | None = None) -> Self:
        """Add or overwrite extras. None does nothing."""
        experiment_add_extras(self.client, self.id, extras)
        return self

    def remove_extras(self, *names: str) -> Self:
        """Remove extras by name."""
        experiment_remove_extras(self.client, self.id, *names)
        return self

    def add_link(self, kind: str, to_id: int) -> Self:
        """Link to another experiment, for example as "continues"."""
        experiment_add_link(self.client, self.id, kind, to_id)
        return self

    def remove_link(self, kind: str, to_id: int) -> Self:
        """Remove a link to another experiment, if there is one."""
        experiment_remove_link(self.client, self.id, kind, to_id)
        return self

    def create_metrics_view(self, view: str | None = None) -> str:
        """Make a view of the experiment's metrics with a column for each metric it has now.

        It has run_id, step, progress, and also the metrics that live in ``metrics_more``.

        Returns:
            The name of the view: ``metrics_of_`` and the experiment's name, if none is given.
        """
        view = view or self.client.engine.identifier(f"metrics_of_{self.name}")
        views.create_wide(self.client.db, self.id, view)
        return view


def experiment_set_name(client: Client, experiment_id: int, name: str) -> None:
    """Rename an experiment. Raises ConflictError if another one has this name."""
    experiments.set_name(client.db, experiment_id, name)


def experiment_set_comment(client: Client, experiment_id: int, comment: str | None) -> None:
    """Set the comment of an experiment; None clears it."""
    experiments.set_comment(client.db, experiment_id, comment)


def experiment_set_tags(client: Client, experiment_id: int, *tags: str) -> None:
    """Replace all tags of an experiment."""
    documents.put(client.db, "experiments", "tags", experiment_id, documents.tags(tags))


def experiment_add_tags(client: Client, experiment_id: int, *tags: str) -> None:
    """Add tags to those that an experiment has."""
    if tags:
        documents.merge(client.db, "experiments", "tags", experiment_id, documents.tags(tags))


def experiment_remove_tags(client: Client, experiment_id: int, *tags: str) -> None:
    """Remove tags of an experiment; those that are not there are ignored."""
    documents.remove(client.db, "experiments", "tags", experiment_id, documents.tags(tags))


def experiment_set_extras(
    client: Client, experiment_id: int, extras: Mapping[str, Any] | None = None
) -> None:
    """Replace all extras of an experiment; None stores NULL."""
    documents.put(client.db, "experiments", "extras", experiment_id, extras)


def experiment_add_extras(
    client: Client, experiment_id: int, extras: Mapping[str, Any] | None = None
) -> None:
    """Add or overwrite extras of an experiment; None does nothing."""
    if extras:
        documents.merge(client.db, "experiments", "extras", experiment_id, extras)


def experiment_remove_extras(client: Client, experiment_id: int, *names: str) -> None:
    """Remove extras of an experiment by name."""
    documents.remove(client.db, "experiments", "extras", experiment_id, names)


def experiment_add_link(client: Client, from_id: int, kind: str, to_id: int) -> None:
    """Link an experiment to another; a link that exists already stays as it is."""
    links.add(client.db, "experiments", from_id, kind, to_id)


def experiment_remove_link(client: Client, from_id: int, kind: str, to_id: int) -> None:
    """Remove a link between two experiments, if there is one."""
    links.remove(client.db, "experiments", from_id, kind, to_id)

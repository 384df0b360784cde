"""Runs: one try each, with its arguments, its metrics and what became of it."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from . import run_functions as functions
from . import sigterm
from .client import Client
from .errors import ConfigError, NotFoundError
from .experiment import Experiment
from .run_functions import Items, Time
from .store import columns, curves, runs
from .store.curves import Point
from .store.metrics import as_time

if TYPE_CHECKING:
    from .artifacts import Artifact


class Run:
    """A run of an experiment: a new one, or the one with the given id.

    ``run_id`` may be the name of an environment variable with the id. An id that does not
    exist yet is taken if ``experiment_id`` is given. Methods return the run itself, so that
    calls can be chained.

    Raises:
        ConfigError: neither id is given, or the environment variable has no number.
        NotFoundError: the run (without an experiment to make it in) or experiment does not exist.
        ConflictError: the run belongs to another experiment.
    """

    __module__ = "runbase"

    def __init__(
        self,
        client: Client,
        experiment_id: int | None = None,
        run_id: int | str | None = None,
    ) -> None:
        self.client = client
        self._terminated = False
        if isinstance(run_id, str):
            run_id = _id_from_env(run_id)
        if run_id is None:
            if experiment_id is None:
                raise ConfigError("a run needs the experiment_id it belongs to, or its run_id")
            self.experiment_id = operator.index(experiment_id)
            self.id = runs.create(client.db, self.experiment_id)
            return
        self.id = operator.index(run_id)
        if experiment_id is None:
            self.experiment_id = runs.experiment_of(client.db, self.id)
        else:
            self.experiment_id = operator.index(experiment_id)
            runs.create_with_id(client.db, self.id, self.experiment_id)

    def __repr__(self) -> str:
        return f"Run(id={self.id}, experiment_id={self.experiment_id})"

    def add_metrics(
        self,
        metrics: Mapping[str, Any],
        step: int = 0,
        progress: float = 0.0,
        updated: Time = "auto",
    ) -> Self:
        """Add what was measured at one point in time; see `runbase.run_add_metrics`."""
        buffer = self.client.buffer
        if buffer is None or self.client.database.session.levels:
            functions.run_add_metrics(self.client, self.id, metrics, step, progress, updated)
        else:  # the same without the layer between: here each tenth of a microsecond counts
            buffer.add(self.id, metrics, step, progress, updated)
        return self

    def get_metric(self, name: str) -> list[Point]:
        """The curve of one metric: (step, progress, value) in their order, values as logged.

        Raises:
            NotFoundError: no run of this database has such a metric.
        """
        self.client.flush()
        known = columns.refresh(self.client.db)
        if name not in known:
            raise NotFoundError(f"there is no metric {name!r}; there are {', '.join(known)}")
        return curves.read(self.client.db, self.id, known[name])

    def start(
        self,
        terminated: str | None = "CANCELLED",
        started: Time = "auto",
        updated: Time = "auto",
    ) -> Self:
        """Set the status to RUNNING, with the time.

        Should SIGTERM come before `stop`, the status becomes ``terminated`` (None: stays).
        """
        times = as_time(started), as_time(updated)
        runs.start(self.client.db, self.id, *times)
        self._terminated = False
        if terminated is not None:
            sigterm.register(self._key, lambda: self._on_sigterm(terminated))
        return self

    def stop(self, status: str = "COMPLETED", updated: Time = "auto") -> Self:
        """Set the final status, ``time_updated``, and ``time_finished`` to now."""
        self.client.flush()
        now = datetime.now(UTC)
        runs.stop(self.client.db, self.id, status, now, as_time(updated))
        sigterm.deregister(self._key)
        return self

    @contextmanager
    def track(
        self,
        normal: str = "COMPLETED",
        exception: str = "FAILED",
        interrupt: str = "CANCELLED",
        terminated: str = "CANCELLED",
        started: Time = "auto",
        updated: Time = "auto",
    ) -> Iterator[Run]:
        """A block that starts the run and stops it, with a status for each way to end.

        ``normal`` also stands for ``sys.exit()``, ``sys.exit(0)`` and a generator that is closed
        in the block, ``interrupt`` for Ctrl-C, ``exception`` for every other exception, which
        goes on.
        """
        self.start(terminated, started, updated)
        try:
            yield self
        except BaseException as error:
            if not self._terminated:
                self.stop(_status(error, normal, exception, interrupt), updated)
            raise
        if not self._terminated:
            self.stop(normal, updated)

    @property
    def _key(self) -> tuple[str, int, int]:
        return ("runbase.Run", id(self.client), self.id)

    def _on_sigterm(self, status: str) -> None:
        self._terminated = True
        # The signal may have come in the middle of a statement or transaction of this thread.
        with self.client.database.interrupted():
            self.stop(status)

    def set_args(self, args: Items = "auto") -> Self:
        """Replace the arguments; see `runbase.run_set_args`."""
        functions.run_set_args(self.client, self.id, args)
        return self

    def add_args(self, args: Items = "auto") -> Self:
        """Add or overwrite arguments; see `runbase.run_add_args`."""
        functions.run_add_args(self.client, self.id, args)
        return self

    def remove_args(self, *args: Any) -> Self:
        """Remove arguments: names, a dict with these names, or (default) all detected ones."""
        functions.run_remove_args(self.client, self.id, *(args or ["auto"]))
        return self

    def set_env(self, env: Items = "auto", *, redact: bool = True) -> Self:
        """Replace the environment variables; see `runbase.run_set_env`."""
        functions.run_set_env(self.client, self.id, env, redact=redact)
        return self

    def add_env(self, env: Items = "auto", *, redact: bool = True) -> Self:
        """Add or overwrite environment variables; see `runbase.run_set_env`."""
        functions.run_add_env(self.client, self.id, env, redact=redact)
        return self

    def remove_env(self, *env: Any) -> Self:
        """Remove environment variables: names, a dict with these names, or (default) all."""
        functions.run_remove_env(self.client, self.id, *(env or ["auto"]))
        return self

    def set_extras(self, extras: Mapping[str, Any] | None = None) -> Self:
        """Replace the extras: any JSON document. None stores NULL."""
        functions.run_set_extras(self.client, self.id, extras)
        return self

    def add_extras(self, extras: Mapping[str, Any] | None = None) -> Self:
        """Add or overwrite extras. None does nothing."""
        functions.run_add_extras(self.client, self.id, extras)
        return self

    def remove_extras(self, *names: Any) -> Self:
        """Remove extras by name, or by the keys of a dict."""
        functions.run_remove_extras(self.client, self.id, *names)
        return self

    def set_tags(self, *tags: str) -> Self:
        """Replace all tags."""
        functions.run_set_tags(self.client, self.id, *tags)
        return self

    def add_tags(self, *tags: str) -> Self:
        """Add tags to those that are there."""
        functions.run_add_tags(self.client, self.id, *tags)
        return self

    def remove_tags(self, *tags: str) -> Self:
        """Remove tags; those that are not there are ignored."""
        functions.run_remove_tags(self.client, self.id, *tags)
        return self

    def add_link(self, kind: str, to_id: int) -> Self:
        """Link to another run, for example as "resumes"."""
        functions.run_add_link(self.client, self.id, kind, to_id)
        return self

    def remove_link(self, kind: str, to_id: int) -> Self:
        """Remove a link to another run, if there is one."""
        functions.run_remove_link(self.client, self.id, kind, to_id)
        return self

    def add_artifact(
        self, artifact: Any, name: str | None = None, *, mimetype: str | None = None
    ) -> Artifact:
        """Store a file or an object as a file of this run.

        The bytes are safe on the disk before the row is committed. A name that the run has
        already gets a new version, and the old ones stay.

        Args:
            artifact: the path of a file; or bytes, text, a dict or list (as JSON), a pandas
                DataFrame (Parquet, or CSV without pyarrow), a figure of matplotlib (PNG) or
                Plotly (JSON), a picture of Pillow or a numpy array of one (PNG). Text that is
                a single word with an ending, such as "model.pt", is a path.
            name: by default that of the file. Folders in it are fine: "plots/loss.svg". For
                objects its ending chooses the format, and without one it gets the usual one.
            mimetype: the type of the bytes; by default what the name says.

        Raises:
            ConfigError: the database is on a server, and no place for files is configured.
            InvalidValueError: there is no such file, or this cannot be stored under this name.
            NotFoundError: the run was deleted.
        """
        from . import artifacts

        return artifacts.add(self.client, self.id, artifact, name, mimetype=mimetype)

    def add_artifacts(
        self, folder: str | os.PathLike[str], name: str | None = None
    ) -> list[Artifact]:
        """Store each file in a folder and below; names are their paths in it, below ``name``.

        Raises:
            InvalidValueError: there is no such folder, or a name in it cannot be used; then
                nothing is stored.
        """
        from . import artifacts

        return artifacts.add_folder(self.client, self.id, folder, name)

    def artifacts(self, *, versions: bool = False) -> list[Artifact]:
        """The files of this run by name: the newest of each, or (``versions``) all, newest first.

        Raises:
            NotFoundError: the run was deleted.
        """
        from . import artifacts

        return artifacts.of(self.client, self.id, versions=versions)

    def get_artifact(self, name: str) -> Artifact:
        """The newest file of this run with this name.

        Raises:
            NotFoundError: there is none.
        """
        from . import artifacts

        return artifacts.find(self.client, self.id, name)

    def remove_artifact(self, artifact: Artifact | str) -> Self:
        """Delete a file of this run: this one, or all versions with a name.

        Raises:
            NotFoundError: there is none.
        """
        from . import artifacts

        artifacts.remove_from(self.client, self.id, artifact)
        return self

    def set_name(self, name: str | None) -> Self:
        """Set the name, which need not be unique; None clears it."""
        functions.run_set_name(self.client, self.id, name)
        return self

    def set_comment(self, comment: str | None) -> Self:
        """Set the comment; None clears it."""
        functions.run_set_comment(self.client, self.id, comment)
        return self

    def set_status(self, status: str) -> Self:
        """Set the status: PLANNED, RUNNING, COMPLETED, FAILED, ... or any other text."""
        functions.run_set_status(self.client, self.id, status)
        return self

    def set_created(self, dt: Time = "auto") -> Self:
        """Set ``time_created``; "auto" is now, None does nothing, naive times are local."""
        functions.run_set_created(self.client, self.id, dt)
        return self

    def set_started(self, dt: Time = "auto") -> Self:
        """Set ``time_started``; "auto" is now, None does nothing, naive times are local."""
        functions.run_set_started(self.client, self.id, dt)
        return self

    def set_updated(self, dt: Time = "auto") -> Self:
        """Set ``time_updated``; "auto" is now, None does nothing, naive times are local."""
        functions.run_set_updated(self.client, self.id, dt)
        return self


def run_from_env(client: Client) -> Run:
    """The run that the environment names, made if it does not exist.

    ``RUNBASE_EXPERIMENT_NAME`` or ``RUNBASE_EXPERIMENT_ID`` say which experiment,
    ``RUNBASE_RUN_ID`` (optional) which run of it. ``SQLTRACK_*`` counts where the same variable
    of Runbase is not set.

    Raises:
        ConfigError: none of them is set, or an id is not a number.
    """
    name, experiment, run = _from_env("EXPERIMENT_NAME", "EXPERIMENT_ID", "RUN_ID")
    if name is None and experiment is None and run is None:
        raise ConfigError(
            "set RUNBASE_EXPERIMENT_NAME or RUNBASE_EXPERIMENT_ID (and RUNBASE_RUN_ID to go on "
            "with a run)"
        )
    run_id = None if run is None else _number("RUNBASE_RUN_ID", run)
    if name is None and experiment is None:
        return Run(client, run_id=run_id)
    id = None if experiment is None else _number("RUNBASE_EXPERIMENT_ID", experiment)
    return Experiment(client, id, name).get_run(run_id)


def _from_env(*names: str) -> list[str | None]:
    env = os.environ
    return [env.get(f"RUNBASE_{n}") or env.get(f"SQLTRACK_{n}") or None for n in names]


def _id_from_env(variable: str) -> int:
    text = os.environ.get(variable)
    if text is None:
        raise ConfigError(f"the environment variable {variable} is not set: it holds the run's id")
    return _number(variable, text)


def _number(variable: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ConfigError(f"{variable} is {text!r}, which is not the number of a row") from error


def _status(error: BaseException, normal: str, exception: str, interrupt: str) -> str:
    if isinstance(error, KeyboardInterrupt):
        return interrupt
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return normal
    return normal if isinstance(error, GeneratorExit) else exception

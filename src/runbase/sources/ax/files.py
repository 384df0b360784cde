"""Reads Ax's JSON files: snapshots of its clients, and experiments alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ConfigError, CorruptDatabaseError, NotFoundError, RunbaseError
from ...store.ax import frames
from ...store.ax.observations import Observation

Json = Any
SQLITE = b"SQLite format 3\0"
HINT = (
    "give a file of Ax's: a snapshot of Client.save_to_json_file or AxClient.save_to_json_file, or "
    "an experiment of save_experiment"
)
#: What comes of looking for something in a document that has something else in its place.
_DAMAGED = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


class Snapshot(NamedTuple):
    """A file of Ax's, taken apart."""

    #: The experiment without its trials and their data.
    head: dict[str, Json]
    #: Documents by the trial's index.
    trials: dict[int, Json]
    observations: dict[int, list[Observation]]
    #: The generation strategy without its experiment and what it generated, if there is one.
    strategy: dict[str, Json] | None
    generated: list[Json]


def is_sqlite(path: Path) -> bool:
    """Whether a file is an SQLite database.

    Raises:
        ConfigError: it is a directory.
        NotFoundError: there is no such file.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a directory: give a file in it")
    if not path.exists():
        raise NotFoundError(f"there is no file {path}: check the path")
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def read_file(path: Path) -> Snapshot:
    """The experiment in a JSON file, and its generation strategy if the file has one.

    Raises:
        NotFoundError: there is no such file.
        ConfigError: the file is none of Ax's, or has no experiment.
        CorruptDatabaseError: a part of it is damaged; the message names it.
    """
    if is_sqlite(path):
        raise ConfigError(f"{path} is a database, no JSON: {HINT}")
    document = _document(path)
    experiment, strategy = document, None
    if "_type" in document or "__type" not in document:
        if "experiment" not in document:
            raise ConfigError(f"{path} has no experiment: {HINT}")
        experiment, strategy = document["experiment"], document.get("generation_strategy")
    if experiment is None:
        raise ConfigError(
            f"{path} is a snapshot of a client that had no experiment yet: there is nothing in it"
        )
    if not _is_experiment(experiment):
        raise ConfigError(f"{path} has no experiment: {HINT}")
    return _apart(path, dict(experiment), strategy)


def _document(path: Path) -> dict[str, Json]:
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no JSON, or not all of it ({error}): {HINT}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path} is JSON, but not of Ax: {HINT}")
    return document


def _is_experiment(value: Json) -> bool:
    return (
        isinstance(value, dict)
        and str(value.get("__type", "")).endswith("Experiment")
        and isinstance(value.get("trials"), dict)
    )


def _apart(path: Path, head: dict[str, Json], strategy: Json) -> Snapshot:
    trials = {_index(path, key, doc): doc for key, doc in head.pop("trials").items()}
    observations = _observations(path, head.pop("data_by_trial", None) or {})
    if strange := sorted(observations.keys() - trials.keys()):
        raise CorruptDatabaseError(
            f"{path} is damaged: it has data of trial {strange[0]}, but no such trial"
        )
    if strategy is None:
        return Snapshot(head, trials, observations, None, [])
    if not isinstance(strategy, dict) or not isinstance(strategy.get("name"), str):
        raise CorruptDatabaseError(f"{path} is damaged: its generation strategy is none")
    rest = {k: v for k, v in strategy.items() if k not in ("experiment", "generator_runs")}
    return Snapshot(head, trials, observations, rest, strategy.get("generator_runs") or [])


def _index(path: Path, key: str, doc: Json) -> int:
    if not isinstance(doc, Mapping) or str(doc.get("index")) != key:
        raise CorruptDatabaseError(f"{path} is damaged: its trial {key} is none of that number")
    return int(key)


def _observations(path: Path, data_by_trial: Mapping[str, Json]) -> dict[int, list[Observation]]:
    found: dict[int, list[Observation]] = {}
    with reading(path, "data_by_trial"):
        items = data_by_trial.items()
    for trial, tables in items:
        with reading(path, f"the table of data of trial {trial}"):
            for index, rows in frames.read({trial: tables}).items():
                found.setdefault(index, []).extend(rows)
    return found


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """A block that reads a part of a file.

    Raises:
        CorruptDatabaseError: the block found something else than it looked for.
    """
    try:
        yield
    except RunbaseError:
        raise
    except _DAMAGED as error:
        raise CorruptDatabaseError(
            f"{path} is damaged: {what} is not as Ax writes it ({type(error).__name__}: {error})"
        ) from error

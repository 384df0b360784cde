"""Reads SQLite databases of Ax's own SQL store through Ax, also those that it cannot open."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import CorruptDatabaseError, NotFoundError, RunbaseError
from ...store.ax import frames
from .files import reading
from .upgrade import upgraded_copy, url_of

if TYPE_CHECKING:
    from ax.core.data import Data
    from ax.core.experiment import Experiment
    from ax.generation_strategy.generation_strategy import GenerationStrategy
    from ax.storage.sqa_store.sqa_config import SQAConfig

DATA = """
SELECT d.trial_index, d.time_created, d.data_json, d.structure_metadata_json
  FROM data_v2 AS d
  JOIN experiment_v2 AS e ON e.id = d.experiment_id
 WHERE e.name = ?
 ORDER BY d.trial_index, d.id
"""
METRICS = "SELECT metric_type, name FROM metric_v2 ORDER BY id"
RUNNERS = """
SELECT r.runner_type, 'of ' || COALESCE(e.name, 'trial ' || t."index", '?')
  FROM runner AS r
  LEFT JOIN experiment_v2 AS e ON e.id = r.experiment_id
  LEFT JOIN trial_v2 AS t ON t.id = r.trial_id
 ORDER BY r.id
"""


class Found(NamedTuple):
    """An experiment of the database, and its generation strategy if it has one."""

    experiment: Experiment
    strategy: GenerationStrategy | None


@contextmanager
def opened(file: Path, config: Any = None) -> Iterator[OldDatabase]:
    """An SQLite database of Ax's SQL store, or rather a copy of it.

    Args:
        file: the database, which is never changed.
        config: Ax's ``SQAConfig``, with the numbers that classes of users' own have there; by
            default they are those that Ax gives to the classes that are registered.

    Raises:
        ConfigError: the database has no tables of Ax's.
        CorruptDatabaseError: it is damaged.
        MissingExtraError: Ax or SQLAlchemy is not installed.
    """
    with upgraded_copy(file) as copy:
        from ax.storage.sqa_store.db import session_context

        with session_context(url=url_of(copy)):
            yield OldDatabase(file, copy, config or _config())


def _config() -> SQAConfig:
    """Ax's configuration, with the classes that are registered for Runbase's stores."""
    from ax.core.metric import Metric
    from ax.core.runner import Runner
    from ax.storage.json_store.registry import CORE_DECODER_REGISTRY
    from ax.storage.metric_registry import CORE_METRIC_REGISTRY
    from ax.storage.runner_registry import CORE_RUNNER_REGISTRY
    from ax.storage.sqa_store.sqa_config import SQAConfig
    from ax.storage.utils import stable_hash

    from ...ax.registry import registries

    known = registries()
    # As Ax numbers classes for which no number is given.
    own = {
        cls: abs(stable_hash(name)) % 10**5
        for name, cls in known.decoders.items()
        if name not in CORE_DECODER_REGISTRY
    }
    return SQAConfig(
        json_encoder_registry=known.encoders,
        json_decoder_registry=known.decoders,
        metric_registry=CORE_METRIC_REGISTRY
        | {c: n for c, n in own.items() if issubclass(c, Metric)},
        runner_registry=CORE_RUNNER_REGISTRY
        | {c: n for c, n in own.items() if issubclass(c, Runner)},
    )


class OldDatabase:
    """What is in a database of Ax's."""

    def __init__(self, file: Path, copy: Path, config: SQAConfig) -> None:
        self.file, self.copy, self.config = file, copy, config

    def names(self, wanted: Sequence[str] | None = None) -> list[str]:
        """The names of all experiments, or those that are ``wanted``.

        Raises:
            NotFoundError: there is none of a name.
        """
        names = [name for (name,) in self._rows("SELECT name FROM experiment_v2 ORDER BY id")]
        if missing := [name for name in wanted or () if name not in names]:
            known = ", ".join(map(repr, names[:10])) or "none at all"
            raise NotFoundError(
                f"there is no experiment {missing[0]!r} in {self.file}, which has {known}"
                f"{' and others' if len(names) > 10 else ''}"
            )
        return names if wanted is None else list(dict.fromkeys(wanted))

    def read(self, name: str) -> Found:
        """An experiment, as if it was new.

        Raises:
            UnregisteredClassError: it has an object of a class that nobody registered.
            CorruptDatabaseError: Ax cannot read it.
        """
        try:
            found = self._read(name)
        except Exception as error:
            raise self._unreadable(name, error) from error
        # Ax takes the times of older files for others, and some numbers for their neighbours.
        found.experiment.data = self._data(name)
        # The ids of the old database mean something else in the new one.
        for obj in (found.experiment, found.strategy, *found.experiment.trials.values()):
            if obj is not None:
                obj._db_id = None
        return found

    def _read(self, name: str) -> Found:
        from ax.exceptions.core import ObjectNotFoundError
        from ax.storage.sqa_store.load import (
            load_experiment,
            load_generation_strategy_by_experiment_name,
        )

        experiment = load_experiment(name, config=self.config)
        try:
            strategy = load_generation_strategy_by_experiment_name(
                name, config=self.config, experiment=experiment
            )
        except ObjectNotFoundError:
            return Found(experiment, None)
        return Found(experiment, strategy)

    def _data(self, name: str) -> Data:
        from ax.core.data import Data

        from ...ax.data import data_row

        by_trial: dict[str, dict[str, Any]] = {}
        with reading(self.file, f"the data of experiment {name!r}"):
            for trial, time, table, structure in self._rows(DATA, name):
                tables = by_trial.setdefault(str(trial), {})
                tables[str(time)] = json.loads(structure or "{}") | {"df": {"value": table}}
            found = frames.read(by_trial)
        return Data(
            data_rows=[
                data_row(trial, row) for trial, rows in sorted(found.items()) for row in rows
            ]
        )

    def _unknown_class(self) -> RunbaseError | None:
        """The error for a number of a class that nobody knows; Ax's does not say whose it is."""
        for kind, known, query in (
            ("metric", self.config.reverse_metric_registry, METRICS),
            ("runner", self.config.reverse_runner_registry, RUNNERS),
        ):
            for number, owner in self._rows(query):
                if number not in known:
                    return self._unknown(kind, number, owner)
        return None

    def _unknown(self, kind: str, number: int, owner: str) -> RunbaseError:
        from ...ax.errors import UnregisteredClassError

        return UnregisteredClassError(
            f"the {kind} {owner} in {self.file} is of a class that Ax does not know, number "
            f"{number} there: register the class with runbase.ax.register_{kind}(CLASS) and call "
            "runbase.sources.ax.import_database in the same program; if the class got a number of "
            "its own then, give that Ax's SQAConfig as config="
        )

    def _rows(self, sql: str, *parameters: Any) -> list[Any]:
        with closing(sqlite3.connect(self.copy)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def _unreadable(self, name: str, error: Exception) -> RunbaseError:
        from ...ax.errors import UnregisteredClassError

        text = " ".join(str(error).split())
        if "invalid type" in text and (unknown := self._unknown_class()):
            return unknown
        if "has a type " in text:
            cls = text.partition("has a type ")[2].partition(" ")[0]
            return UnregisteredClassError(
                f"the experiment {name!r} in {self.file} has a {cls}, which Ax does not know: "
                f"register the class with runbase.ax.register_metric({cls}) or "
                f"runbase.ax.register_runner({cls}), and import it in the same program with "
                "runbase.sources.ax.import_database"
            )
        return CorruptDatabaseError(
            f"Ax cannot read the experiment {name!r} in {self.file}: "
            f"{type(error).__name__}: {text:.500}"
        )

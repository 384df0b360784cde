"""Loading experiments and strategies, whole or as far as others changed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.generation_strategy.generation_strategy import GenerationStrategy

from ..errors import CorruptDatabaseError, RunbaseError
from ..store.ax import experiments, strategies
from ..store.ax import read as rows
from ..store.ax.goals import goals_of
from ..store.ax.read import Loaded, parse
from ..store.ax.strategies import Reference
from . import reduced, repairs, versions
from .data import data_row
from .errors import (
    ExperimentConflictError,
    ExperimentNotFoundError,
    ObjectNotFoundError,
    UnregisteredClassError,
)
from .known import KnownExperiment, KnownStrategy, KnownTrial

if TYPE_CHECKING:
    from .store import Store


def find(store: Store, name: str) -> experiments.Found:
    """The row of the experiment with this name.

    Raises:
        ExperimentNotFoundError: there is none; the message names those that there are.
    """
    if found := experiments.find(store.db, name):
        return found
    raise ExperimentNotFoundError(
        f"Experiment '{name}' not found in {store.client.engine.describe()}: "
        f"{_there(experiments.names(store.db))}"
    )


def load_experiment(
    store: Store, name: str, *, is_reduced: bool, is_skipped: bool, with_auxiliary: bool
) -> Experiment:
    """The experiment with this name.

    Raises:
        ExperimentNotFoundError: there is none.
        UnregisteredClassError: it has metrics or runners of a class that is not registered.
        NewerAxError: a newer Ax wrote it.
        CorruptDatabaseError: a document is damaged; the message names its row.
    """
    found = find(store, name)
    seen, loaded = rows.read(store.db, found.id, before=found.version)
    if seen != found.version:  # the head may have changed meanwhile
        found = experiments.read(store.db, found.id) or found
    head = _head(found, name)
    known = KnownExperiment(found.id, seen, found.head, found.doc, goals_of(head))
    known.is_skipped, known.is_alone = is_skipped, not with_auxiliary
    known.reduced = {trial.stored.number for trial in loaded} if is_reduced else set()
    if is_skipped:
        reduced.skip_in_head(head)
    data = {trial.stored.number: _rows(trial) for trial in loaded}
    lookup = _lookup(store, name, is_reduced, is_skipped) if with_auxiliary else _nothing
    with naming(f"the experiment {name!r} (ax_experiments.doc of experiment {found.id})"):
        experiment = store.codec.experiment(
            repairs.with_plain_dicts(head), {}, _chained(data), lookup
        )
    _add_trials(store, experiment, loaded, known)
    _remember(experiment, known, loaded, data)
    experiment._db_id = found.id
    store.experiments.put(experiment, known)
    return experiment


def refresh(store: Store, experiment: Experiment) -> bool:
    """Bring an experiment up to date with what other programs saved; whether there was something.

    Trials that changed are new objects. A head that changed makes this impossible.

    Raises:
        ExperimentConflictError: the head was changed, or the experiment deleted.
    """
    known = store.experiments.get(experiment)
    if known is None:
        raise ExperimentConflictError(
            f"the experiment {experiment._name!r} was not loaded from this store or saved in it"
        )
    version = experiments.version(store.db, known.id)
    if version == known.seen:
        return False
    seen, loaded = rows.read(store.db, known.id, known.seen)
    found = experiments.read(store.db, known.id)  # last, to be no older than the trials
    if found is None or found.head != known.head:
        what = "deleted" if found is None else "changed"
        raise ExperimentConflictError(
            f"the experiment {experiment._name!r} was {what} by another program: load it again"
        )
    changed = [trial for trial in loaded if _is_new(known, trial)]
    data = {trial.stored.number: _rows(trial) for trial in changed}
    _add_trials(store, experiment, changed, known)
    experiment._trials = dict(sorted(experiment._trials.items()))
    kept = [row for row in experiment.data._data_rows if row.trial_index not in data]
    experiment.data = Data(data_rows=[*kept, *_chained(data)])
    _remember(experiment, known, changed, data)
    known.seen = seen
    return True


def _is_new(known: KnownExperiment, trial: Loaded) -> bool:
    before = known.trials.get(trial.stored.number)
    return before is None or before.version != trial.stored.version


def _there(names: list[str]) -> str:
    if not names:
        return "there are no Ax experiments"
    listed = ", ".join(repr(name) for name in names[:8])
    return f"there are {listed}{', ...' if len(names) > 8 else ''}"


def _head(found: experiments.Found, name: str) -> Any:
    what = f"ax_experiments.doc of experiment {found.id} ({name!r})"
    versions.check(found.ax_version, what)
    return parse(found.doc, what)


def _doc(trial: Loaded, name: str, known: KnownExperiment) -> Any:
    stored = trial.stored
    what = f"ax_trials.doc of run {stored.run_id} (trial {stored.number} of {name!r})"
    versions.check(stored.ax_version, what)
    doc = parse(stored.doc, what)
    if stored.number in known.reduced:
        reduced.reduce_trial(doc)
    if known.is_skipped:
        reduced.skip_in_trial(doc)
    return repairs.with_plain_dicts(doc) if '"plain"' in stored.doc else doc


def _add_trials(
    store: Store, experiment: Experiment, loaded: Iterable[Loaded], known: KnownExperiment
) -> None:
    shared: dict[str, Any] = {}
    for trial in loaded:
        number, run_id = trial.stored.number, trial.stored.run_id
        doc = _doc(trial, experiment.name, known)
        with naming(f"trial {number} of {experiment.name!r} (ax_trials.doc of run {run_id})"):
            store.codec.add_trial(experiment, number, doc, shared)


def _rows(trial: Loaded) -> list[DataRow]:
    return [data_row(trial.stored.number, row) for row in trial.observations]


def _chained(data: dict[int, list[DataRow]]) -> list[DataRow]:
    return [row for number in sorted(data) for row in data[number]]


def _remember(
    experiment: Experiment,
    known: KnownExperiment,
    loaded: Iterable[Loaded],
    data: dict[int, list[DataRow]],
) -> None:
    for trial in loaded:
        stored = trial.stored
        known.trials[stored.number] = KnownTrial(
            stored.run_id, stored.version, dict(stored.arms), stored.doc, data[stored.number],
        )  # fmt: skip
        experiment._trials[stored.number]._db_id = stored.run_id


def _lookup(store: Store, name: str, is_reduced: bool, is_skipped: bool) -> Any:
    def lookup(other: str) -> Experiment | None:
        if other == name or experiments.find(store.db, other) is None:
            return None
        return load_experiment(
            store, other, is_reduced=is_reduced, is_skipped=is_skipped, with_auxiliary=False
        )

    return lookup


def _nothing(name: str) -> None:
    return None


def expect(cls: type[Any], found: Any) -> Any:
    """What was decoded, which must be of a class.

    Raises:
        TypeError: it is of another.
    """
    if not isinstance(found, cls):
        raise TypeError(f"it is no {cls.__name__}, but {type(found).__name__}")
    return found


@contextmanager
def naming(what: str) -> Iterator[None]:
    """A block whose errors say what was loaded; what is no JSON of Ax's makes many of them."""
    try:
        yield
    except UnregisteredClassError as error:
        raise UnregisteredClassError(
            f"{what} cannot be loaded: {error}; skip_runners_and_metrics=True loads the experiment "
            "without them"
        ) from error
    except RunbaseError:
        raise
    except Exception as error:
        raise CorruptDatabaseError(
            f"{what} cannot be read by Ax {versions.INSTALLED}: {type(error).__name__}: {error}"
        ) from error


# ---- generation strategies


def load_strategy(
    store: Store, found: strategies.Found, experiment: Experiment | None, *, is_reduced: bool
) -> GenerationStrategy:
    """A strategy with its generator runs, those of trials being the trials' own.

    Raises:
        UnregisteredClassError, NewerAxError, CorruptDatabaseError: as `load_experiment`.
    """
    found, references = _at_one_moment(store, found, experiment)
    what = f"ax_strategies.doc of strategy {found.id}"
    versions.check(found.ax_version, what)
    doc = repairs.with_plain_dicts(parse(found.doc, what))
    last = references[-1].ordinal if references else -1
    known = KnownStrategy(found.id, found.doc, found.version, len(references), last + 1)
    runs = []
    for index, reference in enumerate(references):
        if reference.doc is not None:
            known.pending[reference.ordinal] = index
        without = is_reduced and reference.ordinal != last
        runs.append(_run(store, reference, experiment, found.id, is_reduced=without))
    with naming(what):
        strategy = store.codec.strategy_of(doc, experiment, runs)
    strategy._db_id = found.id
    store.strategies.put(strategy, known)
    return strategy


def _at_one_moment(
    store: Store, found: strategies.Found, experiment: Experiment | None
) -> tuple[strategies.Found, list[Reference]]:
    """A strategy with what it generated; the experiment gets the trials that came in meanwhile.

    Raises:
        ExperimentConflictError: it cannot, since its head was changed as well.
    """
    references = strategies.generated(store.db, found.id)
    while any(reference.version != found.version for reference in references):
        found = strategies.read(store.db, found.id)
        references = strategies.generated(store.db, found.id)
    if experiment is not None and store.experiments.get(experiment) is not None:
        here = experiment._trials.keys()
        if any(each.trial is not None and each.trial not in here for each in references):
            refresh(store, experiment)
    return found, references


def _run(
    store: Store,
    reference: Reference,
    experiment: Experiment | None,
    id: int,
    *,
    is_reduced: bool,
) -> GeneratorRun:
    if reference.doc is None:
        if experiment is None or reference.trial not in experiment.trials:
            raise ObjectNotFoundError(
                f"generator run {reference.ordinal} of strategy {id} is that of trial "
                f"{reference.trial}, which the experiment has not"
            )
        return experiment.trials[reference.trial].generator_runs[reference.position or 0]
    what = f"ax_generator_runs.doc {reference.ordinal} of strategy {id}"
    doc = parse(reference.doc, what)
    with naming(what):
        if is_reduced:
            reduced.reduce_run(doc)
        run: GeneratorRun = expect(GeneratorRun, store.codec.decode(doc))
    if is_reduced:
        store.reduced_runs.put(run, reference.doc)
    return run


def load_both(
    store: Store,
    name: str,
    *,
    is_reduced: bool = False,
    is_skipped: bool = False,
    with_auxiliary: bool = True,
) -> tuple[Experiment, GenerationStrategy | None]:
    """An experiment and its newest strategy, if it has one; see `load_experiment`."""
    while True:
        experiment = load_experiment(
            store, name, is_reduced=is_reduced, is_skipped=is_skipped,
            with_auxiliary=with_auxiliary,
        )  # fmt: skip
        known = store.experiments.get(experiment)
        assert known is not None
        found = strategies.last_of(store.db, known.id)
        if found is None:
            return experiment, None
        with suppress(ExperimentConflictError):  # its head was changed meanwhile
            return experiment, load_strategy(store, found, experiment, is_reduced=is_reduced)

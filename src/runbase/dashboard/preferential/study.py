"""Studies in which people compare trials, in place of objective functions."""

from __future__ import annotations

import copy
import operator
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...client import Client
from ...config import is_url
from ...errors import InvalidValueError, NotFoundError, RunbaseError, require
from ..place import Place
from . import answers, attrs

require("optuna", "preferential")

import optuna  # noqa: E402
from optuna.exceptions import DuplicatedStudyError  # noqa: E402
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import BaseTrial, FrozenTrial, Trial, TrialState  # noqa: E402

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage


#: Trials in other states are not shown to people.
LOOKED_AT = (TrialState.COMPLETE, TrialState.RUNNING)


class PreferentialStudy:
    """A study whose trials people compare; made by `create_study` and `load_study`."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study

    @property
    def _place(self) -> Place:
        return Place(self._study._storage, self._study._study_id, None)

    @property
    def study_name(self) -> str:
        """The name of the study."""
        return self._study.study_name

    @property
    def user_attrs(self) -> dict[str, Any]:
        """The user attributes of the study."""
        return self._study.user_attrs

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of all trials, by number."""
        return self._study.trials

    @property
    def best_trials(self) -> list[FrozenTrial]:
        """The trials that won a comparison, or equal one that did, and lost none, by number.

        Those that were skipped, failed or were not run are not among them.
        """
        stored = self._place.attrs()  # before the trials, so that all of them are there
        best, skipped = attrs.best(stored), attrs.skipped(stored)
        return [
            copy.deepcopy(trial)
            for trial in self.get_trials(False, LOOKED_AT)
            if trial.number in best and trial._trial_id not in skipped
        ]

    @property
    def candidates(self) -> list[FrozenTrial]:
        """Copies of the trials that wait for people to compare them, by number.

        A trial waits while it runs or is complete, until an answer says that it is worse than
        another one or equals an earlier one, or somebody skips it.
        """
        return copy.deepcopy(self._candidates(self._place.attrs()))

    @property
    def preferences(self) -> list[tuple[FrozenTrial, FrozenTrial]]:
        """Pairs of a better and a worse trial, copies of them."""
        return self.get_preferences(deepcopy=True)

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """All trials, or those in some states, by number.

        Args:
            deepcopy: copies of them; else they must not be changed.
            states: by default all.
        """
        return self._study.get_trials(deepcopy, states)

    def ask(self, fixed_distributions: dict[str, BaseDistribution] | None = None) -> Trial:
        """A new trial, or the first one in the queue, to suggest parameters with.

        Args:
            fixed_distributions: parameters that are suggested at once.
        """
        return self._study.ask(fixed_distributions)

    def add_trial(self, trial: FrozenTrial) -> None:
        """Add a trial that was made elsewhere."""
        self._study.add_trial(trial)

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Add trials that were made elsewhere."""
        self._study.add_trials(trials)

    def enqueue_trial(
        self,
        params: dict[str, Any],
        user_attrs: dict[str, Any] | None = None,
        skip_if_exists: bool = False,
    ) -> None:
        """Queue a trial: the next `ask` gets these parameters.

        Args:
            params: some or all parameters.
            user_attrs: of the queued trial.
            skip_if_exists: do nothing if there is a trial with these parameters.
        """
        self._study.enqueue_trial(params, user_attrs, skip_if_exists)

    def report_preference(
        self,
        better_trials: BaseTrial | Sequence[BaseTrial],
        worse_trials: BaseTrial | Sequence[BaseTrial],
    ) -> None:
        """Say that each of some trials is better than each of some others.

        The trials become complete, and the dashboard shows it among the answers of people, where
        it can be removed.

        Raises:
            InvalidValueError: a trial is among the better and the worse ones, one side is empty, or
                has something else than trials; or a trial waits to be run, failed or was pruned.
            NotFoundError: a trial is none of this study's.
        """
        better, worse = self._numbers(better_trials), self._numbers(worse_trials)
        if not better or not worse:
            raise InvalidValueError("a preference needs a better and a worse trial at least")
        if both := set(better) & set(worse):
            raise InvalidValueError(f"trial {min(both)} cannot be better than itself")
        pairs = [(b, w) for b in better for w in worse]
        answers.keep(self._place, answers.new("Reported", [*better, *worse], pairs=pairs))

    def get_preferences(self, *, deepcopy: bool = True) -> list[tuple[FrozenTrial, FrozenTrial]]:
        """Pairs of a better and a worse trial, of all answers that count.

        Args:
            deepcopy: copies of the trials; else they must not be changed.
        """
        pairs = attrs.pairs(self._place.attrs())  # before the trials, so that all of them are there
        trials = self.get_trials(deepcopy=deepcopy)
        return [(trials[b], trials[w]) for b, w in pairs if max(b, w) < len(trials)]

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set a user attribute of the study to something that JSON can hold."""
        self._study.set_user_attr(key, value)

    def should_generate(self) -> bool:
        """Whether fewer than ``n_generate`` trials wait for people, so that another one is due.

        See `candidates`.
        """
        stored = self._place.attrs()  # before the trials, so that all of them are there
        return len(self._candidates(stored)) < (attrs.n_generate(stored) or 0)

    def _candidates(self, stored: attrs.Attrs) -> list[FrozenTrial]:
        retired, skipped = attrs.retired(stored), attrs.skipped(stored)
        return [
            trial
            for trial in self.get_trials(False, LOOKED_AT)
            if trial.number not in retired and trial._trial_id not in skipped
        ]

    def _numbers(self, given: BaseTrial | Iterable[BaseTrial]) -> list[int]:
        """The numbers of trials of this study."""
        trials = list(given) if isinstance(given, Iterable) else [given]
        for trial in trials:
            if not isinstance(trial, BaseTrial):
                raise InvalidValueError(f"a preference is between trials, not {trial!r}")
        numbers = [trial.number for trial in trials]
        for trial, id in zip(trials, answers.ids(self._place, numbers), strict=True):
            if getattr(trial, "_trial_id", None) != id:
                raise NotFoundError(f"trial {trial.number} is one of another study")
        return list(dict.fromkeys(numbers))


def create_study(
    *,
    n_generate: int,
    storage: str | BaseStorage | Client | None = None,
    sampler: BaseSampler | None = None,
    study_name: str | None = None,
    load_if_exists: bool = False,
) -> PreferentialStudy:
    """Create a study whose trials people compare.

    Args:
        n_generate: how many trials are to wait for people, see `PreferentialStudy.should_generate`.
        storage: as ``optuna.create_study`` takes it, the URL of a Runbase database, or a
            `runbase.Client`; by default the study is in memory.
        sampler: by default a `PreferentialGPSampler`; most others do not learn from preferences.
        study_name: by default one is made up.
        load_if_exists: load the study of this name if there is one; it keeps its ``n_generate``. An
            empty one without attributes that minimises one value is taken for what somebody who was
            stopped left behind, and becomes preferential.

    Raises:
        InvalidValueError: ``n_generate`` is below 1, or the study to load is not preferential.
        optuna.exceptions.DuplicatedStudyError: the name is taken, and ``load_if_exists`` not given.
        MissingExtraError: NumPy or SciPy is not installed.
    """
    n_generate = _count(n_generate)
    opened = None if storage is None else _opened(storage)
    sampler = sampler or _default_sampler()
    try:
        study = optuna.create_study(storage=opened, sampler=sampler, study_name=study_name)
    except DuplicatedStudyError:
        if not load_if_exists or opened is None:
            raise
        study = optuna.load_study(study_name=study_name, storage=opened, sampler=sampler)
        if not _is_unfinished(study):
            return _preferential(study)
    place = Place(study._storage, study._study_id, None)
    place.write({attrs.N_GENERATE: n_generate, attrs.IS_PREFERENTIAL: True})
    return PreferentialStudy(study)


def load_study(
    *,
    study_name: str | None,
    storage: str | BaseStorage | Client,
    sampler: BaseSampler | None = None,
) -> PreferentialStudy:
    """Load a study that `create_study` has made, or that of Optuna Dashboard.

    Args:
        study_name: may be None if there is only one study.
        storage: where it is, see `create_study`.
        sampler: by default a `PreferentialGPSampler`.

    Raises:
        KeyError: there is no such study.
        InvalidValueError: it is not preferential.
        MissingExtraError: NumPy or SciPy is not installed.
    """
    return _preferential(
        optuna.load_study(
            study_name=study_name, storage=_opened(storage), sampler=sampler or _default_sampler()
        )
    )


def _preferential(study: optuna.Study) -> PreferentialStudy:
    attrs.check_preferential(study._storage.get_study_system_attrs(study._study_id))
    return PreferentialStudy(study)


def _is_unfinished(study: optuna.Study) -> bool:
    """Whether somebody is about to make it preferential, or was killed before that."""
    stored = study._storage.get_study_system_attrs(study._study_id)
    is_new = study.directions == [StudyDirection.MINIMIZE] and not study.user_attrs
    is_empty = not stored.keys() - {attrs.N_GENERATE} and not study.get_trials(deepcopy=False)
    return is_new and is_empty


def _count(n_generate: Any) -> int:
    try:
        found = 0 if isinstance(n_generate, bool) else operator.index(n_generate)
    except TypeError:
        found = 0
    if not 0 < found < attrs.LIMIT:
        raise InvalidValueError(f"n_generate is 1 or more trials, not {n_generate!r}")
    return found


def _default_sampler() -> BaseSampler:
    from .samplers.gp import PreferentialGPSampler

    return PreferentialGPSampler()


def _opened(storage: str | BaseStorage | Client) -> str | BaseStorage:
    """A storage as Optuna takes it; a database with tables of Runbase's is no other's."""
    if isinstance(storage, Client) or (isinstance(storage, str) and _is_ours(storage)):
        from ...optuna import RDBStorage

        return RDBStorage(storage)
    return storage


def _is_ours(url: str) -> bool:
    from ..server.open import is_ours

    try:
        return is_url(url) and is_ours(url)
    except RunbaseError:  # a new file, or nothing that Runbase knows: Optuna's own
        return False

"""Proposes what a person might like better than all they have seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from ..arrays import Array
from ..attrs import Attrs
from ..compared import compared
from ..space import Space
from ..threads import one_thread

if TYPE_CHECKING:
    from optuna import Study

    from ..gp import Gamma, Matern32, Settings

Own = TypeVar("Own", "Gamma", "Matern32")

#: Rounds of Gibbs sampling for a trial; of more rows than `MANY` there are fewer.
CYCLES, MANY = 100, 1000
#: So many of the newest trials without an answer are kept away from, if they are in these states.
WAITING = 64
SEEN = (TrialState.RUNNING, TrialState.COMPLETE)


class PreferentialGPSampler(BaseSampler):
    """Sampler for studies whose trials people compare.

    A Gaussian process learns what people like, from all pairs (better, worse) and ties that are
    stored with the study. It is given a draw of what they saw when they answered, and the point
    with the highest expected improvement on the best one is proposed (Takeno et al. 2023, "Towards
    Practical Preferential Bayesian Optimization with Skew Gaussian Processes"). As the draw is a
    new one each time, several trials that are asked for before the next answer differ; besides,
    running and complete trials count as seen. Of a space with finitely many points, none that was
    seen is proposed again before all others were. Until there are ten results for each parameter (a
    choice counts as one for each of its values), only points around the best one are looked at,
    since the corners of the box are least known and would all come first; a space with one number,
    or with no more than 10,000 points, is always looked at as a whole.

    The model is of the parameters that all compared trials have; those without any parameter do not
    count. Where the range of one changed, that of the newest compared trial counts; trials with
    values outside of it are learnt from nevertheless. Other parameters, and all before the first
    answer, come from ``independent_sampler``.

    Two samplers with the same seed propose the same for the same study, if the trials are asked for
    in the same order.

    Args:
        kernel: Of the utility; a `Matern32` of `runbase.dashboard.preferential.gp`, whose
            lengthscales have the prior Gamma(5, 10) if None.
        noise_prior: Of the variance of a person's noise; a `Gamma` from the same module, Gamma(5,
            50) if None. The variance of the utility itself is 1.
        independent_sampler: `optuna.samplers.RandomSampler` if None.
        seed: Of all random numbers.

    Raises:
        TypeError: ``kernel`` or ``noise_prior`` is something else, such as one of gpytorch.
    """

    def __init__(
        self,
        *,
        kernel: Matern32 | None = None,
        noise_prior: Gamma | None = None,
        independent_sampler: BaseSampler | None = None,
        seed: int | None = None,
    ) -> None:
        # Here, since scipy takes a while to import.
        from .. import gp

        self.kernel = _own("kernel", kernel, gp.Matern32())
        self.noise_prior = _own("noise_prior", noise_prior, gp.NOISE_PRIOR)
        self._rng = np.random.default_rng(seed)
        self.independent_sampler = independent_sampler or RandomSampler(
            seed=int(self._rng.integers(2**32))
        )
        #: Those found last, from which the next search begins.
        self._settings: Settings | None = None

    def reseed_rng(self) -> None:
        """Draw other random numbers from now on, as the workers of a parallel run do."""
        self.independent_sampler.reseed_rng()
        self._rng = np.random.default_rng()

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The parameters that all compared trials have; those without any do not count."""
        stored, trials = _usable(study, {})
        numbers, _, _ = compared(stored, trials.__contains__)
        space = dict(trials[numbers[-1]].distributions) if numbers else {}
        for number in numbers:
            space = {name: kind for name, kind in space.items() if _has(trials[number], name, kind)}
        return space

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The most promising parameters."""
        if not search_space:
            return {}
        from ..gp.comparisons import Comparisons
        from ..gp.draw import believe
        from ..gp.evidence import most_likely
        from .search import propose

        # Answers that came since the space was inferred may be about trials without it.
        stored, trials = _usable(study, search_space)
        numbers, pairs, ties = compared(stored, trials.__contains__)
        if not numbers:
            return {}
        with one_thread():
            space = Space(search_space)
            x = _points(space, [trials.pop(number) for number in numbers])
            self._settings = most_likely(
                x, Comparisons(len(x), pairs, ties), self.kernel, self.noise_prior, self._settings
            )
            others = [each for each in trials.values() if each.state in SEEN]
            x = np.concatenate([x, _points(space, others[-WAITING:])])
            comparisons = Comparisons(len(x), pairs, ties)
            cycles = CYCLES if len(x) < MANY else CYCLES * MANY // len(x)
            belief = believe(x, comparisons, self.kernel, self._settings, self._rng, cycles)
            return space.from_box(propose(belief, space, self._rng))

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A value of a parameter that the model is not about."""
        return self.independent_sampler.sample_independent(
            study, trial, param_name, param_distribution
        )


def _own(name: str, given: Own | None, default: Own) -> Own:
    if given is None:
        return default
    if not isinstance(given, type(default)):
        raise TypeError(
            f"{name} is a {type(given).__module__}.{type(given).__qualname__}: give a "
            f"runbase.dashboard.preferential.gp.{type(default).__name__}, such as {default}."
        )
    return given


def _usable(
    study: Study, space: Mapping[str, BaseDistribution]
) -> tuple[Attrs, dict[int, FrozenTrial]]:
    """What is stored of answers, and by number the trials with parameters, all of a space's."""
    stored = study._storage.get_study_system_attrs(study._study_id)
    trials = study.get_trials(deepcopy=False)
    return stored, {
        trial.number: trial
        for trial in trials
        if trial.params and all(_has(trial, name, kind) for name, kind in space.items())
    }


def _has(trial: FrozenTrial, name: str, kind: BaseDistribution) -> bool:
    return type(trial.distributions.get(name)) is type(kind)


def _points(space: Space, trials: Sequence[FrozenTrial]) -> Array:
    return space.points([trial.params for trial in trials])

"""Proposals: within all kinds of spaces, again and again, several at once, and better ones."""

from __future__ import annotations

import math
import random
import statistics
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.storages import BaseStorage
from optuna.trial import TrialState, create_trial

from runbase.dashboard.preferential.gp import Gamma, Matern32
from runbase.dashboard.preferential.samplers.gp import PreferentialGPSampler
from runbase.dashboard.preferential.space import Space
from tests.boards import KINDS, new_storage

Likes = Callable[[dict[str, Any]], float]
UNIT: dict[str, BaseDistribution] = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}


def new_study(seed: int = 0, **options: Any) -> optuna.Study:
    return optuna.create_study(sampler=PreferentialGPSampler(seed=seed), **options)


def say(study: optuna.Study, pairs: list[tuple[int, int]], kind: str = "values") -> str:
    """Store an answer as the page does; its key, after which storages may sort answers."""
    key = f"preference:{kind}{uuid.uuid4()}"
    study._storage.set_study_system_attr(study._study_id, key, pairs)
    return key


def ask(study: optuna.Study, space: Mapping[str, BaseDistribution] = UNIT) -> dict[str, Any]:
    return study.ask(dict(space)).params


def duels(study: optuna.Study, space: Any, likes: Likes, count: int, noise: float = 0.0) -> int:
    """The number of the winner after so many comparisons of the winner so far with a new one."""
    rng = random.Random(0)
    winner = study.ask(dict(space)).number
    for _ in range(count):
        other = study.ask(dict(space)).number
        trials = study.get_trials(deepcopy=False)
        gain = likes(trials[other].params) - likes(trials[winner].params)
        pair = (other, winner) if gain + rng.gauss(0, noise) > 0 else (winner, other)
        say(study, [pair])
        winner = pair[0]
    return winner


def told(study: optuna.Study, count: int, space: Mapping[str, BaseDistribution] = UNIT) -> None:
    """So many trials at fixed points, of which each is better than the next one."""
    rng = np.random.default_rng(0)
    points = Space(space).spread(rng.random((count, Space(space).width)))
    for row in points:
        study.enqueue_trial(Space(space).from_box(row))
        ask(study, space)
    say(study, [(a, a + 1) for a in range(count - 1)])


# -- any storage ----------------------------------------------------------------------------------


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    with new_storage(request.param, tmp_path, request) as found:
        yield found


@pytest.mark.item("V07")
def test_the_same_seed_proposes_the_same_in_every_storage(storage: BaseStorage):
    def proposals(study: optuna.Study) -> list[dict[str, Any]]:
        told(study, 5)
        for better in range(4):
            say(study, [(better, better + 1)])
        first = ask(study)
        say(study, [(5, 0)])
        say(study, [(1, 2)], "ties")
        return [first, ask(study), ask(study)]

    found = proposals(new_study(seed=3, storage=storage))
    assert found == proposals(new_study(seed=3))
    assert found != proposals(new_study(seed=4))


# -- what is proposed -----------------------------------------------------------------------------


@pytest.mark.item("V07")
def test_trials_before_the_first_answer_are_of_the_independent_sampler():
    study, other = new_study(), optuna.create_study(sampler=RandomSampler(seed=1))
    study.sampler = PreferentialGPSampler(independent_sampler=RandomSampler(seed=1))
    assert [ask(study) for _ in range(3)] == [ask(other) for _ in range(3)]


def test_asks_in_a_row_are_apart():
    study = new_study()
    told(study, 12)
    points = np.array([list(ask(study).values()) for _ in range(6)])
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(6)
    assert gaps.min() > 0.01


def test_what_waits_for_an_answer_is_not_proposed_again():
    space: dict[str, BaseDistribution] = {"x": IntDistribution(0, 9)}
    study = new_study()
    study.enqueue_trial({"x": 3})
    study.enqueue_trial({"x": 4})
    for _ in range(2):
        ask(study, space)
    say(study, [(0, 1)])
    assert {ask(study, space)["x"] for _ in range(8)} == set(range(10)) - {3, 4}
    # All are known: again the best of them, rather than an error.
    assert ask(study, space)["x"] in range(10)


def test_trials_whose_answer_was_removed_are_not_proposed_again():
    space: dict[str, BaseDistribution] = {"x": IntDistribution(0, 9)}
    study = new_study()
    for x in range(6):
        trial = create_trial(params={"x": x}, distributions=space, value=0)
        study.add_trial(trial)
    say(study, [(0, 1)])
    assert {ask(study, space)["x"] for _ in range(4)} == set(range(6, 10))


def test_the_first_proposals_are_near_the_best_and_not_in_corners():
    space: dict[str, BaseDistribution] = {f"x{i}": FloatDistribution(0, 1) for i in range(10)}
    study = new_study()
    told(study, 6, space)
    shown = np.array([list(trial.params.values()) for trial in study.trials])
    points = np.array([list(ask(study, space).values()) for _ in range(5)])
    assert ((points > 0) & (points < 1)).all()
    known = np.concatenate([shown, points])
    for number, point in enumerate(points, len(shown)):
        assert np.abs(known[:number] - point).max(1).min() <= 0.3


def test_another_step_or_choice_is_always_within_reach():
    space: dict[str, BaseDistribution] = {
        "on": IntDistribution(0, 1),
        "colour": CategoricalDistribution("ab"),
        "size": FloatDistribution(0, 1),
    }
    study = new_study()
    for size in (0.2, 0.3):
        study.enqueue_trial({"on": 0, "colour": "a", "size": size})
        ask(study, space)
    say(study, [(0, 1)])
    found = [ask(study, space) for _ in range(8)]
    assert {params["on"] for params in found} == {0, 1}
    assert {params["colour"] for params in found} == {"a", "b"}


GRIDS: dict[str, tuple[BaseDistribution, Any]] = {
    "steps": (FloatDistribution(-1, 1, step=0.25), 1.0),
    "uneven steps": (FloatDistribution(0, 0.9, step=0.3), 0.9),
    "integers": (IntDistribution(1, 12), 12),
    "integers with steps": (IntDistribution(2, 30, step=4), 30),
    "logarithmic integers": (IntDistribution(1, 64, log=True), 64),
    "many integers": (IntDistribution(-(10**9), 10**9), 10**9),
    "many logarithmic integers": (IntDistribution(1, 10**9, log=True), 10**9),
    "floats": (FloatDistribution(-3, 7), 7.0),
    "logarithmic floats": (FloatDistribution(1e-12, 1e12, log=True), 1e12),
    "huge floats": (FloatDistribution(-8e307, 8e307), 8e307),
}


@pytest.mark.parametrize("name", GRIDS)
def test_the_upper_bound_is_found(name: str):
    distribution, high = GRIDS[name]
    space = {"x": distribution}
    box = Space(space)
    study = new_study(seed=1)
    winner = duels(study, space, lambda params: float(box.to_box(params)[0]), 8)
    assert study.trials[winner].params["x"] == high


def test_choices_and_steps_are_found_among_numbers():
    space: dict[str, BaseDistribution] = {
        "colour": CategoricalDistribution(["red", "green", None, True]),
        "count": IntDistribution(1, 40),
        "rate": FloatDistribution(1e-5, 1, log=True),
    }

    def likes(params: dict[str, Any]) -> float:
        near: float = abs(params["count"] - 40) / 20 + abs(math.log10(params["rate"]) + 2) / 2
        return (params["colour"] is None) - near

    study = new_study(seed=1)
    winner = duels(study, space, likes, 30)
    best = study.trials[winner].params
    assert best["colour"] is None
    assert best["count"] > 34
    assert -2.5 < math.log10(best["rate"]) < -1.5


def test_a_single_value_is_no_problem():
    space = {"x": FloatDistribution(2, 2), "y": IntDistribution(1, 1), "z": FloatDistribution(0, 1)}
    study = new_study()
    told(study, 4, space)
    found = ask(study, space)
    assert (found["x"], found["y"]) == (2, 1)


# -- spaces that change ---------------------------------------------------------------------------


def test_a_new_parameter_is_of_the_independent_sampler_until_all_compared_have_it():
    study = new_study()
    told(study, 3)
    wider = UNIT | {"z": FloatDistribution(5, 6)}
    trial = study.ask(dict(wider))
    sampler = study.sampler
    assert 5 <= trial.params["z"] <= 6
    frozen = study.trials[-1]
    assert sampler.infer_relative_search_space(study, frozen) == UNIT
    say(study, [(3, 0)])
    assert sampler.infer_relative_search_space(study, frozen) == UNIT


def test_without_common_parameters_all_are_of_the_independent_sampler():
    study = new_study()
    study.ask({"a": FloatDistribution(0, 1)})
    study.ask({"b": FloatDistribution(0, 1)})
    say(study, [(0, 1)])
    assert 0 <= ask(study)["x"] <= 1


def test_of_a_range_that_changed_the_newest_counts():
    study = new_study()
    told(study, 4)
    narrow = {"x": FloatDistribution(0.4, 0.5), "y": FloatDistribution(0, 3)}
    ask(study, narrow)
    say(study, [(4, 0)])
    frozen = study.trials[-1]
    assert study.sampler.infer_relative_search_space(study, frozen) == narrow
    assert all(0.4 <= ask(study, narrow)["x"] <= 0.5 for _ in range(3))


def test_answers_about_trials_without_parameters_do_not_count():
    study, other = new_study(), new_study()
    for each in (study, other):
        told(each, 4)
        each.ask()
        each.enqueue_trial({"x": 0.5})
    say(study, [(0, 4), (5, 1), (4, 5)])
    say(study, [(4, 2)], "ties")
    trial = study.trials[-1]
    assert study.sampler.infer_relative_search_space(study, trial) == UNIT
    assert study.sampler.sample_relative(study, trial, UNIT) == other.sampler.sample_relative(
        other, trial, UNIT
    )


def test_answers_about_trials_that_are_not_there_do_not_count():
    study, other = new_study(), new_study()
    for each in (study, other):
        told(each, 4)
    say(study, [(0, 9), (2**70, 1)])
    say(study, [(4, 2)], "ties")
    assert ask(study) == ask(other)


def test_answers_that_come_while_parameters_are_proposed_may_be_about_other_parameters():
    study, other = new_study(), new_study()
    for each in (study, other):
        told(each, 4)
        each.ask({"x": FloatDistribution(0, 1)})
        running = {"x": CategoricalDistribution("ab"), "y": FloatDistribution(0, 1)}
        params = {"x": "b", "y": 0.5}
        each.add_trial(create_trial(state=TrialState.RUNNING, params=params, distributions=running))
    trial = study.trials[-1]
    space = study.sampler.infer_relative_search_space(study, trial)
    say(study, [(0, 4), (5, 1)])
    found = study.sampler.sample_relative(study, trial, space)
    assert found == other.sampler.sample_relative(other, trial, space)
    # Nothing is left of the answers: all parameters are of the independent sampler.
    assert study.sampler.sample_relative(study, trial, {"z": FloatDistribution(0, 1)}) == {}


# -- several answers ------------------------------------------------------------------------------


def test_answers_that_contradict_each_other_are_no_problem():
    study = new_study()
    told(study, 3)
    say(study, [(2, 0), (0, 2), (1, 0)])
    say(study, [(0, 1), (1, 2)], "ties")
    assert 0 <= ask(study)["x"] <= 1


def test_a_removed_answer_is_forgotten():
    study, other = new_study(), new_study()
    for each in (study, other):
        told(each, 4)
    key = "preference:valuesremoved"
    study._storage.set_study_system_attr(study._study_id, key, [(3, 0)])
    study._storage.set_study_system_attr(study._study_id, key, [])
    assert ask(study) == ask(other)


def test_equal_points_are_no_problem():
    study = new_study()
    for _ in range(4):
        study.enqueue_trial({"x": 0.5, "y": 0.5})
        ask(study)
    say(study, [(0, 1), (2, 3), (1, 3)])
    assert ask(study) != {"x": 0.5, "y": 0.5}


def test_two_thousand_answers():
    study = new_study()
    told(study, 500)
    rng = np.random.default_rng(0)
    rows = (rng.choice(500, 2, replace=False) for _ in range(1500))
    say(study, [(int(pair.min()), int(pair.max())) for pair in rows])
    assert 0 <= ask(study)["x"] <= 1


# -- learning -------------------------------------------------------------------------------------


def test_what_people_like_is_found_sooner_than_at_random():
    def likes(params: dict[str, Any]) -> float:
        far: float = sum((params[f"x{i}"] - 0.3 - 0.2 * i) ** 2 for i in range(3)) * 8
        return -far

    space = {f"x{i}": FloatDistribution(0, 1) for i in range(3)}

    def regret(sampler: BaseSampler) -> float:
        study = optuna.create_study(sampler=sampler)
        winner = duels(study, space, likes, 30, noise=0.1)
        return -likes(study.trials[winner].params)

    ours = [regret(PreferentialGPSampler(seed=seed)) for seed in range(3)]
    theirs = [regret(RandomSampler(seed=seed)) for seed in range(12)]
    assert statistics.median(ours) < 0.5 * statistics.median(theirs)


@settings(max_examples=5, deadline=None)
@given(low=st.integers(-50, 50), width=st.integers(1, 100))
def test_scaling_the_ranges_scales_the_proposals(low: int, width: int):
    scaled = {name: FloatDistribution(low, low + width) for name in UNIT}
    study, other = new_study(seed=2), new_study(seed=2)
    told(study, 6)
    told(other, 6, scaled)
    found = [low + width * value for value in ask(study).values()]
    assert list(ask(other, scaled).values()) == pytest.approx(found, abs=0.01 * width)


# -- the sampler itself ---------------------------------------------------------------------------


def test_another_seed_after_reseeding():
    first, second = new_study(), new_study()
    for study in (first, second):
        told(study, 4)
    second.sampler.reseed_rng()
    assert [ask(first) for _ in range(3)] != [ask(second) for _ in range(3)]


@pytest.mark.item("V07")
def test_priors_are_used():
    short = PreferentialGPSampler(
        kernel=Matern32(Gamma(500, 5000)), noise_prior=Gamma(500, 100), seed=0
    )
    study = optuna.create_study(sampler=short)
    told(study, 8)
    ask(study)
    assert short._settings is not None
    assert short._settings.lengthscales == pytest.approx([0.14, 0.14], rel=0.2)
    assert short._settings.noise == pytest.approx(5, rel=0.2)


@pytest.mark.parametrize("name", ["kernel", "noise_prior"])
def test_a_kernel_or_prior_of_another_package_is_an_error(name: str):
    with pytest.raises(TypeError, match=r"runbase.dashboard.preferential.gp.(Matern32|Gamma)"):
        PreferentialGPSampler(**{name: object()})  # type: ignore[arg-type]


def test_importing_the_sampler_loads_neither_torch_nor_scipy():
    code = "import runbase.dashboard.preferential.samplers.gp, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert not {"torch", "scipy"} & set(done.stdout.split())


# -- the box --------------------------------------------------------------------------------------

floats = st.floats(-1e6, 1e6)
# Quarters, which have no rounding errors of which Optuna would warn.
steps = st.tuples(
    *(st.integers(a, b).map(lambda i: i / 4) for a, b in ((-99, 99), (1, 9), (4, 800)))
)
DISTRIBUTIONS: st.SearchStrategy[BaseDistribution] = st.one_of(
    st.tuples(floats, floats).map(lambda ends: FloatDistribution(min(ends), max(ends))),
    steps.map(lambda all: FloatDistribution(all[0], all[0] + all[1] * int(all[2]), step=all[1])),
    st.tuples(st.integers(-1000, 1000), st.integers(0, 10**6), st.integers(1, 7)).map(
        lambda all: IntDistribution(all[0], all[0] + all[1] * all[2], step=all[2])
    ),
    st.tuples(st.integers(1, 100), st.integers(0, 10**6)).map(
        lambda all: IntDistribution(all[0], all[0] + all[1], log=True)
    ),
    st.tuples(st.floats(1e-9, 1), st.floats(0, 1e9)).map(
        lambda all: FloatDistribution(all[0], all[0] + all[1], log=True)
    ),
    st.integers(1, 5).map(lambda count: CategoricalDistribution([None, True, "a", 0.5, 7][:count])),
)


@settings(max_examples=60, deadline=None)
@given(distribution=DISTRIBUTIONS, share=st.floats(0, 1))
def test_points_of_the_box_are_parameters_and_back(distribution: BaseDistribution, share: float):
    space = Space({"x": distribution})
    for at in (0.0, share, 1.0):
        for rows in (space.spread, space.snap):
            row = rows(np.full((1, space.width), at))[0]
            value = space.from_box(row)
            assert distribution._contains(distribution.to_internal_repr(value["x"]))
            again = space.from_box(space.to_box(value))["x"]
            assert again == (pytest.approx(value["x"]) if space.size == math.inf else value["x"])
    if isinstance(distribution, FloatDistribution | IntDistribution):
        ends = [space.from_box(np.array([end]))["x"] for end in (0.0, 1.0)]
        assert ends == [distribution.low, distribution.high]


def test_steps_are_equally_likely():
    space = Space({"x": IntDistribution(0, 4)})
    shares = (np.arange(1000) + 0.5)[:, None] / 1000
    values = [space.from_box(row)["x"] for row in space.spread(shares)]
    assert [values.count(value) for value in range(5)] == [200] * 5


def test_all_points_of_a_space_without_ranges():
    space = Space({"a": IntDistribution(0, 2), "b": CategoricalDistribution("xy")})
    assert space.size == 6
    found = [tuple(space.from_box(row).values()) for row in space.all()]
    assert found == [(0, "x"), (0, "y"), (1, "x"), (1, "y"), (2, "x"), (2, "y")]


def test_how_far_the_next_value_may_be():
    space = Space(
        {
            "a": FloatDistribution(0, 1),
            "b": IntDistribution(2, 10, step=2),
            "c": IntDistribution(1, 16, log=True),
            "d": IntDistribution(3, 3),
            "e": CategoricalDistribution("xy"),
        }
    )
    assert space.steps() == pytest.approx([0, 0.25, 0.25, 0, 0.5**0.5, 0.5**0.5])


def test_values_out_of_range_are_out_of_the_box():
    space = Space({"a": FloatDistribution(1, 3), "b": FloatDistribution(1, 10, log=True)})
    assert space.to_box({"a": 4, "b": 0.1}) == pytest.approx([1.5, -1])
    assert np.isfinite(space.to_box({"a": -1e300, "b": -5})).all()
    choice = Space({"c": CategoricalDistribution("xy")})
    assert choice.to_box({"c": "z"}) == pytest.approx([0, 0])

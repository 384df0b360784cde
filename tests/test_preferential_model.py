"""The model of what people like: against integrals and plain sampling, and with odd answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from scipy.special import ndtr

from runbase.dashboard.preferential.gp import (
    Gamma,
    Matern32,
    Posterior,
    Settings,
    evidence,
    fit,
    propagation,
)
from runbase.dashboard.preferential.gp.acquisition import log_expected_improvement, log_gain
from runbase.dashboard.preferential.gp.comparisons import Comparisons
from runbase.dashboard.preferential.gp.draw import believe, gibbs
from runbase.dashboard.preferential.gp.evidence import ROWS, Objective, most_likely, some
from runbase.dashboard.preferential.gp.likelihood import draw_seen, moments

NOISE = 0.1
SCALES = np.array([0.4, 0.7])
X = np.array([[0.1, 0.2], [0.5, 0.9], [0.7, 0.4]])
PRIOR = Matern32().matrix(X, X, SCALES)
PAIRS, TIES = [(0, 1), (1, 2), (0, 1)], [(0, 2)]


def answers(
    seed: int, rows: int, columns: int, count: int
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Random points, and noisy answers of somebody who likes large values of the first column."""
    rng = np.random.default_rng(seed)
    x = rng.random((rows, columns))
    pairs = []
    for _ in range(count):
        a, b = rng.choice(rows, 2, replace=False)
        likes_first = x[a, 0] - x[b, 0] + rng.normal(0, 0.1) > 0
        pairs.append((int(a), int(b)) if likes_first else (int(b), int(a)))
    return x, pairs


# -- against integrals and plain sampling ---------------------------------------------------------


def test_posterior_and_evidence_are_those_of_the_integral():
    # Only two differences matter, over which a fine grid integrates.
    step = 0.02
    axis = np.arange(-6, 6, step)
    first, second = (grid.ravel() for grid in np.meshgrid(axis, axis))  # f0 - f1, f1 - f2
    to_differences = np.array([[1, -1, 0], [0, 1, -1]])
    covariance = to_differences @ PRIOR @ to_differences.T
    both = np.stack([first, second])
    density = np.exp(-0.5 * np.sum(both * np.linalg.solve(covariance, both), axis=0))
    density /= 2 * np.pi * np.sqrt(np.linalg.det(covariance))
    width = NOISE**0.5
    tied = ndtr((width - first - second) / width) - ndtr((-width - first - second) / width)
    joint = density * ndtr(first / width) ** 2 * ndtr(second / width) * tied * step**2
    found = propagation.propagate(PRIOR, Comparisons(3, PAIRS, TIES), NOISE)
    normal = found.posterior
    assert_allclose(found.log_evidence, np.log(joint.sum()), atol=0.02)
    mean = both @ joint / joint.sum()
    assert_allclose(to_differences @ normal.mean, mean, atol=0.02)
    spread = np.sqrt(both**2 @ joint / joint.sum() - mean**2)
    variance = (to_differences @ normal.covariance @ to_differences.T).diagonal()
    assert_allclose(np.sqrt(variance), spread, atol=0.02)


def test_one_answer_has_the_exact_posterior():
    found = propagation.propagate(PRIOR, Comparisons(3, [(0, 2)]), NOISE)
    total = PRIOR[0, 0] + PRIOR[2, 2] - 2 * PRIOR[0, 2] + NOISE
    assert found.log_evidence == pytest.approx(np.log(0.5))
    exact = (PRIOR[:, 0] - PRIOR[:, 2]) * np.sqrt(2 / np.pi / total)
    assert_allclose(found.posterior.mean, exact, rtol=1e-6)


def test_gibbs_sampling_draws_as_plain_sampling_does():
    rng = np.random.default_rng(0)
    utilities = np.linalg.cholesky(PRIOR) @ rng.standard_normal((3, 400_000))
    comparisons = Comparisons(3, PAIRS, TIES)
    seen = utilities[comparisons.first] - utilities[comparisons.second]
    seen += NOISE**0.5 * rng.standard_normal(seen.shape)
    agrees = np.where(comparisons.tied[:, None], np.abs(seen) < NOISE**0.5, seen > 0).all(axis=0)
    kept, kept_seen = utilities[:, agrees], seen[:, agrees]
    sites = propagation.Sites(np.full(4, 1 / NOISE), np.zeros(4))
    given_seen = propagation.condition(PRIOR, comparisons, sites).covariance
    draws = [gibbs(given_seen, comparisons, NOISE, rng, 40) for _ in range(500)]
    drawn, drawn_seen = (np.array(part).T for part in zip(*draws, strict=True))
    for plain, ours in ((kept, drawn), (kept_seen, drawn_seen)):
        assert_allclose(ours.mean(axis=1), plain.mean(axis=1), atol=0.12)
        assert_allclose(ours.std(axis=1), plain.std(axis=1), atol=0.12)


def test_what_was_seen_agrees_with_the_answers():
    rng = np.random.default_rng(0)
    means = np.repeat([-1e4, -40.0, -1.0, 0.0, 1.0, 40.0, 1e4], 200)
    better = draw_seen(means, NOISE, np.zeros(len(means), dtype=bool), rng)
    equal = draw_seen(means, NOISE, np.ones(len(means), dtype=bool), rng)
    assert np.isfinite(better).all()
    assert better.min() >= 0
    assert np.abs(equal).max() <= NOISE**0.5
    # Far in the tail, what was seen is as close to the mean as it can be.
    assert better[:200].max() < 1e-3
    assert equal[:200].max() < -0.3
    assert equal[-200:].min() > 0.3


def test_a_tie_is_as_likely_as_its_integral():
    mean, variance = np.array([-3.0, -0.2, 0.0, 0.5, 4.0]), np.array([0.5, 0.1, 2.0, 1e-6, 0.3])
    scale, width = np.sqrt(variance + NOISE), NOISE**0.5
    found = moments(mean, variance, NOISE, np.ones(5, dtype=bool))
    exact = ndtr((width - mean) / scale) - ndtr((-width - mean) / scale)
    assert_allclose(np.exp(found.log), exact, rtol=1e-8)


@pytest.mark.parametrize("tied", [False, True])
def test_derivatives_of_an_answer(tied: bool):
    mean, variance = np.linspace(-4, 4, 9), np.full(9, 0.3)
    flags = np.full(9, tied)
    step = 1e-5
    here = moments(mean, variance, NOISE, flags)
    up, down = (moments(mean + d, variance, NOISE, flags) for d in (step, -step))
    assert_allclose(here.slope, (up.log - down.log) / (2 * step), rtol=1e-5, atol=1e-8)
    assert_allclose(here.bend, -(up.slope - down.slope) / (2 * step), rtol=1e-5, atol=1e-8)
    up, down = (moments(mean, variance, NOISE + d, flags) for d in (step, -step))
    assert_allclose(here.by_noise, (up.log - down.log) / (2 * step), rtol=1e-5, atol=1e-8)


# -- gradients ------------------------------------------------------------------------------------


def test_gradient_of_the_posterior_density_is_that_of_differences(monkeypatch):
    monkeypatch.setattr(evidence, "TOLERANCE", 1e-9)
    x, pairs = answers(0, 8, 3, 14)
    objective = Objective(x, Comparisons(8, pairs, [(0, 5)]), Matern32(), Gamma(5, 50))
    logs = np.log([0.4, 0.9, 0.6, 0.1])
    slopes = approx_fprime(logs, lambda at: objective(at)[0], 1e-5)
    assert_allclose(objective(logs)[1], slopes, atol=1e-3)


def test_gradients_of_a_belief_are_those_of_differences():
    x, pairs = answers(1, 9, 3, 12)
    comparisons = Comparisons(9, pairs)
    found = Settings(np.array([0.5, 0.8, 1.0]), NOISE)
    belief = believe(x, comparisons, Matern32(), found, np.random.default_rng(0), 20)
    point = np.array([0.3, 0.6, 0.2])
    mean, std, by_mean, by_std = belief.gain_gradients(point[None])
    assert_allclose(belief.gain(point[None]), (mean, std))
    for part, gradient in enumerate((by_mean, by_std)):
        slopes = approx_fprime(point, lambda at, part=part: belief.gain(at[None])[part][0], 1e-6)
        assert_allclose(gradient[0], slopes, atol=1e-4)


def test_the_gain_is_precise_far_from_the_best():
    z = np.array([-1e5, -1e3, -30.0, -5.0, -1.0, 0.0, 3.0, 1e3])
    log, slope = log_gain(z)
    assert (np.diff(log) > 0).all()
    assert log[5] == pytest.approx(-0.5 * np.log(2 * np.pi))
    assert log[2] == pytest.approx(-450 - 0.5 * np.log(2 * np.pi) - np.log(30**2 + 3), rel=1e-6)
    step = 1e-6 * np.maximum(np.abs(z[1:]), 1)
    numeric = (log_gain(z[1:] + step)[0] - log_gain(z[1:] - step)[0]) / (2 * step)
    assert_allclose(slope[1:], numeric, rtol=1e-4)


def test_the_best_row_promises_nothing():
    x, pairs = answers(1, 9, 2, 12)
    found = Settings(np.array([0.5, 0.8]), NOISE)
    belief = believe(x, Comparisons(9, pairs), Matern32(), found, np.random.default_rng(0), 20)
    promise = log_expected_improvement(belief, np.concatenate([x, [[0.5, 0.5]]]))
    assert promise[belief.best] < promise[-1] - 5
    assert promise[belief.best] < promise.max() - 5


# -- what is learnt -------------------------------------------------------------------------------


def test_a_column_that_does_not_matter_has_a_long_lengthscale():
    x, pairs = answers(0, 60, 2, 200)
    found = fit(x, pairs)
    assert found.lengthscales[1] > 1.3 * found.lengthscales[0]
    likes, _ = found.predict(np.array([[0.1, 0.5], [0.5, 0.5], [0.9, 0.5]]))
    assert (np.diff(likes) > 0.3).all()


def test_noise_is_that_of_the_person():
    x, pairs = answers(0, 60, 2, 200)
    rng = np.random.default_rng(1)
    random = [(a, b) if rng.random() < 0.75 else (b, a) for a, b in pairs]
    assert fit(x, random).noise > 1.5 * fit(x, pairs).noise


def test_far_from_all_rows_is_the_prior():
    mean, std = fit(X, PAIRS).predict(np.array([[50.0, 50.0]]))
    assert_allclose((mean, std), ([0], [1]), atol=1e-9)


def test_two_rows_that_are_equal_are_closer_than_without():
    pairs = [(0, 1)]
    apart = fit(X, pairs).probability(0, 2)
    together = fit(X, pairs, [(0, 2)] * 3).probability(0, 2)
    assert 0.5 < together < apart


def test_the_answers_that_were_given_are_likely():
    x, pairs = answers(3, 30, 2, 80)
    found = fit(x, pairs)
    better, worse = np.array(pairs).T
    assert found.probability(better, worse).mean() > 0.8
    assert_allclose(found.probability(better, worse) + found.probability(worse, better), 1)


def test_a_search_goes_on_from_earlier_settings():
    x, pairs = answers(0, 20, 2, 40)
    comparisons = Comparisons(20, pairs)
    prior = Gamma(5, 50)
    first = most_likely(x, comparisons, Matern32(), prior)
    again = most_likely(x, comparisons, Matern32(), prior, first)
    assert_allclose(again.lengthscales, first.lengthscales, rtol=0.05)
    # Another number of columns: the earlier settings are of no use.
    assert len(most_likely(x[:, :1], comparisons, Matern32(), prior, first).lengthscales) == 1


# -- what must not matter -------------------------------------------------------------------------


def same(one: Posterior, other: Posterior, rows: np.ndarray | slice = slice(None)) -> None:
    assert_allclose(one.lengthscales, other.lengthscales, rtol=0.02)
    assert_allclose(one.noise, other.noise, rtol=0.02)
    assert_allclose(one.mean[rows], other.mean, atol=0.02)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), shuffle=st.randoms(use_true_random=False))
def test_order_of_pairs_and_names_of_rows_do_not_matter(seed: int, shuffle):
    x, pairs = answers(seed, 8, 2, 12)
    shuffled = shuffle.sample(pairs, len(pairs))
    same(fit(x, pairs), fit(x, shuffled))
    rows = np.array(shuffle.sample(range(8), 8))
    places = np.argsort(rows)
    same(fit(x, pairs), fit(x[rows], [(places[a], places[b]) for a, b in pairs]), rows)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), count=st.integers(2, 6), columns=st.integers(1, 3))
def test_any_answers_have_finite_utilities(data: st.DataObject, count: int, columns: int):
    """Among them cycles, the same pair both ways and many times, and equal points."""
    number = st.sampled_from([0.0, 1e-9, 0.3, 0.5, 1.0, -10.0])
    row = st.lists(number, min_size=columns, max_size=columns)
    x = np.array(data.draw(st.lists(row, min_size=count, max_size=count)))
    pair = st.permutations(range(count)).map(lambda order: (order[0], order[1]))
    pairs, ties = data.draw(st.lists(pair, max_size=30)), data.draw(st.lists(pair, max_size=5))
    found = fit(x, pairs, ties)
    mean, std = found.predict(np.concatenate([x, np.full((1, columns), 0.7)]))
    assert np.isfinite(mean).all()
    assert ((std >= 0) & (std <= 1)).all()
    rng = np.random.default_rng(0)
    belief = believe(x, Comparisons(count, pairs, ties), Matern32(), found.settings, rng, 5)
    assert np.isfinite(log_expected_improvement(belief, rng.random((9, columns)))).all()


def test_a_cycle_makes_all_equal():
    found = fit(X, [(0, 1), (1, 2), (2, 0)] * 5)
    assert np.ptp(found.mean) < 0.3


def test_one_pair_asked_a_thousand_times():
    found = fit(X, [(0, 1)] * 1000)
    assert found.probability(0, 1) > 0.99
    both_ways = fit(X, [(0, 1), (1, 0)] * 500)
    assert both_ways.probability(0, 1) == pytest.approx(0.5, abs=0.01)


def test_thousands_of_answers():
    x, pairs = answers(0, 200, 3, 3000)
    found = fit(x, pairs)
    assert np.corrcoef(found.mean, x[:, 0])[0, 1] > 0.95


def test_of_many_rows_the_earliest_and_latest_set_the_lengthscales():
    x, pairs = answers(0, 3 * ROWS, 1, 0)
    pairs = [(row, row + 1) for row in range(3 * ROWS - 1)]
    rows, comparisons = some(x, Comparisons(len(x), pairs))
    assert ROWS <= len(rows) <= ROWS + 1
    half = ROWS // 2
    assert_allclose(rows[: half - 1], x[: half - 1])
    assert_allclose(rows[1 - half :], x[1 - half :])
    assert_allclose(rows[comparisons.first[0]], x[0])


# -- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [(0, 3), (-1, 0)])
def test_a_row_that_is_not_there_is_an_error(pair: tuple[int, int]):
    with pytest.raises(ValueError, match="there are 3 rows"):
        fit(X, [pair])


def test_a_row_is_not_compared_with_itself():
    with pytest.raises(ValueError, match="two different rows"):
        fit(X, [(0, 1)], [(2, 2)])


@pytest.mark.parametrize("values", [(1, 10), (5, 0), (float("nan"), 1), (5, float("inf"))])
def test_a_prior_without_a_mode_is_an_error(values: tuple[float, float]):
    with pytest.raises(ValueError, match="no mode"):
        Gamma(*values)

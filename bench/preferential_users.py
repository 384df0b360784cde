"""Simulated people who choose between two results, and how far they get: a line of JSON each.

    python -m bench.preferential_users runbase|stock|random [--function F ...] [--seeds A-B]

Runs in the environment of whichever sampler it measures. A person compares the one that won so far
with a new one, 80 times. What they look for is a test function, scaled so that its standard
deviation over the box is 1; each comparison is off by noise of a fifth of that.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import optuna

CHOICES, NOISE = 80, 0.2

Point = Sequence[float]


class Wish(NamedTuple):
    """What a person looks for: something to maximise in the unit box."""

    dimensions: int
    utility: Callable[[Point], float]
    best: Point


def _branin(x: Point) -> float:
    a, b = 15 * x[0] - 5, 15 * x[1]
    bowl = (b - 5.1 / (4 * math.pi**2) * a**2 + 5 / math.pi * a - 6) ** 2
    return -math.log1p(bowl + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10 - 0.397887)


def _ackley(x: Point) -> float:
    z = [5 * v - 2 for v in x]
    radius = math.sqrt(sum(v * v for v in z) / len(z))
    waves = sum(math.cos(2 * math.pi * v) for v in z) / len(z)
    return 20 * math.exp(-0.2 * radius) + math.exp(waves) - 20 - math.e


def _bowl(x: Point) -> float:
    return -sum((v - (0.2 + 0.06 * i)) ** 2 / (1 + 0.5 * i) for i, v in enumerate(x))


#: Branin's function (its logarithm), Ackley's off the centre, and a bowl whose sides differ.
WISHES = {
    "branin-2": Wish(2, _branin, ((math.pi + 5) / 15, 2.275 / 15)),
    "ackley-5": Wish(5, _ackley, (0.4,) * 5),
    "bowl-10": Wish(10, _bowl, tuple(0.2 + 0.06 * i for i in range(10))),
}


def spread(wish: Wish) -> float:
    """The standard deviation of the utility over the box."""
    rng = random.Random(0)
    points = ([rng.random() for _ in range(wish.dimensions)] for _ in range(20_000))
    return statistics.pstdev(map(wish.utility, points))


def person(sampler: str, function: str, seed: int, choices: int = CHOICES) -> dict[str, Any]:
    """The regret of what a person likes best, before each choice and at the end."""
    wish = WISHES[function]
    scale = spread(wish)
    rng = random.Random(seed)
    study = _study(sampler, seed)
    seconds: list[float] = []

    def ask() -> tuple[int, float]:
        begun = time.perf_counter()
        trial = study.ask()
        x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(wish.dimensions)]
        seconds.append(time.perf_counter() - begun)
        return trial.number, wish.utility(x) / scale

    best = wish.utility(wish.best) / scale
    winner = ask()
    regrets = [best - winner[1]]
    for _ in range(choices):
        other = ask()
        likes_other = other[1] - winner[1] + rng.gauss(0, NOISE) > 0
        loser, winner = (winner, other) if likes_other else (other, winner)
        trials = study.get_trials(deepcopy=False)
        study.report_preference(trials[winner[0]], trials[loser[0]])
        regrets.append(best - winner[1])
    about = {"sampler": sampler, "function": function, "seed": seed}
    return about | {"regrets": regrets, "seconds": seconds}


def _study(sampler: str, seed: int) -> Any:
    package = "optuna_dashboard" if sampler == "stock" else "runbase.dashboard"
    preferential = importlib.import_module(f"{package}.preferential")
    if sampler == "random":
        chosen: optuna.samplers.BaseSampler = optuna.samplers.RandomSampler(seed)
    else:
        gp = importlib.import_module(f"{package}.preferential.samplers.gp")
        chosen = gp.PreferentialGPSampler(seed=seed)
    return preferential.create_study(n_generate=2, sampler=chosen)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sampler", choices=["runbase", "stock", "random"])
    parser.add_argument("--function", nargs="+", default=list(WISHES), choices=list(WISHES))
    parser.add_argument("--seeds", default="0-19", metavar="A-B")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if "torch" in sys.modules or args.sampler == "stock":
        importlib.import_module("torch").set_num_threads(1)
    first, _, last = args.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        for function in args.function:
            print(json.dumps(person(args.sampler, function, seed)), flush=True)


if __name__ == "__main__":
    main()

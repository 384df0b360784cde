"""How fast simulated people find what they look for, with each sampler: a table and a figure."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from bench.dashboard_lab import Lab
from bench.preferential_sections import called
from bench.preferential_users import WISHES
from bench.tracking import aligned

SAMPLERS = {"runbase": "Runbase", "stock": "optuna-dashboard, torch", "random": "random"}
INKS = {"runbase": "#2563eb", "stock": "#d97706", "random": "#9ca3af"}
AFTER = (20, 40, 80)
SEEDS, FEW = 20, 3

Person = dict[str, Any]


class Row(NamedTuple):
    """One sampler on one function."""

    function: str = "looked for"
    sampler: str = "sampler"
    after_20: str = "regret after 20"
    after_40: str = "after 40"
    after_80: str = "after 80"
    ask: str = "seconds an ask"


def meet(lab: Lab, file: Path) -> list[Person]:
    """All people that are wanted; those that the file has not yet are asked, and added to it."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    found = {_name(each): each for each in map(json.loads, lines)}
    seeds = range(FEW if lab.bench.quick else SEEDS)
    wanted = list(product(SAMPLERS, WISHES, seeds))

    def ask(missing: tuple[str, str, int]) -> Person:
        sampler, function, seed = missing
        python = "stock" if sampler == "stock" else "runbase"
        options = {"sampler": sampler, "function": function, "seed": seed}
        return called(lab, python, "people", **options)

    # The peer takes a minute and more for one person, so they come two at a time.
    with ThreadPoolExecutor(2) as pool, file.open("a", encoding="utf-8") as out:
        for person in pool.map(ask, [each for each in wanted if each not in found]):
            print(json.dumps(person), file=out, flush=True)
            found[_name(person)] = person
            print(f"{len(found)} of {len(wanted)} people", end="\r", file=sys.stderr)
    return [found[each] for each in wanted]


def _name(person: Person) -> tuple[str, str, int]:
    return person["sampler"], person["function"], person["seed"]


def of(people: Sequence[Person], sampler: str, function: str) -> list[Person]:
    return [p for p in people if p["sampler"] == sampler and p["function"] == function]


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def table(people: Sequence[Person]) -> str:
    """Medians, with quartiles in brackets."""
    return aligned([Row(), *_rows(people)])


def _rows(people: Sequence[Person]) -> Iterator[Row]:
    for function, (sampler, name) in product(WISHES, SAMPLERS.items()):
        found = of(people, sampler, function)
        regrets = [quartiles([p["regrets"][after] for p in found]) for after in AFTER]
        texts = [f"{middle:.2f} ({low:.2f} to {high:.2f})" for low, middle, high in regrets]
        seconds = statistics.median(s for p in found for s in p["seconds"][40:])
        ask = "" if sampler == "random" else f"{seconds:.2g}"
        yield Row(function, name, texts[0], texts[1], texts[2], ask)


def draw(people: Sequence[Person], file: Path) -> None:
    """The medians along the choices, with quartiles as bands."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "runbase"
    from matplotlib import pyplot as plt

    figure, plots = plt.subplots(1, len(WISHES), figsize=(11, 3.4), layout="constrained")
    for function, plot in zip(WISHES, plots, strict=True):
        for sampler, name in SAMPLERS.items():
            each = zip(*(p["regrets"] for p in of(people, sampler, function)), strict=True)
            low, middle, high = zip(*map(quartiles, each), strict=True)
            choices = range(len(middle))
            plot.plot(choices, middle, color=INKS[sampler], label=name)
            plot.fill_between(choices, low, high, color=INKS[sampler], alpha=0.15, linewidth=0)
        plot.set(title=function, xlabel="choices", yscale="log")
        plot.grid(alpha=0.3)
    plots[0].set_ylabel("regret (standard deviations)")
    plots[0].legend(frameon=False)
    figure.savefig(file, metadata={"Date": None})

"""What is measured of preferential optimisation; each function runs in a process of its own."""

from __future__ import annotations

import importlib
import random
import resource
import statistics
import struct
import sys
import time
import warnings
import zlib
from pathlib import Path
from typing import Any

from bench.contest import Figures, main
from bench.preferential_users import WISHES, person

PACKAGES = {"runbase": "runbase.dashboard", "stock": "optuna_dashboard"}
CANDIDATES = 5
WISH = "bowl-10"


def imports(name: str) -> Figures:
    """Importing the sampler, Optuna being there already, and the memory of the process then."""
    import optuna  # noqa: F401

    begun = time.perf_counter()
    importlib.import_module(f"{PACKAGES[name]}.preferential.samplers.gp")
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "memory": peak, "torch": float("torch" in sys.modules)}


def ask(name: str, pairs: int, times: int) -> Figures:
    """Asks of a new sampler when so many pairs were compared, the worst of five at a time.

    The first one has nothing to start from; after each a further answer is given.
    """
    _quiet(name)
    people = Asked(name)
    while people.pairs < pairs:
        people.answer(people.ask_random())
    taken = [people.timed_ask()]
    for _ in range(times):
        people.answer(people.latest)
        taken.append(people.timed_ask())
    return {"first": taken[0], "median": statistics.median(taken[1:] or taken)}


class Asked:
    """A study of three parameters and a person who names the worst of five."""

    def __init__(self, name: str) -> None:
        import optuna

        package = importlib.import_module(f"{PACKAGES[name]}.preferential")
        gp = importlib.import_module(f"{PACKAGES[name]}.preferential.samplers.gp")
        self.sampler = gp.PreferentialGPSampler(seed=1)
        self.study = package.create_study(n_generate=CANDIDATES, sampler=self.sampler)
        self.random = random.Random(1)
        self.space: dict[str, Any] = {
            f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(3)
        }
        self.make = optuna.trial.create_trial
        self.waiting: list[int] = []
        self.liked: dict[int, float] = {}
        self.pairs = self.latest = 0

    def ask_random(self) -> int:
        params = {name: self.random.random() for name in self.space}
        self.study.add_trial(self.make(params=params, distributions=self.space, value=0.0))
        return self._keep(len(self.liked), list(params.values()))

    def timed_ask(self) -> float:
        begun = time.perf_counter()
        trial = self.study.ask()
        x = [trial.suggest_float(name, 0, 1) for name in self.space]
        seconds = time.perf_counter() - begun
        self.latest = self._keep(trial.number, x)
        return seconds

    def _keep(self, number: int, x: list[float]) -> int:
        self.liked[number] = WISHES[WISH].utility(x) + self.random.gauss(0, 0.02)
        return number

    def answer(self, number: int) -> None:
        self.waiting.append(number)
        if len(self.waiting) < CANDIDATES:
            return
        worst = min(self.waiting, key=self.liked.__getitem__)
        self.waiting.remove(worst)
        trials = self.study.get_trials(deepcopy=False)
        self.study.report_preference([trials[n] for n in self.waiting], trials[worst])
        self.pairs += len(self.waiting)


def tap(waiting: int, shown: int, times: int) -> Figures:
    """From a tap that names the worst of some pictures until the next one is on the screen."""
    from bench.dashboard_browser import tab
    from bench.dashboard_servers import running
    from bench.runs_browser import timed

    study = _with_pictures("study.db", "artifacts", waiting)
    taken = []
    with running("runbase", "study.db", "--artifact-dir", "artifacts") as server, tab() as opened:
        page = opened.page
        page.goto(f"{server.page(study)}?show={shown}")
        for place in range(times):
            page.wait_for_function(SHOWN % (shown + place - 1), timeout=20_000)
            page.wait_for_timeout(UNSEEN)
            click = f"document.querySelector('[data-number=\"{place}\"] .choose').click()"
            taken.append(timed(page, click, f"({SHOWN % (shown + place)})()"))
    return {"seconds": statistics.median(taken), "longest": max(taken)}


#: Whether the picture of this trial is there, among the candidates.
SHOWN = """() => {
    const picture = document.querySelector('.candidates [data-number="%d"] img')
    return Boolean(picture?.complete && picture.naturalWidth)
}"""
#: Milliseconds in which a candidate cannot be answered, because nobody can have seen it.
UNSEEN = 500


def _with_pictures(file: str, folder: str, count: int) -> int:
    import optuna

    from runbase.dashboard import register_preference_feedback_component
    from runbase.dashboard.preferential import create_study
    from runbase.optuna import RDBStorage

    _quiet("runbase")
    Path(folder).mkdir()
    store = optuna.artifacts.FileSystemArtifactStore(folder)
    study = create_study(
        n_generate=count,
        storage=RDBStorage(f"sqlite:///{file}"),
        sampler=optuna.samplers.RandomSampler(1),
    )
    register_preference_feedback_component(study, "artifact", "picture")
    for _ in range(count):
        trial = study.ask()
        color = [trial.suggest_int(part, 0, 255) for part in ("red", "green", "blue")]
        Path("picture.png").write_bytes(_png(color, 640, 480))
        artifact = optuna.artifacts.upload_artifact(
            artifact_store=store, file_path="picture.png", study_or_trial=trial
        )
        trial.set_user_attr("picture", artifact)
    return int(study._study._study_id)


def _png(color: list[int], width: int, height: int) -> bytes:
    """A picture of one colour."""
    rows = (b"\0" + bytes(color) * width) * height
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def people(sampler: str, function: str, seed: int) -> Figures:
    """How far a simulated person gets."""
    _quiet(sampler)
    return person(sampler, function, seed)


def _quiet(name: str) -> None:
    import optuna

    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if name == "stock":
        torch: Any = importlib.import_module("torch")
        torch.set_num_threads(1)


if __name__ == "__main__":
    main({"imports": imports, "ask": ask, "tap": tap, "people": people})

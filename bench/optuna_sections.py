"""The tables: what is measured, of whom, and what the targets are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import chain

from bench.lines import duration, rounded
from bench.optuna_lab import FILES, OWN, READERS, SERVER, Lab, Options
from bench.optuna_tables import Found, Line, Metric, Target

STOCK, POSTGRES = "stock-sqlite", "stock-postgres"
CALLS = {
    "create": "create_new_trial", "param": "set_trial_param",
    "report": "set_trial_intermediate_value", "attr": "set_trial_user_attr",
    "get": "get_trial, running", "state": "set_trial_state_values",
    "all": "get_all_trials, nothing new", "trial": "a whole trial, R = 0",
}  # fmt: skip


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"


def plain(number: float) -> str:
    return f"{number:g}"


def megabytes(size: float) -> str:
    return f"{rounded(size)} MB"


def least(limit: float, against: str) -> Target:
    return Target(limit, against, is_least=True)


def lines_of(metrics: list[Metric], found: Found) -> list[Line]:
    return list(chain.from_iterable(metric.lines(found) for metric in metrics))


def trials(lab: Lab) -> list[Line]:
    return [line for reports in (0, 20) for line in _trials(lab, reports)]


def _trials(lab: Lab, reports: int) -> list[Line]:
    names, kind = lab.among(FILES + OWN), f"R = {reports}"
    number = lab.trials(100, 10)
    disk = lab.run("trials", [*names, *lab.among(["memory"])], number, reports=reports)
    _add_overhead(disk)
    lines = lines_of(_on_disk(kind, 15 if reports == 0 else 12), disk)
    if lab.ram and not lab.quick:
        ram = lab.run("trials", names, number, disk=lab.ram, reports=reports)
        lines += Metric(f"{kind}: time a trial, RAM disk", "wall", milliseconds).lines(ram)
    if shutil.which("strace") is None:
        return [*lines, Line(f"{kind}: syncs a trial", median="-")]
    traced = lab.run("syncs", names, rounds=1, count=lab.pick(20, 5), reports=reports)
    metric = Metric(f"{kind}: syncs a trial", "syncs", plain, (Target(2),))
    return [*lines, *metric.lines(traced)]


def _on_disk(kind: str, share: int) -> list[Metric]:
    fast = (least(12, STOCK), least(2, "journal"))
    rivals = ("journal", "rustuna", "rustuna-journal")
    cheap = (Target(1 / share, STOCK), *(Target(1, rival) for rival in rivals))
    return [
        Metric(f"{kind}: trials/s, disk", "rate", rounded, fast),
        Metric(f"{kind}: time a trial, disk", "wall", milliseconds),
        Metric(f"{kind}: CPU a trial beyond memory", "overhead", milliseconds, cheap),
        Metric(f"{kind}: bytes a trial", "bytes", rounded, (Target(0.6, STOCK),)),
    ]


def _add_overhead(found: Found) -> None:
    """The CPU that a storage adds to what Optuna takes in memory, which is no file at all."""
    for figures in found.get("memory", []):
        del figures["bytes"]
    for name, rounds in found.items():
        if name != "memory":
            for figures, least_figures in zip(rounds, found.get("memory", []), strict=False):
                figures["overhead"] = figures["cpu"] - least_figures["cpu"]


def samplers(lab: Lab) -> list[Line]:
    names = lab.among(["memory", *FILES, "runbase"])
    number = lab.pick(300, 20)
    lines: list[Line] = []
    for sampler, title in {"tpe": "TPE", "multivariate": "multivariate TPE"}.items():
        found = lab.run("trials", names, count=number, reports=0, sampler=sampler)
        what = f"{title}, {number} trials: time a trial"
        target = (Target(2, "memory"),)
        lines += Metric(what, "wall", milliseconds, target, base="memory").lines(found)
    return lines


def processes(lab: Lab) -> list[Line]:
    lines: list[Line] = []
    for reports in lab.reports():
        found = lab.run("together", lab.among(FILES + OWN), lab.trials(25, 5), reports=reports)
        fast = (least(12, STOCK), least(2, "journal"))
        lines += Metric(f"R = {reports}: trials/s", "rate", rounded, fast).lines(found)
        lines += _wrong_numbers(f"R = {reports}", STOCK, "runbase").lines(found)
    return lines


def _wrong_numbers(kind: str, base: str, own: str) -> Metric:
    what = f"{kind}: numbers missing or twice"
    return Metric(what, "wrong", plain, (Target(0),), base=base, own=own)


def postgres(lab: Lab) -> list[Line]:
    names = lab.among(SERVER)
    lines: list[Line] = []
    for task, title in {"trials": "one worker", "together": "4 workers"}.items():
        for reports in lab.reports():
            found = lab.run(task, names, lab.trials(60, 10), reports=reports)
            kind = f"{title}, R = {reports}"
            lines += _server(f"{kind}: trials/s", "rate", rounded, least(4, POSTGRES)).lines(found)
            if task == "together":
                lines += _wrong_numbers(kind, POSTGRES, "runbase-postgres").lines(found)
    found = lab.run("round_trips", names, rounds=1)
    for key, call in CALLS.items():
        targets = () if key == "trial" else (Target(1),)
        lines += _server(f"round trips: {call}", key, plain, *targets).lines(found)
    return lines


def _server(what: str, key: str, show: Callable[[float], str], *targets: Target) -> Metric:
    return Metric(what, key, show, targets, base=POSTGRES, own="runbase-postgres")


def _study(lab: Lab) -> Options:
    return {"count": lab.pick(10_000, 500), "reports": 20}


def cold(lab: Lab) -> list[Line]:
    study = _study(lab)
    names = [name for name in lab.among(READERS) if name != "memory"]
    found = lab.read("cold", names, study)
    kind = f"N = {study['count']:,}"
    lines: list[Line] = []
    for what, key, show, limits in (
        ("open and read all", "seconds", duration, (1 / 20, 1 / 15)),
        ("memory added at the peak", "memory", megabytes, (0.45, 0.45)),
    ):
        target = Target(limits[0], STOCK)
        files, server = _split(found)
        lines += Metric(f"{kind}: {what}", key, show, (target,)).lines(files)
        target = Target(limits[1], POSTGRES)
        lines += _server(f"{kind}: {what}, PostgreSQL", key, show, target).lines(server)
    files, server = _split({name: lab.sizes[name] for name in names})
    lines += Metric(f"{kind}: bytes a trial", "bytes", rounded, (Target(0.6, STOCK),)).lines(files)
    lines += _server(f"{kind}: bytes a trial, PostgreSQL", "bytes", rounded).lines(server)
    return lines


def _split(found: Found) -> tuple[Found, Found]:
    """Files and memory, servers."""
    server = {name: rounds for name, rounds in found.items() if name in SERVER}
    return {name: rounds for name, rounds in found.items() if name not in SERVER}, server


def warm(lab: Lab) -> list[Line]:
    study = _study(lab)
    found = lab.read("warm", lab.among(READERS), study, steps=lab.pick(100, 15), **study)
    kind = f"N = {study['count']:,}"
    lines = _both(f"{kind}: get_all_trials, nothing new", "nothing", milliseconds, 0.05e-3, found)
    lines += _both(f"{kind}: get_all_trials, one new", "one", milliseconds, 0.5e-3, found)
    lines += _both(f"{kind}: get_best_trial", "best", milliseconds, 0.1e-3, found)
    lines += _both(f"{kind}: get_n_trials", "count", milliseconds, 0.1e-3, found)
    lines += _both(f"{kind}: trials/s", "rate", rounded, None, found)
    return lines + _summaries(lab) + _zombies(lab)


def _summaries(lab: Lab) -> list[Line]:
    studies = lab.pick(100, 10)
    found = lab.run("summaries", lab.among(READERS), studies=studies, count=10)
    kind = f"summaries of {studies} studies x 10 trials"
    lines = _both(f"{kind}, first", "first", milliseconds, None, found)
    return lines + _both(f"{kind}, again", "again", milliseconds, 20e-3, found)


def _zombies(lab: Lab) -> list[Line]:
    running = lab.pick(500, 50)
    found = lab.run("zombies", lab.among(READERS), lab.trials(40, 8), running=running)
    return _both(f"slower by {running} running trials", "slowdown", times, None, found)


def times(number: float) -> str:
    return f"{number:.2f} x"


def _both(
    what: str, key: str, show: Callable[[float], str], limit: float | None, found: Found
) -> list[Line]:
    """Files with the target, then PostgreSQL, which has none here."""
    files, server = _split(found)
    targets = () if limit is None else (Target(limit),)
    lines = list(Metric(what, key, show, targets).lines(files))
    return lines + list(_server(f"{what}, PostgreSQL", key, show).lines(server))


def queue(lab: Lab) -> list[Line]:
    enqueued = lab.pick(60, 24)
    found = lab.run("queue", lab.among(FILES + OWN + SERVER), count=enqueued)
    lines: list[Line] = []
    for own, rounds in zip(("runbase", "runbase-postgres"), _split(found), strict=True):
        suffix = ", PostgreSQL" if own == "runbase-postgres" else ""
        base = POSTGRES if suffix else STOCK
        for what, key in (("handed out twice", "twice"), ("never handed out", "never")):
            metric = Metric(f"of {enqueued}, {what}{suffix}", key, plain, (Target(0),), base, own)
            lines += metric.lines(rounds)
        lines += Metric(f"handed out a second{suffix}", "rate", rounded, (), base, own).lines(
            rounds
        )
    return lines


SECTIONS: dict[str, tuple[str, Callable[[Lab], list[Line]]]] = {
    "trials": ("One process, random sampler", trials),
    "samplers": ("TPE", samplers),
    "processes": ("4 processes, one study, SQLite and files", processes),
    "postgres": ("PostgreSQL", postgres),
    "cold": ("A cold start", cold),
    "warm": ("Many trials, read before", warm),
    "queue": ("4 processes empty a queue", queue),
}

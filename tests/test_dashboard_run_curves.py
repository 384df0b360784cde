"""Curves of chosen runs: thinned where they are, along any axis, resumed runs in one, groups."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from runbase import Client, Experiment, Run
from runbase.dashboard import curves
from runbase.dashboard.api.run_curves import RunCurve, get_run_curves
from runbase.dashboard.board import Board
from runbase.dashboard.run_chains import Chain, chains
from runbase.errors import InvalidValueError, NotFoundError
from runbase.store import metrics

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def board(client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    """A board for which curves of more than 100 points are long."""
    monkeypatch.setattr(curves, "SHORT", 100)
    with closing(Board(client)) as board:
        yield board


@pytest.fixture
def experiment(board: Board) -> Experiment:
    return Experiment(board.client, name="tracked")


def log(
    run: Run, values: Sequence[float], first: int = 0, name: str = "loss", **others: Sequence[float]
) -> Run:
    """Log a value, and others beside it, at each step."""
    names = (name, *others)
    rows = zip(values, *others.values(), strict=True)
    entries = [
        (names, (run.id, first + i, i / len(values), *map(float, row)))
        for i, row in enumerate(rows)
    ]
    metrics.write_entries(run.client.db, entries)
    return run


def new_run(experiment: Experiment, values: Sequence[float] = (), first: int = 0) -> Run:
    """A run with a loss at each step."""
    return log(experiment.get_run().start(), values, first)


def noise(n: int, seed: int = 0) -> list[float]:
    values: list[float] = np.random.default_rng(seed).normal(size=n).tolist()
    return values


def only(found: list[RunCurve]) -> RunCurve:
    [curve] = found
    return curve


def points(curve: RunCurve) -> dict[float, float | str]:
    return dict(zip(curve.x, curve.y, strict=True))


def test_a_short_curve_has_all_its_points(board: Board, experiment: Experiment) -> None:
    run = new_run(experiment, [3, 1, 2])
    found = get_run_curves(board, [run.id], "loss")
    assert (found.metric, found.bands, found.estimated, found.left_out) == ("loss", [], False, 0)
    curve = only(found.curves)
    assert (curve.id, curve.runs) == (run.id, [run.id])
    assert (curve.x, curve.y) == ([0, 1, 2], [3, 1, 2])


@pytest.mark.parametrize("x", ["step", "progress", "metric:time"])
def test_a_long_curve_keeps_its_ends_and_the_extremes_of_each_stretch(
    board: Board, experiment: Experiment, x: str
) -> None:
    values = noise(2000)
    values[777], values[1333] = 60.0, -70.0
    times = np.cumsum(np.random.default_rng(1).random(2000)).tolist()
    run = log(experiment.get_run().start(), values, time=times)
    axis = {"step": range(2000), "progress": [i / 2000 for i in range(2000)], "metric:time": times}
    curve = only(get_run_curves(board, [run.id], "loss", x, points=200).curves)
    assert 150 <= len(curve.x) <= 200
    assert curve.x == sorted(curve.x)
    real = dict(zip(axis[x], values, strict=True))
    assert {at: real[at] for at in curve.x} == points(curve)
    at = list(axis[x])
    assert {at[0], at[777], at[1333], at[-1]} <= points(curve).keys()


@pytest.mark.parametrize("steps", [1, 4])
def test_progress_is_thinned_where_steps_are_few(
    board: Board, experiment: Experiment, steps: int
) -> None:
    run = experiment.get_run().start()
    values = noise(1200)
    values[700] = 50.0
    rows = [(run.id, i * steps // 1200, i / 1200, value) for i, value in enumerate(values)]
    metrics.write_entries(run.client.db, [(("loss",), row) for row in rows])
    curve = only(get_run_curves(board, [run.id], "loss", "progress", points=100).curves)
    assert 70 <= len(curve.x) <= 100
    assert points(curve)[700 / 1200] == 50
    assert all(values[round(x * 1200)] == y for x, y in points(curve).items())


def test_a_plateau_is_no_reason_for_more_points(board: Board, experiment: Experiment) -> None:
    run = new_run(experiment, [1.0] * 3000)
    for x in ("step", "progress"):
        curve = only(get_run_curves(board, [run.id], "loss", x, points=100).curves)
        assert 40 <= len(curve.x) <= 100
        assert set(curve.y) == {1}


def test_gaps_stay_gaps(board: Board, experiment: Experiment) -> None:
    values = noise(1000)
    values[400:600] = [math.nan] * 200
    run = experiment.get_run().start()
    for step, value in enumerate(values):
        run.add_metrics({"loss": value}, step=step)
    curve = only(get_run_curves(board, [run.id], "loss", points=100).curves)
    gap = [x for x, y in points(curve).items() if y == "nan"]
    assert gap
    assert all(400 <= x < 600 for x in gap)
    assert all(y == "nan" for x, y in points(curve).items() if 400 <= x < 600)
    assert len(curve.x) <= 100


def test_infinities_are_told(board: Board, experiment: Experiment) -> None:
    run = experiment.get_run().start()
    for step, value in enumerate([1.0, math.inf, -math.inf]):
        run.add_metrics({"loss": value}, step=step)
    assert only(get_run_curves(board, [run.id], "loss").curves).y == [1, "inf", "-inf"]


def test_zooming_gives_more_detail_down_to_every_point(
    board: Board, experiment: Experiment
) -> None:
    values = noise(5000)
    run = new_run(experiment, values)

    def part(start: float, end: float) -> list[float]:
        return only(
            get_run_curves(board, [run.id], "loss", start=start, end=end, points=100).curves
        ).x

    whole = only(get_run_curves(board, [run.id], "loss", points=100).curves).x
    closer = part(1000, 2000)
    assert len([x for x in whole if 1000 <= x <= 2000]) < len(closer) <= 100
    assert min(closer) >= 1000
    assert max(closer) <= 2000
    assert part(1000, 1080) == list(range(1000, 1081))
    assert part(4990, 9000) == list(range(4990, 5000))
    assert part(4950, math.inf) == list(range(4950, 5000))
    assert get_run_curves(board, [run.id], "loss", start=6000, end=7000).curves == []


def test_zooming_on_progress_and_metrics(board: Board, experiment: Experiment) -> None:
    n = 3000
    run = log(experiment.get_run().start(), noise(n), time=[float(10 * i) for i in range(n)])
    for x, scale in (("progress", 1 / n), ("metric:time", 10)):
        found = get_run_curves(board, [run.id], "loss", x, 1000 * scale, 1040 * scale, points=100)
        assert [round(at / scale) for at in only(found.curves).x] == list(range(1000, 1041))


def test_what_was_written_since_is_seen(board: Board, experiment: Experiment) -> None:
    run = new_run(experiment, [0.0] * 500)

    def highest() -> object:
        return max(only(get_run_curves(board, [run.id], "loss", points=50).curves).y)

    assert highest() == 0
    run.add_metrics({"loss": 5.0}, step=123)
    assert highest() == 5
    run.add_metrics({"loss": 7.0}, step=600)
    assert highest() == 7


def test_many_points_are_read_over_several_connections(
    board: Board, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [new_run(experiment, noise(500, seed)).id for seed in range(3)]
    one_by_one = get_run_curves(board, ids, "loss", points=50)
    monkeypatch.setattr(curves, "MANY", 0)
    assert get_run_curves(board, ids, "loss", points=50) == one_by_one


def test_runs_without_the_metric_are_left_out(board: Board, experiment: Experiment) -> None:
    one = new_run(experiment, [1])
    other = experiment.get_run().start()
    found = get_run_curves(board, [other.id, one.id, 10_000, one.id], "loss")
    assert [curve.id for curve in found.curves] == [one.id]


def test_metrics_beyond_the_columns_have_curves_but_are_no_axis(
    board: Board, experiment: Experiment
) -> None:
    run = experiment.get_run().start()
    for step in range(3):
        run.add_metrics({f"m {i}": float(step) for i in range(80)}, step=step)
    run.add_metrics({"loss": 1.0}, step=0)
    assert only(get_run_curves(board, [run.id], "m 79").curves).y == [0, 1, 2]
    with pytest.raises(InvalidValueError, match="'m 79' cannot be an axis"):
        get_run_curves(board, [run.id], "loss", "metric:m 79")


def set_times(run: Run, start: datetime, end: datetime, column: str = "time_finished") -> None:
    other = "time_updated" if column == "time_finished" else "time_finished"
    run.client.execute(
        f"UPDATE runs SET time_started = :start, {column} = :end, {other} = NULL WHERE id = :id",
        {"start": start, "end": end, "id": run.id},
    )


@pytest.mark.parametrize("column", ["time_finished", "time_updated"])
def test_times_are_estimated_evenly_and_said_to_be(
    board: Board, experiment: Experiment, column: str
) -> None:
    run = new_run(experiment, [1.0] * 11, first=100)
    set_times(run, NOON, NOON + timedelta(seconds=20), column)
    relative = get_run_curves(board, [run.id], "loss", "relative")
    assert relative.estimated
    assert only(relative.curves).x == pytest.approx([2.0 * i for i in range(11)])
    absolute = only(get_run_curves(board, [run.id], "loss", "time").curves).x
    assert absolute[5] == pytest.approx((NOON.timestamp() + 10) * 1000)
    part = only(get_run_curves(board, [run.id], "loss", "relative", start=3.9, end=8.1).curves)
    assert part.x == pytest.approx([4, 6, 8])
    rest = only(get_run_curves(board, [run.id], "loss", "relative", start=15).curves)
    assert rest.x == pytest.approx([16, 18, 20])


def test_all_metrics_of_a_run_have_the_same_estimated_times(
    board: Board, experiment: Experiment
) -> None:
    run = new_run(experiment, [1.0] * 101)
    log(run, [2.0], first=50, name="accuracy")
    set_times(run, NOON, NOON + timedelta(seconds=100))
    assert only(get_run_curves(board, [run.id], "accuracy", "relative").curves).x == [50]


@pytest.fixture
def resumed(experiment: Experiment) -> list[Run]:
    """Steps 0 to 9, resumed from 6 to 14, and that again from 12 to 19."""
    runs = [
        new_run(experiment, [0.0] * 10),
        new_run(experiment, [1.0] * 9, first=6),
        new_run(experiment, [2.0] * 8, first=12),
    ]
    runs[1].add_link("resumes", runs[0].id)
    runs[2].add_link("resumes", runs[1].id)
    runs[2].add_link("repeats", new_run(experiment, [9.0]).id)
    return runs


@pytest.mark.parametrize("chosen", [[0], [1], [2], [0, 2], [2, 1, 0]])
def test_resumed_runs_are_one_curve_wherever_one_begins(
    board: Board, resumed: list[Run], chosen: list[int]
) -> None:
    found = get_run_curves(board, [resumed[i].id for i in chosen], "loss", merged=True)
    curve = only(found.curves)
    assert (curve.id, curve.runs) == (resumed[2].id, [run.id for run in resumed])
    assert curve.x == list(range(20))
    assert curve.y == [0] * 6 + [1] * 6 + [2] * 8


def test_resumed_runs_stay_apart_unless_asked_for(board: Board, resumed: list[Run]) -> None:
    found = get_run_curves(board, [run.id for run in resumed], "loss")
    assert [len(curve.x) for curve in found.curves] == [10, 9, 8]


def test_what_was_run_after_the_checkpoint_is_not_part_of_the_resumed_curve(
    board: Board, experiment: Experiment
) -> None:
    first, second = new_run(experiment, [0.0] * 10), new_run(experiment, [1.0] * 2, first=5)
    second.add_link("resumes", first.id)
    assert (
        only(get_run_curves(board, [first.id], "loss", merged=True).curves).y == [0] * 5 + [1] * 2
    )


def test_a_run_that_two_go_on_from_is_in_two_curves(
    board: Board, experiment: Experiment, resumed: list[Run]
) -> None:
    other = new_run(experiment, [5.0] * 3, first=4)
    other.add_link("resumes", resumed[0].id)
    found = get_run_curves(board, [resumed[0].id], "loss", merged=True).curves
    assert [curve.runs for curve in found] == [
        [run.id for run in resumed], [resumed[0].id, other.id]
    ]  # fmt: skip


def test_circles_of_links_end(board: Board, experiment: Experiment) -> None:
    runs = [new_run(experiment, [1.0]) for _ in range(3)]
    for run, other in zip(runs, [*runs[1:], runs[0]], strict=True):
        run.add_link("resumes", other.id)
    runs[0].add_link("resumes", runs[0].id)
    [chain] = chains(board.db, [runs[1].id])
    assert chain.id == runs[2].id
    assert sorted(chain.runs) == [run.id for run in runs]


def test_a_run_without_links_is_a_chain_of_one(board: Board, experiment: Experiment) -> None:
    run = new_run(experiment)
    assert chains(board.db, [run.id, run.id]) == [Chain(run.id, [run.id])]
    assert chains(board.db, []) == []


def test_times_of_resumed_runs_count_from_the_first(board: Board, resumed: list[Run]) -> None:
    for i, run in enumerate(resumed):
        set_times(run, NOON + timedelta(hours=i), NOON + timedelta(hours=i, seconds=10))
    found = get_run_curves(board, [resumed[2].id], "loss", "relative", merged=True)
    x = only(found.curves).x
    assert len(x) == 10 + 9 + 8
    assert (x[0], x[10], x[-1]) == pytest.approx((0, 3600, 7210))


@pytest.fixture
def grouped(experiment: Experiment) -> list[Run]:
    runs = [
        new_run(experiment, [1, 2, 3]), new_run(experiment, [3, 6, 9, 12]),
        new_run(experiment, [7, 7]),
    ]  # fmt: skip
    for run, model in zip(runs, ["resnet", "resnet", "vit"], strict=True):
        run.add_args({"model": model})
    return runs


def test_groups_have_means_and_how_far_runs_are_apart(board: Board, grouped: list[Run]) -> None:
    ids = [run.id for run in grouped]
    found = get_run_curves(board, ids, "loss", group_by="args.model")
    assert found.curves == []
    resnet, vit = found.bands
    assert (resnet.value, resnet.runs) == ("resnet", ids[:2])
    assert resnet.x == [0, 1, 2, 3]
    assert resnet.mean == [2, 4, 6, 12]
    assert (resnet.low, resnet.high) == ([1, 2, 3, 12], [3, 6, 9, 12])
    assert resnet.std == [1, 2, 3, 0]
    assert resnet.count == [2, 2, 2, 1]
    assert (vit.value, vit.mean, vit.std) == ("vit", [7, 7], [0, 0])


def test_runs_without_the_column_are_a_group(board: Board, grouped: list[Run]) -> None:
    other = new_run(Experiment(board.client, name="tracked"), [5])
    found = get_run_curves(board, [grouped[2].id, other.id], "loss", group_by="args.model")
    assert [(band.value, band.mean) for band in found.bands] == [("vit", [7, 7]), (None, [5])]


def test_between_its_points_a_run_counts_as_a_line(board: Board, experiment: Experiment) -> None:
    run, other = new_run(experiment, [0.0] * 5), experiment.get_run().start()
    for step in (0, 4):
        other.add_metrics({"loss": float(step)}, step=step)
    [band] = get_run_curves(board, [run.id, other.id], "loss", group_by="experiment").bands
    assert band.mean == [0, 0.5, 1, 1.5, 2]


@pytest.mark.parametrize("x", ["step", "progress"])
def test_means_of_long_runs_are_those_of_stretches(
    board: Board, experiment: Experiment, x: str
) -> None:
    values = np.array(noise(4000))
    ids = [new_run(experiment, (values + offset).tolist()).id for offset in (0, 2)]
    [band] = get_run_curves(board, ids, "loss", x, points=40, group_by="experiment").bands
    assert len(band.x) == 40
    np.testing.assert_allclose(band.mean, 1, atol=0.5)
    np.testing.assert_allclose(band.std, 1, atol=1e-6)


def test_what_cannot_be_drawn_is_refused(board: Board, experiment: Experiment) -> None:
    run = new_run(experiment, [1])
    with pytest.raises(NotFoundError, match="'nope'"):
        get_run_curves(board, [run.id], "nope")
    with pytest.raises(NotFoundError, match="'nope'"):
        get_run_curves(board, [run.id], "loss", "metric:nope")
    for x in ("metric:", "epoch", ""):
        with pytest.raises(InvalidValueError, match="x is step"):
            get_run_curves(board, [run.id], "loss", x)
    with pytest.raises(InvalidValueError, match="up to 200 runs"):
        get_run_curves(board, list(range(201)), "loss")
    with pytest.raises(InvalidValueError, match="not nan"):
        get_run_curves(board, [run.id], "loss", start=math.nan)
    with pytest.raises(InvalidValueError, match="10 to 10,000 points"):
        get_run_curves(board, [run.id], "loss", points=9)
    with pytest.raises(InvalidValueError, match="nope"):
        get_run_curves(board, [run.id], "loss", group_by="nope")

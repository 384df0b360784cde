"""Ax's observations as points and back, and what people read of Ax's documents, without Ax."""

from __future__ import annotations

import json
import math
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runbase import Client, Experiment
from runbase.errors import InvalidValueError, NotFoundError
from runbase.store import schema
from runbase.store.ax import cards, experiments, points, project, strategies
from runbase.store.ax.goals import Constraint, Goals, Objective, goals_of
from runbase.store.ax.observations import LAST, Observation, Points, fold, names, unfold
from tests.proxy import Proxy

ARMS = ["0_0", "0_1", "gone"]
KNOWN = ["0_0", "0_1"]
STEPS: list[float | None] = [
    None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 2.0, 2.5, 1 / 3, -1.5, 1e300,
    float(2**53), 2**53 + 2.0, math.nextafter(2.0, 1.0), math.nextafter(0.0, -1.0), 1e-320,
]  # fmt: skip
numbers = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, 0.0, -0.0]))
moments = st.sampled_from([None, None, "2024-01-01", {"timestamp": "NaT"}, 5])
rows = st.lists(
    st.builds(
        Observation,
        arm=st.sampled_from(ARMS),
        metric=st.sampled_from(["loss", "loss_sem", "loss_sem_", "time"]),
        signature=st.sampled_from(["loss", "loss", "loss_v2"]),
        mean=numbers,
        sem=numbers,
        step=st.one_of(st.sampled_from(STEPS), st.floats(-5, 5), st.floats()),
        start_time=moments,
        end_time=moments,
        n=st.sampled_from([None, 10, 2**60]),
    ),
    max_size=12,
)


def there_and_back(given: list[Observation]) -> tuple[Points, str, list[Observation]]:
    found, layout = fold(given, KNOWN)
    text = json.dumps(layout)
    return found, text, unfold(json.loads(text), found)


def by_arm(given: list[Observation]) -> list[str]:
    """The observations of each arm in their order, exactly; arms as they first come."""
    order = list(dict.fromkeys(row.arm for row in given))
    return [repr(row) for row in sorted(given, key=lambda row: order.index(row.arm))]


@given(rows)
@settings(max_examples=200, deadline=None)
@example([Observation("0_0", "loss", "loss", -0.0, -0.0, -0.0)])
@example([Observation("gone", "loss", "loss", 1.0, math.nan, None)])
def test_all_observations_come_back(given: list[Observation]) -> None:
    assert by_arm(there_and_back(given)[2]) == by_arm(given)


@given(rows)
def test_points_do_not_depend_on_how_they_were_stored(given: list[Observation]) -> None:
    found, text, _ = there_and_back(given)
    for cells in found.values():
        for cell in cells.values():
            assert cell.keys() <= names(json.loads(text))
            assert "-0.0" not in map(repr, cell.values())
    shuffled = {arm: dict(reversed(cells.items())) for arm, cells in reversed(found.items())}
    assert by_arm(unfold(json.loads(text), shuffled)) == by_arm(given)


@pytest.mark.parametrize("by", ["step", "metric"])
@pytest.mark.parametrize("stepless", [None, math.nan])
def test_the_layout_of_a_long_curve_is_a_few_words(by: str, stepless: float | None) -> None:
    steps = [*(n / 2 for n in range(10_000)), stepless]
    cells = [(step, metric) for step in steps for metric in ("loss", "accuracy")]
    if by == "metric":
        cells.sort(key=lambda cell: cell[1])
    given = [
        Observation("0_0", metric, f"{metric}_v1", 0.5, 0.1, step, "2024-01-01", None, 7)
        for step, metric in cells
    ]
    found, text, back = there_and_back(given)
    assert len(text) < 500
    assert json.loads(text)["by"] == by
    assert len(found["0_0"]) == 10_001
    assert list(map(repr, back)) == list(map(repr, given))


def test_what_has_no_step_is_after_the_last_one() -> None:
    given = [
        Observation("0_0", "loss", "loss", mean, math.nan, step)
        for mean, step in [(3.0, 1.0), (2.0, 2.5), (1.0, None)]
    ]
    found, _ = fold(given, KNOWN)
    assert found == {
        "0_0": {(1, 0.0): {"loss": 3.0}, (2, 0.5): {"loss": 2.0}, (2, LAST): {"loss": 1.0}}
    }
    assert fold(given[2:], KNOWN)[0] == {"0_0": {(0, 0.0): {"loss": 1.0}}}


def test_observations_of_arms_that_the_trial_has_not_are_in_the_layout() -> None:
    found, layout = fold([Observation("gone", "loss", "loss", 1.0, 0.5)], KNOWN)
    assert found == {}
    assert layout["more"] == [[0, "gone", "loss", "loss", 1.0, 0.5, None, None, None, None]]


# ---- points in the database


cells = st.dictionaries(
    st.tuples(st.integers(-2, 3), st.sampled_from([0.0, 0.25, LAST])),
    st.dictionaries(
        st.sampled_from(["loss", "loss_sem", "a:b"]), numbers.map(lambda x: x + 0.0), min_size=1
    ),
    max_size=5,
)


@given(old=cells, new=cells)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_points_become_what_is_written(
    client: Client, experiment: Experiment, old: dict[Any, Any], new: dict[Any, Any]
) -> None:
    db = client.db
    points.make_room(db, {"loss", "loss_sem", "a:b"})
    changed, fresh = (experiment.get_run().id for _ in range(2))
    with db.transaction():
        points.write(db, changed, {}, old)
        points.write(db, changed, old, new)
        points.write(db, fresh, {}, new)
    client.execute("UPDATE runs SET version = 1")
    found = points.read(db, experiment.id, {"loss", "loss_sem", "a:b"})
    assert exact(found.get(changed, {})) == exact(found.get(fresh, {})) == exact(new)
    assert summary(client, changed) == summary(client, fresh)


def test_a_point_that_is_not_new_is_tried_the_short_way_once(tmp_path: Path) -> None:
    with Client(tmp_path / "ax.db") as client:
        run = Experiment(client, name="e").get_run().id
        points.make_room(client.db, {"loss", "acc"})
        old = {(1, 0.0): {"loss": 1.0, "acc": 1.0}}
        with client.db.transaction():
            points.write(client.db, run, {}, old)
        tried: list[str] = []
        client.db.session.open().set_trace_callback(tried.append)
        with client.db.transaction():
            points.write(client.db, run, old, {(1, 0.0): {"loss": 2.0, "acc": 1.0}})
        client.db.session.open().set_trace_callback(None)
        short = [sql for sql in tried if sql.startswith("INSERT INTO metrics (")]
        short = [sql for sql in short if sql.endswith("DO NOTHING")]
        assert len(short) == 1, tried


def exact(found: dict[Any, dict[str, float]]) -> dict[Any, dict[str, str]]:
    return {
        place: {name: repr(value + 0.0) for name, value in sorted(cell.items())}
        for place, cell in sorted(found.items())
    }


def summary(client: Client, run_id: int) -> list[Any]:
    rows = client.execute(
        "SELECT n.name, m.* FROM run_metrics m JOIN metric_names n ON n.id = m.metric_id"
        f" WHERE m.run_id = {run_id} ORDER BY n.name"
    ).fetchall()
    return [repr([value for value in row if value != run_id]) for row in rows]


# ---- goals, statuses and constraints


def metric(name: str, **more: Any) -> dict[str, Any]:
    return {"__type": "Metric", "name": name} | more


def up(name: str, **weights: float) -> Objective:
    return Objective(name, "maximize", weights or {name: 1.0})


def down(name: str, **weights: float) -> Objective:
    return Objective(name, "minimize", weights or {name: 1.0})


#: How Ax wrote objectives, today and before 1.3.
OBJECTIVES: list[tuple[dict[str, Any], list[Objective]]] = [
    ({"expression": "acc"}, [up("acc")]),
    ({"expression": "-loss"}, [down("loss")]),
    ({"expression": "- loss"}, [down("loss")]),
    ({"expression": "acc, -loss"}, [up("acc"), down("loss")]),
    ({"expression": "3*acc"}, [up("acc")]),
    ({"expression": "-2.5e-3*loss"}, [down("loss")]),
    ({"expression": "2*acc + recall"}, [up("2 * acc + recall", acc=2.0, recall=1.0)]),
    ({"expression": "a - 0.5*b"}, [up("a + -0.5 * b", a=1.0, b=-0.5)]),
    ({"expression": "-a - 2*b"}, [down("a + 2 * b", a=1.0, b=2.0)]),
    ({"expression": "-val-loss"}, [down("val-loss")]),
    ({"expression": "-my metric, a/b"}, [down("my metric"), up("a/b")]),
    ({"expression": "val-loss + 2*my metric"}, [
        up("val-loss + 2 * my metric", **{"val-loss": 1.0, "my metric": 2.0})
    ]),
    ({"expression": "-2*loss + -acc"}, [down("2 * loss + acc", loss=2.0, acc=1.0)]),
    ({"expression": "a - -b + a"}, [up("2 * a + b", a=2.0, b=1.0)]),
    ({"expression": "-(a + b)"}, [down("a + b", a=1.0, b=1.0)]),
    ({"expression": "-2*(a - b)"}, [up("-2 * a + 2 * b", a=-2.0, b=2.0)]),
    ({"expression": "2*metric, -(p50)"}, [up("2*metric"), down("(p50)")]),
    ({"expression": "p(50)"}, [up("p(50)")]),
    ({"expression": "-2*(a + b) + c"}, []),
    ({"expression": "-()"}, []),
    ({"expression": "a*b"}, []),
    ({"expression": ""}, []),
    ({"metric": metric("loss"), "minimize": True}, [down("loss")]),
    ({"metric": metric("top-1 %"), "minimize": False}, [up("top-1 %")]),
    (
        {"objectives": [{"metric": metric("a"), "minimize": True}, {"expression": "b"}]},
        [down("a"), up("b")],
    ),
    (
        {"metrics": [metric("a"), metric("b")], "weights": [1.0, -2.0], "minimize": True},
        [down("1 * a + -2 * b", a=1.0, b=-2.0)],
    ),
    (
        {"metrics": [metric("a"), metric("b")], "weights": None, "minimize": False},
        [up("1 * a + 1 * b", a=1.0, b=1.0)],
    ),
    ({}, []),
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), OBJECTIVES)
def test_objectives(written: dict[str, Any], expected: list[Objective]) -> None:
    names = [metric(name) for name in ("val-loss", "my metric", "loss", "2*metric", "(p50)")]
    head = {"optimization_config": {"objective": written}, "tracking_metrics": names}
    assert goals_of(head).objectives == expected


def bound(op: str, value: float, **more: Any) -> dict[str, Any]:
    return {"op": {"__type": "ComparisonOp", "name": op}, "bound": value, "relative": False} | more


CONSTRAINTS: list[tuple[dict[str, Any], list[Constraint]]] = [
    (bound("LEQ", 3, metric=metric("a")), [Constraint({"a": 1.0}, True, 3.0)]),
    (bound("GEQ", 3, metric=metric("a")), [Constraint({"a": 1.0}, False, 3.0)]),
    (bound("LEQ", 3, metric=metric("a"), relative=True), []),
    (
        bound("LEQ", 3, metrics=[metric("a"), metric("b")], weights=[1.0, 2.0]),
        [Constraint({"a": 1.0, "b": 2.0}, True, 3.0)],
    ),
    ({"expression": "2*a + b <= 3"}, [Constraint({"a": 2.0, "b": 1.0}, True, 3.0)]),
    ({"expression": "a - b>=-1.5e1"}, [Constraint({"a": 1.0, "b": -1.0}, False, -15.0)]),
    ({"expression": "val-loss <= 0.5"}, [Constraint({"val-loss": 1.0}, True, 0.5)]),
    ({"expression": "top-1 >= 0.5"}, [Constraint({"top-1": 1.0}, False, 0.5)]),
    (
        {"expression": "-2*top-1 + a >= 0.5"},
        [Constraint({"top-1": -2.0, "a": 1.0}, False, 0.5)],
    ),
    ({"expression": "-(a + b) <= 1"}, [Constraint({"a": -1.0, "b": -1.0}, True, 1.0)]),
    ({"expression": "a <= 0.5 * baseline"}, []),
    ({"expression": "a <= .5"}, [Constraint({"a": 1.0}, True, 0.5)]),
    ({"expression": "a <= 1.2.3"}, []),
    ({"expression": "3 >= a"}, []),
    ({}, []),
]


@pytest.mark.parametrize(("written", "expected"), CONSTRAINTS)
def test_constraints(written: dict[str, Any], expected: list[Constraint]) -> None:
    names = [metric("val-loss"), metric("top-1"), metric("")]
    head = {"optimization_config": {"outcome_constraints": [written]}, "metrics": names}
    assert goals_of(head).constraints == expected


@pytest.mark.parametrize("other", [written for written, expected in CONSTRAINTS if not expected])
@pytest.mark.parametrize("is_first", [True, False])
def test_constraints_are_known_all_or_none(other: dict[str, Any], is_first: bool) -> None:
    written = [{"expression": "a <= 3"}, other]
    if not is_first:
        written.reverse()
    config = {"objective": {"expression": "-loss"}, "outcome_constraints": written}
    found = goals_of({"optimization_config": config})
    assert found == Goals([down("loss")], [])
    given = [Observation("3_0", "a", "a", 1.0, math.nan)]
    assert ("system", "constraints") not in project.trial(document(), "", given, found).attrs


def test_a_violated_constraint_is_above_zero() -> None:
    at_most, at_least = (Constraint({"a": 2.0}, is_upper, 3.0) for is_upper in (True, False))
    assert at_most.violation({"a": 2.0}) == 1.0
    assert at_least.violation({"a": 2.0}) == -1.0
    assert at_most.violation({"b": 2.0}) is None


def test_an_experiment_without_goals() -> None:
    assert goals_of({"optimization_config": None}) == Goals([], [])


def document(status: str = "COMPLETED", **more: Any) -> dict[str, Any]:
    arm = {"__type": "Arm", "name": "3_0", "parameters": {"x": 0.5}}
    run = {"arms": [arm], "weights": [1.0], "generator_key": "Sobol", "generation_node_name": "N"}
    return {
        "index": 3, "status": {"__type": "TrialStatus", "name": status}, "generator_run": run,
        "time_created": {"__type": "datetime", "value": "2024-01-02 03:04:05.678901"},
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("CANDIDATE", "PLANNED"), ("STAGED", "PLANNED"), ("DISPATCHED", "RUNNING"),
        ("RUNNING", "RUNNING"), ("COMPLETED", "COMPLETED"), ("EARLY_STOPPED", "PRUNED"),
        ("FAILED", "FAILED"), ("ABANDONED", "CANCELLED"),
    ],
)  # fmt: skip
def test_statuses(status: str, expected: str) -> None:
    found = project.trial(document(status), "", [], Goals([], []))
    assert found.status == found.arms[0].status == expected
    own = found.attrs.get(("user", "ax_status"))
    assert own == (json.dumps(status) if status in ("STAGED", "DISPATCHED") else None)


def test_a_trial_has_the_last_means_of_its_objectives() -> None:
    goals = Goals([up("acc"), down("loss")], [Constraint({"loss": 1.0}, True, 1.0)])
    given = [
        Observation("3_0", "acc", "acc", mean, math.nan, step)
        for mean, step in [(0.5, 2.0), (0.25, 1.0)]
    ]
    loss = [
        Observation("3_0", "loss", "loss", m, math.nan, s) for m, s in [(4.0, None), (3.0, 9.0)]
    ]
    found = project.trial(document(status_reason="r"), "text", [*given, *loss], goals)
    assert (found.number, found.is_batch, found.doc) == (3, False, "text")
    [arm] = found.arms
    assert (arm.name, arm.args, arm.values, arm.value) == ("3_0", {"x": 0.5}, [0.5, 4.0], None)
    assert found.attrs == {
        ("user", "status_reason"): '"r"',
        ("user", "generation_node"): '"N"',
        ("user", "generator"): '"Sobol"',
        ("system", "constraints"): "[3.0]",
    }


@pytest.mark.parametrize("mean", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_among_the_objectives_only(mean: float) -> None:
    row = Observation("3_0", "loss", "loss", mean, math.nan)
    [arm] = project.trial(document(), "", [row], Goals([down("loss")], [])).arms
    assert arm.value is None
    assert repr(arm.values) == repr([mean])


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 501, None, 7])
def test_names_of_arms_that_no_engine_keeps_are_refused(name: Any) -> None:
    doc = document()
    doc["generator_run"]["arms"][0]["name"] = name
    with pytest.raises(InvalidValueError, match="the name of an arm of trial 3 has at most 500"):
        project.trial(doc, "", [], Goals([], []))


# ---- experiments and strategies


def head_of(name: str) -> experiments.Head:
    return experiments.Head(name, None, datetime.now(UTC), ["minimize"], ["loss"], "{}", "1.3.1")


def test_names_of_objectives_go_with_them(client: Client) -> None:
    def attrs() -> list[Any]:
        rows = client.execute("SELECT value FROM experiment_attrs").fetchall()
        return [json.loads(value) for (value,) in rows]

    head = head_of("e")
    with client.db.transaction():
        id = experiments.insert(client.db, head)
    assert attrs() == [["loss"]]
    with client.db.transaction():
        experiments.update(client.db, id, head._replace(directions=[], names=[]), 2)
    assert attrs() == []


def test_a_strategy_is_found_by_its_id(client: Client) -> None:
    with client.db.transaction():
        strategy = strategies.Strategy("s", None, "{}", "1.3.1")
        id = strategies.insert(client.db, None, strategy, 7)
    found = strategies.Found(id, None, "{}", "1.3.1", 7)
    assert strategies.find(client.db, id) == strategies.read(client.db, id) == found
    assert strategies.find(client.db, id + 1) is None
    with pytest.raises(NotFoundError, match=f"there is no generation strategy {id + 1}"):
        strategies.read(client.db, id + 1)


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_a_card_is_stored_once_though_the_answer_to_a_commit_is_lost(
    server: str, request: pytest.FixtureRequest
) -> None:
    url = str(request.getfixturevalue(f"{server}_url"))
    with closing(Proxy(url)) as proxy, closing(Client(proxy.url)) as client:
        schema.setup(client.database)
        with client.db.transaction():
            id = experiments.insert(client.db, head_of("e"))
        first = cards.insert(client.db, id, "{}", "1.3.1")
        proxy.cut()
        second = cards.insert(client.db, id, '{"a": 1}', "1.3.1")
        assert proxy.cuts == 1
        assert [card[0] for card in cards.read(client.db, id)] == [first, second]
        third = cards.insert(client.db, id, '{"a": 1}', "1.3.1")  # somebody wants it twice
        assert [card[0] for card in cards.read(client.db, id)] == [first, second, third]
        proxy.cut()
        experiments.delete(client.db, "e")
        assert proxy.cuts == 2
        with pytest.raises(NotFoundError, match="no Ax experiment 'e'"):
            experiments.delete(client.db, "e")

"""Metrics: what is stored, where, and what comes back."""

from __future__ import annotations

import itertools
import math
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import runbase
from runbase import Client, Experiment, Run
from runbase.engines.json import Jsonb
from runbase.errors import InvalidValueError, NotFoundError
from runbase.store import schema
from runbase.store.columns import MANY

BIG = 2**53 + 1
NOON = datetime(2024, 5, 17, 12, 0, 0, 123456, tzinfo=UTC)


class Colour(IntEnum):
    RED = 7


class Scalar:
    """A tensor with one number, as torch's: it has a dtype and ``item``."""

    dtype = "torch.float32"
    shape = ()

    def __init__(self, value: float) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"tensor({self.value})"

    def item(self) -> float:
        return self.value


def table(client: Client, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in client.execute(sql, parameters).fetchall()]


def names(client: Client) -> dict[str, str | None]:
    """The columns of the metrics by their names."""
    return dict(client.execute("SELECT name, column_name FROM metric_names").fetchall())


def metric_columns(client: Client) -> list[str]:
    """The columns of ``metrics``, in their order, without those of the point."""
    return list(client.engine.columns(client.db.run, "metrics"))[3:]


def logged(run: Run, name: str) -> list[Any]:
    return [point.value for point in run.get_metric(name)]


def is_same(a: Any, b: Any) -> bool:
    """Whether two values are the same, NaN included, and a number is a number."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b
    return type(a) is type(b) and a == b


# -- the table ------------------------------------------------------------------------------


@pytest.mark.item("S004", "S013", "S018", "A25")
def test_a_point_in_time_is_a_row_and_a_metric_a_column(client: Client, run: Run):
    run.add_metrics({"loss": 0.5, "accuracy": 1}, step=3, progress=0.25)
    cursor = client.execute("SELECT * FROM metrics")
    assert [c[0] for c in cursor.description or ()] == [
        *("run_id", "step", "progress", "loss", "accuracy")
    ]
    assert cursor.fetchall() == [(run.id, 3, 0.25, 0.5, 1.0)]


@pytest.mark.item("S013", "S054")
def test_step_and_progress_are_0_when_they_are_not_given(client: Client, run: Run):
    run.add_metrics({"loss": 1.0})
    run.add_metrics({"loss": 2.0}, step=1)
    run.add_metrics({"loss": 3.0}, progress=0.5)
    assert table(client, "SELECT step, progress, loss FROM metrics ORDER BY loss") == [
        *((0, 0.0, 1.0), (1, 0.0, 2.0), (0, 0.5, 3.0))
    ]


@pytest.mark.item("S018")
@pytest.mark.parametrize("first", [0, True, 1.0, np.int8(3), 40_000, 3_000_000_000])
def test_a_first_integer_does_not_narrow_its_column(run: Run, first: Any):
    later = [0.6, 100_000, 3e9, 1e300]
    for step, value in enumerate([first, *later]):
        run.add_metrics({"m": value}, step=step)
    assert logged(run, "m") == [float(first), *later]


@pytest.mark.item("S054")
def test_metrics_of_the_same_point_are_merged(client: Client, run: Run):
    for metrics in ({"a": 1.0}, {"b": 2.0}, {"c": "text", "a": None}, {"d": math.inf}):
        run.add_metrics(metrics, step=1)
    assert table(client, "SELECT step, a, b, c FROM metrics") == [(1, 1.0, 2.0, "text")]
    assert logged(run, "d") == [math.inf]


VALUES_OF_ALL_KINDS = [1.0, math.nan, math.inf, BIG, "text", NOON, b"bytes"]


@pytest.mark.item("S054")
@pytest.mark.parametrize("repetitions", [1, 2])
def test_metrics_of_the_same_point_are_overwritten_whatever_they_were(run: Run, repetitions: int):
    pairs = list(itertools.product(VALUES_OF_ALL_KINDS, repeat=2))
    for step, (old, _) in enumerate(pairs):
        run.add_metrics({"m": old}, step=step)
    for step, (_, new) in enumerate(pairs * repetitions):
        run.add_metrics({"m": new}, step=step % len(pairs))
    assert all(map(is_same, logged(run, "m"), [new for _, new in pairs]))
    assert len(run.get_metric("m")) == len(pairs)


@pytest.mark.item("S019", "S054")
def test_no_metrics_are_no_point(client: Client, run: Run):
    run.add_metrics({}).add_metrics({"nothing": None}, step=2)
    assert table(client, "SELECT * FROM metrics") == []
    assert names(client) == {}


@pytest.mark.item("A64")
def test_the_function_takes_the_id_of_a_run(client: Client, run: Run):
    runbase.run_add_metrics(client, run.id, {"loss": 0.5}, 4, 0.75)
    runbase.run_add_metrics(client, run.id, metrics={"loss": 0.25}, step=5, progress=0.8)
    assert run.get_metric("loss") == [(4, 0.75, 0.5), (5, 0.8, 0.25)]


@pytest.mark.item("S054")
def test_time_updated_follows_the_metrics_unless_told_otherwise(client: Client, run: Run):
    sql = "SELECT time_updated FROM runs"
    run.add_metrics({"m": 1.0}, updated=None)
    assert table(client, sql) == [(None,)]
    run.add_metrics({"m": 1.0}, step=1, updated=NOON)
    assert table(client, sql) == [(NOON,)]
    before = datetime.now(UTC)
    run.add_metrics({"m": 1.0}, step=2)
    assert before <= table(client, sql)[0][0] <= datetime.now(UTC)


# -- values ---------------------------------------------------------------------------------

EXACT_VALUES = {
    "float": 0.1,
    "tiny": 5e-324,
    "huge": 1.7976931348623157e308,
    "negative": -1.5,
    "zero": 0.0,
    "nan": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "int": 40_000,
    "int beyond 2^53": BIG,
    "int beyond 64 bits": 2**70 + 1,
    "int beyond a double": 10**400,
    "text": 'it\'s "quoted" \\ 100% \N{GREEK SMALL LETTER LAMDA} \N{ROCKET}\n',
    "empty text": "",
    "text like a number": "1.5",
    "time": NOON,
    "date": date(2024, 2, 29),
    "interval": timedelta(days=-3, hours=5, microseconds=7),
    "bytes": bytes(range(256)),
    "no bytes": b"",
    "document": Jsonb({"a": [1, None, "x"]}),
}


@pytest.mark.item("S018", "S019", "S054")
def test_each_kind_of_value_comes_back_as_it_was_logged(run: Run):
    run.add_metrics(EXACT_VALUES, step=1)
    found = {name: logged(run, name) for name in EXACT_VALUES}
    expected = {name: [v.obj if isinstance(v, Jsonb) else v] for name, v in EXACT_VALUES.items()}
    assert repr(found) == repr(
        {
            k: [float(v[0]) if type(v[0]) is int and v[0] == 40_000 else v[0]]
            for k, v in expected.items()
        }
    )


@pytest.mark.item("S018", "S019")
@pytest.mark.parametrize("first", VALUES_OF_ALL_KINDS, ids=lambda v: type(v).__name__)
def test_values_of_all_kinds_may_follow_each_other_in_one_metric(run: Run, first: Any):
    values = [first, *EXACT_VALUES.values()]
    for step, value in enumerate(values):
        run.add_metrics({"m": value}, step=step)
    expected = [v.obj if isinstance(v, Jsonb) else v for v in values]
    found = logged(run, "m")
    assert [
        i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if not is_same(a, b)
    ] == []


@pytest.mark.item("S018", "S019")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, 1.0),
        (np.bool_(True), 1.0),
        (Colour.RED, 7.0),
        (np.float16(0.5), 0.5),
        (np.float32(0.1), 0.10000000149011612),
        (np.float64(0.1), 0.1),
        (np.float32("nan"), math.nan),
        (np.float64("inf"), math.inf),
        (np.int64(BIG), BIG),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.array(3.5), 3.5),
        (np.array([3.5]), 3.5),
        (np.str_("text"), "text"),
        (np.datetime64("2024-05-17T12:00:00.123456"), "time"),
        (Scalar(2.5), 2.5),
        (Scalar(math.nan), math.nan),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 4), 0.25),
        (NOON.astimezone(timezone(timedelta(hours=5))), NOON),
    ],
    ids=repr,
)
def test_scalars_of_other_kinds_become_plain_python(run: Run, value: Any, expected: Any):
    if expected == "time":
        expected = NOON.replace(tzinfo=None).astimezone(UTC)
    run.add_metrics({"m": value}, step=1)
    run.add_metrics({"m": value}, step=2)
    assert all(is_same(v, expected) for v in logged(run, "m")), logged(run, "m")
    assert len(logged(run, "m")) == 2


def test_a_time_without_a_zone_is_local(run: Run):
    run.add_metrics({"m": datetime(2024, 5, 17, 12)})
    assert logged(run, "m") == [datetime(2024, 5, 17, 12).astimezone(UTC)]


@pytest.mark.parametrize("value", [None, np.datetime64("NaT")], ids=["None", "NaT"])
@pytest.mark.item("S019")
def test_no_value_leaves_what_is_there(client: Client, run: Run, value: Any):
    run.add_metrics({"m": 1.0, "other": 2.0})
    run.add_metrics({"m": value, "other": 3.0})
    assert table(client, "SELECT m, other FROM metrics") == [(1.0, 3.0)]


FLOATS = st.floats(width=64)
EXACT = st.one_of(
    FLOATS,
    st.integers(),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    st.dates(date(1000, 1, 1)),
    st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
    st.binary(),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(EXACT, min_size=1, max_size=30), name=st.sampled_from("abcdefgh"))
def test_any_value_comes_back_exactly(experiment: Experiment, values: list[Any], name: str):
    run = experiment.get_run()
    for step, value in enumerate(values):
        run.add_metrics({name: value}, step=step)
    found = logged(run, name)
    assert len(found) == len(values)
    assert all(map(is_same, found, values)), found


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=FLOATS.filter(math.isfinite))
@example(-0.0)
def test_floats_come_back_bit_by_bit(experiment: Experiment, value: float):
    run = experiment.get_run().add_metrics({"m": value})
    [found] = logged(run, "m")
    if value:  # SQLite has no negative zero
        assert struct.pack("d", found) == struct.pack("d", value)
    assert found == value


# -- names ----------------------------------------------------------------------------------

ODD_NAMES = [
    "train/loss",
    "Loss",
    "loss",
    "LOSS",
    "step",
    "run_id",
    "progress",
    "Step",
    "id",
    "select",
    "",
    " ",
    " leading",
    "trailing",
    "trailing ",
    'a "quoted" name',
    "it's",
    "`back`",
    "100%",
    "%s",
    "%(x)s",
    ":name",
    "?",
    "a;b--c",
    "/* c */",
    "back\\slash",
    "dollar$$",
    "new\nline",
    "tab\t",
    "caf\u00e9",
    "cafe",
    "cafe\u0301",
    "\N{GREEK SMALL LETTER LAMDA}",
    "\N{LATIN SMALL LETTER SHARP S}",
    "ss",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}",
    "i",
    "\N{LATIN SMALL LETTER DOTLESS I}",
    "\N{KELVIN SIGN}",
    "k",
    "\N{ROCKET}",
    "\N{GRINNING FACE}",
    "x" * 500,
    "x" * 499 + "y",
    "\N{ROCKET}" * 500,
    "a.b",
    "v1",
    "v10",
    "$.path",
]
ODD_NAMES.remove("")


@pytest.mark.item("S019", "S054")
def test_any_name_is_kept_exactly(client: Client, run: Run):
    assert len(ODD_NAMES) <= MANY
    for step in range(3):
        run.add_metrics({name: i + step / 4 for i, name in enumerate(ODD_NAMES)}, step=step)
    for i, name in enumerate(ODD_NAMES):
        assert logged(run, name) == [i, i + 0.25, i + 0.5], name
    assert names(client).keys() == set(ODD_NAMES)
    assert None not in names(client).values()


@pytest.mark.item("S019")
def test_any_name_is_kept_exactly_without_a_column_too(
    client: Client, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(type(client.engine), "max_metric_columns", 0)
    metrics = {name: i + 0.5 for i, name in enumerate(ODD_NAMES)}
    run.add_metrics(metrics)
    assert {name: logged(run, name) for name in metrics} == {n: [v] for n, v in metrics.items()}
    assert dict(table(client, "SELECT name, value FROM metrics_long")) == metrics


@pytest.mark.item("S019")
def test_names_that_can_be_are_the_names_of_columns(client: Client, run: Run):
    wanted = ["train/loss", 'a "quoted" name', "100%", "caf\u00e9", "select"]
    run.add_metrics(dict.fromkeys(wanted, 1.0))
    assert names(client) == {name: name for name in wanted}


@pytest.mark.item("S019")
def test_names_that_differ_in_case_have_two_columns(client: Client, run: Run):
    run.add_metrics({"Loss": 1.0, "loss": 2.0, "step": 3.0})
    assert names(client) == {"Loss": "Loss", "loss": "loss_2", "step": "step_2"}


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(some=st.lists(NAMES, min_size=1, max_size=3, unique=True))
def test_any_text_is_a_name(experiment: Experiment, some: list[str]):
    run = experiment.get_run()
    for step in range(2):
        run.add_metrics({name: float(i) for i, name in enumerate(some)}, step=step)
    run.add_metrics({name: str(i) for i, name in enumerate(some)}, step=2)
    assert [logged(run, n) for n in some] == [[i, i, str(i)] for i in range(len(some))]


@pytest.mark.item("S019")
def test_3000_names_are_stored_and_read_back(client: Client, run: Run):
    metrics = {f"metric/{i}": float(i) for i in range(3000)}
    run.add_metrics(metrics, step=1)
    run.add_metrics({"metric/7": 0.5, "metric/2999": math.nan}, step=2)
    rows = table(client, "SELECT name, value FROM metrics_long WHERE step = 1")
    assert dict(rows) == metrics
    assert run.get_metric("metric/7") == [(1, 0.0, 7.0), (2, 0.0, 0.5)]
    assert table(client, "SELECT COUNT(*) FROM run_metrics") == [(3000,)]
    assert metric_columns(client) == []


@pytest.mark.item("S019")
def test_more_names_than_columns_are_stored_and_read_back(client: Client, run: Run):
    metrics = {f"metric/{i}": float(i) for i in range(900)}
    for start in range(0, 900, 60):
        run.add_metrics({k: metrics[k] for k in list(metrics)[start : start + 60]}, step=1)
    assert dict(table(client, "SELECT name, value FROM metrics_long")) == metrics
    assert len(metric_columns(client)) == client.engine.max_metric_columns


def test_columns_are_capped_and_the_rest_goes_to_metrics_more(
    client: Client, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(type(client.engine), "max_metric_columns", 3)
    for i in range(5):
        run.add_metrics({f"m{i}": float(i)}, step=1)
    assert metric_columns(client) == ["m0", "m1", "m2"]
    assert table(client, "SELECT data FROM metrics_more") == [({"m3": 3.0, "m4": 4.0},)]
    assert [logged(run, f"m{i}") for i in range(5)] == [[0], [1], [2], [3], [4]]


@pytest.mark.parametrize(("count", "columns"), [(MANY, MANY), (MANY + 1, 0)])
def test_a_call_with_many_new_names_makes_no_columns(
    client: Client, run: Run, count: int, columns: int
):
    run.add_metrics({f"m{i}": float(i) for i in range(count)})
    assert len(metric_columns(client)) == columns
    run.add_metrics({"m0": 7.0, "new": 8.0}, step=1)
    assert logged(run, "m0") == [0.0, 7.0]
    assert "new" in metric_columns(client)


# -- columns of users -----------------------------------------------------------------------


@pytest.mark.item("S017", "S018")
def test_columns_that_users_added_are_used(client: Client, run: Run):
    for declaration in (
        *("loss FLOAT", "count_ BIGINT", "label VARCHAR(50)", "train_end TIMESTAMP WITH TIME ZONE"),
        *('"val/top1" DOUBLE PRECISION', "day DATE", "flag BOOLEAN"),
    ):
        if client.dialect == "mysql":
            declaration = declaration.replace("TIMESTAMP WITH TIME ZONE", "DATETIME(6)")
            declaration = declaration.replace('"', "`").replace("FLOAT", "DOUBLE")
        client.execute(f"ALTER TABLE metrics ADD COLUMN {declaration}")
    values = {
        "loss": 0.5,
        "count_": BIG,
        "label": "text",
        "train_end": NOON,
        "val/top1": 0.75,
        "day": date(2024, 2, 29),
    }
    run.add_metrics(values | {"flag": True}, step=1)
    run.add_metrics({"count_": 0.5, "loss": "text", "label": 3}, step=2)
    assert {name: logged(run, name)[0] for name in values} == values
    assert [logged(run, n)[1] for n in ("count_", "loss", "label")] == [0.5, "text", 3]
    assert logged(run, "flag") == [True]
    selected = 'SELECT loss, count_, label, train_end, "val/top1" FROM metrics WHERE step = 1'
    if client.dialect == "mysql":
        selected = selected.replace('"', "`")
    assert table(client, selected) == [(0.5, BIG, "text", NOON, 0.75)]
    assert metric_columns(client)[:6] == list(values)
    assert set(metric_columns(client)) == {*values, "flag"}


@pytest.mark.item("S017")
def test_a_column_that_a_user_adds_to_a_metric_that_has_none_is_used(client: Client, run: Run):
    run.add_metrics({f"m{i}": float(i) for i in range(MANY + 1)})
    client.execute("ALTER TABLE metrics ADD COLUMN m0 DOUBLE PRECISION")
    schema.setup(client.database)
    run.add_metrics({"m0": 5.0}, step=1)
    assert table(client, "SELECT m0 FROM metrics WHERE step = 1") == [(5.0,)]
    assert logged(run, "m0") == [0.0, 5.0]


def test_a_column_that_a_user_dropped_is_not_missed(client: Client, run: Run):
    run.add_metrics({"a": 1.0, "b": 2.0})
    run.add_metrics({"a": 1.0, "b": 2.0}, step=1)
    client.execute("DROP VIEW metrics_long")
    client.execute("ALTER TABLE metrics DROP COLUMN b")
    client.execute("DELETE FROM run_metrics")
    client.execute("DELETE FROM metric_names WHERE name = 'b'")
    run.add_metrics({"a": 3.0, "b": 4.0}, step=2)
    assert run.get_metric("b") == [(2, 0.0, 4.0)]


# -- the summary ----------------------------------------------------------------------------

SUMMARY = """
SELECT k.name, m.n, m.n_nan, m.first_step, m.last_step, m.last_progress, m.last,
       m.min, m.min_step, m.max, m.max_step, m.sum
  FROM run_metrics AS m JOIN metric_names AS k ON k.id = m.metric_id
 WHERE m.run_id = ?"""


def summary(run: Run) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in table(run.client, SUMMARY, run.id)}


def expected_summary(points: dict[tuple[int, float], Any], has_infinity: bool) -> tuple[Any, ...]:
    """A row of run_metrics, worked out from the values that were logged last at each point.

    NaN and text count, as what is no number (n_nan); neither is a last value that could be shown
    as one. MySQL has no infinities: there they are left out like NaN is. The sum
    is that of the finite values.
    """
    places = sorted(points)
    numbers = [
        (float(v), step)
        for (step, _), v in sorted(points.items())
        if not isinstance(v, str) and v == v and (has_infinity or math.isfinite(v))
    ]
    last = points[places[-1]]
    if isinstance(last, str) or last != last or not (has_infinity or math.isfinite(last)):
        last = None
    low = min((v for v, _ in numbers), default=None)
    high = max((v for v, _ in numbers), default=None)
    finite = [v for v, _ in numbers if math.isfinite(v)]
    return (
        len(points),
        sum(isinstance(v, str) or v != v for v in points.values()),
        places[0][0],
        *places[-1],
        last,
        low,
        min((s for v, s in numbers if v == low), default=None),
        high,
        min((s for v, s in numbers if v == high), default=None),
        sum(finite) if finite else None,
    )


QUARTERS = st.integers(-40, 40).map(lambda n: n / 4)  # sums of these are exact in any order
CALLS = st.lists(
    st.tuples(
        st.dictionaries(
            st.sampled_from(["a", "b", "c"]),
            st.one_of(
                QUARTERS,
                QUARTERS,
                QUARTERS,
                st.integers(-5, 5),
                st.booleans(),
                st.sampled_from([math.nan, math.inf, -math.inf]),
                st.sampled_from(["x", "y"]),
                st.none(),
            ),
            min_size=1,
        ),
        st.integers(-2, 3),
        st.sampled_from([0.0, 0.0, 0.5]),
    ),
    max_size=12,
)


@pytest.mark.item("S018", "S019", "S054")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=CALLS)
def test_summary_and_curves_are_those_of_the_values_logged_last(
    experiment: Experiment, calls: list[tuple[dict[str, Any], int, float]]
):
    run = experiment.get_run()
    curves: dict[str, dict[tuple[int, float], Any]] = {}
    for metrics, step, progress in calls:
        run.add_metrics(metrics, step=step, progress=progress)
        for name, value in metrics.items():
            if value is not None:
                curves.setdefault(name, {})[step, progress] = value
    found = summary(run)
    assert found.keys() == curves.keys()
    for name, points in curves.items():
        curve = run.get_metric(name)
        assert [p[:2] for p in curve] == sorted(points)
        assert all(is_same(p.value, points[p[0], p[1]]) for p in curve), (curve, points)
        assert found[name] == expected_summary(points, run.client.engine.has_infinity)
    check_views(run, curves)


def check_views(run: Run, curves: dict[str, dict[tuple[int, float], Any]]) -> None:
    client, rows = run.client, summary(run)
    last = "SELECT name, step, progress, value FROM run_last WHERE run_id = ?"
    assert {r[0]: r[1:] for r in table(client, last, run.id)} == {
        name: row[3:6] for name, row in rows.items()
    }
    best = "SELECT name, n, n_nan, min, min_step, max, max_step FROM run_best WHERE run_id = ?"
    assert {r[0]: r[1:] for r in table(client, best, run.id)} == {
        name: (*row[:2], *row[6:10]) for name, row in rows.items()
    }
    long = "SELECT name, step, progress, value, text FROM metrics_long WHERE run_id = ?"
    found = {r[:3]: r[3:] for r in table(client, long, run.id)}
    assert len(table(client, long, run.id)) == len(found)
    assert found == {
        (name, *place): in_long(client, value)
        for name, points in curves.items()
        for place, value in points.items()
    }


def in_long(client: Client, value: Any) -> tuple[Any, Any]:
    """A value as the view metrics_long shows it: a number, or text."""
    if isinstance(value, str):
        return None, value
    if math.isnan(value):
        return None, "NaN"
    if math.isinf(value) and not client.engine.has_infinity:
        return None, "Infinity" if value > 0 else "-Infinity"
    return float(value), None


def test_nan_counts_and_is_neither_minimum_nor_maximum_nor_last(client: Client, run: Run):
    for step, value in enumerate([math.nan, 3.0, 1.0, 2.0, math.nan]):
        run.add_metrics({"m": value}, step=step)
    assert summary(run) == {"m": (5, 2, 0, 4, 0.0, None, 1.0, 2, 3.0, 1, 6.0)}
    sql = "SELECT m FROM metrics WHERE m IS NOT NULL ORDER BY m DESC"
    assert table(client, sql) == [(3.0,), (2.0,), (1.0,)]


def test_mean_leaves_out_nan(client: Client, run: Run):
    for step, value in enumerate([1.0, 2.0, math.nan, 6.0]):
        run.add_metrics({"m": value}, step=step)
    assert table(client, "SELECT mean FROM run_best") == [(3.0,)]


@pytest.mark.parametrize("other", ["text", math.inf])
def test_mean_is_not_diluted_by_what_is_not_in_the_sum(client: Client, run: Run, other: Any):
    run.add_metrics({"m": 2.0}).add_metrics({"m": other}, step=1)
    [(mean,)] = table(client, "SELECT mean FROM run_best")
    assert mean in (2.0, None, math.inf)


def test_a_replaced_value_leaves_no_trace_in_the_summary(run: Run):
    for step, value in enumerate([1.0, 100.0, 2.0]):
        run.add_metrics({"m": value}, step=step)
    run.add_metrics({"m": 3.0}, step=1)
    assert summary(run) == {"m": (3, 0, 0, 2, 0.0, 2.0, 1.0, 0, 3.0, 1, 6.0)}


def test_last_is_the_value_of_the_last_step_not_of_the_last_call(client: Client, run: Run):
    for step in (1, 3, 2):
        run.add_metrics({"m": float(step)}, step=step)
    run.add_metrics({"m": 3.5}, step=3, progress=0.5)
    run.add_metrics({"m": 3.25}, step=3, progress=0.25)
    assert table(client, "SELECT step, progress, value FROM run_last") == [(3, 0.5, 3.5)]


def test_huge_integers_do_not_break_the_view_of_all_values(client: Client, run: Run):
    run.add_metrics({"m": 10**400, "n": 2**70}, step=1)
    found = {r[0]: r[1:] for r in table(client, "SELECT name, value, text FROM metrics_long")}
    assert found["n"] == (float(2**70), None)
    assert "m" in found


def test_deleting_a_run_deletes_its_metrics(client: Client, run: Run):
    run.add_metrics({"a": 1.0, "b": math.nan, "c": BIG, "d": "text"}, step=1)
    client.execute("DELETE FROM runs WHERE id = ?", [run.id])
    for name in ("metrics", "metrics_more", "metric_specials", "run_metrics", "metrics_long"):
        assert table(client, f"SELECT COUNT(*) FROM {name}") == [(0,)]


def test_a_metric_that_nobody_logged_is_not_found(run: Run):
    run.add_metrics({"loss": 1.0})
    with pytest.raises(NotFoundError, match=r"no metric 'lost'; there are loss"):
        run.get_metric("lost")


def test_a_metric_of_another_run_is_an_empty_curve(run: Run, experiment: Experiment):
    run.add_metrics({"loss": 1.0})
    assert experiment.get_run().get_metric("loss") == []


# -- bad input ------------------------------------------------------------------------------

GOOD: dict[str, Any] = {"good": 1.0}


@pytest.mark.item("S019")
@pytest.mark.parametrize("is_known", [False, True], ids=["first", "later"])
@pytest.mark.parametrize(
    ("metrics", "step", "progress"),
    [
        ({"good": 1.0, "bad": {"a": 1}}, 1, 0.0),
        ({"good": 1.0, "bad": [1.0]}, 1, 0.0),
        ({"good": 1.0, "bad": np.zeros(3)}, 1, 0.0),
        ({"good": 1.0, "bad": 1j}, 1, 0.0),
        ({"good": 1.0, "bad": Ellipsis}, 1, 0.0),
        ({"good": 1.0, "bad": "a\0b"}, 1, 0.0),
        ({"good": 1.0, "bad": "\ud800"}, 1, 0.0),
        ({"good": 1.0, "bad": Decimal("sNaN")}, 1, 0.0),
        ({"good": 1.0, "bad": Fraction(10**400)}, 1, 0.0),
        ({"good": {"a": 1}}, 1, 0.0),
        ({"good": 1.0, 7: 1.0}, 1, 0.0),
        ({"good": 1.0, None: 1.0}, 1, 0.0),
        ({"good": 1.0, "": 1.0}, 1, 0.0),
        ({"good": 1.0, "x" * 501: 1.0}, 1, 0.0),
        ({"good": 1.0, "nul\0": 1.0}, 1, 0.0),
        ({"good": 1.0, "half \ud800": 1.0}, 1, 0.0),
        ([("good", 1.0)], 1, 0.0),
        ("good", 1, 0.0),
        (GOOD, 1.5, 0.0),
        (GOOD, "1", 0.0),
        (GOOD, None, 0.0),
        (GOOD, 2**63, 0.0),
        (GOOD, np.array([1, 2]), 0.0),
        (GOOD, 1, math.nan),
        (GOOD, 1, math.inf),
        (GOOD, 1, "half"),
        (GOOD, 1, None),
        (GOOD, 1, 10**400),
        (GOOD, 1, np.array([0.5, 0.6])),
    ],
    ids=lambda v: ascii(v)[:30],
)
def test_what_cannot_be_stored_is_refused_and_nothing_is_written(
    client: Client, run: Run, metrics: Any, step: Any, progress: Any, is_known: bool
):
    if is_known:
        run.add_metrics(GOOD)
        run.add_metrics(GOOD)
    names_before = names(client)
    rows_before = [table(client, f"SELECT * FROM {t}") for t in ("metrics", "run_metrics", "runs")]
    with pytest.raises(InvalidValueError):
        run.add_metrics(metrics, step=step, progress=progress)
    assert names(client) == names_before
    assert rows_before == [
        table(client, f"SELECT * FROM {t}") for t in ("metrics", "run_metrics", "runs")
    ]


def test_a_time_that_is_none_is_refused_and_nothing_is_written(client: Client, run: Run):
    for step in range(2):
        with pytest.raises(InvalidValueError, match="'auto'"):
            run.add_metrics(GOOD, step=step, updated="yesterday")  # type: ignore[arg-type]
    assert table(client, "SELECT * FROM metrics") == []


@pytest.mark.parametrize("is_known", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("value", [1.0, "text", math.nan])
def test_metrics_of_a_run_that_does_not_exist_are_refused(
    client: Client, run: Run, is_known: bool, value: Any
):
    if is_known:
        run.add_metrics({"m": value})
    with pytest.raises(NotFoundError, match="no run 999"):
        runbase.run_add_metrics(client, 999, {"m": value})
    assert table(client, "SELECT COUNT(*) FROM metrics") == [(int(is_known),)]


# -- transactions ---------------------------------------------------------------------------


class UserError(Exception):
    pass


def test_metrics_are_part_of_the_users_transaction(client: Client, run: Run):
    run.add_metrics({"m": 0.0})
    with suppress(UserError), client:
        run.add_metrics({"m": 1.0}, step=1)
        run.add_metrics({"m": 2.0}, step=0)
        raise UserError
    assert logged(run, "m") == [0.0]
    with client:
        run.add_metrics({"m": 1.0}, step=1)
    assert logged(run, "m") == [0.0, 1.0]


@pytest.mark.parametrize("count", [1, MANY + 1])
@pytest.mark.parametrize("in_block", [False, True])
def test_a_metric_that_was_rolled_back_can_be_logged_again(
    client: Client, run: Run, count: int, in_block: bool
):
    metrics = {f"m{i}": float(i) for i in range(count)}
    with suppress(UserError), client:
        run.add_metrics(metrics)
        raise UserError
    with Client(client.config) as other:  # takes the ids that have become free
        run_of_other = Run(other, run_id=run.id)
        run_of_other.add_metrics({"other": 5.0}, step=9)
    if in_block:
        with client:
            run.add_metrics(metrics, step=1)
    else:
        run.add_metrics(metrics, step=1)
    assert run.get_metric("m0") == [(1, 0.0, 0.0)]
    assert summary(run)["m0"] == (1, 0, 1, 1, 0.0, 0.0, 0.0, 1, 0.0, 1, 0.0)
    assert summary(run)["other"] == (1, 0, 9, 9, 0.0, 5.0, 5.0, 9, 5.0, 9, 5.0)


def test_two_clients_see_each_others_metrics(client: Client, run: Run):
    with closing(Client(client.config)) as other:
        theirs = Run(other, run_id=run.id)
        for step in range(4):
            run.add_metrics({"a": 1.0, f"mine{step}": 1.0}, step=step)
            theirs.add_metrics({"a": 2.0, f"their{step}": 1.0}, step=step, progress=0.5)
        assert logged(theirs, "a") == logged(run, "a") == [1.0, 2.0] * 4
        assert logged(run, "their3") == logged(theirs, "mine3") == [1.0]


# -- a busy table ---------------------------------------------------------------------------


@pytest.mark.item("S018")
def test_a_busy_table_makes_nobody_wait(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    import psycopg

    with closing(Client(postgres_url)) as client, psycopg.connect(postgres_url) as reader:
        schema.setup(client.database)
        run = Experiment(client, name="e").get_run()
        run.add_metrics({"known": 0.0})
        reader.execute("SELECT * FROM metrics").fetchall()  # a long report holds the table
        before = time.monotonic()
        run.add_metrics({"known": 1.0, "new": 1.0}, step=1)
        assert time.monotonic() - before < 2
        assert metric_columns(client) == ["known"]
        assert logged(run, "new") == [1.0]
        reader.rollback()
        run.add_metrics({"new": 2.0}, step=2)  # not tried again at once
        assert metric_columns(client) == ["known"]
        monkeypatch.setattr(time, "time", lambda: time.monotonic() + 1e12)
        run.add_metrics({"new": 3.0}, step=3)
        assert metric_columns(client) == ["known", "new"]
        assert table(client, "SELECT new FROM metrics WHERE step = 3") == [(3.0,)]
        assert logged(run, "new") == [1.0, 2.0, 3.0]
        run.add_metrics({"new": 1.5}, step=1)
        assert logged(run, "new") == [1.5, 2.0, 3.0]
        assert summary(run)["new"] == expected_summary(
            {(1, 0): 1.5, (2, 0): 2.0, (3, 0): 3.0}, True
        )


# -- buffered -------------------------------------------------------------------------------

TABLES = ("metrics", "metrics_more", "metric_specials", "run_metrics", "metrics_long")


@pytest.fixture
def buffered(client: Client) -> Iterator[Client]:
    """A client that writes when it is told to."""
    with closing(Client(client.config, flush_interval=3600)) as buffered:
        yield buffered


def everything(client: Client, run: Run) -> list[list[tuple[Any, ...]]]:
    """The tables of the metrics of one run, its id left out."""
    found = []
    for name in TABLES:
        rows = client.execute(f"SELECT * FROM {name} WHERE run_id = ?", [run.id]).fetchall()
        found.append(sorted((tuple(row[1:]) for row in rows), key=repr))
    return found


def same_tables(experiment: Experiment, buffered: Client, calls: list[Any]) -> None:
    run, later = experiment.get_run(), Run(buffered, experiment.id)
    for metrics, step, progress in calls:
        run.add_metrics(metrics, step=step, progress=progress)
    for metrics, step, progress in calls:
        later.add_metrics(metrics, step=step, progress=progress)
    buffered.flush()
    assert everything(experiment.client, run) == everything(experiment.client, later)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    calls=st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from(["a", "b", "c"]),
                st.one_of(QUARTERS, st.sampled_from([math.nan, math.inf, "x"])),
                min_size=1,
            ),
            st.integers(0, 6),
            st.sampled_from([0.0, 0.5]),
        ),
        max_size=12,
    )
)
def test_the_buffer_writes_the_same_tables(
    experiment: Experiment, buffered: Client, calls: list[Any]
):
    same_tables(experiment, buffered, calls)


def test_the_buffer_writes_a_long_run_as_one_batch(experiment: Experiment, buffered: Client):
    calls = [({"a": i / 4, "b": float(i % 7), "c": 1.0}, i, 0.0) for i in range(300)]
    same_tables(experiment, buffered, calls)


def test_the_buffer_writes_by_itself_after_the_interval(client: Client, run: Run):
    with closing(Client(client.config, flush_interval=0.02)) as buffered:
        Run(buffered, run_id=run.id).add_metrics({"m": 1.0})
        give_up = time.monotonic() + 20
        while not table(client, "SELECT * FROM metrics") and time.monotonic() < give_up:
            time.sleep(0.01)
    assert logged(run, "m") == [1.0]


@pytest.mark.parametrize(
    "read",
    [
        lambda run: run.get_metric("m"),
        lambda run: run.stop(),
        lambda run: run.client.flush(),
        lambda run: run.client.close(),
    ],
    ids=["get_metric", "stop", "flush", "close"],
)
def test_what_the_buffer_holds_is_written_by(
    client: Client, buffered: Client, run: Run, read: Callable[[Run], object]
):
    later = Run(buffered, run_id=run.id).add_metrics({"m": 1.0})
    assert table(client, "SELECT COUNT(*) FROM metrics") == [(0,)]
    read(later)
    assert table(client, "SELECT m FROM metrics") == [(1.0,)]


def test_the_buffer_refuses_at_once_what_cannot_be_stored(
    client: Client, buffered: Client, run: Run
):
    later = Run(buffered, run_id=run.id).add_metrics({"m": 1.0})
    bad: Any
    for bad in ({"m": {}}, {"m": [1]}, {3: 1.0}):
        with pytest.raises(InvalidValueError):
            later.add_metrics(bad, step=1)
    buffered.flush()
    assert logged(run, "m") == [1.0]


def test_a_deleted_run_does_not_cost_the_buffered_metrics_of_others(
    buffered: Client, experiment: Experiment
):
    runs = [Run(buffered, experiment.id) for _ in range(3)]
    for run in runs:
        run.add_metrics({"m": 1.0})
    experiment.client.execute("DELETE FROM runs WHERE id = ?", [runs[1].id])
    with pytest.raises(NotFoundError, match=f"no run {runs[1].id}"):
        buffered.flush()
    assert [logged(run, "m") for run in runs] == [[1.0], [], [1.0]]


def test_a_block_writes_over_what_was_buffered_before_it(buffered: Client, run: Run):
    later = Run(buffered, run_id=run.id).add_metrics({"m": 1.0})
    with buffered:
        later.add_metrics({"m": 2.0})
    buffered.flush()
    assert logged(run, "m") == [2.0]


def test_the_buffer_writes_the_time_that_was_given(client: Client, buffered: Client, run: Run):
    later = Run(buffered, run_id=run.id)
    later.add_metrics({"m": 1.0}, step=1, updated=None)
    buffered.flush()
    assert table(client, "SELECT time_updated FROM runs") == [(None,)]
    later.add_metrics({"m": 1.0}, step=2, updated=NOON)
    buffered.flush()
    assert table(client, "SELECT time_updated FROM runs") == [(NOON,)]

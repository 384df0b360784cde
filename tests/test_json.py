"""JSON of any object, which every engine takes."""

from __future__ import annotations

import json
import math
from collections import OrderedDict, UserDict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runbase import Client, Run
from runbase.engines.json import Jsonb, dumps, jsonb


class Colour(Enum):
    RED = "red"


class Pair(NamedTuple):
    a: int
    b: str


class Odd:
    def __repr__(self) -> str:
        return "an odd object"


@pytest.mark.item("S061", "A110")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (1, 1),
        (2**70, 2**70),
        (0.1, 0.1),
        (1e300, 1e300),
        ("it's \N{ROCKET}", "it's \N{ROCKET}"),
        ([1, (2, [3])], [1, [2, [3]]]),
        (Pair(1, "x"), [1, "x"]),
        ({"a": {"b": None}}, {"a": {"b": None}}),
        (
            {1: "a", None: "b", 2.5: "c", (1, 2): "d"},
            {"1": "a", "None": "b", "2.5": "c", "(1, 2)": "d"},
        ),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        ({"a": [math.nan]}, {"a": ["NaN"]}),
        (1 + 2j, "(1+2j)"),
        (PurePosixPath("a/b"), "a/b"),
        (datetime(2024, 5, 17, 12), "2024-05-17T12:00:00"),
        (date(2024, 5, 17), "2024-05-17"),
        (time(12, 30), "12:30:00"),
        (timedelta(minutes=1, microseconds=1), 60.000001),
        (frozenset({1}), [1]),
        (b"bytes \xff", "bytes \\xff"),
        (bytearray(b"x"), str(bytearray(b"x"))),
        (Colour.RED, "red"),
        (Decimal("0.1"), "0.1"),
        (Fraction(1, 3), "1/3"),
        (UUID(int=1), str(UUID(int=1))),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), "NaN"),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(7), 7),
        (np.str_("x"), "x"),
        (np.complex128(1j), "1j"),
        (Odd(), "an odd object"),
        (Odd, str(Odd)),
        ("a\0b", "a\u2400b"),
        ("\\u0000", "\\u0000"),
        ("\\\0", "\\\u2400"),
        ("half \udce9", "half \\udce9"),
        ({"\0": "\udce9"}, {"\u2400": "\\udce9"}),
    ],
    ids=ascii,
)
def test_any_object_has_json(value: Any, expected: Any):
    assert json.loads(dumps(value)) == expected
    assert str(Jsonb(value)) == dumps(value)


def test_an_object_that_contains_itself_has_json():
    loop: list[Any] = [1]
    loop.append(loop)
    tree: dict[str, Any] = {}
    tree["self"] = tree
    assert isinstance(json.loads(dumps({"loop": loop, "tree": tree})), dict)


def test_an_object_that_cannot_say_what_it_is_has_json():
    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError

    class Liar:
        def tolist(self) -> Any:
            raise RuntimeError

    assert isinstance(json.loads(dumps([Silent(), Liar()])), list)


def nested(depth: int, wrap: Any) -> Any:
    value = 1
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.item("S061")
@pytest.mark.parametrize("depth", [30, 31, 100, 5000])
@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"a": v}, lambda v: (v, 1j)])
def test_every_engine_takes_objects_of_any_depth(run: Run, depth: int, wrap: Any):
    run.set_extras({"value": nested(depth, wrap)})
    run.add_extras({"other": 1})
    [found] = run.client.execute("SELECT extras FROM runs").fetchone()
    assert found.keys() == {"value", "other"}


def test_keys_that_become_the_same_text_are_one():
    assert json.loads(dumps({1: "a", "1": "b", Path("x"): 1j})) == {"1": "b", "x": "1j"}


@pytest.mark.item("S100", "A110")
def test_jsonb_of_none_is_null():
    assert jsonb(None) is None
    assert jsonb({"a": 1}) == Jsonb({"a": 1})


@pytest.mark.item("A110")
def test_jsonb_is_a_parameter_of_every_engine(client: Client, run: Run):
    sql = "UPDATE runs SET args = ?, env = ? WHERE id = ?"
    client.execute(sql, [jsonb({"a": [math.nan]}), jsonb(None), run.id])
    found = client.execute("SELECT args, env FROM runs").fetchone()
    assert found == ({"a": ["NaN"]}, None)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.text(st.characters(categories=["Cs", "Cc"])),
    st.binary(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.fractions(),
    st.uuids(),
    st.sampled_from([Colour.RED, Odd(), Path("a"), np.float32("nan"), np.arange(3), Ellipsis]),
)
KEYS = st.text() | st.integers() | st.floats() | st.none() | st.tuples(st.integers())
OBJECTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner),
    max_leaves=12,
)


@pytest.mark.item("S061")
@settings(max_examples=60, deadline=None)
@given(value=OBJECTS)
def test_any_nested_object_has_strict_json(value: Any):
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = dumps(value)
    json.loads(text, parse_constant=refuse)
    text.encode()
    assert json.loads(dumps(json.loads(text))) == json.loads(text)


@pytest.mark.item("S061")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=OBJECTS)
@example("a\0b\\u0000\udce9\N{ROCKET}\u2028")
@example(1.7976931348623157e308)
def test_every_engine_takes_any_nested_object(run: Run, value: Any):
    run.set_extras({"value": value})
    sql = "SELECT extras FROM runs WHERE id = ?"
    [found] = run.client.execute(sql, [run.id]).fetchone()
    # PostgreSQL's JSONB does not tell large floats from integers.
    wanted = dumps({"value": value})
    assert json.loads(dumps(found), parse_int=float) == json.loads(wanted, parse_int=float)

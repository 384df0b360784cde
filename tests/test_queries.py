"""`runbase.queries` on every engine, with a client and with a cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runbase import Client, Experiment
from runbase.client import Cursor
from runbase.queries import first_row, first_value, first_values
from runbase.util import SQL, Identifier

pytestmark = pytest.mark.item("S102")


@pytest.fixture(params=["client", "cursor"])
def reader(request: pytest.FixtureRequest, client: Client) -> Iterator[Client | Cursor]:
    run = Experiment(client, name="queries").get_run()
    for step in range(3):
        run.add_metrics({"loss": step / 2, "top1": None}, step=step)
    if request.param == "client":
        yield client
    else:
        with client.cursor() as cursor:
            yield cursor


@pytest.mark.item("A141")
def test_first_row(reader: Client | Cursor):
    row = first_row(reader, "SELECT step, loss FROM metrics ORDER BY step DESC")
    assert tuple(row) == (2, 1.0)


@pytest.mark.item("A142")
def test_first_value(reader: Client | Cursor):
    assert first_value(reader, "SELECT MAX(loss), MIN(loss) FROM metrics") == 1.0


@pytest.mark.item("A142")
def test_first_value_may_be_null(reader: Client | Cursor):
    assert first_value(reader, "SELECT MAX(loss) FROM metrics WHERE step > 9") is None


@pytest.mark.item("A143")
def test_first_values(reader: Client | Cursor):
    assert first_values(reader, "SELECT loss, step FROM metrics ORDER BY step") == [0.0, 0.5, 1.0]


@pytest.mark.item("A141", "A142", "A143")
@pytest.mark.parametrize(
    ("function", "nothing"), [(first_row, None), (first_value, None), (first_values, [])]
)
def test_no_row(reader: Client | Cursor, function: Callable[..., Any], nothing: object):
    assert function(reader, "SELECT step FROM metrics WHERE step > 9") == nothing


@pytest.mark.item("A141", "A142", "A143")
@pytest.mark.parametrize("style", ["step = %s", "step = ?", "step = %(step)s", "step = :step"])
def test_parameters(reader: Client | Cursor, style: str):
    parameters: Any = {"step": 1} if "step" in style[4:] else [1]
    query = f"SELECT loss FROM metrics WHERE {style}"
    assert tuple(first_row(reader, query, parameters)) == (0.5,)
    assert first_value(reader, query, parameters) == 0.5
    assert first_values(reader, query, parameters) == [0.5]


@pytest.mark.item("A141", "A142", "A143")
def test_composed_query(reader: Client | Cursor):
    query = SQL("SELECT {} FROM metrics WHERE step = {}").format(Identifier("loss"), 2)
    assert tuple(first_row(reader, query)) == (1.0,)
    assert first_value(reader, query) == 1.0
    assert first_values(reader, query) == [1.0]

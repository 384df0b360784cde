"""Composed statements: `runbase.util`."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runbase import Client
from runbase.engines.json import jsonb
from runbase.errors import InvalidValueError
from runbase.util import (
    SQL,
    Composable,
    Composed,
    Identifier,
    Literal,
    Placeholder,
    coalesce,
)

SQLITE = SimpleNamespace(dialect="sqlite")
POSTGRESQL = SimpleNamespace(dialect="postgresql")
MYSQL = SimpleNamespace(dialect="mysql")
NOON = datetime(2024, 5, 6, 12, 0, 0, 7, tzinfo=UTC)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def shown(value: object) -> str:
    """The id of a parameter: the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def from_sqlite(value: Any) -> Any:
    with closing(sqlite3.connect(":memory:")) as connection:
        query = SQL("SELECT {}").format(value).as_string(connection)
        return connection.execute(query).fetchone()[0]


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


@pytest.mark.item("A147")
def test_coalesce_returns_the_first_value_that_is_not_none() -> None:
    assert coalesce(None, 0, 1) == 0
    assert coalesce(None, None) is None
    assert coalesce() is None


@pytest.mark.item("S101")
def test_sql_works_without_psycopg() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from runbase.util import SQL, Identifier\n"
        "print(SQL('SELECT {} = {}').format(Identifier('a'), \"O'Rourke\").as_string(None))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == """SELECT "a" = 'O''Rourke'"""


@pytest.mark.item("S101")
def test_util_loads_no_driver() -> None:
    program = (
        "import runbase.util, sys; print({'psycopg', 'pymysql', 'sqlite3'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


# The examples of the documentation, for each module of the same classes.


@pytest.fixture(params=["runbase.util", "psycopg.sql"])
def sql(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(request.param)


@pytest.mark.item("S101", "A146")
def test_numbered_placeholders_are_replaced_by_position(sql: Any) -> None:
    query = sql.SQL("SELECT {0} FROM {1}").format(
        sql.SQL(", ").join([sql.Identifier("foo"), sql.Identifier("bar")]), sql.Identifier("table")
    )
    assert query.as_string(None) == 'SELECT "foo", "bar" FROM "table"'
    assert query.as_bytes(None) == b'SELECT "foo", "bar" FROM "table"'


@pytest.mark.item("A146")
def test_empty_placeholders_number_themselves(sql: Any) -> None:
    query = sql.SQL("SELECT * FROM {} WHERE {} = %s").format(
        sql.Identifier("people"), sql.Identifier("id")
    )
    assert query.as_string(None) == 'SELECT * FROM "people" WHERE "id" = %s'


@pytest.mark.item("A146")
def test_named_placeholders_take_keywords_and_values_become_literals(sql: Any) -> None:
    query = sql.SQL("SELECT * FROM {tbl} WHERE name = {name}").format(
        tbl=sql.Identifier("people"), name="O'Rourke"
    )
    assert query.as_string(None) == """SELECT * FROM "people" WHERE name = 'O''Rourke'"""


@pytest.mark.item("A146")
def test_join_puts_the_text_between_the_pieces(sql: Any) -> None:
    snippet = sql.SQL(", ").join(sql.Identifier(n) for n in ["foo", "bar", "baz"])
    assert snippet.as_string(None) == '"foo", "bar", "baz"'
    assert sql.SQL(", ").join([]).as_string(None) == ""
    assert sql.SQL(", ").join([1, "x"]).as_string(None) == "1, 'x'"


@pytest.mark.item("A146")
def test_doubled_braces_are_braces(sql: Any) -> None:
    assert sql.SQL("'{{{}}}'").format(1).as_string(None) == "'{1}'"


@pytest.mark.item("A146")
@pytest.mark.parametrize("template", ["{!r}", "{0!s}", "{:>10}", "{0:d}", "{} {0}", "{0} {}"])
def test_formats_conversions_and_mixed_numbering_are_refused(sql: Any, template: str) -> None:
    with pytest.raises(ValueError, match=r"format|conversion|numbered|numbering"):
        sql.SQL(template).format(1, 2)


@pytest.mark.item("A146")
def test_placeholders_without_a_value_are_refused(sql: Any) -> None:
    with pytest.raises(IndexError):
        sql.SQL("{} {}").format(1)
    with pytest.raises(KeyError):
        sql.SQL("{name}").format(1)


def test_pieces_are_added_and_repeated(sql: Any) -> None:
    query = sql.SQL("VALUES (") + sql.SQL(", ").join(sql.Placeholder() * 2) + sql.SQL(")")
    assert query.as_string(None) == "VALUES (%s, %s)"
    pair = sql.Identifier("a") + sql.Identifier("b")
    assert pair.join(", ").as_string(None) == '"a", "b"'
    assert (pair + pair).join(sql.SQL(" ")).as_string(None) == '"a" "b" "a" "b"'
    with pytest.raises(TypeError):
        sql.SQL("a") + "b"


def test_placeholders_have_names_or_none(sql: Any) -> None:
    assert sql.Placeholder("x").as_string(None) == "%(x)s"
    assert sql.Placeholder().as_string(None) == "%s"
    with pytest.raises(ValueError, match="name"):
        sql.Placeholder("a)s; --")


def test_identifiers_may_be_dotted_and_double_their_quotes(sql: Any) -> None:
    assert sql.Identifier("schema", "table").as_string(None) == '"schema"."table"'
    assert sql.Identifier('ba"z', "fo'o").as_string(None) == """"ba""z"."fo'o\""""


@pytest.mark.parametrize("kind", ["SQL", "Identifier", "Placeholder"])
def test_pieces_made_from_text_take_text_only(sql: Any, kind: str) -> None:
    with pytest.raises(TypeError):
        getattr(sql, kind)(1)


def test_an_identifier_needs_a_name(sql: Any) -> None:
    with pytest.raises(TypeError):
        sql.Identifier()


def test_pieces_show_how_they_were_made(sql: Any) -> None:
    query = sql.SQL("{} {} {}").format(sql.Identifier("a", "b"), 1, sql.Placeholder("x"))
    assert repr(query) == (
        "Composed([Identifier('a', 'b'), SQL(' '), Literal(1), SQL(' '), Placeholder('x')])"
    )


def test_pieces_are_equal_when_kind_and_content_are(sql: Any) -> None:
    assert sql.SQL("{}").format(1) == sql.Composed([sql.Literal(1)])
    assert sql.SQL("a") != sql.Identifier("a")
    assert sql.Identifier("a") != sql.Identifier("b")
    assert sql.SQL("a") != "a"


@pytest.mark.item("S101")
@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, -1, 2**70, 1.5, -1.5, -0.0, 1e300, float("nan"), float("inf"),
        float("-inf"), "", "O'Rourke", "é", "a\\b'", "\\'; --", date(2000, 1, 2), NOON,
        datetime(2000, 1, 2, 3, 4), datetime(2000, 1, 2, tzinfo=timezone(timedelta(hours=5.5))),
        time(1, 2, 3), time(1, tzinfo=UTC), Decimal("-1.50"), Decimal("NaN"), Decimal("Infinity"),
        [],
    ],
    ids=shown,
)  # fmt: skip
def test_literals_are_written_as_psycopg_writes_them(value: Any) -> None:
    psycopg = pytest.importorskip("psycopg.sql")
    expected = psycopg.Literal(value).as_string(None)
    assert Literal(value).as_string() == expected
    assert Literal(value).as_string(POSTGRESQL) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x00'\xff", r" E'\\x0027ff'::bytea"),
        (bytearray(b"a"), r" E'\\x61'::bytea"),
        (memoryview(b"a"), r" E'\\x61'::bytea"),
        ([1, None, 2], "ARRAY[1, NULL, 2]"),
        (["a'b", "c"], "ARRAY['a''b', 'c']"),
        ([[1], [2]], "ARRAY[ARRAY[1], ARRAY[2]]"),
        ((1, 2), "ARRAY[1, 2]"),
        (timedelta(days=2, hours=5), "'2 days +5:00:00'::interval"),
        (timedelta(microseconds=-1), "'-1 days +23:59:59.999999'::interval"),
        (UUID(int=5), "'00000000-0000-0000-0000-000000000005'::uuid"),
        (jsonb({"a": "it's"}), """'{"a": "it''s"}'::jsonb"""),
        (Path("a") / "b", f"'{Path('a') / 'b'}'"),
    ],
    ids=shown,
)
def test_literals_have_their_types_on_postgresql(value: Any, text: str) -> None:
    assert Literal(value).as_string(POSTGRESQL) == text


@pytest.mark.parametrize(
    ("value", "sqlite", "mysql"),
    [
        (1.0, "1.0", "1.0e0"),
        (1e300, "1e+300", "1e+300"),
        (Decimal("1.50"), "1.50", "1.50"),
        ("a\\'b", "'a\\''b'", "'a\\\\''b'"),
        (b"\x00'", "X'0027'", "X'0027'"),
        (NOON, "'2024-05-06 12:00:00.000007+00:00'", "'2024-05-06 12:00:00.000007'"),
        (NOON.date(), "'2024-05-06'", "'2024-05-06'"),
        (time(1, 2), "'01:02:00'", "'01:02:00'"),
        (timedelta(hours=1), "3600.0", "3600.0e0"),
        (timedelta(hours=-1), " -3600.0", " -3600.0e0"),
        (jsonb(["\\"]), """'["\\\\"]'""", """'["\\\\\\\\"]'"""),
    ],
    ids=shown,
)  # fmt: skip
def test_literals_are_what_the_same_parameter_would_store(
    value: Any, sqlite: str, mysql: str
) -> None:
    assert Literal(value).as_string(SQLITE) == sqlite
    assert Literal(value).as_string(MYSQL) == mysql


@given(st.none() | st.integers(-(2**63) + 1, 2**63 - 1) | texts | st.binary())
@example("'; DROP TABLE runs; --")
@example(float("inf"))
@example(float("-inf"))
def test_literals_come_back_from_sqlite(value: Any) -> None:
    assert from_sqlite(value) == value


@given(st.floats(allow_nan=False, allow_subnormal=False))
def test_floats_come_back_from_sqlite_but_for_its_own_rounding(value: float) -> None:
    assert from_sqlite(value) == pytest.approx(value, rel=1e-15, abs=0)


@given(texts.filter(bool))
def test_names_come_back_from_sqlite(name: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.execute(SQL("SELECT 1 AS {}").format(Identifier(name)).as_string())
        assert cursor.description[0][0] == name


@given(texts)
def test_texts_end_where_mysql_and_postgresql_see_their_end(text: str) -> None:
    in_mysql = Literal(text).as_string(MYSQL)
    assert in_mysql[1:-1].replace("\\\\", "\\").replace("''", "'") == text
    in_postgresql = Literal(text).as_string(POSTGRESQL)
    assert in_postgresql in (in_mysql, f" E{in_mysql}")


def test_a_minus_never_meets_another(sqlite: sqlite3.Connection) -> None:
    query = SQL("SELECT 1 -{}, 1 -{}, 1 -{}").format(-1, -0.5, timedelta(seconds=-1))
    assert sqlite.execute(query.as_string(sqlite)).fetchone() == (2, 1.5, 2.0)


def test_nan_is_null_on_sqlite_as_it_is_when_stored() -> None:
    assert Literal(float("nan")).as_string(SQLITE) == "NULL"


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), Decimal("Infinity")])
def test_mysql_refuses_numbers_that_it_lacks(value: Any) -> None:
    with pytest.raises(InvalidValueError, match="mysql has no number"):
        Literal(value).as_string(MYSQL)


@pytest.mark.parametrize("context", [SQLITE, MYSQL], ids=shown)
def test_arrays_are_refused_where_there_are_none(context: Any) -> None:
    with pytest.raises(InvalidValueError, match="has no arrays"):
        SQL("SELECT {}").format([1]).as_string(context)


@pytest.mark.parametrize("value", [object(), {"a": 1}, {1}, 1j], ids=shown)
def test_values_without_sql_text_are_refused(value: Any) -> None:
    with pytest.raises(InvalidValueError, match="pass it as a parameter"):
        SQL("SELECT {}").format(value).as_string()


@pytest.mark.parametrize("piece", [Literal("a\0b"), Identifier("a\0b")], ids=shown)
def test_nul_is_refused(piece: Composable) -> None:
    with pytest.raises(InvalidValueError, match="NUL"):
        piece.as_string()


def test_numbers_of_numpy_are_numbers() -> None:
    np = pytest.importorskip("numpy")
    values = [np.int64(-3), np.float32(0.5), np.float64(1.5), np.bool_(True), np.array([1, 2])]
    assert [Literal(v).as_string() for v in values] == [" -3", "0.5", "1.5", "true", "ARRAY[1, 2]"]


class Connection:
    """What a driver's connection looks like from outside."""

    def __init__(self, module: str) -> None:
        self.__class__ = type("Connection", (Connection,), {"__module__": module})


@pytest.mark.parametrize(
    ("context", "text"),
    [
        (None, '"a`b""c" X'),
        (SQLITE, '"a`b""c" X'),
        (POSTGRESQL, '"a`b""c" X'),
        (MYSQL, '`a``b"c` X'),
        (SimpleNamespace(connection=MYSQL), '`a``b"c` X'),
        (Connection("psycopg"), '"a`b""c" X'),
        (Connection("pymysql.connections"), '`a``b"c` X'),
    ],
    ids=shown,
)
def test_names_are_quoted_as_the_database_does(context: Any, text: str) -> None:
    assert SQL("{} X").format(Identifier('a`b"c')).as_string(context) == text


def test_drivers_connections_and_cursors_tell_the_database(sqlite: sqlite3.Connection) -> None:
    for context in (sqlite, sqlite.cursor()):
        assert Literal(b"a").as_string(context) == "X'61'"


@pytest.mark.item("S101", "A146")
def test_pieces_of_psycopg_fit_in() -> None:
    psycopg = pytest.importorskip("psycopg.sql")
    theirs = psycopg.Identifier("a") + psycopg.SQL(" = ") + psycopg.Placeholder("x")
    assert SQL("WHERE {}").format(theirs).as_string(SQLITE) == 'WHERE "a" = %(x)s'
    assert SQL(", ").join([theirs, Identifier("b")]).as_string() == '"a" = %(x)s, "b"'
    assert (SQL("WHERE ") + theirs).as_bytes() == b'WHERE "a" = %(x)s'


@pytest.mark.item("S101")
def test_a_client_runs_composed_statements_and_is_a_context() -> None:
    client = Client("sqlite:///:memory:")
    query = SQL("SELECT {value} AS {name}, {mark}").format(
        value=NOON, name=Identifier('a"b'), mark=Placeholder()
    )
    cursor = client.execute(query, (5,))
    assert cursor.fetchall() == [("2024-05-06 12:00:00.000007+00:00", 5)]
    assert Literal(b"a").as_string(client) == Literal(b"a").as_string(cursor) == "X'61'"
    client.close()


def test_composed_makes_literals_of_values() -> None:
    composed = Composed([SQL("SELECT "), 1, Placeholder()])
    assert list(composed) == [SQL("SELECT "), Literal(1), Placeholder()]

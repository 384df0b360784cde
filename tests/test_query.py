"""Statements: parameters in every style, and what must stay as it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbase import Client
from runbase.query import Dialect, Query, pyformat, translate, upsert

DIALECTS: list[Dialect] = ["sqlite", "postgresql", "mysql"]
SERVERS: list[Dialect] = ["postgresql", "mysql"]
dialects = pytest.mark.parametrize("dialect", DIALECTS)


def marks(dialect: Dialect, *names: str) -> list[str]:
    return [f":{name}" if dialect == "sqlite" else f"%({name})s" for name in names]


# -- our own statements ---------------------------------------------------------------------


def test_pyformat_leaves_quotes_casts_and_comments_alone():
    assert pyformat("SELECT ':a', x::int, :b % 2 /* :d */ -- it's :c") == (
        "SELECT ':a', x::int, %(b)s %% 2 /* :d */ -- it's :c"
    )


def test_a_query_has_a_text_for_each_dialect():
    query = Query("SELECT :a", sqlite="SELECT :a + 1", mysql="SELECT :a + 2, :b")
    assert query.text == {
        "sqlite": "SELECT :a + 1",
        "postgresql": "SELECT %(a)s",
        "mysql": "SELECT %(a)s + 2, %(b)s",
    }
    assert query.names == {"a", "b"}


def test_a_parameter_of_one_dialect_alone_is_a_parameter():
    assert Query("SELECT 1", postgresql="SELECT :a").names == {"a"}
    assert Query("SELECT ':a' -- :b", mysql="SELECT :c").names == {"c"}


def test_an_upsert_overwrites_what_is_not_the_key():
    query = upsert("t", "a, b", "c, d")
    assert query.text["sqlite"] == (
        "INSERT INTO t (a, b, c, d) VALUES (:a, :b, :c, :d)"
        " ON CONFLICT (a, b) DO UPDATE SET c = excluded.c, d = excluded.d"
    )
    assert query.text["mysql"].endswith("ON DUPLICATE KEY UPDATE c = VALUES(c), d = VALUES(d)")
    assert query.names == {"a", "b", "c", "d"}


# -- users' statements ----------------------------------------------------------------------


@pytest.mark.item("S021", "A04")
@dialects
@pytest.mark.parametrize("sql", ["SELECT ?, ?", "SELECT %s, %s"])
def test_parameters_by_place(dialect: Dialect, sql: str):
    mark = "?" if dialect == "sqlite" else "%s"
    assert translate(sql, (1, 2), dialect) == (f"SELECT {mark}, {mark}", [1, 2])


@pytest.mark.item("S021", "A04")
@dialects
@pytest.mark.parametrize("sql", ["SELECT :a, :b, :a", "SELECT %(a)s, %(b)s, %(a)s"])
def test_parameters_by_name(dialect: Dialect, sql: str):
    a, b = marks(dialect, "a", "b")
    text, parameters = translate(sql, {"a": 1, "b": 2}, dialect)
    assert (text, parameters) == (f"SELECT {a}, {b}, {a}", {"a": 1, "b": 2})


@dialects
@pytest.mark.parametrize("parameters", [(), [], {}, None])
def test_without_parameters_the_text_is_passed_on(dialect: Dialect, parameters: Any):
    sql = "SELECT '100%', ?, %s, %%, :a, %(a)s"
    assert translate(sql, parameters, dialect) == (sql, None)


@dialects
def test_the_question_mark_of_postgresql_keeps_its_meaning_beside_percent_signs(dialect: Dialect):
    sql = "SELECT tags ? 'marked' FROM runs WHERE id = {}"
    mark = "?" if dialect == "sqlite" else "%s"
    assert translate(sql.format("%s"), [1], dialect) == (sql.format(mark), [1])
    [named] = marks(dialect, "id")
    assert translate(sql.format("%(id)s"), {"id": 1}, dialect) == (sql.format(named), {"id": 1})


@dialects
def test_a_cast_is_no_parameter(dialect: Dialect):
    [a] = marks(dialect, "a")
    assert translate("SELECT x::int, :a::text", {"a": 1}, dialect)[0] == (
        f"SELECT x::int, {a}::text"
    )


@dialects
@pytest.mark.parametrize("items", [[1, 2], (1, 2)])
def test_a_list_as_the_content_of_in_becomes_its_items(dialect: Dialect, items: Any):
    mark = "?" if dialect == "sqlite" else "%s"
    assert translate("a IN (?) AND b = ?", [items, 3], dialect) == (
        f"a IN ({mark}, {mark}) AND b = {mark}",
        [1, 2, 3],
    )
    text, parameters = translate("a IN (:x) AND b = :y", {"x": items, "y": 3}, dialect)
    first, second, y = marks(dialect, "x_0", "x_1", "y")
    assert text == f"a IN ({first}, {second}) AND b = {y}"
    assert [parameters[name] for name in ("x_0", "x_1", "y")] == [1, 2, 3]


@dialects
@pytest.mark.parametrize("parameters", [[[]], {"x": []}])
def test_an_empty_list_becomes_null(dialect: Dialect, parameters: Any):
    sql = "a IN (?)" if isinstance(parameters, list) else "a IN (:x)"
    assert translate(sql, parameters, dialect)[0] == "a IN (NULL)"


@dialects
def test_a_list_elsewhere_stays_a_list(dialect: Dialect):
    assert translate("a = ANY(?)", [[1, 2]], dialect)[1] == [[1, 2]]
    assert translate("a = ANY(:x)", {"x": [1, 2]}, dialect)[1] == {"x": [1, 2]}


@dialects
def test_items_of_a_list_do_not_take_the_place_of_other_parameters(dialect: Dialect):
    given = {"x": [1, 2], "x_0": 7}
    text, parameters = translate("a IN (:x) AND b = :x_0", given, dialect)
    names = re.findall(r"x_\d", text)
    assert [parameters[name] for name in names] == [1, 2, 7]
    assert given == {"x": [1, 2], "x_0": 7}


# -- what is never changed ------------------------------------------------------------------

ANY = st.text(st.sampled_from("?%s:ab ()'\"`$-*/\\\n\u00e9") | st.characters(codec="utf-8"))
ODD = ANY | st.sampled_from(
    ["?", "%s", "%%", "%", ":a", "%(a)s", "it's ?", "-- ?", "/* ? */", "::"]
)


def without(*texts: str) -> st.SearchStrategy[str]:
    return ODD.filter(lambda text: not any(t in text for t in texts))


PIECES = st.one_of(
    ODD.map(lambda t: "'" + t.replace("'", "''") + "'"),
    ODD.map(lambda t: '"' + t.replace('"', '""') + '"'),
    without("`").map(lambda t: f"`{t}`"),
    without("\n").map(lambda t: f"--{t}\n"),
    without("*/").filter(lambda t: t[:1] != "/" and t[-1:] != "*").map(lambda t: f"/*{t}*/"),
    without("$").map(lambda t: f"$${t}$$"),
    without("$").map(lambda t: f"$tag${t}$tag$"),
    st.just("x::int"),
    st.just(", "),
)
STYLES = {"qmark": "?", "named": ":p", "format": "%s", "pyformat": "%(p)s"}


@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(PIECES, max_size=5), style=st.sampled_from(sorted(STYLES)))
@dialects
def test_quoted_text_and_comments_are_never_changed(
    dialect: Dialect, style: str, pieces: list[str]
):
    mark = STYLES[style]
    parameters: Any = {"p": 1} if "p" in mark else [1] * (len(pieces) + 1)
    server_style = style.endswith("format")
    # In the styles of the servers' drivers a percent sign is written twice.
    written = [p.replace("%", "%%") if server_style else p for p in pieces]
    sql = mark + "".join(f" {piece} {mark}" for piece in written)
    text, _ = translate(sql, parameters, dialect)
    if dialect == "sqlite":
        place = ":p" if "p" in mark else "?"
        assert text == place + "".join(f" {piece} {place}" for piece in pieces)
    else:
        place = "%(p)s" if "p" in mark else "%s"
        doubled = [piece.replace("%", "%%") for piece in pieces]
        assert text == place + "".join(f" {piece} {place}" for piece in doubled)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(ODD.filter(lambda t: "\0" not in t and "\\" not in t), min_size=1, max_size=4),
    style=st.sampled_from(["qmark", "named"]),
    value=ODD.filter(lambda t: "\0" not in t),
)
def test_each_engine_reads_quoted_text_as_it_is_written(
    client: Client, texts: list[str], style: str, value: str
):
    quoted = ["'" + t.replace("'", "''") + "'" for t in texts]
    cells = ", ".join(f"{q} AS c{i}" for i, q in enumerate(quoted))
    parameters: Any = [value] if style == "qmark" else {"p": value}
    sql = f"SELECT {cells}, /* ? :p */ {STYLES[style]} -- ?"
    assert tuple(client.execute(sql, parameters).fetchone()) == (*texts, value)


@pytest.mark.parametrize("text", ["it\\'s ?", "a\\\\", "\\'", 'say \\"?\\"'])
def test_a_backslash_in_text_of_mysql_protects_what_follows(mysql_url: str, text: str):
    from runbase.store import schema

    client = Client(mysql_url)
    schema.setup(client.database)
    assert tuple(client.execute(f"SELECT '{text}', ?", [1]).fetchone())[1] == 1
    client.close()


@given(pieces=st.lists(PIECES, max_size=6))
@settings(max_examples=60, deadline=None)
def test_pyformat_changes_nothing_but_parameters(pieces: list[str]):
    sql = " :p ".join(pieces)
    expected = " %(p)s ".join(piece.replace("%", "%%") for piece in pieces)
    assert pyformat(sql) == expected

"""SQL text: our own statements, and users' statements in whichever parameter style they know."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Dialect = Literal["sqlite", "postgresql", "mysql"]
Parameters = Sequence[Any] | Mapping[str, Any]

# What must be passed over (comments, quoted text), and what may be a parameter.
_PASSED_OVER = r"""--[^\n]* | /\*.*?\*/ | \b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*'
      | "(?:[^"]|"")*" | `[^`]*` | (\$\w*\$).*?\1"""
#: The same in MySQL, where a backslash in quotes protects what follows and # begins a comment.
_PASSED_OVER_BY_MYSQL = r"""--[^\n]* | \#[^\n]* | /\*.*?\*/ | '(?:[^'\\]|\\.|'')*'
      | "(?:[^"\\]|\\.|"")*" | `[^`]*` | (\$\w*\$).*?\1"""
_PARAMETER = r"""::
      | %\((?P<pyformat>\w+)\)s | (?P<format>%s) | (?P<percent>%%?)
      | :(?P<named>[A-Za-z_]\w*) | (?P<qmark>\?)"""


def scanner(found: str, dialect: Dialect) -> re.Pattern[str]:
    """A pattern that matches ``found`` where it is SQL, and quoted text and comments as a whole."""
    over = _PASSED_OVER_BY_MYSQL if dialect == "mysql" else _PASSED_OVER
    return re.compile(f"{over} | {found}", re.VERBOSE | re.DOTALL)


_TOKEN = scanner(_PARAMETER, "sqlite")
_TOKENS = {"sqlite": _TOKEN, "postgresql": _TOKEN, "mysql": scanner(_PARAMETER, "mysql")}
_IN = re.compile(r"\bIN\s*\(\s*$", re.IGNORECASE)


class Query:
    """One statement with ``:name`` parameters; a keyword replaces it whole for one dialect."""

    __slots__ = ("names", "text")

    def __init__(
        self, sql: str, *, sqlite: str | None = None, postgresql: str | None = None,
        mysql: str | None = None,
    ) -> None:  # fmt: skip
        texts = "\n".join(filter(None, [sql, sqlite, postgresql, mysql]))
        self.names = frozenset(m["named"] for m in _TOKEN.finditer(texts) if m["named"])
        self.text: dict[Dialect, str] = {
            "sqlite": sqlite or sql,
            "postgresql": pyformat(postgresql or sql),
            "mysql": pyformat(mysql or sql),
        }


def pyformat(sql: str) -> str:
    """``sql`` with its ``:name`` parameters as ``%(name)s``, the style of the server drivers."""
    return _TOKEN.sub(lambda m: f"%({m['named']})s" if m["named"] else m[0].replace("%", "%%"), sql)


def upsert(table: str, key: str, columns: str) -> Query:
    """An INSERT that overwrites ``columns`` of the row with the same ``key``."""
    names = f"{key}, {columns}".split(", ")
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})"
    sets = ", ".join(f"{c} = excluded.{c}" for c in columns.split(", "))
    values = ", ".join(f"{c} = VALUES({c})" for c in columns.split(", "))
    return Query(
        f"{insert} ON CONFLICT ({key}) DO UPDATE SET {sets}",
        mysql=f"{insert} ON DUPLICATE KEY UPDATE {values}",
    )


def translate(sql: str, parameters: Parameters | None, dialect: Dialect) -> tuple[str, Any]:
    """A user's statement and its parameters in the style of the dialect's driver.

    Understood are ``%s``, ``%(name)s`` (with ``%%`` for a percent sign), ``?`` and ``:name``.
    The first two win where both could be meant, so that PostgreSQL's ``?`` operator keeps its
    meaning beside ``%s``. A list as the only content of ``IN (...)`` becomes its items.
    Without parameters the text is passed on as it is.
    """
    if not parameters:
        return sql, None
    return _Translation(sql, parameters, dialect).run()


class _Translation:
    """One pass over one statement."""

    def __init__(self, sql: str, parameters: Parameters, dialect: Dialect) -> None:
        self.sql, self.parameters, self.dialect = sql, parameters, dialect
        self.token = _TOKENS[dialect]
        kinds = {m.lastgroup for m in self.token.finditer(sql)}
        if isinstance(parameters, Mapping):
            self.style = "pyformat" if "pyformat" in kinds else "named"
            self.names: dict[str, Any] = dict(parameters)
        else:
            self.style = "format" if "format" in kinds else "qmark"
            self.given = iter(parameters)
            self.values: list[Any] = []

    def run(self) -> tuple[str, Any]:
        sql = self.token.sub(self._translate, self.sql)
        if isinstance(self.parameters, Mapping):
            return sql, self.names
        return sql, [*self.values, *self.given]

    def _translate(self, match: re.Match[str]) -> str:
        if match.lastgroup == self.style:
            is_in = bool(_IN.search(self.sql, 0, match.start()))
            if isinstance(self.parameters, Mapping):
                return self._by_name(match[self.style], is_in)
            return self._by_place(is_in)
        return self._text(match[0])

    def _text(self, text: str) -> str:
        from_server, to_server = self.style.endswith("format"), self.dialect != "sqlite"
        if from_server and not to_server:
            return text.replace("%%", "%")
        return text.replace("%", "%%") if to_server and not from_server else text

    def _by_place(self, is_in: bool) -> str:
        mark = "?" if self.dialect == "sqlite" else "%s"
        value = next(self.given, None)
        items = list(value) if is_in and isinstance(value, list | tuple | set) else [value]
        self.values += items
        return ", ".join([mark] * len(items)) or "NULL"

    def _by_name(self, name: str, is_in: bool) -> str:
        value = self.names.get(name)
        if not (is_in and isinstance(value, list | tuple | set)):
            return self._mark(name)
        free = (n for i in itertools.count() if (n := f"{name}_{i}") not in self.names)
        names = dict(zip(free, value, strict=False))
        self.names |= names
        return ", ".join(map(self._mark, names)) or "NULL"

    def _mark(self, name: str) -> str:
        return f":{name}" if self.dialect == "sqlite" else f"%({name})s"

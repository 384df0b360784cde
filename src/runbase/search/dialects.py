"""What a filter needs to say in three ways: JSON documents, texts as numbers, parts of texts.

A *label* is a value as text, the way people read it: ``True``, ``None``, ``0.1``, ``resnet``. A
*number* is that of a number, or of a text that reads like one; NULL for everything else. Nothing
here raises an error in the database, whatever lies in a document. Names, paths and texts are
parameters: ``bind`` gives the mark for a value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..query import Dialect

Bind = Callable[[Any], str]

#: Texts that read like numbers; the same as in `runbase.filter.values`.
NUMBER = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?$"
_WORDS = "WHEN 'true' THEN 'True' WHEN 'false' THEN 'False'"
_SPECIAL = "WHEN 'Infinity' THEN 'inf' WHEN '-Infinity' THEN '-inf' WHEN 'NaN' THEN 'nan'"


class Template(str):
    """SQL with ``@`` in the places of an expression."""

    __slots__ = ()

    def __call__(self, expression: str) -> Template:
        """The SQL with this expression."""
        return Template(self.replace("@", expression))


def _attribute(valid: str, string: str) -> Template:
    words = f"{_WORDS} WHEN 'null' THEN NULL {_SPECIAL}"
    return Template(
        f"CASE WHEN @ LIKE '\"%' AND {valid} THEN {string} ELSE CASE @ {words} ELSE @ END END"
    )


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of one kind of database."""

    #: A place in a document, by the document and its keys.
    place: Callable[[str, Sequence[str], Bind], str]
    #: Of a place: whether there is something (or null), its label, and its number.
    has: Template
    label: Template
    number: Template
    #: A document as JSON text, and an item of a list as text.
    raw: Template
    item: Callable[[str, int], str]
    #: The label of an attribute, which is JSON text with NaN and infinities.
    attribute: Template
    #: The number of a text.
    number_of_text: Template
    #: A text that compares by the numbers of its characters.
    text: Template
    #: Seconds from one time to another.
    seconds: Callable[[str, str], str]
    #: A number to compare columns with, and one for the numbers of documents and texts.
    double: Callable[[float, Bind], str]
    literal: Callable[[float, Bind], str]
    #: A number at least as great as all others.
    infinity: str
    #: Whether a text has a part, in upper or lower case.
    contains: Callable[[str, str, Bind], str]
    #: Columns for a number and a label, and the order by them: numbers, texts, nothing.
    sort: Callable[[str, str, str], tuple[str, str]]
    #: Whether an id is one of these.
    among: Callable[[str, Sequence[int], Bind], str]
    #: Whether one pass over the metrics of many runs is faster than a join for each metric.
    pivots: bool = False


def _sort(number: str, label: str, how: str) -> tuple[str, str]:
    text = "NULLIF(label, 'None')"
    return (
        f"{number} AS number, {label} AS label",
        f"CASE WHEN {text} IS NULL THEN 1 ELSE 0 END,"
        f" CASE WHEN number IS NULL THEN 1 ELSE 0 END {how}, number {how}, {text} {how}",
    )


# ---- SQLite compares a text like a number where the other side is one, if it reads like one:
# such a text is less than or equal to infinity, and other texts are greater. There may be spaces
# around it, and any exponent, which are no numbers elsewhere.

_SQLITE_NUMBER = Template(
    "CASE WHEN @ <= CAST(9e999 AS REAL) AND @ NOT GLOB '*[^-+.0-9eE]*'"
    " AND @ NOT GLOB '*[eE]*[0-9][0-9][0-9][0-9]*' THEN CAST(@ AS REAL) END"
)
#: A list with its spaces, which the other databases keep; json_extract leaves them out.
_SQLITE_LIST = (
    "(SELECT '[' || COALESCE(group_concat(CASE type WHEN 'text' THEN json_quote(value)"
    " ELSE replace(json -> fullkey, ',', ', ') END, ', '), '') || ']' FROM json_each(@))"
)
_SQLITE_STEP = (
    "(SELECT json_object('v', CASE WHEN type IN ('object', 'array') THEN json(value)"
    " WHEN type IN ('true', 'false') THEN json(type) ELSE value END)"
    " FROM json_each({doc}) WHERE key = {key}), '$.v'"
)


def _sqlite_place(doc: str, keys: Sequence[str], bind: Bind) -> str:
    """A document and a path, the arguments of SQLite's functions."""
    if all('"' not in key and "\\" not in key and key.isprintable() for key in keys):
        path = "$." + ".".join(f'"{key}"' for key in keys)
        return f"{doc}, {bind(path)}"
    # Before 3.45 a path cannot have a key with a quote or a backslash.
    for key in keys:
        doc = _SQLITE_STEP.format(doc=doc, key=bind(key))
    return doc


def _sqlite_contains(text: str, part: str, bind: Bind) -> str:
    if all(c.isascii() or len(_cases(c)) == 1 for c in part):
        return f"{text} LIKE {bind(_like(part))} ESCAPE '!'"
    # LIKE knows the cases of ASCII letters only.
    classes = "".join(c if c == "^" else f"[{_cases(c)}]" for c in part)
    anything = "".join(c if c.isascii() else "_" for c in part)
    likely = f"{text} LIKE {bind(_like(anything, '_'))} ESCAPE '!'"
    return f"{likely} AND {text} GLOB {bind(f'*{classes}*')}"


def _sqlite_double(value: float, bind: Bind) -> str:
    return f"CAST({bind(value)} AS REAL)"


_SQLITE = Words(
    place=_sqlite_place,
    has=Template("json_type(@) IS NOT NULL"),
    label=Template(
        f"CASE json_type(@) {_WORDS} WHEN 'null' THEN 'None'"
        f" WHEN 'array' THEN {_SQLITE_LIST}"
        " ELSE CAST(json_extract(@) AS TEXT) END"
    ),
    number=Template(
        "CASE json_type(@) WHEN 'real' THEN json_extract(@) WHEN 'integer' THEN json_extract(@)"
        f" WHEN 'text' THEN {_SQLITE_NUMBER('json_extract(@)')} END"
    ),
    raw=Template("@ || ''"),
    item=lambda doc, place: f"json_extract({doc}, '$[{int(place)}]')",
    attribute=_attribute("json_valid(@)", "json_extract(@, '$')"),
    number_of_text=_SQLITE_NUMBER,
    text=Template("CAST(@ AS TEXT)"),
    # Whole seconds, and the six digits after the point: days as numbers would be less exact.
    seconds=lambda start, end: (
        f"ROUND(strftime('%s', {end}) - strftime('%s', {start})"
        f" + (substr({end}, 20, 7) - substr({start}, 20, 7)), 6)"
    ),
    double=_sqlite_double,
    literal=_sqlite_double,
    infinity="9e999",
    contains=_sqlite_contains,
    sort=lambda number, label, how: (
        f"COALESCE({number}, NULLIF({label}, 'None')) AS value",
        f"value {how} NULLS LAST",
    ),
    among=lambda id, ids, bind: f"{id} IN (SELECT value FROM json_each({bind(str(list(ids)))}))",
)

# ---- PostgreSQL's casts raise errors: what is cast was matched before, and "numeric" has room for
# every number of a document.

_POSTGRES_NUMBER = Template(f"CASE WHEN @ ~ '{NUMBER}' THEN CAST(@ AS numeric) END")


def _postgres_place(doc: str, keys: Sequence[str], bind: Bind) -> str:
    steps = "".join(f" -> CAST({bind(key)} AS TEXT)" for key in keys)
    return f"({doc}{steps})"


def _postgres_contains(text: str, part: str, bind: Bind) -> str:
    if part.isascii():
        return f"(CAST({text} AS TEXT) COLLATE \"C\") ILIKE {bind(_like(part))} ESCAPE '!'"
    # The cases of other letters would be those of the server's locale.
    pattern = "".join(f"[{_cases(c)}]" if c.isalnum() else f"\\{c}" for c in part)
    return f"{text} ~ {bind(pattern)}"


_POSTGRES = Words(
    place=_postgres_place,
    has=Template("@ IS NOT NULL"),
    label=Template(f"CASE CAST(@ AS TEXT) {_WORDS} WHEN 'null' THEN 'None' ELSE @ #>> '{{}}' END"),
    number=_POSTGRES_NUMBER("(@ #>> '{}')"),
    raw=Template("CAST(@ AS TEXT)"),
    item=lambda doc, place: f"({doc} ->> {int(place)})",
    # NUL and half a surrogate pair cannot be in a text of PostgreSQL.
    attribute=_attribute(
        "regexp_replace(@, '[\\\\]ud[89ab][0-9a-f][0-9a-f][\\\\]ud[c-f]', '', 'gi')"
        " !~* '[\\\\]u(0000|d[89a-f])'",
        "CAST(@ AS jsonb) #>> '{}'",
    ),
    number_of_text=_POSTGRES_NUMBER,
    text=Template('(CAST(@ AS TEXT) COLLATE "C")'),
    seconds=lambda start, end: f"CAST(EXTRACT(EPOCH FROM {end} - {start}) AS double precision)",
    double=lambda value, bind: f"CAST({bind(value)} AS double precision)",
    literal=lambda value, bind: f"CAST({bind(repr(value).replace('inf', '1e999'))} AS numeric)",
    infinity="CAST('Infinity' AS double precision)",
    contains=_postgres_contains,
    sort=lambda number, label, how: _sort(number, f'({label}) COLLATE "C"', how),
    among=lambda id, ids, bind: f"{id} = ANY(CAST({bind(list(ids))} AS bigint[]))",
    pivots=True,
)

# ---- MySQL and MariaDB: a text becomes a number when something is added to it.

# There $ is also before a last newline.
_MYSQL_NUMBER = Template(f"CASE WHEN @ REGEXP '{NUMBER[:-1]}\\\\z' THEN @ + 0e0 END")
# MariaDB reads a document as text. JSON_VALUE stops at what it looks for, where JSON_EXTRACT reads
# on and takes up to five times as long. But it says 1 for true (and MySQL says true), and nothing
# for null, for lists, and (in MySQL) for texts of more than 512 characters.
_MYSQL_DOUBTFUL = "('0', '1', 'true', 'false', 'null')"
_MYSQL_SURE_NUMBER = f"'^(?![01]\\\\z){NUMBER[1:-1]}\\\\z'"
_MYSQL_INFINITY = 1.7976931348623157e308


def _mysql_place(doc: str, keys: Sequence[str], bind: Bind) -> str:
    path = "$." + ".".join(json.dumps(key, ensure_ascii=False) for key in keys)
    return f"{doc}, {bind(path)}"


def _mysql_contains(text: str, part: str, bind: Bind) -> str:
    return f"LOCATE(CAST({bind(part.lower())} AS BINARY), CAST(LOWER({text}) AS BINARY)) > 0"


def _mysql_double(value: float, bind: Bind) -> str:
    return f"({bind(min(max(value, -_MYSQL_INFINITY), _MYSQL_INFINITY))} + 0e0)"


_MYSQL = Words(
    place=_mysql_place,
    has=Template("(JSON_VALUE(@) IS NOT NULL OR JSON_EXTRACT(@) IS NOT NULL)"),
    # A JSON text has quotes, so that "true" is not true.
    label=Template(
        f"CASE WHEN (JSON_VALUE(@) IN {_MYSQL_DOUBTFUL}) IS FALSE THEN JSON_VALUE(@)"
        f" ELSE CASE CAST(JSON_EXTRACT(@) AS CHAR) {_WORDS} WHEN 'null' THEN 'None'"
        " ELSE JSON_UNQUOTE(JSON_EXTRACT(@)) END END"
    ),
    number=Template(
        f"CASE WHEN JSON_VALUE(@) REGEXP {_MYSQL_SURE_NUMBER} THEN JSON_VALUE(@) + 0e0"
        f" WHEN JSON_VALUE(@) IN ('0', '1') THEN {_MYSQL_NUMBER('JSON_UNQUOTE(JSON_EXTRACT(@))')}"
        " END"
    ),
    raw=Template("CONCAT(@, '')"),
    item=lambda doc, place: f"JSON_UNQUOTE(JSON_EXTRACT({doc}, '$[{int(place)}]'))",
    attribute=_attribute("JSON_VALID(@)", "JSON_UNQUOTE(@)"),
    number_of_text=_MYSQL_NUMBER,
    text=Template("CAST(@ AS BINARY)"),
    seconds=lambda start, end: f"(TIMESTAMPDIFF(MICROSECOND, {start}, {end}) / 1e6)",
    double=_mysql_double,
    literal=_mysql_double,
    infinity=repr(_MYSQL_INFINITY),
    contains=_mysql_contains,
    sort=lambda number, label, how: _sort(number, f"CAST({label} AS BINARY)", how),
    among=lambda id, ids, bind: (
        f"{id} IN ({', '.join(str(int(i)) for i in ids)})" if ids else "1=0"
    ),
)

WORDS: dict[Dialect, Words] = {"sqlite": _SQLITE, "postgresql": _POSTGRES, "mysql": _MYSQL}


def _like(part: str, any: str = "") -> str:
    """A pattern of LIKE for a part of a text."""
    return f"%{''.join(c if c == any else f'!{c}' if c in '!%_' else c for c in part)}%"


def _cases(character: str) -> str:
    """A character in all its cases."""
    forms = (character, character.lower(), character.upper())
    return "".join(dict.fromkeys(form for form in forms if len(form) == 1))

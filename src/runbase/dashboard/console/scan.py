"""Cuts a query into the pieces that a server would cut it into, and finds what it calls.

A server has the last word: each query runs in a transaction that only reads. But functions can do
more than write, such as end other sessions, take locks or read files, so the names of what is
called are looked at before. What the server might read in another way than this module is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from .mistake import QueryError

Kind = Literal["word", "name", "text", "number", "sign"]

_ABOVE = "\u0080-\U0010ffff"
_DECIMAL = r"(?: [0-9]+\.?[0-9]* | \.[0-9]+ )(?: [eE][+-]?[0-9]+ )?"
_POSTGRES = rf"""
    (?P<space> [ \t\n\r\f\v]+ | --[^\n\r]* | /\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/ )
  | (?P<text>  [eE]'(?:[^'\\]|\\.|'')*' | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'
             | (?P<tag>\$(?:[A-Za-z_{_ABOVE}][A-Za-z0-9_{_ABOVE}]*)?\$).*?(?P=tag) )
  | (?P<name>  "(?:[^"]|"")*" )
  | (?P<word>  [A-Za-z_{_ABOVE}][A-Za-z0-9_${_ABOVE}]* )
  | (?P<number> 0[xX][0-9A-Fa-f]+ | 0[oO][0-7]+ | 0[bB][01]+ | {_DECIMAL} )
  | (?P<sign>  . )
"""
_MYSQL = rf"""
    (?P<space> [ \t\n\r\f\v]+ | --(?=[\x00-\x20\x7f]|\Z)[^\n]* | \#[^\n]*
             | /\*(?![!+]|M!)(?:[^*/]|\*(?!/)|/(?!\*))*\*/ )
  | (?P<text>  '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" )
  | (?P<name>  `(?:[^`]|``)*` )
  | (?P<number> 0x[0-9A-Fa-f]+ | 0b[01]+ | {_DECIMAL} )
  | (?P<word>  [A-Za-z_{_ABOVE}][A-Za-z0-9_${_ABOVE}]* )
  | (?P<sign>  . )
"""
_PIECES = {
    "postgresql": re.compile(_POSTGRES, re.VERBOSE | re.DOTALL),
    "mysql": re.compile(_MYSQL, re.VERBOSE | re.DOTALL),
}
#: Where a quote or comment begins that was not understood as a whole. MySQL takes a word out of
#: ``\Nword``, and a text out of ``$$ text $$``, from some version on.
_UNREAD = {
    "postgresql": re.compile(r"""['"$]|/\*|[uU]&["]"""),
    "mysql": re.compile(r"""['"`$\\]|/\*"""),
}
#: Behind a number: whether a word goes on or begins there, is for each server to say.
_GOES_ON = re.compile(rf"[A-Za-z0-9_${_ABOVE}]")


class Piece(NamedTuple):
    """A piece of a query: words are in lower case, names without their quotes."""

    kind: Kind
    text: str
    start: int


class Call(NamedTuple):
    """Something that is called, or may be: ``name (``, or ``.name`` as a field is written."""

    name: str
    start: int
    is_field: bool


def pieces(sql: str, dialect: Literal["postgresql", "mysql"]) -> list[Piece]:
    """The pieces of a query, without comments.

    Raises:
        QueryError: quotes or comments do not end, or could mean different things.
    """
    found: list[Piece] = []
    for match in _PIECES[dialect].finditer(sql):
        kind, start = match.lastgroup, match.start()
        kind = "text" if kind == "tag" else kind
        if _UNREAD[dialect].match(sql, start) and kind in ("sign", "word"):
            raise _unclear(sql, start)
        if kind == "number" and _GOES_ON.match(sql, match.end()):
            raise QueryError(
                "a number ends with a space here, and a name that begins with a digit has quotes: "
                "what is one word and what are two is not clear",
                start,
            )
        if kind == "text" and _goes_on(match[0], found, dialect):
            raise _unclear(sql, start)
        if kind != "space":
            found.append(Piece(kind, _plain(kind, match[0]), start))  # type: ignore[arg-type]
    return found


def calls(found: list[Piece]) -> Iterator[Call]:
    """What a query may call: every name before a parenthesis, and every one after a dot."""
    for i, piece in enumerate(found):
        if piece.kind in ("word", "name"):
            if _is_sign(found, i + 1, "("):
                yield Call(piece.text, piece.start, is_field=False)
            elif _is_sign(found, i - 1, ".") and not _is_sign(found, i + 1, "."):
                yield Call(piece.text, piece.start, is_field=True)


def without_end(sql: str, found: list[Piece]) -> str:
    """The query without the semicolons and comments at its end."""
    ends = len(sql)
    for piece in reversed(found):
        if (piece.kind, piece.text) != ("sign", ";"):
            break
        ends = piece.start
    return sql[:ends]


def first_word(found: list[Piece]) -> str:
    """What kind of statement this is, such as "select"."""
    for piece in found:
        if (piece.kind, piece.text) != ("sign", "("):
            return piece.text if piece.kind == "word" else ""
    return ""


def _is_sign(found: list[Piece], i: int, sign: str) -> bool:
    return 0 <= i < len(found) and (found[i].kind, found[i].text) == ("sign", sign)


def _plain(kind: str | None, text: str) -> str:
    if kind == "word":
        return text.encode().lower().decode()  # letters of ASCII only, as PostgreSQL does
    return text[1:-1].replace(text[0] * 2, text[0]) if kind == "name" else text


def _goes_on(text: str, found: list[Piece], dialect: str) -> bool:
    """Whether PostgreSQL reads a quote by the rules of the one before it."""
    if dialect != "postgresql" or not found:
        return False
    return found[-1].kind == "text" and found[-1].text[0] in "eE" and text[0] == "'"


def _unclear(sql: str, start: int) -> QueryError:
    if sql.startswith("/*", start):
        return QueryError(
            "a comment that does not end, has another one in it or is an instruction to the "
            "server is not understood here: take it out",
            start,
        )
    if sql[start] == "$":
        return QueryError("parameters such as $1 have no values here: write the value", start)
    if sql[start] == "\\":
        return QueryError("a backslash is for quotes only here: write NULL for \\N", start)
    if sql[start] in "uU":
        return QueryError("names with escapes are not understood here: write them out", start)
    return QueryError("the quote that begins here does not end, or is not understood", start)

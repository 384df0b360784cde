"""A filter's text as words, numbers, texts and signs."""

from __future__ import annotations

import re
from typing import NamedTuple

from .syntax import mistake

_QUOTED = r""" "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' """
#: A part of a name that needs no quotes.
PART = r"\w(?:[\w/:@-]*\w)?"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<date> \d{{4}}-\d\d-\d\d (?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)? (?!\w) )
    | (?P<number> [-+]? (?: (?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)? | inf\b ) (?![\w.]) )
    | (?P<text> {_QUOTED} )
    | (?P<word> {PART} (?: :(?: {_QUOTED} ) )? (?: \.(?: {PART} | {_QUOTED} ) )* )
    | (?P<sign> == | != | <> | <= | >= | [=<>(),\[\]] )
    | (?P<end> \Z )
    )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PIECE = re.compile(rf"{PART} | {_QUOTED}", re.VERBOSE)


class Token(NamedTuple):
    """A piece of the text: its kind, the text as it is written, and where it begins."""

    kind: str
    text: str
    at: int

    @property
    def keyword(self) -> str:
        """The word in lower case, or the sign."""
        return self.text.lower() if self.kind in ("word", "sign") else ""

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else self.text


def tokens(text: str) -> list[Token]:
    """The pieces of a text; the last one is its end.

    Raises:
        InvalidValueError: a quote is not closed, or a character belongs to nothing.
    """
    found: list[Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unknown(text, at)
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return found


def _unknown(text: str, at: int) -> Exception:
    at += len(text[at:]) - len(text[at:].lstrip())
    if text[at] in "'\"":
        return mistake(at, "the quote that begins here does not end")
    return mistake(at, f"expected a name, a value or a comparison, not {text[at]}")


def unquoted(text: str) -> str:
    """A quoted text without its quotes; a backslash keeps the character after it."""
    return _ESCAPED.sub(r"\1", text[1:-1])


def parts(word: str) -> list[str]:
    """The parts of a dotted name: ``params."a.b"`` has two."""
    return [p if p[0] not in "'\"" else unquoted(p) for p in _PIECE.findall(word)]

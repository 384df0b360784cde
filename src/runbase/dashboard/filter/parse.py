"""From the text of a filter to what it means.

::

    either     = both {"or" both}
    both       = one {"and" one}
    one        = "not" one | "(" either ")" | flag | comparison
    comparison = name sign value | name ["not"] "contains" value
               | name ["not"] "in" "(" value {"," value} ")"
               | name "is" ["not"] ("missing" | "none")
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from ...errors import InvalidValueError
from .syntax import (
    STATUSES,
    TRIAL,
    And,
    Compare,
    Filter,
    Flag,
    In,
    Missing,
    Name,
    Not,
    Operator,
    Or,
    Scope,
    Value,
    mistake,
    near,
)
from .words import Token, parts, tokens, unquoted

MAX_LENGTH = 10_000
MAX_DEPTH = 100
_SIGNS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SCOPES: dict[str, Scope] = {
    "param": "param", "params": "param", "arg": "param", "args": "param",
    "attr": "attr", "attrs": "attr", "user_attrs": "attr",
}  # fmt: skip
_KEYWORDS = {"and", "or", "not", "in", "is", "contains"}
_EMPTY = {"none", "null", "missing"}


@lru_cache(maxsize=256)
def parse(text: str) -> Filter:
    """The meaning of a filter; an empty one lets everything through.

    Raises:
        InvalidValueError: the text has a mistake; the message says where, and what was expected.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidValueError(f"a filter has at most {MAX_LENGTH} characters, not {len(text)}")
    return _Parser(tokens(text)).run()


class _Parser:
    """Goes through the tokens once, from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.depth = tokens, 0, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def run(self) -> Filter:
        if self.next.kind == "end":
            return And(())
        found = self.either()
        if self.next.kind != "end":
            raise self.expected("and, or, or the end")
        return found

    def take(self, *keywords: str) -> bool:
        """Go on if the next token is one of these."""
        is_there = self.next.keyword in keywords
        self.place += is_there
        return is_there

    def need(self, keyword: str) -> None:
        if not self.take(keyword):
            raise self.expected(keyword)

    def expected(self, what: str) -> InvalidValueError:
        return mistake(self.next.at, f"expected {what}, not {self.next}")

    def either(self) -> Filter:
        return self.joined("or", self.both, Or)

    def both(self) -> Filter:
        return self.joined("and", self.one, And)

    def joined(self, word: str, part: Callable[[], Filter], kind: type[And | Or]) -> Filter:
        found = [part()]
        while self.take(word):
            found.append(part())
        return found[0] if len(found) == 1 else kind(tuple(found))

    def one(self) -> Filter:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise mistake(self.next.at, "this is nested too deeply")
        try:
            return self.negated() if self.take("not") else self.grouped()
        finally:
            self.depth -= 1

    def negated(self) -> Filter:
        return Not(self.one())

    def grouped(self) -> Filter:
        if not self.take("("):
            return self.flag() or self.comparison()
        found = self.either()
        self.need(")")
        return found

    def flag(self) -> Filter | None:
        """A word that stands alone."""
        token = self.next
        if token.kind != "word":
            return None
        after = self.tokens[self.place + 1]
        if after.keyword in _SIGNS or after.keyword in _KEYWORDS - {"and", "or"}:
            return None
        word = token.keyword
        if word in ("feasible", "best"):
            self.place += 1
            return Flag(cast(Any, word))
        if word in STATUSES:
            self.place += 1
            return Compare(Name("trial", "status", token.at), "=", Value(word, token.at))
        return None

    def comparison(self) -> Filter:
        start = self.place
        name = self.name()
        if sign := _SIGNS.get(self.next.keyword):
            self.place += 1
            return Compare(name, cast(Operator, sign), self.value())
        if self.take("is"):
            return self.missing(name)
        is_not = self.take("not")
        if self.take("in"):
            found: Filter = In(name, self.values())
        elif self.take("contains"):
            found = Compare(name, "contains", self.value())
        elif is_not:
            raise self.expected("in or contains")
        else:
            raise self.without_comparison(self.tokens[start].text)
        return Not(found) if is_not else found

    def without_comparison(self, word: str) -> InvalidValueError:
        hint = near(word, [*STATUSES, "feasible", "best"])
        return self.expected(f"a comparison such as = or < after {word}{hint}")

    def missing(self, name: Name) -> Filter:
        is_not = self.take("not")
        if not self.take(*_EMPTY):
            raise self.expected("missing")
        return Not(Missing(name)) if is_not else Missing(name)

    def values(self) -> tuple[Value, ...]:
        self.need("(")
        found = [self.value()]
        while self.take(","):
            found.append(self.value())
        self.need(")")
        return tuple(found)

    def value(self) -> Value:
        token = self.next
        if token.kind not in ("number", "date", "text", "word") or token.keyword in _KEYWORDS:
            raise self.expected("a number or a text")
        self.place += 1
        if token.kind == "number":
            return Value(float(token.text), token.at)
        if token.kind == "text":
            return Value(unquoted(token.text), token.at)
        return Value(None if token.keyword in _EMPTY else token.text, token.at)

    def name(self) -> Name:
        token = self.next
        if token.kind not in ("word", "text") or token.keyword in _KEYWORDS:
            raise self.expected("a name")
        self.place += 1
        if token.kind == "text":
            return Name("any", unquoted(token.text), token.at)
        first, *rest = parts(token.text)
        if first.lower() in ("value", "values"):
            return self.objective(token, rest)
        if rest and (scope := _SCOPES.get(first.lower())):
            return Name(scope, ".".join(rest), token.at)
        if not rest and (key := TRIAL.get(first.lower())):
            return Name("trial", key, token.at)
        return Name("any", ".".join([first, *rest]), token.at)

    def objective(self, token: Token, rest: list[str]) -> Name:
        """``value``, ``values.1`` or ``values[1]``."""
        number = ".".join(rest) or "0"
        if not rest and self.take("["):
            number = self.next.text
            self.place += self.next.kind != "end"
            self.need("]")
        if not (number.isascii() and number.isdigit()) or len(number) > 4:
            raise mistake(token.at, f"expected the number of an objective, not {number}")
        return Name("value", str(int(number)), token.at)

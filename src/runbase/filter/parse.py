"""From the text of a filter to what it means.

::

    either     = both {"or" both}
    both       = one {"and" one}
    one        = "not" one | "(" either ")" | alone | comparison
    alone      = status | "feasible" | "best" | "tag:" name | text in quotes
    comparison = name sign value | name ["not"] "contains" value
               | name ["not"] "in" "(" value {"," value} ")"
               | name "is" ["not"] ("missing" | "none")
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from ..errors import FilterError, InvalidValueError
from .syntax import (
    LATER,
    PARTS,
    RUN,
    STATUSES,
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
    Tag,
    Text,
    Value,
    mistake,
    near,
)
from .words import Token, parts, tokens, unquoted

MAX_LENGTH = 10_000
MAX_DEPTH = 20  # databases cannot parse much more
_SIGNS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SCOPES: dict[str, Scope] = {
    "param": "param", "params": "param", "arg": "param", "args": "param",
    "attr": "attr", "attrs": "attr", "user_attrs": "attr", "env": "env",
    "extra": "extra", "extras": "extra", "metric": "metric", "metrics": "metric", "run": "run",
}  # fmt: skip
_KEYWORDS = {"and", "or", "not", "in", "is", "contains"}
_FLAGS = ("feasible", "best")
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

    def expected(self, what: str) -> FilterError:
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
            return self.alone() or self.comparison()
        found = self.either()
        self.need(")")
        return found

    def alone(self) -> Filter | None:
        """A word or a text that is not compared with anything."""
        token = self.next
        if token.kind not in ("word", "text"):
            return None
        after = self.tokens[self.place + 1]
        if after.keyword in _SIGNS or after.keyword in _KEYWORDS - {"and", "or"}:
            return None
        found = self.flag(token)
        self.place += found is not None
        return found

    def flag(self, token: Token) -> Filter | None:
        if token.kind == "text":
            return Text(unquoted(token.text))
        word = token.keyword
        if word in _FLAGS:
            return Flag(cast(Any, word))
        if word in STATUSES:
            return Compare(Name("run", "status", token.at), "=", Value(word, token.at))
        prefix, name = prefixed(token.text)
        return Tag(name) if prefix == "tag" else None

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
            found = Compare(name, "contains", self.part())
        elif is_not:
            raise self.expected("in or contains")
        else:
            raise self.without_comparison(self.tokens[start].text)
        return Not(found) if is_not else found

    def without_comparison(self, word: str) -> FilterError:
        words = [each for each in [*STATUSES, *_FLAGS] if each[0] == word[:1].lower()]
        what = f"a comparison such as = or < after {word}{near(word, words)}"
        if self.next.kind == "end" or self.next.keyword in ("and", "or", ")"):
            what += ", or quotes around it to search for the text"
        return self.expected(what)

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

    def part(self) -> Value:
        """The text that is looked for; a number as it is written."""
        token, value = self.next, self.value()
        return Value(token.text, token.at) if isinstance(value.of, float) else value

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
        prefix, name = prefixed(token.text)
        if prefix == "tag":
            raise mistake(token.at, f"tag:{name} stands alone: it is there, or it is not")
        if prefix == "value":
            return self.objective(token, [name])
        if prefix:
            return Name("metric", name, token.at, cast(Any, prefix))
        first, *rest = parts(token.text)
        if first.lower() in ("value", "values"):
            return self.objective(token, rest)
        if rest and (scope := _SCOPES.get(first.lower())):
            return self.scoped(token, scope, ".".join(rest))
        if not rest and (key := RUN.get(first.lower())):
            return Name("run", key, token.at)
        return Name("any", ".".join([first, *rest]), token.at)

    def scoped(self, token: Token, scope: Scope, name: str) -> Name:
        if scope != "run":
            return Name(scope, name, token.at)
        key = (RUN | LATER).get(name.lower())
        if key is None:
            raise mistake(token.at, f"runs have no {name}{near(name, [*RUN, *LATER])}")
        return Name("run", key, token.at)

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


def prefixed(word: str) -> tuple[str, str]:
    """What is before and after the colon of ``best:"val acc"`` or ``tag:baseline``, or nothing."""
    prefix, colon, rest = word.partition(":")
    if not colon or prefix.lower() not in (*PARTS, "tag", "value"):
        return "", ""
    return prefix.lower(), ".".join(parts(rest))

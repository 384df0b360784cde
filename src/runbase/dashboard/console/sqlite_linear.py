"""Functions whose own versions in SQLite may take minutes, in which nothing can end them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any

from ..stop import Stop

#: Formats that make one value of millions of characters.
_TOO_WIDE = re.compile(r"%[^%a-zA-Z]*(\*|\d{5})")


def register(
    connection: sqlite3.Connection, plain: sqlite3.Connection, stop: Stop, longest: int
) -> None:
    """Put others in the place of SQLite's own; none makes a text of more than ``longest``.

    A second connection, ``plain``, goes on having SQLite's own.
    """

    def add(name: str, count: int, function: Callable[..., Any]) -> None:
        needed = max(1, count)

        def called(*values: Any) -> Any:
            if stop.why is not None:
                raise InterruptedError
            return None if None in values[:needed] else function(*values)

        connection.create_function(name, count, called, deterministic=True)

    def replace(text: Any, old: Any, new: Any) -> Any:
        text, old, new = _text(text), _text(old), _text(new)
        if not old:
            return text
        if len(text) + text.count(old) * (len(new) - len(old)) > longest:
            raise OverflowError
        return text.replace(old, new)

    def printf(form: Any, *values: Any) -> Any:
        if _TOO_WIDE.search(_text(form)):
            raise OverflowError
        marks = ", ?" * len(values)
        return plain.execute(f"SELECT printf(?{marks})", (form, *values)).fetchone()[0]

    add("printf", -1, printf)
    add("format", -1, printf)
    add("instr", 2, _instr)
    add("replace", 3, replace)
    for name, left, right in (("trim", True, True), ("ltrim", True, False), ("rtrim", False, True)):
        for count in (1, 2):
            add(name, count, _trimmer(left, right))


def _instr(text: Any, part: Any) -> int:
    if isinstance(text, bytes) and isinstance(part, bytes):
        return text.find(part) + 1
    return _text(text).find(_text(part)) + 1


def _trimmer(left: bool, right: bool) -> Callable[..., str]:
    def trim(text: Any, characters: Any = " ") -> str:
        whole, gone = _text(text), set(_text(characters))
        begin, end = 0, len(whole)
        while left and begin < end and whole[begin] in gone:
            begin += 1
        while right and begin < end and whole[end - 1] in gone:
            end -= 1
        return whole[begin:end]

    return trim


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)

"""JSON that every engine takes, from whatever Python objects people keep in their arguments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, NamedTuple

MAX_DEPTH = 30  # of nested lists and objects; MariaDB takes 31
_SURROGATE = re.compile("[\ud800-\udfff]")


class Jsonb(NamedTuple):
    """A parameter that is stored as a JSON document instead of being taken apart."""

    obj: Any

    def __str__(self) -> str:
        return dumps(self.obj)


def jsonb(obj: Any) -> Jsonb | None:
    """``obj`` as a JSON parameter for `Client.execute`; None stays None (SQL NULL)."""
    return None if obj is None else Jsonb(obj)


_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode


def dumps(obj: Any) -> str:
    """JSON text of any object, valid on every engine.

    What JSON lacks becomes the nearest text: NaN and infinities ``"NaN"``, ``"Infinity"`` and
    ``"-Infinity"``; complex numbers and paths their ``str``; dates ISO 8601, timedeltas seconds;
    sets and arrays lists; other objects, and what lies deeper than MariaDB's limit, their
    ``str``. PostgreSQL refuses NUL characters, they become U+2400; lone surrogates (undecodable
    bytes of the environment) their escapes.
    """
    try:
        text = _encode(obj)
        is_deep = text.count("[") + text.count("{") > MAX_DEPTH
    except (TypeError, ValueError, RecursionError):
        is_deep = True
    if is_deep:
        text = _encode(plain(obj))
    if "\\u0000" in text:
        # Split at escaped backslashes, so that a backslash before "u0000" stays what it is.
        text = "\\\\".join(part.replace("\\u0000", "\u2400") for part in text.split("\\\\"))
    if not text.isascii():
        text = _SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text)
    return text


def plain(obj: Any, depth: int = 0) -> Any:
    """``obj`` made of dicts with text keys, lists, text, finite numbers, booleans and None."""
    if depth > MAX_DEPTH:
        return _text(obj)
    match obj:
        case None | bool():
            return obj
        case Enum():
            return plain(obj.value, depth + 1)
        case int():
            return int(obj)
        case str():
            return str(obj)
        case float():
            return _plain_float(float(obj))
        case Mapping():
            return {
                str(k) if isinstance(k, str) else _text(k): plain(v, depth + 1)
                for k, v in obj.items()
            }
        case list() | tuple() | set() | frozenset():
            return [plain(v, depth + 1) for v in obj]
        case datetime() | date() | time():
            return obj.isoformat()
        case timedelta():
            return obj.total_seconds()
        case bytes():
            return obj.decode("utf-8", "backslashreplace")
    if callable(tolist := getattr(obj, "tolist", None)):  # numpy and torch, without importing them
        try:
            return plain(tolist(), depth + 1)
        except Exception:  # whatever it is, it is no reason to end a training
            return _text(obj)
    return _text(obj)


def _text(obj: Any) -> str:
    try:
        return str(obj)
    except Exception:
        return object.__repr__(obj)


def _plain_float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"

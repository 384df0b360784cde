"""Metric values: what Python objects they may be, and in which columns they fit."""

from __future__ import annotations

import math
import operator
import re
from datetime import date, datetime, timedelta
from typing import Any, Literal

from ..engines.engine import utc
from ..engines.json import Jsonb
from ..errors import InvalidValueError

#: What a column of ``metrics`` holds. "other" are types of users' own that take no metric.
Kind = Literal["number", "integer", "text", "time", "date", "interval", "bytes", "json", "other"]

EXACT = 2**53  # integers up to here are exact as DOUBLE
MAX_STEP = 2**63 - 1
MAX_NAME = 500

PYTHON: dict[Kind, type] = {
    "number": float,
    "text": str,
    "time": datetime,
    "date": date,
    "interval": timedelta,
    "bytes": bytes,
    "json": Jsonb,
}


_BASES: tuple[Any, ...] = (float, int, str, bytes)
_REFUSED = re.compile("[\0\ud800-\udfff]")


def normalise(name: str, value: Any) -> Any:
    """``value`` as float, int, str, bytes, datetime (UTC), date, timedelta, Jsonb or None.

    Scalars of numpy, torch and the like become Python's; None and pandas' NaT mean "no value".

    Raises:
        InvalidValueError: the value is none of these; the message names the metric.
    """
    kind = type(value)
    if kind is float or kind is int or value is None:
        return value
    if kind is str:
        return _text(name, value)
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime):
        return utc(value) if value == value else None  # NaT is no time and not itself
    if isinstance(value, date | timedelta):
        return value
    if not hasattr(value, "dtype"):  # subclasses of Python's own; numpy's have a dtype
        for python in _BASES:
            if isinstance(value, python):
                return _text(name, str(value)) if python is str else python(value)
    if kind.__name__ == "Jsonb":
        return Jsonb(value.obj)
    return _foreign(name, value)


def _foreign(name: str, value: Any) -> Any:
    if "datetime64" in str(getattr(value, "dtype", "")):
        return normalise(name, value.astype("datetime64[us]").item())
    if callable(item := getattr(value, "item", None)):
        try:
            return normalise(name, item())
        except (TypeError, ValueError, RuntimeError) as error:
            shape = tuple(getattr(value, "shape", ()))
            raise InvalidValueError(
                f"metric {name!r} is an array of shape {shape}: log one number for each metric"
            ) from error
    if hasattr(type(value), "__float__"):  # Decimal, Fraction and the like
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidValueError(f"metric {name!r} cannot be a number: {error}") from error
    raise InvalidValueError(
        f"metric {name!r} is a {type(value).__name__}, which cannot be a metric: log numbers, "
        "text or times, and put documents into extras"
    )


def _text(name: str, text: str) -> str:
    if not is_storable(text):
        raise InvalidValueError(
            f"metric {name!r} is text with a NUL or half a surrogate pair, which databases refuse: "
            "log it as bytes"
        )
    return text


def is_storable(text: str) -> bool:
    """Whether every engine takes ``text``: no NUL, no half of a surrogate pair."""
    if text.isascii():
        return "\0" not in text
    return not _REFUSED.search(text)


def check_comment(comment: object) -> None:
    """Refuse what is neither text that every engine takes nor None.

    Raises:
        InvalidValueError: it is neither.
    """
    if comment is not None and not (isinstance(comment, str) and is_storable(comment)):
        raise InvalidValueError(
            "a comment is text without NUL and halves of surrogate pairs, or None, "
            f"not {comment!r:.80}"
        )


def check_names(names: Any) -> None:
    """Refuse names that no engine could keep.

    Raises:
        InvalidValueError: a name is not text, empty, longer than 500 characters, or has a NUL or
            half a surrogate pair.
    """
    for name in names:
        if not isinstance(name, str):
            raise InvalidValueError(
                f"the metric name {name!r} is {type(name).__name__}: names are text"
            )
        if not 0 < len(name) <= MAX_NAME or not is_storable(name):
            raise InvalidValueError(
                f"a metric name has 1 to {MAX_NAME} characters, no NUL and no half of a surrogate "
                f"pair: {name[:80]!r}"
            )


def check_point(step: Any, progress: Any) -> tuple[int, float]:
    """``step`` and ``progress`` as int and float.

    Raises:
        InvalidValueError: ``step`` is no integer of 64 bits, or ``progress`` no finite number.
    """
    try:
        step = operator.index(step.item() if hasattr(step, "item") else step)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidValueError(f"step is an integer, not {step!r}: see also progress") from error
    if not -MAX_STEP <= step <= MAX_STEP:
        raise InvalidValueError(f"step {step} does not fit into 64 bits")
    try:
        progress = float(progress)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidValueError(f"progress is a number, not {progress!r}") from error
    if not math.isfinite(progress):
        raise InvalidValueError(f"progress is a finite number, not {progress}")
    return step, progress


def kind_of(value: Any) -> Kind:
    """The kind of column that a metric whose first value is this one gets."""
    if isinstance(value, float | int):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, datetime):
        return "time"
    if isinstance(value, date):
        return "date"
    if isinstance(value, timedelta):
        return "interval"
    return "bytes" if isinstance(value, bytes) else "json"


def kind_of_type(declared: str) -> Kind:
    """The kind of a column that a user declared."""
    text = declared.lower()
    words: list[tuple[str, Kind]] = [
        ("interval", "interval"), ("json", "json"), ("timestamp", "time"), ("datetime", "time"),
        ("date", "date"), ("bool", "other"), ("double", "number"), ("float", "number"),
        ("real", "number"), ("num", "number"), ("dec", "number"), ("point", "other"),
        ("int", "integer"), ("char", "text"), ("text", "text"), ("clob", "text"),
        ("blob", "bytes"), ("bytea", "bytes"), ("binary", "bytes"),
    ]  # fmt: skip
    return next((kind for word, kind in words if word in text), "number" if not text else "other")


def is_special(value: Any) -> bool:
    """Whether ``value`` is NaN or infinite."""
    return isinstance(value, float) and not math.isfinite(value)


def fits(kind: Kind, value: Any) -> bool:
    """Whether a column of this kind holds ``value`` exactly."""
    if kind == "number":
        return isinstance(value, float) or (isinstance(value, int) and -EXACT <= value <= EXACT)
    if kind == "integer":
        if isinstance(value, float):
            return is_special(value) or (value.is_integer() and abs(value) <= EXACT)
        return isinstance(value, int) and abs(value) <= MAX_STEP
    return kind == kind_of(value) and kind != "other"


def stored(kind: Kind, value: Any) -> Any:
    """A value that `fits` as the column takes it."""
    if kind == "number":
        return float(value)
    return int(value) if kind == "integer" and not is_special(value) else value


def special_text(value: float) -> str:
    """The text that stands for NaN or an infinity in ``metric_specials``."""
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def to_json(value: Any) -> Any:
    """A value in ``metrics_more``: numbers and text as they are, others named by their kind."""
    if isinstance(value, float | int | str):
        return value
    kind = kind_of(value)
    match kind:
        case "interval":
            return {kind: value.total_seconds()}
        case "bytes":
            import base64

            return {kind: base64.b64encode(value).decode()}
        case "json":
            return {kind: value.obj}
    return {kind: value.isoformat()}


def from_json(value: Any) -> Any:
    """The value that `to_json` was given."""
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    match kind:
        case "time":
            return datetime.fromisoformat(content)
        case "date":
            return date.fromisoformat(content)
        case "interval":
            return timedelta(seconds=content)
        case "bytes":
            import base64

            return base64.b64decode(content)
    return content


def number(value: Any) -> float | None:
    """A value as the summary counts it: None where it is no number."""
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value if isinstance(value, float) else None

"""The keys of columns, such as ``args.lr`` and ``best:val_acc``, and the filters that name them."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InvalidValueError
from ..filter.syntax import LATER, PARTS, RUN, Name
from ..filter.words import PART

#: Keys of what every run has.
RUN_KEYS = (
    "id", "number", "name", "experiment", "kind", "status", "created", "started", "updated",
    "finished", "duration", "value", "tags", "comment", "parent",
)  # fmt: skip
#: A name that needs no quotes.
_PLAIN = re.compile(rf"{PART}(\.{PART})*")
_SCOPES: dict[str, Any] = {"args": "param", "env": "env", "extras": "extra", "attrs": "attr"}


def name_of(key: str) -> Name:
    """What a key means: after the first dot or colon it has a name as it is.

    Raises:
        InvalidValueError: no column has such a key.
    """
    prefix, colon, rest = key.partition(":")
    if colon and prefix == "value" and rest.isdecimal() and rest.isascii() and len(rest) < 5:
        return Name("value", str(int(rest)))
    if colon and prefix in PARTS and rest:
        return Name("metric", rest, part=prefix)
    scope, dot, rest = key.partition(".")
    if dot and rest and scope in _SCOPES:
        return Name(_SCOPES[scope], rest)
    if key == "value":
        return Name("value", "0")
    if key in RUN_KEYS:
        return Name("run", (RUN | LATER)[key])
    raise InvalidValueError(
        f"there is no column {key!r}: choose from {', '.join(RUN_KEYS)}, value:1, args.NAME, "
        f"env.NAME, extras.NAME, attrs.NAME, and {', '.join(f'{part}:METRIC' for part in PARTS)}"
    )


def in_filter(key: str) -> str:
    """How a filter names a column."""
    name = name_of(key)
    shown = name.key if _PLAIN.fullmatch(name.key) else quoted(name.key)
    match name.scope:
        case "metric":
            return f"{name.part}:{shown}"
        case "value":
            return f"values.{name.key}"
        case "run":
            return f"run.{name.key}" if name.key in LATER else name.key
    return f"{key.partition('.')[0]}.{shown}"


def quoted(text: str) -> str:
    """A text in the quotes of the language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

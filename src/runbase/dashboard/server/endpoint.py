"""An endpoint is a typed function in a list: its parameters are those of the path, the query and
the body, and what it returns is the answer.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple
from urllib.parse import unquote

import msgspec

from ...errors import InvalidValueError

if TYPE_CHECKING:
    from ..board import Board
    from ..stop import Stop

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
BODY, BOARD, STOP = "body", "board", "stop"
LARGEST = 2**63 - 1  # of the integers that databases have


class Raw(NamedTuple):
    """An answer that is not JSON, or one with headers of its own."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = {}
    status: int = 200


class Download(NamedTuple):
    """A stored file; one with a path is sent from there, and in parts if asked so."""

    open: Callable[[], BinaryIO]
    path: str | None
    media_type: str
    headers: Mapping[str, str] = {}


class Stream(NamedTuple):
    """A file that is made while it is sent."""

    chunks: Generator[bytes, None, None]
    media_type: str
    headers: Mapping[str, str] = {}


class Endpoint:
    """A route of the API.

    The function's first parameter ``board`` is what is served, ``body`` is the decoded JSON of the
    request, ``stop`` is called when the request is given up; all others come from the path or, with
    a default, from the query.
    """

    def __init__(
        self, method: Method, path: str, function: Callable[..., Any], status: int = 0
    ) -> None:
        self.method, self.path, self.function = method, path, function
        hints = typing.get_type_hints(function)
        self.returns = hints.pop("return")
        self.status = status or (204 if self.returns is type(None) else 200)
        self.body: Any = hints.pop(BODY, None)
        hints.pop(BOARD, None)
        #: Whether it may take long, and ends when nobody waits for it any more.
        self.stops = hints.pop(STOP, None) is not None
        self.parameters: dict[str, Any] = hints
        signature = inspect.signature(function).parameters
        self.defaults = {
            name: p.default for name, p in signature.items() if p.default is not p.empty
        }

    @property
    def name(self) -> str:
        """The operation's name: ``trials.get_trial``."""
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"

    def call(
        self, board: Board, given: Mapping[str, str], body: bytes, stop: Stop | None = None
    ) -> Any:
        """Decode what was sent and call the function.

        Raises:
            InvalidValueError: a parameter or the body is not as declared.
        """
        arguments: dict[str, Any] = {}
        for name, kind in self.parameters.items():
            if name in given:
                arguments[name] = _decode(name, given[name], kind)
            elif name not in self.defaults:
                if not is_list(kind):
                    raise InvalidValueError(f"the parameter {name} is missing")
                arguments[name] = []
        if self.body is not None:
            arguments[BODY] = _decode_body(body, self.body)
        if self.stops:
            arguments[STOP] = stop
        return self.function(board, **arguments)


def is_list(kind: Any) -> bool:
    """Whether a parameter is a list: its items are separated by commas, and quoted once more."""
    kinds = (kind, *typing.get_args(kind))
    return any(typing.get_origin(k) is list for k in kinds)


def _decode(name: str, text: str, kind: Any) -> Any:
    if "\0" in text:
        raise InvalidValueError(f"the parameter {name} has a zero byte in it")
    value: Any = text
    if is_list(kind):
        value = [unquote(item) for item in text.split(",")] if text else []
    try:
        found = msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidValueError(f"the parameter {name}: {error}") from error
    items = found if isinstance(found, list) else [found]
    if any(isinstance(item, int) and not -LARGEST - 1 <= item <= LARGEST for item in items):
        raise InvalidValueError(f"the parameter {name} is too large")
    return found


def _decode_body(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidValueError(f"the body of the request: {error}") from error

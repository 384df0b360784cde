"""The ``run_*`` functions: what `runbase.Run` does, for those who have only a run's id.

``args``, ``env`` and ``extras`` are JSON documents of the run. "auto" stands for what is found:
the command line (see `runbase.args.detect_args`), the environment, or the current time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from .client import Client
from .environment import environment
from .errors import InvalidValueError
from .store import documents, links, runs
from .store import metrics as store
from .store.documents import Document

Auto = Literal["auto"]
Items = Mapping[str, Any] | Auto | None
Time = datetime | Auto | None


def _detected(column: Document, redact: bool) -> Mapping[str, Any] | None:
    if column == "env":
        return environment(redact=redact)
    from .args import detect_args

    return detect_args()


def _set(client: Client, column: Document, run_id: int, items: Items, redact: bool = True) -> None:
    if isinstance(items, str):
        items = _detected(column, redact) if _is_auto(column, items) else None
        if items is None:
            return
    documents.put(client.db, "runs", column, run_id, _checked(column, items))


def _add(client: Client, column: Document, run_id: int, items: Items, redact: bool = True) -> None:
    if isinstance(items, str):
        items = _detected(column, redact) if _is_auto(column, items) else None
    if items:
        documents.merge(client.db, "runs", column, run_id, _checked(column, items) or {})


def _remove(client: Client, column: Document, run_id: int, names: Iterable[Any]) -> None:
    documents.remove(client.db, "runs", column, run_id, _names(column, names))


def _is_auto(column: str, items: str) -> bool:
    if items == "auto" and column != "extras":
        return True
    raise InvalidValueError(f"{column} are a dict, 'auto' or None, not {items!r}")


def _checked(column: str, items: Any) -> Mapping[str, Any] | None:
    if items is None or isinstance(items, Mapping):
        return items
    hint = (
        f": vars(...) makes one of a {type(items).__name__}" if hasattr(items, "__dict__") else ""
    )
    raise InvalidValueError(f"{column} are a dict, not {type(items).__name__}{hint}")


def _names(column: Document, names: Iterable[Any]) -> Iterable[str]:
    """Names given one by one, as the keys of a dict, or as "auto" for all that is detected."""
    for name in names:
        if isinstance(name, Mapping):
            yield from name
        elif name == "auto" and column != "extras":
            yield from _detected(column, True) or ()
        elif isinstance(name, str):
            yield name
        elif name is not None:
            raise InvalidValueError(f"names to remove are text, not {name!r}")


def run_set_args(client: Client, run_id: int, args: Items = "auto") -> None:
    """Replace the arguments; "auto" does nothing where none are detected, None stores NULL."""
    _set(client, "args", run_id, args)


def run_add_args(client: Client, run_id: int, args: Items = "auto") -> None:
    """Add or overwrite arguments; None does nothing."""
    _add(client, "args", run_id, args)


def run_remove_args(client: Client, run_id: int, *args: Any) -> None:
    """Remove arguments by name, by the keys of a dict, or all that "auto" would detect."""
    _remove(client, "args", run_id, args)


def run_set_env(client: Client, run_id: int, env: Items = "auto", *, redact: bool = True) -> None:
    """Replace the environment variables; "auto" stores those of this process, None stores NULL.

    In "auto" mode values that look like secrets are left out, unless ``redact`` is False; see
    `runbase.environment.environment`.
    """
    _set(client, "env", run_id, env, redact)


def run_add_env(client: Client, run_id: int, env: Items = "auto", *, redact: bool = True) -> None:
    """Add or overwrite environment variables; None does nothing. See `run_set_env`."""
    _add(client, "env", run_id, env, redact)


def run_remove_env(client: Client, run_id: int, *env: Any) -> None:
    """Remove environment variables by name, by the keys of a dict, or ("auto") all of them."""
    _remove(client, "env", run_id, env)


def run_set_extras(client: Client, run_id: int, extras: Mapping[str, Any] | None = None) -> None:
    """Replace the extras: any JSON document; None stores NULL."""
    _set(client, "extras", run_id, extras)


def run_add_extras(client: Client, run_id: int, extras: Mapping[str, Any] | None = None) -> None:
    """Add or overwrite extras; None does nothing."""
    _add(client, "extras", run_id, extras)


def run_remove_extras(client: Client, run_id: int, *extras: Any) -> None:
    """Remove extras by name, or by the keys of a dict."""
    _remove(client, "extras", run_id, extras)


def run_set_tags(client: Client, run_id: int, *tags: str) -> None:
    """Replace all tags."""
    documents.put(client.db, "runs", "tags", run_id, documents.tags(tags))


def run_add_tags(client: Client, run_id: int, *tags: str) -> None:
    """Add tags to those that are there."""
    if tags:
        documents.merge(client.db, "runs", "tags", run_id, documents.tags(tags))


def run_remove_tags(client: Client, run_id: int, *tags: str) -> None:
    """Remove tags; those that are not there are ignored."""
    documents.remove(client.db, "runs", "tags", run_id, documents.tags(tags))


def run_add_link(client: Client, from_id: int, kind: str, to_id: int) -> None:
    """Link a run to another; a link that exists already stays as it is."""
    links.add(client.db, "runs", from_id, kind, to_id)


def run_remove_link(client: Client, from_id: int, kind: str, to_id: int) -> None:
    """Remove a link between two runs, if there is one."""
    links.remove(client.db, "runs", from_id, kind, to_id)


def run_set_name(client: Client, run_id: int, name: str | None) -> None:
    """Set the name, which need not be unique; None clears it."""
    runs.set_name(client.db, run_id, name)


def run_set_comment(client: Client, run_id: int, comment: str | None) -> None:
    """Set the comment; None clears it."""
    runs.set_comment(client.db, run_id, comment)


def run_set_status(client: Client, run_id: int, status: str) -> None:
    """Set the status: one of `runbase.store.runs.STATUSES` or any other text."""
    runs.set_status(client.db, run_id, status)


def run_set_created(client: Client, run_id: int, dt: Time = "auto") -> None:
    """Set ``time_created``; "auto" is now, None does nothing, naive times are local."""
    _set_time(client, run_id, "time_created", dt)


def run_set_started(client: Client, run_id: int, dt: Time = "auto") -> None:
    """Set ``time_started``; "auto" is now, None does nothing, naive times are local."""
    _set_time(client, run_id, "time_started", dt)


def run_set_updated(client: Client, run_id: int, dt: Time = "auto") -> None:
    """Set ``time_updated``; "auto" is now, None does nothing, naive times are local."""
    _set_time(client, run_id, "time_updated", dt)


def _set_time(client: Client, run_id: int, column: str, dt: Time) -> None:
    if (time := store.as_time(dt)) is not None:
        runs.set_time(client.db, run_id, column, time)


def run_add_metrics(
    client: Client,
    run_id: int,
    metrics: Mapping[str, Any],
    step: int = 0,
    progress: float = 0.0,
    updated: Time = "auto",
) -> None:
    """Add what was measured at one point in time, given by ``step``, ``progress`` or both.

    Values are numbers (of Python, numpy, torch, ...), text, times or bytes; None is left out.
    NaN and infinities are kept. A metric that is new gets a column of ``metrics``, see the
    concepts page. Values that this point has already are overwritten, other metrics of the
    point stay. ``time_updated`` is set to ``updated`` ("auto": now, exact to a quarter of a
    second while metrics come quickly).

    Raises:
        InvalidValueError: a name, value, step or progress cannot be stored; nothing is written.
        NotFoundError: no run has this id.
    """
    db = client.db
    if client.buffer is not None and not db.session.in_block:
        client.buffer.add(run_id, metrics, step, progress, updated)
    else:
        store.add(db, run_id, metrics, step, progress, updated)

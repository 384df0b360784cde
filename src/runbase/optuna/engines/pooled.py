"""An engine whose connections come from a pool of SQLAlchemy."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from ...config import Config
from ...engines import Engine
from ...errors import (
    ConfigError,
    ConnectionFailedError,
    ConnectionLostError,
    RunbaseError,
    require,
)

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy import Engine as Alchemy
    from sqlalchemy.pool import PoolProxiedConnection


Arguments = dict[str, Any]


class PooledConnection:
    """A connection of SQLAlchemy's pool with all attributes of the driver's own.

    Closing it rolls back and gives it back to the pool, or drops it when it was lost.
    """

    __slots__ = ("__weakref__", "_ended", "_proxy", "cursor", "driver", "is_lost")

    def __init__(self, proxy: PoolProxiedConnection, ended: threading.Event) -> None:
        self._proxy: PoolProxiedConnection | None = proxy
        self._ended = ended  # set when the pool is gone, which could not close it any more
        self.driver = cast(Any, proxy.driver_connection)
        self.cursor = self.driver.cursor
        self.is_lost = False

    def __getattr__(self, name: str) -> Any:
        if self._proxy is None:  # another thread may be using it by now
            raise ConnectionLostError("the connection was closed: try again")
        return getattr(self.driver, name)

    @property
    def is_closed(self) -> bool:
        """Whether the pool has it back."""
        return self._proxy is None

    def close(self) -> None:
        """Give it back to the pool."""
        proxy, self._proxy = self._proxy, None
        if proxy is None:
            return
        del self.cursor
        if not self.is_lost:
            try:
                self.rollback()
            except Exception:
                self.is_lost = True
        if self.is_lost or self._ended.is_set():
            proxy.invalidate()
        else:
            proxy.close()

    def rollback(self) -> None:
        """Undo what is open."""
        self.driver.rollback()


class Pooled(Engine):
    """What the engines below have in common."""

    driver: ClassVar[str]
    connection_class: ClassVar[type[PooledConnection]] = PooledConnection

    def __init__(self, config: Config, url: URL, arguments: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._secrets = {str(url.password or "")}
        self._open: weakref.WeakSet[PooledConnection] = weakref.WeakSet()
        self._ended = threading.Event()
        self.alchemy = self._build(url, dict(arguments))
        weakref.finalize(self, _end, self.alchemy, self._ended)
        self._check_pool()
        _engines.add(self)

    @classmethod
    def check_driver(cls) -> None:
        """Raise MissingExtraError if the driver is not installed."""
        require(cls.driver, cls.name)

    def _build(self, url: URL, arguments: Arguments) -> Alchemy:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError

        for name in ("json_serializer", "json_deserializer"):
            arguments.pop(name, None)  # they would replace what reads Runbase's own documents
        try:
            given = dict(arguments.get("connect_args") or {})
            self._secrets |= {str(given.get(name) or "") for name in ("password", "passwd")}
            arguments["connect_args"] = self._connect_args(url, given)
            return create_engine(self._url(url), **arguments)
        except (TypeError, ValueError, ArgumentError) as error:
            raise self._misconfigured(error) from error

    def _check_pool(self) -> None:
        from sqlalchemy.pool import StaticPool

        if isinstance(self.alchemy.pool, StaticPool) and not self.is_memory:
            raise ConfigError(
                "with StaticPool all threads would be in one transaction: choose another poolclass"
            )

    def _url(self, url: URL) -> URL:
        """The URL without what only Runbase understands."""
        return url.difference_update_query(["schema", "mode"])

    def _connect_args(self, url: URL, given: Arguments) -> Arguments:
        """The user's arguments for the driver among Runbase's."""
        return given

    def _misconfigured(self, error: Exception) -> ConfigError:
        return ConfigError(
            f"SQLAlchemy or {self.driver} does not take these engine_kwargs: "
            f"{self._without_secrets(error)}"
        )

    def _without_secrets(self, error: Exception) -> str:
        text = str(error).strip()
        for secret in self._secrets - {""}:
            text = text.replace(secret, "***")
        return text

    def connect(self) -> Any:
        """A connection of the pool, set up as the driver's own would be."""
        again = False
        while True:
            connection = self._checkout()
            try:
                self._adopt(connection)
            except Exception as error:
                lost = self.is_lost(connection, error)
                connection.is_lost = True
                connection.close()
                if again or not lost:
                    if (known := self._meaning(error)) is None:
                        raise
                    raise known from error
            else:
                self._open.add(connection)
                return connection
            again = True
            self.alchemy.dispose()  # the others in the pool broke at the same time

    def _checkout(self) -> PooledConnection:
        from sqlalchemy.exc import TimeoutError

        try:
            return self.connection_class(self.alchemy.raw_connection(), self._ended)
        except TimeoutError as error:
            raise ConnectionFailedError(
                f"all connections to {self.describe()} are in use, one for each thread: raise "
                "pool_size or max_overflow in engine_kwargs"
            ) from error
        except Exception as error:
            if (known := self._meaning(error)) is None:
                raise
            raise known from error

    def _meaning(self, error: Exception) -> RunbaseError | None:
        """What an error in connecting means, or None if it is the user's own."""
        from sqlalchemy.exc import ArgumentError

        error = getattr(error, "orig", None) or error
        dbapi: Any = self.alchemy.dialect.dbapi
        if isinstance(error, RunbaseError):
            return None
        if isinstance(error, TypeError | ValueError | ArgumentError | dbapi.ProgrammingError):
            return self._misconfigured(error)
        if isinstance(error, dbapi.Error):
            return self.error(error) or self._refused(error)
        return None

    def _refused(self, error: Exception) -> RunbaseError:
        raise NotImplementedError

    def _adopt(self, connection: PooledConnection) -> None:
        """Set up a connection, new or used before."""
        raise NotImplementedError

    def is_lost(self, connection: Any, error: BaseException) -> bool:
        """Whether the connection is gone; then the pool will not have it back."""
        if connection.is_closed:
            return True
        connection.is_lost |= super().is_lost(connection.driver, error)
        return bool(connection.is_lost)

    def abandon(self, connection: Any) -> None:
        """As the driver's own; the pool will not have it back."""
        connection.is_lost = True
        super().abandon(connection.driver)

    def dispose(self) -> None:
        """Close the connections that wait in the pool."""
        self.alchemy.dispose()

    def after_fork(self) -> None:
        """Leave the connections to the parent, untouched, and begin with an empty pool."""
        if not self.is_memory:  # which the child has a copy of
            _inherited.append((self.alchemy.pool, list(self._open)))
            self._open = weakref.WeakSet()
            self.alchemy.dispose(close=False)


def _end(alchemy: Alchemy, ended: threading.Event) -> None:
    ended.set()
    alchemy.dispose()


_engines: weakref.WeakSet[Pooled] = weakref.WeakSet()
_inherited: list[Any] = []  # kept for ever: the end of a connection would reach the server


def _after_fork_in_child() -> None:
    for engine in list(_engines):
        engine.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

"""From what users give to a `Client` whose tables are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..client import Client
from ..db import Durability
from ..errors import SchemaError
from ..migrate import applied
from ..store import schema
from .engines import create_engine


def connect(
    url: str | Client,
    engine_kwargs: Mapping[str, Any],
    durability: Durability | None,
    *,
    skip_check: bool,
    create: bool,
) -> Client:
    """A client of the database, which is set up if it is new, as Optuna's own storage does.

    Raises:
        ConfigError: the URL or the arguments are wrong.
        SchemaError: the tables are older or newer than this program, or missing.
    """
    if isinstance(url, Client):
        client = url
    else:
        client = Client.of_engine(create_engine(url, engine_kwargs), durability=durability)
    if skip_check:
        client.skip_check()
    try:
        client.db  # noqa: B018
    except SchemaError:
        if not create or applied(client.database):
            raise
        schema.setup(client.database)
    return client

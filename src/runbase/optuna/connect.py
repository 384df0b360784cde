"""From what users give to a `Client` whose tables are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..client import Client
from ..db import Durability
from ..errors import ConfigError, SchemaError
from ..migrate import applied
from ..store import schema, studies
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
        SchemaError: the tables are older or newer than this program, or missing, or those of
            Optuna's own storage.
    """
    if not isinstance(url, str | Client) or url == "":
        raise ConfigError(f"a storage needs a URL such as sqlite:///runs.db, not {url!r}")
    if isinstance(url, Client):
        if engine_kwargs or durability is not None:
            raise ConfigError("a Client has its own connections: give durability to the Client")
        client = url
    else:
        client = Client.of_engine(create_engine(url, engine_kwargs), durability=durability)
    if skip_check:
        client.skip_check()
    if not applied(client.database):
        if create:
            _refuse_optunas(client)
            schema.setup(client.database)
        elif not client.is_ready:
            raise SchemaError(
                f"{client.engine.describe()} has no Runbase tables yet: run 'runbase setup', or "
                "leave out skip_table_creation"
            )
    client.db  # noqa: B018
    return client


def _refuse_optunas(client: Client) -> None:
    """Set no tables up beside Optuna's own: the studies in them would seem to be gone.

    Raises:
        SchemaError: this is a database of Optuna's own storage.
    """
    db = client.database
    if all(client.engine.has_table(db.run, name) for name in studies.OPTUNAS):
        raise SchemaError(
            f"{client.engine.describe()} has the studies of Optuna's own storage: bring them along "
            "with 'runbase import optuna URL --url OTHER', and give OTHER here; it may be the same "
            "database"
        )

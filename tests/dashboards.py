"""Studies in every storage that a dashboard shows, and what Optuna Dashboard shows of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend

from runbase.optuna import RDBStorage

STORAGES = ("memory", "stock", "journal", "runbase")


def open_storage(kind: str, folder: Path) -> BaseStorage:
    """A new storage of this kind, or another connection to the one in the folder."""
    match kind:
        case "memory":
            return InMemoryStorage()
        case "stock":
            return optuna.storages.RDBStorage(f"sqlite:///{folder}/stock.db")
        case "journal":
            return JournalStorage(JournalFileBackend(str(folder / "study.journal")))
    return RDBStorage(f"sqlite:///{folder}/runbase.db")


def new_study(kind: str, folder: Path, **options: Any) -> Iterator[optuna.Study]:
    """A study without trials, whose ids are not those that a first study and trial have."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_storage(kind, folder)
    other = optuna.create_study(storage=storage)
    other.ask()
    yield optuna.create_study(storage=storage, **options)
    storage.remove_session()
    if isinstance(storage, RDBStorage):
        storage.close()


def attrs_of(study: optuna.Study) -> dict[str, Any]:
    """The system attributes of a study."""
    return study._storage.get_study_system_attrs(study._study_id)


def set_attr(study: optuna.Study, key: str, value: Any) -> None:
    """Write a system attribute of a study."""
    study._storage.set_study_system_attr(study._study_id, key, value)


def theirs() -> Any:
    """Optuna Dashboard's package."""
    return pytest.importorskip("optuna_dashboard")


def shown(study: optuna.Study) -> dict[str, Any]:
    """What Optuna Dashboard's server tells its page about a study."""
    app = theirs().wsgi(study._storage)
    status: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/api/studies/{study._study_id}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_ACCEPT_ENCODING": "",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    answer = b"".join(app(environ, lambda line, headers, *rest: status.append(line)))
    assert status == ["200 OK"], answer
    detail: dict[str, Any] = json.loads(answer)
    return detail

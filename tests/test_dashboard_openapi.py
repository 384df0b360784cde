"""The document of the API is valid, and no request that it allows crashes the server."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error

from runbase import Client
from runbase.dashboard.api.endpoints import ENDPOINTS
from runbase.dashboard.board import Board
from runbase.dashboard.files import Directory
from runbase.dashboard.server.app import create_app
from runbase.dashboard.server.guard import Guard
from tests.web import Web

EXAMPLES = 6


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    import optuna

    from runbase.optuna import RDBStorage

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder: Path = tmp_path_factory.mktemp("api")
    with closing(Client(str(folder / "runs.db"))) as client:
        storage = RDBStorage(client)
        for _ in range(3):
            study = optuna.create_study(storage=storage)
            study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=5)
            study.ask()
        board = Board(client, artifacts=Directory(folder))
        yield Web(create_app(board, Guard(allowed_hosts=("*",))))
        board.close()


def test_the_document_names_every_endpoint(web: Web):
    document = web.get("/api/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    found = {(m.upper(), path) for path, item in document["paths"].items() for m in item}
    assert len(found) == len(ENDPOINTS)
    for _, path in found:
        assert ":" not in path


OPERATIONS = sorted({(e.method, e.path.replace(":int}", "}").replace(":path}", "}"))
                     for e in ENDPOINTS})  # fmt: skip


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_crashes_the_server(web: Web, method: str, path: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of schemathesis itself
        schema: Any = schemathesis.openapi.from_asgi("/api/openapi.json", web.app)
        operation = schema[path][method]
        config = schema.config.generation

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        def check(case: Any) -> None:
            case.call_and_validate(checks=[not_a_server_error])

        assert config is not None
        check()

"""The WSGI application under servers that people use."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import httpx
import pytest

from runbase import Client, Experiment
from tests.web import Process, running

PATIENCE = 20.0
APP = """
from runbase.dashboard import wsgi
application = wsgi({path!r})
"""
WAITRESS = """
import sys
sys.path.insert(0, ".")
import waitress
from application import application
server = waitress.create_server(application, host="127.0.0.1", port=0)
print(f"Listening on http://127.0.0.1:{server.effective_port}", flush=True)
server.run()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "runs.db"
    with closing(Client(str(path))) as client:
        Experiment(client, name="an experiment").get_run()
    (tmp_path / "application.py").write_text(APP.format(path=str(path)))
    return tmp_path


def check(process: Process, mark: str, folder: Path) -> None:
    """Pages, questions and a write of another process."""
    with httpx.Client(base_url=process.url(mark), timeout=PATIENCE) as http:
        assert http.get("/api/meta").json()["live"] == "poll"
        assert http.get("/", follow_redirects=False).status_code == 302
        assert http.get("/api/events").status_code == 404
        assert http.get("/nothing").status_code == 404
        assert http.get("/api/meta", headers={"host": "evil.example"}).status_code == 403
        with closing(Client(str(folder / "runs.db"))) as client:
            tick = 0
            experiment = Experiment(client, name="another")
            for _ in range(6):
                experiment.get_run()
                found = http.get("/api/changes", params={"since": tick}).json()
                assert str(experiment.id) in found["experiments"]
                assert found["tick"] > tick
                tick = found["tick"]


@pytest.mark.item("F02")
@pytest.mark.parametrize("options", [(), ("--preload",), ("--preload", "--workers", "3")])
@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_gunicorn_serves_it(folder: Path, kind: str, options: tuple[str, ...]):
    command = ("-m", "gunicorn", "application:application", "--bind", "127.0.0.1:0")
    with running(*command, "--worker-class", kind, *options, cwd=folder) as process:
        check(process, "Listening at: ", folder)
        assert process.end()[0] == 0


@pytest.mark.item("F02")
def test_waitress_serves_it(folder: Path):
    with running("-c", WAITRESS, cwd=folder) as process:
        check(process, "Listening on ", folder)

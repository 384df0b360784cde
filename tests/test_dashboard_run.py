"""One run of any kind as the dashboard shows and edits it, and its files."""

from __future__ import annotations

import base64
import gzip
import io
import math
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runbase import Client, Experiment, Run, artifacts
from runbase.dashboard import sheets
from runbase.dashboard.server.guard import Guard
from runbase.errors import InvalidValueError
from runbase.store import versions
from tests.boards import case
from tests.web import Web, reason, web_of


@pytest.fixture
def web(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("RUNBASE_ARTIFACTS", str(tmp_path / "files"))
    with web_of(client) as web:
        yield web


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Run]:
    """A run in an SQLite file."""
    with closing(Client(str(tmp_path / "runs.db"))) as client:
        yield Experiment(client, name="digits").get_run()


@pytest.fixture
def page(local: Run) -> Iterator[Web]:
    """The application over the database of `local`."""
    with web_of(local.client) as web:
        yield web


def details(web: Web, run: Run | int) -> dict[str, Any]:
    answer = web.get(f"/api/runs/{run if isinstance(run, int) else run.id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def change(web: Web, run: Run | int, **body: Any) -> Any:
    return web.ask("PATCH", f"/api/runs/{run if isinstance(run, int) else run.id}", json=body)


def url_of(content: bytes, kind: str = "text/plain") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


# -- everything about a run -----------------------------------------------------------------------


def test_everything_about_a_run_is_there(web: Web, run: Run):
    run.set_args({"lr": 0.1, "opt": {"name": "adam"}}).set_env({"HOST": "here"}).set_tags("a", "b")
    run.set_extras({"git": ["x"]}).set_comment("# A note")
    with run.track():
        for step, loss in enumerate((3.0, 1.0, 2.0, math.nan)):
            run.add_metrics({"loss": loss, "accuracy": step / 10}, step=step)
    found = details(web, run)
    assert found["experiment"] == "an experiment"
    assert (found["kind"], found["number"], found["status"]) == ("tracking", 0, "COMPLETED")
    assert found["args"] == {"lr": 0.1, "opt": {"name": "adam"}}
    assert (found["env"], found["extras"]) == ({"HOST": "here"}, {"git": ["x"]})
    assert (found["tags"], found["comment"], found["note"]) == (["a", "b"], "# A note", None)
    assert found["duration"] == pytest.approx(
        (found["time_finished"] - found["time_started"]) / 1000
    )
    assert found["metrics"] == [
        {
            "name": "accuracy", "n": 4, "n_nan": 0, "last": 0.3, "last_step": 3, "min": 0.0,
            "min_step": 0, "max": 0.3, "max_step": 3, "mean": pytest.approx(0.15),
            "lower_is_better": False,
        },
        {
            "name": "loss", "n": 4, "n_nan": 1, "last": "nan", "last_step": 3, "min": 1.0,
            "min_step": 1, "max": 3.0, "max_step": 0, "mean": 2.0, "lower_is_better": True,
        },
    ]  # fmt: skip
    assert (found["can_edit"], found["can_upload"], found["can_delete"]) == (True, True, True)


def test_a_run_that_has_nothing_yet_is_shown(web: Web, run: Run):
    found = details(web, run)
    assert (found["status"], found["duration"], found["metrics"]) == ("PLANNED", None, [])
    assert (found["chain"], found["links"], found["parent"], found["children"]) == (
        [],
        [],
        None,
        [],
    )
    assert (found["previous"], found["next"]) == (None, None)


def test_small_curves_are_averages(web: Web, run: Run):
    for step in range(400):
        run.add_metrics({"loss": float(step)}, step=step)
    curve = web.get(f"/api/runs/{run.id}/sketches").json()["curves"]["loss"]
    assert len(curve) == 80
    assert curve == sorted(curve)
    assert curve[0] == pytest.approx(2.0)


def test_links_lead_both_ways(web: Web, experiment: Experiment, client: Client):
    first, second = experiment.get_run(), experiment.get_run()
    other = Experiment(client, name="another").get_run()
    second.add_link("repeats", first.id).add_link("pretrained by", other.id)
    links = details(web, second)["links"]
    assert {(link["kind"], link["is_from_here"], link["run"]["id"]) for link in links} == {
        ("repeats", True, first.id), ("pretrained by", True, other.id),
    }  # fmt: skip
    (link,) = details(web, other)["links"]
    assert (link["is_from_here"], link["run"]["id"]) == (False, second.id)
    assert link["run"]["experiment"] == "an experiment"


def test_runs_that_resume_each_other_are_one_chain(web: Web, experiment: Experiment):
    runs = [experiment.get_run() for _ in range(5)]
    for run, before in zip(runs[1:4], runs, strict=False):
        run.add_link("resumes", before.id)
    chain = [run.id for run in runs[:4]]
    for run in runs[:4]:
        assert [head["id"] for head in details(web, run)["chain"]] == chain
    assert details(web, runs[4])["chain"] == []


def test_runs_that_resume_each_other_in_a_circle_end(web: Web, experiment: Experiment):
    first, second = experiment.get_run(), experiment.get_run()
    first.add_link("resumes", second.id)
    second.add_link("resumes", first.id)
    assert sorted(head["id"] for head in details(web, first)["chain"]) == [first.id, second.id]


def test_neighbours_are_those_of_the_experiment(web: Web, experiment: Experiment, client: Client):
    runs = [experiment.get_run() for _ in range(2)]
    Experiment(client, name="between").get_run()
    runs.append(experiment.get_run())
    found = details(web, runs[1])
    assert (found["previous"], found["next"]) == (runs[0].id, runs[2].id)


def test_parts_of_a_run_are_named(web: Web, experiment: Experiment, client: Client):
    parent, child = experiment.get_run(), experiment.get_run()
    client.execute("UPDATE runs SET parent_id = %s WHERE id = %s", (parent.id, child.id))
    assert details(web, child)["parent"]["id"] == parent.id
    found = details(web, parent)
    assert ([head["id"] for head in found["children"]], found["child_count"]) == ([child.id], 1)


def test_a_run_without_a_sign_of_life_is_stale(web: Web, run: Run, client: Client):
    run.start()
    assert details(web, run)["is_stale"] is False
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    client.execute("UPDATE runs SET heartbeat = %s WHERE id = %s", (long_ago, run.id))
    assert details(web, run)["is_stale"] is True


def test_a_run_that_logs_nothing_for_much_longer_than_others_took_is_stale(
    web: Web, run: Run, experiment: Experiment, client: Client
):
    ago = datetime.now(UTC) - timedelta(hours=1)
    sql = "UPDATE runs SET time_started = %s, time_updated = %s WHERE id = %s"
    run.start()
    client.execute(sql, (ago, ago, run.id))
    assert details(web, run)["is_stale"] is True
    other = experiment.get_run().start().stop()
    client.execute(sql, (ago, ago, other.id))
    assert details(web, other)["is_stale"] is False
    assert details(web, run)["is_stale"] is False, "others took an hour"
    run.add_metrics({"loss": 1})
    client.execute("UPDATE runs SET time_finished = time_started WHERE id = %s", (other.id,))
    assert details(web, run)["is_stale"] is False, "it logs"


def test_no_run_is_said(web: Web):
    assert web.get("/api/runs/4711").status_code == 404
    assert "'runbase runs' lists them" in reason(web.get("/api/runs/4711"))
    assert web.get("/api/runs/4711/sketches").status_code == 404


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mysql", "stock"])
def test_a_trial_of_a_study_is_a_run(kind: str, tmp_path: Path, request: pytest.FixtureRequest):
    from runbase.dashboard.server.app import create_app

    with case(kind, tmp_path, request) as found:
        web = Web(create_app(found.board, Guard(host="127.0.0.1")))
        trial = found.study.get_trials(deepcopy=False)[1]
        trial_id = found.trial_id(1)
        shown = details(web, trial_id)
        assert (shown["kind"], shown["number"], shown["experiment"]) == ("optuna", 1, "a study")
        assert shown["values"] == [pytest.approx(trial.values[0])]
        assert shown["objective_names"] == ["Objective 0"]
        assert shown["args"]["x"] == pytest.approx(trial.params["x"])
        note = {"version": 1, "body": "seen"}
        path = f"/api/studies/{found.id}/{trial_id}/note"
        assert web.ask("PUT", path, json=note).status_code == 204
        assert details(web, trial_id)["note"] == note
        for body in ({"comment": "x"}, {"name": "x"}):
            assert change(web, trial_id, **body).status_code == 400
        assert web.ask("DELETE", f"/api/runs/{trial_id}").status_code == 400
        tagged = change(web, trial_id, tags=["best"])
        if kind == "stock":
            assert "runbase import optuna" in reason(tagged)
            assert shown["can_edit"] is False
        else:
            assert tagged.json()["tags"] == ["best"]
            assert found.study.get_trials()[1].params == trial.params


# -- editing --------------------------------------------------------------------------------------


def test_name_note_and_tags_are_edited(web: Web, run: Run):
    run.set_tags("old")
    answer = change(web, run, name="the best", comment="*why*", tags=["new", "newer"])
    assert answer.status_code == 200
    found = details(web, run)
    assert (found["name"], found["comment"], found["tags"]) == (
        "the best",
        "*why*",
        ["new", "newer"],
    )
    change(web, run, name="", comment="", tags=[])
    found = details(web, run)
    assert (found["name"], found["comment"], found["tags"]) == (None, None, [])


def test_what_is_not_mentioned_stays(web: Web, run: Run):
    run.set_tags("kept").set_comment("kept")
    change(web, run, name="named")
    found = details(web, run)
    assert (found["name"], found["comment"], found["tags"]) == ("named", "kept", ["kept"])


def test_nobody_overwrites_what_another_wrote_unseen(web: Web, run: Run):
    run.set_comment("first").set_tags("a")
    seen = {"name": None, "comment": "first", "tags": ["a"]}
    assert change(web, run, comment="mine", seen=seen).status_code == 200
    refused = change(web, run, comment="theirs", seen=seen)
    assert refused.status_code == 409
    assert refused.json()["stored"] == {"name": None, "comment": "mine", "tags": ["a"]}
    assert details(web, run)["comment"] == "mine"
    # What somebody else wrote elsewhere is no reason to refuse.
    assert change(web, run, tags=["b"], seen=seen).status_code == 200


@pytest.mark.parametrize(
    "body", [{"tags": [""]}, {"name": "x" * 600}, {"comment": "a\0b"}, {"tags": [1]}, {"name": 1}]
)
def test_what_cannot_be_stored_is_refused(web: Web, run: Run, body: dict[str, Any]):
    run.set_tags("kept")
    assert change(web, run, **body).status_code == 400
    assert details(web, run)["tags"] == ["kept"]


def test_an_edit_waits_for_who_writes_to_the_experiment_and_the_run(web: Web, run: Run, url: str):
    """Who locked them in another order would wait for each other."""
    edited: list[int] = []

    def edit() -> None:
        answer = web.ask("PATCH", f"/api/runs/{run.id}", json={"tags": ["edited"]})
        edited.append(answer.status_code)

    thread = threading.Thread(target=edit)
    with closing(Client(url)) as other, other:
        versions.count(other.db, run.experiment_id)
        thread.start()
        thread.join(0.5)  # until it waits
        other.execute("UPDATE runs SET comment = 'written' WHERE id = ?", [run.id])
    thread.join(20)
    assert edited == [200]
    found = web.get(f"/api/runs/{run.id}").json()
    assert (found["comment"], found["tags"]) == ("written", ["edited"])


def test_pages_learn_of_an_edit_and_of_a_file(web: Web, run: Run):
    tick = web.get("/api/changes").json()["tick"]
    change(web, run, tags=["new"])
    changes = web.get(f"/api/changes?since={tick}").json()
    assert str(run.experiment_id) in changes["experiments"]
    run.add_artifact("a file", name="a.txt")
    later = web.get(f"/api/changes?since={changes['tick']}").json()
    assert str(run.experiment_id) in later["experiments"]


def test_a_run_is_deleted_with_its_files(web: Web, run: Run, tmp_path: Path):
    run.add_artifact("old", name="a.txt")
    run.add_artifact("new", name="a.txt")
    assert web.ask("DELETE", f"/api/runs/{run.id}").status_code == 204
    assert web.get(f"/api/runs/{run.id}").status_code == 404
    assert [path for path in (tmp_path / "files").glob("*/*") if path.is_file()] == []


def test_a_read_only_dashboard_refuses_all_of_it(local: Run):
    added = local.add_artifact("a file", name="a.txt")
    guard = Guard(host="127.0.0.1", read_only=True)
    with web_of(local.client, guard, read_only=True) as web:
        found = details(web, local)
        assert [found[f"can_{what}"] for what in ("edit", "upload", "delete")] == [False] * 3
        file = {"file": url_of(b"x"), "filename": "x.txt"}
        path = f"/api/runs/{local.id}"
        assert change(web, local, tags=["x"]).status_code == 403
        assert web.ask("DELETE", path).status_code == 403
        assert web.ask("POST", f"{path}/artifacts", json=file).status_code == 403
        assert web.ask("DELETE", f"{path}/artifacts/{added.id}").status_code == 403
        assert web.get(f"/run-artifacts/{local.id}/{added.id}").content == b"a file"


def test_a_token_is_asked_for_files_too(local: Run):
    added = local.add_artifact("a secret", name="a.txt")
    with web_of(local.client, Guard(host="127.0.0.1", token="secret")) as web:
        answer = web.get(f"/run-artifacts/{local.id}/{added.id}")
        assert answer.status_code == 401
        assert b"a secret" not in answer.content


# -- files ----------------------------------------------------------------------------------------


def test_a_file_is_uploaded_listed_downloaded_and_deleted(web: Web, run: Run):
    body = {"file": url_of(b"\x89PNG"), "filename": "../folder/a picture.png"}
    added = web.ask("POST", f"/api/runs/{run.id}/artifacts", json=body)
    assert added.status_code == 201
    assert added.json()["filename"] == "a picture.png"
    (found,) = details(web, run)["artifacts"]
    assert found == added.json()
    assert (found["mimetype"], found["size"], found["older"]) == ("image/png", 4, 0)
    download = web.get(f"/{found['url']}")
    assert download.content == b"\x89PNG"
    assert download.headers["content-type"] == "image/png"
    path = f"/api/runs/{run.id}/artifacts/{found['artifact_id']}"
    assert web.ask("DELETE", path).status_code == 204
    assert details(web, run)["artifacts"] == []
    assert web.ask("DELETE", path).status_code == 404


def test_a_browser_keeps_a_file_by_its_bytes(web: Web, run: Run):
    added = run.add_artifact("the text", name="a.txt")
    (found,) = details(web, run)["artifacts"]
    assert found["url"].endswith(f"?v={added.sha256[:16]}" if added.sha256 else "")
    path = f"/run-artifacts/{run.id}/{added.id}"
    for asked, kept in (
        (f"/{found['url']}", "private, max-age=31536000, immutable"),
        (path, "private, no-cache"),
        (f"{path}?v=", "private, no-cache"),
        (f"{path}?v=0123456789abcdef", "private, no-cache"),
    ):
        answer = web.get(asked)
        assert (answer.text, answer.headers["cache-control"]) == ("the text", kept)


def test_what_is_saved_are_the_bytes_that_were_stored(page: Web, local: Run):
    content = gzip.compress(b"the text")
    for name, encoding in (
        ("a.tar.gz", None), ("a.js.gz", None), ("a.txt.gz", "gzip"), ("a.txt.bz2", None),
    ):  # fmt: skip
        added = local.add_artifact(content, name=name)
        answer = page.get(f"/run-artifacts/{local.id}/{added.id}")
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["content-disposition"].startswith(
            "inline" if encoding else "attachment"
        )
        assert answer.content == (b"the text" if encoding else content)


def test_text_that_looks_like_a_path_is_only_text(page: Web, local: Run):
    body = {"file": url_of(b"/etc/passwd"), "filename": "a.txt"}
    added = page.ask("POST", f"/api/runs/{local.id}/artifacts", json=body).json()
    assert page.get(f"/{added['url']}").content == b"/etc/passwd"


def test_the_newest_of_a_name_is_listed(web: Web, run: Run):
    for text in ("one", "two", "three"):
        run.add_artifact(f"the {text}", name="a.txt")
    (found,) = details(web, run)["artifacts"]
    assert found["older"] == 2
    assert web.get(f"/{found['url']}").content == b"the three"


def test_a_file_is_sent_in_parts_if_asked_so(page: Web, local: Run):
    added = local.add_artifact(bytes(range(256)), name="a.bin")
    answer = page.get(f"/run-artifacts/{local.id}/{added.id}", headers={"range": "bytes=10-12"})
    assert (answer.status_code, answer.content) == (206, b"\x0a\x0b\x0c")


@pytest.mark.parametrize(
    ("asked", "status", "expected", "told"),
    [
        ("bytes=10-12", 206, b"\x0a\x0b\x0c", "bytes 10-12/256"),
        ("bytes=254-", 206, b"\xfe\xff", "bytes 254-255/256"),
        ("bytes=254-999", 206, b"\xfe\xff", "bytes 254-255/256"),
        ("bytes=256-", 416, b"", "bytes */256"),
        ("words=1-2", 200, bytes(range(256)), None),
    ],
)
def test_a_file_from_afar_is_sent_in_parts_too(
    page: Web,
    local: Run,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    status: int,
    expected: bytes,
    told: str | None,
):
    added = local.add_artifact(bytes(range(256)), name="a.bin")
    monkeypatch.setattr(artifacts.Artifact, "path", None)
    answer = page.get(f"/run-artifacts/{local.id}/{added.id}", headers={"range": asked})
    assert (answer.status_code, answer.content) == (status, expected)
    assert answer.headers.get("content-range") == told


@pytest.mark.parametrize(
    ("name", "shown", "kind"),
    [
        ("a.html", "inline", "text/html; charset=utf-8"),
        ("a.svg", "inline", "image/svg+xml"),
        ("a.js", "attachment", "application/octet-stream"),
        ("a.pdf", "attachment", "application/octet-stream"),
        ("a.txt", "inline", "text/plain; charset=utf-8"),
    ],
)
def test_nothing_that_is_stored_runs_in_the_dashboard(
    page: Web, local: Run, name: str, shown: str, kind: str
):
    added = local.add_artifact("<script>alert(1)</script> ", name=name)
    headers = page.get(f"/run-artifacts/{local.id}/{added.id}").headers
    assert headers["content-disposition"].startswith(shown)
    assert headers["content-type"] == kind
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    is_page = name in ("a.html", "a.svg")
    assert headers["x-frame-options"] == ("SAMEORIGIN" if is_page else "DENY")


def test_a_file_of_another_run_is_not_given(page: Web, local: Run):
    other = Experiment(local.client, name="another").get_run()
    added = other.add_artifact("of another", name="a.csv")
    for path in (
        f"/run-artifacts/{local.id}/{added.id}",
        f"/api/runs/{local.id}/artifacts/{added.id}/table",
    ):
        assert page.get(path).status_code == 404
    path = f"/api/runs/{local.id}/artifacts/{added.id}"
    assert page.ask("DELETE", path).status_code == 404
    assert added.text() == "of another"


def test_bytes_that_are_gone_are_said(page: Web, local: Run):
    added = local.add_artifact("gone", name="a.csv")
    assert added.path is not None
    added.path.unlink()
    for path in (
        f"run-artifacts/{local.id}/{added.id}",
        f"api/runs/{local.id}/artifacts/{added.id}/table",
    ):
        answer = page.get(f"/{path}")
        assert answer.status_code == 404
        assert "the bytes are gone" in reason(answer)


@pytest.mark.parametrize("uri", ["../runs.db", "/etc/passwd"])
def test_a_row_cannot_make_the_server_read_other_files(page: Web, local: Run, uri: str):
    added = local.add_artifact("a file", name="a.csv")
    local.client.execute("UPDATE artifacts SET uri = %s", (uri,))
    for path in (
        f"run-artifacts/{local.id}/{added.id}",
        f"api/runs/{local.id}/artifacts/{added.id}/table",
    ):
        assert page.get(f"/{path}").status_code == 404


def test_without_a_place_for_files_none_are_taken_given_or_deleted(
    client: Client, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if client.dialect == "sqlite":
        pytest.skip("SQLite has a folder beside the file")
    monkeypatch.setenv("RUNBASE_ARTIFACTS", str(tmp_path / "files"))
    added = run.add_artifact("a,b\n", name="a.csv")
    monkeypatch.delenv("RUNBASE_ARTIFACTS")
    path = f"/api/runs/{run.id}/artifacts"
    body = {"file": url_of(b"x"), "filename": "x.txt"}
    with web_of(client) as web:
        assert details(web, run)["can_upload"] is False
        for answer in (
            web.ask("POST", path, json=body),
            web.ask("DELETE", f"{path}/{added.id}"),
            web.get(f"{path}/{added.id}/table"),
            web.get(f"/run-artifacts/{run.id}/{added.id}"),
        ):
            assert answer.status_code == 409
            assert "set RUNBASE_ARTIFACTS" in reason(answer)
    assert [each.id for each in run.artifacts()] == [added.id]


# -- tables ---------------------------------------------------------------------------------------

CSV = "n,text\n" + "".join(f'{n},"a, ""{n}"""\n' for n in range(250))


def damaged(content: bytes) -> bytes:
    return content[:14] + bytes(255 - byte for byte in content[14:20]) + content[20:]


LINES = "".join(f'{{"n": {n}, "text": "a, \\"{n}\\""}}\n' for n in range(250))


def rows(web: Web, added: artifacts.Artifact, **asked: int) -> dict[str, Any]:
    path = f"/api/runs/{added.run_id}/artifacts/{added.id}/table"
    answer = web.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", CSV.encode()),
        ("t.csv.gz", gzip.compress(CSV.encode())),
        ("t.tsv", CSV.replace('"', "").replace(",", "\t").encode()),
        ("t.jsonl", LINES.encode()),
    ],
)
def test_rows_of_tables_are_read_a_part_at_a_time(page: Web, local: Run, name: str, content: bytes):
    added = local.add_artifact(content, name=name)
    first = rows(page, added, limit=100)
    assert first["columns"][0] == "n"
    assert (len(first["rows"]), first["total"]) == (100, None)
    last = rows(page, added, offset=200, limit=100)
    assert ([str(row[0]) for row in last["rows"]], last["total"]) == (
        [str(n) for n in range(200, 250)], 250,
    )  # fmt: skip
    beyond = rows(page, added, offset=1000)
    assert (beyond["rows"], beyond["total"]) == ([], 250)
    if not name.endswith(".tsv"):
        assert first["rows"][3][1] == 'a, "3"'


def test_rows_of_parquet_are_read_across_its_groups(page: Web, local: Run):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table(
        {"n": range(1000), "big": [2**60] * 1000, "x": [math.nan] * 1000, "list": [[1, 2]] * 1000}
    )
    file = io.BytesIO()
    parquet.write_table(table, file, row_group_size=300)
    added = local.add_artifact(file.getvalue(), name="t.parquet")
    found = rows(page, added, offset=250, limit=400)
    assert (found["columns"], found["total"]) == (["n", "big", "x", "list"], 1000)
    assert [row[0] for row in found["rows"]] == list(range(250, 650))
    assert found["rows"][0][1:] == [str(2**60), "nan", "[1, 2]"]
    assert rows(page, added, offset=999)["rows"][0][0] == 999


def test_what_is_read_of_a_table_is_bounded(page: Web, local: Run):
    wide = local.add_artifact(",".join(map(str, range(300))) + "\n", name="wide.csv")
    found = rows(page, wide)
    assert (len(found["columns"]), found["is_cut"]) == (sheets.COLUMNS, True)
    long = local.add_artifact("a\n" + "x" * 5000 + "\n", name="long.csv")
    assert len(rows(page, long)["rows"][0][0]) == sheets.CELL + 1
    path = f"/api/runs/{local.id}/artifacts/{wide.id}/table"
    for asked in ({"limit": 1001}, {"limit": 0}, {"offset": -1}, {"offset": 1_000_000}):
        assert page.get(path, params=asked).status_code == 400


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"text", "is no table"),
        ("a.parquet", b"no parquet", "cannot be read as a table"),
        ("a.jsonl", b"{no json", "cannot be read as a table"),
        ("a.csv.gz", b"no gzip", "cannot be read as a table"),
        ("a.csv", b"a\n" + b"x" * (sheets.LINE + 5), "too long for a table"),
        ("a.csv", b"a\n" + b'"1\n2",' * sheets.LINE, "too long for a table"),
        ("a.csv.gz", damaged(gzip.compress(CSV.encode())), "cannot be read as a table"),
        ("a.jsonl", b"[" * 100_000 + b"]" * 100_000, "cannot be read as a table"),
        ("a.csv.bz2", b"a,b\n1,2\n", "is no table"),
        ("a.tsv.xz", b"a\tb\n1\t2\n", "is no table"),
    ],
)
def test_what_is_no_table_is_said(page: Web, local: Run, name: str, content: bytes, message: str):
    added = local.add_artifact(content, name=name)
    answer = page.get(f"/api/runs/{local.id}/artifacts/{added.id}/table")
    assert answer.status_code == 400
    assert message in reason(answer)


def test_a_table_that_is_packed_in_a_way_nobody_reads_here_is_no_table(page: Web, local: Run):
    for name in ("a.csv.bz2", "b.csv.xz", "c.csv.gz"):
        local.add_artifact(b"packed", name=name)
    found = {each["filename"]: each["is_table"] for each in details(page, local)["artifacts"]}
    assert found == {"a.csv.bz2": False, "b.csv.xz": False, "c.csv.gz": True}


def test_half_a_character_is_no_reason_to_show_nothing(page: Web, local: Run):
    added = local.add_artifact(b'{"a\\ud800": "b\\ud800"}\n', name="a.jsonl")
    found = rows(page, added)
    assert (found["columns"], found["rows"]) == (["a?"], [["b?"]])


def test_times_beyond_the_calendar_are_said(page: Web, local: Run):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    times = pyarrow.array([2**62], pyarrow.timestamp("us"))
    parquet.write_table(pyarrow.table({"a": times}), file)
    added = local.add_artifact(file.getvalue(), name="t.parquet")
    answer = page.get(f"/api/runs/{local.id}/artifacts/{added.id}/table")
    assert answer.status_code == 400
    assert "cannot be read as a table" in reason(answer)


@pytest.mark.parametrize("kind", ["csv", "lines", "parquet"])
def test_large_cells_are_cut_as_they_are_read(kind: str):
    cell = "x" * (100_000 if kind == "csv" else 900_000)
    file = io.BytesIO()
    if kind == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.table({"a": [cell] * 300}), file)
        file.seek(0)
    else:
        line = f"{cell}\n" if kind == "csv" else f'{{"a": "{cell}"}}\n'
        file = io.BytesIO((("a\n" if kind == "csv" else "") + line * 300).encode())
    tracemalloc.start()
    found = sheets.read(file, kind, 0, 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(found.rows), len(found.rows[0][0])) == (300, sheets.CELL + 1)
    assert peak < 15 * 2**20


@pytest.mark.parametrize("kind", ["csv", "lines", "keys"])
def test_what_one_part_takes_is_bounded(kind: str):
    numbers, cell = range(150), "x" * 400
    if kind == "keys":  # a new name in each line
        lines = [f'{{"{n}{"x" * 900_000}": 1}}' for n in numbers]
    elif kind == "lines":
        lines = ["{" + ", ".join(f'"{n}": "{cell}"' for n in numbers) + "}"] * 1000
    else:
        lines = [",".join([cell] * 150)] * 1000
    file = io.BytesIO("\n".join(lines).encode())
    with pytest.raises(InvalidValueError, match="ask for fewer at a time"):
        sheets.read(file, "csv" if kind == "csv" else "lines", 0, 1000)
    if kind != "keys":
        file.seek(0)
        assert len(sheets.read(file, "csv" if kind == "csv" else "lines", 0, 100).rows) == 100


def test_columns_that_come_late_are_empty_before(page: Web, local: Run):
    added = local.add_artifact(b'{"a": 1}\n{"b": 2}\n{"b": 3, "a": 4}\n', name="a.jsonl")
    found = rows(page, added)
    assert found["columns"] == ["a", "b"]
    assert found["rows"] == [[1, None], [None, 2], [4, 3]]


def test_a_table_that_is_read_from_afar_is_copied_first():
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"n": [1, 2]}), file)

    class Afar(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert sheets.read(Afar(file.getvalue()), "parquet", 0, 10).rows == [[1], [2]]
    with pytest.raises(InvalidValueError):
        sheets.read(Afar(b"x"), "parquet", 0, 10)

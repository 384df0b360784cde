"""The ``runbase`` command, as a person and a script meet it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import runbase
from runbase.commands import create, main, setup
from runbase.commands.common import fit
from runbase.commands.create import scram_sha_256
from runbase.commands.selection import is_lower_better
from runbase.commands.show import sparkline
from runbase.config import resolve
from runbase.errors import ConfigError
from runbase.store import columns, experiments, tables

Capture = pytest.CaptureFixture[str]
COMMANDS = ("setup", "create", "execute", "ls", "runs", "show", "export", "delete")


def cli(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "runbase", *args],
        capture_output=True, text=True, timeout=60, check=False, **options,
    )  # fmt: skip


@pytest.fixture
def filled(client: runbase.Client) -> str:
    """The URL of a database with two experiments and three runs."""
    digits = runbase.Experiment(client, name="digits").set_tags("image")
    for lr in (0.1, 0.01):
        run = digits.get_run().set_args({"lr": lr, "model": "mlp"}).add_tags("baseline")
        with run.track():
            for step in range(5):
                run.add_metrics({"val_loss": lr / (step + 1), "acc": lr * step}, step=step)
    first = runbase.Experiment(client, name="empty handed").get_run()
    first.set_status("FAILED").set_env({"HOME": "/home/alice"}).add_link("resumes", 1)
    return url_of(client)


def url_of(client: runbase.Client) -> str:
    c = client.config
    if c["engine"] == "sqlite":
        return f"sqlite:///{c['dbpath']}"
    scheme = {"postgres": "postgresql", "mysql": "mysql"}[c["engine"]]
    secret = f":{c['password']}" if c.get("password") else ""
    return f"{scheme}://{c['user']}{secret}@{c['host']}:{c['port']}/{c['dbname']}"


@pytest.mark.item("S003")
def test_setup_and_create_are_functions_and_modules():
    from runbase.commands.create import create as create_of_module
    from runbase.commands.setup import setup as setup_of_module

    assert callable(setup)
    assert setup is setup_of_module
    assert create is create_of_module


@pytest.mark.item("S090", "A100")
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_examples(command: str, capsys: Capture):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert "examples:\n  " in capsys.readouterr().out


def test_no_command_prints_the_help_and_exits_with_2(capsys: Capture):
    assert main([]) == 2
    assert all(command in capsys.readouterr().out for command in ("setup",))


@pytest.mark.item("S091", "A102")
def test_setup_says_what_it_did(url: str, tmp_path: Path, capsys: Capture):
    script = tmp_path / "v001.sql"
    script.write_text("BEGIN; ALTER TABLE metrics ADD COLUMN val_loss FLOAT; END;")
    assert main(["setup", url, str(script)]) == 0
    assert capsys.readouterr().out.splitlines()[:5] == [
        "(NEW) base.sql", "(NEW) 0001_views.sql", "(NEW) 0002_ax.sql",
        "(NEW) 0003_saved_views.sql", "(NEW) v001.sql",
    ]  # fmt: skip
    script.write_text("-- changed")
    assert main(["setup", url, str(script)]) == 0
    assert capsys.readouterr().out.splitlines()[:5] == [
        "(OK) base.sql", "(OK) 0001_views.sql", "(OK) 0002_ax.sql",
        "(OK) 0003_saved_views.sql", "(CHANGED) v001.sql",
    ]  # fmt: skip


@pytest.mark.item("S091", "A102")
def test_the_setup_function_takes_scripts_as_tuples_and_prints(url: str, capsys: Capture):
    client = runbase.Client(url)
    applied = setup(client, [("v001.sql", "CREATE TABLE mine (id INTEGER)")])
    assert applied[-1] == ("v001.sql", "NEW")
    assert "(NEW) v001.sql" in capsys.readouterr().out
    assert client.execute("SELECT * FROM mine").fetchall() == []
    client.close()


@pytest.mark.item("S092", "A101")
def test_create_prints_what_the_documentation_shows(capsys: Capture):
    create({"user": "alice", "dbname": "alice"})
    assert capsys.readouterr().out.splitlines() == [
        "CREATE ROLE alice NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT LOGIN;",
        "CREATE DATABASE alice OWNER alice;",
    ]
    create({"user": "alice"}, no_user=True)
    assert capsys.readouterr().out == "CREATE DATABASE alice OWNER alice;\n"
    create({"user": "alice"}, no_db=True)
    assert capsys.readouterr().out.startswith("CREATE ROLE alice")


@pytest.mark.item("S092")
def test_create_quotes_odd_names_and_passwords(capsys: Capture):
    create({"user": 'a"b', "dbname": "My DB", "password": "it's"}, plain_password=True)
    assert capsys.readouterr().out.splitlines() == [
        'CREATE ROLE "a""b" NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT LOGIN '
        "PASSWORD 'it''s';",
        'CREATE DATABASE "My DB" OWNER "a""b";',
    ]


@pytest.mark.item("S092")
def test_create_takes_the_password_from_pgpass_and_encrypts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
):
    passfile = tmp_path / "pgpass"
    passfile.write_text("# mine\nother:*:*:alice:no\nlocalhost:5432:*:alice:a\\:b\n")
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    create({"user": "alice"}, password=True)
    out = capsys.readouterr().out
    assert "PASSWORD 'SCRAM-SHA-256$4096:" in out
    assert "a:b" not in out


def test_the_scram_verifier_is_that_of_postgresql(postgres_url: str):
    """A role made with it can log in with the password."""
    client = runbase.Client(postgres_url)
    setup(client, quiet=True)
    role = f"runbase_scram_{os.getpid()}"
    client.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{scram_sha_256('open sesame')}'")
    try:
        config = {**resolve(postgres_url), "user": role, "password": "open sesame"}
        other = runbase.Client(config)
        other.skip_check()
        assert other.execute("SELECT current_user").fetchone() == (role,)
        other.close()
    finally:
        client.execute(f"DROP ROLE {role}")
        client.close()


def test_create_for_mysql_prints_an_account_a_database_and_a_grant(capsys: Capture):
    create(resolve("mysql://alice:secret@localhost/runs"), password=True)
    hashed = hashlib.sha1(hashlib.sha1(b"secret").digest()).hexdigest().upper()
    assert capsys.readouterr().out.splitlines() == [
        f"CREATE USER 'alice'@'%' IDENTIFIED BY PASSWORD '*{hashed}';",
        "CREATE DATABASE `runs` CHARACTER SET utf8mb4;",
        "GRANT ALL ON `runs`.* TO 'alice'@'%';",
    ]


def test_create_refuses_sqlite():
    with pytest.raises(ConfigError, match="runbase setup"):
        create({"engine": "sqlite"})


@pytest.mark.item("S093")
def test_what_create_prints_can_be_piped_into_execute(postgres_url: str):
    name = f"piped_{os.getpid()}"
    printed = cli("create", "--user", name, "--database", name)
    assert printed.returncode == 0
    assert cli("execute", "--url", postgres_url, input=printed.stdout).returncode == 0
    found = cli(
        "execute", "--url", postgres_url, "--json",
        input=f"DROP DATABASE {name}; DROP ROLE {name}; SELECT 1 AS done",
    )  # fmt: skip
    assert json.loads(found.stdout) == [{"done": 1}]


@pytest.mark.item("S093")
def test_execute_is_all_or_nothing(filled: str):
    script = "UPDATE runs SET comment = 'x'; SELECT nonsense FROM nowhere"
    failed = cli("execute", "--url", filled, input=script)
    assert failed.returncode == 1
    assert failed.stderr.startswith("runbase: ")
    assert "Traceback" not in failed.stderr
    counted = "SELECT COUNT(*) AS n FROM runs WHERE comment = 'x'"
    assert json.loads(cli("execute", "--url", filled, "--json", input=counted).stdout) == [{"n": 0}]


def test_execute_reads_files_and_prints_an_aligned_table(filled: str, tmp_path: Path):
    (tmp_path / "q.sql").write_text("SELECT id, name FROM experiments ORDER BY id;")
    done = cli("execute", filled, str(tmp_path / "q.sql"))
    assert done.stdout.splitlines() == ["id  name", " 1  digits", " 2  empty handed"]


def test_ls_counts_runs(filled: str, capsys: Capture):
    assert main(["ls", filled, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(e["name"], e["runs"], e["failed"]) for e in found] == [
        ("digits", 2, 0), ("empty handed", 1, 1),
    ]  # fmt: skip
    assert main(["ls", filled, "--tag", "image", "--sort", "name"]) == 0
    out = capsys.readouterr().out
    assert "digits" in out
    assert "empty" not in out


def test_runs_show_the_best_value_not_the_last(filled: str, capsys: Capture):
    assert main(["runs", filled, "-e", "digits", "--sort", "best:val_loss"]) == 0
    header, first, second = capsys.readouterr().out.splitlines()
    assert "min val_loss" in header
    assert "max acc" in header
    assert first.split()[:2] == ["2", "digits"]
    assert "0.002" in first
    assert "baseline" in second


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], [3, 2, 1]),
        (["--limit", "1"], [3]),
        (["--status", "COMPLETED"], [2, 1]),
        (["--tag", "baseline"], [2, 1]),
        (["--arg", "lr=0.1"], [1]),
        (["--arg", "model=mlp", "--arg", "lr=1e-2"], [2]),
        (["--since", "1h"], [3, 2, 1]),
        (["--experiment", "empty handed"], [3]),
        (["--experiment", "1"], [2, 1]),
        (["--arg", "model=cnn"], []),
        (["--tag", "base"], []),
        (["--sort", "updated", "--status", "COMPLETED"], [2, 1]),
        (["--sort", "best:acc"], [1, 2]),
        (["--sort", "best:acc", "--min", "acc"], [1, 2]),
        (["--sort", "last:val_loss", "--max", "val_loss", "--limit", "1"], [1]),
        (["--sort", "best:val_loss", "--arg", "lr=0.1"], [1]),
    ],
)
def test_runs_can_be_chosen_and_sorted(
    filled: str, capsys: Capture, options: list[str], ids: list[int]
):
    assert main(["runs", filled, "--json", *options]) == 0
    assert [run["id"] for run in json.loads(capsys.readouterr().out)] == ids


def test_it_is_told_that_there_are_more_runs(filled: str, capsys: Capture):
    for limit, said in (("2", "Only the first 2 runs: --limit shows more\n"), ("3", "")):
        for form in ([], ["--json"], ["--sort", "updated"]):
            assert main(["runs", filled, "--limit", limit, *form]) == 0
            assert capsys.readouterr().err == said


def test_a_table_names_things_as_filters_do(client: runbase.Client, filled: str, capsys: Capture):
    run = runbase.Experiment(client, name="names").get_run().add_tags("new", "to delete")
    run.set_args({"opt": {"name": "adam", "weight decay": {"on": True}}, "no": {}})
    assert main(["runs", filled, "--columns", "args,tags", "-e", "names"]) == 0
    cells = re.split(r"\s{2,}", capsys.readouterr().out.splitlines()[1])
    words = sorted(cells[0].replace("weight decay", "decay").split())
    assert words == ["no=", 'opt."decay".on', "opt.name=adam"]
    assert cells[1] in ('new "to delete"', '"to delete" new')


def test_the_run_and_the_database_come_in_any_order(filled: str, capsys: Capture):
    assert main(["show", filled, "1"]) == 0
    assert capsys.readouterr().out.startswith("Run 1:")
    assert main(["show", filled]) == 1
    assert "is not the id of a run, as in: runbase show 17 runs.db" in capsys.readouterr().err


def test_a_comment_keeps_its_lines(client: runbase.Client, filled: str, capsys: Capture):
    runbase.Run(client, run_id=1).set_comment("## Note\n\n- good\x1b[2J")
    assert main(["show", "1", filled]) == 0
    assert "  comment   ## Note\n\n            - good\ufffd[2J\n" in capsys.readouterr().out


def test_a_statement_is_no_file(filled: str, capsys: Capture):
    assert main(["execute", filled, "SELECT 1"]) == 1
    assert "as in: echo 'SELECT 1' | runbase execute" in capsys.readouterr().err


def test_an_experiment_is_found_by_its_name_whatever_its_kind(
    client: runbase.Client, filled: str, capsys: Capture
):
    def ids(*options: str) -> list[int]:
        assert main(["runs", filled, "--json", "-e", *options]) == 0
        return [run["id"] for run in json.loads(capsys.readouterr().out)]

    study = experiments.get_or_create(client.db, "cnn", kind="other")
    trial = runbase.Experiment(client, study).get_run()
    assert ids("cnn") == ids("cnn", "--kind", "other") == [trial.id]
    assert ids("digits") == [2, 1]
    other = runbase.Experiment(client, name="cnn").get_run()
    assert ids("cnn", "--kind", "tracking") == [other.id]
    assert ids("cnn", "--kind", "other") == [trial.id]
    for command in (["runs"], ["export"], ["artifacts"], ["delete", "--yes"]):
        assert main([*command, filled, "-e", "cnn"]) == 1
        error = capsys.readouterr().err
        assert "'cnn' of the kinds other and tracking: say which with --kind" in error
    assert main(["runs", filled, "-e", "cnn", "--kind", "ax"]) == 1
    assert "no experiment 'cnn' of the kind ax" in capsys.readouterr().err
    assert main(["delete", filled, "-e", "cnn", "--kind", "other", "--yes"]) == 0
    capsys.readouterr()
    assert ids("cnn") == [other.id]


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--sort", "best:acc"],
        ["--sort", "updated", "--tag", "baseline", "--since", "1d"],
        ["--arg", "lr=0.1", "--arg", "model=mlp", "-e", "digits", "--status", "COMPLETED"],
    ],
)
def test_the_sql_of_the_table_runs_and_finds_the_same(
    filled: str, capsys: Capture, tmp_path: Path, options: list[str]
):
    assert main(["runs", filled, "--json", *options]) == 0
    ids = [run["id"] for run in json.loads(capsys.readouterr().out)]
    assert main(["runs", filled, "--sql", *options]) == 0
    page, summaries, _ = capsys.readouterr().out.split(";\n")
    assert f"run_id IN ({', '.join(map(str, ids))})" in summaries
    (tmp_path / "q.sql").write_text(page)
    assert main(["execute", filled, str(tmp_path / "q.sql"), "--json"]) == 0
    assert [run["id"] for run in json.loads(capsys.readouterr().out)] == ids


@pytest.mark.parametrize(
    "option",
    [
        ["--sort", "size"], ["--arg", "lr"], ["--since", "soon"], ["--experiment", "no"],
        ["--sort", "best:nope"], ["--metric", "nope"], ["--columns", "nope"],
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_explained(filled: str, capsys: Capture, option: list[str]):
    assert main(["runs", filled, *option]) == 1
    error = capsys.readouterr().err
    assert error.startswith("runbase: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "lower"),
    [
        ("loss", True), ("train/loss", True), ("valLoss", True), ("val_mse", True),
        ("step time", True), ("acc", False), ("closs", False), ("lossless", False), ("f1", False),
    ],
)  # fmt: skip
def test_less_is_better_by_the_words_of_a_name(name: str, lower: bool):
    assert is_lower_better(name) is lower


def test_show_tells_everything(filled: str, capsys: Capture):
    assert main(["show", "1", filled]) == 0
    out = capsys.readouterr().out
    for part in ("Run 1", "COMPLETED", "lr", "val_loss", "run 3 resumes this", "baseline"):
        assert part in out
    assert main(["show", "3", filled]) == 0
    out = capsys.readouterr().out
    assert "resumes run 1" in out
    assert "alice" not in out
    assert main(["show", "3", filled, "--env"]) == 0
    assert "/home/alice" in capsys.readouterr().out
    assert main(["show", "1", filled, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["metrics"]["val_loss"]["min"] == pytest.approx(0.02)
    assert shown["links"] == [{"from_id": 3, "kind": "resumes", "to_id": 1}]


def test_export_writes_the_same_runs_in_three_formats(filled: str, tmp_path: Path, capsys: Capture):
    import pyarrow.parquet

    assert main(["export", filled]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["args.lr"] for row in rows] == ["", "0.01", "0.1"]
    assert main(["export", filled, "-o", str(tmp_path / "r.json")]) == 0
    found = json.loads((tmp_path / "r.json").read_text())
    assert found[2]["val_loss.min"] == pytest.approx(0.02)
    assert main(["export", filled, "-o", str(tmp_path / "r.parquet")]) == 0
    table = pyarrow.parquet.read_table(tmp_path / "r.parquet")
    assert table.column("id").to_pylist() == [3, 2, 1]
    assert table.column("args.lr").to_pylist() == [None, 0.01, 0.1]


def test_export_writes_every_value_of_the_metrics(filled: str, capsys: Capture):
    assert main(["export", filled, "--metrics", "--format", "json", "--arg", "lr=0.1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 10
    curve = [row["value"] for row in found if row["name"] == "acc"]
    assert curve == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_export_into_a_missing_folder_is_one_sentence(filled: str, capsys: Capture):
    assert main(["export", filled, "-o", "no/such/folder/runs.csv"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_delete_asks_first(filled: str):
    refused = cli("delete", "3", filled, input="")
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    assert cli("delete", "3", filled, "--yes").returncode == 0
    assert cli("delete", "--experiment", "digits", filled, "--yes").returncode == 0
    left = "SELECT (SELECT COUNT(*) FROM runs) AS runs, (SELECT COUNT(*) FROM metrics) AS metrics"
    found = json.loads(cli("execute", filled, "--json", input=left).stdout)
    assert found == [{"runs": 0, "metrics": 0}]


@pytest.mark.parametrize("command", [["ls"], ["runs"], ["show", "1"], ["export"], ["delete", "1"]])
def test_looking_at_a_missing_file_does_not_make_it(tmp_path: Path, command: list[str]):
    path = tmp_path / "missing.db"
    done = cli(*command, str(path))
    assert done.returncode == 1
    assert "there is no database" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not path.exists()


@pytest.mark.item("S090")
def test_the_database_may_be_named_before_and_after_the_command(filled: str, capsys: Capture):
    for args in (["--url", filled, "ls"], ["ls", "--url", filled], ["ls", filled]):
        assert main([*args, "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)) == 2


def test_the_environment_names_the_database(filled: str):
    done = cli("ls", "--json", env={**os.environ, "RUNBASE_URL": filled})
    assert len(json.loads(done.stdout)) == 2


def test_wrong_usage_exits_with_2():
    assert cli("runs", "--no-such-option").returncode == 2


def test_a_reader_that_closes_the_pipe_is_no_error(filled: str):
    command = f"{sys.executable} -m runbase runs '{filled}' --json | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("[")
    assert done.stderr == ""


def test_piped_tables_are_neither_cut_nor_wrapped(tmp_path: Path):
    client = runbase.Client(f"sqlite:///{tmp_path}/wide.db")
    runbase.Experiment(client, name="x" * 300).get_run().set_args({"text": "y" * 300})
    client.close()
    done = cli("runs", str(tmp_path / "wide.db"), env={**os.environ, "COLUMNS": "80"})
    assert len(done.stdout.splitlines()) == 2
    assert "x" * 300 in done.stdout
    assert "y" * 300 in done.stdout


def test_columns_can_be_chosen(filled: str, capsys: Capture):
    columns = "id,args.lr,best:val_loss,at:val_loss,last:acc"
    assert main(["runs", filled, "--columns", columns, "--status", "COMPLETED"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["id", "args.lr", "min", "val_loss", "at", "val_loss", "last", "acc"],
        ["2", "0.01", "0.002", "4", "0.04"],
        ["1", "0.1", "0.02", "4", "0.4"],
    ]


def test_a_run_is_drawn_with_one_sparkline_a_metric(client: runbase.Client):
    run = runbase.Experiment(client, name="e").get_run()
    for step in range(1000):
        run.add_metrics({"up": float(step), "text": "x"}, step=step)
    run.add_metrics({"up": float("nan"), "huge": 1e308}, step=1000)
    known = columns.refresh(client.db).values()
    courses = tables.sketch(client.db, run.id, list(known), 16)
    assert sparkline(courses["up"]) == "▁▁▁▂▂▃▃▄▄▅▅▆▆▇▇█"
    assert sparkline(courses["huge"]) == "▁"
    assert "text" not in courses
    only = runbase.Experiment(client, name="e").get_run()
    for tenth in range(11):
        only.add_metrics({"up": -float(tenth)}, progress=tenth / 10)
    [course] = tables.sketch(client.db, only.id, list(known)[:1], 4).values()
    assert course == sorted(course, reverse=True)


def test_pages_of_runs_follow_each_other(filled: str):
    client = runbase.Client(filled)
    assert [run.id for run in tables.newest(client.db, page=2)] == [3, 2, 1]
    assert tables.count(client.db) == 3
    assert tables.count(client.db, tables.Filter(tags=["baseline"], args={"lr": 0.1})) == 1
    client.close()


def test_an_argument_has_the_value_and_the_type_that_is_asked_for(client: runbase.Client):
    arguments: list[dict[str, Any]] = [
        {"x": 1},
        {"x": 1.0},
        {"x": True},
        {"x": "1"},
        {"x": None},
        {"x": [1, 2]},
        {},
    ]
    experiment = runbase.Experiment(client, name="e")
    for args in arguments:
        experiment.get_run().set_args(args)

    def numbers(x: Any) -> list[int]:
        return sorted(run.number for run in tables.newest(client.db, tables.Filter(args={"x": x})))

    ones = [0, 1, 5] if client.dialect == "mysql" else [0, 1]  # there a list contains its items
    assert numbers(1) == numbers(1.0) == ones
    assert [numbers(x) for x in (True, "1", None, [1, 2])] == [[2], [3], [4], [5]]


def test_a_table_on_a_terminal_shows_numbers_whole_or_not_at_all():
    columns: Any = [("id", "1000", "999"), ("text", "x" * 50, "y"), ("loss", "0.002828", "0.9")]
    assert fit(columns, [True, False, True], 30) == [4, 12, 8]
    assert fit(columns, [True, False, True], 15) == [4, 8]
    assert fit(columns, [True, False, True], 100) == [4, 50, 8]


def test_what_steers_a_terminal_is_not_printed(tmp_path: Path, capsys: Capture):
    client = runbase.Client(tmp_path / "runs.db")
    run = runbase.Experiment(client, name="日本語").get_run()
    run.set_args({"a": "\x1b[31mred\x07", "\x1b]0;": 1}).add_metrics({"m": 1.0})
    client.close()
    for command in (["ls"], ["runs"], ["show", "1"]):
        assert main([*command, str(tmp_path / "runs.db")]) == 0
        assert "\x1b" not in capsys.readouterr().out


def test_execute_needs_no_tables_of_runbase(url: str, tmp_path: Path, capsys: Capture):
    (tmp_path / "runs.db").touch()
    (tmp_path / "q.sql").write_text("SELECT 123456.789e0 AS x")
    assert main(["execute", url, str(tmp_path / "q.sql")]) == 0
    assert capsys.readouterr().out.split() == ["x", "123456.789"]


def test_execute_does_not_make_a_file(tmp_path: Path):
    done = cli("execute", str(tmp_path / "typo.db"), input="SELECT 1")
    assert done.returncode == 1
    assert "there is no database" in done.stderr
    assert not (tmp_path / "typo.db").exists()


def test_execute_tells_how_far_it_came_where_nothing_can_be_undone(filled: str):
    script = "UPDATE runs SET comment = 'x'; /* alone */ CREATE DATABASE \"\"; SELECT 1"
    failed = cli("execute", "--url", filled, input=script)
    assert failed.returncode == 1
    assert "1 of 3 statements were run" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_create_for_mysql_protects_backslashes(capsys: Capture):
    create(resolve("mysql://alice:b%5C@localhost/runs"), no_db=True, plain_password=True)
    assert capsys.readouterr().out == "CREATE USER 'alice'@'%' IDENTIFIED BY 'b\\\\';\n"


def test_create_quotes_words_of_sql(capsys: Capture):
    create({"user": "user", "dbname": "runs"}, no_user=True)
    assert capsys.readouterr().out == 'CREATE DATABASE runs OWNER "user";\n'


@pytest.mark.item("S092")
def test_create_without_anybody_to_ask_for_the_password_is_an_error(tmp_path: Path):
    env = {**os.environ, "PGPASSFILE": str(tmp_path / "none")}
    done = cli("create", "-u", "alice", "--password", input="", env=env, start_new_session=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "there is nobody to ask" in done.stderr


def test_passwords_are_hashed_in_the_form_that_postgresql_hashes():
    salt = bytes(16)
    soft_hyphen, wide = "a\u00adb", "\uff21"
    assert scram_sha_256(soft_hyphen, salt) == scram_sha_256("ab", salt)
    assert scram_sha_256(wide, salt) == scram_sha_256("A", salt)
    assert scram_sha_256("\u0627x", salt) != scram_sha_256("x", salt)  # has no such form


def test_export_can_give_each_metric_a_column(filled: str, capsys: Capture):
    assert main(["export", filled, "--metrics", "--wide", "--arg", "lr=0.1"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["step"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert float(rows[4]["val_loss"]) == pytest.approx(0.02)


def test_export_keeps_the_old_file_when_it_fails(filled: str, tmp_path: Path, capsys: Capture):
    (tmp_path / "runs.csv").write_text("old")
    assert main(["export", filled, "-o", str(tmp_path / "runs.csv"), "--experiment", "no"]) == 1
    assert (tmp_path / "runs.csv").read_text() == "old"
    assert [path.name for path in tmp_path.glob("runs.csv*")] == ["runs.csv"]


HELD = """
import sys
from runbase.commands import export, main

def record(row, made=export._run_record):
    print("begun", flush=True)
    sys.stdin.readline()
    return made(row)

export._run_record = record
sys.exit(main(sys.argv[1:]))
"""


def test_two_exports_to_one_file_do_not_meet(filled: str, tmp_path: Path):
    file = tmp_path / "runs.json"
    command = [sys.executable, "-c", HELD, "export", filled, "-o", str(file), "--arg", "lr=0.1"]
    held = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with held:
        assert held.stdout is not None
        assert held.stdout.readline() == "begun\n"
        assert cli("export", filled, "-o", str(file)).returncode == 0
        assert [run["id"] for run in json.loads(file.read_text())] == [3, 2, 1]
        held.communicate("\n")
    assert held.returncode == 0
    assert [run["id"] for run in json.loads(file.read_text())] == [1]
    assert list(tmp_path.glob("runs.json*")) == [file]


def test_columns_of_several_types_are_text_in_parquet(client: runbase.Client, tmp_path: Path):
    import pyarrow.parquet

    experiment = runbase.Experiment(client, name="e")
    for x in (1, "two", [3], None):
        experiment.get_run().set_args({"x": x, "y": 1, "z": 2.5 if x == 1 else 2})
    assert main(["export", url_of(client), "-o", str(tmp_path / "r.parquet")]) == 0
    table = pyarrow.parquet.read_table(tmp_path / "r.parquet")
    assert table.column("args.x").to_pylist() == [None, "[3]", "two", "1"]
    assert table.column("args.y").to_pylist() == [1, 1, 1, 1]
    assert table.column("args.z").to_pylist() == [2.0, 2.0, 2.0, 2.5]


def test_the_traceback_is_shown_when_asked_for(tmp_path: Path):
    missing = str(tmp_path / "missing.db")
    assert "Traceback" in cli("ls", missing, "--debug").stderr
    assert "Traceback" in cli("--debug", "ls", missing).stderr


def test_two_databases_at_once_are_refused(tmp_path: Path, capsys: Capture):
    assert main(["ls", str(tmp_path / "a.db"), "--url", "sqlite:///b.db"]) == 1
    assert "one database at a time" in capsys.readouterr().err


def test_the_name_of_a_database_overrides_that_of_the_config_file(tmp_path: Path, capsys: Capture):
    (tmp_path / "runbase.conf").write_text("user=alice\ndbname=alice\n")
    config = ["--config-path", str(tmp_path / "runbase.conf")]
    assert main(["create", *config, "--database", "other", "--no-user"]) == 0
    assert capsys.readouterr().out == "CREATE DATABASE other OWNER alice;\n"


@pytest.fixture
def studies(client: runbase.Client) -> str:
    """The URL of a database with a study that is minimised, one that is maximised, and two runs."""
    pytest.importorskip("optuna")
    import optuna

    from runbase.optuna import RDBStorage

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = RDBStorage(client)
    for direction in ("minimize", "maximize"):
        study = optuna.create_study(storage=storage, study_name=direction, direction=direction)
        for value in (2.0, 0.5, 1.0):
            trial = study.ask()
            trial.set_user_attr("gpu", {"memory": 0.123456})
            trial.report(3.0, 0)
            trial.report(value, 1)
            study.tell(trial, value)
        study.ask()
    return url_of(client)


@pytest.mark.parametrize(
    ("direction", "numbers"), [("minimize", [1, 2, 0]), ("maximize", [0, 2, 1])]
)
def test_the_best_trials_of_a_study_come_first(
    studies: str, capsys: Capture, tmp_path: Path, direction: str, numbers: list[int]
):
    options = ["runs", studies, "-e", direction, "--sort", "value"]
    assert main([*options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["number"] for run in found] == numbers
    assert main([*options, "--sql"]) == 0
    (tmp_path / "q.sql").write_text(capsys.readouterr().out.split(";\n")[0])
    assert main(["execute", studies, str(tmp_path / "q.sql"), "--json"]) == 0
    assert [r["id"] for r in json.loads(capsys.readouterr().out)] == [run["id"] for run in found]


def test_a_value_says_nothing_without_a_study(studies: str, capsys: Capture):
    assert main(["runs", studies, "--sort", "value"]) == 1
    assert "--sort value needs --experiment with a study" in capsys.readouterr().err


def test_the_best_of_what_trials_report_is_that_of_their_study(studies: str, capsys: Capture):
    for direction, word in (("minimize", "min"), ("maximize", "max")):
        assert main(["runs", studies, "-e", direction, "--metric", "intermediate_value"]) == 0
        assert f"{word} intermediate_value" in capsys.readouterr().out
    assert main(["runs", studies, "-e", "minimize", "--max", "intermediate_value"]) == 0
    assert "max intermediate_value" in capsys.readouterr().out


def test_show_has_the_user_attributes_of_a_trial(studies: str, capsys: Capture):
    assert main(["show", "1", studies]) == 0
    assert "User attributes\n  gpu  memory=0.1235" in capsys.readouterr().out
    assert main(["show", "1", studies, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["attrs"] == {"gpu": {"memory": 0.123456}}


def test_trials_are_shown_with_their_values(client: runbase.Client, capsys: Capture):
    for name, value, values in (("one", 0.125, None), ("two", None, "[0.5, 2.0]")):
        run = runbase.Experiment(client, name=name).get_run()
        client.execute(
            "UPDATE runs SET value = ?, objective_values = ? WHERE id = ?", [value, values, run.id]
        )
    url = url_of(client)
    assert main(["runs", "--url", url]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.split()[3] == "value"
    assert "[0.5, 2]" in second
    assert "0.125" in third
    assert main(["show", "2", "--url", url]) == 0
    assert "value     [0.5, 2]" in capsys.readouterr().out
    assert main(["export", "--url", url]) == 0
    header, two, one = capsys.readouterr().out.splitlines()
    names = header.split(",")
    cells = dict(zip(names, two.split(","), strict=True))
    assert (cells["value"], cells["value.0"], cells["value.1"]) == ("", "0.5", "2.0")
    assert dict(zip(names, one.split(","), strict=True))["value"] == "0.125"

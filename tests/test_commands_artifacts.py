"""``runbase artifacts``: list, get, add, verify and gc."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from runbase import Client, Experiment, Run
from runbase.commands import main


@pytest.fixture
def run(url: str, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run with three artifacts, one of them in two versions."""
    monkeypatch.setenv("RUNBASE_ARTIFACTS", str(tmp_path / "files"))
    run = Experiment(client, name="digits").get_run()
    run.add_artifact("the first", name="notes.txt")
    run.add_artifact("the second", name="notes.txt")
    run.add_artifact({"lr": 0.1}, name="plots/config.json")
    run.add_artifact(b"bytes", name="model.bin")
    return run


def names(text: str) -> list[str]:
    """The third column of a table."""
    return [line.split()[2] for line in text.splitlines()[1:]]


def test_the_newest_of_each_name_is_listed(url: str, run: Run, capsys: pytest.CaptureFixture[str]):
    assert main(["artifacts", url]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].split() == ["id", "run", "name", "type", "size", "created"]
    assert names(printed) == ["notes.txt", "plots/config.json", "model.bin"]
    assert len({line.index("  ") for line in printed.splitlines() if line[0] != " "}) <= 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--versions"], ["notes.txt", "notes.txt", "plots/config.json", "model.bin"]),
        (["--name", "*.txt"], ["notes.txt"]),
        (["--experiment", "digits"], ["notes.txt", "plots/config.json", "model.bin"]),
        (["--experiment", "another"], ["notes.txt"]),
        (["--run", "1", "--name", "p*"], ["plots/config.json"]),
    ],
)
def test_artifacts_are_chosen(
    url: str,
    client: Client,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    expected: list[str],
):
    other = Experiment(client, name="another").get_run()
    other.add_artifact("of another", name="notes.txt")
    if not {"--experiment", "--run"} & set(options):
        options = [*options, "--run", str(run.id)]
    assert main(["artifacts", url, *options]) == 0
    assert names(capsys.readouterr().out) == expected


def test_json_has_everything(url: str, run: Run, capsys: pytest.CaptureFixture[str]):
    assert main(["artifacts", url, "--json", "--name", "model.bin"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    added = run.get_artifact("model.bin")
    assert found["sha256"] == added.sha256
    assert (found["run_id"], found["size"], found["uri"]) == (run.id, 5, added.uri)


def test_all_of_a_run_are_saved(
    url: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["artifacts", "get", str(run.id), url, "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "notes.txt").read_text() == "the second"
    assert json.loads((tmp_path / "out" / "plots" / "config.json").read_text()) == {"lr": 0.1}
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_one_is_saved_under_another_name(url: str, run: Run, tmp_path: Path):
    target = tmp_path / "best.bin"
    assert main(["artifacts", "get", str(run.id), "model.bin", url, "-o", str(target)]) == 0
    assert target.read_bytes() == b"bytes"


@pytest.mark.parametrize("output", ["{folder}/file", "{folder}/file/", "{folder}/" + "x" * 300])
def test_a_place_that_cannot_be_written_to_is_said(
    url: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str
):
    (tmp_path / "file").write_text("no folder")
    output = output.format(folder=tmp_path)
    assert main(["artifacts", "get", str(run.id), url, "-o", output]) == 1
    assert "cannot be" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "no folder"


def test_gc_leaves_the_files_of_another_database(
    url: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with closing(Client(f"sqlite:///{tmp_path}/another.db")) as another:
        Experiment(another, name="e").get_run().add_artifact("of another", name="a.txt")
        assert main(["artifacts", "gc", f"{tmp_path}/another.db", "--older-than", "0m", "-y"]) == 1
    assert "files of another database" in capsys.readouterr().err
    assert main(["artifacts", "verify", url]) == 0


def test_one_is_written_to_standard_output(url: str, run: Run):
    command = [sys.executable, "-m", "runbase", "artifacts", "get", str(run.id), "model.bin", url]
    done = subprocess.run([*command, "-o", "-"], capture_output=True, check=True, timeout=60)
    assert done.stdout == b"bytes"


def test_files_and_folders_are_added(
    url: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "a.csv").write_text("a\n1\n")
    (tmp_path / "b.txt").write_text("b")
    paths = [str(folder), str(tmp_path / "b.txt")]
    assert main(["artifacts", "add", str(run.id), *paths, "--url", url]) == 0
    assert run.get_artifact("a.csv").text() == "a\n1\n"
    assert run.get_artifact("b.txt").text() == "b"
    assert main(["artifacts", "add", str(run.id), paths[0], "--name", "here", "--url", url]) == 0
    assert run.get_artifact("here/a.csv").text() == "a\n1\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["get", "1", "no.txt"], "run 1 has no artifact 'no.txt'; there are model.bin, notes.txt"),
        (["get", "4711"], "there is no run 4711"),
        (["add", "1", "no-such-file"], "there is no file or folder no-such-file"),
        (["add", "4711", __file__], "there is no run 4711"),
        (["add", "1", __file__, __file__, "--name", "x"], "one file or folder at a time"),
        (["--experiment", "no"], "no"),
        (["gc", "--older-than", "soon"], "a time is written such as"),
    ],
)
def test_a_mistake_is_said(
    url: str, run: Run, capsys: pytest.CaptureFixture[str], words: list[str], message: str
):
    assert main(["artifacts", *words, "--url", url]) == 1
    assert message in capsys.readouterr().err


def test_verify_compares_all_bytes(url: str, run: Run, capsys: pytest.CaptureFixture[str]):
    assert main(["artifacts", "verify", url]) == 0
    assert capsys.readouterr().out == "4 of 4 artifacts are what was stored.\n"
    damaged, gone = run.get_artifact("model.bin"), run.get_artifact("notes.txt")
    assert damaged.path is not None
    assert gone.path is not None
    damaged.path.write_bytes(b"bytez")
    gone.path.unlink()
    assert main(["artifacts", "verify", url]) == 1
    printed = capsys.readouterr().out
    assert "other bytes than were stored" in printed
    assert "the bytes are gone" in printed
    assert printed.endswith("2 of 4 artifacts are what was stored.\n")
    assert main(["artifacts", "verify", url, "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in problems] == [gone.id, damaged.id]
    assert main(["artifacts", "verify", url, "--name", "plots/*"]) == 0


def test_gc_deletes_what_belongs_to_no_run(
    url: str, client: Client, run: Run, capsys: pytest.CaptureFixture[str]
):
    other = Experiment(client, name="digits").get_run()
    other.add_artifact("to delete", name="a.txt")
    assert main(["delete", str(other.id), url, "--yes"]) == 0
    options = ["artifacts", "gc", url, "--older-than", "0m"]
    capsys.readouterr()
    assert main(["artifacts", "gc", url, "--yes"]) == 0
    assert capsys.readouterr().out == "0 files with 0 bytes belong to no run.\n"
    assert main([*options, "--dry-run"]) == 0
    assert "1 files with 9 bytes belong to no run." in capsys.readouterr().out
    assert main(options) == 1, "there is nobody to ask"
    assert main([*options, "--yes"]) == 0
    capsys.readouterr()
    assert main([*options, "--dry-run"]) == 0
    assert capsys.readouterr().out == "0 files with 0 bytes belong to no run.\n"
    assert main(["artifacts", "verify", url]) == 0


@pytest.mark.parametrize("action", [[], ["get"], ["add"], ["verify"], ["gc"]])
def test_help_has_examples(action: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main(["artifacts", *action, "--help"])
    assert end.value.code == 0
    assert f"examples:\n  {' '.join(['runbase artifacts', *action])}" in capsys.readouterr().out


def test_show_has_the_files_of_a_run(url: str, run: Run, capsys: pytest.CaptureFixture[str]):
    assert main(["show", str(run.id), url]) == 0
    shown = capsys.readouterr().out.partition("Artifacts\n")[2]
    assert names(shown) == ["model.bin", "notes.txt", "plots/config.json"]
    assert main(["show", str(run.id), url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["artifacts"]
    assert [each["size"] for each in found] == [5, 10, 15]

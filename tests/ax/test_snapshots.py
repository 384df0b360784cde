"""Ax itself reads what is exported, and Runbase's own loaders what was imported without Ax."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ax.api.client import Client as StockClient
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.service.ax_client import AxClient as StockAxClient
from ax.storage.json_store.load import load_experiment as load_file
from ax.utils.testing.core_stubs import get_branin_experiment

from runbase import Client
from runbase.ax import Client as StoringClient
from runbase.ax import (
    load_experiment,
    load_generation_strategy_by_experiment_name,
    object_to_json,
    save_experiment,
)
from runbase.errors import ConflictError
from runbase.sources.ax import export_snapshot, import_snapshot
from runbase.store import schema
from tests.ax.clients import NAME, ask, ask_and_tell, begin
from tests.proxy import Proxy

DATA = Path(__file__).parent.parent / "data" / "ax"
FILES = sorted(DATA.glob("*.json"))
CLIENTS = sorted(DATA.glob("client-*.json"))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without Ax's lines about models that it has renamed."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def local(tmp_path: Path) -> Client:
    return Client(f"sqlite:///{tmp_path}/runs.db")


def stock_client(path: Path) -> Any:
    is_new = json.loads(path.read_text())["_type"] == "Client"
    kind: Any = StockClient if is_new else StockAxClient
    return kind.load_from_json_file(str(path))


def stock(path: Path) -> Experiment:
    """The experiment in a file as Ax itself loads it."""
    if "_type" not in json.loads(path.read_text()):
        return load_file(str(path))
    found: Experiment = stock_client(path)._experiment
    return found


def frame(experiment: Experiment) -> pd.DataFrame:
    """The data without what Ax forgets of older files: times, and steps of other names."""
    data: pd.DataFrame = experiment.data.full_df
    return data.drop(columns=["start_time", "end_time", "step"], errors="ignore")


def without_data(experiment: Experiment) -> Experiment:
    experiment.data = Data()
    return experiment


def facts(experiment: Experiment) -> Any:
    """All but the data, and but the times of arms that are made when old files are loaded."""
    found = object_to_json(without_data(experiment))
    for trial in found["trials"].values():
        for run in trial.get("generator_runs", ()):
            if run["generator_run_type"] == "STATUS_QUO":
                del run["time_created"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_ax_loads_an_exported_file_like_the_original(local: Client, tmp_path: Path, file: Path):
    out = tmp_path / "out.json"
    export_snapshot(local, import_snapshot(local, file).name, out)
    theirs, ours = stock(file), stock(out)
    # pandas does not read each number of the original exactly.
    pd.testing.assert_frame_equal(frame(theirs), frame(ours), check_exact=False)
    if file in CLIENTS:
        assert theirs == ours
    assert without_data(theirs) == without_data(ours)


@pytest.mark.parametrize("file", CLIENTS, ids=lambda p: p.stem)
def test_both_clients_of_ax_load_an_exported_snapshot(local: Client, tmp_path: Path, file: Path):
    out = tmp_path / "out.json"
    export_snapshot(local, import_snapshot(local, file).name, out)
    strategy = stock_client(file)._generation_strategy
    assert StockClient.load_from_json_file(str(out))._generation_strategy == strategy
    found = StockAxClient.load_from_json_file(str(out))
    assert found.generation_strategy == strategy
    found.generation_strategy._experiment = strategy._experiment = None
    assert object_to_json(found.generation_strategy) == object_to_json(strategy)


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_an_imported_experiment_loads(local: Client, file: Path):
    name = import_snapshot(local, file).name
    # Ax itself loads batches of these files with more arms than they had.
    whole, ours = load_experiment(file), load_experiment(name, store=local)
    pd.testing.assert_frame_equal(frame(whole), frame(ours), check_exact=False)
    assert facts(ours) == facts(whole)


@pytest.mark.parametrize("file", CLIENTS, ids=lambda p: p.stem)
def test_an_imported_strategy_loads(local: Client, file: Path):
    name = import_snapshot(local, file).name
    theirs = stock_client(file)._generation_strategy
    ours = load_generation_strategy_by_experiment_name(name, store=local)
    assert ours._generator_runs == theirs._generator_runs
    assert ours.current_node_name == theirs.current_node_name
    assert ours._nodes == theirs._nodes


def test_an_imported_client_goes_on(local: Client):
    from runbase.ax import Client as StoringClient

    name = import_snapshot(local, DATA / "client-1.3.1.json").name
    client = StoringClient.load(name, storage=local)
    [(index, parameters)] = client.get_next_trials(max_trials=1).items()
    assert index == 7
    client.complete_trial(index, {"loss": parameters["lr"], "latency": 3.5})
    again = load_experiment(name, store=local)
    assert again.trials[7].status.is_completed


@pytest.mark.parametrize("version", ["0.2.10", "0.3.7"])
def test_times_are_what_they_were_when_they_were_written(local: Client, version: str):
    name = import_snapshot(local, DATA / f"experiment-{version}.json").name
    data = load_experiment(name, store=local).data.full_df
    assert set(data["start_time"]) == {pd.Timestamp("2023-01-02 03:04:05")}
    assert set(data["end_time"]) == {pd.Timestamp("2023-01-03 03:04:05")}
    assert set(data["n"]) == {1000}


def test_ax_forgets_times_of_its_own_files():
    """Should this fail, Ax or pandas reads milliseconds as such again."""
    data = stock(DATA / "experiment-1.3.1.json").data.full_df
    assert {time.year for time in data["start_time"]} == {1970}


def rich(name: str = "rich") -> Experiment:
    """An experiment with data of all kinds."""
    experiment = get_branin_experiment(with_batch=False, with_trial=True, with_completed_trial=True)
    experiment.name = name
    arm = experiment.trials[0].arm.name
    rows = [
        DataRow(0, arm, "branin", "branin", 0.1 + 0.2, float("nan"), 1.0),
        DataRow(0, arm, "branin", "branin", -1.2345678901234567e-7, 1 / 3, 2.5),
        DataRow(0, arm, "inf", "other", float("inf"), float("inf"), float("nan")),
        DataRow(
            0, arm, "times", "times", 1e300, 0.0, float("nan"),
            pd.Timestamp("2024-05-17 12:30:15.123456789"), pd.Timestamp("2024-05-17"), 7,
        ),
    ]  # fmt: skip
    experiment.data = Data(data_rows=rows)
    return experiment


def test_ax_reads_the_same_floats_and_times_from_an_exported_file(local: Client, tmp_path: Path):
    out = tmp_path / "out.json"
    save_experiment(rich(), store=local)
    export_snapshot(local, "rich", out)
    expected = rich().data.full_df
    pd.testing.assert_frame_equal(load_file(str(out)).data.full_df, expected, check_exact=True)
    with Client("sqlite://") as other:
        import_snapshot(other, out)
        found = load_experiment("rich", store=other).data.full_df
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_what_was_saved_through_ax_goes_out_and_comes_in(local: Client, tmp_path: Path):
    out = tmp_path / "out.json"
    experiment = rich()
    save_experiment(experiment, store=local)
    export_snapshot(local, "rich", out)
    import_snapshot(local, out, "again")
    again = load_experiment("again", store=local)
    assert object_to_json(again) == object_to_json(experiment) | {"name": "again"}


def test_what_goes_out_while_a_worker_goes_on_is_whole(local: Client, tmp_path: Path):
    worker = begin(f"{tmp_path}/runs.db")
    ask_and_tell(worker)
    asked: list[object] = []

    def ask_once(sql: str) -> None:
        if "FROM ax_generator_runs" in sql and not asked:
            asked.append(ask(worker))

    local.connection.set_trace_callback(ask_once)  # when the trials have been read
    export_snapshot(local, NAME, tmp_path / "out.json")
    snapshot = json.loads((tmp_path / "out.json").read_text())
    assert len(asked) == 1
    assert len(snapshot["experiment"]["trials"]) == 2
    assert len(snapshot["generation_strategy"]["generator_runs"]) == 2


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_an_import_whose_commit_was_not_answered_is_done_once(
    server: str, request: pytest.FixtureRequest
):
    url = str(request.getfixturevalue(f"{server}_url"))
    with closing(Client(url)) as client:
        schema.setup(client.database)
        import_snapshot(client, CLIENTS[0], "first")  # makes the columns
    with closing(Proxy(url)) as proxy, closing(Client(proxy.url)) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
        proxy.cut()
        assert import_snapshot(client, CLIENTS[0], "second").name == "second"
        assert proxy.cuts == 1
        assert list(client.execute("SELECT COUNT(*) FROM experiments")) == [(2,)]
        with pytest.raises(ConflictError, match="'second' already"):
            import_snapshot(client, CLIENTS[0], "second")


@pytest.mark.parametrize("file", CLIENTS, ids=lambda p: p.stem)
def test_a_client_of_an_old_file_is_stored(local: Client, tmp_path: Path, file: Path):
    loaded = StoringClient.load_from_json_file(str(file), storage=local)
    again = StoringClient.load(loaded._experiment.name, f"{tmp_path}/runs.db")
    assert again._experiment == loaded._experiment
    assert len(again._generation_strategy._generator_runs) > 0

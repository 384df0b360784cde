"""A mirror of an Optuna storage is equal to it, whatever happens there, and never disturbs it."""

from __future__ import annotations

import hashlib
import math
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage
from optuna.storages import RDBStorage as StockStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import TrialState

import runbase
from runbase import Client, errors
from runbase.engines.sqlite import time_text
from runbase.optuna import RDBStorage
from runbase.sources.optuna import mirror_tables
from runbase.sources.optuna.mirror import Mirror, is_stock, storage_of
from tests.forks import Forked
from tests.test_sources_optuna import START, facts, fill, make_old, trial

KINDS = ("memory", "journal", "sqlite", "postgres", "mysql")
SERVERS = ("postgres", "mysql")
MINIMIZE, MAXIMIZE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def place(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """A URL or path for a storage, of which there is nothing yet."""
    if kind in SERVERS:
        return str(request.getfixturevalue(f"{kind}_url"))
    return f"sqlite:///{folder}/stock.db" if kind == "sqlite" else f"{folder}/stock.journal"


def make(kind: str, where: str) -> BaseStorage:
    """A storage of Optuna's own."""
    if kind == "memory":
        return InMemoryStorage()
    if kind == "journal":
        return JournalStorage(JournalFileBackend(where))
    return StockStorage(driver(where))


def driver(url: str) -> str:
    """The URL as SQLAlchemy needs it with the drivers that are there."""
    return url.replace("postgresql://", "postgresql+psycopg://").replace(
        "mysql://", "mysql+pymysql://"
    )


class Pair:
    """A storage and its mirror."""

    def __init__(self, kind: str, where: str) -> None:
        self.kind, self.where = kind, where
        self.stock = make(kind, where)
        self.mirror = self.open()

    def open(self, **options: Any) -> Mirror:
        return Mirror(self.stock if self.kind == "memory" else self.where, **options)

    def close(self) -> None:
        self.mirror.close()
        dispose(self.stock)


def dispose(storage: BaseStorage) -> None:
    if isinstance(storage, StockStorage):
        storage.scoped_session.remove()
        storage.engine.dispose()


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """An empty storage of each kind and its mirror."""
    with closing(Pair(request.param, place(request.param, request, tmp_path))) as pair:
        yield pair


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Optuna's tables in an SQLite file and their mirror."""
    with closing(Pair("sqlite", place("sqlite", request, tmp_path))) as pair:
        yield pair


def content(storage: BaseStorage) -> dict[int, Any]:
    """Everything in a storage, by the id of the study."""
    return {
        study._study_id: (
            study.study_name,
            study.directions,
            repr(sorted(study.user_attrs.items())),
            repr(sorted(study.system_attrs.items())),
            [
                (t._trial_id, t.number, facts(t))
                for t in sorted(storage.get_all_trials(study._study_id), key=lambda t: t.number)
            ],
        )
        for study in storage.get_all_studies()
    }


def assert_equal(stock: BaseStorage, mirror: Mirror) -> None:
    """The mirror has what the storage has, under the same ids, for who reads it anew."""
    with closing(Client(mirror.client.config)) as client:
        assert content(RDBStorage(client)) == content(stock)


def versions(mirror: Mirror) -> dict[int, int]:
    """The versions of all trials by id."""
    return dict(mirror.client.execute("SELECT id, version FROM runs").fetchall())


def seen(mirror: Mirror) -> dict[str, int]:
    rows = mirror.client.execute("SELECT name, version FROM experiments").fetchall()
    return dict(rows)


# -- equal in everything --------------------------------------------------------------------------


def test_a_mirror_is_equal(pair: Pair):
    fill(pair.stock)
    assert pair.mirror.sync()
    assert_equal(pair.stock, pair.mirror)
    assert not pair.mirror.sync()


def test_an_empty_storage_has_an_empty_mirror(pair: Pair):
    assert not pair.mirror.sync()
    assert_equal(pair.stock, pair.mirror)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_in_the_storage_is_mirrored(pair: Pair, seed: int):
    chance = random.Random(seed)
    for _ in range(8):
        for _ in range(chance.randint(1, 12)):
            chance.choice(CHANGES)(pair.stock, chance)
        pair.mirror.sync()
        assert_equal(pair.stock, pair.mirror)
        before = versions(pair.mirror), seen(pair.mirror)
        assert not pair.mirror.sync()
        assert (versions(pair.mirror), seen(pair.mirror)) == before


KIND_OF_NAME = {
    "x": FloatDistribution(1e-8, 1.0, log=True),
    "n": IntDistribution(1, 2**40, log=True),
    "c": CategoricalDistribution([None, True, 1, 1.5, "Ω/é", math.inf]),
}


def some_study(storage: BaseStorage, chance: random.Random) -> int:
    ids = [study._study_id for study in storage.get_all_studies()]
    return chance.choice(ids) if ids else create(storage, chance)


def some_trial(storage: BaseStorage, chance: random.Random) -> int | None:
    """The id of an unfinished trial."""
    trials = storage.get_all_trials(some_study(storage, chance))
    ids = [t._trial_id for t in trials if not t.state.is_finished()]
    return chance.choice(ids) if ids else None


def create(storage: BaseStorage, chance: random.Random) -> int:
    directions = chance.choice([[MINIMIZE], [MAXIMIZE], [MINIMIZE, MAXIMIZE]])
    names = {study.study_name for study in storage.get_all_studies()}
    free = next(n for n in (f"study {i}" for i in range(100)) if n not in names)
    return storage.create_new_study(directions, free)


def delete(storage: BaseStorage, chance: random.Random) -> None:
    if chance.random() < 0.5:
        storage.delete_study(some_study(storage, chance))


def set_study_attr(storage: BaseStorage, chance: random.Random) -> None:
    study, value = some_study(storage, chance), chance.choice([1, "Ω", [math.nan, None], {}])
    write = chance.choice([storage.set_study_user_attr, storage.set_study_system_attr])
    write(study, chance.choice("ab"), value)


def add_trial(storage: BaseStorage, chance: random.Random) -> None:
    storage.create_new_trial(some_study(storage, chance))


def add_finished(storage: BaseStorage, chance: random.Random) -> None:
    study = some_study(storage, chance)
    values = [chance.choice([0.5, math.inf, 1e-300]) for _ in storage.get_study_directions(study)]
    when = START + timedelta(seconds=chance.randint(0, 10**6))
    storage.create_new_trial(
        study,
        trial(0, values=values, datetime_start=when, datetime_complete=when + timedelta(hours=1)),
    )


def enqueue(storage: BaseStorage, chance: random.Random) -> None:
    attrs = {"fixed_params": {"x": chance.random()}}
    study = some_study(storage, chance)
    storage.create_new_trial(study, trial(0, TrialState.WAITING, system_attrs=attrs))


def change_trial(storage: BaseStorage, chance: random.Random) -> None:
    id = some_trial(storage, chance)
    if id is None:
        return
    known = storage.get_trial(id)
    name, value = chance.choice(list(KIND_OF_NAME)), chance.randint(0, 5)
    new = [n for n in KIND_OF_NAME if n not in known.params]
    match chance.choice(["param", "report", "user", "system", "start", "finish"]):
        case "param" if new:
            name = chance.choice(new)
            storage.set_trial_param(
                id, name, {"x": 0.25, "n": 1.0 + value, "c": value}[name], KIND_OF_NAME[name]
            )  # fmt: skip
        case "report":
            report = chance.choice([chance.random(), math.nan, math.inf, -math.inf])
            storage.set_trial_intermediate_value(id, value, report)
        case "user":
            storage.set_trial_user_attr(id, name, chance.choice([value, None, "Ω", {"a": [1.5]}]))
        case "system":
            storage.set_trial_system_attr(id, name, value)
        case "start":
            storage.set_trial_state_values(id, TrialState.RUNNING)
        case "finish" if known.state == TrialState.RUNNING:
            finish(storage, id, chance)


def finish(storage: BaseStorage, id: int, chance: random.Random) -> None:
    state = chance.choice([TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL])
    owner = next(
        study._study_id
        for study in storage.get_all_studies()
        if any(t._trial_id == id for t in storage.get_all_trials(study._study_id))
    )
    count = len(storage.get_study_directions(owner))
    values = [chance.random() for _ in range(count)] if state == TrialState.COMPLETE else None
    storage.set_trial_state_values(id, state, values)


CHANGES: list[Callable[[BaseStorage, random.Random], object]] = [
    *(create, delete, set_study_attr, add_trial, add_trial, add_finished, enqueue),
    *[change_trial] * 8,
]


def test_large_integers_are_exact(tmp_path: Path):
    storage = InMemoryStorage()
    study = storage.create_new_study([MINIMIZE])
    kinds = {"n": IntDistribution(0, 2**62)}
    storage.create_new_trial(study, trial(0, params={"n": 2**60 + 1}, distributions=kinds))
    with closing(Mirror(storage)) as mirror:
        mirror.sync()
        assert RDBStorage(mirror.client).get_trial(0).params == {"n": 2**60 + 1}


def test_many_trials_come_in_chunks(file: Pair, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("runbase.sources.optuna.mirror_update.CHUNK", 3)
    fill(file.stock)
    calls: list[tuple[int, int]] = []
    file.mirror._progress = lambda done, total: calls.append((done, total))
    file.mirror.sync()
    assert_equal(file.stock, file.mirror)
    assert calls == [(0, 10), (3, 10), (6, 10), (9, 10), (10, 10)]


def test_what_a_mirror_shows_of_metrics_is_summed_up(pair: Pair):
    study = pair.stock.create_new_study([MINIMIZE], "s")
    id = pair.stock.create_new_trial(study)
    for step, value in enumerate([3.0, math.nan, -1.0, math.inf]):
        pair.stock.set_trial_intermediate_value(id, step, value)
    pair.mirror.sync()
    found = pair.mirror.client.execute(
        "SELECT n, n_nan, first_step, last_step, last, min, min_step, max, max_step, sum"
        " FROM run_metrics"
    ).fetchall()
    assert found == [(4, 1, 0, 3, math.inf, -1.0, 2, math.inf, 3, 2.0)]
    args = pair.mirror.client.execute("SELECT args, status FROM runs").fetchall()
    assert args == [(None, "RUNNING")]


# -- versions -------------------------------------------------------------------------------------


def test_only_what_changed_gets_a_new_version(pair: Pair):
    fill(pair.stock)
    pair.mirror.sync()
    before, studies = versions(pair.mirror), seen(pair.mirror)
    rich = pair.stock.get_study_id_from_name("rich")
    running = next(
        t for t in pair.stock.get_all_trials(rich) if t.state == TrialState.RUNNING
    )._trial_id
    pair.stock.set_trial_intermediate_value(running, 1, 0.5)
    new = pair.stock.create_new_trial(rich)
    assert pair.mirror.changed()
    assert pair.mirror.sync()
    after = versions(pair.mirror)
    version = studies["rich"] + 1
    assert after == before | {running: version, new: version}
    assert seen(pair.mirror) == studies | {"rich": version}


def test_an_attribute_of_a_study_is_a_change_of_the_study(pair: Pair):
    fill(pair.stock)
    pair.mirror.sync()
    before, studies = versions(pair.mirror), seen(pair.mirror)
    pair.stock.set_study_user_attr(pair.stock.get_study_id_from_name("multi"), "note", "new")
    assert pair.mirror.sync()
    assert versions(pair.mirror) == before
    assert seen(pair.mirror) == studies | {"multi": studies["multi"] + 1}


def test_a_reader_that_follows_sees_every_change(pair: Pair):
    follower = RDBStorage(pair.mirror.client)
    study = pair.stock.create_new_study([MINIMIZE], "s")
    chance = random.Random(1)
    for _ in range(20):
        chance.choice([add_trial, enqueue, change_trial, change_trial])(pair.stock, chance)
        pair.mirror.sync()
        assert content(follower) == content(pair.stock)
    assert follower.get_n_trials(study) > 3


def test_a_study_that_takes_the_id_of_another_goes_on_above_its_versions(file: Pair):
    for times in range(3):
        study = file.stock.create_new_study([MINIMIZE], "same name")
        file.stock.create_new_trial(study, trial(0, values=[float(times)]))
        file.stock.create_new_trial(study, trial(1, TrialState.WAITING))
        before = seen(file.mirror)
        assert file.mirror.sync()
        assert_equal(file.stock, file.mirror)
        assert min(seen(file.mirror).values()) > before.get("same name", 0)
        file.stock.delete_study(study)


def test_directions_that_are_set_later_are_mirrored(file: Pair):
    file.stock.create_new_study([StudyDirection.NOT_SET], "s")
    file.mirror.sync()
    with closing(sqlite3.connect(file.where.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE study_directions SET direction = 'MAXIMIZE'")
        connection.commit()
    assert file.mirror.sync()
    assert_equal(file.stock, file.mirror)


def test_a_study_that_was_renamed_is_mirrored(file: Pair):
    fill(file.stock)
    file.mirror.sync()
    with closing(sqlite3.connect(file.where.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE studies SET study_name = 'x' WHERE study_name = 'rich'")
        connection.execute("UPDATE studies SET study_name = 'rich' WHERE study_name = 'multi'")
        connection.commit()
    assert file.mirror.sync()
    assert_equal(file.stock, file.mirror)


# -- whether something changed --------------------------------------------------------------------


def test_a_file_that_did_not_change_is_not_read(file: Pair):
    fill(file.stock)
    assert file.mirror.changed()
    file.mirror.sync()
    assert not file.mirror.changed()
    file.stock.set_study_user_attr(1, "a", 1)
    assert file.mirror.changed()


def test_a_journal_that_did_not_grow_is_not_read(tmp_path: Path):
    where = f"{tmp_path}/stock.journal"
    stock = make("journal", where)
    fill(stock)
    with closing(Mirror(where)) as mirror:
        mirror.sync()
        assert not mirror.changed()
        stock.set_study_user_attr(0, "a", 1)
        assert mirror.changed()


@pytest.mark.parametrize("kind", ["memory", "postgres"])
def test_other_storages_may_have_changed_at_any_time(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
):
    with closing(Pair(kind, place(kind, request, tmp_path))) as pair:
        pair.mirror.sync()
        assert pair.mirror.changed()


def test_threads_share_the_work(file: Pair):
    fill(file.stock)
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(file.mirror.sync()))
               for _ in range(8)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert any(results)
    assert_equal(file.stock, file.mirror)


# -- where mirrors are ----------------------------------------------------------------------------


def test_mirrors_are_private_and_used_again(pair: Pair, tmp_path: Path):
    fill(pair.stock)
    pair.mirror.sync()
    if pair.kind == "memory":
        return
    before = versions(pair.mirror)
    pair.mirror.close()
    folder = tmp_path / "cache/runbase/mirrors"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    with closing(pair.open()) as again:
        assert versions(again) == before
        assert not again.sync()
        assert_equal(pair.stock, again)


def test_a_mirror_has_the_name_of_the_storage_without_the_password(tmp_path: Path):
    fill(stock := StockStorage(f"sqlite:///{tmp_path}/stock.db"))
    folder = tmp_path / "mirrors"
    for url in (
        f"sqlite:///{tmp_path}/stock.db",
        f"sqlite:///{tmp_path}/../{tmp_path.name}/stock.db",
    ):
        with closing(Mirror(url, directory=folder)) as mirror:
            mirror.sync()
    with closing(Mirror(stock, directory=folder)) as mirror:
        assert not mirror.sync()
    assert len(list(folder.glob("*.sqlite"))) == 1
    dispose(stock)


def test_a_storage_without_an_address_leaves_nothing_behind(tmp_path: Path):
    storage = InMemoryStorage()
    fill(storage)
    with closing(Mirror(storage)) as mirror:
        mirror.sync()
        file = Path(mirror.client.config["dbpath"])
        assert file.exists()
        assert file.stat().st_mode & 0o777 == 0o600
    assert not file.parent.exists()
    assert not (tmp_path / "cache").exists()


def test_without_a_place_for_it_a_mirror_is_temporary(file: Pair, tmp_path: Path):
    (tmp_path / "not a folder").touch()
    fill(file.stock)
    with closing(Mirror(file.where, directory=tmp_path / "not a folder")) as mirror:
        mirror.sync()
        assert_equal(file.stock, mirror)


@pytest.mark.parametrize("damage", ["garbage", "newer"])
def test_a_mirror_that_cannot_be_used_is_made_anew(file: Pair, damage: str):
    fill(file.stock)
    file.mirror.sync()
    path = file.mirror.client.config["dbpath"]
    file.mirror.close()
    if damage == "garbage":
        Path(path).write_bytes(b"SQLite format 3\0" + b"?" * 10_000)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "INSERT INTO applied_migrations (name, checksum) VALUES ('9999_later', '')"
            )
            connection.commit()
    with closing(file.open()) as mirror:
        mirror.sync()
        assert_equal(file.stock, mirror)


def test_the_storage_of_a_mirror_is_the_original(pair: Pair):
    fill(pair.stock)
    pair.mirror.sync()
    pair.mirror.storage.set_study_user_attr(
        pair.stock.get_study_id_from_name("rich"), "written", "there"
    )
    assert pair.mirror.sync()
    assert_equal(pair.stock, pair.mirror)
    if pair.kind != "memory":
        dispose(pair.mirror.storage)


def test_optuna_is_not_loaded_for_a_database(file: Pair):
    fill(file.stock)
    code = (
        "import sys; from runbase.sources.optuna.mirror import Mirror\n"
        f"mirror = Mirror({file.where!r}); assert mirror.sync(); mirror.close()\n"
        "assert not {'optuna', 'sqlalchemy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# -- another original -----------------------------------------------------------------------------


def test_a_replaced_file_shows_nothing_old(file: Pair, tmp_path: Path):
    fill(file.stock)
    file.mirror.sync()
    other = StockStorage(f"sqlite:///{tmp_path}/other.db")
    study = other.create_new_study([MINIMIZE], "rich")
    for n in range(12):
        other.create_new_trial(study, trial(n, values=[-1.0 * n]))
    dispose(other)
    dispose(file.stock)
    (tmp_path / "other.db").replace(tmp_path / "stock.db")
    assert file.mirror.changed()
    assert file.mirror.sync()
    assert_equal(file.stock, file.mirror)


def test_a_file_that_was_replaced_while_nobody_looked_shows_nothing_old(file: Pair, tmp_path: Path):
    fill(file.stock)
    file.mirror.sync()
    file.mirror.close()
    dispose(file.stock)
    (tmp_path / "stock.db").unlink()
    fill(other := StockStorage(file.where))
    other.create_new_trial(1)
    with closing(file.open()) as mirror:
        assert mirror.sync()
        assert_equal(other, mirror)
    dispose(other)


def test_a_deleted_file_is_an_error_until_it_is_back(file: Pair, tmp_path: Path):
    fill(file.stock)
    file.mirror.sync()
    (tmp_path / "stock.db").rename(tmp_path / "away.db")
    for ask in (file.mirror.changed, file.mirror.sync):
        with pytest.raises(errors.NotFoundError, match="there is no file"):
            ask()
    (tmp_path / "away.db").rename(tmp_path / "stock.db")
    file.mirror.sync()
    assert_equal(file.stock, file.mirror)


def test_a_mirror_that_contradicts_its_original_is_made_anew(file: Pair):
    fill(file.stock)
    file.mirror.sync()
    with closing(sqlite3.connect(file.mirror.client.config["dbpath"])) as connection:
        connection.execute("UPDATE runs SET id = 11 WHERE id = 3")
        connection.commit()
    file.stock.create_new_trial(1)
    assert file.mirror.sync()
    assert_equal(file.stock, file.mirror)


def test_a_trial_that_was_deleted_by_hand_is_gone_when_the_mirror_is_opened_again(file: Pair):
    fill(file.stock)
    file.mirror.sync()
    file.mirror.close()
    with closing(sqlite3.connect(file.where.removeprefix("sqlite:///"))) as connection:
        connection.execute("DELETE FROM trials WHERE study_id = 1 AND number = 2")
        connection.commit()
    file.stock.create_new_study([MINIMIZE], "new")
    with closing(file.open()) as mirror:
        assert mirror.sync()
        assert_equal(file.stock, mirror)


def test_trials_that_share_a_number_are_an_error(file: Pair):
    fill(file.stock)
    with closing(sqlite3.connect(file.where.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE trials SET number = 0 WHERE study_id = 1")
        connection.commit()
    with pytest.raises(errors.CorruptDatabaseError, match="have the same number"):
        file.mirror.sync()


# -- the original is left alone -------------------------------------------------------------------


def test_a_file_is_not_changed(file: Pair, tmp_path: Path):
    fill(file.stock)
    dispose(file.stock)
    before = hashlib.sha256((tmp_path / "stock.db").read_bytes()).digest()
    file.mirror.sync()
    file.mirror.close()
    assert hashlib.sha256((tmp_path / "stock.db").read_bytes()).digest() == before
    assert {f.name for f in tmp_path.iterdir()} == {"stock.db", "cache"}


def test_a_read_only_file_is_mirrored(file: Pair, tmp_path: Path):
    fill(file.stock)
    dispose(file.stock)
    (tmp_path / "stock.db").chmod(0o444)
    file.mirror.sync()
    assert_equal(file.stock, file.mirror)


WORKER = """
import sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
url, name = sys.argv[1:]
study = optuna.create_study(storage=url, study_name=name, load_if_exists=True)
def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("c", ["a", None, True])
    for step in range(3):
        trial.report(x * step, step)
    trial.set_user_attr("x", x)
    if x < 0.2:
        raise optuna.TrialPruned
    return x
study.sampler = optuna.samplers.RandomSampler()
study.optimize(objective, n_trials=8)
"""


@pytest.mark.parametrize("kind", ["sqlite", "wal", "postgres", "mysql", "journal"])
def test_processes_write_while_a_mirror_follows(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
):
    where = place("sqlite" if kind == "wal" else kind, request, tmp_path)
    stock = make(kind, where)
    if kind == "wal":
        with closing(sqlite3.connect(tmp_path / "stock.db")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    optuna.create_study(storage=stock, study_name="shared")
    given = driver(where)
    if kind == "journal":
        code = WORKER.replace("storage=url", "storage=optuna.storages.JournalStorage("
                              "optuna.storages.journal.JournalFileBackend(url))")  # fmt: skip
    else:
        code = WORKER
    workers = [Forked(code, given, name) for name in ("shared", "shared", "own", "other")]
    with closing(Mirror(where)) as mirror, closing(Mirror(where)) as second:
        problems: list[Exception] = []
        done = threading.Event()

        def follow(which: Mirror) -> None:
            try:
                while not done.is_set():
                    if which.changed():
                        which.sync()
                    done.wait(0.01)
            except Exception as error:
                problems.append(error)

        threads = [threading.Thread(target=follow, args=(m,)) for m in (mirror, mirror, second)]
        for thread in threads:
            thread.start()
        errors = [worker.communicate(timeout=100)[1] for worker in workers]
        done.set()
        for thread in threads:
            thread.join()
        assert ([worker.returncode for worker in workers], problems) == ([0] * 4, []), errors
        for each in (mirror, second):
            each.sync()
            assert_equal(stock, each)
            assert not each.sync()
        (count,) = mirror.client.execute("SELECT COUNT(*) FROM runs").fetchone()
        assert count == 32
    dispose(stock)


# -- what cannot be mirrored ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", *SERVERS])
def test_stock_tables_are_told_from_others(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
):
    url = place(kind, request, tmp_path)
    assert not is_stock(url)
    dispose(StockStorage(driver(url)))
    assert is_stock(url)
    assert is_stock(driver(url))
    with closing(Client(url)) as client:
        runbase.commands.setup(client)
    assert not is_stock(url)


def test_asking_for_stock_tables_makes_no_file(tmp_path: Path):
    assert not is_stock(f"sqlite:///{tmp_path}/new.db")
    assert list(tmp_path.iterdir()) == []


def runbase_file(folder: Path) -> str:
    with closing(RDBStorage(f"sqlite:///{folder}/runbase.db")):
        return f"sqlite:///{folder}/runbase.db"


def empty_file(folder: Path) -> str:
    sqlite3.connect(folder / "empty.db").close()
    return f"sqlite:///{folder}/empty.db"


def sqlite_path(folder: Path) -> str:
    dispose(StockStorage(f"sqlite:///{folder}/stock.db"))
    return f"{folder}/stock.db"


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        (lambda f: f"sqlite:///{f}/none.db", errors.NotFoundError, "there is no file"),
        (lambda f: f"{f}/none.journal", errors.NotFoundError, "there is no file"),
        (str, errors.ConfigError, "is a directory"),
        (runbase_file, errors.ConfigError, "is a Runbase database"),
        (empty_file, errors.SchemaError, "no tables of Optuna's"),
        (sqlite_path, errors.ConfigError, "give its URL, sqlite:///"),
        (lambda f: "nonsense://x", errors.ConfigError, "unknown database"),
        (lambda f: "oracle://x", errors.MissingExtraError, "no driver for oracle"),
        (lambda f: "postgresql://nobody:secret@127.0.0.1:1/x", errors.ConnectionFailedError,
         "cannot connect"),
    ],
)  # fmt: skip
def test_what_cannot_be_mirrored_says_why(
    where: Callable[[Path], str], error: type[Exception], words: str, tmp_path: Path
):
    with pytest.raises(error, match=words) as found:
        Mirror(where(tmp_path))
    assert "secret" not in str(found.value)
    assert not (tmp_path / "cache").exists()


def test_tables_of_an_older_optuna_ask_for_an_upgrade(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/old.db"
    make_old(url, "v3.0.0.d")
    with pytest.raises(errors.SchemaError, match="optuna storage upgrade"):
        Mirror(url)


def test_the_class_of_a_storage_can_be_given(tmp_path: Path):
    journal = storage_of_new(tmp_path)
    for name in (None, "JournalFileStorage"):
        assert isinstance(storage_of(journal, name), JournalStorage)
    with pytest.raises(errors.ConfigError, match="unknown storage class 'X': choose RDBStorage"):
        storage_of(journal, "X")


def storage_of_new(folder: Path) -> str:
    fill(make("journal", f"{folder}/stock.journal"))
    return f"{folder}/stock.journal"


# -- storages as objects --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", *SERVERS])
@pytest.mark.parametrize("is_cached", [False, True])
def test_a_storage_object_is_mirrored_like_its_url(
    kind: str, is_cached: bool, request: pytest.FixtureRequest, tmp_path: Path
):
    where = place(kind, request, tmp_path)
    stock = StockStorage(driver(where))
    fill(stock)
    given = optuna.storages.get_storage(driver(where)) if is_cached else stock
    with closing(Mirror(given)) as mirror:
        assert mirror.storage is given
        assert mirror.sync()
        assert_equal(stock, mirror)
        stock.create_new_trial(1)
        assert mirror.sync()
        assert_equal(stock, mirror)
    with closing(Mirror(where)) as by_url:
        assert not by_url.sync()
    dispose(stock)
    dispose(getattr(given, "_backend", given))


def test_tables_in_memory_are_mirrored():
    stock = StockStorage("sqlite://")
    fill(stock)
    with closing(Mirror(stock)) as mirror:
        mirror.sync()
        assert_equal(stock, mirror)
    dispose(stock)


def test_what_json_lacks_is_shown_as_text():
    storage = InMemoryStorage()
    study = storage.create_new_study([MINIMIZE])
    storage.set_study_user_attr(study, "when", START)
    with closing(Mirror(storage)) as mirror:
        mirror.sync()
        (found,) = RDBStorage(mirror.client).get_all_studies()
        assert found.user_attrs == {"when": repr(START)}


# -- what else happens to originals ---------------------------------------------------------------


def test_a_lost_connection_is_replaced(postgres_url: str, postgres_admin: Any):
    stock = StockStorage(driver(postgres_url))
    fill(stock)
    with closing(Mirror(postgres_url)) as mirror:
        mirror.sync()
        dispose(stock)
        postgres_admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            (postgres_url.rpartition("/")[2].partition("?")[0],),
        )
        stock.create_new_trial(1)
        assert mirror.sync()
        assert_equal(stock, mirror)
    dispose(stock)


KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN")
rows = ((1, str(n), '1' * 200) for n in range(5000))
connection.executemany(
    "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (?, ?, ?)", rows)
os._exit(0)
"""


@pytest.mark.parametrize("is_open", [False, True])
def test_half_a_transaction_of_a_killed_program_is_not_shown(
    file: Pair, tmp_path: Path, is_open: bool
):
    fill(file.stock)
    before = content(file.stock)
    dispose(file.stock)
    file.mirror.sync()
    if not is_open:
        file.mirror.close()
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / "stock.db"], check=True, timeout=60)
    assert (tmp_path / "stock.db-journal").stat().st_size > 0
    with closing(file.mirror if is_open else file.open()) as mirror:
        mirror.sync()
        assert not (tmp_path / "stock.db-journal").exists()
        assert content(RDBStorage(mirror.client)) == before


def test_times_of_an_older_optuna_are_local():
    text = START.isoformat(" ", "microseconds")
    assert mirror_tables.has_utc("4.2.1") == (int(optuna.__version__.partition(".")[0]) >= 5)
    assert mirror_tables._from_local(text) == time_text(START)
    assert mirror_tables._from_utc(text) == f"{text}+00:00"

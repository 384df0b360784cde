"""Optuna's studies come in from its own storages and go back to them, equal in everything."""

from __future__ import annotations

import contextlib
import logging
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest
import redis
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

import runbase
from runbase import errors
from runbase.commands import main
from runbase.dashboard.notes import note_attrs, read_note
from runbase.migrate import applied
from runbase.optuna import RDBStorage
from runbase.sources.optuna import Copied, copy_studies, open_source, open_target, writers
from runbase.sources.optuna.compare import is_same
from runbase.sources.optuna.rekey import keys_by_trial, rekeyed

Capture = pytest.CaptureFixture[str]
MINIMIZE, MAXIMIZE = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE
START = datetime(2024, 5, 17, 12, 30, 15, 123457)
#: Where Optuna's own storages are.
PLACES = ("sqlite url", "sqlite file", "postgres", "mysql", "journal")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def place(kind: str, request: pytest.FixtureRequest, folder: Path, name: str = "stock") -> str:
    match kind:
        case "sqlite url":
            return f"sqlite:///{folder}/{name}.db"
        case "sqlite file":
            return str(folder / f"{name}.sqlite")
        case "journal":
            return str(folder / f"{name}.journal")
    return str(request.getfixturevalue(f"{kind}_url"))


@pytest.fixture(params=PLACES)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A URL or path for a stock storage, of which there is nothing yet."""
    return place(request.param, request, tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[RDBStorage]:
    """An empty Runbase storage."""
    storage = RDBStorage(f"sqlite:///{tmp_path}/runbase.db")
    yield storage
    storage.close()


def trial(number: int = 0, state: TrialState = TrialState.COMPLETE, **parts: Any) -> FrozenTrial:
    is_done = state.is_finished()
    facts: dict[str, Any] = {
        "values": [0.1 * number] if state == TrialState.COMPLETE else None,
        "datetime_start": None if state == TrialState.WAITING else START + number * SECOND,
        "datetime_complete": START + number * SECOND + MOMENT if is_done else None,
        "params": {},
        "distributions": {},
        "user_attrs": {},
        "system_attrs": {},
        "intermediate_values": {},
    } | parts
    return FrozenTrial(number=number, state=state, value=None, trial_id=-1, **facts)


SECOND, MOMENT = timedelta(seconds=1), timedelta(milliseconds=987, microseconds=1)
KINDS = {
    "x": FloatDistribution(1e-8, 1.0, log=True),
    "n": IntDistribution(1, 2**40),
    "c": CategoricalDistribution([None, True, 1.5, "Ω/é"]),
    "step": FloatDistribution(0.0, 1.0, step=0.1),
}


def rich_trials() -> list[FrozenTrial]:
    """One of each kind."""
    params = {"x": 0.1 + 0.2, "n": 2**39 + 1, "c": None, "step": 0.3}
    attrs = {"note": "Ω", "nan": math.nan, "nested": {"a": [1, None, {"b": True}]}}
    reports = {0: math.nan, 1: math.inf, 2: -math.inf, 10: 1e-300}
    return [
        trial(0, params=params, distributions=KINDS, user_attrs=attrs, intermediate_values=reports),
        trial(1, values=[math.inf], params={"c": True}, distributions={"c": KINDS["c"]}),
        trial(2, TrialState.PRUNED, values=[0.5], intermediate_values={3: 0.5}),
        trial(3, TrialState.FAIL, system_attrs={"fail_reason": "it broke"}),
        trial(4, TrialState.RUNNING, params={"x": 0.5}, distributions={"x": KINDS["x"]}),
        trial(5, TrialState.WAITING, system_attrs={"fixed_params": {"x": 0.25}}),
        trial(6, values=[-math.inf]),
    ]


def add_study(
    storage: BaseStorage, name: str, trials: list[FrozenTrial], *directions: StudyDirection
) -> int:
    id = storage.create_new_study(directions or [MINIMIZE], name)
    for each in trials:
        storage.create_new_trial(id, each)
    return id


def fill(storage: BaseStorage) -> None:
    """Two studies with one of everything."""
    id = add_study(storage, "rich", rich_trials())
    storage.set_study_user_attr(id, "dataset", {"name": "digits", "n": math.inf})
    storage.set_study_system_attr(id, "study:note", "# A note")
    add_study(
        storage,
        "multi",
        [trial(n, values=[n + 0.5, -n - 0.5]) for n in range(3)],
        MINIMIZE,
        MAXIMIZE,
    )


def studies_of(storage: BaseStorage) -> dict[str, Any]:
    return {s.study_name: s for s in storage.get_all_studies()}


def trials_of(storage: BaseStorage, name: str) -> list[FrozenTrial]:
    return storage.get_all_trials(storage.get_study_id_from_name(name))


def assert_equal(a: BaseStorage, b: BaseStorage) -> None:
    """Both have the same studies; NaN equals NaN, and times are compared as strictly as can be."""
    left, right = studies_of(a), studies_of(b)
    assert left.keys() == right.keys()
    for name, study in left.items():
        assert study.directions == right[name].directions
        assert repr(sorted(study.user_attrs.items())) == repr(
            sorted(right[name].user_attrs.items())
        )
        assert study.system_attrs == right[name].system_attrs
        assert [facts(t) for t in trials_of(a, name)] == [facts(t) for t in trials_of(b, name)]


def facts(trial: FrozenTrial) -> dict[str, Any]:
    found = {name: value for name, value in vars(trial).items() if name != "_trial_id"}
    return {
        k: repr(sorted(v.items())) if isinstance(v, dict) and k != "_distributions" else repr(v)
        for k, v in found.items()
    }


# -- import ---------------------------------------------------------------------------------------


def test_import_copies_everything(where: str, target: RDBStorage):
    with open_target(where) as stock:
        fill(stock)
    with open_source(where) as source:
        done: list[tuple[int, int]] = []
        assert copy_studies(source, target, progress=lambda *now: done.append(now)) == [
            Copied("rich", 7, 0, 0),
            Copied("multi", 3, 0, 0),
        ]
        assert_equal(source, target)
    assert done[-1] == (10, 10)


def test_import_from_memory(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    fill(source)
    copy_studies(source, target)
    assert_equal(source, target)


def test_a_second_import_writes_nothing(where: str, target: RDBStorage):
    with open_target(where) as stock:
        fill(stock)
    with open_source(where) as source:
        copy_studies(source, target)
        target.add_trials = target.replace_trial = None  # type: ignore[method-assign,assignment]
        assert copy_studies(source, target, ["multi", "rich"]) == [
            Copied("multi", 0, 0, 3),
            Copied("rich", 0, 0, 7),
        ]


def test_a_second_import_brings_what_is_new(where: str, target: RDBStorage):
    with open_target(where) as stock:
        fill(stock)
        with open_source(where) as source:
            copy_studies(source, target)
        running, waiting = (t._trial_id for t in trials_of(stock, "rich")[4:6])
        stock.set_trial_param(running, "n", 7, KINDS["n"])
        stock.set_trial_intermediate_value(running, 1, 0.5)
        stock.set_trial_state_values(running, TrialState.COMPLETE, [0.25])
        stock.set_trial_state_values(waiting, TrialState.RUNNING)
        stock.set_trial_user_attr(waiting, "note", "started")
        id = stock.get_study_id_from_name("rich")
        stock.set_study_user_attr(id, "dataset", "another")
        stock.create_new_trial(id, trial(7))
    with open_source(where) as source:
        assert copy_studies(source, target)[0] == Copied("rich", 1, 2, 5)
        assert_equal(source, target)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, OSError])
def test_an_interrupted_import_is_completed(
    where: str, target: RDBStorage, interrupt: type[BaseException], monkeypatch: Any
):
    monkeypatch.setattr("runbase.sources.optuna.CHUNK", 2)
    with open_target(where) as stock:
        fill(stock)

    def report(done: int, total: int) -> None:
        if done == 4:
            raise interrupt

    with open_source(where) as source:
        with pytest.raises(interrupt):
            copy_studies(source, target, progress=report)
        assert copy_studies(source, target) == [Copied("rich", 3, 0, 4), Copied("multi", 3, 0, 0)]
        assert_equal(source, target)


def test_the_page_size_does_not_show(where: str, target: RDBStorage, monkeypatch: Any):
    monkeypatch.setattr("runbase.sources.optuna.CHUNK", 2)
    monkeypatch.setattr("runbase.sources.optuna.trials.CHUNK", 3)
    with open_target(where) as stock:
        fill(stock)
    with open_source(where) as source:
        copy_studies(source, target)
        assert_equal(source, target)


def test_studies_are_chosen_and_renamed(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    fill(source)
    assert copy_studies(source, target, ["multi"], rename="again") == [Copied("again", 3, 0, 0)]
    assert list(studies_of(target)) == ["again"]
    with pytest.raises(errors.NotFoundError, match=r"no study 'nix' .*'rich', 'multi'"):
        copy_studies(source, target, ["multi", "nix"])
    with pytest.raises(errors.ConfigError, match="for one study, not for 2"):
        copy_studies(source, target, rename="again")


def test_another_study_of_the_name_is_not_touched(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    add_study(source, "first", [trial(0)])
    add_study(source, "study", [trial(0), trial(1)])
    add_study(target, "study", [trial(0), trial(1, values=[9.0])])
    with pytest.raises(errors.ConflictError, match=r"another study 'study': its trial 1 .*--as"):
        copy_studies(source, target)
    assert list(studies_of(target)) == ["study"]
    copy_studies(source, target, ["study"], rename="mine")
    assert len(trials_of(target, "mine")) == 2


def test_other_directions_are_another_study(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    add_study(source, "study", [])
    add_study(target, "study", [], MAXIMIZE)
    with pytest.raises(errors.ConflictError, match="its directions are maximize"):
        copy_studies(source, target)


def test_a_queued_trial_that_ran_in_the_target_is_another(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    add_study(source, "study", [trial(0, TrialState.WAITING)])
    copy_studies(source, target)
    target.set_trial_state_values(trials_of(target, "study")[0]._trial_id, TrialState.RUNNING)
    with pytest.raises(errors.ConflictError, match="its trial 0"):
        copy_studies(source, target)


def test_a_study_that_went_on_in_the_target_stays(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    add_study(source, "study", [trial(0)])
    copy_studies(source, target)
    target.create_new_trial(target.get_study_id_from_name("study"), trial(1))
    assert copy_studies(source, target) == [Copied("study", 0, 0, 1)]
    assert len(trials_of(target, "study")) == 2


# -- what people did in a dashboard ---------------------------------------------------------------

ARTIFACT = "0f9d1f3c-95a4-4d51-8a2c-5f0e3b1c2d4e"


def annotate(storage: BaseStorage, study_id: int, trial_id: int) -> None:
    """Notes on a study and a trial, with links to artifacts, one of them in two pieces."""
    study_link, trial_link = links(study_id, trial_id)
    note = "ä" * 2030 + f"![image]({trial_link}) [all]({study_link})"
    for trial_or_study in (None, trial_id):
        for key, value in note_attrs(note, 1, {}, trial_or_study).items():
            storage.set_study_system_attr(study_id, key, value)
    key = f"dashboard:artifacts:{trial_id}:{ARTIFACT}"
    storage.set_study_system_attr(study_id, key, '{"filename": "a.png"}')
    storage.set_study_system_attr(study_id, f"preference:skip_trial:{trial_id}", True)


def links(study_id: int, trial_id: int) -> tuple[str, str]:
    return f"/artifacts/{study_id}/{ARTIFACT}", f"/artifacts/{study_id}/{trial_id}/{ARTIFACT}"


def assert_annotated(storage: BaseStorage, name: str, number: int) -> None:
    id = storage.get_study_id_from_name(name)
    trial_id = trials_of(storage, name)[number]._trial_id
    attrs = storage.get_study_system_attrs(id)
    assert keys_by_trial(attrs).keys() == {trial_id}
    for trial_or_study in (None, trial_id):
        note = read_note(attrs, trial_or_study)
        study_link, trial_link = links(id, trial_id)
        assert note.version == 1
        assert note.body == "ä" * 2030 + f"![image]({trial_link}) [all]({study_link})"
    assert attrs[f"dashboard:artifacts:{trial_id}:{ARTIFACT}"] == '{"filename": "a.png"}'
    assert attrs[f"preference:skip_trial:{trial_id}"] is True


@pytest.mark.parametrize("others", [0, 12])
def test_notes_stay_with_their_trials(where: str, target: RDBStorage, tmp_path: Path, others: int):
    """Ids are others in the copy, and in the copy of the copy."""
    with open_target(where) as stock:
        add_study(stock, "other", [trial(n) for n in range(5)])
        id = add_study(stock, "mine", [trial(n) for n in range(3)])
        annotate(stock, id, trials_of(stock, "mine")[2]._trial_id)
    for n in range(others):
        add_study(target, f"other {n}", [trial(0)])
    with open_source(where) as source:
        copy_studies(source, target, ["mine"])
    assert_annotated(target, "mine", 2)
    with open_target(tmp_path / "there.db") as there:
        copy_studies(target, there)
        assert_annotated(there, "mine", 2)


def test_a_note_that_became_shorter_is_brought_up_to_date(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    add_study(source, "other", [trial(0)])
    id = add_study(source, "mine", [trial(0), trial(1)])
    source_trial = trials_of(source, "mine")[1]._trial_id
    for version, note in enumerate(("long " * 2000, "short", "longer " * 900), 1):
        old = source.get_study_system_attrs(id)
        for key, value in note_attrs(note, version, old, source_trial).items():
            source.set_study_system_attr(id, key, value)
        copy_studies(source, target, ["mine"])
        attrs = target.get_study_system_attrs(target.get_study_id_from_name("mine"))
        copied = trials_of(target, "mine")[1]._trial_id
        assert read_note(attrs, copied) == (version, note)
    target.set_study_system_attr = None  # type: ignore[method-assign,assignment]
    copy_studies(source, target, ["mine"])


def test_a_note_on_no_trial_of_the_study_is_not_given_to_another(target: RDBStorage):
    source = optuna.storages.InMemoryStorage()
    id = add_study(source, "mine", [trial(0)])
    for key, value in note_attrs("lost", 1, {}, 77).items():
        source.set_study_system_attr(id, key, value)
    source.set_study_system_attr(id, "preference:skip_trial:1", True)
    copy_studies(source, target)
    assert target.get_study_system_attrs(target.get_study_id_from_name("mine")) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"/artifacts/1/2/{ARTIFACT}", f"/artifacts/10/20/{ARTIFACT}"),
        (f"/artifacts/1/{ARTIFACT}", f"/artifacts/10/{ARTIFACT}"),
        (f"http://host:8080/artifacts/1/2/{ARTIFACT}?x", f"http://host:8080/artifacts/10/20/{ARTIFACT}?x"),
        (f"/artifacts/2/2/{ARTIFACT}", f"/artifacts/2/2/{ARTIFACT}"),
        (f"/artifacts/1/3/{ARTIFACT}", f"/artifacts/1/3/{ARTIFACT}"),
        ("s3://bucket/artifacts/1/2/model.pt", "s3://bucket/artifacts/1/2/model.pt"),
        ("/artifacts/1/2/", "/artifacts/1/2/"),
    ],
)  # fmt: skip
def test_links_to_artifacts_lead_to_the_copy(before: str, after: str):
    for trial_id, copy in ((None, None), (2, 20)):
        note = note_attrs(f"[a]({before})", 1, {}, trial_id)
        copied = rekeyed(note, {}, (1, 10), {2: 20})
        assert copied == note_attrs(f"[a]({after})", 1, {}, copy)


def test_what_does_not_belong_to_a_trial_is_copied_as_it_is():
    attrs = {
        "study:metric_names": ["a"],
        "dashboard:plot_data:2:0": "{}",
        "dashboard:plot_data:2:note_str:0": "{}",
        "dashboard:form_widgets:v2": {},
        f"artifacts:{ARTIFACT}": "{}",
        "preference:values2": [[2, 1]],
    }
    assert keys_by_trial(attrs) == {}
    assert rekeyed(attrs, {}, (1, 10), {2: 20}) == attrs


# -- export ---------------------------------------------------------------------------------------


def test_export_copies_everything(where: str, target: RDBStorage):
    fill(target)
    with open_target(where) as stock:
        assert copy_studies(target, stock) == [Copied("rich", 7, 0, 0), Copied("multi", 3, 0, 0)]
        if not where.startswith("mysql"):
            assert_equal(target, stock)
    with open_target(where) as stock:
        assert copy_studies(target, stock) == [Copied("rich", 0, 0, 7), Copied("multi", 0, 0, 3)]


def test_a_second_export_brings_what_is_new(where: str, target: RDBStorage):
    fill(target)
    with open_target(where) as stock:
        copy_studies(target, stock)
    running, waiting = (t._trial_id for t in trials_of(target, "rich")[4:6])
    target.set_trial_param(running, "n", 7, KINDS["n"])
    target.set_trial_intermediate_value(running, 1, 0.5)
    target.set_trial_user_attr(running, "note", "done")
    target.set_trial_state_values(running, TrialState.COMPLETE, [0.25])
    target.replace_trial(waiting, trial(5, user_attrs={"note": "done"}, system_attrs=QUEUED))
    target.create_new_trial(target.get_study_id_from_name("rich"), trial(7))
    with open_target(where) as stock:
        assert copy_studies(target, stock)[0] == Copied("rich", 1, 2, 5)
        for a, b in zip(trials_of(target, "rich"), trials_of(stock, "rich"), strict=True):
            assert is_same(a, b)
        if not where.startswith("mysql"):
            assert_equal(target, stock)


QUEUED = {"fixed_params": {"x": 0.25}}


def test_an_exported_study_goes_on_with_stock_optuna(where: str, target: RDBStorage):
    fill(target)
    with open_target(where) as stock:
        copy_studies(target, stock)
        study = optuna.load_study(study_name="rich", storage=stock)
        study.optimize(lambda trial: trial.suggest_float("x", 1e-8, 1.0, log=True), n_trials=2)
        assert [t.number for t in study.trials] == [*range(8)]  # the queued one ran, and a new one
        assert study.trials[5].params == {"x": 0.25}


def test_choices_that_are_equal_for_python_stay_apart(tmp_path: Path, target: RDBStorage):
    kind = CategoricalDistribution([1, True])
    add_study(target, "study", [trial(0, params={"c": True}, distributions={"c": kind})])
    with open_target(tmp_path / "stock.db") as stock:
        copy_studies(target, stock)
        assert trials_of(stock, "study")[0].params["c"] is True


def test_a_value_that_the_tables_cannot_hold_is_refused(tmp_path: Path, target: RDBStorage):
    add_study(target, "study", [trial(0), trial(1, TrialState.RUNNING, values=[math.nan])])
    with open_target(tmp_path / "stock.db") as stock:
        with pytest.raises(errors.InvalidValueError, match=r"trial 1 has the value NaN.*\.journal"):
            copy_studies(target, stock)
        assert trials_of(stock, "study") == []
    with open_target(tmp_path / "stock.journal") as stock:
        copy_studies(target, stock)
        assert_equal(target, stock)


def test_a_journal_cannot_go_back(tmp_path: Path, target: RDBStorage):
    id = add_study(target, "study", [trial(0, TrialState.RUNNING, user_attrs={"a": 1})])
    with open_target(tmp_path / "stock.journal") as stock:
        copy_studies(target, stock)
        target.replace_trial(target.get_all_trials(id)[0]._trial_id, trial(0, TrialState.RUNNING))
        with pytest.raises(errors.ConflictError, match="a journal cannot follow"):
            copy_studies(target, stock)


def test_an_unknown_storage_takes_new_trials_only(target: RDBStorage):
    memory = optuna.storages.InMemoryStorage()
    id = add_study(target, "study", [trial(0, TrialState.RUNNING)])
    copy_studies(target, memory)
    assert_equal(target, memory)
    target.set_trial_state_values(target.get_all_trials(id)[0]._trial_id, TrialState.FAIL)
    with pytest.raises(errors.ConflictError, match="cannot take its times"):
        copy_studies(target, memory)


def test_the_cache_around_a_stock_storage_does_not_matter(tmp_path: Path, target: RDBStorage):
    stock = optuna.storages.get_storage(f"sqlite:///{tmp_path}/stock.db")
    fill(target)
    copy_studies(target, stock)
    assert isinstance(writers.writer_of(stock), writers._RDBWriter)
    assert_equal(target, stock)
    stock._backend.engine.dispose()  # type: ignore[attr-defined]


# -- older versions -------------------------------------------------------------------------------

VERSIONS = (
    "v0.9.0.a", "v1.2.0.a", "v1.3.0.a", "v2.4.0.a", "v2.6.0.a",
    "v3.0.0.a", "v3.0.0.b", "v3.0.0.c", "v3.0.0.d", "v3.2.0.a",
)  # fmt: skip


def make_old(url: str, version: str, folder: Path | None = None) -> None:
    """A database as an older Optuna made it, with a study of three trials."""
    import sqlalchemy
    from alembic import command
    from alembic.config import Config
    from optuna.storages import _rdb

    # Optuna's own steps from version to version fail on MariaDB, so the tables are made in SQLite.
    first = url if folder is None else f"sqlite:///{folder}/form.db"
    config = Config()
    config.set_main_option("script_location", str(Path(str(_rdb.__file__)).parent / "alembic"))
    config.set_main_option("sqlalchemy.url", first)
    logging.getLogger().addHandler(handler := logging.NullHandler())
    command.upgrade(config, version)
    logging.getLogger().removeHandler(handler)
    tables = sqlalchemy.MetaData()
    engine = sqlalchemy.create_engine(first)
    tables.reflect(engine)
    engine.dispose()
    tables.tables["version_info"].columns["version_info_id"].autoincrement = False
    engine = sqlalchemy.create_engine(url)
    tables.create_all(engine)
    with engine.begin() as connection:
        if folder is not None:
            stamp = sqlalchemy.insert(tables.tables["alembic_version"])
            connection.execute(stamp.values(version_num=version))
        for name, row in old_rows(version):
            if name in tables.tables:
                table = tables.tables[name]
                known = {k: v for k, v in row.items() if k in table.columns}
                connection.execute(sqlalchemy.insert(table).values(known))
    engine.dispose()


def old_rows(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "version_info", {"version_info_id": 1, "schema_version": 12, "library_version": version}
    yield "studies", {"study_id": 1, "study_name": "old", "direction": "MAXIMIZE"}
    yield "study_directions", {"study_id": 1, "direction": "MAXIMIZE", "objective": 0}
    yield "study_user_attributes", {"study_id": 1, "key": "k", "value_json": '{"a": [1, null]}'}
    kind = '{"name": "UniformDistribution", "attributes": {"low": 0.0, "high": 1.0}}'
    if version >= "v3":
        kind = (
            '{"name": "FloatDistribution", "attributes": '
            '{"step": null, "low": 0.0, "high": 1.0, "log": false}}'
        )
    for n, state in enumerate(["COMPLETE", "PRUNED", "RUNNING"]):
        value = 0.125 if n == 0 else None
        times = {"datetime_start": START, "datetime_complete": START + SECOND if n < 2 else None}
        ids = {"trial_id": n + 1, "study_id": 1, "number": n}
        yield "trials", ids | times | {"state": state, "value": value}
        if version < "v1.3":
            row = {"trial_id": n + 1, "key": "_number", "value_json": str(n)}
            yield "trial_system_attributes", row
        param = {"param_name": "x", "param_value": 0.25 * (n + 1), "distribution_json": kind}
        yield "trial_params", {"trial_id": n + 1} | param
        yield "trial_user_attributes", {"trial_id": n + 1, "key": "u", "value_json": '"Ω"'}
        if version < "v2.4":
            yield "trial_values", {"trial_id": n + 1, "step": 7, "value": 0.5}
            continue
        report = {"intermediate_value": 0.5, "intermediate_value_type": "FINITE"}
        yield "trial_intermediate_values", {"trial_id": n + 1, "step": 7} | report
        if value is not None:
            row = {"trial_id": n + 1, "objective": 0, "value": value, "value_type": "FINITE"}
            yield "trial_values", row


def content(url: str) -> str:
    """All that is in a database."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url)
    tables = sqlalchemy.MetaData()
    tables.reflect(engine)
    found = []
    with engine.connect() as connection:
        for name, table in sorted(tables.tables.items()):
            columns = [(column.name, str(column.type)) for column in table.columns]
            found.append((name, columns, connection.execute(sqlalchemy.select(table)).fetchall()))
    engine.dispose()
    return repr(found)


def assert_is_old_study(target: BaseStorage) -> None:
    study = studies_of(target)["old"]
    assert study.directions == [MAXIMIZE]
    assert study.user_attrs == {"k": {"a": [1, None]}}
    trials = trials_of(target, "old")
    assert [t.state.name for t in trials] == ["COMPLETE", "PRUNED", "RUNNING"]
    assert [t.number for t in trials] == [0, 1, 2]
    assert [t.params for t in trials] == [{"x": 0.25}, {"x": 0.5}, {"x": 0.75}]
    assert [t.values for t in trials] == [[0.125], None, None]
    for each in trials:
        assert each.distributions == {"x": FloatDistribution(0.0, 1.0)}
        assert each.intermediate_values == {7: 0.5}
        assert each.user_attrs == {"u": "Ω"}
        assert each.system_attrs == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_older_version_is_read_and_not_changed(
    version: str, tmp_path: Path, target: RDBStorage
):
    path = tmp_path / "old.db"
    make_old(f"sqlite:///{path}", version)
    before = path.read_bytes()
    with open_source(path) as source:
        copy_studies(source, target)
        assert copy_studies(source, target) == [Copied("old", 0, 0, 3)]
    assert path.read_bytes() == before
    assert_is_old_study(target)


@pytest.mark.parametrize("version", ["v0.9.0.a", "v2.6.0.a", "v3.0.0.d"])
@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_older_versions_on_servers_are_read_and_not_changed(
    server: str, version: str, target: RDBStorage, tmp_path: Path, request: Any
):
    url = str(request.getfixturevalue(f"{server}_url"))
    full = url.replace("postgresql://", "postgresql+psycopg://").replace("mysql:", "mysql+pymysql:")
    make_old(full, version, tmp_path if server == "mysql" else None)
    before = content(full)
    with open_source(url) as source:
        copy_studies(source, target)
    assert content(full) == before
    assert_is_old_study(target)


def test_tables_from_before_versions_were_kept_are_read(tmp_path: Path, target: RDBStorage):
    import sqlite3

    path = tmp_path / "old.db"
    make_old(f"sqlite:///{path}", "v0.9.0.a")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE alembic_version")
        connection.execute("UPDATE version_info SET schema_version = 11")
    with open_source(path) as source:
        copy_studies(source, target)
    assert_is_old_study(target)


def test_reading_an_older_version_leaves_logging_alone(tmp_path: Path):
    path = tmp_path / "old.db"
    make_old(f"sqlite:///{path}", "v2.6.0.a")
    code = (
        "import logging; mine = logging.getLogger('mine')\n"
        "from runbase.sources.optuna import open_source\n"
        f"with open_source({str(path)!r}): pass\n"
        "assert not mine.disabled and not logging.getLogger().handlers"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_older_version_is_not_written_to(tmp_path: Path):
    make_old(f"sqlite:///{tmp_path}/old.db", "v2.6.0.a")
    with (
        pytest.raises(errors.SchemaError, match=r"older Optuna made.*export to a new database"),
        open_target(tmp_path / "old.db"),
    ):
        pass


def test_a_newer_version_asks_for_a_newer_optuna(tmp_path: Path):
    import sqlite3

    path = tmp_path / "new.db"
    make_old(f"sqlite:///{path}", "v3.2.0.a")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9.0.0.a'")
    for open_it in (open_source, open_target):
        with (
            pytest.raises(errors.SchemaError, match=r"v9\.0\.0\.a.*pip install -U optuna"),
            open_it(path),
        ):
            pass


# -- journals -------------------------------------------------------------------------------------


def test_a_journal_is_known_by_its_content_and_only_read(tmp_path: Path):
    path = tmp_path / "no ending"
    fill(JournalStorage(JournalFileBackend(str(path))))
    before = path.read_bytes()
    path.chmod(0o400)
    with open_source(path) as source:
        assert list(studies_of(source)) == ["rich", "multi"]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["no ending"]


def test_the_last_line_of_a_journal_may_be_half(tmp_path: Path):
    path = tmp_path / "study.journal"
    fill(JournalStorage(JournalFileBackend(str(path))))
    path.write_bytes(path.read_bytes()[:-10])
    with open_source(path) as source:
        assert len(trials_of(source, "multi")) == 2


def test_a_damaged_journal_says_so(tmp_path: Path):
    path = tmp_path / "study.journal"
    fill(JournalStorage(JournalFileBackend(str(path))))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"half of a li\n" + b"".join(lines[2:]))
    with pytest.raises(errors.CorruptDatabaseError, match="is damaged"), open_source(path):
        pass


class FakeRedis:
    """As much of Redis as a journal needs."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self.data.get(key)

    def set(self, key: str, value: Any) -> None:
        self.data[key] = value

    def setnx(self, key: str, value: Any) -> None:
        self.data.setdefault(key, value)

    def eval(self, script: str, n: int, prefix: str, line: str) -> None:
        self.data[f"{prefix}:log_number"] += 1
        self.data[f"{prefix}:log:{self.data[f'{prefix}:log_number']}"] = line


def test_a_journal_in_redis(monkeypatch: pytest.MonkeyPatch, target: RDBStorage):
    server = FakeRedis()
    monkeypatch.setattr(redis.Redis, "from_url", lambda url: server)
    with open_target("redis://localhost") as stock:
        fill(stock)
    with open_source("redis://localhost") as source:
        copy_studies(source, target)
        assert_equal(source, target)


def test_redis_that_is_not_there():
    with (
        pytest.raises(errors.ConnectionFailedError, match=r"redis://alice@127\.0\.0\.1:1 cannot"),
        open_source("redis://alice:secret@127.0.0.1:1"),
    ):
        pass


# -- what is no storage of Optuna's ---------------------------------------------------------------


def sqlite_file(path: Path) -> None:
    import sqlite3

    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (id INTEGER)")


WRONG: list[tuple[str, Callable[[Path], object], type[Exception], str]] = [
    ("no.db", lambda path: None, errors.NotFoundError, "there is no file"),
    ("folder", Path.mkdir, errors.ConfigError, "is a directory"),
    ("notes.txt", lambda p: p.write_text("hello\n"), errors.ConfigError, "neither an SQLite"),
    ("a.json", lambda p: p.write_text("[1]\n"), errors.ConfigError, "neither an SQLite"),
    ("bytes.db", lambda p: p.write_bytes(b"\xff\0" * 99), errors.ConfigError, "neither"),
    ("empty.db", Path.touch, errors.SchemaError, "no tables of Optuna's"),
    ("empty", Path.touch, errors.ConfigError, "its name does not say"),
    ("other.db", sqlite_file, errors.SchemaError, "no tables of Optuna's"),
]


@pytest.mark.parametrize(("name", "make", "error", "words"), WRONG, ids=[w[0] for w in WRONG])
def test_a_wrong_path_says_what_is_wrong(
    tmp_path: Path, name: str, make: Callable[[Path], object], error: Any, words: str
):
    make(tmp_path / name)
    with pytest.raises(error, match=words), open_source(tmp_path / name):
        pass


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("sqlite:///no such.db", errors.NotFoundError, "no file no such.db"),
        ("sqlite://", errors.NotFoundError, "no file :memory:"),
        ("nix://host/db", errors.ConfigError, "unknown database"),
        ("postgresql://a:secret@127.0.0.1:1/db", errors.ConnectionFailedError, "a@127"),
        ("mysql://a:secret@127.0.0.1:1/db", errors.ConnectionFailedError, "a@127"),
        ("postgresql://host:port/db", errors.ConfigError, "no database URL"),
    ],
)
def test_a_wrong_url_says_what_is_wrong(url: str, error: Any, words: str):
    with pytest.raises(error, match=words) as caught, open_source(url):
        pass
    assert "secret" not in str(caught.value)


def test_a_runbase_database_is_not_one_of_optunas(url: str):
    RDBStorage(url).close()
    for open_it in (open_source, open_target):
        with pytest.raises(errors.ConfigError, match="is a Runbase database"), open_it(url):
            pass


def test_studies_of_optunas_own_storage_are_not_hidden_by_new_tables(url: str):
    with open_target(url) as stock:
        fill(stock)
    with pytest.raises(errors.SchemaError, match="runbase import optuna URL --url OTHER"):
        RDBStorage(url)
    with closing(runbase.Client(url)) as client:
        assert applied(client.database) == {}  # nothing was made


def test_studies_are_brought_along_within_a_database(url: str, capsys: Capture):
    with open_target(url) as stock:
        fill(stock)
    for new in ("7", "0"):
        assert main(["import", "optuna", url, "--url", url]) == 0
        assert cells(capsys.readouterr().out)[1][:2] == ["rich", new]
    with closing(RDBStorage(url)) as storage, open_source(url) as source:
        for a, b in zip(trials_of(storage, "rich"), trials_of(source, "rich"), strict=True):
            assert facts(a) == facts(b)


def test_without_optuna_the_error_has_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with (
        pytest.raises(errors.MissingExtraError, match=r"pip install 'runbase\[optuna\]'"),
        open_source("x.db"),
    ):
        pass


def test_a_new_target_of_an_unknown_ending_is_refused(tmp_path: Path):
    with pytest.raises(errors.ConfigError, match=r"\.sqlite or \.db"), open_target(tmp_path / "x"):
        pass


# -- commands -------------------------------------------------------------------------------------


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_import_and_export_commands(where: str, url: str, capsys: Capture, tmp_path: Path):
    if {where.split(":")[0], url.split(":")[0]} & {"postgresql", "mysql"} and (
        where.split(":")[0] == url.split(":")[0]
    ):
        pytest.skip("one database cannot be both")
    with open_target(where) as stock:
        fill(stock)
    assert main(["import", "optuna", where, "--url", url]) == 0
    out = capsys.readouterr()
    *table, (word, database) = cells(out.out)
    assert table == [
        ["study", "new", "updated", "unchanged"], ["rich", "7", "0", "0"], ["multi", "3", "0", "0"],
    ]  # fmt: skip
    assert (word, database.split(":")[0]) == ("Database:", url.split(":")[0])
    assert out.err == ""
    there = str(tmp_path / "there.journal")
    args = ["export", "optuna", "--study", "rich", there, "--as", "renamed"]
    assert main(["--url", url, *args]) == 0
    assert main([*args, "--url", url]) == 0
    assert cells(capsys.readouterr().out)[1::2] == [
        ["renamed", "7", "0", "0"], ["renamed", "0", "0", "7"],
    ]  # fmt: skip
    with open_source(there) as copy, open_source(where) as source:
        for a, b in zip(trials_of(copy, "renamed"), trials_of(source, "rich"), strict=True):
            assert facts(a) == facts(b)


def test_commands_say_in_a_line_what_is_wrong(tmp_path: Path, capsys: Capture):
    url = f"sqlite:///{tmp_path}/runs.db"
    assert main(["import", "optuna", str(tmp_path / "no.db"), "--url", url]) == 1
    assert capsys.readouterr().err.startswith("runbase: there is no file")
    assert not (tmp_path / "runs.db").exists()
    assert main(["export", "optuna", str(tmp_path / "a.journal"), "--url", url]) == 1
    assert capsys.readouterr().err.startswith("runbase: there is no database")
    assert not (tmp_path / "a.journal").exists()


def test_an_unknown_study_leaves_nothing_behind(tmp_path: Path, capsys: Capture):
    with open_target(tmp_path / "stock.db") as stock:
        fill(stock)
    new, url = tmp_path / "runs.db", f"sqlite:///{tmp_path}/runs.db"
    command = ["import", "optuna", str(tmp_path / "stock.db"), "--url", url]
    assert main([*command, "--study", "no"]) == 1
    assert (
        "there is no study 'no' in the source, which has 'rich', 'multi'" in capsys.readouterr().err
    )
    assert not new.exists()
    assert main(command) == 0
    journal = tmp_path / "there.journal"
    assert main(["export", "optuna", str(journal), "--url", url, "--study", "no"]) == 1
    assert not journal.exists()


def test_a_source_without_studies(tmp_path: Path, capsys: Capture):
    with open_target(tmp_path / "empty.db"):
        pass
    url = f"sqlite:///{tmp_path}/runs.db"
    assert main(["import", "optuna", str(tmp_path / "empty.db"), "--url", url]) == 0
    assert capsys.readouterr().out.startswith("There are no studies.\n")


def test_exporting_runs_still_works(tmp_path: Path, capsys: Capture):
    path = str(tmp_path / "runs.db")
    runbase.Experiment(runbase.Client(path), name="optuna").get_run().set_args({"lr": 0.1})
    assert main(["export", path, "-e", "optuna"]) == 0
    assert "args.lr" in capsys.readouterr().out
    assert main(["--url", f"sqlite:///{path}", "export", "--format", "json"]) == 0
    assert '"args.lr"' in capsys.readouterr().out


@pytest.mark.parametrize("command", [["import"], ["import", "optuna"], ["export", "optuna"]])
def test_help_has_examples(command: list[str], capsys: Capture):
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    assert "examples:\n  " in capsys.readouterr().out


def test_the_command_as_a_process(tmp_path: Path):
    with open_target(tmp_path / "stock.db") as stock:
        fill(stock)
    command = [sys.executable, "-W", "error", "-m", "runbase", "import", "optuna", "stock.db"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert cells(done.stdout)[1] == ["rich", "7", "0", "0"]
    storage = RDBStorage(f"sqlite:///{tmp_path}/runbase.db")
    assert len(trials_of(storage, "rich")) == 7
    storage.close()

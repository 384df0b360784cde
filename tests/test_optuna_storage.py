"""The storage as an object: arguments, pickling, closing, and writes of whole trials."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from runbase import Client
from runbase.errors import ConfigError, SchemaError
from runbase.migrate import applied

optuna = pytest.importorskip("optuna")

from optuna.distributions import (  # noqa: E402
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import FrozenTrial, TrialState, create_trial  # noqa: E402

from runbase.optuna import RDBStorage  # noqa: E402

MINIMIZE = [StudyDirection.MINIMIZE]
UNIT = FloatDistribution(0, 1)
TABLES = (
    *("experiments", "runs", "run_params", "run_attrs", "experiment_attrs", "distributions"),
    *("metrics", "metric_names", "metrics_more", "metric_specials", "run_metrics"),
)


@pytest.fixture
def storage(client: Client) -> RDBStorage:
    return RDBStorage(client)


@pytest.fixture
def study_id(storage: RDBStorage) -> int:
    return storage.create_new_study(MINIMIZE, "a study")


@pytest.fixture
def reopened(url: str, client: Client) -> Iterator[Callable[[], RDBStorage]]:
    """Makes new storages, which know only what is in the database."""
    with ExitStack() as stack:
        yield lambda: RDBStorage(stack.enter_context(closing(Client(url))))


def counts(client: Client) -> dict[str, int]:
    """How many rows there are, and how many changes of studies."""
    found = {t: client.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in TABLES}
    changes = client.execute("SELECT COALESCE(SUM(version), 0) FROM experiments").fetchone()[0]
    return found | {"changes": int(changes)}


# -- arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("durability", ["full", "normal", None])
def test_durability_is_the_databases(url: str, durability: Any):
    storage = RDBStorage(url, durability=durability)
    assert storage.client.database.durability == durability
    trial_id = storage.create_new_trial(storage.create_new_study(MINIMIZE, "a study"))
    storage.set_trial_intermediate_value(trial_id, 0, 0.5)
    storage.set_trial_state_values(trial_id, TrialState.COMPLETE, [1.0])
    assert storage.get_trial(trial_id).value == 1.0
    storage.close()


def test_an_unknown_durability_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="choose full or normal"):
        RDBStorage(f"sqlite:///{tmp_path}/runs.db", durability="fast")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_client_takes_the_place_of_the_url(client: Client):
    storage = RDBStorage(client)
    assert storage.client is client
    assert storage.url == client.engine.describe()
    study_id = storage.create_new_study(MINIMIZE, "a study")
    assert client.execute("SELECT id, kind FROM experiments").fetchall() == [(study_id, "optuna")]


def test_an_empty_database_is_set_up(url: str):
    storage = RDBStorage(url)
    assert storage.get_all_studies() == []
    assert "base.sql" in applied(storage.client.database)
    storage.close()


def test_an_empty_database_is_set_up_without_a_check(url: str):
    storage = RDBStorage(url, skip_compatibility_check=True)
    assert storage.get_all_studies() == []
    storage.close()


@pytest.mark.parametrize("nowhere", ["", None, 3])
def test_a_storage_without_a_url_says_what_is_needed(nowhere: Any):
    with pytest.raises(ConfigError, match=r"needs a URL such as sqlite:///runs\.db, not "):
        RDBStorage(nowhere)


@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_an_empty_server_is_left_alone_where_that_is_asked(
    request: pytest.FixtureRequest, server: str
):
    url = request.getfixturevalue(server)
    with pytest.raises(SchemaError, match="no Runbase tables yet: run 'runbase setup'"):
        RDBStorage(url, skip_table_creation=True)
    with closing(Client(url)) as client:
        assert applied(client.database) == {}
        with pytest.raises(SchemaError, match="run 'runbase setup'"):
            RDBStorage(client, skip_table_creation=True)
        RDBStorage(client)  # sets it up
        assert RDBStorage(client, skip_table_creation=True).get_all_studies() == []
    storage = RDBStorage(url, skip_table_creation=True)
    assert storage.get_all_studies() == []
    storage.close()


def test_an_older_database_is_refused_and_not_touched(url: str, client: Client):
    name = RDBStorage(client).get_head_version()
    client.execute("DELETE FROM applied_migrations WHERE name = ?", [name])
    before = applied(client.database)
    with pytest.raises(SchemaError, match="was made by an older Runbase"):
        RDBStorage(url)
    assert applied(client.database) == before
    storage = RDBStorage(url, skip_compatibility_check=True)
    assert storage.get_all_studies() == []
    storage.close()


def test_a_newer_database_is_refused(url: str, client: Client):
    client.execute("INSERT INTO applied_migrations (name, checksum) VALUES ('9999_later.sql', 'x')")
    with pytest.raises(SchemaError, match="was made by a newer Runbase"):
        RDBStorage(url)
    storage = RDBStorage(url, skip_compatibility_check=True)
    assert storage.get_all_studies() == []
    storage.close()


@pytest.mark.parametrize("url", ["nonsense", "oracle://x/y"])
def test_a_wrong_url_is_a_value_error(url: str, tmp_path: Path, monkeypatch: Any):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        RDBStorage(url)
    assert list(tmp_path.iterdir()) == []


# -- pickling and closing ----------------------------------------------------------------------


def pickled(storage: RDBStorage) -> RDBStorage:
    found: RDBStorage = pickle.loads(pickle.dumps(storage))
    return found


def check_is_shared(one: RDBStorage, two: RDBStorage) -> None:
    """What either writes the other reads."""
    study_id = one.create_new_study(MINIMIZE, "shared")
    first = two.create_new_trial(study_id)
    one.set_trial_user_attr(first, "one", 1)
    two.set_trial_user_attr(first, "two", 2)
    assert one.get_trial(first).user_attrs == two.get_trial(first).user_attrs
    assert two.get_trial(first).user_attrs == {"one": 1, "two": 2}
    assert one.client is not two.client


def test_a_storage_of_a_url_can_be_pickled(url: str):
    storage = RDBStorage(url, durability="full", grace_period=7)
    copy = pickled(storage)
    assert (copy.url, copy.grace_period) == (url, 7)
    assert copy.client.database.durability == "full"
    check_is_shared(storage, copy)
    copy.close()
    storage.close()


def test_a_storage_with_engine_kwargs_can_be_pickled(url: str):
    storage = RDBStorage(url, engine_kwargs={"pool_size": 2})
    copy = pickled(storage)
    assert copy.engine_kwargs == {"pool_size": 2}
    check_is_shared(storage, copy)
    copy.close()
    storage.close()


def test_a_storage_of_a_client_can_be_pickled(client: Client):
    storage = RDBStorage(client)
    copy = pickled(storage)
    check_is_shared(storage, copy)
    copy.close()


@pytest.mark.parametrize("kwargs", [None, {"echo": False}], ids=["own", "sqlalchemy"])
def test_a_storage_in_memory_is_copied_by_pickling(kwargs: Any):
    storage = RDBStorage("sqlite://", engine_kwargs=kwargs)
    study_id = storage.create_new_study(MINIMIZE, "a study")
    trial_id = storage.create_new_trial(study_id, create_trial(value=1.0, user_attrs={"a": [1]}))
    copy = pickled(storage)
    assert copy.get_all_trials(study_id) == storage.get_all_trials(study_id)
    again = copy.create_new_trial(study_id)
    assert again == trial_id + 1
    assert storage.get_n_trials(study_id) == 1
    assert [t.number for t in pickled(copy).get_all_trials(study_id)] == [0, 1]
    copy.close()
    storage.close()


def test_a_callback_is_pickled(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/runs.db"
    storage = RDBStorage(url, heartbeat_stale_trial_callback=called)
    copy = pickled(storage)
    assert copy.get_heartbeat_stale_trial_callback() is called
    copy.close()
    storage.close()


def called(study: Any, trial: FrozenTrial) -> None:
    """A callback."""


@pytest.mark.parametrize("kwargs", [None, {"pool_size": 2}], ids=["own", "sqlalchemy"])
def test_a_closed_storage_goes_on(url: str, kwargs: Any):
    storage = RDBStorage(url, engine_kwargs=kwargs)
    study_id = storage.create_new_study(MINIMIZE, "a study")
    trial_id = storage.create_new_trial(study_id)
    for step in range(3):
        storage.close()
        storage.close()
        storage.set_trial_intermediate_value(trial_id, step, step)
        expected = {i: float(i) for i in range(step + 1)}
        assert storage.get_trial(trial_id).intermediate_values == expected
        storage.close()
        assert storage.get_n_trials(study_id) == 1
    storage.close()


def test_closing_in_a_transaction_undoes_it(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    trial_id = storage.create_new_trial(study_id)
    with storage.client:
        storage.set_trial_user_attr(trial_id, "undone", 1)
        storage.client.close()
    other = reopened()
    assert other.get_trial(trial_id).user_attrs == {}
    assert storage.get_trial(trial_id).user_attrs == {}
    other.set_trial_user_attr(trial_id, "done", 1)
    assert storage.get_trial(trial_id).user_attrs == {"done": 1}


# -- names -------------------------------------------------------------------------------------

WRONG = {"too long": "x" * 513, "nul": "a\0b", "half a pair": "a\ud800"}
LONGEST = ["x" * 512, "\N{SNOWMAN}" * 512, "\N{GRINNING FACE}" * 512]


@pytest.mark.parametrize("name", WRONG.values(), ids=WRONG.keys())
def test_wrong_names_are_refused_before_anything_is_written(
    client: Client, storage: RDBStorage, study_id: int, name: str
):
    trial_id = storage.create_new_trial(study_id)
    finished = storage.create_new_trial(study_id, create_trial(value=1.0))
    templates = [
        create_trial(value=1.0, params={name: 0.5}, distributions={name: UNIT}),
        create_trial(value=1.0, user_attrs={name: 1}),
        create_trial(value=1.0, system_attrs={name: 1}, intermediate_values={0: 1.0}),
    ]
    good = create_trial(value=1.0, user_attrs={"good": 1})
    # The distribution, which has no name, is there already.
    storage.set_trial_param(trial_id, "x", 0.5, UNIT)
    before = counts(client)
    trials = storage.get_all_trials(study_id)
    calls: list[Callable[[], object]] = [
        lambda: storage.create_new_study(MINIMIZE, name),
        lambda: storage.set_study_user_attr(study_id, name, 1),
        lambda: storage.set_study_system_attr(study_id, name, 1),
        lambda: storage.set_trial_user_attr(trial_id, name, 1),
        lambda: storage.set_trial_system_attr(trial_id, name, 1),
        lambda: storage.set_trial_param(trial_id, name, 0.5, UNIT),
    ]
    for template in templates:
        calls += [
            lambda template=template: storage.create_new_trial(study_id, template),  # type: ignore[misc]
            lambda template=template: storage.add_trials(study_id, [good, template]),  # type: ignore[misc]
            lambda template=template: storage.replace_trial(finished, template),  # type: ignore[misc]
        ]
    for call in calls:
        with pytest.raises(ValueError, match="at most 512 characters, no NUL"):
            call()
    after = counts(client)
    # Reports have their column from the first attempt on.
    assert after | {"metric_names": 0} == before | {"metric_names": 0}
    assert storage.get_all_trials(study_id) == trials


def test_a_refused_parameter_leaves_no_distribution(
    client: Client, storage: RDBStorage, study_id: int
):
    trial_id = storage.create_new_trial(study_id)
    with pytest.raises(ValueError, match="at most 512 characters"):
        storage.set_trial_param(trial_id, "x" * 513, 0.5, UNIT)
    assert counts(client)["distributions"] == 0


def test_the_longest_names_are_kept(storage: RDBStorage, reopened: Callable[[], RDBStorage]):
    for name in LONGEST:
        study_id = storage.create_new_study(MINIMIZE, name)
        trial_id = storage.create_new_trial(study_id)
        storage.set_study_user_attr(study_id, name, 1)
        storage.set_trial_system_attr(trial_id, name, 2)
        storage.set_trial_param(trial_id, name, 0.5, UNIT)
        other = reopened()
        assert other.get_study_id_from_name(name) == study_id
        assert other.get_study_user_attrs(study_id) == {name: 1}
        trial = other.get_trial(trial_id)
        assert (trial.params, trial.system_attrs) == ({name: 0.5}, {name: 2})


def test_what_is_no_json_is_refused_before_anything_is_written(
    client: Client, storage: RDBStorage, study_id: int
):
    trial_id = storage.create_new_trial(study_id)
    before = counts(client)
    for call in (
        lambda: storage.set_study_user_attr(study_id, "key", object()),
        lambda: storage.set_trial_user_attr(trial_id, "key", {1, 2}),
        lambda: storage.create_new_trial(study_id, create_trial(value=1, user_attrs={"a": ...})),
    ):
        with pytest.raises(TypeError, match="not JSON serializable"):
            call()
    assert counts(client) == before


# -- whole trials ------------------------------------------------------------------------------


def full(value: float, shift: int = 0) -> FrozenTrial:
    """A trial that has everything."""
    return create_trial(
        state=TrialState.COMPLETE,
        value=value,
        params={"rate": 0.25, "n": 3 + shift, "kind": None},
        distributions={
            "rate": UNIT,
            "n": IntDistribution(0, 10),
            "kind": CategoricalDistribution((None, "a")),
        },
        user_attrs={"user": [shift, None]},
        system_attrs={"system": {"a": shift}},
        intermediate_values={0: value, 1: float("inf"), 2: value / 3},
    )


def fields(trial: FrozenTrial) -> dict[str, Any]:
    """Everything but what the storage chooses."""
    return {k: v for k, v in trial.__dict__.items() if k not in ("number", "_number", "_trial_id")}


def test_many_trials_are_added_at_once(
    client: Client, storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    storage.create_new_trial(study_id)
    templates = [full(i / 7, i % 3) for i in range(20)]
    templates[3] = create_trial(state=TrialState.WAITING)
    other = reopened()
    assert other.get_n_trials(study_id) == 1
    before = counts(client)["changes"]
    ids = storage.add_trials(study_id, templates)
    assert counts(client)["changes"] == before + 1
    for each in storage, other, reopened():
        trials = each.get_all_trials(study_id)[1:]
        assert [t._trial_id for t in trials] == ids
        assert [t.number for t in trials] == list(range(1, 21))
        assert [fields(t) for t in trials] == [fields(t) for t in templates]
    assert storage.add_trials(study_id, []) == []
    assert storage.get_trial(storage.create_new_trial(study_id)).number == 21


def test_trials_are_added_all_or_none(
    client: Client, storage: RDBStorage, study_id: int, monkeypatch: pytest.MonkeyPatch
):
    from runbase.store import metrics

    storage.add_trials(study_id, [full(0.5)])
    before, known = counts(client), storage.get_all_trials(study_id)

    def fail(*args: Any) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(metrics, "write", fail)
        with pytest.raises(RuntimeError, match="in the middle"):
            storage.add_trials(study_id, [full(1.0), full(2.0)])
    assert counts(client) == before
    assert storage.get_all_trials(study_id) == known
    assert [storage.get_trial(id).number for id in storage.add_trials(study_id, [full(3.0)])] == [1]


def test_trials_of_a_missing_study_are_refused(storage: RDBStorage, study_id: int):
    with pytest.raises(KeyError):
        storage.add_trials(study_id + 1, [full(1.0)])
    storage.add_trials(study_id, [])
    storage.delete_study(study_id)
    with pytest.raises(KeyError):
        storage.add_trials(study_id, [full(1.0)])


def test_a_trial_in_any_state_is_replaced(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    other, template = reopened(), full(0.5)
    for number, state in enumerate(TrialState):
        values: dict[str, Any] = {"value": 5.0} if state == TrialState.COMPLETE else {}
        trial_id = storage.create_new_trial(study_id, create_trial(state=state, **values))
        assert other.get_trial(trial_id).state == state
        storage.replace_trial(trial_id, template)
        for each in storage, other, reopened():
            trial = each.get_trial(trial_id)
            assert (trial.number, trial._trial_id) == (number, trial_id)
            assert fields(trial) == fields(template)
            assert each.get_best_trial(study_id).number == 0


def test_a_trial_is_replaced_by_one_that_has_less(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    trial_id = storage.create_new_trial(study_id, full(0.5))
    template = create_trial(
        value=1.0, params={"n": 7}, distributions={"n": IntDistribution(0, 10)},
        user_attrs={"other": 1}, intermediate_values={1: 4.0},
    )  # fmt: skip
    storage.replace_trial(trial_id, template)
    for each in storage, reopened():
        assert fields(each.get_trial(trial_id)) == fields(template)


def test_a_trial_is_replaced_by_one_with_another_order_of_parameters(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    kinds: dict[str, BaseDistribution] = {"x": UNIT, "y": UNIT}
    trial_id = storage.create_new_trial(
        study_id, create_trial(value=1.0, params={"x": 0.1, "y": 0.2}, distributions=kinds)
    )
    kinds = {"y": UNIT, "x": UNIT}
    template = create_trial(value=1.0, params={"y": 0.3, "x": 0.4}, distributions=kinds)
    storage.replace_trial(trial_id, template)
    for each in storage, reopened():
        assert each.get_trial(trial_id).params == {"y": 0.3, "x": 0.4}


def test_a_missing_trial_cannot_be_replaced(storage: RDBStorage, study_id: int):
    with pytest.raises(KeyError):
        storage.replace_trial(10**6, full(1.0))


def test_what_was_read_of_a_template_is_what_was_stored(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    template = create_trial(value=1.0, user_attrs={"pair": (1, 2), "keys": {1: "one"}})
    trial_id = storage.create_new_trial(study_id, template)
    stored = reopened().get_trial(trial_id).user_attrs
    assert stored == {"pair": [1, 2], "keys": {"1": "one"}}
    assert storage.get_trial(trial_id).user_attrs == stored


def test_a_parameter_that_was_refused_is_not_remembered(
    storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    finished, running = (storage.create_new_trial(study_id) for _ in range(2))
    reopened().set_trial_state_values(finished, TrialState.FAIL)
    with pytest.raises(RuntimeError):
        storage.set_trial_param(finished, "x", 0.5, UNIT)
    storage.set_trial_param(running, "x", 1, CategoricalDistribution((1, 2)))
    assert reopened().get_trial(running).params == {"x": 2}

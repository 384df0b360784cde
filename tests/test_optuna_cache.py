"""What a storage remembers is what the database has, and costs nothing to read again."""

from __future__ import annotations

import copy
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runbase import Client

optuna = pytest.importorskip("optuna")

from optuna.distributions import CategoricalDistribution, FloatDistribution  # noqa: E402
from optuna.exceptions import UpdateFinishedTrialError  # noqa: E402
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import FrozenTrial, TrialState, create_trial  # noqa: E402

from runbase.optuna import RDBStorage  # noqa: E402
from tests.proxy import Proxy  # noqa: E402

MINIMIZE = [StudyDirection.MINIMIZE]
UNIT = FloatDistribution(0, 1)
COMPLETE, RUNNING, WAITING, FAIL = (
    TrialState.COMPLETE,
    TrialState.RUNNING,
    TrialState.WAITING,
    TrialState.FAIL,
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


@pytest.fixture
def other(reopened: Callable[[], RDBStorage]) -> RDBStorage:
    """A storage of another program."""
    return reopened()


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The moment at which all states are set."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)

    class Frozen(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return moment

    monkeypatch.setattr("runbase.optuna.storage.datetime", Frozen)
    return moment


def value(x: float, **fields: Any) -> FrozenTrial:
    """A completed trial."""
    return create_trial(value=x, **fields)


WRITES: list[Callable[[RDBStorage, int], object]] = [
    lambda s, id: s.set_trial_param(id, "x", 0.5, UNIT),
    lambda s, id: s.set_trial_param(id, "kind", 1, CategoricalDistribution(("a", None))),
    lambda s, id: s.set_trial_param(id, "x", 0.25, UNIT),
    lambda s, id: s.set_trial_intermediate_value(id, 0, 1.0),
    lambda s, id: s.set_trial_intermediate_value(id, 1, 2.0),
    lambda s, id: s.set_trial_intermediate_value(id, 0, 3.0),
    lambda s, id: s.set_trial_user_attr(id, "key", [1]),
    lambda s, id: s.set_trial_user_attr(id, "key", [1, 2]),
    lambda s, id: s.set_trial_system_attr(id, "key", {"a": 1}),
    lambda s, id: s.set_trial_values(id, [0.5]),
    lambda s, id: s.set_trial_state_values(id, COMPLETE, [0.25]),
]


# -- what was handed out -----------------------------------------------------------------------


def test_what_was_returned_never_changes(storage: RDBStorage, study_id: int, other: RDBStorage):
    trial_id = storage.create_new_trial(study_id)
    held: list[tuple[Any, Any]] = []

    def hold(found: Any) -> None:
        held.append((found, copy.deepcopy(found)))

    for write in WRITES:
        for each in storage, other:
            hold(each.get_trial(trial_id))
            hold(each.get_all_trials(study_id))
            hold(each.get_all_trials(study_id, deepcopy=False))
            hold(each.get_all_trials(study_id, deepcopy=False, states=(RUNNING,)))
            hold(each.get_trial_params(trial_id))
            hold(each.get_trial_user_attrs(trial_id))
        write(storage, trial_id)
    hold(storage.get_best_trial(study_id))
    storage.replace_trial(trial_id, value(9.0))
    storage.create_new_trial(study_id)
    assert other.get_n_trials(study_id) == storage.get_n_trials(study_id) == 2
    for found, before in held:
        assert found == before


def test_what_was_returned_may_be_changed(storage: RDBStorage, study_id: int):
    trial_id = storage.create_new_trial(study_id)
    for write in WRITES[:-1]:
        write(storage, trial_id)
    before = copy.deepcopy(storage.get_trial(trial_id))

    def spoil(trial: FrozenTrial) -> None:
        trial.user_attrs["key"].append("spoilt")
        trial.system_attrs["key"]["spoilt"] = 1
        trial.params["spoilt"] = 1
        trial.distributions["spoilt"] = UNIT
        trial.intermediate_values[99] = 1.0
        trial._values = [7.0]
        trial.state = FAIL

    spoil(storage.get_trial(trial_id))
    for found in (
        storage.get_all_trials(study_id),
        storage.get_all_trials(study_id, True, [RUNNING]),
    ):
        spoil(found[0])
    storage.get_trial_params(trial_id)["spoilt"] = 1
    storage.get_trial_user_attrs(trial_id)["key"].append("spoilt")
    storage.get_trial_system_attrs(trial_id)["key"]["spoilt"] = 1
    storage.get_all_trials(study_id, deepcopy=False).clear()
    assert storage.get_trial(trial_id) == before
    assert storage.get_all_trials(study_id) == [before]


def test_what_was_given_may_be_changed_afterwards(
    storage: RDBStorage, study_id: int, other: RDBStorage
):
    template = value(
        1.0, user_attrs={"a": [1]}, params={"x": 0.5}, distributions={"x": UNIT},
        intermediate_values={0: 1.0},
    )  # fmt: skip
    expected = copy.deepcopy(template)
    ids = [storage.create_new_trial(study_id, template), *storage.add_trials(study_id, [template])]
    ids.append(storage.create_new_trial(study_id))
    storage.replace_trial(ids[-1], template)
    attr = {"a": [1]}
    running = storage.create_new_trial(study_id)
    storage.set_trial_user_attr(running, "key", attr)
    template.user_attrs["a"].append(2)
    template.params["x"] = 0.75
    template.intermediate_values[1] = 1.0
    template.distributions.clear()
    attr["a"].append(2)
    for each in storage, other:
        for id in ids:
            trial = each.get_trial(id)
            assert trial.user_attrs == expected.user_attrs
            assert (trial.params, trial.distributions) == ({"x": 0.5}, {"x": UNIT})
            assert trial.intermediate_values == {0: 1.0}
        assert each.get_trial(running).user_attrs == {"key": {"a": [1]}}


# -- what others changed -----------------------------------------------------------------------


def test_each_change_is_seen_at_once_by_another_program(
    storage: RDBStorage, study_id: int, other: RDBStorage
):
    trial_id = storage.create_new_trial(study_id)
    assert other.get_trial(trial_id).state == RUNNING
    pair = [storage, other]
    for place, write in enumerate(WRITES):
        writer, reader = pair[place % 2], pair[1 - place % 2]
        before = reader.get_trial(trial_id)
        write(writer, trial_id)
        after = reader.get_trial(trial_id)
        assert after == writer.get_trial(trial_id)
        assert after != before
    assert reader.get_best_trial(study_id).value == 0.25


def test_two_programs_write_one_trial_in_turn(
    storage: RDBStorage, study_id: int, other: RDBStorage, reopened: Callable[[], RDBStorage]
):
    trial_id = storage.create_new_trial(study_id)
    for step in range(5):  # neither reads in between
        for sign, each in (1, storage), (-1, other):
            each.set_trial_intermediate_value(trial_id, sign * (step + 1), step)
            each.set_trial_user_attr(trial_id, f"{sign} {step}", step)
            each.set_trial_param(trial_id, f"x {sign} {step}", 0.5, UNIT)
    for each in storage, other, reopened():
        trial = each.get_trial(trial_id)
        counts = len(trial.intermediate_values), len(trial.user_attrs), len(trial.params)
        assert counts == (10, 10, 10)
        assert list(trial.params) == [f"x {sign} {step}" for step in range(5) for sign in (1, -1)]


def test_two_storages_of_a_client_share_what_they_know(
    client: Client, storage: RDBStorage, study_id: int
):
    second = RDBStorage(client)
    trial_id = storage.create_new_trial(study_id)
    second.set_trial_user_attr(trial_id, "key", 1)
    assert storage.get_trial(trial_id).user_attrs == {"key": 1}
    second.delete_study(study_id)
    with pytest.raises(KeyError):
        storage.get_trial(trial_id)


BUMP = "UPDATE experiments SET version = version + 1 WHERE id = ?"
VERSION = "version = (SELECT version FROM experiments WHERE id = runs.experiment_id)"


@pytest.mark.parametrize("is_own", [True, False], ids=["own client", "another program"])
def test_changes_by_sql_are_seen_when_the_version_is_counted(
    client: Client, storage: RDBStorage, study_id: int, other: RDBStorage, is_own: bool
):
    reader = storage if is_own else other
    ids = [storage.create_new_trial(study_id) for _ in range(3)]
    assert reader.get_n_trials(study_id, RUNNING) == 3
    with client:
        client.execute(BUMP, [study_id])
        client.execute(
            f"UPDATE runs SET status = 'COMPLETED', value = 0.5, {VERSION} WHERE id = ?", [ids[1]]
        )
        client.execute(
            "INSERT INTO runs (experiment_id, number, status, version)"
            " SELECT id, next_number, 'PLANNED', version FROM experiments WHERE id = ?",
            [study_id],
        )
        client.execute(
            "UPDATE experiments SET next_number = next_number + 1 WHERE id = ?", [study_id]
        )
    assert reader.get_n_trials(study_id) == 4
    assert reader.get_best_trial(study_id)._trial_id == ids[1]
    assert [t.number for t in reader.get_all_trials(study_id, states=(WAITING,))] == [3]
    assert reader.get_trial(reader.create_new_trial(study_id)).number == 4
    with pytest.raises(RuntimeError):
        reader.set_trial_user_attr(ids[1], "key", 1)


def test_a_trial_that_was_changed_without_counting_is_not_lost_for_writers(
    client: Client, storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    trial_id = storage.create_new_trial(study_id)
    for _ in range(5):
        storage.set_trial_user_attr(trial_id, "key", 1)
    # A copy of an older day was put in place: all versions are lower than those known.
    client.execute("UPDATE runs SET version = 1 WHERE id = ?", [trial_id])
    client.execute("UPDATE experiments SET version = 1 WHERE id = ?", [study_id])
    storage.set_trial_user_attr(trial_id, "key", 2)
    storage.set_trial_state_values(trial_id, COMPLETE, [1.0])
    for each in storage, reopened():
        assert each.get_trial(trial_id).user_attrs == {"key": 2}
        assert each.get_best_trial(study_id).value == 1.0


@pytest.mark.parametrize("state", [RUNNING, COMPLETE])
def test_of_two_writers_in_the_same_microsecond_one_comes_first(
    storage: RDBStorage, study_id: int, other: RDBStorage, state: TrialState, frozen: datetime
):
    trial_id = storage.create_new_trial(study_id, create_trial(state=WAITING))
    assert other.get_trial(trial_id).state == WAITING
    assert storage.set_trial_state_values(trial_id, state)
    if state == RUNNING:
        assert not other.set_trial_state_values(trial_id, RUNNING)
    else:
        with pytest.raises(UpdateFinishedTrialError):
            other.set_trial_state_values(trial_id, COMPLETE)


@pytest.mark.parametrize("server", ["postgres", "mysql"])
@pytest.mark.parametrize("state", [RUNNING, COMPLETE])
def test_a_state_whose_answer_was_lost_is_known_as_ones_own(
    server: str, state: TrialState, request: pytest.FixtureRequest
):
    url = str(request.getfixturevalue(f"{server}_url"))
    statement = re.compile(rb"UPDATE runs" if server == "postgres" else rb"COMMIT(\0|$)")
    with closing(Client(url)) as client, closing(Proxy(url)) as proxy:
        storage = RDBStorage(client)
        study_id = storage.create_new_study(MINIMIZE, "a study")
        trial_id = storage.create_new_trial(study_id, create_trial(state=WAITING))
        with closing(Client(proxy.url)) as afar:
            cut = RDBStorage(afar)
            assert cut.get_trial(trial_id).state == WAITING
            proxy.cut(statement)
            assert cut.set_trial_state_values(trial_id, state)
        assert proxy.cuts == 1
        assert storage.get_trial(trial_id).state == state


def test_a_deleted_study_is_gone_for_all(storage: RDBStorage, study_id: int, other: RDBStorage):
    trial_id = storage.create_new_trial(study_id)
    kept = storage.create_new_study(MINIMIZE, "kept")
    assert other.get_n_trials(study_id) == 1
    storage.delete_study(study_id)
    calls: list[Callable[[RDBStorage], object]] = [
        lambda s: s.create_new_trial(study_id),
        lambda s: s.add_trials(study_id, [value(1.0)]),
        lambda s: s.set_trial_user_attr(trial_id, "key", 1),
        lambda s: s.set_trial_state_values(trial_id, COMPLETE, [1.0]),
        lambda s: s.get_trial(trial_id),
        lambda s: s.get_all_trials(study_id),
        lambda s: s.get_n_trials(study_id),
        lambda s: s.get_best_trial(study_id),
        lambda s: s.get_study_name_from_id(study_id),
        lambda s: s.get_study_user_attrs(study_id),
        lambda s: s.delete_study(study_id),
    ]
    for each in other, storage:
        for call in calls:
            with pytest.raises(KeyError):
                call(each)
    again = other.create_new_study(MINIMIZE, "a study")
    assert again > kept
    assert storage.get_study_id_from_name("a study") == again
    assert storage.get_all_trials(again) == []


def test_a_parameter_of_another_kind_is_not_set_where_the_study_is_gone(
    storage: RDBStorage, study_id: int, other: RDBStorage
):
    trial_id = storage.create_new_trial(study_id)
    storage.set_trial_param(trial_id, "c", 0, CategoricalDistribution(("a",)))
    with pytest.raises(ValueError, match="dynamic value space"):
        storage.set_trial_param(trial_id, "c", 0, CategoricalDistribution(("b",)))
    other.delete_study(study_id)
    with pytest.raises(KeyError):
        storage.set_trial_param(trial_id, "c", 0, CategoricalDistribution(("b",)))


# -- transactions of the user ------------------------------------------------------------------


class Undo(Exception):
    """Ends a block."""


def change_everything(storage: RDBStorage, study_id: int, trial_id: int, waiting: int) -> None:
    storage.create_new_trial(study_id)
    storage.create_new_trial(study_id, value(-5.0))
    for write in WRITES:
        write(storage, trial_id)
    assert storage.set_trial_state_values(waiting, RUNNING)
    storage.set_study_user_attr(study_id, "key", 1)


@pytest.mark.parametrize("how", ["exception", "rollback", "savepoint"])
def test_nothing_is_left_of_a_transaction_that_was_rolled_back(
    client: Client, storage: RDBStorage, study_id: int, other: RDBStorage, how: str
):
    trial_id = storage.create_new_trial(study_id)
    waiting = storage.create_new_trial(study_id, create_trial(state=WAITING))
    before = storage.get_all_trials(study_id)
    if how == "rollback":
        with client:
            change_everything(storage, study_id, trial_id, waiting)
            client.rollback()
            assert storage.get_all_trials(study_id) == before
    else:
        with ExitStack() as stack:
            if how == "savepoint":
                stack.enter_context(client)
            with suppress(Undo), client:
                change_everything(storage, study_id, trial_id, waiting)
                assert storage.get_n_trials(study_id) == 4
                raise Undo
            assert storage.get_all_trials(study_id) == before
    for each in storage, other:
        assert each.get_all_trials(study_id) == before
        assert each.get_study_user_attrs(study_id) == {}
        with pytest.raises(ValueError, match="No trials are completed yet"):
            each.get_best_trial(study_id)
    # Versions that were undone are given again: whoever kept them would miss what comes now.
    for each, another in (other, storage), (storage, other):
        each.set_trial_user_attr(trial_id, "key", each is other)
        assert another.get_trial(trial_id).user_attrs == {"key": each is other}
    assert other.set_trial_state_values(waiting, RUNNING)
    assert not storage.set_trial_state_values(waiting, RUNNING)
    assert storage.get_trial(storage.create_new_trial(study_id)).number == 2


def test_a_transaction_that_is_committed_is_seen_as_a_whole(
    client: Client, storage: RDBStorage, study_id: int, other: RDBStorage
):
    trial_id = storage.create_new_trial(study_id)
    waiting = storage.create_new_trial(study_id, create_trial(state=WAITING))
    before = other.get_all_trials(study_id)
    with client:
        change_everything(storage, study_id, trial_id, waiting)
        assert other.get_all_trials(study_id) == before
        inside = storage.get_all_trials(study_id)
    assert storage.get_all_trials(study_id) == other.get_all_trials(study_id) == inside
    assert [t.state for t in inside] == [COMPLETE, RUNNING, RUNNING, COMPLETE]
    assert storage.get_best_trial(study_id).number == 3


def test_a_study_that_was_rolled_back_is_gone(client: Client, storage: RDBStorage):
    with suppress(Undo), client:
        study_id = storage.create_new_study(MINIMIZE, "undone")
        trial_id = storage.create_new_trial(study_id)
        storage.set_trial_param(trial_id, "x", 0.5, UNIT)
        storage.set_trial_intermediate_value(trial_id, 0, 0.5)
        raise Undo
    with pytest.raises(KeyError):
        storage.get_trial(trial_id)
    with pytest.raises(KeyError):
        storage.get_all_trials(study_id)
    again = storage.create_new_study(MINIMIZE, "undone")
    trial_id = storage.create_new_trial(again)
    storage.set_trial_param(trial_id, "x", 1, CategoricalDistribution((1, 2)))  # another kind
    storage.set_trial_intermediate_value(trial_id, 0, 0.25)
    assert storage.get_trial(trial_id).intermediate_values == {0: 0.25}


def test_a_study_whose_deletion_was_rolled_back_is_there(
    client: Client, storage: RDBStorage, study_id: int
):
    storage.create_new_trial(study_id, value(1.0))
    before = storage.get_all_trials(study_id)
    with suppress(Undo), client:
        storage.delete_study(study_id)
        with pytest.raises(KeyError):
            storage.get_all_trials(study_id)
        raise Undo
    assert storage.get_all_trials(study_id) == before


# -- what a read costs -------------------------------------------------------------------------

READS: dict[str, Callable[[RDBStorage, int, int], object]] = {
    "get_trial": lambda s, study, trial: s.get_trial(trial),
    "get_all_trials": lambda s, study, trial: s.get_all_trials(study),
    "get_all_trials in states": lambda s, study, trial: s.get_all_trials(study, states=(WAITING,)),
    "get_n_trials": lambda s, study, trial: s.get_n_trials(study),
    "get_best_trial": lambda s, study, trial: s.get_best_trial(study),
    "get_trial_params": lambda s, study, trial: s.get_trial_params(trial),
    "get_trial_number_from_id": lambda s, study, trial: s.get_trial_number_from_id(trial),
    "get_study_id_from_trial_id": lambda s, study, trial: s.get_study_id_from_trial_id(trial),
    "find by number": lambda s, study, trial: s.get_trial_id_from_study_id_trial_number(study, 0),
}


def test_nothing_is_read_again_from_sqlite_when_nothing_changed(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/runs.db"
    storage, other = RDBStorage(url), RDBStorage(url)
    study_id = storage.create_new_study(MINIMIZE, "a study")
    storage.create_new_trial(study_id, value(1.0))
    trial_id = storage.create_new_trial(study_id)
    storage.get_trial(trial_id)
    statements: list[str] = []
    storage.client.connection.set_trace_callback(statements.append)
    for write in WRITES[:-1]:
        write(storage, trial_id)  # its own changes it knows without reading
        statements.clear()
        for read in READS.values():
            read(storage, study_id, trial_id)
        assert statements == ["PRAGMA data_version"] * len(READS)
    other.set_trial_user_attr(trial_id, "other", 1)
    statements.clear()
    assert storage.get_trial(trial_id).user_attrs["other"] == 1
    assert len(statements) > 1
    statements.clear()
    for read in READS.values():
        read(storage, study_id, trial_id)
    assert set(statements) == {"PRAGMA data_version"}
    storage.client.connection.set_trace_callback(None)
    storage.close()
    other.close()


def test_unchanged_trials_are_the_same_objects(storage: RDBStorage, study_id: int):
    ids = storage.add_trials(study_id, [value(1.0), value(2.0)])
    running = storage.create_new_trial(study_id)
    before = storage.get_all_trials(study_id, deepcopy=False)
    storage.set_trial_user_attr(running, "key", 1)
    after = storage.get_all_trials(study_id, deepcopy=False)
    assert [a is b for a, b in zip(before, after, strict=True)] == [True, True, False]
    assert storage.get_trial(ids[0]) is after[0]


# -- the best trial, numbers -------------------------------------------------------------------


@pytest.mark.parametrize("direction", [StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE])
def test_the_best_trial_is_found_again_when_it_was_replaced(
    storage: RDBStorage, reopened: Callable[[], RDBStorage], direction: StudyDirection
):
    sign = 1 if direction == StudyDirection.MINIMIZE else -1
    study_id = storage.create_new_study([direction], "a study")
    other = reopened()
    ids = storage.add_trials(study_id, [value(sign * x) for x in (3.0, 1.0, 2.0, 1.0)])

    def best() -> int:
        found = {each.get_best_trial(study_id).number for each in (storage, other, reopened())}
        assert len(found) == 1
        return int(found.pop())

    assert best() == 1
    storage.replace_trial(ids[1], value(sign * 5.0))
    assert best() == 3
    other.replace_trial(ids[3], create_trial(state=FAIL))
    assert best() == 2
    storage.replace_trial(ids[0], value(sign * 2.0))
    assert best() == 0  # the first of equal ones
    for id in ids:
        other.replace_trial(id, create_trial(state=WAITING))
    for each in storage, other, reopened():
        with pytest.raises(ValueError, match="No trials are completed yet"):
            each.get_best_trial(study_id)
        assert [t._trial_id for t in each.get_all_trials(study_id, states=(WAITING,))] == ids


def test_numbers_have_gaps_where_runs_were_deleted(
    client: Client, storage: RDBStorage, study_id: int, reopened: Callable[[], RDBStorage]
):
    ids = storage.add_trials(study_id, [value(float(i)) for i in range(6)])
    client.execute("DELETE FROM runs WHERE id IN (:ids)", {"ids": [ids[0], ids[3], ids[5]]})
    fresh = reopened()
    assert [t.number for t in fresh.get_all_trials(study_id)] == [1, 2, 4]
    assert fresh.get_n_trials(study_id) == 3
    assert fresh.get_best_trial(study_id).number == 1
    find = fresh.get_trial_id_from_study_id_trial_number
    assert [find(study_id, number) for number in (1, 2, 4)] == [ids[1], ids[2], ids[4]]
    for number in 0, 3, 5:
        with pytest.raises(KeyError):
            find(study_id, number)
        with pytest.raises(KeyError):
            fresh.get_trial(ids[number])
    new = fresh.create_new_trial(study_id)
    assert fresh.get_trial(new).number == 6  # no number is used again
    assert storage.get_n_trials(study_id) == 7  # who had read them knows them, as documented
    storage.set_trial_user_attr(new, "key", 1)
    assert fresh.get_trial(find(study_id, 6)).user_attrs == {"key": 1}


# -- threads -----------------------------------------------------------------------------------


def test_many_threads_read_and_write(url: str):
    check_threads(RDBStorage(url), RDBStorage(url))


def test_many_threads_share_a_database_in_memory():
    storage = RDBStorage("sqlite://")
    check_threads(storage, storage)


def check_threads(storage: RDBStorage, second: RDBStorage) -> None:
    """Each thread works on its own trials, and looks at those of all others."""
    study_id = storage.create_new_study(MINIMIZE, "a study")
    errors: list[BaseException] = []

    def work(number: int) -> None:
        rng, mine = random.Random(number), storage if number % 2 else second
        seen: dict[int, tuple[int, bool]] = {}
        for turn in range(5):
            id = mine.create_new_trial(study_id)
            for step in range(4):
                mine.set_trial_intermediate_value(id, step, number + step)
                mine.set_trial_user_attr(id, f"{number} {turn}", step)
                trial = mine.get_trial(id)
                assert len(trial.intermediate_values) == step + 1
                assert trial.user_attrs == {f"{number} {turn}": step}
                trials = mine.get_all_trials(study_id, deepcopy=rng.random() < 0.5)
                assert [t.number for t in trials] == list(range(len(trials)))
                for t in trials:
                    now = len(t.intermediate_values), t.state.is_finished()
                    assert now >= seen.get(t._trial_id, (0, False))  # nobody goes back
                    seen[t._trial_id] = now
            mine.set_trial_state_values(id, COMPLETE, [number * 10.0 + turn])
            assert float(mine.get_best_trial(study_id).value or 0.0) <= number * 10 + turn

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            errors.append(error)
        finally:
            storage.remove_session()

    threads = [threading.Thread(target=guarded, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    expected = [number * 10.0 + turn for number in range(6) for turn in range(5)]
    for each in storage, second:
        trials = each.get_all_trials(study_id)
        assert sorted(float(t.value or 0.0) for t in trials) == expected
        assert each.get_best_trial(study_id).value == 0.0
        assert all(len(t.intermediate_values) == 4 for t in trials)
    assert second.get_all_trials(study_id) == storage.get_all_trials(study_id)
    storage.close()
    second.close()

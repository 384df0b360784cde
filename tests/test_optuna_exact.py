"""What goes into the storage of Optuna comes out of another one exactly, and is right in SQL."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from runbase import Client

optuna = pytest.importorskip("optuna")

from optuna.distributions import (  # noqa: E402
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import FrozenTrial, TrialState  # noqa: E402

from runbase.optuna import RDBStorage  # noqa: E402

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

MINIMIZE = [StudyDirection.MINIMIZE]
NUMBERS = [
    *(sys.float_info.max, -sys.float_info.max, sys.float_info.min, 5e-324, -5e-324),
    *(0.1, 1 / 3, 1e16 + 2, 2.0**53 + 2, 1e-300, 123456789.12345679, 0.0, math.pi),
]
STRANGE = [math.inf, -math.inf, math.nan]


@pytest.fixture
def reopened(url: str, client: Client) -> Iterator[Callable[[], BaseStorage]]:
    """Makes new storages, which know only what is in the database."""
    with ExitStack() as stack:
        yield lambda: RDBStorage(stack.enter_context(closing(Client(url))))


@pytest.fixture
def storage(client: Client) -> BaseStorage:
    storage: BaseStorage = RDBStorage(client)
    return storage


@pytest.fixture
def study_id(storage: BaseStorage) -> int:
    return storage.create_new_study(MINIMIZE, "exact")


def exact(value: Any) -> Any:
    """Something that is equal only for values of the same types; NaN is equal to itself."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    return type(value).__name__, repr(value)


def template(**fields: Any) -> FrozenTrial:
    defaults: dict[str, Any] = {
        "number": -1,
        "trial_id": -1,
        "state": TrialState.COMPLETE,
        "value": None,
        "values": [0.5],
        "datetime_start": datetime(2024, 1, 1),
        "datetime_complete": datetime(2024, 1, 2),
        "params": {},
        "distributions": {},
        "user_attrs": {},
        "system_attrs": {},
        "intermediate_values": {},
    }
    return FrozenTrial(**(defaults | fields))


# -- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_template", [False, True], ids=["reported", "template"])
def test_intermediate_values_are_exact(
    storage: BaseStorage,
    study_id: int,
    reopened: Callable[[], BaseStorage],
    is_template: bool,
):
    steps = [-5, 0, 1, 2**31, 2**62, *range(100, 110), -(2**40)]
    values = dict(zip(steps, [*STRANGE, *NUMBERS], strict=True))
    if is_template:
        id = storage.create_new_trial(study_id, template(intermediate_values=values))
    else:
        id = storage.create_new_trial(study_id)
        for step, value in values.items():
            storage.set_trial_intermediate_value(id, step, value)
    for each in (storage, reopened()):
        read = each.get_trial(id).intermediate_values
        assert exact(read) == exact(values)
        assert {type(step) for step in read} == {int}


def test_a_report_replaces_that_of_the_same_step(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    id = storage.create_new_trial(study_id)
    for value in (1.0, math.nan, 2.0, math.inf, math.nan, -math.inf, 3.0, math.nan):
        for step in (-5, 0, 2**62):
            storage.set_trial_intermediate_value(id, step, value)
        read = reopened().get_trial(id).intermediate_values
        assert exact(read) == exact(dict.fromkeys((-5, 0, 2**62), value))


def test_reports_that_are_no_numbers_are_in_the_order_of_steps(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    id = storage.create_new_trial(study_id)
    for step, value in enumerate([1.0, math.nan, math.inf, 2.0]):
        storage.set_trial_intermediate_value(id, step, value)
    for each in (storage, reopened()):
        assert list(each.get_trial(id).intermediate_values) == [0, 1, 2, 3]


def test_a_negative_zero_is_zero(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    # SQLite's numbers have no sign of zero; JSON has one.
    distribution = FloatDistribution(-1, 1)
    id = storage.create_new_trial(study_id)
    storage.set_trial_intermediate_value(id, 0, -0.0)
    storage.set_trial_param(id, "x", -0.0, distribution)
    storage.set_trial_user_attr(id, "zero", [-0.0])
    storage.set_trial_state_values(id, TrialState.COMPLETE, [-0.0])
    trial = reopened().get_trial(id)
    assert (trial.intermediate_values, trial.params, trial.values) == ({0: 0}, {"x": 0}, [0])
    assert repr(trial.user_attrs["zero"]) == "[-0.0]"


@pytest.mark.parametrize("value", [*filter(None, NUMBERS), math.inf, -math.inf])
def test_values_are_exact(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage], value: float
):
    pair = storage.create_new_study([StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE])
    told = storage.create_new_trial(study_id)
    storage.set_trial_state_values(told, TrialState.COMPLETE, [value])
    copied = storage.create_new_trial(study_id, template(values=[value]))
    two = storage.create_new_trial(pair)
    storage.set_trial_state_values(two, TrialState.COMPLETE, [value, -value])
    both = storage.create_new_trial(pair, template(values=[-value, value]))
    for each in (storage, reopened()):
        assert exact(each.get_trial(told).values) == exact([value])
        assert exact(each.get_trial(copied).values) == exact([value])
        assert exact(each.get_trial(two).values) == exact([value, -value])
        assert exact(each.get_trial(both).values) == exact([-value, value])


@pytest.mark.parametrize("direction", [StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE])
def test_the_best_trial_may_be_infinite(
    storage: BaseStorage, reopened: Callable[[], BaseStorage], direction: StudyDirection
):
    study_id = storage.create_new_study([direction])
    sign = 1 if direction == StudyDirection.MINIMIZE else -1
    for number, value in enumerate((math.inf, 1e308, 1.0, -1.0, -1e308, -math.inf)):
        storage.create_new_trial(study_id, template(values=[sign * value]))
        for each in (storage, reopened()):
            assert each.get_best_trial(study_id).number == number
            assert each.get_best_trial(study_id).value == sign * value


@pytest.mark.parametrize("value", NUMBERS)
def test_float_parameters_are_exact(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage], value: float
):
    distribution = FloatDistribution(-sys.float_info.max, sys.float_info.max)
    id = storage.create_new_trial(study_id)
    storage.set_trial_param(id, "x", value, distribution)
    again = reopened()
    assert exact(again.get_trial(id).params) == exact({"x": value})
    assert exact(again.get_trial_param(id, "x")) == exact(value)
    assert again.get_trial(id).distributions == {"x": distribution}


def test_huge_whole_parameters_are_what_optuna_makes_of_them(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    # Optuna's own representation of parameters is float, with 53 bits.
    distribution = IntDistribution(-(2**62), 2**62)
    numbers = [2**60 + 1, 2**60, 2**53 + 1, 2**53 - 1, -(2**60) - 1, 2**62, 7]
    for number in numbers:
        given = template(params={"n": number}, distributions={"n": distribution})
        id = storage.create_new_trial(study_id, given)
        for each in (storage, reopened()):
            read = each.get_trial(id).params["n"]
            assert type(read) is int
            assert read in (number, int(float(number)))
            assert each.get_trial(id).distributions == {"n": distribution}


# -- choices and search spaces -----------------------------------------------------------------

CHOICES = (None, True, 1, 1.0, "1", math.nan, False, 0, 0.0, "", "None", math.inf, 2**60 + 1)


def test_choices_keep_their_types(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    distribution = CategoricalDistribution((*CHOICES, "\N{ROCKET}\0'\"\\"))
    ids = []
    for index in range(len(distribution.choices)):
        ids.append(storage.create_new_trial(study_id))
        storage.set_trial_param(ids[-1], "c", index, distribution)
    for each in (storage, reopened()):
        read = [each.get_trial(id).params["c"] for id in ids]
        assert exact(read) == exact(distribution.choices)
        for id in ids:
            kept = each.get_trial(id).distributions["c"]
            assert isinstance(kept, CategoricalDistribution)
            assert type(kept.choices) is tuple
            assert exact(kept.choices) == exact(distribution.choices)


def test_choices_of_templates_keep_their_types(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    distribution = CategoricalDistribution(CHOICES)
    for choice in CHOICES:
        given = template(params={"c": choice}, distributions={"c": distribution})
        id = storage.create_new_trial(study_id, given)
        for each in (storage, reopened()):
            assert exact(each.get_trial(id).params) == exact({"c": choice})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (CategoricalDistribution(("a", "b")), CategoricalDistribution(("a", "b", "c"))),
        (CategoricalDistribution(("a", "b")), CategoricalDistribution(("b", "a"))),
        (FloatDistribution(0, 1), IntDistribution(0, 1)),
        (FloatDistribution(1, 2), FloatDistribution(1, 2, log=True)),
        (CategoricalDistribution((0, 1)), IntDistribution(0, 1)),
    ],
)
def test_other_kinds_of_a_parameter_are_refused(
    storage: BaseStorage,
    study_id: int,
    reopened: Callable[[], BaseStorage],
    first: BaseDistribution,
    second: BaseDistribution,
):
    storage.set_trial_param(storage.create_new_trial(study_id), "x", 1, first)
    id = storage.create_new_trial(study_id)
    for each in (storage, reopened()):
        with pytest.raises(ValueError, match=r"[Cc]annot set different|dynamic value space"):
            each.set_trial_param(id, "x", 1, second)
        assert each.get_trial(id).params == {}
        other = each.create_new_trial(each.create_new_study(MINIMIZE))
        each.set_trial_param(other, "x", 1, second)  # in another study
        assert each.get_trial(other).distributions == {"x": second}


def test_other_ranges_of_a_parameter_are_taken(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    ranges = [
        FloatDistribution(0, 1),
        FloatDistribution(-5, 0.5),
        FloatDistribution(0, 1, step=0.25),
        FloatDistribution(0, 0),
    ]
    for distribution in ranges:
        storage.set_trial_param(storage.create_new_trial(study_id), "x", 0, distribution)
    read = [trial.distributions["x"] for trial in reopened().get_all_trials(study_id)]
    assert read == ranges


# -- texts -------------------------------------------------------------------------------------

NAMES = [
    *("lr", "LR", "Lr", "lr ", " lr", "l.r", "$.lr", "l'r", 'l"r', "l\\r", "%s", "?", ":lr"),
    *("é", "e\N{COMBINING ACUTE ACCENT}", "e", "ß", "ss", "ı", "\N{ROCKET}", "x" * 400, "", "[0]"),
]


def test_names_are_exact(storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]):
    distribution = FloatDistribution(0, 100)
    id = storage.create_new_trial(study_id)
    expected = {name: float(value) for value, name in enumerate(NAMES)}
    for name, value in expected.items():
        storage.set_trial_param(id, name, value, distribution)
        storage.set_trial_user_attr(id, name, value)
        storage.set_trial_system_attr(id, name, -value)
        storage.set_study_user_attr(study_id, name, value)
        storage.set_study_system_attr(study_id, name, -value)
    negative = {name: -value for name, value in expected.items()}
    copied = storage.create_new_trial(study_id, storage.get_trial(id))
    for each in (storage, reopened()):
        for trial in (each.get_trial(id), each.get_trial(copied)):
            assert trial.params == trial.user_attrs == expected
            assert list(trial.params) == NAMES
            assert trial.system_attrs == negative
        assert each.get_study_user_attrs(study_id) == expected
        assert each.get_study_system_attrs(study_id) == negative


@pytest.mark.parametrize(
    "value",
    [
        "\N{ROCKET} ä 漢字 \N{FAMILY}\N{ZERO WIDTH JOINER}",
        "\0",
        "a\0b",
        "\\u0000",
        "\x01\x1f\x7f\u2028\ufffe\U0010ffff",
        "line\r\nline\ttab",
        ["\0", {"a\0": None, "\N{ROCKET}": [math.nan, math.inf, -math.inf, 1, 1.0, True]}],
        {"b": 1, "a": {"LR": 1, "lr": 2}},
        2**70,
        -(2**63),
        0.1,
        1e400,
        None,
        False,
        "",
        {},
        [],
        '"',
        "null",
        "x" * 100_000,
        "\N{ROCKET}" * 100_000,
        ["y" * 10] * 10_000,
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_attributes_are_exact(
    storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage], value: Any
):
    id = storage.create_new_trial(study_id)
    for turn in ("an earlier value", value):
        storage.set_trial_user_attr(id, "a", turn)
        storage.set_trial_system_attr(id, "a", turn)
        storage.set_study_user_attr(study_id, "a", turn)
        storage.set_study_system_attr(study_id, "a", turn)
    copied = storage.create_new_trial(
        study_id, template(user_attrs={"a": value}, system_attrs={"a": value})
    )
    for each in (storage, reopened()):
        for read in (
            each.get_trial(id).user_attrs,
            each.get_trial(id).system_attrs,
            each.get_trial_system_attrs(id),
            each.get_trial(copied).user_attrs,
            each.get_trial(copied).system_attrs,
            each.get_study_user_attrs(study_id),
            each.get_study_system_attrs(study_id),
        ):
            assert exact(read) == exact({"a": value})


def test_names_of_studies_are_exact(storage: BaseStorage, reopened: Callable[[], BaseStorage]):
    ids = {name: storage.create_new_study(MINIMIZE, name) for name in NAMES}
    assert len(set(ids.values())) == len(NAMES)
    again = reopened()
    for name, id in ids.items():
        assert again.get_study_id_from_name(name) == id
        assert again.get_study_name_from_id(id) == name
        with pytest.raises(optuna.exceptions.DuplicatedStudyError):
            again.create_new_study(MINIMIZE, name)
    assert [study.study_name for study in again.get_all_studies()] == NAMES


def test_a_deleted_name_is_free_and_ids_are_not_used_again(
    storage: BaseStorage, reopened: Callable[[], BaseStorage]
):
    seen: set[tuple[str, int]] = set()
    for _ in range(3):
        study_id = storage.create_new_study(MINIMIZE, "")
        trial_id = storage.create_new_trial(study_id)
        assert not {("study", study_id), ("trial", trial_id)} & seen
        seen |= {("study", study_id), ("trial", trial_id)}
        reopened().delete_study(study_id)
        with pytest.raises(KeyError):
            storage.get_study_id_from_name("")


# -- times -------------------------------------------------------------------------------------


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kolkata"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_times_are_exact(
    zone: str, storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    for start, end in (
        (datetime(2024, 1, 1, 12, 0, 0, 1), datetime(2024, 7, 1, 12, 30, 59, 999_999)),
        (datetime(2024, 11, 3, 1, 30, 0, 500_001), datetime(2024, 11, 3, 2, 30)),
        (datetime(1999, 12, 31, 23, 59, 59, 999_999), datetime(2037, 6, 1)),
    ):
        given = template(datetime_start=start, datetime_complete=end)
        id = storage.create_new_trial(study_id, given)
        for each in (storage, reopened()):
            trial = each.get_trial(id)
            assert (trial.datetime_start, trial.datetime_complete) == (start, end)


def test_times_of_now_are_local(
    zone: str, storage: BaseStorage, study_id: int, reopened: Callable[[], BaseStorage]
):
    id = storage.create_new_trial(study_id)
    storage.set_trial_state_values(id, TrialState.COMPLETE, [1.0])
    for each in (storage, reopened()):
        trial = each.get_trial(id)
        for moment in (trial.datetime_start, trial.datetime_complete):
            assert moment is not None
            assert moment.tzinfo is None
            assert abs((datetime.now() - moment).total_seconds()) < 60
        assert trial.duration is not None
        assert 0 <= trial.duration.total_seconds() < 60


# -- in SQL ------------------------------------------------------------------------------------

JSON = {
    "sqlite": "args->>'$.{name}'",
    "postgresql": "args->>'{name}'",
    "mysql": "JSON_VALUE(args, '$.{name}')",
}


def test_trials_are_rows_of_runs(storage: BaseStorage, study_id: int, client: Client):
    lr, layers = FloatDistribution(0, 1), IntDistribution(1, 9)
    kind = CategoricalDistribution(("sgd", "adam"))

    def create(rate: float, state: TrialState, value: float | None) -> int:
        id = storage.create_new_trial(study_id)
        storage.set_trial_param(id, "lr", rate, lr)
        storage.set_trial_param(id, "layers", 3, layers)
        storage.set_trial_param(id, "kind", 1, kind)
        if state != TrialState.RUNNING:
            storage.set_trial_state_values(id, state, value if value is None else [value])
        return id

    create(0.5, TrialState.COMPLETE, 1.25)
    create(0.25, TrialState.PRUNED, None)
    create(0.125, TrialState.FAIL, None)
    create(0.0625, TrialState.RUNNING, None)
    fields = {"params": {"lr": 0.75, "layers": 4, "kind": "sgd"}, "values": None}
    spaces = {"lr": lr, "layers": layers, "kind": kind}
    storage.create_new_trial(
        study_id,
        template(
            state=TrialState.WAITING,
            datetime_start=None,
            datetime_complete=None,
            distributions=spaces,
            **fields,
        ),
    )
    storage.create_new_trial(study_id, template(distributions=spaces, **fields | {"values": [7.5]}))
    columns = ", ".join(JSON[client.dialect].format(name=name) for name in spaces)
    rows = client.execute(
        f"SELECT number, status, value, {columns} FROM runs WHERE experiment_id ="
        " (SELECT id FROM experiments WHERE name = 'exact') ORDER BY number"
    ).fetchall()
    read = [(*row[:3], float(row[3]), int(row[4]), row[5]) for row in rows]
    assert read == [
        (0, "COMPLETED", 1.25, 0.5, 3, "adam"),
        (1, "PRUNED", None, 0.25, 3, "adam"),
        (2, "FAILED", None, 0.125, 3, "adam"),
        (3, "RUNNING", None, 0.0625, 3, "adam"),
        (4, "PLANNED", None, 0.75, 4, "sgd"),
        (5, "COMPLETED", 7.5, 0.75, 4, "sgd"),
    ]


def test_a_status_follows_the_state(storage: BaseStorage, study_id: int, client: Client):
    waiting = template(
        state=TrialState.WAITING, values=None, datetime_start=None, datetime_complete=None
    )
    id = storage.create_new_trial(study_id, waiting)
    query = "SELECT status, time_started IS NULL, time_finished IS NULL FROM runs"
    seen = [tuple(client.execute(query).fetchall()[0])]
    for state in (TrialState.RUNNING, TrialState.COMPLETE):
        storage.set_trial_state_values(id, state, None if state.name == "RUNNING" else [1.0])
        seen.append(tuple(client.execute(query).fetchall()[0]))
    assert seen == [("PLANNED", 1, 1), ("RUNNING", 0, 1), ("COMPLETED", 0, 0)]


def test_intermediate_values_are_rows_of_metrics(
    storage: BaseStorage, study_id: int, client: Client
):
    values = {-5: 1.5, 0: 2.5, 2**62: 3.5}
    id = storage.create_new_trial(study_id)
    for step, value in values.items():
        storage.set_trial_intermediate_value(id, step, value)
    storage.set_trial_intermediate_value(id, 0, 4.5)
    copied = storage.create_new_trial(study_id, template(intermediate_values=values))
    query = (
        "SELECT number, step, progress, intermediate_value FROM metrics"
        " JOIN runs ON runs.id = run_id ORDER BY number, step"
    )
    rows = [tuple(row) for row in client.execute(query).fetchall()]
    assert [row[0] for row in rows] == [0, 0, 0, 1, 1, 1]
    assert [row[1:] for row in rows[:3]] == [(-5, 0, 1.5), (0, 0, 4.5), (2**62, 0, 3.5)]
    assert [row[1:] for row in rows[3:]] == [(s, 0, v) for s, v in values.items()]
    assert storage.get_trial(copied).intermediate_values == values


def test_nothing_is_left_of_a_deleted_study(storage: BaseStorage, study_id: int, client: Client):
    for state in (TrialState.RUNNING, TrialState.COMPLETE):
        id = storage.create_new_trial(
            study_id,
            template(
                state=state,
                params={"x": 0.5},
                distributions={"x": FloatDistribution(0, 1)},
                user_attrs={"a": 1},
                intermediate_values={0: 1.0, 1: math.nan, 2: math.inf},
            ),
        )
    storage.set_study_user_attr(study_id, "a", 1)
    storage.delete_study(study_id)
    for table in (
        *("experiments", "runs", "experiment_attrs", "run_attrs", "run_params"),
        *("metrics", "metric_specials", "run_metrics"),
    ):
        (count,) = client.execute(f"SELECT COUNT(*) FROM {table}").fetchall()[0]
        assert count == 0, table
    with pytest.raises(KeyError):
        storage.get_trial(id)

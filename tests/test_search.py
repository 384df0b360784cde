"""Runs by a filter in SQL: the same ones in every database, and as a study's own filter finds."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from runbase import Client, Experiment, Run, search
from runbase.dashboard.columns import Tables
from runbase.dashboard.filter.evaluate import evaluate
from runbase.errors import FilterError, InvalidValueError
from runbase.filter import parse
from runbase.filter.syntax import (
    PARTS,
    And,
    Compare,
    Filter,
    Flag,
    In,
    Missing,
    Name,
    Not,
    Or,
    Tag,
    Text,
    Value,
)
from runbase.optuna import RDBStorage
from runbase.search import front
from runbase.search.condition import Condition
from runbase.search.known import known
from runbase.search.operands import Resolver
from runbase.search.statement import Statement
from runbase.store import schema

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: Every example asks the same database, which none of them changes.
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def fill(client: Client) -> Experiment:
    """Four runs, ids 1 to 4, with whatever people keep in arguments."""
    experiment = Experiment(client, name="digits")
    arguments: list[dict[str, Any]] = [
        {"lr": 0.1, "model": "resnet", "opt": {"name": "adam", "wd": 0.0}},
        {"lr": "0.01", "model": "vit", "flag": True, "layers": [64, 64], "opt.name": "sgd"},
        {"lr": 1e-5, "model": None, "flag": False, 'we"ird \\ \n': 1},
        {"lr": math.inf, "model": "Überx", "big": 10**400, "opt": {"deep": {"er": "x"}}},
    ]
    for i, args in enumerate(arguments):
        run = experiment.get_run().set_args(args).set_created(START + timedelta(days=i))
        run.add_metrics({"val/loss": i / 10, "acc": 1 - i / 10 if i else math.nan}, step=1)
        run.add_metrics({"acc": 0.5, "val/loss": 0.5}, step=2)
        run.set_env({"HOST": f"node{i}"}).set_extras({"data": {"rows": i}})
        run.set_tags("baseline" if i % 2 else 'two "words"')
    Run(client, run_id=2).set_comment("Crème brûlée").set_status("RUNNING")
    Run(client, run_id=3).set_started(START).set_updated(START + timedelta(seconds=90))
    return experiment


@pytest.fixture
def digits(client: Client) -> Experiment:
    return fill(client)


def found(experiment: Experiment, text: str, **order: Any) -> list[int]:
    order = {"descending": False} | order
    return search.ids(experiment.client.db, experiment.id, text, **order)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2, 3, 4]),
        ("lr < 0.05", [2, 3]),
        ("args.lr = 0.01", [2]),
        ('lr = "0.01"', [2]),
        ("lr != 0.1", [2, 3, 4]),
        ("lr in (0.1, 0.01)", [1, 2]),
        ("not (lr < 3)", [4]),
        ("lr = inf", []),
        ("lr = Infinity", [4]),
        ("model = none", [3]),
        ("model != vit", [1, 3, 4]),
        ("model is missing", []),
        ("flag is missing", [1, 4]),
        ("flag = true", [2]),
        ("flag != true", [3]),
        ("flag = 1", []),
        ("model in (vit, resnet, none)", [1, 2, 3]),
        ("model > m", [1, 2, 4]),
        ("model < 3", []),
        ("model contains NET", [1]),
        ('model contains "über"', [4]),
        ("opt.name = adam or args.opt.name = sgd", [1, 2]),
        ("args.opt.deep.er = x", [4]),
        ("args.opt.wd = 0", [1]),
        ("layers contains 64", [2]),
        ('layers = "[64, 64]"', [2]),
        ('args."we\\"ird \\\\ \n" = 1', [3]),
        ("big > 1e300", [4]),
        ("acc > 0.85", [2]),
        ("best:acc = 0.5", [1]),
        ("last:acc = 0.5", [1, 2, 3, 4]),
        ("min:acc < 0.6 and max:acc < 0.75", [1, 4]),
        ("mean:acc >= 0.65", [2, 3]),
        ("n:acc = 2", [1, 2, 3, 4]),
        ("at:acc = 1", [2, 3, 4]),
        ("val/loss < 0.15", [1, 2]),
        ('last:"val/loss" = 0.5', [1, 2, 3, 4]),
        ("tag:baseline", [2, 4]),
        ('not tag:"two \\"words\\""', [2, 4]),
        ("tags contains two", [1, 3]),
        ("env.HOST = node1", [2]),
        ("extras.data.rows >= 2", [3, 4]),
        ('"crème"', [2]),
        ('"CRÈME"', [2]),
        ('"RESNET"', [1]),
        ('"baseline"', [2, 4]),
        ('"\\""', [1, 3]),
        ('"100%"', []),
        ('"_"', []),
        ('"running" or "é"', [2]),
        ("experiment = digits", [1, 2, 3, 4]),
        ("kind = optuna", []),
        ("kind = tracking and id > 3", [4]),
        ("number in (0, 1)", [1, 2]),
        ("running", [2]),
        ("status = planned", [1, 3, 4]),
        ("created >= '2026-03-03 12:00:00+00:00'", [3, 4]),
        ("updated is missing", []),
        ("finished = none", [1, 2, 3, 4]),
        ("duration > 89 and duration < 91", [3]),
        ("comment contains BRÛ", [2]),
        ("comment is missing", [1, 3, 4]),
        ("run.name = none and parent is missing", [1, 2, 3, 4]),
        ("best", []),
        ("feasible", [1, 2, 3, 4]),
        ("value is missing", [1, 2, 3, 4]),
    ],
)
def test_a_filter_finds_runs(digits: Experiment, text: str, ids: list[int]):
    assert found(digits, text) == ids
    # The runs of all experiments are these.
    assert search.ids(digits.client.db, None, text, descending=False) == ids


def test_a_text_that_no_database_takes_is_as_it_would_be_stored(experiment: Experiment):
    experiment.get_run().set_args({"a": "b\0\udfff"})
    assert found(experiment, 'a = "b\0\udfff"') == [1]
    assert found(experiment, '"B\0\udfff"') == [1]
    assert found(experiment, 'tag:"\0\ud800"') == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lrr < 3", "at character 1: there is nothing called lrr (did you mean lr?)"),
        ("best and args.Modle = 3", "at character 10: there is no argument Modle (did you"),
        ("attrs.x = 3", "there is no attribute x"),
        ("best:ac > 3", "there is no metric ac (did you mean acc?)"),
        ("env.HOTS = 3", "there is no variable HOTS (did you mean HOST?)"),
        ("extras.data.row = 3", "there is no extra data.row (did you mean data.rows?)"),
        ("status = runing", "at character 10: there is no status runing (did you mean running?)"),
        ("acc < abc", "at character 7: expected a number for acc, not abc"),
        ("acc < none", "expected a number or a text after <, not none"),
        ("acc contains 3", "acc has numbers: contains is for texts"),
        ("created > soon", "expected a time such as"),
        ("created contains 3", "created has times: contains is for texts"),
    ],
)
def test_a_mistake_is_told_with_its_place(digits: Experiment, text: str, message: str):
    with pytest.raises(FilterError) as caught:
        found(digits, text)
    assert message in str(caught.value)


def test_without_runs_any_name_finds_nothing(experiment: Experiment):
    assert found(experiment, "lr < 3 or best:loss > 1 or env.X = 3 or attrs.x = 1") == []


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("id", [4, 3, 2, 1]),
        ("args.lr", [4, 1, 2, 3]),
        ("args.model", [4, 2, 1, 3]),
        ("args.flag", [2, 3, 4, 1]),
        ("args.opt.name", [2, 1, 4, 3]),
        ("best:acc", [2, 3, 4, 1]),
        ("mean:acc", [2, 3, 4, 1]),
        ("created", [4, 3, 2, 1]),
        ("duration", [3, 4, 2, 1]),
        ("status", [2, 4, 3, 1]),
        ("extras.data.rows", [4, 3, 2, 1]),
    ],
)
def test_runs_are_sorted_and_those_without_a_value_come_last(
    digits: Experiment, sort: str, ids: list[int]
):
    assert found(digits, "", sort=sort, descending=True) == ids
    values = search.cells(digits.client.db, ids, [sort])[sort]
    upwards = found(digits, "", sort=sort, descending=False)
    again = search.cells(digits.client.db, upwards, [sort])[sort]
    there = [value for value in values if value is not None]
    assert [value for value in again if value is not None] == there[::-1] or sort == "status"
    assert None not in again[: len(there)]


def test_a_column_that_is_none_is_refused(digits: Experiment):
    with pytest.raises(InvalidValueError, match="there is no column 'nothing': choose from id"):
        found(digits, "", sort="nothing")


@pytest.mark.parametrize("at_a_time", [1, 20])
def test_cells_are_in_the_order_of_the_ids(
    digits: Experiment, at_a_time: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys.modules["runbase.search.cells"], "JOINS", at_a_time)
    monkeypatch.setattr(sys.modules["runbase.search.cells"], "CHUNK", at_a_time)
    keys = [
        "number", "experiment", "status", "created", "duration", "tags", "comment", "args.lr",
        "args.model", "args.layers", "args.flag", "args.opt.name", 'args.we"ird \\ \n', "env.HOST",
        "extras.data.rows", "best:acc", "last:val/loss", "mean:acc", "n:acc", "at:acc", "best:no",
        "args.no", "attrs.no", "value", "value:3",
    ]  # fmt: skip
    cells = search.cells(digits.client.db, [3, 99, 2], keys)
    nothing = [None] * 3
    assert cells == {
        "number": [2, None, 1],
        "experiment": ["digits", None, "digits"],
        "status": ["PLANNED", None, "RUNNING"],
        "created": [START + timedelta(days=2), None, START + timedelta(days=1)],
        "duration": [90.0, None, None],
        "tags": [['two "words"'], None, ["baseline"]],
        "comment": [None, None, "Crème brûlée"],
        "args.lr": [1e-5, None, "0.01"],
        "args.model": [None, None, "vit"],
        "args.layers": [None, None, [64, 64]],
        "args.flag": [False, None, True],
        "args.opt.name": [None, None, "sgd"],
        'args.we"ird \\ \n': [1, None, None],
        "env.HOST": ["node2", None, "node1"],
        "extras.data.rows": [2, None, 1],
        "best:acc": [0.8, None, 0.9],
        "last:val/loss": [0.5, None, 0.5],
        "mean:acc": [0.65, None, 0.7],
        "n:acc": [2, None, 2],
        "at:acc": [1, None, 1],
        "best:no": nothing, "args.no": nothing, "attrs.no": nothing, "value": nothing,
        "value:3": nothing,
    }  # fmt: skip


def test_the_catalogue_has_what_runs_have(digits: Experiment):
    found = search.catalogue(digits.client.db, digits.id)
    kinds = {column.key: column.kind for column in found.columns}
    assert found.total == 4
    assert sorted(found.metrics) == ["acc", "val/loss"]
    assert found.tags == [("baseline", 2), ('two "words"', 2)]
    assert found.statuses == ["PLANNED", "RUNNING"]
    assert {key: kind for key, kind in kinds.items() if key.startswith("args.")} == {
        "args.big": "number", "args.flag": "text", "args.layers": "document", "args.lr": "text",
        "args.model": "text", "args.opt.deep.er": "text", "args.opt.name": "text",
        "args.opt.wd": "number", 'args.we"ird \\ \n': "number",
    }  # fmt: skip
    assert kinds["env.HOST"] == "text"
    assert kinds["extras.data.rows"] == "number"
    assert [key for key in kinds if key.endswith(":acc")] == [f"{part}:acc" for part in PARTS]
    lower = {c.key: c.lower_is_better for c in found.columns if c.group == "metrics"}
    assert lower["best:val/loss"]
    assert not lower["best:acc"]


def test_the_catalogue_has_what_came_later(digits: Experiment, url: str):
    client = digits.client
    search.catalogue(client.db, digits.id)
    Run(client, run_id=4).add_args({"later": 1})  # it has not ended
    run = digits.get_run().set_args({"newer": {"x": 1}}).set_env({"NEW": "1"})
    run.add_metrics({"new": 1.0})
    with closing(Client(url)) as other:
        keys = [column.key for column in search.catalogue(other.db, digits.id).columns]
    assert {"args.later", "args.newer.x", "env.NEW", "best:new"} <= set(keys)
    keys = [column.key for column in search.catalogue(client.db, digits.id).columns]
    assert {"args.later", "args.newer.x", "env.NEW", "best:new"} <= set(keys)


@pytest.mark.parametrize(
    "by",
    ["status", "args.model", "args.lr", "args.flag", "args.opt.name", "tags", "best:acc", "comment",
     "created", "experiment", "duration", "env.HOST"],
)  # fmt: skip
def test_the_filter_of_a_group_lets_through_the_group(digits: Experiment, by: str):
    db = digits.client.db
    groups, total, left_out = search.groups(db, digits.id, "", by, ["best:acc"])
    members = [search.ids(db, digits.id, group.filter) for group in groups]
    assert [len(ids) for ids in members] == [group.count for group in groups]
    assert sorted(id for ids in members for id in ids) == [1, 2, 3, 4]
    assert (total, left_out) == (4, 0)


def test_groups_have_means_of_numbers(digits: Experiment):
    keys = ["best:acc", "args.lr", "status"]
    groups, total, left_out = search.groups(digits.client.db, digits.id, "", "tags", keys, 1)
    (group,) = groups
    assert (total, left_out) == (4, 1)
    assert group.value == ["baseline"]
    assert group.count == 2
    assert group.means == pytest.approx({"best:acc": 0.8, "args.lr": 0.01, "status": None})
    assert group.lows == pytest.approx({"best:acc": 0.7, "args.lr": 0.01, "status": None})
    assert group.highs == pytest.approx({"best:acc": 0.9, "args.lr": 0.01, "status": None})


# ---- Random filters


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)


signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
equal = st.sampled_from(["=", "!="])
numbers = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 1e300, math.inf, -math.inf])
words = st.sampled_from(
    ["a", "b", "A", "true", "False", "None", "2", "0.5", "x y", '"', "%", "_", "é", "É", "[1, 2]"]
)


def asked_about(name: st.SearchStrategy[Name], *, is_mixed: bool) -> st.SearchStrategy[Filter]:
    """Everything that can be asked about a name."""
    value = st.builds(Value, numbers | words if is_mixed else numbers)
    tests: list[st.SearchStrategy[Filter]] = [
        st.builds(Compare, name, signs, value),
        st.builds(Compare, name, equal, st.just(Value(None))),
        st.builds(In, name, st.lists(value, min_size=1, max_size=3).map(tuple)),
        st.builds(Missing, name),
    ]
    if is_mixed:
        part = st.builds(Value, words)
        tests.append(st.builds(Compare, name, st.just("contains"), part))
    return st.one_of(tests)


def names(scope: Any, *keys: str) -> st.SearchStrategy[Name]:
    return st.builds(Name, st.just(scope), st.sampled_from(keys))


def add_trials(client: Client) -> int:
    """A study whose trials have all kinds of values, some of them none."""
    choose = random.Random(1).choice
    study = optuna.create_study(storage=RDBStorage(client), directions=["minimize", "maximize"])
    kinds: dict[str, Any] = {
        "lr": FloatDistribution(-3, 3),
        "n": IntDistribution(-3, 3),
        "kind": CategoricalDistribution(["a", "b", "A", None, True, False, "2", "x y", "é"]),
        "size": CategoricalDistribution([1, 2, 3]),
    }
    attrs = [None, 1, 2.5, "2", "a", True, math.nan, math.inf, [1, 2], {"a": 1}, "É", ""]
    for _ in range(30):
        state = choose([TrialState.COMPLETE, TrialState.COMPLETE, TrialState.FAIL])
        is_complete = state == TrialState.COMPLETE
        params = {
            "lr": choose([-1.0, 0.5, 1.0, 2.5]), "n": choose([-1, 0, 2]),
            "kind": choose(kinds["kind"].choices), "size": choose([1, 2, 3]),
        }  # fmt: skip
        params = {name: value for name, value in params.items() if choose([True, True, False])}
        study.add_trial(
            create_trial(
                state=state,
                values=[choose([-1.0, 0.5, math.inf]), choose([1.0, 2.0])] if is_complete else None,
                params=params,
                distributions={name: kinds[name] for name in params},
                user_attrs={"number": choose([1, 2.5]), "mixed": choose(attrs)},
                system_attrs={"constraints": [choose([-1.0, 1.0])]},
            )
        )
    return int(study._study_id)


of_trials = st.one_of(
    asked_about(names("param", "lr", "n"), is_mixed=False),
    asked_about(names("param", "kind"), is_mixed=True),
    asked_about(names("param", "size"), is_mixed=False),
    asked_about(names("attr", "mixed"), is_mixed=True),
    asked_about(names("attr", "number"), is_mixed=False),
    asked_about(names("any", "lr", "number"), is_mixed=False),
    asked_about(names("value", "0", "1"), is_mixed=False),
    asked_about(names("run", "number", "id"), is_mixed=False),
    st.builds(Flag, st.sampled_from(["feasible", "best"])),
    st.sampled_from([parse("completed"), parse("status != fail"), parse("running")]),
    st.builds(Text, words),
    st.builds(Tag, words),
)


@pytest.fixture
def study(client: Client) -> int:
    return add_trials(client)


@SHARED
@given(filter=st.recursive(of_trials, joined, max_leaves=6))
def test_trials_of_a_study_are_those_that_its_pages_show(
    client: Client, study: int, filter: Filter
):
    table = Tables(client).of(study)
    expected = table.ids[evaluate(table, filter)].tolist()
    assert sorted(search.matching(client.db, study, filter)) == expected


ARGS: dict[str, list[Any]] = {
    "num": [0, 1, -1, 0.5, 2.0, 1e300],
    "word": ["a", "b", "A", "x y", "é", "É", "%", '"', ""],
    "mixed": [
        None,
        True,
        False,
        0,
        1,
        2.5,
        "2",
        "1",
        "1 ",
        "0.5",
        "true",
        "null",
        "None",
        "nan",
        "a",
        "a" * 600,
        [1, 2],
        [],
        "\\",
    ],
    'od"d\\.\n': [1, "1", "b", None, {"x": 1}],
}


def add_runs(client: Client) -> Experiment:
    """Runs with arguments, tags, names and metrics, some of them none."""
    rng = random.Random(2)
    experiment = Experiment(client, name="mixed")
    for _ in range(25):
        args = {name: rng.choice(some) for name, some in ARGS.items() if rng.random() < 0.7}
        if "mixed" in args:
            args["deep"] = {"er": args["mixed"], "er.er": 1}
        run = experiment.get_run().set_args(args)
        run.set_tags(*rng.sample(["a", "é", '"', "x y"], 2)).set_env({"HOST": rng.choice("ab2")})
        run.set_comment(rng.choice([None, "A b", "É", "100%", "2"])).set_extras({"e": {"n": 1}})
        run.set_started(START).set_updated(START + timedelta(seconds=rng.choice([0, 1, 2.5])))
        for step in range(rng.choice([0, 1, 2])):
            run.add_metrics(
                {"m": rng.choice([-1.0, 0.5, 1.0, math.nan]), "loss": 2.0}, step=step, updated=None
            )
    return experiment


metrics = st.builds(
    Name, st.just("metric"), st.sampled_from(["m", "loss"]), part=st.sampled_from(PARTS)
)
of_runs = st.one_of(
    asked_about(names("param", "num", "deep.er.er"), is_mixed=False),
    asked_about(names("param", *[n for n in ARGS if n != "num"], "deep.er"), is_mixed=True),
    asked_about(metrics | names("any", "m", "loss"), is_mixed=False),
    asked_about(names("run", "number", "duration"), is_mixed=False),
    asked_about(names("run", "name", "comment", "experiment", "kind", "tags"), is_mixed=True),
    asked_about(names("env", "HOST") | names("extra", "e.n"), is_mixed=True),
    st.builds(Text, words),
    st.builds(Tag, words),
)


@pytest.fixture(scope="module")
def in_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with closing(Client(str(tmp_path_factory.mktemp("runs") / "runs.db"))) as client:
        schema.setup(client.database)
        add_runs(client)
        yield client


@SHARED
@pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)
@given(filter=st.recursive(of_runs, joined, max_leaves=6))
def test_all_databases_find_the_same_runs(
    client: Client, mixed: Experiment, in_sqlite: Client, filter: Filter
):
    expected = search.matching(in_sqlite.db, 1, filter)
    assert sorted(search.matching(client.db, mixed.id, filter)) == sorted(expected)


@pytest.fixture
def mixed(client: Client) -> Experiment:
    return add_runs(client)


@pytest.mark.parametrize("url", ["postgres", "mysql"], indirect=True)
@pytest.mark.parametrize(
    "key", ["args.num", "args.mixed", "args.word", "best:m", "comment", "duration", "env.HOST"]
)
def test_all_databases_sort_and_group_alike(mixed: Experiment, in_sqlite: Client, key: str):
    databases = (in_sqlite.db, mixed.client.db)
    for descending in (True, False):
        one, other = (search.ids(db, 1, "", key, descending) for db in databases)
        assert one == other
    (ours, *_), (theirs, *_) = (search.groups(db, 1, "", key, ["num"][:0]) for db in databases)
    assert [(g.value, g.filter, g.count) for g in ours] == [
        (g.value, g.filter, g.count) for g in theirs
    ]


# ---- What people write never becomes SQL

MARK = "zq"
odd = st.text(st.characters(codec="ascii"), max_size=8).map(lambda text: f"{MARK}{text}{MARK}")
anything = st.floats(allow_nan=False) | odd | st.none()


def asked_of(scope: Any) -> st.SearchStrategy[Filter]:
    return asked_by(st.builds(Name, st.just(scope), odd, part=st.sampled_from(PARTS)))


def asked_by(name: st.SearchStrategy[Name]) -> st.SearchStrategy[Filter]:
    value = st.builds(Value, anything)
    return st.one_of(
        st.builds(Compare, name, equal, value),
        st.builds(Compare, name, st.just("contains"), st.builds(Value, odd)),
        st.builds(In, name, st.lists(value, min_size=1, max_size=3).map(tuple)),
        st.builds(Missing, name),
    )


scopes: Any = ["param", "attr", "env", "extra"]
anywhere = st.one_of(
    st.sampled_from(scopes).flatmap(asked_of),
    asked_by(names("run", "name", "comment", "experiment", "kind", "tags")),
    st.builds(Tag, odd),
    st.builds(Text, odd),
)


class AnyName(dict[str, Any]):
    """Names that are all there."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> Any:
        return {(key,): None} if self else False


@SHARED
@given(filter=st.recursive(anywhere, joined, max_leaves=6))
def test_what_people_write_is_in_parameters_alone(client: Client, filter: Filter):
    statement = Statement(client.db, 1)
    resolver = Resolver(statement)
    known = resolver.known
    for names in (known.args, known.env, known.extras):
        names.paths = AnyName({"": {}})
    known.args.kind = lambda name: "text"  # type: ignore[method-assign]
    known.attrs = AnyName()
    sql = statement.select("r.id", Condition(statement, resolver).of(filter))
    assert MARK not in sql
    statement.run(sql)


# ---- What came since a process looked


def test_an_argument_that_an_ended_run_got_later_is_found(digits: Experiment):
    db = digits.client.db
    run = digits.get_run().set_args({"lr": 2.0, "size": 1}).start().stop()
    digits.get_run().set_args({"size": 2}).start().stop()
    assert found(digits, "size = 1") == [run.id]
    run.add_args({"late": 5, "new": {"deep": 6}})
    assert found(digits, "args.late = 5 and new.deep = 6") == [run.id]
    keys = [column.key for column in search.catalogue(db, digits.id).columns]
    assert {"args.late", "args.new.deep"} <= set(keys)
    with pytest.raises(FilterError, match="there is no argument later"):
        found(digits, "args.later = 5")


def test_a_text_in_place_of_a_number_is_seen(experiment: Experiment):
    db = experiment.client.db
    runs = [experiment.get_run().set_args({"x": x}).start().stop() for x in (1, 2, 2, None)]
    assert found(experiment, "x = 2") == [2, 3]
    with pytest.raises(FilterError, match="expected a number for x, not abc"):
        found(experiment, "x = abc")
    runs[0].set_args({"x": "abc"})
    assert found(experiment, "x != 2") == [1]
    assert found(experiment, "x = none") == [4]
    groups, *_ = search.groups(db, experiment.id, "", "args.x", [])
    assert [(group.value, group.count) for group in groups] == [(2, 2), ("abc", 1), (None, 1)]
    assert [search.ids(db, experiment.id, group.filter) for group in groups] == [[3, 2], [1], [4]]
    runs[3].set_args({"x": "later"})
    assert found(experiment, "x contains LAT") == [4]


def test_all_runs_that_have_not_ended_are_read_again(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("runbase.search.known.SAMPLE", 1)
    monkeypatch.setattr("runbase.search.known.OTHERS", 2)
    db = experiment.client.db
    runs = [experiment.get_run().set_args({"x": 1}) for _ in range(6)]
    known(db, experiment.id)
    for i, run in enumerate(runs):
        run.add_args({f"late{i}": i})
    for _ in range(3):
        paths = known(db, experiment.id).args.paths
    assert paths.keys() == {"x", *(f"late{i}" for i in range(6))}


def test_a_run_that_is_committed_after_a_later_one_is_read(experiment: Experiment):
    db = experiment.client.db
    experiment.get_run(50).set_args({"x": 1}).start().stop()
    assert known(db, experiment.id).args.paths.keys() == {"x"}
    experiment.get_run(20).set_args({"y": 1}).start().stop()
    assert known(db, experiment.id).args.paths.keys() == {"x", "y"}


# ---- Large filters


def test_a_filter_may_be_long(experiment: Experiment):
    for i in range(3):
        run = experiment.get_run().set_args({"x": [i, "a", True][i]})
        run.add_metrics({f"m{n}": float(n) for n in range(70)}, step=1, updated=None)
    many = ", ".join(map(str, range(2, 1500)))
    assert found(experiment, f"id in ({many})") == [2, 3]
    assert found(experiment, f"x in (none, a, True, 0, {many})") == [1, 2, 3]
    assert found(experiment, f"status in ({', '.join(['planned'] * 500)})") == [1, 2, 3]
    assert found(experiment, "id=2 or " * 1100 + "id=3") == [2, 3]
    assert found(experiment, f"not ({'id!=9 and ' * 900} id=3)") == [1, 2]
    every = " and ".join(f"mean:m{n} = {n} and at:m{n} = 1" for n in range(70))
    assert found(experiment, every) == [1, 2, 3]
    keys = [f"last:m{n}" for n in range(70)]
    (group,), *_ = search.groups(experiment.client.db, experiment.id, "", "status", keys)
    assert group.means == {f"last:m{n}": n for n in range(70)}


def test_a_filter_may_be_nested(digits: Experiment):
    assert found(digits, "not " * 18 + "id = 3") == [3]
    assert found(digits, "(id = 1 or " * 18 + "not id = 3" + ")" * 18) == [1, 2, 4]
    assert found(digits, "(id < 9 and (id = 1 or " * 9 + "not lr = 3" + "))" * 9) == [1, 2, 3, 4]


def test_what_no_database_takes_is_refused(digits: Experiment, monkeypatch: pytest.MonkeyPatch):
    if digits.client.dialect == "postgresql":
        pytest.skip("PostgreSQL takes these")
    monkeypatch.setattr("runbase.search.statement.JOINS", 100)
    for n in range(70):
        Run(digits.client, run_id=1).add_metrics({f"m{n}": 1.0}, step=1, updated=None)
    with pytest.raises(InvalidValueError, match="the filter is too large"):
        found(digits, " and ".join(f"m{n} = 1" for n in range(70)))


# ---- The same in every database


def test_a_status_has_a_part(digits: Experiment):
    digits.get_run().start().stop()
    assert found(digits, 'status contains "OMPL" or status contains plann') == [1, 3, 4, 5]
    assert found(digits, "status contains ompl") == [5]


def test_commas_in_the_texts_of_a_list_stay(experiment: Experiment):
    for value in (["a,b", 0.1, None, True, "é"], ["a, b"], [], [[1, 2], ["x"]]):
        experiment.get_run().set_args({"x": value, 'o"dd': value})
    for name in ("x", '"o\\"dd"'):
        assert found(experiment, f'args.{name} contains "a,b"') == [1]
        assert found(experiment, f'args.{name} = "[\\"a, b\\"]"') == [2]
        assert found(experiment, f'args.{name} = "[\\"a,b\\", 0.1, null, true, \\"é\\"]"') == [1]
        assert found(experiment, f'args.{name} = "[]"') == [3]
        assert found(experiment, f'args.{name} = "[[1, 2], [\\"x\\"]]"') == [4]


def test_texts_that_nearly_read_like_numbers_are_none(experiment: Experiment):
    texts = [" 1", "1\n", "1 ", "1e1000", "1_0", "0x1", "1", "+1", "1.", "1e0", "1E+000", "a"]
    for text in texts:
        experiment.get_run().set_args({"x": text}).set_comment(text)
    for name in ("x", "comment"):
        assert [texts[id - 1] for id in found(experiment, f"{name} > 0")] == texts[6:11]


@pytest.mark.parametrize("by", ["created", "updated"])
def test_groups_by_a_time_have_times_in_utc(digits: Experiment, by: str):
    Run(digits.client, run_id=3).set_updated(START + timedelta(days=2))
    groups, *_ = search.groups(digits.client.db, digits.id, "", by, [])
    assert START + timedelta(days=2) in [group.value for group in groups]
    assert {group.value.utcoffset() for group in groups} == {timedelta(0)}


@pytest.mark.parametrize("key", ["best:gone", "args.gone"])
def test_a_column_that_is_not_there_is_named(digits: Experiment, key: str):
    db, id = digits.client.db, digits.id
    asks: list[Callable[[], Any]] = [
        lambda: search.ids(db, id, "id > 0", sort=key),
        lambda: search.groups(db, id, "", key, []),
        lambda: search.groups(db, id, "", "id", [key]),
    ]
    for ask in asks:
        with pytest.raises(InvalidValueError, match=f"there is no column '{key}': there is") as e:
            ask()
        assert not isinstance(e.value, FilterError)


# ---- The best


@pytest.mark.parametrize("n", [1, 2, 3])
@given(data=st.data())
def test_the_best_are_those_that_none_dominates(n: int, data: st.DataObject):
    value = st.sampled_from([-math.inf, -1.0, 0.0, 1.0, math.inf])
    points = data.draw(st.lists(st.lists(value, min_size=n, max_size=n), max_size=12))
    losses = [(point, id) for id, point in enumerate(points)]
    best = [
        id
        for point, id in losses
        if not any(p != point and all(map(float.__le__, p, point)) for p in points)
    ]
    assert sorted(front._front(list(losses))) == best
    assert sorted(front._front_without_numpy(sorted(losses))) == best


@pytest.mark.parametrize("directions", [1, 2, 3])
def test_the_best_of_many_are_found_soon(directions: int, monkeypatch: pytest.MonkeyPatch):
    losses = [([0.0] * directions, id) for id in range(50_000)]
    monkeypatch.setattr(front, "_front_without_numpy", None)
    assert front._front(losses) == list(range(50_000))


def test_constraints_that_are_no_numbers_are_not_met(client: Client):
    study = optuna.create_study(storage=RDBStorage(client))
    for i, constraints in enumerate([{"a": 1}, ["x"], [[1]], [-1.0], "x", None, [None]]):
        trial = study.ask()
        trial.storage.set_trial_system_attr(trial._trial_id, "constraints", constraints)
        study.tell(trial, i)
    assert search.ids(client.db, study._study_id, "feasible", descending=False) == [4, 6]


def test_what_is_known_of_runs_outlives_a_transaction_that_is_undone(digits: Experiment):
    client = digits.client
    before = known(client.db, digits.id)
    with suppress(ZeroDivisionError), client:
        digits.get_run().set_args({"never": 1})
        raise ZeroDivisionError
    assert known(client.db, digits.id) is before
    digits.get_run().set_args({"later": 1})
    assert search.ids(client.db, digits.id, "args.later = 1") != []

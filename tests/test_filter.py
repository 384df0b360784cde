"""The language of filters: what texts mean, and how mistakes are told."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbase.errors import InvalidValueError
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

RUNNING = Compare(Name("run", "status"), "=", Value("running"))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def printed(filter: Filter) -> str:
    """A filter as text, with parentheses around all of its parts."""
    match filter:
        case And(parts):
            return " and ".join(f"({printed(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({printed(part)})" for part in parts)
        case Not(part):
            return f"not ({printed(part)})"
        case Flag(of):
            return of
        case Tag(of):
            return f"tag:{quoted(of)}"
        case Text(of):
            return quoted(of)
        case Missing(name):
            return f"{name_text(name)} is missing"
        case In(name, values):
            return f"{name_text(name)} in ({', '.join(map(value_text, values))})"
        case Compare(name, sign, value):
            return f"{name_text(name)} {sign} {value_text(value)}"


def name_text(name: Name) -> str:
    match name.scope:
        case "run":
            return f"run.{name.key}"
        case "metric":
            return f"{name.part}:{quoted(name.key)}"
        case "value":
            return f"values.{name.key}"
        case "any":
            return quoted(name.key)
        case _:
            return f"{name.scope}.{quoted(name.key)}"


def value_text(value: Value) -> str:
    if value.of is None:
        return "none"
    return quoted(value.of) if isinstance(value.of, str) else repr(value.of)


names = st.one_of(
    st.builds(
        Name, st.just("run"), st.sampled_from(["number", "id", "duration", "started", "updated"])
    ),
    st.builds(Name, st.just("value"), st.sampled_from(["0", "1", "12"])),
    st.builds(Name, st.sampled_from(["param", "attr", "env", "extra", "any"]), st.text()),
    st.builds(Name, st.just("metric"), st.text(), part=st.sampled_from(PARTS)),
)
values = st.builds(Value, st.one_of(st.none(), st.text(), st.floats(allow_nan=False)))
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
leaves = st.one_of(
    st.builds(Compare, names, signs, values),
    st.builds(Compare, names, st.just("contains"), st.builds(Value, st.text())),
    st.builds(In, names, st.lists(values, min_size=1, max_size=4).map(tuple)),
    st.builds(Missing, names),
    st.builds(Flag, st.sampled_from(["feasible", "best"])),
    st.builds(Tag, st.text()),
    st.builds(Text, st.text()),
)


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)


filters = st.recursive(leaves, joined, max_leaves=12)


@given(filters)
def test_a_filter_that_is_printed_means_the_same(filter: Filter) -> None:
    assert parse(printed(filter)) == filter


@given(st.text(alphabet="value()<>=!\"' .0aeor[],-é\n"))
def test_any_text_is_a_filter_or_a_mistake(text: str) -> None:
    with suppress(InvalidValueError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", And(())),
        (" \n ", And(())),
        ("running", RUNNING),
        ("Status = running", RUNNING),
        ("not RUNNING", Not(RUNNING)),
        ("state == running", RUNNING),
        ("value<0.3", Compare(Name("value", "0"), "<", Value(0.3))),
        ("value > -1e-3", Compare(Name("value", "0"), ">", Value(-0.001))),
        ("value<-inf", Compare(Name("value", "0"), "<", Value(-math.inf))),
        ("values.1 <= 2", Compare(Name("value", "1"), "<=", Value(2.0))),
        ("value[1] <> 2", Compare(Name("value", "1"), "!=", Value(2.0))),
        ("params.lr < .5", Compare(Name("param", "lr"), "<", Value(0.5))),
        ("args.opt.lr < 1", Compare(Name("param", "opt.lr"), "<", Value(1.0))),
        ("lr < 1", Compare(Name("any", "lr"), "<", Value(1.0))),
        ("train/loss-ema > 1", Compare(Name("any", "train/loss-ema"), ">", Value(1.0))),
        ('params."weird name" != 3', Compare(Name("param", "weird name"), "!=", Value(3.0))),
        (r"'it\'s' = 3", Compare(Name("any", "it's"), "=", Value(3.0))),
        ("attrs.epoch > 3", Compare(Name("attr", "epoch"), ">", Value(3.0))),
        ("model = vit", Compare(Name("any", "model"), "=", Value("vit"))),
        ("model CONTAINS net", Compare(Name("any", "model"), "contains", Value("net"))),
        ("model in (a, 'b c', 3, none)",
         In(Name("any", "model"), (Value("a"), Value("b c"), Value(3.0), Value(None)))),
        ("model not in (a)", Not(In(Name("any", "model"), (Value("a"),)))),
        ("model contains 3", Compare(Name("any", "model"), "contains", Value("3"))),
        ("lr = none", Compare(Name("any", "lr"), "=", Value(None))),
        ("params.lr is missing", Missing(Name("param", "lr"))),
        ("lr is not none", Not(Missing(Name("any", "lr")))),
        ("started > 2026-11-02 12:00",
         Compare(Name("run", "started"), ">", Value("2026-11-02 12:00"))),
        ("best or feasible and not running",
         Or((Flag("best"), And((Flag("feasible"), Not(RUNNING)))))),
        ("(best or feasible) and running", And((Or((Flag("best"), Flag("feasible"))), RUNNING))),
        ("tag:baseline", Tag("baseline")),
        ("TAG:a/b.c or not tag:'two words'", Or((Tag("a/b.c"), Not(Tag("two words"))))),
        ('"two words"', Text("two words")),
        ("'x' and ('y' or best)", And((Text("x"), Or((Text("y"), Flag("best")))))),
        ("best:val_acc > 0.9", Compare(Name("metric", "val_acc"), ">", Value(0.9))),
        ("last:val/acc.top-5 > 1",
         Compare(Name("metric", "val/acc.top-5", part="last"), ">", Value(1.0))),
        ('min:"val loss" < 1', Compare(Name("metric", "val loss", part="min"), "<", Value(1.0))),
        ("at:loss is missing", Missing(Name("metric", "loss", part="at"))),
        ("metrics.loss < 1", Compare(Name("metric", "loss"), "<", Value(1.0))),
        ("value:1 < 2", Compare(Name("value", "1"), "<", Value(2.0))),
        ("env.HOST = a", Compare(Name("env", "HOST"), "=", Value("a"))),
        ("extras.data.rows > 9", Compare(Name("extra", "data.rows"), ">", Value(9.0))),
        ("kind = optuna", Compare(Name("any", "kind"), "=", Value("optuna"))),
        ("run.kind = optuna", Compare(Name("run", "kind"), "=", Value("optuna"))),
        ("run.state = running", Compare(Name("run", "status"), "=", Value("running"))),
        ("best = 3", Compare(Name("any", "best"), "=", Value(3.0))),
    ],
)  # fmt: skip
def test_what_a_filter_means(text: str, meaning: Filter) -> None:
    assert parse(text) == meaning


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("value <", 8, "expected a number or a text, not the end"),
        ("value < and", 9, "expected a number or a text, not and"),
        ("value 3", 7, "expected a comparison such as = or < after value, not 3"),
        ("best best", 6, "expected and, or, or the end, not best"),
        ("(best", 6, "expected ), not the end"),
        ("and", 1, "expected a name, not and"),
        ("lr is 3", 7, "expected missing, not 3"),
        ("lr not 3", 8, "expected in or contains, not 3"),
        ("lr in 3", 7, "expected (, not 3"),
        ("lr in (3", 9, "expected ), not the end"),
        ('x = "abc', 5, "the quote that begins here does not end"),
        ("x = 3 ; drop", 7, "expected a name, a value or a comparison, not ;"),
        ("values.x < 3", 1, "expected the number of an objective, not x"),
        ("runing", 7, "(did you mean running?)"),
        ("resnet", 7, "or quotes around it to search for the text, not the end"),
        ("tag:x = 3", 1, "tag:x stands alone"),
        ("best and run.nmae = 3", 10, "runs have no nmae (did you mean name"),
        ("value:x < 3", 1, "expected the number of an objective, not x"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, at: int, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        parse(text)
    assert f"at character {at}: " in str(caught.value)
    assert message in str(caught.value)


def test_a_filter_that_is_too_long_or_too_deep_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="at most"):
        parse("best or " * 5000 + "best")
    with pytest.raises(InvalidValueError, match="too deeply"):
        parse("(" * 5000 + "best" + ")" * 3000)
    with pytest.raises(InvalidValueError, match="too deeply"):
        parse("not " * 2000 + "best")

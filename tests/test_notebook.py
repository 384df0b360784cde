"""Cells of notebooks: `runbase.notebook`."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbase import notebook
from runbase.errors import MissingExtraError
from runbase.notebook import (
    COLORS,
    format_bool,
    format_dataframe,
    format_datetime,
    format_datetime_relative,
    format_float,
    format_marked,
    format_percentage,
    format_status,
    format_string,
    format_tags,
    format_timedelta,
    init_notebook_mode,
    textcolor,
)
from runbase.store.runs import STATUSES

pd = pytest.importorskip("pandas")
pytest.importorskip("humanize")

NAN = float("nan")
MISSING = [None, NAN, Decimal("NaN"), pd.NA, pd.NaT]
HOSTILE = "<img src=x onerror='alert(1)'>&\""
STAR = '<span class="invisible">marked</span><span title="marked" class="marked">⭐</span>'
KOLKATA = timezone(timedelta(hours=5, minutes=30))


def key(text: str) -> str:
    return f'<span class="invisible">{text}</span>'


def sort_key(cell: str) -> str:
    """The text that tables sort a cell by: all of it, without the tags."""
    return re.sub("<[^>]*>", "", cell)


@pytest.fixture
def in_kolkata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is 5:30 h ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "IST-05:30")
        time.tzset()
        yield
    time.tzset()


# Stars, dots and bubbles


@pytest.mark.item("S110", "A124")
def test_a_marked_run_has_a_star_and_others_nothing() -> None:
    assert format_marked(True) == STAR
    true_in_sqlite: Any = 1
    assert format_marked(true_in_sqlite) == STAR
    assert format_marked(False) == ""


@pytest.mark.item("S110")
@pytest.mark.parametrize("missing", MISSING, ids=repr)
def test_a_missing_mark_is_no_mark(missing: Any) -> None:
    assert format_marked(missing) == ""


@pytest.mark.item("S111", "A126")
def test_a_status_is_a_dot_with_its_name_as_class_and_title() -> None:
    assert format_status("RUNNING") == (
        '<span class="invisible">RUNNING</span><span title="RUNNING" class="status RUNNING"></span>'
    )


@pytest.mark.item("S112", "A127")
def test_tags_are_bubbles_with_a_space_between() -> None:
    assert format_tags({"a": True, "x": True}) == (
        '<span title="a" class="tag Orpiment">a</span> <span title="x" class="tag Sky">x</span>'
    )


@pytest.mark.item("S112")
def test_format_tags_leaves_out_marked_and_leaves_its_dict_alone() -> None:
    tags = {"marked": True, "a": True}
    assert format_tags(tags) == format_tags({"a": True})
    assert tags == {"marked": True, "a": True}


@pytest.mark.item("S112")
def test_tags_may_be_json_text_or_a_list() -> None:
    assert format_tags('{"a": true, "marked": true}') == format_tags({"a": True})
    assert format_tags(["a"]) == format_tags({"a": True})


@pytest.mark.item("S112")
@pytest.mark.parametrize("nothing", [*MISSING, {}, "{}", "null"], ids=repr)
def test_no_tags_are_no_bubbles(nothing: Any) -> None:
    assert format_tags(nothing) == ""


@pytest.mark.item("S113", "A130")
def test_colours_follow_from_the_hash_of_the_text() -> None:
    assert textcolor("a") == "Orpiment"
    assert [textcolor(c) for c in "xy"] == ["Sky", "Honeydew"]
    assert textcolor("a", ["one"]) == "one"
    assert textcolor("a", colors=[str(i) for i in range(256)]) == "222"


@pytest.mark.item("S113")
def test_colours_are_the_26_of_the_colour_alphabet() -> None:
    assert len(COLORS) == 26
    assert "".join(name[0] for name in COLORS) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert {textcolor(str(i)) for i in range(1000)} == set(COLORS)


# Times


@pytest.mark.item("S114", "A121")
@pytest.mark.usefixtures("in_kolkata")
def test_a_time_is_shown_in_local_time_without_zone() -> None:
    cell = key("2024-01-02 05:30:00") + "<span>2024-01-02 05:30:00</span>"
    assert format_datetime(datetime(2024, 1, 2, tzinfo=UTC)) == cell
    assert format_datetime(datetime(2024, 1, 2, 5, 30)) == cell
    assert format_datetime(pd.Timestamp("2024-01-02T00:00:00Z")) == cell
    assert format_datetime(pd.Timestamp("2024-01-02T05:30:00.000000001")) == cell
    assert format_datetime("2024-01-02 00:00:00.000000+00:00") == cell  # as SQLite stores it


@pytest.mark.item("S114", "A121")
def test_a_time_is_as_precise_as_wished_and_sorts_by_all_of_it() -> None:
    noon = datetime(2024, 1, 2, 12, 0, 0, 5)
    assert format_datetime(noon, sep="T", timespec="hours") == (
        key("2024-01-02 12:00:00.000005") + "<span>2024-01-02T12</span>"
    )


@pytest.mark.item("S114", "A122")
@pytest.mark.usefixtures("in_kolkata")
def test_a_relative_time_has_the_local_time_as_title(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, datetime(2024, 1, 2, 3, tzinfo=UTC))
    assert format_datetime_relative(datetime(2024, 1, 2, tzinfo=UTC)) == (
        key("2024-01-02 05:30:00") + '<span title="2024-01-02 05:30:00">3 hours ago</span>'
    )
    assert format_datetime_relative(datetime(2024, 1, 3, tzinfo=UTC), "T", "minutes") == (
        key("2024-01-03T05:30") + '<span title="2024-01-03T05:30">21 hours from now</span>'
    )


@pytest.mark.item("S114")
def test_a_relative_time_knows_when_clocks_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        set_clock(patch, datetime(2024, 10, 27, 1, 30, tzinfo=UTC))
        cell = format_datetime_relative(datetime(2024, 10, 26, 23, 30, tzinfo=UTC))
    time.tzset()
    assert cell.endswith(">2 hours ago</span>")


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return now

    monkeypatch.setattr(notebook, "datetime", Clock)


@pytest.mark.item("S114", "A128")
def test_a_length_of_time_has_hours_minutes_and_seconds_as_title() -> None:
    cell = key("00000003723.000000") + '<span title="1:02:03">an hour</span>'
    assert format_timedelta(timedelta(seconds=3723)) == cell
    assert format_timedelta(pd.Timedelta(seconds=3723)) == cell
    assert format_timedelta(3723) == cell  # MySQL and SQLite keep seconds
    assert 'title="2 days, 0:00:00">2 days<' in format_timedelta(timedelta(days=2))


@pytest.mark.item("S114")
@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=30000))))
def test_lengths_of_time_sort_by_their_length(lengths: list[timedelta]) -> None:
    assert sorted(lengths) == sorted(lengths, key=lambda td: sort_key(format_timedelta(td)))


@pytest.mark.item("S114")
@given(st.lists(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)), min_size=2))
def test_times_sort_by_their_seconds(times: list[datetime]) -> None:
    times = [t.replace(microsecond=0, tzinfo=UTC) for t in times]
    for form in (format_datetime, format_datetime_relative):
        assert sorted(times) == sorted(times, key=lambda t: sort_key(form(t)))


# Numbers and texts


@pytest.mark.item("S115", "A123")
def test_a_float_is_rounded_and_has_its_exact_value_as_title() -> None:
    assert format_float(0.12345) == "<span title=0.12345>0.12</span>"
    assert format_float(1234.5, spec=",.0f") == "<span title=1234.5>1,234</span>"
    assert format_float(Decimal("1.005"), ".1f") == "<span title=1.005>1.0</span>"
    assert format_float(float("-inf")) == "<span title=-inf>-inf</span>"
    assert format_float(NAN) == "<span title=nan>--</span>"
    assert format_float(pd.NA, na_rep="?") == "<span title=&lt;NA&gt;>?</span>"


def bar(value: str, length: int, classes: str, place: str, label: str) -> str:
    return (
        f'{key(value)}<span class="{classes}" style="background: linear-gradient('
        f'to right, var(--barcolor) {length}%, transparent 0%); {place}">{label}</span>'
    )


@pytest.mark.item("S115", "A125")
def test_a_percentage_is_beside_a_short_bar_and_inside_of_a_long_one() -> None:
    short = bar("00000000000.254000", 25, "bar left", "text-indent: 30%", "25.4%")
    assert format_percentage(0.254) == short
    long = bar("00000000000.500000", 50, "bar", "padding-right: 55%", "50.0%")
    assert format_percentage(0.5) == long


@pytest.mark.item("S115", "A125")
def test_a_percentage_may_come_in_percent() -> None:
    cell = bar("00000000075.000000", 75, "bar", "padding-right: 30%", "75%")
    assert format_percentage(75, mul=1, spec=".0f") == cell


@pytest.mark.item("S115")
@pytest.mark.parametrize(("value", "length"), [(-0.5, 0), (2, 100), (float("inf"), 100)])
def test_a_bar_stays_in_its_cell(value: float, length: int) -> None:
    assert f"var(--barcolor) {length}%" in format_percentage(value)


@pytest.mark.item("S115")
@given(st.lists(st.floats(0, 1)))
def test_percentages_sort_by_their_value(values: list[float]) -> None:
    values = [round(value, 6) for value in values]
    assert sorted(values) == sorted(values, key=lambda v: sort_key(format_percentage(v)))


@pytest.mark.item("S115")
def test_a_boolean_is_a_circle() -> None:
    assert format_bool(True) == '<span title="True" class="center">⏺</span>'
    assert format_bool(False) == '<span title="False" class="center">⭘</span>'
    assert format_bool(None) == '<span title="None" class="center">--</span>'


@pytest.mark.item("S115")
def test_a_long_text_ends_in_an_ellipsis_on_the_side_of_choice() -> None:
    assert format_string("ab") == ('<span class="ellipsis-left"><bdi title="ab">ab</bdi></span>')
    assert format_string("ab", ellipsis=True) == (
        '<span class="ellipsis-right" title="ab">ab</span>'
    )
    assert format_string("ab", ellipsis=False) == "ab"


@pytest.mark.item("S114", "S115", "A121", "A122", "A125", "A128")
@pytest.mark.parametrize("missing", MISSING, ids=repr)
@pytest.mark.parametrize(
    "form",
    [
        format_datetime, format_datetime_relative, format_timedelta, format_percentage,
        format_string, format_status,
    ],
)  # fmt: skip
def test_missing_values_are_na_rep(form: Any, missing: Any) -> None:
    assert form(missing) == "--"
    assert form(missing, na_rep="<?>") == "&lt;?&gt;"


@pytest.mark.parametrize(
    "cell",
    [
        format_status(HOSTILE),
        format_tags({HOSTILE: True}),
        format_tags(json.dumps({HOSTILE: True})),
        format_string(HOSTILE),
        format_string(HOSTILE, ellipsis=True),
        format_string(HOSTILE, ellipsis=False),
        format_string(None, na_rep=HOSTILE),
        format_bool(None, na_rep=HOSTILE),
        format_float(None, na_rep=HOSTILE),
        format_float(1.0, spec="<5.1f"),
        format_percentage(1.0, spec="<5.1f"),
        format_datetime(datetime(2024, 1, 1), sep="<"),
        format_datetime_relative(datetime(2024, 1, 1), sep="<"),
    ],
)
@pytest.mark.item("S111", "S112", "S115")
def test_everything_is_escaped(cell: str) -> None:
    inner = re.sub(r'</?(span|bdi)( (title|class|style)=("[^"<>]*"|[^\s"<>]+))*>', "", cell)
    assert not re.search("[<>\"']", inner)


# Data frames


@pytest.fixture
def frame() -> Any:
    return pd.DataFrame(
        {
            " ": [True, None],
            "id": [1, 2],
            "S": ["RUNNING", None],
            "updated": pd.to_datetime(["2024-01-02T00:00:00Z", None]),
            "runtime": pd.to_timedelta([3723, None], unit="s"),
            "progress": [0.5, None],
            "loss": [0.25, None],
            "done": [True, False],
            "comment": ["fine <b>", None],
            "tags": [{"marked": True, "a": True}, None],
        }
    )


def cells(frame: Any, column: Any) -> list[Any]:
    return list(frame[column])


@pytest.mark.item("S116", "A120")
def test_columns_are_formatted_by_name(frame: Any) -> None:
    formatted = format_dataframe(frame)
    assert cells(formatted, " ") == [STAR, ""]
    assert cells(formatted, "S") == [format_status("RUNNING"), "--"]
    assert cells(formatted, "tags") == [format_tags({"a": True}), ""]
    assert cells(formatted, "progress") == [format_percentage(0.5), "--"]


@pytest.mark.item("S116", "A120")
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("m", format_marked), ("Marked", format_marked), ("status", format_status),
        ("TAGS", format_tags), ("Progress", format_percentage),
    ],
)  # fmt: skip
def test_names_of_columns_have_no_case(name: str, form: Any) -> None:
    value: Any = {"a": True} if form is format_tags else 1
    assert cells(format_dataframe(pd.DataFrame({name: [value]})), name) == [form(value)]


@pytest.mark.item("S116", "A120")
def test_other_columns_are_formatted_by_type(frame: Any) -> None:
    formatted = format_dataframe(frame)
    midnight = datetime(2024, 1, 2, tzinfo=UTC)
    assert cells(formatted, "updated") == [format_datetime_relative(midnight), "--"]
    assert cells(formatted, "runtime") == [format_timedelta(3723), "--"]
    assert cells(formatted, "loss") == [format_float(0.25), "--"]
    assert cells(formatted, "done") == [format_bool(True), format_bool(False)]
    assert cells(formatted, "comment") == [format_string("fine <b>"), "--"]
    assert cells(formatted, "id") == [1, 2]
    assert formatted["id"].dtype == frame["id"].dtype


@pytest.mark.item("S116", "A120")
def test_times_and_ellipses_are_as_wished(frame: Any) -> None:
    formatted = format_dataframe(frame, na_rep="?", relative_datetimes=False, string_ellipsis=True)
    midnight = datetime(2024, 1, 2, tzinfo=UTC)
    assert cells(formatted, "updated") == [format_datetime(midnight), "?"]
    assert cells(formatted, "comment") == [format_string("fine <b>", ellipsis=True), "?"]
    assert cells(formatted, "S")[1] == cells(formatted, "progress")[1] == "?"


@pytest.mark.item("S116", "A120")
def test_formatters_are_added_and_overridden_by_name(frame: Any) -> None:
    formatted = format_dataframe(
        frame, {"LOSS": format_percentage, "s": str, "progress": None}, na_rep="?"
    )
    assert cells(formatted, "loss") == [format_percentage(0.25), "?"]
    assert cells(formatted, "progress") == [format_float(0.5), "?"]
    assert cells(formatted, "S")[0] == "RUNNING"


@pytest.mark.item("S116")
def test_what_a_formatter_was_given_already_stays(frame: Any) -> None:
    exact = partial(format_float, spec=".4f")
    right = partial(format_string, ellipsis=True)
    formatted = format_dataframe(frame, {"loss": exact, "comment": right}, na_rep="?")
    assert cells(formatted, "loss") == [
        "<span title=0.25>0.2500</span>",
        "<span title=nan>?</span>",
    ]
    assert cells(formatted, "comment") == [format_string("fine <b>", ellipsis=True), "?"]


@pytest.mark.item("S116", "A120")
def test_format_dataframe_leaves_its_frame_alone(frame: Any) -> None:
    before = copy.deepcopy(frame)
    formatted = format_dataframe(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert isinstance(formatted, pd.DataFrame)
    assert list(formatted) == list(frame)
    assert cells(frame, "tags")[0] == {"marked": True, "a": True}


@pytest.mark.item("S116")
@pytest.mark.parametrize("dtype", ["object", "string", "category", None])
def test_missing_texts_are_na_rep_whatever_their_type(dtype: Any) -> None:
    frame = pd.DataFrame({"x": pd.Series(["a", None], dtype=dtype)})
    assert cells(format_dataframe(frame), "x") == [format_string("a"), "--"]


@pytest.mark.item("S116")
def test_values_that_share_a_column_are_formatted_one_by_one() -> None:
    now = datetime(2024, 1, 2, tzinfo=KOLKATA)
    values = [HOSTILE, {"k": "<"}, 1, 0.125, Decimal("0.125"), True, None, now, timedelta(hours=1)]
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    assert cells(format_dataframe(frame, relative_datetimes=False), "x") == [
        format_string(HOSTILE),
        format_string("{'k': '<'}"),
        1,
        format_float(0.125),
        format_float(Decimal("0.125")),
        format_bool(True),
        "--",
        format_datetime(now),
        format_timedelta(3600),
    ]


@pytest.mark.item("S116")
def test_nullable_columns_are_formatted() -> None:
    frame = pd.DataFrame(
        {"i": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")}
    )
    formatted = format_dataframe(frame)
    assert cells(formatted, "i") == [1, "--"]
    assert cells(formatted, "b") == [format_bool(True), "--"]


@pytest.mark.item("S116")
def test_columns_may_share_a_name() -> None:
    frame = pd.DataFrame([[1, 0.5, "a"]], columns=["x", "x", "x"])
    assert format_dataframe(frame).values.tolist() == [[1, format_float(0.5), format_string("a")]]


@pytest.mark.item("S116")
def test_an_empty_frame_stays_empty(frame: Any) -> None:
    assert format_dataframe(pd.DataFrame()).empty
    assert list(format_dataframe(frame[:0])) == list(frame)


@pytest.mark.item("S116")
def test_labels_are_escaped() -> None:
    frame = pd.DataFrame({"<b>": [1], ("a", "<i>"): [2], 3: [4]}, index=["<u>"])
    frame.index.name = "<p>"
    formatted = format_dataframe(frame)
    assert list(formatted) == ["&lt;b&gt;", ("a", "&lt;i&gt;"), 3]
    assert list(formatted.index) == ["&lt;u&gt;"]
    assert formatted.index.name == "&lt;p&gt;"
    assert frame.index.name == "<p>"


@pytest.mark.item("S116")
def test_a_formatted_frame_can_be_turned_for_a_comparison(frame: Any) -> None:
    turned = format_dataframe(frame.set_index("id")).T
    assert turned.loc["S", 1] == format_status("RUNNING")


# The stylesheet


@pytest.fixture
def shell(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """IPython, as a notebook runs it."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shells = pytest.importorskip("IPython.core.interactiveshell")
    config = pytest.importorskip("traitlets.config").Config()
    config.HistoryManager.enabled = False
    shells.InteractiveShell.clear_instance()
    yield shells.InteractiveShell.instance(config=config)
    shells.InteractiveShell.clear_instance()


def run(shell: Any, source: str) -> list[Any]:
    """Run a cell and return what it displays."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        shell.run_cell(source).raise_error()
    return [output.data for output in captured.outputs]


@pytest.fixture
def css(shell: Any) -> str:
    (data,) = run(shell, "import runbase.notebook as n; n.init_notebook_mode()")
    html: str = data["text/html"]
    assert html.startswith("<style>\n")
    assert html.endswith("</style>")
    return html


@pytest.mark.item("S117", "A129")
def test_the_stylesheet_limits_the_width_of_cells(css: str) -> None:
    for n in (1, 15, 50):
        assert f"table.cell-max-width-{n}em :is(th, td) {{ max-width: {n}em !important; }}" in css
    assert "cell-max-width-51em" not in css


@pytest.mark.item("S117", "A129")
def test_the_stylesheet_has_a_rule_for_each_tag_status_and_class(css: str) -> None:
    for color in COLORS:
        assert f"span.tag.{color} {{ background: " in css
    for status in STATUSES:
        assert re.search(rf"\.{status}\b[^{{]*\.status|\.{status}\.status", css), status
    for name in ("invisible", "center", "tag", "status", "bar", "bar.left"):
        assert f"span.{name} {{" in css
    assert css.count("{") == css.count("}")


@pytest.mark.item("S117")
def test_text_on_tags_can_be_read(css: str) -> None:
    inks = dict(re.findall(r"span\.tag\.(\w+) .*? color: (\w+); }", css))
    assert inks["Yellow"] == inks["Jade"] == inks["Pink"] == "black"
    assert inks["Ebony"] == inks["Navy"] == inks["Violet"] == "white"


@pytest.mark.item("S116", "S117")
def test_itables_shows_formatted_frames_after_init(
    shell: Any, frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    itables = pytest.importorskip("itables")
    monkeypatch.setattr(itables.options, "allow_html", False)
    shell.user_ns["frame"] = frame
    shown = run(
        shell,
        "import itables, runbase.notebook as n\n"
        "n.init_notebook_mode()\n"
        "itables.show(n.format_dataframe(frame), connected=True)",
    )[-1]["text/html"]
    assert "status RUNNING" in shown
    assert "&lt;span" not in shown


@pytest.mark.item("S117")
@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("IPython.display", init_notebook_mode),
        ("humanize", partial(format_timedelta, timedelta(1))),
        ("humanize", partial(format_datetime_relative, datetime(2024, 1, 1))),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, call: Any
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'runbase\[analysis\]'"):
        call()


@pytest.mark.item("S117")
def test_itables_is_not_needed(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "itables", None)
    assert len(run(shell, "import runbase.notebook as n; n.init_notebook_mode()")) == 1


@pytest.mark.item("S101")
def test_the_module_loads_no_other_package() -> None:
    program = (
        "import runbase.notebook, sys;"
        "print({'pandas', 'humanize', 'IPython', 'itables', 'numpy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"

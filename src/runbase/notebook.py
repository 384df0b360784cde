"""Tables for notebooks: the cells of a data frame as HTML.

::

    init_notebook_mode()
    itables.show(format_dataframe(runs, {"val_top1": format_percentage}))

Every text is escaped, ``na_rep`` too. ``na_rep`` stands for None, NaN, NaT and NA. An invisible
text at the start of a cell, where there is one, makes tables sort by the value instead of by its
description. Times are shown in local time; those without a time zone count as local.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.resources
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from .errors import MissingExtraError, require

if TYPE_CHECKING:
    from pandas import DataFrame, Index

Formatter = Callable[[Any], Any]

#: The colour alphabet of P. Green-Armytage (2010): 26 colours that are told apart easily.
COLORS = {
    "Amethyst": "#f0a3ff", "Blue": "#0075dc", "Caramel": "#993f00", "Damson": "#4c005c",
    "Ebony": "#191919", "Forest": "#005c31", "Green": "#2bce48", "Honeydew": "#ffcc99",
    "Iron": "#808080", "Jade": "#94ffb5", "Khaki": "#8f7c00", "Lime": "#9dcc00",
    "Mallow": "#c20088", "Navy": "#003380", "Orpiment": "#ffa405", "Pink": "#ffa8bb",
    "Quagmire": "#426600", "Red": "#ff0010", "Sky": "#5ef1f2", "Turquoise": "#00998f",
    "Uranium": "#e0ff66", "Violet": "#740aff", "Wine": "#990000", "Xanthin": "#ffff80",
    "Yellow": "#ffe100", "Zinnia": "#ff5005",
}  # fmt: skip


def init_notebook_mode() -> None:
    """Add the stylesheet of the formatted cells to the notebook.

    Tables that belong to the class ``cell-max-width-15em`` get cells of at most 15 em; there is
    such a class for 1 to 50 em.

    itables shows HTML from now on (``itables.options.allow_html``), which its newer versions
    escape unless told otherwise: show it data from others through `format_dataframe` only, or
    with ``allow_html=False``.

    Raises:
        MissingExtraError: IPython is not installed.
    """
    display = require("IPython.display", "analysis")
    display.display(display.HTML(f"<style>\n{_stylesheet()}</style>"))
    with contextlib.suppress(MissingExtraError):
        options = require("itables", "analysis").options
        if hasattr(options, "allow_html"):
            options.allow_html = True


def _stylesheet() -> str:
    css = importlib.resources.files(__package__).joinpath("notebook.css").read_text("utf-8")
    tags = (
        f"span.tag.{name} {{ background: {color}; color: {_ink(color)}; }}"
        for name, color in COLORS.items()
    )
    widths = (
        f"table.cell-max-width-{n}em :is(th, td) {{ max-width: {n}em !important; }}"
        for n in range(1, 51)
    )
    return "\n".join([css, *tags, *widths, ""])


def _ink(background: str) -> str:
    """Black or white, whichever reads better (by the formula for contrast of the WCAG)."""
    parts = (int(background[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    luminance = sum(c * weight for c, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
    return "black" if luminance > 0.179 else "white"


def textcolor(text: str, colors: Sequence[str] | None = None) -> str:
    """One of ``colors``, by default the 26 from Amethyst to Zinnia: always the same for a text."""
    colors = tuple(COLORS) if colors is None else colors
    return colors[hashlib.blake2b(text.encode(), digest_size=1).digest()[0] % len(colors)]


def format_marked(is_marked: bool | None) -> str:
    """A gold star if marked, else nothing."""
    if _is_missing(is_marked) or not is_marked:
        return ""
    return f'{_key("marked")}<span title="marked" class="marked">⭐</span>'


def format_status(status: str | None, na_rep: str = "--") -> str:
    """A dot in the colour of the status, which is its title."""
    if _is_missing(status):
        return escape(na_rep)
    text = escape(str(status))
    return f'{_key(text)}<span title="{text}" class="status {text}"></span>'


def format_tags(tags: Mapping[str, Any] | Iterable[str] | str | None) -> str:
    """A bubble for each tag but "marked", in a colour of its own.

    Tags are those of a run: a dict with the tags as keys, or its JSON text.
    """
    if isinstance(tags, str):
        tags = json.loads(tags)
    names = () if tags is None or _is_missing(tags) else map(str, tags)
    return " ".join(
        f'<span title="{escape(name)}" class="tag {textcolor(name)}">{escape(name)}</span>'
        for name in names
        if name != "marked"
    )


def format_bool(b: bool | None, na_rep: str = "--") -> str:
    """A full circle for True, an empty one for False."""
    text = na_rep if _is_missing(b) else "⏺" if b else "⭘"
    return f'<span title="{escape(str(b))}" class="center">{escape(text)}</span>'


def format_string(s: str | None, ellipsis: str | bool = "left", na_rep: str = "--") -> str:
    """The text, on one line.

    Where the cell is too narrow its end is shown with ``ellipsis="left"``, its beginning with
    True; with False there is no ellipsis, and lines wrap.
    """
    if _is_missing(s):
        return escape(na_rep)
    text = escape(str(s))
    if ellipsis == "left":
        return f'<span class="ellipsis-left"><bdi title="{text}">{text}</bdi></span>'
    return f'<span class="ellipsis-right" title="{text}">{text}</span>' if ellipsis else text


def format_datetime(
    dt: datetime | str | None, sep: str = " ", timespec: str = "seconds", na_rep: str = "--"
) -> str:
    """The local time in ISO format, without zone; ``timespec`` as in `datetime.isoformat`."""
    if _is_missing(dt):
        return escape(na_rep)
    local = _aware(dt).replace(tzinfo=None)
    return f"{_key(str(local))}<span>{escape(local.isoformat(sep, timespec))}</span>"


def format_datetime_relative(
    dt: datetime | str | None, sep: str = " ", timespec: str = "seconds", na_rep: str = "--"
) -> str:
    """The time as "3 hours ago"; its title is the local time as from `format_datetime`."""
    if _is_missing(dt):
        return escape(na_rep)
    time = _aware(dt)
    title = escape(time.replace(tzinfo=None).isoformat(sep, timespec))
    # The difference, because humanize itself compares local times, which jump twice a year.
    natural = require("humanize", "analysis").naturaltime(datetime.now(UTC) - time)
    return f'{_key(title)}<span title="{title}">{escape(natural)}</span>'


def format_timedelta(td: timedelta | float | None, na_rep: str = "--") -> str:
    """The length as "3 hours", with H:MM:SS as title; a number is a length in seconds."""
    if _is_missing(td):
        return escape(na_rep)
    seconds = td.total_seconds() if isinstance(td, timedelta) else float(td)  # type: ignore[arg-type]
    natural = require("humanize", "analysis").naturaldelta(timedelta(seconds=seconds))
    title = str(timedelta(seconds=round(seconds)))
    return f'{_number_key(seconds)}<span title="{title}">{escape(natural)}</span>'


def format_float(v: float | Decimal | None, spec: str = ".2f", na_rep: str = "--") -> str:
    """The number by a format specification; its title is the exact one."""
    text = na_rep if _is_missing(v) else f"{v:{spec}}"
    return f"<span title={escape(str(v))}>{escape(text)}</span>"


def format_percentage(
    v: float | None, mul: float = 100, spec: str = ".1f", na_rep: str = "--"
) -> str:
    """The number times ``mul`` as a percentage, over a bar of that length.

    ``mul`` is 100 for numbers from 0 to 1, and 1 for numbers from 0 to 100.
    """
    if v is None or _is_missing(v):
        return escape(na_rep)
    percent = float(v) * mul
    length = round(min(max(percent, 0), 100))
    # The label begins behind a short bar, and ends inside of a long one.
    classes, place = (
        ("bar left", f"text-indent: {length + 5}%")
        if percent < 50
        else ("bar", f"padding-right: {105 - length}%")
    )
    return (
        f'{_number_key(v)}<span class="{classes}" style="background: linear-gradient'
        f'(to right, var(--barcolor) {length}%, transparent 0%); {place}">'
        f"{escape(f'{percent:{spec}}')}%</span>"
    )


#: Formatters by name of the column, in lower case.
FORMATTING: dict[str, Formatter] = {
    " ": format_marked,
    "m": format_marked,
    "marked": format_marked,
    "s": format_status,
    "status": format_status,
    "tags": format_tags,
    "progress": format_percentage,
}


def format_dataframe(
    df: DataFrame,
    formatting: Mapping[Any, Formatter | None] | None = None,
    na_rep: str = "--",
    relative_datetimes: bool = True,
    string_ellipsis: str | bool = "left",
) -> DataFrame:
    """A copy of the frame with its cells as HTML; ``df`` itself stays as it is.

    Columns called " ", m or marked, s or status, tags, and progress have formatters of their own,
    which ``formatting`` overrides or adds to, by name (upper and lower case are the same); with
    None a column is treated like any other. In other columns times, intervals, booleans, floats
    and texts are formatted, integers stay, and everything else is shown as its text. A formatter
    returns HTML, for missing values too; one that takes ``na_rep`` or ``ellipsis`` is given those.
    Labels are escaped.

    Show it with ``itables.show(frame)`` or ``HTML(frame.to_html(escape=False))``.
    """
    options = {"na_rep": na_rep, "ellipsis": string_ellipsis}
    named = {
        _lower(name): func and _with_options(func, options)
        for name, func in {**FORMATTING, **(formatting or {})}.items()
    }
    format_time = format_datetime_relative if relative_datetimes else format_datetime
    by_type = partial(_format_value, format_time=format_time, ellipsis=string_ellipsis)
    formatted = df.copy(deep=False)
    for i, name in enumerate(df.columns):  # by place: names may repeat
        column = df.iloc[:, i]
        func = named.get(_lower(name))
        if func is None and column.dtype.kind in "iu" and not column.hasnans:
            continue  # numbers are aligned and sorted better than texts
        cells = [(func or by_type)(value) for value in column.tolist()]
        formatted.isetitem(i, [escape(na_rep) if _is_missing(cell) else cell for cell in cells])
    return formatted.set_axis(_escape_labels(df.index)).set_axis(_escape_labels(df.columns), axis=1)


def _format_value(value: Any, format_time: Formatter, ellipsis: str | bool) -> Any:
    if _is_missing(value):
        return None
    match value:
        case datetime():
            return format_time(value)
        case timedelta():
            return format_timedelta(value)
        case bool():
            return format_bool(value)
        case Integral():
            return value
        case Real() | Decimal():
            return format_float(value)  # type: ignore[arg-type]
    return format_string(value, ellipsis)


def _with_options(func: Formatter, options: Mapping[str, Any]) -> Formatter:
    """``func`` with those of the options that it takes and that nobody has set yet."""
    try:
        parameters = inspect.signature(func).parameters
    except (TypeError, ValueError):  # some of Python's own functions do not tell
        return func
    given = getattr(func, "keywords", {})
    return partial(func, **{k: v for k, v in options.items() if k in parameters and k not in given})


def _escape_labels(labels: Index[Any]) -> Index[Any]:
    if any(_escape_label(label) != label for label in labels):
        labels = labels.map(_escape_label)
    return labels.set_names([_escape_label(name) for name in labels.names])


def _escape_label(label: Any) -> Any:
    if isinstance(label, tuple):
        return tuple(map(_escape_label, label))
    return escape(label) if isinstance(label, str) else label


def _lower(name: Any) -> Any:
    return name.lower() if isinstance(name, str) else name


def _is_missing(value: Any) -> bool:
    """None, NaN, NaT or NA: all but None differ from themselves, and NA won't even say so."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        return type(value).__name__ == "NAType"


def _aware(dt: Any) -> datetime:
    """``dt``, which may be ISO text or a timestamp of pandas, in local time."""
    if isinstance(dt, str):
        dt = datetime.fromisoformat(dt)
    elif hasattr(dt, "to_pydatetime"):  # whose own astimezone() would forget the zone
        dt = dt.to_pydatetime(warn=False)
    local: datetime = dt.astimezone()
    return local


def _key(text: str) -> str:
    """An invisible text by which tables sort."""
    return f'<span class="invisible">{text}</span>'


def _number_key(number: float) -> str:
    # Texts of one length sort like the numbers that they are.
    return _key(f"{number:018.6f}")

"""Notes and forms of trials in a Streamlit app of your own.

What pages of the dashboard show and ask::

    for trial in study.get_trials(states=[TrialState.RUNNING]):
        render_trial_note(study, trial)
        render_objective_form_widgets(study, trial)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InvalidValueError, require
from .forms import Output, read_form
from .names import read_objective_names
from .notes import read_note
from .place import Place, study_of

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

__all__ = [
    "render_objective_form_widgets",
    "render_trial_note",
    "render_user_attr_form_widgets",
]

_OTHER = {
    "objective": ("objectives", "render_objective_form_widgets"),
    "user_attr": ("user attributes", "render_user_attr_form_widgets"),
}
_STEPS = 1000  # of a slider that is continuous


class _Field(NamedTuple):
    """What a widget asks, and with what it begins."""

    widget: dict[str, Any]
    title: str
    earlier: Any
    key: str

    @property
    def waits(self) -> bool:
        """Whether it refers to a number that the trial does not have yet."""
        return self.widget["type"] == "user_attr" and _number(self.earlier) is None


def render_trial_note(study: Study, trial: FrozenTrial | Trial) -> None:
    """Show the note of a trial, in Markdown; nothing where there is none.

    HTML in it is shown as text, since whoever can write a note could otherwise change the app.
    Files in notes have addresses of the dashboard's, and so are not found by an app elsewhere.

    Raises:
        InvalidValueError: no study, or no trial.
        MissingExtraError: Streamlit is not installed.
    """
    st = _streamlit()
    place = _trial_of(study, trial)
    st.markdown(read_note(place.attrs(), place.trial_id).body)


def render_objective_form_widgets(
    study: Study,
    trial: FrozenTrial | Trial,
    on_success_callback: Callable[[], None] | None = None,
) -> None:
    """Ask for the objectives of a trial, which its answers finish.

    A trial that has finished, or waits to be run, is said to be so and asked nothing.

    Args:
        study: the study, with a form of `register_objective_form_widgets`.
        trial: a trial of it.
        on_success_callback: called when the answers were stored; by default that is said.

    Raises:
        InvalidValueError: the study has no such form, or it is no study, or no trial.
        MissingExtraError: Streamlit is not installed.
    """
    _render(study, trial, "objective", on_success_callback)


def render_user_attr_form_widgets(
    study: Study,
    trial: FrozenTrial | Trial,
    on_success_callback: Callable[[], None] | None = None,
) -> None:
    """Ask for user attributes of a trial, beginning with those that were given before.

    A trial that has finished is said to be so and asked nothing.

    Args:
        study: the study, with a form of `register_user_attr_form_widgets`.
        trial: a trial of it.
        on_success_callback: called when the answers were stored; by default that is said.

    Raises:
        InvalidValueError: the study has no such form, or it is no study, or no trial.
        MissingExtraError: Streamlit is not installed.
    """
    _render(study, trial, "user_attr", on_success_callback)


def _render(
    study: Study,
    trial: FrozenTrial | Trial,
    output: Output,
    on_success: Callable[[], None] | None,
) -> None:
    st = _streamlit()
    place = _trial_of(study, trial)
    attrs = place.attrs()
    widgets = _widgets(attrs, output)
    assert place.trial_id is not None
    now = place.storage.get_trial(place.trial_id)
    if now.state.is_finished() or (output == "objective" and now.state.name == "WAITING"):
        waits = "waits to be run" if now.state.name == "WAITING" else "has finished"
        st.info(f"Trial {now.number} {waits}: it takes no answers.")
        return
    names = read_objective_names(attrs) or [] if output == "objective" else []
    fields = _fields(widgets, names, now, f"runbase/{study.study_name}/{place.trial_id}")
    if (values := _ask(st, fields, output)) is None:
        return
    try:
        if output == "objective":
            study.tell(now.number, values)
        else:
            _set_user_attrs(place, widgets, values)
    except (ValueError, RuntimeError):
        if not place.storage.get_trial(place.trial_id).state.is_finished():
            raise
        st.warning(f"Trial {now.number} has finished meanwhile: these answers are not stored.")
        return
    if on_success is None:
        st.success("Submitted!")
    else:
        on_success()


def _set_user_attrs(place: Place, widgets: list[dict[str, Any]], values: list[Any]) -> None:
    assert place.trial_id is not None
    for widget, value in zip(widgets, values, strict=True):
        if key := widget.get("user_attr_key"):
            place.storage.set_trial_user_attr(place.trial_id, key, value)


def _widgets(attrs: Mapping[str, Any], output: Output) -> list[dict[str, Any]]:
    form = read_form(attrs)
    if form is None:
        raise InvalidValueError(
            f"the study has no form: register_{output}_form_widgets(study, [...]) makes one"
        )
    if form.output_type != output:
        asked, function = _OTHER[form.output_type]
        raise InvalidValueError(f"the form of the study asks for {asked}: use {function}")
    if output == "objective":  # which is always needed
        return [widget | {"optional": False} for widget in form.widgets]
    return form.widgets


def _fields(
    widgets: list[dict[str, Any]], names: Sequence[str], trial: FrozenTrial, key: str
) -> list[_Field]:
    fields = []
    for place, widget in enumerate(widgets):
        attr = widget.get("user_attr_key") or widget.get("key") or ""
        name = names[place] if place < len(names) else attr or f"Objective {place}"
        title = widget.get("description") or name
        fields.append(_Field(widget, title, trial.user_attrs.get(attr), f"{key}/{place}"))
    return fields


def _ask(st: Any, fields: list[_Field], output: Output) -> list[Any] | None:
    """The answers, when all of them are there and the button was pressed; else None."""
    with st.form(fields[0].key.rpartition("/")[0]):
        answers = [_RENDER[field.widget["type"]](st, field) for field in fields]
        if not st.form_submit_button("Submit", disabled=any(each.waits for each in fields)):
            return None
        values = []
        for field, answer in zip(fields, answers, strict=True):
            try:
                values.append(_value(field.widget, answer, output))
            except InvalidValueError as problem:
                st.error(f"{field.title} – {problem}")
    return values if len(values) == len(fields) else None


def _choice(st: Any, field: _Field) -> Any:
    choices, values = field.widget["choices"], field.widget["values"]
    index = values.index(field.earlier) if field.earlier in values else None
    return st.radio(
        field.title,
        range(len(choices)),  # two choices may have the same value
        index=index,
        format_func=choices.__getitem__,
        horizontal=True,
        key=field.key,
    )


def _slider(st: Any, field: _Field) -> Any:
    low, high, step = (field.widget[name] for name in ("min", "max", "step"))
    kind = int if all(isinstance(number, int) for number in (low, high, step)) else float
    earlier = field.earlier if isinstance(field.earlier, (int, float)) else low
    value = st.slider(
        field.title,
        min_value=kind(low),
        max_value=kind(high),
        value=kind(min(max(earlier, low), high)),
        step=kind(step or (high - low) / _STEPS),
        format="%g",
        key=field.key,
    )
    if labels := field.widget["labels"]:
        st.caption(" · ".join(f"{each['value']:g}: {each['label']}" for each in labels))
    return value


def _text(st: Any, field: _Field) -> Any:
    title = f"{field.title} (optional)" if field.widget["optional"] else field.title
    earlier = "" if field.earlier is None else str(field.earlier)
    return st.text_input(title, earlier, key=field.key)


def _reference(st: Any, field: _Field) -> Any:
    if field.waits:
        what = "is not there yet" if field.earlier is None else "is not a number"
        st.info(f"The user attribute {field.widget['key']} of this trial {what}.")
    else:
        st.text(f"{field.title}: {field.earlier}")
    return field.earlier


_RENDER: dict[str, Callable[[Any, _Field], Any]] = {
    "choice": _choice,
    "slider": _slider,
    "text": _text,
    "user_attr": _reference,
}


def _value(widget: dict[str, Any], answer: Any, output: Output) -> Any:
    if widget["type"] == "choice":
        if answer is None:
            raise InvalidValueError("choose one.")
        return widget["values"][answer]
    if widget["type"] == "slider":
        return answer
    if output == "objective":
        if (number := _number(answer)) is None:
            raise InvalidValueError("enter a number, such as 0.5 or 1e-3.")
        return number
    if widget["type"] == "text" and not answer.strip() and not widget["optional"]:
        raise InvalidValueError("enter a text.")
    return answer


def _number(answer: Any) -> float | None:
    """The finite number that this is, or is the text of."""
    try:
        number = float(answer)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _trial_of(study: Study, trial: FrozenTrial | Trial) -> Place:
    id = getattr(trial, "_trial_id", None)
    if id is None:
        raise InvalidValueError(f"a trial is needed, not {type(trial).__name__}")
    return study_of(study)._replace(trial_id=id)


def _streamlit() -> Any:
    return require("streamlit", "streamlit")

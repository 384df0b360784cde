"""The form of a study, by which people give objectives or user attributes of its trials.

It is a system attribute of the study; registering another form replaces it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from ..errors import InvalidValueError
from .place import Place, study_of
from .widgets import ChoiceWidget, ObjectiveFormWidget, ObjectiveUserAttrRef, with_defaults

if TYPE_CHECKING:
    from optuna import Study

#: What becomes of the answers: they finish the trial, or are kept beside it.
Output = Literal["objective", "user_attr"]

_KEY = "dashboard:form_widgets:v2"
_KEY_V1 = "dashboard:objective_form_widgets:v1"
_KEY_V0 = "dashboard:objective_form_widgets"


class Form(NamedTuple):
    """The form of a study."""

    output_type: Output
    #: As ``to_dict`` of widgets; only those that were registered elsewhere may be inconsistent.
    widgets: list[dict[str, Any]]


def register_objective_form_widgets(study: Study, widgets: Sequence[ObjectiveFormWidget]) -> None:
    """Let people give the objectives of running trials, which finishes them.

    Args:
        study: the study.
        widgets: one for each objective.

    Raises:
        InvalidValueError: no study, more or fewer widgets than objectives, or choices whose
            values are no numbers.
    """
    place = study_of(study)
    _check_widgets(widgets)
    objectives = len(place.storage.get_study_directions(place.study_id))
    if len(widgets) != objectives:
        raise InvalidValueError(
            "there must be as many widgets as objectives: "
            f"{len(widgets)} for {objectives} were given"
        )
    for widget in widgets:
        if isinstance(widget, ChoiceWidget) and any(isinstance(v, str) for v in widget.values):
            raise InvalidValueError(
                f"an objective is a number, and not one of {', '.join(map(repr, widget.values))}"
            )
    if any(getattr(widget, "user_attr_key", None) is not None for widget in widgets):
        warnings.warn(
            "`user_attr_key` is not used by widgets of objectives", UserWarning, stacklevel=2
        )
    _write(place, "objective", widgets)


def register_user_attr_form_widgets(study: Study, widgets: Sequence[ObjectiveFormWidget]) -> None:
    """Let people give user attributes of running trials.

    Args:
        study: the study.
        widgets: one for each user attribute, with its ``user_attr_key``.

    Raises:
        InvalidValueError: no study, a widget without key, two of the same, or an
            `ObjectiveUserAttrRef`.
    """
    place = study_of(study)
    _check_widgets(widgets)
    keys = []
    for widget in widgets:
        if isinstance(widget, ObjectiveUserAttrRef):
            raise InvalidValueError("an ObjectiveUserAttrRef is for objectives only")
        if not widget.user_attr_key:
            raise InvalidValueError(f"`user_attr_key` is not specified: {widget} needs it")
        keys.append(widget.user_attr_key)
    if len(set(keys)) < len(keys):
        raise InvalidValueError(
            f"`user_attr_key` must be unique for each widget: there are {', '.join(keys)}"
        )
    _write(place, "user_attr", widgets)


def read_form(attrs: Mapping[str, Any]) -> Form | None:
    """The form of a study, also one of an earlier version; None without.

    Args:
        attrs: the system attributes of the study.
    """
    if form := attrs.get(_KEY):
        return Form(form["output_type"], [with_defaults(each) for each in form["widgets"]])
    widgets = attrs.get(_KEY_V1) or json.loads(attrs.get(_KEY_V0, "null"))
    return Form("objective", [with_defaults(each) for each in widgets]) if widgets else None


def _check_widgets(widgets: Sequence[ObjectiveFormWidget]) -> None:
    for widget in widgets:
        if not isinstance(widget, get_args(ObjectiveFormWidget)):
            raise InvalidValueError(f"a widget is needed, not {type(widget).__name__}")


def _write(place: Place, output: Output, widgets: Sequence[ObjectiveFormWidget]) -> None:
    place.write({_KEY: {"output_type": output, "widgets": [each.to_dict() for each in widgets]}})

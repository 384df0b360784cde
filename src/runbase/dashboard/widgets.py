"""What a form is made of: choices, sliders, text fields, and references to user attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidValueError


@dataclass
class ChoiceWidget:
    """Buttons, of which people choose one.

    Args:
        choices: what the buttons say.
        values: the value of each choice.
        description: what is asked.
        user_attr_key: the user attribute that gets the value, in a form of user attributes.

    Raises:
        InvalidValueError: there is no choice, or not one value for each, or one is not finite.
    """

    choices: list[str]
    values: list[float]
    description: str | None = None
    user_attr_key: str | None = None

    def __post_init__(self) -> None:
        if not self.choices or len(self.choices) != len(self.values):
            raise InvalidValueError(
                "a ChoiceWidget needs choices and a value for each: it has "
                f"{len(self.choices)} choices and {len(self.values)} values"
            )
        for value in self.values:
            _check_finite("a value of a ChoiceWidget", value)

    def to_dict(self) -> dict[str, Any]:
        """The widget as it is stored, which JSON can hold."""
        return {
            "type": "choice",
            "description": self.description,
            "choices": list(self.choices),
            "values": list(self.values),
            "user_attr_key": self.user_attr_key,
        }


@dataclass
class SliderWidget:
    """A slider between two numbers.

    Args:
        min: the number at its left end.
        max: the number at its right end.
        step: from one number to the next; by default it is continuous.
        labels: pairs of a number and the text that is written there.
        description: what is asked.
        user_attr_key: the user attribute that gets the number, in a form of user attributes.

    Raises:
        InvalidValueError: ``min`` is not below ``max``, ``step`` is not above 0, a number is not
            finite, or a label is no such pair.
    """

    min: float
    max: float
    step: float | None = None
    labels: list[tuple[float, str]] | None = None
    description: str | None = None
    user_attr_key: str | None = None

    def __post_init__(self) -> None:
        _check_finite("min of a SliderWidget", self.min)
        _check_finite("max of a SliderWidget", self.max)
        if not self.min < self.max:
            raise InvalidValueError(
                f"min of a SliderWidget must be below its max: {self.min} is not below {self.max}"
            )
        if self.step is not None:
            _check_finite("step of a SliderWidget", self.step)
            if self.step <= 0:
                raise InvalidValueError(f"step of a SliderWidget must be above 0, not {self.step}")
        for label in self.labels or ():
            if not (isinstance(label, (tuple, list)) and len(label) == 2):
                raise InvalidValueError(
                    f"a label of a SliderWidget is a pair (number, text), not {label!r}"
                )
            _check_finite("the place of a label of a SliderWidget", label[0])

    def to_dict(self) -> dict[str, Any]:
        """The widget as it is stored, which JSON can hold."""
        labels = self.labels
        return {
            "type": "slider",
            "description": self.description,
            "min": self.min,
            "max": self.max,
            "step": self.step,
            "labels": labels if labels is None else [{"value": v, "label": t} for v, t in labels],
            "user_attr_key": self.user_attr_key,
        }


@dataclass
class TextInputWidget:
    """A field for text; in a form of objectives, for a number.

    Args:
        description: what is asked.
        user_attr_key: the user attribute that gets the text, in a form of user attributes.
        optional: whether it may stay empty.
    """

    description: str | None = None
    user_attr_key: str | None = None
    optional: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The widget as it is stored, which JSON can hold."""
        return {
            "type": "text",
            "description": self.description,
            "user_attr_key": self.user_attr_key,
            "optional": self.optional,
        }


@dataclass
class ObjectiveUserAttrRef:
    """Nothing to fill in: the objective is the value of a user attribute of the trial.

    Args:
        key: the user attribute.

    Raises:
        InvalidValueError: the key is empty.
    """

    key: str

    def __post_init__(self) -> None:
        if not self.key:
            raise InvalidValueError("an ObjectiveUserAttrRef needs the key of a user attribute")

    def to_dict(self) -> dict[str, Any]:
        """The widget as it is stored, which JSON can hold."""
        return {"type": "user_attr", "key": self.key}


ObjectiveFormWidget = ChoiceWidget | SliderWidget | TextInputWidget | ObjectiveUserAttrRef

# Their names before there were forms of user attributes.
ObjectiveChoiceWidget = ChoiceWidget
ObjectiveSliderWidget = SliderWidget
ObjectiveTextInputWidget = TextInputWidget

_CLASSES: dict[str, type[ObjectiveFormWidget]] = {
    "choice": ChoiceWidget,
    "slider": SliderWidget,
    "text": TextInputWidget,
    "user_attr": ObjectiveUserAttrRef,
}
#: What earlier versions did not store.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "choice": {"description": None, "user_attr_key": None},
    "slider": {"description": None, "step": None, "labels": None, "user_attr_key": None},
    "text": {"description": None, "user_attr_key": None, "optional": False},
}


def dict_to_form_widget(d: dict[str, Any]) -> ObjectiveFormWidget:
    """The widget of which ``to_dict`` made this.

    Raises:
        InvalidValueError: its type is unknown, or what it says does not make a widget.
    """
    if d.get("type") not in _CLASSES:
        raise InvalidValueError(
            f"a widget is of type {', '.join(map(repr, _CLASSES))}, not {d.get('type')!r}"
        )
    facts = with_defaults(d)
    kind = _CLASSES[facts.pop("type")]
    if facts.get("labels") is not None:
        facts["labels"] = [(label["value"], label["label"]) for label in facts["labels"]]
    try:
        return kind(**facts)
    except TypeError as error:
        raise InvalidValueError(f"{d} is no {kind.__name__}: {error}") from error


def with_defaults(d: Mapping[str, Any]) -> dict[str, Any]:
    """A stored widget with everything that is stored today."""
    return {"type": d.get("type"), **_DEFAULTS.get(str(d.get("type")), {}), **d}


def _check_finite(what: str, number: object) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise InvalidValueError(f"{what} must be finite, not {number}")

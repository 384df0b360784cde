"""What of a trial people look at before they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from ...errors import InvalidValueError
from ..place import Place, study_of
from .attrs import COMPONENT, check_preferential

if TYPE_CHECKING:
    from .study import PreferentialStudy

Output = Literal["note", "artifact"]


def register_preference_feedback_component(
    study: PreferentialStudy, component_type: Output, artifact_key: str | None = None
) -> None:
    """Choose what people look at when they compare trials; without, it is the note of each.

    Args:
        study: the study.
        component_type: "note" for the note in Markdown, "artifact" for a file.
        artifact_key: the user attribute of trials that holds the id of the file.

    Raises:
        InvalidValueError: another type, an artifact without its key, or no preferential study.
    """
    set_component(study_of(study), component_type, artifact_key)


def set_component(place: Place, output_type: Output, artifact_key: str | None) -> None:
    """The same for the study at a place.

    Raises:
        InvalidValueError: another type, an artifact without its key, or the study is not
            preferential.
    """
    if output_type not in get_args(Output):
        raise InvalidValueError(f"the component is 'note' or 'artifact', not {output_type!r}")
    if output_type == "artifact" and not artifact_key:
        raise InvalidValueError(
            "an artifact needs `artifact_key`, the user attribute of trials that holds its id"
        )
    check_preferential(place.attrs())
    value: dict[str, Any] = {"output_type": output_type}
    if artifact_key is not None:
        value["artifact_key"] = artifact_key
    place.write({COMPONENT: value})

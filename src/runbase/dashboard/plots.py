"""Figures of the user's own on the page of a study."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValueError
from ..sources.optuna.chunks import join, split
from .place import study_of

if TYPE_CHECKING:
    from optuna import Study
    from plotly.graph_objects import Figure

_PREFIX = "dashboard:plot_data:"
_FIRST = re.compile(rf"{_PREFIX}(.+):0", re.DOTALL)


def save_plotly_graph_object(
    study: Study, figure: Figure, *, graph_object_id: str | None = None
) -> str:
    """Show a Plotly figure on the page of a study.

    Args:
        study: the study.
        figure: the figure.
        graph_object_id: under which id; a figure that has it already is replaced. By default a
            new one. It is made of letters, digits and ``-_:.``, because it becomes an HTML id.

    Returns:
        The id of the figure.

    Raises:
        InvalidValueError: no study, no figure, or an id with other characters.
    """
    place = study_of(study)
    if not hasattr(figure, "to_json"):
        raise InvalidValueError(f"a Plotly figure is needed, not {type(figure).__name__}")
    id = str(uuid.uuid4()) if graph_object_id is None else graph_object_id
    if not re.fullmatch(r"[\w:.-]+", id):
        raise InvalidValueError(
            "graph_object_id must be a valid HTML id, made of letters, digits and -_:. and not "
            f"{id!r}"
        )
    place.write(split(f"{_PREFIX}{id}:", figure.to_json(), place.attrs()))
    return id


def read_figures(attrs: Mapping[str, Any]) -> dict[str, str]:
    """The JSON of a study's figures by their ids.

    Args:
        attrs: the system attributes of the study.
    """
    ids = [match[1] for key in attrs if (match := _FIRST.fullmatch(key))]
    figures = {id: join(f"{_PREFIX}{id}:", attrs) for id in ids}
    return {id: figure for id, figure in figures.items() if figure}

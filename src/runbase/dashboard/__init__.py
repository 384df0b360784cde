"""A live dashboard of runs, studies and experiments, with people in the loop.

Everything that scripts need of it is here and is loaded at its first use::

    from runbase.dashboard import ChoiceWidget, register_objective_form_widgets, save_note
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import artifact, preferential, streamlit
    from .forms import register_objective_form_widgets, register_user_attr_form_widgets
    from .names import set_objective_names
    from .notes import get_note, save_note
    from .plots import save_plotly_graph_object
    from .preferential.component import register_preference_feedback_component
    from .server import asgi, run_server, wsgi
    from .widgets import (
        ChoiceWidget,
        ObjectiveChoiceWidget,
        ObjectiveSliderWidget,
        ObjectiveTextInputWidget,
        ObjectiveUserAttrRef,
        SliderWidget,
        TextInputWidget,
        dict_to_form_widget,
    )

__all__ = [
    "ChoiceWidget",
    "ObjectiveChoiceWidget",
    "ObjectiveSliderWidget",
    "ObjectiveTextInputWidget",
    "ObjectiveUserAttrRef",
    "SliderWidget",
    "TextInputWidget",
    "artifact",
    "asgi",
    "dict_to_form_widget",
    "get_note",
    "preferential",
    "register_objective_form_widgets",
    "register_preference_feedback_component",
    "register_user_attr_form_widgets",
    "run_server",
    "save_note",
    "save_plotly_graph_object",
    "set_objective_names",
    "streamlit",
    "wsgi",
]

_MODULES = {
    "forms": ("register_objective_form_widgets", "register_user_attr_form_widgets"),
    "names": ("set_objective_names",),
    "notes": ("get_note", "save_note"),
    "plots": ("save_plotly_graph_object",),
    "preferential.component": ("register_preference_feedback_component",),
    "server": ("asgi", "run_server", "wsgi"),
    "widgets": (
        "ChoiceWidget",
        "ObjectiveChoiceWidget",
        "ObjectiveSliderWidget",
        "ObjectiveTextInputWidget",
        "ObjectiveUserAttrRef",
        "SliderWidget",
        "TextInputWidget",
        "dict_to_form_widget",
    ),
}
_SUBMODULES = ("artifact", "preferential", "streamlit")
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""How Sphinx builds the documentation: ``make docs``. Nothing is read from the internet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import runbase

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Runbase"
author = "the Runbase developers"
copyright = author
version = release = runbase.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "command_help",
]
exclude_patterns = ["_build", "_ext"]
# Single backticks in docstrings are references; where there is nothing to refer to, they are code.
default_role = "py:obj"

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_mock_imports = ["ax"]  # the documentation is built without it
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"Runbase {release}"
html_copy_source = False
html_show_sphinx = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def draw_error_tree(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """The tree in the docstring of ``runbase.errors`` is a drawing, not text."""
    if name == "runbase.errors" and what == "module":
        start = lines.index("RunbaseError")
        lines[start:] = ["::", "", *("    " + line for line in lines[start:])]


def setup(app: Any) -> None:
    """What the extensions do not do."""
    app.connect("autodoc-process-docstring", draw_error_tree)

"""The directive ``command-help``: what ``runbase COMMAND --help`` prints, as of this build."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive

WIDTH = "88"  # characters in a line


def help_text(command: str = "") -> str:
    """The help text of a command, of a command of a command, or of ``runbase`` itself.

    Raises:
        KeyError: there is no such command.
    """
    os.environ["COLUMNS"] = WIDTH
    from runbase import commands

    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            commands.parser().parse_args([*command.split(), "--help"])
    except SystemExit as error:
        if error.code:
            raise KeyError(command) from error
    return printed.getvalue()


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands by their names."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


class CommandHelp(Directive):
    """``{command-help} setup``, or without an argument for the command line as a whole."""

    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """The help text as a literal block."""
        try:
            text = help_text(*self.arguments)
        except KeyError as error:
            raise self.error(f"there is no command {error}") from error
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("command-help", CommandHelp)
    return {"version": "1", "parallel_read_safe": True}

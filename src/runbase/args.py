"""Command-line arguments, described by the help text in a script's docstrings.

A help text says everything about a command line but the types, and reading it takes no run of
the script. So `detect_args` can record the arguments of a run that still waits in a queue, and
`docopt_main` hands the same arguments to the script itself. Types follow from names and values:
see `convert_argument`.
"""

from __future__ import annotations

import functools
import json
import sys
import textwrap
from collections.abc import Callable, Coroutine, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar, overload

from runbase.errors import RunbaseError

R = TypeVar("R")
Function = Callable[["ParsedOptions"], R]
Conversion = Callable[[str, str], tuple[Any, bool]]

DECORATORS = ("docopt_arguments", "docopt_main")


class UsageError(SystemExit, RunbaseError, ValueError):
    """The command line fits no help text; the message holds the usage.

    It is a SystemExit too, so a slip at the shell shows the usage and no traceback.
    """


class ParsedOptions(dict[str, Any]):
    """Arguments by name: ``args["epochs"]`` or ``args.epochs``, printed one to a line.

    An argument named like a method of dict, such as ``items``, is found by ``args["items"]`` only.
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no argument is named {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __repr__(self) -> str:
        items = ",\n ".join(f"{name!r}: {self[name]!r}" for name in sorted(self, key=str))
        return f"{{{items}}}"


def make_conversion(pattern: str, func: Callable[[str], Any]) -> Conversion:
    """A conversion, for `register_conversion`, of the arguments whose names match ``pattern``.

    ``pattern`` is a shell pattern as in `fnmatch`, and upper and lower case differ. A value that
    ``func`` refuses with an exception counts as no match: ``*int`` also fits ``checkpoint``.
    """

    def conversion(name: str, value: str) -> tuple[Any, bool]:
        if fnmatchcase(name, pattern):
            try:
                return func(value), True
            except Exception:
                pass
        return value, False

    return conversion


_conversions: dict[str, Conversion] = {
    "int": make_conversion("*int", int),
    "float": make_conversion("*float", float),
    "complex": make_conversion("*complex", complex),
    "path": make_conversion("*path", Path),
    "json": make_conversion("*json", json.loads),
    "str": make_conversion("*str", str),
}
_guesses = [make_conversion("*", func) for func in (int, float, complex, json.loads)]


def register_conversion(name: str, func: Conversion) -> None:
    """Convert arguments with ``func``, after those registered before and ahead of any guess.

    ``func`` gets the name and the text of an argument, and returns the value and whether it
    applies. One registered before under the same ``name`` (``int``, ``float``, ``complex``,
    ``path``, ``json`` and ``str`` are there from the start) is replaced, and keeps its turn.

    A registration is code, which `detect_args` does not run: who reads the arguments from outside
    the script sees the standard conversions.
    """
    _conversions[name] = func


def convert_argument(name: str, value: Any) -> Any:
    """The value of an argument as the type that its name asks for, or else its text looks like.

    A name that ends with int, float, complex, path, json or str decides. If none does, or the text
    does not suit it, int, float, complex and JSON are tried in this order; what is none of them
    stays text. Switches, counts, None and the lists of repeated options are returned as they are.
    """
    if not isinstance(value, str):
        return value
    for conversion in (*_conversions.values(), *_guesses):
        converted, applies = conversion(name, value)
        if applies:
            return converted
    return value


def convert_arguments(args: Mapping[str, Any], simplify_names: bool = True) -> ParsedOptions:
    """What docopt found, with converted values and names that are easy to type.

    ``--batch-size`` and ``<batch-size>`` become ``batch_size``; where a help text has both, the
    later one keeps its full name. Without ``simplify_names`` all do.
    """
    parsed = ParsedOptions()
    for name, value in args.items():
        simple = name.lstrip("-").strip("<>").replace("-", "_") or name
        key = simple if simplify_names and simple not in parsed else name
        parsed[key] = convert_argument(simple, value)
    return parsed


def docopt_parse_docstrings(
    docstrings: Iterable[str | None], simplify_names: bool = True, **kwargs: Any
) -> ParsedOptions:
    """The arguments by the first of the ``docstrings`` that the command line fits.

    ``kwargs`` are those of ``docopt.docopt``, such as ``argv``; the command line is ``sys.argv``
    unless they say otherwise. As in docopt, ``-h`` and ``--help`` print the help text and exit
    with status 0; ``default_help=False`` leaves them to the caller.

    Raises:
        UsageError: none fits. It is a ValueError, and its message holds the usage.
    """
    return convert_arguments(_first_fit(docstrings, **kwargs), simplify_names)


def detect_args(path: Path | str | None = None, **kwargs: Any) -> ParsedOptions | None:
    """The arguments by the help texts in a Python file, which is read and not run.

    Tries the docstrings of the functions under ``@docopt_arguments`` or ``@docopt_main`` from top
    to bottom, then that of the module. Without ``path`` the file is the running script. ``kwargs``
    are as in `docopt_parse_docstrings`; give those that the script gives to its decorator.

    None if the command line fits no help text or asks for help, or if the file is not there or is
    not Python. Recording a run never ends it: nothing is printed, and the program does not exit.
    """
    simplify_names = kwargs.pop("simplify_names", True)
    # docopt would print these and exit, and its output cannot be caught for one thread alone.
    asks = ["-h", "--help"] if kwargs.pop("default_help", True) else []
    asks += ["--version"] if kwargs.pop("version", None) else []
    docstrings = _docstrings(_script() if path is None else Path(path))
    try:
        found = _first_fit(docstrings, default_help=False, **kwargs)
    except UsageError:
        return None
    if any(found.get(name) is True for name in asks):
        return None
    return convert_arguments(found, simplify_names)


@overload
def docopt_arguments(
    f: Function[R], main: bool = False, main_guard: bool = True, **kwargs: Any
) -> Callable[..., R]: ...
@overload
def docopt_arguments(
    f: None = None, main: bool = False, main_guard: bool = True, **kwargs: Any
) -> Callable[[Function[R]], Callable[..., R]]: ...
def docopt_arguments(
    f: Function[R] | None = None, main: bool = False, main_guard: bool = True, **kwargs: Any
) -> Callable[..., Any]:
    """Decorate a function so that a call parses the command line and passes the arguments on.

    The help text is the docstring of the function or, if the command line does not fit that one,
    of its module. ``main()`` returns what the function returns. ``main({"epochs": 3})`` adds to
    the arguments of the command line, or overrides them. ``kwargs`` are as in
    `docopt_parse_docstrings`, and so is what happens for ``--help``.

    With ``main=True`` the function also runs at once, where it is defined, if its module is the
    script that Python was started with; ``main_guard=False`` runs it on import as well. A
    coroutine function is then run to its end.

    Raises:
        UsageError: from the call, if the command line fits neither docstring. It is a ValueError;
            left alone it ends the program with the usage on stderr and status 1.
    """
    if f is None:
        return functools.partial(docopt_arguments, main=main, main_guard=main_guard, **kwargs)

    @functools.wraps(f)
    def run(overrides: Mapping[str, Any] | None = None) -> R:
        module = sys.modules.get(f.__module__)
        args = docopt_parse_docstrings([f.__doc__, getattr(module, "__doc__", None)], **kwargs)
        args.update(overrides or {})
        return f(args)

    if main and (not main_guard or f.__module__ == "__main__"):
        result = run()
        if isinstance(result, Coroutine):
            import asyncio

            asyncio.run(result)
    return run


@overload
def docopt_main(f: Function[R], main_guard: bool = True, **kwargs: Any) -> Callable[..., R]: ...
@overload
def docopt_main(
    f: None = None, main_guard: bool = True, **kwargs: Any
) -> Callable[[Function[R]], Callable[..., R]]: ...
def docopt_main(
    f: Function[R] | None = None, main_guard: bool = True, **kwargs: Any
) -> Callable[..., Any]:
    """`docopt_arguments` with ``main=True``: decorate the main function of a script, and run it.

    It runs where it is defined, so put it below everything that it uses.
    """
    return docopt_arguments(f, main=True, main_guard=main_guard, **kwargs)


def _first_fit(docstrings: Iterable[str | None], **kwargs: Any) -> Mapping[str, Any]:
    from docopt import DocoptExit, DocoptLanguageError, docopt

    problems = []
    for docstring in docstrings:
        if docstring is None or "usage:" not in docstring.lower():
            continue
        try:
            return docopt(_dedent(docstring), **kwargs)
        except DocoptExit as error:
            problems.append(str(error))
        except (DocoptLanguageError, AssertionError) as error:
            problems.append(f"docopt cannot read this help text ({error!r}):\n{docstring}")
    raise UsageError("\n\n".join(problems) or 'no docstring with a "usage:" section')


def _dedent(docstring: str) -> str:
    first, newline, rest = docstring.partition("\n")
    if "usage:" in first.lower():
        return textwrap.dedent(docstring)  # lines further in than the first may continue the usage
    return first + newline + textwrap.dedent(rest)


def _script() -> Path:
    script = Path(sys.argv[0] if sys.argv else "")
    started = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    # A relative argv[0] points nowhere after os.chdir; __main__.__file__ was absolute from the
    # start, but is another file when a launcher such as torchrun runs the script.
    return started if not script.is_absolute() and script.name == started.name else script


def _docstrings(path: Path) -> list[str | None]:
    import ast
    import warnings

    try:
        if not path.is_file():  # reading a terminal or pipe would wait for input
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python gave them when it compiled the script
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []

    def is_ours(decorator: ast.expr) -> bool:
        if isinstance(decorator, ast.Call):
            decorator = decorator.func
        name = getattr(decorator, "attr", getattr(decorator, "id", None))
        return name in DECORATORS

    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(map(is_ours, node.decorator_list))
    ]
    functions.sort(key=lambda function: function.lineno)
    return [ast.get_docstring(node, clean=False) for node in (*functions, tree)]

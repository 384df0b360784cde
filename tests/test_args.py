"""Arguments from docstrings: `runbase.args`."""

from __future__ import annotations

import cmath
import contextlib
import copy
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbase import args as args_module
from runbase.args import (
    ParsedOptions,
    UsageError,
    convert_argument,
    convert_arguments,
    detect_args,
    docopt_arguments,
    docopt_main,
    docopt_parse_docstrings,
    make_conversion,
    register_conversion,
)
from runbase.errors import RunbaseError

Script = Callable[[str], Path]

SOURCES = Path(args_module.__file__).parents[1]
EXAMPLE = Path(__file__).parents[1] / "examples" / "argument_parsing.py"

EPOCHS = """Usage: train [--epochs=N]

Options:
  -e N, --epochs N  How many [default: 90]
"""
FILES = "Usage: train <file> [--dry-run]"


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Write a script, ``train.py``."""

    def write(source: str) -> Path:
        path = tmp_path / "train.py"
        path.write_text(source, encoding="utf-8")
        return path

    return write


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    monkeypatch.setattr(args_module, "_conversions", dict(args_module._conversions))


def python(*argv: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-W", "error", *map(str, argv)],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
    )


def output(*argv: str | Path, cwd: Path | None = None) -> str:
    process = python(*argv, cwd=cwd)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    return process.stdout


# ------------------------------------------------------------------------------------ the example


@pytest.mark.item("S080", "S082", "S084", "S087", "A92")
def test_the_example_prints_what_the_documentation_shows():
    assert output(EXAMPLE, "-e", "180") == (
        "{'amp': False,\n"
        " 'batch_size': None,\n"
        " 'epochs': 180,\n"
        " 'help': False,\n"
        " 'learning_rate': ['0.1'],\n"
        " 'model': 'resnet18'}\n"
        "180\n"
        "{'amp': True,\n"
        " 'batch_size': None,\n"
        " 'epochs': 360,\n"
        " 'help': False,\n"
        " 'learning_rate': ['0.1'],\n"
        " 'model': 'resnet18'}\n"
        "360\n"
    )


@pytest.mark.item("S080", "A90")
def test_the_arguments_of_the_example_are_known_without_running_it(
    capsys: pytest.CaptureFixture[str],
):
    detected = detect_args(EXAMPLE, argv=["-b", "64", "-l", "0.1", "-l", "0.01"])
    assert detected == {
        "amp": False,
        "batch_size": 64,
        "epochs": 90,
        "help": False,
        "learning_rate": ["0.1", "0.01"],
        "model": "resnet18",
    }
    assert capsys.readouterr() == ("", "")


# ------------------------------------------------------------------------------------ detect_args


@pytest.mark.item("S080", "A90")
@pytest.mark.parametrize(
    "decorator",
    [
        "docopt_main",
        "docopt_main()",
        "docopt_main(main_guard=False)",
        "docopt_arguments",
        "docopt_arguments(main=True)",
        "args.docopt_main",
        "runbase.args.docopt_arguments(main=True)",
    ],
)
@pytest.mark.parametrize("define", ["def", "async def"])
def test_detect_args_finds_decorated_functions(script: Script, decorator: str, define: str):
    path = script(f'@other\n@{decorator}\n{define} main(args):\n    """{EPOCHS}"""\n')
    assert detect_args(path, argv=["-e", "3"]) == {"epochs": 3}


@pytest.mark.item("S080", "A90")
@pytest.mark.parametrize("decorator", ["", "@cache", "@docopt_main.register", "@mains['a']"])
def test_detect_args_ignores_other_functions(script: Script, decorator: str):
    path = script(f'{decorator}\ndef main(args):\n    """{EPOCHS}"""\n')
    assert detect_args(path, argv=["-e", "3"]) is None


@pytest.mark.item("S080", "A90")
def test_detect_args_finds_nested_functions(script: Script):
    path = script(
        "if __name__ == '__main__':\n"
        "    def start():\n"
        "        @docopt_main\n"
        "        def main(args):\n"
        '            """\n'
        "            Usage: train [--epochs=N]\n"
        "            Options:\n"
        "                -e N, --epochs N\n"
        '            """\n'
    )
    assert detect_args(path, argv=["-e", "3"]) == {"epochs": 3}


@pytest.mark.item("S080", "A90")
def test_detect_args_takes_the_first_function_that_fits_then_the_module(script: Script):
    path = script(
        '"""Usage: train [--module] [<file>] [<file>]"""\n'
        "def build():\n"
        "    @docopt_main\n"
        '    def first(args):\n        """Usage: train --first [<file>]"""\n'
        "@docopt_main\n"
        'def second(args):\n    """Usage: train [--first] [--second] [<file>]"""\n'
    )
    assert detect_args(path, argv=["--first"]) == {"first": True, "file": None}
    assert detect_args(path, argv=["--second", "a"]) == {
        "first": False,
        "second": True,
        "file": "a",
    }
    assert detect_args(path, argv=["--module", "a", "b"]) == {"module": True, "file": ["a", "b"]}


@pytest.mark.item("S080", "A90")
def test_detect_args_does_not_run_the_script(script: Script, tmp_path: Path):
    path = script(f'"""{EPOCHS}"""\nopen({str(tmp_path / "ran")!r}, "w")\nimport missing\n')
    assert detect_args(path, argv=[]) == {"epochs": 90}
    assert not (tmp_path / "ran").exists()


@pytest.mark.item("S080", "A90")
def test_detect_args_reads_the_running_script_by_default(script: Script):
    path = script(f'"""{EPOCHS}"""\nfrom runbase.args import detect_args\nprint(detect_args())\n')
    assert output(path, "-e", "7") == "{'epochs': 7}\n"


@pytest.mark.item("S080", "A90")
def test_detect_args_finds_the_script_after_a_change_of_directory(script: Script, tmp_path: Path):
    path = script(
        f'"""{EPOCHS}"""\n'
        "import os\n"
        "from runbase.args import detect_args\n"
        "os.chdir(os.sep)\n"
        "print(detect_args())\n"
    )
    assert output(path.name, "-e", "7", cwd=tmp_path) == "{'epochs': 7}\n"


@pytest.mark.item("S080", "A90")
@pytest.mark.parametrize("name", ["launch.py", "train.py"])
def test_detect_args_reads_the_script_and_not_its_launcher(
    script: Script, tmp_path: Path, name: str
):
    path = script(f'"""{EPOCHS}"""\nfrom runbase.args import detect_args\nprint(detect_args())\n')
    launcher = tmp_path / "bin" / name
    launcher.parent.mkdir()
    launcher.write_text(
        '"""Usage: launch SCRIPT [--epochs=N]"""\n'
        "import runpy, sys\n"
        "del sys.argv[0]\n"
        "runpy.run_path(sys.argv[0])\n"
    )
    assert output(launcher, path, "--epochs", "7") == "{'epochs': 7}\n"


@pytest.mark.item("S080", "A90")
@pytest.mark.parametrize("argv", [["--bogus"], ["--epochs"], ["extra"], ["--epochs=1", "-e", "2"]])
def test_detect_args_never_exits_on_a_usage_mismatch(
    script: Script, argv: list[str], capsys: pytest.CaptureFixture[str]
):
    assert detect_args(script(f'"""{EPOCHS}"""'), argv=argv) is None
    assert capsys.readouterr() == ("", "")


@pytest.mark.item("S080", "A90")
@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["--version"], ["-e", "3", "--help"]])
@pytest.mark.parametrize("options", ["", "\n  -h, --help  Help\n  --version  Version\n"])
def test_detect_args_never_exits_when_asked_for_help(
    script: Script, argv: list[str], options: str, capsys: pytest.CaptureFixture[str]
):
    path = script(f'"""{EPOCHS.replace("train", "train [options]")}{options}"""')
    assert detect_args(path, argv=argv, version="1.0") is None
    assert capsys.readouterr() == ("", "")


@pytest.mark.item("S080", "A90")
def test_detect_args_leaves_help_to_a_script_that_handles_it(script: Script):
    path = script('"""Usage: train [-h] [--version]"""')
    detected = detect_args(path, argv=["-h"], default_help=False)
    assert detected == {"h": True, "version": False}
    assert detect_args(path, argv=["--version"]) == {"h": False, "version": True}


@pytest.mark.item("S080", "A90")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"def broken(:",
        b'"""Reads files."""',
        b'"""Usage: train ["""',
        b'"""Usage:"""',
        b'"""Usage: train [--epochs',
        b'"""Usage: train -fo ..."""',
        b"\x7fELF\x00\x01\xff\xfe",
        b"# -*- coding: no-such-codec -*-\n",
        b"x = " + b"(" * 5000,
        b"-" * 50_000 + b"1",
    ],
    ids=range(11),
)
def test_detect_args_is_none_for_a_file_without_a_help_text(tmp_path: Path, content: bytes):
    path = tmp_path / "train.py"
    path.write_bytes(content)
    assert detect_args(path, argv=[]) is None


@pytest.mark.item("S080", "A90")
def test_detect_args_is_none_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for path in (tmp_path, tmp_path / "missing.py", str(tmp_path / "missing.py"), "nul\0.py"):
        assert detect_args(path) is None
    for argv in ([], [""], ["-c"], ["-m"]):
        monkeypatch.setattr(sys, "argv", argv)
        assert detect_args() is None
    assert output("-c", "from runbase.args import detect_args; print(detect_args())") == "None\n"


@pytest.mark.item("S080", "A90")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_detect_args_does_not_wait_for_a_pipe(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    assert detect_args(tmp_path / "pipe") is None


@pytest.mark.item("S080", "A90")
def test_detect_args_respects_the_encoding_of_the_script(tmp_path: Path):
    path = tmp_path / "train.py"
    path.write_bytes('# coding: latin-1\n"""Usage: train [--größe=N]"""'.encode("latin-1"))
    assert detect_args(path, argv=["--größe", "3"]) == {"größe": 3}


@pytest.mark.item("S080", "A90")
def test_detect_args_reads_a_usage_that_starts_on_the_first_line(script: Script):
    path = script(
        "def start():\n    @docopt_main\n    def main(args):\n"
        '        """Usage: train [--amp]\n                  train run [--epochs=N]"""\n'
    )
    assert detect_args(path, argv=["run"]) == {"amp": False, "run": True, "epochs": None}


@pytest.mark.item("S080", "A90")
def test_detect_args_is_quiet_about_warnings_in_the_script(script: Script):
    path = script(f'"""{EPOCHS}"""\npattern = "\\d"\n')
    assert detect_args(path, argv=[]) == {"epochs": 90}


@pytest.mark.item("S080", "A90")
def test_detect_args_passes_options_on_to_docopt(script: Script):
    path = script('"""Usage: train [-v] [<words>...]"""')
    argv = ["a", "-v"]
    assert detect_args(path, argv=argv) == {"v": True, "words": ["a"]}
    assert detect_args(path, argv=argv, options_first=True) == {"v": False, "words": ["a", "-v"]}
    assert detect_args(path, argv=argv, simplify_names=False) == {"-v": True, "<words>": ["a"]}


# ------------------------------------------------------------------------------- docopt_arguments


@pytest.mark.item("S081", "A91")
def test_a_decorated_function_gets_the_command_line(monkeypatch: pytest.MonkeyPatch):
    @docopt_arguments
    def main(args: ParsedOptions) -> ParsedOptions:
        """Usage: train [--epochs=N]"""
        return args

    monkeypatch.setattr(sys, "argv", ["train.py", "--epochs", "3"])
    assert main() == {"epochs": 3}
    assert type(main()) is ParsedOptions


@pytest.mark.item("S081", "A91")
def test_a_decorated_function_keeps_its_return_value_and_its_name():
    @docopt_arguments(argv=["--epochs", "3"])
    def main(args: ParsedOptions) -> Any:
        """Usage: train [--epochs=N]"""
        return args.epochs * 2

    assert main() == 6
    assert main.__name__ == "main"
    assert main.__doc__ == "Usage: train [--epochs=N]"


@pytest.mark.item("S081", "A91")
def test_a_dictionary_overrides_and_adds_arguments():
    @docopt_arguments(argv=["--epochs", "3"])
    def main(args: ParsedOptions) -> ParsedOptions:
        """Usage: train [--epochs=N] [--amp]"""
        return args

    assert main({}) == main(None) == main() == {"epochs": 3, "amp": False}
    assert main({"amp": True, "lr": "1"}) == {"epochs": 3, "amp": True, "lr": "1"}
    assert main({"epochs": None}) == {"epochs": None, "amp": False}
    assert main() == {"epochs": 3, "amp": False}


@pytest.mark.item("S081", "A91")
def test_the_docstring_of_the_module_is_used_when_that_of_the_function_does_not_fit(
    script: Script,
):
    path = script(
        '"""Usage: train [--epochs=N]"""\n'
        "from runbase.args import docopt_arguments\n"
        "@docopt_arguments\n"
        "def first(args):\n"
        '    """Usage: train --amp"""\n'
        "    print('first', args)\n"
        "@docopt_arguments\n"
        "def second(args):\n"
        '    """Trains."""\n'
        "    print('second', args)\n"
        "@docopt_arguments\n"
        "def third(args):\n"
        "    print('third', args)\n"
        "first(), second(), third()\n"
    )
    assert output(path, "--epochs", "3") == (
        "first {'epochs': 3}\nsecond {'epochs': 3}\nthird {'epochs': 3}\n"
    )


@pytest.mark.item("S081", "A91", "A93")
def test_a_command_line_that_fits_nothing_is_a_value_error_with_the_usage():
    @docopt_arguments(argv=["--bogus"])
    def main(args: ParsedOptions) -> None:
        """Usage: train [--epochs=N]"""

    with pytest.raises(ValueError, match=r"--bogus(.|\n)*Usage: train \[--epochs=N\]") as caught:
        main()
    assert isinstance(caught.value, RunbaseError)


@pytest.mark.item("S081", "A91")
def test_a_wrong_option_at_the_shell_shows_the_usage_and_no_traceback(script: Script):
    path = script(
        "from runbase.args import docopt_arguments\n"
        "@docopt_arguments\n"
        "def main(args):\n"
        '    """Usage: train [--epochs=N]"""\n'
        "main()\n"
    )
    process = python(path, "--bogus")
    assert process.returncode == 1
    assert process.stdout == ""
    assert "--bogus" in process.stderr
    assert process.stderr.endswith("Usage: train [--epochs=N]\n")
    assert "Traceback" not in process.stderr


@pytest.mark.item("S081", "A91", "A92")
@pytest.mark.parametrize("decorator", ["docopt_main", "docopt_arguments(main=True)"])
def test_help_at_the_shell_prints_the_docstring_and_succeeds(script: Script, decorator: str):
    path = script(
        "from runbase.args import *\n"
        f"@{decorator}\n"
        "def main(args):\n"
        '    """Trains a model.\n\n'
        "    Usage: train [options]\n\n"
        "    Options:\n"
        "      -h, --help  Show this\n"
        '    """\n'
        "    print('never')\n"
    )
    assert output(path, "--help") == (
        "Trains a model.\n\nUsage: train [options]\n\nOptions:\n  -h, --help  Show this\n"
    )


@pytest.mark.item("S081", "A91")
def test_main_runs_at_once_under_the_guard_only(script: Script, tmp_path: Path):
    path = script(
        '"""Usage: train [--epochs=N]"""\n'
        "from runbase.args import docopt_arguments\n"
        "@docopt_arguments\n"
        "def waits(args): print('waits')\n"
        "@docopt_arguments(main=True)\n"
        "def guarded(args): print('guarded')\n"
        "@docopt_arguments(main=True, main_guard=False)\n"
        "def always(args): print('always')\n"
    )
    assert output(path) == "guarded\nalways\n"
    assert output("-c", "import train", cwd=tmp_path) == "always\n"
    assert output("-m", "train", cwd=tmp_path) == "guarded\nalways\n"
    assert output("-c", "import train; train.guarded()", cwd=tmp_path) == "always\nguarded\n"
    assert path.exists()


@pytest.mark.item("S082", "A92")
def test_docopt_main_runs_the_script_and_not_the_import(script: Script, tmp_path: Path):
    script(
        '"""Usage: train [--epochs=N]"""\n'
        "from runbase.args import docopt_main\n"
        "@docopt_main\n"
        "def main(args): print('main', args.epochs)\n"
        "@docopt_main(main_guard=False, argv=['--epochs', '5'])\n"
        "def always(args): print('always', args.epochs)\n"
    )
    assert output("train.py", "--epochs", "3", cwd=tmp_path) == "main 3\nalways 5\n"
    assert output("-c", "import train", cwd=tmp_path) == "always 5\n"


@pytest.mark.item("S082", "A92")
def test_docopt_main_returns_a_function_that_can_be_called_again():
    calls = []

    @docopt_main(main_guard=False, argv=[])
    def main(args: ParsedOptions) -> int:
        """Usage: train [--epochs=N]"""
        calls.append(args.epochs)
        return len(calls)

    assert calls == [None]
    assert main({"epochs": 4}) == 2
    assert calls == [None, 4]


@pytest.mark.item("S082", "A92")
def test_docopt_main_runs_a_coroutine_function_to_its_end(script: Script):
    path = script(
        "import asyncio\n"
        "from runbase.args import docopt_main\n"
        "@docopt_main\n"
        "async def main(args):\n"
        '    """Usage: train [--epochs=N]"""\n'
        "    await asyncio.sleep(0)\n"
        "    print(args)\n"
    )
    assert output(path, "--epochs", "3") == "{'epochs': 3}\n"


@pytest.mark.item("S080", "S081", "A90", "A91")
def test_a_running_script_detects_the_arguments_that_its_main_gets(script: Script):
    path = script(
        "from runbase.args import detect_args, docopt_main\n"
        "@docopt_main\n"
        "def main(args):\n"
        '    """Usage: train [--epochs=N] [--out-path=P] <file>..."""\n'
        "    assert args == detect_args(), detect_args()\n"
        "    print(args)\n"
    )
    assert output(path, "--epochs", "3", "--out-path", "out", "a", "b") == (
        f"{{'epochs': 3,\n 'file': ['a', 'b'],\n 'out_path': {Path('out')!r}}}\n"
    )


# ------------------------------------------------------------------------ docopt_parse_docstrings


@pytest.mark.item("S083", "A93")
def test_the_first_docstring_that_fits_is_parsed():
    docstrings = [None, "Trains.", FILES, EPOCHS, "Usage: train [--epochs=N] [--amp]"]
    assert docopt_parse_docstrings(docstrings, argv=["a.txt"]) == {
        "file": "a.txt",
        "dry_run": False,
    }
    assert docopt_parse_docstrings(iter(docstrings), argv=["-e", "3"]) == {"epochs": 3}


@pytest.mark.item("S083", "A93")
def test_without_a_fitting_docstring_every_usage_is_in_the_error():
    with pytest.raises(ValueError, match=r"<file>(.|\n)*--epochs=N"):
        docopt_parse_docstrings([FILES, None, EPOCHS], argv=["--bogus"])


@pytest.mark.item("S083", "A93")
@pytest.mark.parametrize("docstrings", [[], [None], ["", "Trains."]])
def test_without_a_help_text_the_error_says_so(docstrings: list[str | None]):
    with pytest.raises(ValueError, match='no docstring with a "usage:" section'):
        docopt_parse_docstrings(docstrings, argv=[])


@pytest.mark.item("S083", "A93")
def test_a_help_text_that_docopt_cannot_read_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"unmatched '\['(.|\n)*Usage: train \[--epochs"):
        docopt_parse_docstrings(["Usage: train [--epochs"], argv=[])


@pytest.mark.item("S083", "A93")
def test_names_are_simplified_unless_asked_otherwise():
    usage = "Usage: train run [--batch-size=N] [-v] [--] <in-file> NAME"
    argv = ["run", "--batch-size", "3", "a", "b"]
    assert docopt_parse_docstrings([usage], argv=argv) == {
        "run": True,
        "batch_size": 3,
        "v": False,
        "--": False,
        "in_file": "a",
        "NAME": "b",
    }
    assert docopt_parse_docstrings([usage], simplify_names=False, argv=argv) == {
        "run": True,
        "--batch-size": 3,
        "-v": False,
        "--": False,
        "<in-file>": "a",
        "NAME": "b",
    }


@pytest.mark.item("S083")
def test_two_arguments_of_one_simple_name_are_both_kept():
    args = {"--file": "1", "<file>": "2"}
    assert convert_arguments(args) == {"file": 1, "<file>": 2}


@pytest.mark.item("S083")
def test_conversions_see_simple_names_in_any_case():
    args = {"<out-path>": "3"}
    assert convert_arguments(args) == {"out_path": Path("3")}
    assert convert_arguments(args, simplify_names=False) == {"<out-path>": Path("3")}


@pytest.mark.item("S083", "A93")
@pytest.mark.parametrize(
    "docstring",
    [
        "Usage: train [--amp]\n       train run [--epochs=N]",
        "Usage:\n  train [--amp]\n  train run [--epochs=N]",
        "Trains.\n\n    Usage:\n      train [--amp]\n      train run [--epochs=N]\n    ",
        "\n  Usage:\n    train [--amp]\n    train run [--epochs=N]\n  \n  Options:\n    --amp",
    ],
    ids=range(4),
)
def test_help_texts_may_be_indented_as_docstrings_are(docstring: str):
    parsed = docopt_parse_docstrings([docstring], argv=["run", "--epochs", "3"])
    assert parsed == {"amp": False, "run": True, "epochs": 3}


WORDS = ["[", "]", "(", ")", "|", "...", "--foo", "-f", "-fo", "--foo=<x>", "<x>", "NAME", "run"]
WORDS += ["[options]", "--", "usage:", "options:", "\n ", "\n\n"]
ARGV = ["-f", "-f3", "--foo", "--foo=3", "3", "--", "-", "run", "-x", "--help"]


@pytest.mark.item("S083", "A93")
@settings(database=None, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
    st.lists(st.sampled_from(ARGV), max_size=3),
)
def test_any_help_text_and_command_line_parse_or_raise_a_usage_error(usage: str, argv: list[str]):
    with contextlib.suppress(UsageError):
        docopt_parse_docstrings([f"usage: train {usage}"], argv=argv, default_help=False)


# ---------------------------------------------------------------------------------- ParsedOptions


@pytest.mark.item("S084")
def test_parsed_options_are_a_dict_with_attributes():
    args = ParsedOptions(epochs=3, amp=False)
    assert isinstance(args, dict)
    assert (args.epochs, args.amp, args["epochs"]) == (3, False, 3)
    args.epochs = 4
    assert args == {"epochs": 4, "amp": False}


@pytest.mark.item("S084")
def test_a_missing_argument_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'bogus'"):
        _ = ParsedOptions(epochs=3).bogus
    assert not hasattr(ParsedOptions(), "epochs")


@pytest.mark.item("S084")
def test_parsed_options_print_one_sorted_argument_to_a_line():
    assert repr(ParsedOptions()) == "{}"
    assert repr(ParsedOptions(b=None, a="x")) == "{'a': 'x',\n 'b': None}"
    assert str(ParsedOptions(b=None, a="x")) == "{'a': 'x',\n 'b': None}"


@pytest.mark.item("S084")
def test_parsed_options_survive_copies_and_pickles():
    args = ParsedOptions(epochs=3, path=Path("a"))
    for twin in (copy.copy(args), copy.deepcopy(args), pickle.loads(pickle.dumps(args))):
        assert type(twin) is ParsedOptions
        assert twin == args
        assert twin is not args


# ------------------------------------------------------------------------------------ conversions


@pytest.mark.item("S085")
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("seedint", "3", 3),
        ("lr_float", "3", 3.0),
        ("z_complex", "3", 3 + 0j),
        ("path", "3", Path("3")),
        ("data_path", "a/b", Path("a/b")),
        ("layers_json", "3", 3),
        ("layers_json", '{"a": [1, null]}', {"a": [1, None]}),
        ("versionstr", "3.0", "3.0"),
    ],
)
def test_the_end_of_a_name_decides_on_the_type(name: str, text: str, value: Any):
    converted = convert_argument(name, text)
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.item("S085", "S087")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("90", 90),
        ("-1", -1),
        ("1_000", 1000),
        ("0.1", 0.1),
        ("1e-3", 0.001),
        ("inf", math.inf),
        ("-Infinity", -math.inf),
        ("j", 1j),
        ("1+2j", 1 + 2j),
        ("null", None),
        ("true", True),
        ("[1, 2.5]", [1, 2.5]),
        ('{"a": "b"}', {"a": "b"}),
        ('"3"', "3"),
        ("True", "True"),
        ("None", "None"),
        ("resnet18", "resnet18"),
        ("[1, 2", "[1, 2"),
        ("", ""),
    ],
)
def test_other_values_are_guessed_from_their_text(text: str, value: Any):
    converted = convert_argument("x", text)
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.item("S087")
@pytest.mark.parametrize("name", ["x", "x_float"])
@pytest.mark.parametrize("text", ["nan", "NaN", "-nan"])
def test_nan_is_a_float(name: str, text: str):
    assert math.isnan(convert_argument(name, text))
    assert cmath.isnan(convert_argument(name, f"{text}+1j"))


@pytest.mark.item("S086")
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("checkpoint", "model.pt", "model.pt"),
        ("fingerprint", "ab12", "ab12"),
        ("print", "2.5", 2.5),
        ("point", "[1, 2]", [1, 2]),
        ("float", "1j", 1j),
        ("complex", "null", None),
        ("config_json", "config.yaml", "config.yaml"),
    ],
)
def test_a_value_that_does_not_suit_its_name_is_guessed(name: str, text: str, value: Any):
    assert convert_argument(name, text) == value


@pytest.mark.item("S086")
def test_a_checkpoint_option_takes_a_file_name():
    usage = "Usage: train [--checkpoint=FILE]"
    parsed = docopt_parse_docstrings([usage], argv=["--checkpoint", "model.pt"])
    assert parsed == {"checkpoint": "model.pt"}


@pytest.mark.item("S087")
def test_repeated_options_stay_lists_of_strings():
    usage = "Usage: train [--lr-float=R]... [-v]... [<int>...]"
    parsed = docopt_parse_docstrings([usage], argv=["--lr-float", "1", "-vv", "3", "4"])
    assert parsed == {"lr_float": ["1"], "v": 2, "int": ["3", "4"]}


@pytest.mark.item("S085")
@pytest.mark.parametrize("value", [None, True, False, 2, ["1"]])
def test_values_that_are_not_text_stay_as_they_are(value: Any):
    assert convert_argument("xstr", value) is value


@pytest.mark.item("S085", "S086")
@settings(database=None)
@given(st.sampled_from(["x", "int", "float", "complex", "path", "json", "str"]), st.text())
def test_every_text_converts_to_something(name: str, text: str):
    convert_argument(name, text)


@pytest.mark.item("S085", "A94")
def test_make_conversion_applies_a_function_to_matching_names():
    conversion = make_conversion("*_ratio", Fraction)
    assert conversion("the_ratio", "1/3") == (Fraction(1, 3), True)
    assert conversion("the_ration", "1/3") == ("1/3", False)
    assert conversion("THE_RATIO", "1/3") == ("1/3", False)


@pytest.mark.item("S086", "A94")
@pytest.mark.parametrize("text", ["a/b", "1/0"])
def test_make_conversion_gives_way_when_its_function_fails(text: str):
    assert make_conversion("*_ratio", Fraction)("the_ratio", text) == (text, False)


@pytest.mark.item("S085", "A95")
@pytest.mark.usefixtures("conversions")
def test_a_registered_conversion_comes_before_the_guesses_and_after_the_others():
    register_conversion("one", make_conversion("*", lambda text: f"one {text}"))
    register_conversion("two", make_conversion("*", lambda text: f"two {text}"))
    assert convert_argument("x", "3") == "one 3"
    assert convert_argument("xint", "3") == 3


@pytest.mark.item("S085", "A95")
@pytest.mark.usefixtures("conversions")
def test_a_conversion_registered_again_keeps_its_turn():
    register_conversion("last", make_conversion("*", lambda text: "last"))
    register_conversion("int", make_conversion("*int", lambda text: int(text, 16)))
    assert convert_argument("xint", "ff") == 255
    assert convert_argument("x", "3") == "last"


@pytest.mark.item("A95")
@pytest.mark.usefixtures("conversions")
def test_a_registered_conversion_gets_name_and_value_and_may_decline():
    def percent(name: str, value: str) -> tuple[Any, bool]:
        return (name, float(value[:-1]) / 100) if value.endswith("%") else value, value[-1:] == "%"

    register_conversion("percent", percent)
    assert convert_argument("share", "50%") == ("share", 0.5)
    assert convert_argument("share", "50") == 50


# ------------------------------------------------------------------------------------ import cost


def test_importing_the_module_does_not_import_docopt():
    code = "import sys, runbase.args; print({'asyncio', 'docopt'} & sys.modules.keys())"
    assert output("-c", code) == "set()\n"

"""Show the dashboard of the demo, and go on proposing colours for both of its sunsets.

    python examples/serve_demo.py [FILE] [--port PORT]

FILE is demo.db by default, as the other examples leave it. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import threading
import warnings
from pathlib import Path

import optuna
import sunset
import sunset_preferences
from optuna.artifacts import FileSystemArtifactStore

from runbase.dashboard import run_server
from runbase.optuna import RDBStorage


def main() -> None:
    args = _arguments()
    store = FileSystemArtifactStore(str(Path(args.file).with_suffix(".artifacts")))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    storage = RDBStorage(f"sqlite:///{args.file}")
    for proposing in (
        lambda: sunset.keep_proposing(sunset.make_study(storage), store),
        lambda: sunset_preferences.keep_proposing(sunset_preferences.make_study(storage), store),
    ):
        threading.Thread(target=proposing, daemon=True).start()
    run_server(storage, port=args.port, artifact_store=store, open_browser=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Show the dashboard of the demo.")
    parser.add_argument("file", nargs="?", default="demo.db")
    parser.add_argument("--port", type=int, default=8080)
    return parser.parse_args()


if __name__ == "__main__":
    main()

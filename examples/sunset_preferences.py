"""Find the colour of a sunset by comparing: a person says which of four is the worst.

    python examples/sunset_preferences.py [FILE] [--made-up N] [--serve]

FILE is demo.db by default. A program proposes colours and paints them, and a person says in the
dashboard which one looks least like a sunset; another colour takes its place. That is easier than
marks as in sunset.py: nobody has to know yet how good a colour can be.

--made-up N   answer N times by how far the colours are from the author's favourite sunset
--serve       show the dashboard, and go on proposing until Ctrl-C
"""

from __future__ import annotations

import argparse
import math
import tempfile
import threading
import time
import warnings
from pathlib import Path

import optuna
from optuna.artifacts import FileSystemArtifactStore, upload_artifact
from optuna.trial import FrozenTrial
from PIL import Image

from runbase.dashboard import register_preference_feedback_component, run_server
from runbase.dashboard.preferential import PreferentialStudy, create_study
from runbase.dashboard.preferential.samplers.gp import PreferentialGPSampler
from runbase.optuna import RDBStorage

STUDY = "sunset preferences"
WAITING = 4  # colours to choose from at a time
FAVOURITE = (253, 94, 83)
PICTURE = "picture"  # the user attribute with the id of the file


def main() -> None:
    args = _arguments()
    artifacts = Path(args.file).with_suffix(".artifacts")
    artifacts.mkdir(exist_ok=True)
    store = FileSystemArtifactStore(str(artifacts))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    storage = RDBStorage(f"sqlite:///{args.file}")
    study = make_study(storage)
    keep_waiting(study, store)
    while len(study.trials) < args.made_up + WAITING:
        answer(study)
        keep_waiting(study, store)
    print(f"{STUDY}: {len(study.trials)} colours, {WAITING} of them wait for your eyes.")
    if args.serve:
        threading.Thread(target=keep_proposing, args=(study, store), daemon=True).start()
        run_server(storage, artifact_store=store, open_browser=True)
    else:
        print(f"  runbase dashboard {args.file} --artifact-dir {artifacts}")


def make_study(storage: RDBStorage) -> PreferentialStudy:
    study = create_study(
        n_generate=WAITING,
        study_name=STUDY,
        storage=storage,
        sampler=PreferentialGPSampler(),
        load_if_exists=True,
    )
    register_preference_feedback_component(study, "artifact", PICTURE)
    return study


def propose(study: PreferentialStudy, store: FileSystemArtifactStore) -> None:
    """Ask for a colour, paint it, and say where its picture is."""
    trial = study.ask()
    color = tuple(trial.suggest_int(part, 0, 255) for part in ("red", "green", "blue"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"colour-{trial.number}.png")
        Image.new("RGB", (320, 240), color).save(path)
        artifact = upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=trial)
    trial.set_user_attr(PICTURE, artifact)


def answer(study: PreferentialStudy) -> None:
    """Say what somebody would say who likes `FAVOURITE`."""
    painted = [trial for trial in study.candidates if PICTURE in trial.user_attrs]
    *others, worst = sorted(painted, key=_distance)
    study.report_preference(others, worst)


def _distance(trial: FrozenTrial) -> float:
    return math.dist([trial.params[part] for part in ("red", "green", "blue")], FAVOURITE)


def keep_waiting(study: PreferentialStudy, store: FileSystemArtifactStore) -> None:
    while study.should_generate():
        propose(study, store)


def keep_proposing(study: PreferentialStudy, store: FileSystemArtifactStore) -> None:
    while True:
        keep_waiting(study, store)
        time.sleep(0.1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Find the colour of a sunset by comparing.")
    parser.add_argument("file", nargs="?", default="demo.db")
    parser.add_argument("--made-up", type=int, default=0, metavar="N")
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()

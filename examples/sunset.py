"""Find the colour of a sunset with a person in the loop.

    python examples/sunset.py [FILE] [--made-up N] [--serve]

FILE is demo.db by default. A program proposes colours and paints them; a person looks at them in
the dashboard and says how well each looks like a sunset; Optuna learns from the answers. Four
colours always wait for an answer.

--made-up N   answer the first N by how far they are from the author's favourite sunset
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
from optuna.trial import TrialState
from PIL import Image

from runbase.dashboard import (
    ChoiceWidget,
    register_objective_form_widgets,
    run_server,
    save_note,
)
from runbase.dashboard.artifact import get_artifact_path
from runbase.optuna import RDBStorage

STUDY = "sunset colours"
WAITING = 4  # colours that wait for an answer at a time
FAVOURITE = (253, 94, 83)
CHOICES = {"Good 👍": -1, "So-so 👌": 0, "Bad 👎": 1}


def main() -> None:
    args = _arguments()
    artifacts = Path(args.file).with_suffix(".artifacts")
    artifacts.mkdir(exist_ok=True)
    store = FileSystemArtifactStore(str(artifacts))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    storage = RDBStorage(f"sqlite:///{args.file}")
    study = make_study(storage)
    while len(study.get_trials(deepcopy=False)) < args.made_up:
        answer(study, propose(study, store))
    keep_waiting(study, store)
    print(f"{STUDY}: {len(study.trials)} colours, {WAITING} of them wait for your eyes.")
    if args.serve:
        threading.Thread(target=keep_proposing, args=(study, store), daemon=True).start()
        run_server(storage, artifact_store=store, open_browser=True)
    else:
        print(f"  runbase dashboard {args.file} --artifact-dir {artifacts}")


def make_study(storage: RDBStorage) -> optuna.Study:
    study = optuna.create_study(
        study_name=STUDY,
        storage=storage,
        sampler=optuna.samplers.TPESampler(constant_liar=True, n_startup_trials=5),
        load_if_exists=True,
    )
    study.set_metric_names(["Looks like a sunset?"])
    register_objective_form_widgets(
        study,
        [
            ChoiceWidget(
                choices=list(CHOICES),
                values=list(CHOICES.values()),
                description="How much does it look like the colour of a sunset?",
            )
        ],
    )
    return study


def propose(study: optuna.Study, store: FileSystemArtifactStore) -> optuna.Trial:
    """Ask for a colour, paint it, and put the picture into the note of the trial."""
    trial = study.ask()
    color = tuple(trial.suggest_int(part, 0, 255) for part in ("red", "green", "blue"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"colour-{trial.number}.png")
        Image.new("RGB", (320, 240), color).save(path)
        artifact = upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=trial)
    picture = get_artifact_path(trial, artifact)
    save_note(trial, f"## Colour {trial.number}\n\n![red, green, blue = {color}]({picture})\n")
    return trial


def answer(study: optuna.Study, trial: optuna.Trial) -> None:
    """Say what somebody would say who likes `FAVOURITE`."""
    color = [trial.params[part] for part in ("red", "green", "blue")]
    distance = math.dist(color, FAVOURITE)
    study.tell(trial, -1 if distance < 70 else 0 if distance < 140 else 1)


def keep_waiting(study: optuna.Study, store: FileSystemArtifactStore) -> None:
    while len(study.get_trials(deepcopy=False, states=[TrialState.RUNNING])) < WAITING:
        propose(study, store)


def keep_proposing(study: optuna.Study, store: FileSystemArtifactStore) -> None:
    while True:
        keep_waiting(study, store)
        time.sleep(0.5)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Find the colour of a sunset.")
    parser.add_argument("file", nargs="?", default="demo.db")
    parser.add_argument("--made-up", type=int, default=0, metavar="N")
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""The example, killed in the middle and started again."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import runbase
from runbase.queries import first_value, first_values

EXAMPLE = Path(__file__).parents[2] / "examples" / "ax_resume.py"


def test_the_example_goes_on_after_it_was_killed(tmp_path: Path):
    file = tmp_path / "runs.db"
    command = [sys.executable, str(EXAMPLE), str(file)]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("trial 2:"):
                process.kill()
                break
    assert said[0] == "0 of 8 trials are done\n"
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("3 of 8 trials are done")
    with closing(runbase.Client(file)) as client:
        status = "SELECT status FROM runs WHERE name IS NOT NULL AND number >= 0 ORDER BY id"
        assert first_values(client, status).count("COMPLETED") == 8
        points = "SELECT COUNT(*) FROM metrics WHERE val_loss IS NOT NULL"
        assert first_value(client, points) == 9 * 10
        generators = "SELECT COUNT(*) FROM run_attrs WHERE value = '\"BoTorch\"'"
        assert first_value(client, generators) > 0
    shown = subprocess.run(
        [sys.executable, "-m", "runbase", "runs", str(file), "--max", "val_accuracy"],
        capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip
    assert shown.count("tune digits with Ax") == 8
    assert shown.count("digits by hand") == 1

"""Measure the tables of runs beside MLflow and Aim, each in the same run, and print one table.

All are seen by headless Chromium, all with the same runs of 20 arguments and 10 metrics. Aim is
installed into an environment of its own in bench/.venv the first time. Everything else happens in
a folder that is removed at the end.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import dashboard
from bench.dashboard_servers import AIM
from bench.runs_sections import SECTIONS

PEER = "aim>=3.29,<4"


def prepare() -> None:
    """Install what is needed, the first time only."""
    dashboard.prepare()
    venv = AIM.parents[1]
    ready = venv / "ready"
    if not ready.exists() or ready.read_text() != PEER:
        print("Installing Aim into bench/.venv/aim", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        dashboard.install(venv, PEER)
        ready.write_text(PEER)


def versions() -> str:
    """The browser and the peer that has an environment of its own."""
    script = "from importlib.metadata import version; print(version('aim'))"
    command = [str(AIM.with_name("python")), "-I", "-c", script]
    found = subprocess.check_output(command, text=True).strip()
    return f"{dashboard.browser()}, Aim {found}"


if __name__ == "__main__":
    dashboard.main(dashboard.Kind(__doc__ or "", SECTIONS, prepare, versions, "dashboard_runs"))

"""The smallest example: track a run, then read back what it measured.

    python examples/minimal.py

The database is runbase.db in this folder, unless runbase.conf or RUNBASE_URL name another one.
"""

from __future__ import annotations

import runbase
from runbase.commands import setup
from runbase.pandas import query_dataframe


def track() -> None:
    client = runbase.Client()
    setup(client)
    run = runbase.Experiment(client, name="Minimal").get_run()
    with run.track():
        for epoch in range(90):
            run.add_metrics({"loss": 7 ** (1 / (epoch + 1))}, step=epoch)


def analyse() -> None:
    client = runbase.Client()
    print(query_dataframe(client, "SELECT * FROM metrics"))


if __name__ == "__main__":
    track()
    analyse()

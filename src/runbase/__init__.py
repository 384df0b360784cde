"""Runbase: the SQL database of everything you ever tried.

Track training runs in tables that you own, in SQLite, PostgreSQL or MySQL::

    import runbase

    client = runbase.Client("sqlite:///runs.db")
    run = runbase.Experiment(client, name="first steps").get_run()
    with run.track():
        for epoch in range(10):
            run.add_metrics({"loss": 1 / (epoch + 1)}, step=epoch)
"""

from typing import TYPE_CHECKING, Any

from .client import Client
from .errors import RunbaseError
from .experiment import (
    Experiment,
    experiment_add_extras,
    experiment_add_link,
    experiment_add_tags,
    experiment_remove_extras,
    experiment_remove_link,
    experiment_remove_tags,
    experiment_set_comment,
    experiment_set_extras,
    experiment_set_name,
    experiment_set_tags,
)
from .run import Run, run_from_env
from .run_functions import (
    run_add_args,
    run_add_env,
    run_add_extras,
    run_add_link,
    run_add_metrics,
    run_add_tags,
    run_remove_args,
    run_remove_env,
    run_remove_extras,
    run_remove_link,
    run_remove_tags,
    run_set_args,
    run_set_comment,
    run_set_created,
    run_set_env,
    run_set_extras,
    run_set_name,
    run_set_started,
    run_set_status,
    run_set_tags,
    run_set_updated,
)

if TYPE_CHECKING:
    from .frames import runs

__version__ = "0.1.0"

__all__ = [
    "Client",
    "Experiment",
    "Run",
    "RunbaseError",
    "__version__",
    "experiment_add_extras",
    "experiment_add_link",
    "experiment_add_tags",
    "experiment_remove_extras",
    "experiment_remove_link",
    "experiment_remove_tags",
    "experiment_set_comment",
    "experiment_set_extras",
    "experiment_set_name",
    "experiment_set_tags",
    "run_add_args",
    "run_add_env",
    "run_add_extras",
    "run_add_link",
    "run_add_metrics",
    "run_add_tags",
    "run_from_env",
    "run_remove_args",
    "run_remove_env",
    "run_remove_extras",
    "run_remove_link",
    "run_remove_tags",
    "run_set_args",
    "run_set_comment",
    "run_set_created",
    "run_set_env",
    "run_set_extras",
    "run_set_name",
    "run_set_started",
    "run_set_status",
    "run_set_tags",
    "run_set_updated",
    "runs",
]


def __dir__() -> list[str]:
    """What there is, also what is not loaded yet, for those who complete names."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name == "runs":
        from .frames import runs

        return runs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Optimising what only people can judge: they compare a few results, and the next ones are better.

A study keeps a few trials waiting, people say in the dashboard which of them is the worst or the
best, and the sampler learns from it what they like::

    from runbase.dashboard.preferential import create_study

    study = create_study(n_generate=4, storage="sqlite:///sunsets.db", study_name="sunsets")
    while True:
        if study.should_generate():
            trial = study.ask()
            ...  # make something of its parameters, and store it as a note or an artifact

The names, signatures and stored attributes are those of ``optuna_dashboard.preferential``; it has
no `PreferentialStudy.candidates`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .study import PreferentialStudy, create_study, load_study

__all__ = ["PreferentialStudy", "create_study", "load_study"]


def __getattr__(name: str) -> Any:
    # The dashboard's server reads the attributes, and needs no Optuna for that.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(".study", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

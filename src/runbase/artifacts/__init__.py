"""Artifacts: the files of runs.

Rows of the table ``artifacts`` tell what there is: name, type, size and SHA-256. The bytes are in
a store, by default a folder beside the SQLite file. `runbase.Run.add_artifact` and
`runbase.Run.artifacts` are the usual way here; these functions do the same by the id of a run.
"""

from .artifact import (
    Artifact,
    add,
    add_bytes,
    add_folder,
    all_of,
    find,
    get,
    of,
    remove,
    remove_bytes,
    remove_from,
)
from .checks import Problem, collect, verify

__all__ = [
    "Artifact",
    "Problem",
    "add",
    "add_bytes",
    "add_folder",
    "all_of",
    "collect",
    "find",
    "get",
    "of",
    "remove",
    "remove_bytes",
    "remove_from",
    "verify",
]

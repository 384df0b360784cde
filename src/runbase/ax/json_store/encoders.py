"""``ax.storage.json_store.encoders``: Ax's own functions, each for one class.

They take one object apart and leave what is in it as it is; what comes out of `object_to_json`
has also the repairs of `runbase.ax`.
"""

from __future__ import annotations

from ax.storage.json_store.encoders import *  # noqa: F403

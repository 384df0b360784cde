"""Builds the dashboard's pages with Node before they go into a wheel or source archive."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildPages(BuildHookInterface):  # type: ignore[type-arg]
    """Runs ``npm`` in ``web/``, where the pages are not built already, as in a source archive."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make sure that the pages are there; an editable install does without."""
        root = Path(self.root)
        web, static = root / "web", root / "src/runbase/dashboard/static"
        if version == "editable" or (static / "index.html").is_file():
            return
        npm = shutil.which("npm")
        if npm is None:
            self.app.display_warning(
                "npm is not installed: everything but the pages of the dashboard is built, which "
                "need Node 20.19 or newer"
            )
            return
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=web, check=True)
        subprocess.run([npm, "run", "build"], cwd=web, check=True)

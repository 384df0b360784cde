"""The pages on Ax: what they show runs, and what they name is there."""

from __future__ import annotations

import importlib
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import runbase.ax

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "ax.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_is_a_program_and_its_query_answers(tmp_path: Path):
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    [query] = re.findall(r"^```sql\n(.*?)^```", PAGE, re.M | re.S)
    with closing(sqlite3.connect(tmp_path / "runs.db")) as connection:
        rows = connection.execute(query).fetchall()
    assert len(rows) == 4
    assert [row[4] for row in rows] == sorted(row[4] for row in rows)
    assert [row[5] for row in rows].count(0.1) == 3
    assert {row[2] for row in rows} == {"COMPLETED"}


def test_every_public_name_is_in_the_reference_and_has_a_docstring():
    page = (DOCS / "api" / "ax.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. auto\w+:: (\w+)$", page, re.M))
    assert set(runbase.ax.__all__) == documented
    assert [name for name in documented if not getattr(runbase.ax, name).__doc__] == []


@pytest.mark.item("AX02", "AX05", "AX07", "AX08", "AX10", "AX26")
def test_the_modules_of_ax_storage_have_their_counterparts():
    for module in (
        "json_store.decoder", "json_store.decoders", "json_store.encoder", "json_store.encoders",
        "json_store.load", "json_store.registry", "json_store.save", "metric_registry",
        "runner_registry", "sqa_store.db", "sqa_store.delete", "sqa_store.load", "sqa_store.save",
        "utils",
    ):  # fmt: skip
        ours = importlib.import_module(f"runbase.ax.{module}")
        for name in getattr(ours, "__all__", ()):
            assert callable(getattr(ours, name)) or name.startswith("CORE_")

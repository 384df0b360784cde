"""Ax's own tests of its JSON store, on ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ax.suites import failed, listed

JSON = "storage/json_store/tests"


@pytest.mark.item("AX01", "AX04")
def test_the_json_store_passes_axs_own_tests(tmp_path: Path):
    count, errors = failed("plugin_json", f"{JSON}/test_json_store.py", tmp_path)
    assert count > 50
    assert not errors, listed(errors)

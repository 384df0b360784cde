"""Every documented item of SQLTrack has a test that names it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def conformance() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "conformance.py"))


def test_every_item_has_a_test(conformance: dict[str, Any]):
    assert conformance["items"]().keys() - conformance["marked"]().keys() == set()


def test_every_marker_names_an_item(conformance: dict[str, Any]):
    assert conformance["marked"]().keys() - conformance["items"]().keys() == set()


def test_the_page_is_up_to_date(conformance: dict[str, Any]):
    written = (DOCS / "sqltrack-conformance.md").read_text(encoding="utf-8")
    assert written == conformance["page"](), "run: python docs/conformance.py"

"""Every documented item of the systems that Runbase follows has a test that names it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def conformance() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "conformance.py"))


@pytest.mark.parametrize("system", ["sqltrack", "dashboard", "ax"])
def test_every_item_has_a_test(conformance: dict[str, Any], system: str):
    items = conformance["items"](system)
    promised = {id for id, item in items.items() if "later" not in item}
    assert promised - conformance["marked"]().keys() == set()


def test_every_marker_names_an_item(conformance: dict[str, Any]):
    known = {id for system in conformance["PAGES"] for id in conformance["items"](system)}
    assert conformance["marked"]().keys() - known == set()


@pytest.mark.parametrize("system", ["sqltrack", "dashboard", "ax"])
def test_the_page_is_up_to_date(conformance: dict[str, Any], system: str):
    written = (DOCS / f"{system}-conformance.md").read_text(encoding="utf-8")
    assert written == conformance["page"](system), "run: python docs/conformance.py"

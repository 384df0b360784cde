"""A wheel has the pages in it, and nobody needs Node to see them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.browser import PAGES
from tests.conftest import skip_missing
from tests.web import running

ROOT = Path(__file__).parent.parent
STATIC = "runbase/dashboard/static"
SMALL = 1024  # bytes; what has fewer is not compressed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, with the pages that are built."""
    if not PAGES.is_file():
        skip_missing("web", "the pages of the dashboard are not built: make web")
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=without_node())
    (wheel,) = folder.glob("runbase-*.whl")
    return wheel


def without_node() -> dict[str, str]:
    """The environment of a machine on which there is no Node."""
    folders = os.environ["PATH"].split(os.pathsep)
    left = [folder for folder in folders if not shutil.which("node", path=folder)]
    return {**os.environ, "PATH": os.pathsep.join(left)}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_pages_are_in_the_wheel_with_their_smaller_forms(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert f"{STATIC}/index.html" in names
    assets = {name for name in names if name.startswith(f"{STATIC}/assets/")}
    scripts = {name for name in assets if name.endswith(".js")}
    assert len(scripts) > 5
    assert all(re.search(r"-[\w-]{8}\.(js|css)(\.gz|\.br)?$", name) for name in assets)
    entry = next(name for name in scripts if "/index-" in name)
    assert {f"{entry}.gz", f"{entry}.br"} <= assets
    assert not any(name.startswith(("web/", "tests/")) for name in names)


def test_an_installed_wheel_serves_the_pages_without_node(installed: Path, tmp_path: Path):
    environment = {**without_node(), "PYTHONPATH": str(installed)}
    assert shutil.which("node", path=environment["PATH"]) is None
    command = ("-m", "runbase", "dashboard", f"{tmp_path}/new.db", "--no-open", "--port", "0")
    subprocess.run(
        [sys.executable, "-m", "runbase", "setup", f"sqlite:///{tmp_path}/new.db"],
        env=environment,
        check=True,
        capture_output=True,
    )
    with running(*command, env=environment, cwd=tmp_path) as process:
        url = process.url()
        where = subprocess.run(
            [sys.executable, "-c", "import runbase; print(runbase.__file__)"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert where.startswith(str(installed))
        page = httpx.get(f"{url}/dashboard/").raise_for_status().text
        for asset in re.findall(r'(?:src|href)="(?:\./)?(assets/[^"]+)"', page):
            answer = httpx.get(f"{url}/dashboard/{asset}", headers={"Accept-Encoding": "gzip"})
            is_small = len(answer.raise_for_status().content) < SMALL
            assert is_small or answer.headers["Content-Encoding"] == "gzip"
            assert answer.content == (installed / STATIC / asset).read_bytes()
        assert httpx.get(f"{url}/api/meta").json()["version"]

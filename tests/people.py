"""A dashboard in a process of its own, with studies that people look at in a browser."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import optuna
from optuna.artifacts import FileSystemArtifactStore, upload_artifact
from optuna.exceptions import ExperimentalWarning
from playwright.sync_api import Locator, Page, expect

from runbase.optuna import RDBStorage
from tests.browser import dashboard

expect.set_options(timeout=15_000)


class Site(NamedTuple):
    """A dashboard, and the storage that it shows."""

    url: str
    storage: RDBStorage
    folder: Path

    def study(self, name: str, metrics: Sequence[str] = (), **options: Any) -> optuna.Study:
        """A new study, with names of its objectives."""
        sampler = optuna.samplers.RandomSampler(seed=1)
        options |= {"storage": self.storage, "study_name": name, "sampler": sampler}
        study = optuna.create_study(**options)
        if metrics:
            with warnings.catch_warnings(action="ignore", category=ExperimentalWarning):
                study.set_metric_names(list(metrics))
        return study

    def path(self, study: optuna.Study, page: str = "trials", **query: Any) -> str:
        """The URL of a page of a study."""
        path = f"{self.url}/dashboard/studies/{study._study_id}/{page}".rstrip("/")
        return f"{path}?{urlencode(query)}" if query else path

    def attach(self, owner: optuna.Study | optuna.Trial, name: str, content: bytes) -> str:
        """Store a file as scripts do; its artifact id."""
        file = self.folder / name
        file.write_bytes(content)
        store = FileSystemArtifactStore(str(self.folder / "artifacts"))
        return upload_artifact(artifact_store=store, file_path=str(file), study_or_trial=owner)


@contextmanager
def site(folder: Path, *arguments: str) -> Iterator[Site]:
    """A dashboard over an empty database, with a directory of artifacts."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    artifacts = folder / "artifacts"
    artifacts.mkdir()
    storage = RDBStorage(f"sqlite:///{folder}/runs.db")
    try:
        with dashboard(
            f"sqlite:///{folder}/runs.db", "--artifact-dir", str(artifacts), *arguments
        ) as url:
            yield Site(url.removesuffix("/dashboard"), storage, folder)
    finally:
        storage.close()


def detail(page: Page, number: int) -> Locator:
    """What the page shows of one trial."""
    return page.get_by_role("article", name=f"Trial {number}", exact=True)


def rows(page: Page) -> Locator:
    """The rows of the list of trials."""
    return page.get_by_role("listbox", name="Trials").get_by_role("option")


def row(page: Page, number: int) -> Locator:
    """The row of one trial in the list."""
    return (
        rows(page)
        .filter(has_text=f"Trial {number}")
        .filter(has=page.get_by_label(f"Show trial {number} beside", exact=True))
    )


def assert_loaded(image: Locator) -> None:
    """The picture is really there, and not only its frame."""
    expect(image).to_be_visible()
    image.evaluate("image => image.decode()")
    assert image.evaluate("image => image.naturalWidth") > 0


#: Nothing, or by how many pixels one has to scroll sideways.
TOO_WIDE = """() => {
    const { scrollWidth, clientWidth } = document.documentElement
    return Math.max(0, scrollWidth - clientWidth)
}"""


def assert_fits(page: Page) -> None:
    """Nobody has to scroll the page sideways, once it has settled."""
    assert_finds_nothing(page, TOO_WIDE)


def assert_finds_nothing(page: Page, script: str) -> None:
    """A script of the page finds nothing, once the page has settled."""
    give_up = time.monotonic() + 15
    while found := page.evaluate(script):
        assert time.monotonic() < give_up, found
        page.wait_for_timeout(20)


def until(is_so: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something to be so."""
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)


def scroll_down_to(part: Locator) -> None:
    """Go to the end of the page, again as it grows, until the part is there."""

    def is_there() -> bool:
        part.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        return part.is_visible()

    until(is_there)

"""The tutorial of preferences from start to end: a program, a dashboard, and a person who looks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from optuna.trial import TrialState
from playwright.sync_api import Locator, Page, expect

from runbase.dashboard.preferential import PreferentialStudy, load_study
from runbase.optuna import RDBStorage
from tests.browser import dashboard
from tests.people import assert_loaded, until
from tests.web import running

PROGRAM = Path(__file__).with_name("tutorial_preferential.py")
STUDY = "Preferential Optimization"
SUNSET = (253, 94, 83)
ANSWERS = 6
#: The colour in the middle of a picture, as it is on the screen.
COLOUR = """image => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d')
  canvas.drawImage(image, image.naturalWidth / 2, image.naturalHeight / 2, 1, 1, 0, 0, 1, 1)
  return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)]
}"""


class Tutorial(NamedTuple):
    """The program of the tutorial and a dashboard, both running."""

    url: str
    study: PreferentialStudy


@pytest.fixture(params=["stock", "runbase"])
def tutorial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tutorial]:
    text = PROGRAM.read_text(encoding="utf-8")
    if request.param == "runbase":
        text = text.replace("storage=STORAGE_URL", "storage=RDBStorage(STORAGE_URL)")
        text = text.replace("from PIL", "from runbase.optuna import RDBStorage\nfrom PIL")
    (tmp_path / "generator.py").write_text(text, encoding="utf-8")
    with running("generator.py", cwd=tmp_path) as process:
        until(lambda: any(tmp_path.glob("artifact/*")) or process.process.poll() is not None)
        study = load_study(study_name=STUDY, storage=f"sqlite:///{tmp_path}/example.db")
        storage = study._study._storage
        with dashboard(
            "sqlite:///example.db", "--artifact-dir", "./artifact", cwd=tmp_path
        ) as page:
            yield Tutorial(page, study)
        assert process.process.poll() is None, process.errors
        storage.remove_session()
        if isinstance(storage, RDBStorage):
            storage.close()


def candidates(page: Page) -> Locator:
    return page.locator(".candidates").get_by_role("group", name="Trial ")


def seen(page: Page) -> dict[int, tuple[int, ...]]:
    """The colours on the screen by the number of the trial, when all four can be compared."""
    pictures = candidates(page).get_by_role("img")
    expect(pictures).to_have_count(4, timeout=60_000)  # another process makes them
    # An answer says nothing of a picture that came a moment ago: nobody has seen it.
    expect(page.locator(".candidate.unready")).to_have_count(0)
    found = {}
    for picture in pictures.all():
        assert_loaded(picture)
        number = picture.evaluate("image => image.closest('[data-number]').dataset.number")
        found[int(number)] = tuple(picture.evaluate(COLOUR))
    return found


def from_sunset(colour: tuple[int, ...]) -> float:
    return math.dist(colour, SUNSET)


@pytest.mark.item("G03", "V01", "V03")
def test_a_person_finds_the_colour_of_a_sunset_by_comparing(tutorial: Tutorial, page: Page):
    page.goto(f"{tutorial.url}/dashboard/")
    page.get_by_role("link", name=STUDY).click()
    page.evaluate("window.neverReloaded = true")
    shown: dict[int, tuple[int, ...]] = {}
    for _ in range(ANSWERS):
        now = seen(page)
        shown |= now
        worst = max(now, key=lambda number: from_sunset(now[number]))
        page.get_by_role("button", name=f"Trial {worst} is the worst").click()
        expect(page.get_by_role("group", name=f"Trial {worst}", exact=True)).to_have_count(0)
    last = seen(page)
    assert page.evaluate("window.neverReloaded")

    # What was painted is what the program asked for, and the worst ones never came back.
    trials = tutorial.study.get_trials(deepcopy=False)
    shown |= last
    assert shown == {t.number: (t.params["r"], t.params["g"], t.params["b"]) for t in trials}
    assert len(trials) == ANSWERS + 4
    assert len(tutorial.study.preferences) == ANSWERS * 3
    *old, new = sorted(last)
    earlier = sorted((n for n in shown if n != new), key=lambda n: from_sunset(shown[n]))
    assert sorted(old) == sorted(earlier[:3])
    waiting = [t.number for t in trials if t.state is TrialState.RUNNING]
    assert waiting == [new]

    page.get_by_role("navigation", name="Pages of the study").get_by_text("History").click()
    expect(page.get_by_role("region", name="Answers").get_by_role("listitem")).to_have_count(
        ANSWERS
    )

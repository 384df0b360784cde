"""The tutorial of people in the loop from start to end: a program, a dashboard, and a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import optuna
import pytest
from optuna.storages import BaseStorage
from playwright.sync_api import Page, expect

from runbase.optuna import RDBStorage
from tests.browser import dashboard
from tests.people import assert_loaded, detail, rows, until
from tests.web import running

PROGRAM = Path(__file__).with_name("tutorial_sunset.py")
STUDY = "Human-in-the-loop Optimization"
QUESTION = "Looks like sunset color?"
STOCK = 'storage="sqlite:///db.sqlite3"'
RUNBASE = 'storage=RDBStorage("sqlite:///db.sqlite3")'
VALUES = {"Good 👍": -1.0, "So-so👌": 0.0, "Bad 👎": 1.0}


class Tutorial(NamedTuple):
    """The program of the tutorial and a dashboard, both running."""

    url: str
    storage: BaseStorage

    def study(self) -> optuna.Study:
        """The program's study."""
        return optuna.load_study(study_name=STUDY, storage=self.storage)


@pytest.fixture(params=["stock", "runbase"])
def tutorial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tutorial]:
    text = PROGRAM.read_text(encoding="utf-8")
    if request.param == "runbase":
        text = text.replace(STOCK, RUNBASE)
        text = text.replace("from PIL", "from runbase.optuna import RDBStorage\nfrom PIL")
    program = tmp_path / "main.py"
    program.write_text(text, encoding="utf-8")
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    with running("main.py", cwd=tmp_path) as process:
        until(lambda: any(tmp_path.glob("artifact/*")) or process.process.poll() is not None)
        storage = RDBStorage(url) if request.param == "runbase" else optuna.storages.RDBStorage(url)
        with dashboard(
            "sqlite:///db.sqlite3", "--artifact-dir", "./artifact", cwd=tmp_path
        ) as page:
            yield Tutorial(page, storage)
        assert process.process.poll() is None, process.errors
        storage.remove_session()
        if isinstance(storage, RDBStorage):
            storage.close()


def answer(page: Page, number: int, choice: str) -> None:
    """Look at the picture of a trial, and say what it looks like."""
    trial = detail(page, number)
    assert_loaded(trial.get_by_role("img", name="generated-image"))
    expect(trial.get_by_role("group", name=QUESTION)).to_contain_text("Please input your score!")
    trial.get_by_role("radio", name=choice).check()
    trial.get_by_role("button", name="Submit").click()


@pytest.mark.item("G01", "W01", "P01", "C01")
def test_a_person_finds_the_colour_of_a_sunset(tutorial: Tutorial, page: Page):
    page.goto(f"{tutorial.url}/dashboard/")
    page.get_by_role("link", name=STUDY).click()
    page.get_by_role("navigation", name="Pages of the study").get_by_text("Trials").click()
    page.evaluate("window.neverReloaded = true")
    expect(rows(page)).to_have_count(4)

    choices = ["Bad 👎", "So-so👌", "Good 👍", "Bad 👎", "Good 👍"]
    rows(page).first.click()
    for number, choice in enumerate(choices):
        answer(page, number, choice)
        # The next running trial opens by itself, and the program proposes another colour.
        expect(rows(page)).to_have_count(number + 5)

    finished = [t for t in tutorial.study().get_trials() if t.state.is_finished()]
    assert [trial.value for trial in finished] == [VALUES[choice] for choice in choices]
    assert tutorial.study().best_trial.number == 2
    rows(page).first.click()
    first = detail(page, 0)
    expect(first.get_by_role("definition").first).to_have_text("1 minimize")
    expect(first.get_by_role("button", name="Submit")).to_have_count(0)
    assert page.evaluate("window.neverReloaded")

    page.get_by_role("navigation", name="Pages of the study").get_by_text("Overview").click()
    expect(
        page.get_by_role("application", name=f"{QUESTION} of 5 trials; the best so far is −1.")
    ).to_be_visible()

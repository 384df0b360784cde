"""A study of preferences is used by Optuna Dashboard and by this one, in turns."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from optuna.samplers import RandomSampler
from optuna.storages import BaseStorage, InMemoryStorage

from runbase.dashboard import register_preference_feedback_component
from runbase.dashboard.api import preferences
from runbase.dashboard.preferential import answers, attrs, create_study, load_study
from runbase.dashboard.server.app import create_app
from runbase.dashboard.server.guard import Guard
from runbase.optuna import RDBStorage
from runbase.sources.optuna import copy_studies
from tests.boards import KINDS, new_storage
from tests.preferences import Asked, asked, numbers
from tests.test_dashboard_stock import assert_same
from tests.web import HERE, Web

theirs = pytest.importorskip("optuna_dashboard")
other = pytest.importorskip("optuna_dashboard.preferential")

SAMPLER = RandomSampler(seed=1)

pytestmark = pytest.mark.item("V11")


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseStorage]:
    with new_storage(request.param, tmp_path, request) as found:
        yield found


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    with asked(request.param, tmp_path, request) as found:
        yield found


#: For what is the same in every storage.
anywhere = pytest.mark.parametrize("at", ["sqlite", "journal"], indirect=True)


# -- from Python ----------------------------------------------------------------------------------


@pytest.mark.parametrize("made_by", ["ours", "theirs"])
def test_a_study_is_optimised_by_both_in_turns(storage: BaseStorage, made_by: str):
    create, load = create_study, other.load_study
    if made_by == "theirs":
        create, load = other.create_study, load_study
    create(n_generate=3, storage=storage, study_name="likes", sampler=SAMPLER)
    load(study_name="likes", storage=storage, sampler=SAMPLER)  # the other takes it for its own
    ours = load_study(study_name="likes", storage=storage, sampler=SAMPLER)
    them = other.load_study(study_name="likes", storage=storage, sampler=SAMPLER)
    random_ = random.Random(1)
    for turn in range(4):
        one, another = (ours, them) if turn % 2 else (them, ours)
        while one.should_generate():
            assert another.should_generate()
            one.ask().suggest_float("x", 0, 1)
        assert not another.should_generate()
        waiting = [t for t in one.trials if t.number not in attrs.retired(ours._place.attrs())]
        best = random_.choice(waiting)
        one.report_preference(best, [trial for trial in waiting if trial.number != best.number])
        assert ours.trials == them.trials
        assert sorted(numbers(ours.preferences)) == sorted(numbers(them.preferences))
        assert {t.number for t in ours.best_trials} == {t.number for t in them.best_trials}
        answers.skip(ours._place, ours.trials[best.number]._trial_id)
        assert ours.best_trials == them.best_trials == []


@anywhere
def test_the_component_of_either_is_that_of_both(at: Asked):
    them = other.load_study(study_name="likes", storage=at.storage, sampler=SAMPLER)
    theirs.register_preference_feedback_component(them, "artifact", "picture")
    stored = at.attrs["preference:component"]
    register_preference_feedback_component(at.study, "note")
    register_preference_feedback_component(at.study, "artifact", "picture")
    assert at.attrs["preference:component"] == stored


# -- from the pages -------------------------------------------------------------------------------


class Pages:
    """Requests to both dashboards over the same study."""

    def __init__(self, at: Asked) -> None:
        self.at = at
        self.here = Web(create_app(at.board, Guard(host="127.0.0.1")))
        transport = httpx.WSGITransport(theirs.wsgi(at.storage))
        self.there = httpx.Client(transport=transport, base_url=HERE)

    def send(self, who: str, method: str, path: str, body: Any = None) -> None:
        """What the page of one of them sends about the study."""
        path = f"/api/studies/{self.at.id}/{path}"
        if who == "theirs":
            answer = self.there.request(method, path, json=body)
        else:
            answer = self.here.ask(method, path, json=body, headers={"Origin": HERE})
        assert answer.status_code == 204, answer.text

    def shown_there(self) -> Any:
        """What Optuna Dashboard tells its page about the study."""
        path = f"/api/studies/{self.at.id}?after=0"
        return self.there.get(path).raise_for_status().json()

    def shown_here(self) -> list[preferences.Answer]:
        """The answers that our history shows, the earliest first."""
        self.at.board.written()
        return preferences.get_answers(self.at.board, self.at.id).answers[::-1]

    def assert_same(self) -> Any:
        """Both tell programs the same; what they tell."""
        assert_same(self.at.board, self.at.storage, self.at.study._study)
        return self.shown_there()


@pytest.fixture
def pages(at: Asked) -> Iterator[Pages]:
    made = Pages(at)
    yield made
    made.there.close()


@pytest.mark.item("V03", "V09", "V10")
def test_answers_are_given_removed_and_restored_in_either(pages: Pages):
    for who, worst in [("ours", 0), ("theirs", 1)]:
        said = {"mode": "ChooseWorst", "candidates": [worst, 2, 3], "clicked": worst}
        pages.send(who, "POST", "preference", said)
    ids = [answer.id for answer in pages.shown_here()]
    for given, removing, restoring in [(0, "theirs", "ours"), (1, "ours", "theirs")]:
        pages.send(removing, "DELETE", f"preference/{ids[given]}")
        history = pages.assert_same()["preference_history"]
        assert [each["is_removed"] for each in history] == [given == 0, given == 1]
        assert [each.is_removed for each in pages.shown_here()] == [given == 0, given == 1]
        pages.send(restoring, "POST", f"preference/{ids[given]}")
        history = pages.assert_same()["preference_history"]
        assert [each["is_removed"] for each in history] == [False, False]
    assert [each["history"]["clicked"] for each in history] == [0, 1]
    assert sorted(pages.shown_there()["preferences"]) == [[2, 0], [2, 1], [3, 0], [3, 1]]
    states = [trial["state"] for trial in pages.shown_there()["trials"]]
    assert states == ["Complete"] * 4 + ["Running"]


def test_pairs_of_other_answers_count_there_and_can_be_removed(pages: Pages):
    best = {"mode": "ChooseBest", "candidates": [0, 1, 2], "clicked": 1}
    ranked = {"mode": "Rank", "candidates": [1, 3, 4], "order": [4, 1, 3]}
    for said in (best, ranked):
        pages.send("ours", "POST", "preference", said)
    pages.at.study.report_preference(pages.at.study.trials[0], pages.at.study.trials[3])
    seen = pages.assert_same()
    assert sorted(seen["preferences"]) == [[0, 3], [1, 0], [1, 2], [1, 3], [4, 1]]
    assert [trial["number"] for trial in seen["best_trials"]] == [4]
    assert seen["preference_history"] == []
    for answer in pages.shown_here():
        pages.send("theirs", "DELETE", f"preference/{answer.id}")
    assert pages.assert_same()["preferences"] == []
    assert all(answer.is_removed for answer in pages.shown_here())
    for answer in pages.shown_here():
        pages.send("theirs", "POST", f"preference/{answer.id}")
    assert sorted(pages.assert_same()["preferences"]) == sorted(seen["preferences"])


@anywhere
def test_equal_trials_are_complete_there_and_nothing_else(pages: Pages):
    pages.send("ours", "POST", "preference", {"mode": "Equal", "candidates": [0, 1]})
    (equal,) = pages.shown_here()
    seen = pages.assert_same()
    assert (seen["preferences"], seen["preference_history"]) == ([], [])
    assert [trial["state"] for trial in seen["trials"]][:2] == ["Complete"] * 2
    for method in ("DELETE", "POST"):  # their page does not show it; a program may still do so
        pages.send("theirs", method, f"preference/{equal.id}")
        assert attrs.ties(pages.at.attrs) == [(0, 1)]


@anywhere
def test_what_their_program_reported_can_be_removed_here_and_restored_there(pages: Pages):
    them = other.load_study(study_name="likes", storage=pages.at.storage, sampler=SAMPLER)
    them.report_preference(them.trials[2], them.trials[:2])
    (reported,) = pages.shown_here()
    assert (reported.mode, reported.pairs) == ("Reported", [[2, 0], [2, 1]])
    assert reported.time is None
    pages.send("ours", "DELETE", f"preference/{reported.id}")
    assert them.preferences == []
    pages.send("theirs", "POST", f"preference/{reported.id}")
    assert numbers(them.preferences) == [(2, 0), (2, 1)]
    assert not pages.shown_here()[0].is_removed


@anywhere
@pytest.mark.item("V10")
def test_trials_are_skipped_in_either(pages: Pages):
    pages.send("ours", "POST", f"{pages.at.trial_id(1)}/skip")
    pages.send("theirs", "POST", f"{pages.at.trial_id(3)}/skip")
    assert pages.assert_same()["skipped_trial_numbers"] == [1, 3]
    pages.at.board.written()
    assert preferences.get_feedback(pages.at.board, pages.at.id).skipped == [1, 3]
    # They take any value for a skip, so that one which is taken back holds there for good.
    pages.send("ours", "DELETE", f"{pages.at.trial_id(1)}/skip")
    assert preferences.get_feedback(pages.at.board, pages.at.id).skipped == [3]
    assert pages.shown_there()["skipped_trial_numbers"] == [1, 3]


@anywhere
@pytest.mark.item("V10")
def test_the_component_is_chosen_in_either(pages: Pages):
    artifact = {"output_type": "artifact", "artifact_key": "picture"}
    for who, component in [("ours", artifact), ("theirs", {"output_type": "note"})]:
        pages.send(who, "PUT", "preference_feedback_component", component)
        assert (
            pages.assert_same()["feedback_component_type"]["output_type"]
            == (component["output_type"])
        )


# -- copies ---------------------------------------------------------------------------------------


def answered(at: Asked) -> list[attrs.Answer]:
    """All kinds of answers, one of them removed; and a skipped trial."""
    place = at.study._place
    for given in [
        answers.new("ChooseWorst", [0, 1], clicked=0),
        answers.new("Rank", [1, 2, 3], order=[3, 2, 1]),
        answers.new("Equal", [3, 4]),
    ]:
        answers.keep(place, given)
    at.study.report_preference(at.study.trials[3], at.study.trials[0])
    answers.remove(place, attrs.answers(at.attrs)[1].id)
    answers.skip(place, at.trial_id(2))
    register_preference_feedback_component(at.study, "artifact", "picture")
    return attrs.answers(at.attrs)


def assert_copied(storage: BaseStorage, name: str, given: list[attrs.Answer]) -> None:
    """The study of this name has all that the study of `answered` has."""
    copy = load_study(study_name=name, storage=storage, sampler=SAMPLER)
    stored = copy._place.attrs()
    assert attrs.answers(stored) == given
    assert attrs.ties(stored) == [(3, 4)]
    assert attrs.skipped(stored) == {copy.trials[2]._trial_id}
    assert attrs.component(stored) == {"output_type": "artifact", "artifact_key": "picture"}
    assert attrs.n_generate(stored) == 4
    assert [trial.number for trial in copy.best_trials] == [1, 3, 4]


@pytest.mark.item("H03")
def test_a_renamed_study_keeps_its_answers(pages: Pages):
    given = answered(pages.at)
    path = f"/api/studies/{pages.at.id}/rename"
    sent = pages.here.ask("POST", path, json={"study_name": "new"}, headers={"Origin": HERE})
    assert sent.status_code == 201
    assert_copied(pages.at.storage, "new", given)


def test_a_copied_study_keeps_its_answers(tmp_path: Path, url: str, request: pytest.FixtureRequest):
    with asked("journal", tmp_path, request) as at:
        given = answered(at)
        target = RDBStorage(url)
        copy_studies(at.storage, target, ["likes"])
        assert_copied(target, "likes", given)
        back = InMemoryStorage()
        copy_studies(target, back, ["likes"])
        assert_copied(back, "likes", given)
        target.close()

"""What pages are told of people's answers, and what they send, through the API."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.artifacts import FileSystemArtifactStore, upload_artifact
from optuna.trial import TrialState

from runbase import Client
from runbase.dashboard import feedback as shown
from runbase.dashboard import register_preference_feedback_component, save_note
from runbase.dashboard.api import experiments, preferences, steering, study, trials
from runbase.dashboard.api.preferences import Feedback, NewAnswer
from runbase.dashboard.preferential import answers, attrs
from runbase.dashboard.server.app import create_app
from runbase.dashboard.server.guard import Guard
from runbase.errors import InvalidValueError, NotFoundError
from runbase.optuna import RDBStorage
from tests.boards import KINDS
from tests.preferences import Asked, asked, new_study
from tests.web import HERE, Web, reason, web_of

NOWHERE = 987_654


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    with asked(request.param, tmp_path, request) as found:
        yield found


#: For what is the same in every storage.
anywhere = pytest.mark.parametrize("at", ["sqlite", "journal"], indirect=True)


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    """For what is the same in every storage."""
    with asked("sqlite", tmp_path, request) as found:
        yield found


def feedback(at: Asked) -> Feedback:
    """What waits, after the board has looked at what was written."""
    at.board.written()
    return preferences.get_feedback(at.board, at.id)


def waiting(at: Asked) -> list[int]:
    return [candidate.number for candidate in feedback(at).candidates]


def answer(at: Asked, mode: Any, candidates: list[int], **options: Any) -> str:
    """Send an answer; its id."""
    id = str(uuid.uuid4())
    preferences.add_answer(at.board, at.id, NewAnswer(mode, candidates, **options, id=id))
    return id


# -- what waits -----------------------------------------------------------------------------------


@pytest.mark.item("V01")
def test_trials_wait_until_an_answer_lets_them_go(at: Asked):
    assert waiting(at) == [0, 1, 2, 3, 4]
    answer(at, "ChooseWorst", [0, 1, 2, 3], clicked=2)
    assert waiting(at) == [0, 1, 3, 4]
    answer(at, "ChooseBest", [0, 1, 3], clicked=3)
    assert waiting(at) == [3, 4]
    answer(at, "Equal", [3, 4])
    found = feedback(at)
    assert [candidate.number for candidate in found.candidates] == [3]
    assert (found.answers, found.pairs, found.n_generate) == (3, 5, 4)
    assert found.best == [3, 4]
    assert found.version == preferences.get_feedback(at.board, at.id).version
    at.study.ask()
    assert waiting(at) == [3, 5]


def test_only_running_and_completed_trials_wait(here: Asked):
    here.study.enqueue_trial({"x": 0.5})
    here.study._study.tell(0, state=TrialState.FAIL)
    here.study._study.tell(1, state=TrialState.PRUNED)
    here.study._study.tell(2, 0.0)
    assert waiting(here) == [2, 3, 4]
    statuses = [candidate.status for candidate in feedback(here).candidates]
    assert statuses == ["COMPLETED", "RUNNING", "RUNNING"]


def test_only_so_many_candidates_are_sent(here: Asked):
    for _ in range(120):
        here.study.ask()
    assert waiting(here) == list(range(100))


@pytest.mark.item("V02", "V10")
def test_skipped_trials_do_not_wait_until_they_are_asked_for_again(at: Asked):
    answer(at, "ChooseWorst", [0, 1], clicked=1)
    preferences.skip_trial(at.board, at.id, at.trial_id(0))
    found = feedback(at)
    assert [candidate.number for candidate in found.candidates] == [2, 3, 4]
    assert (found.skipped, found.best) == ([0], [])
    assert trials.get_trial(at.board, at.id, 0).skipped
    assert [row.skipped for row in trials.get_trials(at.board, at.id).rows[:2]] == [True, False]
    shown = preferences.get_skipped(at.board, at.id)
    assert (shown.total, [trial.number for trial in shown.trials]) == (1, [0])
    preferences.unskip_trial(at.board, at.id, at.trial_id(0))
    found = feedback(at)
    assert [candidate.number for candidate in found.candidates] == [0, 2, 3, 4]
    assert (found.skipped, found.best) == ([], [0])


def test_candidates_have_their_notes_and_parameters(at: Asked):
    long = "A long note. " * 1000
    for number, text in [(1, "short"), (3, long), (3, long + "!")]:
        save_note(optuna.Trial(at.study._study, at.trial_id(number)), text)
    found = feedback(at).candidates
    assert [each.note.body for each in found] == ["", "short", "", long + "!", ""]
    assert [each.note.version for each in found] == [0, 1, 0, 2, 0]
    assert [each.params for each in found] == [trial.params for trial in at.study.trials]
    assert [each.id for each in found] == [at.trial_id(number) for number in range(5)]


@anywhere
def test_candidates_have_the_file_that_the_component_names(at: Asked, tmp_path: Path):
    store = FileSystemArtifactStore(tmp_path)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    ids = {}
    for number in (1, 2):
        trial = optuna.Trial(at.study._study, at.trial_id(number))
        ids[number] = upload_artifact(
            artifact_store=store, file_path=str(tmp_path / "a.png"), study_or_trial=trial
        )
    running = optuna.Trial(at.study._study, at.trial_id(1))
    running.set_user_attr("picture", ids[1])
    running.set_user_attr("title", "no file")
    # The file of another trial is none of this one's.
    optuna.Trial(at.study._study, at.trial_id(3)).set_user_attr("picture", ids[2])
    found = feedback(at)
    assert found.artifact_keys == ["picture"]
    assert found.component.output_type == "note"
    assert [each.artifact for each in found.candidates] == [None] * 5
    register_preference_feedback_component(at.study, "artifact", "picture")
    found = feedback(at)
    assert (found.component.output_type, found.component.artifact_key) == ("artifact", "picture")
    shown = [each.artifact for each in found.candidates]
    assert [file is not None for file in shown] == [False, True, False, False, False]
    assert shown[1] is not None
    assert shown[1].url == f"artifacts/{at.id}/{at.trial_id(1)}/{ids[1]}"
    assert (shown[1].filename, shown[1].mimetype) == ("a.png", "image/png")


@anywhere
@pytest.mark.item("V02", "V10")
def test_what_people_look_at_is_chosen_in_the_page(at: Asked):
    component = preferences.FeedbackComponent("artifact", "picture")
    preferences.set_component(at.board, at.id, component)
    assert at.attrs["preference:component"] == {
        "output_type": "artifact",
        "artifact_key": "picture",
    }
    assert feedback(at).component == component
    with pytest.raises(InvalidValueError, match="artifact_key"):
        preferences.set_component(at.board, at.id, preferences.FeedbackComponent("artifact"))
    assert feedback(at).component == component


# -- answers --------------------------------------------------------------------------------------


@pytest.mark.item("V01", "V09")
def test_answers_reach_the_storage(at: Asked):
    answer(at, "Rank", [0, 1, 2], order=[2, 0, 1])
    answer(at, "Equal", [2, 3])
    assert attrs.pairs(at.attrs) == [(2, 0), (0, 1)]
    assert attrs.ties(at.attrs) == [(2, 3)]
    assert at.states() == [TrialState.COMPLETE] * 4 + [TrialState.RUNNING]
    assert [trial.number for trial in at.study.best_trials] == [2, 3]


@pytest.mark.item("V03", "V09")
def test_answers_are_listed_removed_and_restored(at: Asked):
    ids = [
        answer(at, "ChooseWorst", [0, 1], clicked=0),
        answer(at, "Rank", [1, 2, 3], order=[3, 2, 1]),
        answer(at, "Equal", [3, 4]),
    ]
    at.study.report_preference(at.study.trials[2], at.study.trials[4])
    preferences.remove_answer(at.board, at.id, ids[1])
    at.board.written()
    page = preferences.get_answers(at.board, at.id)
    assert (page.total, page.removed) == (4, 1)
    assert preferences.get_answers(at.board, at.id, removed=True).total == 1
    assert [each.mode for each in page.answers] == ["Reported", "Equal", "Rank", "ChooseWorst"]
    assert [each.id for each in page.answers[1:]] == ids[::-1]
    assert [each.is_removed for each in page.answers] == [False, False, True, False]
    assert page.answers[2].order == [3, 2, 1]
    assert page.answers[2].pairs == [[3, 2], [2, 1]]
    assert page.answers[3].clicked == 0
    times = [each.time for each in page.answers]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]
    assert abs(float(times[0] or 0) / 1000 - time.time()) < 3600
    assert [each.number for each in page.trials] == [0, 1, 2, 3, 4]
    preferences.restore_answer(at.board, at.id, ids[1])
    assert not preferences.get_answers(at.board, at.id).answers[2].is_removed
    assert feedback(at).best == [3]


def test_answers_come_in_pages(here: Asked):
    ids = [answer(here, "ChooseWorst", [n % 5, (n + 1) % 5], clicked=n % 5) for n in range(7)]
    page = preferences.get_answers(here.board, here.id, offset=2, limit=3)
    assert page.total == 7
    assert [each.id for each in page.answers] == ids[::-1][2:5]
    assert [each.number for each in page.trials] == [0, 2, 3, 4]
    assert preferences.get_answers(here.board, here.id, offset=7).answers == []
    for offset, limit in [(-1, 5), (0, 0), (0, 10**6)]:
        with pytest.raises(InvalidValueError):
            preferences.get_answers(here.board, here.id, offset, limit)


def test_an_answer_that_is_sent_again_counts_once(at: Asked):
    body = NewAnswer("ChooseWorst", [0, 1], clicked=0, id=str(uuid.uuid4()))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: preferences.add_answer(at.board, at.id, body), range(8)))
    assert (feedback(at).answers, feedback(at).pairs) == (1, 1)


def test_answers_of_several_people_at_once_all_count(at: Asked):
    def give(n: int) -> str:
        numbers = [n % 5, (n + 1) % 5, (n + 2) % 5]
        return answer(at, "ChooseWorst", numbers, clicked=n % 5)

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(give, range(20)))
    at.board.written()
    page = preferences.get_answers(at.board, at.id)
    assert {each.id for each in page.answers} == ids
    assert feedback(at).pairs == 40


def test_an_answer_just_given_is_not_shown_as_removed(here: Asked):
    table = here.board.tables.of(here.id)
    shown.of(table)  # a request of before the answer
    answers.keep(here.study._place, answers.new("ChooseWorst", [0, 1], clicked=1))
    assert [each.is_removed for each in shown.answers(table)] == [False]


def test_a_failed_trial_is_not_among_the_best(here: Asked):
    here.storage.set_study_system_attr(here.id, "preference:values1", [[0, 1], [2, 1]])
    here.study._study.tell(0, state=TrialState.FAIL)
    assert feedback(here).best == [2]


def test_what_other_programs_wrote_can_be_looked_at_and_repaired(here: Asked, web: Web):
    broken: dict[str, Any] = {
        "is_preferential": True,
        "n_generate": "4",
        "component": {"output_type": "note", "extra": 1},
        "valuesA": [[0, 1], [2, 2], [-1, 3], "ab"],
        "historyA": "{",
        "valuesB": None,
        "historyC": json.dumps(
            {"mode": "ChooseMiddle", "timestamp": "2024-01-01T00:00:00+05:00",
             "candidates": [2, 3], "clicked": "2", "preferences": [[2, 3]]}
        ),
        "valuesC": [[2, 3]],
        "historyD": [],
        "tiesD": 5,
        "skip_trial:" + "9" * 40: True,
    }  # fmt: skip
    for key, value in broken.items():
        here.storage.set_study_system_attr(here.id, f"preference:{key}", value)
    here.board.written()
    path = f"/api/experiments/{here.id}"
    found = web.get(f"{path}/preferences").json()
    assert (found["n_generate"], found["answers"], found["pairs"]) == (None, 2, 2)
    assert found["component"]["output_type"] == "note"
    for other in (path, f"/api/studies/{here.id}?after=0", "/api/studies", "/api/experiments"):
        assert web.get(other).status_code == 200, other
    listed = web.get(f"{path}/preferences/answers").json()["answers"]
    assert [(each["id"], each["mode"], each["pairs"]) for each in listed] == [
        ("C", "Reported", [[2, 3]]),
        ("A", "Reported", [[0, 1]]),
    ]
    for each in listed:
        path = f"/api/studies/{here.id}/preference/{each['id']}"
        assert send(web, "DELETE", path).status_code == 204
    here.board.written()
    assert attrs.pairs(here.attrs) == []
    assert len(waiting(here)) == 5


def test_what_is_no_preferential_study_has_no_answers(here: Asked):
    plain = here.storage.get_study_id_from_name("another")
    tracked = experiments.create_experiment(
        here.board, experiments.NewExperiment("runs", "tracking")
    )
    for id in (plain, tracked.id):
        with pytest.raises(NotFoundError, match="not preferential"):
            preferences.get_feedback(here.board, id)
        with pytest.raises(NotFoundError, match="not preferential"):
            preferences.get_answers(here.board, id)
    with pytest.raises(InvalidValueError, match="not preferential"):
        preferences.add_answer(here.board, plain, NewAnswer("Equal", [0, 1]))
    with pytest.raises(NotFoundError):
        preferences.get_feedback(here.board, NOWHERE)
    assert not study.get_study(here.board, plain).is_preferential
    assert study.get_study(here.board, here.id).is_preferential


def test_trials_that_people_are_asked_about_are_not_stale(here: Asked):
    here.board.client.execute("UPDATE runs SET time_started = '2020-01-01', time_updated = NULL")
    plain = here.storage.get_study_id_from_name("another")
    assert study.get_summary(here.board, plain).stale == [0]
    assert study.get_summary(here.board, here.id).stale == []
    rows = experiments.list_experiments(here.board).experiments
    assert {row.name: row.stale for row in rows} == {"another": 1, "likes": 0}


def test_comparing_a_trial_that_was_told_keeps_its_value(here: Asked):
    steering.tell(here.board, here.trial_id(0), steering.Told("Complete", [2.5]))
    answer(here, "ChooseWorst", [0, 1], clicked=0)
    assert [trial.value for trial in here.study.trials[:2]] == [2.5, 0.0]


# -- over HTTP ------------------------------------------------------------------------------------


@pytest.fixture
def web(here: Asked) -> Web:
    return Web(create_app(here.board, Guard(host="127.0.0.1")))


def send(web: Web, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The answer to a write as the page makes it."""
    return web.ask(method, path, json=body, headers={"Origin": HERE, **headers})


@pytest.mark.item("V09", "V10")
def test_writes_have_the_paths_and_statuses_of_optuna_dashboard(here: Asked, web: Web):
    path = f"/api/studies/{here.id}/preference"
    said = {"mode": "ChooseWorst", "candidates": [0, 1], "clicked": 1}
    sent = send(web, "POST", path, said)
    assert (sent.status_code, sent.content) == (204, b"")
    answers = web.get(f"/api/experiments/{here.id}/preferences/answers").json()["answers"]
    for method in ("DELETE", "POST"):
        assert send(web, method, f"{path}/{answers[0]['id']}").status_code == 204
        gone = send(web, method, f"{path}/no-such-answer")
        assert (gone.status_code, reason(gone)) == (404, "there is no answer no-such-answer")
    component = f"{path}_feedback_component"
    assert send(web, "PUT", component, {"output_type": "note"}).status_code == 204
    assert send(web, "PUT", component, {"output_type": "video"}).status_code == 400
    skip = f"/api/studies/{here.id}/{here.trial_id(2)}/skip"
    assert send(web, "POST", skip).status_code == 204
    assert send(web, "DELETE", skip).status_code == 204
    assert send(web, "POST", f"/api/studies/{here.id}/{NOWHERE}/skip").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"mode": "ChooseWorst", "candidates": [0, 1]}, 400),
        ({"mode": "ChooseWorst", "candidates": [0, 1], "clicked": 2}, 400),
        ({"mode": "ChooseWorst", "candidates": [0, 0], "clicked": 0}, 400),
        ({"mode": "ChooseWorst", "candidates": ["a", "b"], "clicked": "a"}, 400),
        ({"mode": "ChooseWorst", "candidates": [0, 77], "clicked": 0}, 404),
        ({"mode": "ChooseWorst", "candidates": [0, 2**31], "clicked": 0}, 404),
        ({"mode": "ChooseWorst", "candidates": [0, 2**62], "clicked": 0}, 404),
        ({"mode": "ChooseWorst", "candidates": [0, 1], "clicked": 0, "order": [7]}, 400),
        ({"mode": "Equal", "candidates": [0, 1], "clicked": 9}, 400),
        ({"mode": "ChooseNone", "candidates": [0, 1], "clicked": 0}, 400),
        ({"mode": "Reported", "candidates": [0, 1]}, 400),
        ({"mode": "Rank", "candidates": [0, 1], "order": [0]}, 400),
        ({"mode": "Equal", "candidates": [0]}, 400),
        ({"mode": "Equal", "candidates": [0, 1], "id": "x" * 5000}, 400),
        ([], 400),
    ],
)
def test_what_is_no_answer_is_refused(here: Asked, web: Web, body: Any, status: int):
    refused = send(web, "POST", f"/api/studies/{here.id}/preference", body)
    assert refused.status_code == status
    assert reason(refused)
    assert attrs.answers(here.attrs) == []
    assert here.states() == [TrialState.RUNNING] * 5


def test_studies_that_are_not_preferential_refuse_answers(here: Asked, web: Web):
    plain = here.storage.get_study_id_from_name("another")
    said = {"mode": "Equal", "candidates": [0, 1]}
    for id, status in ((plain, 400), (NOWHERE, 404)):
        path = f"/api/studies/{id}"
        assert send(web, "POST", f"{path}/preference", said).status_code == status
        assert send(web, "DELETE", f"{path}/preference/x").status_code == status
        component = {"output_type": "note"}
        refused = send(web, "PUT", f"{path}/preference_feedback_component", component)
        assert refused.status_code == status
    trial = here.storage.get_all_trials(plain)[0]._trial_id
    assert send(web, "POST", f"/api/studies/{plain}/{trial}/skip").status_code == 400
    assert web.get(f"/api/experiments/{plain}/preferences").status_code == 404


@pytest.mark.parametrize(
    ("guard", "headers", "status"),
    [
        (Guard(host="127.0.0.1"), {"Origin": "http://elsewhere.example"}, 403),
        (Guard(host="127.0.0.1", token="secret-token"), {}, 401),
    ],
)
def test_answers_come_from_the_page_of_who_may_write(
    here: Asked, guard: Guard, headers: dict[str, str], status: int
):
    web = Web(create_app(here.board, guard))
    for method, path in writes(here):
        refused = send(web, method, path, {"mode": "Equal", "candidates": [0, 1]}, **headers)
        assert refused.status_code == status, path
    assert attrs.answers(here.attrs) == []


def test_nothing_is_answered_where_nothing_may_be_written(client: Client):
    study = new_study(RDBStorage(client))
    with web_of(client, Guard(host="127.0.0.1", read_only=True), read_only=True) as web:
        asked = Asked(None, study._study._storage, study)  # type: ignore[arg-type]
        for method, path in writes(asked):
            refused = send(web, method, path, {"mode": "Equal", "candidates": [0, 1]})
            assert refused.status_code == 403, path
        assert attrs.answers(asked.attrs) == []
        assert attrs.skipped(asked.attrs) == set()
        found = web.get(f"/api/experiments/{asked.id}/preferences")
        assert len(json.loads(found.content)["candidates"]) == 5


def writes(at: Asked) -> list[tuple[str, str]]:
    """All requests that change something."""
    path = f"/api/studies/{at.id}"
    return [
        ("POST", f"{path}/preference"),
        ("DELETE", f"{path}/preference/x"),
        ("POST", f"{path}/preference/x"),
        ("PUT", f"{path}/preference_feedback_component"),
        ("POST", f"{path}/{at.trial_id(0)}/skip"),
        ("DELETE", f"{path}/{at.trial_id(0)}/skip"),
    ]

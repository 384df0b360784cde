"""Answers of people: what they mean, and that none is lost."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from runbase.dashboard.preferential import answers, attrs
from runbase.dashboard.preferential.attrs import Answer
from runbase.errors import InvalidValueError, NotFoundError
from tests.boards import KINDS, SERVERS
from tests.preferences import Asked, asked
from tests.web import running

COMPLETE, RUNNING = TrialState.COMPLETE, TrialState.RUNNING


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    with asked(request.param, tmp_path, request) as found:
        yield found


#: For what is the same in every storage.
anywhere = pytest.mark.parametrize("at", ["sqlite", "journal"], indirect=True)


def kept(at: Asked, *given: Any, **options: Any) -> Answer:
    """An answer that was kept."""
    made = answers.new(*given, **options)
    answers.keep(at.study._place, made)
    return made


# -- what an answer means -------------------------------------------------------------------------


def test_the_worst_is_worse_than_all_others():
    assert answers.new("ChooseWorst", [4, 2, 7], clicked=2).pairs == [(4, 2), (7, 2)]


def test_the_best_is_better_than_all_others():
    assert answers.new("ChooseBest", [4, 2, 7], clicked=2).pairs == [(2, 4), (2, 7)]


def test_in_a_ranking_each_is_better_than_the_next():
    made = answers.new("Rank", [4, 2, 7], order=[7, 4, 2])
    assert made.pairs == [(7, 4), (4, 2)]
    assert made.order == [7, 4, 2]


def test_equal_trials_are_tied_to_the_earliest():
    made = answers.new("Equal", [4, 2, 7])
    assert (made.pairs, made.ties) == ([], [(2, 4), (2, 7)])


@pytest.mark.parametrize(
    ("mode", "candidates", "options", "why"),
    [
        ("ChooseWorst", [1], {"clicked": 1}, "two trials"),
        ("Equal", [], {}, "two trials"),
        ("ChooseWorst", [1, 1, 2], {"clicked": 2}, "twice"),
        ("ChooseWorst", [1, 2], {"clicked": 3}, "one of the candidates, not 3"),
        ("ChooseBest", [1, 2], {}, "one of the candidates, not None"),
        ("Rank", [1, 2, 3], {"order": [1, 2]}, "each of the candidates once"),
        ("Rank", [1, 2, 3], {"order": [1, 2, 2]}, "each of the candidates once"),
        ("Rank", [1, 2], {}, "each of the candidates once"),
        ("Equal", [1, 2], {"id": "../an id"}, "UUID"),
        ("Equal", [1, 2], {"clicked": 1}, "leave it out"),
        ("Rank", [1, 2], {"order": [1, 2], "clicked": 1}, "leave it out"),
        ("ChooseWorst", [1, 2], {"order": [1, 2], "clicked": 1}, "leave it out"),
    ],
)
def test_what_is_no_answer_is_told(
    mode: Any, candidates: list[int], options: dict[str, Any], why: str
):
    with pytest.raises(InvalidValueError, match=why):
        answers.new(mode, candidates, **options)


# -- keeping answers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("ChooseWorst", {"clicked": 3}),
        ("ChooseBest", {"clicked": 3}),
        ("Rank", {"order": [3, 0, 1]}),
        ("Equal", {}),
    ],
)
def test_an_answer_is_kept_as_it_was_given(at: Asked, mode: Any, options: dict[str, Any]):
    given = kept(at, mode, [0, 1, 3], **options)
    assert attrs.answers(at.attrs) == [given]
    assert attrs.pairs(at.attrs) == given.pairs
    assert attrs.ties(at.attrs) == given.ties
    assert at.states() == [COMPLETE, COMPLETE, RUNNING, COMPLETE, RUNNING]
    assert at.study.trials[0].values == [0.0]
    assert attrs.count(at.attrs) == 1


@anywhere
@pytest.mark.item("V11")
def test_the_attributes_are_those_of_optuna_dashboard(at: Asked):
    given = kept(at, "ChooseWorst", [0, 1, 3], clicked=1)
    assert at.attrs[f"preference:values{given.id}"] == [[0, 1], [3, 1]]
    text = at.attrs[f"preference:history{given.id}"]
    assert isinstance(text, str)
    record = json.loads(text)
    assert datetime.fromisoformat(record.pop("timestamp")).tzinfo is None
    assert record == {
        "mode": "ChooseWorst",
        "id": given.id,
        "candidates": [0, 1, 3],
        "clicked": 1,
        "preferences": [[0, 1], [3, 1]],
    }
    answers.skip(at.study._place, at.trial_id(2))
    assert at.attrs[f"preference:skip_trial:{at.trial_id(2)}"] is True


def test_an_answer_sent_twice_counts_once(at: Asked):
    id = str(uuid.uuid4())
    first = kept(at, "ChooseWorst", [0, 1], clicked=1, id=id)
    kept(at, "ChooseWorst", [0, 1], clicked=1, id=id.upper())
    kept(at, "Equal", [2, 3], id=id)  # whatever it is: the first one counts
    assert attrs.answers(at.attrs) == [first]
    assert at.states() == [COMPLETE] * 2 + [RUNNING] * 3
    answers.remove(at.study._place, id)
    kept(at, "ChooseWorst", [0, 1], clicked=1, id=id)
    assert attrs.pairs(at.attrs) == []


@anywhere
def test_only_trials_of_the_study_are_compared(at: Asked):
    for number in (5, -1, 2**31, 2**40, 2**70):
        with pytest.raises(NotFoundError, match=f"number {number}"):
            kept(at, "ChooseWorst", [0, number], clicked=0)
    assert attrs.answers(at.attrs) == []
    assert at.states() == [RUNNING] * 5


@anywhere
def test_what_nobody_can_have_looked_at_is_not_compared(at: Asked):
    at.study.enqueue_trial({"x": 0.5})
    at.study._study.tell(0, state=TrialState.FAIL)
    at.study._study.tell(1, state=TrialState.PRUNED)
    before = at.states()
    for number, why in [(0, "failed"), (1, "was pruned"), (5, "waits to be run")]:
        with pytest.raises(InvalidValueError, match=f"trial {number} {why}"):
            kept(at, "Equal", [2, number])
    assert attrs.answers(at.attrs) == []
    assert at.states() == before


@anywhere
def test_a_trial_that_somebody_just_finished_is_no_error(
    at: Asked, monkeypatch: pytest.MonkeyPatch
):
    finish = at.storage.set_trial_state_values

    def late(*given: Any, **options: Any) -> bool:
        finish(*given, **options)
        raise UpdateFinishedTrialError

    monkeypatch.setattr(at.storage, "set_trial_state_values", late)
    given = kept(at, "ChooseWorst", [0, 1], clicked=1)
    assert attrs.pairs(at.attrs) == given.pairs


# -- removing and restoring -----------------------------------------------------------------------


@pytest.mark.item("V03")
def test_removed_answers_do_not_count_until_they_are_restored(at: Asked):
    place = at.study._place
    worst = kept(at, "ChooseWorst", [0, 1], clicked=1)
    equal = kept(at, "Equal", [2, 3])
    for given in (worst, equal):
        answers.remove(place, given.id)
        answers.remove(place, given.id)
    assert attrs.pairs(at.attrs) == attrs.ties(at.attrs) == []
    assert attrs.retired(at.attrs) == set()
    assert attrs.count(at.attrs) == 0
    assert attrs.answers(at.attrs) == [each._replace(is_removed=True) for each in (worst, equal)]
    for given in (worst, equal):
        answers.restore(place, given.id)
    assert attrs.answers(at.attrs) == [worst, equal]
    assert attrs.retired(at.attrs) == {1, 3}


@anywhere
def test_what_is_not_there_is_neither_removed_nor_restored(at: Asked):
    for change in (answers.remove, answers.restore):
        with pytest.raises(NotFoundError, match="no answer"):
            change(at.study._place, str(uuid.uuid4()))


@anywhere
def test_reported_preferences_can_be_removed_and_restored(at: Asked):
    at.study.report_preference(at.study.trials[1], at.study.trials[2:4])
    (reported,) = attrs.answers(at.attrs)
    assert (reported.mode, reported.candidates) == ("Reported", [1, 2, 3])
    assert reported.time is not None
    answers.remove(at.study._place, reported.id)
    assert at.study.preferences == []
    answers.restore(at.study._place, reported.id)
    assert attrs.answers(at.attrs) == [reported]


@anywhere
def test_pairs_without_a_record_get_one_when_they_are_removed(at: Asked):
    id = str(uuid.uuid4())
    at.storage.set_study_system_attr(at.id, f"preference:values{id}", [[3, 1], [3, 2]])
    (found,) = attrs.answers(at.attrs)
    assert found == Answer(
        id, "Reported", None, [1, 2, 3], None, [], [(3, 1), (3, 2)], [], False
    )  # fmt: skip
    answers.remove(at.study._place, id)
    assert attrs.answers(at.attrs) == [found._replace(is_removed=True)]
    answers.restore(at.study._place, id)
    assert attrs.answers(at.attrs) == [found]


@anywhere
@pytest.mark.parametrize("record", ["", "{", "[]", {"mode": "Rank"}])
def test_an_answer_whose_record_is_broken_is_removed_and_restored(at: Asked, record: Any):
    id = str(uuid.uuid4())
    at.storage.set_study_system_attr(at.id, f"preference:values{id}", [[3, 1]])
    at.storage.set_study_system_attr(at.id, f"preference:history{id}", record)
    (found,) = attrs.answers(at.attrs)
    assert (found.mode, found.pairs, found.is_removed) == ("Reported", [(3, 1)], False)
    answers.remove(at.study._place, id)
    assert attrs.answers(at.attrs) == [found._replace(is_removed=True)]
    answers.restore(at.study._place, id)
    assert attrs.answers(at.attrs) == [found]


@anywhere
def test_answers_are_in_the_order_of_their_times(at: Asked):
    given = [kept(at, "ChooseWorst", [n, n + 1], clicked=n) for n in range(4)]
    assert attrs.answers(at.attrs) == given


@anywhere
def test_skips_are_taken_back(at: Asked):
    place, id = at.study._place, at.trial_id(2)
    answers.skip(place, id)
    assert attrs.skipped(at.attrs) == {id}
    answers.skip(place, id, False)
    assert attrs.skipped(at.attrs) == set()


# -- nothing is lost ------------------------------------------------------------------------------


def test_who_is_stopped_in_between_can_answer_again(at: Asked, monkeypatch: pytest.MonkeyPatch):
    for _ in range(10):
        at.study.ask()
    for writes in range(5):
        compared = [3 * writes, 3 * writes + 1, 3 * writes + 2]
        given = answers.new("ChooseWorst", compared, clicked=compared[0])
        before = attrs.answers(at.attrs)
        with monkeypatch.context() as patch:
            stop_after(writes, at, patch)
            with pytest.raises(KeyboardInterrupt):
                answers.keep(at.study._place, given)
        assert_can_be_removed(at)
        if at.board.mirror is None:  # all or nothing
            assert attrs.answers(at.attrs) == before
            assert at.states()[compared[0]] == RUNNING
        answers.keep(at.study._place, given)
        assert [answer.id for answer in attrs.answers(at.attrs)][-1] == given.id
        assert attrs.count(at.attrs) == writes + 1
        assert at.states()[: compared[-1] + 1] == [COMPLETE] * (compared[-1] + 1)


def stop_after(writes: int, at: Asked, patch: pytest.MonkeyPatch) -> None:
    """Let the storage do so many writes, and no more."""
    left = iter(range(writes))

    def stopping(function: Any) -> Any:
        def call(*given: Any, **options: Any) -> Any:
            if next(left, None) is None:
                raise KeyboardInterrupt
            return function(*given, **options)

        return call

    for name in ("set_study_system_attr", "set_trial_state_values"):
        patch.setattr(at.storage, name, stopping(getattr(at.storage, name)))


@pytest.mark.parametrize("kind", ["sqlite", *SERVERS, "stock", "journal"])
def test_no_answer_of_several_killed_processes_is_lost(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
):
    with asked(kind, tmp_path, request) as at:
        where = request.getfixturevalue(SERVERS[kind]) if kind in SERVERS else str(tmp_path)
        opened = "runbase" if kind == "sqlite" else kind
        command = ("-m", "tests.preferences", opened, where)
        with running(*command) as one, running(*command) as other:
            for process in (one, other):
                process.line("3 ")
        acknowledged = {line.split()[1] for line in [*one.lines, *other.lines]}
        known = {answer.id for answer in attrs.answers(at.attrs) if not answer.is_removed}
        assert acknowledged <= known
        assert len(known - acknowledged) <= 2
        assert_can_be_removed(at)
        assert at.states() == [COMPLETE] * 5


def assert_can_be_removed(at: Asked) -> None:
    """All that counts has a record."""
    for key in at.attrs:
        if key.startswith((attrs.VALUES, attrs.TIES)):
            id = key.removeprefix(attrs.VALUES).removeprefix(attrs.TIES)
            assert attrs.HISTORY + id in at.attrs


def test_any_order_of_what_is_stored_is_read_alike():
    stored = {attrs.IS_PREFERENTIAL: True, attrs.N_GENERATE: 3}
    for n in range(20):
        given = answers.new("Rank", [n, n + 1, n + 2], order=[n + 2, n, n + 1])
        stored |= answers._record(given) | answers._says(given)
    shuffled = list(stored.items())
    random.Random(1).shuffle(shuffled)
    other = dict(shuffled)
    assert attrs.answers(other) == attrs.answers(stored)
    assert sorted(attrs.pairs(other)) == sorted(attrs.pairs(stored))
    assert attrs.best(other) == attrs.best(stored) == {21}


# -- what others wrote ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None, 5, "ab", {"a": 1}, [5], ["ab"], [[1]], [[1, 2, 3]], [["0", "1"]], [[[0], [1]]],
        [[1, 1]], [[0, -1]], [[0, 2**31]], [[0, 2**80]], [[0.0, 1.0]], [[0, float("nan")]],
        [[True, False]], [{"0": 1, "1": 2}],
    ],
)  # fmt: skip
def test_what_is_no_pair_says_nothing(value: Any):
    for prefix in ("preference:values", "preference:ties"):
        stored = {f"{prefix}X": value, f"{prefix}Y": [[3, 2]]}
        assert attrs.pairs(stored) + attrs.ties(stored) == [(3, 2)]
        assert attrs.count(stored) == 1
        assert {answer.id for answer in attrs.answers(stored)} <= {"Y"}
    if isinstance(value, list):
        assert attrs.pairs({"preference:valuesX": [*value, [3, 2]]}) == [(3, 2)]


def recorded(**facts: Any) -> Answer:
    """What is read of an answer with such a record."""
    whole = {
        "mode": "ChooseWorst", "id": "X", "timestamp": "2024-01-01T12:00:00",
        "candidates": [0, 1], "clicked": 1, "preferences": [[0, 1]],
    }  # fmt: skip
    text = json.dumps(whole | facts)
    stored = {"preference:historyX": text, "preference:valuesX": [[0, 1]]}
    (found,) = attrs.answers(stored)
    return found


def test_what_can_be_read_of_a_record_is():
    noon = datetime(2024, 1, 1, 12)
    whole = Answer("X", "ChooseWorst", noon, [0, 1], 1, [], [(0, 1)], [], False)
    assert recorded() == whole
    modes: list[Any] = ["ChooseMiddle", None, []]
    for mode in modes:
        assert recorded(mode=mode) == whole._replace(mode="Reported")
    for time in ("yesterday", 5, None, "0001-01-01T00:00:00+14:00"):
        assert recorded(timestamp=time) == whole._replace(time=None)
    for numbers in (None, "ab", [0, "b"], 5):
        assert recorded(candidates=numbers, order=numbers) == whole
    for clicked in ("1", -1, [1], True):
        assert recorded(clicked=clicked) == whole._replace(clicked=None)
    for pairs in (None, [[1]], "ab"):
        assert recorded(preferences=pairs, ties=pairs) == whole


def test_times_of_other_zones_are_those_of_this_computer():
    at = datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert recorded(timestamp=at.isoformat()).time == at.astimezone().replace(tzinfo=None)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("note", None),
        ({"output_type": "video", "artifact_key": "a"}, None),
        ({"output_type": "artifact"}, None),
        ({"output_type": "artifact", "artifact_key": 5}, None),
        ({"output_type": "note", "extra": 1}, None),
        (
            {"output_type": "artifact", "artifact_key": "a", "extra": 1},
            {"output_type": "artifact", "artifact_key": "a"},
        ),
    ],
)
def test_another_component_is_the_note(stored: Any, read: Any):
    assert attrs.component({"preference:component": stored}) == (read or {"output_type": "note"})


def test_other_numbers_are_none():
    for value in ("4", 2.5, True, -1, 2**80, None):
        assert attrs.n_generate({"preference:n_generate": value}) is None
    for id in ("\u00b2", "9" * 40, "9" * 5000, "-1", ""):
        assert attrs.skipped({f"preference:skip_trial:{id}": True}) == set()

"""Our storage does what Optuna's storage in memory does, whatever is called."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runbase import Client
from runbase.store import schema

optuna = pytest.importorskip("optuna")

from optuna.distributions import (  # noqa: E402
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    check_distribution_compatibility,
)
from optuna.storages import BaseStorage, InMemoryStorage  # noqa: E402
from optuna.study import StudyDirection  # noqa: E402
from optuna.trial import FrozenTrial, TrialState  # noqa: E402

from runbase.optuna import RDBStorage  # noqa: E402

UNKNOWN = 2**31 - 2
_numbers = count(1)


def open_storage(client: Client) -> BaseStorage:
    storage: BaseStorage = RDBStorage(client)
    return storage


# -- comparing ---------------------------------------------------------------------------------


def exact(value: Any) -> Any:
    """Something that is equal only for values of the same types; NaN is equal to itself."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    if isinstance(value, BaseDistribution):
        return type(value).__name__, exact(vars(value))
    return type(value).__name__, repr(value)


def described(trial: FrozenTrial) -> dict[str, Any]:
    """All that a trial says but for its id and its times."""
    return {
        "number": exact(trial.number),
        "state": trial.state,
        "values": exact(trial.values and [value + 0.0 for value in trial.values]),
        "params": exact(trial.params),
        "order of params": list(trial.params),
        "distributions": exact(trial.distributions),
        "user_attrs": exact(trial.user_attrs),
        "system_attrs": exact(trial.system_attrs),
        # -0.0 + 0.0 is 0.0: SQLite's numbers have no negative zero.
        "intermediate_values": exact({s: v + 0.0 for s, v in trial.intermediate_values.items()}),
        "types of steps": {type(step) for step in trial.intermediate_values},
    }


# -- what is put in ----------------------------------------------------------------------------

MIXED = (None, True, 1, 1.0, "1", math.nan, False, 0, -0.5, "")
DISTRIBUTIONS: list[tuple[str, BaseDistribution]] = [
    ("x", FloatDistribution(-10, 10)),
    ("x", FloatDistribution(0, 100, step=0.5)),
    ("x", FloatDistribution(1e-5, 1, log=True)),
    ("x", IntDistribution(0, 10)),
    ("X", FloatDistribution(-10, 10)),
    ("X", CategoricalDistribution(("a", "b"))),
    ("n", IntDistribution(-(2**40), 2**40)),
    ("n", IntDistribution(0, 100, step=5)),
    ("n", IntDistribution(1, 2**20, log=True)),
    ("c", CategoricalDistribution(MIXED)),
    ("c", CategoricalDistribution(MIXED[::-1])),
    ("c", FloatDistribution(0, 1)),
    ('\N{ROCKET} l\'r "%s" ? :a $[0].b\\', FloatDistribution(0, 1)),
    ('\N{ROCKET} l\'r "%s" ? :a $[0].b\\', CategoricalDistribution(("\N{ROCKET}", "\\"))),
]
STATES = list(TrialState)


def _internal(distribution: BaseDistribution, share: float) -> float:
    """A parameter of the distribution in Optuna's own representation."""
    if isinstance(distribution, CategoricalDistribution):
        return int(share * (len(distribution.choices) - 1))
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    low, high, step = distribution.low, distribution.high, distribution.step
    if step is None:
        return min(max(low + share * (high - low), low), high)
    return float(low + int(share * ((high - low) // step)) * step)


shares = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1 / 3, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
params = st.tuples(st.sampled_from(DISTRIBUTIONS), shares).map(
    lambda drawn: (*drawn[0], _internal(drawn[0][1], drawn[1]))
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
keys = st.sampled_from(["a", "A", "b", "", "a b", 'l\'r "%s" ? :a $.b\\', "\N{ROCKET}", "ä", "é"])
floats = st.floats() | st.sampled_from([-0.0, 5e-324, math.inf, -math.inf, math.nan, 1e308])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | floats | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=6,
)
objectives = st.floats(allow_nan=False)
steps = st.integers(-5, 5) | st.sampled_from([2**31, 2**53 + 1, 2**62])
times = st.datetimes(datetime(1999, 1, 1), datetime(2037, 1, 1))
attrs = st.dictionaries(keys, json_values, max_size=3)
which = st.integers(0, 99)


@st.composite
def templates(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[str, BaseDistribution, float]]]:
    state = draw(st.sampled_from(STATES))
    started = state != TrialState.WAITING or draw(st.booleans())
    return {
        "state": state,
        "values": draw(st.lists(objectives, min_size=3, max_size=3)),
        "user_attrs": draw(attrs),
        "system_attrs": draw(attrs),
        "intermediate_values": draw(st.dictionaries(steps, floats, max_size=3)),
        "datetime_start": draw(times) if started else None,
        "datetime_complete": draw(times) if state.is_finished() else None,
    }, draw(st.lists(params, max_size=4, unique_by=lambda param: param[0]))


class Study(NamedTuple):
    """The ids that the model and our storage gave to the same study."""

    model: int
    own: int
    directions: list[StudyDirection]


class Trial(NamedTuple):
    model: int
    own: int
    study: Study


Outcome = tuple[type[BaseException] | None, Any]


class Machine(RuleBasedStateMachine):
    """Does the same to a model and to two objects of our storage on one database."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.prefix = f"{os.getpid()} {next(_numbers)} "
        self.model = InMemoryStorage()
        self.clients = [Client(self.url), Client(self.url)]
        self.storages = [open_storage(client) for client in self.clients]
        self.turn = 0
        self.studies: list[Study] = []
        self.trials: list[Trial] = []
        self.dead_studies = [Study(UNKNOWN, UNKNOWN, [StudyDirection.MINIMIZE])]
        self.dead_trials = [Trial(UNKNOWN, UNKNOWN, self.dead_studies[0])]
        #: Distributions of templates, which the model does not compare with others.
        self.of_templates: dict[tuple[int, str], BaseDistribution] = {}
        #: The times that a storage set: those of our storage and of the model differ.
        self.own_times: set[tuple[int, str]] = set()
        #: Trials that were handed out, and what they said then.
        self.kept: list[tuple[FrozenTrial, dict[str, Any]]] = []

    def teardown(self) -> None:
        for study in self.studies:
            self.storages[0].delete_study(study.own)
        for client in self.clients:
            client.close()
        for trial, said in self.kept:
            assert described(trial) == said

    # .. helpers

    @property
    def storage(self) -> BaseStorage:
        """The one whose turn it is."""
        return self.storages[self.turn]

    def _study(self, which: int) -> Study:
        if which >= 97 or not self.studies:
            return self.dead_studies[which % len(self.dead_studies)]
        return self.studies[which % len(self.studies)]

    def _trial(self, which: int) -> Trial:
        """One of all trials, rather one of the last."""
        if which >= 97 or not self.trials:
            return self.dead_trials[which % len(self.dead_trials)]
        return self.trials[-1 - which % min(len(self.trials), 8 if which % 2 else 99)]

    @staticmethod
    def _outcome(call: Callable[[], Any]) -> Outcome:
        """What the call returned, or the type of what it raised."""
        try:
            return None, call()
        except (KeyError, ValueError, RuntimeError, optuna.exceptions.OptunaError) as error:
            return type(error), None

    def _both(self, method: str, pair: Study | Trial, *args: Any) -> tuple[Any, Any]:
        """Call the method of both with the id; they must raise the same or nothing."""
        model, own = (
            self._outcome(
                lambda s=storage, i=id: getattr(s, method)(i, *copy.deepcopy(args))  # type: ignore[misc]
            )
            for storage, id in ((self.model, pair.model), (self.storage, pair.own))
        )
        assert own[0] == model[0], f"{method}{args}: {own[0]} instead of {model[0]}"
        return model[1], own[1]

    def _same(self, method: str, pair: Study | Trial, *args: Any) -> None:
        """Also the results must be the same."""
        model, own = self._both(method, pair, *args)
        assert exact(own) == exact(model), f"{method}{args}"

    def _known(self, study: Study, name: str) -> BaseDistribution | None:
        if study.model == UNKNOWN or study not in self.studies:
            return None
        info = self.model._studies[study.model]
        return info.param_distribution.get(name)

    def _compare(self, own: FrozenTrial, model: FrozenTrial) -> None:
        ours = described(own)
        for what, theirs in described(model).items():
            assert ours[what] == theirs, f"{what}: {ours[what]} instead of {theirs}"
        for name in ("datetime_start", "datetime_complete"):
            time = getattr(own, name)
            if (model._trial_id, name) in self.own_times:
                assert isinstance(time, datetime)
                assert time.tzinfo is None
            else:
                assert time == getattr(model, name), name

    def _compare_lists(self, own: list[FrozenTrial], model: list[FrozenTrial]) -> None:
        assert [trial.number for trial in own] == [trial.number for trial in model]
        for ours, theirs in zip(own, model, strict=True):
            self._compare(ours, theirs)

    # .. rules: the storages themselves

    @initialize(directions=st.sampled_from([[StudyDirection.MINIMIZE], [StudyDirection.MAXIMIZE]]))
    def start(self, directions: list[StudyDirection]) -> None:
        self.create_study(directions, "first")
        for which in range(2):
            self.create_trial(which)

    @rule()
    def take_turns(self) -> None:
        self.turn = 1 - self.turn

    @rule()
    def restart(self) -> None:
        self.clients[self.turn].close()
        self.clients[self.turn] = Client(self.url)
        self.storages[self.turn] = open_storage(self.clients[self.turn])

    @rule()
    def remove_session(self) -> None:
        self.storage.remove_session()

    # .. rules: studies

    @precondition(lambda self: len(self.studies) < 4)
    @rule(
        directions=st.lists(
            st.sampled_from([StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE]),
            min_size=1,
            max_size=3,
        ),
        name=st.sampled_from(["", "a", "A", "ä", "a ", 'l\'r "%s" ? :a \\', "\N{ROCKET}", None]),
    )
    def create_study(self, directions: list[StudyDirection], name: str | None) -> None:
        name = name if name is None else self.prefix + name
        model = self._outcome(lambda: self.model.create_new_study(directions, name))
        own = self._outcome(lambda: self.storage.create_new_study(directions, name))
        assert own[0] == model[0]
        if own[0] is None:
            assert type(own[1]) is int
            assert own[1] not in {study.own for study in self.studies + self.dead_studies}
            study = Study(model[1], own[1], directions)
            self.studies.append(study)
            if name is None:
                found = self.storage.get_study_name_from_id(own[1])
                assert found.startswith("no-name-")
                info = self.model._studies[model[1]]
                del self.model._study_name_to_id[info.name]
                info.name = found
                self.model._study_name_to_id[found] = model[1]

    @precondition(lambda self: len(self.studies) > 1)
    @rule(which=which)
    def delete_study(self, which: int) -> None:
        study = self._study(which)
        self._same("delete_study", study)
        if study in self.studies:
            self.studies.remove(study)
            self.dead_studies.append(study)
            self.dead_trials += [trial for trial in self.trials if trial.study == study]
            self.trials = [trial for trial in self.trials if trial.study != study]
        self._same("delete_study", study)

    @rule(which=which, is_user=st.booleans(), key=keys, value=json_values)
    def set_study_attr(self, which: int, is_user: bool, key: str, value: Any) -> None:
        kind = "user" if is_user else "system"
        self._same(f"set_study_{kind}_attr", self._study(which), key, value)

    @rule(which=which)
    def read_study(self, which: int) -> None:
        study = self._study(which)
        for what in ("directions", "user_attrs", "system_attrs"):
            self._same(f"get_study_{what}", study)
        self._same("get_study_name_from_id", study)
        self._same("get_trial_id_from_study_id_trial_number", self.dead_studies[-1], 0)
        with pytest.raises(KeyError):
            self.storage.get_study_id_from_name(self.prefix + "no such study")

    @rule(
        which=which,
        states=st.none() | st.lists(st.sampled_from(STATES), max_size=3).map(tuple),
        deepcopy=st.booleans(),
    )
    def read_trials(
        self, which: int, states: tuple[TrialState, ...] | None, deepcopy: bool
    ) -> None:
        study = self._study(which)
        model, own = self._both("get_all_trials", study, deepcopy, None)
        if model is not None:
            own = self.storage.get_all_trials(study.own, deepcopy, states)
            model = [trial for trial in model if states is None or trial.state in states]
            self._compare_lists(own, model)
            assert type(own) is list
            if deepcopy and own:
                for trial in own:  # which changes nothing in the storage
                    trial.user_attrs["a"] = "changed"
                    trial.params["x"] = "changed"
                    trial.intermediate_values[0] = 77.0
                    trial.values = [77.0]
            own.clear()
        # Counted here, since the model misses trials that wait again.
        for wanted in (None, states or None, *STATES):
            outcome, count = self._outcome(lambda w=wanted: self.storage.get_n_trials(study.own, w))  # type: ignore[misc]
            if study not in self.studies:
                assert outcome is KeyError
                continue
            picked = wanted if isinstance(wanted, tuple) else (wanted,)
            trials = self.model.get_all_trials(study.model, deepcopy=False)
            assert outcome is None
            assert count == sum(wanted is None or trial.state in picked for trial in trials)

    @rule(which=which)
    def read_best_trial(self, which: int) -> None:
        study = self._study(which)
        if len(study.directions) > 1 and study in self.studies:
            # Which of the two depends on the storage where no trial is complete.
            with pytest.raises((ValueError, RuntimeError)):
                self.storage.get_best_trial(study.own)
            return
        model, own = self._both("get_best_trial", study)
        if model is not None:
            assert own.state == TrialState.COMPLETE
            assert own.values == model.values
            self._compare(own, self.model.get_all_trials(study.model)[own.number])

    # .. rules: trials

    def _created(self, study: Study, model: int, own: int) -> Trial:
        assert type(own) is int
        assert own not in {trial.own for trial in self.trials + self.dead_trials}
        trial = Trial(model, own, study)
        self.trials.append(trial)
        return trial

    @rule(which=which)
    def create_trial(self, which: int) -> None:
        study = self._study(which)
        model, own = self._both("create_new_trial", study)
        if own is not None:
            trial = self._created(study, model, own)
            self.own_times.add((trial.model, "datetime_start"))

    @rule(which=which, drawn=templates())
    def create_trial_from_template(
        self,
        which: int,
        drawn: tuple[dict[str, Any], list[tuple[str, BaseDistribution, float]]],
    ) -> None:
        study = self._study(which)
        fields, params = drawn
        chosen: dict[str, Any] = {}
        distributions: dict[str, BaseDistribution] = {}
        for name, distribution, internal in params:
            known = self._known(study, name) or self.of_templates.get((study.model, name))
            try:
                check_distribution_compatibility(known or distribution, distribution)
            except ValueError:
                continue
            value = distribution.to_external_repr(internal)
            index = distribution.to_internal_repr(value)
            if exact(distribution.to_external_repr(index)) != exact(value):
                continue  # Optuna itself takes 1 for True; see test_optuna_exact.py
            distributions[name], chosen[name] = distribution, value
        values = fields["values"][: len(study.directions)]
        is_complete = fields["state"] == TrialState.COMPLETE
        template = FrozenTrial(
            number=-1,
            trial_id=-1,
            value=None,
            params=chosen,
            distributions=distributions,
            **{**fields, "values": values if is_complete else None},
        )
        before = described(template)
        model, own = self._both("create_new_trial", study, template)
        assert described(template) == before
        if own is not None:
            self._created(study, model, own)
            for name, distribution in distributions.items():
                self.of_templates.setdefault((study.model, name), distribution)

    @rule(which=which, param=params)
    def set_param(self, which: int, param: tuple[str, BaseDistribution, float]) -> None:
        trial = self._trial(which)
        name, distribution, internal = param
        known = self._known(trial.study, name)
        if known is None and (other := self.of_templates.get((trial.study.model, name))):
            try:  # Not all storages compare with the distributions of templates
                check_distribution_compatibility(other, distribution)
            except ValueError:
                return
        self._same("set_trial_param", trial, name, internal, distribution)

    @rule(which=which, step=steps, value=floats)
    def report(self, which: int, step: int, value: float) -> None:
        self._same("set_trial_intermediate_value", self._trial(which), step, value)

    @rule(which=which, is_user=st.booleans(), key=keys, value=json_values)
    def set_trial_attr(self, which: int, is_user: bool, key: str, value: Any) -> None:
        kind = "user" if is_user else "system"
        self._same(f"set_trial_{kind}_attr", self._trial(which), key, value)

    @rule(
        which=which,
        state=st.sampled_from([TrialState.RUNNING, *STATES]),
        values=st.lists(objectives, min_size=3, max_size=3),
        is_valued=st.booleans(),
    )
    def set_state(
        self, which: int, state: TrialState, values: list[float], is_valued: bool
    ) -> None:
        trial = self._trial(which)
        has_values = state == TrialState.COMPLETE or (state == TrialState.PRUNED and is_valued)
        given = values[: len(trial.study.directions)] if has_values else None
        model, own = self._both("set_trial_state_values", trial, state, given)
        assert own is model
        if own and state == TrialState.RUNNING:
            self.own_times.add((trial.model, "datetime_start"))
        elif own and state.is_finished():
            self.own_times.add((trial.model, "datetime_complete"))

    @rule(which=which, state=st.sampled_from(STATES))
    def read_trial(self, which: int, state: TrialState) -> None:
        trial = self._trial(which)
        model, own = self._both("get_trial", trial)
        if own is not None:
            assert own._trial_id == trial.own
            self._compare(own, model)
            for name, distribution in own.distributions.items():
                # Choices that are equal, such as True and 1, may have either's index.
                internal = self.storage.get_trial_param(trial.own, name)
                value, there = distribution.to_external_repr(internal), own.params[name]
                assert value == there or (value != value and there != there)
            self._same("get_trial_id_from_study_id_trial_number", trial.study, 10**6)
            id = self.storage.get_trial_id_from_study_id_trial_number(trial.study.own, own.number)
            assert id == trial.own
        for what in ("params", "user_attrs", "system_attrs"):
            self._same(f"get_trial_{what}", trial)
        self._same("get_trial_number_from_id", trial)
        self._same("check_trial_is_updatable", trial, state)
        self._both("get_trial_param", trial, "no such parameter")

    # .. after each step

    @invariant()
    def all_is_the_same(self) -> None:
        for storage in self.storages:
            self._check(storage)

    def _check(self, storage: BaseStorage) -> None:
        own_ids = {study.own for study in self.studies}
        dead = {study.own for study in self.dead_studies}
        listed = [study for study in storage.get_all_studies() if study._study_id in own_ids | dead]
        frozen = self.model.get_all_studies()
        assert [study._study_id for study in listed] == [study.own for study in self.studies]
        for ours, theirs in zip(listed, frozen, strict=True):
            assert ours.study_name == theirs.study_name
            assert ours.directions == theirs.directions
            assert exact(ours.user_attrs) == exact(theirs.user_attrs)
            assert exact(ours.system_attrs) == exact(theirs.system_attrs)
        for study in self.studies:
            own = storage.get_all_trials(study.own, deepcopy=False)
            model = self.model.get_all_trials(study.model, deepcopy=False)
            self._compare_lists(own, model)
            ids = [trial.own for trial in self.trials if trial.study == study]
            assert [trial._trial_id for trial in own] == ids
            if own and len(self.kept) < 100:
                self.kept.append((own[-1], described(own[-1])))


def test_our_storage_does_what_the_one_in_memory_does(url: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level("WARNING", "optuna")
    with closing(Client(url)) as client:
        schema.setup(client.database)
    is_local = url.startswith("sqlite")
    machine = type("Machine", (Machine,), {"url": url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=50 if is_local else 20,
            stateful_step_count=40,
            deadline=None,
            derandomize=bool(os.environ.get("CI")),
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Several processes work on one experiment at once: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TypeVar

import pytest
from ax.core.arm import Arm

import runbase
from runbase.ax import (
    Client,
    ExperimentConflictError,
    Store,
    TrialConflictError,
    save_experiment,
    save_generation_strategy,
    save_or_update_trial,
)
from runbase.ax.loading import load_both
from runbase.queries import first_value
from runbase.store import schema
from tests.ax import processes
from tests.ax.clients import (
    BY_HAND,
    NAME,
    PARAMETERS,
    ask,
    ask_and_tell,
    begin,
    check_strategy,
    load,
    measured,
    tell,
)
from tests.ax.processes import at_once
from tests.proxy import Proxy

T = TypeVar("T")


@pytest.fixture
def store(client: runbase.Client) -> Store:
    """A store whose tables are there."""
    return Store(client)


def says_what_to_do(message: str, index: int) -> bool:
    pattern = f"TrialConflictError: trial {index} of 'cnn' was .*: load the experiment again"
    return re.match(pattern, message) is not None


# -- clients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 4])
def test_processes_ask_and_tell(url: str, store: Store, count: int):
    begin(store)
    each = 16 // count
    done = [trial for told in at_once(processes.ask_and_tell, url, *[(each,)] * count)
            for trial in told]  # fmt: skip
    assert sorted(index for index, _ in done) == list(range(16))
    experiment, strategy = load(url)
    check_strategy(experiment, strategy)
    assert {trial.status.name for trial in experiment.trials.values()} == {"COMPLETED"}
    for index, parameters in done:
        assert experiment.trials[index].arms[0].parameters == parameters
        rows = experiment.lookup_data(trial_indices=[index]).full_df
        found = [(row.metric_name, row.mean) for row in rows.itertuples()]
        assert sorted(found) == sorted([("loss", 100.0), *measured(parameters).items()])
    kept = "SELECT COUNT(*) FROM runs WHERE status = 'COMPLETED' AND value = 100.0"
    assert first_value(store.client, kept) == 0  # it is the last one that counts


def test_processes_complete_one_trial(url: str, store: Store):
    client = begin(store)
    for _ in range(3):
        index, _ = ask(client)
        outcomes = at_once(processes.complete, url, *[(index, loss) for loss in (1.0, 2.0, 3.0)])
        assert outcomes == [""] * 3
        experiment, _ = load(url)
        means = experiment.lookup_data(trial_indices=[index]).df["mean"]
        assert len(means) == 2
        assert len(set(means)) == 1  # that of one process, as if they had come one by one
        assert experiment.trials[index].status.name == "COMPLETED"


def test_processes_create_one_experiment(url: str, store: Store):
    outcomes = Counter(at_once(processes.create, url, (), (), ()))
    assert outcomes[""] == 1
    [(conflict, times)] = (outcomes - Counter({"": 1})).items()
    assert times == 2
    assert conflict.startswith("ExperimentConflictError: An experiment already exists with the ")
    assert first_value(store.client, "SELECT COUNT(*) FROM experiments") == 1
    ask_and_tell(Client.load(NAME, store))


# -- the developer API -----------------------------------------------------------------------------


def test_one_of_the_processes_that_change_a_trial_has_to_load_it_again(url: str, store: Store):
    index, _ = ask(begin(store))
    outcomes = at_once(processes.abandon, url, (index, "one"), (index, "two"))
    first, second = sorted(outcomes)
    assert first == ["", ""]
    assert says_what_to_do(second[0], index)
    assert second[1] == ""
    assert load(url)[0].trials[index].status_reason in ("one", "two")


def test_one_of_the_processes_that_add_a_trial_gets_the_index(url: str, store: Store):
    ask_and_tell(begin(store))
    first, second = sorted(at_once(processes.add, url, (), ()))
    assert first == ""
    assert says_what_to_do(second, 1)
    assert load(url)[0].trials.keys() == {0, 1}


def test_a_trial_with_an_index_that_is_taken_is_not_written(url: str, store: Store):
    ask_and_tell(begin(store))
    mine, theirs = (Store(store.client) for _ in range(2))
    (one, _), (other, strategy) = load_both(mine, NAME), load_both(theirs, NAME)
    assert strategy is not None
    one.attach_trial([{"lr": 0.5, "layers": 1, "act": "relu"}], ["mine"])
    save_experiment(one, store=mine)
    before = load(url)[0]
    other.new_trial(strategy.gen_single_trial(other))
    other.trials[0].mark_abandoned(unsafe=True)
    with pytest.raises(TrialConflictError, match=r"trial 1 of 'cnn' was added .* load the exp"):
        save_experiment(other, store=theirs)
    with pytest.raises(TrialConflictError, match="trial 1 of 'cnn' was added"):
        save_generation_strategy(strategy, store=theirs)
    assert load(url)[0] == before
    assert before.trials[0].status.name == "COMPLETED"


def test_goals_that_another_program_changed_are_not_written_over(url: str, store: Store):
    begin(store)
    mine, theirs = (Store(store.client) for _ in range(2))
    (one, _), (other, _) = load_both(mine, NAME), load_both(theirs, NAME)
    one.description = "mine"
    save_experiment(one, store=mine)
    other.description = "theirs"
    with pytest.raises(ExperimentConflictError, match=r"'cnn' was changed .* nothing was written"):
        save_experiment(other, store=theirs)
    assert load(url)[0].description == "mine"


def test_trials_of_others_stay_when_one_that_does_not_know_them_is_saved(url: str, store: Store):
    client = begin(store)
    ask(client)
    mine = Store(store.client)
    one, _ = load_both(mine, NAME)
    ask_and_tell(client, 2)
    one.trials[0].mark_abandoned()
    save_or_update_trial(one, one.trials[0], mine)
    save_experiment(one, store=mine)
    experiment, strategy = load(url)
    statuses = [trial.status.name for trial in experiment.trials.values()]
    assert statuses == ["ABANDONED", "COMPLETED", "COMPLETED"]
    check_strategy(experiment, strategy)


# -- connections that break ------------------------------------------------------------------------


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_a_connection_that_breaks_after_a_commit_does_no_harm(
    server: str, request: pytest.FixtureRequest
):
    url = str(request.getfixturevalue(f"{server}_url"))
    with closing(runbase.Client(url)) as client, closing(Proxy(url)) as proxy:
        schema.setup(client.database)
        with closing(Store(proxy.url)) as store:
            client_of_ax = Client(store)
            run = partial(client_of_ax.configure_experiment, PARAMETERS, name=NAME)
            cut(proxy, run)
            cut(proxy, partial(client_of_ax.configure_optimization, "-loss"))
            cut(proxy, partial(client_of_ax.configure_generation_strategy, "random_search"))
            for _ in range(2):
                index, parameters = cut(proxy, partial(ask, client_of_ax))
                cut(proxy, partial(client_of_ax.attach_data, index, {"loss": 1.0}, 1))
                cut(proxy, partial(tell, client_of_ax, index, parameters))
            index = cut(proxy, partial(client_of_ax.attach_trial, BY_HAND))
            cut(proxy, partial(client_of_ax.mark_trial_failed, index))
            one, _ = load_both(Store(store.client), NAME)
            one.new_batch_trial().add_arms_and_weights(
                [Arm({"lr": 0.5, "layers": 1, "act": "relu"})]
            )
            cut(proxy, partial(save_experiment, one, store=store))
        experiment, strategy = load(url)
        statuses = [trial.status.name for trial in experiment.trials.values()]
        assert statuses == ["COMPLETED", "COMPLETED", "FAILED", "CANDIDATE"]
        check_strategy(experiment, strategy)
        assert first_value(client, "SELECT COUNT(*) FROM ax_strategies") == 1
        assert first_value(client, "SELECT COUNT(*) FROM experiments") == 1


def cut(proxy: Proxy, call: Callable[[], T]) -> T:
    """What a call returns during which the answer to a COMMIT is lost."""
    before = proxy.cuts
    proxy.cut()
    result = call()
    assert proxy.cuts == before + 1
    return result

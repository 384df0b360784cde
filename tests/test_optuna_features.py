"""Everything that Optuna does with a storage works, and as it does with its own in memory."""

from __future__ import annotations

import importlib.util
import json
import math
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runbase import Client

optuna = pytest.importorskip("optuna")

from optuna.distributions import (  # noqa: E402
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState  # noqa: E402

from runbase.optuna import RDBStorage  # noqa: E402

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import BaseStorage

pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    # Some of what is shown here is on its way out of Optuna, and says so.
    pytest.mark.filterwarnings("ignore:.*has been deprecated:FutureWarning"),
]

SPACE = {
    "x": FloatDistribution(-5, 5),
    "n": IntDistribution(1, 9),
    "kind": CategoricalDistribution(("a", "b", None)),
}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(verbosity)


@pytest.fixture
def storage(client: Client) -> BaseStorage:
    """A storage whose ids are not the numbers, as those in a storage in memory are."""
    storage: BaseStorage = RDBStorage(client)
    other = optuna.create_study(study_name="another", storage=storage)
    for _ in range(3):
        other.ask()
    return storage


@pytest.fixture
def study(storage: BaseStorage) -> Study:
    return new_study(storage)


def new_study(storage: BaseStorage | None, **settings: Any) -> Study:
    settings.setdefault("sampler", optuna.samplers.RandomSampler(seed=1))
    if storage is None:
        storage = optuna.storages.InMemoryStorage()
    # The name matters: Hyperband draws its brackets by it.
    study: Study = optuna.create_study(**{"study_name": "features", "storage": storage} | settings)
    return study


def needs(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")


def content(trial: FrozenTrial) -> tuple[Any, ...]:
    """All of a trial but ids and times; attributes are JSON, which has no tuples."""
    attrs = [json.loads(json.dumps(each)) for each in (trial.user_attrs, trial.system_attrs)]
    return (
        *(trial.number, trial.state, trial.values, trial.params, trial.distributions),
        *(*attrs, trial.intermediate_values),
    )


def contents(study: Study) -> list[tuple[Any, ...]]:
    return [content(trial) for trial in study.trials]


def check_same(storage: BaseStorage, work: Callable[[Study], Any], **settings: Any) -> Study:
    """Do the same on both storages and expect the same trials; settings are made twice."""
    studies = []
    for each in (storage, None):
        made = {key: make() if callable(make) else make for key, make in settings.items()}
        studies.append(new_study(each, **made))
        work(studies[-1])
    ours, in_memory = studies
    assert len(ours.trials) > 0
    assert contents(ours) == contents(in_memory)
    if len(ours.directions) > 1 or any(t.values for t in ours.get_trials(deepcopy=False)):
        assert [t.number for t in ours.best_trials] == [t.number for t in in_memory.best_trials]
    # A storage that has seen none of this finds it all.
    assert isinstance(storage, RDBStorage)
    again = optuna.load_study(study_name="features", storage=RDBStorage(storage.client))
    assert contents(again) == contents(in_memory)
    return ours


def objective(trial: Trial) -> float:
    x = trial.suggest_float("x", -5, 5)
    n = trial.suggest_int("n", 1, 9)
    kind = trial.suggest_categorical("kind", ["a", "b", None])
    rate = trial.suggest_float("rate", 1e-5, 1, log=True) if kind == "b" else 0.5
    return (x - 2) ** 2 + n + (1 if kind is None else rate)


def two_objectives(trial: Trial) -> tuple[float, float]:
    x = trial.suggest_float("x", 0, 5)
    y = trial.suggest_int("y", 0, 5)
    return 4 * x**2 + y, (x - 5) ** 2 + (y - 5) ** 2


# -- samplers ----------------------------------------------------------------------------------


def tpe(**settings: Any) -> Any:
    return lambda: optuna.samplers.TPESampler(seed=7, n_startup_trials=5, **settings)


def genetic(name: str, **settings: Any) -> Any:
    return lambda: getattr(optuna.samplers, name)(seed=7, population_size=6, **settings)


SAMPLERS: dict[str, Callable[[], Any]] = {
    "random": lambda: optuna.samplers.RandomSampler(seed=7),
    "tpe": tpe(),
    "multivariate": tpe(multivariate=True),
    "group": tpe(multivariate=True, group=True),
    "constant_liar": tpe(constant_liar=True),
    "nsgaii": genetic("NSGAIISampler"),
    "nsgaiii": genetic("NSGAIIISampler"),
    "fixed": lambda: optuna.samplers.PartialFixedSampler({"n": 3}, tpe()()),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_sampler_suggests_the_same(storage: BaseStorage, name: str):
    check_same(storage, lambda s: s.optimize(objective, n_trials=15), sampler=SAMPLERS[name])


@pytest.mark.parametrize("name", ["random", "tpe", "constant_liar", "nsgaii", "nsgaiii"])
def test_a_sampler_suggests_the_same_for_two_objectives(storage: BaseStorage, name: str):
    study = check_same(
        storage,
        lambda s: s.optimize(two_objectives, n_trials=15),
        sampler=SAMPLERS[name],
        directions=["minimize", "maximize"],
    )
    assert len(study.best_trials) >= 1


@pytest.mark.parametrize("kind", ["sobol", "halton"])
def test_quasi_random_numbers_are_the_same(storage: BaseStorage, kind: str):
    needs("scipy")

    def work(study: Study) -> None:
        study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("n", 1, 9), n_trials=9)

    check_same(storage, work, sampler=lambda: optuna.samplers.QMCSampler(qmc_type=kind, seed=7))


def test_processes_share_a_sequence_of_quasi_random_numbers(storage: BaseStorage):
    needs("scipy")
    assert isinstance(storage, RDBStorage)
    new_study(storage)
    for _ in range(4):
        study = optuna.load_study(
            study_name="features",
            storage=RDBStorage(storage.client),
            sampler=optuna.samplers.QMCSampler(seed=7),
        )
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert len({trial.params["x"] for trial in study.trials}) == 8


def test_a_grid_is_searched_once(storage: BaseStorage):
    grid = {"x": [-1.0, 0.0, 2.0], "n": [1, 9], "kind": ["a", None]}
    study = check_same(
        storage,
        lambda s: s.optimize(objective, n_trials=50),
        sampler=lambda: optuna.samplers.GridSampler(grid, seed=7),
    )
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 12
    assert study.best_params == {"x": 2.0, "n": 1, "kind": "a"}


def test_brute_force_tries_everything_once(storage: BaseStorage):
    def work(study: Study) -> None:
        study.optimize(
            lambda trial: (
                trial.suggest_int("n", 1, 3)
                if trial.suggest_categorical("kind", ["a", "b"]) == "a"
                else trial.suggest_float("x", 0, 1, step=0.25)
            )
        )

    study = check_same(storage, work, sampler=lambda: optuna.samplers.BruteForceSampler(seed=7))
    assert (
        len({tuple(trial.params.items()) for trial in study.trials}) == 3 + 5 == len(study.trials)
    )


def test_gaussian_processes_suggest_the_same(storage: BaseStorage):
    needs("torch", "scipy")
    check_same(
        storage,
        lambda s: s.optimize(lambda t: t.suggest_float("x", -5, 5) ** 2, n_trials=6),
        sampler=lambda: optuna.samplers.GPSampler(seed=7, n_startup_trials=4),
    )


def test_a_sampler_continues_with_another_process_s_trials(storage: BaseStorage):
    def work(study: Study) -> None:
        study.optimize(objective, n_trials=8)
        storage = study._storage
        if isinstance(storage, RDBStorage):
            storage = RDBStorage(storage.client)
        later = optuna.load_study(study_name="features", storage=storage, sampler=tpe()())
        later.optimize(objective, n_trials=4)

    check_same(storage, work, sampler=tpe())


# -- constraints -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["TPESampler", "NSGAIISampler", "NSGAIIISampler"])
def test_a_function_tells_constraints(storage: BaseStorage, name: str):
    def sampler() -> Any:
        settings = {"n_startup_trials": 5} if name == "TPESampler" else {"population_size": 6}
        return getattr(optuna.samplers, name)(
            seed=7, constraints_func=lambda trial: (trial.params["x"] - 1, -1.0), **settings
        )

    study = check_same(
        storage,
        lambda s: s.optimize(two_objectives, n_trials=14),
        sampler=sampler,
        directions=["minimize", "minimize"],
    )
    for trial in study.trials:
        assert trial.system_attrs["constraints"] == [trial.params["x"] - 1, -1.0]
    assert all(trial.params["x"] <= 1 for trial in study.best_trials)


@pytest.mark.skipif(not hasattr(optuna.Trial, "set_constraint"), reason="new in Optuna 5")
@pytest.mark.parametrize("name", ["tpe", "nsgaii", "nsgaiii"])
def test_a_trial_sets_constraints(storage: BaseStorage, name: str):
    def constrained(trial: Trial) -> float:
        value = objective(trial)
        trial.set_constraint("x", trial.params["x"])
        trial.set_constraint("n", trial.params["n"] - 8)
        assert trial.constraints == {"x": trial.params["x"], "n": trial.params["n"] - 8}
        return value

    study = check_same(
        storage, lambda s: s.optimize(constrained, n_trials=15), sampler=SAMPLERS[name]
    )
    assert max(study.best_trial.constraints.values()) <= 0


# -- pruners -----------------------------------------------------------------------------------


def improving(trial: Trial) -> float:
    x = trial.suggest_float("x", 0, 10)
    value = x
    for step in range(9):
        value = x + 9 - step + 3 * (trial.number * step % 3)
        trial.report(value, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return value


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("NopPruner", {}),
        ("MedianPruner", {"n_startup_trials": 2, "n_warmup_steps": 1}),
        ("PercentilePruner", {"percentile": 25, "n_startup_trials": 2}),
        ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": 2}),
        ("SuccessiveHalvingPruner", {"min_resource": "auto"}),
        ("HyperbandPruner", {"min_resource": 1, "max_resource": 9, "reduction_factor": 2}),
        ("HyperbandPruner", {"max_resource": "auto"}),
        ("ThresholdPruner", {"upper": 15, "n_warmup_steps": 1}),
        ("PatientPruner", {"patience": 1}),
        ("WilcoxonPruner", {"p_threshold": 0.3, "n_startup_steps": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_pruner_prunes_the_same(storage: BaseStorage, name: str, settings: dict[str, Any]):
    if name == "WilcoxonPruner":
        needs("scipy")
    if name == "PatientPruner":
        settings = settings | {"wrapped_pruner": optuna.pruners.MedianPruner(n_startup_trials=2)}
    study = check_same(
        storage,
        lambda s: s.optimize(improving, n_trials=12),
        sampler=tpe(),
        pruner=lambda: getattr(optuna.pruners, name)(**settings),
    )
    states = {trial.state for trial in study.trials}
    assert (TrialState.PRUNED in states) == (name != "NopPruner")
    assert TrialState.COMPLETE in states


# -- queued trials -----------------------------------------------------------------------------


def test_queued_trials_are_tried_first(storage: BaseStorage):
    def work(study: Study) -> None:
        study.enqueue_trial({"x": 1.5, "n": 4, "kind": None}, user_attrs={"by": "hand"})
        study.enqueue_trial({"x": 0.25})
        study.enqueue_trial({"kind": "b", "rate": 1e-3})
        study.optimize(objective, n_trials=5)

    study = check_same(storage, work, sampler=SAMPLERS["random"])
    assert study.trials[0].params == {"x": 1.5, "n": 4, "kind": None}
    assert study.trials[0].user_attrs == {"by": "hand"}
    assert study.trials[1].params["x"] == 0.25
    assert study.trials[2].params["rate"] == 1e-3


def test_a_trial_that_is_there_is_not_queued_again(storage: BaseStorage):
    def work(study: Study) -> None:
        for params in ({"x": 1.0, "n": 2}, {"x": 1.0, "n": 3}, {"x": math.nan}, {"kind": None}):
            for _ in range(2):
                study.enqueue_trial(params, skip_if_exists=True)
        study.enqueue_trial({"x": 1.0, "n": 2})
        study.optimize(objective, n_trials=1)
        study.enqueue_trial({"x": 1.0, "n": 2}, skip_if_exists=True)

    studies = [new_study(each) for each in (storage, None)]
    for study in studies:
        work(study)
    counts = [len(study.trials) for study in studies]
    states = [[trial.state for trial in study.trials] for study in studies]
    assert counts == [5, 5]
    assert states[0] == states[1]


# -- ask and tell ------------------------------------------------------------------------------


def test_ask_and_tell(storage: BaseStorage):
    def work(study: Study) -> None:
        asked = [study.ask(SPACE) for _ in range(7)]
        for step in range(3):
            asked[2].report(step / 2, step)
        assert study.tell(asked[4], 1.5).value == 1.5
        assert study.tell(asked[0].number, 2.5).number == 0
        assert study.tell(asked[1], state=TrialState.FAIL).state == TrialState.FAIL
        assert study.tell(2, state=TrialState.PRUNED).value == 1.0
        assert study.tell(asked[3], [0.5], state=TrialState.COMPLETE).values == [0.5]
        assert study.tell(asked[5], math.nan).state == TrialState.FAIL
        for wrong in (asked[0], 0):
            with pytest.raises(ValueError, match="Cannot tell"):
                study.tell(wrong, 9.5)
            assert study.tell(wrong, 9.5, skip_if_finished=True).value == 2.5
        with pytest.raises(ValueError, match="99"):
            study.tell(99, 1.0)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*nan is not acceptable.*")
        study = check_same(storage, work, sampler=SAMPLERS["tpe"])
    assert study.trials[6].state == TrialState.RUNNING
    assert set(study.trials[6].params) == set(SPACE)
    assert study.best_trial.number == 3


def test_several_values_are_told(storage: BaseStorage):
    def work(study: Study) -> None:
        for number in range(5):
            trial = study.ask({"x": FloatDistribution(0, 1)})
            study.tell(trial, [trial.params["x"], number])
        with pytest.warns(UserWarning, match="number of the values"):
            study.tell(study.ask(), [1.0])

    check_same(storage, work, directions=["minimize", "maximize"], sampler=SAMPLERS["nsgaii"])


# -- trials and studies ------------------------------------------------------------------------


def made_trials() -> list[FrozenTrial]:
    fields: dict[str, Any] = {"params": {"x": 0.5, "kind": None}, "user_attrs": {"a": [1, None]}}
    fields["distributions"] = {name: SPACE[name] for name in ("x", "kind")}
    values = {0: 1.5, 3: -math.inf}
    make = optuna.trial.create_trial
    return [
        make(value=1.0, **fields, intermediate_values=values, system_attrs={"s": {"t": 0.1}}),
        make(state=TrialState.PRUNED, **fields, intermediate_values=values),
        make(state=TrialState.PRUNED, value=0.25),
        make(state=TrialState.FAIL, **fields),
        make(state=TrialState.RUNNING, **fields),
        make(state=TrialState.WAITING),
        make(value=-3.0, params={"x": 1.5}, distributions={"x": FloatDistribution(-9, 9)}),
    ]


def test_trials_are_added(storage: BaseStorage):
    def work(study: Study) -> None:
        study.add_trial(made_trials()[0])
        study.add_trials(made_trials())
        study.add_trials([])
        study.add_trials(study.trials)

    study = check_same(storage, work)
    assert len(study.trials) == 16
    assert study.best_value == -3.0
    study.optimize(objective, n_trials=3)  # the first of them is the one that waited
    assert study.trials[6].state == TrialState.COMPLETE


def test_times_of_trials_that_are_added_stay(study: Study):
    given = made_trials()
    study.add_trials(given)
    for read, trial in zip(study.trials, given, strict=True):
        assert read.datetime_start == trial.datetime_start
        assert read.datetime_complete == trial.datetime_complete


def own_storage(kind: str, folder: Path) -> BaseStorage:
    """One of Optuna's."""
    if kind == "rdb":
        rdb: BaseStorage = optuna.storages.RDBStorage(f"sqlite:///{folder}/optuna.db")
        return rdb
    if kind == "journal":
        from optuna.storages.journal import JournalFileBackend

        journal: BaseStorage = optuna.storages.JournalStorage(
            JournalFileBackend(f"{folder}/journal.log")
        )
        return journal
    memory: BaseStorage = optuna.storages.InMemoryStorage()
    return memory


@pytest.mark.parametrize("kind", ["rdb", "journal", "memory"])
def test_a_study_is_copied_there_and_back(storage: BaseStorage, tmp_path: Path, kind: str):
    theirs = own_storage(kind, tmp_path)
    given = new_study(theirs, direction="maximize")
    given.optimize(objective, n_trials=3)
    given.add_trials(made_trials())
    given.set_user_attr("of", ["study", 1.5, None])
    given.set_metric_names(["loss"])
    for source, target, old, new in (
        (theirs, storage, "features", "there"),
        (storage, storage, "there", "beside"),
        (storage, theirs, "beside", "back"),
    ):
        optuna.copy_study(
            from_study_name=old, from_storage=source, to_storage=target, to_study_name=new
        )
        read = optuna.load_study(study_name=new, storage=target)
        assert contents(read) == contents(given)
        for trial, original in zip(read.trials, given.trials, strict=True):
            assert trial.datetime_start == original.datetime_start
            assert trial.datetime_complete == original.datetime_complete
        assert read.user_attrs == given.user_attrs
        assert read.metric_names == ["loss"]
        assert read.direction == given.direction
        assert read.best_trial.number == given.best_trial.number
    with pytest.raises(optuna.exceptions.DuplicatedStudyError):
        optuna.copy_study(
            from_study_name="there", from_storage=storage, to_storage=storage,
            to_study_name="beside",
        )  # fmt: skip


def test_a_study_is_loaded_if_it_exists(storage: BaseStorage):
    first = new_study(storage, direction="maximize")
    first.optimize(objective, n_trials=2)
    with pytest.raises(optuna.exceptions.DuplicatedStudyError):
        new_study(storage)
    again = new_study(storage, direction="maximize", load_if_exists=True)
    assert again._study_id == first._study_id
    assert contents(again) == contents(first)
    with pytest.raises(KeyError):
        optuna.load_study(study_name="nobody's", storage=storage)


def test_a_study_is_deleted(storage: BaseStorage, study: Study):
    study.optimize(objective, n_trials=2)
    optuna.delete_study(study_name="features", storage=storage)
    assert optuna.get_all_study_names(storage) == ["another"]
    with pytest.raises(KeyError):
        optuna.load_study(study_name="features", storage=storage)
    with pytest.raises(KeyError):
        optuna.delete_study(study_name="features", storage=storage)
    with pytest.raises(KeyError):
        study.ask()
    assert new_study(storage).trials == []


def test_the_only_study_needs_no_name(client: Client):
    storage: BaseStorage = RDBStorage(client)
    new_study(storage)
    assert optuna.load_study(study_name=None, storage=storage).study_name == "features"


def test_summaries_tell_the_best_trials(storage: BaseStorage, study: Study):
    study.optimize(objective, n_trials=3)
    study.set_user_attr("a", 1)
    other, ours = optuna.get_all_study_summaries(storage)
    assert (other.study_name, other.n_trials, other.best_trial) == ("another", 3, None)
    assert (ours.study_name, ours.n_trials, ours.user_attrs) == ("features", 3, {"a": 1})
    assert ours.best_trial is not None
    assert ours.best_trial.number == study.best_trial.number
    assert ours.datetime_start == study.trials[0].datetime_start


def test_attributes_of_studies_and_trials(storage: BaseStorage):
    def work(study: Study) -> None:
        value: Any
        for value in (1, {"lr": [0.1, None, "ä"]}):
            study.set_user_attr("a", value)
        study.set_metric_names(["loss", "time"])
        trial = study.ask()
        for value in ("x", [1, {"b": None}]):
            trial.set_user_attr("c", value)
        assert trial.user_attrs == {"c": [1, {"b": None}]}
        study.tell(trial, [1, 2])
        assert study.user_attrs == {"a": {"lr": [0.1, None, "ä"]}}
        assert study.metric_names == ["loss", "time"]

    check_same(storage, work, directions=["minimize", "maximize"])


def test_trials_are_a_data_frame(storage: BaseStorage):
    pandas = pytest.importorskip("pandas")
    frames = []
    for each in (storage, None):
        study = new_study(each, directions=["minimize", "maximize"])
        study.set_metric_names(["cost", "gain"])
        study.optimize(two_objectives, n_trials=5)
        study.ask()
        study.trials[0].set_user_attr("a", 1)
        frame = study.trials_dataframe()
        frames.append(frame[[c for c in frame if not str(c).startswith(("datetime", "duration"))]])
        assert study.trials_dataframe(multi_index=True).shape[0] == 6
    pandas.testing.assert_frame_equal(*frames)
    assert {"values_cost", "values_gain", "params_x", "state"} <= set(frames[0])


def test_get_trials_filters_by_state(study: Study):
    study.add_trials(made_trials())
    for states in (
        (TrialState.COMPLETE,),
        (TrialState.WAITING,),
        (TrialState.FAIL, TrialState.PRUNED),
        [TrialState.RUNNING],
    ):
        found = study.get_trials(deepcopy=False, states=states)
        assert [t.number for t in found] == [t.number for t in study.trials if t.state in states]


# -- artifacts ---------------------------------------------------------------------------------


def test_artifacts_are_kept(storage: BaseStorage, study: Study, tmp_path: Path):
    store = optuna.artifacts.FileSystemArtifactStore(tmp_path)
    file, back = tmp_path / "a model.txt", tmp_path / "back.txt"
    file.write_text("weights")

    def upload(to: Any, of: BaseStorage | None = None) -> str:
        id: str = optuna.artifacts.upload_artifact(
            artifact_store=store, file_path=str(file), study_or_trial=to, storage=of
        )
        return id

    def with_artifact(trial: Trial) -> float:
        trial.set_user_attr("artifact", upload(trial))
        return trial.suggest_float("x", 0, 1)

    study.optimize(with_artifact, n_trials=2)
    id = upload(study)
    assert isinstance(storage, RDBStorage)
    again = optuna.load_study(study_name="features", storage=RDBStorage(storage.client))
    for owner, expected in (
        (again, id),
        (again.trials[0], again.trials[0].user_attrs["artifact"]),
        (again.best_trial, again.best_trial.user_attrs["artifact"]),
    ):
        (meta,) = optuna.artifacts.get_all_artifact_meta(owner, storage=storage)
        assert (meta.artifact_id, meta.filename) == (expected, "a model.txt")
        back.unlink(missing_ok=True)
        optuna.artifacts.download_artifact(
            artifact_store=store, artifact_id=expected, file_path=str(back)
        )
        assert back.read_text() == "weights"


# -- figures and importances -------------------------------------------------------------------


def figure_of(name: str, study: Study) -> Any:
    with warnings.catch_warnings():
        # Parts of some figures are of what has been renamed in the packages that draw.
        warnings.simplefilter("ignore")
        return getattr(optuna.visualization, f"plot_{name}")(study)


@pytest.mark.parametrize(
    "name",
    [
        *("contour", "edf", "intermediate_values", "optimization_history"),
        *("parallel_coordinate", "rank", "slice", "timeline"),
    ],
)
def test_a_figure_is_made(storage: BaseStorage, name: str):
    needs("plotly")

    def work(study: Study) -> None:
        study.optimize(lambda t: improving(t) + t.suggest_int("n", 1, 9), n_trials=5)

    study = check_same(storage, work, pruner=lambda: optuna.pruners.MedianPruner(2))
    assert len(figure_of(name, study).data) > 0


def test_a_figure_of_several_objectives_is_made(storage: BaseStorage):
    needs("plotly")
    study = new_study(storage, directions=["minimize", "minimize"])
    study.optimize(two_objectives, n_trials=5)
    assert len(figure_of("pareto_front", study).data) > 0


@pytest.mark.parametrize("name", ["Fanova", "MeanDecreaseImpurity", "PedAnova"])
def test_importances_are_the_same(storage: BaseStorage, name: str):
    if name != "PedAnova":
        needs("sklearn")
    kind = getattr(optuna.importance, f"{name}ImportanceEvaluator")
    settings = {} if name == "PedAnova" else {"seed": 7, "n_trees": 8}

    def value(trial: Trial) -> float:
        return trial.suggest_float("x", -5, 5) ** 2 + trial.suggest_int("n", 1, 9) / 100

    found = []
    for each in (storage, None):
        study = new_study(each)
        study.optimize(value, n_trials=30)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.append(optuna.importance.get_param_importances(study, evaluator=kind(**settings)))
    assert found[0] == found[1]
    assert list(found[0]) == ["x", "n"]


# -- the loop ----------------------------------------------------------------------------------


def test_a_number_of_trials_is_the_end(storage: BaseStorage):
    def work(study: Study) -> None:
        study.optimize(objective, n_trials=2)
        complete = optuna.study.MaxTrialsCallback(5, states=(TrialState.COMPLETE,))
        study.optimize(objective, n_trials=50, callbacks=[complete])
        every = optuna.study.MaxTrialsCallback(7, states=None)
        study.optimize(objective, n_trials=50, callbacks=[every])

    assert len(check_same(storage, work).trials) == 7


def test_a_callback_stops_the_study(study: Study):
    seen = []

    def callback(study: Study, trial: FrozenTrial) -> None:
        seen.append((trial.number, trial.state, len(study.trials)))
        if trial.number == 2:
            study.stop()

    study.optimize(objective, n_trials=9, callbacks=[callback])
    assert seen == [(number, TrialState.COMPLETE, number + 1) for number in range(3)]


def test_an_objective_may_fail(storage: BaseStorage):
    def failing(trial: Trial) -> Any:
        trial.suggest_float("x", 0, 1)
        trial.report(1.5, 0)
        if trial.number == 1:
            raise ValueError("wrong")
        if trial.number == 2:
            raise RuntimeError("worse")
        return (0.5, None, None, math.nan, "text")[trial.number]

    def work(study: Study) -> None:
        study.optimize(failing, n_trials=2, catch=(ValueError,))
        with pytest.raises(RuntimeError, match="worse"):
            study.optimize(failing, n_trials=2, catch=ValueError)
        study.optimize(failing, n_trials=2)
        assert study.best_value == 0.5

    study = check_same(storage, work)
    assert [t.state.name for t in study.trials] == ["COMPLETE", *["FAIL"] * 4]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_trial_is_what_optuna_makes_of_it(
    storage: BaseStorage, error: type[BaseException]
):
    def interrupted(trial: Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        trial.set_user_attr("a", x)
        trial.report(x, 0)
        if trial.number == 1:
            raise error
        return x

    def work(study: Study) -> None:
        with pytest.raises(error):
            study.optimize(interrupted, n_trials=5)
        study.optimize(interrupted, n_trials=2)

    study = check_same(storage, work)
    left = "FAIL" if error is KeyboardInterrupt else "RUNNING"
    assert [t.state.name for t in study.trials] == ["COMPLETE", left, "COMPLETE", "COMPLETE"]


def test_the_time_may_be_limited(study: Study):
    def slow(trial: Trial) -> float:
        time.sleep(0.02)
        return trial.suggest_float("x", 0, 1)

    start = time.monotonic()
    study.optimize(slow, timeout=0.2)
    assert 0.2 <= time.monotonic() - start < 10
    assert 1 <= len(study.trials) <= 11
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}


@pytest.mark.parametrize("name", ["random", "constant_liar"])
def test_threads_share_a_study(storage: BaseStorage, name: str):
    study = new_study(storage, sampler=SAMPLERS[name]())
    both = threading.Barrier(2)

    def meeting(trial: Trial) -> float:
        if trial.number < 2:
            both.wait(timeout=30)
        trial.set_user_attr("thread", threading.get_ident())
        return objective(trial)

    study.optimize(meeting, n_trials=12, n_jobs=2)
    assert [trial.number for trial in study.trials] == list(range(12))
    assert {trial.state for trial in study.trials} == {TrialState.COMPLETE}
    assert len({trial.user_attrs["thread"] for trial in study.trials}) >= 2


def test_a_terminator_ends_the_study(storage: BaseStorage):
    terminator = pytest.importorskip("optuna.terminator")

    def work(study: Study) -> None:
        ends = terminator.Terminator(
            improvement_evaluator=terminator.BestValueStagnationEvaluator(3),
            error_evaluator=terminator.StaticErrorEvaluator(0),
            min_n_trials=4,
        )
        study.optimize(objective, n_trials=40, callbacks=[terminator.TerminatorCallback(ends)])

    assert 4 <= len(check_same(storage, work).trials) < 40


def test_cross_validation_scores_are_reported(storage: BaseStorage):
    terminator = pytest.importorskip("optuna.terminator")

    def scored(trial: Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        terminator.report_cross_validation_scores(trial, [x, x + 0.5])
        return x

    study = check_same(storage, lambda s: s.optimize(scored, n_trials=3))
    assert terminator.CrossValidationErrorEvaluator().evaluate(
        study.trials, study.direction
    ) == pytest.approx(math.sqrt((1 / 2 + 1 / 1) * 0.25**2))


# -- heartbeats --------------------------------------------------------------------------------


def retry(**settings: Any) -> Any:
    """The callback under its name of today, or of Optuna 4."""
    names = ("RetryHeartbeatStaleTrialCallback", "RetryFailedTrialCallback")
    return next(getattr(optuna.storages, name) for name in names if hasattr(optuna.storages, name))(
        **settings
    )


@pytest.mark.parametrize("argument", ["heartbeat_stale_trial_callback", "failed_trial_callback"])
def test_a_stale_trial_is_tried_again(client: Client, argument: str):
    callback = retry(max_retry=1, inherit_intermediate_values=True)
    storage: Any = RDBStorage(
        client, heartbeat_interval=60, grace_period=120, **{argument: callback}
    )
    study = new_study(storage)
    seen = []

    def beat_and_hang(trial: Trial) -> float:
        """Be killed, as far as the study can see."""
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, trial.number)
        trial.set_user_attr("a", 1)
        seen.append(x)
        raise SystemExit

    def is_stale_now() -> None:
        storage.record_heartbeat(study.trials[-1]._trial_id)
        client.execute("UPDATE runs SET heartbeat = '2001-01-01 00:00:00.000000'")

    for _ in range(2):
        with pytest.raises(SystemExit):
            study.optimize(beat_and_hang, n_trials=1)
        optuna.storages.fail_stale_trials(study)
        assert study.trials[-1].state == TrialState.RUNNING  # it still has time
        is_stale_now()
        optuna.storages.fail_stale_trials(study)
        optuna.storages.fail_stale_trials(study)
    first, second = study.trials
    assert first.state == second.state == TrialState.FAIL
    assert first.params == second.params == {"x": seen[0]} == {"x": seen[1]}
    assert first.intermediate_values == {0: seen[0]}
    assert second.intermediate_values == {0: seen[0], 1: seen[0]}
    assert second.user_attrs == {"a": 1}
    assert callback.retried_trial_number(second) == 0
    assert callback.retry_history(second) == [0]


def test_an_objective_may_take_longer_than_the_grace_period(client: Client):
    storage: Any = RDBStorage(client, heartbeat_interval=1, grace_period=2)
    study = new_study(storage)
    beats = []
    record, done = storage.record_heartbeat, threading.Event()

    def counted(trial_id: int) -> None:
        record(trial_id)
        beats.append(trial_id)
        if len(beats) == 2:
            done.set()

    storage.record_heartbeat = counted
    study.optimize(lambda trial: float(done.wait(timeout=30)), n_trials=1)
    assert study.trials[0].value == 1.0
    assert beats[:2] == [study.trials[0]._trial_id] * 2

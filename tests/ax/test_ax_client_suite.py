"""Ax's own tests of its clients and its orchestrator, on ours, which store themselves.

A test that begins to pass fails here until it is taken from the list of those that do not.
"""

from __future__ import annotations

from pathlib import Path

from tests.ax.suites import failed, listed

#: It counts the calls of a function of Ax's store.
COUNTS_CALLS = "test_get_next_trials_with_db"


def test_the_client_passes_axs_own_tests(tmp_path: Path):
    count, errors = failed("plugin_client", "api/tests/test_client.py", tmp_path)
    assert count >= 40
    assert errors.keys() == {COUNTS_CALLS}, listed(errors)


def test_it_passes_them_where_every_client_is_stored(tmp_path: Path):
    count, errors = failed("plugin_client", "api/tests/test_client.py", tmp_path, "--store-all")
    assert count >= 40
    assert errors.keys() == {
        COUNTS_CALLS,
        "test_configure_experiment",  # Expects that the experiment has no id
        "test_json_storage",  # Expects the same ids in what comes from a file
        "test_scalarized_single_objective_optimization",  # Its experiment has no name
    }, listed(errors)


def test_the_older_client_passes_axs_own_tests(tmp_path: Path):
    names = (
        "test_db_write_failure_on_create_experiment",
        "test_save_and_load_generation_strategy",
        "test_save_and_load_no_generation_strategy",
        "test_sqa_storage",
    )
    only = [f"TestAxClient::{name}" for name in names]
    count, errors = failed("plugin_sql", "service/tests/test_ax_client.py", tmp_path, only=only)
    assert count == len(names)
    assert errors.keys() == {
        "test_db_write_failure_on_create_experiment",  # Replaces a method of Ax's
    }, listed(errors)


#: They take long to fit models, which are not stored.
MODELS = (
    "test_generate_candidates_works_for_iteration",
    "test_get_best_trial",
    "test_get_fitted_adapter",
    "test_get_improvement_over_baseline",
    "test_it_works_with_multitask_models",
)


def test_the_orchestrator_passes_axs_own_tests_where_each_is_stored(tmp_path: Path):
    count, errors = failed(
        "plugin_sql",
        "orchestration/tests/test_orchestrator.py",
        tmp_path,
        "-k",
        f"not MultiType and not {' and not '.join(MODELS)}",
    )
    assert count > 60
    assert errors.keys() == {
        "test_early_stopping_not_called_without_new_data",  # Its runner is a local class
        "test_from_stored_experiment",  # The message has other words
        "test_sqa_storage_without_experiment_name",  # The message has other words
        "test_suppress_all_storage_errors",  # Counts the calls of a function of Ax's store
    }, listed(errors)

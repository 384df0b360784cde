"""Ax's own tests of its SQL store, on ours: those that look at what comes back.

The others count rows of Ax's tables, call its encoders, or replace parts of it, and say nothing
about another store. What does not pass has a line that says why, and a test that begins to pass
fails here until that line is gone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ax.suites import failed, listed

SQL = "storage/sqa_store/tests"
NAMES = [
    "test_save_experiment_with_surrogate_as_model_kwarg",
    "test_experiment_save_load",
    "test_saving_and_loading_experiment_with_aux_exp",
    "test_saving_and_loading_experiment_with_aux_exp_reduced_state",
    "test_saving_with_aux_exp_not_in_db",
    "test_saving_and_loading_experiment_with_cross_referencing_aux_exp",
    "test_saving_an_experiment_with_type_requires_an_enum",
    "test_saving_an_experiment_with_type_works_with_an_enum",
    "test_saving_an_experiment_with_type_errors_with_missing_enum_value",
    "test_experiment_status_save_load",
    "test_load_experiment_trials_in_batches",
    "test_load_experiment_skip_metrics_and_runners",
    "test_load_and_save_reduced_state_does_not_lose_abandoned_arms",
    "test_experiment_save_and_load_gr_with_opt_config",
    "test_mt_experiment_save_and_load",
    "test_mt_experiment_save_and_load_skip_runners_and_metrics",
    "test_experiment_new_trial",
    "test_experiment_new_trial_validation",
    "test_experiment_update_trial",
    "test_experiment_save_and_update_trials",
    "test_save_validation",
    "test_load_and_save_generator_run_reduced_state",
    "test_experiment_pruning_target_arm",
    "test_optimization_config_pruning_target_parameterization_sqa_roundtrip",
    "test_multi_objective_optimization_config_pruning_target_sqa_roundtrip",
    "test_pruning_target_update_sqa_roundtrip",
    "test_pruning_target_none_to_arm_sqa_roundtrip",
    "test_pruning_target_to_none_sqa_roundtrip",
    "test_preference_optimization_config_sqa_roundtrip",
    "test_failed_load",
    "test_timestamp_update",
    "test_registry_additions",
    "test_registry_bundle",
    "test_encode_decode_generation_strategy_base_case",
    "test_encode_decode_generation_node_gs_with_advanced_settings",
    "test_encode_decode_generation_node_based_generation_strategy",
    "test_encode_decode_generation_strategy_reduced_state",
    "test_encode_decode_generation_strategy_reduced_state_load_experiment",
    "test_update_generation_strategy",
    "test_update_generation_strategy_steps",
    "test_update_runner",
    "test_experiment_validation",
    "test_experiment_save_and_delete",
    "test_set_immutable_search_space_and_opt_config",
    "test_update_properties_on_experiment_with_llm_messages",
    "test_update_properties_on_trial",
    "test_update_properties_on_trial_not_saved",
    "test_update_trial_status",
    "test_update_trial_status_not_saved",
    "test_generator_run_validated_fields",
    "test_analysis_card",
    "test_delete_generation_strategy",
    "test_delete_generation_strategy_max_gs_to_delete",
    "test_load_latest_generation_strategy_when_multiple_exist",
]
LAST = "the last generator run, which the strategy goes on from, is loaded whole"
#: What does not pass, and why.
DIFFERENT = {
    # More is kept here than there.
    "test_saving_with_aux_exp_not_in_db": "it is stored within the other one",
    "test_saving_an_experiment_with_type_requires_an_enum": "any type is stored",
    "test_saving_an_experiment_with_type_errors_with_missing_enum_value": "any type is stored",
    "test_load_experiment_skip_metrics_and_runners": "an objective keeps its class, there not",
    "test_update_generation_strategy_steps": "the node before this one is stored as well",
    "test_encode_decode_generation_strategy_reduced_state": LAST,
    "test_encode_decode_generation_strategy_reduced_state_load_experiment": LAST,
    # What is said, and to whom.
    "test_experiment_save_and_delete": "deleting logs nothing",
    "test_load_latest_generation_strategy_when_multiple_exist": "nothing is logged",
    "test_experiment_validation": "the message has other words",
    "test_update_runner": "a runner has no id of its own",
}


@pytest.mark.item("AX15", "AX16", "AX17", "AX18")
def test_the_sql_store_passes_axs_own_tests(tmp_path: Path):
    only = [f"SQAStoreTest::{name}" for name in NAMES]
    count, errors = failed("plugin_sql", f"{SQL}/test_sqa_store.py", tmp_path, only=only)
    assert count == len(NAMES)
    assert errors.keys() == DIFFERENT.keys(), listed(errors)


def test_what_is_left_out_in_loading_is_as_in_axs_own_tests(tmp_path: Path):
    file = f"{SQL}/test_skip_runners_and_metrics.py"
    count, errors = failed("plugin_sql", file, tmp_path)
    assert count == 3
    assert errors.keys() == {
        # Metrics in the metadata of generator runs are left out as well.
        "test_load_without_skip_raises_json_decode_error",
        # What was left out is not lost here.
        "test_resave_experiment_with_aux_exp_loses_custom_metrics_and_runner",
    }, listed(errors)

"""Which way a metric is better, by its name alone."""

from __future__ import annotations

import pytest

from runbase.search import is_lower_better

LESS = """loss val_loss train/Loss valLoss binary_logloss RMSLE valid_0's_l2 l1 val/rmse
    eval_runtime_seconds word_wer test-perplexity bpb MAE_kg"""
MORE = "accuracy val_acc f1 auc lossless_ratio timeliness l2_hits r2"


@pytest.mark.parametrize("name", LESS.split())
def test_less_is_better(name: str):
    assert is_lower_better(name)


@pytest.mark.parametrize("name", MORE.split())
def test_more_is_better(name: str):
    assert not is_lower_better(name)

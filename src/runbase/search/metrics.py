"""Metrics by name, and which way each of them is better."""

from __future__ import annotations

import re

#: Metrics of which less is better, by the words in their names.
LOWER = re.compile(
    r"(?:^|[^a-z])(loss|logloss|err|error|errors|mse|rmse|nrmse|msle|rmsle|mae|mape|smape|nll"
    r"|brier|perplexity|ppl|bpb|bpc|cost|regret|time|seconds|duration|latency|memory|fid|wer|cer"
    r"|l[12]$)(?:$|[^a-z])"
)


def is_lower_better(metric: str) -> bool:
    """Whether the least value of a metric is its best, by the words in its name."""
    return LOWER.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metric).lower()) is not None

"""Ax's data rows as observations, and as the JSON of Ax's own format."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from ax.core.data import Data, DataRow

from ..store.ax import frames
from ..store.ax.observations import Observation


def observation(row: DataRow) -> Observation:
    """A data row as an observation."""
    return Observation(
        row.arm_name, row.metric_name, row.metric_signature,
        float(row.mean), math.nan if row.se is None else float(row.se),
        None if row.step is None else float(row.step),
        _plain(row.start_time), _plain(row.end_time), _plain(row.n),
    )  # fmt: skip


def data_row(trial: int, row: Observation) -> DataRow:
    """An observation as a data row."""
    return DataRow(
        trial, row.arm, row.metric, row.signature, row.mean, row.sem, row.step,
        _object(row.start_time), _object(row.end_time), _object(row.n),
    )  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON; times keep their nanoseconds, and the name of their zone."""
    if value is pd.NaT:
        return {"timestamp": "NaT"}
    if isinstance(value, pd.Timestamp):
        zone = getattr(value.tz, "key", None) or getattr(value.tz, "zone", None)
        return {"timestamp": value.isoformat()} | ({"zone": zone} if zone else {})
    return value.item() if hasattr(value, "item") else value


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = pd.Timestamp(value["timestamp"])
    return found.tz_convert(value["zone"]) if "zone" in value else found


def by_trial(data: Data) -> dict[int, list[DataRow]]:
    """The rows of each trial, in their order."""
    found: dict[int, list[DataRow]] = {}
    for row in data._data_rows:
        found.setdefault(row.trial_index, []).append(row)
    return found


def data_to_json(data: Data) -> dict[str, Any]:
    """``data_by_trial`` of Ax's format, with every number exact, which Ax itself cuts short."""
    return {
        str(trial): json.loads(frames.write(trial, [observation(row) for row in rows]))
        for trial, rows in sorted(by_trial(data).items())
    }


def rows_from_json(data_by_trial: Mapping[str, Any]) -> list[DataRow]:
    """The rows of ``data_by_trial``, of whatever version of Ax, by trial."""
    found = frames.read(data_by_trial)
    return [data_row(trial, row) for trial in sorted(found) for row in found[trial]]

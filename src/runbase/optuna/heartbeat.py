"""Signs of life of running trials, so that those of killed workers can fail and be tried again."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optuna.exceptions import ExperimentalWarning
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.trial import FrozenTrial

from ..store import heartbeats

if TYPE_CHECKING:
    from optuna import Study

    from ..db import Database

    Callback = Callable[[Study, FrozenTrial], None]


class Heartbeat(BaseHeartbeat):
    """The heartbeats of a storage; times are those of the database's clock."""

    if TYPE_CHECKING:

        @property
        def _db(self) -> Database: ...

    def _init_heartbeat(
        self,
        interval: int | None,
        grace_period: int | None,
        failed_trial_callback: Callback | None,
        stale_trial_callback: Callback | None,
    ) -> None:
        for name, seconds in (("heartbeat_interval", interval), ("grace_period", grace_period)):
            if seconds is not None and seconds <= 0:
                raise ValueError(f"The value of `{name}` should be a positive integer.")
        if failed_trial_callback is not None and stale_trial_callback is not None:
            raise ValueError(
                "Specify only one of `heartbeat_stale_trial_callback` and `failed_trial_callback`."
            )
        if interval is not None:
            warnings.warn(
                "Argument ``heartbeat_interval`` is an experimental feature of Optuna.",
                ExperimentalWarning,
                stacklevel=3,
            )
        self.heartbeat_interval, self.grace_period = interval, grace_period
        self.heartbeat_stale_trial_callback = stale_trial_callback or failed_trial_callback
        self.failed_trial_callback = self.heartbeat_stale_trial_callback

    def record_heartbeat(self, trial_id: int) -> None:
        """Note that the process of a trial is alive."""
        heartbeats.beat(self._db, trial_id)

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        if self.heartbeat_interval is None:
            return []
        seconds = self.grace_period or 2 * self.heartbeat_interval
        return heartbeats.stale(self._db, study_id, seconds)

    def get_heartbeat_interval(self) -> int | None:
        """Seconds between signs of life, or None without them."""
        return self.heartbeat_interval

    def get_heartbeat_stale_trial_callback(self) -> Any:
        """What is called after a stale trial failed."""
        return self.heartbeat_stale_trial_callback

    def get_failed_trial_callback(self) -> Any:
        """The earlier name of `get_heartbeat_stale_trial_callback`."""
        return self.heartbeat_stale_trial_callback

    def is_heartbeat_enabled(self) -> bool:
        """Whether running trials give signs of life."""
        return self.heartbeat_interval is not None

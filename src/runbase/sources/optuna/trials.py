"""Reads trials out of Optuna's own storages, page by page."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage
    from optuna.trial import FrozenTrial

#: Trials that are read, or written in one transaction, at a time.
CHUNK = 500


def unwrapped(storage: BaseStorage) -> BaseStorage:
    """The storage inside the cache that Optuna puts around it."""
    from optuna.storages import _CachedStorage

    return storage._backend if isinstance(storage, _CachedStorage) else storage


def count_trials(storage: BaseStorage, study_id: int) -> int:
    """How many trials a study has."""
    from optuna.storages import RDBStorage

    storage = unwrapped(storage)
    if isinstance(storage, RDBStorage):
        with session_of(storage) as session:
            return count_rows(session, study_id)
    return storage.get_n_trials(study_id)


def count_rows(session: Any, study_id: int) -> int:
    """How many trials a study has in Optuna's own tables."""
    from optuna.storages._rdb import models
    from sqlalchemy import func

    query = session.query(func.count(models.TrialModel.trial_id))
    return int(query.filter(models.TrialModel.study_id == study_id).scalar())


def session_of(storage: RDBStorage) -> Any:
    """A transaction in Optuna's own tables."""
    return storage.scoped_session.session_factory.begin()


def read_trials(storage: BaseStorage, study_id: int) -> Generator[FrozenTrial]:
    """The trials of a study in their order; never all in memory if they are in tables."""
    from optuna.storages import RDBStorage

    storage = unwrapped(storage)
    if not isinstance(storage, RDBStorage):
        yield from storage.get_all_trials(study_id, deepcopy=False)
        return
    page = _page(storage, study_id, -1)
    while page:
        yield from page
        page = _page(storage, study_id, page[-1]._trial_id)


def _page(storage: RDBStorage, study_id: int, after: int) -> list[FrozenTrial]:
    from optuna.storages._rdb import models
    from sqlalchemy.orm import selectinload

    model = models.TrialModel
    parts = ("params", "values", "user_attributes", "system_attributes", "intermediate_values")
    with session_of(storage) as session:
        query = (
            session.query(model)
            .options(*(selectinload(getattr(model, part)) for part in parts))
            .filter(model.study_id == study_id, model.trial_id > after)
            .order_by(model.trial_id)
            .limit(CHUNK)
        )
        return [storage._build_frozen_trial_from_trial_model(trial) for trial in query]

"""Errors of the Ax store, which are Ax's own errors as well where Ax has one for the same thing.

See `runbase.errors` for what they are descended from. Ax's come first, since their text is made of
what their own constructor keeps.
"""

from __future__ import annotations

from ax.exceptions import core as ax_errors
from ax.exceptions import storage as ax_storage

from ..errors import ConflictError, InvalidValueError, NotFoundError, RunbaseError, SchemaError


class ExperimentNotFoundError(ax_errors.ExperimentNotFoundError, NotFoundError):
    """No Ax experiment has this name."""


class ObjectNotFoundError(ax_errors.ObjectNotFoundError, NotFoundError):
    """An experiment has no generation strategy, or no strategy has this id."""


class TrialConflictError(ConflictError):
    """Another program changed a trial, or added one with the same index, since it was read here.

    Nothing of the save that raised it was written.
    """


class ExperimentConflictError(ConflictError):
    """Another program changed an experiment since it was read here, or has taken its name."""


class StrategyDeletedError(ExperimentConflictError):
    """Another program deleted the generation strategy that is used here."""


class UnregisteredClassError(
    ax_storage.JSONDecodeError, ax_storage.SQADecodeError, RunbaseError, LookupError
):
    """A document has an object of a class that nobody registered."""


class NotStorableError(ax_storage.JSONEncodeError, InvalidValueError):
    """An object cannot be written as JSON; nothing was written."""


class NotSavedError(ax_errors.UserInputError, InvalidValueError):
    """An experiment, trial or strategy has to be saved before it is updated."""


class TrialNotSavedError(NotSavedError, ax_errors.TrialMutationError):
    """The same for a trial."""


class NewerAxError(SchemaError):
    """A document was written by a newer Ax than the one that is installed."""

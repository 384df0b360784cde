"""``ax.storage.utils``: what rows of Ax's own tables call their kinds."""

from __future__ import annotations

from ax.storage.utils import DomainType, MetricIntent, ParameterConstraintType

__all__ = ["DomainType", "MetricIntent", "ParameterConstraintType"]

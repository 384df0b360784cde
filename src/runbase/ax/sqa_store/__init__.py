"""Ax's SQL store under the names of ``ax.storage.sqa_store``, over Runbase's tables.

What belongs to SQLAlchemy (``SQABase`` and the other classes of rows, ``Encoder``, ``Decoder``,
``SQAConfig``, ``DBSettings``) has no counterpart: see the documentation's page for those who come
from ``ax.storage``.
"""

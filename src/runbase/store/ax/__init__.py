"""Ax experiments as rows: Ax's JSON documents, their trials in ``runs``, what these measured.

Nothing here needs Ax. A document is whatever Ax's own JSON store writes for an experiment, a
trial, a strategy or a generator run; what people and charts read of it is worked out from the
JSON in `project`.
"""

"""Ax's JSON store under the names of ``ax.storage.json_store``."""

"""A journal file of Optuna's that takes many lines in one write to disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import get_lock_file


class ChunkedBackend(JournalFileBackend):
    """Optuna's backend, of which every line is locked and synced for itself otherwise."""

    _file: BinaryIO | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Lock and sync once for all lines in this block."""
        with get_lock_file(self._lock), open(self._file_path, "ab") as file:
            self._file = file
            try:
                yield
            finally:
                self._file = None
                file.flush()
                os.fsync(file.fileno())

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append lines; inside of `together` they are seen at once, and safe at its end."""
        if self._file is None:
            super().append_logs(logs)
            return
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        self._file.write(lines.encode())
        self._file.flush()

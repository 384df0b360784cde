"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ConfigError


@contextmanager
def replacing(file: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to, no one else's; it takes the place of the file when all went well.

    Raises:
        ConfigError: nothing can be written there.
    """
    path = Path(file)
    is_special = path.exists() and not path.is_file()  # like a pipe
    part = path if is_special else Path(f"{path}.{uuid.uuid4().hex}.part")
    try:
        yield part
        if not is_special:
            os.replace(part, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        if not is_special:
            part.unlink(missing_ok=True)

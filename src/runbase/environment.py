"""What ``set_env("auto")`` stores: the environment, without what looks like a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

REDACTED = "[redacted]"
_SECRET = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)")


def environment(*, redact: bool = True) -> dict[str, str]:
    """The environment variables of this process.

    With ``redact``, values of names like ``*TOKEN*``, ``*SECRET*``, ``*PASS*``, ``*KEY*`` and
    ``*CREDENTIAL*``, and passwords in URLs, are replaced by "[redacted]".
    """
    return redacted(os.environ) if redact else dict(os.environ)


def redacted(variables: Mapping[str, str]) -> dict[str, str]:
    """``variables`` with their secrets replaced."""
    return {
        name: REDACTED if _SECRET.search(name) else _PASSWORD_IN_URL.sub(rf"\g<1>{REDACTED}", value)
        for name, value in variables.items()
    }

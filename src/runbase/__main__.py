"""``python -m runbase`` is the ``runbase`` command."""

import sys

from .commands import main

sys.exit(main())

"""Regular expressions that are compiled when they are first used.

The rules hold more than a hundred; a run needs a dozen, and compiling all would be a tenth of its start.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Regex:
    def __init__(self, source: str, flags: int) -> None:
        self._source, self._flags = source, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source, self._flags), name)
        setattr(self, name, found)  # from now on it is found without coming here
        return found


def regex(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` returns, as far as its methods go."""
    return cast("re.Pattern[str]", _Regex(source, flags))

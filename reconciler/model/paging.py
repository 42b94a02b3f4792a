"""Every loop over pages ends: by progress, and after a number of pages. Used wherever an operation is paged."""

from __future__ import annotations

import json
from typing import Any

from reconciler.model.errors import Malformed

MOST_PAGES = 10_000
"""Far more than any answer has: 10,000 pages are a million tables, or 10 GB of items."""


class Pages:
    """The tokens of one paged read. A token that comes again leads round in a circle, so the answer is malformed."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._seen: set[str] = set()

    def advance(self, token: Any) -> None:
        """Note the token that leads to the next page. Raises ``Malformed`` where it leads nowhere."""
        known = json.dumps(token, sort_keys=True, default=repr)
        if known in self._seen:
            raise Malformed(self._operation, "MalformedAnswer", "the pages go round in a circle: a token repeats")
        if len(self._seen) >= MOST_PAGES:
            raise Malformed(self._operation, "MalformedAnswer", f"the answer has more than {MOST_PAGES} pages")
        self._seen.add(known)

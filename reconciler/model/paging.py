"""Ends every loop over pages: by a repeated token, or after a number of pages. Used for each paged operation."""

from __future__ import annotations

import json
from typing import Any

from reconciler.model.errors import Malformed

MOST_PAGES = 10_000
"""Far more than any answer has: 10,000 pages are a million tables, or 10 GB of items."""


class Pages:
    """The tokens of one paged read. A repeated token would loop for ever, so the response is malformed."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._seen: set[str] = set()

    def advance(self, token: Any) -> None:
        """Record the token of the next page. Raises ``Malformed`` for a repeated token and for too many pages."""
        known = json.dumps(token, sort_keys=True, default=repr)
        if known in self._seen:
            raise Malformed(self._operation, "MalformedAnswer", "the pages go round in a circle: a token repeats")
        if len(self._seen) >= MOST_PAGES:
            raise Malformed(self._operation, "MalformedAnswer", f"the answer has more than {MOST_PAGES} pages")
        self._seen.add(known)

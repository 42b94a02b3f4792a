"""The end of one attempt to remove an item that the seeder wrote; returned by the ``ItemApi`` port."""

from __future__ import annotations

from enum import StrEnum


class Removal(StrEnum):
    """What became of the item."""

    REMOVED = "removed"
    GONE = "gone"
    """There was no item with this key."""
    CHANGED = "changed"
    """An item with this key differs from what was to be removed; it is kept."""

"""A source that reads its declarations one time, so that one command has one truth. Built by the wiring."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.desired import DesiredState
from reconciler.sources.folder import FolderSource


@dataclass
class Once:
    """A source that reads its declarations at the first asking only."""

    source: FolderSource
    loaded: DesiredState | None = None

    def load(self) -> DesiredState:
        """The declarations as they were when first read."""
        if self.loaded is None:
            self.loaded = self.source.load()
        return self.loaded

"""A source that reads its declarations again only when they changed. Built by the wiring, for one-shot commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.declarations.folder import FolderSource
from reconciler.model.desired import DesiredState, Undeclared
from reconciler.model.errors import Problem


@dataclass
class Once:
    """The declarations of a command: read once, and anew when the files are not any more as they were read."""

    source: FolderSource
    loaded: DesiredState | None = None

    def load(self) -> DesiredState:
        """The declarations as they are now. Raises ``DeclarationError`` where they are broken by now."""
        if self.loaded is None or not self.source.still(self.loaded):
            self.loaded = None
            self.loaded = self.source.load()
        return self.loaded

    def still(self, desired: DesiredState) -> bool:
        """Whether the files are still those that ``desired`` was made from."""
        return self.source.still(desired)

    def remains(self, desired: DesiredState, undeclared: Sequence[Undeclared]) -> tuple[Problem, ...]:
        """What is left of tables that are not declared any more."""
        return self.source.remains(desired, undeclared)

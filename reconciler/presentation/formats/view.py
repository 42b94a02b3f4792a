"""The options of every output format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from reconciler.model.lazy_dataclass import dataclass
from reconciler.presentation.paths import from_here, from_workspace


@dataclass(frozen=True, slots=True)
class View:
    """``applied`` for runs that may write, ``diff`` adds requests, ``base`` leads to the declarations' folder.

    ``documents`` are the lines of a unified diff of the live and the declared document, by table. ``results`` leaves
    out the plan that was already shown. ``width`` is that of the terminal in columns, ``None`` where nothing limits it.
    """

    applied: bool = False
    diff: bool = False
    base: str = ""
    documents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    results: bool = False
    width: int | None = None

    def path(self, file: str) -> str:
        """A declaration's file as seen from the working directory."""
        return from_here(file, self.base)

    def annotated(self, file: str) -> str:
        """The same file as GitHub's annotations name it."""
        return from_workspace(file, self.base)

"""One resource of a template while it becomes a declaration: its evaluated properties, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import Path


@dataclass(slots=True)
class Resource:
    """``properties`` have no functions left. ``sources`` maps their paths to those in the file, and is kept up to date.

    ``kind`` is its type. ``here`` is the path of the properties in the file; ``template`` is the whole template as
    written.
    """

    kind: str
    here: Path
    template: Mapping[str, Any]
    inputs: TemplateInputs
    properties: dict[str, Any]
    sources: dict[Path, Path]
    warnings: list[str] = field(default_factory=list)

    def take(self, *path: str) -> Any:
        """Remove a property and return it; None where it is not there."""
        holder: Any = self.properties
        for part in path[:-1]:
            holder = holder.get(part) if isinstance(holder, Mapping) else None
        return holder.pop(path[-1], None) if isinstance(holder, dict) else None

    def moved(self, origin: Path, target: Path) -> None:
        """Note that what stands at ``origin`` of the properties is declared at ``target``."""
        found = {path: source for path, source in self.sources.items() if path[: len(origin)] == origin}
        for path, source in found.items():
            self.sources[(*target, *path[len(origin) :])] = source

    def refuse(self, path: Path, reason: str, remedy: str) -> Unresolved:
        """The error of a property."""
        return Unresolved(self.sources.get(path, (*self.here, *path)), reason, remedy)

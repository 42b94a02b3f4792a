"""The engine's ``TableReplacer``: imports the mover when a table is replaced. Built by the wiring."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from reconciler.model.desired import Declaration
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable

if TYPE_CHECKING:
    from reconciler.engine.apply_step import TableResult
    from reconciler.engine.assessment import PassContext, TableAssessment
    from reconciler.engine.ports import Replaceable
    from reconciler.mover.preflight import Preflight


@dataclass(slots=True)
class Replacer:
    """The ``TableReplacer`` of one process."""

    examined: dict[str, tuple[Identity, Preflight]] = field(default_factory=dict)
    """The last preflight of each table, for the record that a replacement begins with."""

    def examine(self, context: PassContext, declaration: Declaration, observed: ObservedTable) -> Replaceable:
        """See ``TableReplacer``."""
        from reconciler.mover.replacement import replaceable

        found, answer = replaceable(context, declaration, observed)
        self.examined[declaration.spec.name] = observed.identity, found
        return answer

    def proceed(self, context: PassContext, assessment: TableAssessment) -> TableResult:
        """See ``TableReplacer``."""
        from reconciler.mover.replacement import proceed

        return proceed(context, assessment, self.examined)

"""The engine's ``TableReplacer``, which imports the mover only when a table is replaced.

Built by the wiring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING

from reconciler.model.desired import Declaration
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable

if TYPE_CHECKING:
    from reconciler.engine.assessment import PassContext, TableAssessment
    from reconciler.engine.ports import Replaceable
    from reconciler.engine.send_call import TableResult
    from reconciler.mover.generation_ports import GenerationPorts
    from reconciler.mover.preflight import Preflight


@dataclass(slots=True)
class Replacer:
    """The ``TableReplacer`` of one process."""

    generations: Callable[[], GenerationPorts] | None = None
    """What the next generation of a table needs; ``None`` where it cannot be built."""
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
        if context.snapshot.generation_with(assessment.name) is not None:
            from reconciler.mover.generation import last_look
            from reconciler.mover.generation_end import delete_left_table

            if self.generations is None:
                raise ValueError("a next generation without what it needs")
            ports = self.generations()
            return delete_left_table(context, assessment, lambda left: last_look(context, left, ports))
        declaration = assessment.declaration
        # A replacement under its own name ends first: until then a copy may be all that has every item.
        if declaration is not None and declaration.awaits_move and context.replacement(assessment.name) is None:
            from reconciler.mover.rename import begin_rename

            assessment = begin_rename(context, assessment, self.examined)
        if assessment.generation is not None:
            from reconciler.mover.generation import proceed as proceed_beside

            if self.generations is None:
                raise ValueError("a next generation without what it needs")
            return proceed_beside(context, assessment, self.generations())
        from reconciler.mover.replacement import proceed

        return proceed(context, assessment, self.examined)

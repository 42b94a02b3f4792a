"""Which capacities of a table are not ours to write: those that a scalable target owns. Used by planner and engine.

Such a capacity goes up and down by itself; writing it back each round would fight with auto scaling. It is left alone
exactly as ``lifecycle.ignore_changes`` leaves things alone.
"""

from __future__ import annotations

from reconciler.facets import scaling_wire
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable


def left_alone(declaration: Declaration, observed: ObservedTable) -> tuple[str, ...]:
    """Every path that is not compared: ignored by the declaration, scaled, declared to be scaled, or not to be seen.

    A capacity that is declared to be scaled is handed over at once: the limits decide, not the number of the moment.
    """
    scaling = declaration.spec.auto_scaling
    declared = scaling.capacities() if scaling else ()
    coming = (scaling_wire.path_of((index, kind)) for index, kind, wish in declared if wish.enabled)
    ignored = (*declaration.lifecycle.ignore_changes, *observed.scaled, *coming)
    return tuple(dict.fromkeys((*ignored, *observed.unknown)))

"""The last look before a call that takes something from a table that stays: an index, a replica, a stream, a backup.

Called by ``applying`` right before such a call, at the cost of one DescribeTable and, where there are tags, one reading
of them. What was decided on must stand there still: the same table, nobody else's, and the same difference leading to
the same call.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.deletion_gate import (
    DECLARATIONS_CHANGED,
    LEASE_LOST,
    RESOURCE_CHANGED,
    TABLE_REPLACED,
    TAKEN_OVER,
)
from reconciler.engine.observe import observe_table
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.table import TableSpec
from reconciler.planning.index_rebuild import active_rebuild, without_rebuilt_index
from reconciler.planning.planner import plan
from reconciler.planning.scopes import find_foreign_owner


def preflight_removal(scene: PassContext, survey: TableAssessment, step: Step) -> Step | None:
    """What stands against the call by now; ``None`` when table, plan and lease hold."""
    world = scene.ports
    fresh = observe_table(world, survey.name, None, ask_owner=lambda _: True)
    if fresh is None or survey.observed is None or not fresh.identity.same(survey.observed.identity):
        return step.blocked(Reason.IDENTITY, TABLE_REPLACED)
    lifecycle = survey.declaration.lifecycle if survey.declaration else None
    if find_foreign_owner(survey.entry, fresh, (), scene.options.scope, lifecycle) is not None:
        return step.blocked(Reason.OTHER_STACK, TAKEN_OVER)
    if not still_planned(scene, survey, step, fresh):
        return step.deferred(Reason.BUSY, RESOURCE_CHANGED)
    if not world.store.keep_lease():
        return step.deferred(Reason.LEASE, LEASE_LOST)
    return declarations_changed(scene, step)


def declarations_changed(scene: PassContext, step: Step) -> Step | None:
    """What stands against a call that takes something away where the declarations are not those it was decided on.

    A file may have been gone for a moment, or this process may have slept since it read them.
    """
    if scene.desired is None or scene.ports.source.still(scene.desired):
        return None
    return step.deferred(Reason.BUSY, DECLARATIONS_CHANGED)


def still_planned(scene: PassContext, survey: TableAssessment, step: Step, fresh: ObservedTable) -> bool:
    """Whether the table as DescribeTable shows it now leads to the same call for the same changes."""
    if survey.declaration is None or survey.observed is None:
        return False
    rebuild = active_rebuild(scene.snapshot.rebuilds.get(survey.name), fresh.identity)
    flavor = scene.ports.endpoint.flavor
    planned = plan(
        without_rebuilt_index(survey.declaration, rebuild),
        _joined(survey.observed, fresh),
        lacks=flavor.lacks,
    )
    return any(_covers(other, step) for other in planned)


def _covers(other: Step, step: Step) -> bool:
    ready = other.status is StepStatus.READY and other.call == step.call
    return ready and all(change in other.changes for change in step.changes)


def _joined(observed: ObservedTable, fresh: ObservedTable) -> ObservedTable:
    """What was read again, and of the rest what was read before."""
    kept = {
        name: getattr(observed.spec, name)
        for name in TableSpec.__dataclass_fields__
        if getattr(fresh.spec, name) is None
    }
    return replace(
        observed,
        spec=replace(fresh.spec, **kept),
        status=fresh.status,
        transitions=fresh.transitions,
        changing=fresh.changing,
    )

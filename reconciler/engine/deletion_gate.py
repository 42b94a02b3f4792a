"""The deletion gate at work: the evidence for each decision, the safety backup, and the preflight before each call.

The rules are in ``planning.policy.deletion_gate``; this module reads what they need. ``docs/concepts/safety.md``
numbers the conditions. A destructive call is checked twice: while the table is assessed, and by a preflight immediately
before the call, because minutes may pass in between and anybody may change the table, its tags or its items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.context import EngineContext
from reconciler.engine.observe import observe_table, with_owner
from reconciler.engine.state import FRESH, SafetyBackup
from reconciler.facets import backup_names
from reconciler.facets.backups import AVAILABLE, READ, taken_of
from reconciler.model.change import Call
from reconciler.model.desired import Lifecycle
from reconciler.model.errors import ApiError, Forbidden, NotFound, Outcome, Unsupported
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import InventoryEntry, SeedRecord
from reconciler.model.table import TableSpec
from reconciler.planning.handed_back import hand_back
from reconciler.planning.index_rebuild import active_rebuild, without_rebuilt_index
from reconciler.planning.ownership import untagged
from reconciler.planning.planner import plan
from reconciler.planning.policy import GateInput, TableContents, deletion_gate
from reconciler.planning.scopes import find_foreign_owner
from reconciler.seeding.digest import items_digest

LEASE_LOST = "the lease was lost"
TABLE_REPLACED = "the table was replaced by another one after planning"
DECLARATIONS_CHANGED = "the declarations changed after planning; planning again"
TAKEN_OVER = "another stack took the table over after planning"
RESOURCE_CHANGED = "the resource changed after planning; planning again"
LARGEST_COMPARED_SEED = 10_000
"""Number of items. A table is not compared with a larger seed; its items then count as items of others."""


def judge_deletion(
    ports: EngineContext, step: Step, gate_input: GateInput, seed: SeedRecord | None
) -> tuple[Step, InventoryEntry | None]:
    """The destructive step with the status that the gate gives it, and the entry with its grace periods.

    The entry records since when the deletion is pending and since when the table was seen empty. The Scan is the last
    check, because it costs a request that reads items. Raises ``ApiError`` if a read fails.
    """
    if step.status is not StepStatus.READY:
        return step, gate_input.entry
    refusal = deletion_gate(step, gate_input, None) or _not_ours_by_tag(ports, step, gate_input)
    if refusal is not None:
        return refusal, gate_input.entry
    contents = read_contents(ports, gate_input.observed, seed)
    entry = _with_pending_deletion(gate_input, contents)
    decided = deletion_gate(step, replace(gate_input, entry=entry), contents)
    return decided or step.blocked(Reason.DATA_LOSS, "the contents of the table are unknown"), entry


def assess_deletion(
    context: PassContext, base: TableAssessment, step: Step, lifecycle: Lifecycle, *, unprotects: bool = False
) -> TableAssessment:
    """The assessment with this one destructive step as the gate decides it, and with the updated entry.

    ``unprotects`` as in ``GateInput``: whoever says so lets the step wait for the one that turns protection off.
    """
    if base.observed is None:
        return base
    observed = base.observed
    if step.status is StepStatus.READY:
        observed = with_owner(context.ports, observed)
        base = replace(base, observed=observed)
    gate_input = replace(context.gate_input(base, observed, step, lifecycle), unprotects=unprotects)
    decided, entry = judge_deletion(context.ports, step, gate_input, base.seed_record)
    left = context.snapshot.generation_with(base.name) is not None
    # In the grace period too: a replacement that cannot be made should be known before its end.
    waits = decided.reason is Reason.NOT_APPROVED or (
        decided.reason is Reason.PRUNE_GRACE and context.replacement(base.name) is None
    )
    if decided.keeps_items and not left and (decided.status is StepStatus.READY or waits):
        from reconciler.engine.assess_replacement import with_preflight

        unfit, decided = with_preflight(context, base, decided)
        if unfit is not None:
            # Without its items, the replacement is judged as one that loses them.
            base = replace(base, unfit=unfit)
            gate_input = replace(context.gate_input(base, observed, step, lifecycle), unprotects=unprotects)
            decided, entry = judge_deletion(context.ports, step, gate_input, base.seed_record)
            if decided.status is StepStatus.READY and not decided.message:
                # The question about the loss shows why the items cannot be kept.
                why = f"its items are lost, because the declared table cannot hold them all: {unfit}"
                decided = decided.with_message(why)
    under_way = context.replacement(base.name)
    if decided.keeps_items and decided.reason is Reason.PRUNE_GRACE and under_way is not None:
        from reconciler.engine.assess_replacement import in_grace_period

        decided = in_grace_period(decided, under_way)
    return replace(base, entry=entry, steps=(decided,))


def _not_ours_by_tag(ports: EngineContext, step: Step, gate_input: GateInput) -> Step | None:
    if not ports.endpoint.flavor.has_tags:
        return None
    return untagged(step, gate_input.entry, with_owner(ports, gate_input.observed), gate_input.options.scope)


def read_contents(ports: EngineContext, observed: ObservedTable, seed: SeedRecord | None) -> TableContents:
    """What the table contains, from a consistent Scan of at most one item more than its seed has.

    ItemCount is updated about every six hours, so it never decides anything.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
    """
    name = observed.spec.name
    known = seed if seed is not None and seed.state == "done" and observed.identity.same(seed.identity) else None
    if known is None or not 0 < known.count <= LARGEST_COMPARED_SEED:
        return TableContents(bool(ports.items.first_items(name, 1)))
    items = ports.items.first_items(name, known.count + 1)
    return TableContents(bool(items), only_seed=len(items) == known.count and items_digest(items) == known.digest)


def preflight_delete(
    ports: EngineContext,
    step: Step,
    gate_input: GateInput,
    seed: SeedRecord | None,
    planned: Callable[[ObservedTable], bool],
) -> Step | None:
    """Repeat every check immediately before the call; ``None`` if identity, owner, contents and lease still allow it.

    ``planned`` tells of a table that stays whether its present state still leads to this step.
    """
    name = gate_input.observed.spec.name
    # DeleteTable takes a name and no identity: without this read it would delete whatever table has the name by now.
    fresh = observe_table(ports, name, None, ask_owner=lambda _: True)
    if fresh is None or not fresh.identity.same(gate_input.observed.identity):
        return step.blocked(Reason.IDENTITY, TABLE_REPLACED)
    if find_foreign_owner(gate_input.entry, fresh, (), gate_input.options.scope) is not None:
        return step.blocked(Reason.OTHER_STACK, TAKEN_OVER)
    if not step.ends_table and not planned(fresh):
        return step.deferred(Reason.BUSY, RESOURCE_CHANGED)
    decision, _ = judge_deletion(ports, step, replace(gate_input, observed=fresh, now=ports.clock.now()), seed)
    if decision.status is not StepStatus.READY:
        return decision
    # Items that arrived after the plan are to be kept, and this step would lose them.
    if decision.keeps_items and not step.keeps_items:
        return step.deferred(Reason.BUSY, RESOURCE_CHANGED)
    # The lease comes last. A pass that was paused here long enough to lose it must not delete for its old decision.
    if not ports.store.keep_lease():
        return step.deferred(Reason.LEASE, LEASE_LOST)
    return None


def _with_pending_deletion(gate_input: GateInput, contents: TableContents) -> InventoryEntry | None:
    if gate_input.entry is None:
        return None
    empty = None if contents.holds_items else (gate_input.entry.empty_since or gate_input.now)
    return replace(
        gate_input.entry, unwanted_since=gate_input.entry.unwanted_since or gate_input.now, empty_since=empty
    )


def preflight_removal(context: PassContext, assessment: TableAssessment, step: Step) -> Step | None:
    """Why a call that removes part of a table must not be sent now, or ``None``.

    It costs one DescribeTable and one ListTagsOfResource. The table must be the same one, belong to nobody else, and
    lead to the same call for the same changes as when it was assessed.
    """
    ports = context.ports
    fresh = observe_table(ports, assessment.name, None, ask_owner=lambda _: True)
    if fresh is None or assessment.observed is None or not fresh.identity.same(assessment.observed.identity):
        return step.blocked(Reason.IDENTITY, TABLE_REPLACED)
    lifecycle = assessment.declaration.lifecycle if assessment.declaration else None
    if find_foreign_owner(assessment.entry, fresh, (), context.options.scope, lifecycle) is not None:
        return step.blocked(Reason.OTHER_STACK, TAKEN_OVER)
    if not still_planned(context, assessment, step, fresh):
        return step.deferred(Reason.BUSY, RESOURCE_CHANGED)
    if not ports.store.keep_lease():
        return step.deferred(Reason.LEASE, LEASE_LOST)
    return declarations_changed(context, step)


def declarations_changed(context: PassContext, step: Step) -> Step | None:
    """The removing step deferred if the declarations have changed since this pass read them, else ``None``.

    An editor or a deployment may have removed a file for a moment, or this process may have been suspended since.
    """
    if context.desired is None or context.ports.source.still(context.desired.as_read):
        return None
    return step.deferred(Reason.BUSY, DECLARATIONS_CHANGED)


def still_planned(context: PassContext, assessment: TableAssessment, step: Step, fresh: ObservedTable) -> bool:
    """Whether the table as ``fresh`` shows it still leads to the same call for the same changes."""
    if assessment.declaration is None or assessment.observed is None:
        return False
    rebuild = active_rebuild(context.snapshot.rebuilds.get(assessment.name), fresh.identity)
    flavor = context.ports.endpoint.flavor
    now = _merge_observed(assessment.observed, fresh)
    planned = plan(without_rebuilt_index(assessment.declaration, rebuild), now, lacks=flavor.lacks)
    if assessment.entry is not None:
        planned += hand_back(assessment.entry, assessment.declaration, now, ()).steps
    return any(_covers(other, step) for other in planned)


def _covers(other: Step, step: Step) -> bool:
    ready = other.status is StepStatus.READY and other.call == step.call
    return ready and all(change in other.changes for change in step.changes)


def _merge_observed(observed: ObservedTable, fresh: ObservedTable) -> ObservedTable:
    """The fresh observation, with the earlier value of each field that was not read again."""
    kept = {
        name: getattr(observed.spec, name)
        for name in TableSpec.__dataclass_fields__
        if getattr(fresh.spec, name) is None
    }
    return replace(
        observed,
        spec=replace(fresh.spec, **kept),
        status=fresh.status,
        ongoing=fresh.ongoing,
        changing=fresh.changing,
        building=fresh.building,
    )


def with_backup(ports: EngineContext, name: str, step: Step, made: dict[str, SafetyBackup]) -> tuple[Step, bool]:
    """The step, still ready if the items of the table are backed up, and whether CreateBackup was called.

    Nothing waits in here: while the backup is CREATING the step is deferred, and a later round continues. An empty
    table and an endpoint without backups need none. ``made`` has the backups of this process by table name and gets a
    new one. The tool never deletes these backups.
    """
    # An empty table has nothing to back up.
    if not ports.items.first_items(name, 1):
        return step, False
    pattern = f"{{table}}-before-{step.action.value}-{{time}}"
    if backup_names.longest_name(pattern, name) > backup_names.LONGEST:
        pattern = f"before-{step.action.value}-{{time}}"
    try:
        status = _backup_status(ports, name, made)
        if status is not None:
            return _after_backup(step, made[name].name, status), False
        backup_name = backup_names.backup_name(pattern, name, ports.clock.now())
        details = ports.api.write(Call("CreateBackup", {"TableName": name, "BackupName": backup_name}))["BackupDetails"]
        now, status = ports.clock.monotonic(), details["BackupStatus"]
        made[name] = SafetyBackup(details["BackupArn"], backup_name, now, now, now if status == AVAILABLE else None)
        return _after_backup(step, backup_name, status), True
    except Unsupported as error:
        # An endpoint that does not know DescribeTable is not one without backups.
        if not error.operation.endswith(("Backup", "Backups")):
            raise
        return step, False
    except Forbidden as error:
        message = f"the safety backup failed: {error.operation} was denied"
        return step.blocked(Reason.BACKUP, message, f"permission for dynamodb:{error.operation} on the table"), False
    except ApiError as error:
        if error.outcome is Outcome.AGAIN:
            return step.deferred(Reason.BUSY, f"waiting for the safety backup: {error}"), False
        if error.outcome is Outcome.NEVER:
            return step.blocked(Reason.BACKUP, f"the safety backup failed: {error}"), False
        raise


def _backup_status(ports: EngineContext, name: str, made: dict[str, SafetyBackup]) -> str | None:
    """The status of the backup that this process made for the present decision; ``None`` if a new one is needed.

    ListBackups is called in any case: an endpoint without backups refuses it, before anything is written.
    """
    mine = made.get(name)
    table = ports.api.read("DescribeTable", {"TableName": name})["Table"]
    try:
        summaries = ports.api.read(READ, {"TableName": name, "BackupType": "USER"})["BackupSummaries"]
    except NotFound:
        return None
    if mine is None:
        return None
    status = next((backup.status for backup in taken_of(table, summaries) if backup.arn == mine.arn), None)
    now = ports.clock.monotonic()
    awaited = now - mine.looked <= FRESH.total_seconds()
    mine.looked = now
    if status == AVAILABLE:
        mine.available = now if mine.available is None and awaited else mine.available
        return status if mine.is_current(now) else None
    if status is None:
        return "not listed yet" if mine.available is None and now - mine.made <= FRESH.total_seconds() else None
    return status


def _after_backup(step: Step, backup: str, status: str) -> Step:
    if status == AVAILABLE:
        return step
    return step.deferred(Reason.BUSY, f"waiting for backup {backup} ({status})")

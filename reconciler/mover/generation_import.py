"""Lets an import make the new table, and removes what a failed or outdated import has left. A part of ``generation``.

With the engine ``import`` there is no new table before the import has ended: the work begins with the capture. A table
of that name is our import's only if it has the TableId that the service returned; any other one stops the work.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.apply_step import intended_create
from reconciler.facets.tags import OWNER_TAG
from reconciler.model.change import Call
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason
from reconciler.model.records import Checkpoint, InventoryEntry
from reconciler.mover.generation_end import EndsWork
from reconciler.mover.generation_work import PassEnded
from reconciler.mover.import_copy import (
    ImportCopy,
    creation,
    ended_ago,
    import_of,
    import_runs,
    known_table,
    made_by,
)
from reconciler.mover.job_ports import s3_place
from reconciler.mover.service_copy import CLOCKS_APART
from reconciler.planning import ownership
from reconciler.planning.create import create_call, without_unsupported


class Imports(EndsWork):
    """The parts of the work that differ where an import makes the new table."""

    __slots__ = ()

    def _capture(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        if self.record.engine == "import":
            self._clear_name(new)
            self._publish(self.record.old)
        super()._capture(old, new)

    def _copy(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        if self._awaits_import:
            # Both tables are read again before anything is written to the new one.
            self._import(old, new)
        else:
            super()._copy(old, new)

    # The import

    def _import(self, old: ObservedTable | None, new: ObservedTable | None) -> None:
        """Go on once the import has made the new table, and it counts as created by this stack."""
        pair, follower = self._pair(old, new), self._forward(old, new)
        jobs, capture = self._jobs(follower)
        live = None if new is None else new.identity
        copy = ImportCopy(
            self.ports,
            jobs,
            self._guarded(pair.source),
            pair.source,
            s3_place(self.record.through),
            capture.at,
            self.ports.store.load().checkpoints,
            self._attempt(capture),
            creation=self._creation(),
            live=live,
            intend=self._intend,
        )
        progress = copy.proceed()
        if progress.foreign:
            raise self._foreign()
        if progress.left and new is not None:
            self._remove_imported(new)
        self._await_jobs(copy, progress)
        # A second look, because nothing makes the next call depend on which table it reaches.
        self._own(self._imported(copy.checkpoint, self._observed(self.record.new)))

    def _creation(self) -> dict[str, object]:
        """TableCreationParameters of the declared shape. Local indexes that are declared by now refuse the switch."""
        spec = replace(self._new_declaration().spec, local_indexes=None)
        return creation(create_call(without_unsupported(spec, self.ports.endpoint.flavor.lacks)).params)

    def _intend(self) -> InventoryEntry:
        """The inventory record of a create that is about to be sent."""
        intent = intended_create(self.context, self._wanted(self._entry()), self._new_declaration())
        return self.ports.store.put_entry(intent)

    def _entry(self) -> InventoryEntry | None:
        return self.ports.store.load().inventory.get(self.record.new)

    def _recorded_import(self) -> Checkpoint | None:
        return import_of(self.ports.store.load().checkpoints, self.record.old)

    def _imported(self, part: Checkpoint, new: ObservedTable | None) -> ObservedTable:
        """The table that the finished import has made."""
        if new is None and ended_ago(part, self.ports.clock.now()) < CLOCKS_APART:
            # DescribeTable is eventually consistent.
            raise self._waiting(f"waiting until {self.record.new} is visible")
        if new is None or not made_by(part, new.identity):
            raise self._stop(
                f"somebody deleted {self.record.new}, which the import has made; nothing was written to it."
                f" Run `reconciler replace {self.record.name} --cancel`"
            )
        if new.status != "ACTIVE":
            raise self._waiting(f"{self.record.new} is {new.status}")
        return new

    def _waiting(self, why: str) -> PassEnded:
        return PassEnded(self.step.deferred(Reason.REPLACING, why))

    def _foreign(self) -> PassEnded:
        record = self.record
        return self._stop(
            f"{record.new} exists, and it is not proven that the import of {record.old} made it: delete it, or run"
            f" `reconciler replace {record.name} --cancel`"
        )

    # Whose it is

    def _own(self, new: ObservedTable) -> None:
        """Record that this stack created the table, and give it the owner tag, which no import can set."""
        entry = self._prove(new)
        if self.ports.endpoint.flavor.has_tags:
            tag = {"Key": OWNER_TAG, "Value": ownership.owner_tag(self.context.options.scope, entry.nonce)}
            self._write(Call("TagResource", {"ResourceArn": new.identity.arn, "Tags": [tag]}))
        self._put(replace(self.record, new_identity=new.identity))

    def _prove(self, new: ObservedTable) -> InventoryEntry:
        """Record the identity of a table that is proven to be the import's own."""
        entry = self._entry()
        if entry is not None and ownership.is_ours(entry) and new.identity.same(entry.identity):
            return entry
        intent = entry if entry is not None and ownership.is_open(entry) else self._intend()
        proven = ownership.Event.CREATE_PROVEN
        now = self.ports.clock.now()
        return self.ports.store.put_entry(ownership.advance(intent, proven, identity=new.identity, changed_at=now))

    # What an import has left

    def _clear_name(self, new: ObservedTable | None) -> None:
        """An import needs a name that no table has. What an earlier attempt has made is removed first."""
        part = self._recorded_import()
        if part is not None:
            self._await_import(part)
        if new is not None:
            if part is None or not made_by(self._with_table(part), new.identity):
                raise self._foreign()
            self._remove_imported(new)
        if part is not None:
            self.ports.store.drop_checkpoint(part.name)
        if self.record.new_identity is not None:
            self._put(replace(self.record, new_identity=None))

    def _remove_imported(self, new: ObservedTable) -> None:
        """Remove a table that only an import has written to, and wait until it is gone."""
        if new.status != "ACTIVE":
            raise self._waiting(f"{self.record.new} is {new.status}")
        if new.spec.deletion_protection:
            raise self._stop(
                f"{self.record.new} has to be imported anew and is protected against deletion: turn that off"
            )
        self._prove(new)
        self._delete_new(new)
        raise self._waiting(f"{self.record.new} is removed, because it is imported anew")

    def _with_table(self, part: Checkpoint) -> Checkpoint:
        return part if self.beside.jobs is None else known_table(self.beside.jobs, part)

    def _await_import(self, part: Checkpoint) -> None:
        """An import cannot be cancelled: what it makes can only be removed after its end."""
        if self.beside.jobs is not None and import_runs(self.beside.jobs, part, self.ports.clock.now()):
            raise self._waiting(f"waiting for the end of the import into {self.record.new}, which cannot be cancelled")

    def _take_import(self, new: ObservedTable | None) -> None:
        """At the end of a cancelled work: record a table that turns out to be ours. The next pass removes it."""
        part = self._recorded_import()
        if part is None or self.record.new_identity is not None or self.record.keep:
            return
        self._await_import(part)
        entry = self._entry()
        if new is None or entry is None or not made_by(self._with_table(part), new.identity):
            return
        if ownership.is_open(entry) or ownership.is_ours(entry):
            self._prove(new)
            self._put(replace(self.record, new_identity=new.identity))
            raise self._waiting(f"{self.record.new} is removed, because its import was cancelled")

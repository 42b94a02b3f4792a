"""Replaces a table under its own name and keeps its items: copy aside, delete, create, return, verify, remove the copy.

Called by ``replacer``. Every step is decided by ``phases.next_move`` from the record in the state
table and from what DescribeTable says, so any process continues after a kill at any call. The copy has the declared
key and indexes: the service itself proves that each item fits before the table is deleted. The old table is deleted
through the deletion gate, right after it was found equal to the copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from reconciler.engine.apply_step import create_table, delete_table
from reconciler.engine.assess_replacement import progress_sentence, way_on
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.context import EngineContext
from reconciler.engine.ports import Replaceable
from reconciler.engine.seed_batches import lease_lost
from reconciler.engine.send_call import TableResult
from reconciler.engine.work_meter import WorkMeter
from reconciler.model.change import Call
from reconciler.model.desired import Declaration, Item
from reconciler.model.errors import ApiError, NameTaken, NotFound, Rejected
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Phase, Replacement
from reconciler.model.table import Billing, Projection, TableSpec
from reconciler.mover.comparing import Differences, differences, digest_of
from reconciler.mover.conflicts import ConflictRule, shown_key
from reconciler.mover.generation_records import Place, move_records
from reconciler.mover.phases import Event, Live, Move, advance, next_move
from reconciler.mover.preflight import Preflight, examine, groups
from reconciler.mover.sinks import Conflict, Paused, TableSink
from reconciler.planning.copy_names import copy_name
from reconciler.planning.create import create_call, without_unsupported
from reconciler.planning.observe import identity_of
from reconciler.planning.ownership import owner_tag
from reconciler.planning.shapes import key_names, key_texts
from reconciler.planning.text import several

ROUNDS = 5
"""Comparisons in one pass while others write to the table. After that the pass ends, and a later one goes on."""
SAVE_SECONDS = 1.0
MOST_MOVES = 100
"""A pass makes about ten. More would mean that the phases go round in a circle."""


def rule_of(record: Replacement | None, observed: ObservedTable) -> ConflictRule:
    """The rule for items with one new key. A pass refuses them; only a person may choose another rule."""
    former = tuple(element.attribute for element in observed.spec.keys)
    if record is None:
        return ConflictRule("fail", former)
    return ConflictRule(record.on_conflict, former, record.newest_by)


def examine_table(
    ports: EngineContext, declaration: Declaration, observed: ObservedTable, rule: ConflictRule
) -> Preflight:
    """The preflight of a replacement. Reads all items; raises ``ApiError``."""
    name = observed.spec.name
    meter = WorkMeter(ports, name)
    with meter.of("reading its items", observed.item_count or 0, quiet=True):
        return examine(lambda: meter.counted(ports.items.all_items(name)), declaration.spec, rule)


def replaceable(
    context: PassContext, declaration: Declaration, observed: ObservedTable
) -> tuple[Preflight, Replaceable]:
    """What the items of the table mean for its replacement; a pass refuses items with one new key."""
    rule = rule_of(None, observed)
    found = examine_table(context.ports, declaration, observed, rule)
    refusal = found.refusal(rule)
    if refusal is not None:
        refusal += keeping_hint(declaration, found)
    return found, Replaceable(found.items, found.size, refusal)


def keeping_hint(declaration: Declaration, found: Preflight) -> str:
    """How to keep the items after all, as a clause: a migration makes them fit, or one of each new key stays."""
    if found.unfit:
        return "; a migration (`reconciler migrate new NAME`) can make them fit"
    if not found.keys_collide:
        return ""
    name = declaration.declared_name or declaration.spec.name
    return (
        f"; `reconciler replace {name} --on-conflict newest --newest-by ATTRIBUTE` or `--on-conflict keep-first`"
        " keeps one of each"
    )


def proceed(
    context: PassContext, assessment: TableAssessment, examined: Mapping[str, tuple[Identity, Preflight]]
) -> TableResult:
    """Begin or continue the replacement. ``examined`` has the last preflights, by table. See ``TableReplacer``."""
    return _Proceeding(context, assessment, examined).run()


class _Ended(Exception):
    """The pass ends here for this table, with this step."""

    def __init__(self, step: Step) -> None:
        self.step = step


@dataclass(slots=True)
class _Proceeding:
    """One pass over one replacement."""

    context: PassContext
    assessment: TableAssessment
    examined: Mapping[str, tuple[Identity, Preflight]]
    step: Step = field(init=False)
    ports: EngineContext = field(init=False)
    record: Replacement | None = field(init=False)
    error: ApiError | None = None
    rounds: int = 0
    _given_up: str = "its replacement was cancelled; the table is unchanged"
    progress: WorkMeter = field(init=False)
    _saved: float = 0.0

    def __post_init__(self) -> None:
        self.ports = self.context.ports
        self.step = next(s for s in self.assessment.steps if s.moves_items and s.status is StepStatus.READY)
        self.record = self.context.replacement(self.assessment.name)
        self.progress = WorkMeter(self.ports, self.assessment.name)
        self._saved = self.ports.clock.monotonic()

    def run(self) -> TableResult:
        """Go as far as possible now."""
        try:
            self._begin()
            for _ in range(MOST_MOVES):
                if not self._move():
                    return self._result(self._finished())
                if self._late():
                    break
            raise _Ended(self._progress())
        except Paused:
            return self._result(self._progress())
        except _Ended as ended:
            return self._result(ended.step)

    def _result(self, step: Step) -> TableResult:
        under_way = self.record if self.record is not None and self.record.under_way else None
        assessment = replace(self.assessment, replacement=under_way)
        return TableResult(assessment, (step,), wrote=True, error=self.error)

    # Beginning and ending

    def _begin(self) -> None:
        """Write the record of a replacement that begins, or turn one that is not wanted any more to its end."""
        record, observed, declaration = self.record, self.assessment.observed, self.assessment.declaration
        if record is None:
            if observed is None or declaration is None or not self.step.keeps_items:
                raise _Ended(self.step.deferred(Reason.BUSY, "the table is read again first"))
            identity, found = self.examined.get(self.assessment.name, (None, None))
            known = found if found is not None and observed.identity.same(identity) else Preflight()
            self._put(
                Replacement(
                    self.assessment.name,
                    Phase.COPYING,
                    observed.identity,
                    copy_name(self.assessment.name, self.ports.random.token()),
                    key_texts(declaration.spec.keys),
                    self.ports.clock.now(),
                    items=known.items,
                    size=known.size,
                )
            )
            return
        wanted = declaration is not None and self.step.keeps_items
        here = observed is not None and observed.identity.same(record.identity) and observed.status == "ACTIVE"
        if not wanted and here and not record.table_deleted and record.phase is not Phase.CANCELLING:
            if record.phase is Phase.DELETING:
                record = advance(record, Event.WRITTEN_MEANWHILE)
            self._put(advance(record, Event.CANCEL, keep=False))
        elif wanted and declaration is not None and key_texts(declaration.spec.keys) != record.keys:
            live = self._live(record.name)
            if live is not None and live.identity.same(record.identity):
                # Another key was declared meanwhile: the copy is of no use for it.
                self._forget_copy(keys=key_texts(declaration.spec.keys))

    def _finished(self) -> Step:
        record = self.record
        if record is None:
            return replace(self.step, gives_up=True).done().with_message(self._given_up)
        if not record.digest:
            return self.step.done().with_message("goes on with the items that it has; somebody deleted their copy")
        kept = f"; the copy {record.aside} stays" if record.keep else ""
        others = f", {several(record.others, 'item')} of them written by others since" if record.others else ""
        return self.step.done().with_message(
            f"kept its {several(record.items, 'item')}{others}; digest {record.digest}{kept}"
        )

    def _progress(self) -> Step:
        record = self.record
        sentence = progress_sentence(record) if record else "is being replaced with its items"
        return self.step.deferred(Reason.REPLACING, sentence)

    def _stop(self, why: str) -> _Ended:
        """End with a sentence that stays in the record: a person has to decide."""
        record = self.record
        if record is not None and record.problem != why:
            self._put(replace(record, problem=why))
        return _Ended(self.step.blocked(Reason.REPLACING, why, way_on(self.assessment.name, why)))

    def _late(self) -> bool:
        # A sleep of no time tells whether the process is to stop.
        return self.context.out_of_time or not self.ports.clock.sleep(0)

    def _put(self, record: Replacement) -> Replacement:
        self.ports.store.put_replacement(record)
        self.record = record
        self._saved = self.ports.clock.monotonic()
        return record

    def _moved(self, event: Event, **changes: Any) -> None:
        self._put(advance(self._here(), event, **changes))

    def _here(self) -> Replacement:
        if self.record is None:
            raise RuntimeError("there is no record of this replacement")
        return self.record

    # One move

    def _move(self) -> bool:
        """Make the next move; ``False`` if it was the last one."""
        record = self._here()
        following = next_move(record, self._live(record.name), self._live(record.aside))
        if following.move is Move.WAIT:
            raise _Ended(self.step.deferred(Reason.REPLACING, following.why))
        if following.move is Move.STOP:
            raise self._stop(following.why)
        if following.move is Move.FINISH:
            self._finish(record)
            return False
        moves: Mapping[Move, Callable[[Replacement], None]] = {
            Move.CREATE_COPY: self._create_copy,
            Move.KNOW_COPY: self._know_copy,
            Move.FORGET_COPY: lambda _: self._forget_copy(),
            Move.COPY: self._copy,
            Move.COMPARE: self._compare,
            Move.COMPARE_AGAIN: lambda _: self._moved(Event.WRITTEN_MEANWHILE),
            Move.NOTE_DELETED: lambda _: self._moved(Event.DELETED),
            Move.CREATE_TABLE: self._create_table,
            Move.KNOW_TABLE: lambda known: self._created(self._identity(known.name)),
            Move.RETURN: self._return,
            Move.VERIFY: self._verify,
            Move.NOTE_RECREATED: self._recreated,
            Move.REMOVE_COPY: self._remove_copy,
            Move.ACCEPT: self._accept,
        }
        moves[following.move](record)
        return True

    def _live(self, name: str) -> Live | None:
        try:
            table = self.ports.api.read("DescribeTable", {"TableName": name})["Table"]
        except NotFound:
            return None
        types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
        keys = tuple(
            f"{each['AttributeName']} {each['KeyType']} {types[each['AttributeName']]}" for each in table["KeySchema"]
        )
        return Live(identity_of(table), table["TableStatus"], keys)

    def _identity(self, name: str) -> Identity | None:
        live = self._live(name)
        return live.identity if live is not None else None

    # The copy aside

    def _create_copy(self, record: Replacement) -> None:
        declaration = self.assessment.declaration
        if declaration is None:
            raise _Ended(self.step.deferred(Reason.REPLACING, f"{record.name} is not declared any more"))
        try:
            answer = self._write(self._copy_call(declaration.spec, record.aside))
        except NameTaken:
            return
        except Rejected as refused:
            raise self._stop(f"the copy {record.aside} cannot be created: {refused.message}") from refused
        self._put(replace(self._here(), aside_identity=identity_of(answer["TableDescription"])))

    def _copy_call(self, spec: TableSpec, aside: str) -> Call:
        """CreateTable for the copy: the declared key and indexes, and nothing that could change or send its items."""
        keys_only = Projection("KEYS_ONLY")
        shape = TableSpec(
            aside,
            keys=spec.keys,
            global_indexes=tuple(
                replace(index, projection=keys_only, throughput=None, on_demand_throughput=None, warm_throughput=None)
                for index in spec.global_indexes or ()
            ),
            local_indexes=tuple(replace(index, projection=keys_only) for index in spec.local_indexes or ()),
            billing=Billing("PAY_PER_REQUEST"),
        )
        flavor = self.ports.endpoint.flavor
        tag = owner_tag(self.context.options.scope, self.ports.random.token()) if flavor.has_tags else None
        return create_call(without_unsupported(shape, flavor.lacks), tag)

    def _know_copy(self, record: Replacement) -> None:
        """The answer of our own create was lost: nobody else can have guessed the name."""
        self._put(replace(record, aside_identity=self._identity(record.aside)))

    def _forget_copy(self, **changes: Any) -> None:
        """Begin with another copy. One of ours that is still there under its name is removed before."""
        record = self._here()
        live = self._live(record.aside)
        if live is not None and live.identity.same(record.aside_identity) and live.status == "ACTIVE":
            self._write(Call("DeleteTable", {"TableName": record.aside}))
        name = copy_name(record.name, self.ports.random.token())
        self._put(advance(record, Event.COPY_LOST, aside=name, aside_identity=None, **changes))

    def _copy(self, record: Replacement) -> None:
        """Copy all items. A copy that has items already, from an interrupted pass, only gets what it lacks."""
        if not self.ports.items.first_items(record.aside, 1):
            sink = self._sink(record.aside, record.aside_identity)
            rule = self._rule()
            with self.progress.of("copying", record.items):
                for conflict in sink.put(self._fitting(self.ports.items.all_items(record.name)), self._count):
                    self._resolve(sink, rule, conflict)
            sink.check()
        self._moved(Event.COPIED)

    def _fitting(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items; an item without the new key, which somebody wrote after the preflight, ends the pass."""
        names = key_names(self._here().keys)
        for item in items:
            missing = next((name for name in names if name not in item), None)
            if missing is not None:
                raise self._stop(
                    f"an item without {missing}, which is in the new key, was written: {self._shown(item)}"
                )
            yield item

    def _resolve(self, sink: TableSink, rule: ConflictRule, conflict: Conflict) -> None:
        """Two items of the table have one new key."""
        if not rule.resolves:
            names = key_names(self._here().keys)
            raise self._stop(
                f"two items would share the key {shown_key(conflict.ours, names)} of the new table:"
                f" {self._shown(conflict.ours)} and {self._shown(conflict.theirs)}"
            )
        if rule.stays((conflict.ours, conflict.theirs)) is conflict.ours:
            sink.replace(conflict.theirs, conflict.ours)

    def _shown(self, item: Item) -> str:
        return shown_key(item, self._rule().former)

    def _rule(self) -> ConflictRule:
        observed = self.assessment.observed
        return rule_of(self.record, observed) if observed is not None else ConflictRule("fail", ())

    def _compare(self, record: Replacement) -> None:
        """Compare table and copy; equal ones lead to the deletion, differences are copied again."""
        names, rule = key_names(record.keys), self._rule()
        # The copy first, which nobody else writes to: so the last look at the table is as late as it can be.
        with self.progress.of("comparing with the copy", 2 * record.items):
            counted, source = self.progress.counted, self.ports.items
            copied = digest_of(counted(source.all_items(record.aside)), names)
            held = digest_of(self._fitting(counted(source.all_items(record.name))), names)
        if rule.resolves:
            for items in groups(lambda: self.ports.items.all_items(record.name), names).values():
                stays = rule.stays(items)
                for item in items:
                    if item is not stays:
                        held.remove(item)
        unequal = held.differing(copied)
        if not unequal:
            self._put(replace(record, items=held.count, digest=held.hexdigest()))
            self._delete()
            return
        self.rounds += 1
        if self.rounds > ROUNDS:
            raise _Ended(
                self.step.deferred(
                    Reason.REPLACING,
                    f"others write to {record.name} while it is copied; it is replaced once they pause",
                )
            )
        self._bring_up_to_date(record, unequal)

    def _bring_up_to_date(self, record: Replacement, unequal: tuple[int, ...]) -> None:
        """Make the differing buckets of the copy equal to those of the table."""
        names, rule = key_names(record.keys), self._rule()
        sink = self._sink(record.aside, record.aside_identity)
        found = differences(
            lambda: self._fitting(self.ports.items.all_items(record.name)),
            lambda: self.ports.items.all_items(record.aside),
            names,
            unequal,
            rule.stays if rule.resolves else self._refuse_conflict,
        )
        for difference in found:
            self._mend(sink, difference)

    def _refuse_conflict(self, items: list[Item]) -> Item:
        raise self._stop(
            f"{len(items):,} items would share the key {shown_key(items[0], key_names(self._here().keys))} of the new"
            f" table: {' and '.join(self._shown(item) for item in items[:3])}"
        )

    def _mend(self, sink: TableSink, difference: Differences) -> None:
        for item in difference.extra:
            sink.remove(item)
        for former, item in difference.changed:
            sink.replace(former, item)
        for _ in sink.put(iter(difference.missing), self._count):
            # Somebody else wrote to the copy; the next comparison finds it.
            continue

    # Deleting and creating

    def _delete(self) -> None:
        """Delete the table through the gate. Both sides have just been equal."""

        def announce() -> None:
            self._moved(Event.EQUAL)

        result = delete_table(self.context, self.assessment, self.step, announce)
        self.assessment, self.error = result.assessment, result.error
        (step,) = result.steps
        if step.status is not StepStatus.DONE:
            if step.reason is Reason.IDENTITY and step.status is StepStatus.FAILED:
                # DeleteTable reached another table than the planned one: nothing goes on by itself.
                raise self._stop(step.message or "DeleteTable reached another table than the planned one")
            raise _Ended(step)

    def _create_table(self, record: Replacement) -> None:
        declaration = self.assessment.declaration
        if declaration is None:
            raise self._stop(
                f"{record.name} was deleted to be created anew, and it is not declared any more; its items are in"
                f" {record.aside}. Declare it again, then run `reconciler replace {record.name} --resume`"
            )
        if key_texts(declaration.spec.keys) != record.keys:
            raise self._stop(
                f"another key of {record.name} was declared after it was deleted to be created anew; its items are in"
                f" {record.aside}, under the key {', '.join(key_names(record.keys))}. Declare that key again, then run"
                f" `reconciler replace {record.name} --resume`"
            )
        result = create_table(self.context, replace(self.assessment, observed=None), Step(Action.CREATE, "table"))
        self.assessment, self.error = replace(self.assessment, **_records_of(result)), result.error
        (step,) = result.steps
        if step.status is not StepStatus.DONE:
            raise _Ended(replace(self.step, status=step.status, reason=step.reason, message=step.message))
        identity = result.assessment.entry.identity if result.assessment.entry is not None else None
        self._created(identity)

    def _created(self, identity: Identity | None) -> None:
        """The new table is there. The records of its seed and of migrations go with its items."""
        record = self._here()
        move_records(self.ports, Place(record.name, record.identity), Place(record.name, identity))
        self._moved(Event.CREATED, target=identity)

    def _recreated(self, record: Replacement) -> None:
        """Somebody deleted the new table. The records wait for the next one, as those of the former table did."""
        move_records(self.ports, Place(record.name, record.target), Place(record.name, record.identity))
        # A person who accepted missing items spoke of the table that is gone now.
        self._moved(Event.RECREATED, target=None, accepted=False)

    # Returning the items

    def _return(self, record: Replacement) -> None:
        """Put every item of the copy into the new table. Where others wrote an item meanwhile, theirs is newer."""
        sink, names = self._sink(record.name, record.target), key_names(record.keys)
        copied, items = record.aside, self.ports.items
        if items.first_items(record.name, 1):
            # An interrupted pass returned some already, or others write: only what is missing is put.
            held = digest_of(items.all_items(record.name), names)
            unequal = held.differing(digest_of(items.all_items(copied), names))
            found = differences(lambda: items.all_items(copied), lambda: items.all_items(record.name), names, unequal)
            returning: Iterator[Item] = (item for difference in found for item in difference.missing)
        else:
            returning = items.all_items(copied)
        with self.progress.of("returning items", record.items):
            for _ in sink.put(returning, self._count):
                continue
        sink.check()
        self._moved(Event.RETURNED)

    def _verify(self, record: Replacement) -> None:
        """Compare the copy with the new table. Only a person decides about items that are missing again."""
        names = key_names(record.keys)
        with self.progress.of("comparing with the copy", 2 * record.items):
            counted, source = self.progress.counted, self.ports.items
            copied = digest_of(counted(source.all_items(record.aside)), names)
            held = digest_of(counted(source.all_items(record.name)), names)
        unequal = held.differing(copied)
        others = 0
        if unequal:
            missing: list[Item] = []
            for found in differences(
                lambda: self.ports.items.all_items(record.aside),
                lambda: self.ports.items.all_items(record.name),
                names,
                unequal,
            ):
                others += len(found.extra) + len(found.changed)
                missing += found.missing
            if missing and not record.accepted:
                examples = "; ".join(shown_key(item, names) for item in missing[:3])
                are = "is" if len(missing) == 1 else "are"
                raise self._stop(
                    f"{several(len(missing), 'item')} of {record.name} {are} missing again"
                    f" (for example {examples}); {record.aside} has them. `reconciler replace {record.name} --resume`"
                    f" returns them once more, `--finish` goes on without them"
                )
        self._moved(Event.VERIFIED, digest=copied.hexdigest(), others=others)

    def _accept(self, record: Replacement) -> None:
        """The copy is gone, and a person goes on with the items that the table has.

        A table that is not there yet is created by the next pass like any other, and seeded.
        """
        if record.phase is Phase.CREATING:
            self._moved(Event.CREATED)
        if record.phase is not Phase.VERIFYING:
            self._moved(Event.RETURNED)
        self._moved(Event.VERIFIED, digest="", others=0)

    # Cleaning up

    def _remove_copy(self, record: Replacement) -> None:
        self._write(Call("DeleteTable", {"TableName": record.aside}))

    def _finish(self, record: Replacement) -> None:
        if record.phase is Phase.CANCELLING:
            if record.keep and self._live(record.aside) is not None:
                self._given_up = f"its replacement was ended; {record.aside} stays and is not managed"
            self.ports.store.drop_replacement(record.name)
            self.record = None
        else:
            self._moved(Event.CLEANED, finished=self.ports.clock.now(), problem=None)

    # Calls

    def _sink(self, table: str, identity: Identity | None) -> TableSink:
        if identity is None:
            raise _Ended(self.step.deferred(Reason.REPLACING, f"{table} is read again first"))
        return TableSink(self.ports, table, identity, key_names(self._here().keys), self._late)

    def _count(self, items: int) -> None:
        record = replace(self._here(), copied=self._here().copied + items)
        self.record = record
        self.progress.advance(items)
        if self.ports.clock.monotonic() - self._saved >= SAVE_SECONDS:
            self._put(record)

    def _write(self, call: Call) -> Mapping[str, Any]:
        if not self.ports.store.holds_lease():
            raise lease_lost()
        return self.ports.api.write(call)


def _records_of(result: TableResult) -> dict[str, Any]:
    return {"recorded": result.assessment.recorded, "entry": result.assessment.entry}

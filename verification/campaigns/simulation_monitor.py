"""Checks every call against what must never happen, by the live tables and never by a decision of the engine.

Each rule is an invariant of docs/concepts/safety.md. The owner of a table is known from who created it, its contents
from its items, and what is desired from the declarations of the turn.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.simulation_calls import same_base, subject
from campaigns.simulation_case import Phase, Plan, SimulationCase
from campaigns.simulation_store import State
from simulation.clock import START
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.table import Table

from reconciler.model.change import Call
from reconciler.model.options import permits
from reconciler.model.table import TableSpec

TABLE_CHANGING = frozenset({"CreateTable", "UpdateTable", "DeleteTable"})
NEVER = float("inf")
SLACK = 0.001
"""Seconds that arithmetic may lose."""


@dataclass
class Fact:
    """What is known of one live table, by the object that it is: a table of the same name made later is another one."""

    table: Table
    ours: bool = False
    theirs: dict[str, dict[str, Any]] = field(default_factory=dict)
    touched: int = 0
    """How often others changed it."""
    recorded: bool = False
    """The inventory records that we created it; without tags nothing else can prove it."""
    scanned_at: int = -1
    held_items: bool = False
    empty_since: float = NEVER
    unwanted_since: float = NEVER
    guarded_since: float | None = None
    """When a pass that went through first found it forgotten, with nothing declared that we had made."""
    first_forgotten: float = NEVER
    """The same of any pass at all, whatever came after it."""
    perhaps_renamed: bool = False
    """A pass found its file gone and another table declared that no record called created, as after a rename (G18)."""


class Monitor:
    """Call ``begin`` for a phase, then report every call.

    What others do between the last look and a DeleteTable no client can know of: the service takes no condition.
    """

    def __init__(self, case: SimulationCase, dynamodb: SimulatedDynamoDB, state: State) -> None:
        self.case, self.dynamodb, self.state = case, dynamodb, state
        self.facts: dict[int, Fact] = {}
        self.specs: dict[str, TableSpec] = {}
        self.plans: dict[str, Plan] = {plan.name: plan for plan in case.plans}
        self.phase = Phase(())
        self.figures: Counter[str] = Counter()
        self.action_at = self.lost_at = -1
        self.seen_at: dict[str, int] = {}
        self.state_lost = False
        self.jumped = False
        self.invalid = False
        self.changed: Counter[str] = Counter()
        self.deletes = 0
        self.begun = 0.0
        self.cap: int | None = None
        self.foreign: set[str] = set()
        self.only_owned: set[str] = set()
        """The only owned table, where it is not declared: it may be deleted only without foreign items."""
        self.known: dict[str, float] = {}
        """Since when an owned table of that name exists, according to the inventory from pass to pass."""

    def fact(self, table: Table) -> Fact:
        found = self.facts.get(id(table))
        if found is None:
            found = self.facts[id(table)] = Fact(table)
        return found

    def begin(self, phase: Phase) -> None:
        """A phase with these declarations."""
        self.phase, self.invalid, self.deletes = phase, False, 0
        self.action_at = self.lost_at = -1
        self.seen_at.clear()
        self.changed.clear()
        self.begun = self.dynamodb.clock.seconds
        chosen = [(self.case.plans[at], version) for at, version in phase.declared if at < len(self.case.plans)]
        self.specs = {plan.name: plan.spec(version) for plan, version in chosen}
        created = [entry.name for entry in self.state.snapshot.inventory.values() if entry.ownership == "created"]
        self._know()
        self.foreign = self._guarded_tables(set(created))
        self.only_owned = self._only_owned_table(set(created))
        options = self.case.options
        self.cap = options.max_deletes
        if self.cap is None and options.max_deletes_share is not None:
            self.cap = max(1, int(len(created) * options.max_deletes_share))
        for name, table in self.dynamodb.tables.items():
            fact = self.fact(table)
            if name not in self.specs and not phase.broken:
                fact.first_forgotten = min(fact.first_forgotten, self.dynamodb.clock.seconds)
                fact.perhaps_renamed |= not self.specs.keys() <= set(created)
            wanted = name in self.specs and same_base(table, self.specs[name])
            if wanted and not phase.broken:
                continue
            fact.unwanted_since = min(fact.unwanted_since, self.dynamodb.clock.seconds)

    def clear_unwanted(self, names: set[str]) -> None:
        """A pass over these tables went through: what it wants is wanted, and no longer unwanted."""
        if self.phase.broken or self.phase.observe or self.phase.elsewhere:
            return
        for name in names & self.specs.keys():
            table = self.dynamodb.tables.get(name)
            if table is not None and same_base(table, self.specs[name]):
                self.fact(table).unwanted_since = NEVER
        for name in names & self.dynamodb.tables.keys():
            fact = self.fact(self.dynamodb.tables[name])
            if name in self.specs:
                fact.guarded_since = None
            elif name in self.foreign and fact.guarded_since is None:
                fact.guarded_since = self.begun

    def garbled(self) -> None:
        """An invalid answer was handed to the engine."""
        self.invalid = True

    def described(self, table: str, at: int) -> None:
        """DescribeTable of this table was answered: what others did before that can be known."""
        self.seen_at[table] = at
        live, spec = self.dynamodb.tables.get(table), self.specs.get(table)
        if live is not None and (spec is None or not same_base(live, spec)):
            fact = self.fact(live)
            fact.unwanted_since = min(fact.unwanted_since, self.dynamodb.clock.seconds)

    def scanned(self, table: str, at: int) -> None:
        """A consistent Scan returned the items of the table."""
        live = self.dynamodb.tables.get(table)
        if live is None:
            return
        fact = self.fact(live)
        fact.scanned_at, fact.held_items = at, bool(live.items)
        fact.empty_since = NEVER if live.items else min(fact.empty_since, self.begun)

    def writes(self, call: Call, at: int) -> None:
        """A mutating call arrives at the service, which may yet refuse it."""
        name = subject(call)
        assert not self.phase.broken, f"declarations broken: {call} was sent"
        assert self.specs, f"nothing declared: {call} was sent"
        assert not self.phase.observe, f"mode observe: {call} was sent"
        assert not self.phase.elsewhere, f"foreign state table: {call} was sent"
        table = self.dynamodb.tables.get(name)
        plan = self.plans.get(name)
        assert plan is not None, f"table of others: {call} was sent"
        unseen = self.action_at > self.seen_at.get(name, -1)
        copied = call.operation == "CreateBackup" and self.lost_at >= 0
        owned = table is None or unseen or copied or self._owned(self.fact(table), plan)
        assert name in self.specs or owned, f"table of others: {call} was sent"
        if plan.lifecycle.on_existing == "observe" and name in self.specs and table and not unseen:
            assert call.operation == "CreateTable", f"only to be observed: {call} was sent"
        self._protection(call, name)
        if call.operation in TABLE_CHANGING:
            self.changed[name] += 1
            once = self.changed[name] == 1 or self.phase.converge
            assert once, f"two changes of one table in a pass: {call} was the second"
        if call.operation != "DeleteTable":
            return
        assert self.held() or self.lost_at == at, f"lease lost: {call} was sent"
        if self.action_at <= self.seen_at.get(name, at):
            self._may_delete(name, table, plan, at)

    def held(self) -> bool:
        """Whether one of ours has the lease."""
        lease = self.state.lease
        return lease is not None and lease.holder != "rival" and lease.expires > self.dynamodb.clock.now()

    def wrote(self, call: Call, at: int) -> None:
        """The service took it."""
        self.figures[call.operation] += 1
        if call.operation == "CreateTable":
            self.fact(self.dynamodb.tables[subject(call)]).ours = not self.state.gone

    def after_pass(self) -> None:
        """No foreign item of a live table was removed or changed."""
        for fact in self.facts.values():
            live = self.dynamodb.tables.get(fact.table.name)
            if live is not fact.table:
                continue
            entry = self.state.snapshot.inventory.get(fact.table.name)
            fact.recorded = fact.recorded or (entry is not None and entry.ownership == "created")
            for key, item in fact.theirs.items():
                assert fact.table.items.get(key) == item, f"item of others lost: {key} of {fact.table.name}"

    def lose_state(self) -> None:
        """All our records are lost, so no table is provably owned any more."""
        self.state_lost = True
        for fact in self.facts.values():
            fact.ours = False

    def _applied_intents(self) -> set[str]:
        """Tables that we created, according to the endpoint, though only the intent is recorded."""
        intents = [entry.name for entry in self.state.snapshot.inventory.values() if entry.ownership == "intent"]
        live = [self.dynamodb.tables[name] for name in intents if name in self.dynamodb.tables]
        return {table.name for table in live if self.dynamodb.has_tags and self.fact(table).ours}

    def _guarded_tables(self, created: set[str]) -> set[str]:
        """Owned tables without an older owned table among the declarations at the time when this was first observed."""
        unwanted = [
            self.fact(table) for name, table in self.dynamodb.tables.items() if name in created - self.specs.keys()
        ]
        guarded = [fact for fact in unwanted if fact.guarded_since is not None]
        if len(unwanted) < 2:
            guarded = [fact for fact in guarded if self._written(fact)]
        elif self.specs.keys().isdisjoint(created | self._applied_intents()):
            return {fact.table.name for fact in unwanted}
        return {fact.table.name for fact in guarded if not self._familiar_since(fact.guarded_since or 0.0)}

    def _only_owned_table(self, created: set[str]) -> set[str]:
        """The only table of ours there is, where nothing that we made is declared."""
        unwanted = created - self.specs.keys()
        kept = self.specs.keys() & (created | self._applied_intents())
        return unwanted if len(unwanted) == 1 and not kept else set()

    def _written(self, fact: Fact) -> bool:
        """Whether a pass that held the lease noted that the declarations looked foreign to the table."""
        return self.state.snapshot.inventory[fact.table.name].guarded_since is not None

    def _familiar_since(self, since: float) -> bool:
        """Whether a table of ours is declared, there or not, that was made before this."""
        entries = [
            self.state.snapshot.inventory[name] for name in self.specs.keys() & self.state.snapshot.inventory.keys()
        ]
        true = self._applied_intents()
        ours = [entry for entry in entries if entry.ownership == "created" or entry.name in true]
        return any(self.known.get(entry.name, _seconds(entry.changed_at)) < since for entry in ours)

    def _know(self) -> None:
        inventory = self.state.snapshot.inventory
        kept = {name for name, entry in inventory.items() if entry.ownership in ("created", "intent")}
        self.known = {name: since for name, since in self.known.items() if name in kept}
        for name, entry in inventory.items():
            if entry.ownership == "created":
                self.known.setdefault(name, _seconds(entry.changed_at))

    def perhaps_foreign(self, fact: Fact) -> bool:
        """Nothing is declared that we had made when this table was forgotten for the first time."""
        return not self._familiar_since(fact.first_forgotten)

    def _owned(self, fact: Fact, plan: Plan) -> bool:
        return fact.ours or plan.lifecycle.on_existing == "own"

    def _protection(self, call: Call, name: str) -> None:
        if call.params.get("DeletionProtectionEnabled") is False and call.operation == "UpdateTable":
            spec = self.specs.get(name)
            declared_off = spec is not None and spec.deletion_protection is False
            assert declared_off, f"protection switched off unasked: {call}"

    def _may_delete(self, name: str, table: Table | None, plan: Plan, at: int) -> None:
        options, emulator = self.case.options, self.case.flavor.emulator
        if table is None:
            return
        fact = self.fact(table)
        now = self.dynamodb.clock.seconds
        assert self._owned(fact, plan), f"table of others deleted: {name}"
        assert not self.invalid or self.phase.converge, f"deleted after an invalid answer: {name}"
        assert not plan.lifecycle.protect, f"deleted in spite of lifecycle.protect: {name}"
        spec = self.specs.get(name)
        if spec is None:
            assert options.prune == "owned", f"pruned in spite of PRUNE=never: {name}"
            assert name not in self.foreign, f"pruned for declarations of others: {name}"
            others = fact.held_items and not only_seed(fact)
            assert name not in self.only_owned or not others, f"pruned for declarations of others: {name}"
        else:
            assert not same_base(table, spec), f"replaced without need: {name}"
            others = fact.held_items and not only_seed(fact)
            consent = options.data_loss == "allow" or plan.lifecycle.allow_data_loss
            assert consent or not others, f"replaced without consent: {name}"
        self.deletes += 1
        assert self.cap is None or self.phase.converge or self.deletes <= self.cap, (
            f"more than {self.cap} deletes: {name}"
        )
        assert fact.scanned_at >= 0, f"deleted without a look inside: {name}"
        permitted = permits(options.data_loss, emulator=emulator) or plan.lifecycle.allow_data_loss
        if fact.held_items:
            assert permitted, f"items lost without leave: {name}"
        if self.phase.converge and options.one_shot:
            return
        grace = options.prune_grace / timedelta(seconds=1)
        if fact.held_items and not only_seed(fact):
            waited = now - fact.unwanted_since
            assert waited >= grace - SLACK, f"items lost {waited} s after the wish, not {grace} s: {name}"
        if not fact.held_items and not emulator and options.data_loss != "allow":
            assert now - fact.empty_since >= grace - SLACK, f"not seen empty for {grace} s: {name}"


def _seconds(at: datetime | None) -> float:
    return ((at or START) - START).total_seconds()


def only_seed(fact: Fact) -> bool:
    """Whether nothing but items of its seed is in a table."""
    return not fact.theirs

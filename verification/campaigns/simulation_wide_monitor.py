"""Checks every call against what must never happen to replicas, scalable targets and foreign backups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from campaigns.related_oracle import place_of, scheduled
from campaigns.simulation_calls import subject
from campaigns.simulation_case import Phase, SimulationCase
from campaigns.simulation_monitor import SLACK, Fact, Monitor, only_seed
from campaigns.simulation_store import State
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.model.change import Call
from reconciler.model.options import permits
from reconciler.model.table import TableSpec


class WideMonitor(Monitor):
    """Only the oldest of scheduled backups go, a replica only where the declaration lists them, and not this one."""

    def __init__(self, case: SimulationCase, dynamodb: SimulatedDynamoDB, state: State) -> None:
        super().__init__(case, dynamodb, state)
        self.surplus: dict[int, float] = {}
        """Since when some replica is not wanted, by table object: the items stay in the table, and what grace is for is
        a declaration that may be a mistake.
        """

    def begin(self, phase: Phase) -> None:
        super().begin(phase)
        if not phase.broken:
            self._note_surplus(self.specs.keys())

    def described(self, table: str, at: int) -> None:
        super().described(table, at)
        self._note_surplus({table} & self.specs.keys())

    def _note_surplus(self, names: Iterable[str]) -> None:
        for fact, _, wanted in self._replicas(names):
            if not wanted:
                self.surplus.setdefault(id(fact.table), self.dynamodb.clock.seconds)

    def clear_unwanted(self, names: set[str]) -> None:
        super().clear_unwanted(names)
        if self.phase.broken or self.phase.observe or self.phase.elsewhere:
            return
        unwanted = {id(fact.table) for fact, _, wanted in self._replicas(names & self.specs.keys()) if not wanted}
        for name in names & self.specs.keys() & self.dynamodb.tables.keys():
            if id(self.dynamodb.tables[name]) not in unwanted:
                self.surplus.pop(id(self.dynamodb.tables[name]), None)

    def _replicas(self, names: Iterable[str]) -> Iterator[tuple[Fact, str, bool]]:
        """Live replicas of these tables where replicas are declared, and whether this one is."""
        for name in names:
            table, declared = self.dynamodb.tables.get(name), self.specs[name].replicas
            if table is None or declared is None:
                continue
            for shape in table.description.get("Replicas", ()):
                yield self.fact(table), shape["RegionName"], shape["RegionName"] in {one.region for one in declared}

    def writes(self, call: Call, at: int) -> None:
        super().writes(call, at)
        spec = self.specs.get(subject(call))
        match call.operation:
            case "DeleteBackup":
                self._backup(call.params["BackupArn"], spec)
            case "application-autoscaling:DeregisterScalableTarget":
                self._target(call, spec)
            case "UpdateTable":
                for update in call.params.get("ReplicaUpdates", ()):
                    if "Delete" in update:
                        self._replica(update["Delete"]["RegionName"], call, spec, at)

    def wrote(self, call: Call, at: int) -> None:
        super().wrote(call, at)
        for update in call.params.get("ReplicaUpdates", ()):
            self.figures.update(f"replica {verb}" for verb in update)

    def _backup(self, arn: str, spec: TableSpec | None) -> None:
        if arn not in self.dynamodb.backups:
            return
        taken = scheduled(self.dynamodb, self.dynamodb.backups[arn]["summary"]["TableId"])
        assert arn in taken, f"backup deleted that no schedule made: {arn}"
        assert spec is not None, f"backup of a table deleted that is not declared: {arn}"
        assert spec.backups is not None, f"backup deleted though none are declared: {arn}"
        assert spec.backups.keep is not None, f"backup deleted though all are to be kept: {arn}"
        assert arn not in taken[-spec.backups.keep :], f"one of the newest {spec.backups.keep} backups deleted: {arn}"

    def _target(self, call: Call, spec: TableSpec | None) -> None:
        assert spec is not None, f"a target deregistered of a table that is not declared: {call}"
        scaling = spec.auto_scaling
        assert scaling is not None, f"a target deregistered though no scaling is declared: {call}"
        desired_states = {place_of(spec.name, index, kind): desired for index, kind, desired in scaling.capacities()}
        desired = desired_states.get((call.params["ResourceId"], call.params["ScalableDimension"]))
        assert desired is not None, f"a target deregistered that is not declared: {call}"
        assert not desired.enabled, f"a target deregistered that is declared: {call}"

    def _replica(self, region: str, call: Call, spec: TableSpec | None, at: int) -> None:
        name = subject(call)
        assert spec is not None, f"a replica deleted of a table that is not declared: {call}"
        assert spec.replicas is not None, f"a replica deleted though none are declared: {call}"
        declared = region in {replica.region for replica in spec.replicas}
        assert not declared, f"a replica deleted that is declared: {call}"
        table, plan = self.dynamodb.tables.get(name), self.plans[name]
        if table is None or self.action_at > self.seen_at.get(name, -1):
            return
        fact = self.fact(table)
        assert self._owned(fact, plan), f"replica of a table of others deleted: {call}"
        assert fact.scanned_at >= 0, f"replica deleted without a look inside: {call}"
        allowed = permits(self.case.options.data_loss, emulator=False) or plan.lifecycle.allow_data_loss
        assert allowed or not fact.held_items, f"replica deleted without leave: {call}"
        grace, one_shot = self.case.options.prune_grace / timedelta(seconds=1), self.case.options.one_shot
        if fact.held_items and not only_seed(fact) and not (self.phase.converge and one_shot):
            waited = self.dynamodb.clock.seconds - self.surplus.get(id(table), self.dynamodb.clock.seconds)
            assert waited >= grace - SLACK, f"replica deleted {waited} s after the wish, not {grace} s: {call}"
        assert not plan.lifecycle.protect, f"replica deleted in spite of lifecycle.protect: {call}"
        assert self.held() or self.lost_at == at, f"lease lost: {call} was sent"
        assert not self.invalid or self.phase.converge, f"replica deleted after an invalid answer: {call}"

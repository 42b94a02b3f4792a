"""Facet auto_scaling: limits, target and schedule of provisioned capacity in Application Auto Scaling.

A scalable target changes its capacity at any time. So the facets billing and global_indexes neither compare nor write a
capacity with a scalable target, even if this facet is not declared (``scaling_wire.owned_capacities``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from reconciler.facets import capacity, scaling_wire
from reconciler.facets.base import ExtraRead, Facet, HasExtraReads, HasPreconditions, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.facets.scaling_wire import ScaledCapacity
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step, StepStatus
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling, ScheduledScaling
from reconciler.model.table import GlobalIndex, TableSpec

OFF = Scaling(enabled=False)
LIMITS = ("min", "max")
TRACKING = ("target", "scale_in_cooldown", "scale_out_cooldown", "disable_scale_in")
Difference = tuple[Change, Call]


class AutoScalingFacet(Facet, HasPreconditions, HasExtraReads):
    """Manages only the declared capacities, and of each only the declared members."""

    name = "auto_scaling"
    rank = Rank.SCALING_TARGET
    reads = (scaling_wire.TARGETS,)

    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        """Policies and actions of the declared capacities; of the whole table if ``desired`` is None."""
        live = sorted(index["IndexName"] for index in table.get("GlobalSecondaryIndexes") or ())
        declared = (
            [name for name, _, _ in desired.auto_scaling.capacities()] if desired and desired.auto_scaling else []
        )
        yield from scaling_wire.reads_of_details(
            table["TableName"], dict.fromkeys(declared if desired else [None, *live])
        )

    def read_params(self, name: str, arn: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return scaling_wire.targets_params(name, table)

    def observe(self, responses: Responses) -> AutoScaling | None:
        if scaling_wire.TARGETS not in responses.answers:
            return None
        return scaling_wire.read_scaling(responses)

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        for change, _ in self._differences(desired, observed):
            yield change

    def removal(self, observed: TableSpec) -> Removal:
        """Only the capacities that a scalable target owns now."""
        seen = observed.auto_scaling or AutoScaling()
        owned = {(index, kind) for index, kind, scaling in seen.capacities() if scaling.enabled}
        names = sorted(index for index, _ in owned if index is not None)
        indexes = tuple(IndexScaling(name, _off(owned, name, "read"), _off(owned, name, "write")) for name in names)
        off = AutoScaling(_off(owned, None, "read"), _off(owned, None, "write"), tuple(dict.fromkeys(indexes)))
        return Removal(off, f"auto_scaling: {{{', '.join(_off_members(off))}}}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        for difference, call in self._differences(desired, observed.spec):
            if difference == change:
                return call
        raise ValueError(f"{change.path} is no difference between these two tables")

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        """A scalable target needs a provisioned table or index that exists (RegisterScalableTarget)."""
        if change.path.endswith(".enabled") and not change.after:
            return None
        if capacity.mode_after(desired, observed) != "PROVISIONED":
            sentence = "the table is on demand, and only provisioned capacity can be scaled"
            return Precondition(sentence, "billing_mode: PROVISIONED in the declaration")
        if capacity.mode_of(observed) != "PROVISIONED":
            return Precondition("waits until the table is provisioned", status=StepStatus.DEFERRED)
        index = self._capacity_of(change, desired, observed)[0]
        if index is None or _index_stays(index, desired, observed):
            return None
        if desired.global_indexes is None or _named(desired, index) is None:
            return Precondition(f"the table has no index {index}", "an auto_scaling without it")
        return Precondition(f"waits until index {index} is built", status=StepStatus.DEFERRED)

    def rank_of(self, step: Step) -> Rank:
        return scaling_wire.RANKS.get(step.call.operation, self.rank) if step.call else self.rank

    def _capacity_of(self, change: Change, desired: TableSpec, observed: TableSpec) -> ScaledCapacity:
        for scaled, differences in self._by_capacity(desired, observed):
            if any(difference == change for difference, _ in differences):
                return scaled
        raise ValueError(f"{change.path} is no difference between these two tables")

    def _differences(self, desired: TableSpec, observed: TableSpec) -> Iterator[Difference]:
        for _, differences in self._by_capacity(desired, observed):
            yield from differences

    def _by_capacity(
        self, desired: TableSpec, observed: TableSpec
    ) -> Iterator[tuple[ScaledCapacity, list[Difference]]]:
        if desired.auto_scaling is None:
            return
        seen = observed.auto_scaling or AutoScaling()
        for index, kind, want in desired.auto_scaling.capacities():
            scaled: ScaledCapacity = (index, kind)
            have = seen.of(index, kind) or OFF
            yield scaled, list(_capacity(desired.name, scaled, want, have))


def _off(owned: Set[ScaledCapacity], index: str | None, kind: str) -> Scaling | None:
    return OFF if (index, kind) in owned else None


def _off_members(off: AutoScaling | IndexScaling) -> Iterator[str]:
    """The members of a declaration that turn off these capacities, as YAML."""
    for kind in ("read", "write"):
        if getattr(off, kind) is not None:
            yield f"{kind}: {{enabled: false}}"
    if isinstance(off, AutoScaling) and off.indexes:
        each = (f"{{index_name: {index.name}, {', '.join(_off_members(index))}}}" for index in off.indexes)
        yield f"indexes: [{', '.join(each)}]"


def _capacity(table: str, scaled: ScaledCapacity, want: Scaling, have: Scaling) -> Iterator[Difference]:
    path = f"auto_scaling.indexes.{scaled[0]}.{scaled[1]}" if scaled[0] else f"auto_scaling.{scaled[1]}"
    if not want.enabled:
        if have.enabled:
            yield _change(f"{path}.enabled", True, False), scaling_wire.deregister(table, scaled)
        return
    limits = [_change(f"{path}.enabled", False, True)] if not have.enabled else []
    limits += _members(path, LIMITS, want, have)
    for change in limits:
        yield change, scaling_wire.register(table, scaled, want, have)
    for change in _members(path, TRACKING, want, have):
        yield change, scaling_wire.put_policy(table, scaled, want, have)
    if want.scheduled is not None:
        yield from _scheduled(table, scaled, path, want.scheduled, have.scheduled or ())


def _members(path: str, names: tuple[str, ...], want: Scaling, have: Scaling) -> list[Change]:
    pairs = ((name, getattr(have, name), getattr(want, name)) for name in names)
    return [
        _change(f"{path}.{name}", had, target) for name, had, target in pairs if target is not None and target != had
    ]


def _scheduled(
    table: str,
    scaled: ScaledCapacity,
    path: str,
    want: tuple[ScheduledScaling, ...],
    have: tuple[ScheduledScaling, ...],
) -> Iterator[Difference]:
    wanted, had = {action.name: action for action in want}, {action.name: action for action in have}
    for name in sorted(wanted.keys() | had.keys()):
        target, found = wanted.get(name), had.get(name)
        if target == found:
            continue
        change = _change(
            f"{path}.scheduled.{name}", scaling_wire.action_for_display(found), scaling_wire.action_for_display(target)
        )
        if target is None:
            yield change, scaling_wire.delete_action(table, scaled, name)
        else:
            yield change, scaling_wire.put_action(table, scaled, target)


def _change(path: str, before: object, after: object) -> Change:
    return Change(AutoScalingFacet.name, path, before, after)


def _index_stays(name: str, desired: TableSpec, observed: TableSpec) -> bool:
    """Whether an index exists and is not about to be deleted or rebuilt."""
    have = _named(observed, name)
    want = _named(desired, name) if desired.global_indexes is not None else have
    return have is not None and want is not None and (want.keys, want.projection) == (have.keys, have.projection)


def _named(spec: TableSpec, name: str) -> GlobalIndex | None:
    return next((index for index in spec.global_indexes or () if index.name == name), None)

"""What this stack has set on a table and no longer declares: tags to remove, and features that are left in place. Pure.

Undeclared means unmanaged, so a feature that vanished from a file stays as it is, and it is no drift. It is reported
with the line that removes it. A tag is removed only if this stack is proven to have set it, by the response of
TagResource or by a create of ours, and only while it has the value that was set. After a kill between a call and its
record nothing is proven, and the tag stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.facets import BY_NAME, FACETS
from reconciler.facets.base import Removal
from reconciler.facets.tags import OWNER_TAG, untag_call
from reconciler.model.change import Change
from reconciler.model.desired import Declaration
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Step
from reconciler.model.records import InventoryEntry, Managed
from reconciler.model.report import LeftInPlace
from reconciler.model.table import TableSpec
from reconciler.planning.diff import covered
from reconciler.planning.features import removals, with_value
from reconciler.planning.ownership import is_released, is_state_lost

TAGS, TAG = "tags", "tags."
FEATURE_STAYS = "no longer declared, left in place"
TAG_STAYS = "no longer declared, left in place: this stack is not proven to have set its present value"


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The record of what is managed as it should be, the step that removes tags, and what is left in place."""

    managed: Managed | None
    steps: tuple[Step, ...] = ()
    left_in_place: tuple[LeftInPlace, ...] = ()


def managed_of(entry: InventoryEntry | None, identity: Identity) -> Managed | None:
    """What is recorded as set on the table with this identity; ``None`` if that is unknown."""
    managed = entry.managed if entry is not None else None
    return managed if managed is not None and identity.same(managed.identity) else None


def spec_to_read(spec: TableSpec, entry: InventoryEntry | None) -> TableSpec:
    """The declared table, with a value for each field that is no longer declared and must still be read."""
    if entry is None or entry.managed is None or is_released(entry):
        return spec
    for name in entry.managed.features:
        facet = BY_NAME.get(name)
        removal = facet.removal(spec) if facet is not None and getattr(spec, name) is None else None
        if removal is not None:
            spec = with_value(spec, name, removal.value)
    has_tags = bool(entry.managed.tags) or any(name.startswith(TAG) for name in entry.managed.features)
    return replace(spec, tags=()) if has_tags and spec.tags is None else spec


def set_by_create(spec: TableSpec, earlier: Managed | None) -> Managed | None:
    """What a create of this declaration and the calls after it set; ``None`` if it is nothing that is recorded.

    ``earlier`` is that of a former create with the same nonce, whose response is not known: either of the two may turn
    out to have made the table.
    """
    features = {name for name, _ in removals(spec, spec)}
    tags = {key: value for key, value in spec.tags or () if key != OWNER_TAG}
    if earlier is not None:
        features.update(earlier.features)
        tags = {**earlier.tags, **tags}
    # As ``hand_back`` has it, so that the next pass need not write the record again.
    return Managed(None, tuple(sorted(features)), tags) if features or tags else None


def as_imported(observed: ObservedTable) -> Managed | None:
    """The record of a table that is declared as it is. Nothing on it was set by this stack, so no tag is ours."""
    features = [name for name, _ in removals(observed.spec, observed.spec) if name not in observed.changing]
    paths = sorted((*features, *(f"{TAG}{key}" for key, _ in observed.spec.tags or ())))
    return Managed(observed.identity, tuple(paths)) if paths else None


def hand_back(
    entry: InventoryEntry, declaration: Declaration, observed: ObservedTable, changes: Iterable[Change]
) -> HandedBack:
    """What follows for a declared table from its record and from ``changes``, its differences."""
    before = managed_of(entry, observed.identity)
    lifecycle = declaration.lifecycle
    if lifecycle.on_existing == "observe" or is_state_lost(entry) or observed.status != "ACTIVE":
        return HandedBack(entry.managed)
    recorded = before or Managed(observed.identity)
    left, features = _features(declaration, observed, recorded, changes)
    tags, gone, stay = _tags(declaration, observed, recorded)
    paths = tuple(sorted((*features, *stay)))
    managed = Managed(observed.identity, paths, tags) if paths or tags else None
    declared = dict(declaration.spec.tags or ())
    left += [LeftInPlace(path, TAG_STAYS) for path in stay if path.removeprefix(TAG) not in declared]
    shown = tuple(each for each in left if observed.spec.tags is not None or not each.path.startswith(TAG))
    return HandedBack(managed, _untag(observed, gone) if gone else (), shown)


def with_tags(managed: Managed | None, identity: Identity, step: Step) -> Managed:
    """The record after the response to ``step``, which set or removed tags."""
    known = managed if managed is not None and identity.same(managed.identity) else Managed(identity)
    tags, features = dict(known.tags), set(known.features)
    for change in step.changes:
        key = change.path.removeprefix(TAG)
        tags.pop(key, None)
        features.discard(change.path)
        if change.after is not None:
            tags[key] = change.after
    return replace(known, features=tuple(sorted(features)), tags=tags)


def _untag(observed: ObservedTable, gone: Mapping[str, str]) -> tuple[Step, ...]:
    """One step, because UntagResource counts towards a low rate limit and takes all keys at once."""
    changes = tuple(Change(TAGS, f"{TAG}{key}", value, None) for key, value in sorted(gone.items()))
    call = untag_call(observed.identity.arn, gone)
    return (Step(Action.UPDATE, TAGS, changes, call, message="set by this stack and no longer declared"),)


def _tags(
    declaration: Declaration, observed: ObservedTable, recorded: Managed
) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The tags that are ours, those of them to remove, and the paths of the others that are or were declared."""
    paths = [path for path in recorded.features if path.startswith(TAG)]
    if observed.spec.tags is None:
        return dict(recorded.tags), {}, paths
    ignore, live = declaration.lifecycle.ignore_changes, dict(observed.spec.tags)
    declared = {key: value for key, value in declaration.spec.tags or () if key != OWNER_TAG}
    ours: dict[str, str] = {}
    gone: dict[str, str] = {}
    others = {key for key in (path.removeprefix(TAG) for path in paths) if key in live or key in declared}
    for key, value in recorded.tags.items():
        if key in declared:
            # Tags are eventually consistent: right after TagResource, the former value may still be listed.
            if live.get(key) == value or live.get(key) != declared[key]:
                ours[key] = value
        elif covered(f"{TAG}{key}", ignore):
            continue
        elif live.get(key) == value:
            ours[key] = gone[key] = value
        elif key in live:
            others.add(key)
    others.update(key for key, value in declared.items() if live.get(key) == value and key not in ours)
    stay = [f"{TAG}{key}" for key in sorted(others - ours.keys()) if not covered(f"{TAG}{key}", ignore)]
    return ours, gone, stay


def _features(
    declaration: Declaration, observed: ObservedTable, recorded: Managed, changes: Iterable[Change]
) -> tuple[list[LeftInPlace], set[str]]:
    """What is left in place, and the features to record: declared and on, or no longer declared and still on."""
    spec, ignore = declaration.spec, declaration.lifecycle.ignore_changes
    differing = {change.facet for change in changes} | observed.changing
    on = dict(removals(spec, observed.spec))
    kept: set[str] = set()
    left: list[LeftInPlace] = []
    for facet in FACETS:
        name, before = facet.name, facet.name in recorded.features
        if covered(name, ignore):
            continue
        if getattr(observed.spec, name) is None or name in observed.unsupported:
            kept.update({name} if before else ())
        elif getattr(spec, name) is not None:
            if before if name in differing else name in on:
                kept.add(name)
        elif before and name in on:
            kept.add(name)
            left.append(_left(name, on[name]))
    return left, kept


def _left(name: str, removal: Removal) -> LeftInPlace:
    if removal.line is None:
        return LeftInPlace(name, f"{FEATURE_STAYS}: {removal.cost}")
    return LeftInPlace(name, FEATURE_STAYS, removal.line, removal.cost)

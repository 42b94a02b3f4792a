"""Whose a live table is: the inventory entry that follows from what is recorded and what is seen.

Called by the engine for every table it looks at. A table is *created* by us only when that is proven; in doubt it is
*adopted*, which can never lead to a delete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.observed import ObservedTable
from reconciler.model.records import InventoryEntry, Ownership

CLOCK_SLACK = timedelta(seconds=1)
"""Emulators round CreationDateTime; on endpoints without tags a create is ours from this long before the intent on."""


@dataclass(frozen=True, slots=True)
class World:
    """What ownership depends on beside the table: our scope, and whether the endpoint can carry owner tags.

    ``new_world`` is true on an emulator whose state table did not exist: tables there are adopted, never state_lost.
    """

    scope: str
    has_tags: bool
    new_world: bool


def owner_tag(scope: str, nonce: str) -> str:
    """The value of our owner tag: stack, environment and the nonce of the intent."""
    return f"{scope}/{nonce}"


def resolve(
    entry: InventoryEntry | None,
    declaration: Declaration,
    observed: ObservedTable,
    world: World,
    *,
    equals_request: bool,
) -> InventoryEntry:
    """The entry as it should be now. ``equals_request`` says that the table is just what CreateTable would make."""
    lifecycle = declaration.lifecycle
    if entry is not None and entry.ownership == "released":
        return entry
    if entry is not None and entry.ownership == "intent":
        ours = _intent_came_true(entry, observed, world, equals_request=equals_request)
        return _claimed(entry, observed, "created" if ours else "adopted", lifecycle)
    if entry is not None and observed.identity.same(entry.identity):
        owned = lifecycle.on_existing == "own" and entry.ownership != "created"
        ownership: Ownership = "created" if owned else entry.ownership
        return replace(entry, ownership=ownership, lifecycle=lifecycle, base_name=declaration.base_name)
    stranger = InventoryEntry(observed.spec.name, declaration.base_name, "adopted", nonce="")
    return _claimed(stranger, observed, "state_lost" if _tagged_ours(observed, world) else "adopted", lifecycle)


def asks_for_tag(entry: InventoryEntry | None, *, has_tags: bool) -> bool:
    """Whether the owner tag must be read: where nothing is recorded yet, or an intent is open."""
    return has_tags and (entry is None or entry.ownership == "intent")


def _claimed(
    entry: InventoryEntry, observed: ObservedTable, ownership: Ownership, lifecycle: Lifecycle
) -> InventoryEntry:
    if lifecycle.on_existing == "own":
        ownership = "created"
    return replace(
        entry,
        ownership=ownership,
        identity=observed.identity,
        lifecycle=lifecycle,
        unwanted_since=None,
        empty_since=None,
    )


def _intent_came_true(entry: InventoryEntry, observed: ObservedTable, world: World, *, equals_request: bool) -> bool:
    if world.has_tags:
        return observed.owner_tag == owner_tag(world.scope, entry.nonce)
    if entry.changed_at is None or not equals_request:
        return False
    return datetime.fromisoformat(observed.identity.created) >= entry.changed_at - CLOCK_SLACK


def _tagged_ours(observed: ObservedTable, world: World) -> bool:
    tag = observed.owner_tag
    return not world.new_world and tag is not None and tag.rsplit("/", 1)[0] == world.scope

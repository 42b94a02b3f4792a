"""Whose a live table is: the inventory entry that follows from what is recorded and what is seen.

Called by the engine for every table it looks at. A table is *created* by us only when that is proven; in doubt it is
*adopted*, which can never lead to a delete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import InventoryEntry, Ownership

TAKEN_OVER, LOST = "taken-over", "lost"
"""In the place of a nonce: of a table that we took over by its tag, and of one that was taken over from us."""


@dataclass(frozen=True, slots=True)
class World:
    """What ownership depends on beside the table: our scope, and whether the endpoint can carry owner tags.

    ``new_world`` is true on an emulator whose state table did not exist: tables there are adopted, never state_lost.
    ``now`` dates what is claimed.
    """

    scope: str
    has_tags: bool
    new_world: bool
    now: datetime


def owner_tag(scope: str, nonce: str) -> str:
    """The value of our owner tag: stack, environment and the nonce of the intent."""
    return f"{scope}/{nonce}"


def bears_tag(entry: InventoryEntry, tag: str | None, scope: str) -> bool:
    """Whether the owner tag is that of this record: with its nonce, from this scope or the one it came from."""
    scopes = (scope, entry.tagged_as) if entry.tagged_as else (scope,)
    return tag is not None and tag in [owner_tag(each, entry.nonce) for each in scopes]


def scope_of(tag: str) -> str:
    """Stack and environment of an owner tag."""
    return tag.rsplit("/", 1)[0]


def resolve(
    entry: InventoryEntry | None,
    declaration: Declaration,
    observed: ObservedTable,
    world: World,
) -> InventoryEntry:
    """The entry as it should be now. A table is created by us where our record of its identity or our tag proves it.

    After a lost answer or a crash nothing else does: an application or another stack may have made an equal table.
    """
    lifecycle = declaration.lifecycle
    if entry is not None and entry.ownership == "released":
        return entry
    if entry is not None and entry.ownership == "intent":
        ours = observed.identity.same(entry.identity) or _intent_came_true(entry, observed, world)
        return _claimed(entry, observed, "created" if ours else "adopted", lifecycle, world)
    if entry is not None and observed.identity.same(entry.identity):
        late = entry.ownership == "adopted" and _intent_came_true(entry, observed, world)
        if entry.ownership != "created" and (late or lifecycle.on_existing == "own"):
            entry = replace(entry, ownership="created", nonce=_kept_nonce(entry, observed, world), changed_at=world.now)
        if entry.ending_at is not None and observed.status == "ACTIVE":
            entry = replace(entry, ending_at=None)
        if (entry.lifecycle, entry.base_name) == (lifecycle, declaration.base_name):
            return entry
        return replace(entry, lifecycle=lifecycle, base_name=declaration.base_name)
    name, base = observed.spec.name, declaration.base_name
    stranger = InventoryEntry(name, base, "adopted", nonce="", ours_since=ours_since(entry))
    return _claimed(stranger, observed, "state_lost" if _tagged_ours(observed, world) else "adopted", lifecycle, world)


def declared_by(entry: InventoryEntry, declaration: Declaration, project: str | None) -> InventoryEntry:
    """The entry with the file, and the project, that declare its table now; a released table is left as it is."""
    project = project or entry.project
    if entry.ownership == "released" or (entry.declared_in, entry.project) == (declaration.origin.file, project):
        return entry
    return replace(entry, declared_in=declaration.origin.file, project=project)


def was_there_before(entry: InventoryEntry | None, observed: ObservedTable) -> bool:
    """Whether the table is none that is managed already: without a record, or made by others in place of that one."""
    if entry is None:
        return True
    return entry.ownership != "intent" and not observed.identity.same(entry.identity)


def asks_for_tag(entry: InventoryEntry | None, identity: Identity, lifecycle: Lifecycle | None) -> bool:
    """Whether the owner tag must be read: no record of this very table is settled, or the declaration says ``own``.

    A record of the identity is enough for every other table; its tag is read before something is written.
    """
    if entry is not None and (entry.nonce == LOST or _tag_may_come(entry)):
        return True
    if entry is None or entry.ownership in ("intent", "released") or not identity.same(entry.identity):
        return True
    return lifecycle is not None and lifecycle.on_existing == "own"


def _tag_may_come(entry: InventoryEntry) -> bool:
    """Whether it was adopted after a create of ours whose tag could not be seen yet; tags are set asynchronously."""
    return entry.ownership == "adopted" and entry.nonce not in ("", TAKEN_OVER, LOST)


def untagged(step: Step, entry: InventoryEntry | None, observed: ObservedTable, scope: str) -> Step | None:
    """Why a destructive step must not go at an endpoint with tags; ``None`` where an owner tag stands as it should.

    A table that lost our tag is not ours, whatever the record says: somebody removed the tag to keep the table. Tags
    that could not be read say nothing. A tag of another scope is judged by ``scopes.other_owner``.
    """
    if entry is None or entry.ownership != "created":
        return None
    if not observed.owner_known:
        return step.blocked(
            Reason.NOT_OWNED, "its owner tag cannot be read, so nobody can tell whose it is", "ListTagsOfResource"
        )
    if entry.nonce not in ("", LOST) and observed.owner_tag is None:
        return step.blocked(
            Reason.NOT_OWNED,
            f"its owner tag {OWNER_TAG} was removed since this stack created it, so it is not ours to delete",
            f"the tag {OWNER_TAG}={owner_tag(scope, entry.nonce)} on the table again",
        )
    return None


def wanted_again(entry: InventoryEntry | None) -> InventoryEntry | None:
    """The entry of a declared table that had been forgotten: that wish is over, whatever can be seen of the table."""
    if entry is None or (entry.forgotten_since is None and entry.renamed_to is None):
        return entry
    over = replace(entry, forgotten_since=None, guarded_since=None, unwanted_since=None, empty_since=None)
    return replace(over, renamed_to=None)


def forgotten(entry: InventoryEntry, now: datetime, *, foreign: bool, renamed_to: str | None) -> InventoryEntry:
    """The entry of a table that is not declared, with the time since when that is so of one of ours.

    A wish to replace it is none to prune it. ``foreign`` says that the declarations look like those of another stack;
    ``renamed_to`` are the tables that its file declares in its place.
    """
    ours = entry.ownership in ("created", "intent")
    if ours and entry.forgotten_since is None:
        entry = replace(entry, forgotten_since=now, unwanted_since=None, empty_since=None)
    if ours and renamed_to is not None and entry.renamed_to is None:
        entry = replace(entry, renamed_to=renamed_to)
    return replace(entry, guarded_since=now) if foreign and entry.guarded_since is None else entry


def ours_since(entry: InventoryEntry | None) -> datetime | None:
    """Since when tables of ours stand under the name of this one, whichever of them it was; None where none did yet."""
    if entry is None or entry.ownership not in ("created", "intent"):
        return None
    return entry.ours_since or (entry.changed_at if entry.ownership == "created" else None)


def taken_back(entry: InventoryEntry) -> InventoryEntry:
    """What was released is adopted: once it was declared no more and is declared again, or once it is imported."""
    if entry.ownership != "released":
        return entry
    return replace(entry, ownership="adopted", nonce="", unwanted_since=None)


def cannot_be_told_yet(entry: InventoryEntry | None, observed: ObservedTable) -> bool:
    """Whether a table without an owner tag is too young to be judged: tags are set asynchronously (TagResource)."""
    unsettled = entry is None or entry.ownership == "intent" or not observed.identity.same(entry.identity)
    return unsettled and observed.owner_known and observed.owner_tag is None and observed.status == "CREATING"


def wait(observed: ObservedTable) -> Step:
    """What happens to such a table for now."""
    message = f"table {observed.spec.name} is CREATING, and whose it is cannot be told yet"
    return Step(Action.CREATE, "table").deferred(Reason.BUSY, message)


def state_lost() -> Step:
    """What stands against a table that is ours by its tag alone."""
    return Step(Action.UPDATE, "ownership").blocked(
        Reason.STATE_LOST,
        "the table carries our owner tag but the inventory had no entry: the state was lost, so it is adopted, not"
        " seeded and never deleted",
        "lifecycle.on_existing: own",
    )


def _claimed(
    entry: InventoryEntry, observed: ObservedTable, ownership: Ownership, lifecycle: Lifecycle, world: World
) -> InventoryEntry:
    if lifecycle.on_existing == "own" and ownership != "created":
        nonce = _kept_nonce(entry, observed, world)
        ownership, entry = "created", replace(entry, nonce=nonce, changed_at=world.now)
    return replace(
        entry,
        ownership=ownership,
        identity=observed.identity,
        lifecycle=lifecycle,
        unwanted_since=None,
        empty_since=None,
        forgotten_since=None,
        guarded_since=None,
        renamed_to=None,
        ours_since=entry.ours_since if ownership == "created" else None,
    )


def _intent_came_true(entry: InventoryEntry, observed: ObservedTable, world: World) -> bool:
    """Whether the live table carries the nonce of our create. Without tags only CreateTable's answer could tell."""
    drawn = entry.nonce not in ("", TAKEN_OVER, LOST)
    return world.has_tags and drawn and bears_tag(entry, observed.owner_tag, world.scope)


def _kept_nonce(entry: InventoryEntry, observed: ObservedTable, world: World) -> str:
    """The nonce of a table that is ours from now on: none where its tag was never that of our create."""
    if entry.nonce in ("", TAKEN_OVER, LOST) or _intent_came_true(entry, observed, world):
        return entry.nonce
    return ""


def _tagged_ours(observed: ObservedTable, world: World) -> bool:
    tag = observed.owner_tag
    return not world.new_world and tag is not None and scope_of(tag) == world.scope

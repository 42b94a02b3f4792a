"""What the tool remembers between passes, one frozen type a kind of record. Each belongs to a stack and environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Identity

Ownership = Literal["intent", "created", "adopted", "state_lost", "released"]
CountedChange = Literal["ttl", "mode", "class", "decrease"]
"""Kinds of change that the service counts: time to live, the switch to on demand, the table class, less capacity."""
SeedState = Literal["started", "done", "cleared"]


class OwnTag(StrEnum):
    """What became of our owner tag on a table."""

    OF_CREATE = "of_create"
    """It carries the nonce of our create; there is none of ours where the record has no nonce."""
    TAKEN_OVER = "taken_over"
    """We put it over the tag of another stack."""
    OVERWRITTEN = "overwritten"
    """Another stack put its tag over ours."""


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """Whose a table is; ``planning.ownership`` decides it and knows what state the members stand for.

    ``nonce`` is that of our create, empty where none was ours. ``own_tag`` says what became of our owner tag.
    ``intent`` is written before CreateTable and has no identity yet; ``created`` may be pruned and replaced under the
    deletion gate; ``adopted`` is managed in place and never deleted by pruning; ``state_lost`` carries our owner tag
    but had no entry; ``released`` is left alone until it was declared no more. ``lifecycle`` is the last declared one,
    so that ``protect`` outlives its file. ``unwanted_since`` is when a pass first wished to delete or replace this
    identity (or first saw a released table undeclared), ``empty_since`` when it was first proven empty since then,
    ``forgotten_since`` when a table of ours was first declared no more, ``guarded_since`` when the declarations were
    first found to look like those of another stack. ``ours_since`` is when the first table that we made under this name
    was made, where later ones of ours took its place; None where this one is the first. ``declared_in`` is the file
    that declared the table last, relative to the declarations' folder and with slashes; None in records of older
    releases. ``tagged_as`` is the stack and environment in the owner tag of a table whose record was transferred from
    there. ``ending_at`` is set right before a call that deletes the table is sent: whoever reads it must expect
    that call. ``project`` is the folder of the project that declared the table last, where its stack is named after the
    folder. ``renamed_to`` names the tables that the file of a table which is declared no more declared in its place.
    ``revision`` rises with every write of the record and is the condition of the next one; 0 stands for a
    record that was not read. ``unknown`` holds members of a newer version as they are stored; a rewrite keeps them.
    """

    name: str
    base_name: str
    ownership: Ownership
    nonce: str
    identity: Identity | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    changed_at: datetime | None = None
    unwanted_since: datetime | None = None
    empty_since: datetime | None = None
    forgotten_since: datetime | None = None
    guarded_since: datetime | None = None
    ours_since: datetime | None = None
    declared_in: str | None = None
    tagged_as: str | None = None
    ending_at: datetime | None = None
    project: str | None = None
    renamed_to: str | None = None
    revision: int = field(default=0, compare=False)
    unknown: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    own_tag: OwnTag = OwnTag.OF_CREATE


@dataclass(frozen=True, slots=True)
class Claim:
    """What another stack or environment has written down about a table, in the same state table.

    ``identity`` is ``None`` while a create of theirs is open, and where their record cannot be read: such a claim
    goes by the name alone.
    """

    scope: str
    ownership: Ownership
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class SeedRecord:
    """How far seeding went. ``cleared`` goes by name, the others lapse with the identity.

    ``digest`` is that of the seed which the record speaks of, ``count`` its number of items when done, ``at`` the time
    of the last transition. ``written`` and ``uncertain`` are packed digests of items in the table with this identity
    (``reconciler.seeding.provenance``); further ones are in the ``SeedPart`` records of the table. ``earlier`` is how
    many items of an earlier version of the seed the table held when seeding went on with a seed that had changed.
    """

    name: str
    state: SeedState
    digest: str
    source: str
    identity: Identity | None
    count: int = 0
    at: datetime | None = None
    written: str = ""
    uncertain: str = ""
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class SeedPart:
    """Packed digests that no longer fit into the ``SeedRecord`` of a large seed. ``name`` is ``TABLE#00001``."""

    name: str
    identity: Identity | None
    written: str = ""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often writing a field did not stick, by change path, for one identity: the convergence breaker's memory.

    ``wanted`` holds, by path, the declared value (as canonical JSON) that was written; another wish starts anew.
    ``seen`` holds what read back after the first write, in the same form, ``refused`` when a write was last refused as
    unknown, or as busy though nothing was under way. ``missed`` holds what our own read-back right after the last write
    showed where that write did not take, ``contested`` when it took and the field had differed again before.
    """

    name: str
    identity: Identity | None
    counts: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, datetime] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)
    contested: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuotaUsage:
    """When we made changes that the service counts, for one identity, as far as no answer of the service tells it.

    ``times`` are those of the calls, oldest first, ``refused`` the last refusal of a kind that no time explains.
    """

    name: str
    identity: Identity | None
    times: Mapping[CountedChange, tuple[datetime, ...]] = field(default_factory=dict)
    refused: Mapping[CountedChange, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexRebuild:
    """An index of table ``name`` that is being replaced by another one: what ``rebuild-index`` goes on from.

    ``ready_at`` is when the new index was first seen whole; the old one stays for ``hold`` seconds after that.
    """

    name: str
    identity: Identity
    index: str
    new_index: str
    started: datetime
    hold: int
    ready_at: datetime | None = None

    @property
    def drop_at(self) -> datetime:
        """When the old index may go, at the earliest."""
        return (self.ready_at or self.started) + timedelta(seconds=self.hold)

    @property
    def left_alone(self) -> tuple[str, ...]:
        """The paths of both indexes, which no pass touches meanwhile."""
        return (f"global_indexes.{self.index}", f"global_indexes.{self.new_index}")


CAP_WINDOW = timedelta(hours=1)
"""What went within this time counts towards the cap on deletes."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A table that a capped pass deleted or replaced, written down right before the call."""

    name: str
    identity: Identity
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspension:
    """The loop's writes are stopped, by whom and since when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may write. ``token`` rises with every new holder and fences the former one.

    ``holder`` is the ID of a process, ``name`` its host and process number for people. ``beat`` rises with every
    renewal: others believe in a holder for as long as they see it change, by their own steady clocks. ``expires`` is by
    the holder's wall clock, for people only: no decision is made on it. ``released`` frees the lease at once.
    """

    holder: str
    token: int
    expires: datetime
    beat: int = 0
    released: bool = False
    name: str = ""

    @property
    def shown(self) -> str:
        """The holder as messages name it: HOST:PID, or its ID where an older version wrote the lease."""
        return self.name or self.holder

    @property
    def heartbeat(self) -> tuple[str, int, int, datetime]:
        """What changes with every renewal and every new holder."""
        return (self.holder, self.token, self.beat, self.expires)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The world the inventory belongs to; a pass in another one writes nothing."""

    partition: str
    account: str
    region: str
    state_table: Identity

    def same(self, other: Fingerprint) -> bool:
        """Whether both name one world."""
        here = (self.partition, self.account, self.region)
        there = (other.partition, other.account, other.region)
        return here == there and self.state_table.same(other.state_table)


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """Every record of one stack and environment, read at the start of a pass. ``usable`` is false without a table.

    ``elsewhere`` holds, by table name, what other stacks and environments in the same state table say of it.
    """

    usable: bool = True
    fresh: bool = False
    """True when the state table did not exist before this run (on an emulator: a new world)."""
    inventory: Mapping[str, InventoryEntry] = field(default_factory=dict)
    foreign_claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    seeds: Mapping[str, SeedRecord] = field(default_factory=dict)
    seed_parts: Mapping[str, SeedPart] = field(default_factory=dict)
    attempts: Mapping[str, Attempts] = field(default_factory=dict)
    quota_usage: Mapping[str, QuotaUsage] = field(default_factory=dict)
    rebuilds: Mapping[str, IndexRebuild] = field(default_factory=dict)
    ended: Mapping[str, Ended] = field(default_factory=dict)
    suspension: Suspension | None = None
    lease: Lease | None = None
    recorded_fingerprint: Fingerprint | None = None
    actual_fingerprint: Fingerprint | None = None
    notices: tuple[str, ...] = ()
    """What was done to the records, as sentences."""
    problem: str | None = None
    """Why the state table cannot be used, as a sentence."""
    rolled_back: str | None = None
    """Why these records must be an older copy than what was seen before, as a sentence: nothing is written then."""

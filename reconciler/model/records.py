"""The records of the state table: one frozen type per kind. Each record belongs to one stack and environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass

Ownership = Literal["intent", "created", "adopted", "state_lost", "released"]
CountedChange = Literal["ttl", "mode", "class", "decrease"]
"""Kinds of change with a quota: time to live, the switch to on demand, the table class, decreases of capacity."""
SeedState = Literal["started", "done", "cleared"]
OnConflict = Literal["fail", "newest", "keep-first"]
"""What becomes of several items that have one key in the new table."""
MigrationDirection = Literal["up", "down"]
CopyEngine = Literal["scan", "bulk", "import"]
"""How items are copied to the next generation of a table: by Scan and PutItem, or by jobs of the service."""


class OwnTag(StrEnum):
    """What became of our owner tag on a table."""

    OF_CREATE = "of_create"
    """It carries the nonce of our create; there is none of ours where the record has no nonce."""
    TAKEN_OVER = "taken_over"
    """We put it over the tag of another stack."""
    OVERWRITTEN = "overwritten"
    """Another stack put its tag over ours."""


@dataclass(frozen=True, slots=True)
class Managed:
    """What this stack has set on one table, so that it can be handed back once it is no longer declared.

    - ``identity``: the table. It is ``None`` while a create is open; then the record speaks of what that create sets.
    - ``features``: names of the facets that were declared and on when the table last converged, and ``tags.KEY`` for
      each declared tag that this stack is not proven to have set.
    - ``tags``: the tags that this stack is proven to have set, with the value that it set.
    """

    identity: Identity | None = None
    features: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InventoryEntry:
    """The ownership of one table. ``planning.ownership`` is the state machine that decides on it.

    docs/concepts/safety.md describes each ownership. All times are UTC.

    - ``nonce``: that of our create, empty if the create was not ours. ``own_tag``: the state of our owner tag.
    - ``identity``: ``None`` for an ``intent``, which is written before CreateTable.
    - ``lifecycle``: the last declared one, so that ``protect`` outlives the file that declared it.
    - ``unwanted_since``: when a pass first planned to delete or replace this identity, or first saw a released table
      undeclared. ``empty_since``: when it was first proven empty after that.
    - ``forgotten_since``: when a table of ours was first no longer declared.
    - ``guarded_since``: when the declarations first looked like those of another stack.
    - ``ours_since``: when we first created a table of this name; ``None`` if this is the first one.
    - ``declared_in``: the file that last declared the table, relative to the folder of the declarations, with slashes;
      ``None`` in records of older releases.
    - ``tagged_as``: the stack and environment in the owner tag, if the record was transferred from there.
    - ``ending_at``: set right before a call that deletes the table. Any reader must expect that call.
    - ``project``: the folder of the project that last declared the table, if the stack is named after the folder;
      else the folder of the declarations that the table was created from.
    - ``renamed_to``: the tables that the file declares instead of a table that is no longer declared.
    - ``managed``: what this stack has set on the table; ``None`` if that is unknown, as in records of older releases.
    - ``cancelled_shape``: the declared shape, see ``planning.shapes``, whose replacement a person has cancelled. No
      pass begins it again.
    - ``revision``: rises with each write and is the condition of the next one; 0 for a record that was not read.
    - ``unknown``: members that a newer version stored. A write keeps them.
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
    managed: Managed | None = None
    cancelled_shape: str | None = None
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
    ``updating`` is true from the start of ``seed --update`` until it has changed all items that it may change.
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
    updating: bool = False


@dataclass(frozen=True, slots=True)
class SeedPart:
    """Packed digests that no longer fit into the ``SeedRecord`` of a large seed. ``name`` is ``TABLE#00001``."""

    name: str
    identity: Identity | None
    written: str = ""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a write took no effect, by path of the change, for one identity. Read by ``planning.breaker``.

    All members are by path, and values are canonical JSON.

    - ``wanted``: the declared value that was written. Another declared value starts anew.
    - ``seen``: the value that was observed after the first write.
    - ``refused``: when a write was last refused as unknown, or as busy while nothing was in progress.
    - ``missed``: the value of our read-back right after the last write, if that write took no effect.
    - ``contested``: when a write took effect although the field had differed again before.
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
    """When we made changes with a quota, for one identity. The service does not return these times.

    ``times`` are those of the calls, oldest first. ``refused`` is the last refusal that ``times`` does not explain.
    """

    name: str
    identity: Identity | None
    times: Mapping[CountedChange, tuple[datetime, ...]] = field(default_factory=dict)
    refused: Mapping[CountedChange, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexRebuild:
    """An index rebuild in progress on table ``name``, from which ``rebuild-index`` resumes.

    ``ready_at`` is when the new index was first seen ACTIVE. The old one stays for ``hold`` seconds after that.
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
        """The paths of both indexes. No pass changes them during the rebuild."""
        return (f"global_indexes.{self.index}", f"global_indexes.{self.new_index}")


class Phase(StrEnum):
    """How far a replacement is. ``reconciler.mover.phases`` has the transitions."""

    COPYING = "copying"
    """The items go from the table into a copy aside."""
    COMPARING = "comparing"
    """The copy has every item; the table and the copy are compared, and differences are copied again."""
    DELETING = "deleting"
    """Both were equal. DeleteTable is about to be sent, or was."""
    CREATING = "creating"
    """The table is gone. The copy is the only place that has its items."""
    RETURNING = "returning"
    """The items go from the copy into the new table."""
    VERIFYING = "verifying"
    """Every item was returned; the copy and the new table are compared."""
    CLEANING = "cleaning"
    """The new table has every item, and the copy is removed."""
    CANCELLING = "cancelling"
    """The table stays as it is, and the copy is removed."""
    DONE = "done"


BEFORE_DELETION = frozenset({Phase.COPYING, Phase.COMPARING, Phase.DELETING, Phase.CANCELLING})
"""Phases in which the table may still be there with all its items."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """The replacement of table ``name``, from which any process continues.

    - ``identity``: the table that is replaced. ``target``: the new table, once it is known.
    - ``aside``: the name of the copy, ``aside_identity`` its identity once it is known.
    - ``keys``: the key of the new table as ``attribute KIND TYPE``, partition key first.
    - ``items``, ``size``: what the table held when the replacement began, in items and in bytes as DynamoDB counts.
    - ``copied``: items that went through in the present phase.
    - ``on_conflict``, ``newest_by``: what becomes of items that have one key in the new table.
    - ``asked``: whether a person asked for it with ``replace``; ``keep``: whether the copy stays at the end.
    - ``problem``: why it does not go on by itself, as a sentence; ``accepted``: whether a person accepted, with
      ``--finish``, that the new table differs from the copy.
    - ``digest``: of all items, as ``reconciler.mover.digest`` computes it. ``others``: items that others wrote into the
      new table before the end.
    """

    name: str
    phase: Phase
    identity: Identity
    aside: str
    keys: tuple[str, ...]
    started: datetime
    aside_identity: Identity | None = None
    target: Identity | None = None
    items: int = 0
    size: int = 0
    copied: int = 0
    on_conflict: OnConflict = "fail"
    newest_by: str = ""
    asked: bool = False
    paused: bool = False
    keep: bool = False
    accepted: bool = False
    problem: str | None = None
    digest: str = ""
    others: int = 0
    finished: datetime | None = None

    @property
    def under_way(self) -> bool:
        """Whether anything is left to do."""
        return self.phase is not Phase.DONE

    @property
    def table_deleted(self) -> bool:
        """Whether the former table is gone, so that the copy is the only place that has all items."""
        return self.under_way and self.phase not in BEFORE_DELETION

    @property
    def may_be_cancelled(self) -> bool:
        """Whether ``replace --cancel`` is of use: not once the table may be deleted, nor a second time."""
        return self.phase in (Phase.COPYING, Phase.COMPARING)

    def interrupts(self, live: Identity | None) -> bool:
        """Whether it is all that may happen to the table now. ``live`` is the table that is there, if any is."""
        if self.table_deleted or self.phase is Phase.CANCELLING:
            return True
        return live is None or not live.same(self.identity)


class GenerationPhase(StrEnum):
    """How far the next generation of a table is. ``reconciler.mover.generation_phases`` has the transitions."""

    CREATE = "create"
    """The new table is created with the declared shape."""
    CAPTURE = "capture"
    """The stream of the old table is turned on, and its first positions are recorded."""
    COPY = "copy"
    """The items of the old table are put where the new table has no item with their key."""
    REPLAY = "replay"
    """Changes since the capture are repeated on the new table, in their order."""
    VERIFY = "verify"
    """Both tables are compared."""
    READY = "ready"
    """Both were equal. Changes are repeated until a person asks for the switch."""
    FENCE = "fence"
    """Writes to the old table are denied, and the last changes are repeated and compared."""
    SWITCH = "switch"
    """The new name is published. Its own changes are captured already."""
    HOLD = "hold"
    """The declared name means the new table. Its changes are repeated on the old one."""
    REVERT = "revert"
    """Writes to the new table are denied, and its last changes are repeated on the old one."""
    RETURN = "return"
    """The old name is published again."""
    FINISH = "finish"
    """The old table is deleted through the deletion gate, or kept."""
    CANCEL = "cancel"
    """The declared name means the old table, and the new one is removed."""
    FINISHED = "finished"
    CANCELLED = "cancelled"


ENDED = frozenset({GenerationPhase.FINISHED, GenerationPhase.CANCELLED})
SWITCHED = frozenset(
    {
        GenerationPhase.SWITCH,
        GenerationPhase.HOLD,
        GenerationPhase.REVERT,
        GenerationPhase.FINISH,
        GenerationPhase.FINISHED,
    }
)
"""Phases in which the declared name means the new table."""


JobKind = Literal["export", "bulk", "import"]
"""What a job of the service does with a table: it exports it to S3, or loads the files into the new one."""
JobState = Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class CopyJob:
    """A job of the service that copies the items of a table, as it was last seen. It is shown, and decides nothing.

    ``items`` and ``size`` (bytes) are what the service says that it has exported or read so far; it tells them of some
    jobs only at their end. ``refused`` items were not written. ``started`` and ``ended`` are times of the service.
    """

    kind: JobKind
    state: JobState
    items: int = 0
    size: int = 0
    refused: int = 0
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """The work on the next generation of the table that is declared as ``name``, from which any process continues.

    It outlives the work, because it is the pointer too: it says which table the declared name means.

    - ``old``, ``new``: the names of both tables. ``old_identity`` is that of the start, ``new_identity`` is ``None``
      until the answer of the create is known, or the import that makes the table has ended. A table with another
      identity stops the work.
    - ``number``: 2 for ``orders-g2``. ``keys``: the key of the new table as ``attribute KIND TYPE``.
    - ``items``, ``size``: what the old table held at the start, in items and bytes as DynamoDB counts.
    - ``copied``, ``replayed``: items copied, and changes repeated in the present direction.
    - ``lag``: how old the last change was when it was repeated, in seconds; ``None`` if none was.
    - ``old_stream``, ``new_stream``: whether this work turned on the stream of that table, so that it is turned off.
    - ``fence_since``: since when every attempt at a write was denied.
    - ``switch``, ``paused``, ``keep``, ``finish``: what a person decided. ``fencing``: whether writes are denied before
      the switch; without it a person stops the writers. ``on_conflict``, ``newest_by``: as in ``Replacement``.
    - ``again``: whether the copy starts again, because changes were lost before they could be repeated.
    - ``problem``: why it does not go on by itself, as a sentence.
    - ``engine``: how the items are copied; with ``import`` the work begins with the capture. ``through``: where in S3
      the jobs of the service put them meanwhile, as ``s3://bucket/prefix``; empty for ``scan``. ``jobs``: those jobs,
      as they were last seen.
    - ``digest``: of all items when both tables were last equal. ``switched``: when the name was published. ``hold``:
      seconds for which changes of the new table are repeated on the old one.
    - ``yielded``: items of the old table that the new one lacks, because ``on_conflict`` kept another one.
    - ``shape``: what of the declaration needs another table, as ``planning.shapes.shape_of`` writes it.
    - ``pointer``: what has the name of the table, as ``Pointer.text``, also where the declaration is gone.
    - ``max_rcu``, ``max_wcu``: read and write units per second of each table that a person allowed; ``None`` means a
      share of the table's capacity.
    - ``change_rate``, ``replay_rate``: changes per second that are made and that are repeated, when both were
      last measured. ``behind_since``: since when the first exceeds the second.
    """

    name: str
    phase: GenerationPhase
    number: int
    old: str
    new: str
    old_identity: Identity
    keys: tuple[str, ...]
    started: datetime
    new_identity: Identity | None = None
    items: int = 0
    size: int = 0
    copied: int = 0
    replayed: int = 0
    lag: int | None = None
    old_stream: bool = False
    new_stream: bool = False
    fence_since: datetime | None = None
    fencing: bool = True
    on_conflict: OnConflict = "fail"
    newest_by: str = ""
    switch: bool = False
    paused: bool = False
    keep: bool = False
    finish: bool = False
    again: bool = False
    problem: str | None = None
    digest: str = ""
    switched: datetime | None = None
    hold: int = 0
    finished: datetime | None = None
    engine: CopyEngine = "scan"
    through: str = ""
    yielded: int = 0
    shape: str | None = None
    pointer: str | None = None
    change_rate: int | None = None
    replay_rate: int | None = None
    behind_since: datetime | None = None
    max_rcu: int | None = None
    max_wcu: int | None = None
    jobs: tuple[CopyJob, ...] = ()

    @property
    def waits_for_switch(self) -> bool:
        """Whether the new table has all items, and only a person decides when it takes the place of the old one."""
        decided = self.switch or self.paused or self.problem is not None
        return self.phase is GenerationPhase.READY and not decided

    @property
    def switch_command(self) -> str:
        """The command that puts the new table in the place of the old one, as text with backticks."""
        return f"`reconciler replace {self.name} --switch`"

    @property
    def under_way(self) -> bool:
        """Whether anything is left to do."""
        return self.phase not in ENDED

    @property
    def may_go_back(self) -> bool:
        """Whether ``replace --cancel`` is of use: not once the old table is to be deleted, because nothing follows."""
        return self.under_way and self.phase is not GenerationPhase.FINISH

    @property
    def current(self) -> str:
        """The table that the declared name means now."""
        return self.new if self.phase in SWITCHED else self.old

    @property
    def other(self) -> str | None:
        """The table of the two that the declared name does not mean, during the work; ``None`` after it."""
        if not self.under_way:
            return None
        return self.old if self.phase in SWITCHED else self.new

    @property
    def hold_until(self) -> datetime | None:
        """When the hold ends; ``None`` before the switch."""
        return None if self.switched is None else self.switched + timedelta(seconds=self.hold)


CAP_WINDOW = timedelta(hours=1)
"""Deletions within this time count towards the cap on deletes (I6)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A deletion or replacement that counts towards the cap; recorded right before the call."""

    name: str
    identity: Identity
    at: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far one part of long work on the items of a table has come: a segment of its Scan, or a shard of its stream.

    - ``name``: ``TABLE#WORK#PART``, for example ``users#0007_add_status#00002``.
    - ``identity``: the table that is read. A checkpoint of another identity is void.
    - ``started_as``: what the work was started with, for example a checksum. A checkpoint of another start is void.
    - ``position``: the key after which the next page starts, as text; ``None`` at the beginning.
    - ``counts``: of items, by what was done with them.
    - ``data``: what else the work has to remember, for example a sequence number.
    - ``token``: the fencing token of its last writer, as it was read.
    """

    name: str
    identity: Identity
    started_as: str
    position: str | None = None
    finished: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    token: int = field(default=0, compare=False)


class MigrationChecksums(NamedTuple):
    """SHA-256 of a migration file, and of what is left of it without the name of its table."""

    content: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class ItemMigration:
    """A migration of items that was started on one table.

    - ``name``: that of its file, without the suffix.
    - ``table``, ``identity``: the table. A record of another identity is void: the table was created again.
    - ``checksum``: of its file. ``direction``: ``down`` while the migration is being undone.
    - ``segments``: the number of parts of the Scan, which stays the same when another process resumes.
    - ``finished``: when the last item was done; ``None`` before. ``by``: who started it, as HOST:PID or a person.
    - ``counts``: of items, by what was done with them. ``token``: the fencing token of its last writer, as it was read.
    - ``moved``: whether the items went to this table before it was finished, so that it starts again at the first one.
    """

    name: str
    table: str
    identity: Identity
    checksum: str
    direction: MigrationDirection
    segments: int
    by: str
    started: datetime
    finished: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    token: int = field(default=0, compare=False)
    body: str = ""
    moved: bool = False

    @property
    def applied(self) -> bool:
        """Whether the table has all of it."""
        return self.direction == "up" and self.finished is not None

    def is_of(self, file: MigrationChecksums) -> bool:
        """Whether it is of this file, the name of its table apart: that changes where the table is renamed."""
        return self.checksum == file.content or bool(self.body and self.body == file.body)


@dataclass(frozen=True, slots=True)
class Suspension:
    """Who suspended all writes of the stack, and since when."""

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
        """The members that change with each renewal and each new holder."""
        return (self.holder, self.token, self.beat, self.expires)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The endpoint that the records belong to. A pass at another endpoint writes nothing (I3)."""

    partition: str
    account: str
    region: str
    state_table: Identity

    def same(self, other: Fingerprint) -> bool:
        """Whether both name the same endpoint."""
        here = (self.partition, self.account, self.region)
        there = (other.partition, other.account, other.region)
        return here == there and self.state_table.same(other.state_table)


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """Every record of one stack and environment, read at the start of a pass. ``usable`` is false without a table.

    ``foreign_claims`` holds, by table name, the claims of other stacks and environments in the same state table.
    """

    usable: bool = True
    fresh: bool = False
    """True if the state table did not exist before this run; on an emulator that means it was reset."""
    inventory: Mapping[str, InventoryEntry] = field(default_factory=dict)
    foreign_claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    seeds: Mapping[str, SeedRecord] = field(default_factory=dict)
    seed_parts: Mapping[str, SeedPart] = field(default_factory=dict)
    attempts: Mapping[str, Attempts] = field(default_factory=dict)
    quota_usage: Mapping[str, QuotaUsage] = field(default_factory=dict)
    rebuilds: Mapping[str, IndexRebuild] = field(default_factory=dict)
    replacements: Mapping[str, Replacement] = field(default_factory=dict)
    generations: Mapping[str, Generation] = field(default_factory=dict)
    """By declared name."""
    set_aside: Mapping[str, InventoryEntry] = field(default_factory=dict)
    """Records of tables that no declaration means while the next generation of one is built. No record is in both."""
    ended: Mapping[str, Ended] = field(default_factory=dict)
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    migrations: Mapping[str, ItemMigration] = field(default_factory=dict)
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

    def copy_of(self, name: str) -> Replacement | None:
        """The replacement under way whose copy aside has this name. Such a table is nobody's but the mover's."""
        return next((each for each in self.replacements.values() if each.under_way and each.aside == name), None)

    def generation_of(self, table: str) -> Generation | None:
        """The work on the next generation of the table that has this name now, if any is under way."""
        return next((each for each in self.generations.values() if each.under_way and each.current == table), None)

    def generation_with(self, table: str) -> Generation | None:
        """The work under way that the declared name does not mean this table of, or ``None``."""
        return next((each for each in self.generations.values() if each.other == table), None)

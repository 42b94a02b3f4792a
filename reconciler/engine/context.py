"""The ports of the engine in one bundle, and the watch that notices when they lead to another endpoint.

Wiring or a simulation builds one ``EngineContext`` per process. Its ``EndpointWatch`` remembers what earlier passes
saw; ``authorization`` asks it at the start of each pass, and ``observe`` compares the ARN in each response.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime

from reconciler.engine.ports import (
    NULL_TRACING,
    Clock,
    DeclarationSource,
    ItemApi,
    ManyDescriptions,
    Parallel,
    Random,
    RequestValidator,
    StateStore,
    TableApi,
    TableReplacer,
    Telemetry,
    Tracing,
)
from reconciler.model.desired import DesiredState
from reconciler.model.errors import EndpointError, SettingsError
from reconciler.model.identity import Endpoint
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Fingerprint, Generation, MigrationChecksums, StateSnapshot

RESTART = "Restart the process to use the present endpoint"


@dataclass(slots=True)
class EndpointWatch:
    """Compares endpoint, account and state table with those of earlier passes.

    ``identify`` identifies the endpoint at the start of a pass, and ``confirm`` does so at any other time. Both may be
    ``None``; then nothing is compared.
    """

    identify: Callable[[], Endpoint] | None = None
    confirm: Callable[[], Endpoint] | None = None
    current: Endpoint | None = None
    """The endpoint that the last pass found. Some emulators show their account only in the ARN of a table."""
    changed_to: Endpoint | None = None
    """The endpoint that the last pass found instead of the expected one."""
    fingerprint: Fingerprint | None = None
    """The state table of the last pass that was allowed to write."""
    seen_at: datetime | None = None
    moved: bool = False
    """Whether the endpoint or the account has changed since that state table was seen."""

    def problem(self, known: Endpoint) -> str | None:
        """Why this pass must not continue, or ``None``. Raises ``ApiError`` while the endpoint does not respond."""
        self.changed_to = None
        if self.identify is None:
            return None
        try:
            current = self.identify()
        except (EndpointError, SettingsError) as error:
            return str(error)
        self.current = current
        if known.same_as(current):
            return None
        self.changed_to, self.moved = current, True
        return (
            f"the endpoint or the account changed: it was {known}; it is {current}. "
            "This pass writes nothing; the next one uses the new endpoint"
        )

    def record(self, snapshot: StateSnapshot, now: datetime) -> None:
        """Remember the state table that a pass with permission to write has read."""
        if snapshot.actual_fingerprint is not None:
            self.fingerprint, self.seen_at, self.moved = snapshot.actual_fingerprint, now, False

    def other_state_problem(self, snapshot: StateSnapshot, *, emulator: bool) -> str | None:
        """Why the state table cannot be trusted, or ``None``: it is not the one that earlier passes used.

        One case is legitimate. An emulator loses everything when it restarts, and another process creates a new state
        table; that table is younger than the last pass. An older table belongs to another endpoint.
        """
        before, now = self.fingerprint, snapshot.actual_fingerprint
        if before is None or now is None or before.same(now):
            return None
        replaceable = emulator or (not self.moved and _place(before) == _place(now))
        if replaceable and self.seen_at is not None and _created(now) > self.seen_at:
            return None
        return (
            "the state table is not the one that this process used before "
            f"({_shown(before)}; now {_shown(now)}): nothing is written. {RESTART}"
        )

    def missing_state_problem(self, snapshot: StateSnapshot, *, emulator: bool) -> str | None:
        """Why a missing state table must not be created, or ``None``.

        The process had one before the endpoint or account changed. A new one would lose the inventory, so that tables
        of this stack would look like tables of others.
        """
        if self.fingerprint is None or emulator or snapshot.usable or not self.moved:
            return None
        problem = snapshot.problem or "the state table cannot be used"
        return f"{problem}, but this process used one before: nothing is written. {RESTART}"


def _place(fingerprint: Fingerprint) -> tuple[str, str, str]:
    return fingerprint.partition, fingerprint.region, fingerprint.account


def _created(fingerprint: Fingerprint) -> datetime:
    try:
        created = datetime.fromisoformat(fingerprint.state_table.created)
    except ValueError:
        return _LONG_AGO
    return created if created.tzinfo is not None else _LONG_AGO


def _shown(fingerprint: Fingerprint) -> str:
    return f"{':'.join(_place(fingerprint))}, created {fingerprint.state_table.created}"


_LONG_AGO = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class EngineContext:
    """Every port of the engine. Built once for each endpoint; ``endpoint`` is what was identified then."""

    api: TableApi
    items: ItemApi
    store: StateStore
    source: DeclarationSource
    clock: Clock
    random: Random
    telemetry: Telemetry
    parallel: Parallel
    validator: RequestValidator
    endpoint: Endpoint
    traces: Tracing = NULL_TRACING
    many: ManyDescriptions | None = None
    """Reads tables that are probably unchanged; ``None`` where only ``api`` can."""
    endpoint_watch: EndpointWatch = field(default_factory=EndpointWatch)
    """Notices when ``endpoint`` or the state table is no longer the one that earlier passes used."""
    replacer: Callable[[], TableReplacer] | None = None
    """Makes the replacer at its first use. Without it, a table cannot be replaced with its items."""

    migration_files: Callable[[], Mapping[str, MigrationChecksums]] | None = None
    """Reads the files of the migrations of items, without importing them; ``None`` where there are none to read."""

    def declared(self, generations: Mapping[str, Generation]) -> DesiredState:
        """The declarations, with the names of the tables that they mean now. Raises ``DeclarationError``."""
        return self.meant(self.source.load(), generations)

    def meant(self, desired: DesiredState, generations: Mapping[str, Generation]) -> DesiredState:
        """These declarations, with the names of the tables that they mean now. Raises ``StateError``."""
        renamed = any(each.renamed_from for each in desired.as_read.declarations)
        if not (generations or renamed):
            return desired
        # Imported for the rare stack with a table of another generation; see the start-up budget.
        from reconciler.planning.generations import awaiting_moves, former_names, resolved

        if not renamed:
            return resolved(desired, generations)
        snapshot = self.store.load()
        return resolved(desired, generations, awaiting_moves(desired, snapshot), former_names(desired, snapshot))

    @property
    def emulator(self) -> bool:
        """Whether the endpoint is an emulator, where losing data costs nothing."""
        return self.endpoint.flavor.emulator

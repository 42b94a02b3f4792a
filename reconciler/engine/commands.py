"""What commands that write without a pass share: authorization, the lease, finding the table, and waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime

from reconciler.engine.authorization import acquire_lease, authorize_writes
from reconciler.engine.context import EngineContext
from reconciler.engine.observe import with_owner
from reconciler.model.change import Call
from reconciler.model.desired import Declaration
from reconciler.model.errors import DeclarationError, StateError, UsageError
from reconciler.model.json_values import to_the_second
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.records import StateSnapshot
from reconciler.planning.scopes import foreign_owner, not_ours
from reconciler.planning.text import printable

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
REPORTED_SECONDS = 1.0
"""A pause of this length follows shorter ones that were about as long together: it is time to say what for."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command. ``finished`` is false if the same command must be run again to continue.

    ``messages`` are sentences for a person; ``data`` has the same facts for ``-o json``.
    """

    messages: tuple[str, ...]
    finished: bool
    data: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class CommandContext:
    """One run of a command, which stops waiting at ``deadline``."""

    ports: EngineContext
    options: Options
    allowed_accounts: frozenset[str]
    deadline: datetime
    on_wait: Callable[[str], None] | None = None
    """Called with a sentence on what the command waits for, once for each."""
    reported: set[str] = field(default_factory=set)

    def begin(self) -> StateSnapshot:
        """Authorize writing, acquire the lease, and return the state as it is since then.

        Raises ``UsageError`` in observe mode, and ``StateError`` if writing is not allowed or the lease is held.
        """
        if self.options.mode == "observe":
            raise UsageError("RECONCILER_MODE=observe: nothing is written")
        snapshot = self._state()
        self.acquire_lease()
        return snapshot if self.ports.store.is_current(snapshot) else self._state()

    def _state(self) -> StateSnapshot:
        authorization = authorize_writes(self.ports, self.options, self.allowed_accounts, dry=False, explicit=True)
        if authorization.error:
            raise StateError(authorization.error)
        return authorization.snapshot

    def refuse_foreign(self, snapshot: StateSnapshot, observed: ObservedTable) -> None:
        """Raise ``StateError`` if the table belongs to another stack or environment."""
        name = observed.spec.name
        observed = with_owner(self.ports, observed)
        other = foreign_owner(snapshot, self.options, name, observed)
        if other is not None:
            raise StateError(not_ours(name, other))

    def acquire_lease(self) -> None:
        """Acquire or renew the lease. Raises ``StateError`` if a living process holds it."""
        acquire_lease(self.ports)

    def declared(self, table: str) -> Declaration | None:
        """The declaration with this name or base name; ``None`` if there is none or the declarations have errors."""
        try:
            return self.ports.declared(self.ports.store.load().generations).named(table)
        except DeclarationError:
            return None

    def check(self, call: Call) -> Call:
        """The call itself. Raises ``UsageError`` if the service model of botocore refuses it."""
        problem = self.ports.validator.problem(call)
        if problem is not None:
            raise UsageError(problem)
        return call

    def pause(self, last: float, until: datetime | None = None, *, why: str = "") -> float | None:
        """Wait longer than ``last`` seconds, or until a time. Returns the seconds, or ``None`` at the deadline.

        ``why`` is a clause that is reported once the wait gets long.
        """
        now = self.ports.clock.now()
        seconds = min(max(last * 2, FIRST_PAUSE), LONGEST_PAUSE) if until is None else (until - now).total_seconds()
        left = (self.deadline - now).total_seconds()
        if why and seconds >= REPORTED_SECONDS and left > 0 and self.on_wait is not None and why not in self.reported:
            self.reported.add(why)
            self.on_wait(
                printable(f"Waiting: {why}; this command ends at {to_the_second(self.deadline)} at the latest.")
            )
        if left <= 0 or not self.ports.clock.sleep(max(0.0, min(seconds, left))):
            return None
        return seconds

"""Every error that the reconciler raises on purpose, and the outcome that each class leads to.

ReconcilerError
├── UsageError                  a command was called with invalid arguments
├── SettingsError               a setting is missing or malformed
├── DeclarationError            the desired state is broken; carries every Problem found
├── StateError                  the state table cannot be used
├── EndpointError               the endpoint did not respond within RECONCILER_WAIT
└── ApiError                    a call to the endpoint failed
    ├── NotFound                the table (or index) is not there
    ├── Busy                    the resource is being changed, or a change of it is under way
    │   ├── NameTaken           a create that was sent once found a table of that name
    │   ├── LeaseLost           another reconciler holds the lease
    │   └── RecordChanged       a record was written after it was read
    ├── TableChanged            the table was deleted or replaced by another one
    ├── Throttled               slow down: throttling, account limits, too many operations at once
    │   └── QuotaUsedUp         a quota in time is used up: later, by its hours and not by seconds
    ├── Denied                  credentials are refused, expired or not found
    │   └── Forbidden           they are good, and lack this permission
    ├── Rejected                the request breaks a rule of the service; sending it again changes nothing
    ├── ConditionFailed         a conditional write met another value
    ├── OutcomeUnknown          an item may have been removed; nobody can say by whom, or whether it had changed
    ├── Unsupported             the endpoint does not know the operation
    ├── Unreachable             no answer; the call was never applied (refused, unresolved)
    ├── Ambiguous               no usable answer; the call may have been applied (timeout, reset, 5xx)
    └── Malformed               an answer without its required keys, garbled, or not UTF-8
        └── EndpointChanged     what answers is not the endpoint, or not the account, that was identified
"""

from __future__ import annotations

from enum import StrEnum

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import column_of, located


class Outcome(StrEnum):
    """How the engine reacts to a failed call. No other decision depends on the class of an error."""

    AGAIN = "again"
    RETRY = "retry"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem in a declaration or a seed: file, line (from 1), field, what is wrong, and what to do.

    ``line`` is a ``Position`` where the column is known.
    """

    file: str
    line: int | None
    field: str | None
    reason: str
    remedy: str

    @property
    def column(self) -> int | None:
        """The column of the value in its line, from 1 in characters; None where it is unknown."""
        return column_of(self.line)

    def __str__(self) -> str:
        subject = f"{self.field}: " if self.field else ""
        return f"{located(self.file, self.line)}: {subject}{self.reason}. {self.remedy}"


class ReconcilerError(Exception):
    """Base class of all errors raised on purpose. The text is a sentence for the user."""


class Interrupted(Exception):
    """The process was asked to stop. Raised between two calls, never within one. No command treats it as a failure."""


class OutputError(ReconcilerError):
    """Standard output cannot be written. What the command did by then stands."""


class UsageError(ReconcilerError):
    """A command was called with invalid arguments."""


class SettingsError(ReconcilerError):
    """A setting is missing, malformed or contradicts another."""


class StateError(ReconcilerError):
    """The state table cannot be used. Nothing is written without it."""


class EndpointError(ReconcilerError):
    """Nothing answered at the endpoint within RECONCILER_WAIT."""


class DeclarationError(ReconcilerError):
    """The desired state cannot be used as a whole; ``problems`` holds everything found at once.

    ``warnings`` belong to the same load: a skipped file may explain a problem.
    """

    def __init__(self, problems: tuple[Problem, ...], warnings: tuple[str, ...] = ()) -> None:
        self.problems = problems
        self.warnings = warnings
        super().__init__("\n".join(str(problem) for problem in problems))


class ApiError(ReconcilerError):
    """A call failed. ``code`` is the service's error code, kept for display only."""

    outcome: Outcome = Outcome.RETRY

    def __init__(self, operation: str, code: str, message: str) -> None:
        self.operation = operation
        self.code = code
        self.message = message
        super().__init__(f"{operation}: {code}: {message}")


class NotFound(ApiError):
    """The table or index named in the call does not exist (or not yet, or no longer)."""

    outcome = Outcome.AGAIN


class Busy(ApiError):
    """ResourceInUseException and its kin: the resource is in a state that forbids the call now."""

    outcome = Outcome.AGAIN


class NameTaken(Busy):
    """CreateTable, sent once, found a table of that name: it made none (ResourceInUseException)."""


class LeaseLost(Busy):
    """Another reconciler holds the lease. Nothing more is written; the next pass observes its changes."""


class RecordChanged(Busy):
    """A record was written after it was read. The stale record decides nothing; the next pass reads it again."""


class TableChanged(ApiError):
    """The table was deleted or replaced during the pass. Nothing more is sent to it."""

    outcome = Outcome.NEVER


class Throttled(ApiError):
    """Throttling or LimitExceededException: back off, other tables go on."""

    outcome = Outcome.AGAIN


class QuotaUsedUp(Throttled):
    """A quota per hour or day is used up (billing mode, decreases, time to live). A back-off of seconds cannot help."""


class Denied(ApiError):
    """Credentials refused or expired, or a permission is missing."""

    outcome = Outcome.RETRY


class Forbidden(Denied):
    """The credentials are good and this one permission is missing."""


class Rejected(ApiError):
    """ValidationException: the request itself is wrong for this table."""

    outcome = Outcome.NEVER


class ConditionFailed(ApiError):
    """ConditionalCheckFailedException: somebody else wrote first."""

    outcome = Outcome.NEVER


class OutcomeUnknown(ApiError):
    """The answer of a delete of one item is lost or is no proof: the item may be gone, with what others added to it.

    It is not retried: a second attempt would find no item and take that for success.
    """

    outcome = Outcome.NEVER


class Unsupported(ApiError):
    """UnknownOperationException: this endpoint does not have the operation."""

    outcome = Outcome.NEVER


class Unreachable(ApiError):
    """Connection refused or name not resolved: nothing was applied."""

    outcome = Outcome.RETRY


class Ambiguous(ApiError):
    """The answer was lost or is a server error: observe again, never assume."""

    outcome = Outcome.RETRY


class Malformed(ApiError):
    """The answer lacks a required key, is garbled or not UTF-8; it forbids destructive steps in this pass."""

    outcome = Outcome.RETRY


class EndpointChanged(Malformed):
    """Another endpoint answers at the URL, or the credentials belong to another account: nothing more is written."""

"""Every error the tool raises on purpose, and the four outcomes they lead to.

ReconcilerError
├── UsageError                  a command was called with words that do not fit
├── SettingsError               a setting is missing or malformed
├── DeclarationError            the desired state is broken; carries every Problem found
├── StateError                  the state table cannot be used
├── EndpointError               the endpoint did not answer in the time that was given to it
└── ApiError                    a call to the endpoint failed
    ├── NotFound                the table (or index) is not there
    ├── Busy                    the resource is being changed, or a change of it is under way
    │   ├── NameTaken           a create that was sent once found a table of that name
    │   ├── LeaseLost           another reconciler leads by now
    │   └── RecordChanged       a record is not any more as it was read
    ├── TableChanged            the table of this name is another one by now, or there is none
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

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What the engine does about the end of a call; nothing else is ever decided on an error."""

    AGAIN = "again"
    RETRY = "retry"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a declaration or a seed, placed so that it can be mended."""

    file: str
    line: int | None
    field: str | None
    reason: str
    remedy: str

    def __str__(self) -> str:
        location = self.file if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.field}: " if self.field else ""
        return f"{location}: {subject}{self.reason}. {self.remedy}"


class ReconcilerError(Exception):
    """Base of every error raised on purpose; its text is a sentence for the user."""


class Interrupted(Exception):
    """The process is to stop. Raised between two calls, never within one; no verb handles it as a failure."""


class UsageError(ReconcilerError):
    """A command was called with arguments that it does not take."""


class SettingsError(ReconcilerError):
    """A setting is missing, malformed or contradicts another."""


class StateError(ReconcilerError):
    """The state table cannot be used; without it nothing is written."""


class EndpointError(ReconcilerError):
    """Nothing answered at the endpoint within RECONCILER_WAIT."""


class DeclarationError(ReconcilerError):
    """The desired state cannot be used as a whole; ``problems`` holds everything found at once.

    ``warnings`` are those of the same reading: a file that was passed over may explain a problem.
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
    """Another reconciler leads by now: nothing more is written, and the next pass sees what it made of things."""


class RecordChanged(Busy):
    """Somebody wrote a record since it was read: nothing is done on what it said, and the next pass reads it again."""


class TableChanged(ApiError):
    """The table was deleted, or deleted and created again, while it was worked on: nothing more is sent to it."""

    outcome = Outcome.NEVER


class Throttled(ApiError):
    """Throttling or LimitExceededException: back off, other tables go on."""

    outcome = Outcome.AGAIN


class QuotaUsedUp(Throttled):
    """A quota in time is used up (a mode switch, a decrease, time to live): backing off for seconds cannot help."""


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

    It is not tried again, because a second attempt would find the item gone and read that as success.
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

"""The refusals of the service by error code, in the form that the adapter passes to the engine."""

from __future__ import annotations

from reconciler.model.errors import Busy, NameTaken, NotFound, QuotaUsedUp, Rejected, Throttled, Unsupported


def invalid(operation: str, why: str) -> Rejected:
    return Rejected(operation, "ValidationException", why)


def in_use(operation: str, why: str) -> Busy:
    return Busy(operation, "ResourceInUseException", why)


def taken(operation: str, why: str) -> NameTaken:
    return NameTaken(operation, "ResourceInUseException", why)


def limit(operation: str, why: str) -> Throttled:
    return Throttled(operation, "LimitExceededException", why)


def used_up(operation: str, why: str) -> QuotaUsedUp:
    """A quota in time, in the words of the service; that of time to live it calls not valid."""
    code = "ValidationException" if operation == "UpdateTimeToLive" else "LimitExceededException"
    return QuotaUsedUp(operation, code, why)


def throttled(operation: str) -> Throttled:
    return Throttled(operation, "ThrottlingException", "slow down")


def missing(operation: str, why: str) -> NotFound:
    return NotFound(operation, "ResourceNotFoundException", why)


def no_policy(operation: str) -> NotFound:
    return NotFound(operation, "PolicyNotFoundException", "there is no such policy, or not in this revision")


def backups_unavailable(operation: str) -> Busy:
    return Busy(operation, "ContinuousBackupsUnavailableException", "backups are being enabled for the table")


def no_backup(operation: str) -> NotFound:
    return NotFound(operation, "BackupNotFoundException", "there is no such backup")


def unknown(operation: str) -> Unsupported:
    return Unsupported(operation, "UnknownOperationException", "no such operation here")


def mismatch(operation: str) -> Rejected:
    return Rejected(operation, "IdempotentParameterMismatchException", "the token was used for another request")

"""Classifies each failed call as one subclass of ``ApiError``. Called by ``ApiClient`` alone.

The error code decides, else the HTTP status, else the exception. The text of an error decides only where one code has
two meanings (``QUOTA_WORDS``). If AWS changes these words, the code alone decides, which costs a retry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Busy,
    ConditionFailed,
    Denied,
    Forbidden,
    Malformed,
    NameTaken,
    NotFound,
    QuotaUsedUp,
    Rejected,
    Throttled,
    Unreachable,
    Unsupported,
)

CODES: Mapping[type[ApiError], frozenset[str]] = {
    NotFound: frozenset(
        {
            "ParameterNotFound",
            "ResourceNotFoundException",
            "ResourceNotFound",
            "TableNotFoundException",
            "IndexNotFoundException",
            "BackupNotFoundException",
            "PolicyNotFoundException",
            "ObjectNotFoundException",
        }
    ),
    Busy: frozenset(
        {
            "ResourceInUseException",
            "TableInUseException",
            "TableAlreadyExistsException",
            "BackupInUseException",
            # Right after CreateTable, while DynamoDB still sets up continuous backups (rule 23).
            "ContinuousBackupsUnavailableException",
            "ReplicatedWriteConflictException",
            "TransactionConflictException",
            "TransactionInProgressException",
            "ConcurrentUpdateException",
        }
    ),
    Throttled: frozenset(
        {
            # Too many operations on tables at once (rule 20); ``QUOTA_WORDS`` tells its other meanings.
            "LimitExceededException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
        }
    ),
    Rejected: frozenset(
        {
            "ValidationException",
            "ValidationError",
            "SerializationException",
            "DuplicateItemException",
            "IdempotentParameterMismatchException",
            "ItemCollectionSizeLimitExceededException",
            "FailedResourceAccessException",
        }
    ),
    ConditionFailed: frozenset({"ConditionalCheckFailedException"}),
    Unsupported: frozenset({"UnknownOperationException", "NotImplemented", "NotImplementedException"}),
    Ambiguous: frozenset(
        {
            "InternalServerError",
            "InternalFailure",
            "InternalServiceException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "RequestTimeout",
        }
    ),
}
BAD_CREDENTIALS = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "RequestExpired",
    }
)
EXPIRED = ("ExpiredToken",)
FORBIDDEN = ("AccessDenied", "Unauthorized", "ReadOnly")
"""These are prefixes, for services spell them with and without ``Exception``; ``ReadOnly`` is our own guard's."""
QUOTA_WORDS: Mapping[str, tuple[str, ...]] = {
    "LimitExceededException": ("Update to PayPerRequest mode", "throughput decreases are limited"),
    "ValidationException": ("modified multiple times within a fixed interval",),
}
"""Words of DynamoDB for a used-up quota per time. The same codes also mean other refusals (rules 6, 7, 10)."""
NOT_IMPLEMENTED = 501
"""With any code it means that an operation is missing: LocalStack calls a service that it lacks an InternalFailure.

Without a code it is the answer of something in front of the endpoint, which knows nothing about its operations.
"""
LONGEST_MESSAGE = 500
CANCELLED = "TransactionCanceledException"


def asks_for_new_credentials(error: ApiError) -> bool:
    """Whether the credentials themselves were refused, so that a session built anew may find rotated ones."""
    return isinstance(error, Denied) and not error.code.startswith(FORBIDDEN)


def says_no_policy(error: ApiError) -> bool:
    """Whether a resource exists and has no policy, which is an answer; a missing resource is another error."""
    return error.operation == "GetResourcePolicy" and error.code == "PolicyNotFoundException"


def from_answer(operation: str, response: Mapping[str, Any]) -> ApiError:
    """The error for an answer of the service that says it failed (``ClientError.response``)."""
    error = response.get("Error") or {}
    code = str(error.get("Code") or "")
    status = int((response.get("ResponseMetadata") or {}).get("HTTPStatusCode") or 0)
    kind = _by_cancellation(response) if code == CANCELLED else _by_code(code) or _by_status(code, status)
    if status == NOT_IMPLEMENTED and not is_bare(code):
        kind = Unsupported
    message = _one_line(error.get("Message"))
    if any(words.lower() in message.lower() for words in QUOTA_WORDS.get(code, ())):
        kind = QuotaUsedUp
    # If the first sending was applied, the second one changes nothing, which is a ValidationException too (rule 5).
    if kind is Rejected and _sent_again(response):
        return Ambiguous(operation, code, f"{message} (to a second sending: the first may have been applied)")
    # In response to a retry, the table may be the one that our own first sending created.
    if kind is Busy and operation == "CreateTable" and code == "ResourceInUseException" and not _sent_again(response):
        kind = NameTaken
    return kind(operation, code or f"HTTP {status}", message)


def is_bare(code: str) -> bool:
    """Whether an answer names no error type of a service: botocore then gives the HTTP status in the place of one."""
    return not code or code.isdecimal()


def _sent_again(response: Mapping[str, Any]) -> bool:
    """Whether the SDK sent the request more than once, so that a refusal may be about what the first one did."""
    return bool((response.get("ResponseMetadata") or {}).get("RetryAttempts"))


def metadata(error: ApiError) -> Mapping[str, Any]:
    """What the service says of an answer that is an error: request id, status, attempts; empty without an answer."""
    response = getattr(error.__cause__, "response", None) or {}
    said: Mapping[str, Any] = response.get("ResponseMetadata") or {}
    return said


def _one_line(message: object) -> str:
    """A proxy's page of HTML becomes a line as well."""
    return " ".join(str(message or "no message").split())[:LONGEST_MESSAGE]


def sdk_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What the SDK raises and ``others``, for an ``except`` clause: it is called, and botocore imported, only once
    something failed.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError, *others)


def from_exception(operation: str, error: Exception) -> ApiError:
    """The error for a call that ended without an answer of the service, or with one that cannot be read."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        asked = getattr(error, "operation_name", operation)
        if asked != operation.rpartition(":")[2]:
            # Signing asks other services for credentials: STS, SSO. Their refusal is not that of DynamoDB.
            return Denied(operation, "CredentialsNotLoaded", f"{asked} is refused: {_one_line(error)}")
        return from_answer(operation, error.response)
    if isinstance(error, OSError) and error.filename and not isinstance(error, exceptions.BotoCoreError):
        return Denied(operation, "CredentialsNotLoaded", f"{error.filename}: {error.strerror or 'cannot be read'}")
    kinds: tuple[tuple[tuple[type[Exception], ...], type[ApiError]], ...] = (
        ((exceptions.ParamValidationError,), Rejected),
        ((exceptions.ConnectionError,), Unreachable),
        ((exceptions.IncompleteReadError, exceptions.ChecksumError), Malformed),
        ((exceptions.HTTPClientError,), Ambiguous),
        (_credential_errors(), Denied),
        ((exceptions.BotoCoreError,), Ambiguous),
    )
    for classes, kind in kinds:
        if isinstance(error, classes):
            return kind(operation, type(error).__name__, str(error))
    return Malformed(operation, type(error).__name__, "the answer could not be read")


def _credential_errors() -> tuple[type[Exception], ...]:
    from botocore import exceptions

    return (
        *(exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError),
        *(exceptions.NoAuthTokenError, exceptions.TokenRetrievalError, exceptions.MetadataRetrievalError),
        *(exceptions.SSOError, exceptions.RefreshWithMFAUnsupportedError, exceptions.UnknownCredentialError),
    )


def _by_code(code: str) -> type[ApiError] | None:
    for kind, codes in CODES.items():
        if code in codes:
            return kind
    if code.startswith("Throttl"):
        return Throttled
    if code.startswith(FORBIDDEN):
        return Forbidden
    if code in BAD_CREDENTIALS or code.startswith(EXPIRED):
        return Denied
    return None


def _by_status(code: str, status: int) -> type[ApiError]:
    """An unknown code of a 4xx is a refusal; without any code it was not the service that answered."""
    if status >= 500 or status == 0:
        return Ambiguous
    if status == 429:
        return Throttled
    if status in (401, 403, 407):
        return Denied
    return Malformed if code in ("", str(status)) else Rejected


def _by_cancellation(response: Mapping[str, Any]) -> type[ApiError]:
    """A cancelled transaction says for each item why; the reason that waiting cannot mend comes first."""
    reasons = {str(reason.get("Code")) for reason in response.get("CancellationReasons") or ()}
    if "ConditionalCheckFailed" in reasons:
        return ConditionFailed
    if reasons & {"ValidationError", "ItemCollectionSizeLimitExceeded"}:
        return Rejected
    if reasons & {"ThrottlingError", "ProvisionedThroughputExceeded"}:
        return Throttled
    return Busy

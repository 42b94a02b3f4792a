"""An invalid answer, or credentials that are refused, forbid a pass to destroy anything from then on (I3).

It does not matter which call and table it came to. Answers of the first half of a pass are judged by ``holding``;
those to calls that change something are noted here by ``applying``, and asked for right before each destructive call.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.errors import ApiError, Denied, EndpointChanged, Forbidden, Malformed
from reconciler.model.plan import Reason, Step


@dataclass(slots=True)
class SafetyLatch:
    """Whether such an answer came while this pass was acting."""

    closed: bool = False
    endpoint_changed: bool = False
    """Whether an answer came from another endpoint or account: then nothing at all is written any more."""

    def note(self, error: ApiError) -> None:
        """Take in how a call ended."""
        self.closed = self.closed or closes_latch(error)
        self.endpoint_changed = self.endpoint_changed or isinstance(error, EndpointChanged)


def closes_latch(error: ApiError | None) -> bool:
    """Whether nothing may be destroyed in the pass that met it; a missing permission alone is no such error."""
    refused = isinstance(error, Denied) and not isinstance(error, Forbidden)
    return refused or isinstance(error, Malformed)


def endpoint_changed_step(step: Step) -> Step:
    """A step of any kind after an answer of another endpoint or account."""
    return step.blocked(Reason.INVALID_ANSWER, "the endpoint or the account changed in this pass", "the next pass")


def latched_step(step: Step) -> Step:
    """A destructive step after such an answer."""
    return step.blocked(Reason.INVALID_ANSWER, "an invalid answer came earlier in this pass", "the next pass")

"""An invalid answer in a pass forbids it to destroy anything from then on, whichever call and table it came to.

Answers of the first half of a pass are judged by ``holding``; those to calls that change something are noted here by
``applying``, and asked for right before each destructive call.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.errors import ApiError, Malformed
from reconciler.model.plan import Reason, Step


@dataclass(slots=True)
class Doubt:
    """Whether an answer of this pass was invalid while it was acting."""

    invalid: bool = False

    def note(self, error: ApiError) -> None:
        """Take in how a call ended."""
        self.invalid = self.invalid or isinstance(error, Malformed)


def doubted(step: Step) -> Step:
    """A destructive step after an invalid answer."""
    return step.blocked(Reason.INVALID_ANSWER, "an invalid answer came earlier in this pass", "the next pass")

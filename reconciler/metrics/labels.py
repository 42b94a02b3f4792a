"""The allowed values of enumerated labels; any other value becomes ``other``.

Label values come only from declarations and from here, so that no response and no request can add series.
"""

from __future__ import annotations

from typing import Literal

from reconciler.model.change import is_read
from reconciler.model.plan import Action
from reconciler.model.report import TableStatus, Verdict

OTHER = "other"

TableDetail = Literal["full", "status", "none"]
"""Which series a table gets of its own: all; status, drift start and blocked reasons; or none."""

STATUSES = tuple(status.value for status in TableStatus)
ACTIONS = tuple(action.value for action in Action)
ACTION_RESULTS = ("success", "failure")
SEED_RESULTS = ("written", "present", "removed", "kept", "failed")
TRIGGERS = ("start", "interval", "followup", "file", "signal", "api", "once", "up")
PASS_RESULTS = tuple(verdict.value for verdict in Verdict)
SKIP_REASONS = ("overlap", "missed", "error")
REQUEST_TYPES = ("read", "write")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CODE_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


def known(value: str, values: tuple[str, ...]) -> str:
    """``value`` if it is one of ``values``, else ``other``."""
    return value if value in values else OTHER


def request_type(operation: str) -> str:
    """``read`` for operations that change nothing; anything else is a ``write``."""
    return "read" if is_read(operation) else "write"


def code_class(status: int) -> str:
    """``2xx`` for 200 to 299, and so on."""
    return known(f"{status // 100}xx", CODE_CLASSES)

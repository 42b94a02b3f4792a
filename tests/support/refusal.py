"""The refusal of a call by the imaginary table of ``table_model``."""

from __future__ import annotations


class Refused(AssertionError):
    """The service would answer this call with an error."""


def require(condition: object, why: str) -> None:
    """Refuse unless ``condition`` holds."""
    if not condition:
        raise Refused(why)

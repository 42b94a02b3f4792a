"""How a table name becomes an environment's name. Called by the classes in ``table_configs`` and the demo script."""

from __future__ import annotations

ENVIRONMENTS = ("local", "dev", "staging", "prod")
"""The environments that the demo script shows; any other word is an environment just as well."""


def name_in_environment(base_name: str, environment: str | None = None) -> str:
    """``users`` without an environment, ``users-prod`` with one: consistent names by default, isolation when asked."""
    return f"{base_name}-{environment}" if environment else base_name

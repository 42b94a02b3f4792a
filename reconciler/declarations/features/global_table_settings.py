"""Which settings the replicas of a global table share, and the table of another account that a new one replicates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.features.base import Feature, Members, rule
from reconciler.declarations.features.replicas import is_global
from reconciler.model.global_table import GlobalTableSettings
from reconciler.model.table import TableSpec
from reconciler.parsing.source_location import FieldProblem


class GlobalTableSettingsFields(FieldModel):
    """Settings of the global table (CreateTable)."""

    global_table_settings_replication_mode: Literal["ENABLED", "DISABLED", "ENABLED_WITH_OVERRIDES"] | None = Field(
        default=None, description="Which settings the replicas share."
    )
    global_table_source_arn: str | None = Field(
        default=None, min_length=1, max_length=1024, description="The table of another account to be a replica of."
    )


@rule("global_table_source_arn", "global_table_settings_replication_mode")
def source(document: GlobalTableSettingsFields) -> Iterator[FieldProblem]:
    """A replica of another account's table replicates its settings."""
    mode, arn = document.global_table_settings_replication_mode, document.global_table_source_arn
    if arn is None:
        return
    if mode not in (None, "ENABLED"):
        reason = f"invalid value {mode}; a replica of another account's table needs ENABLED"
        yield FieldProblem(("global_table_settings_replication_mode",), reason, "Set it to ENABLED.")
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "dynamodb" or not parts[5].startswith("table/"):
        reason = f"invalid table ARN {arn!r}"
        yield FieldProblem(("global_table_source_arn",), reason, "Write arn:aws:dynamodb:REGION:ACCOUNT:table/NAME.")


def to_model(document: GlobalTableSettingsFields) -> GlobalTableSettings | None:
    """Mode and source; a source alone means that settings are replicated."""
    mode, arn = document.global_table_settings_replication_mode, document.global_table_source_arn
    if mode is None and arn is None:
        return None
    return GlobalTableSettings(mode or "ENABLED", arn)


def from_model(spec: TableSpec) -> Members:
    """The mode of a global table. Where its replicas came from cannot be read off a table."""
    settings = spec.global_table_settings if is_global(spec) else None
    return {"global_table_settings_replication_mode": settings and settings.mode}


GLOBAL_TABLE_SETTINGS = Feature("global_table_settings", GlobalTableSettingsFields, (source,), to_model, from_model)

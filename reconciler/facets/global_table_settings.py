"""Facet global_table_settings: which settings replicas share, and the source of a multi-account replica."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets.base import Facet, HasPreconditions, InCreateTable, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.facets.replica_calls import other_replicas
from reconciler.model.change import Call, Change
from reconciler.model.global_table import GlobalTableSettings, SettingsMode
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import TableSpec

OVERRIDES: SettingsMode = "ENABLED_WITH_OVERRIDES"
"""The mode that DynamoDB sets for a global table within one account."""


class GlobalTableSettingsFacet(Facet, InCreateTable, HasPreconditions):
    """The source is only an input of CreateTable. No response contains it, so it is never compared."""

    name = "global_table_settings"
    rank = Rank.SETTINGS

    def observe(self, responses: Responses) -> GlobalTableSettings:
        return GlobalTableSettings(responses.table.get("GlobalTableSettingsReplicationMode"))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        target = desired.global_table_settings.mode if desired.global_table_settings else None
        told = observed.global_table_settings.mode if observed.global_table_settings else None
        seen = told or (OVERRIDES if other_replicas(observed) else "DISABLED")
        if target is None or target == seen or (target == OVERRIDES and not other_replicas(observed)):
            return
        yield Change(self.name, f"{self.name}.mode", seen, target)

    def removal(self, observed: TableSpec) -> Removal | None:
        live = observed.global_table_settings
        if live is not None and live.mode in (None, "DISABLED", OVERRIDES):
            return None
        why = "which settings replicas share never changes while the table has replicas"
        return Removal(GlobalTableSettings(), None, why)

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        mode = change.after
        return Call("UpdateTable", {"TableName": desired.name, "GlobalTableSettingsReplicationMode": mode})

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        if change.after != OVERRIDES and not other_replicas(observed):
            return None
        sentence = "settings replication is chosen for a table of one Region, before it has replicas"
        return Precondition(sentence, f"global_table_settings_replication_mode: {change.before}", rule=29)

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        settings = desired.global_table_settings
        if settings is None or settings.source_arn is None:
            return {}
        return {"GlobalTableSourceArn": settings.source_arn, "GlobalTableSettingsReplicationMode": "ENABLED"}

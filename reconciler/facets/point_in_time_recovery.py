"""Facet point_in_time_recovery: continuous backups. Its own call does not make the table busy.

Right after CreateTable, DynamoDB may respond with ContinuousBackupsUnavailableException. The call is repeated later
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.facets.base import Facet, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import PointInTimeRecovery, TableSpec

OFF = PointInTimeRecovery(enabled=False)
READ = "DescribeContinuousBackups"


class PointInTimeRecoveryFacet(Facet):
    """Compares the days only if they are declared; the default of DynamoDB is 35."""

    name = "point_in_time_recovery"
    rank = Rank.NON_BLOCKING
    reads = (READ,)

    def observe(self, responses: Responses) -> PointInTimeRecovery | None:
        if READ not in responses.answers:
            return None
        shape = responses.answers[READ]["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription") or {}
        if shape.get("PointInTimeRecoveryStatus") != "ENABLED":
            return OFF
        return PointInTimeRecovery(True, shape.get("RecoveryPeriodInDays"))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.point_in_time_recovery is None:
            return
        want, have = desired.point_in_time_recovery, observed.point_in_time_recovery or OFF
        if want.enabled != have.enabled:
            yield Change(self.name, f"{self.name}.enabled", have.enabled, want.enabled)
        if want.enabled and want.days is not None and want.days != have.days:
            yield Change(self.name, f"{self.name}.days", have.days, want.days)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(OFF, "point_in_time_recovery: {enabled: false}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want = desired.point_in_time_recovery or OFF
        shape: dict[str, Any] = {"PointInTimeRecoveryEnabled": want.enabled}
        if want.enabled and want.days is not None:
            shape["RecoveryPeriodInDays"] = want.days
        return Call("UpdateContinuousBackups", {"TableName": desired.name, "PointInTimeRecoverySpecification": shape})

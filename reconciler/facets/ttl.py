"""Facet ttl: time to live. CreateTable has no such member, so a second call sets it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.facets.base import Facet, MultiStep, Removal
from reconciler.facets.quota import HOUR, Quota
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.errors import Malformed
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import TableSpec, Ttl

OFF = Ttl(enabled=False)
READ = "DescribeTimeToLive"
QUOTA = Quota(
    "ttl", 1, HOUR, "time to live takes one change an hour (rule 10)", second_call="an hour later at the earliest"
)


class TtlFacet(Facet, MultiStep):
    """A change of the attribute takes two calls: disable now, enable in a later pass (rule 10)."""

    name = "ttl"
    rank = Rank.TTL
    reads = (READ,)
    quotas = (QUOTA,)

    def observe(self, responses: Responses) -> Ttl | None:
        if READ not in responses.answers:
            return None
        shape = responses.answers[READ]["TimeToLiveDescription"]
        if shape["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
            return OFF
        if not shape.get("AttributeName"):
            raise Malformed(READ, "MissingAttributeName", "time to live is enabled on no attribute")
        return Ttl(True, shape["AttributeName"])

    def ongoing(self, responses: Responses) -> Iterator[str]:
        if READ in responses.answers:
            status = responses.answers[READ]["TimeToLiveDescription"]["TimeToLiveStatus"]
            if status in ("ENABLING", "DISABLING"):
                yield f"time to live is {status}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.ttl is None:
            return
        want, have = desired.ttl, observed.ttl or OFF
        if want.enabled != have.enabled:
            yield Change(self.name, "ttl.enabled", have.enabled, want.enabled)
        if want.enabled and want.attribute != have.attribute:
            yield Change(self.name, "ttl.attribute", have.attribute, want.attribute)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(OFF, "time_to_live: {enabled: false}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want, have = desired.ttl or OFF, observed.spec.ttl or OFF
        # UpdateTimeToLive must name the enabled attribute to disable it, and cannot move to another one directly.
        target = Ttl(False, have.attribute) if have.enabled else want
        shape = {"Enabled": target.enabled, "AttributeName": target.attribute}
        return Call("UpdateTimeToLive", {"TableName": desired.name, "TimeToLiveSpecification": shape})

    def loses_data(self, change: Change) -> bool:
        return change.after is not False

    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        want, have = desired.ttl or OFF, observed.ttl or OFF
        return f"then time to live is enabled on {want.attribute}" if want.enabled and have.enabled else None

"""Facet resource_policy: who else may use the table. ``{}`` means no policy; an undeclared policy stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import policy_json
from reconciler.facets.base import Facet, InCreateTable, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import ResourcePolicy, TableSpec

NONE = ResourcePolicy(None)


class ResourcePolicyFacet(Facet, InCreateTable):
    """Compares normalised JSON. A write fails if another revision was written since the read."""

    name = "resource_policy"
    rank = Rank.NON_BLOCKING
    reads = (policy_json.READ,)

    def read_params(self, name: str, arn: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ResourceArn": arn}

    def observe(self, responses: Responses) -> ResourcePolicy | None:
        if policy_json.READ not in responses.answers:
            return None
        return policy_json.read_policy(responses.answers[policy_json.READ], responses.table["TableArn"])

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        want, have = desired.resource_policy, observed.resource_policy or NONE
        if want is not None and want != have:
            yield Change(
                self.name, self.name, policy_json.policy_for_display(have), policy_json.policy_for_display(want)
            )

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(NONE, "resource_policy: {}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want = desired.resource_policy or NONE
        return policy_json.policy_call(observed.identity.arn, want, observed.spec.resource_policy)

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        policy = desired.resource_policy
        return {"ResourcePolicy": policy.document} if policy and policy.document else {}

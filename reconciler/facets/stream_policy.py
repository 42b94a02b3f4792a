"""Facet stream_policy: who else may read the stream of the table. Disabling the stream deletes its policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import policy_json
from reconciler.facets.base import ExtraRead, Facet, HasExtraReads, HasPreconditions, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import StepStatus
from reconciler.model.table import ResourcePolicy, TableSpec

NONE = ResourcePolicy(None)
KEY = f"{policy_json.READ} stream"


class StreamPolicyFacet(Facet, HasPreconditions, HasExtraReads):
    """Uses the ARN of the enabled stream, which is new each time the stream is enabled."""

    name = "stream_policy"
    rank = Rank.NON_BLOCKING

    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        arn = _stream(table)
        if arn:
            yield ExtraRead(KEY, policy_json.READ, {"ResourceArn": arn})

    def observe(self, responses: Responses) -> ResourcePolicy | None:
        arn = _stream(responses.table)
        if arn is None:
            return NONE
        return policy_json.read_policy(responses.answers[KEY], arn) if KEY in responses.answers else None

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        want, have = desired.stream_policy, observed.stream_policy or NONE
        if want is not None and want != have:
            yield Change(
                self.name, self.name, policy_json.policy_for_display(have), policy_json.policy_for_display(want)
            )

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(NONE, "stream_policy: {}")

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        if observed.stream_policy and observed.stream_policy.arn:
            return None
        if desired.stream and desired.stream.enabled:
            return Precondition("set once the stream is there", status=StepStatus.DEFERRED)
        return Precondition(
            "the table has no stream that could have a policy", "stream_specification: an enabled stream"
        )

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        have = observed.spec.stream_policy or NONE
        return policy_json.policy_call(have.arn or "", desired.stream_policy or NONE, have)


def _stream(table: Mapping[str, Any]) -> str | None:
    """The ARN of an enabled stream. DescribeTable has that of a disabled one for another day."""
    enabled = (table.get("StreamSpecification") or {}).get("StreamEnabled")
    arn: str | None = table.get("LatestStreamArn") if enabled else None
    return arn

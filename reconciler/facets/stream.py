"""Facet stream: DynamoDB Streams of a table. An enabled stream must be disabled before its view can change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets.base import Facet, HasPreconditions, InCreateTable, MultiStep, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.facets.replica_calls import is_strong, other_replicas
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step
from reconciler.model.table import Stream, StreamView, TableSpec

OFF = Stream(enabled=False)
WIDEST: StreamView = "NEW_AND_OLD_IMAGES"
"""The view of a stream that is declared without one."""
UNSAFE = "a stream's view never changes in place: the stream is disabled and a new one with another ARN enabled"


class StreamFacet(Facet, InCreateTable, MultiStep, HasPreconditions):
    """All disabled streams are equal, whatever details DescribeTable still has."""

    name = "stream"
    rank = Rank.STREAM

    def observe(self, responses: Responses) -> Stream:
        shape = responses.table.get("StreamSpecification") or {}
        if not shape.get("StreamEnabled"):
            return OFF
        return Stream(True, shape.get("StreamViewType"))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.stream is None:
            return
        want, have = desired.stream, observed.stream or OFF
        if want.enabled != have.enabled:
            yield Change(self.name, "stream.enabled", have.enabled, want.enabled)
        if want.enabled and want.view and want.view != have.view:
            if have.enabled:
                yield Change(self.name, "stream.view", have.view, want.view, Hazard.DISRUPTION, UNSAFE)
            else:
                yield Change(self.name, "stream.view", None, want.view)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(OFF, "stream_specification: {stream_enabled: false}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want, have = desired.stream or OFF, observed.spec.stream or OFF
        # DynamoDB rejects StreamEnabled with a view while the stream is enabled, so a new view starts with disabling.
        shape = _shape(want) if want.enabled and not have.enabled else {"StreamEnabled": False}
        return Call("UpdateTable", {"TableName": desired.name, "StreamSpecification": shape})

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        live = observed.stream or OFF
        if not live.enabled or is_strong(observed) or not other_replicas(observed):
            return None
        sentence = "the stream carries what is written to the replicas"
        return Precondition(sentence, "replicas: [] converged first", rule=26)

    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        if change.hazard is not Hazard.DISRUPTION:
            return None
        return f"then the stream is enabled again with {change.after}, under a new ARN"

    def rank_of(self, step: Step) -> Rank:
        return Rank.STREAM_VIEW if step.hazardous else self.rank

    def loses_data(self, change: Change) -> bool:
        return bool(change.before)

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        if desired.stream is None or not desired.stream.enabled:
            return {}
        return {"StreamSpecification": _shape(desired.stream)}


def _shape(stream: Stream) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": stream.view or WIDEST}

"""Facet kinesis_streaming: the Kinesis data stream that receives the changes of items.

A table has one destination. It must be disabled before another one is enabled, and one in ENABLE_FAILED must be
disabled before it is enabled again (EnableKinesisStreamingDestination).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.facets.base import Facet, MultiStep, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import KinesisStreaming, TableSpec, TimePrecision

READ = "DescribeKinesisStreamingDestination"
OFF = KinesisStreaming(None)
COARSE: TimePrecision = "MILLISECOND"
"""The precision of a destination that was enabled without one."""
ON = ("ACTIVE", "ENABLING", "UPDATING")


class KinesisStreamingFacet(Facet, MultiStep):
    """Compares the precision only if it is declared."""

    name = "kinesis_streaming"
    rank = Rank.NON_BLOCKING
    needs_active = True
    reads = (READ,)

    def observe(self, responses: Responses) -> KinesisStreaming | None:
        if READ not in responses.answers:
            return None
        told = responses.answers[READ]["KinesisDataStreamDestinations"]
        by_status = {each["DestinationStatus"]: each for each in sorted(told, key=lambda each: str(each["StreamArn"]))}
        failed = by_status.get("ENABLE_FAILED", {}).get("StreamArn")
        for status in ON:
            if status in by_status:
                live = by_status[status]
                return KinesisStreaming(
                    live["StreamArn"], live.get("ApproximateCreationDateTimePrecision") or COARSE, failed
                )
        return KinesisStreaming(None, None, failed)

    def ongoing(self, responses: Responses) -> Iterator[str]:
        for each in responses.answers.get(READ, {}).get("KinesisDataStreamDestinations", ()):
            if each["DestinationStatus"] in ("ENABLING", "DISABLING", "UPDATING"):
                yield f"the Kinesis destination {each['StreamArn']} is {each['DestinationStatus']}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.kinesis_streaming is None:
            return
        want, have = desired.kinesis_streaming, observed.kinesis_streaming or OFF
        if want.stream_arn != have.stream_arn:
            yield Change(self.name, f"{self.name}.stream_arn", have.stream_arn, want.stream_arn)
        if want.stream_arn and want.precision and want.precision != have.precision:
            yield Change(self.name, f"{self.name}.precision", have.precision, want.precision)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(OFF, "kinesis_streaming: {enabled: false}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want, have = desired.kinesis_streaming or OFF, observed.spec.kinesis_streaming or OFF
        params: dict[str, Any] = {"TableName": desired.name}
        # A failed destination still counts as the one destination of the table until it is disabled.
        if have.stream_arn is None and have.failed and want.stream_arn:
            return Call("DisableKinesisStreamingDestination", params | {"StreamArn": have.failed})
        if have.stream_arn not in (None, want.stream_arn):
            return Call("DisableKinesisStreamingDestination", params | {"StreamArn": have.stream_arn})
        params["StreamArn"] = want.stream_arn
        verb = "Update" if have.stream_arn else "Enable"
        if want.precision:
            shape = {"ApproximateCreationDateTimePrecision": want.precision}
            params[f"{verb}KinesisStreamingConfiguration"] = shape
        return Call(f"{verb}KinesisStreamingDestination", params)

    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        want, have = desired.kinesis_streaming or OFF, observed.kinesis_streaming or OFF
        first = have.stream_arn or have.failed
        if want.stream_arn and first and want.stream_arn != have.stream_arn:
            return f"then streaming to {want.stream_arn} is enabled"
        return None

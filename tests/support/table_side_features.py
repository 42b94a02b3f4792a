"""Side features of the imaginary table and their refusals: policies, contributor insights, Kinesis destinations.

With ``lag`` insights and destinations are ENABLING or DISABLING until the next ``settle``. A stream ARN in ``broken``
can never be streamed to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.table import TableSpec

Shape = dict[str, Any]
ENDS = {"ENABLING": "ENABLED", "DISABLING": "DISABLED", "UPDATING": "ENABLED"}
WIDEST = "ACCESSED_AND_THROTTLED_KEYS"
BROKEN = "arn:aws:kinesis:us-east-1:123456789012:stream/broken"


class SideFeatures:
    """``refuse`` raises unless its condition holds."""

    def __init__(self, refuse: Any) -> None:
        self.refuse = refuse
        self.policies: dict[str, tuple[str, int]] = {}
        self.insights: dict[str, Shape] = {}
        self.kinesis: dict[str, Shape] = {}
        self.written = 0

    def prepare(self, spec: TableSpec, table: Shape) -> None:
        """Make true what CreateTable has no members for."""
        if spec.stream_policy and spec.stream_policy.document:
            self.policies[table["LatestStreamArn"]] = (spec.stream_policy.document, 0)
        own = spec.contributor_insights
        desired_states = (
            [("", own.enabled, own.mode), *((i.name, i.enabled, i.mode) for i in own.indexes)] if own else []
        )
        for name, enabled, mode in desired_states:
            if enabled:
                self.insights[name] = {
                    "ContributorInsightsStatus": "ENABLED",
                    "ContributorInsightsMode": mode or WIDEST,
                }
        if spec.kinesis_streaming and spec.kinesis_streaming.stream_arn:
            precision = spec.kinesis_streaming.precision or "MILLISECOND"
            self.kinesis[spec.kinesis_streaming.stream_arn] = {
                "DestinationStatus": "ACTIVE",
                "ApproximateCreationDateTimePrecision": precision,
            }

    def settle(self) -> None:
        """Finishes all pending changes."""
        for shape in self.insights.values():
            shape["ContributorInsightsStatus"] = (
                ENDS.get(shape["ContributorInsightsStatus"]) or shape["ContributorInsightsStatus"]
            )
        for arn, shape in self.kinesis.items():
            status = ENDS.get(shape["DestinationStatus"], shape["DestinationStatus"]).replace("ENABLED", "ACTIVE")
            failed = arn == BROKEN and shape["DestinationStatus"] == "ENABLING"
            shape["DestinationStatus"] = "ENABLE_FAILED" if failed else status

    def read(self, operation: str, params: Mapping[str, Any]) -> Shape:
        """One of the describe operations."""
        if operation == "GetResourcePolicy":
            policy = self.policies.get(params["ResourceArn"])
            return {"Policy": policy[0], "RevisionId": str(policy[1])} if policy else {}
        if operation == "DescribeContributorInsights":
            return dict(self.insights.get(params.get("IndexName", ""), {"ContributorInsightsStatus": "DISABLED"}))
        destinations = [{"StreamArn": arn, **shape} for arn, shape in self.kinesis.items()]
        return {"KinesisDataStreamDestinations": destinations}

    def write(self, operation: str, params: Shape, indexes: set[str]) -> None:
        """One of the mutating operations; ``indexes`` are those of the table that are ACTIVE."""
        if operation.endswith("ResourcePolicy"):
            self._policy(operation, params)
        elif operation == "UpdateContributorInsights":
            self._insights(params, indexes)
        else:
            self._kinesis(operation, params)

    def _policy(self, operation: str, params: Shape) -> None:
        arn = params["ResourceArn"]
        text, revision = self.policies.get(arn, (None, "NO_POLICY"))
        self.refuse(params.get("ExpectedRevisionId") == str(revision), "PolicyNotFoundException: another revision")
        if operation == "DeleteResourcePolicy":
            del self.policies[arn]
            return
        self.refuse(params["Policy"] != text, "the policy will not change")
        self.written += 1
        self.policies[arn] = (params["Policy"], self.written)

    def _insights(self, params: Shape, indexes: set[str]) -> None:
        name, enable = params.get("IndexName", ""), params["ContributorInsightsAction"] == "ENABLE"
        self.refuse(not name or name in indexes, "ResourceNotFoundException: no such index")
        before = self.insights.get(name, {"ContributorInsightsStatus": "DISABLED"})
        self.refuse(before["ContributorInsightsStatus"] in ("ENABLED", "DISABLED", "FAILED"), "being changed")
        mode = params.get(
            "ContributorInsightsMode", before.get("ContributorInsightsMode", "ACCESSED_AND_THROTTLED_KEYS")
        )
        after = {"ContributorInsightsStatus": "ENABLING" if enable else "DISABLING", "ContributorInsightsMode": mode}
        was = before["ContributorInsightsStatus"] == "ENABLED"
        self.refuse(enable != was or mode != before["ContributorInsightsMode"], "the insights are so already")
        self.insights[name] = after

    def _kinesis(self, operation: str, params: Shape) -> None:
        arn, shape = params["StreamArn"], self.kinesis.get(params["StreamArn"], {"DestinationStatus": "DISABLED"})
        status, verb = shape["DestinationStatus"], operation.removesuffix("KinesisStreamingDestination")
        requested = params.get(f"{verb}KinesisStreamingConfiguration", {})
        if verb == "Enable":
            busy = [a for a, s in self.kinesis.items() if s["DestinationStatus"] != "DISABLED"]
            self.refuse(not busy, f"ResourceInUseException: {busy} must be disabled first")
            precision = requested.get("ApproximateCreationDateTimePrecision", "MILLISECOND")
            self.kinesis[arn] = {
                "DestinationStatus": "ENABLING",
                "ApproximateCreationDateTimePrecision": precision,
            }
        elif verb == "Disable":
            self.refuse(status in ("ACTIVE", "ENABLE_FAILED"), f"ResourceInUseException: {status}")
            shape["DestinationStatus"] = "DISABLING"
        else:
            self.refuse(status == "ACTIVE", f"ResourceInUseException: {status}")
            self.refuse(
                requested["ApproximateCreationDateTimePrecision"] != shape["ApproximateCreationDateTimePrecision"],
                "as is",
            )
            shape |= requested | {"DestinationStatus": "UPDATING"}

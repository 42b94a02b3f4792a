"""Facet sse: encryption at rest, with the key that DynamoDB owns or with one in KMS.

A declaration without a key means the AWS managed key, like an SSESpecification without one
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSESpecification.html). DescribeTable returns only
the ARN of a key, so an alias must be resolved by KMS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets.base import ExtraRead, Facet, HasExtraReads, InCreateTable, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import Sse, TableSpec

OFF = Sse(enabled=False)
MANAGED = "alias/aws/dynamodb"
"""The key that AWS manages for DynamoDB; a request means it by naming none."""
RESOLVE = "kms:DescribeKey"


class SseFacet(Facet, InCreateTable, HasExtraReads):
    """Compares an alias by the ARN of its key, which ``kms:DescribeKey`` returns."""

    name = "sse"
    rank = Rank.SETTINGS
    lookups = (RESOLVE,)

    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        wanted = desired.sse if desired else Sse(enabled=True)
        key = (wanted.key or MANAGED) if wanted and wanted.enabled else None
        live = (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
        if key and live and key != live and "alias/" in key:
            yield ExtraRead(f"{RESOLVE} {key}", RESOLVE, {"KeyId": key})

    def observe(self, responses: Responses) -> Sse:
        # DescribeTable has no SSEDescription for a table that is encrypted with the key that DynamoDB owns.
        shape = responses.table.get("SSEDescription") or {}
        if shape.get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
            return OFF
        key = shape.get("KMSMasterKeyArn")
        for asked, answer in responses.answers.items():
            # An alias that resolves to the live key is reported as the alias, so that it equals the declaration.
            if asked.startswith(f"{RESOLVE} ") and answer["KeyMetadata"]["Arn"] == key:
                key = asked.removeprefix(f"{RESOLVE} ")
        return Sse(True, key)

    def ongoing(self, responses: Responses) -> Iterator[str]:
        status = (responses.table.get("SSEDescription") or {}).get("Status")
        if status in ("ENABLING", "DISABLING", "UPDATING"):
            yield f"encryption is {status}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.sse is None:
            return
        want, have = desired.sse, observed.sse or OFF
        if want.enabled != have.enabled:
            yield Change(self.name, "sse.enabled", have.enabled, want.enabled)
        if want.enabled and _other_key(want, have):
            yield Change(self.name, "sse.key", have.key, want.key or MANAGED)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(OFF, "sse_specification: {enabled: false}")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        return Call("UpdateTable", {"TableName": desired.name, "SSESpecification": _shape(desired.sse or OFF)})

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        return {"SSESpecification": _shape(desired.sse)} if desired.sse and desired.sse.enabled else {}


def _other_key(want: Sse, have: Sse) -> bool:
    """Whether the table has another key than the declared one. Some endpoints do not return a key."""
    if want.key is None and not have.enabled:
        return False
    if have.enabled and have.key is None:
        return not _is_managed(want.key)
    return not _same(want.key or MANAGED, have.key)


def _is_managed(key: str | None) -> bool:
    return key is None or key == MANAGED or key.endswith(f":{MANAGED}")


def _same(declared: str, observed: str | None) -> bool:
    """Whether an ARN (or what an alias was resolved to) is that of a key named by its ARN, alias or bare id."""
    return observed is not None and (declared == observed or observed.endswith(f":key/{declared}"))


def _shape(sse: Sse) -> dict[str, Any]:
    if not sse.enabled:
        return {"Enabled": False}
    shape = {"Enabled": True, "SSEType": "KMS"}
    # KMSMasterKeyId is only for keys other than alias/aws/dynamodb (SSESpecification).
    return shape if _is_managed(sse.key) else shape | {"KMSMasterKeyId": sse.key}

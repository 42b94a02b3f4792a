"""Encryption at rest (CreateTable.SSESpecification)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reconciler.declarations.document.part import AlsoSpelled, Part


class SsePart(Part):
    """``{}`` is the key managed by AWS, ``{enabled: false}`` the one that DynamoDB owns; left out, it is unmanaged."""

    enabled: Annotated[bool, AlsoSpelled(("SSEEnabled", "sse_enabled"))] = Field(
        default=True, description="Encrypt by a key in KMS instead of the one that DynamoDB owns."
    )
    sse_type: Annotated[Literal["KMS"] | None, AlsoSpelled(("SSEType",))] = Field(
        default=None, description="KMS is the only type that DynamoDB takes."
    )
    kms_master_key_id: Annotated[str | None, AlsoSpelled(("KMSMasterKeyId", "key"))] = Field(
        default=None,
        min_length=1,
        description="Alias, id or ARN; none means alias/aws/dynamodb, the key managed by AWS.",
    )

"""Encryption at rest (CreateTable.SSESpecification)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import IS_ON, Feature, Members, Response, rule
from reconciler.model.table import Sse, TableSpec
from reconciler.parsing.source_location import FieldProblem


class SsePart(FieldModel):
    """``{}`` is the key managed by AWS, ``{enabled: false}`` the one that DynamoDB owns; left out, it is unmanaged."""

    enabled: Annotated[bool, Aliases(("SSEEnabled", "sse_enabled"))] = Field(
        default=True, description="Encrypt by a key in KMS instead of the one that DynamoDB owns."
    )
    sse_type: Annotated[Literal["KMS"] | None, Aliases(("SSEType",))] = Field(
        default=None, description="KMS is the only type that DynamoDB takes."
    )
    kms_master_key_id: Annotated[str | None, Aliases(("KMSMasterKeyId", "key"))] = Field(
        default=None,
        min_length=1,
        description="Alias, id or ARN; none means alias/aws/dynamodb, the key managed by AWS.",
    )


class SseFields(FieldModel):
    """Encryption of the table."""

    sse_specification: Annotated[SsePart | None, Aliases(("SSESpecification", "sse"))] = Field(
        default=None, description="Encryption at rest."
    )


@rule("sse_specification")
def details(document: SseFields) -> Iterator[FieldProblem]:
    """A key only where a key in KMS is wanted."""
    sse = document.sse_specification
    if sse and not sse.enabled and (sse.kms_master_key_id or sse.sse_type):
        name = "kms_master_key_id" if sse.kms_master_key_id else "sse_type"
        remedy = "Remove it to keep the key that DynamoDB owns; set enabled to true to use a key in KMS."
        yield FieldProblem(("sse_specification", name), "is not allowed when enabled is false", remedy)


@rule("sse_specification")
def key_is_given(document: SseFields) -> Iterator[FieldProblem]:
    """A key without a value would silently mean another key: the one that AWS manages."""
    sse = document.sse_specification
    for name in ("kms_master_key_id", "sse_type"):
        if sse and name in sse.model_fields_set and getattr(sse, name) is None:
            remedy = "Give it a value; leave it out for alias/aws/dynamodb, the key managed by AWS."
            yield FieldProblem(("sse_specification", name), "is empty", remedy)


def to_model(document: SseFields) -> Sse | None:
    """Whether a key in KMS is used, and which."""
    sse = document.sse_specification
    return None if sse is None else Sse(sse.enabled, sse.kms_master_key_id if sse.enabled else None)


def from_model(spec: TableSpec) -> Members:
    """The key in KMS; nothing for the one that DynamoDB owns."""
    if spec.sse is None or not spec.sse.enabled:
        return {}
    key = {"KMSMasterKeyId": spec.sse.key} if spec.sse.key else {}
    return {"sse_specification": {"SSEEnabled": True, "SSEType": "KMS", **key}}


def _of_response(response: Response) -> tuple[str, Any]:
    if response.get("Status") not in IS_ON:
        return "SSESpecification", {"Enabled": False}
    arn = response.get("KMSMasterKeyArn")
    return "SSESpecification", {"Enabled": True, **({"KMSMasterKeyId": arn} if isinstance(arn, str) else {})}


SSE = Feature("sse", SseFields, (details, key_is_given), to_model, from_model, {"SSEDescription": _of_response})

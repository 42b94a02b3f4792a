"""Answers as bytes: what the service would send, and what botocore receives instead."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSResponse
from simulation.data_plane import Cancelled

from reconciler.model.errors import ApiError

JSON = "application/x-amz-json-1.0"
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::{account}:user/tester</Arn><UserId>AIDATESTER</UserId><Account>{account}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    "</GetCallerIdentityResponse>"
)


@dataclass(frozen=True)
class Reply:
    """Status, body and headers of one answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def document(content: Any, status: int = 200) -> Reply:
    """JSON with its checksum, as DynamoDB sends it."""
    return with_checksum(Reply(status, json.dumps(content, default=_seconds).encode()))


def with_checksum(reply: Reply) -> Reply:
    """The reply with the right ``x-amz-crc32`` for its bytes, whatever they are."""
    crc = str(zlib.crc32(reply.body) & 0xFFFFFFFF)
    return Reply(reply.status, reply.body, {"content-type": JSON, **reply.headers, "x-amz-crc32": crc})


def error(code: str, status: int = 400, message: str = "no", **members: Any) -> Reply:
    """An error as DynamoDB spells it."""
    return document({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **members}, status)


def refusal(problem: ApiError) -> Reply:
    """The refusal of the simulated service as an HTTP answer."""
    return error(problem.code, message=problem.message, **reasons(problem))


def reasons(problem: ApiError) -> dict[str, Any]:
    """What the refusal of a transaction says of each of its actions."""
    if not isinstance(problem, Cancelled):
        return {}
    return {"CancellationReasons": [{"Code": reason} for reason in problem.reasons]}


def identity(account: str) -> Reply:
    """STS's answer to GetCallerIdentity."""
    return Reply(200, IDENTITY.format(account=account).encode(), {"content-type": "text/xml"})


def page(status: int, text: str = "<html><body>Bad Gateway</body></html>") -> Reply:
    """The answer of a proxy instead of the service."""
    return Reply(status, text.encode(), {"content-type": "text/html"})


def response(url: str, reply: Reply) -> AWSResponse:
    """The reply as botocore's transport hands it on."""
    made = AWSResponse(url, reply.status, dict(reply.headers), BytesIO(reply.body))
    made._content = reply.body
    return made


def _seconds(value: Any) -> float:
    assert isinstance(value, datetime), f"no JSON: {value!r}"
    return round(value.timestamp(), 3)

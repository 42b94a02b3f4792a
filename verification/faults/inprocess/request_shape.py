"""Requests without what differs from run to run, so that two runs can be compared call by call."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from faults.inprocess.transport import SentRequest

NONCE = re.compile(r"t\d{6}")
REVISION = re.compile(r"revision-\d+")
MOMENT = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")
STREAM = re.compile(r"/stream/\d+")
BACKUP = re.compile(r"/backup/\d+")
SDK_TOKEN = re.compile(r'"ClientRequestToken": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ')
"""A random token, which the SDK adds to a transaction."""


def asked(request: SentRequest) -> tuple[str, ...]:
    """The shapes of what a request asks for: each put of a transaction counts as the same put on its own."""
    puts = [action.get("Put") for action in request.params.get("TransactItems", ())]
    if not puts or None in puts:
        return (shape(request),)
    return tuple(shape(replace(request, operation="PutItem", params=put)) for put in puts)


def shape(request: SentRequest) -> str:
    """Operation and parameters as one text."""
    text = SDK_TOKEN.sub("", f"{request.operation} {json.dumps(request.params, sort_keys=True)}")
    for pattern in (NONCE, REVISION, MOMENT, STREAM, BACKUP):
        text = pattern.sub("*", text)
    return text

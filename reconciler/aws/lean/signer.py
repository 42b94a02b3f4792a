"""Signature Version 4 for DynamoDB's one kind of request: ``POST`` with a JSON body and a fixed set of headers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. botocore's ``SigV4Auth``
takes ten times as long, because it sorts and quotes what is the same for every request; tests/aws compares the two
byte for byte. Used by ``client``.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

ALGORITHM = "AWS4-HMAC-SHA256"


class Signer:
    """Signs for one Region and address. Safe to share between threads."""

    def __init__(self, region: str, host: str, path: str, content_type: str) -> None:
        self._region = region
        self._before = f"POST\n{path}\n\ncontent-type:{content_type}\nhost:{host}\nx-amz-date:"
        self._key: tuple[tuple[str, str], bytes] = (("", ""), b"")

    def headers(self, credentials: Any, moment: str, target: str, body: bytes) -> str:
        """The headers that carry date, session token and signature, each line with its end.

        ``moment`` is the time of signing as ``20260102T030405Z``; ``credentials`` are frozen ones of botocore.
        """
        access_key, token = _one_line(credentials.access_key), credentials.token
        signed, session = "content-type;host;x-amz-date;x-amz-target", ""
        if token:
            token = _one_line(token)
            signed, session = (
                "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
                f"x-amz-security-token:{token}\n",
            )
        request = f"{self._before}{moment}\n{session}x-amz-target:{target}\n\n{signed}\n{sha256(body).hexdigest()}"
        scope = f"{moment[:8]}/{self._region}/dynamodb/aws4_request"
        text = f"{ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._signing_key(credentials.secret_key, moment[:8]), text.encode(), "sha256").hex()
        lines = (
            f"X-Amz-Date: {moment}\r\n"
            f"Authorization: {ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={signed}, "
            f"Signature={signature}\r\n"
        )
        return f"{lines}X-Amz-Security-Token: {token}\r\n" if token else lines

    def _signing_key(self, secret: str, day: str) -> bytes:
        """Derived once a day and secret."""
        known, key = self._key
        if known != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, "dynamodb", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = ((secret, day), key)
        return key


def _one_line(value: str) -> str:
    """As botocore trims the value of a header; a line break in it would begin another header."""
    return " ".join(value.split())

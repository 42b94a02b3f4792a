"""The digest of a seed: SHA-256 over the sorted digests of its items, so that their order says nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from reconciler.model.desired import Item


def seed_digest(items: Iterable[Item]) -> str:
    """Hexadecimal; equal for the same items in any order."""
    each = sorted(hashlib.sha256(canonical(item)).digest() for item in items)
    return hashlib.sha256(b"".join(each)).hexdigest()


def canonical(item: Any) -> bytes:
    """The item as JSON with sorted keys; sets are sorted already."""
    text = json.dumps(item, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_binary)
    return text.encode()


def _binary(value: Any) -> str:
    return base64.b64encode(value).decode()

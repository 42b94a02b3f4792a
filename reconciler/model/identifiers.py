"""The text of a UUID. The module ``uuid`` imports ``platform``, which takes as long as a call to DynamoDB Local."""

from __future__ import annotations

VERSION_4, VARIANT = 4 << 76, 0x8000 << 48
"""What RFC 9562 fixes of the 128 bits."""


def uuid4_text(bits: int) -> str:
    """A UUID of version 4 in its usual form, from 128 random bits, of which 122 are used."""
    fixed = bits & ~(0xF000 << 64) & ~(0xC000 << 48) | VERSION_4 | VARIANT
    text = f"{fixed:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

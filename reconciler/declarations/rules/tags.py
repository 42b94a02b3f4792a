"""Tags (TagResource). Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.parsing.place import Finding


def tag_count(document: TableDocument) -> Iterator[Finding]:
    """At most 50."""
    count = len(document.tags or [])
    if count > 50:
        yield Finding(("tags",), f"has {count} tags", "DynamoDB allows 50 a table.")


def tag_lengths(document: TableDocument) -> Iterator[Finding]:
    """Keys of 1 to 128 characters that do not start with ``aws:``, values of at most 256."""
    for position, tag in enumerate(document.tags or []):
        if not 1 <= len(tag.key) <= 128:
            yield Finding(("tags", position, "key"), f"has {len(tag.key)} characters", "Use 1 to 128 characters.")
        if tag.key.lower().startswith("aws:"):
            yield Finding(("tags", position, "key"), f"is {tag.key!r}; the prefix aws: is reserved", "Rename the tag.")
        if len(tag.value) > 256:
            reason = f"has {len(tag.value)} characters"
            yield Finding(("tags", position, "value"), reason, "Use at most 256 characters.")


def tag_keys_differ(document: TableDocument) -> Iterator[Finding]:
    """Each key once; keys are case-sensitive."""
    seen: set[str] = set()
    for position, tag in enumerate(document.tags or []):
        if tag.key in seen:
            yield Finding(("tags", position, "key"), f"is {tag.key!r}, which is given already", "Keep one of them.")
        seen.add(tag.key)

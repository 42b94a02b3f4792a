"""DynamoDB Streams. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.parsing.place import Finding


def stream_view(document: TableDocument) -> Iterator[Finding]:
    """An enabled stream has a view type, a disabled one has none."""
    stream, path = document.stream_specification, ("stream_specification", "stream_view_type")
    if stream and stream.stream_enabled and not stream.stream_view_type:
        remedy = "Add NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY."
        yield Finding(path, "is missing, which an enabled stream needs", remedy)
    if stream and not stream.stream_enabled and stream.stream_view_type:
        yield Finding(path, "is given, but the stream is disabled", "Remove it, or enable the stream.")

"""Caches the text of the series of all tables while none of them changes. Used by ``Metrics``.

With thousands of tables, that text is most of a scrape, and a pass changes few of them.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from reconciler.engine.loop_status import LoopStatus
from reconciler.model.report import PassReport, TableReport

GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""Deflate, no name, no time, fastest level, unknown system (RFC 1952, section 2.3)."""
OPENMETRICS_END = b"# EOF\n"
Encode = Callable[[CollectorRegistry], bytes]


@dataclass(frozen=True, slots=True)
class TableText:
    """The text of the series of all tables, without an end mark, and what it was made from."""

    content_type: str
    changes: int
    tables: tuple[TableReport, ...]
    text: bytes
    packed: list[Deflated] = field(default_factory=list)
    """Its compressed form, once somebody asked for it."""

    def deflated(self) -> Deflated:
        """The compressed text, made at the first call."""
        if not self.packed:
            self.packed.append(Deflated.of(self.text))
        return self.packed[0]


@dataclass(frozen=True, slots=True)
class Deflated:
    """Text as raw deflate that ends at a byte boundary, so that further data may follow; with its checksum and size."""

    data: bytes
    checksum: int
    size: int

    @classmethod
    def of(cls, text: bytes) -> Deflated:
        """Level 1: the text repeats itself so much that a higher one saves little and takes three times as long."""
        packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH), zlib.crc32(text), len(text))

    def gzip_with(self, rest: bytes) -> bytes:
        """One gzip member (RFC 1952) of this text and ``rest``."""
        packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        end = packer.compress(rest) + packer.flush()
        size = (self.size + len(rest)) & 0xFFFFFFFF
        return GZIP_HEAD + self.data + end + struct.pack("<LL", zlib.crc32(rest, self.checksum), size)


class TableTextCache:
    """Caches the text of the last content type; ``changes`` returns a number that grows with every count.

    Thread-safe; while one thread builds a new text, the others wait for it.
    """

    def __init__(self, registry: CollectorRegistry, loop_status: LoopStatus, changes: Callable[[], int]) -> None:
        self._registry = registry
        self._loop_status = loop_status
        self._changes = changes
        self._lock = threading.Lock()
        self._made: TableText | None = None
        self._encode: Encode | None = None
        self._asked = False

    def text(self, content_type: str, encode: Encode) -> TableText:
        """The encoded registry, from the cache where nothing has changed."""
        with self._lock:
            self._asked, self._encode = True, encode
            return self._current(content_type, encode)

    def renew(self) -> None:
        """Build the text now if it was asked for since it was built, so that the next reader need not wait for it."""
        with self._lock:
            if self._asked and self._made is not None and self._encode is not None:
                self._asked = False
                self._current(self._made.content_type, self._encode)

    def _current(self, content_type: str, encode: Encode) -> TableText:
        report, changes = self._loop_status.report, self._changes()
        tables, known = _tables(report), self._made
        if known is not None and (known.content_type, known.changes, known.tables) == (content_type, changes, tables):
            return known
        text = encode(self._registry).removesuffix(OPENMETRICS_END)
        made = TableText(content_type, changes, tables, text)
        if self._loop_status.report is report and self._changes() == changes:
            self._made = made
        return made


def _tables(report: PassReport | None) -> tuple[TableReport, ...]:
    return report.tables if report is not None else ()

"""Caches the text of the series of all tables while none of them changes. Used by ``Metrics``.

With thousands of tables, that text is most of a scrape, and a pass changes few of them.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from reconciler.engine.loop_status import LoopStatus
from reconciler.model.report import PassReport, TableReport

GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""Deflate, no name, no time, fastest level, unknown system (RFC 1952, section 2.3)."""
OPENMETRICS_END = b"# EOF\n"
Encode = Callable[[Collector], bytes]


@dataclass(slots=True)
class TableText:
    """The text of the series of all tables, without an end mark, and what it was made from.

    It is held in the form in which it was read last: Prometheus asks for the compressed one, which takes 4 % of the
    memory.
    """

    content_type: str
    changes: int
    tables: tuple[TableReport, ...]
    plain: bytes | None
    packed: Deflated | None = None

    @property
    def text(self) -> bytes:
        """The text as it is."""
        plain = self.plain
        if plain is None:
            assert self.packed is not None
            plain = self.plain = self.packed.inflated()
        return plain

    def deflated(self) -> Deflated:
        """The compressed text, made at the first call."""
        packed = self.packed
        if packed is None:
            packed = self.packed = Deflated.of(self.text)
        self.plain = None
        return packed


class Families:
    """Metric families that were collected, for an encoder."""

    def __init__(self, *families: Metric) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._families


def by_family(encode: Encode) -> Encode:
    """The same encoder, which gets one family at a time and writes no end mark.

    prometheus_client's encoders hold every line as an object until the last is written.
    """

    def encoded(registry: Collector) -> bytes:
        return b"".join(encode(Families(family)).removesuffix(OPENMETRICS_END) for family in registry.collect())

    return encoded


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

    def inflated(self) -> bytes:
        """The text again."""
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.data)

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

    def __init__(self, registry: Collector, loop_status: LoopStatus, changes: Callable[[], int]) -> None:
        self._registry = registry
        self._loop_status = loop_status
        self._changes = changes
        self._lock = threading.Lock()
        self._made: TableText | None = None
        self._encode: Encode | None = None
        self._asked = False

    def text(self, content_type: str, encode: Encode) -> TableText:
        """The encoded registry, from the cache where nothing has changed. ``encode`` writes no end mark."""
        with self._lock:
            self._asked, self._encode = True, encode
            return self._current(content_type, encode)

    def renew(self) -> None:
        """Build the text now if it was asked for since, in the form read last, so that no reader has to wait."""
        with self._lock:
            before = self._made
            if self._asked and before is not None and self._encode is not None:
                self._asked = False
                now = self._current(before.content_type, self._encode)
                if before.plain is None:
                    now.deflated()

    def _current(self, content_type: str, encode: Encode) -> TableText:
        report, changes = self._loop_status.report, self._changes()
        tables, known = _tables(report), self._made
        if known is not None and (known.content_type, known.changes, known.tables) == (content_type, changes, tables):
            return known
        made = TableText(content_type, changes, tables, encode(self._registry))
        if self._loop_status.report is report and self._changes() == changes:
            self._made = made
        return made


def _tables(report: PassReport | None) -> tuple[TableReport, ...]:
    return report.tables if report is not None else ()

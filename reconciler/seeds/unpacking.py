"""The content of a seed file without its compression: as bytes, as a whole text or line by line.

Called by ``read_seed`` and by the readers of formats. Nothing larger than a piece or a line is held in memory, unless a
format needs the whole text.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from reconciler.model.position import Position
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import CHUNK, EMPTY, NOT_UTF8, NULLS, decoded

STREAM_LIMIT = 4 * 1024 * 1024 * 1024
"""Bytes of a seed after decompression. Its items are kept in a temporary file."""
WHOLE_LIMIT = 100 * 1024 * 1024
"""Bytes of a seed in a format that is read as a whole: YAML, and JSON that is no list."""
LONGEST_LINE = 8 * 1024 * 1024
"""Bytes of a line. An item has at most 400 KB; escapes in JSON make it up to six times as long."""
_MARK = b"\xef\xbb\xbf"


class PackedFile(Protocol):
    """A file of any kind."""

    @property
    def path(self) -> str:
        """Its name tells how it is compressed."""

    def chunks(self) -> Iterator[bytes]:
        """Its bytes in pieces."""


class _Unpacker(Protocol):
    eof: bool
    unused_data: bytes

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` unpacks to, in pieces of bounded size."""


class _Gzip:
    def __init__(self) -> None:
        self._state = zlib.decompressobj(wbits=31)
        self.eof = False
        self.unused_data = b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data and not self.eof:
            yield self._state.decompress(data, CHUNK)
            data = self._state.unconsumed_tail
            self.eof, self.unused_data = self._state.eof, self._state.unused_data


class _Zstd:
    def __init__(self) -> None:
        self._state = _zstd().ZstdDecompressor()
        self.eof = False
        self.unused_data = b""

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield self._state.decompress(data, CHUNK)
        while not self._state.eof and not self._state.needs_input:
            yield self._state.decompress(b"", CHUNK)
        self.eof, self.unused_data = self._state.eof, self._state.unused_data


def _zstd() -> Any:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        from backports import zstd
    return zstd


def unpacked(file: PackedFile) -> Iterator[bytes]:
    """The content in pieces. Raises ``ParseError`` for a truncated or foreign stream, and beyond ``STREAM_LIMIT``."""
    if file.path.endswith(".gz"):
        return _unpacked(file, _Gzip, (zlib.error,), "gzip", ".gz")
    if file.path.endswith(".zst"):
        return _unpacked(file, _Zstd, (_zstd().ZstdError,), "zstd", ".zst")
    return file.chunks()


def _unpacked(
    file: PackedFile, make: Callable[[], _Unpacker], errors: tuple[type[Exception], ...], kind: str, suffix: str
) -> Iterator[bytes]:
    state: _Unpacker | None = None
    length = 0
    try:
        for packed in file.chunks():
            data = packed
            while data := data if state is not None else data.lstrip(b"\0"):
                state = state or make()
                for piece in state.pieces(data):
                    length += len(piece)
                    if length > STREAM_LIMIT:
                        raise ParseError(None, f"unpacks to more than {STREAM_LIMIT // 1024 // 1024} MB", "Split it.")
                    yield piece
                if not state.eof:
                    break
                data, state = state.unused_data, None
    except errors:
        remedy = f"Compress it, or drop {suffix} from the name."
        raise ParseError(None, f"is not in {kind} format, although its name ends with {suffix}", remedy) from None
    if state is not None:
        raise ParseError(None, f"is truncated: its {kind} stream is incomplete", "Write the file again.")


def whole_text(pieces: Iterator[bytes], remedy: str) -> str:
    """The text of a format that is read as a whole. Raises ``ParseError`` beyond ``WHOLE_LIMIT``, with ``remedy``."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > WHOLE_LIMIT:
            reason = f"is larger than {WHOLE_LIMIT // 1024 // 1024} MB, the limit of its format"
            raise ParseError(None, reason, remedy)
    return decoded(bytes(content))


def text_lines(pieces: Iterator[bytes], *, may_be_empty: bool = False) -> Iterator[str]:
    """Lines with their ends, split at LF only. Raises ``ParseError`` with the line, and for an empty file."""
    blank = True
    for number, raw in enumerate(_raw_lines(pieces), start=1):
        try:
            line = (raw.removeprefix(_MARK) if number == 1 else raw).decode()
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode()
            raise ParseError(Position(number, len(before) + 1), *NOT_UTF8) from None
        if "\0" in line:
            raise ParseError(Position(number, line.index("\0") + 1), *NULLS)
        blank = blank and not line.strip()
        yield line
    if blank and not may_be_empty:
        raise ParseError(None, *EMPTY)


def _raw_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest, number = b"", 0
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            number += 1
            yield line + b"\n"
        if len(rest) > LONGEST_LINE:
            reason = f"has a line of more than {LONGEST_LINE // 1024 // 1024} MB"
            raise ParseError(Position(number + 1, 1), reason, "Write one item per line.")
    if rest:
        yield rest

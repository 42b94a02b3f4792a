"""Reads one HTTP/1.0 or HTTP/1.1 answer from a socket. Called by ``transport``.

Strict where a mistake could join one answer to the next, lenient where old proxies are: a length that is stated twice
is refused, while an answer without one ends with its connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.model.lazy_dataclass import dataclass

HEAD_LIMIT = 64 * 1024
LINE_LIMIT = 1024
EMPTY = frozenset({204, 304})

Receive = Callable[[], bytes]
"""The next bytes that came; empty at the end of the connection."""


class NotHttp(Exception):
    """What came is no HTTP answer; the text is its first line."""


class Broken(Exception):
    """The answer breaks off, or its head contradicts itself, so that the connection is of no more use."""


class Closed(Broken):
    """The connection ended before the first byte of an answer."""


@dataclass(slots=True)
class Answer:
    """Status, headers by their names in lower case, and the body as it came. ``reusable``: the connection is clean."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool


def read_answer(receive: Receive, limit: int | None = None) -> Answer:
    """The next final answer; interim ones (1xx) are skipped. ``limit`` cuts the body short.

    A body that is shorter than its stated length is handed on as it is: whoever asked checks what it means.
    """
    data = b""
    while True:
        head, data = _head(receive, data)
        version, status = _status(head)
        if not 100 <= status < 200:
            break
    headers = _headers(head)
    keep = _keeps(version, headers)
    if status in EMPTY:
        return Answer(status, headers, b"", keep and not data)
    coding = headers.get("transfer-encoding", "").lower()
    stated = headers.get("content-length")
    if coding and coding != "identity":
        if coding != "chunked":
            raise Broken(f"unknown transfer-encoding {coding[:80]!r}")
        body, rest, whole = _chunked(receive, data, limit)
        # A length beside chunks is what request smuggling is made of: the connection is not used again.
        return Answer(status, headers, body, keep and whole and not rest and stated is None)
    if stated is None:
        return Answer(status, headers, _until(receive, data, limit), reusable=False)
    if not (stated.isascii() and stated.isdecimal()):
        raise Broken(f"content-length {stated[:80]!r}")
    length = int(stated)
    wanted = length if limit is None else min(length, limit)
    if len(data) < wanted:
        data = _until(receive, data, wanted)
    return Answer(status, headers, data[:wanted], keep and len(data) == length and wanted == length)


def _head(receive: Receive, data: bytes) -> tuple[bytes, bytes]:
    """Status line and headers, and what follows them."""
    while True:
        if data and not b"HTTP/".startswith(data[:5]):
            raise NotHttp(_first_line(receive, data))
        end, gap = data.find(b"\r\n\r\n"), 4
        if end < 0:
            end, gap = data.find(b"\n\n"), 2
        if end >= 0:
            return data[:end], data[end + gap :]
        if len(data) > HEAD_LIMIT:
            raise Broken("the head of the answer does not end")
        more = receive()
        if not more:
            if not data:
                raise Closed("the connection was closed without an answer")
            raise Broken("the answer breaks off in its head")
        data += more


def _first_line(receive: Receive, data: bytes) -> str:
    while b"\n" not in data and len(data) < LINE_LIMIT:
        more = receive()
        if not more:
            break
        data += more
    return data.partition(b"\n")[0][:LINE_LIMIT].decode("iso-8859-1")


def _status(head: bytes) -> tuple[bytes, int]:
    line = head.partition(b"\n")[0].rstrip(b"\r")
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if (
        version not in (b"HTTP/1.1", b"HTTP/1.0")
        or len(code) != 3
        or not code.isdigit()
        or rest[3:4] not in (b"", b" ")
    ):
        raise NotHttp(line[:LINE_LIMIT].decode("iso-8859-1"))
    return version, int(code)


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    last = ""
    for line in head.decode("iso-8859-1").split("\n")[1:]:
        text = line.rstrip("\r")
        if text[:1] in (" ", "\t"):
            if last:
                headers[last] = f"{headers[last]} {text.strip()}"
            continue
        name, colon, value = text.partition(":")
        if not colon:
            continue
        last, value = name.strip().lower(), value.strip()
        if last in headers:
            if last == "content-length" and headers[last] == value:
                continue
            value = f"{headers[last]}, {value}"
        headers[last] = value
    return headers


def _keeps(version: bytes, headers: Mapping[str, str]) -> bool:
    connection = headers.get("connection", "").lower()
    if version == b"HTTP/1.0":
        return "keep-alive" in connection
    return "close" not in connection


def _until(receive: Receive, data: bytes, wanted: int | None) -> bytes:
    """``data`` with what comes after it, until there is as much as wanted or the connection ends."""
    parts, have = [data], len(data)
    while wanted is None or have < wanted:
        more = receive()
        if not more:
            break
        parts.append(more)
        have += len(more)
    return b"".join(parts)


def _chunked(receive: Receive, data: bytes, limit: int | None) -> tuple[bytes, bytes, bool]:
    """The joined chunks, what follows the last one, and whether they were read to their end."""
    body: list[bytes] = []
    have = 0
    while True:
        line, data = _line(receive, data)
        digits = line.partition(b";")[0].strip()
        if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
            raise Broken(f"the size of a chunk is {line[:40]!r}")
        size = int(digits, 16)
        if size == 0:
            while line:
                line, data = _line(receive, data)
            return b"".join(body), data, True
        data = _until(receive, data, size + 2)
        if data[size : size + 1] == b"\n":
            end = size + 1
        elif data[size : size + 2] == b"\r\n":
            end = size + 2
        else:
            raise Broken("a chunk breaks off")
        body.append(data[:size])
        data = data[end:]
        have += size
        if limit is not None and have >= limit:
            return b"".join(body)[:limit], data, False


def _line(receive: Receive, data: bytes) -> tuple[bytes, bytes]:
    while b"\n" not in data:
        more = receive()
        if not more or len(data) > HEAD_LIMIT:
            raise Broken("the answer breaks off between two chunks")
        data += more
    line, _, rest = data.partition(b"\n")
    return line.rstrip(b"\r"), rest

"""Structured mutations of an input: what people, editors, merges and broken disks do to a file, in random order.

``random.Random`` decides everything, so that a loop of the suite repeats itself and libFuzzer can lend its own seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from reconciler.declarations.document.part import spellings
from reconciler.declarations.document.table import TableDocument

WORDS = tuple(
    word.encode()
    for word in (
        *spellings(TableDocument),
        *("AttributeName", "KeyType", "HASH", "RANGE", "IndexName", "Projection", "ProjectionType", "ALL", "INCLUDE"),
        *("read", "write", "min", "max", "target", "enabled", "schedule", "protect", "on_existing", "own", "pk", "n"),
        *("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS", "Item", "PutRequest", "users"),
        *("null", "~", "true", "yes", "no", "on", "off", "NaN", "Infinity", "-Infinity", ".inf", ".nan", "2026-01-01"),
        *("0", "-1", "1e999", "1E-400", "0x" + "f" * 30, "9" * 39, "0o17", "1_000", "12:30:45", "9223372036854775808"),
        *(
            "---\n",
            "...\n",
            "&a ",
            "*a",
            "<<: *a",
            "? ",
            ": ",
            "- ",
            "!!set",
            "!!binary ",
            "!!int ",
            "!Ref ",
            "|\n",
            ">\n",
        ),
        *("{", "}", "[", "]", ",", '"', "'", "\\u", "\\ud800", "\\", "\n", "\r\n", "\t", "#", "%YAML 1.1\n", "@", "`"),
        *(
            "\ufeff",
            "\0",
            "\u2028",
            "\u0661",
            "\x1b",
            "é",
            "𝄞",
            ":N",
            ":JSON",
            ":B",
            '""',
            '{"S": "x"}',
            "<<<<<<< HEAD\n",
        ),
    )
)
BROKEN = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x80", b"\x1f\x8b\x08\0")
"""Bytes that are no UTF-8, and the beginning of gzip."""
Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def mutate(chance: random.Random, data: bytes, others: Sequence[bytes], most: int = 8192) -> bytes:
    """One to six mutations of an input; its first byte, which chooses the reader, stays in most cases."""
    kind, content = data[:1], data[1:]
    for _ in range(chance.randint(1, 6)):
        content = chance.choice(MUTATIONS)(chance, content, others)[:most]
    return (kind if chance.random() < 0.95 else bytes([chance.randrange(256)])) + content


def _cut(chance: random.Random, data: bytes) -> tuple[int, int]:
    begin = chance.randint(0, len(data))
    return begin, min(len(data), begin + chance.randint(0, 1 + len(data) // 4))


def _insert_word(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(WORDS) + data[at:]


def _replace_by_word(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    begin, end = _cut(chance, data)
    return data[:begin] + chance.choice(WORDS) + data[end:]


def _remove(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    begin, end = _cut(chance, data)
    return data[:begin] + data[end:]


def _repeat(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    begin, end = _cut(chance, data)
    return data[:end] + data[begin:end] * chance.choice((1, 1, 2, 40)) + data[end:]


def _swap_lines(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _indent(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((b" ", b"  ", b"\t")) + lines[at] if chance.random() < 0.6 else lines[at].lstrip()
    return b"\n".join(lines)


def _flip(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _break(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(BROKEN) + data[at:]


def _nest(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at, depth = chance.randint(0, len(data)), chance.choice((3, 33, 400, 3000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"- ", b""), (b'{"L":[', b"]}"), (b"{? ", b"}")))
    return data[:at] + opening * depth + b"1" + closing * depth + data[at:]


def _splice(chance: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)[1:] if others else b""
    begin, end = _cut(chance, other)
    at = chance.randint(0, len(data))
    return data[:at] + other[begin:end] + data[at:]


def _truncate(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: chance.randint(0, len(data))]


def _recode(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data.decode("utf-8", "replace").encode(
        chance.choice(("utf-8-sig", "utf-16", "utf-16-le", "latin-1")), "replace"
    )


MUTATIONS: tuple[Mutation, ...] = (
    *(_insert_word, _insert_word, _replace_by_word, _replace_by_word, _remove, _repeat, _swap_lines, _indent, _flip),
    *(_break, _nest, _splice, _splice, _truncate, _recode),
)
"""Recoding and similar mutations are rare among those that keep a text a text."""

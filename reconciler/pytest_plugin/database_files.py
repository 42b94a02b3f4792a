"""The database files of DynamoDB Local, which are SQLite's. Called by ``local``.

DynamoDB Local keeps each namespace in a file and a connection to it. A file that is exchanged is not noticed, so that
SQLite itself copies the new content into the open file, in one transaction.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

COUNTER = slice(24, 28)
"""Where the file change counter is; each transaction that writes raises it (https://sqlite.org/fileformat2.html)."""
HEADER = 100


def change_counter(path: Path) -> int:
    """A number that is another one after each write to the file; -1 where there is no file."""
    try:
        with path.open("rb") as file:
            return int.from_bytes(file.read(HEADER)[COUNTER], "big")
    except FileNotFoundError:
        return -1


def replace(path: Path, image: bytes, scratch: Path) -> None:
    """Let the file have the content of ``image``. ``scratch`` is a path in the same folder for a file of ours.

    SQLite raises the counter of the file, so that a connection with former pages in its cache reads them again.
    """
    scratch.write_bytes(image)
    if not path.exists():
        scratch.rename(path)
        return
    source = sqlite3.connect(scratch, isolation_level=None)
    target = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        # Nobody needs the file after a loss of power.
        target.execute("PRAGMA synchronous = OFF")
        target.execute("PRAGMA journal_mode = MEMORY")
        source.backup(target)
    finally:
        source.close()
        target.close()
        scratch.unlink()


def read(path: Path) -> bytes:
    """The content of the file between two transactions."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        connection.execute("BEGIN IMMEDIATE")
        content = path.read_bytes()
        connection.execute("ROLLBACK")
    finally:
        connection.close()
    return content

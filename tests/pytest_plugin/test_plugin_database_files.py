"""An open connection sees the content that replaced its file, whatever the counters say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.pytest_plugin import database_files


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An open connection, as the server has it, that has read everything."""
    connection = sqlite3.connect(tmp_path / "live.db", isolation_level=None)
    connection.execute("CREATE TABLE items (name TEXT)")
    yield connection
    connection.close()


def names(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM items ORDER BY name")]


def test_the_counter_tells_a_write(tmp_path: Path, database: sqlite3.Connection) -> None:
    before = database_files.change_counter(tmp_path / "live.db")
    names(database)
    assert database_files.change_counter(tmp_path / "live.db") == before
    database.execute("INSERT INTO items VALUES ('a')")
    assert database_files.change_counter(tmp_path / "live.db") != before
    assert database_files.change_counter(tmp_path / "none.db") == -1


@pytest.mark.parametrize("writes", range(12))
def test_no_stale_page_is_read_after_a_replacement(tmp_path: Path, database: sqlite3.Connection, writes: int) -> None:
    """One of these numbers of writes would meet the counter of an image that was made later."""
    early = database_files.read(tmp_path / "live.db")
    for _ in range(4):
        database.execute("DELETE FROM items")
        database.execute("INSERT INTO items VALUES ('seed')")
    image = database_files.read(tmp_path / "live.db")
    database_files.replace(tmp_path / "live.db", early, tmp_path / "next")
    for number in range(writes):
        database.execute("INSERT INTO items VALUES (?)", (f"later {number}",))
    assert len(names(database)) == writes
    database_files.replace(tmp_path / "live.db", image, tmp_path / "next")
    assert names(database) == ["seed"]
    database.execute("INSERT INTO items VALUES ('more')")
    assert names(database) == ["more", "seed"]


def test_the_counter_never_falls(tmp_path: Path, database: sqlite3.Connection) -> None:
    image = database_files.read(tmp_path / "live.db")
    for number in range(5):
        database.execute("INSERT INTO items VALUES (?)", (str(number),))
    former = database_files.change_counter(tmp_path / "live.db")
    database_files.replace(tmp_path / "live.db", image, tmp_path / "next")
    assert database_files.change_counter(tmp_path / "live.db") > former
    assert names(database) == []


def test_a_new_file_appears_whole(tmp_path: Path, database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO items VALUES ('seed')")
    database_files.replace(tmp_path / "new.db", database_files.read(tmp_path / "live.db"), tmp_path / "next")
    assert names(sqlite3.connect(tmp_path / "new.db")) == ["seed"]
    assert not (tmp_path / "next").exists()

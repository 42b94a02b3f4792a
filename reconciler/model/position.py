"""Where a value stands in a text: its line and its column. Made by the readers of declarations and seeds."""

from __future__ import annotations


class Position(int):
    """A line of a file that also knows a column; both start at 1, and a column counts characters.

    It is the number of the line, so that everything that needs only lines takes it: a report names a declaration by
    ``path:line``, and a cache keeps plain numbers.
    """

    column: int

    def __new__(cls, line: int, column: int) -> Position:
        """The position of a line and a column."""
        made = super().__new__(cls, line)
        made.column = column
        return made

    def __getnewargs__(self) -> tuple[int, int]:  # type: ignore[override]
        """For copies: ``int`` alone would lose the column."""
        return int(self), self.column


def column_of(line: int | None) -> int | None:
    """The column of a line that knows one, else None."""
    return line.column if isinstance(line, Position) else None


def position_at(text: str, offset: int) -> Position:
    """The position of an offset in a text."""
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def located(file: str, line: int | None) -> str:
    """``path:line:column``, as terminals and editors open it; without what is unknown."""
    parts = [file, *(str(int(each)) for each in (line, column_of(line)) if each is not None)]
    return ":".join(parts)


def packed(line: int | None) -> int | list[int] | None:
    """A line as JSON holds it: with its column as a pair."""
    column = column_of(line)
    return line if line is None or column is None else [int(line), column]


def unpacked(value: int | list[int] | None) -> int | None:
    """The line that ``packed`` wrote. Raises ``TypeError`` and ``ValueError`` for anything else."""
    if isinstance(value, list):
        line, column = value
        return Position(line, column)
    return value

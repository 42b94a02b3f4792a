"""How a command declares its options and arguments. ``command`` collects them, ``plain_line`` and ``verbs`` parse them.

typer takes longer to import than most commands take to run, so that these become parameters of typer only where a line
needs it: for help, for an error, and for rare forms.
"""

from __future__ import annotations

from reconciler.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """An option by its spellings. ``minimum`` is that of a number; ``count`` counts how often a switch is given."""

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    minimum: int | None = None
    hidden: bool = False
    show_default: bool = True
    case_sensitive: bool = True
    count: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """A word without an option before it."""

    metavar: str
    help: str

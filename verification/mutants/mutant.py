"""What a mutant is: one small fault planted in a copy of our own code, and the tests that must notice it.

``verification/plant_mutants.py`` plants each mutant and runs its tests. The tables beside this file follow the parts
of the package. ``verification/syntax_patterns.py`` describes the snippets.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """Within the symbol ``at``, code that matches ``old`` exactly once becomes ``new``.

    ``at`` is the dotted name of a function, class or constant in any module (``Pages.advance``). Where two modules have
    the same symbol with the same code, the module goes before a colon: ``access:Guard.check``. ``old`` and ``new`` are
    Python; an empty ``new`` deletes the statement.

    ``bug`` is the fault of real tools, or of a user's working day, that the mutant stands for. At least one of
    ``killers`` must fail: test files by name, or single tests (``test_state_lease::test_x[a case]``).
    """

    name: str
    at: str
    old: str
    new: str
    bug: str
    killers: tuple[str, ...]

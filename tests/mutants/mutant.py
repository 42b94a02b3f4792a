"""What a mutant is: one small fault planted in a copy of our own code, and the tests that must notice it.

``scripts/plant_mutants.py`` plants each of them and runs its tests. The tables beside this file are by the part of the
package that they hurt.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """``old`` stands exactly once in ``file`` (below reconciler/) and becomes ``new``.

    ``bug`` is the fault of real tools, or of real users' days, that the mutant stands for. ``killers`` are tests below
    tests/ as pytest names them: at least one of them must fail.
    """

    name: str
    file: str
    old: str
    new: str
    bug: str
    killers: tuple[str, ...]

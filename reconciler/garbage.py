"""When Python looks for garbage in the daemon: between the passes, not in the middle of one. Used by the daemon.

Almost everything is freed as soon as nothing refers to it any more; the collector is there for circles alone. A full
collection looks at every object of the process and stops all its threads meanwhile, a reader's answer among them, and
Python begins one whenever enough objects have come, which in a pass over thousands of tables is all the time.
"""

from __future__ import annotations

import gc

YOUNG = 700
"""New objects after which the youngest are looked at: a fraction of a millisecond."""
MIDDLE = 10
"""Looks at the youngest for one at those that survived one look."""
SELDOM = 3000
"""Looks at the middle generation for a full collection that we did not ask for: only a pass of hours gets there."""


class BetweenPasses:
    """``begin`` once before the first pass, ``tidy`` after every pass."""

    def __init__(self) -> None:
        self._passes = 0

    def begin(self) -> None:
        """Put everything that is there aside for good: modules, models of the service, clients, the app."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, SELDOM)

    def tidy(self) -> None:
        """Free the circles that the pass left, among what is not put aside.

        After passes 1, 2, 4, 8 and so on what is left is put aside as well: what is remembered of tables that do not
        change stays for long. What is put aside is still freed when nothing refers to it; a circle is not, which is
        why it is done so seldom.
        """
        gc.collect()
        self._passes += 1
        if self._passes.bit_count() == 1:
            gc.freeze()

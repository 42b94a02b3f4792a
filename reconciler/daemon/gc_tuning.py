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


MANY = 30_000
"""Lasting objects that came since some were last put aside: to look at them takes some ten milliseconds."""
TIMES = 100
"""Puttings aside before everything is looked at once, which takes some hundred milliseconds."""


class GcTuning:
    """``begin`` once before the first pass, ``tidy`` after every pass."""

    def __init__(self) -> None:
        self._times = 0

    def freeze_startup_objects(self) -> None:
        """Put everything that is there aside: modules, models of the service, clients, the app."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, SELDOM)

    def collect(self) -> None:
        """Free the circles that the pass left, among what is not put aside.

        Where much is left it is put aside as well: what is remembered of tables that do not change stays for long. What
        is put aside is still freed when nothing refers to it; a circle only when everything is looked at again.
        """
        gc.collect()
        if len(gc.get_objects(generation=2)) < MANY:
            return
        self._times += 1
        if self._times % TIMES == 0:
            gc.unfreeze()
            gc.collect()
        gc.freeze()

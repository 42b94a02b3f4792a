"""Moves garbage collection of the daemon between the passes. Used by the daemon.

CPython frees most objects by reference count; the collector only finds cycles. A full collection visits every object
and stops all threads meanwhile, also those that answer a reader. A pass that finds thousands of tables changed creates
so many objects that Python would start several. Measured with 2,500 unchanged tables: readers wait as long without this
module, because such a pass creates few objects that last.
"""

from __future__ import annotations

import ctypes
import gc

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""
MALLOC = {M_ARENA_MAX: 1, M_MMAP_THRESHOLD: 256 * 1024, M_TRIM_THRESHOLD: 128 * 1024}
"""The threads of a pass take turns at the interpreter, so an arena of its own helps none of them, and each arena keeps
what was freed in it. The thresholds are near glibc's defaults. Setting them keeps glibc from raising them to 32 MB once
a large text was freed; all later texts would then leave holes in the heap. Measured with 2,500 tables after 8 passes:
180 MB resident without this, 154 MB with it."""
YOUNG = 700
"""New objects that start a collection of the youngest generation, which takes a fraction of a millisecond."""
MIDDLE = 10
"""Collections of the youngest generation for each of the middle one."""
SELDOM = 3000
"""Collections of the middle generation for an automatic full one; only a pass of hours gets there."""


MANY = 30_000
"""Surviving objects after which they are frozen; visiting them takes some ten milliseconds."""
TIMES = 100
"""Freezes before one full collection of everything, which takes some hundred milliseconds."""


def tune_malloc() -> None:
    """Make the C library return freed memory to the system. Call it before the first thread starts.

    Does nothing where the C library is not glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in MALLOC.items():
        mallopt(parameter, value)


class GcTuning:
    """``freeze_startup_objects`` once before the first pass, ``collect`` after every pass."""

    def __init__(self) -> None:
        self._times = 0

    def freeze_startup_objects(self) -> None:
        """Exclude all present objects from collections: modules, service models, clients, the app."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, SELDOM)

    def collect(self) -> None:
        """Free the cycles that the pass left among the objects that are not frozen.

        Many survivors are frozen too, because the state of unchanged tables lives long. A frozen object is still freed
        by its reference count; a frozen cycle only by the next full collection.
        """
        gc.collect()
        if len(gc.get_objects(generation=2)) < MANY:
            return
        self._times += 1
        if self._times % TIMES == 0:
            gc.unfreeze()
            gc.collect()
        gc.freeze()

"""One module per goal; ``GOALS`` has them in the order in which they are measured.

Goals that share the daemons come first, and the daemons end before the goals of whole processes are measured.
"""

from __future__ import annotations

from benchmarks.goals import (
    p01_pass,
    p02_calls,
    p03_create,
    p04_nothing_to_do,
    p05_validate,
    p06_seed,
    p07_memory,
    p08_latency,
    p09_readers,
    p10_modules,
    p11_tests,
    p12_copy,
)

WITH_DAEMONS = (p01_pass.GOAL, p02_calls.GOAL, p08_latency.GOAL, p09_readers.GOAL, p07_memory.GOAL)
WHOLE_PROCESSES = (
    p03_create.GOAL,
    p04_nothing_to_do.GOAL,
    p05_validate.GOAL,
    p06_seed.GOAL,
    p10_modules.GOAL,
    p11_tests.GOAL,
    p12_copy.GOAL,
)
GOALS = WITH_DAEMONS + WHOLE_PROCESSES

"""All kill scenarios in one order, which numbers the cases of the campaigns: append new ones."""

from __future__ import annotations

from faults.kill_creations import ADOPTING, CREATING
from faults.kill_deletions import CONSENT, KEEPING, PRUNING, REPLACING
from faults.kill_imports_and_daemon import BEYOND
from faults.kill_parallel import PARALLEL
from faults.kill_records import RECORDS
from faults.kill_spec_changes import chosen
from faults.kill_verbs import LOST, VERBS

SCENARIOS = (
    *CREATING,
    *ADOPTING,
    *PRUNING,
    *REPLACING,
    *VERBS,
    *LOST,
    *chosen(),
    *PARALLEL,
    *RECORDS,
    *BEYOND,
    *CONSENT,
    *KEEPING,
)

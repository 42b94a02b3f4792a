"""Run one case of the campaign ``simulation-wide``: as one of ``simulation``, on a service that has backups.

What stands beside the tables is watched, and read raw at the end, as well.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from campaigns.convergence_run import DATED
from campaigns.related_oracle import THEIRS, beside, unscaled
from campaigns.simulation_actions import Others
from campaigns.simulation_case import Deed, StormCase
from campaigns.simulation_final_state import Lacking
from campaigns.simulation_monitor import Witness
from campaigns.simulation_run import Storm
from campaigns.simulation_run import run as run_storm
from campaigns.simulation_wide_monitor import WideWitness
from campaigns.table_oracle import lacking
from simulation.simulated_dynamodb import ControlPlane

from reconciler.model.identity import Flavor
from reconciler.model.table import TableSpec


def raw(plane: ControlPlane, spec: TableSpec, flavor: Flavor) -> list[str]:
    """What is not as declared, of the table and beside it."""
    return [*lacking(plane, unscaled(plane, spec), flavor), *beside(plane, spec)]


class WideOthers(Others):
    """Others who take backups and drop any."""

    def more(self, deed: Deed) -> None:
        match deed.kind:
            case "backup":
                self._do("CreateBackup", {"TableName": deed.table, "BackupName": THEIRS})
            case "drop_backup":
                for arn in [arn for arn in self.plane.backups if f":table/{deed.table}/" in arn][:1]:
                    self._do("DeleteBackup", {"BackupArn": arn})


class WideStorm(Storm):
    """The world of one case."""

    witness_of: ClassVar[type[Witness]] = WideWitness
    others_of: ClassVar[type[Others]] = WideOthers
    raw: ClassVar[Lacking] = staticmethod(raw)
    dated: ClassVar[tuple[str, ...]] = DATED

    def __init__(self, case: StormCase) -> None:
        super().__init__(case)
        self.plane.has_backups = True


def run(case: StormCase) -> Counter[str]:
    """Raises ``AssertionError`` where anything happens that may not, or the end is another one than declared."""
    return run_storm(case, WideStorm)

"""Run one case of the campaign ``simulation-wide``: as one of ``simulation``, on a service that has backups.

What stands beside the tables is watched, and read raw at the end, as well.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from campaigns.convergence_run import DATED
from campaigns.related_oracle import THEIRS, related_differences, unscaled
from campaigns.simulation_actions import ForeignActor
from campaigns.simulation_case import Action, SimulationCase
from campaigns.simulation_final_state import Lacking
from campaigns.simulation_monitor import Monitor
from campaigns.simulation_run import Scenario
from campaigns.simulation_run import run as run_simulation
from campaigns.simulation_wide_monitor import WideMonitor
from campaigns.table_oracle import lacking
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.model.identity import Flavor
from reconciler.model.table import TableSpec


def raw(dynamodb: SimulatedDynamoDB, spec: TableSpec, flavor: Flavor) -> list[str]:
    """The differences of the table and its related resources from the declaration."""
    return [*lacking(dynamodb, unscaled(dynamodb, spec), flavor), *related_differences(dynamodb, spec)]


class WideForeignActor(ForeignActor):
    """Others who take backups and drop any."""

    def more(self, action: Action) -> None:
        match action.kind:
            case "backup":
                self._do("CreateBackup", {"TableName": action.table, "BackupName": THEIRS})
            case "drop_backup":
                for arn in [arn for arn in self.dynamodb.backups if f":table/{action.table}/" in arn][:1]:
                    self._do("DeleteBackup", {"BackupArn": arn})


class WideScenario(Scenario):
    """The environment of one case."""

    monitor_of: ClassVar[type[Monitor]] = WideMonitor
    foreign_actor_of: ClassVar[type[ForeignActor]] = WideForeignActor
    raw: ClassVar[Lacking] = staticmethod(raw)
    dated: ClassVar[tuple[str, ...]] = DATED

    def __init__(self, case: SimulationCase) -> None:
        super().__init__(case)
        self.dynamodb.has_backups = True


def run(case: SimulationCase) -> Counter[str]:
    """Raises ``AssertionError`` where anything happens that may not, or the end is another one than declared."""
    return run_simulation(case, WideScenario)

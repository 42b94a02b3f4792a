"""Foreign actions in the campaign ``simulation``: on tables, items, the lease and the whole emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaigns.simulation_calls import subject
from campaigns.simulation_case import Action, SimulationCase
from campaigns.simulation_monitor import Monitor
from campaigns.simulation_store import State
from campaigns.table_oracle import supported_part
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.table import Table

from reconciler.model.change import Call
from reconciler.model.errors import ApiError
from reconciler.model.table import TableSpec
from reconciler.planning.create import create_call


class ForeignActor:
    """They act on the service directly, without the transport, and report to the monitor what is theirs."""

    def __init__(self, case: SimulationCase, dynamodb: SimulatedDynamoDB, state: State, monitor: Monitor) -> None:
        self.case, self.dynamodb, self.state, self.monitor = case, dynamodb, state, monitor

    def bound(self, action: Action) -> Callable[[], None]:
        """The action, as a function to be called at its time."""
        return lambda: self.act(action)

    def act(self, action: Action) -> None:
        table = self.dynamodb.tables.get(action.table)
        self.monitor.action_at = action.at
        if action.kind in ("jump", "steal", "restart", "state_lost"):
            self.monitor.lost_at = action.at
        match action.kind:
            case "call" if action.call is not None:
                self._call(action.call.operation, dict(action.call.params))
            case "put" if table is not None:
                self._put(table, action.key)
            case "drop":
                self._drop(action.table)
            case "recreate" if action.spec is not None:
                self._drop(action.table)
                self.create(action.spec)
            case "create" if action.spec is not None and table is None:
                self.create(action.spec)
            case "jump":
                self.dynamodb.clock.seconds += action.seconds
                self.monitor.jumped = True
            case "steal":
                self.state.stolen()
            case "restart" if self.case.flavor.emulator:
                self.dynamodb.tables.clear()
                self.dynamodb.ghosts.clear()
                self._lose_state()
            case "state_lost":
                self._lose_state()
            case _:
                self.more(action)

    def more(self, action: Action) -> None:
        """Deeds of another kind."""

    def create(self, spec: TableSpec) -> None:
        """A table that others make; none is made in the same moment as another one of its name."""
        self.dynamodb.clock.seconds += 1.5
        call = create_call(supported_part(spec, self.case.flavor))
        if not self._do(call.operation, dict(call.params)):
            return
        fact = self.monitor.fact(self.dynamodb.tables[spec.name])
        fact.touched = 1

    def _lose_state(self) -> None:
        self.dynamodb.clock.seconds += 1.5
        self.state.lose()
        self.monitor.lose_state()

    def _call(self, operation: str, params: dict[str, Any]) -> None:
        if self._do(operation, params):
            table = self.dynamodb.tables.get(subject(Call(operation, params)))
            if table is not None:
                self.monitor.fact(table).touched += 1

    def _do(self, operation: str, params: dict[str, Any]) -> bool:
        try:
            self.dynamodb.do(operation, params)
        except (ApiError, KeyError):
            return False
        return True

    def _put(self, table: Table, name: str) -> None:
        key, item = repr([{"S": name}]), {"pk": {"S": name}, "by": {"S": "others"}}
        fact = self.monitor.fact(table)
        if key in table.items and key not in fact.theirs:
            return
        table.items[key] = fact.theirs[key] = item

    def _drop(self, name: str) -> None:
        if name in self.dynamodb.tables:
            del self.dynamodb.tables[name]
            self.dynamodb.clock.seconds += 1.5

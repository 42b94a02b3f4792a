"""What others do in the campaign ``simulation``: to tables, to items, to the lease, to the whole emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaigns.simulation_calls import subject
from campaigns.simulation_case import Deed, StormCase
from campaigns.simulation_monitor import Witness
from campaigns.simulation_store import State
from campaigns.table_oracle import holdable
from simulation.simulated_dynamodb import ControlPlane
from simulation.table import Table

from reconciler.model.change import Call
from reconciler.model.errors import ApiError
from reconciler.model.table import TableSpec
from reconciler.planning.create import create_call


class Others:
    """They act on the service itself, beside the wire; the witness is told what is theirs."""

    def __init__(self, case: StormCase, plane: ControlPlane, state: State, witness: Witness) -> None:
        self.case, self.plane, self.state, self.witness = case, plane, state, witness

    def bound(self, deed: Deed) -> Callable[[], None]:
        """The deed, to be called when its time has come."""
        return lambda: self.act(deed)

    def act(self, deed: Deed) -> None:
        table = self.plane.tables.get(deed.table)
        self.witness.deed_at = deed.at
        if deed.kind in ("jump", "steal", "restart", "state_lost"):
            self.witness.lost_at = deed.at
        match deed.kind:
            case "call" if deed.call is not None:
                self._call(deed.call.operation, dict(deed.call.params))
            case "put" if table is not None:
                self._put(table, deed.key)
            case "drop":
                self._drop(deed.table)
            case "recreate" if deed.spec is not None:
                self._drop(deed.table)
                self.create(deed.spec)
            case "create" if deed.spec is not None and table is None:
                self.create(deed.spec)
            case "jump":
                self.plane.clock.seconds += deed.seconds
                self.witness.jumped = True
            case "steal":
                self.state.stolen()
            case "restart" if self.case.flavor.emulator:
                self.plane.tables.clear()
                self.plane.ghosts.clear()
                self._lose_state()
            case "state_lost":
                self._lose_state()
            case _:
                self.more(deed)

    def more(self, deed: Deed) -> None:
        """Deeds of another kind."""

    def create(self, spec: TableSpec) -> None:
        """A table that others make; none is made in the same moment as another one of its name."""
        self.plane.clock.seconds += 1.5
        call = create_call(holdable(spec, self.case.flavor))
        if not self._do(call.operation, dict(call.params)):
            return
        fact = self.witness.fact(self.plane.tables[spec.name])
        fact.touched = 1

    def _lose_state(self) -> None:
        self.plane.clock.seconds += 1.5
        self.state.lose()
        self.witness.lose_state()

    def _call(self, operation: str, params: dict[str, Any]) -> None:
        if self._do(operation, params):
            table = self.plane.tables.get(subject(Call(operation, params)))
            if table is not None:
                self.witness.fact(table).touched += 1

    def _do(self, operation: str, params: dict[str, Any]) -> bool:
        try:
            self.plane.do(operation, params)
        except (ApiError, KeyError):
            return False
        return True

    def _put(self, table: Table, name: str) -> None:
        key, item = repr([{"S": name}]), {"pk": {"S": name}, "by": {"S": "others"}}
        fact = self.witness.fact(table)
        if key in table.items and key not in fact.theirs:
            return
        table.items[key] = fact.theirs[key] = item

    def _drop(self, name: str) -> None:
        if name in self.plane.tables:
            del self.plane.tables[name]
            self.plane.clock.seconds += 1.5

"""The data plane of the simulated service, behind the engine's ``ItemApi`` port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simulation.control_plane import ControlPlane


class Items:
    """The item API over a control plane's tables; it is always consistent."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.puts = 0
        self.faults: Callable[[str, Any], None] | None = None

    def first_items(self, table: str, limit: int) -> tuple[dict[str, Any], ...]:
        if self.faults:
            self.faults("Scan", table)
        live = self.plane.table("Scan", table)
        return tuple(list(live.items.values())[:limit])

    def put_if_absent(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> bool:
        if self.faults:
            self.faults("PutItem", item)
        live, key = self.plane.table("PutItem", table), _key(item, key_names)
        if key in live.items:
            return False
        live.items[key] = dict(item)
        self.puts += 1
        return True

    def delete_if_equal(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> bool:
        live, key = self.plane.table("DeleteItem", table), _key(item, key_names)
        if live.items.get(key) != dict(item):
            return False
        del live.items[key]
        return True


def _key(item: Mapping[str, Any], key_names: Iterable[str]) -> str:
    return repr([item[name] for name in key_names])

"""A table with items, migration files made of functions, and the commands over them, in a simulation."""

from __future__ import annotations

from typing import Any

from mover.memory_items import MemoryItems
from simulation.simulated_engine import declaration, simulate

from reconciler.model.records import MigrationChecksums
from reconciler.mover.migrate_commands import MigrateCommands, MigrateLimits
from reconciler.mover.migration_file import MigrationFile


def migration(name: str = "0001_add_status", up: Any = None, **members: Any) -> MigrationFile:
    """A migration of ``users`` that sets ``status``, unless another ``up`` is given."""
    members.setdefault("table", "users")
    checksum = members.pop("checksum", f"checksum of {name}")
    function = up or (lambda item: {"status": "active"})
    return MigrationFile(
        name,
        int(name.partition("_")[0]),
        f"../migrations/{name}.py",
        up=function,
        lines={"up": 5, "table": 3},
        checksums=MigrationChecksums(checksum, members.pop("body", "")),
        **members,
    )


class Bench:
    """One table ``users`` with string key ``pk``, and items that tests read and change directly."""

    def __init__(self, *items: dict[str, Any], **options: Any) -> None:
        self.sim = simulate(**options)
        self.sim.declare(declaration("users"))
        self.sim.once()
        for one in items:
            self.put(one)
        self.items = MemoryItems(self.sim.dynamodb)

    @property
    def calls(self):
        return self.items.memory

    def put(self, one: dict[str, Any]) -> None:
        self.table.items[repr([one["pk"]])] = dict(one)

    def remove(self, key: str) -> None:
        del self.table.items[repr([{"S": key}])]

    @property
    def table(self):
        return self.sim.dynamodb.tables["users"]

    def item(self, key: str) -> dict[str, Any] | None:
        return self.table.items.get(repr([{"S": key}]))

    def everything(self) -> list[dict[str, Any]]:
        return [dict(item) for _, item in sorted(self.table.items.items())]

    def commands(self, *files: MigrationFile, **limits: Any) -> MigrateCommands:
        limits.setdefault("workers", 2)
        return MigrateCommands(
            self.sim.reconciler.command(), self.items, files or (migration(),), "me@here", MigrateLimits(**limits)
        )


def numbered(count: int, **attributes: Any) -> list[dict[str, Any]]:
    return [{"pk": {"S": f"u{number:04}"}, "n": {"N": str(number)}, **attributes} for number in range(count)]

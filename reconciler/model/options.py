"""The settings of a pass, as one frozen value. Passed to the engine by the wiring."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from reconciler.model.lazy_dataclass import dataclass

Permission = Literal["never", "emulator", "allow"]


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one pass; docs/reference/settings.md lists their names and defaults.

    ``one_shot`` marks ``--once``, ``up``, ``destroy`` and ``preview``. ``explicit_delete`` marks ``destroy`` and
    rollback, which neither ``max_deletes`` nor ``prune_grace`` holds back. ``max_deletes`` is ``None`` where there is
    no cap.
    """

    stack: str = "default"
    environment: str | None = None
    mode: Literal["enforce", "observe"] = "enforce"
    prune: Literal["never", "owned"] = "owned"
    prune_grace: timedelta = timedelta(minutes=5)
    data_loss: Permission = "emulator"
    disruption: Permission = "emulator"
    max_deletes: int | None = None
    max_deletes_share: float | None = None
    """Share of the owned tables that caps deletes, at least one; ``None`` where ``max_deletes`` alone decides."""
    seed: Literal["empty", "never"] = "empty"
    state_table: str = "reconciler_state"
    one_shot: bool = False
    trusts_records: bool = False
    """Whether a grace period counts from its record, and not from when this process saw it begin. Only for showing what
    a daemon will do; one-shot commands trust records anyway."""
    explicit_delete: bool = False
    testing: bool = False
    """Whether tests may reset the items of all tables. Without effect off emulators."""
    project: str | None = None
    stack_is_named: bool = False
    """Whether the stack has a name of its own. Else it is named after the folder ``project``."""
    """The folder that the stack is named after, or that of the declarations where the stack has a name of its own."""

    @property
    def environment_label(self) -> str:
        """The environment as labels and records spell it."""
        return self.environment or "default"

    @property
    def scope(self) -> str:
        """The key of every record: stack and environment."""
        return f"{self.stack}/{self.environment_label}"


def permits(permission: Permission, *, emulator: bool) -> bool:
    """Whether a never/emulator/allow setting lets a step through here."""
    return permission == "allow" or (permission == "emulator" and emulator)

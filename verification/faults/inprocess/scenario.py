"""What a scenario is: an account as it stood before, and the runs of the product that are looked at call by call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from faults.inprocess.account import Ended, Stage

from reconciler.model.identity import Flavor

DAY = 86400.0
SETTLE = 600.0


@dataclass(frozen=True, eq=False)
class Scenario:
    """``before`` sets the stage, without faults. ``act`` is watched, and ``again`` (the same, unless
    told otherwise) is what anybody does after a failure, and what ends in rest.
    """

    name: str
    act: Callable[[Stage], Ended]
    before: Callable[[Stage], None] = lambda _: None
    again: Callable[[Stage], Ended] | None = None
    owns: bool = False
    """Whether its declarations say that whatever stands under their names is ours."""
    flavor: Flavor = Flavor.AWS
    delay: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)

    def stage(self) -> Stage:
        """The account as it stands before the act, everything under way settled."""
        stage = Stage(self.flavor, self.delay, options=self.options)
        self.before(stage)
        stage.later(DAY)
        for log in (stage.wire.sent, stage.plane.journal, stage.plane.reads, stage.plane.refusals, stage.told):
            log.clear()
        return stage

    def repeat(self, stage: Stage) -> Ended:
        """What is done after the act, however it ended."""
        return (self.again or self.act)(stage)

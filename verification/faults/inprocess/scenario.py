"""A scenario: the initial account, and the runs of the product that are checked call by call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from faults.inprocess.account import Ended, SimulatedAccount

from reconciler.model.identity import Flavor

DAY = 86400.0
SETTLE = 600.0


@dataclass(frozen=True, eq=False)
class Scenario:
    """``before`` prepares the account, without faults. ``act`` is watched, and ``again`` (the same, unless
    told otherwise) is what anybody does after a failure, and what ends in rest.
    """

    name: str
    act: Callable[[SimulatedAccount], Ended]
    before: Callable[[SimulatedAccount], None] = lambda _: None
    again: Callable[[SimulatedAccount], Ended] | None = None
    owns: bool = False
    """Whether its declarations take over every existing table (``on_existing: own``)."""
    flavor: Flavor = Flavor.AWS
    delay: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)

    def account(self) -> SimulatedAccount:
        """The account before ``act``, with all pending changes finished."""
        account = SimulatedAccount(self.flavor, self.delay, options=self.options)
        self.before(account)
        account.later(DAY)
        for log in (
            account.transport.sent,
            account.dynamodb.journal,
            account.dynamodb.reads,
            account.dynamodb.refusals,
            account.reported,
        ):
            log.clear()
        return account

    def repeat(self, account: SimulatedAccount) -> Ended:
        """What is done after the act, however it ended."""
        return (self.again or self.act)(account)

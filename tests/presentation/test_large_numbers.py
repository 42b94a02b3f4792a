"""Numbers of items have separators wherever they are shown, as in ``4,600 of 60,000 items``."""

from __future__ import annotations

from reconciler.planning.planner import seed_step


def test_a_seed_step_separates_thousands() -> None:
    assert seed_step("seeds/users.json", 60_000).message == "60,000 items from seeds/users.json"
    assert seed_step("seeds/users.json", 1).message == "1 item from seeds/users.json"

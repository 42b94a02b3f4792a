"""Kill -9 between any two lines of what ``import`` writes its files with, on the real DynamoDB Local.

The calls that it makes are killed by the campaign ``kill``. A case is one line of one scenario, as the lines ran.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from tempfile import NamedTemporaryFile
from typing import Any

from campaigns.campaign import Campaign
from campaigns.kill_campaign import prepare
from faults.fixture import shared_fixture
from faults.kill_imports_and_daemon import IMPORTS

FILE, FUNCTION = "reconciler/declarations/writer.py", "stored"
ROOM = 128


@cache
def lines_of(position: int) -> int:
    """How many lines run in the scenario's undisturbed writing of files."""
    kill_fixture, scenario = shared_fixture(), IMPORTS[position]
    kill_fixture.baseline(scenario)
    kill_fixture.prepare(scenario)
    with NamedTemporaryFile("r", encoding="utf-8") as reported:
        kill_fixture.run(scenario.when, line=_line(0, reported.name))
        ran = int(reported.read())
    assert 0 < ran <= ROOM, f"{scenario.name} runs {ran} lines, and there is room for {ROOM}"
    return ran


def case(number: int) -> Counter[str]:
    """One death and what comes after it; nothing where fewer lines run."""
    position, line = divmod(number, ROOM)
    if line >= lines_of(position):
        return Counter()
    kill_fixture, scenario = shared_fixture(), IMPORTS[position]
    try:
        kill_fixture.prepare(scenario)
        runs = kill_fixture.recovered(scenario, [kill_fixture.killed_at(scenario, _line(line + 1, ""))])
    except AssertionError as error:
        raise AssertionError(f"{scenario.name}, killed at line {line + 1} of its files: {error}") from error
    return Counter({"kills": 1, "recovered by one run": int(runs == 1)})


def _line(number: int, reported: str) -> dict[str, Any]:
    return {"file": FILE, "function": FUNCTION, "number": number, "reported": reported}


CAMPAIGN = Campaign(
    name="kill_files",
    claim="killed with -9 while it writes files and run again, each file is whole, as undisturbed, and nothing more",
    unit="places for a death",
    total=lambda: len(IMPORTS) * ROOM,
    case=case,
    prepare=prepare,
)

"""A slice of the campaign ``rivals``."""

from __future__ import annotations

from collections import Counter

import botocore.endpoint
import pytest
from campaigns.rivals_campaign import CAMPAIGN
from faults.inprocess.rivals import run

from reconciler.aws import flavor as flavors

CASES = 120
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_at_most_one_process_writes_for_a_stack_and_none_to_foreign_tables(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in range(part, CASES, PARTS):
        try:
            figures.update(CAMPAIGN.case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='rivals --seed {number}': {error}") from error
    assert figures["interleavings"] == CASES // PARTS
    assert figures["tables deleted"] > 0
    assert figures["pauses past a lease"] > figures["interleavings"]


def test_a_case_is_the_same_each_time() -> None:
    assert run(3) == run(3)


def test_interleaved_processes_restore_the_real_probe_and_clock() -> None:
    probe, pauses = flavors.probe, botocore.endpoint.time
    for number in range(8):
        run(number)
    assert (flavors.probe, botocore.endpoint.time) == (probe, pauses)

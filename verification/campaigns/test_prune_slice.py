"""A slice of the campaign ``prune``, spread over all of it, and tests that its monitor detects a wrong delete."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from campaigns.campaign import slice_of
from campaigns.prune_campaign import CAMPAIGN, case
from campaigns.prune_case import KINDS, TABLES, VERBS, Live, Phase, PruneCase, draw
from campaigns.prune_run import Monitor, PhasedSource, run
from campaigns.prune_setup import build

from reconciler.model.identity import Flavor
from reconciler.model.options import Options

CASES = 320
PARTS = 4
KEPT = Live("kept")
OPTIONS = Options(prune_grace=timedelta(0))


@pytest.mark.parametrize("part", range(PARTS))
def test_not_one_wrong_delete(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, CASES))[part::PARTS]:
        try:
            figures.update(case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='prune --seed {number}': {error}") from error
    assert figures["live tables"] >= CASES / PARTS * TABLES
    assert figures["deleted"] > CASES / PARTS


def test_drawn_cases_have_every_kind_of_table_and_every_verb() -> None:
    cases = [draw(number) for number in range(60)]
    assert {live.kind for one in cases for live in one.live_tables} == set(KINDS)
    assert {phase.verb for one in cases for phase in one.phases} == set(VERBS)
    assert {len(one.live_tables) for one in cases} == {TABLES}


def single(
    live: Live, phase: Phase | None = None, options: Options = OPTIONS, flavor: Flavor = Flavor.MOTO
) -> PruneCase:
    """One table next to a declared one."""
    return PruneCase(flavor, options, (KEPT, live), (phase or Phase(declared=(0,)),))


def test_an_owned_undeclared_table_is_deleted() -> None:
    assert run(single(Live("gone")))["deleted"] == 1


WRONG = {
    "a table of others is deleted": single(Live("gone", "adopted")),
    "a protected table is deleted": single(Live("gone", protected=True)),
    "deleted though ARCHIVED": single(Live("gone", status="ARCHIVED")),
    "deleted in spite of lifecycle.protect": single(Live("gone", protect=True)),
    "pruned in spite of PRUNE=never": single(Live("gone"), options=replace(OPTIONS, prune="never")),
    "pruned for declarations of others": single(Live("gone"), Phase(unmanaged=("other",))),
    "pruned for declarations of others: gone.*others": PruneCase(
        Flavor.MOTO, OPTIONS, (Live("gone", items="others"),), (Phase(unmanaged=("other",)),)
    ),
    "replaced without consent": single(Live("gone", items="others"), Phase(declared=(0, 1), rekeyed=(1,))),
    "replaced without need": single(Live("gone"), Phase(declared=(0, 1))),
    "more than 0 deletes": single(Live("gone"), options=replace(OPTIONS, max_deletes=0)),
    "items lost without leave": single(Live("gone", items="others"), options=replace(OPTIONS, data_loss="never")),
    "items lost before the grace was over": single(Live("gone", items="others"), options=Options()),
    "never seen empty before": single(Live("gone"), options=Options(), flavor=Flavor.AWS),
    "emptiness seen once": single(Live("gone"), options=replace(OPTIONS, one_shot=True), flavor=Flavor.AWS),
    "declarations broken": single(Live("gone"), Phase(broken=True)),
    "nothing declared": single(Live("gone"), Phase()),
    "a verb that writes nothing": single(Live("gone"), Phase("observe", declared=(0,))),
    "foreign state table": single(Live("gone"), Phase(declared=(0,), elsewhere=True)),
}


@pytest.mark.parametrize("messages", WRONG)
def test_the_monitor_detects_a_wrong_delete_and_the_engine_makes_none(messages: str) -> None:
    wrong = WRONG[messages]
    assert run(wrong)["deleted"] == 0
    sim, truths = build(wrong)
    phases = PhasedSource(wrong)
    phases.begin(wrong.phases[0])
    if not wrong.phases[0].broken:
        phases.load()
    monitor = Monitor(wrong, sim, truths, phases)
    monitor.pass_begins()
    with pytest.raises(AssertionError, match=messages):
        monitor.call("DeleteTable", {"TableName": "gone"})

"""Write the seed of one table; resumable, and never over an item that is there.

Called by a pass (``acting``) and by the verb ``seed`` (``seed_verbs``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.engine.context import EngineContext
from reconciler.engine.seed_ledger import SeedLedger
from reconciler.engine.seed_work import Numbered, SeedOutcome, SeedWork, batches, numbered_items
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError, LeaseLost, Outcome
from reconciler.model.identity import Identity
from reconciler.model.records import StateSnapshot


def write_seed(
    world: EngineContext,
    declaration: Declaration,
    identity: Identity,
    snapshot: StateSnapshot,
    *,
    asked: bool = False,
    earlier: int = 0,
    deadline: datetime | None = None,
) -> SeedOutcome:
    """Put each seed item whose key is free. The record goes ``started`` before them and ``done`` after.

    ``asked`` is true for the verb ``seed``. A pass gives with ``earlier`` how many items of an earlier version of the
    seed the table holds: then it holds neither version exactly, and the record stays ``started``.
    """
    seed = declaration.seed
    if seed is None:
        return SeedOutcome()
    work = SeedWork(world, declaration, seed, identity, snapshot, deadline)
    ledger, counts, stopped = work.ledger, [0, 0], None
    ledger.record = replace(ledger.record, earlier=earlier)
    numbered = numbered_items(seed)
    work.total = len(numbered)
    try:
        if not numbered:
            ledger.save("started", seed)
        for batch in batches(numbered):
            stopped = work.stop()
            if stopped or work.fatal:
                break
            ledger.save("started", seed, (digest for _, _, digest in batch))
            results = work.batch(batch, lambda item: world.items.put_if_absent(work.table, item, work.keys))
            _settle(ledger, batch, results)
            counts = [counts[0] + results.count(True), counts[1] + results.count(False)]
        stopped = stopped or (work.stop() if work.interrupted else None)
        if not (work.fatal or stopped):
            work.watch.check()
        whole = not (work.errors or stopped)
        if whole and (asked or not earlier):
            ledger.record = replace(ledger.record, earlier=0)
            ledger.save("done", seed, count=len(seed.items))
        elif not isinstance(work.error(), LeaseLost):
            ledger.save("started", seed)
    except ApiError as error:
        work.errors.append(error)
    left = len(seed.items) - sum(counts)
    return SeedOutcome(
        ledger.record,
        counts[0],
        counts[1],
        earlier=earlier,
        recorded_earlier=len(ledger.written().difference(digest for _, _, digest in numbered)) if asked else 0,
        failed=left if work.errors else 0,
        error=work.error(),
        stopped=stopped,
    )


def _settle(ledger: SeedLedger, batch: Sequence[Numbered], results: Sequence[bool | ApiError]) -> None:
    """Written, or not written by this batch; after any other failure, or without a result, an item stays uncertain."""
    ends = [(digest, result) for (_, _, digest), result in zip(batch, results, strict=False)]
    written = [digest for digest, result in ends if result is True]
    ledger.settle(written, (digest for digest, result in ends if result is False or _refused(result)))


def _refused(result: object) -> bool:
    return isinstance(result, ApiError) and result.outcome is Outcome.NEVER

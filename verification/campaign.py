"""Run campaigns whole or in part and print their figures. Called by ``make campaign``.

``campaign.py`` alone runs every campaign; ``campaign.py NAME --first N --count M`` a range of one; ``--seed N`` replays
one case in this process. Ends with 1 when a case failed, naming the command that replays it.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CHUNKS_A_WORKER = 64
FAILURES_SHOWN = 5
COLLECT_AFTER = (100_000, 50, 100)

Found = tuple[Counter[str], list[tuple[int, str]]]


def campaigns() -> dict[str, Any]:
    """Every ``CAMPAIGN`` of the modules in verification/campaigns, by name."""
    sys.path[:0] = [str(ROOT / "verification"), str(ROOT / "tests"), str(ROOT)]
    modules = sorted(path.stem for path in (ROOT / "verification" / "campaigns").glob("*_campaign.py"))
    found = [importlib.import_module(f"campaigns.{module}").CAMPAIGN for module in modules]
    return {campaign.name: campaign for campaign in found}


def start(name: str) -> None:
    """In each process, once. What is there by then stays: the collector need not look at it again and again."""
    os.nice(5)
    campaigns()[name].prepare()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def run_range(name: str, first: int, last: int) -> Found:
    """Runs the cases from ``first`` to before ``last``. Returns the figures and the failures with their texts."""
    campaign = campaigns()[name]
    figures: Counter[str] = Counter()
    failed = []
    for number in range(first, last):
        try:
            figures.update(campaign.case(number))
        except Exception:  # noqa: BLE001 -- whatever a case raises is its failure
            failed.append((number, traceback.format_exc(limit=-4)))
    return figures, failed


def ranges(first: int, count: int, workers: int) -> Iterator[tuple[int, int]]:
    """The cases in chunks that keep every worker busy to the end."""
    size = max(1, min(2_000, count // (workers * CHUNKS_A_WORKER)))
    for begin in range(first, first + count, size):
        yield begin, min(begin + size, first + count)


def run(name: str, first: int, count: int | None, workers: int) -> bool:
    """Runs one campaign. Prints a line of figures and returns whether every case passed."""
    campaign = campaigns()[name]
    total = campaign.total() - first if count is None else count
    began, figures, failed, done = time.monotonic(), Counter[str](), list[tuple[int, str]](), 0
    reported = began
    with ProcessPoolExecutor(workers, initializer=start, initargs=(name,)) as pool:
        pending: set[Future[Found]] = {pool.submit(run_range, name, *chunk) for chunk in ranges(first, total, workers)}
        while pending:
            ended, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ended:
                more, bad = future.result()
                figures.update(more)
                failed.extend(bad)
                done += 1
            if time.monotonic() - reported > 60:
                reported = time.monotonic()
                print(f"  {name}: {len(pending)} of {len(pending) + done} parts left", file=sys.stderr, flush=True)
    spent = time.monotonic() - began
    counted = ", ".join(f"{amount:,} {what}" for what, amount in sorted(figures.items()))
    print(f"{name}: {total:,} {campaign.unit} ({first:,} to {first + total - 1:,}): {campaign.claim}")
    print(f"  {len(failed):,} failed; {counted}; {spent:,.0f} s in {workers} processes", flush=True)
    for number, text in sorted(failed)[:FAILURES_SHOWN]:
        print(f"  replay: make campaign CAMPAIGN='{name} --seed {number}'\n{text}", flush=True)
    if failed and campaign.smallest:
        print(f"  smallest: {campaign.smallest(min(failed)[0])}", flush=True)
    return not failed


def replay(campaign: Any, number: int) -> bool:
    """One case in this process; what it did, or how it failed and the smallest case that fails so."""
    campaign.prepare()
    try:
        print(dict(campaign.case(number)))
    except Exception:  # noqa: BLE001 -- whatever a case raises is its failure
        traceback.print_exc()
        if campaign.smallest:
            print(f"smallest: {campaign.smallest(number)}", flush=True)
        return False
    return True


def main() -> int:
    """See the module."""
    known = campaigns()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(known)}")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="replay this one case")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(known)):
        parser.error(f"no such campaign: {', '.join(unknown)}; there are {', '.join(known)}")
    names = asked.names or list(known)
    if asked.seed is not None:
        if len(names) != 1:
            parser.error("--seed replays one case of one campaign: name it")
        return 0 if replay(known[names[0]], asked.seed) else 1
    held = [run(name, asked.first, asked.count, asked.workers) for name in names]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

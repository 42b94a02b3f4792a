"""The results of ``seed``, ``seed --verify`` and ``clear``, one sentence per table. Called by these commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cli import codes
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.engine.seed_verify import SeedVerification
from reconciler.model.plan import Action, StepStatus
from reconciler.model.report import PassReport
from reconciler.planning.text import printable


def seed_lines(report: PassReport) -> Iterator[str]:
    """The counts of each seeded or cleared table, and the command that seeds a cleared one again."""
    for table in report.tables:
        for step in table.steps:
            if step.status is not StepStatus.DONE or not step.message:
                continue
            yield printable(f"{table.name}: {step.message}.")
            if step.action is Action.CLEAR:
                yield printable(f"{table.name} is not seeded again until `reconciler seed {table.name}`.")


def verified_lines(found: SeedVerification) -> Iterator[str]:
    """How many items of each table are as in its seed, and how many are not."""
    for name, sentence in found.sentences.items():
        yield printable(f"{name}: {sentence}.")


def done_by_daemon(invocation: Invocation, answered: Mapping[str, Any], what: str) -> int:
    """Show what the daemon did instead of this process, as ``what`` says; the exit code."""
    invocation.say([f"{what}, because it holds the lease."])
    if invocation.output is Output.JSON:
        document = (answered.get("data") or {}).get("report") or {}
        invocation.console.result([("plain", json.dumps(document, indent=2))])
    else:
        invocation.console.result([("title", printable(f"Done: {answered.get('message', '')}"))])
    return codes.OK if answered.get("success") else codes.ERROR

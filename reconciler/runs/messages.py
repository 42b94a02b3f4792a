"""What came of an order, in sentences; for the answer of the API, the record of the run and its page. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.report import PassReport
from reconciler.planning.text import several
from reconciler.presentation.render import counts, seed_counts
from reconciler.runs.job import Job, Verb


def sentences(order: Job, report: PassReport | None) -> Iterator[str]:
    """One or a few; an error of the whole pass says it all."""
    if report is None:
        yield from _without_report(order)
    elif report.error:
        yield report.error
    elif report.problems:
        yield f"The desired state has {several(len(report.problems), 'error')}; nothing was written."
    elif order.verb in (Verb.SEED, Verb.CLEAR):
        yield _seeding(order, report)
    else:
        yield counts(report, applied=order.changes)
        if order.verb is Verb.ROLLBACK:
            yield "Suspended: nothing is recreated until a run, `reconciler up` or `reconciler resume`."
        elif report.observe_only and order.verb is not Verb.PREVIEW_ROLLBACK:
            yield "RECONCILER_MODE=observe: nothing was written."


def _without_report(order: Job) -> Iterator[str]:
    if order.verb is Verb.SUSPEND:
        yield "Suspended: the loop observes and writes nothing until it is resumed or run."
    if order.verb is Verb.RESUME:
        yield "The suspension is lifted."


def _seeding(order: Job, report: PassReport) -> str:
    return seed_counts(report, cleared=order.verb is Verb.CLEAR)

"""The result of a job in sentences, for the API response, the run record and its page. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.report import PassReport
from reconciler.planning.text import several
from reconciler.presentation.render import counts, seed_counts
from reconciler.runs.job import Job, Verb


def sentences(job: Job, report: PassReport | None) -> Iterator[str]:
    """One or more sentences; an error of the whole pass replaces all others."""
    if report is None:
        yield from _without_report(job)
    elif report.error:
        yield report.error
    elif report.problems:
        yield f"The desired state has {several(len(report.problems), 'error')}; nothing was written."
    elif job.verb in (Verb.SEED, Verb.CLEAR):
        yield _seeding(job, report)
    elif job.verb is Verb.TEST_RESET:
        written, removed = (
            sum(getattr(each, name) for each in report.tables) for name in ("seed_written", "seed_removed")
        )
        yield f"{several(len(report.tables), 'table')} reset: {several(written, 'item')} written, {removed} removed."
    elif job.verb is Verb.TEST_SNAPSHOT:
        items = sum(each.seed_present for each in report.tables)
        yield f"Snapshot of {several(len(report.tables), 'table')} with {several(items, 'item')}."
    else:
        yield counts(report, applied=job.may_change)
        if job.verb is Verb.ROLLBACK:
            yield "Suspended: nothing is recreated until a run, `reconciler up` or `reconciler resume`."
        elif report.observe_only and job.verb is not Verb.PREVIEW_ROLLBACK:
            yield "RECONCILER_MODE=observe: nothing was written."


def _without_report(job: Job) -> Iterator[str]:
    if job.verb is Verb.SUSPEND:
        yield "Suspended: the loop observes and writes nothing until it is resumed or run."
    if job.verb is Verb.RESUME:
        yield "The suspension is lifted."


def _seeding(job: Job, report: PassReport) -> str:
    return seed_counts(report, cleared=job.verb is Verb.CLEAR)

"""Assesses many tables at once: those that need a look by one thread or several, the unchanged ones by their responses.

Called by ``assess``. One thread that sends DescribeTable over several connections reads a table in a fraction of the
time that a thread for each call takes. Where it fails, the calls that are left are made one by one, with retries; an
invalid response closes the safety latch all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.engine.assessment import PassContext, TableAssessment, basis_of
from reconciler.engine.ports import NULL_TRACING
from reconciler.model.errors import ApiError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.planning.handed_back import spec_to_read
from reconciler.planning.observe import extra_reads, identity_of, reads
from reconciler.planning.ownership import asks_for_tag, is_released


@dataclass(frozen=True, slots=True)
class Job:
    """One table: what is reported if it is not reached, and how it is assessed.

    ``takes_description`` tells that ``assess`` takes a response of DescribeTable, which it reads itself otherwise.
    """

    unread: TableAssessment
    assess: Callable[..., TableAssessment]
    takes_description: bool = False


def assess_all(context: PassContext, jobs: Sequence[Job], beside: Callable[[], None] | None) -> list[TableAssessment]:
    """The assessments of the jobs, in their order.

    ``beside`` is done at the same time. If it raises ``ApiError``, no further table is read, and the error is raised.
    """
    failures: list[ApiError] = []
    described: dict[str, Mapping[str, Any]] = {}

    def assessment(job: Job | None) -> TableAssessment | None:
        if job is not None:
            # No table is read once the pass has failed, and no thread goes on with it after its report.
            return job.unread if failures else _assess(context, job, described.get(job.unread.name))
        try:
            if beside is not None:
                beside()
        except ApiError as error:
            failures.append(error)
        return None

    together = _described_together(context, jobs)
    alone = [job for job in jobs if job.unread.name not in together]
    # Also where this is all that the threads have to do, it is to go on while this one reads tables.
    started = context.ports.parallel.map(assessment, [None, *alone], eager=bool(together))
    known: dict[str, TableAssessment] = {}
    for name, response, concluded in () if failures else _responses(context, together):
        if failures:
            break
        if concluded is None and _reads_more(context, together[name], response):
            described[name] = response
        else:
            known[name] = concluded or _assess(context, together[name], response)
    found = list(started)
    left = [job for name, job in together.items() if name not in known]
    found += context.ports.parallel.map(assessment, left)
    for failure in failures:
        raise failure
    known |= {each.name: each for each in found if each is not None}
    return [known[job.unread.name] for job in jobs]


def _described_together(context: PassContext, jobs: Iterable[Job]) -> dict[str, Job]:
    """By table name, the jobs that begin with DescribeTable."""
    # The span of a table contains its requests, so with traces each table is read in a context of its own.
    if context.ports.many is None or context.ports.traces is not NULL_TRACING:
        return {}
    return {
        job.unread.name: job
        for job in jobs
        if job.takes_description
        and job.unread.name not in context.unlisted
        and not (job.unread.recorded is not None and is_released(job.unread.recorded))
    }


def _responses(
    context: PassContext, together: Mapping[str, Job]
) -> Iterator[tuple[str, Mapping[str, Any], TableAssessment | None]]:
    """Name and response of each table as it comes, with the conclusion of the last pass if the response confirms it."""
    if context.ports.many is None or not together:
        return
    # Each is looked up as its response comes: the other calls are under way meanwhile.
    for name, response in context.ports.many.describe(tuple(together)):
        if isinstance(response, ApiError):
            context.latch.note(response)
            return
        if context.out_of_time:
            return
        concluded = _expected(context, name, together[name])
        if concluded is not None and concluded.declaration is not None:
            spec = spec_to_read(concluded.declaration.spec, concluded.recorded)
            if context.plan_cache.same(name, spec, response) is not concluded.observed:
                concluded = None
        yield name, response, concluded


def _expected(context: PassContext, name: str, job: Job) -> TableAssessment | None:
    """The kept assessment of a table, if it holds once DescribeTable has responded as in the last pass.

    That is one of a table that is known by DescribeTable alone and of which everything else is unchanged.
    """
    kept = context.conclusions.kept.get(name)
    declaration = job.unread.declaration
    if declaration is None or kept is None or not context.plan_cache.rests_on_description(name):
        return None
    basis = basis_of(context, declaration, kept[0].observed)
    return None if basis is None else context.conclusions.of(name, basis)


def _reads_more(context: PassContext, job: Job, response: Mapping[str, Any]) -> bool:
    """Whether the assessment makes calls of its own, which several threads wait for at the same time."""
    declaration, recorded = job.unread.declaration, job.unread.recorded
    if declaration is None or declaration.seed is not None or recorded is None:
        return True
    spec = spec_to_read(declaration.spec, recorded)
    if reads(spec) or extra_reads(spec, response["Table"]):
        return True
    tagged = context.ports.endpoint.flavor.has_tags
    return tagged and asks_for_tag(recorded, identity_of(response["Table"]), declaration.lifecycle)


def _assess(context: PassContext, job: Job, described: Mapping[str, Any] | None) -> TableAssessment:
    if context.out_of_time:
        return job.unread
    with context.ports.traces.table(job.unread.name):
        return job.assess() if described is None else job.assess(described=described)

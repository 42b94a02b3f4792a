"""Hands a job to the loop, waits for it or not, and makes a response of its result. Called by every mutating route."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi.responses import JSONResponse

from reconciler.http import item_migrations
from reconciler.http.answers import Answer, RunData
from reconciler.http.control import Control
from reconciler.http.problems import HttpProblem
from reconciler.model.errors import DeclarationError, ReconcilerError, UsageError
from reconciler.model.plan import StepStatus
from reconciler.model.report import Verdict
from reconciler.planning.text import several
from reconciler.presentation.document import document, problem_entry, step_entry
from reconciler.runs import Job, Outcome, QueueFull, Run, Verb
from reconciler.runs.job import ItemsOutcome
from reconciler.runs.messages import sentences
from reconciler.runs.verbs import PlanChanged

WAIT_SECONDS = 300.0
"""After this, a waiting request is answered with 202."""
NEEDS_ENFORCE = (Verb.ROLLBACK, Verb.SEED, Verb.CLEAR, Verb.SUSPEND, Verb.RESUME, Verb.TEST_RESET)
"""Verbs that a daemon in mode observe refuses."""


async def answer(control: Control, job: Job, *, wait: bool) -> Answer[RunData] | JSONResponse:
    """200 with the report, or 202 with the run's id."""
    try:
        run = submit(control, job)
        outcome = await outcome_of(run, WAIT_SECONDS) if wait else None
    except ReconcilerError as error:
        raise refusal(error) from error
    return _accepted(run) if outcome is None else _done(run, outcome)


def submit(control: Control, job: Job) -> Run:
    """Hand a job to the loop. Raises ``HttpProblem``, and what the loop raises."""
    if control.observes and job.verb in NEEDS_ENFORCE:
        raise HttpProblem(HTTPStatus.CONFLICT, "RECONCILER_MODE=observe: nothing is written.")
    return control.enqueue(job)


async def outcome_of(run: Run, seconds: float) -> Outcome | None:
    """The outcome of a run, or ``None`` if it has none within ``seconds``. Raises what the verb raises."""
    ended = asyncio.shield(asyncio.wrap_future(run.ended))
    ended.add_done_callback(_retrieve_error)
    try:
        return await asyncio.wait_for(ended, seconds)
    except TimeoutError:
        return None


async def wait_for_end(run: Run, seconds: float) -> None:
    """Wait for the end of a run, at most ``seconds``; ignores its result."""
    ended = asyncio.wrap_future(run.ended)
    ended.add_done_callback(_retrieve_error)
    await asyncio.wait([ended], timeout=seconds)


def refusal(error: ReconcilerError) -> HttpProblem:
    """The HTTP problem for an error of a verb."""
    match error:
        case QueueFull():
            return HttpProblem(HTTPStatus.TOO_MANY_REQUESTS, str(error), {"Retry-After": "5"})
        case PlanChanged():
            return HttpProblem(HTTPStatus.CONFLICT, str(error), plan_digest=error.digest)
        case DeclarationError():
            detail = f"The desired state has {several(len(error.problems), 'error')}; nothing was done."
            return HttpProblem(HTTPStatus.CONFLICT, detail, errors=[problem_entry(one) for one in error.problems])
        case UsageError():
            return HttpProblem(HTTPStatus.NOT_FOUND, str(error))
        case _:
            return HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "5"})


def _retrieve_error(future: asyncio.Future[Outcome]) -> None:
    """Retrieve the exception, so that asyncio does not log a result that nobody waits for."""
    if not future.cancelled():
        future.exception()


def _accepted(run: Run) -> JSONResponse:
    body = Answer[RunData](
        success=True, message="Accepted; /api/v1/runs/{id} shows the result.", data=RunData(run_id=run.id)
    )
    where = {"Location": f"/api/v1/runs/{run.id}"}
    return JSONResponse(body.model_dump(mode="json"), HTTPStatus.ACCEPTED, where)


def _done(run: Run, outcome: Outcome) -> Answer[RunData]:
    report = outcome.report
    if report is None:
        return Answer[RunData](
            success=True, message=" ".join(sentences(run.job, None)), data=RunData(run_id=run.id, report=None)
        )
    blocked = [
        {"table": table.name, **step_entry(step)}
        for table in report.tables
        for step in table.steps
        if step.status is StepStatus.BLOCKED
    ]
    failed = report.verdict is Verdict.ERROR or any(table.has(StepStatus.FAILED) for table in report.tables)
    refused = run.job.verb is Verb.ROLLBACK and bool(blocked)
    messages = [*sentences(run.job, report)]
    if refused:
        messages.append(f"{several(len(blocked), 'step')} blocked; data.blocked says why.")
    items = outcome.items
    messages += _items_sentences(items) if items is not None else []
    data = RunData(
        run_id=run.id,
        report=document(report),
        plan_digest=outcome.plan_digest,
        blocked=blocked,
        item_migrations=[item_migrations.entry_of_result(result) for result in items.results] if items else [],
    )
    failed = failed or (items is not None and not items.whole)
    return Answer[RunData](success=not failed and not refused, message=" ".join(messages), data=data)


def _items_sentences(items: ItemsOutcome) -> list[str]:
    applied = [result.record.name for result in items.results if result.finished]
    rest = [result.record.name for result in items.results if not result.finished]
    found = [f"Applied to items: {', '.join(applied)}."] if applied else []
    found += [f"Not finished: {', '.join(rest)}; data.item_migrations says why."] if rest else []
    if items.error is not None:
        found.append(items.error)
    return found or ["No migration of items is pending."]

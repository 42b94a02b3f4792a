"""Hands an order to the loop, waits for it or not, and turns its end into an answer. Called by every changing route."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus

from fastapi.responses import JSONResponse

from reconciler.http.answers import Answer, RunData
from reconciler.http.control import Control
from reconciler.http.problems import Refused
from reconciler.model.errors import DeclarationError, ReconcilerError, UsageError
from reconciler.model.plan import Fate
from reconciler.model.report import PassReport, Verdict
from reconciler.planning.document import document, problem_entry, step_entry
from reconciler.planning.render import counts
from reconciler.planning.text import several
from reconciler.runs import Full, Order, Outcome, Run, Verb
from reconciler.runs.verbs import PlanChanged

WAIT_SECONDS = 300.0
"""After that a request that waits is answered as if it had not wanted to."""


async def answer(control: Control, order: Order, *, wait: bool) -> Answer[RunData] | JSONResponse:
    """200 with the report, or 202 with the run's id."""
    if control.observes and order.verb in (Verb.ROLLBACK, Verb.SEED, Verb.CLEAR):
        raise Refused(HTTPStatus.CONFLICT, "RECONCILER_MODE=observe: nothing is written.")
    try:
        run = control.order(order)
        if wait:
            ended = asyncio.shield(asyncio.wrap_future(run.ended))
            ended.add_done_callback(_heard)
            return _done(run, await asyncio.wait_for(ended, WAIT_SECONDS))
    except TimeoutError:
        pass
    except ReconcilerError as error:
        raise refusal(error) from error
    return _accepted(run)


def refusal(error: ReconcilerError) -> Refused:
    """What an error of a verb means to the caller."""
    match error:
        case Full():
            return Refused(HTTPStatus.TOO_MANY_REQUESTS, str(error), {"Retry-After": "5"})
        case PlanChanged():
            return Refused(HTTPStatus.CONFLICT, str(error), plan_digest=error.digest)
        case DeclarationError():
            detail = f"The desired state has {several(len(error.problems), 'error')}; nothing was done."
            return Refused(HTTPStatus.CONFLICT, detail, errors=[problem_entry(one) for one in error.problems])
        case UsageError():
            return Refused(HTTPStatus.NOT_FOUND, str(error))
        case _:
            return Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": "5"})


def _heard(future: asyncio.Future[Outcome]) -> None:
    """A result that nobody waits for any more is not an error."""
    if not future.cancelled():
        future.exception()


def _accepted(run: Run) -> JSONResponse:
    body = Answer[RunData](
        success=True, message="Accepted; /api/v1/runs/{id} tells how it ends.", data=RunData(run_id=run.id)
    )
    where = {"Location": f"/api/v1/runs/{run.id}"}
    return JSONResponse(body.model_dump(mode="json"), HTTPStatus.ACCEPTED, where)


def _done(run: Run, outcome: Outcome) -> Answer[RunData]:
    report = outcome.report
    blocked = [
        {"table": table.name, **step_entry(step)}
        for table in report.tables
        for step in table.steps
        if step.fate is Fate.BLOCKED
    ]
    failed = report.verdict is Verdict.ERROR or any(table.has(Fate.FAILED) for table in report.tables)
    refused = run.order.verb is Verb.ROLLBACK and bool(blocked)
    return Answer[RunData](
        success=not failed and not refused,
        message=" ".join(_sentences(run.order, report, len(blocked))),
        data=RunData(run_id=run.id, report=document(report), plan_digest=outcome.plan_digest, blocked=blocked),
    )


def _sentences(order: Order, report: PassReport, blocked: int) -> Iterator[str]:
    if report.error:
        yield report.error
        return
    if report.problems:
        yield f"The desired state has {several(len(report.problems), 'error')}; nothing was written."
        return
    if order.verb in (Verb.SEED, Verb.CLEAR):
        yield _seeding(order, report)
        return
    yield counts(report, applied=order.changes)
    if order.verb is Verb.ROLLBACK:
        yield "Suspended: nothing is recreated until /api/v1/migrations/run, `reconciler up` or `reconciler resume`."
        if blocked:
            yield f"{several(blocked, 'step')} blocked; data.blocked says why."
    elif report.observe_only:
        yield "RECONCILER_MODE=observe: nothing was written."


def _seeding(order: Order, report: PassReport) -> str:
    moved, stayed, failed = (
        sum(getattr(table, name) for table in report.tables) for name in ("seed_written", "seed_skipped", "seed_failed")
    )
    if order.verb is Verb.SEED:
        said = f"{several(moved, 'item')} written, {stayed} there already"
    else:
        said = f"{several(moved, 'item')} removed, {stayed} changed or gone since and left alone"
    return f"{several(len(report.tables), 'table')}: {said}{f', {failed} failed' if failed else ''}."

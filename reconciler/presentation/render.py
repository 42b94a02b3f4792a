"""The plan for people: styled lines with the symbols of docs/reference/commands.md. Pure; the commands print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from reconciler.model.change import Change, Hazard
from reconciler.model.json_values import plain, to_the_second
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import CopyEngine, CopyJob, Generation, JobKind
from reconciler.model.report import LeftInPlace, PassReport, RebuildProgress, TableReport, TableStatus, Verdict
from reconciler.planning.text import printable, several
from reconciler.presentation.changes import Line, change_lines

ACTION_SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.SEED: ">",
    Action.CLEAR: "<",
}
STATUS_SYMBOLS = {StepStatus.BLOCKED: "!", StepStatus.DEFERRED: "…", StepStatus.UNSUPPORTED: "?"}
PLANNED = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.SEED: "to seed",
}
COMPLETED = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.SEED: "seeded",
}
_PAST = {**COMPLETED, Action.CLEAR: "cleared"}
SEED_VERBS = (Action.SEED.value, Action.CLEAR.value)
"""The triggers of reports that are about the items of seeds alone."""
VERIFY = "verify"
"""The trigger of a report that compares tables with their seeds."""
ENDING_VERBS = ("destroy", "rollback")
"""The triggers of reports on the end of every table of the stack, declared or not."""
MANY = 4
"""The number of tables from which equal plans are folded into one entry."""
_DIFF_STYLES = {"+": "create", "-": "delete", "@": "dim"}
_LOST = ", and every item in it is lost"
UNFINISHED = "migration unfinished"
"""In the place of *in sync* where a migration of items was begun and is not finished."""
REMAINDERS = ("migrating", "blocked", "deferred", "unsupported", "released", "failed")


def render(
    report: PassReport,
    *,
    applied: bool = False,
    diff: bool = False,
    results: bool = False,
    documents: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    path: Callable[[str], str] = str,
) -> Sequence[Line]:
    """Lines of a whole report, the counts last. ``applied`` for runs that may write, ``diff`` adds the API requests.

    ``results`` leaves out what the plan has already shown: the stack, and of a table all but one line of what is done
    and the steps that are not. Without ``diff``, many tables with the same plan are one entry. ``documents`` are the
    lines of a unified diff of the live and the declared document, by table. ``path`` makes the file of a declaration
    one from where the reader stands.
    """
    lines: list[Line] = []
    shown = [table for table in sorted(report.tables, key=lambda table: table.name) if is_shown(table)]
    unread = [printable(table.name) for table in shown if repeats(table, report)]
    if unread:
        lines.append(("error", f"! {several(len(unread), 'table')} not read: {', '.join(unread)}"))
    for group in _groups([table for table in shown if not repeats(table, report)], diff=diff):
        if results and all(step.status is StepStatus.DONE for step in group[0].steps) and is_plain(group[0]):
            lines.append(_result(group))
        elif results and len(group) == 1 and is_plain(group[0]):
            lines += _rest(group[0], path)
        elif len(group) == 1:
            table = group[0]
            place = path(table.declaration) if table.declaration else None
            lines += _table(table, report, place, diff=diff, document=documents.get(table.name, ()))
        else:
            lines += _folded(group)
    if lines:
        lines.append(("plain", ""))
    if report.stack and not results:
        lines.insert(0, ("dim", heading(report)))
    if report.suspended:
        lines.append(("blocked", "Suspended: nothing is written until `reconciler resume`."))
    lines.append(_last(report, applied=applied))
    return tuple(lines)


def repeats(table: TableReport, report: PassReport) -> bool:
    """Whether all that there is to say about a table is the error of the whole pass, which is told once."""
    same = report.error is not None and table.error == report.error
    return same and table.status is TableStatus.ERROR and not (table.steps or table.changes)


def nothing_read(report: PassReport) -> bool:
    """Whether an error kept the whole pass from looking at any table, so that it has neither plan nor result."""
    failed = report.error is not None or bool(report.problems)
    return failed and not report.wrote and all(repeats(table, report) for table in report.tables)


def _groups(tables: Sequence[TableReport], *, diff: bool) -> Sequence[tuple[TableReport, ...]]:
    """Tables with the same plan together, each by itself with ``diff``."""
    if diff or (len(tables) < MANY and not any(table.error for table in tables)):
        return [(table,) for table in tables]
    from reconciler.presentation import grouping

    return grouping.groups(tables, _body, MANY)


def is_plain(table: TableReport) -> bool:
    """Whether its steps are all that there is to say about a table."""
    more = table.rebuild or table.held or table.left_in_place or table.migrations
    return bool(table.steps) and not (table.error or more)


def is_shown(table: TableReport) -> bool:
    """Whether a plan has anything to say about the table."""
    work = table.rebuild or table.held or table.migrations
    told = table.steps or table.changes or table.error or work or table.left_in_place
    return bool(told) or table.status is TableStatus.RELEASED


def shown_status(table: TableReport) -> str:
    """The status of a table for a list of tables, where that of a pass does not tell all.

    A table that the run deleted has none in a pass, and one whose items are migrated in part may be as declared.
    """
    if table.status is TableStatus.IN_SYNC and table.migrations:
        return UNFINISHED
    done = {step.action for step in table.steps if step.status is StepStatus.DONE}
    deleted = Action.DELETE in done and Action.CREATE not in done
    return COMPLETED[Action.DELETE] if deleted and table.status is not TableStatus.ERROR else table.status.value


def left_sentence(left: LeftInPlace) -> str:
    """``ttl: no longer declared, left in place; to remove it, declare `time_to_live: {enabled: false}```."""
    remedy = f"; to remove it, declare `{left.remove_with}`" if left.remove_with else ""
    return printable(f"{left.path}: {left.why}{remedy}{f' ({left.cost})' if left.cost else ''}")


def heading(report: PassReport) -> str:
    """Whose tables the plan is about, and where they are: stack, environment, endpoint, region and account."""
    scope = f"Stack {report.stack}, environment {report.environment}"
    if report.endpoint is None:
        return printable(scope)
    there = report.endpoint
    account = there.account or "unknown"
    return printable(f"{scope}, at {there.url} ({there.flavor.value}, region {there.region}, account {account})")


def symbol(step: Step) -> tuple[str, str]:
    """The style and the symbol of a step: its status's where it waits or is refused, else its action's."""
    if step.status is StepStatus.FAILED:
        return "error", ACTION_SYMBOLS[step.action]
    if step.status in STATUS_SYMBOLS:
        return step.status.value, STATUS_SYMBOLS[step.status]
    return step.action.value, ACTION_SYMBOLS[step.action]


def step_title(step: Step) -> str:
    """What a step does: ``create``, ``update ttl``, ``replace keys``; a whole table's steps need no facet."""
    if step.gives_up:
        return "end of the replacement"
    if step.action in (Action.UPDATE, Action.REPLACE) and step.facet:
        return printable(f"{step.action.value} {step.facet}")
    return step.action.value


def status_message(step: Step) -> str:
    """What becomes of a step and why, on one line: ``blocked (data_loss): …``."""
    if step.status is StepStatus.READY:
        return printable(step.message or "")
    words = step.status.value
    if step.reason is not None and step.status in (StepStatus.BLOCKED, StepStatus.DEFERRED):
        words += f" ({step.reason.value})"
    if step.not_before is not None and step.status is StepStatus.DEFERRED:
        words += f" until {to_the_second(step.not_before)}"
    return f"{words}: {printable(step.message)}" if step.message else words


def uncovered(table: TableReport) -> tuple[Change, ...]:
    """The changes of a table that none of its steps closes.

    What a step has closed may have looked otherwise in the round before, so that its path counts.
    """
    covered, done = [change for step in table.steps for change in step.changes], _done_paths(table)
    return tuple(change for change in table.changes if change not in covered and change.path not in done)


def left_of(step: Step, table: TableReport) -> Step:
    """The step, without changes of a replacement that is not made which another step has made."""
    if step.action is not Action.REPLACE or step.status is StepStatus.DONE or not step.changes:
        return step
    done = _done_paths(table)
    left = tuple(change for change in step.changes if change.path not in done)
    return step if len(left) == len(step.changes) else replace(step, changes=left)


def _done_paths(table: TableReport) -> set[str]:
    return {change.path for step in table.steps if step.status is StepStatus.DONE for change in step.changes}


def unsafe_of(change: Change, step: Step) -> str | None:
    """Why a change of a step is hazardous; ``None`` where nothing is, or where what is hazardous does not happen.

    Whether a replacement that is blocked for another reason than its items loses them is decided when it is allowed:
    most keep them.
    """
    if change.unsafe is None or change.hazard is not Hazard.REPLACEMENT:
        return change.unsafe
    if step.moves_items:
        return None
    waits = step.action is Action.REPLACE and step.status is StepStatus.BLOCKED and step.reason is not Reason.DATA_LOSS
    return change.unsafe.removesuffix(_LOST) if waits else change.unsafe


def unsafe_sentences(table: TableReport) -> tuple[str, ...]:
    """Why changes of a table are hazardous, each sentence once; not the loss of items where a step keeps them."""
    closed = (unsafe_of(change, step) for step in table.steps for change in step.changes)
    found = (*closed, *(table.unsafe(change) for change in uncovered(table)))
    return tuple(dict.fromkeys(printable(sentence) for sentence in found if sentence))


def rebuild_sentence(rebuild: RebuildProgress) -> str:
    """``index by_mail is being rebuilt as by_mail-v2 since …: holding until …; next: …``."""
    since, until = (to_the_second(at) if at else None for at in (rebuild.since, rebuild.until))
    begun = f"index {rebuild.index} is being rebuilt as {rebuild.new_index} since {since}"
    until = f" until {until}" if until else ""
    return printable(f"{begun}: {rebuild.phase}{until}; next: {rebuild.then}")


JOB_NAMES: Mapping[JobKind, str] = {"export": "export to S3", "bulk": "bulk put", "import": "import"}
ENGINES: Mapping[CopyEngine, str] = {
    "scan": "a Scan",
    "bulk": "an export to S3 and a bulk put (engine bulk)",
    "import": "an export to S3 and an import (engine import)",
}
"""How the items of a replaced table are copied, by the engine."""


def job_sentence(job: CopyJob) -> str:
    """``export to S3: done, 1,200 items, 34,000 bytes, 2026-11-22T12:00:00Z to 2026-11-22T12:05:00Z``."""
    facts: list[str] = [job.state]
    if job.items or job.state == "done":
        facts.append(several(job.items, "item"))
    if job.size:
        facts.append(several(job.size, "byte"))
    if job.refused:
        facts.append(f"{job.refused:,} refused")
    if job.started is not None:
        begun = to_the_second(job.started)
        facts.append(f"since {begun}" if job.ended is None else f"{begun} to {to_the_second(job.ended)}")
    return f"{JOB_NAMES[job.kind]}: {', '.join(facts)}"


def hold_sentence(generation: Generation) -> str:
    """``orders-g2 has taken the place of orders, which follows it until …; next: …``."""
    until = generation.hold_until
    held = f" until {to_the_second(until)}" if until else ""
    finish = f"`reconciler replace {generation.name} --finish` deletes {generation.old}, `--cancel` goes back to it"
    return printable(
        f"{generation.new} has taken the place of {generation.old}, which follows it{held}; next: {finish}"
    )


def about_items(table: TableReport) -> str:
    """`` (about 15,505 items)``; empty where none is known. The service refreshes the number every six hours."""
    return f" (about {table.item_count:,} item{'' if table.item_count == 1 else 's'})" if table.item_count else ""


def losses(table: TableReport, *, counted: bool = True) -> tuple[str, ...]:
    """A sentence for each step that is about to end the table; see ``endings``."""
    return tuple(sentence for _, sentence in endings(table, counted=counted))


def endings(table: TableReport, *, counted: bool = True) -> tuple[tuple[Step, str], ...]:
    """Each step that is about to end the table, and a sentence: what, when, what is lost, and how to stop it.

    With ``counted``, it has the number of items, which is another one for each table.
    """
    items = about_items(table) if counted else ""
    name = printable(table.name)
    found = []
    for step in table.steps:
        if not step.ends_table or step.status not in (StepStatus.READY, StepStatus.DEFERRED):
            continue
        when = f" at {to_the_second(step.not_before)} or later" if step.not_before else ""
        if step.reason is Reason.PRUNE_GRACE and not when:
            when = " after its grace period"
        if table.left_by is not None:
            work = table.left_by
            kept = printable(f"{work.current} has its items. To stop it, run `reconciler replace {work.name} --keep`.")
            found.append((step, f"delete {name}{when}: {kept}"))
            continue
        if step.action is Action.DELETE:
            lost, kept = f"every item in it is lost{items}", "restore its declaration"
        elif step.renamed_to is not None:
            lost, kept = f"its items move to {printable(step.renamed_to)} before", "restore its former declaration"
        elif step.keeps_items:
            lost, kept = "it is created again as declared and keeps its items", "restore its former declaration"
        else:
            lost = f"it is created again as declared and seeded; every other item in it is lost{items}"
            kept = "restore its former declaration"
        stop = f"{kept} or run `reconciler release {name}`"
        if step.keeps_items and table.replacement is not None:
            stop = f"run `reconciler replace {name} --cancel`"
        found.append((step, f"{step.action.value} {name}{when}: {lost}. To stop it, {stop}."))
    return tuple(found)


def in_sync(report: PassReport) -> Line:
    """The last line of a report without differences, with what is counted apart."""
    summary = report.summary()
    migrating = summary.pop("migrating")
    rest = "".join(f"; {each}" for each in _remainders(report, {**summary, "migrating": 0}))
    declared = f"{several(summary['declared'] - summary['released'], 'table')} as declared{rest}"
    if migrating:
        return "blocked", f"{UNFINISHED.capitalize()} on {several(migrating, 'table')}; {declared}."
    return "in_sync", f"In sync: {declared}."


def _remainders(report: PassReport, summary: Mapping[str, int]) -> list[str]:
    """The counts beside the work: of tables, except that what an endpoint does not support is counted by field."""
    fields = sum(step.status is StepStatus.UNSUPPORTED for table in report.tables for step in table.steps)
    nouns = {
        "unsupported": f"{several(fields, 'field')} unsupported",
        "migrating": f"{UNFINISHED} on {several(summary['migrating'], 'table')}",
    }
    return [nouns.get(name, f"{summary[name]:,} {name}") for name in REMAINDERS if summary[name]]


def counts(report: PassReport, *, applied: bool) -> str:
    """The counting line: what is planned, or what was carried out. Zeros would look like a plan without changes."""
    if nothing_read(report):
        return "Nothing was done because of the error." if applied else "No plan was made because of the error."
    summary = report.summary()
    if applied:
        parts = [f"{report.counted(action, StepStatus.DONE):,} {COMPLETED[action]}" for action in PLANNED]
    else:
        later = _later(report)
        parts = [f"{summary[action.value] + later.count(action):,} {PLANNED[action]}" for action in PLANNED]
    rest = [*_given_up(report, applied=applied), *_remainders(report, summary), *_ready_to_switch(report)]
    return f"{'Done' if applied else 'Plan'}: {'; '.join([', '.join(parts), *rest])}."


def _given_up(report: PassReport, *, applied: bool) -> Iterator[str]:
    """``1 replacement cancelled``: replaces nothing, so it is among no other count."""
    fate = StepStatus.DONE if applied else StepStatus.READY
    ended = sum(any(step.gives_up and step.status is fate for step in table.steps) for table in report.tables)
    if ended:
        yield f"{several(ended, 'replacement')} {'cancelled' if applied else 'to cancel'}"


def _later(report: PassReport) -> tuple[Action, ...]:
    """What is planned for tables after another step of the same run, or after a grace period alone.

    ``up`` need not wait for the grace period.
    """
    waiting = (
        {
            step.action
            for step in table.steps
            if step.ends_table
            and step.status is StepStatus.DEFERRED
            and (
                step.reason is Reason.AFTER
                or (step.reason is Reason.PRUNE_GRACE and not table.has(StepStatus.READY, StepStatus.DONE))
            )
        }
        for table in report.tables
    )
    return tuple(Action.REPLACE if Action.REPLACE in each else Action.DELETE for each in waiting if each)


def _ready_to_switch(report: PassReport) -> Iterator[str]:
    """``1 replacement ready to switch: `reconciler replace orders --switch```: only a decision is left to make."""
    waiting = [
        table.generation.switch_command for table in report.tables if table.generation and table.waits_for_switch
    ]
    if waiting:
        yield f"{several(len(waiting), 'replacement')} ready to switch: {printable(', '.join(sorted(waiting)))}"


def seed_counts(report: PassReport, *, cleared: bool) -> str:
    """What ``seed`` or ``clear`` did: ``2 tables: 6 items written, 0 present.``"""
    names = ("seed_removed", "seed_kept") if cleared else ("seed_written", "seed_present")
    moved, stayed, failed = (sum(getattr(table, name) for table in report.tables) for name in (*names, "seed_failed"))
    verbs = ("removed", "kept") if cleared else ("written", "present")
    updated = 0 if cleared else sum(table.seed_updated for table in report.tables)
    rest = f", {updated:,} updated" if updated else ""
    rest += f", {failed:,} failed" if failed else ""
    return f"{several(len(report.tables), 'table')}: {several(moved, 'item')} {verbs[0]}, {stayed:,} {verbs[1]}{rest}."


def verified_counts(report: PassReport) -> str:
    """What ``seed --verify`` found: ``2 tables with the items of the seed, 1 different.``"""
    by_status = [table.status for table in report.tables]
    parts = [f"{several(by_status.count(TableStatus.IN_SYNC), 'table')} with the items of the seed"]
    for status, word in ((TableStatus.DRIFTED, "different"), (TableStatus.ERROR, "not read")):
        if status in by_status:
            parts.append(f"{by_status.count(status)} {word}")
    return f"{', '.join(parts)}."


def _last(report: PassReport, *, applied: bool) -> Line:
    steps = [step for table in report.tables for step in table.steps]
    if report.trigger in SEED_VERBS and applied and not report.error:
        return "title", f"Done: {seed_counts(report, cleared=report.trigger == Action.CLEAR.value)}"
    if report.trigger == VERIFY and not report.error:
        return "title", f"Verified: {verified_counts(report)}"
    worked = any(step.status in (StepStatus.DONE, StepStatus.FAILED) for step in steps)
    summary = report.summary()
    idle = not any(step.status in (StepStatus.DONE, StepStatus.READY) for step in steps)
    if report.verdict is Verdict.IN_SYNC and idle and (summary["declared"] or not applied):
        return in_sync(report)
    held = applied and not worked and any(step.status is StepStatus.READY for step in steps)
    return "title", counts(report, applied=applied and not held)


def _table(
    table: TableReport, report: PassReport, declared_at: str | None, *, diff: bool, document: Sequence[str]
) -> Iterator[Line]:
    style, sign, stack = *_leading(table), report.stack
    # A destroy covers declared and undeclared tables alike.
    undeclared = "" if report.trigger in ENDING_VERBS else "  (not declared)"
    former = _left(table)
    place = f"  {printable(declared_at)}" if declared_at else f"  ({former})" if former else undeclared
    ends = table.ownership is not None and any(step.ends_table for step in table.steps)
    owner = f"  ({table.ownership} by stack {printable(stack)})" if ends else ""
    yield style, f"{sign} {printable(table.name)}{place}{owner}"
    if table.error and not any(
        step.status is StepStatus.FAILED and step.message == table.error for step in table.steps
    ):
        yield "error", f"  error: {printable(table.error)}"
    if table.status is TableStatus.RELEASED:
        yield "dim", f"  released: not managed; `reconciler import {printable(table.name)}` manages it again"
    if table.rebuild:
        yield "deferred", f"  {STATUS_SYMBOLS[StepStatus.DEFERRED]} {rebuild_sentence(table.rebuild)}"
    if table.held:
        yield "deferred", f"  {STATUS_SYMBOLS[StepStatus.DEFERRED]} {hold_sentence(table.held)}"
    for sentence in table.migrations:
        yield "blocked", f"  {STATUS_SYMBOLS[StepStatus.DEFERRED]} {printable(sentence)}"
    for left in table.left_in_place:
        yield "dim", f"  = {left_sentence(left)}"
    yield from ((_DIFF_STYLES.get(line[:1], "plain"), f"  {line}") for line in document)
    for number, step in enumerate(table.steps, start=1):
        yield from _step(number, left_of(step, table), diff=diff, items=about_items(table))
    for change in uncovered(table):
        yield from _indented(change, table.unsafe(change), items=about_items(table))


def _left(table: TableReport) -> str | None:
    """What a table is whose place another generation has taken, as a clause; ``None`` for any other."""
    work = table.left_by
    if work is None:
        return None
    if table.name != work.old:
        return printable(f"generation of {work.name} that was given up")
    return printable(f"former generation of {work.name}, replaced by {work.new}")


def _folded(group: tuple[TableReport, ...]) -> Iterator[Line]:
    """Tables with the same plan: what is done, their names, and the steps once."""
    from reconciler.presentation import grouping

    first = group[0]
    style, sign = _leading(first)
    if grouping.is_unread(first):
        yield style, f"{sign} {several(len(group), 'table')}: {grouping.names(group)}"
        yield "error", f"  error: {printable(first.error or '')}"
        return
    yield style, f"{sign} {grouping.gist(group)}"
    yield "dim", f"    {grouping.names(group)}; --diff shows each"
    for number, step in enumerate(first.steps, start=1):
        yield from _step(number, step.with_message(grouping.unnamed(step, first)), diff=False)


def _body(table: TableReport) -> tuple[Line, ...]:
    """What a plan says about a table, without its name."""
    from reconciler.presentation import grouping

    steps = (step.with_message(grouping.unnamed(step, table)) for step in table.steps)
    return tuple(line for number, step in enumerate(steps) for line in _step(number, step, diff=False))


def _result(group: tuple[TableReport, ...]) -> Line:
    """``+ users: created, seeded (2 items from seeds/users.json)``."""
    first, subject = group[0], group[0].name
    style, sign = _leading(first)
    messages = [step.message for step in first.steps]
    if len(group) > 1:
        from reconciler.presentation import grouping

        messages = [grouping.unnamed(step, first) for step in first.steps]
        subject = f"{several(len(group), 'table')} ({grouping.names(group)})"
    words = []
    for step, message in zip(first.steps, messages, strict=True):
        facet = f" {step.facet}" if step.action is Action.UPDATE else ""
        past = "not replaced" if step.gives_up else _PAST[step.action]
        words.append(f"{past}{facet}{f' ({message})' if message else ''}")
    # A rebuilt index takes two steps.
    return style, printable(f"{sign} {subject}: {', '.join(dict.fromkeys(words))}")


def _rest(table: TableReport, path: Callable[[str], str]) -> Iterator[Line]:
    """What is done of a table in one line, and each step that is not, without the fields that the plan has shown."""
    done = tuple(step for step in table.steps if step.status is StepStatus.DONE)
    if done:
        yield _result((replace(table, steps=done),))
    else:
        style, sign = _leading(table)
        place = f"  {printable(path(table.declaration))}" if table.declaration else ""
        yield style, f"{sign} {printable(table.name)}{place}"
    for number, step in enumerate(table.steps, start=1):
        if step.status is not StepStatus.DONE:
            yield from _step(number, replace(step, changes=()), diff=False)


def _leading(table: TableReport) -> tuple[str, str]:
    if table.status is TableStatus.ERROR:
        return "error", "!"
    for action in (Action.REPLACE, Action.DELETE, Action.CREATE, Action.UPDATE, Action.SEED, Action.CLEAR):
        if any(step.action is action and step.status not in STATUS_SYMBOLS for step in table.steps):
            return action.value, ACTION_SYMBOLS[action]
    for status, sign in STATUS_SYMBOLS.items():
        if table.has(status):
            return status.value, sign
    if table.status is TableStatus.RELEASED:
        return "dim", "="
    if (table.rebuild or table.held or table.migrations) and not table.changes:
        return "deferred", STATUS_SYMBOLS[StepStatus.DEFERRED]
    if table.left_in_place and not table.changes:
        return "dim", "="
    return "update", "~"


def _step(number: int, step: Step, *, diff: bool, items: str = "") -> Iterator[Line]:
    style, sign = symbol(step)
    operation = f", {printable(step.call.operation)}" if step.call else ""
    sentence = status_message(step)
    yield style, f"  {number}. {sign} {step_title(step)}{operation}{': ' + sentence if sentence else ''}"
    if step.status is StepStatus.BLOCKED and step.allow_with:
        yield "blocked", f"     allow with: {printable(step.allow_with)}"
    if step.ends_table and step.action is Action.REPLACE and step.status in (StepStatus.READY, StepStatus.DEFERRED):
        yield "plain", f"       {_course(step)}"
    for change in step.changes:
        yield from _indented(change, unsafe_of(change, step), items=items)
    if diff and step.call is not None:
        request = json.dumps(plain(step.call.params), ensure_ascii=False, indent=2)
        yield from (("dim", f"       {printable(line)}") for line in request.split("\n"))


def _course(step: Step) -> str:
    """What else a replacement does besides deleting the table."""
    if step.renamed_to is not None:
        new = printable(step.renamed_to)
        return f"before: {new} is created as declared, the items are copied to it, and both tables are compared"
    rest = "its items are returned" if step.keeps_items else "its seed is written if it has one"
    return f"then: the table is created again as declared, and {rest}"


def lost_items(change: Change, unsafe: str, items: str) -> str:
    """``items``, how many there are, where the sentence about a replaced table says that they are lost."""
    return items if change.hazard is Hazard.REPLACEMENT and unsafe == change.unsafe else ""


def _indented(change: Change, unsafe: str | None, *, items: str = "") -> Iterator[Line]:
    yield from ((style, f"       {text}") for style, text in change_lines(change))
    if unsafe:
        yield "blocked", f"       unsafe: {printable(unsafe)}{lost_items(change, unsafe, items)}"

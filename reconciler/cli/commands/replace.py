"""Replace a table whose key or local indexes have changed, and keep its items. Can be resumed.

On an emulator the items are copied aside, the table is deleted and created under its own name, and the items are
returned. Other processes must not write to the table meanwhile.
"""

from __future__ import annotations

import json
from typing import Annotated, cast, get_args

from reconciler.cli import codes, exits
from reconciler.cli.command import Yes, command
from reconciler.cli.confirmation import confirm, require_terminal
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.cli.progress import progress
from reconciler.model.errors import UsageError
from reconciler.model.records import OnConflict

Table = Annotated[str, Argument(metavar="TABLE", help="The table, by name or base name.")]
Conflicts = Annotated[
    str | None,
    Option(
        ("--on-conflict",),
        metavar="RULE",
        help="Items that would share a key of the new table: fail (the default), newest, or keep-first.",
    ),
]
NewestBy = Annotated[
    str | None,
    Option(("--newest-by",), metavar="ATTRIBUTE", help="With newest: the item with its greatest value is kept."),
]
Pause = Annotated[bool, Option(("--pause",), help="Stop where it is; nothing is lost.")]
Resume = Annotated[bool, Option(("--resume",), help="Go on after a pause or a problem.")]
Cancel = Annotated[bool, Option(("--cancel",), help="Give it up, before the table is deleted.")]
Finish = Annotated[bool, Option(("--finish",), help="Go on although items are missing in the new table.")]
Keep = Annotated[bool, Option(("--keep",), help="Keep the copy of the items as a table of its own.")]


@command()
def replace(
    invocation: Invocation,
    table: Table,
    *,
    on_conflict: Conflicts = None,
    newest_by: NewestBy = None,
    pause: Pause = False,
    resume: Resume = False,
    cancel: Cancel = False,
    finish: Finish = False,
    keep: Keep = False,
    yes: Yes = False,
) -> int:
    """Show what is kept, ask, replace; exit 2 if another call has to continue."""
    invocation.allow(Output.HUMAN, Output.JSON)
    if sum((pause, resume, cancel, finish)) > 1:
        raise UsageError("give one of --pause, --resume, --cancel and --finish")
    rule = _rule(on_conflict)
    decided = pause or resume or cancel or finish
    require_terminal(invocation, yes=yes or decided)
    settings = invocation.settings()
    with invocation.opened(settings, read_only=False) as app:
        replacing = app.replacement(table)
        if pause:
            return _said(invocation, replacing.pause(), codes.DRIFT)
        if cancel:
            message = replacing.cancel()
        elif resume or finish:
            (replacing.resume if resume else replacing.finish)()
        elif not (prepared := replacing.prepare(rule, newest_by or "")):
            if keep:
                replacing.keep()
        elif not (yes or confirm(f"{prepared.sentence} Replace it?")):
            invocation.say(["Nothing was changed."])
            return codes.ERROR
        else:
            if invocation.output is Output.HUMAN:
                invocation.say([prepared.sentence])
            replacing.begin(prepared, keep=keep)
        with progress(invocation) as watched:
            app.show_progress(watched.on_seeding, watched.on_work)
            report = replacing.run(watched.on_step, watched.on_wait)
        if cancel:
            return _said(invocation, message, codes.OK)
    invocation.show(report, applied=True, base=settings.desired_state)
    invocation.say(exits.reasons_for_drift(report))
    return exits.converge(report)


def _said(invocation: Invocation, message: str, code: int) -> int:
    invocation.answer((message,), {"finished": code == codes.OK, "messages": [message]})
    return code


def _rule(text: str | None) -> OnConflict:
    if text is not None and text not in get_args(OnConflict):
        expected = json.dumps(get_args(OnConflict))
        raise UsageError(f"--on-conflict: invalid value {text!r}; expected one of {expected}")
    return cast(OnConflict, text or "fail")

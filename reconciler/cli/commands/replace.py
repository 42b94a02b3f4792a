"""Replace a table whose key or local indexes have changed, and keep its items. Can be resumed.

On an emulator the items are copied aside, the table is deleted and created under its own name, and the items are
returned; other processes must not write to the table meanwhile. Elsewhere, and with --beside, another table is built
beside it while applications go on writing, and --switch puts it in its place.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast, get_args

from reconciler.cli import codes, exits
from reconciler.cli.command import Yes, command
from reconciler.cli.confirmation import confirm, require_terminal
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.cli.progress import progress
from reconciler.model.errors import UsageError
from reconciler.model.records import OnConflict

if TYPE_CHECKING:
    from reconciler.model.report import RunReport
    from reconciler.mover.engine_choice import AskedEngine
    from reconciler.mover.generation_command import NextGeneration
    from reconciler.mover.replace_command import ReplaceTable
    from reconciler.wiring import App

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
Beside = Annotated[
    bool, Option(("--beside",), help="On an emulator too: build another table beside it, and switch when asked.")
]
Engine = Annotated[
    str | None,
    Option(
        ("--engine",),
        metavar="NAME",
        help="How a table on AWS is copied: scan, bulk or import (jobs of the service), or auto (the default).",
    ),
]
ThroughS3 = Annotated[
    str | None,
    Option(
        ("--through-s3",),
        metavar="URL",
        help="Where in S3 the service may put the items meanwhile, as s3://BUCKET/PREFIX.",
    ),
]
MaxWcu = Annotated[
    int | None,
    Option(
        ("--max-wcu",),
        metavar="UNITS",
        minimum=1,
        help="Write units per second of each table; else a quarter of what it has. Again with --resume.",
    ),
]
MaxRcu = Annotated[
    int | None,
    Option(
        ("--max-rcu",),
        metavar="UNITS",
        minimum=1,
        help="Read units per second of each table; else a quarter of what it has. Again with --resume.",
    ),
]
Pause = Annotated[bool, Option(("--pause",), help="Stop where it is; nothing is lost.")]
Resume = Annotated[bool, Option(("--resume",), help="Go on after a pause or a problem.")]
Switch = Annotated[bool, Option(("--switch",), help="Put the table that was built beside it in its place.")]
WithoutFence = Annotated[
    bool, Option(("--without-fence",), help="With --switch: deny no writes, because all writers are stopped.")
]
Cancel = Annotated[
    bool, Option(("--cancel",), help="Give it up, before the table is deleted; after --switch, go back to it.")
]
Finish = Annotated[
    bool, Option(("--finish",), help="After --switch: delete the old table. Else go on although items are missing.")
]
Keep = Annotated[bool, Option(("--keep",), help="Keep the copy of the items, or the old table after --switch.")]


@command()
def replace(
    invocation: Invocation,
    table: Table,
    *,
    beside: Beside = False,
    on_conflict: Conflicts = None,
    newest_by: NewestBy = None,
    engine: Engine = None,
    through_s3: ThroughS3 = None,
    max_wcu: MaxWcu = None,
    max_rcu: MaxRcu = None,
    pause: Pause = False,
    resume: Resume = False,
    switch: Switch = False,
    without_fence: WithoutFence = False,
    cancel: Cancel = False,
    finish: Finish = False,
    keep: Keep = False,
    yes: Yes = False,
) -> int:
    """Show what is kept, ask, replace; exit 2 if another call has to continue."""
    invocation.allow(Output.HUMAN, Output.JSON)
    if sum((pause, resume, switch, cancel, finish)) > 1:
        raise UsageError("give one of --pause, --resume, --switch, --cancel and --finish")
    if without_fence and not switch:
        raise UsageError("--without-fence belongs to --switch")
    given = {"pause": pause, "resume": resume, "switch": switch, "cancel": cancel, "finish": finish}
    decision = next((name for name, chosen in given.items() if chosen), None)
    rule, asked = _rule(on_conflict), _engine(engine)
    if decision is not None and (engine is not None or through_s3 is not None):
        raise UsageError(f"--engine and --through-s3 belong to the beginning of a replacement, not to --{decision}")
    limited = max_rcu is not None or max_wcu is not None
    if limited and decision not in (None, "resume"):
        raise UsageError(f"--max-wcu and --max-rcu belong to the work itself or to --resume, not to --{decision}")
    require_terminal(invocation, yes=yes or decision is not None)
    settings = invocation.settings()
    place = through_s3 if through_s3 is not None else settings.replace_through_s3
    given_first = _Given(rule, newest_by, keep, yes, asked, place, max_rcu=max_rcu, max_wcu=max_wcu)
    with invocation.opened(settings, read_only=False) as app:
        work = app.next_generation(table)
        if work.applies(asked=beside or switch):
            at_once = work.reconciler.ports.emulator and not beside
            begun = dataclasses.replace(given_first, at_once=at_once)
            ended = _beside(invocation, app, work, decision, begun, fence=not without_fence)
        elif asked in ("bulk", "import") or through_s3 is not None:
            raise UsageError("--engine and --through-s3 are for tables on AWS; on an emulator leave them out")
        elif limited:
            raise UsageError("--max-wcu and --max-rcu limit the work beside a table; on an emulator, add --beside")
        else:
            ended = _in_place(invocation, app, app.replacement(table), decision, given_first)
    if isinstance(ended, int):
        return ended
    invocation.show(ended, applied=True, base=settings.desired_state)
    invocation.say(exits.reasons_for_drift(ended))
    return exits.converge(ended)


@dataclass(frozen=True)
class _Given:
    """What a replacement is begun with."""

    rule: OnConflict
    newest_by: str | None
    keep: bool
    yes: bool
    engine: AskedEngine = "auto"
    through: str | None = None
    at_once: bool = False
    """Whether a renamed table is switched to at once, as on an emulator without --beside."""
    max_rcu: int | None = None
    max_wcu: int | None = None

    @property
    def limited(self) -> bool:
        """Whether a person gave limits of their own."""
        return self.max_rcu is not None or self.max_wcu is not None


def _in_place(
    invocation: Invocation, app: App, replacing: ReplaceTable, decision: str | None, given: _Given
) -> RunReport | int:
    if decision == "pause":
        return _said(invocation, replacing.pause(), codes.DRIFT)
    if decision == "cancel":
        message = replacing.cancel()
        report = _watched(invocation, app, replacing)
        return report if replacing.under_way() else _said(invocation, message, codes.OK)
    if decision is not None:
        (replacing.resume if decision == "resume" else replacing.finish)()
    elif not (prepared := replacing.prepare(given.rule, given.newest_by or "")):
        if given.keep:
            replacing.keep()
    elif not _agreed(invocation, prepared.sentence, given):
        return codes.ERROR
    else:
        replacing.begin(prepared, keep=given.keep)
    return _watched(invocation, app, replacing)


def _watched(invocation: Invocation, app: App, work: ReplaceTable | NextGeneration) -> RunReport:
    """Run it, and show its progress."""
    with progress(invocation) as watched:
        app.show_progress(watched.on_seeding, watched.on_work)
        return work.run(watched.on_step, watched.on_wait)


def _beside(
    invocation: Invocation, app: App, work: NextGeneration, decision: str | None, given: _Given, *, fence: bool
) -> RunReport | int:
    if decision == "pause":
        return _said(invocation, work.pause(), codes.DRIFT)
    if decision == "cancel":
        message, report = work.cancel(), work.run_until_ended()
        return report if report is not None else _said(invocation, message, codes.OK)
    if given.limited and work.under_way() is not None:
        work.limit(given.max_rcu, given.max_wcu)
    if decision == "switch":
        # --without-fence says that they are stopped.
        asks = fence and not given.yes and invocation.console.interactive
        unfenced = work.stop_writers_first() if asks else None
        if unfenced is not None and not confirm(f"{unfenced} Switch now?"):
            invocation.say(["Nothing was changed."])
            return codes.ERROR
        invocation.say([work.switch(fence=fence)])
    elif decision is not None:
        (work.resume if decision == "resume" else work.finish)()
    elif work.under_way() is not None:
        ended = work.keep() if given.keep else None
        if ended is not None:
            return work.run_until_ended() or _said(invocation, ended, codes.OK)
    else:
        from reconciler.mover.engine_choice import CopyOptions

        options = CopyOptions(given.engine, given.through or "", given.max_rcu, given.max_wcu)
        prepared = work.prepare(given.rule, given.newest_by or "", options)
        at_once = given.at_once and work.renames()
        sentence = prepared.sentence_at_once(keep=given.keep) if at_once else prepared.sentence
        if not _agreed(invocation, sentence, given):
            return codes.ERROR
        work.begin(prepared, keep=given.keep, at_once=at_once)
    return _watched(invocation, app, work)


def _agreed(invocation: Invocation, sentence: str, given: _Given) -> bool:
    if not (given.yes or confirm(f"{sentence} Replace it?")):
        invocation.say(["Nothing was changed."])
        return False
    if invocation.output is Output.HUMAN:
        invocation.say([sentence])
    return True


def _said(invocation: Invocation, message: str, code: int) -> int:
    invocation.answer((message,), {"finished": code == codes.OK, "messages": [message]})
    return code


def _rule(text: str | None) -> OnConflict:
    if text is not None and text not in get_args(OnConflict):
        expected = json.dumps(get_args(OnConflict))
        raise UsageError(f"--on-conflict: invalid value {text!r}; expected one of {expected}")
    return cast(OnConflict, text or "fail")


def _engine(text: str | None) -> AskedEngine:
    if text is None:
        return "auto"
    from reconciler.mover.engine_choice import AskedEngine

    choices = get_args(AskedEngine)
    if text not in choices:
        raise UsageError(f"--engine: invalid value {text!r}; expected one of {json.dumps(choices)}")
    return cast("AskedEngine", text)

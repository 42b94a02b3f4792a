"""Replace an index: build a new one, report when it is ready, drop the old one after a hold time. Can be resumed."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import Yes, command
from reconciler.cli.confirmation import confirm_loss, location, require_terminal
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.cli.progress import progress
from reconciler.model.errors import UsageError

Table = Annotated[str, Argument(metavar="TABLE", help="The table, by name or base name.")]
Index = Annotated[str, Argument(metavar="INDEX", help="The global secondary index to replace.")]
New = Annotated[str | None, Option(("--as",), metavar="NEW_NAME", help="The new index; else INDEX-v2 and so on.")]
Hold = Annotated[
    str | None,
    Option(("--hold",), metavar="DURATION", help="How long the old index stays; 1h, on an emulator 0s."),
]
Cancel = Annotated[bool, Option(("--cancel",), help="Cancel a running rebuild; changes neither index.")]


@command()
def rebuild_index(
    invocation: Invocation,
    table: Table,
    index: Index,
    *,
    new: New = None,
    hold: Hold = None,
    cancel: Cancel = False,
    yes: Yes = False,
) -> int:
    """Go as far as possible before the deadline; exit 2 where another call has to continue."""
    invocation.allow(Output.HUMAN, Output.JSON)
    stays = None if hold is None else _duration(hold)
    require_terminal(invocation, yes=yes or cancel)
    settings = invocation.settings()
    with invocation.opened(settings, read_only=False) as app:
        engine = app.reconciler
        if not (yes or cancel):
            where = location(settings, engine.ports.endpoint)
            question = f"Build a replacement for index {index} and drop {index} afterwards, in {where}?"
            if not confirm_loss(question, settings.stack, emulator=engine.ports.emulator):
                invocation.say(["Nothing was changed."])
                return codes.ERROR
        if cancel:
            result = engine.cancel_rebuild(table)
        else:
            with progress(invocation) as watched:
                app.show_progress(watched.on_seeding, watched.on_work)
                result = engine.rebuild_index(table, index, new, stays, watched.on_wait)
    invocation.answer(result.messages, {**result.data, "finished": result.finished, "messages": list(result.messages)})
    return codes.OK if result.finished else codes.DRIFT


def _duration(text: str) -> timedelta:
    from reconciler.settings.values import InvalidValue, duration

    try:
        return duration(text)
    except InvalidValue as invalid:
        raise UsageError(f"--hold: invalid value {text!r}; expected {invalid.expected}. {invalid.remedy}") from None

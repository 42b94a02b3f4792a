"""Confirmation questions before changes. Called by ``up``, ``destroy``, ``clear`` and ``rebuild-index``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from reconciler import interruption
from reconciler.cli.console import Console
from reconciler.cli.invocation import Invocation
from reconciler.model.errors import UsageError
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.report import PassReport
from reconciler.planning.text import printable
from reconciler.presentation.render import about_items

if TYPE_CHECKING:
    from reconciler.model.identity import Endpoint
    from reconciler.settings import Settings


CHOICE = " [y/N]:"
Answer = TypeVar("Answer")


def require_terminal(invocation: Invocation, *, yes: bool) -> None:
    """Raise ``UsageError`` where no terminal can answer a question, unless --yes was given."""
    if not yes and not invocation.console.interactive:
        raise UsageError(f"`{invocation.verb}` asks for confirmation, which needs a terminal. Add --yes.")


def stack_of(settings: Settings) -> str:
    """The stack and environment of a command."""
    return printable(f"stack {settings.stack}, environment {settings.environment_label}")


def location(settings: Settings, endpoint: Endpoint | None) -> str:
    """What is about to be changed: stack, environment, endpoint, region and account."""
    scope = stack_of(settings)
    if endpoint is None:
        return scope
    account = endpoint.account or "unknown"
    return printable(f"{scope}, at {endpoint.url}, region {endpoint.region}, account {account}")


def loses(plan: PassReport) -> bool:
    """Whether a step of the plan may lose items."""
    going = (StepStatus.READY, StepStatus.DEFERRED)
    return any(step.destructive and step.status in going for table in plan.tables for step in table.steps)


def loss_warning(plan: PassReport) -> str:
    """Sentences before the question: which tables end, and what is lost. Empty where no table ends."""
    lost = _named(plan, lambda step: not (step.nothing_lost or step.keeps_items))
    harmless = _named(plan, lambda step: step.nothing_lost and not step.keeps_items)
    kept = _named(plan, lambda step: step.keeps_items and step.action is not Action.DELETE)
    left = _named(plan, lambda step: step.keeps_items and step.action is Action.DELETE)
    sentences = f"{'; '.join(lost)}: all their items are lost. " if lost else ""
    sentences += f"{'; '.join(harmless)}: they hold only seed items. " if harmless else ""
    sentences += f"{'; '.join(kept)}: they keep their items. " if kept else ""
    sentences += f"{'; '.join(left)}: other tables have their items. " if left else ""
    return printable(sentences)


def _named(plan: PassReport, which: Callable[[Step], bool]) -> list[str]:
    sentences = []
    for action, word in ((Action.REPLACE, "replaced"), (Action.DELETE, "deleted")):
        names = [
            f"{table.name}{about_items(table)}"
            for table in plan.tables
            for step in table.steps
            if step.action is action
            and step.ends_table
            and step.status in (StepStatus.READY, StepStatus.DEFERRED)
            and which(step)
        ]
        if names:
            sentences.append(f"{', '.join(names)} will be {word}")
    return sentences


def confirm_loss(question: str, stack: str, *, emulator: bool) -> bool:
    """Ask about work that loses tables or items. Off emulators the answer has to be the name of the stack.

    A ``y`` is typed by habit; the name shows that the person knows which tables these are.
    """
    if emulator:
        return confirm(question)
    import typer

    words = Console().fitted(printable(f"{question} Type the name of the stack ({stack}) to confirm"))
    answer = _answer(lambda: str(typer.prompt(words, default="", show_default=False, err=True)))
    return answer is not None and answer.strip() == stack


def confirm(question: str) -> bool:
    """Ask on standard error; anything but yes means no. A signal ends the question at once."""
    import typer

    # typer adds the choice, which has to fit into the last line as well.
    words = Console().fitted(f"{question}{CHOICE}").removesuffix(CHOICE)
    return bool(_answer(lambda: typer.confirm(words, default=False, err=True)))


def _answer(ask: Callable[[], Answer]) -> Answer | None:
    """The answer to a question; ``None``, which refuses, at the end of the input (Ctrl-D)."""
    import typer

    with interruption.question():
        try:
            return ask()
        except typer.Abort as abort:
            if not isinstance(abort.__context__, EOFError):
                raise KeyboardInterrupt from None
            # The cursor stands behind the question, where Enter would have ended the line.
            sys.stderr.write("\n")
            return None

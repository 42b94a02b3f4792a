"""Shows the progress of a run on standard error: a bar on a terminal, else one line per step. Called by ``up``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Color
from reconciler.model.plan import Step
from reconciler.planning.text import printable
from reconciler.presentation.render import status_message, step_title, symbol

OnStep = Callable[[str, Step], None]


@contextmanager
def progress(invocation: Invocation, total: int) -> Iterator[OnStep | None]:
    """A thread-safe callback for each finished step; ``None`` with -q."""
    if invocation.verbosity < 0:
        yield None
    elif invocation.console.interactive:
        with _bar(total, plain=invocation.console.color is Color.NEVER) as on_step:
            yield on_step
    else:
        lock = threading.Lock()

        def on_step(table: str, step: Step) -> None:
            with lock:
                invocation.console.note("plain", step_line(table, step))

        yield on_step


def step_line(table: str, step: Step) -> str:
    """``+ users: create, done``."""
    return f"{symbol(step)[1]} {printable(table)}: {step_title(step)}, {status_message(step)}"


@contextmanager
def _bar(total: int, *, plain: bool) -> Iterator[OnStep]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, no_color=plain or None)) as bars:
        task = bars.add_task("converging", total=total)

        def on_step(table: str, step: Step) -> None:
            bars.console.print(Text(step_line(table, step)))
            completed = bars.tasks[0].completed + 1
            bars.update(task, completed=completed, total=max(total, completed))

        yield on_step

"""Run migrations of items, in order and resumable: `up`, `down`, `status`, `new NAME`, `verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from reconciler.cli import codes
from reconciler.cli.command import Yes, command
from reconciler.cli.confirmation import confirm, require_terminal
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.model.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.progress import Shown
    from reconciler.engine.ports import WorkProgress
    from reconciler.mover.migrate import MigrationProgress
    from reconciler.mover.migrate_commands import MigrateCommands

ACTIONS = ("up", "down", "status", "new", "verify")
LINE_SECONDS = 10.0

What = Annotated[str, Argument(metavar="ACTION", help="up, down, status, new or verify.")]
Name = Annotated[str | None, Argument(metavar="NAME", help="The name of a new migration, for example add_status.")]
To = Annotated[str | None, Option(("--to",), metavar="MIGRATION", help="The last migration that up runs.")]
DryRun = Annotated[
    bool, Option(("--dry-run",), help="Show counts, examples and an estimate from a sample; write nothing.")
]
MaxWcu = Annotated[
    int | None,
    Option(("--max-wcu",), metavar="UNITS", minimum=1, help="Write units per second; else a quarter of the table's."),
]
MaxRcu = Annotated[
    int | None,
    Option(("--max-rcu",), metavar="UNITS", minimum=1, help="Read units per second; else a quarter of the table's."),
]


@command()
def migrate(
    invocation: Invocation,
    action: What,
    name: Name = None,
    *,
    to: To = None,
    dry_run: DryRun = False,
    max_wcu: MaxWcu = None,
    max_rcu: MaxRcu = None,
    yes: Yes = False,
) -> int:
    """Exit 0 when everything is applied, 2 when something is left, 1 when something failed."""
    invocation.allow(Output.HUMAN, Output.JSON)
    _check(action, name, to, dry_run=dry_run)
    if action == "new":
        return _new(invocation, str(name))
    reads = dry_run or action in ("status", "verify")
    if action == "down" and not reads:
        require_terminal(invocation, yes=yes)
    settings = invocation.settings()
    with invocation.opened(settings, read_only=reads) as app:
        from reconciler.cli import migration_lines
        from reconciler.mover.migrate_commands import MigrateLimits

        files = app.migrations()
        limits = MigrateLimits(max_rcu, max_wcu, settings.workers)
        with _progress(invocation) as on_progress:
            commands = app.migrate(files, limits, on_progress)
            if dry_run:
                samples = commands.dry_run("down" if action == "down" else "up", to)
                lines, members, code = migration_lines.sampled(samples, settings.desired_state)
            elif action == "status":
                lines, members, code = migration_lines.status(commands.status(), settings.desired_state)
            elif action == "verify":
                lines, members, code = migration_lines.verified(*commands.verify(), settings.desired_state)
            else:
                with app.recorded_migrations(commands, lambda warning: invocation.warn((warning,))):
                    results = commands.up(to) if action == "up" else _down(invocation, commands, yes=yes)
                if results is None:
                    return codes.ERROR
                lines, members, code = migration_lines.ran(action, results, settings.desired_state)
    invocation.answer(lines, members)
    return code


def _check(action: str, name: str | None, to: str | None, *, dry_run: bool) -> None:
    if action not in ACTIONS:
        raise UsageError(f"unknown action {action!r}; expected {', '.join(ACTIONS)}")
    if action == "new" and not name:
        raise UsageError("`migrate new` needs a name, for example `reconciler migrate new add_status`")
    if action != "new" and name:
        raise UsageError(f"`migrate {action}` takes no name. Use --to MIGRATION to stop after one.")
    if to is not None and action != "up":
        raise UsageError("--to belongs to `migrate up`")
    if dry_run and action not in ("up", "down"):
        raise UsageError(f"`migrate {action}` has no --dry-run, because it changes no item")


def _new(invocation: Invocation, name: str) -> int:
    from reconciler import wiring

    settings = invocation.settings()
    path = str(wiring.new_migration(settings, name))
    invocation.answer([f"Wrote {path}. Fill in up(item), then run `reconciler migrate up --dry-run`."], {"file": path})
    return codes.OK


def _down(invocation: Invocation, commands: MigrateCommands, *, yes: bool) -> Any:
    if not yes:
        names = commands.next_down()
        if names and not confirm(f"Undo the migration {names[0]}?"):
            invocation.say(["Nothing was changed."])
            return None
    return commands.down()


class _Bars:
    """A row for each migration. They begin with the first report, because `down` asks before; thread-safe."""

    def __init__(self, invocation: Invocation, stack: ExitStack) -> None:
        import threading

        self._invocation, self._stack = invocation, stack
        self._lock = threading.Lock()
        self._shown: Shown | None = None
        self._row: WorkProgress | None = None

    def __call__(self, progress: MigrationProgress) -> None:
        from reconciler.cli.progress import progress as bars
        from reconciler.engine.ports import WorkProgress

        seen = progress.counts.get("scanned", 0)
        row = WorkProgress(progress.table, progress.name, progress.seconds, seen, max(progress.total, seen) or None)
        with self._lock:
            shown = self._shown = self._shown or self._stack.enter_context(bars(self._invocation))
            before, self._row = self._row, row
        if shown.on_work is None:
            return
        if before is not None and (before.table, before.what) != (row.table, row.what):
            shown.on_work(replace(before, ended=True))
        shown.on_work(row)


@contextmanager
def _progress(invocation: Invocation) -> Iterator[Callable[[MigrationProgress], None] | None]:
    """Bars on a terminal, elsewhere a line on standard error every ten seconds; none with -q."""
    if invocation.verbosity < 0:
        yield None
        return
    if invocation.console.interactive:
        with ExitStack() as stack:
            yield _Bars(invocation, stack)
        return
    import threading

    from reconciler.cli.migration_lines import progress_line

    lock, due = threading.Lock(), {"": LINE_SECONDS}

    def show(progress: MigrationProgress) -> None:
        with lock:
            if progress.seconds >= due.get(progress.name, LINE_SECONDS):
                due[progress.name] = progress.seconds + LINE_SECONDS
                invocation.console.note("plain", progress_line(progress))

    yield show

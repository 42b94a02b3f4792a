"""Delete the tables that this stack created, never adopted ones, through the deletion gate; then suspend."""

from __future__ import annotations

from reconciler.cli import codes, exits
from reconciler.cli.command import Tables, Yes, command
from reconciler.cli.confirmation import confirm_loss, location, require_terminal
from reconciler.cli.invocation import Invocation
from reconciler.cli.progress import progress, reading
from reconciler.presentation.render import about_items


@command(reports=True)
def destroy(invocation: Invocation, tables: Tables = None, yes: Yes = False) -> int:
    """Ask, delete, report; suspended afterwards even if some tables were blocked."""
    require_terminal(invocation, yes=yes)
    settings = invocation.settings()
    names = tuple(tables or ())
    with invocation.opened(settings, read_only=False) as app:
        app.source.load()
        if not yes:
            with reading(invocation, app.activity):
                plan = app.reconciler.preview()
            known = plan.tables
            ours = [
                f"{table.name}{about_items(table)}"
                for table in known
                if table.ownership == "created" and _meant(names, table)
            ]
            doomed = f"{', '.join(ours)} with every item in {'it' if len(ours) == 1 else 'them'}"
            what = f"Delete {doomed if ours else 'no table (none was created here)'} and suspend"
            emulator = plan.endpoint is not None and plan.endpoint.flavor.emulator
            if not confirm_loss(f"{what} {location(settings, plan.endpoint)}?", settings.stack, emulator=emulator):
                invocation.say(["Nothing was changed."])
                return codes.ERROR
        with progress(invocation) as watched:
            report = app.reconciler.destroy(names, confirmed=not yes, on_step=watched.on_step, on_wait=watched.on_wait)
    invocation.show(report, applied=True, base=settings.desired_state)
    if report.suspended:
        what = "The whole stack is suspended, not only what was named" if names else "The stack is suspended"
        invocation.say([f"{what}: nothing is recreated until `reconciler resume` or `reconciler up`."])
    return exits.act(report)


def _meant(names: tuple[str, ...], table: object) -> bool:
    spellings = (getattr(table, "name", None), getattr(table, "base_name", None))
    return not names or any(name in spellings for name in names)

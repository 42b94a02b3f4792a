"""The verbs and the typer group that imports a command when it is called. Called by ``app`` alone."""

from __future__ import annotations

import sys
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from reconciler import __version__
from reconciler.cli import codes, options

COMMANDS = {
    "run": "The daemon: schedule, HTTP, metrics; with --once converge once and exit. The default.",
    "preview": "Show what would be done; never writes.",
    "up": "Preview, ask, converge.",
    "destroy": "Delete the tables that this stack created, then suspend.",
    "import": "Write declarations from live tables.",
    "release": "Stop managing tables without touching them.",
    "suspend": "Stop the loop from writing.",
    "resume": "Let the loop write again.",
    "seed": "Write seed items.",
    "clear": "Remove unchanged seed items.",
    "restore": "Create a table from a backup or a point in time.",
    "rebuild-index": "Replace an index: build another, let readers move over, drop the old one.",
    "status": "Show recent passes, tables and blocked steps.",
    "validate": "Check declarations and seeds offline.",
    "schema": "Print the JSON Schema of a declaration.",
    "init": "Write an example desired state.",
    "doctor": "Endpoint, capabilities, permissions, clock, settings.",
    "healthcheck": "Exit 0 when the daemon reports ready.",
}
HELP = "Keeps DynamoDB tables as declared: observe, diff, plan, apply, report; repeat."
OPTIONS_NOTE = (
    "Options may stand before or after the command; the last one wins. Every setting is an option, listed by "
    "'reconciler run --help', and a variable RECONCILER_NAME."
)
EPILOG = "\n\n".join(
    [
        "Exit codes:",
        *(f"{code}: {meaning}." for code, meaning in codes.TABLE),
        OPTIONS_NOTE,
    ]
)


class Verbs(TyperGroup):
    """The commands, each imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """The verbs in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """Import and build one command."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_") + ("_" if iskeyword(cmd_name) else "")
        module = import_module(f"reconciler.cli.commands.{name}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name, help=module.__doc__)(getattr(module, name))
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """The verbs with a sentence each, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        with formatter.section("Options of every command"):
            formatter.write_dl(list(options.summary()))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb, with a suggestion for a misspelt one."""
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]
        return super().resolve_command(ctx, args)


def application() -> Any:
    """The whole command line, ready to parse."""
    app = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None)
    app.callback(help=HELP, epilog=EPILOG)(_root)
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"reconciler {__version__}\n")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    del version

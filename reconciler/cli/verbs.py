"""The typer group of all verbs, which imports a command when it is called. Called by ``app`` for lines that need it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from reconciler.cli import codes, options
from reconciler.cli.catalog import COMMANDS, SYNONYMS, VERSION_LINE, command_of, grouped
from reconciler.cli.examples import EXAMPLES
from reconciler.cli.parameters import Argument, Option

HELP = "Keeps DynamoDB tables as declared: observe, diff, plan, apply, report; repeat."
OPTIONS_NOTE = (
    "Options may stand before or after the command; the last one wins. Every setting is an option, listed by "
    "'reconciler run --help', and a variable RECONCILER_NAME."
)
HELP_NAMES = {"help_option_names": ["-h", "--help"]}
EPILOG = "\n\n".join(
    [
        "Exit codes:",
        *(f"{code}: {meaning}." for code, meaning in codes.TABLE),
        OPTIONS_NOTE,
    ]
)


class OneVerb(TyperCommand):
    """One command, whose help groups its options by use and ends with examples."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options with their defaults, by use."""
        by_title: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                words, text = record
                if parameter.param_type_name == "argument":
                    # typer writes the type of an argument after its name: TABLE <list[str]>.
                    by_title.setdefault("Arguments", []).append((words.partition(" <")[0], text))
                else:
                    by_title.setdefault(options.group_of(parameter.name or ""), []).append((words, text))
        for title in ("Arguments", *options.TITLES):
            if title in by_title:
                with formatter.section(title):
                    formatter.write_dl(by_title[title])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Examples, as they are typed."""
        with formatter.section("Examples"):
            for line in EXAMPLES.get(self.name or "", ()):
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Verbs(TyperGroup):
    """The commands, each imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """The verbs in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """Import and build one command."""
        if cmd_name not in COMMANDS:
            return None
        run = command_of(cmd_name)
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        text = sys.modules[run.__module__].__doc__
        single.command(cmd_name, cls=OneVerb, help=text, context_settings=HELP_NAMES)(_for_typer(run))
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """The verbs with a sentence each, without importing any."""
        for title, verbs in grouped().items():
            with formatter.section(title):
                formatter.write_dl([(verb, COMMANDS[verb]) for verb in verbs])
        with formatter.section("Options of every command"):
            formatter.write_dl(list(options.summary()))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb, with a suggestion for a misspelt one and for the name that other tools have for it."""
        if args and args[0] in SYNONYMS:
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{SYNONYMS[args[0]]}'?")
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]
        return super().resolve_command(ctx, args)


def _for_typer(run: Callable[..., int]) -> Callable[..., int]:
    """The command with its parameters as typer declares them."""

    @wraps(run)
    def call(**given: Any) -> int:
        return run(**given)

    parameters = [_typer_parameter(each) for each in inspect.signature(run).parameters.values()]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    return call


def _typer_parameter(parameter: inspect.Parameter) -> inspect.Parameter:
    kind, declared = get_args(parameter.annotation)
    if isinstance(declared, Argument):
        made = typer.Argument(metavar=declared.metavar, help=declared.help)
    else:
        made = _typer_option(declared)
    return parameter.replace(annotation=Annotated[kind, made])


def _typer_option(declared: Option) -> Any:
    return typer.Option(
        *declared.names,
        metavar=declared.metavar,
        help=declared.help,
        min=declared.minimum,
        hidden=declared.hidden,
        show_default=declared.show_default,
        case_sensitive=declared.case_sensitive,
        count=declared.count,
    )


def application() -> Any:
    """The whole command line, ready to parse."""
    app = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None, context_settings=HELP_NAMES)
    app.callback(help=HELP, epilog=EPILOG)(_root)
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(VERSION_LINE)
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    del version

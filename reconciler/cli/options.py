"""The options every command takes, before or after the verb, in one table. Called by ``command`` and ``app``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer


class Output(StrEnum):
    """Output format on standard output."""

    HUMAN = "human"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
    GITHUB = "github"
    JUNIT = "junit"


class Color(StrEnum):
    """When to use color."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Flag:
    """One option; ``metavar`` is ``None`` for a switch. ``common`` ones stand in every command's help."""

    name: str
    metavar: str | None
    help: str
    common: bool = False

    @property
    def long(self) -> str:
        """The spelling on the command line."""
        return "--" + self.name.replace("_", "-")


SETTINGS = (
    Flag(
        "desired_state", "PATH", "Folder with the declarations, package:NAME, or 'bundled' for those of the tool.", True
    ),
    Flag("environment", "NAME", "Environment whose table names are used.", True),
    Flag("endpoint_url", "URL", "DynamoDB endpoint; without it AWS in the SDK's region.", True),
    Flag("region", "NAME", "AWS region.", True),
    Flag("config", "FILE", "Settings file (TOML).", True),
    Flag("embedded", None, "Use an in-process emulator.", True),
    Flag("stack", "NAME", "Name of the stack that owns the tables."),
    Flag("aws_client", "auto|lean|boto3", "Client that sends the calls to DynamoDB."),
    Flag("interval", "DURATION", "Time between two passes of the daemon."),
    Flag("jitter", "SHARE", "Random delay added to each interval: 10% or a duration."),
    Flag("mode", "enforce|observe", "observe reports drift and writes nothing."),
    Flag("prune", "never|owned", "What happens to a table this stack created that is no longer declared."),
    Flag("prune_grace", "DURATION", "Grace period before a non-empty table is deleted."),
    Flag("data_loss", "never|emulator|allow", "Where a step may delete items."),
    Flag("disruption", "never|emulator|allow", "Where a step may interrupt readers."),
    Flag("max_deletes", "NUMBER", "Maximum number of deletions and replacements in a pass."),
    Flag("allowed_accounts", "IDS", "AWS accounts that may be written to, separated by commas."),
    Flag("seed", "empty|never", "Whether empty tables are seeded."),
    Flag("wait", "DURATION", "How long a one-shot command waits for the endpoint."),
    Flag("timeout", "DURATION", "Deadline of --once and up."),
    Flag("workers", "NUMBER", "Number of tables processed at the same time."),
    Flag("state_table", "NAME", "Name of the state table."),
    Flag("http_host", "ADDRESS", "Address of the HTTP server."),
    Flag("http_port", "PORT", "Port of the HTTP server."),
    Flag("api_token_file", "FILE", "File with the bearer token of the mutating routes."),
    Flag("api_auth", "auto|token|none", "Who may use the mutating routes."),
    Flag("allowed_hosts", "NAMES", "Host headers accepted on the mutating routes, separated by commas."),
    Flag("metrics_file", "FILE", "Where a one-shot run writes its metrics."),
    Flag("push_gateway", "URL", "Where a one-shot run pushes its metrics."),
    Flag("table_detail", "full|status|none", "How many metric series a table gets."),
    Flag("log_format", "auto|console|json|logfmt", "Log format."),
    Flag("log_level", "debug|info|warning|error", "Minimum log level."),
)
"""Every setting but the token itself, which would show in the list of processes."""

FORM_HELP = f"Output format: {', '.join(Output)}."
COLOR_HELP = f"When to use color: {', '.join(Color)}."
DISPLAY = {
    "output": (
        Output,
        typer.Option("--output", "-o", metavar="FORM", help=FORM_HELP, case_sensitive=False),
        Output.HUMAN,
    ),
    "color": (Color, typer.Option("--color", metavar="WHEN", help=COLOR_HELP, case_sensitive=False), Color.AUTO),
    "verbose": (int, typer.Option("--verbose", "-v", count=True, show_default=False, help="Say more."), 0),
    "quiet": (int, typer.Option("--quiet", "-q", count=True, show_default=False, help="Say less."), 0),
}

VALUED = frozenset({flag.long for flag in SETTINGS if flag.metavar} | {"--output", "-o", "--color"})
"""Options that take the next word; all others are switches."""


def parameters(*, all_in_help: bool) -> Iterator[inspect.Parameter]:
    """Typer parameters of every common option; the rarer settings show only in the help of ``run``."""
    for flag in SETTINGS:
        hidden = not (flag.common or all_in_help)
        option = typer.Option(flag.long, metavar=flag.metavar, help=flag.help, hidden=hidden, show_default=False)
        kind: Any = str if flag.metavar else bool
        yield _parameter(flag.name, kind | None, option, None)
    for name, (kind, option, default) in DISPLAY.items():
        yield _parameter(name, kind, option, default)


def summary() -> Iterator[tuple[str, str]]:
    """Spelling and help of the options that stand in every command's help."""
    for flag in SETTINGS:
        if flag.common:
            yield f"{flag.long} {flag.metavar or ''}".strip(), flag.help
    yield "-o, --output FORM", FORM_HELP
    yield "--color WHEN", COLOR_HELP
    yield "-v, --verbose / -q, --quiet", "Say more or less."


def _parameter(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:
    annotation = Annotated[kind, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


DEFAULT_VERB = "run"


def verb_first(argv: Sequence[str]) -> list[str]:
    """``--embedded preview x`` as ``preview --embedded x``; without a verb it is ``run``.

    An option behind the verb then comes later than one before it, and the later wins. Help and version without a verb
    stay as they are.
    """
    leading: list[str] = []
    rest = list(argv)
    while rest and rest[0].startswith("-") and rest[0] not in ("-", "--"):
        word = rest.pop(0)
        leading.append(word)
        if rest and _takes_next(word):
            leading.append(rest.pop(0))
    if "--version" in leading:
        return ["--version"]
    if not rest or rest[0] == "--":
        return ["--help"] if "--help" in leading else [DEFAULT_VERB, *leading, *rest]
    return [rest[0], *leading, *rest[1:]]


def _takes_next(word: str) -> bool:
    if word.startswith("--"):
        return word in VALUED
    # In a cluster such as -vo the first letter with a value takes what follows it.
    letters = [letter for letter in word[1:] if f"-{letter}" in VALUED]
    return bool(letters) and word.endswith(letters[0]) and word.index(letters[0]) == len(word) - 1

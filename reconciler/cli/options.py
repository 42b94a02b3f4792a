"""The options of every command, made from the table of settings. Called by ``command``, ``verbs`` and ``app``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from reconciler.cli.parameters import Option
from reconciler.model.lazy_dataclass import dataclass
from reconciler.settings.model import SETTINGS


class Output(StrEnum):
    """Output format on standard output."""

    HUMAN = "human"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
    GITHUB = "github"
    JUNIT = "junit"
    SARIF = "sarif"


class Color(StrEnum):
    """When to use color."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Flag:
    """One option; ``metavar`` is ``None`` for a switch. ``common`` options appear in every command's help.

    A ``repeatable`` one adds a value each time it is given. ``default`` is a text for people.
    """

    name: str
    metavar: str | None
    help: str
    common: bool = False
    repeatable: bool = False
    default: str = ""

    @property
    def long(self) -> str:
        """Its spelling on the command line."""
        return "--" + self.name.replace("_", "-")


CONFIG = Flag("config", "FILE", "Settings file (TOML).", common=True)


def _flags() -> tuple[Flag, ...]:
    """An option for each setting and for the settings file, the common ones first."""
    options = [each for each in SETTINGS.values() if each.is_option]
    found = [
        Flag(
            each.name,
            each.metavar,
            each.help.replace("`", ""),
            each.common,
            each.repeatable,
            (each.default_text or shown_default(each.default)).replace("`", ""),
        )
        for each in options
    ]
    return tuple(sorted([*found, CONFIG], key=lambda flag: not flag.common))


def shown_default(default: Any) -> str:
    """A default value as a text; empty where there is none to name."""
    if isinstance(default, timedelta):
        return f"{default.total_seconds():g}s"
    if isinstance(default, tuple):
        return ",".join(default)
    return "" if default is None or default is False else str(default)


FLAGS = _flags()
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Declarations": (
        *("desired_state", "stack", "environment", "parameter", "parameters_file", "seed", "seed_set", "config"),
        "migrations",
    ),
    "Endpoint": (
        *("endpoint_url", "region", "profile", "role_arn", "role_external_id", "embedded", "aws_client", "wait"),
        *("timeout", "workers", "state_table"),
    ),
    "Safety": ("mode", "prune", "prune_grace", "data_loss", "disruption", "max_deletes", "allowed_accounts"),
    "Replacing tables": ("replace_hold", "replace_through_s3", "prices"),
    "Daemon and HTTP": (
        *("interval", "jitter", "http_host", "http_port", "api_token_file", "api_auth", "allowed_hosts", "testing"),
        *("runbook_url", "docs_url", "grafana_url", "console_url"),
    ),
    "Output": ("output", "report", "color", "verbose", "quiet", "log_format", "log_level", "help"),
}
"""Options of settings by use, as the help shows them."""
OWN, REST = "Options of this command", "Metrics and events"
TITLES = (OWN, *GROUPS, REST)


SHOWN: Mapping[str, tuple[str, ...]] = {"import": ("parameter", "parameters_file")}
"""Rarer options that the help of a command shows: a template that --from reads may need them."""


def group_of(name: str) -> str:
    """The heading under which the help shows an option of any command."""
    for title, names in GROUPS.items():
        if name in names:
            return title
    return REST if any(flag.name == name for flag in FLAGS) else OWN


FORM_HELP = f"Output format: {', '.join(Output)}."
REPORT_HELP = "Also write the result in another format; may be repeated. 'github' alone annotates."
COLOR_HELP = f"When to use color: {', '.join(Color)}."
DISPLAY = {
    "output": (
        Output,
        Option(("--output", "-o"), metavar="FORM", help=FORM_HELP, case_sensitive=False),
        Output.HUMAN,
    ),
    "report": (
        list[str] | None,
        Option(("--report",), metavar="FORM=FILE", help=REPORT_HELP, show_default=False),
        None,
    ),
    "color": (Color, Option(("--color",), metavar="WHEN", help=COLOR_HELP, case_sensitive=False), Color.AUTO),
    "verbose": (int, Option(("--verbose", "-v"), count=True, show_default=False, help="Say more."), 0),
    "quiet": (int, Option(("--quiet", "-q"), count=True, show_default=False, help="Say less."), 0),
}

VALUED = frozenset({flag.long for flag in FLAGS if flag.metavar} | {"--output", "-o", "--color", "--report"})
"""Options that take a value; all others are switches."""


def parameters(verb: str) -> Iterator[inspect.Parameter]:
    """Typer parameters of all options; the help of ``run`` shows all, that of another command the common ones."""
    for flag in FLAGS:
        hidden = not (flag.common or verb == "run" or flag.name in SHOWN.get(verb, ()))
        text = f"{flag.help} Default: {flag.default}." if flag.default else flag.help
        option = Option((flag.long,), metavar=flag.metavar, help=text, hidden=hidden, show_default=False)
        kind: Any = list[str] if flag.repeatable else str if flag.metavar else bool
        yield _parameter(flag.name, kind | None, option, None)
    for name, (kind, option, default) in DISPLAY.items():
        yield _parameter(name, kind, option, default)


def summary() -> Iterator[tuple[str, str]]:
    """Spelling and help of the options that appear in every command's help."""
    for flag in FLAGS:
        if flag.common:
            yield (
                f"{flag.long} {flag.metavar or ''}".strip(),
                (f"{flag.help} Default: {flag.default}." if flag.default else flag.help),
            )
    yield "-o, --output FORM", FORM_HELP
    yield "--report FORM=FILE", REPORT_HELP
    yield "--color WHEN", COLOR_HELP
    yield "-v, --verbose / -q, --quiet", "Say more or less."


def _parameter(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:
    annotation = Annotated[kind, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


DEFAULT_VERB = "run"


def verb_first(argv: Sequence[str]) -> list[str]:
    """``--embedded preview x`` as ``preview --embedded x``; without a verb it is ``run``.

    An option after the verb stays later than one before it, and the last one wins. Help and version without a verb are
    not changed.
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
        return ["--help"] if {"--help", "-h"} & set(leading) else [DEFAULT_VERB, *leading, *rest]
    return [rest[0], *leading, *rest[1:]]


def _takes_next(word: str) -> bool:
    if word.startswith("--"):
        return word in VALUED
    # In a cluster such as -vo the first letter with a value takes what follows it.
    letters = [letter for letter in word[1:] if f"-{letter}" in VALUED]
    return bool(letters) and word.endswith(letters[0]) and word.index(letters[0]) == len(word) - 1

"""The commands, their options and the exit codes as Markdown. Called by ``reference``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.cli import codes, options
from reconciler.cli.catalog import COMMANDS
from reconciler.cli.verbs import Verbs, application

HEAD = "| option or argument | meaning |\n|---|---|\n"


def commands() -> str:
    """A section for each command, in the order of the help."""
    group = application()
    return "\n\n".join(_section(group, verb) for verb in COMMANDS)


def _section(group: Verbs, verb: str) -> str:
    made = group.get_command(None, verb)
    shared = {flag.name for flag in options.FLAGS} | set(options.DISPLAY)
    own = [each for each in made.params if each.name not in shared and not getattr(each, "hidden", False)]
    rows = "".join(_rows(own))
    text = [f"## `reconciler {verb}`", escaped(" ".join((made.help or COMMANDS[verb]).split()))]
    return "\n\n".join([*text, f"{HEAD}{rows}".strip()] if rows else text)


def _rows(parameters: list[Any]) -> Iterator[str]:
    for each in parameters:
        if each.param_type_name == "argument":
            written = f"{each.metavar or each.name.upper()}{'…' if each.nargs == -1 else ''}"
        else:
            value = f" {each.metavar}" if each.metavar else "" if each.is_flag or each.count else " VALUE"
            written = f"{', '.join(each.opts)}{value}"
        yield f"| `{written}` | {escaped(each.help or '')} |\n"


def common_options() -> str:
    """The options that every command has in its help."""
    return "| option | meaning |\n|---|---|\n" + "".join(
        f"| `{written}` | {escaped(meaning)} |\n" for written, meaning in options.summary()
    )


def exit_codes() -> str:
    """Every exit code with its meaning."""
    return "| code | means |\n|---|---|\n" + "".join(f"| {code} | {meaning} |\n" for code, meaning in codes.TABLE)


def escaped(text: str) -> str:
    """A text for a cell: no bar ends it, and no angle bracket begins a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;")

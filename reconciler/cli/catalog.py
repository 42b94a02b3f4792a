"""The verbs, and the function of each, which is imported when it is called. Called by ``plain_line`` and ``verbs``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from keyword import iskeyword

from reconciler import __version__

VERSION_LINE = f"reconciler {__version__}\n"
COMMANDS = {
    "run": "The daemon: schedule, HTTP, metrics; with --once converge once and exit. The default.",
    "preview": "Show what would be done; never writes.",
    "up": "Preview, ask, converge.",
    "destroy": "Delete the tables that this stack created, then suspend.",
    "import": "Write declarations from live tables, or from a template.",
    "export": "Write the declarations in another format.",
    "diff": "Compare two folders, environments or endpoints.",
    "release": "Stop managing tables without touching them.",
    "suspend": "Stop the loop from writing.",
    "resume": "Let the loop write again.",
    "seed": "Write seed items.",
    "clear": "Remove unchanged seed items.",
    "restore": "Create a table from a backup or a point in time.",
    "replace": "Replace a table whose key has changed, and keep its items.",
    "rebuild-index": "Replace an index: build another, let readers move over, drop the old one.",
    "migrate": "Run migrations of items, in order and resumable.",
    "check-references": "Look for items of live tables that refer to no item.",
    "status": "Show recent passes, tables and blocked steps.",
    "validate": "Check declarations, seeds and migrations offline.",
    "schema": "Print the JSON Schema of a declaration.",
    "init": "Write an example desired state.",
    "doctor": "Endpoint, capabilities, permissions, clock, settings.",
    "healthcheck": "Exit 0 when the daemon reports ready.",
    "environments": "List the environments of the settings file.",
    "explain": "Print the rule behind a reason, a status or a number.",
    "completion": "Print the shell completion: bash, zsh, fish or powershell.",
}
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Every day": ("run", "preview", "up", "status"),
    "Declarations": ("init", "validate", "import", "export", "diff", "schema"),
    "Items": ("seed", "clear", "migrate", "check-references"),
    "Tables": ("replace", "rebuild-index", "restore", "release", "destroy"),
    "Operation": ("suspend", "resume", "doctor", "healthcheck"),
    "Help": ("environments", "explain", "completion"),
}
"""The verbs by use, as the help shows them. One that is in no group is shown under ``Tables``."""
OTHERS = "Tables"
SYNONYMS: Mapping[str, str] = {
    "plan": "preview",
    "apply": "up",
    "deploy": "up",
    "sync": "up",
    "delete": "destroy",
    "rollback": "destroy",
    "check": "validate",
    "lint": "validate",
    "refresh": "status",
    "list": "status",
    "pause": "suspend",
    "forget": "release",
    "config": "doctor",
}
"""What other tools call a verb; the error names ours."""


def grouped() -> Mapping[str, tuple[str, ...]]:
    """Every verb once, by use."""
    listed = {verb for verbs in GROUPS.values() for verb in verbs}
    rest = tuple(verb for verb in COMMANDS if verb not in listed)
    known = {title: tuple(verb for verb in verbs if verb in COMMANDS) for title, verbs in GROUPS.items()}
    return {title: (*verbs, *(rest if title == OTHERS else ())) for title, verbs in known.items()}


def command_of(verb: str) -> Callable[..., int]:
    """The command of a verb, as ``command`` decorates it."""
    name = verb.replace("-", "_") + ("_" if iskeyword(verb) else "")
    run: Callable[..., int] = getattr(import_module(f"reconciler.cli.commands.{name}"), name)
    return run

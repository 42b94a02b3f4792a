"""Compare two folders of declarations, environments or endpoints. Reads only.

A and B are each a folder, env:NAME (the declarations of an environment), live (the tables at the endpoint) or the URL
of an endpoint. Exit 0 where they are equal, 2 where they differ.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument
from reconciler.model.errors import DeclarationError, UsageError

if TYPE_CHECKING:
    from reconciler.settings import Settings

LIVE, ENVIRONMENT, URLS = "live", "env:", ("http://", "https://")
First = Annotated[str, Argument(metavar="A", help="Folder, env:NAME, live, or the URL of an endpoint.")]
Second = Annotated[str, Argument(metavar="B", help="The same; values are shown as those of A → those of B.")]


@command()
def diff(invocation: Invocation, first: First, second: Second) -> int:
    """Between declarations, tables are matched by their base names, else by their names at the endpoint."""
    invocation.allow(Output.HUMAN, Output.JSON, Output.MARKDOWN)
    from reconciler import wiring
    from reconciler.planning.compare import Side, compare
    from reconciler.presentation import comparison

    live = [text for text in dict.fromkeys((first, second)) if _is_live(text)]
    declared: dict[str, Any] = {}
    sides: dict[str, Side] = {}
    chosen = {text: _chosen(invocation, text) for text in dict.fromkeys((first, second)) if text not in live}
    one_of_two = len({Path(settings.desired_state).resolve() for settings in chosen.values()}) > 1
    for text in dict.fromkeys((first, second)):
        if text not in live:
            # Messages name files as seen from the settings that were loaded last.
            invocation.loaded.append(chosen[text])
            declared[text] = wiring.desired_state(chosen[text], one_of_two=one_of_two).declarations
            by_name = {each.base_name if not live else each.spec.name: each for each in declared[text]}
            sides[text] = Side(text, {name: each.spec for name, each in by_name.items()}, by_name)
    if one_of_two:
        invocation.loaded.append(chosen[first])
        _require_known_parameters(*chosen.values())
    wanted = (
        None if len(live) == len({first, second}) else tuple(name for side in sides.values() for name in side.tables)
    )
    with ExitStack() as stack:
        # Closing one connection ends the work of the process, so that all stay open until each was read.
        for text in live:
            settings = invocation.settings(overrides={"endpoint_url": text} if text != LIVE else {})
            app = stack.enter_context(invocation.opened(settings, read_only=True))
            observed, others, unread = app.live_tables(wanted)
            invocation.warn(unread)
            specs = {name: each.spec for name, each in observed.items()}
            sides[text] = Side(text, specs, None, observed, others)
    found = compare(sides[first], sides[second])
    invocation.say(found.notes)
    if invocation.output is Output.JSON:
        invocation.console.result([("plain", json.dumps(comparison.document(found), indent=2))])
    elif invocation.output is Output.MARKDOWN:
        invocation.console.result(comparison.markdown(found))
    else:
        invocation.console.result(comparison.lines(found))
    return codes.DRIFT if found.differences else codes.OK


def _is_live(text: str) -> bool:
    return text == LIVE or text.startswith(URLS)


def _chosen(invocation: Invocation, text: str) -> Settings:
    """The settings that read the declarations of a folder or an environment."""
    if not text.startswith(ENVIRONMENT):
        return invocation.settings(overrides={"desired_state": text})
    name = text.removeprefix(ENVIRONMENT)
    if not name:
        raise UsageError("env: names no environment. Write env:NAME, for example env:prod.")
    return invocation.settings(overrides={"environment": name})


def _require_known_parameters(first: Settings, second: Settings) -> None:
    """Raise ``DeclarationError`` for the parameters that neither of two folders declares."""
    from reconciler import wiring

    elsewhere = {problem.field for problem in wiring.unknown_parameters(second)}
    if unknown := tuple(problem for problem in wiring.unknown_parameters(first) if problem.field in elsewhere):
        raise DeclarationError(unknown)

"""Compare two folders of declarations, environments or endpoints. Reads only.

A and B are each a folder, env:NAME (the declarations of an environment), live (the tables at the endpoint) or the URL
of an endpoint. Exit 0 where they are equal, 2 where they differ.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Annotated, Any

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument
from reconciler.model.errors import UsageError

LIVE, ENVIRONMENT, URLS = "live", "env:", ("http://", "https://")
First = Annotated[str, Argument(metavar="A", help="Folder, env:NAME, live, or the URL of an endpoint.")]
Second = Annotated[str, Argument(metavar="B", help="The same; values are shown as those of A → those of B.")]


@command()
def diff(invocation: Invocation, first: First, second: Second) -> int:
    """Between declarations, tables are matched by their base names, else by their names at the endpoint."""
    invocation.allow(Output.HUMAN, Output.JSON, Output.MARKDOWN)
    from reconciler.planning.compare import Side, compare
    from reconciler.presentation import comparison

    live = [text for text in dict.fromkeys((first, second)) if _is_live(text)]
    declared: dict[str, Any] = {}
    sides: dict[str, Side] = {}
    for text in dict.fromkeys((first, second)):
        if text not in live:
            declared[text] = _declarations(invocation, text)
            by_name = {each.base_name if not live else each.spec.name: each for each in declared[text]}
            sides[text] = Side(text, {name: each.spec for name, each in by_name.items()}, by_name)
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


def _declarations(invocation: Invocation, text: str) -> Any:
    """The declarations of a folder or an environment."""
    from reconciler import wiring

    if text.startswith(ENVIRONMENT):
        name = text.removeprefix(ENVIRONMENT)
        if not name:
            raise UsageError("env: names no environment. Write env:NAME, for example env:prod.")
        settings = invocation.settings(overrides={"environment": name})
    else:
        settings = invocation.settings(overrides={"desired_state": text})
    return wiring.desired_state(settings, one_of_two=True).declarations

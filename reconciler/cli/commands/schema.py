"""Print the JSON Schema of a declaration."""

from __future__ import annotations

import json

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output


@command()
def schema(invocation: Invocation) -> int:
    """For editors: ``# yaml-language-server: $schema=…``."""
    from reconciler import wiring

    invocation.allow(Output.HUMAN, Output.JSON)
    invocation.console.result([("plain", json.dumps(wiring.json_schema(), indent=2))])
    return codes.OK

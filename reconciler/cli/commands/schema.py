"""Print the JSON Schema of a declaration, or with --overlay that of an overlay."""

from __future__ import annotations

import json
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option

Overlay = Annotated[
    bool, Option(("--overlay",), help="Of a file that changes a declaration in one environment: orders.prod.yaml.")
]


@command()
def schema(invocation: Invocation, overlay: Overlay = False) -> int:
    """For editors: ``# yaml-language-server: $schema=…``."""
    from reconciler import wiring

    invocation.allow(Output.HUMAN, Output.JSON)
    invocation.console.result([("plain", json.dumps(wiring.json_schema(overlay=overlay), indent=2))])
    return codes.OK

"""Write declarations from live tables. A preview of the result shows no changes. Only the state table is written."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.model.errors import UsageError


class Form(StrEnum):
    """What a declaration is written as."""

    PYTHON = "python"
    YAML = "yaml"


Names = Annotated[list[str] | None, Argument(metavar="TABLE", help="Tables by their name at the endpoint.")]
Every = Annotated[bool, Option(("--all",), help="Every table that is not declared.")]
Format = Annotated[Form, Option(("--format",), help="A class file or a YAML document for each table.")]


@command()
def import_(invocation: Invocation, tables: Names = None, every: Every = False, form: Format = Form.PYTHON) -> int:
    """Write new files in the folder of the desired state and overwrite none; imported tables count as adopted.

    Exit 2 where --all skipped a table that a later import can read, for example one that is CREATING.
    """
    invocation.allow(Output.HUMAN, Output.JSON)
    if bool(tables) == every:
        raise UsageError("Name the tables, or give --all for every undeclared table.")
    with invocation.opened(invocation.settings(), read_only=False) as app:
        written, left, again, nothing = app.import_tables(tuple(tables or ()), form.value)
    sentences = [f"wrote {path}" for path in written]
    sentences += [f"{name} was released and is managed again, as adopted: it is never pruned" for name in again]
    sentences += [f"skipped: {each.message}" for each in left]
    facts = {
        "written": [str(path) for path in written],
        "managed_again": list(again),
        "passed_over": [{"table": each.name, "message": each.message, "later": each.retry_later} for each in left],
    }
    invocation.answer(sentences if written or again else [*sentences, nothing], facts)
    return codes.DRIFT if any(each.retry_later for each in left) else codes.OK

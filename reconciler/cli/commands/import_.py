"""Write declarations from live tables, or with --from from a template. Only the state table is written.

A preview of the result shows no changes. --format cloudformation and terraform write live tables for that tool to
adopt, and print the commands; nothing is recorded then.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.new_files import store
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.model.errors import UsageError
from reconciler.presentation.paths import warning_from_here


class Form(StrEnum):
    """What a declaration is written as."""

    PYTHON = "python"
    YAML = "yaml"
    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


class Source(StrEnum):
    """What --from reads."""

    CLOUDFORMATION = "cloudformation"
    SERVERLESS = "serverless"
    TERRAFORM = "terraform"
    WORKBENCH = "workbench"

    @property
    def kind(self) -> str:
        """The reader of it: a service of the Serverless Framework has its tables as resources of CloudFormation."""
        return Source.CLOUDFORMATION.value if self is Source.SERVERLESS else self.value


HANDED_OVER = (Form.CLOUDFORMATION, Form.TERRAFORM)
Names = Annotated[
    list[str] | None, Argument(metavar="TABLE", help="Tables by their name at the endpoint; after --from, FILE first.")
]
Every = Annotated[bool, Option(("--all",), help="Every table that is not declared.")]
Format = Annotated[Form, Option(("--format",), metavar="FORM", help=f"What to write: {', '.join(Form)}.")]
From = Annotated[Source | None, Option(("--from",), metavar="KIND", help=f"Read FILE instead: {', '.join(Source)}.")]
Target = Annotated[str | None, Option(("--to",), metavar="FOLDER", help="For cloudformation and terraform; else here.")]


@command()
def import_(
    invocation: Invocation,
    tables: Names = None,
    every: Every = False,
    *,
    form: Format = Form.PYTHON,
    source: From = None,
    to: Target = None,
) -> int:
    """Write new files in the folder of the desired state and overwrite none; imported tables count as adopted.

    Exit 2 where --all skipped a table that a later import can read, for example one that is CREATING.
    """
    invocation.allow(Output.HUMAN, Output.JSON)
    if to is not None and form not in HANDED_OVER:
        raise UsageError("--to is for --format cloudformation and terraform; other files go to --desired-state.")
    if source is not None:
        return _convert(invocation, tuple(tables or ()), form, source, every=every)
    if bool(tables) == every:
        raise UsageError("Name the tables, or give --all for every undeclared table.")
    if form in HANDED_OVER:
        return _hand_over(invocation, tuple(tables or ()), form, to or ".")
    with invocation.opened(invocation.settings(allow_bundled=False), read_only=False) as app:
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


def _convert(invocation: Invocation, words: tuple[str, ...], form: Form, source: Source, *, every: bool) -> int:
    """Our own declarations from the template of another tool. Offline."""
    if not words:
        raise UsageError(f"Name the file to read: reconciler import --from {source.value} FILE.")
    if form in HANDED_OVER:
        raise UsageError(f"--format {form.value} writes live tables; after --from, give python, yaml or json.")
    if every:
        raise UsageError("--all is for live tables; --from reads every table of the file.")
    settings = invocation.settings(allow_bundled=False)
    from reconciler import wiring

    path, *names = words
    written, converted = wiring.convert(settings, path, source.kind, tuple(names), form.value)
    invocation.warn(warning_from_here(each, settings.desired_state) for each in converted.warnings)
    invocation.say(warning_from_here(each, settings.desired_state) for each in converted.notes)
    sentences = [f"wrote {each}" for each in written]
    invocation.answer(sentences, {"written": [str(each) for each in written], "warnings": list(converted.warnings)})
    return codes.OK


def _hand_over(invocation: Invocation, names: tuple[str, ...], form: Form, to: str) -> int:
    """Files and commands with which another tool adopts live tables."""
    with invocation.opened(invocation.settings(allow_bundled=False), read_only=True) as app:
        exported, left = app.hand_over(names, form.value)
    written = store(exported.texts, to)
    invocation.warn(exported.warnings)
    sentences = [f"wrote {path}" for path in written]
    sentences += [f"skipped: {each.message}" for each in left]
    where = "" if to == "." else f" in {to}"
    sentences += [f"To adopt the tables, review the files and run{where}:", *(f"  {line}" for line in exported.recipe)]
    facts = {
        "written": list(written),
        "recipe": list(exported.recipe),
        "warnings": list(exported.warnings),
        "passed_over": [{"table": each.name, "message": each.message, "later": each.retry_later} for each in left],
    }
    invocation.answer(sentences, facts)
    return codes.DRIFT if any(each.retry_later for each in left) else codes.OK

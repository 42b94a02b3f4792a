"""Write the declarations in the format of another tool, or as a diagram. No connection, and nothing is overwritten."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import Tables, command
from reconciler.cli.invocation import Invocation
from reconciler.cli.new_files import store
from reconciler.cli.options import Output
from reconciler.cli.parameters import Option
from reconciler.presentation.paths import warning_from_here


class Form(StrEnum):
    """What the declarations are written as."""

    CLOUDFORMATION = "cloudformation"
    SAM = "sam"
    TERRAFORM = "terraform"
    JSON = "json"
    MERMAID = "mermaid"
    SVG = "svg"


Format = Annotated[Form, Option(("--format",), metavar="FORM", help=f"{', '.join(Form)}; json is for create-table.")]
Target = Annotated[str | None, Option(("--to",), metavar="PATH", help="File or folder; else standard output.")]


@command()
def export(invocation: Invocation, tables: Tables = None, *, form: Format, to: Target = None) -> int:
    """What the format does not hold is a warning on standard error; the exit code stays 0."""
    invocation.allow(Output.HUMAN, Output.JSON)
    settings = invocation.settings()
    invocation.require_environment(settings, read_only=True)
    from reconciler import wiring

    desired, exported = wiring.export(settings, tuple(tables or ()), form.value)
    for warning in desired.warnings:
        invocation.console.note("warning", warning_from_here(warning, settings.desired_state))
    written = store(exported.texts, to) if to is not None else ()
    invocation.warn(exported.warnings)
    members = {"written": list(written)} if to is not None else {"files": dict(exported.texts)}
    if to is not None or invocation.output is Output.JSON:
        sentences = [f"wrote {path}" for path in written]
        invocation.answer(sentences, {**members, "warnings": list(exported.warnings)})
    else:
        lines = (line for text in exported.texts.values() for line in text.splitlines())
        invocation.console.result(("plain", line) for line in lines)
    return codes.OK

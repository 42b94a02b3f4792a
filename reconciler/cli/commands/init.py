"""Write an example desired state: one table, as a class or in YAML, and its seed. Never overwrites."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.example import FILES
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument, Option
from reconciler.model.errors import UsageError
from reconciler.planning.text import kept


class Form(StrEnum):
    """What the declaration is written as."""

    PYTHON = "python"
    YAML = "yaml"


Directory = Annotated[str, Argument(metavar="DIR", help="Folder to write to.")]

Format = Annotated[Form, Option(("--format",), metavar="FORM", help=f"Declaration: {' or '.join(Form)}.")]


@command()
def init(invocation: Invocation, directory: Directory = "./desired_state", *, form: Format = Form.PYTHON) -> int:
    """Everything or nothing: a file that exists stops it before the first write."""
    invocation.allow(Output.HUMAN, Output.JSON)
    root = Path(directory)
    existing = [str(root / name) for name in FILES[form.value] if (root / name).exists()]
    if existing:
        raise UsageError(f"{kept(existing)}. Name another folder.")
    written = []
    for name, text in FILES[form.value].items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        written.append(str(path))
    sentences = [f"wrote {path}" for path in written]
    usual = root == Path("desired_state")
    folder, option = ("", "") if usual else (f" {root}", f" --desired-state {root}")
    following = f"Next: reconciler validate{folder}, then reconciler preview{option} --endpoint-url URL, or --embedded"
    invocation.answer([*sentences, following], {"written": written})
    return codes.OK

"""List the environments of the settings file, with what each of them sets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.planning.text import printable
from reconciler.presentation.document import FORMAT_VERSION

Line = tuple[str, str]


@command()
def environments(invocation: Invocation) -> int:
    """Offline. The settings of the chosen environment are marked."""
    invocation.allow(Output.HUMAN, Output.JSON)
    from reconciler.settings.loading import environments as listed

    file, found, chosen = listed(invocation.flags)
    if invocation.output is Output.JSON:
        entries = [{"name": name, "chosen": name == chosen, "settings": dict(each)} for name, each in found.items()]
        answer = {"format_version": FORMAT_VERSION, "file": file, "environments": entries}
        invocation.console.result([("plain", json.dumps(answer, indent=2, default=str))])
    else:
        invocation.print(_lines(file, found, chosen))
    return codes.OK


def _lines(file: str | None, found: Mapping[str, Mapping[str, Any]], chosen: str | None) -> Iterator[Line]:
    if not found:
        none = f"{file} has no environments" if file else "There is no settings file"
        yield "plain", printable(f"{none}. Write [environments.NAME] into {file or 'reconciler.toml'}.")
        return
    from reconciler.settings.in_effect import shown

    for name, members in found.items():
        yield "title", printable(f"{name}{'  (chosen)' if name == chosen else ''}")
        for key, value in members.items():
            yield "plain", printable(f"  {key}: {shown(value)}")

"""Endpoint identity, capabilities, permissions, clock, settings with their origin. Never writes."""

from __future__ import annotations

import json

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.planning.text import printable
from reconciler.presentation.document import FORMAT_VERSION

MARKS = {"problem": ("error", "problem"), "warning": ("warning", "warning"), "ok": ("in_sync", "ok     ")}
ORDER = tuple(MARKS)
"""What needs attention comes first; findings of one level stay in the order of the checks."""


@command()
def doctor(invocation: Invocation) -> int:
    """Exit 1 where anything is a problem; warnings are none."""
    invocation.allow(Output.HUMAN, Output.JSON)
    with invocation.opened(invocation.settings(), read_only=True) as app:
        findings = sorted(app.doctor(), key=lambda finding: ORDER.index(str(finding.level)))
        shown = app.effective_settings()
    if invocation.output is Output.JSON:
        answer = {
            "format_version": FORMAT_VERSION,
            "findings": [
                {"name": f.name, "level": str(f.level), "detail": f.detail, "remedy": f.remedy} for f in findings
            ],
            "settings": [{"name": n, "value": value, "origin": origin} for n, value, origin in shown],
        }
        invocation.console.result([("plain", json.dumps(answer, indent=2))])
    else:
        for finding in findings:
            style, mark = MARKS[str(finding.level)]
            remedy = f" {finding.remedy}" if finding.remedy else ""
            invocation.print([(style, f"{mark}  {printable(f'{finding.name}: {finding.detail}{remedy}')}")])
        width = max(len(name) for name, _, _ in shown)
        for name, value, origin in shown:
            invocation.print([("dim", printable(f"setting  {name:<{width}}  {value}  ({origin})"))])
    return codes.ERROR if any(str(finding.level) == "problem" for finding in findings) else codes.OK

"""Print the rule behind a reason, a status, or a number such as G15, I4 or rule 12. Without a code, list all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from reconciler.cli import codes
from reconciler.cli.command import command
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Output
from reconciler.cli.parameters import Argument
from reconciler.model.errors import UsageError
from reconciler.presentation.document import FORMAT_VERSION

Code = Annotated[list[str] | None, Argument(metavar="CODE", help="A reason, a status, or G1, I1, rule 1 and so on.")]
Line = tuple[str, str]


@command()
def explain(invocation: Invocation, code: Code = None) -> int:
    """Offline; the texts are those of the documents."""
    invocation.allow(Output.HUMAN, Output.JSON)
    from reconciler.presentation import explanations

    wanted = " ".join(code or ())
    found = explanations.explain(wanted) if wanted else explanations.everything()
    if not found:
        close = explanations.similar(wanted)
        remedy = f"Did you mean {' or '.join(close)}?" if close else "`reconciler explain` lists all of them."
        raise UsageError(f"Unknown code {wanted!r}. {remedy}")
    related = explanations.conditions_of(found[0]["code"]) if wanted and found[0]["kind"] == "reason" else ()
    if invocation.output is Output.JSON:
        answer = {"format_version": FORMAT_VERSION, "entries": [dict(each) for each in (*found, *related)]}
        invocation.console.result([("plain", json.dumps(answer, indent=2, ensure_ascii=False))])
    else:
        invocation.print(_whole(found, related) if wanted else _listed(found))
    return codes.OK


def _whole(found: Sequence[Mapping[str, str]], related: Iterable[Mapping[str, str]]) -> Iterator[Line]:
    for entry in found:
        yield "title", f"{entry['code']} ({entry['kind']})"
        yield "plain", f"  {entry['text']}"
        if entry["more"]:
            yield "plain", f"  {entry['more']}"
        yield "dim", f"  More in {entry['page']} of the documentation."
    for entry in related:
        yield "plain", f"  {entry['code']}: {entry['text']}"


def _listed(found: Iterable[Mapping[str, str]]) -> Iterator[Line]:
    kind = ""
    for entry in found:
        if entry["kind"] != kind:
            kind = entry["kind"]
            yield "title", f"{kind}:"
        yield "plain", f"  {entry['code']:<20} {entry['text']}"

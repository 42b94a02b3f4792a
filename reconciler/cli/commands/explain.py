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
from reconciler.model.errors import SettingsError, UsageError
from reconciler.presentation.document import FORMAT_VERSION

Code = Annotated[list[str] | None, Argument(metavar="CODE", help="Reasons, statuses, or G1, I1, rule 1 and so on.")]
Line = tuple[str, str]


@command()
def explain(invocation: Invocation, code: Code = None) -> int:
    """Offline; the texts are those of the documents."""
    invocation.allow(Output.HUMAN, Output.JSON)
    from reconciler.presentation import explanations

    wanted = tuple(dict.fromkeys(explanations.codes_of(code or ())))
    found = [(each, explanations.explain(each)) for each in wanted]
    for each, entries in found:
        if not entries:
            close = explanations.similar(each)
            remedy = f"Did you mean {' or '.join(close)}?" if close else "`reconciler explain` lists all of them."
            raise UsageError(f"Unknown code {each!r}. {remedy}")
    explained = [(entries, _related(entries)) for _, entries in found]
    if invocation.output is Output.JSON:
        entries = [each for own, related in explained for each in (*own, *related)] or explanations.everything()
        answer = {"format_version": FORMAT_VERSION, "entries": [dict(each) for each in entries]}
        invocation.console.result([("plain", json.dumps(answer, indent=2, ensure_ascii=False))])
    elif wanted:
        site = _site(invocation)
        invocation.print(line for own, related in explained for line in _whole(own, related, site))
    else:
        invocation.print(_listed(explanations.everything()))
    return codes.OK


def _related(entries: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """The conditions of the deletion gate that lead to a reason."""
    from reconciler.presentation import explanations

    return explanations.conditions_of(entries[0]["code"]) if entries[0]["kind"] == "reason" else ()


def _site(invocation: Invocation) -> str | None:
    """Where the documentation is, by the settings; broken settings do not keep a text from being explained."""
    from reconciler.settings.loading import load

    try:
        return load(invocation.flags, one_shot=True, allow_bundled=False).docs_url
    except SettingsError:
        return None


def _whole(
    found: Sequence[Mapping[str, str]], related: Iterable[Mapping[str, str]], site: str | None
) -> Iterator[Line]:
    from reconciler.presentation import explanations

    for entry in found:
        yield "title", f"{entry['code']} ({entry['kind']})"
        yield "plain", f"  {entry['text']}"
        if entry["more"]:
            yield "plain", f"  {entry['more']}"
        if (path := explanations.page(entry, site)) is not None:
            yield "dim", f"  More in {path}"
    for entry in related:
        yield "plain", f"  {entry['code']}: {entry['text']}"


def _listed(found: Iterable[Mapping[str, str]]) -> Iterator[Line]:
    kind = ""
    for entry in found:
        if entry["kind"] != kind:
            kind = entry["kind"]
            yield "title", f"{kind}:"
        yield "plain", f"  {entry['code']:<20} {entry['text']}"

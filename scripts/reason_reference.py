"""The codes that ``reconciler explain`` knows, as Markdown. Called by ``reference``.

The texts are those of the command (``reconciler/presentation/explanations.json``). The conditions of the deletion gate,
the invariants and the rules of the service have pages of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.presentation import explanations

ELSEWHERE = ("condition of the deletion gate", "invariant", "rule of the service")
PLURALS = {
    "reason": "Reasons",
    "status of a step": "Statuses of a step",
    "status of a table": "Statuses of a table",
    "verdict": "Verdicts",
    "ownership": "Ownership",
    "seed record": "Seed records",
    "hazard": "Hazards",
    "flavor": "Flavors",
}


def reasons() -> str:
    """A section for each kind of code, reasons first."""
    return "\n\n".join(_sections())


def _sections() -> Iterator[str]:
    found = [entry for entry in explanations.everything() if entry["kind"] not in ELSEWHERE]
    for kind in dict.fromkeys(entry["kind"] for entry in found):
        of_kind = [entry for entry in found if entry["kind"] == kind]
        head = "| code | meaning |\n|---|---|\n"
        if kind == "reason":
            head = "| code | meaning | what allows it | conditions of the deletion gate |\n|---|---|---|---|\n"
        yield f"## {PLURALS[kind]}\n\n{head}" + "\n".join(_row(entry) for entry in of_kind)


def _row(entry: explanations.Entry) -> str:
    cells = [f"`{entry['code']}`", entry["text"]]
    if entry["kind"] == "reason":
        cells += [entry["more"].removeprefix("It is allowed by: ")]
        cells += [", ".join(each["code"] for each in explanations.conditions_of(entry["code"]))]
    return f"| {' | '.join(cells)} |"

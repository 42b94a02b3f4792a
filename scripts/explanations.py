"""Writes reconciler/presentation/explanations.json from the tables of the documents; ``--check`` compares them.

``reconciler explain CODE`` prints these texts, so that the documents and the command never differ.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "reconciler" / "presentation" / "explanations.json"
GLOSSARY, SAFETY, RULES = "glossary.md", "safety.md", "service-rules.md"
KINDS = {
    "Reasons": "reason",
    "Statuses of a step": "status of a step",
    "Statuses of a table": "status of a table",
    "Verdicts": "verdict",
    "Ownership": "ownership",
    "Seed records": "seed record",
    "Hazards": "hazard",
    "Flavors": "flavor",
}
"""Headings of the glossary with a table of codes, and what each code is."""


def entries() -> list[dict[str, str]]:
    """``code``, ``kind`` and ``text`` of each, and ``more``: what allows it, or what happens otherwise."""
    return [*_glossary(), *_invariants(), *_gate(), *_rules()]


def text() -> str:
    """The content of the file."""
    return json.dumps(entries(), indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the file, or with ``--check`` exit 1 if it differs."""
    wanted = text()
    if arguments == ["--check"]:
        if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == wanted:
            return 0
        sys.stderr.write(f"{TARGET.relative_to(ROOT)} is out of date: run scripts/explanations.py\n")
        return 1
    TARGET.write_text(wanted, encoding="utf-8")
    return 0


def _glossary() -> Iterator[dict[str, str]]:
    for heading, kind in KINDS.items():
        for code, meaning, *remedy in _rows(_section(_page(GLOSSARY), heading)):
            yield _entry(code, kind, meaning, f"It is allowed by: {remedy[0]}" if remedy else "", GLOSSARY)


def _invariants() -> Iterator[dict[str, str]]:
    for code, rule in _rows(_section(_page(SAFETY), "Invariants")):
        yield _entry(code, "invariant", rule, "", SAFETY)


def _gate() -> Iterator[dict[str, str]]:
    for code, condition, otherwise, destroy in _rows(_section(_page(SAFETY), "The deletion gate")):
        held = {"no": "`destroy` is not held to it", "\N{EN DASH}": ""}.get(
            destroy, f"`destroy` is held to it: {destroy}"
        )
        more = f"Otherwise: {otherwise}{f'; {held}' if held else ''}"
        yield _entry(code, "condition of the deletion gate", condition, more, SAFETY)


def _rules() -> Iterator[dict[str, str]]:
    for number, rule, plan in _rows(_page(RULES)):
        yield _entry(f"rule {number}", "rule of the service", rule, f"A plan keeps to it: {plan}", RULES)


def _entry(code: str, kind: str, meaning: str, more: str, page: str) -> dict[str, str]:
    return {"code": _plain(code), "kind": kind, "text": _plain(meaning), "more": _plain(more), "page": page}


def _page(name: str) -> str:
    (found,) = (ROOT / "docs").rglob(name)
    return found.read_text(encoding="utf-8")


def _section(page: str, heading: str) -> str:
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"no heading {heading!r}")
    return found[1]


def _rows(section: str) -> Iterator[list[str]]:
    """The rows of all tables of a section, without their heads."""
    for block in section.split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        for line in lines[2:]:
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _plain(cell: str) -> str:
    """Markdown without links, emphasis and the marks of a code in the first column."""
    cell = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", cell).replace("*", "")
    return cell.strip("`") if re.fullmatch(r"`[^`]+`", cell) else cell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

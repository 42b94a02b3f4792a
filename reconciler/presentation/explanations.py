"""Explains the codes of messages and reports: reasons, statuses, invariants, conditions of the gate, service rules.

The texts are those of the documents (``scripts/explanations.py``). Called by the command ``explain``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path

Entry = Mapping[str, str]
"""``code``, ``kind``, ``text``, ``more`` and the ``page`` of the documents."""
PARTS = ("concepts", "reference")
"""The parts of the documentation that the texts come from."""
IN_REFERENCE = ("service-rules.md",)
"""Pages of the second part; a wheel has no folders to look into."""
_NUMBERED = re.compile(r"(?:rule[ -]?|r)?(\d+)", re.IGNORECASE)


@cache
def everything() -> Sequence[Entry]:
    """All entries, in the order of the documents."""
    found: Sequence[Entry] = json.loads(Path(__file__).with_name("explanations.json").read_text(encoding="utf-8"))
    return found


def explain(code: str) -> Sequence[Entry]:
    """The entries with this code; several if it names, for example, both a status of a step and of a table.

    ``15``, ``R15`` and ``rule 15`` are the same rule of the service. Case does not matter.
    """
    number = _NUMBERED.fullmatch(code.strip())
    wanted = f"rule {number[1]}" if number else code.strip().strip("()").lower().replace("-", "_")
    return [entry for entry in everything() if entry["code"].lower().replace("-", "_") == wanted]


def codes_of(words: Sequence[str]) -> Sequence[str]:
    """The codes of a command line: each word is one, but ``rule 12`` and words that are known together are one."""
    whole = " ".join(words)
    if len(words) < 2 or explain(whole):
        return [whole] if words else []
    found: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        found.append(f"{word} {rest.pop(0)}" if word.lower() == "rule" and rest else word)
    return found


def page(entry: Entry, site: str | None = None) -> str | None:
    """The address of an entry's page on the ``site`` of the documentation, else its path in the checkout.

    A wheel has no pages, so without a site nothing points to one there.
    """
    if site is not None:
        part = "reference" if entry["page"] in IN_REFERENCE else "concepts"
        at = f"{part}/{entry['page'].removesuffix('.md')}"
        return site.replace("{page}", at) if "{page}" in site else f"{site.rstrip('/')}/{at}.html"
    docs, name = Path(__file__).resolve().parent.parent.parent / "docs", entry["page"]
    return next((str(docs / part / name) for part in PARTS if (docs / part / name).is_file()), None)


def conditions_of(reason: str) -> Sequence[Entry]:
    """The conditions of the deletion gate that lead to a reason."""
    return [entry for entry in everything() if re.fullmatch(r"G\d+", entry["code"]) and f"`{reason}`" in entry["more"]]


def similar(code: str) -> Sequence[str]:
    """Known codes that look like ``code``."""
    return get_close_matches(code, [entry["code"] for entry in everything()], n=3)

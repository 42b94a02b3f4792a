"""Writes the parts of the documentation that follow from the code; ``--check`` compares them, as ``make check`` does.

A page marks such a part with two comments, and everything between them is written here:

    <!-- written by scripts/reference.py: NAME -->
    <!-- end of NAME -->

Whole pages are those of ``settings_reference`` and ``field_reference``, which run alone too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import command_reference
import field_reference
import interface_reference
import reason_reference
import report_reference
import settings_reference

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PARTS: Mapping[str, Callable[[], str]] = {
    "commands": command_reference.commands,
    "options": command_reference.common_options,
    "exit-codes": command_reference.exit_codes,
    "metrics": interface_reference.metrics,
    "routes": interface_reference.routes,
    "report": report_reference.report,
    "reasons": reason_reference.reasons,
}
PART = re.compile(
    r"(?P<begin><!-- written by scripts/reference\.py: (?P<name>[a-z-]+) -->\n)"
    r".*?"
    r"(?P<end><!-- end of (?P=name) -->)",
    re.DOTALL,
)


def pages() -> Iterator[tuple[Path, str]]:
    """Each page with generated parts, and its whole text as it should be.

    Raises:
        KeyError: a page names a part that nothing writes.
    """
    yield settings_reference.PAGE, settings_reference.page()
    yield field_reference.PAGE, field_reference.text()
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if PART.search(text):
            yield path, PART.sub(_part, text)


def _part(found: re.Match[str]) -> str:
    return f"{found['begin']}\n{PARTS[found['name']]().strip()}\n\n{found['end']}"


def named_parts() -> list[str]:
    """The parts that the pages mark, in the order of the pages."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))]
    return [found["name"] for text in texts for found in PART.finditer(text)]


def main(arguments: Sequence[str]) -> int:
    """Write all pages, or say which are out of date."""
    stale = [(path, text) for path, text in pages() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" not in arguments:
        for path, text in stale:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
        return 0
    for path, _ in stale:
        print(f"{path.relative_to(ROOT)} is out of date: run scripts/reference.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Golden files: what a terminal shows, written down. WRITE_GOLDEN=1 writes them anew; read the diff then."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "cli" / "golden"


def fits(name: str, text: str) -> bool:
    """Whether the file has this text. While files are written anew, everything fits."""
    return bool(os.environ.get("WRITE_GOLDEN")) or text == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def matches(name: str, text: str) -> None:
    """Assert that the file has this text."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    lines = difflib.unified_diff(kept.splitlines(), text.splitlines(), path.name, "shown", lineterm="", n=1)
    assert text == kept, f"{path.name} differs; see tests/support/golden.py\n" + "\n".join(lines)

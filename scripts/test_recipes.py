"""Runs the recipes for tests in other languages as their page prints them: Jest, Vitest, Go and JUnit.

    scripts/test_recipes.py

It needs Java, npm, Go and Maven; a missing one is an error. Called by ``.ci/run``.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from doc_examples import ROOT, Story, fences
from recipe_run import run

PAGE = ROOT / "docs" / "guides" / "test-recipes.md"


@dataclass
class Recipes(Story):
    """The page, with what each command costs on standard output."""

    def _one(self, command: str) -> tuple[int, str]:
        began = time.monotonic()
        code, output = super()._one(command)
        seconds = time.monotonic() - began
        if seconds > 0.5:
            print(f"{self.folder.name}: {command}: exit {code}, {seconds:.0f} s", flush=True)
        return code, output


def follow(story: Story, text: str) -> str | None:
    """The text with other outputs than it prints; ``None`` where all are as printed."""
    written = story.follow(text, skip=lambda fence: "not_run" in fence.attributes)
    return None if written == text else written


def main() -> int:
    """1 if a recipe does not work as printed."""
    found = fences(PAGE.read_text(encoding="utf-8"))
    needed = {"java", *(fence.attributes["needs"] for fence in found if "needs" in fence.attributes)}
    return run(PAGE, needed, follow, Recipes)


if __name__ == "__main__":
    sys.exit(main())

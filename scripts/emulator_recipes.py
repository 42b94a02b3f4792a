"""Runs the recipes for other emulators and tools as their page prints them, where they need no Docker.

    scripts/emulator_recipes.py [RECIPE…]

A fence with ``recipe="NAME"`` belongs to one. They run one after the other in one folder. It needs Java, npm and the
free ports 3000 and 8001; a missing one is an error. Called by ``.ci/run``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from doc_examples import ROOT, Fence, Story, fences
from recipe_run import run

PAGE = ROOT / "docs" / "guides" / "compose.md"
RECIPES = ("serverless-offline", "dynamodb-admin")
NEEDED = ("java", "npm", "npx", "curl")


def main(arguments: Sequence[str]) -> int:
    """1 if a recipe does not work as printed."""
    named = {fence.attributes.get("recipe") for fence in fences(PAGE.read_text(encoding="utf-8"))} - {None}
    if named != set(RECIPES):
        print(f"{PAGE.relative_to(ROOT)} has the recipes {named}, not {RECIPES}", file=sys.stderr)
        return 1

    def follow(story: Story, text: str) -> str | None:
        for recipe in arguments or RECIPES:

            def is_other(fence: Fence, recipe: str = recipe) -> bool:
                return fence.attributes.get("recipe") != recipe

            written = story.follow(text, skip=is_other)
            if written != text:
                return written
            print(f"{recipe}: works as printed", flush=True)
        return None

    return run(PAGE, NEEDED, follow)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs the recipes for other emulators and tools as their page prints them, where they need no Docker.

    scripts/emulator_recipes.py [RECIPE…]

A fence with ``recipe="NAME"`` belongs to one. They run one after the other in one folder, beside a DynamoDB Local of
their own. It needs Java, npm and a free port 3000 and 8001; a missing one is an error. Called by ``.ci/run``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from doc_examples import ROOT, Story, Unlike, fences, free_port

from reconciler.pytest_plugin.local_server import LocalServer, new_folder_name

PAGE = ROOT / "docs" / "guides" / "compose.md"
RECIPES = ("serverless-offline", "dynamodb-admin")
NEEDED = ("java", "npm", "npx", "curl")


def main(arguments: Sequence[str]) -> int:
    """1 if a recipe does not work as printed."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if absent:
        print(f"The recipes need programs that are not here: {', '.join(absent)}", file=sys.stderr)
        return 1
    text = PAGE.read_text(encoding="utf-8")
    named = {fence.attributes["recipe"] for fence in fences(text) if "recipe" in fence.attributes}
    if named != set(RECIPES):
        print(f"{PAGE.relative_to(ROOT)} has the recipes {sorted(named)}, not {sorted(RECIPES)}", file=sys.stderr)
        return 1
    server = LocalServer(new_folder_name(""), 0)
    server.join(ROOT / ".cache" / "dynamodb-local", None)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="recipes-") as folder,
            Story(Path(folder), server.url, free_port()) as story,
        ):
            # npm keeps its downloads below the home of the user.
            story.environment |= {name: value for name, value in os.environ.items() if name in ("HOME", "JAVA_HOME")}
            for recipe in arguments or RECIPES:
                written = story.follow(text, skip=lambda fence, recipe=recipe: fence.attributes.get("recipe") != recipe)  # type: ignore[misc]
                if written != text:
                    print(f"{recipe} shows another output:\n{written}", file=sys.stderr)
                    return 1
                print(f"{recipe}: works as printed", flush=True)
    except Unlike as problem:
        print(f"{PAGE.relative_to(ROOT)}, {problem}", file=sys.stderr)
        return 1
    finally:
        server.leave()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Runs the recipes for tests in other languages as their page prints them: Jest, Vitest, Go and JUnit.

    scripts/test_recipes.py

The files of the page are written into an empty folder and its commands are run, beside a DynamoDB Local of their own.
It needs Java, npm, Go and Maven; a missing one is an error. Called by ``.ci/run``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from doc_examples import ROOT, Story, Unlike, fences, free_port

from reconciler.pytest_plugin.local_server import LocalServer, new_folder_name

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


def missing(text: str) -> list[str]:
    """The programs that the page needs and that are not there."""
    needed = {fence.attributes["needs"] for fence in fences(text) if "needs" in fence.attributes}
    return sorted(name for name in {"java", *needed} if shutil.which(name) is None)


def main() -> int:
    """1 if a recipe does not work as printed."""
    text = PAGE.read_text(encoding="utf-8")
    if absent := missing(text):
        print(f"The recipes need programs that are not here: {', '.join(absent)}", file=sys.stderr)
        return 1
    server = LocalServer(new_folder_name(""), 0)
    server.join(ROOT / ".cache" / "dynamodb-local", None)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="recipes-") as folder,
            Recipes(Path(folder), server.url, free_port()) as story,
        ):
            # npm, Go and Maven keep their downloads, builds and settings below the home of the user.
            del story.environment["XDG_CACHE_HOME"]
            story.environment |= {name: value for name, value in os.environ.items() if name in ("HOME", "JAVA_HOME")}
            written = story.follow(text, skip=lambda fence: "not_run" in fence.attributes)
    except Unlike as problem:
        print(f"{PAGE.relative_to(ROOT)}, {problem}", file=sys.stderr)
        return 1
    finally:
        server.leave()
    if written != text:
        print(f"{PAGE.relative_to(ROOT)} shows another output than this:\n{written}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

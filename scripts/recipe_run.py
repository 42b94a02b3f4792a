"""Follows a page of recipes in an empty folder, beside a DynamoDB Local of its own.

Called by ``test_recipes`` and ``emulator_recipes``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from doc_examples import ROOT, Story, Unlike, free_port

from reconciler.pytest_plugin.local_server import LocalServer, new_folder_name

KEPT = ("HOME", "JAVA_HOME")
"""npm, Go and Maven keep downloads, builds and settings below the home of the user."""


def run(
    page: Path, needed: Iterable[str], follow: Callable[[Story, str], str | None], story: type[Story] = Story
) -> int:
    """1 if a program of ``needed`` is missing, or if a recipe does not work as printed.

    ``follow`` runs what the text of the page says and returns the text with the outputs that came, where they differ.
    """
    absent = sorted(name for name in set(needed) if shutil.which(name) is None)
    if absent:
        print(f"The recipes need programs that are not here: {', '.join(absent)}", file=sys.stderr)
        return 1
    name, text = page.relative_to(ROOT), page.read_text(encoding="utf-8")
    server = LocalServer(new_folder_name(""), 0)
    server.join(ROOT / ".cache" / "dynamodb-local", None)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="recipes-") as folder,
            story(Path(folder), server.url, free_port()) as opened,
        ):
            # Go finds its build cache there before it looks below the home.
            opened.environment.pop("XDG_CACHE_HOME", None)
            opened.environment |= {name: value for name, value in os.environ.items() if name in KEPT}
            differs = follow(opened, text)
    except Unlike as problem:
        print(f"{name}, {problem}", file=sys.stderr)
        return 1
    finally:
        server.leave()
    if differs is not None:
        print(f"{name} shows another output than this:\n{differs}", file=sys.stderr)
    return int(differs is not None)

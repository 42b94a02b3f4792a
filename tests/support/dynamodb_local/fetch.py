"""The DynamoDB Local of the tests: that of the pytest plugin, with its jars in ``.cache/`` of the repository.

``python tests/support/dynamodb_local/fetch.py`` fetches it by hand and prints the folder.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.pytest_plugin.installation import Installation, Missing, find, version

__all__ = ["Installation", "Missing", "fetch", "version"]
CACHE = Path(__file__).resolve().parents[3] / ".cache" / "dynamodb-local"


def fetch() -> Installation:
    """DynamoDB Local and the Java for it; fetched by Maven if it is not there yet. Raises ``Missing``."""
    return find(CACHE, environ={})


if __name__ == "__main__":
    print(fetch().folder)

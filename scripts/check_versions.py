"""Compare the version of every file that names one. Called by a release with the version of its tag, and a test."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = {
    "pyproject.toml": r'^version = "(.+)"$',
    "reconciler/__init__.py": r'^__version__ = "(.+)"$',
    "Dockerfile": r'image\.version="(.+)"',
    "deploy/helm/Chart.yaml": r"^(?:version|appVersion): (.+)$",
    "deploy/compose.yaml": r"image: dynamodb-reconciler:(.+)$",
    "deploy/compose.observability.yaml": r"image: dynamodb-reconciler:(.+)$",
    "deploy/kubernetes/daemon/deployment.yaml": r"image: dynamodb-reconciler:(.+)$",
    "deploy/kubernetes/cronjob/cron-job.yaml": r"image: dynamodb-reconciler:(.+)$",
    "deploy/gitlab/reconciler.gitlab-ci.yml": r"RECONCILER_REF: v(.+)$",
}


def problems(version: str, root: Path = ROOT) -> list[str]:
    """One sentence for each file that names another version, or none."""
    found = []
    for name, pattern in PLACES.items():
        versions = set(re.findall(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE))
        if versions != {version}:
            found.append(f"{name} has {', '.join(sorted(versions)) or 'no version'} instead of {version}")
    return found


if __name__ == "__main__":
    sentences = problems(sys.argv[1])
    sys.exit("\n".join(sentences) if sentences else 0)

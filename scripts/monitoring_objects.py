"""Writes the Kubernetes objects of rules and dashboard; with ``--check`` compares them, as ``make check`` does.

Kustomize reads no file outside its folder, so ``monitoring/`` is copied into a PrometheusRule and a ConfigMap.
"""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "kubernetes" / "monitoring"
LABELS = {"app.kubernetes.io/name": "dynamodb-reconciler"}


def prometheus_rule() -> dict[str, Any]:
    """``monitoring/rules.yaml`` for the Prometheus operator."""
    rules = YAML().load(ROOT / "monitoring" / "rules.yaml")
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "dynamodb-reconciler", "labels": LABELS},
        "spec": {"groups": rules["groups"]},
    }


def dashboard_config_map() -> dict[str, Any]:
    """``monitoring/dashboards/drift.json`` under the label that Grafana's sidecar looks for."""
    text = (ROOT / "monitoring" / "dashboards" / "drift.json").read_text(encoding="utf-8")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "dynamodb-reconciler-dashboard", "labels": {**LABELS, "grafana_dashboard": "1"}},
        "data": {"drift.json": LiteralScalarString(text)},
    }


OBJECTS = {"prometheus-rule.yaml": prometheus_rule, "dashboard.yaml": dashboard_config_map}


def written(name: str) -> str:
    """The text of one file."""
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    stream.write("# Written by scripts/monitoring_objects.py from monitoring/.\n")
    yaml.dump(OBJECTS[name](), stream)
    return stream.getvalue()


def main(arguments: list[str]) -> int:
    """Write the files, or say which is not what would be written."""
    stale = [n for n in OBJECTS if not (FOLDER / n).is_file() or (FOLDER / n).read_text("utf-8") != written(n)]
    if arguments == ["--check"]:
        for name in stale:
            print(f"{name} is not what scripts/monitoring_objects.py writes: run it.", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).write_text(written(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Writes the Kubernetes objects of rules and dashboard; with ``--check`` compares them, as ``make check`` does.

Kustomize reads no file outside its folder, so ``monitoring/`` is copied into a PrometheusRule and a ConfigMap.

``--to FOLDER`` writes the rules, the dashboard and both objects with addresses of your own, for example
``--runbooks https://wiki.example/runbooks --grafana https://grafana.example --page https://reconciler.example``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from dashboard import dashboard_json
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "kubernetes" / "monitoring"
LABELS = {"app.kubernetes.io/name": "dynamodb-reconciler"}
NOTE = "# Written by scripts/monitoring_objects.py from monitoring/.\n"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where runbooks, Grafana and the status page are; ``None`` leaves the paths of this repository and of Grafana."""

    runbooks: str | None = None
    grafana: str | None = None
    page: str | None = None


def rules(addresses: Addresses) -> Any:
    """``monitoring/rules.yaml``, with full addresses where they are given."""
    document = YAML().load(ROOT / "monitoring" / "rules.yaml")
    for rule in (rule for group in document["groups"] for rule in group["rules"] if "alert" in rule):
        links = rule["annotations"]
        if addresses.runbooks:
            # `{alert}` as in RECONCILER_RUNBOOK_URL, so that one address serves both.
            whole = addresses.runbooks.rstrip("/")
            page = whole if "{alert}" in whole else f"{whole}/{{alert}}.md"
            links["runbook_url"] = page.replace("{alert}", rule["alert"])
        if addresses.grafana:
            links["dashboard_url"] = addresses.grafana.rstrip("/") + links["dashboard_url"]
    return document


def board(addresses: Addresses) -> str:
    """``monitoring/dashboards/drift.json``, with links to these addresses."""
    named = {"page": addresses.page, "runbooks": addresses.runbooks}
    given = {name: address.rstrip("/") for name, address in named.items() if address and "{alert}" not in address}
    return dashboard_json(**given)


def prometheus_rule(addresses: Addresses) -> dict[str, Any]:
    """The rules for the Prometheus operator."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "dynamodb-reconciler", "labels": LABELS},
        "spec": {"groups": rules(addresses)["groups"]},
    }


def dashboard_config_map(addresses: Addresses) -> dict[str, Any]:
    """The dashboard under the label that Grafana's sidecar looks for."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "dynamodb-reconciler-dashboard", "labels": {**LABELS, "grafana_dashboard": "1"}},
        "data": {"drift.json": LiteralScalarString(board(addresses))},
    }


OBJECTS = {"prometheus-rule.yaml": prometheus_rule, "dashboard.yaml": dashboard_config_map}
COPIED = Addresses()


def written(name: str, addresses: Addresses = COPIED) -> str:
    """The text of one object."""
    return _as_yaml(OBJECTS[name](addresses), NOTE)


def _as_yaml(document: Any, note: str = "") -> str:
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    stream.write(note)
    yaml.dump(document, stream)
    return stream.getvalue()


def write_to(folder: Path, addresses: Addresses) -> None:
    """Rules, dashboard and both objects in a folder of the user's."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {name: written(name, addresses) for name in OBJECTS}
    texts |= {"rules.yaml": _as_yaml(rules(addresses)), "drift.json": board(addresses)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write the files, or say which is not what would be written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare the objects of this repository, write nothing")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to write everything with your addresses")
    parser.add_argument("--runbooks", metavar="URL", help="where the runbooks are; it may contain {alert}")
    parser.add_argument("--grafana", metavar="URL", help="where Grafana is")
    parser.add_argument("--page", metavar="URL", help="where the status page is")
    given = parser.parse_args(arguments)
    addresses = Addresses(given.runbooks, given.grafana, given.page)
    if given.to:
        write_to(given.to, addresses)
        return 0
    if addresses != COPIED:
        parser.error("--runbooks, --grafana and --page need --to FOLDER")
    stale = [n for n in OBJECTS if not (FOLDER / n).is_file() or (FOLDER / n).read_text("utf-8") != written(n)]
    if given.check:
        for name in stale:
            print(f"{name} is not what scripts/monitoring_objects.py writes: run it.", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).write_text(written(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

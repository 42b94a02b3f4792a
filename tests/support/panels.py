"""The queries of a Grafana dashboard as Grafana would send them to Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

CHOSEN = {"$job": ".+", "$instance": ".+", "$environment": ".+", "$table": ".*", "$__rate_interval": "10s"}


def expressions(loop_status: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and expression of every query: panels by title and letter, annotations by name."""
    for panel in loop_status["panels"]:
        for target in panel.get("targets", ()):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in loop_status["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"]


def filled(expression: str, **chosen: str) -> str:
    """With every variable replaced: all jobs, instances, environments and tables, unless chosen otherwise."""
    for variable, value in {**CHOSEN, **{f"${name}": text for name, text in chosen.items()}}.items():
        expression = expression.replace(variable, value)
    left = re.findall(r"\$\w+", expression)
    assert not left, left
    return expression

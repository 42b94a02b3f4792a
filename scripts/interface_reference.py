"""The metrics and the HTTP routes as Markdown. Called by ``reference``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import create_app
from reconciler.http.control import Control
from reconciler.metrics import FAMILIES, Metrics
from reconciler.metrics.families import PREFIX

TESTING = "/api/v1/testing/"
"""The routes that are refused unless a setting is on."""


def metrics() -> str:
    """Every family with type, labels and help, without the prefix."""
    rows = (
        f"| `{each.name.removeprefix(PREFIX)}` | {each.type} | {', '.join(each.labels)} | {_cell(each.help)} |\n"
        for each in FAMILIES
    )
    return "| name | type | labels | meaning |\n|---|---|---|---|\n" + "".join(rows)


def routes() -> str:
    """A table of all routes, then what each of them takes and returns."""
    operations = list(_operations())
    rows = "".join(f"| `{method} {path}` | {_cell(_does(path, each))} |\n" for method, path, each in operations)
    taking = [text for method, path, each in operations if (text := _takes(method, path, each))]
    return "\n\n".join([f"| route | does |\n|---|---|\n{rows}".strip(), "## Parameters and bodies", *taking])


def _does(path: str, operation: Mapping[str, Any]) -> str:
    needs = "; only with `RECONCILER_TESTING=true`, beside an emulator" if path.startswith(TESTING) else ""
    return f"{operation.get('summary', '')}{needs}"


def _operations() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def openapi() -> dict[str, Any]:
    """The document that a daemon with RECONCILER_TESTING serves at ``/openapi.json``: every route there is."""
    loop_status = LoopStatus("default")
    control = Control(loop_status, testing=True)
    document: dict[str, Any] = create_app(loop_status, Metrics(loop_status), control=control).openapi()
    return document


def _takes(method: str, path: str, operation: Mapping[str, Any]) -> str:
    """The section of a route: its parameters and the members of its body; empty without any."""
    rows = [
        f"| `{each['name']}` | {each['in']} | {_cell(each.get('description', ''))} |"
        for each in operation.get("parameters", ())
    ]
    rows += [f"| `{name}` | body | {_cell(text)} |" for name, text in _members(operation)]
    if not rows:
        return ""
    head = "| name | in | meaning |\n|---|---|---|\n"
    return f"### `{method} {path}`\n\n{head}" + "\n".join(rows)


def _members(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schemas = openapi()["components"]["schemas"]
    for name in _references(content.get("schema", {})):
        for member, schema in schemas[name].get("properties", {}).items():
            yield member, schema.get("description", "")


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")

"""``/openapi.json`` and ``/docs``: adds what FastAPI cannot know (errors, token, probes, links) and renders the page.

Used by the app. The page needs no script and no foreign host, so the content security policy stays strict.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI

from reconciler.http import links
from reconciler.http.answers import Problem, errors
from reconciler.http.templates import environment, style


def _probe(word: str, reason: str) -> dict[int | str, dict[str, Any]]:
    schema = {
        "type": "object",
        "properties": {word: {"type": "boolean"}, "reason": {"type": ["string", "null"]}},
        "required": [word, "reason"],
    }

    def one(value: bool, why: str | None) -> dict[str, Any]:
        return {"content": {"application/json": {"schema": schema, "example": {word: value, "reason": why}}}}

    return {200: {"description": "Yes", **one(True, None)}, 503: {"description": "No", **one(False, reason)}}


LIVE = _probe("alive", "the running pass has made no progress for 130 s")
READY = _probe("ready", "waiting for users")
_TEXT = {"schema": {"type": "string"}, "example": 'dynamodb_reconciler_endpoint_up{environment="default"} 1.0\n'}
METRICS: dict[str, Any] = {
    "response_model": None,
    "responses": {
        200: {"description": "Metrics", "content": {"text/plain": _TEXT, "application/openmetrics-text": _TEXT}},
        **errors(500),
    },
}


def install(app: FastAPI) -> None:
    """Let ``app.openapi()`` yield the document with our additions, made once."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        made = app.openapi_schema is None
        document = generate()
        if made:
            _complete(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path in document["paths"].values():
        for method, operation in path.items():
            if "pages" in operation.get("tags", ()):
                _also_as_a_page(operation["responses"])
            if method == "post":
                operation["security"] = [{"token": []}, {}]
            metrics = operation["responses"].get("200", {}).get("content", {})
            if "text/plain" in metrics or "text/event-stream" in metrics:
                metrics.pop("application/json", None)
    links.install(document)


def _also_as_a_page(responses: dict[str, Any]) -> None:
    """Errors are pages for browsers and documents for all other clients."""
    for status, answer in responses.items():
        if not status.startswith("2"):
            answer["content"]["text/html"] = {"schema": {"type": "string"}}


class DocsPage:
    """The compiled template; one instance an app."""

    def __init__(self) -> None:
        self._template = environment().get_template("docs.html")
        self._style = style()

    def render(self, document: dict[str, Any]) -> str:
        """The page of this document."""
        operations = [
            {"path": path, "method": method.upper(), **operation}
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        ]
        return self._template.render(
            style=self._style, info=document["info"], operations=operations, schemas=_schemas(document), shown=_shown
        )


def _schemas(document: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = document["components"]["schemas"]
    return schemas


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)

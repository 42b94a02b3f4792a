"""``GET /docs``: the OpenAPI document as a page, rendered here without a script and without any foreign host."""

from __future__ import annotations

import json
from typing import Any

from reconciler.http.templates import environment, style


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

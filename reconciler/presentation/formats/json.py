"""``-o json``: one document."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.model.report import PassReport
from reconciler.presentation.document import document
from reconciler.presentation.formats.view import View


def lines(report: PassReport, _view: View) -> Iterable[tuple[str, str]]:
    """The report as one JSON document, indented; docs/concepts/glossary.md explains its codes."""
    yield "plain", json.dumps(document(report), indent=2, ensure_ascii=True)

"""``-o json``: one document."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.cli.formats.view import View
from reconciler.model.report import PassReport
from reconciler.planning.document import document


def lines(report: PassReport, _view: View) -> Iterable[tuple[str, str]]:
    """The report as one JSON document, indented; docs/glossary.md explains its codes."""
    yield "plain", json.dumps(document(report), indent=2, ensure_ascii=True)

"""``-o json``: one document."""

from __future__ import annotations

import json
from collections.abc import Iterable

from reconciler.cli.formats.view import View
from reconciler.model.report import PassReport
from reconciler.planning.document import document


def lines(report: PassReport, _view: View) -> Iterable[tuple[str, str]]:
    """The document of the contract, indented."""
    yield "plain", json.dumps(document(report), indent=2, ensure_ascii=True)

"""``-o jsonl``: one event a line, the format's version first, then each table, then the summary."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from reconciler.model.report import PassReport
from reconciler.presentation.document import document
from reconciler.presentation.formats.view import View


def lines(report: PassReport, _view: View) -> Iterable[tuple[str, str]]:
    """Events with a ``type``; the summary carries what the document has beside its tables."""
    whole = document(report)
    yield _event({"type": "version", "format_version": whole.pop("format_version")})
    for table in whole.pop("tables"):
        yield _event({"type": "table", **table})
    yield _event({"type": "summary", **whole})


def _event(members: dict[str, Any]) -> tuple[str, str]:
    return "plain", json.dumps(members, ensure_ascii=True)

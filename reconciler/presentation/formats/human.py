"""``-o human``: the plan with symbols, one line a field."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.report import PassReport
from reconciler.presentation.formats.view import View
from reconciler.presentation.render import render


def lines(report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """No lines for an error without tables, because standard error shows it."""
    if not report.tables and (report.problems or report.error):
        return ()
    return render(report, applied=view.applied, diff=view.diff, documents=view.documents)

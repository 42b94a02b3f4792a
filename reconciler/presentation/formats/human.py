"""``-o human``: the plan with symbols, one line a field, in the width of the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.report import PassReport
from reconciler.presentation.formats.view import View
from reconciler.presentation.render import render


def lines(report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """No lines for an error without tables, because standard error shows it."""
    if not report.tables and (report.problems or report.error):
        return ()
    whole = render(
        report,
        applied=view.applied,
        diff=view.diff,
        results=view.results,
        documents=view.documents,
        path=view.path,
    )
    if view.width is None:
        return whole
    from reconciler.presentation.layout import wrapped

    return wrapped(whole, view.width)

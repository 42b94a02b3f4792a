"""One file a form of output; each turns a report into styled lines. Called by ``Invocation.show``."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from reconciler.cli.formats.view import View
from reconciler.cli.options import Output
from reconciler.model.report import PassReport

__all__ = ["View", "lines"]


def lines(output: Output, report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """The report in one form, as (style, text)."""
    styled: Iterable[tuple[str, str]] = import_module(f"reconciler.cli.formats.{output.value}").lines(report, view)
    return styled

"""One module per output format; each turns a report into styled lines. Called by ``Invocation.show``."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from reconciler.model.report import PassReport
from reconciler.presentation.formats.view import View

__all__ = ["View", "lines"]


def lines(output: str, report: PassReport, view: View) -> Iterable[tuple[str, str]]:
    """The report as (style, text) lines in the format ``output``: ``human``, ``json``, ``jsonl``, ``markdown``, …"""
    styled: Iterable[tuple[str, str]] = import_module(f"reconciler.presentation.formats.{output}").lines(report, view)
    return styled

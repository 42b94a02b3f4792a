"""All formats of other tools, in the order in which a document is tried. Used by ``documents``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declarations.formats.aws_cli import AWS_CLI
from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.formats.serverless.service import FRAGMENT, SERVICE, TEMPLATE
from reconciler.declarations.formats.terraform.show import TERRAFORM
from reconciler.declarations.formats.workbench import WORKBENCH

FOREIGN_FORMATS: tuple[ForeignFormat, ...] = (TEMPLATE, FRAGMENT, SERVICE, AWS_CLI, TERRAFORM, WORKBENCH)


def format_of(value: Mapping[Any, Any]) -> ForeignFormat | None:
    """The format that a document is written in; None for our own, and for what is no declaration."""
    return next((each for each in FOREIGN_FORMATS if each.recognises(value)), None)

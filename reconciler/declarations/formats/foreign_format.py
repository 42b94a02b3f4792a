"""The interface of the formats of other tools. Each is one entry of ``FOREIGN_FORMATS`` in ``foreign_formats``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.declarations.raw import FileReading
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_file import SourceFile


@dataclass(frozen=True, slots=True)
class ForeignFormat:
    """How another tool writes tables.

    ``recognises`` looks at the top of a document, a mapping. ``read`` returns its tables; what it cannot read is a
    problem of the result or a ``ParseError``, never a missing table.
    """

    name: str
    recognises: Callable[[Mapping[Any, Any]], bool]
    read: Callable[[SourceFile, Parsed, TemplateInputs], FileReading]

"""Numbers inside policies, which IAM reads as texts: an account ID loses its leading zeros once it is a number.

Asked by ``check`` for the document as it was written, because only the file knows how a number was spelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.messages import text_expected
from reconciler.declarations.document.table_document import IAM_FIELDS, TableDocument
from reconciler.parsing.json_text import read_json
from reconciler.parsing.parsed import Parsed, ParseError
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation


def policy_numbers(document: Mapping[Any, Any], location: SourceLocation) -> list[FieldProblem]:
    """A finding for each number and each key that is no text, at its path as written."""
    known = spellings(TableDocument)
    found: list[FieldProblem] = []
    for key, policy in document.items():
        if not isinstance(key, str) or known.get(key) not in IAM_FIELDS:
            continue
        parsed = _parsed(policy)
        if parsed is None:
            found += _non_text_problems((key,), policy, location.literals, location.key_literals)
        else:
            literals = {(key, *path): literal for path, literal in parsed.literals.items()}
            found += _non_text_problems((key,), parsed.value, literals, {})
    return found


def _parsed(policy: Any) -> Parsed | None:
    """A policy given as JSON text; None for a mapping, and for a text that ``policy_problems`` refuses."""
    try:
        return read_json(policy) if isinstance(policy, str) else None
    except ParseError:
        return None


def _non_text_problems(
    start: Path, policy: Any, literals: Mapping[Path, str], key_literals: Mapping[Path, str]
) -> Iterator[FieldProblem]:
    stack: list[tuple[Path, Any]] = [(start, policy)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping):
            for key, member in value.items():
                here = (*path, str(key))
                if not isinstance(key, str):
                    reason, remedy = text_expected(key, key_literals.get(here))
                    yield FieldProblem(here, f"invalid key: {reason}", remedy)
                stack.append((here, member))
        elif isinstance(value, list | tuple):
            stack += [((*path, index), member) for index, member in enumerate(value)]
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            yield FieldProblem(path, *text_expected(value, literals.get(path)))

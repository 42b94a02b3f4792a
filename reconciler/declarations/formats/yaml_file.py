"""A document → the text of a YAML file. Called by ``files``."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

WIDTH = 120
ON_ONE_LINE = 3
"""A mapping of so few plain values stands on one line, as people write key schemas."""


def text(document: dict[str, Any]) -> str:
    """One document in block style, its small mappings on one line."""
    yaml = YAML()
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_styled(document, top=True), stream)
    return stream.getvalue()


def _styled(value: Any, *, top: bool = False) -> Any:
    if isinstance(value, dict):
        styled = CommentedMap((key, _styled(inner)) for key, inner in value.items())
        if not top and len(value) <= ON_ONE_LINE and not any(isinstance(v, (dict, list)) for v in value.values()):
            styled.fa.set_flow_style()
        return styled
    return CommentedSeq(_styled(inner) for inner in value) if isinstance(value, list) else value

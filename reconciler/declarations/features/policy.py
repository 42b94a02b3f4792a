"""Resource policies (PutResourcePolicy.Policy): a mapping, or the same as JSON text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema

Policy = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "string"}, {"type": "null"}]})]
"""Checked by ``rules.policies``, for a policy has a grammar of its own. ``{}`` is no policy."""

"""The control plane behind the engine's ``TableApi`` port. Built by ``Connection``, called by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.aws.caller import Caller
from reconciler.model.change import Call
from reconciler.model.errors import Malformed


class BotoTableApi:
    """Reads and writes of tables; every answer is checked, every failure is an ``ApiError``."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list_tables(self) -> tuple[str, ...]:
        """Every name, all pages. A page that points back to one already read is Malformed, not an endless loop."""
        names: list[str] = []
        params: dict[str, Any] = {}
        seen: set[str] = set()
        while True:
            answer = self._caller.call("ListTables", params)
            names += answer["TableNames"]
            last = answer.get("LastEvaluatedTableName")
            if last is None:
                return tuple(dict.fromkeys(names))
            _advance("ListTables", last, seen)
            params = {"ExclusiveStartTableName": last}

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A describe or list operation. The pages of ListTagsOfResource come merged."""
        if operation == "ListTagsOfResource":
            return {"Tags": self._tags(params)}
        return self._caller.call(operation, params)

    def write(self, call: Call) -> Mapping[str, Any]:
        """A mutating operation; what destroys is sent once, without SDK retries (I4)."""
        return self._caller.call(call.operation, call.params)

    def _tags(self, params: Mapping[str, Any]) -> list[Mapping[str, str]]:
        tags: list[Mapping[str, str]] = []
        seen: set[str] = set()
        page: Mapping[str, Any] = params
        while True:
            answer = self._caller.call("ListTagsOfResource", page)
            tags += answer["Tags"]
            token = answer.get("NextToken")
            if token is None:
                return tags
            _advance("ListTagsOfResource", token, seen)
            page = {**params, "NextToken": token}


def _advance(operation: str, token: str, seen: set[str]) -> None:
    if token in seen:
        raise Malformed(operation, "MalformedAnswer", "the answer's pages go round in a circle")
    seen.add(token)

"""The control plane behind the engine's ``TableApi`` port. Built by ``Connection``, called by the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.aws import errors, hooks
from reconciler.aws.api_client import ApiClient
from reconciler.aws.sibling_services import SiblingServices
from reconciler.model.change import Call
from reconciler.model.errors import ApiError, LeaseLost, NotFound
from reconciler.model.paging import Pages

if TYPE_CHECKING:
    import threading

PAGED: Mapping[str, tuple[str, str, str]] = {
    "application-autoscaling:DescribeScalableTargets": ("ScalableTargets", "NextToken", "NextToken"),
    "application-autoscaling:DescribeScalingPolicies": ("ScalingPolicies", "NextToken", "NextToken"),
    "application-autoscaling:DescribeScheduledActions": ("ScheduledActions", "NextToken", "NextToken"),
    "ListBackups": ("BackupSummaries", "ExclusiveStartBackupArn", "LastEvaluatedBackupArn"),
}
"""The list of an answer, the parameter that asks for the next page, and the member that tells of one."""


class BotoTableApi:
    """Reads and writes of tables; every answer is checked, every failure is an ``ApiError``."""

    def __init__(
        self, client: ApiClient, siblings: SiblingServices | None = None, lasts: Callable[[], bool] = lambda: True
    ) -> None:
        self._client = client
        self._beside = siblings
        self._lasts = lasts

    def list_tables(self) -> tuple[str, ...]:
        """Every name, all pages. A page that points back to one already read is Malformed, not an endless loop."""
        names: list[str] = []
        params: dict[str, Any] = {}
        pages = Pages("ListTables")
        while True:
            answer = self._client.call("ListTables", params)
            names += answer["TableNames"]
            last = answer.get("LastEvaluatedTableName")
            if last is None:
                return tuple(dict.fromkeys(names))
            pages.advance(last)
            params = {"ExclusiveStartTableName": last}

    def read(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A describe or list operation, its pages merged; an empty dict where GetResourcePolicy finds no policy."""
        if operation == "ListTagsOfResource":
            return {"Tags": self._tags(params)}
        if operation in PAGED:
            return self._merged(operation, params)
        try:
            return self._call(operation, params)
        except NotFound as error:
            if errors.says_no_policy(error):
                return {}
            raise

    def describe_many(
        self, names: Sequence[str], connections: int
    ) -> Iterator[tuple[str, Mapping[str, Any] | ApiError]]:
        """Good answers of DescribeTable as they come, of as many tables as there were before the first failure.

        A failure that was an answer comes last.
        """
        return self._client.read_many("DescribeTable", {name: {"TableName": name} for name in names}, connections)

    def write(self, call: Call) -> Mapping[str, Any]:
        """A mutating operation; what destroys is sent once, without SDK retries (I4). ``LeaseLost`` if it ran out."""
        if not self._lasts():
            raise LeaseLost(call.operation, "LeaseLost", hooks.LOST)
        return self._call(call.operation, call.params)

    def _call(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        if ":" in operation and self._beside is not None:
            return self._beside.call(operation, params)
        return self._client.call(operation, params)

    def _merged(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        member, asked, told = PAGED[operation]
        found: list[Any] = []
        pages = Pages(operation)
        page: Mapping[str, Any] = params
        while True:
            answer = self._call(operation, page)
            found += answer[member]
            token = answer.get(told)
            if token is None:
                return {member: found}
            pages.advance(token)
            page = {**params, asked: token}

    def _tags(self, params: Mapping[str, Any]) -> list[Mapping[str, str]]:
        tags: list[Mapping[str, str]] = []
        pages = Pages("ListTagsOfResource")
        page: Mapping[str, Any] = params
        while True:
            answer = self._client.call("ListTagsOfResource", page)
            tags += answer["Tags"]
            token = answer.get("NextToken")
            if token is None:
                return tags
            pages.advance(token)
            page = {**params, "NextToken": token}


class ManyTables:
    """The engine's ``ManyDescriptions`` port over ``connections`` connections; ends early once ``stop`` is set."""

    def __init__(self, tables: BotoTableApi, connections: int, stop: threading.Event) -> None:
        self._tables = tables
        self._connections = connections
        self._stop = stop

    def describe(self, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any] | ApiError]]:
        """Checked responses by table name, as they come; without those that a failure or the stop prevented."""
        for answer in self._tables.describe_many(names, self._connections):
            if self._stop.is_set():
                return
            yield answer

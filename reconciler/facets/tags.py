"""Facet tags: tags of the table. It manages only declared keys; ``planning.handed_back`` decides which to remove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.facets.base import Facet, InCreateTable
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import TableSpec

OWNER_TAG = "dynamodb-reconciler:owner"
"""The key of the owner tag, which CreateTable sets. It is never compared with a declaration."""
READ = "ListTagsOfResource"
Tags = tuple[tuple[str, str], ...]


class TagsFacet(Facet, InCreateTable):
    """The value excludes tags of AWS (``aws:``) and the owner tag."""

    name = "tags"
    rank = Rank.TAGS
    reads = (READ,)

    def read_params(self, name: str, arn: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ResourceArn": arn}

    def observe(self, responses: Responses) -> Tags | None:
        if READ not in responses.answers:
            return None
        tags = ((tag["Key"], tag["Value"]) for tag in responses.answers[READ]["Tags"])
        return tuple(sorted((key, value) for key, value in tags if key != OWNER_TAG and not key.startswith("aws:")))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        had = dict(observed.tags or ())
        for key, value in sorted(desired.tags or ()):
            if key != OWNER_TAG and had.get(key) != value:
                yield Change(self.name, f"tags.{key}", had.get(key), value)

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        # TagResource counts towards a low rate limit, so one call sets all differing tags.
        differing = [(difference.path, difference.after) for difference in self.diff(desired, observed.spec)]
        tags = [{"Key": path.removeprefix("tags."), "Value": value} for path, value in differing]
        return Call("TagResource", {"ResourceArn": observed.identity.arn, "Tags": tags})

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        if not desired.tags:
            return {}
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(desired.tags)]}


def untag_call(arn: str, keys: Iterable[str]) -> Call:
    """The call that removes tags. It has no condition on their values, so they are read right before it is sent."""
    return Call("UntagResource", {"ResourceArn": arn, "TagKeys": sorted(keys)})


def with_owner_tag(call: Call, value: str) -> Call:
    """A CreateTable that also sets our owner tag."""
    tags = [*call.params.get("Tags", ()), {"Key": OWNER_TAG, "Value": value}]
    return replace(call, params={**call.params, "Tags": sorted(tags, key=lambda tag: str(tag["Key"]))})


def owner_of(responses: Responses) -> str | None:
    """The value of the owner tag; None if there is none or the tags were not read."""
    tags = responses.answers[READ]["Tags"] if READ in responses.answers else ()
    # TagResource of moto adds an existing tag a second time, so the last one counts.
    return next((tag["Value"] for tag in reversed(tags) if tag["Key"] == OWNER_TAG), None)

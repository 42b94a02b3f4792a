"""Damaged records of the state table, with a part of the reason that is reported for each."""

from __future__ import annotations

from typing import Any


def broken(record: str, **members: Any) -> dict[str, Any]:
    return {"scope": {"S": "default/default"}, "record": {"S": record}, **members}


WHOLE_SEED = {
    "name": {"S": "users"},
    "state": {"S": "done"},
    "digest": {"S": "x"},
    "source": {"S": "s"},
    "count": {"N": "1"},
}
BROKEN = {
    "an entry without members": (broken("table#users"), "name is missing"),
    "a state that does not exist": (broken("seed#users", **{**WHOLE_SEED, "state": {"S": "half"}}), "state is 'half'"),
    "a count with a fraction": (broken("seed#users", **{**WHOLE_SEED, "count": {"N": "1.5"}}), "count is not a whole"),
    "a count that is text": (broken("seed#users", **{**WHOLE_SEED, "count": {"S": "1"}}), "count has the wrong type"),
    "a count that is true": (broken("seed#users", **{**WHOLE_SEED, "count": {"BOOL": True}}), "count has the wrong"),
    "a name that is not its key's": (broken("seed#projects", **WHOLE_SEED), "name is 'users'"),
    "a set": (broken("seed#users", **{**WHOLE_SEED, "name": {"SS": ["users"]}}), "name has the type SS"),
    "a time that is none": (broken("suspension", by={"S": "ops"}, at={"S": "yesterday"}), "at is not a time"),
    "a time without zone": (
        broken("suspension", by={"S": "o"}, at={"S": "2026-11-22T12:00:00"}),
        "without a time zone",
    ),
    "a lease without token": (
        broken("lease", holder={"S": "x"}, expires={"S": "2026-11-22T12:00:00Z"}),
        "token is missing",
    ),
    "a fingerprint without table": (
        broken("fingerprint", partition={"S": "aws"}, account={"S": "1"}),
        "region is missing",
    ),
    "a kind of the future": (broken("backup#users"), "does not know this kind of record"),
    "a kind without a name": (broken("leases"), "does not know this kind of record"),
}

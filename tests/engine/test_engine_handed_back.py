"""What this stack set and no longer declares: its tags are removed, its features are reported and left in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate
from support.specs import gsi, stream, ttl

from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Ambiguous, Forbidden, LeaseLost, RecordChanged, Unsupported
from reconciler.model.identity import Flavor
from reconciler.model.plan import StepStatus
from reconciler.model.records import Lease, Managed
from reconciler.model.report import PassReport, TableReport, Verdict

SAME = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
TEAM = (("team", "a"),)
BOTH = (("cost", "7"), ("team", "a"))
INDEX = gsi("by_at", "at S")
FLAVORS = pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS], ids=lambda flavor: flavor.value)


def converged(flavor: Flavor = Flavor.MOTO, *, lifecycle: Lifecycle | None = None, **spec: Any) -> Sim:
    """A table that this stack created as declared."""
    sim = simulate(flavor=flavor, one_shot=True)
    declare(sim, lifecycle=lifecycle, **spec)
    assert later(sim).verdict is Verdict.IN_SYNC
    return sim


def adopted(lifecycle: Lifecycle | None = None, tags: tuple[tuple[str, str], ...] = TEAM, **spec: Any) -> Sim:
    """A table that was there with these tags before it was declared with the same ones."""
    sim = simulate(one_shot=True)
    sim.dynamodb.make(TableName="users", Tags=[{"Key": key, "Value": value} for key, value in tags], **SAME)
    declare(sim, tags=tags, lifecycle=lifecycle, **spec)
    assert later(sim).verdict is Verdict.IN_SYNC
    return sim


def declare(sim: Sim, **spec: Any) -> None:
    sim.declare(declaration(**spec))


def later(sim: Sim) -> PassReport:
    sim.clock.seconds += 3600
    report = sim.once()
    sim.clock.seconds += 3600
    return report


def table(report: PassReport) -> TableReport:
    return next(each for each in report.tables if each.name == "users")


def tags(sim: Sim) -> dict[str, str]:
    live = sim.dynamodb.tables["users"].tags
    return {key: value for key, value in live.items() if not key.startswith("dynamodb-reconciler:")}


def managed(sim: Sim) -> Managed | None:
    return sim.store.snapshot.inventory["users"].managed


def left(report: PassReport) -> dict[str, str | None]:
    return {each.path: each.remove_with for each in table(report).left_in_place}


def unmanaged_record(sim: Sim) -> None:
    """The record as an older release wrote it."""
    sim.store.overwrite(replace(sim.store.snapshot.inventory["users"], managed=None))


# Tags


@FLAVORS
@pytest.mark.parametrize("rest", [(), None, TEAM], ids=["an empty list", "no tags at all", "another tag"])
def test_a_tag_of_our_create_is_removed_once_it_is_not_declared(flavor: Flavor, rest: Any) -> None:
    sim = converged(flavor, tags=BOTH)
    declare(sim, tags=rest)
    assert later(sim).verdict is Verdict.IN_SYNC
    assert tags(sim) == dict(rest or ())
    sim.dynamodb.journal.clear()
    written = sim.store.written
    for _ in range(3):
        assert later(sim).verdict is Verdict.IN_SYNC
    assert (sim.dynamodb.mutating, sim.store.written) == ([], written)


@FLAVORS
def test_a_tag_that_we_added_later_is_removed(flavor: Flavor) -> None:
    sim = converged(flavor)
    declare(sim, tags=TEAM)
    later(sim)
    declare(sim)
    assert later(sim).verdict is Verdict.IN_SYNC
    assert tags(sim) == {}


def test_a_tag_whose_value_we_changed_is_ours() -> None:
    sim = adopted(tags=(("team", "b"),))
    declare(sim, tags=TEAM)
    later(sim)
    declare(sim)
    later(sim)
    assert tags(sim) == {}


def test_the_removal_is_shown_before_it_is_made() -> None:
    sim = converged(tags=BOTH)
    declare(sim, tags=TEAM)
    (step,) = table(sim.reconciler.preview()).steps
    assert step.call is not None
    assert (step.call.operation, step.call.params["TagKeys"]) == ("UntagResource", ["cost"])
    assert [(change.path, change.before, change.after) for change in step.changes] == [("tags.cost", "7", None)]
    assert tags(sim) == dict(BOTH)


def test_a_tag_that_was_there_before_adoption_stays_and_is_reported() -> None:
    sim = adopted()
    declare(sim)
    report = later(sim)
    assert (report.verdict, tags(sim), left(report)) == (Verdict.IN_SYNC, dict(TEAM), {"tags.team": None})
    sim.dynamodb.tables["users"].tags.pop("team")
    assert left(later(sim)) == {}
    assert managed(sim) is None


def test_a_tag_whose_value_others_changed_stays_and_is_reported() -> None:
    sim = converged(tags=TEAM)
    declare(sim)
    sim.dynamodb.tables["users"].tags["team"] = "theirs"
    for _ in range(2):
        report = later(sim)
        assert (report.verdict, tags(sim), left(report)) == (
            Verdict.IN_SYNC,
            {"team": "theirs"},
            {"tags.team": None},
        )
    # Whoever changed it may set it back to our value: it stays theirs.
    sim.dynamodb.tables["users"].tags["team"] = "a"
    later(sim)
    assert tags(sim) == dict(TEAM)


def test_a_tag_that_others_removed_and_set_again_is_theirs() -> None:
    sim = converged(tags=TEAM)
    declare(sim)
    sim.dynamodb.tables["users"].tags.pop("team")
    later(sim)
    sim.dynamodb.tables["users"].tags["team"] = "a"
    later(sim)
    assert tags(sim) == dict(TEAM)


def test_a_tag_that_is_changed_right_before_it_is_removed_stays() -> None:
    sim = converged(tags=TEAM)
    declare(sim)
    listed: list[str] = []

    def change(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "ListTagsOfResource":
            listed.append(operation)
            if len(listed) == 2:
                sim.dynamodb.tables["users"].tags["team"] = "theirs"

    sim.dynamodb.faults = change
    sim.run()
    assert tags(sim) == {"team": "theirs"}
    assert "UntagResource" not in sim.dynamodb.mutating


def test_a_tag_beside_ours_is_never_touched() -> None:
    sim = converged(tags=TEAM)
    sim.dynamodb.tables["users"].tags["theirs"] = "1"
    declare(sim)
    report = later(sim)
    assert (tags(sim), left(report)) == ({"theirs": "1"}, {})


def test_a_tag_under_ignore_changes_stays() -> None:
    for pattern in ("tags", "tags.team", "*"):
        sim = converged(tags=TEAM)
        declare(sim, lifecycle=Lifecycle(ignore_changes=(pattern,)))
        report = later(sim)
        assert (tags(sim), left(report)) == (dict(TEAM), {})


def test_a_record_of_an_older_release_removes_no_tag() -> None:
    sim = converged(tags=TEAM)
    unmanaged_record(sim)
    declare(sim)
    report = later(sim)
    assert (tags(sim), left(report)) == (dict(TEAM), {})


def test_after_an_upgrade_a_tag_that_vanishes_is_reported_and_stays() -> None:
    sim = converged(tags=TEAM)
    unmanaged_record(sim)
    later(sim)
    declare(sim)
    report = later(sim)
    assert (tags(sim), left(report)) == (dict(TEAM), {"tags.team": None})


def test_a_kill_between_the_call_and_its_record_leaves_the_tag_in_place() -> None:
    sim = converged()
    declare(sim, tags=TEAM)

    def kill(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "TagResource":
            raise KeyboardInterrupt

    sim.dynamodb.after = kill
    with pytest.raises(KeyboardInterrupt):
        sim.run()
    sim.dynamodb.after = None
    assert later(sim).verdict is Verdict.IN_SYNC
    declare(sim)
    report = later(sim)
    assert (tags(sim), left(report)) == (dict(TEAM), {"tags.team": None})


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS], ids=lambda flavor: flavor.value)
def test_the_tags_of_a_create_without_an_answer_are_ours_once_the_nonce_proves_it(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, one_shot=True)
    declare(sim, tags=TEAM)

    def lose(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable":
            raise Ambiguous(operation, "timeout", "no answer")

    sim.dynamodb.after = lose
    sim.run()
    sim.dynamodb.after = None
    assert sim.store.snapshot.inventory["users"].ownership == "intent"
    later(sim)
    declare(sim)
    later(sim)
    assert tags(sim) == {}


def test_the_tags_of_a_create_that_is_not_proven_are_not_ours() -> None:
    sim = simulate(one_shot=True)
    declare(sim, tags=TEAM)

    def rival(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable":
            sim.dynamodb.faults = None
            sim.dynamodb.make(TableName="users", Tags=[{"Key": "team", "Value": "a"}], **SAME)
            raise Ambiguous(operation, "timeout", "no answer")

    sim.dynamodb.faults = rival
    sim.run()
    later(sim)
    declare(sim)
    report = later(sim)
    assert (tags(sim), left(report)) == (dict(TEAM), {"tags.team": None})


@pytest.mark.parametrize("error", [LeaseLost, RecordChanged])
def test_a_tag_whose_record_cannot_be_written_is_reported_as_set_and_not_as_ours(error: Any) -> None:
    sim = converged()
    declare(sim, tags=TEAM)
    put = sim.store.put_entry

    def refuse(entry: Any) -> Any:
        if entry.managed is not None and entry.managed.tags:
            raise error("PutItem", "ConditionalCheckFailedException", "written by another leader")
        return put(entry)

    sim.store.put_entry = refuse  # type: ignore[method-assign]
    report = sim.run()
    assert [step.status for step in table(report).steps] == [StepStatus.DONE]
    sim.store.put_entry = put  # type: ignore[method-assign]
    later(sim)
    declare(sim)
    later(sim)
    assert tags(sim) == dict(TEAM)


def test_without_the_lease_no_tag_is_removed() -> None:
    sim = converged(tags=TEAM)
    declare(sim)
    sim.store.rival = Lease("they", 2, sim.clock.now())
    sim.run()
    assert tags(sim) == dict(TEAM)
    sim.store.rival = None
    later(sim)
    assert tags(sim) == {}


def test_a_lease_that_is_lost_before_the_call_keeps_the_tag() -> None:
    sim = converged(tags=TEAM)
    declare(sim)

    def lose(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "ListTagsOfResource":
            sim.store.lost = True

    sim.dynamodb.faults = lose
    sim.run()
    assert tags(sim) == dict(TEAM)


def test_a_released_table_keeps_its_tags_even_after_it_is_adopted_again() -> None:
    sim = converged(tags=TEAM)
    sim.reconciler.release(("users",))
    declare(sim)
    later(sim)
    assert (tags(sim), managed(sim)) == (dict(TEAM), None)
    sim.reconciler.readopt(("users",))
    later(sim)
    assert tags(sim) == dict(TEAM)


def test_a_recreated_table_keeps_its_tags() -> None:
    sim = converged(tags=TEAM)
    sim.dynamodb.tables.pop("users")
    sim.clock.seconds += 3600
    sim.dynamodb.make(TableName="users", Tags=[{"Key": "team", "Value": "a"}], **SAME)
    declare(sim)
    later(sim)
    assert tags(sim) == dict(TEAM)


def test_a_table_that_another_stack_took_over_keeps_its_tags() -> None:
    sim = converged(tags=TEAM)
    sim.dynamodb.tables["users"].tags["dynamodb-reconciler:owner"] = "other/default/taken-over"
    declare(sim, lifecycle=Lifecycle(on_existing="own"))
    for _ in range(2):
        later(sim)
    assert tags(sim) == dict(TEAM)


@pytest.mark.parametrize("on_existing", ["observe"])
def test_a_table_that_is_only_observed_keeps_its_tags(on_existing: Any) -> None:
    sim = converged(tags=TEAM)
    declare(sim, lifecycle=Lifecycle(on_existing=on_existing))
    later(sim)
    assert tags(sim) == dict(TEAM)


def test_an_endpoint_without_tags_is_sent_nothing() -> None:
    sim = converged(Flavor.DYNAMODB_LOCAL, tags=TEAM)
    sim.dynamodb.journal.clear()
    declare(sim)
    report = later(sim)
    assert (report.verdict, sim.dynamodb.mutating, left(report)) == (Verdict.IN_SYNC, [], {})


def test_a_denied_read_of_an_undeclared_tag_is_no_difference() -> None:
    sim = converged(tags=TEAM, ttl=ttl("expires"))
    declare(sim)

    def deny(operation: str, params: Mapping[str, Any]) -> None:
        if operation in ("ListTagsOfResource", "DescribeTimeToLive"):
            raise Forbidden(operation, "AccessDeniedException", "not allowed")

    sim.dynamodb.faults = deny
    report = later(sim)
    assert (report.verdict, tags(sim), left(report)) == (Verdict.IN_SYNC, dict(TEAM), {})
    sim.dynamodb.faults = None
    assert left(later(sim)) == {"ttl": "time_to_live: {enabled: false}"}
    assert tags(sim) == {}


def test_a_refused_removal_stays_a_difference() -> None:
    sim = converged(tags=TEAM)
    declare(sim)

    def deny(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "UntagResource":
            raise Forbidden(operation, "AccessDeniedException", "not allowed")

    sim.dynamodb.faults = deny
    assert later(sim).verdict is Verdict.ERROR
    sim.dynamodb.faults = None
    assert later(sim).verdict is Verdict.IN_SYNC
    assert tags(sim) == {}


def test_stale_tags_after_the_removal_do_not_remove_twice() -> None:
    sim = simulate(stale=5.0, one_shot=True)
    declare(sim, tags=TEAM)
    later(sim)
    declare(sim)
    sim.once()
    assert sim.dynamodb.mutating.count("UntagResource") == 1


# Features


@FLAVORS
@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({"ttl": ttl("expires")}, {"ttl": "time_to_live: {enabled: false}"}),
        ({"stream": stream("NEW_IMAGE")}, {"stream": "stream_specification: {stream_enabled: false}"}),
        ({"global_indexes": (INDEX,)}, {"global_indexes": "global_secondary_indexes: []"}),
        ({"deletion_protection": True}, {"deletion_protection": "deletion_protection_enabled: false"}),
        ({"tags": TEAM, "ttl": ttl("expires")}, {"ttl": "time_to_live: {enabled: false}"}),
    ],
    ids=["ttl", "stream", "an index list", "protection", "ttl beside tags"],
)
def test_a_feature_that_vanishes_is_left_in_place_with_the_line_that_removes_it(
    spec: dict[str, Any], line: dict[str, str], flavor: Flavor
) -> None:
    sim = converged(flavor, **spec)
    declare(sim)
    later(sim)
    sim.dynamodb.journal.clear()
    written = sim.store.written
    for _ in range(3):
        report = later(sim)
        assert (report.verdict, left(report), table(report).steps) == (Verdict.IN_SYNC, line, ())
    assert (sim.dynamodb.mutating, sim.store.written) == ([], written)
    assert left(sim.reconciler.preview()) == line


def test_it_ends_when_the_feature_is_declared_again() -> None:
    sim = converged(ttl=ttl("expires"))
    declare(sim)
    assert left(later(sim))
    declare(sim, ttl=ttl("expires"))
    assert left(later(sim)) == {}


def test_it_ends_when_the_feature_is_gone_from_the_table() -> None:
    sim = converged(stream=stream("NEW_IMAGE"))
    declare(sim)
    assert left(later(sim))
    sim.dynamodb.do("UpdateTable", {"TableName": "users", "StreamSpecification": {"StreamEnabled": False}})
    assert left(later(sim)) == {}
    sim.dynamodb.do(
        "UpdateTable",
        {"TableName": "users", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
    )
    assert left(later(sim)) == {}


def test_the_line_that_is_shown_removes_the_feature() -> None:
    sim = converged(ttl=ttl("expires"))
    declare(sim)
    later(sim)
    declare(sim, ttl=ttl(None))
    later(sim)
    declare(sim)
    report = later(sim)
    assert (report.verdict, left(report)) == (Verdict.IN_SYNC, {})


def test_a_feature_of_an_adopted_table_counts_once_it_was_declared_and_in_sync() -> None:
    sim = simulate(one_shot=True)
    sim.dynamodb.make(
        TableName="users", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, **SAME
    )
    declare(sim)
    assert left(later(sim)) == {}
    declare(sim, stream=stream("KEYS_ONLY"))
    later(sim)
    declare(sim)
    assert left(later(sim)) == {"stream": "stream_specification: {stream_enabled: false}"}


def test_a_feature_that_never_converged_is_not_reported() -> None:
    sim = simulate(one_shot=True, disruption="never")
    sim.dynamodb.make(
        TableName="users", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, **SAME
    )
    declare(sim, stream=stream("NEW_IMAGE"))
    later(sim)
    declare(sim)
    assert left(later(sim)) == {}


def test_a_record_of_an_older_release_reports_no_feature() -> None:
    sim = converged(ttl=ttl("expires"))
    unmanaged_record(sim)
    declare(sim)
    assert left(later(sim)) == {}


def test_a_kill_before_the_record_of_a_feature_loses_nothing() -> None:
    sim = converged()
    declare(sim, ttl=ttl("expires"))

    def kill(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "UpdateTimeToLive":
            raise KeyboardInterrupt

    sim.dynamodb.after = kill
    with pytest.raises(KeyboardInterrupt):
        sim.run()
    sim.dynamodb.after = None
    later(sim)
    declare(sim)
    assert left(later(sim)) == {"ttl": "time_to_live: {enabled: false}"}


def test_a_feature_under_ignore_changes_is_not_reported() -> None:
    sim = converged(ttl=ttl("expires"))
    declare(sim, lifecycle=Lifecycle(ignore_changes=("ttl",)))
    assert left(later(sim)) == {}


def test_a_feature_that_the_endpoint_lacks_is_not_reported() -> None:
    sim = converged(ttl=ttl("expires"))
    declare(sim)

    def lack(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DescribeTimeToLive":
            raise Unsupported(operation, "UnknownOperationException", "no such operation")

    sim.dynamodb.faults = lack
    report = later(sim)
    assert (report.verdict, left(report)) == (Verdict.IN_SYNC, {})
    sim.dynamodb.faults = None
    assert left(later(sim)) == {"ttl": "time_to_live: {enabled: false}"}


def test_a_released_table_reports_no_feature() -> None:
    sim = converged(ttl=ttl("expires"))
    sim.reconciler.release(("users",))
    declare(sim)
    assert left(later(sim)) == {}


def test_another_stack_reports_nothing_of_ours() -> None:
    sim = converged(ttl=ttl("expires"), tags=TEAM)
    other = simulate(one_shot=True, stack="other")
    other.dynamodb.tables = sim.dynamodb.tables
    other.clock.seconds = sim.clock.seconds
    declare(other)
    report = later(other)
    assert (left(report), tags(sim)) == ({}, dict(TEAM))


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL])
@pytest.mark.parametrize(
    "features", [{}, {"ttl": ttl("expires"), "stream": stream("KEYS_ONLY")}], ids=["plain", "features"]
)
def test_the_record_of_a_created_table_is_written_before_and_after_the_create_and_then_never(
    flavor: Flavor, features: Mapping[str, Any]
) -> None:
    sim = converged(flavor, **features)
    written = sim.store.written
    later(sim)
    assert (written, sim.store.written) == (2, 2)

"""The plan of one table: its order, and the status that the table, its ongoing changes and the endpoint give a step."""

from __future__ import annotations

import pytest
from support.call_summary import summary
from support.specs import declaration, gsi, lsi, observed, provisioned, spec, stream, ttl, whole

from reconciler.model.change import Call, Hazard
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.table import KinesisStreaming
from reconciler.planning.planner import plan, prune_step, seed_step

DESIRED = spec(
    billing=provisioned(5, 5),
    global_indexes=[gsi("by_a", "a S")],
    ttl=ttl("expires"),
    tags={"team": "core"},
    deletion_protection=True,
)
LIVE = spec()
STREAM_ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"


def statuses(steps: tuple[Step, ...]) -> dict[str, StepStatus]:
    return {summary(step.call): step.status for step in steps if step.call}


def test_a_missing_table_is_created_and_the_remaining_facets_follow() -> None:
    steps = plan(declaration(DESIRED), None)
    assert [(step.action, summary(step.call), step.status) for step in steps if step.call] == [
        (Action.CREATE, "CreateTable", StepStatus.READY),
        (Action.UPDATE, "ttl on expires", StepStatus.READY),
    ]
    assert [change.path for change in steps[0].changes] == [
        "keys",
        "billing",
        "global_indexes",
        "tags",
        "deletion_protection",
    ]
    assert [(change.path, change.before) for change in steps[1].changes] == [
        ("ttl.enabled", False),
        ("ttl.attribute", None),
    ]


def test_tags_of_a_missing_table_are_unsupported_where_the_endpoint_has_none() -> None:
    create, tags = plan(declaration(spec(tags={"team": "core"})), None, lacks=frozenset({"tags"}))
    assert (create.status, [change.path for change in create.changes]) == (StepStatus.READY, ["keys"])
    assert (tags.status, tags.reason) == (StepStatus.UNSUPPORTED, Reason.UNSUPPORTED)
    assert tags.message == "the endpoint cannot hold tags"


def test_time_to_live_that_shall_be_off_needs_no_call_after_a_create() -> None:
    assert len(plan(declaration(spec(ttl=ttl(None))), None)) == 1


@pytest.mark.parametrize("status", ["CREATING", "UPDATING"])
def test_a_busy_table_takes_no_update(status: str) -> None:
    steps = plan(declaration(DESIRED), observed(LIVE, status=status))
    beside = StepStatus.READY if status == "UPDATING" else StepStatus.DEFERRED
    assert statuses(steps) == {
        "protect": StepStatus.DEFERRED,
        "tags team=core": beside,
        "ttl on expires": beside,
        "mode PROVISIONED 5/5": StepStatus.DEFERRED,
        "+index by_a 5/5": StepStatus.DEFERRED,
    }
    deferred = [step for step in steps if step.status is StepStatus.DEFERRED]
    assert {(step.reason, step.message) for step in deferred} == {(Reason.BUSY, f"table subject is {status}")}


@pytest.mark.parametrize(
    ("had", "desired"),
    [(None, STREAM_ARN), (STREAM_ARN, None), (STREAM_ARN, f"{STREAM_ARN}-2")],
    ids=["enabled", "disabled", "moved"],
)
def test_a_kinesis_destination_only_changes_while_the_table_is_active(had: str | None, desired: str | None) -> None:
    live = whole(spec(kinesis_streaming=KinesisStreaming(had)))
    declared = declaration(spec(kinesis_streaming=KinesisStreaming(desired)))
    for status, step_status in (("ACTIVE", StepStatus.READY), ("UPDATING", StepStatus.DEFERRED)):
        (step,) = plan(declared, observed(live, status=status))
        assert (step.facet, step.status) == ("kinesis_streaming", step_status)


def test_a_busy_index_defers_index_updates_only() -> None:
    live = observed(LIVE, ongoing=("index by_x is DELETING",), changing=frozenset({"global_indexes"}))
    steps = plan(declaration(DESIRED), live)
    ready = [name for name, step_status in statuses(steps).items() if step_status is StepStatus.READY]
    assert ready == ["tags team=core", "ttl on expires"]
    assert {step.message for step in steps if step.status is StepStatus.DEFERRED} == {"index by_x is DELETING"}


def test_time_to_live_that_is_changing_defers_only_itself() -> None:
    live = observed(LIVE, ongoing=("time to live is DISABLING",), changing=frozenset({"ttl"}))
    steps = plan(declaration(DESIRED), live)
    assert [name for name, step_status in statuses(steps).items() if step_status is StepStatus.DEFERRED] == [
        "ttl on expires"
    ]


def test_a_table_being_deleted_is_only_waited_for() -> None:
    (step,) = plan(declaration(DESIRED), observed(LIVE, status="DELETING"))
    assert (step.call, step.status, step.reason) == (None, StepStatus.DEFERRED, Reason.BUSY)
    assert step.message == "table subject is DELETING"


@pytest.mark.parametrize(
    ("status", "action"), [("CREATING", Action.CREATE), ("UPDATING", Action.UPDATE), ("DELETING", Action.UPDATE)]
)
def test_a_table_as_declared_that_is_not_active_yet_is_waited_for_once(status: str, action: Action) -> None:
    (step,) = plan(declaration(LIVE), observed(LIVE, status=status))
    assert (step.action, step.facet, step.call, step.status) == (action, "table", None, StepStatus.DEFERRED)


@pytest.mark.parametrize("facet", ["global_indexes", "ttl"])
def test_a_declared_feature_under_way_is_waited_for(facet: str) -> None:
    live = observed(LIVE, ongoing=("it is ENABLING",), changing=frozenset({facet}))
    desired = spec(global_indexes=[], ttl=ttl(None))
    (step,) = plan(declaration(desired), live)
    assert (step.facet, step.call, step.status, step.message) == (facet, None, StepStatus.DEFERRED, "it is ENABLING")
    assert plan(declaration(LIVE), live) == ()


@pytest.mark.parametrize(
    "status",
    [
        "ARCHIVED",
        "ARCHIVING",
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        "REPLICATION_NOT_AUTHORIZED",
        "SOMETHING_NEW",
    ],
)
@pytest.mark.parametrize("desired", [DESIRED, LIVE, spec("id S")], ids=["drifted", "in sync", "other key"])
def test_an_inaccessible_table_is_never_touched_and_never_in_sync(status: str, desired) -> None:
    steps = plan(declaration(desired), observed(LIVE, status=status))
    assert steps
    assert {(step.status, step.reason) for step in steps} == {(StepStatus.BLOCKED, Reason.STATUS)}
    assert all(step.message == f"table subject is {status}" and step.allow_with for step in steps)


def test_a_facet_without_a_read_operation_is_unsupported_only_if_it_differs() -> None:
    live = observed(LIVE, unsupported=frozenset({"tags", "ttl"}))
    (step,) = plan(declaration(spec(tags={"a": "b"}, ttl=ttl(None))), live)
    assert (step.facet, step.status) == ("tags", StepStatus.UNSUPPORTED)


def test_all_that_only_a_replacement_changes_is_one_step_and_the_rest_is_moot() -> None:
    live = observed(spec("pk S", "sk S", local_indexes=[lsi("by_date", "date S")]))
    desired = spec("pk S", "sk N", local_indexes=[], stream=stream("KEYS_ONLY"))
    replace, rest = plan(declaration(desired), live)
    assert (replace.action, replace.facet, replace.call) == (
        Action.REPLACE,
        "keys",
        Call("DeleteTable", {"TableName": "subject"}),
    )
    assert [change.path for change in replace.changes] == ["keys", "local_indexes.by_date"]
    assert (summary(rest.call), rest.status, rest.message) == (
        "stream KEYS_ONLY",
        StepStatus.READY,
        "moot if the table is replaced",
    )


def test_an_index_that_only_the_replaced_table_can_have_is_blocked_with_its_reason() -> None:
    desired = spec("pk N", global_indexes=[gsi("by_a", "a S", "pk N")])
    replace, create = plan(declaration(desired), observed(LIVE))
    assert replace.action is Action.REPLACE
    assert (create.status, create.reason) == (StepStatus.BLOCKED, Reason.REJECTED)
    assert "while the key of the table uses pk under another type" in (create.message or "")
    assert create.allow_with


def test_a_rebuild_says_what_follows() -> None:
    live = observed(spec(global_indexes=[gsi("by_a", "a S")]))
    (step,) = plan(declaration(spec(global_indexes=[gsi("by_a", "b S", project="KEYS_ONLY")])), live)
    assert [change.path for change in step.changes] == ["global_indexes.by_a.keys", "global_indexes.by_a.projection"]
    assert (summary(step.call), step.message) == ("-index by_a", "then index by_a is created again under its name")


def test_pruning_is_one_destructive_step() -> None:
    step = prune_step("users")
    assert (step.action, step.facet, step.destructive) == (Action.DELETE, "table", True)
    assert step.call == Call("DeleteTable", {"TableName": "users"})
    assert step.changes[0].hazard is Hazard.REPLACEMENT


@pytest.mark.parametrize(
    ("count", "messages"), [(1, "1 item from seeds/users.json"), (3, "3 items from seeds/users.json")]
)
def test_seeding_says_how_much_from_where(count: int, messages: str) -> None:
    step = seed_step("seeds/users.json", count)
    assert (step.action, step.facet, step.call, step.message) == (Action.SEED, "seed", None, messages)

"""Rules 8, 9, 22 to 25, 31 and 32: the features other than keys, capacity and indexes."""

import json

import pytest
from simulation.sequences import KEY, NAME, answer, converge, create, index, later, service, update, with_table
from simulation.simulated_engine import declaration, item, simulate
from support.specs import gsi

from reconciler.facets.policy_json import normalized_policy
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableStatus
from reconciler.model.table import (
    ContributorInsights,
    IndexInsights,
    KinesisStreaming,
    OnDemandThroughput,
    PointInTimeRecovery,
    ResourcePolicy,
    Sse,
    Stream,
    WarmThroughput,
)

DESCRIBE_INSIGHTS, DESCRIBE_KINESIS = "DescribeContributorInsights", "DescribeKinesisStreamingDestination"
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem"}]})
DENY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "dynamodb:*"}]})
STREAMS = [f"arn:aws:kinesis:eu-central-1:111122223333:stream/{name}" for name in ("one", "two")]


@pytest.mark.parametrize(
    "requested",
    [{"ReadUnitsPerSecond": 11999}, {"WriteUnitsPerSecond": 1}, {}, {"ReadUnitsPerSecond": 12000}],
    ids=["reads below the baseline", "writes below the baseline", "nothing", "what it has"],
)
def test_rule_8_warm_throughput_only_rises(requested):
    assert update(with_table(), WarmThroughput=requested) == "ValidationException"


def test_rule_8_a_create_may_not_ask_for_less_than_there_is_from_the_start():
    less = {**KEY, "BillingMode": "PAY_PER_REQUEST", "WarmThroughput": {"ReadUnitsPerSecond": 100}}
    assert answer(service(), "CreateTable", **less) == "ValidationException"
    sim = simulate(flavor=Flavor.AWS, delay=30)
    report = converge(sim, declaration(warm_throughput=WarmThroughput(100, 20000)))
    assert statuses(report) == [StepStatus.UNSUPPORTED]
    live = sim.dynamodb.tables[NAME].description["WarmThroughput"]
    assert (live["ReadUnitsPerSecond"], live["WriteUnitsPerSecond"]) == (12000, 20000)


def test_rule_8_what_was_raised_cannot_be_lowered():
    dynamodb = with_table(delay=10)
    assert update(dynamodb, WarmThroughput={"ReadUnitsPerSecond": 20000}) == "taken"
    later(dynamodb, 11)
    assert update(dynamodb, WarmThroughput={"ReadUnitsPerSecond": 15000}) == "ValidationException"
    live = dynamodb.read("DescribeTable", {"TableName": NAME})["Table"]["WarmThroughput"]
    assert live == {"ReadUnitsPerSecond": 20000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}


@pytest.mark.parametrize("requested", [{}, {"MaxReadRequestUnits": 0}, {"MaxWriteRequestUnits": -2}])
def test_rule_9_a_maximum_on_demand_is_at_least_1_or_minus_1(requested):
    assert update(with_table(), OnDemandThroughput=requested) == "ValidationException"


def statuses(report):
    return [step.status for table in report.tables for step in table.steps]


def test_rule_8_ours_raises_to_a_higher_declaration_and_only_reports_a_lower_one():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    converge(sim, declaration(warm_throughput=WarmThroughput(12000, 4000)))
    converge(sim, declaration(warm_throughput=WarmThroughput(20000, 4000)))
    calls = len(sim.dynamodb.journal)
    lower = converge(sim, declaration(warm_throughput=WarmThroughput(15000, 4000)))
    assert statuses(lower) == [StepStatus.UNSUPPORTED]
    assert len(sim.dynamodb.journal) == calls


@pytest.mark.parametrize("maximum", [OnDemandThroughput(1, 1), OnDemandThroughput(write=7), OnDemandThroughput(-1, -1)])
def test_rule_9_ours_sets_a_maximum_changes_it_and_takes_it_away(maximum):
    sim = simulate(flavor=Flavor.AWS, delay=30)
    converge(sim, declaration(on_demand_throughput=OnDemandThroughput(100, 50)))
    converge(sim, declaration(on_demand_throughput=maximum))


def test_rule_9_minus_1_removes_a_maximum():
    dynamodb = with_table()
    assert update(dynamodb, OnDemandThroughput={"MaxReadRequestUnits": 10}) == "taken"
    assert update(dynamodb, OnDemandThroughput={"MaxReadRequestUnits": -1}) == "taken"
    assert update(dynamodb, OnDemandThroughput={"MaxReadRequestUnits": -1}) == "ValidationException"


def put(dynamodb, text=ALLOW, **more):
    return answer(dynamodb, "PutResourcePolicy", ResourceArn=dynamodb.arn(NAME), Policy=text, **more)


def test_rule_22_a_policy_is_at_most_20_kilobytes_with_its_whitespace():
    dynamodb = with_table()
    assert put(dynamodb, ALLOW + " " * (20 * 1024 - len(ALLOW))) == "taken"
    assert put(dynamodb, ALLOW + " " * (20 * 1024 - len(ALLOW) + 1)) == "LimitExceededException"


def test_rule_22_a_policy_is_changed_only_in_the_revision_that_was_seen():
    dynamodb = with_table()
    arn = dynamodb.arn(NAME)
    assert put(dynamodb, ExpectedRevisionId="somebody-elses") == "PolicyNotFoundException"
    assert put(dynamodb, ExpectedRevisionId="NO_POLICY") == "taken"
    assert put(dynamodb, ExpectedRevisionId="NO_POLICY") == "PolicyNotFoundException"
    seen = dynamodb.read("GetResourcePolicy", {"ResourceArn": arn})["RevisionId"]
    assert put(dynamodb, ExpectedRevisionId=seen) == "taken"
    assert (
        answer(dynamodb, "DeleteResourcePolicy", ResourceArn=arn, ExpectedRevisionId=seen) == "PolicyNotFoundException"
    )
    assert answer(dynamodb, "DeleteResourcePolicy", ResourceArn=arn) == "taken"


def test_rule_22_a_policy_that_locks_its_author_out_must_be_confirmed():
    dynamodb = with_table()
    assert put(dynamodb, DENY) == "ValidationException"
    assert put(dynamodb, DENY, ConfirmRemoveSelfResourceAccess=True) == "taken"


def policy(action):
    return ResourcePolicy(
        normalized_policy({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action}]})
    )


def test_rule_22_ours_writes_policies_of_table_and_stream_against_the_revision_it_saw():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    streamed = {"stream": Stream(True, "KEYS_ONLY")}
    converge(sim, declaration(**streamed))
    for requested in (policy("dynamodb:GetItem"), policy("dynamodb:Query"), ResourcePolicy(None)):
        converge(sim, declaration(resource_policy=requested, stream_policy=requested, **streamed))
    assert all("ExpectedRevisionId" in call.params for call in sim.dynamodb.journal if "Policy" in call.operation)


def test_rule_22_ours_does_not_overwrite_what_somebody_else_wrote_meanwhile():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    converge(sim, declaration(resource_policy=policy("dynamodb:GetItem")))
    arn, theirs = sim.dynamodb.arn(NAME), json.dumps({"Version": "2012-10-17", "Statement": []})

    def meanwhile(operation, params):
        if operation == "PutResourcePolicy" and sim.dynamodb.faults:
            sim.dynamodb.faults = None
            sim.dynamodb.do("PutResourcePolicy", {"ResourceArn": arn, "Policy": theirs})

    sim.dynamodb.faults = meanwhile
    sim.declare(declaration(resource_policy=policy("dynamodb:Query")))
    sim.run()
    assert sim.dynamodb.read("GetResourcePolicy", {"ResourceArn": arn})["Policy"] == theirs
    sim.run()
    assert sim.run().tables[0].status is TableStatus.IN_SYNC


def recovery(dynamodb, **requested):
    spec = {"PointInTimeRecoveryEnabled": True, **requested}
    return answer(dynamodb, "UpdateContinuousBackups", PointInTimeRecoverySpecification=spec)


def test_rule_23_recovery_is_not_available_right_after_a_create():
    dynamodb = service()
    assert answer(dynamodb, "CreateTable", **KEY, BillingMode="PAY_PER_REQUEST") == "taken"
    assert recovery(dynamodb) == "ContinuousBackupsUnavailableException"
    later(dynamodb, 21)
    assert recovery(dynamodb) == "taken"


@pytest.mark.parametrize("days", [0, 36])
def test_rule_23_recovery_goes_back_1_to_35_days(days):
    dynamodb = with_table()
    later(dynamodb, 60)
    assert recovery(dynamodb, RecoveryPeriodInDays=days) == "ValidationException"
    assert recovery(dynamodb) == "taken"
    described = dynamodb.read("DescribeContinuousBackups", {"TableName": NAME})["ContinuousBackupsDescription"]
    assert described["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 35


def test_rule_23_ours_enables_recovery_and_changes_its_days():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    for requested in (PointInTimeRecovery(True), PointInTimeRecovery(True, 7), PointInTimeRecovery(False)):
        converge(sim, declaration(point_in_time_recovery=requested))


def test_rule_23_ours_takes_the_refusal_right_after_a_create_as_a_wait():
    sim = simulate(flavor=Flavor.AWS)
    sim.declare(declaration(point_in_time_recovery=PointInTimeRecovery(True)))
    sim.run()
    report = sim.run()
    assert report.tables[0].status is TableStatus.PENDING
    assert statuses(report) == [StepStatus.DEFERRED]
    sim.clock.seconds += 30
    sim.run()
    assert sim.run().tables[0].status is TableStatus.IN_SYNC


def insights(dynamodb, **more):
    return answer(dynamodb, "UpdateContributorInsights", ContributorInsightsAction="ENABLE", **more)


def test_rule_24_insights_are_of_the_table_and_of_each_index_and_take_their_time():
    dynamodb = with_table(delay=10)
    assert update(dynamodb, **create(index("by_a", "a"))) == "taken"
    later(dynamodb, 20)
    assert insights(dynamodb) == "taken"
    assert insights(dynamodb) == "ResourceInUseException"
    assert insights(dynamodb, IndexName="by_a") == "taken"
    assert insights(dynamodb, IndexName="by_b") == "ResourceNotFoundException"
    later(dynamodb, 11)
    assert dynamodb.read(DESCRIBE_INSIGHTS, {"TableName": NAME})["ContributorInsightsStatus"] == "ENABLED"


def test_rule_24_insights_may_end_in_failed():
    dynamodb = with_table()
    dynamodb.failing.add("insights")
    assert insights(dynamodb) == "taken"
    assert dynamodb.read(DESCRIBE_INSIGHTS, {"TableName": NAME})["ContributorInsightsStatus"] == "FAILED"


def test_rule_24_ours_sets_insights_of_the_table_and_of_an_index_in_calls_of_their_own():
    sim = simulate(flavor=Flavor.AWS, delay=30, disruption="allow")
    indexed = {"global_indexes": (gsi("by_a", "a S"),)}
    converge(sim, declaration(**indexed))
    for on in (True, False):
        requested = ContributorInsights(on, indexes=(IndexInsights("by_a", on, "THROTTLED_KEYS" if on else None),))
        converge(sim, declaration(contributor_insights=requested, **indexed))
    assert sim.dynamodb.mutating == ["CreateTable"] + ["UpdateContributorInsights"] * 4


def test_rule_24_ours_tries_insights_that_failed_twice_and_then_reports_it():
    sim = simulate(flavor=Flavor.AWS)
    converge(sim, declaration())
    sim.dynamodb.failing.add("insights")
    sim.declare(declaration(contributor_insights=ContributorInsights(True)))
    for _ in range(5):
        report = sim.run()
        sim.clock.seconds += 60
    assert sim.dynamodb.mutating.count("UpdateContributorInsights") == 2
    assert [(step.status, step.reason) for step in report.tables[0].steps] == [(StepStatus.BLOCKED, Reason.CONTESTED)]


def kinesis(dynamodb, verb, arn=STREAMS[0]):
    return answer(dynamodb, f"{verb}KinesisStreamingDestination", StreamArn=arn)


def test_rule_25_another_destination_is_refused_until_the_old_one_is_disabled():
    dynamodb = with_table(delay=10)
    assert kinesis(dynamodb, "Enable") == "taken"
    assert kinesis(dynamodb, "Enable", STREAMS[1]) == "ResourceInUseException"
    later(dynamodb, 11)
    assert kinesis(dynamodb, "Enable", STREAMS[1]) == "ResourceInUseException"
    assert kinesis(dynamodb, "Disable") == "taken"
    assert kinesis(dynamodb, "Enable", STREAMS[1]) == "ResourceInUseException"
    later(dynamodb, 11)
    assert kinesis(dynamodb, "Enable", STREAMS[1]) == "taken"


def test_rule_25_a_destination_that_failed_stays_failed_until_it_is_disabled():
    dynamodb = with_table()
    dynamodb.failing.add("kinesis")
    assert kinesis(dynamodb, "Enable") == "taken"
    (destination,) = dynamodb.read(DESCRIBE_KINESIS, {"TableName": NAME})["KinesisDataStreamDestinations"]
    assert destination["DestinationStatus"] == "ENABLE_FAILED"
    assert kinesis(dynamodb, "Enable") == "ResourceInUseException"
    assert kinesis(dynamodb, "Disable") == "taken"


def test_rule_25_ours_disables_the_old_destination_waits_and_enables_the_new_one():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    converge(sim, declaration())
    for arn, precision in ((STREAMS[0], "MILLISECOND"), (STREAMS[0], "MICROSECOND"), (STREAMS[1], None), (None, None)):
        converge(sim, declaration(kinesis_streaming=KinesisStreaming(arn, precision)))


def test_rule_25_ours_clears_a_destination_that_failed_before_it_tries_again():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    converge(sim, declaration())
    sim.dynamodb.failing.add("kinesis")
    sim.declare(declaration(kinesis_streaming=KinesisStreaming(STREAMS[0])))
    sim.run()
    sim.clock.seconds += 60
    sim.dynamodb.settle()
    sim.dynamodb.failing.clear()
    converge(sim, declaration(kinesis_streaming=KinesisStreaming(STREAMS[0])))
    assert [operation.removesuffix("KinesisStreamingDestination") for operation in sim.dynamodb.mutating[1:]] == [
        *("Enable", "Disable", "Enable")
    ]


def test_rule_25_ours_gives_up_on_a_destination_that_failed_twice():
    sim = simulate(flavor=Flavor.AWS)
    converge(sim, declaration())
    sim.dynamodb.failing.add("kinesis")
    sim.declare(declaration(kinesis_streaming=KinesisStreaming(STREAMS[0])))
    for _ in range(10):
        report = sim.run()
        sim.clock.seconds += 60
    assert sim.dynamodb.mutating.count("EnableKinesisStreamingDestination") == 2
    assert {step.reason for step in report.tables[0].steps} == {Reason.CONTESTED}
    assert sim.dynamodb.refused == []


def test_rule_31_a_key_named_by_its_alias_reads_back_as_an_arn_and_setting_it_again_is_refused():
    dynamodb = with_table()
    dynamodb.aliases["alias/ours"] = "arn:aws:kms:eu-central-1:111122223333:key/1234"
    requested = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/ours"}
    assert update(dynamodb, SSESpecification=requested) == "taken"
    live = dynamodb.read("DescribeTable", {"TableName": NAME})["Table"]["SSEDescription"]
    assert live["KMSMasterKeyArn"] == dynamodb.aliases["alias/ours"] != requested["KMSMasterKeyId"]
    assert update(dynamodb, SSESpecification=requested) == "ValidationException"


def test_rule_31_ours_knows_an_alias_by_the_arn_it_stands_for():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    sim.dynamodb.aliases |= {f"alias/{name}": f"arn:aws:kms:eu-central-1:111122223333:key/{name}" for name in "ab"}
    for key in ("alias/a", sim.dynamodb.aliases["alias/a"], "alias/b", "alias/a"):
        converge(sim, declaration(sse=Sse(True, key)))
    assert sim.dynamodb.mutating == ["CreateTable", "UpdateTable", "UpdateTable"]
    converge(sim, declaration(sse=Sse(False)))


def test_rule_32_an_import_makes_new_tables_only():
    dynamodb = with_table()
    source = {"S3Bucket": "bucket"}
    wanted = {"TableName": NAME, **KEY, "BillingMode": "PAY_PER_REQUEST"}

    def imported(table, token="t"):
        return answer(dynamodb, "ImportTable", ClientToken=token, S3BucketSource=source, TableCreationParameters=table)

    assert imported(wanted) == "ResourceInUseException"
    assert imported({**wanted, "TableName": "other", "Tags": [{"Key": "a", "Value": "b"}]}) == "ValidationException"
    assert answer(dynamodb, "ImportTable", TableCreationParameters=wanted) == "ValidationException"


def test_rule_32_a_token_finds_an_import_while_it_runs_and_its_table_is_creating_until_the_end():
    dynamodb = with_table()
    dynamodb.jobs.files["bucket"], dynamodb.jobs.takes = {}, 60.0
    wanted = {"TableName": "other", **KEY, "BillingMode": "PAY_PER_REQUEST"}

    def imported(name="other", token="t"):
        table = {**wanted, "TableName": name}
        source = {"S3Bucket": "bucket"}
        return answer(dynamodb, "ImportTable", ClientToken=token, S3BucketSource=source, TableCreationParameters=table)

    assert [imported(), imported()] == ["taken", "taken"]
    assert len(dynamodb.jobs.imports) == 1
    assert imported("another") == "ImportConflictException"
    (job,) = dynamodb.jobs.imports.values()
    assert dynamodb.tables["other"].status == "CREATING"
    assert job.description["TableId"] == dynamodb.tables["other"].description["TableId"]
    later(dynamodb, 61)
    assert dynamodb.tables["other"].status == "ACTIVE"
    assert imported() == "ResourceInUseException"
    assert [imported(f"more{number}", f"t{number}") for number in range(51)][-2:] == ["taken", "LimitExceededException"]


def test_rule_32_a_bulk_put_is_made_once_a_token_and_a_token_means_one_request():
    dynamodb = with_table()
    dynamodb.jobs.files["bucket"] = {}
    source = {"S3Bucket": "bucket", "InputFormat": "DYNAMODB_JSON"}

    def bulk(**more):
        return answer(dynamodb, "StartBulkPutItems", ClientToken="t", InputS3Configuration=source, **more)

    assert bulk() == "taken"
    assert bulk() == "taken"
    assert len(dynamodb.jobs.puts) == 1
    assert bulk(MaxWriteRequestUnits=2048) == "IdempotentParameterMismatchException"
    later(dynamodb, 9 * 3600)
    assert bulk(MaxWriteRequestUnits=2048) == "taken"


def test_rule_32_ours_seeds_by_conditional_puts_and_needs_neither():
    sim = simulate(flavor=Flavor.AWS, delay=30)
    converge(sim, declaration(seed=(item("1", name="Ada"),)))
    assert sim.dynamodb.mutating == ["CreateTable"]
    assert sim.items.puts == 1

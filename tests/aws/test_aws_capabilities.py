"""Missing operations of an endpoint: known by flavor, learnt from two answers, forgotten after a disconnect."""

import pytest
from moto.dynamodb.responses import DynamoHandler
from support.fakes import Quiet
from support.proxy import RecordingProxy
from support.scripted import Canned, ScriptedServer, answer, refusal

from reconciler.aws import session
from reconciler.aws.capabilities import ANSWERS_500, REMEMBERED_SECONDS, Capabilities
from reconciler.aws.session import connect
from reconciler.model.change import Call
from reconciler.model.errors import Ambiguous, Malformed, Unreachable, Unsupported
from reconciler.model.identity import Flavor

MISSING = "DescribeContributorInsights"


def test_the_list_for_moto_names_exactly_what_this_moto_lacks(moto):
    from botocore import xform_name

    operations = moto.client.meta.service_model.operation_names
    lacking = {name for name in operations if not hasattr(DynamoHandler, xform_name(name))}
    assert lacking == ANSWERS_500[Flavor.MOTO]


def test_moto_is_asked_once_for_what_it_does_not_have_and_never_again(moto):
    with RecordingProxy(moto.url) as proxy:
        connection = connect(proxy.url, "us-east-1", 1, Quiet())
        assert connection.identify().flavor is Flavor.MOTO
        for _ in range(3):
            with pytest.raises(Unsupported):
                connection.tables.read(MISSING, {"TableName": "users"})
        assert proxy.operations.count(MISSING) == 1


def test_dynamodb_local_is_asked_twice_in_a_row_for_what_it_does_not_have_and_never_again(local):
    with RecordingProxy(local.url) as proxy:
        connection = connect(proxy.url, "us-east-1", 1, Quiet())
        connection.identify()
        for _ in range(3):
            with pytest.raises(Unsupported):
                connection.tables.read(MISSING, {"TableName": "users"})
        assert proxy.operations.count(MISSING) == 2


def bare_500(operation):
    return Ambiguous(operation, "500", "<!doctype html>")


def remembering(flavor, clock=lambda: 0.0):
    capabilities = Capabilities(clock)
    capabilities.flavor = flavor
    return capabilities


def test_a_page_of_html_means_unknown_only_for_the_operations_that_the_flavor_lacks():
    capabilities = remembering(Flavor.MOTO)
    assert isinstance(capabilities.judged(bare_500(MISSING)), Unsupported)
    assert isinstance(capabilities.judged(bare_500("CreateTable")), Ambiguous)
    assert capabilities.lacking("CreateTable") is None


@pytest.mark.parametrize("flavor", [None, Flavor.AWS, Flavor.DYNAMODB_LOCAL, Flavor.OTHER])
def test_a_500_of_any_other_call_may_have_been_applied(flavor):
    assert isinstance(remembering(flavor).judged(bare_500(MISSING)), Ambiguous)


def test_a_500_that_carries_the_services_own_code_is_not_a_refusal_of_the_operation():
    error = Ambiguous(MISSING, "InternalServerError", "busy")
    assert remembering(Flavor.MOTO).judged(error) is error


def test_learnt_capabilities_are_dropped_after_the_endpoint_was_unreachable():
    capabilities = remembering(Flavor.MOTO)
    capabilities.learn(Unsupported(MISSING, "UnknownOperationException", "no"))
    assert capabilities.lacking(MISSING) is not None
    capabilities.judged(Unreachable("ListTables", "ConnectionRefusedError", "refused"))
    assert capabilities.lacking(MISSING) is None


def test_learnt_capabilities_are_checked_again_after_an_hour():
    now = [0.0]
    capabilities = remembering(Flavor.OTHER, lambda: now[0])
    capabilities.learn(Unsupported(MISSING, "UnknownOperationException", "no"))
    now[0] = REMEMBERED_SECONDS - 1
    assert capabilities.lacking(MISSING) is not None
    now[0] = REMEMBERED_SECONDS
    assert capabilities.lacking(MISSING) is None


UNKNOWN = {
    "UnknownOperationException": refusal("UnknownOperationException"),
    "501": refusal("InternalFailure", 501),
}
TTL = {"TableName": "users", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "at"}}
DONE = answer({"TimeToLiveSpecification": TTL["TimeToLiveSpecification"]})


HTML = (("Content-Type", "text/html"),)
JSON = (("Content-Type", "application/json"),)
IN_FRONT = {
    "an empty 404": Canned(404, b""),
    "a page of 404": Canned(404, b"<html>404 not found</html>", HTML),
    "a 404 of an API gateway": Canned(404, b'{"message":"no Route matched with those values"}', JSON),
    "a 404 that is JSON without an object": Canned(404, b'"not found"', JSON),
    "a 405": Canned(405, b"Method Not Allowed"),
    "a 410": Canned(410, b""),
    "an empty 501": Canned(501, b""),
    "a page of 501": Canned(501, b"<html>501 Not Implemented</html>", HTML),
    "a 501 of an API gateway": Canned(501, b'{"message":"Not Implemented"}', JSON),
    "a 501 that names itself in words": Canned(501, b"NotImplemented"),
    "a 501 in XML": Canned(501, b"<Error><Message>no</Message></Error>", (("Content-Type", "text/xml"),)),
    "a page of 502": Canned(502, b"<html>", HTML),
}


@pytest.mark.parametrize("reply", IN_FRONT.values(), ids=IN_FRONT)
def test_a_proxy_answer_does_not_prove_a_missing_operation(reply, monkeypatch):
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    replies = [reply, reply, reply, DONE]
    with ScriptedServer(lambda *_: replies.pop(0)) as server:
        tables = connect(server.url, "us-east-1", 1, Quiet()).tables
        for _ in range(3):
            with pytest.raises((Ambiguous, Malformed)):
                tables.write(Call("UpdateTimeToLive", TTL))
        tables.write(Call("UpdateTimeToLive", TTL))
        assert server.seen == ["UpdateTimeToLive"] * 4


@pytest.mark.parametrize("messages", UNKNOWN.values(), ids=UNKNOWN)
def test_one_refusal_as_unknown_is_asked_again_and_forgotten_when_the_answer_comes(messages):
    replies, telemetry = [messages, DONE, DONE], Quiet()
    with ScriptedServer(lambda *_: replies.pop(0)) as server:
        tables = connect(server.url, "us-east-1", 1, telemetry).tables
        for _ in range(2):
            tables.write(Call("UpdateTimeToLive", TTL))
        assert server.seen == ["UpdateTimeToLive"] * 3
    assert telemetry.retries == ["UpdateTimeToLive"]
    assert telemetry.requests == [("UpdateTimeToLive", "success")] * 2


@pytest.mark.parametrize("messages", UNKNOWN.values(), ids=UNKNOWN)
def test_two_refusals_in_a_row_are_believed_and_the_write_is_not_sent_again(messages):
    with ScriptedServer(messages) as server:
        tables = connect(server.url, "us-east-1", 1, Quiet()).tables
        for _ in range(5):
            with pytest.raises(Unsupported):
                tables.write(Call("UpdateTimeToLive", TTL))
        assert server.seen == ["UpdateTimeToLive"] * 2


def test_what_destroys_is_not_sent_again_to_find_out_whether_it_is_known():
    with ScriptedServer(UNKNOWN["501"]) as server:
        tables = connect(server.url, "us-east-1", 1, Quiet()).tables
        for _ in range(2):
            with pytest.raises(Unsupported):
                tables.write(Call("DeleteResourcePolicy", {"ResourceArn": "arn:aws:dynamodb:us-east-1:1:table/users"}))
        assert server.seen == ["DeleteResourcePolicy"] * 2, "asked anew each time, and each time once"


CERTAIN = {
    "every endpoint describes tables": (Flavor.OTHER, "DescribeTable"),
    "every endpoint updates tables": (Flavor.DYNAMODB_LOCAL, "UpdateTable"),
    "AWS has time to live": (Flavor.AWS, "UpdateTimeToLive"),
    "AWS has tags": (Flavor.AWS, "ListTagsOfResource"),
    "AWS has point-in-time recovery": (Flavor.AWS, "UpdateContinuousBackups"),
    "DynamoDB Local has time to live": (Flavor.DYNAMODB_LOCAL, "UpdateTimeToLive"),
    "DynamoDB Local tells of time to live": (Flavor.DYNAMODB_LOCAL, "DescribeTimeToLive"),
    "moto has time to live": (Flavor.MOTO, "UpdateTimeToLive"),
    "moto has tags": (Flavor.MOTO, "ListTagsOfResource"),
    "moto has point-in-time recovery": (Flavor.MOTO, "UpdateContinuousBackups"),
    "AWS has scalable targets": (Flavor.AWS, "application-autoscaling:RegisterScalableTarget"),
}


@pytest.mark.parametrize("case", CERTAIN.values(), ids=CERTAIN)
def test_what_an_endpoint_has_for_certain_is_never_believed_to_be_missing(case):
    flavor, operation = case
    judged = remembering(flavor).judged(Unsupported(operation, "UnknownOperationException", "no"))
    assert isinstance(judged, Malformed)


UNCERTAIN = {
    "AWS may have vectors somewhere only": (Flavor.AWS, "SearchVectors"),
    "DynamoDB Local has no tags": (Flavor.DYNAMODB_LOCAL, "ListTagsOfResource"),
    "what is not known is not AWS": (None, "UpdateTimeToLive"),
}


@pytest.mark.parametrize("case", UNCERTAIN.values(), ids=UNCERTAIN)
def test_what_an_endpoint_may_lack_is_believed_to_be_missing(case):
    flavor, operation = case
    refused = Unsupported(operation, "UnknownOperationException", "no")
    assert remembering(flavor).judged(refused) is refused

"""An endpoint's missing operations: known by flavor, learnt from answers, asked once, forgotten when it was gone."""

import pytest
from moto.dynamodb.responses import DynamoHandler
from support.fakes import Quiet
from support.proxy import RecordingProxy

from reconciler.aws.capabilities import ANSWERS_500, REMEMBERED_SECONDS, Capabilities
from reconciler.aws.session import connect
from reconciler.model.errors import Ambiguous, Unreachable, Unsupported
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


def test_dynamodb_local_is_asked_once_for_what_it_does_not_have_and_never_again(local):
    with RecordingProxy(local.url) as proxy:
        connection = connect(proxy.url, "us-east-1", 1, Quiet())
        connection.identify()
        for _ in range(3):
            with pytest.raises(Unsupported):
                connection.tables.read(MISSING, {"TableName": "users"})
        assert proxy.operations.count(MISSING) == 1


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
def test_a_500_elsewhere_is_a_call_that_may_have_been_applied(flavor):
    assert isinstance(remembering(flavor).judged(bare_500(MISSING)), Ambiguous)


def test_a_500_that_carries_the_services_own_code_is_no_refusal_of_the_operation():
    error = Ambiguous(MISSING, "InternalServerError", "busy")
    assert remembering(Flavor.MOTO).judged(error) is error


def test_what_was_learnt_is_forgotten_once_the_endpoint_was_gone():
    capabilities = remembering(Flavor.MOTO)
    capabilities.judged(bare_500(MISSING))
    assert capabilities.lacking(MISSING) is not None
    capabilities.judged(Unreachable("ListTables", "ConnectionRefusedError", "refused"))
    assert capabilities.lacking(MISSING) is None


def test_what_was_learnt_is_asked_again_after_an_hour():
    now = [0.0]
    capabilities = remembering(Flavor.OTHER, lambda: now[0])
    capabilities.judged(Unsupported(MISSING, "UnknownOperationException", "no"))
    now[0] = REMEMBERED_SECONDS - 1
    assert capabilities.lacking(MISSING) is not None
    now[0] = REMEMBERED_SECONDS
    assert capabilities.lacking(MISSING) is None

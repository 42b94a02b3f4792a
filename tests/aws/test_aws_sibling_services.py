"""Sibling services of DynamoDB: their addresses, endpoints without them, and read-only clients."""

from __future__ import annotations

import pytest
from support.fakes import Quiet

from reconciler.aws.session import connect
from reconciler.model.change import Call
from reconciler.model.errors import Denied, NotFound, Rejected, Unsupported

PLACE = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/users",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
}
REGISTER = Call("application-autoscaling:RegisterScalableTarget", {**PLACE, "MinCapacity": 1, "MaxCapacity": 2})
DEREGISTER = Call("application-autoscaling:DeregisterScalableTarget", PLACE)
TARGETS = "application-autoscaling:DescribeScalableTargets"
ASKED = {"ServiceNamespace": "dynamodb", "ResourceIds": ["table/users"]}


def test_at_moto_it_is_reached_under_the_address_of_the_tables(moto):
    quiet = Quiet()
    connection = connect(moto.url, None, 2, quiet)
    connection.identify()
    assert connection.tables.read(TARGETS, ASKED) == {"ScalableTargets": []}
    connection.tables.write(REGISTER)
    (target,) = connection.tables.read(TARGETS, ASKED)["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    assert (REGISTER.operation, "success") in quiet.requests


def test_a_reading_connection_refuses_to_write_there_too(moto):
    connection = connect(moto.url, None, 2, Quiet())
    connection.identify()
    reading = connection.read_only()
    with pytest.raises(Denied):
        reading.tables.write(REGISTER)
    assert reading.tables.read(TARGETS, ASKED) == {"ScalableTargets": []}


def test_the_errors_of_the_service_have_the_names_of_ours(moto):
    connection = connect(moto.url, None, 2, Quiet())
    with pytest.raises((NotFound, Rejected)):
        connection.tables.write(DEREGISTER)


def test_a_parameter_is_written_and_read_and_the_caller_is_known(moto, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto.url)
    connection = connect(moto.url, None, 2, Quiet())
    connection.identify()
    asked = {"Name": "/app/tables/written-by-a-test"}
    with pytest.raises(NotFound):
        connection.tables.read("ssm:GetParameter", asked)
    for value in ("users", "users-g2"):
        params = {**asked, "Value": value, "Type": "String", "Overwrite": True}
        connection.tables.write(Call("ssm:PutParameter", params))
        assert connection.tables.read("ssm:GetParameter", asked)["Parameter"]["Value"] == value
    assert connection.caller_user()
    with pytest.raises(Denied):
        connection.read_only().tables.write(Call("ssm:PutParameter", {**asked, "Value": "x", "Type": "String"}))


def test_dynamodb_local_has_none_and_is_not_asked(local):
    quiet = Quiet()
    connection = connect(local.url, None, 2, quiet)
    with pytest.raises(Unsupported):
        connection.tables.read(TARGETS, ASKED)
    assert TARGETS not in [operation for operation, _ in quiet.requests]


def test_an_explicit_address_is_used_with_any_endpoint(local, moto, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", moto.url)
    connection = connect(local.url, None, 2, Quiet())
    assert connection.tables.read(TARGETS, ASKED) == {"ScalableTargets": []}


def test_a_service_that_no_declaration_needs_is_never_called(moto):
    with pytest.raises(Unsupported):
        connect(moto.url, None, 2, Quiet()).tables.read("s3:ListBuckets", {})

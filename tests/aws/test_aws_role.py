"""A role that is assumed for all calls, with its external ID, on moto's STS."""

from __future__ import annotations

from typing import Any

import pytest
from support.connected import Quiet
from support.endpoints import Live

from reconciler.aws.session import connect

ROLE = "arn:aws:iam::123456789012:role/deploy"


@pytest.fixture(autouse=True)
def own_keys(monkeypatch: pytest.MonkeyPatch, moto: Live) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ownkey")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto.url)


def keys(connection: Any) -> Any:
    return connection._opened.session.get_credentials().get_frozen_credentials()


@pytest.mark.parametrize("external_id", ["shop-4711", None])
def test_calls_are_signed_with_the_keys_of_the_role(
    external_id: str | None, moto: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.client

    sent: list[dict[str, Any]] = []
    real = botocore.client.BaseClient._make_api_call

    def noted(self: Any, operation: str, params: dict[str, Any]) -> Any:
        if operation == "AssumeRole":
            sent.append(params)
        return real(self, operation, params)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", noted)
    connection = connect(moto.url, "us-east-1", 1, Quiet(), client="auto", role=(ROLE, external_id))
    assert sent == [], "nothing is asked before the first call"
    connection.identify()
    assert connection.tables.list_tables() is not None
    found = keys(connection)
    assert found.access_key != "ownkey"
    assert found.token
    assert [(each["RoleArn"], each.get("ExternalId")) for each in sent] == [(ROLE, external_id)]
    assert str(connection.client) == "boto3: the credentials come from an assumed role"


def test_without_a_role_the_own_keys_sign(moto: Live) -> None:
    assert keys(connect(moto.url, "us-east-1", 1, Quiet())).access_key == "ownkey"

"""Some modules run on both clients: on the lean one under their own names, and on boto3's as ``[boto3]``.

They test what each client does in code of its own. The others run on the lean client here, and once more on boto3's
in the phase ``boto3`` of ``.ci/run``. They share the fixture ``items``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.connected import connected
from support.endpoints import Live

from reconciler.aws.item_api import BotoItemApi
from reconciler.aws.lean import choice

BOTH = frozenset({"test_aws_answers", "test_aws_connection", "test_aws_errors", "test_aws_fence"})
"""Answers and errors are read, connections kept and writes refused by different code. All four are fast."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2] in BOTH and choice.DEFAULT == choice.AUTO:
        clients = [pytest.param(choice.AUTO, id=pytest.HIDDEN_PARAM), pytest.param(choice.BOTO3, id=choice.BOTO3)]
        metafunc.parametrize("client_of_the_product", clients, indirect=True)


@pytest.fixture(scope="module", autouse=True)
def client_of_the_product(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fixtures of a module that connect depend on it, so that each client gets connections of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "DEFAULT", getattr(request, "param", choice.DEFAULT))
        yield


@pytest.fixture
def items(endpoint: Live) -> BotoItemApi:
    """The port of items, at an endpoint with a table ``users`` that has the keys ``pk`` (S) and ``sk`` (N)."""
    endpoint.client.create_table(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return connected(endpoint.url).items

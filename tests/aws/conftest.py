"""Some modules run on both clients: on the lean one under their own names, and on boto3's as ``[boto3]``.

They test what each client does in code of its own. The others run on the lean client here, and once more on boto3's
in the phase ``boto3`` of ``.ci/run``. They share the fixture ``items``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.connected import connected
from support.endpoints import Live

from reconciler.aws.item_api import BotoItemApi
from reconciler.aws.lean import choice

DECLARED = Path(__file__).resolve().parents[1] / "declared"
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


@pytest.fixture(params=[pytest.param("declared_users", marks=pytest.mark.dynamodb_local), "moto_users"])
def users_table(request: pytest.FixtureRequest) -> Live:
    """Each engine in turn with an empty table ``users`` that has the keys ``pk`` (S) and ``sk`` (N)."""
    live: Live = request.getfixturevalue(request.param)
    return live


@pytest.fixture
def declared_users(tables: Mapping[str, str], dynamodb: Any, dynamodb_endpoint: str) -> Live:
    """DynamoDB Local with the tables of ``tests/declared``, from the project's own pytest plugin."""
    assert tables["users"] == "users"
    return Live(dynamodb_endpoint, dynamodb)


@pytest.fixture
def moto_users(moto: Live) -> Live:
    """moto with the same table."""
    (table,) = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in DECLARED.glob("*.yaml")]
    moto.client.create_table(
        TableName=table["table_name"],
        KeySchema=table["key_schema"],
        AttributeDefinitions=table["attribute_definitions"],
        BillingMode=table["billing_mode"],
    )
    return moto


@pytest.fixture
def items(users_table: Live) -> BotoItemApi:
    """The port of items, at the endpoint of ``users_table``."""
    return connected(users_table.url).items

"""The error for an endpoint that does not answer names its URL once."""

from __future__ import annotations

import pytest

from reconciler.engine.authorization import unreachable
from reconciler.model.errors import Unreachable

URL = "http://localhost:8000"


@pytest.mark.parametrize("known", [URL, f"{URL}/"])
@pytest.mark.parametrize("named", [URL, f"{URL}/"])
def test_the_url_is_named_once(known: str, named: str) -> None:
    error = Unreachable("DescribeTable", "ConnectTimeoutError", f'Connect timeout on endpoint URL: "{named}"')
    assert unreachable(error, known) == f"Nothing answers at {known}: Connect timeout on endpoint"


def test_another_url_and_an_endpoint_without_one_keep_theirs() -> None:
    message = 'Failed to connect to proxy URL: "http://proxy:3128"'
    error = Unreachable("DescribeTable", "ProxyConnectionError", message)
    assert unreachable(error, URL) == f"Nothing answers at {URL}: {message}"
    assert unreachable(error) == f"Nothing answers at the endpoint: {message}"

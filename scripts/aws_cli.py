"""``aws dynamodb OPERATION --option VALUE`` through boto3, for the examples of the documentation.

The AWS CLI pins another botocore than this project, so that both cannot be in one environment. Parameters are those
of the CLI: kebab case, and JSON or a text as the value. Called by ``doc_examples`` as ``aws``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import boto3.session


def main(words: Sequence[str]) -> int:
    """Send one call and print its answer as JSON."""
    service, operation, *rest = words
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    url = options.pop("--endpoint-url", None)
    session: Any = boto3.session.Session()
    client = session.client(service, endpoint_url=url)
    parameters = {_camel(name): _value(text) for name, text in options.items()}
    answer = getattr(client, operation.replace("-", "_"))(**parameters)
    answer.pop("ResponseMetadata", None)
    print(json.dumps(answer, indent=4, default=str))
    return 0


def _camel(option: str) -> str:
    return "".join(part.capitalize() for part in option.removeprefix("--").split("-"))


def _value(text: str) -> Any:
    with suppress(ValueError):
        return json.loads(text)
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

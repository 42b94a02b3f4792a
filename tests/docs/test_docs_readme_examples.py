"""What the README shows is what happens: its declarations are read, its output is printed by a real run."""

import os
import subprocess
import sys

import boto3
import pytest
from support.markdown import README, code_blocks

from reconciler.declarations.folder import FolderSource

FORMS = {"orders_table.py": "python", "orders.yaml": "yaml", "orders.json": "json"}


def declared(folder, file, environment=None):
    (folder / file).write_text(code_blocks(README, FORMS[file])[0], encoding="utf-8")
    return FolderSource(str(folder), environment).load().declarations[0].spec


@pytest.mark.parametrize("file", list(FORMS))
def test_each_form_of_the_example_declares_the_same_table(file, tmp_path_factory):
    first = declared(tmp_path_factory.mktemp("first"), "orders_table.py")
    assert declared(tmp_path_factory.mktemp("other"), file) == first
    assert (first.name, first.ttl.attribute) == ("orders", "expires_at")


@pytest.mark.parametrize("file", list(FORMS))
def test_each_form_of_the_example_has_its_isolated_name_in_an_environment(file, tmp_path):
    assert declared(tmp_path, file, "prod").name == "orders-prod"


def test_the_output_is_that_of_a_real_run(moto, elsewhere):
    shown = next(block for block in code_blocks(README, "console") if "--expect-no-changes" in block)
    command, _, output = shown.removeprefix("$ ").partition("\n")
    client = boto3.client("dynamodb", endpoint_url=moto.url)

    def reconciler(*arguments):
        environment = {**os.environ, "AWS_ENDPOINT_URL_DYNAMODB": moto.url, "RECONCILER_DESIRED_STATE": "bundled"}
        return subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    assert reconciler("--once").returncode == 0
    client.delete_table(TableName="projects_details")
    client.update_table(
        TableName="users",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    answer = reconciler(*command.split()[1:])
    assert answer.returncode == 2
    assert answer.stdout.replace(moto.url, "http://localhost:5000") == output

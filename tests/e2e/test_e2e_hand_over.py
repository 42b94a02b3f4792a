"""import --format cloudformation and terraform: live tables for another tool to adopt, and the commands for it."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.test_e2e_import import by_hand, make, seen
from ruamel.yaml import YAML
from support.endpoints import Live
from support.tool import Tool

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs


def test_a_template_of_live_tables_with_what_imports_it(moto: Live, tmp_path: Path) -> None:
    by_hand(moto)
    before, tool = seen(moto), Tool(moto.url, tmp_path)
    done = tool.run("import", "--all", "--format", "cloudformation", "--to", "cfn", "--stack", "shop")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "wrote cfn/template.yaml",
        "wrote cfn/resources-to-import.json",
        "To adopt the tables, review the files and run in cfn:",
        (
            "  aws cloudformation create-change-set --stack-name shop --change-set-name import-tables "
            "--change-set-type IMPORT --template-body file://template.yaml "
            "--resources-to-import file://resources-to-import.json"
        ),
        "  aws cloudformation wait change-set-create-complete --stack-name shop --change-set-name import-tables",
        "  aws cloudformation execute-change-set --stack-name shop --change-set-name import-tables",
    ]
    resources = YAML(typ="safe").load((tmp_path / "cfn/template.yaml").read_text(encoding="utf-8"))["Resources"]
    assert {each["DeletionPolicy"] for each in resources.values()} == {"Retain"}
    listed = json.loads((tmp_path / "cfn/resources-to-import.json").read_text(encoding="utf-8"))
    assert listed[0] == {
        "ResourceType": "AWS::DynamoDB::Table",
        "LogicalResourceId": "OrdersV2Table",
        "ResourceIdentifier": {"TableName": "orders.v2"},
    }
    assert {each["LogicalResourceId"] for each in listed} == set(resources)
    # The template is a declaration like any other, and a preview of it finds nothing to do.
    (tmp_path / "cfn/resources-to-import.json").unlink()
    quiet = tool.run("preview", "--expect-no-changes", "--desired-state", "cfn")
    last = quiet.stdout.splitlines()[-1:]
    assert (quiet.exit_code, last) == (0, ["In sync: 3 tables as declared."]), quiet.stdout + quiet.stderr
    assert seen(moto) == before
    assert "reconciler_state" not in moto.client.list_tables()["TableNames"]


def test_a_configuration_of_live_tables_with_import_blocks(moto: Live, tmp_path: Path) -> None:
    by_hand(moto)
    done = Tool(moto.url, tmp_path).run("import", "orders.v2", "--format", "terraform", "-o", "json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["written"] == ["tables.tf.json", "import.tf.json"]
    assert found["recipe"] == ["terraform init", "terraform plan", "terraform apply"]
    blocks = json.loads((tmp_path / "import.tf.json").read_text(encoding="utf-8"))
    assert blocks == {"import": [{"to": "aws_dynamodb_table.orders_v2", "id": "orders.v2"}]}
    table = json.loads((tmp_path / "tables.tf.json").read_text(encoding="utf-8"))["resource"]["aws_dynamodb_table"]
    assert (table["orders_v2"]["name"], table["orders_v2"]["read_capacity"]) == ("orders.v2", 3)


def test_existing_files_are_not_overwritten(moto: Live, tmp_path: Path) -> None:
    make(moto, "users")
    (tmp_path / "tables.tf.json").write_text("{}", encoding="utf-8")
    done = Tool(moto.url, tmp_path).run("import", "users", "--format", "terraform")
    assert done.exit_code == 1
    assert "tables.tf.json exists already and is not overwritten; nothing was written" in done.stderr
    assert not (tmp_path / "import.tf.json").exists()


def test_tables_are_declared_as_json(moto: Live, tmp_path: Path) -> None:
    by_hand(moto)
    done = Tool(moto.url, tmp_path).run("import", "--all", "--format", "json")
    assert done.exit_code == 0, done.stderr
    names = {
        each.spec.name
        for each in FolderSource(str(tmp_path / "desired_state"), None, inputs=TemplateInputs()).load().declarations
    }
    assert names == {"orders.v2", "sessions", "users"}

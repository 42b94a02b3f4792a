"""``${file(path):key}`` of serverless: JSON and YAML of the same folder are read, and everything else is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError

SERVICE = """service: shop
provider: {{name: aws}}
resources:
  Resources:
    Orders:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: {name}
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
        KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
"""


def load(folder: Path, name: str, files: dict[str, str], at: str = "serverless.yml", **inputs: Any) -> DesiredState:
    write(folder, {at: SERVICE.format(name=name), **files})
    return FolderSource(str(folder), inputs.get("environment"), inputs=TemplateInputs(**inputs)).load()


NAMES: dict[str, tuple[str, dict[str, str], str]] = {
    "JSON": ("${file(names.json):orders}", {"names.json": '{"orders": "a-orders"}'}, "a-orders"),
    "YAML, inside a text": ("shop-${file(./names.yml):t.0}", {"names.yml": "t: [orders]\n"}, "shop-orders"),
    "a file of the stage": (
        "${file(names.${opt:stage}.json):orders}",
        {"names.dev.json": '{"orders": "dev-orders"}'},
        "dev-orders",
    ),
    "a key of the stage": ("${file(names.json):${opt:stage}}", {"names.json": '{"dev": "dev-orders"}'}, "dev-orders"),
    "a variable in the file": ("${file(names.json):n}", {"names.json": '{"n": "${self:service}-n"}'}, "shop-n"),
    "a file through another one": (
        "${file(a.json):n}",
        {"a.json": '{"n": "${file(b.yml):n}"}', "b.yml": "n: orders\n"},
        "orders",
    ),
    "a member of a file that custom names": (
        "",
        {
            "serverless.yml": SERVICE.format(name="${self:custom.tables.orders}")
            + "custom: {tables: '${file(config.yml):tables.${opt:stage}}'}\n",
            "config.yml": "tables: {dev: {orders: dev-orders}}\n",
        },
        "dev-orders",
    ),
    "a member through two variables": (
        "",
        {
            "serverless.yml": SERVICE.format(name="${self:custom.a.b.c}")
            + "custom: {a: '${self:custom.x}', x: '${file(x.yml):}'}\n",
            "x.yml": "b: ${file(y.yml)}\n",
            "y.yml": "c: orders\n",
        },
        "orders",
    ),
    "a fallback for a file": ("${file(names.json):orders, 'orders'}", {}, "orders"),
    "a fallback for a key": ("${file(names.json):orders, 'orders'}", {"names.json": "{}"}, "orders"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_value_comes_from_another_file(case: str, tmp_path: Path) -> None:
    name, files, expected = NAMES[case]
    (declaration,) = load(tmp_path, name, files, environment="dev").declarations
    assert declaration.spec.name == expected


def test_paths_start_at_the_folder_of_the_service(tmp_path: Path) -> None:
    fragment = SERVICE.split("resources:\n")[1].format(name="${file(config/names.json):orders}")
    files = {"svc/config/names.json": '{"orders": "orders"}', "svc/resources/tables.yml": fragment}
    service = 'service: shop\nprovider: {name: aws}\nresources: ["${file(resources/tables.yml)}"]\n'
    write(tmp_path, {"svc/serverless.yml": service, **files})
    assert [each.spec.name for each in FolderSource(str(tmp_path), None).load().declarations] == ["orders"]


def test_a_change_of_the_other_file_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, {"serverless.yml": SERVICE.format(name="${file(n.json):n}"), "n.json": '{"n": "one"}'})
    source = FolderSource(str(tmp_path), None)
    assert [each.spec.name for each in source.load().declarations] == ["one"]
    write(tmp_path, {"n.json": '{"n": "two"}'})
    assert [each.spec.name for each in source.load().declarations] == ["two"]


AT = "serverless.yml:8:9: resources.Resources.Orders.Properties.TableName: "
REFUSED: dict[str, tuple[str, dict[str, str], str]] = {
    "a member of itself": (
        "",
        {"serverless.yml": SERVICE.format(name="${self:custom.a.b}") + "custom: {a: '${self:custom.a.b}'}\n"},
        "refers to itself: ${self:custom.a.b} → ${self:custom.a.b}. Remove one of the references.",
    ),
    "a program": (
        "${file(names.js):orders}",
        {},
        "${file(names.js)} is a program, which is not run. Write the values into a JSON or YAML file.",
    ),
    "a text": (
        "${file(name.txt)}",
        {},
        "${file(name.txt)} is neither JSON nor YAML. Write the values into such a file.",
    ),
    "a file above the folder": (
        "${file(../names.json):orders}",
        {},
        (
            "${file(../names.json)} leaves the folder of the declarations. Move the file into the folder of the "
            "declarations, or write the value here."
        ),
    ),
    "an absolute path": (
        "${file(/etc/names.json):orders}",
        {},
        (
            "${file(/etc/names.json)} leaves the folder of the declarations. Move the file into the folder of the "
            "declarations, or write the value here."
        ),
    ),
    "a key that is not there": (
        "${file(names.json):oders}",
        {"names.json": '{"orders": "orders"}'},
        (
            "${file(names.json):oders} has no value: the file has no such key. Correct it. "
            "Give it with --parameter 'file(names.json):oders=VALUE'."
        ),
    ),
    "a circle": (
        "${file(a.json):n}",
        {"a.json": '{"n": "${file(b.json):n}"}', "b.json": '{"n": "${file(a.json):n}"}'},
        "refers to itself: ${file(a.json):n} → ${file(b.json):n} → ${file(a.json):n}. Remove one of the references.",
    ),
    "a mapping inside a text": (
        "a-${file(names.json)}",
        {"names.json": '{"orders": "orders"}'},
        "${file(names.json)} is a mapping, which cannot be part of a text. Refer to one value.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_read_is_an_error_with_its_remedy(case: str, tmp_path: Path) -> None:
    name, files, expected = REFUSED[case]
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path, name, files)
    assert f"{AT}{expected}" in [str(problem) for problem in caught.value.problems]


def test_a_file_that_a_service_reads_is_not_warned_of(tmp_path: Path) -> None:
    service = SERVICE.format(name="${file(tables.yml):orders}")
    files = {"serverless.yml": service, "tables.yml": "orders: orders-main\n", "other.yml": "orders: orders-main\n"}
    source = FolderSource(str(write(tmp_path, files)), None)
    for _ in range(2):
        desired = source.load()
        assert [each.spec.name for each in desired.declarations] == ["orders-main"]
        assert desired.warnings == ("other.yml: declares nothing: it has no table field",)


def test_what_a_former_command_knows_of_included_files_is_the_same(tmp_path: Path) -> None:
    service = SERVICE.format(name="${file(tables.yml):orders}")
    folder = str(write(tmp_path, {"serverless.yml": service, "tables.yml": "orders: orders-main\n"}))
    for _ in range(2):
        assert FolderSource(folder, None, uses_stored=True).load().warnings == ()


RESOURCES = SERVICE.split("resources:\n")[1].format(name="orders")
PART = "service: shop\nprovider: {name: aws, stage: dev}\ncustom: {folder: more}\nresources:\n"
KEYS = "KeySchema: [{AttributeName: pk, KeyType: HASH}], AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]"
PROPERTIES = f"{{TableName: kept, BillingMode: PAY_PER_REQUEST, {KEYS}}}"
KEPT = f"Resources: {{Kept: {{Type: 'AWS::DynamoDB::Table', Properties: {PROPERTIES}}}}}"
MISSING: dict[str, tuple[str, str]] = {
    "a part": (f"  - {KEPT}\n  - ${{file(users.yml)}}\n", "6:5: resources[1]: includes users.yml"),
    "a key of a part": (f"  - {KEPT}\n  - ${{file(users.yml):all}}\n", "6:5: resources[1]: includes users.yml"),
    "a path of variables": (
        f"  - {KEPT}\n  - ${{file(${{self:custom.folder}}/${{sls:stage}}.yml)}}\n",
        "6:5: resources[1]: includes more/dev.yml",
    ),
    "one of two": (f"  - {KEPT}\n  - ${{file(a.yml), file(b.yml)}}\n", "6:5: resources[1]: includes a.yml or b.yml"),
    "outside of the folder": (f"  - {KEPT}\n  - ${{file(../users.yml)}}\n", "6:5: resources[1]: includes ../users.yml"),
    "all resources": ("  Resources: ${file(users.yml)}\n", "5:3: resources.Resources: includes users.yml"),
    "everything": ("  ${file(users.yml):resources}\n", "4:1: resources: includes users.yml"),
}


@pytest.mark.parametrize("case", MISSING)
def test_resources_of_a_file_that_is_not_there_are_an_error(case: str, tmp_path: Path) -> None:
    text, expected = MISSING[case]
    write(tmp_path, {"serverless.yml": PART + text, "k.yml": RESOURCES})
    with pytest.raises(DeclarationError) as caught:
        FolderSource(str(tmp_path), "dev").load()
    (problem,) = caught.value.problems
    assert f"{problem.file}:{problem.line}" == f"serverless.yml:{expected.partition(':')[0]}"
    assert expected in str(problem)
    assert "not in the folder and may declare tables. Copy it into the folder of the declarations" in str(problem)


THERE: dict[str, tuple[str, dict[str, str]]] = {
    "a file that is there": ("  - ${file(./users.yml)}\n", {"users.yml": RESOURCES}),
    "the second of two": ("  - ${file(a.yml), file(users.yml)}\n", {"users.yml": RESOURCES}),
    "with a fallback": ("  - ${file(users.yml), ''}\n", {"k.yml": RESOURCES}),
    "conditions": (
        f"  - {KEPT.replace('kept', 'orders')}\n  - {{Conditions: '${{file(c.yml)}}'}}\n",
        {},
    ),
    "outputs": (f"  {KEPT.replace('kept', 'orders')}\n  Outputs: ${{file(out.yml)}}\n", {}),
    "functions": (f"  {KEPT.replace('kept', 'orders')}\nfunctions: ${{file(functions.yml)}}\n", {}),
    "values": (f"  {KEPT.replace('kept', 'orders')}\nprovider2: ${{file(values.yml)}}\n", {}),
}


@pytest.mark.parametrize("case", THERE)
def test_a_file_that_declares_no_table_of_the_folder_may_be_absent(case: str, tmp_path: Path) -> None:
    text, files = THERE[case]
    write(tmp_path, {"serverless.yml": PART + text, **files})
    assert [each.spec.name for each in FolderSource(str(tmp_path), None).load().declarations] == ["orders"]

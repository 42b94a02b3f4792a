"""Files that look like declarations and declare nothing: wrapped, converted, renamed, commented out, overwritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import SOUND, load, sentences, write

from reconciler.declarations.folder import FolderSource
from reconciler.model.errors import DeclarationError

DOC = "table_name: users\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: []\n"
CAMEL = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
DESCRIBED = {**CAMEL, "TableStatus": "ACTIVE", "ItemCount": 0, "TableArn": "arn:aws:dynamodb:::table/users"}
RESOURCE = {"Type": "AWS::DynamoDB::Table", "Properties": CAMEL}


def indented(text: str, by: str = "  ") -> str:
    return "".join(f"{by}{line}\n" for line in text.splitlines())


def commented(text: str) -> str:
    return indented(text, "# ")


CLASS = HEAD + SCHEMA + GET_SCHEMA
DOCUMENTS: dict[str, tuple[str, Any, str]] = {
    "describe-table in YAML": (
        "users.yaml",
        "Table:\n" + indented(DOC),
        "is the output of `aws dynamodb describe-table`",
    ),
    "list-tables": ("users.json", {"TableNames": ["users"]}, "TableNames: unknown field"),
    "no tables at all": ("users.json", {"Tables": []}, "has its tables under Tables"),
    "tables by another key": ("users.json", {"tables": [CAMEL]}, "of a table is not allowed under tables[0]"),
    "a table under its name": ("users.yaml", "users:\n" + indented(DOC), "of a table is not allowed under users"),
    "a table two levels down": ("users.yaml", "spec:\n  table:\n" + indented(DOC, "    "), "under spec.table"),
    "a list of tables and other things": ("users.json", [CAMEL, {"a": 1}], "element 2 of the list declares no table"),
    "JSON lines": ("users.json", json.dumps(CAMEL) + "\n" + json.dumps(CAMEL), "unexpected text after the end"),
    "a resource below another key": (
        "users.json",
        {"stack": {"Users": RESOURCE}},
        "contains a CloudFormation resource where none is read",
    ),
    "Terraform's JSON": (
        "users.tf.json",
        {"resource": {"aws_dynamodb_table": {"users": {"hash_key": "pk"}}}},
        "is a configuration of Terraform, which is not read",
    ),
    "the second document wrapped": (
        "users.yaml",
        DOC + "---\ntable:\n" + indented(DOC),
        "of a table is not allowed under table",
    ),
    "all of it in comments": ("users.yaml", commented(DOC), "declares nothing; its declaration is commented out"),
    "all of it in comments after an empty document": (
        "users.yaml",
        "---\n" + commented(DOC),
        "its declaration is commented out",
    ),
    "an empty mapping above comments": (
        "users.yaml",
        "{}\n" + commented(DOC),
        "declares nothing; its declaration is commented out",
    ),
    "an HTML error page": ("users.yaml", "<html><body><h1>502 Bad Gateway</h1></body></html>\n", "expected a mapping"),
    "an HTML error page as JSON": ("users.json", "<html></html>", "is not JSON"),
    "a binary file": ("users.yaml", b"\x89PNG\r\n\x1a\n\x00\x00", "is not UTF-8"),
    "zeros": ("users.yaml", b"\0" * 64, "contains NUL"),
    "an empty file": ("users.yaml", "", "is empty"),
    "merge-conflict marks in a text": (
        "users.yaml",
        DOC + "description: |\n  a\n<<<<<<< HEAD\n",
        "contains merge conflict markers",
    ),
    "merge-conflict marks around a document": (
        "users.yaml",
        "<<<<<<< HEAD\n---\n=======\n" + DOC + ">>>>>>> main\n",
        "contains merge conflict markers",
    ),
    "a document cut in a field": ("users.yaml", DOC[:40], "is not YAML"),
    "a document cut between fields": ("users.yaml", "table_name: users\n", "key_schema: is required"),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_that_looks_like_a_declaration_is_an_error(case: str, tmp_path: Path) -> None:
    path, content, reason = DOCUMENTS[case]
    write(tmp_path, {"ok.json": SOUND | {"table_name": "okay"}, path: content})
    found = sentences(tmp_path)
    assert found
    assert any(sentence.startswith(path) and reason in sentence for sentence in found)


CLASSES: dict[str, tuple[dict[str, str], str]] = {
    "SCHEMA is gone": ({"users.py": HEAD + GET_SCHEMA}, "has a get_schema but no SCHEMA"),
    "SCHEMA is in comments": ({"users.py": HEAD + commented(SCHEMA) + GET_SCHEMA}, "has a get_schema but no SCHEMA"),
    "SCHEMA has another name": (
        {"users.py": HEAD + SCHEMA.replace("SCHEMA", "Schema", 1) + GET_SCHEMA},
        "has a get_schema but no SCHEMA",
    ),
    "get_schema has another name": (
        {"users.py": HEAD + SCHEMA + GET_SCHEMA.replace("get_schema", "schema", 1)},
        "has a SCHEMA but no get_schema",
    ),
    "get_schema is out of the class": (
        {"users.py": HEAD + SCHEMA + "\n\ndef get_schema(environment=None):\n    return {}\n"},
        "has a SCHEMA but no get_schema",
    ),
    "the class line is gone": (
        {"users.py": "\n".join(line[4:] for line in SCHEMA.splitlines()) + "\n"},
        "is outside a class",
    ),
    "only a function is left": (
        {"users.py": "def get_schema(environment=None):\n    return {'table_name': 'users'}\n"},
        "is a function outside a class",
    ),
    "all of it in comments": ({"users.py": commented(CLASS)}, "declares nothing; its declaration is commented out"),
    "all of it in a text": ({"users.py": f'"""\n{CLASS}"""\n'}, "declares nothing; its declaration is commented out"),
    "a second class of the same name": (
        {"users.py": CLASS + "\n\n" + CLASS.replace("users", "orders")},
        "the module deletes or replaces it",
    ),
    "the class is taken away below": (
        {"users.py": CLASS + "\n\ndel UsersTable\n"},
        "the module deletes or replaces it",
    ),
    "one of two classes loses SCHEMA": (
        {"users.py": CLASS + "\n\n" + (HEAD + GET_SCHEMA).replace("UsersTable", "OrdersTable")},
        "has a get_schema but no SCHEMA",
    ),
    "SCHEMA is gone and get_schema inherited": (
        {
            "base.py": "class Table:\n" + GET_SCHEMA,
            "users.py": "from .base import Table\n\n\nclass Users(Table):\n    TABLE_NAME = 'users'\n",
        },
        "has a get_schema but no SCHEMA",
    ),
    "a page of HTML": ({"users.py": "<html></html>\n"}, "is not Python"),
    "merge-conflict marks": ({"users.py": "<<<<<<< HEAD\n" + CLASS}, "is not Python"),
    "an empty file": ({"users.py": "\n"}, "is empty"),
}


@pytest.mark.parametrize("case", CLASSES)
def test_a_class_file_that_looks_like_a_declaration_is_an_error(case: str, tmp_path: Path) -> None:
    files, reason = CLASSES[case]
    write(tmp_path, {"ok.json": SOUND | {"table_name": "okay"}, **files})
    found = sentences(tmp_path)
    assert any(sentence.startswith("users.py") and reason in sentence for sentence in found), found


NO_DECLARATIONS = {
    "a class that is marked as abstract": "class Table:\n    abstract = True\n    SCHEMA = {'key_schema': []}\n"
    + GET_SCHEMA,
    "a protocol": (
        "from typing import Protocol\n\n\nclass Table(Protocol):\n    def get_schema(self, environment): ...\n"
    ),
    "a registry of tables": "class TableConfig:\n    def get_schema(self, table_name):\n        return {}\n",
    "a function that looks up a table": "def get_schema(table_name):\n    return {}\n",
    "settings": "# get_schema of every class is called with these\nENVIRONMENTS = ('dev', 'prod')\n",
    "helpers": "def key_schema(name):\n    return [{'AttributeName': name, 'KeyType': 'HASH'}]\n",
    "a package": '"""Tables of the shop; each class has SCHEMA and get_schema."""\n',
}


@pytest.mark.parametrize("case", NO_DECLARATIONS)
def test_python_that_serves_declarations_is_not_an_error(case: str, tmp_path: Path) -> None:
    write(tmp_path, {"users_table.py": CLASS, "other.py": NO_DECLARATIONS[case]})
    assert sentences(tmp_path) == []


NAMES: dict[str, tuple[str, Any, str]] = {
    ".Py": ("users_table.Py", CLASS, "its suffix is .Py"),
    ".yaml.bak": ("users.yaml.bak", DOC, "looks like a renamed declaration"),
    ".yml.txt": ("users.yml.txt", DOC, "looks like a renamed declaration"),
    ".json.disabled": ("users.json.disabled", CAMEL, "looks like a renamed declaration"),
    ".py~": ("users_table.py~", CLASS, "looks like a renamed declaration"),
    ".yaml.j2": ("users.yaml.j2", "{{ users }}", "looks like a renamed declaration"),
    ".yaml (copy)": ("users.yaml (copy)", DOC, "looks like a renamed declaration"),
    "#users.yaml#": ("#users.yaml#", DOC, "looks like a renamed declaration"),
    ".json.gz": ("users.json.gz", b"\x1f\x8b", "looks like a renamed declaration"),
    ".json5": ("users.json5", json.dumps(CAMEL), "contains TableName"),
    ".jsonl": ("users.jsonl", json.dumps({"TableName": "users"}), "contains TableName"),
    ".toml.bak": ("users.toml.bak", "table_name = 'users'\n", "looks like a renamed declaration"),
    ".tf": ("users.tf", 'resource "aws_dynamodb_table" "users" {}\n', "it declares tables for Terraform"),
    ".template": ("users.template", DOC, "contains table_name"),
    ".txt with a declaration": ("users.txt", DOC, "contains key_schema"),
    ".ts": ("tables.ts", "export const users = { TableName: 'users', KeySchema: [] }\n", "contains KeySchema"),
    "no suffix": ("users", DOC, "contains table_name"),
    "UTF-16": ("users.conf", DOC.encode("utf-16"), "contains table_name"),
}


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.parametrize("folder", ["", "more/"])
def test_a_declaration_in_an_ignored_file_name_is_an_error(case: str, folder: str, tmp_path: Path) -> None:
    name, content, reason = NAMES[case]
    write(tmp_path, {"ok.json": SOUND | {"table_name": "okay"}, folder + name: content})
    (sentence,) = sentences(tmp_path)
    assert sentence.startswith(f"{folder}{name}: is not read")
    assert reason in sentence
    assert sentence.endswith("or move it out of the folder.")


HARMLESS = (
    "README.md",
    "notes.txt",
    ".gitignore",
    "LICENSE",
    "LICENSE.txt",
    "py.typed",
    "er.png",
    "CHANGELOG",
    "a.lock",
)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_clearly_something_else_is_not_named(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"ok.json": SOUND, name: "The TableName of the table is users, its table_name: key_schema.\n"})
    assert load(tmp_path).warnings == ()


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "a script": ({"load.sh": "aws dynamodb put-item --table-name users\n"}, "load.sh: is not read: declarations are"),
    "a program that reads a table": ({"load.js": "get({TableName: 'users'})\n"}, "load.js: is not read"),
    "settings": ({"pyproject.toml": "[project]\nname = 'x'\n"}, "pyproject.toml: is not read"),
    "an empty file": ({"users": ""}, "users: is not read"),
    "a copy of an editor": ({"ok.json~": CAMEL}, "ok.json~: is not read: it looks like a copy of ok.json"),
    "a backup beside its original": ({"ok.json.bak": CAMEL}, "ok.json.bak: is not read: it looks like a copy of"),
    "a lone document of other things": ({"compose.yaml": "services: {}\n"}, "compose.yaml: declares nothing: "),
    "a JSON Schema of declarations": (
        {"schema.json": {"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"key_schema": {}}}},
        "schema.json: declares nothing: ",
    ),
    "a second document of other things": (
        {
            "two.yaml": DOC.replace("users", "two").replace("[]", "[{AttributeName: pk, AttributeType: S}]")
            + "---\na: b\n"
        },
        "two.yaml:5:1: declares nothing: ",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_everything_else_is_named_in_a_warning(case: str, tmp_path: Path) -> None:
    files, warning = OTHERS[case]
    write(tmp_path, {"ok.json": SOUND, **files})
    (messages,) = load(tmp_path).warnings
    assert messages.startswith(warning)


def test_an_empty_folder_is_named_since_its_volume_may_be_missing(tmp_path: Path) -> None:
    write(tmp_path, {"ok.json": SOUND})
    (tmp_path / "more").mkdir()
    (messages,) = load(tmp_path).warnings
    assert messages == "more: is an empty folder; check that its volume is mounted"


def test_many_files_that_are_not_read_are_named_together(tmp_path: Path) -> None:
    write(tmp_path, {"ok.json": SOUND, **{f"data{number:02}.bin": "x" for number in range(30)}})
    warnings = load(tmp_path).warnings
    assert len(warnings) == 21
    names = ", ".join(f"data{number}.bin" for number in range(20, 30))
    assert f"10 more files are not read: {names}" in warnings


def test_warnings_come_with_the_errors(tmp_path: Path) -> None:
    write(tmp_path, {"ok.json": SOUND, "broken.yaml": "a: [", "compose.yaml": "services: {}\n", "load.sh": ""})
    with pytest.raises(DeclarationError) as caught:
        FolderSource(str(tmp_path), None).load()
    assert [warning.split(":")[0] for warning in caught.value.warnings] == ["compose.yaml", "load.sh"]

"""A feature that is added just as CONTRIBUTING.md says is declared, checked, planned, imported and documented."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.contributing import blocks, copy_with_the_feature
from support.markdown import ROOT

USE = """
import json, sys, tempfile
from dataclasses import replace
from pathlib import Path

import field_reference
import reconciler
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.schema import json_schema
from reconciler.declarations.writer import prove, texts
from reconciler.facets import BY_NAME
from reconciler.model.errors import DeclarationError
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable, Responses
from reconciler.planning.planner import plan

def load(extra):
    folder = Path(tempfile.mkdtemp(dir=sys.argv[1]))
    text = "table_name: users\\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\\n"
    text += "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\\n"
    (folder / "users.yaml").write_text(text + extra)
    try:
        return FolderSource(str(folder), None).load().declarations[0]
    except DeclarationError as error:
        return [str(problem) for problem in error.problems]

def calls(declaration, observed):
    return [[step.call.operation, step.call.params] for step in plan(declaration, observed)]

examples = Path(sys.argv[1]) / "examples.yaml"
examples.write_text(field_reference.EXAMPLES.read_text() + "audit_days: 60\\n")
field_reference.EXAMPLES = examples
declared = load("audit_days: 60")
live = ObservedTable(replace(declared.spec, audit_days=30), Identity(None, "users", ""), "ACTIVE")
forms = {form: texts({"users": live}, form) for form in ("yaml", "python")}
for written in forms.values():
    prove(written, [live], None)
print(json.dumps({
    "package": reconciler.__file__,
    "declared": declared.spec.audit_days,
    "camel": load("AuditDays: 90").spec.audit_days,
    "unmanaged": load("").spec.audit_days,
    "off": load("audit_days: 0").spec.audit_days,
    "refused": [load("audit_days: 45"), load("audit_days: soon"), load("audit_dayz: 30")],
    "observed": BY_NAME["audit_days"].observe(Responses({"DescribeTable": {"Table": {"AuditDays": 30}}})),
    "create": calls(declared, None),
    "update": calls(declared, live),
    "in sync": calls(load("# unmanaged"), live),
    "written": [text for written in forms.values() for text in written.values()],
    "page": field_reference.text(),
    "schema": json_schema()["properties"]["AuditDays"]["description"],
}, default=str))
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the package with the new feature says."""
    folder = copy_with_the_feature(tmp_path_factory.mktemp("contributed"))
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT / "scripts")])}
    done = subprocess.run(
        [sys.executable, "-P", "-c", USE, str(folder)], capture_output=True, text=True, check=False, env=where
    )
    assert done.returncode == 0, done.stderr
    messages: dict[str, Any] = json.loads(done.stdout)
    assert Path(messages["package"]).is_relative_to(folder)
    return messages


def test_the_feature_touches_five_files() -> None:
    assert [path for path, _ in blocks()] == [
        "reconciler/model/table.py",
        "reconciler/facets/audit_days.py",
        "reconciler/facets/__init__.py",
        "reconciler/declarations/features/audit_days.py",
        "reconciler/declarations/features/__init__.py",
    ]


def test_it_is_declared_in_both_spellings_and_unmanaged_where_it_is_not(used: dict[str, Any]) -> None:
    assert (used["declared"], used["camel"], used["unmanaged"], used["off"]) == (60, 90, None, 0)


def test_it_is_checked_offline(used: dict[str, Any]) -> None:
    rule, kind, unknown = (problems[0] for problems in used["refused"])
    assert rule == "users.yaml:4:1: audit_days: invalid value 45; expected a multiple of 30. Write 30, 60 or 90."
    assert kind.startswith("users.yaml:4:1: audit_days: expected a whole number, found the text 'soon'.")
    assert unknown == "users.yaml:4:1: audit_dayz: unknown field. Did you mean `audit_days`?"


def test_it_is_observed_and_planned(used: dict[str, Any]) -> None:
    assert used["observed"] == 30
    ((operation, request),) = used["create"]
    assert (operation, request["AuditDays"]) == ("CreateTable", 60)
    assert used["update"] == [["UpdateTable", {"TableName": "users", "AuditDays": 60}]]
    assert used["in sync"] == []


def test_it_is_imported_in_both_forms_and_read_back_as_it_is(used: dict[str, Any]) -> None:
    yaml, python = used["written"]
    assert "audit_days: 30" in yaml
    assert '"audit_days": 30' in python


def test_it_is_documented(used: dict[str, Any]) -> None:
    description = "Days for which the audit trail is kept; 0 turns it off."
    assert used["schema"] == description
    assert f"## `audit_days`\n\n| field | example | meaning |\n|---|---|---|\n| `audit_days` | `60` | {description} |\n" in used["page"]

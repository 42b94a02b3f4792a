"""Variables of a document: what they become, where their values come from, and what is refused."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.own_documents import KEYS, ORDERS, load, sentences

from reconciler.declarations.cache.file_cache import FileCache
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.parsing.source_file import SourceFile

TAGGED = "tags: {team: '${TEAM}'}\n" + ORDERS

VALUES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a default": ("variables: {TEAM: {default: core}}\n", {}, "core"),
    "a parameter": ("variables: {TEAM: {default: core}}\n", {"parameters": {"TEAM": "shop"}}, "shop"),
    "a parameter of a list": ("variables: [TEAM]\n", {"parameters": {"TEAM": "shop"}}, "shop"),
    "a name without options": ("variables: {TEAM: }\n", {"parameters": {"TEAM": "shop"}}, "shop"),
    "the process": ("variables: {TEAM: {env: TEAM_NAME}}\n", {"variables": {"TEAM_NAME": "shop"}}, "shop"),
    "the process under the same name": ("variables: {TEAM: {env: true}}\n", {"variables": {"TEAM": "shop"}}, "shop"),
    "a parameter before the process": (
        "variables: {TEAM: {env: TEAM}}\n",
        {"variables": {"TEAM": "shop"}, "parameters": {"TEAM": "core"}},
        "core",
    ),
    "the process before the default": (
        "variables: {TEAM: {env: TEAM, default: core}}\n",
        {"variables": {"TEAM": "shop"}},
        "shop",
    ),
    "the default where the process has none": ("variables: {TEAM: {env: TEAM, default: core}}\n", {}, "core"),
    "no variable of the process that is not declared so": (
        "variables: {TEAM: {default: core}}\n",
        {"variables": {"TEAM": "shop"}},
        "core",
    ),
    "an empty value": ("variables: {TEAM: {default: core}}\n", {"parameters": {"TEAM": ""}}, ""),
    "a value with a dollar": ("variables: {TEAM: {default: a$b}}\n", {}, "a$b"),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_variable_has_a_value(case: str, tmp_path: Path) -> None:
    declared, inputs, value = VALUES[case]
    assert load(tmp_path, {"orders.yaml": declared + TAGGED}, **inputs).named("orders").spec.tags == (("team", value),)


TEXTS: dict[str, tuple[str, str]] = {
    "inside a text": ("a-${TEAM}-b", "a-core-b"),
    "twice": ("${TEAM}${TEAM}", "corecore"),
    "two of them": ("${TEAM}/${COUNT}", "core/007"),
    "an escape": ("$${TEAM}", "${TEAM}"),
    "an escape beside one": ("$${TEAM} ${TEAM}", "${TEAM} core"),
    "a switch": ("on-${ON}", "on-true"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_variable_is_part_of_a_text(case: str, tmp_path: Path) -> None:
    text, value = TEXTS[case]
    declared = "variables: {TEAM: {default: core}, COUNT: {default: '007'}, ON: {default: true}}\n"
    state = load(tmp_path, {"orders.yaml": f"{declared}description: '{text}'\n{ORDERS}"})
    assert state.named("orders").description == value


def test_a_whole_text_keeps_the_type_of_the_default(tmp_path: Path) -> None:
    text = "variables: {READS: {default: 5}, SAFE: {default: false}}\n" + ORDERS
    text += (
        "provisioned_throughput: {ReadCapacityUnits: '${READS}', WriteCapacityUnits: 1}\ndeletion_protection: ${SAFE}\n"
    )
    spec = load(tmp_path, {"orders.yaml": text}, parameters={"READS": "7", "SAFE": "true"}).named("orders").spec
    assert spec.billing is not None
    assert spec.billing.throughput is not None
    assert (spec.billing.throughput.read, spec.deletion_protection) == (7, True)


def test_json_and_toml_have_variables_too(tmp_path: Path) -> None:
    document = {
        "variables": {"TEAM": {"default": "core"}},
        "table_name": "users",
        "tags": {"team": "${TEAM}"},
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
    toml = 'table_name = "orders"\nkey_schema = [{AttributeName = "pk", KeyType = "HASH"}]\n'
    toml += 'attribute_definitions = [{AttributeName = "pk", AttributeType = "S"}]\ntags.team = "${TEAM}"\n'
    toml += '[variables.TEAM]\ndefault = "shop"\n'
    state = load(tmp_path, {"users.json": document, "orders.toml": toml})
    assert [each.spec.tags for each in state.declarations] == [(("team", "shop"),), (("team", "core"),)]


NAMES: dict[str, tuple[str, dict[str, Any], tuple[str, str]]] = {
    "any variable, and the environment is added": (
        "orders-${TEAM}",
        {"environment": "prod"},
        ("orders-core", "orders-core-prod"),
    ),
    "the environment as a variable, and none is added": (
        "orders-${ENVIRONMENT}",
        {"environment": "prod"},
        ("orders", "orders-prod"),
    ),
    "the environment in front": ("${STAGE}_orders", {"environment": "prod"}, ("orders", "prod_orders")),
    "the environment in the middle": (
        "shop-${ENVIRONMENT}-orders",
        {"environment": "prod"},
        ("shop-orders", "shop-prod-orders"),
    ),
    "its default without an environment": ("orders-${ENVIRONMENT}", {}, ("orders", "orders-local")),
    "its parameter": (
        "orders-${ENVIRONMENT}",
        {"environment": "prod", "parameters": {"ENVIRONMENT": "live"}},
        ("orders", "orders-live"),
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_with_a_variable(case: str, tmp_path: Path) -> None:
    name, inputs, expected = NAMES[case]
    declared = "variables: {TEAM: {default: core}, ENVIRONMENT: {default: local}, STAGE: {default: local}}\n"
    (declaration,) = load(tmp_path, {"x.yaml": f"{declared}table_name: '{name}'\n{KEYS}"}, **inputs).declarations
    assert (declaration.base_name, declaration.spec.name) == expected


REFUSED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "no declaration": (
        TAGGED,
        {"parameters": {"TEAM": "core"}},
        [
            "orders.yaml:1:8: tags.team: holds the placeholder ${TEAM}, which is not replaced. Write the value itself. To keep the text, write $${TEAM}. To replace it, declare the variable: variables: {TEAM: {default: VALUE}}."
        ],
    ),
    "another declaration": (
        "variables: [TEM]\n" + TAGGED,
        {},
        [
            "orders.yaml:2:8: tags.team: holds the placeholder ${TEAM}, which is not replaced. Write the value itself. To keep the text, write $${TEAM}. To replace it, declare the variable: variables: {TEAM: {default: VALUE}}."
        ],
    ),
    "a fallback as in a shell": (
        "variables: [TEAM]\n" + TAGGED.replace("${TEAM}", "${TEAM:-core}"),
        {},
        [
            "orders.yaml:2:8: tags.team: holds the placeholder ${TEAM:-core}, which is not replaced. Write the value itself. To keep the text, write $${TEAM:-core}."
        ],
    ),
    "no value": (
        "variables: {TEAM: }\n" + TAGGED,
        {},
        [
            "orders.yaml:1:13: variables.TEAM: variable TEAM has no value. Give it with --parameter TEAM=VALUE, or add a default."
        ],
    ),
    "no value of a list": (
        "variables:\n  - OTHER\n  - TEAM\n" + TAGGED,
        {},
        [
            "orders.yaml:3:5: variables[1]: variable TEAM has no value. Give it with --parameter TEAM=VALUE, or add a default."
        ],
    ),
    "no value of the process": (
        "variables: {TEAM: {env: TEAM_NAME}}\n" + TAGGED,
        {},
        [
            "orders.yaml:1:13: variables.TEAM: variable TEAM has no value. Give it with --parameter TEAM=VALUE or the environment variable TEAM_NAME, or add a default."
        ],
    ),
    "no environment": (
        "variables: [ENVIRONMENT]\n" + ORDERS.replace("orders", "orders-${ENVIRONMENT}"),
        {},
        [
            "orders.yaml:1:13: variables[0]: variable ENVIRONMENT has no value. Give it with --environment NAME or --parameter ENVIRONMENT=VALUE, or add a default."
        ],
    ),
    "no value, used twice": (
        "variables: [TEAM]\ndescription: ${TEAM}\n" + TAGGED,
        {},
        [
            "orders.yaml:1:13: variables[0]: variable TEAM has no value. Give it with --parameter TEAM=VALUE, or add a default."
        ],
    ),
    "a number that is a text": (
        "variables: {READS: {default: 5}}\nprovisioned_throughput: {ReadCapacityUnits: '${READS}', WriteCapacityUnits: 1}\n"
        + ORDERS,
        {"parameters": {"READS": "many"}},
        [
            "orders.yaml:1:13: variables.READS: the value from --parameter READS is not a number. Give it a decimal number."
        ],
    ),
    "a number of the process that is a secret": (
        "variables: {READS: {type: number, env: SECRET}}\nprovisioned_throughput: {ReadCapacityUnits: '${READS}', WriteCapacityUnits: 1}\n"
        + ORDERS,
        {"variables": {"SECRET": "hunter2"}},
        [
            "orders.yaml:1:13: variables.READS: the value from the environment variable SECRET is not a number. Give it a decimal number."
        ],
    ),
    "a number with a leading zero": (
        "variables: {READS: {default: 007}}\ndescription: ${READS}\n" + ORDERS,
        {},
        [
            "orders.yaml:1:13: variables.READS: variable READS has the ambiguous number 007; it is read as 7. Write a plain decimal number, or a text in quotes."
        ],
    ),
    "a switch that is a text": (
        "variables: {SAFE: {default: true}}\ndeletion_protection: ${SAFE}\n" + ORDERS,
        {"parameters": {"SAFE": "yes"}},
        [
            "orders.yaml:1:13: variables.SAFE: the value from --parameter SAFE is neither true nor false. Give it one of them."
        ],
    ),
    "a text where a number is expected": (
        "variables: [READS]\nprovisioned_throughput:\n  ReadCapacityUnits: ${READS}\n  WriteCapacityUnits: 1\n"
        + ORDERS,
        {"parameters": {"READS": "7"}},
        [
            "orders.yaml:3:3: provisioned_throughput.ReadCapacityUnits: expected a whole number, found the text '7'. Declare its type: variables: {READS: {type: number}}."
        ],
    ),
    "a text where a switch is expected": (
        "variables: [SAFE]\ndeletion_protection: ${SAFE}\n" + ORDERS,
        {"parameters": {"SAFE": "true"}},
        [
            "orders.yaml:2:1: deletion_protection: expected true or false, found the text 'true'. Declare its type: variables: {SAFE: {type: boolean}}."
        ],
    ),
    "a value that the field does not take": (
        "variables: [MODE]\nbilling_mode: ${MODE}\n" + ORDERS,
        {"parameters": {"MODE": "FREE"}},
        [
            "orders.yaml:2:1: billing_mode: invalid value 'FREE'; expected PAY_PER_REQUEST or PROVISIONED. Correct the value of the variable MODE."
        ],
    ),
    "a value with a placeholder": (
        "variables: [TEAM]\n" + TAGGED,
        {"parameters": {"TEAM": "{{ team }}"}},
        [
            "orders.yaml:2:8: tags.team: holds the placeholder {{ team }}, which is not replaced. Write the value itself. To keep the text, write \\{{ team }}."
        ],
    ),
    "an unknown option": (
        "variables: {TEAM: {defualt: core}}\n" + ORDERS,
        {},
        ["orders.yaml:1:20: variables.TEAM.defualt: unknown field. Did you mean `default`?"],
    ),
    "a value in place of the options": (
        "variables: {TEAM: core}\n" + ORDERS,
        {},
        ["orders.yaml:1:13: variables.TEAM: expected a mapping. Write TEAM: {default: core}."],
    ),
    "a default that is a list": (
        "variables: {TEAM: {default: [a]}}\n" + ORDERS,
        {},
        [
            "orders.yaml:1:20: variables.TEAM.default: expected a text, a number, true or false. A variable holds one value."
        ],
    ),
    "an unknown type": (
        "variables: {TEAM: {type: integer}}\n" + ORDERS,
        {},
        [
            "orders.yaml:1:20: variables.TEAM.type: invalid value 'integer'; expected string, number or boolean. Correct the type."
        ],
    ),
    "a default of another type": (
        "variables: {TEAM: {type: number, default: core}}\n" + ORDERS,
        {},
        ["orders.yaml:1:13: variables.TEAM: the default is a string, and the type is number. Correct one of them."],
    ),
    "an invalid name": (
        "variables: {my-team: }\n" + ORDERS,
        {},
        [
            "orders.yaml:1:13: variables.my-team: invalid name 'my-team'. Use letters, digits and _, with a letter or _ first."
        ],
    ),
    "a number as the name of an environment variable": (
        "variables: {TEAM: {env: 5}}\n" + ORDERS,
        {},
        ["orders.yaml:1:20: variables.TEAM.env: expected the name of an environment variable. Write env: TEAM."],
    ),
    "a text of names": (
        "variables: TEAM\n" + ORDERS,
        {},
        [
            "orders.yaml:1:1: variables: expected a mapping or a list of names. Write variables: {NAME: {default: VALUE}}, or a list of names."
        ],
    ),
    "a key with a variable": (
        "variables: {TEAM: {default: core}}\ntags: {'${TEAM}': a}\n" + ORDERS,
        {},
        [
            "orders.yaml:2:8: tags.${TEAM}: key with the placeholder ${TEAM}, which is not replaced. Write the value itself. To keep the text, write $${TEAM}."
        ],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_variable_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    text, inputs, expected = REFUSED[case]
    assert sentences(tmp_path, {"orders.yaml": text}, **inputs) == expected


def test_a_variable_that_is_declared_and_not_used_needs_no_value(tmp_path: Path) -> None:
    assert sentences(tmp_path, {"orders.yaml": "variables: [TEAM]\n" + ORDERS}) == []


def test_each_document_declares_its_own_variables(tmp_path: Path) -> None:
    text = "variables: {TEAM: {default: core}}\n" + TAGGED + "---\n" + TAGGED.replace("orders", "users")
    (sentence,) = sentences(tmp_path, {"all.yaml": text})
    assert sentence.startswith("all.yaml:7:8: tags.team: holds the placeholder ${TEAM}")


@pytest.mark.parametrize("name", ["variables", "environments"])
def test_a_document_that_only_prepares_a_table_is_an_error(name: str, tmp_path: Path) -> None:
    assert sentences(tmp_path, {"all.yaml": f"\n{name}: [TEAM]\n---\n{ORDERS}"}) == [
        f"all.yaml:2:1: declares {name} and no table; they are for the table of the same document. Move {name} into the document that uses it."
    ]


def test_a_class_file_is_not_told_to_declare_variables(tmp_path: Path) -> None:
    schema = {"table_name": "users", "key_schema": [], "attribute_definitions": [], "tags": {"team": "${TEAM}"}}
    text = f"class Users:\n    SCHEMA = {schema}\n\n    @classmethod\n    def get_schema(cls, environment=None):\n        return cls.SCHEMA\n"
    found = [each for each in sentences(tmp_path, {"users_table.py": text}) if "${TEAM}" in each]
    assert [each.partition(". ")[2] for each in found] == ["Write the value itself. To keep the text, write $${TEAM}."]


@pytest.mark.parametrize(("declared", "reads"), [("{env: TEAM, default: a}", True), ("{default: a}", False)])
def test_a_result_that_depends_on_the_process_is_not_for_another_one(
    declared: str, reads: bool, tmp_path: Path
) -> None:
    file = SourceFile("o.yaml", tmp_path / "o.yaml", f"variables: {{TEAM: {declared}}}\n{TAGGED}".encode())
    (checked,) = FileCache(TemplateInputs()).read([file])
    assert checked.reads_process is reads

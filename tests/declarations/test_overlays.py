"""Overlays by environment: how they merge, which one is used, and what is refused with its file, line and field."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import write
from support.own_documents import INDEXES, KEYS, ORDERS, TEMPLATE, load, sentences

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.overlays.file_names import split_environment
from reconciler.model.errors import DeclarationError
from reconciler.model.table import TableSpec

BASE = ORDERS + INDEXES + "tags: {team: core, cost: low}\n"
PROVISIONED = ORDERS + "provisioned_throughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 6}\n"


def merged(folder: Path, overlay: str, base: str = BASE, suffix: str = ".yaml") -> TableSpec:
    state = load(folder, {"orders.yaml": base, f"orders.prod{suffix}": overlay}, environment="prod")
    return state.named("orders-prod").spec


def projections(spec: TableSpec) -> dict[str, str]:
    return {index.name: index.projection.type for index in spec.global_indexes or ()}


def test_a_field_is_added_and_a_field_is_replaced(tmp_path: Path) -> None:
    spec = merged(
        tmp_path,
        "deletion_protection: true\ntable_class: STANDARD\n",
        BASE + "table_class: STANDARD_INFREQUENT_ACCESS\n",
    )
    assert (spec.deletion_protection, spec.table_class) == (True, "STANDARD")


def test_mappings_merge_by_key_in_either_spelling(tmp_path: Path) -> None:
    spec = merged(tmp_path, "ProvisionedThroughput: {write_capacity_units: 60}\n", PROVISIONED)
    assert spec.billing is not None
    assert spec.billing.throughput is not None
    assert (spec.billing.throughput.read, spec.billing.throughput.write) == (5, 60)


def test_null_removes_a_field(tmp_path: Path) -> None:
    assert merged(tmp_path, "tags: null\n").tags is None


def test_a_list_replaces_the_list(tmp_path: Path) -> None:
    base = ORDERS + "lifecycle: {ignore_changes: [billing, ttl], protect: true}\n"
    state = load(
        tmp_path,
        {"orders.yaml": base, "orders.prod.yaml": "lifecycle: {ignore_changes: [tags]}\n"},
        environment="prod",
    )
    lifecycle = state.named("orders-prod").lifecycle
    assert (lifecycle.ignore_changes, lifecycle.protect) == (("tags",), True)


TAGS: dict[str, tuple[str, str]] = {
    "two mappings": ("{team: core, cost: low}", "{cost: null, team: shop, more: x}"),
    "a list over a mapping": ("{team: core}", "[{Key: team, Value: shop}, {key: more, value: x}]"),
    "a mapping over a list": (
        "[{Key: team, Value: core}, {Key: cost, Value: low}]",
        "{team: shop, cost: null, more: x}",
    ),
    "two lists": ("[{Key: team, Value: core}]", "[{Key: team, Value: shop}, {Key: more, Value: x}]"),
    "no tags before": ("null", "{team: shop, more: x}"),
}


@pytest.mark.parametrize("case", TAGS)
def test_tags_merge_by_key(case: str, tmp_path: Path) -> None:
    before, after = TAGS[case]
    spec = merged(tmp_path, f"tags: {after}\n", f"{ORDERS}tags: {before}\n")
    assert spec.tags == (("more", "x"), ("team", "shop"))


def test_indexes_merge_by_name(tmp_path: Path) -> None:
    overlay = "global_secondary_indexes: [{index_name: by_day, projection: {projection_type: ALL}}]\n"
    assert projections(merged(tmp_path, overlay)) == {"by_day": "ALL", "by_state": "ALL"}


def test_an_index_is_added_and_another_one_removed_by_name(tmp_path: Path) -> None:
    overlay = """GlobalSecondaryIndexes:
  by_state: null
  by_hour: {KeySchema: [{AttributeName: pk, KeyType: HASH}], Projection: {ProjectionType: ALL}}
"""
    assert projections(merged(tmp_path, overlay)) == {"by_day": "KEYS_ONLY", "by_hour": "ALL"}


def test_an_empty_list_of_indexes_changes_none(tmp_path: Path) -> None:
    assert len(projections(merged(tmp_path, "global_secondary_indexes: []\n"))) == 2


def test_attribute_definitions_merge_by_name(tmp_path: Path) -> None:
    overlay = """attribute_definitions: [{AttributeName: day, AttributeType: S}]
global_secondary_indexes:
  - {IndexName: by_day, KeySchema: [{AttributeName: day, KeyType: HASH}], Projection: {ProjectionType: ALL}}
"""
    spec = merged(tmp_path, overlay, ORDERS)
    assert projections(spec) == {"by_day": "ALL"}


def test_replicas_merge_by_region(tmp_path: Path) -> None:
    base = (
        ORDERS
        + "stream_specification: {view: NEW_AND_OLD_IMAGES}\nreplicas: [{region: eu-west-1}, {region: eu-west-2}]\n"
    )
    spec = merged(tmp_path, "replicas: [{RegionName: eu-west-2, table_class_override: STANDARD}]\n", base)
    assert [(each.region, each.table_class) for each in spec.replicas or ()] == [
        ("eu-west-1", None),
        ("eu-west-2", "STANDARD"),
    ]


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".json", '{"deletion_protection": true}'),
        (".toml", "deletion_protection = true\n"),
        (".YML", "DeletionProtectionEnabled: true\n"),
    ],
)
def test_base_and_overlay_may_have_different_formats(suffix: str, text: str, tmp_path: Path) -> None:
    assert merged(tmp_path, text, ORDERS, suffix).deletion_protection is True


def test_a_section_of_the_document_is_an_overlay_and_a_file_comes_after_it(tmp_path: Path) -> None:
    base = ORDERS + "environments:\n  prod: {tags: {team: a, cost: b}}\n  dev: {deletion_protection: true}\n"
    spec = merged(tmp_path, "tags: {team: c}\n", base)
    assert (spec.tags, spec.deletion_protection) == ((("cost", "b"), ("team", "c")), None)


def test_variables_of_an_overlay_join_those_of_the_base(tmp_path: Path) -> None:
    base = (
        "variables: {TEAM: {default: core}, COST: {default: low}}\ntags: {team: '${TEAM}', cost: '${COST}'}\n" + ORDERS
    )
    assert merged(tmp_path, "variables: {TEAM: {default: shop}}\n", base).tags == (("cost", "low"), ("team", "shop"))


def test_an_overlay_names_one_of_several_tables(tmp_path: Path) -> None:
    base = ORDERS + "---\n" + ORDERS.replace("orders", "users")
    files = {
        "all.yaml": base,
        "all.prod.yaml": "table_name: users\ndeletion_protection: true\n---\ntable_name: orders\ntags: {a: b}\n",
    }
    state = load(tmp_path, files, environment="prod")
    assert state.named("users-prod").spec.deletion_protection is True
    assert state.named("orders-prod").spec.deletion_protection is None
    assert state.named("orders-prod").spec.tags == (("a", "b"),)


@pytest.mark.parametrize(
    ("environment", "when"), [("prod", "in environment"), ("dev", "only in environment"), (None, "only in environment")]
)
def test_an_overlay_is_named_and_is_no_file_without_a_table(environment: str | None, when: str, tmp_path: Path) -> None:
    files = {"orders.yaml": ORDERS, "orders.prod.yaml": "deletion_protection: true\n"}
    state = load(tmp_path, files, environment=environment)
    assert state.warnings == ()
    assert state.notes == (f"orders.prod.yaml: changes orders.yaml {when} prod",)
    assert state.declarations[0].spec.deletion_protection is (True if environment == "prod" else None)


def test_a_whole_declaration_with_a_dot_in_its_name_is_no_overlay(tmp_path: Path) -> None:
    state = load(tmp_path, {"orders.yaml": ORDERS, "orders.users.yaml": ORDERS.replace("orders", "users")})
    assert [each.spec.name for each in state.declarations] == ["orders", "users"]


def test_a_file_of_other_things_beside_other_things_is_no_overlay(tmp_path: Path) -> None:
    files = {"orders.yaml": ORDERS, "compose.yaml": "services: {}\n", "compose.prod.yaml": "services: {}\n"}
    state = load(tmp_path, files, environment="prod")
    assert state.warnings == (
        "compose.prod.yaml: declares nothing: it has no table field",
        "compose.yaml: declares nothing: it has no table field",
    )


REFUSED: dict[str, tuple[dict[str, str], str | None, list[str]]] = {
    "a base that is missing": (
        {"ordrs.prod.yaml": "\ndeletion_protection: true\n"},
        "prod",
        [
            "ordrs.prod.yaml:2:1: is an overlay for environment 'prod', but there is no ordrs.yaml, .yml, .json or .toml. Add the declaration that it changes, or table_name and key_schema to declare a table here."
        ],
    ),
    "a base that is missing, without an environment": (
        {"ordrs.prod.yaml": "deletion_protection: true\n"},
        None,
        [
            "ordrs.prod.yaml:1:1: is an overlay for environment 'prod', but there is no ordrs.yaml, .yml, .json or .toml. Add the declaration that it changes, or table_name and key_schema to declare a table here."
        ],
    ),
    "a base in another folder": (
        {"more/orders.prod.yaml": "deletion_protection: true\n"},
        "prod",
        [
            "more/orders.prod.yaml:1:1: is an overlay for environment 'prod', but there is no more/orders.yaml, .yml, .json or .toml. Add the declaration that it changes, or table_name and key_schema to declare a table here."
        ],
    ),
    "two bases": (
        {"users.yaml": ORDERS.replace("orders", "users"), "users.json": "{}", "users.prod.yaml": "tags: {a: b}\n"},
        None,
        ["users.prod.yaml:1:1: changes users.json and users.yaml, which have the same name. Keep one of the two."],
    ),
    "a template as the base": (
        {"stack.yaml": TEMPLATE.replace("orders", "users"), "stack.prod.yaml": "deletion_protection: true\n"},
        None,
        [
            "stack.prod.yaml:1:1: is an overlay of stack.yaml, which has another tool's format. Overlays change declarations of our own format; change that file."
        ],
    ),
    "an unknown index": (
        {
            "orders.prod.yaml": "\nglobal_secondary_indexes:\n  - {IndexName: by_stat, Projection: {ProjectionType: ALL}}\n"
        },
        "prod",
        [
            "orders.prod.yaml:3:5: global_secondary_indexes[0]: index 'by_stat' is not declared in orders.yaml. Did you mean `by_state`? To add it, write its key_schema and projection."
        ],
    ),
    "an unknown index in another environment": (
        {"orders.prod.yaml": "global_secondary_indexes: {by_hour: null}\n"},
        "dev",
        [
            "orders.prod.yaml:1:28: global_secondary_indexes.by_hour: index 'by_hour' is not declared in orders.yaml. Declared: by_state, by_day."
        ],
    ),
    "an index without a name": (
        {"orders.prod.yaml": "global_secondary_indexes: [{Projection: {ProjectionType: ALL}}]\n"},
        "prod",
        [
            "orders.prod.yaml:1:28: global_secondary_indexes[0]: has no index_name. Write its index_name; members of this list merge by it."
        ],
    ),
    "an unknown field": (
        {"orders.prod.yaml": "tags: {a: b}\ndeletion_protectoin: true\n"},
        "prod",
        ["orders.prod.yaml:2:1: deletion_protectoin: unknown field. Did you mean `deletion_protection`?"],
    ),
    "an unknown field in another environment": (
        {"orders.prod.yaml": "tags: {a: b}\ndeletion_protectoin: true\n"},
        "dev",
        ["orders.prod.yaml:2:1: deletion_protectoin: unknown field. Did you mean `deletion_protection`?"],
    ),
    "nothing but an unknown field": (
        {"orders.prod.yaml": "deletion_protectoin: true\n"},
        None,
        ["orders.prod.yaml:1:1: deletion_protectoin: unknown field. Did you mean `deletion_protection`?"],
    ),
    "an unknown field of an index": (
        {"orders.prod.yaml": "global_secondary_indexes:\n  by_day:\n    Projektion: {ProjectionType: ALL}\n"},
        "prod",
        ["orders.prod.yaml:3:5: global_secondary_indexes.by_day.Projektion: unknown field. Did you mean `Projection`?"],
    ),
    "a wrong type": (
        {"orders.prod.yaml": "\n\ntags: {team: 5}\n"},
        "prod",
        ['orders.prod.yaml:3:8: tags.team: expected a text, found the number 5. Write a text in quotes: "5".'],
    ),
    "a number with a leading zero": (
        {"orders.prod.yaml": "time_to_live: {attribute: at}\npoint_in_time_recovery: {days: 007}\n"},
        "prod",
        [
            "orders.prod.yaml:2:26: point_in_time_recovery.days: ambiguous number 007; it is read as 7. Write a plain decimal number."
        ],
    ),
    "a wrong value of an index after one that is removed": (
        {
            "orders.prod.yaml": "global_secondary_indexes:\n  by_state: null\n  by_day: {Projection: {ProjectionType: SOME}}\n"
        },
        "prod",
        [
            "orders.prod.yaml:3:25: global_secondary_indexes.by_day.Projection.ProjectionType: invalid value 'SOME'; expected ALL, KEYS_ONLY or INCLUDE. Write one of these."
        ],
    ),
    "a wrong value of the base after an index that is removed": (
        {
            "orders.yaml": ORDERS + INDEXES.replace("KEYS_ONLY", "SOME"),
            "orders.prod.yaml": "global_secondary_indexes: {by_state: null}\n",
        },
        "prod",
        [
            "orders.yaml:10:18: global_secondary_indexes[1].Projection.ProjectionType: invalid value 'SOME'; expected ALL, KEYS_ONLY or INCLUDE. Write one of these."
        ],
    ),
    "a placeholder": (
        {"orders.prod.yaml": "tags:\n  team: ${TEAM}\n"},
        "prod",
        [
            "orders.prod.yaml:2:3: tags.team: holds the placeholder ${TEAM}, which is not replaced. Write the value itself. To keep the text, write $${TEAM}. To replace it, declare the variable: variables: {TEAM: {default: VALUE}}."
        ],
    ),
    "a variable without a value": (
        {"orders.prod.yaml": "variables: [TEAM]\ntags: {team: '${TEAM}'}\n"},
        "prod",
        [
            "orders.prod.yaml:1:13: variables[0]: variable TEAM has no value. Give it with --parameter TEAM=VALUE, or add a default."
        ],
    ),
    "a required field that is removed": (
        {"orders.prod.yaml": "key_schema: null\n"},
        "prod",
        [
            'orders.prod.yaml:1:1: key_schema: is required. Add key_schema, such as [{"AttributeName": "pk", "KeyType": "HASH"}].'
        ],
    ),
    "two spellings of one field": (
        {"orders.prod.yaml": "tags: {a: b}\nTags: {a: c}\n"},
        "prod",
        ["orders.prod.yaml:2:1: Tags: duplicate of tags. Keep tags or Tags."],
    ),
    "another name for the table": (
        {"orders.prod.yaml": "table_name: orders-live\ntags: {a: b}\n"},
        "prod",
        [
            "orders.prod.yaml:1:1: table_name: table 'orders-live' is not declared in orders.yaml. Did you mean `orders`?"
        ],
    ),
    "no name where there are several tables": (
        {"orders.yaml": ORDERS + "---\n" + ORDERS.replace("orders", "users"), "orders.prod.yaml": "tags: {a: b}\n"},
        None,
        [
            "orders.prod.yaml:1:1: has no table_name, and orders.yaml declares 2 tables. Add table_name: one of orders, users."
        ],
    ),
    "environments in an overlay": (
        {"orders.prod.yaml": "tags: {a: b}\nenvironments: {dev: {}}\n"},
        None,
        ["orders.prod.yaml:2:1: environments: is not allowed in an overlay. Write it in orders.yaml."],
    ),
    "an environment in another case": (
        {"orders.Prod.yaml": "tags: {a: b}\n"},
        "prod",
        ["orders.Prod.yaml:1:1: environment 'Prod' is never used; this one is 'prod'. Write both in the same case."],
    ),
    "an environment that is not listed": (
        {"orders.yaml": ORDERS + "environments: [dev, prod]\n", "orders.prd.yaml": "tags: {a: b}\n"},
        "dev",
        ["orders.prd.yaml:1:1: environment 'prd' is never used; orders.yaml lists dev, prod. Did you mean `prod`?"],
    ),
    "an environment that cannot be one": (
        {"orders.my copy.yaml": "tags: {a: b}\n"},
        None,
        [
            "orders.my copy.yaml:1:1: is an overlay of orders.yaml for 'my copy', which cannot be the name of an environment. Use letters, digits, _ and -, or move it out of the folder."
        ],
    ),
    "a run in an environment that is not listed": (
        {"orders.yaml": ORDERS + "environments: [dev, prod]\n"},
        "prdo",
        ["orders.yaml:4:1: environments: environment 'prdo' is not one of dev, prod. Did you mean `prod`?"],
    ),
    "an unknown field of a section": (
        {"orders.yaml": ORDERS + "environments:\n  prod:\n    deletion_protectoin: true\n"},
        None,
        ["orders.yaml:6:5: environments.prod.deletion_protectoin: unknown field. Did you mean `deletion_protection`?"],
    ),
    "a wrong type in a section": (
        {"orders.yaml": ORDERS + "environments:\n  prod:\n    tags: {team: 5}\n"},
        "prod",
        [
            'orders.yaml:6:12: environments.prod.tags.team: expected a text, found the number 5. Write a text in quotes: "5".'
        ],
    ),
    "a name in a section": (
        {"orders.yaml": ORDERS + "environments: {prod: {table_name: live}}\n"},
        "dev",
        ["orders.yaml:4:23: environments.prod.table_name: an overlay cannot rename a table. Remove the field."],
    ),
    "a section in another case": (
        {"orders.yaml": ORDERS + "environments: {PROD: {tags: {a: b}}}\n"},
        "prod",
        [
            "orders.yaml:4:16: environments.PROD: is never used; this environment is 'prod'. Write both in the same case."
        ],
    ),
    "a section that is a text": (
        {"orders.yaml": ORDERS + "environments: {prod: yes}\n"},
        None,
        ["orders.yaml:4:16: environments.prod: expected a mapping. Write the fields that differ in this environment."],
    ),
    "a section that is a number": (
        {"orders.yaml": ORDERS + "environments: {5: {}}\n"},
        None,
        ["orders.yaml:4:16: environments.5: is not the name of an environment. Use letters, digits, _ . and -."],
    ),
    "sections in a section": (
        {"orders.yaml": ORDERS + "environments: {prod: {environments: {}}}\n"},
        None,
        ["orders.yaml:4:23: environments.prod.environments: is not allowed in an overlay. Remove the field."],
    ),
    "environments that are a text": (
        {"orders.yaml": ORDERS + "environments: prod\n"},
        None,
        [
            "orders.yaml:4:1: environments: expected a mapping or a list. Write environments: {prod: {…}}, or a list of names."
        ],
    ),
    "an overlay that cannot be read": (
        {"orders.prod.yaml": "tags: {a: [\n"},
        "prod",
        ["orders.prod.yaml:2:1: is not YAML: expected the node content, but found '<stream end>'. Correct the syntax."],
    ),
    "a base that cannot be read": (
        {"orders.yaml": "tags: {a: [\n", "orders.prod.yaml": "tags: {a: b}\n"},
        "prod",
        ["orders.yaml:2:1: is not YAML: expected the node content, but found '<stream end>'. Correct the syntax."],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_overlay_is_refused_with_its_file_and_line(case: str, tmp_path: Path) -> None:
    files, environment, expected = REFUSED[case]
    base: dict[str, Any] = {"orders.yaml": ORDERS + INDEXES}
    assert sentences(tmp_path, base | files, environment=environment) == expected


NAMES = {
    "orders.prod.yaml": ("orders", "prod"),
    "a/b.c/orders.prod.YML": ("a/b.c/orders", "prod"),
    "orders.v1.prod.json": ("orders.v1", "prod"),
    "a.b/orders.yaml": None,
    "orders.yaml": None,
    "a/.prod.yaml": None,
    "orders.prod.py": None,
    "orders..yaml": None,
}


@pytest.mark.parametrize("path", NAMES)
def test_the_environment_is_the_last_part_of_the_name(path: str) -> None:
    assert split_environment(path) == NAMES[path]


def test_a_changed_overlay_is_seen_although_its_base_is_cached(tmp_path: Path) -> None:
    files = {"orders.yaml": ORDERS, "orders.prod.yaml": "tags: {a: b}\n", "users.yaml": "table_name: users\n" + KEYS}
    load(tmp_path, files)
    source = FolderSource(str(tmp_path), "prod")
    first = source.load()
    (tmp_path / "orders.prod.yaml").write_text("tags: {a: c}\n", encoding="utf-8")
    assert not source.still(first)
    assert source.load().named("orders-prod").spec.tags == (("a", "c"),)
    (tmp_path / "orders.prod.yaml").unlink()
    assert source.load().named("orders-prod").spec.tags is None
    (tmp_path / "orders.prod.json").write_text('{"tags": {"a": "d"}}', encoding="utf-8")
    assert source.load().named("orders-prod").spec.tags == (("a", "d"),)


def test_a_changed_overlay_is_seen_although_its_base_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "tables"
    load(folder, {"orders.yaml": ORDERS, "orders.prod.yaml": "tags: {a: b}\n"})
    for value in ("b", "c", "c"):
        (folder / "orders.prod.yaml").write_text(f"tags: {{a: {value}}}\n", encoding="utf-8")
        state = FolderSource(str(folder), "prod", uses_stored=True).load()
        assert state.named("orders-prod").spec.tags == (("a", value),)
    assert state.from_cache


STRANGE: dict[str, tuple[tuple[str, ...], str | None, list[str]]] = {
    "beside the current one": (
        ("orders.prd.yaml",),
        "prod",
        ["orders.prd.yaml: environment 'prd' is named nowhere else. Did you mean `prod`?"],
    ),
    "beside one of several overlays": (
        ("orders.prd.yaml", "users.prod.yaml", "carts.prod.yaml"),
        None,
        ["orders.prd.yaml: environment 'prd' is named nowhere else. Did you mean `prod`?"],
    ),
    "of two tables": (("orders.prd.yaml", "users.prd.yaml"), "prod", []),
    "like no other": (("orders.test.yaml",), "prod", []),
    "numbered": (("orders.dev2.yaml",), "dev1", []),
    "without any environment": (("orders.prd.yaml",), None, []),
}
TABLE = "table_name: {}\nkey_schema: [{{AttributeName: pk, KeyType: HASH}}]\nattribute_definitions: [{{AttributeName: pk, AttributeType: S}}]\n"
SECTION = "environments:\n  {}: {{deletion_protection: true}}\n"
BOTH = "If both exist, write [environments.{}] and [environments.prod] into reconciler.toml."
MISSPELT: dict[str, tuple[dict[str, str], str | None, tuple[str, ...], list[str]]] = {
    "a section, one letter from the current one": (
        {"orders": "prdo"},
        "prod",
        (),
        [
            "orders.yaml:5:3: environments.prdo: environment 'prdo' is named nowhere else. Did you mean `prod`? "
            + BOTH.format("prdo")
        ],
    ),
    "a section, one letter from one that others have": (
        {"orders": "prood", "users": "prod", "carts": "prod"},
        None,
        (),
        [
            "orders.yaml:5:3: environments.prood: environment 'prood' is named nowhere else. Did you mean `prod`? "
            + BOTH.format("prood")
        ],
    ),
    "a section that the settings do not have": (
        {"orders": "pord", "users": "prod"},
        None,
        ("dev", "prod"),
        [
            "orders.yaml:5:3: environments.pord: environment 'pord' is never used; reconciler.toml has dev, prod. Did you mean `prod`?"
        ],
    ),
    "a section unlike those of the settings": (
        {"orders": "qa"},
        None,
        ("dev", "prod"),
        [
            "orders.yaml:5:3: environments.qa: environment 'qa' is never used; reconciler.toml has dev, prod. Add [environments.qa] to reconciler.toml, or remove it."
        ],
    ),
    "sections that the settings have": ({"orders": "prdo", "users": "prod"}, "prod", ("prdo", "prod"), []),
    "twice": ({"orders": "prdo", "users": "prdo"}, "prod", (), []),
    "another word": ({"orders": "preprod"}, "prod", (), []),
    "short names of two places": ({"orders": "eu", "users": "au", "carts": "au"}, None, (), []),
    "numbered": ({"orders": "stage2"}, "stage1", (), []),
    "no environment": ({"orders": "prdo"}, None, (), []),
}


def faults(source: FolderSource) -> list[str]:
    """Every problem as the user reads it."""
    try:
        source.load()
    except DeclarationError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize("case", MISSPELT)
def test_a_misspelt_section_is_an_error_with_its_line_and_the_nearest_name(case: str, tmp_path: Path) -> None:
    tables, environment, sections, expected = MISSPELT[case]
    write(tmp_path, {f"{name}.yaml": TABLE.format(name) + SECTION.format(each) for name, each in tables.items()})
    source = FolderSource(str(tmp_path), environment, environments=sections, settings_file="reconciler.toml")
    assert faults(source) == expected


def test_an_overlay_beside_that_the_settings_do_not_have_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"orders.yaml": TABLE.format("orders"), "orders.prd.yaml": "deletion_protection: true\n"})
    source = FolderSource(str(tmp_path), None, environments=("prod",), settings_file="reconciler.toml")
    assert faults(source) == [
        "orders.prd.yaml: environment 'prd' is never used; reconciler.toml has prod. Did you mean `prod`?"
    ]


def test_a_list_of_environments_with_a_misspelt_one_is_an_error_too(tmp_path: Path) -> None:
    write(tmp_path, {"orders.yaml": TABLE.format("orders") + "environments: [dev, pord]\n"})
    source = FolderSource(str(tmp_path), "dev", environments=("dev", "prod"), settings_file="reconciler.toml")
    assert faults(source) == [
        "orders.yaml:4:21: environments[1]: environment 'pord' is never used; reconciler.toml has dev, prod. Did you mean `prod`?"
    ]


@pytest.mark.parametrize("case", STRANGE)
def test_an_environment_that_nothing_else_names_is_a_warning(case: str, tmp_path: Path) -> None:
    overlays, environment, expected = STRANGE[case]
    text = "key_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
    files = {f"{name}.yaml": f"table_name: {name}\n{text}" for name in ("orders", "users", "carts")}
    write(tmp_path, {**files, **dict.fromkeys(overlays, "deletion_protection: true\n")})
    assert list(FolderSource(str(tmp_path), environment).load().warnings) == expected


def test_a_seed_that_an_overlay_of_another_environment_names_is_no_orphan(tmp_path: Path) -> None:
    text = "key_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
    seeds = {"seeds/large.json": "[]", "seeds/small.json": "[]", "seeds/other.json": "[]"}
    overlay = {"orders.prod.yaml": "seed: {file: large.json}\n"}
    write(tmp_path, {"orders.yaml": f"table_name: orders\n{text}seed: {{file: small.json}}\n", **seeds, **overlay})
    (warning,) = FolderSource(str(tmp_path), "dev").load().warnings
    assert warning.startswith("seeds/other.json: ")

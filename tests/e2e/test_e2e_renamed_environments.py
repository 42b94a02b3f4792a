"""``renamed_from`` in every place that the environment may have in a name, on DynamoDB Local.

An independent client sees that the items are in the table with the new name, and that nothing else was created.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.renamed_shop import THREE, RenamedShop, table
from support.endpoints import Live

DEV = ("--environment", "dev")
VARIABLES = "variables: [ENVIRONMENT]"
PREFIX, SUFFIX, PLAIN = '"${ENVIRONMENT}-%s"', '"%s-${ENVIRONMENT}"', "%s"
WITHIN = '"shop-${ENVIRONMENT}-%s"'
CLASS = """
class Table:
    TABLE_NAME = "{base}"
    SCHEMA = {{
        {former}
        "key_schema": [{{"AttributeName": "id", "KeyType": "HASH"}}],
        "attribute_definitions": [{{"AttributeName": "id", "AttributeType": "S"}}],
    }}

    @classmethod
    def get_table_name(cls, environment=None):
        return f"{pattern}"

    @classmethod
    def get_schema(cls, environment=None):
        return dict(cls.SCHEMA, table_name=cls.get_table_name(environment))
"""


@pytest.fixture
def shop(local: Live, tmp_path: Path) -> RenamedShop:
    return RenamedShop(local, tmp_path)


def seed(shop: RenamedShop, base: str) -> None:
    """A seed of the new name must never be in its table in place of the items."""
    (shop.folder / "desired_state" / "seeds").mkdir(exist_ok=True)
    (shop.folder / "desired_state" / "seeds" / f"{base}.json").write_text(json.dumps([{"id": "seed"}]))


def began(shop: RenamedShop, name: str) -> str:
    """The one table there is, with three items."""
    shop.declare(table(name, VARIABLES))
    shop.tool("--once", *DEV)
    (made,) = shop.tables
    shop.put(made, *THREE)
    return made


NAMES = {
    "prefix": (PREFIX, PREFIX, ("dev-carts", "carts", '"${ENVIRONMENT}-carts"'), "dev-baskets"),
    "suffix in a variable": (SUFFIX, SUFFIX, ("carts-dev", "carts", '"carts-${ENVIRONMENT}"'), "baskets-dev"),
    "suffix": (PLAIN, PLAIN, ("carts-dev", "carts", '"carts-${ENVIRONMENT}"'), "baskets-dev"),
    "within": (
        WITHIN,
        WITHIN,
        ("shop-dev-carts", "shop-carts", '"shop-${ENVIRONMENT}-carts"'),
        "shop-dev-baskets",
    ),
    "from a suffix to a prefix": (PLAIN, PREFIX, ("carts-dev", "carts"), "dev-baskets"),
    "from a prefix to a suffix": (PREFIX, PLAIN, ("dev-carts", '"${ENVIRONMENT}-carts"'), "baskets-dev"),
    "from within to a suffix": (WITHIN, PLAIN, ("shop-dev-carts", "shop-carts"), "baskets-dev"),
}
CASES = [(case, former) for case, (_, _, formers, _) in NAMES.items() for former in formers]


@pytest.mark.parametrize("place", ["the document", "its environments"])
@pytest.mark.parametrize(("case", "former"), CASES, ids=[f"{case}: {former}" for case, former in CASES])
def test_the_items_move_from_however_the_former_name_is_written(
    shop: RenamedShop, case: str, former: str, place: str
) -> None:
    before, after, _, new = NAMES[case]
    began(shop, before % "carts")
    seed(shop, "baskets")
    if place == "the document":
        shop.declare(table(after % "baskets", VARIABLES, former=former))
    else:
        section = f"environments: {{ dev: {{ renamed_from: {former} }} }}"
        shop.declare(table(after % "baskets", VARIABLES, section))
    shop.tool("validate", *DEV)
    assert f"becomes {new}; keeps its 3 items" in shop.tool("preview", *DEV)
    shop.tool("--once", *DEV)
    assert (shop.tables, shop.held(new)) == ([new], THREE)
    assert "In sync" in shop.tool("preview", "--expect-no-changes", *DEV)


CLASSES = {
    "prefix": ("{environment}_{cls.TABLE_NAME}", ("dev_course", "course"), "dev_lesson"),
    "suffix": ("{cls.TABLE_NAME}-{environment}", ("course-dev", "course"), "lesson-dev"),
    "both": ("{environment}.{cls.TABLE_NAME}.v1", ("dev.course.v1", "course"), "dev.lesson.v1"),
}


@pytest.mark.parametrize("short", [False, True], ids=["whole name", "base name"])
@pytest.mark.parametrize("case", CLASSES)
def test_a_class_file_names_the_former_table_as_its_own(shop: RenamedShop, case: str, short: bool) -> None:
    pattern, formers, new = CLASSES[case]
    file = shop.folder / "desired_state" / "course_table.py"
    file.write_text(CLASS.format(base="course", former="", pattern=pattern))
    shop.tool("--once", *DEV)
    (old,) = shop.tables
    shop.put(old, *THREE)
    file.write_text(CLASS.format(base="lesson", former=f'"renamed_from": "{formers[short]}",', pattern=pattern))
    shop.tool("--once", *DEV)
    assert (shop.tables, shop.held(new)) == ([new], THREE)


def test_without_records_the_former_table_keeps_an_empty_one_from_being_created(shop: RenamedShop) -> None:
    began(shop, PREFIX % "carts")
    shop.live.client.update_table(TableName="reconciler_state", DeletionProtectionEnabled=False)
    shop.live.client.delete_table(TableName="reconciler_state")
    shop.declare(table("baskets", former="dev-carts"))
    assert "dev-carts exists, and this stack does not manage it" in shop.tool("--once", *DEV, code=2)
    assert (shop.tables, shop.held("dev-carts")) == (["dev-carts"], THREE)


def test_a_table_of_the_default_environment_is_not_meant_by_another_one(shop: RenamedShop) -> None:
    shop.declare(table("carts"))
    shop.tool("--once")
    shop.put("carts", *THREE)
    shop.declare(table("baskets", former="carts"))
    shop.tool("--once", *DEV)
    assert shop.tables == ["baskets-dev", "carts"]
    shop.tool("--once")
    assert (shop.tables, shop.held("baskets")) == (["baskets", "baskets-dev"], THREE)


def test_the_own_name_in_full_is_an_error(shop: RenamedShop) -> None:
    shop.declare(table(PREFIX % "carts", VARIABLES, former="dev-carts"))
    shop.tool("validate", "--environment", "test")
    assert "expected another name than table_name" in shop.tool("validate", *DEV, code=1)


def test_two_tables_whose_former_name_may_be_the_same_are_an_error(shop: RenamedShop) -> None:
    shop.declare(table(PREFIX % "baskets", VARIABLES, former="carts"), table("trolleys", former="dev-carts"))
    assert "duplicate renamed_from" in shop.tool("validate", *DEV, code=1)
    shop.declare(table(PREFIX % "baskets", VARIABLES, former="dev-carts"), table("trolleys", former="carts-dev"))
    shop.tool("validate", *DEV)


@pytest.mark.parametrize("wrong", ["cart", "trolleys"], ids=["much like it", "unlike it"])
def test_a_former_name_that_nothing_has_creates_nothing_and_its_advice_works(shop: RenamedShop, wrong: str) -> None:
    began(shop, PREFIX % "carts")
    seed(shop, "baskets")
    shop.declare(table(PREFIX % "baskets", VARIABLES, former=wrong))
    for words in (("preview",), ("--once",), ("up", "--yes")):
        said = shop.tool(*words, *DEV, code=0 if words == ("preview",) else 2)
        assert "dev-carts, no longer declared, has items" in said
        assert "renamed_from: dev-carts" in said
        assert (shop.tables, shop.held("dev-carts")) == (["dev-carts"], THREE)
    shop.declare(table(PREFIX % "baskets", VARIABLES, former="dev-carts"))
    shop.tool("--once", *DEV)
    assert (shop.tables, shop.held("dev-baskets")) == (["dev-baskets"], THREE)


def test_without_the_field_the_new_table_is_created_and_the_former_one_kept(shop: RenamedShop) -> None:
    began(shop, PREFIX % "carts")
    shop.declare(table(PREFIX % "baskets", VARIABLES, former="trolleys"))
    shop.tool("--once", *DEV, code=2)
    shop.declare(table(PREFIX % "baskets", VARIABLES))
    shop.tool("--once", *DEV, code=2)
    assert (shop.tables, shop.held("dev-carts")) == (["dev-baskets", "dev-carts"], THREE)


def test_migrations_speak_of_the_other_table(shop: RenamedShop) -> None:
    began(shop, PREFIX % "carts")
    (shop.folder / "migrations").mkdir()
    file = shop.folder / "migrations" / "0001_a.py"
    file.write_text('table = "carts"\n\n\ndef up(item):\n    return {**item, "a": 1}\n')
    shop.tool("migrate", "up", "--yes", *DEV)
    shop.declare(table(PREFIX % "baskets", VARIABLES, former="carts"))
    said = shop.tool("migrate", "status", *DEV)
    assert "0001_a: applied to dev-carts" in said
    shop.tool("--once", *DEV)
    assert "0001_a: applied to dev-baskets" in shop.tool("migrate", "status", *DEV)


def test_a_migration_of_a_table_that_is_declared_no_more_was_applied_to_another_one(shop: RenamedShop) -> None:
    began(shop, PREFIX % "carts")
    (shop.folder / "migrations").mkdir()
    file = shop.folder / "migrations" / "0001_a.py"
    file.write_text('table = "carts"\n\n\ndef up(item):\n    return {**item, "a": 1}\n')
    shop.tool("migrate", "up", "--yes", *DEV)
    shop.declare(table(PREFIX % "baskets", VARIABLES))
    file.write_text(file.read_text().replace("carts", "baskets"))
    said = shop.tool("migrate", "status", *DEV, code=2)
    assert "0001_a: pending, because it was applied to another table, dev-carts" in said
    assert "created again" not in said

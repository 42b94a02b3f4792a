"""Classes that answer wrongly, or not at all, for their name, schema and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.class_files import BASE_NAME, GET_SCHEMA, GET_TABLE_NAME, HEAD, SCHEMA, SEED
from support.folders import sentences, write
from support.yaml_documents import DOC

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "get_schema that raises": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + "    @classmethod\n    def get_schema(cls, environment=None):\n        return cls.SCHEMAS\n"
        },
        [
            (
                "users_table.py:9:9: get_schema: raises AttributeError: type object 'UsersTable' has no attribute "
                "'SCHEMAS'. Correct the code, or move it out of the folder."
            )
        ],
    ),
    "get_schema that needs two arguments": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + "    @classmethod\n    def get_schema(cls, environment, region):\n        return cls.SCHEMA\n"
        },
        [
            (
                "users_table.py:1:1: get_schema: raises TypeError: UsersTable.get_schema() missing 1 required "
                "positional argument: 'region'. Correct the code, or move it out of the folder."
            )
        ],
    ),
    "get_schema that returns nothing": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + "    @classmethod\n    def get_schema(cls, environment=None):\n        cls.SCHEMA.copy()\n"
        },
        ["users_table.py:1:1: get_schema: expected a dict as the result, found nothing. Return the schema as a dict."],
    ),
    "get_schema that returns a list": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + "    @classmethod\n    def get_schema(cls, environment=None):\n        return [cls.SCHEMA]\n"
        },
        ["users_table.py:1:1: get_schema: expected a dict as the result, found a list. Return the schema as a dict."],
    ),
    "get_schema that exits": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + "    @classmethod\n    def get_schema(cls, environment=None):\n        raise SystemExit(3)\n"
        },
        [("users_table.py:9:9: get_schema: calls exit. Correct the code, or move it out of the folder.")],
    ),
    "a SCHEMA without get_schema": (
        {"users_table.py": HEAD + SCHEMA},
        [
            (
                "users_table.py:1:1: UsersTable: has a SCHEMA but no get_schema. Add the classmethod "
                "get_schema(cls, environment=None)."
            )
        ],
    ),
    "a SCHEMA that is a list": (
        {"users_table.py": HEAD + "    SCHEMA = []\n" + GET_SCHEMA},
        ["users_table.py:1:1: SCHEMA: expected a dict, found a list. Write the schema as a dict."],
    ),
    "a SCHEMA that is empty": (
        {"users_table.py": HEAD + "    SCHEMA = {}\n" + GET_SCHEMA},
        ["users_table.py:1:1: SCHEMA: is empty. Fill it, or remove the class."],
    ),
    "half a SCHEMA": (
        {"users_table.py": HEAD + '    SCHEMA = {\n        "table_name": "users",\n    }\n' + GET_SCHEMA},
        [
            (
                'users_table.py:1:1: key_schema: is required. Add key_schema, such as [{"AttributeName": "pk", '
                '"KeyType": "HASH"}].'
            ),
            (
                "users_table.py:1:1: attribute_definitions: is required. Add attribute_definitions, such as "
                '[{"AttributeName": "pk", "AttributeType": "S"}].'
            ),
        ],
    ),
    "a SCHEMA without table name": (
        {"users_table.py": HEAD + BASE_NAME + SCHEMA.replace('        "table_name": "users",\n', "") + GET_SCHEMA},
        ["users_table.py:1:1: table_name: is required. Add table_name: the name of the table."],
    ),
    "a SCHEMA with an object in it": (
        {"users_table.py": HEAD + SCHEMA.replace('"users"', "object()") + GET_SCHEMA},
        ["users_table.py:3:9: table_name: expected a text, found a Python object. Write a text."],
    ),
    "a SCHEMA that contains itself": (
        {"users_table.py": HEAD + SCHEMA + '    SCHEMA["tags"] = SCHEMA\n' + GET_SCHEMA},
        [("users_table.py:1:1: get_schema: recurses without end. Correct the code, or move it out of the folder.")],
    ),
    "get_table_name that raises": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + GET_TABLE_NAME + "        return cls.NAMES[environment]\n"},
        [
            (
                "users_table.py:12:9: get_table_name: raises AttributeError: type object 'UsersTable' has no "
                "attribute 'NAMES'. Correct the code, or move it out of the folder."
            )
        ],
    ),
    "get_table_name that returns nothing": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + GET_TABLE_NAME + "        pass\n"},
        [
            (
                "users_table.py:1:1: get_table_name: expected a text as the result, found nothing. Return the name "
                "of the table."
            )
        ],
    ),
    "get_table_name and get_schema disagree": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + GET_TABLE_NAME + '        return "users-v2"\n'},
        [
            (
                "users_table.py:1:1: table_name: is 'users' in get_schema, but get_table_name returns 'users-v2'. "
                "Return the same name from both."
            )
        ],
    ),
    "get_description that raises": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + GET_SCHEMA
            + "    @classmethod\n    def get_description(cls):\n        raise RuntimeError('no words')\n"
        },
        [
            (
                "users_table.py:12:9: get_description: raises RuntimeError: no words. Correct the code, or move it "
                "out of the folder."
            )
        ],
    ),
    "seed that raises halfway": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + GET_SCHEMA
            + SEED
            + "        yield {'pk': 'a'}\n        raise OSError('gone')\n"
        },
        ["users_table.py:13:9: seed: raises OSError: gone. Correct the code, or move it out of the folder."],
    ),
    "seed that yields no mapping": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        return ['a']\n"},
        ["users_table.py:1:1: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "seed that returns nothing": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        pass\n"},
        [
            (
                "users_table.py:1:1: seed: raises TypeError: 'NoneType' object is not iterable. Correct the code, "
                "or move it out of the folder."
            )
        ],
    ),
    "seed with an object": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a', 'when': {'at': object()}}\n"},
        [
            (
                "users_table.py:1:1: [0].when.at: has the unsupported Python type object. "
                "Convert it to a text or a number."
            )
        ],
    ),
    "seed with NaN": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a', 'x': float('nan')}\n"},
        ["users_table.py:1:1: [0].x: invalid number nan. Write a finite number."],
    ),
    "a seed method beside a seed file": (
        {
            "seeds/users.json": [{"pk": "a"}],
            "users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        return []\n",
        },
        [
            (
                "users_table.py:1:1: seed: duplicate seed: a seed method and seeds/users.json. Keep the method or the "
                "file, not both."
            )
        ],
    ),
    "a misspelt field, at its own line": (
        {
            "users_table.py": HEAD
            + SCHEMA.replace("    }\n", '        "billing_mod": "PAY_PER_REQUEST",\n    }\n')
            + GET_SCHEMA
        },
        ["users_table.py:6:9: billing_mod: unknown field. Did you mean `billing_mode`?"],
    ),
    "a wrong type deep inside, at its own line": (
        {
            "users_table.py": HEAD
            + SCHEMA.replace(
                "    }\n",
                """        "global_secondary_indexes": [
            {
                "IndexName": "by_pk",
                "KeySchema": "pk",
                "Projection": {"ProjectionType": "ALL"},
            },
        ],
    }
""",
            )
            + GET_SCHEMA
        },
        [
            (
                "users_table.py:9:17: global_secondary_indexes[0].KeySchema: expected a list, found the text "
                "'pk'. Write a list."
            )
        ],
    ),
    "two classes in one file with one name": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + "\n\n" + HEAD.replace("Users", "People") + SCHEMA + GET_SCHEMA},
        [
            (
                "users_table.py:14:9: table_name: duplicate table name 'users'; users_table.py:1:1 declares it as "
                "well. Remove or rename one of the two."
            )
        ],
    ),
    "two files that declare one table": (
        {"a_table.py": HEAD + SCHEMA + GET_SCHEMA, "b_table.py": HEAD + SCHEMA + GET_SCHEMA},
        [
            (
                "b_table.py:3:9: table_name: duplicate table name 'users'; a_table.py:1:1 declares it as well. Remove "
                "or rename one of the two."
            )
        ],
    ),
    "a class and a document that declare one table": (
        {
            "users_table.py": HEAD + SCHEMA + GET_SCHEMA,
            "users.yaml": DOC,
        },
        [
            (
                "users_table.py:3:9: table_name: duplicate table name 'users'; users.yaml:1:1 declares it as well. "
                "Remove or rename one of the two."
            )
        ],
    ),
    "one base name under two table names": (
        {
            "a_table.py": HEAD + BASE_NAME + SCHEMA + GET_SCHEMA,
            "b_table.py": HEAD + BASE_NAME + SCHEMA.replace('"users"', '"users2"') + GET_SCHEMA,
        },
        [
            (
                "b_table.py:4:9: table_name: duplicate base name 'users'; a_table.py:1:1 has it as well. Remove or "
                "rename one of the two."
            )
        ],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_class_with_an_invalid_result_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected

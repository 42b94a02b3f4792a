"""What people get wrong in class files: types of SCHEMA and of answers, what is imported, what seed yields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.class_files import GET_SCHEMA, GET_TABLE_NAME, HEAD, SCHEMA, SEED
from support.folders import sentences, write

OPEN = "    @classmethod\n    def get_schema(cls, environment=None):\n"

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a SCHEMA that is None": (
        {"users_table.py": HEAD + "    SCHEMA = None\n" + GET_SCHEMA},
        ["users_table.py:1:1: SCHEMA: expected a dict, found nothing. Write the schema as a dict."],
    ),
    "a SCHEMA that is a text": (
        {"users_table.py": HEAD + "    SCHEMA = 'users'\n" + GET_SCHEMA},
        ["users_table.py:1:1: SCHEMA: expected a dict, found a str. Write the schema as a dict."],
    ),
    "a SCHEMA that is a method": (
        {"users_table.py": HEAD + "    def SCHEMA(self): ...\n" + GET_SCHEMA},
        ["users_table.py:1:1: SCHEMA: expected a dict, found a function. Write the schema as a dict."],
    ),
    "a SCHEMA that is a property": (
        {"users_table.py": HEAD + "    @property\n    def SCHEMA(self):\n        return {}\n" + GET_SCHEMA},
        ["users_table.py:1:1: SCHEMA: expected a dict, found a property. Write the schema as a dict."],
    ),
    "a SCHEMA that is an integer": (
        {"users_table.py": HEAD + "    SCHEMA = 5\n" + GET_SCHEMA},
        ["users_table.py:1:1: SCHEMA: expected a dict, found an int. Write the schema as a dict."],
    ),
    "get_schema that returns a text": (
        {"users_table.py": HEAD + SCHEMA + OPEN + "        return 'x'\n"},
        ["users_table.py:1:1: get_schema: expected a dict as the result, found a str. Return the schema as a dict."],
    ),
    "get_schema that returns an integer": (
        {"users_table.py": HEAD + SCHEMA + OPEN + "        return 5\n"},
        ["users_table.py:1:1: get_schema: expected a dict as the result, found an int. Return the schema as a dict."],
    ),
    "get_schema that yields": (
        {"users_table.py": HEAD + SCHEMA + OPEN + "        yield cls.SCHEMA\n"},
        [
            (
                "users_table.py:1:1: get_schema: expected a dict as the result, found a generator. Return the schema "
                "as a dict."
            )
        ],
    ),
    "get_schema that must be awaited": (
        {"users_table.py": HEAD + SCHEMA + OPEN.replace("def", "async def") + "        return cls.SCHEMA\n"},
        [
            (
                "users_table.py:1:1: get_schema: expected a dict as the result, found a coroutine. Return the schema "
                "as a dict."
            )
        ],
    ),
    "get_schema that calls itself": (
        {"users_table.py": HEAD + SCHEMA + OPEN + "        return cls.get_schema(environment)\n"},
        [("users_table.py:9:9: get_schema: recurses without end. Correct the code, or move it out of the folder.")],
    ),
    "get_schema that exits without a word": (
        {"users_table.py": HEAD + SCHEMA + OPEN + "        raise SystemExit\n"},
        [("users_table.py:9:9: get_schema: calls exit. Correct the code, or move it out of the folder.")],
    ),
    "get_schema that divides by zero in a helper": (
        {
            "helper.py": "def count():\n    return 1 / 0\n",
            "users_table.py": "from .helper import count\n" + HEAD + SCHEMA + OPEN + "        return {'x': count()}\n",
        },
        [
            (
                "helper.py:2:5: get_schema: raises ZeroDivisionError: division by zero. Correct the code, or "
                "move it out of the folder."
            )
        ],
    ),
    "a schema with bytes": (
        {"users_table.py": HEAD + SCHEMA.replace('"users"', 'b"users"') + GET_SCHEMA},
        ["users_table.py:3:9: table_name: expected a text, found binary. Write a text."],
    ),
    "a schema with a Decimal": (
        {
            "users_table.py": "from decimal import Decimal\n"
            + HEAD
            + SCHEMA.replace('"users",', '"users", "on_demand_throughput": {"max_read_request_units": Decimal(5)},')
            + GET_SCHEMA
        },
        [
            (
                "users_table.py:4:57: on_demand_throughput.max_read_request_units: expected a whole number, found a "
                "Python Decimal. Write a whole number, without quotes."
            )
        ],
    ),
    "a schema with an integer of five thousand digits": (
        {
            "users_table.py": HEAD
            + SCHEMA.replace('"users",', '"users", "on_demand_throughput": {"max_read_request_units": 10 ** 5000},')
            + GET_SCHEMA
        },
        [
            (
                "users_table.py:3:57: on_demand_throughput.max_read_request_units: a number of 5001 digits is "
                "greater than 9223372036854775807. Write 9223372036854775807 or less."
            )
        ],
    ),
    "a schema with a negative integer of five thousand digits": (
        {
            "users_table.py": HEAD
            + SCHEMA.replace('"users",', '"users", "on_demand_throughput": {"max_read_request_units": -10 ** 5000},')
            + GET_SCHEMA
        },
        [
            (
                "users_table.py:3:57: on_demand_throughput.max_read_request_units: a number of 5001 digits is less "
                "than -1. Write -1 or more."
            )
        ],
    ),
    "a name of five thousand digits": (
        {"users_table.py": HEAD + SCHEMA.replace('"users"', "10 ** 5000") + GET_SCHEMA},
        [
            (
                "users_table.py:3:9: table_name: expected a text, found a number of 5001 digits. "
                "Write a text in quotes with every digit."
            )
        ],
    ),
    "a schema with a function": (
        {"users_table.py": HEAD + SCHEMA.replace('"users"', "lambda: 'users'") + GET_SCHEMA},
        ["users_table.py:3:9: table_name: expected a text, found a Python function. Write a text."],
    ),
    "a schema with NaN": (
        {"users_table.py": HEAD + SCHEMA.replace('"users",', '"users", "description": float("nan"),') + GET_SCHEMA},
        [
            (
                "users_table.py:3:32: description: expected a text, found the number nan. "
                "Write a text in quotes with every digit."
            )
        ],
    ),
    "a name that needs an environment where none is set": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + GET_SCHEMA
            + GET_TABLE_NAME
            + "        return 'users-' + environment.upper()\n"
        },
        [
            (
                "users_table.py:12:9: get_table_name: raises AttributeError: 'NoneType' object has no attribute "
                "'upper'. Correct the code, or move it out of the folder."
            )
        ],
    ),
    "a name that ends with a line break": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + GET_TABLE_NAME + "        return 'users\\n'\n"},
        [
            (
                "users_table.py:1:1: table_name: is 'users' in get_schema, but get_table_name returns "
                "'users\\n'. Return the same name from both."
            ),
            (
                "users_table.py:3:9: table_name: invalid name 'users\\n'; it contains '\\n'. Use only a-z, A-Z, 0-9, "
                "_ . and -."
            ),
        ],
    ),
    "a variable of the environment that is not set": (
        {"users_table.py": "import os\nNAME = os.environ['NO_SUCH_NAME']\n"},
        [
            (
                "users_table.py:2:1: cannot be loaded: KeyError: 'NO_SUCH_NAME'; the environment variable NO_SUCH_NAME "
                "is not set. Set NO_SUCH_NAME where the reconciler runs, or give the setting a default."
            )
        ],
    ),
    "print of Python 2": (
        {"users_table.py": 'print "hello"\n'},
        [
            (
                "users_table.py:1:1: is not Python: Missing parentheses in call to 'print'. Did you mean "
                "print(...)?. Correct the syntax."
            )
        ],
    ),
    "a line that is indented for no reason": (
        {"users_table.py": HEAD + "    X = 1\n      Y = 2\n"},
        ["users_table.py:3:6: is not Python: unexpected indent. Correct the syntax."],
    ),
    "a class without a body": (
        {"users_table.py": "class UsersTable:\nSCHEMA = {}\n"},
        [
            (
                "users_table.py:2:1: is not Python: expected an indented block after class definition on line "
                "1. Correct the syntax."
            )
        ],
    ),
    "the marks of a merge conflict": (
        {"users_table.py": "<<<<<<< HEAD\n" + HEAD + SCHEMA},
        ["users_table.py:1:1: is not Python: invalid syntax. Correct the syntax."],
    ),
    "an import of the file by its bare name": (
        {"users_table.py": "from users_table import Other\n"},
        [
            (
                "users_table.py:1:1: cannot be loaded: ModuleNotFoundError: No module named 'users_table'. "
                "Install what it imports, or correct the import."
            )
        ],
    ),
    "an assertion that fails": (
        {"users_table.py": "assert 1 == 2, 'the sums are off'\n"},
        [
            (
                "users_table.py:1:1: cannot be loaded: AssertionError: the sums are off. Correct the code, or "
                "move it out of the folder."
            )
        ],
    ),
    "no memory": (
        {"users_table.py": "raise MemoryError\n"},
        ["users_table.py:1:1: cannot be loaded: MemoryError. Correct the code, or move it out of the folder."],
    ),
    "a group of exceptions": (
        {"users_table.py": "raise ExceptionGroup('two', [ValueError('a'), TypeError('b')])\n"},
        [
            (
                "users_table.py:1:1: cannot be loaded: ExceptionGroup: two (2 sub-exceptions). Correct the "
                "code, or move it out of the folder."
            )
        ],
    ),
    "an exception of two lines": (
        {"users_table.py": "raise ValueError('the first\\nthe second')\n"},
        [
            (
                "users_table.py:1:1: cannot be loaded: ValueError: the first. Correct the code, or move it out "
                "of the folder."
            )
        ],
    ),
    "an exception that cannot be told": (
        {"users_table.py": "class Bad(Exception):\n    def __str__(self):\n        return 1 / 0\nraise Bad\n"},
        ["users_table.py:4:1: cannot be loaded: Bad. Correct the code, or move it out of the folder."],
    ),
    "a metaclass that refuses": (
        {
            "users_table.py": "class M(type):\n    def __init__(cls, *more):\n        raise TypeError('no')\n"
            "class A(metaclass=M): ...\n"
        },
        ["users_table.py:3:9: cannot be loaded: TypeError: no. Correct the code, or move it out of the folder."],
    ),
    "seed that returns a number": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        return 5\n"},
        [
            (
                "users_table.py:1:1: seed: raises TypeError: 'int' object is not iterable. Correct the code, or "
                "move it out of the folder."
            )
        ],
    ),
    "seed that returns one item": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        return {'pk': 'a'}\n"},
        ["users_table.py:1:1: [0]: expected a mapping of attributes. Write each item as a mapping."],
    ),
    "seed that exits": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a'}\n        raise SystemExit\n"},
        [("users_table.py:13:9: seed: calls exit. Correct the code, or move it out of the folder.")],
    ),
    "seed with a time": (
        {
            "users_table.py": "from datetime import datetime\n"
            + HEAD
            + SCHEMA
            + GET_SCHEMA
            + SEED
            + "        yield {'pk': 'a', 'at': datetime(2026, 1, 1)}\n"
        },
        [("users_table.py:2:1: [0].at: has the unsupported Python type datetime. Convert it to a text or a number.")],
    ),
    "seed with a UUID for a key": (
        {
            "users_table.py": "import uuid\n"
            + HEAD
            + SCHEMA
            + GET_SCHEMA
            + SEED
            + "        yield {'pk': uuid.UUID(int=5)}\n"
        },
        [("users_table.py:2:1: [0].pk: has the unsupported Python type UUID. Convert it to a text or a number.")],
    ),
    "seed with an empty set": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a', 's': set()}\n"},
        [
            (
                "users_table.py:1:1: [0].s: is an empty set, which DynamoDB does not accept. Leave the attribute "
                "out, or use a list."
            )
        ],
    ),
    "seed with a set of a text and a number": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a', 's': {'x', 1}}\n"},
        [
            (
                "users_table.py:1:1: [0].s: is a set with mixed or unsupported types. Put only texts, only "
                "numbers or only binary values into a set."
            )
        ],
    ),
    "seed that yields one item twice": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield from [{'pk': 'a'}] * 2\n"},
        ["users_table.py:1:1: [1]: duplicate key 'a', also in item [0]. Keep one of the two."],
    ),
    "seed with an item nested deeper than Python recurses": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + GET_SCHEMA
            + SEED
            + "        item = 'x'\n        for _ in range(450):\n            item = [item]\n"
            + "        yield {'pk': 'a', 'x': item}\n"
        },
        ["users_table.py:1:1: [0]: is nested 450 levels deep. DynamoDB allows 32 levels."],
    ),
    "seed with an item that contains itself": (
        {
            "users_table.py": HEAD
            + SCHEMA
            + GET_SCHEMA
            + SEED
            + "        item = {'pk': 'a'}\n        item['me'] = item\n        yield item\n"
        },
        ["users_table.py:1:1: [0]: is nested too deeply. Use fewer levels."],
    ),
    "seed with infinity": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a', 'n': float('inf')}\n"},
        ["users_table.py:1:1: [0].n: invalid number inf. Write a finite number."],
    ),
    "seed with an integer of five thousand digits": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a', 'n': 10 ** 5000 + 1}\n"},
        ["users_table.py:1:1: [0].n: has 5001 digits, more than 38. Write it as a text, or round it."],
    ),
    "seed with a number for the name of an attribute": (
        {"users_table.py": HEAD + SCHEMA + GET_SCHEMA + SEED + "        yield {'pk': 'a', 5: 'x'}\n"},
        ["users_table.py:1:1: [0]: invalid attribute name 5. Use texts as attribute names."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_in_a_class_file_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected

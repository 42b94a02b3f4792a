"""Class files that say something else each time they are loaded: seeds, names and schemas made of chance or time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.class_files import GET_SCHEMA, GET_TABLE_NAME, HEAD, SCHEMA, SEED
from support.folders import load, sentences, write

USERS = HEAD + SCHEMA + GET_SCHEMA
LINE = USERS.count("\n") + 3
"""Of ``def seed`` below the one import of a case."""

CHANGING = {
    "ids of uuid4": ("import uuid", "yield {'pk': str(uuid.uuid4())}", "item [0].pk is "),
    "ids of uuid1": ("import uuid", "yield {'pk': str(uuid.uuid1())}", "item [0].pk is "),
    "an attribute by chance": (
        "import random",
        "for n in range(3): yield {'pk': str(n), 'age': random.randint(18, 90)}",
        "item [0].age is 67 and then 35",
    ),
    "a choice of two": (
        "import random",
        "yield {'pk': 'a', 'x': random.choice(['left', 'right'])}",
        'item [0].x is "right" and then "left"',
    ),
    "a secret token": ("import secrets", "yield {'pk': 'a', 'token': secrets.token_hex(4)}", "item [0].token is "),
    "random bytes": ("import os", "yield {'pk': 'a', 'b': os.urandom(8)}", "item [0].b is "),
    "the time to the second": ("import time", "yield {'pk': 'a', 'at': int(time.time())}", "item [0].at is "),
    "a time to live from now": (
        "import time",
        "yield {'pk': 'a', 'ttl': int(time.time()) + 86400}",
        "item [0].ttl is ",
    ),
    "the date of today": (
        "import datetime",
        "yield {'pk': 'a', 'day': datetime.date.today().isoformat()}",
        "item [0].day is ",
    ),
    "the year": ("from datetime import datetime", "yield {'pk': 'a', 'y': datetime.now().year}", "item [0].y is "),
    "a date deep inside": (
        "from datetime import datetime, UTC",
        "yield {'pk': 'a', 'm': {'l': [1, datetime.now(UTC).isoformat()]}}",
        "item [0].m.l[1] is ",
    ),
    "a formatted time": ("import time", "yield {'pk': 'a', 'at': time.strftime('%Y-%m')}", "item [0].at is "),
    "a list from a set": (
        "import os",
        "yield {'pk': 'a', 'tags': list({'red', 'green', 'blue', 'cyan', 'black', 'white'})}",
        "item [0].tags[",
    ),
    "numbers by the order of a set": (
        "import os",
        "yield from ({'pk': name, 'n': n} for n, name in enumerate({'ann', 'bob', 'cid', 'dan', 'eve', 'fay'}))",
        "item [",
    ),
    "the hash of a text": ("import os", "yield {'pk': 'a', 'h': hash('users')}", "item [0].h is "),
    "the number of the process": ("import os", "yield {'pk': 'a', 'p': os.getpid()}", "item [0].p is "),
    "the address of an object": ("import os", "yield {'pk': 'a', 'o': str(object())}", "item [0].o is "),
    "how many items": (
        "import random",
        "yield from ({'pk': str(n)} for n in range(random.randint(5, 500)))",
        "item [",
    ),
    "several fields": (
        "import uuid",
        "yield from ({'pk': str(n), 'id': uuid.uuid4().hex, 'e': uuid.uuid4().hex, 'n': 1} for n in range(2))",
        "item [0].id is ",
    ),
    "an attribute that comes and goes": (
        "import random",
        "yield {'pk': 'a'} | ({'x': 1} if random.choice([0, 1]) else {})",
        "item [0].x is missing the second time",
    ),
}
"""An import, what seed() does, and how the sentence about the first difference begins."""


@pytest.mark.parametrize("case", CHANGING)
def test_a_seed_of_other_items_each_time_is_refused(case: str, tmp_path: Path) -> None:
    head, body, expected = CHANGING[case]
    source = f"{head}\n{USERS}{SEED}        {body}\n"
    for _ in range(2):
        (sentence,) = sentences(write(tmp_path, {"users_table.py": source}))
        assert sentence.startswith(f"users_table.py:{LINE}:5: seed: yields different items each time: {expected}")
        assert sentence.endswith("sorted(…) around a set.")


def test_the_fields_that_differ_are_named(tmp_path: Path) -> None:
    head, body, _ = CHANGING["several fields"]
    (sentence,) = sentences(write(tmp_path, {"users_table.py": f"{head}\n{USERS}{SEED}        {body}\n"}))
    assert "; further fields that differ: e. Yield the same items every time" in sentence


STEADY = {
    "chance with a seed of its own": ("import random", "yield {'pk': str(random.Random(5).random())}"),
    "chance that is seeded first": ("import random", "random.seed(1); yield {'pk': str(random.random())}"),
    "chance that is seeded on import": ("import random; random.seed(1)", "yield {'pk': str(random.random())}"),
    "ids of uuid5": ("import uuid", "yield {'pk': str(uuid.uuid5(uuid.NAMESPACE_DNS, 'a'))}"),
    "a set as a set": ("import os", "yield {'pk': 'a', 's': {'red', 'green', 'blue', 'cyan', 'black'}}"),
    "a set of numbers and one of bytes": ("import os", "yield {'pk': 'a', 's': {1, 2.5}, 'b': {b'x', b'y'}}"),
    "the same items in any order": ("import os", "yield from ({'pk': name} for name in {'ann', 'bob', 'cid', 'dan'})"),
    "attributes in any order": ("import os", "yield {**dict.fromkeys({'a', 'b', 'c', 'd'}, 1), 'pk': 'x'}"),
    "fixed dates": ("import datetime", "yield {'pk': datetime.datetime(2026, 1, 2).isoformat()}"),
    "decimals, bytes and nesting": (
        "from decimal import Decimal",
        "yield {'pk': 'a', 'n': Decimal('1.10'), 'b': b'\\x00\\xff', 'm': {'l': [None, True, (1, 2)]}}",
    ),
    "nothing": ("import os", "return []"),
}


@pytest.mark.parametrize("case", STEADY)
def test_a_seed_that_is_the_same_each_time_is_read(case: str, tmp_path: Path) -> None:
    head, body = STEADY[case]
    write(tmp_path, {"users_table.py": f"{head}\n{USERS}{SEED}        {body}\n"})
    digests = {
        declaration.seed.digest for _ in range(2) for declaration in load(tmp_path).declarations if declaration.seed
    }
    assert len(digests) == 1


def test_items_yielded_by_a_class_arrive_unchanged(tmp_path: Path) -> None:
    item = "{'pk': 'a', 'n': Decimal('1.10'), 'i': 10**30, 'f': 0.5, 'b': b'\\x00', 's': {'x', 'y'}, 'ns': {1, 2},"
    item += " 'm': {'$': '\\u20ac'}, 'l': (None, True, [])}"
    source = f"from decimal import Decimal\n{USERS}{SEED}        yield {item}\n"
    (declaration,) = load(write(tmp_path, {"users_table.py": source})).declarations
    assert declaration.seed is not None
    (found,) = declaration.seed.items
    assert {
        name: {kind: sorted(of) if kind in {"SS", "NS"} else of for kind, of in value.items()}
        for name, value in found.items()
    } == {
        "pk": {"S": "a"},
        "n": {"N": "1.1"},
        "i": {"N": "1" + "0" * 30},
        "f": {"N": "0.5"},
        "b": {"B": b"\0"},
        "s": {"SS": ["x", "y"]},
        "ns": {"NS": ["1", "2"]},
        "m": {"M": {"$": {"S": "€"}}},
        "l": {"L": [{"NULL": True}, {"BOOL": True}, {"L": []}]},
    }


NAMES = {
    "chance": "__import__('random').randint(1, 10**6)",
    "one of two": "__import__('random').choice('ab')",
    "a uuid": "__import__('uuid').uuid4()",
    "the second": "int(__import__('time').time())",
    "the minute": "__import__('time').strftime('%H-%M')",
    "the day": "__import__('datetime').date.today()",
    "the month": "__import__('datetime').datetime.now().strftime('%Y_%m')",
    "the year": "__import__('datetime').datetime.utcnow().year",
    "the process": "__import__('os').getpid()",
    "the hash of a text": "hash('users') % 1000",
    "the first of a set": "next(iter({'a', 'b', 'c', 'd', 'e', 'f', 'g'}))",
    "the first of two": "next(iter({'a', 'b'}))",
    "the first of three": "next(iter({'red', 'green', 'blue'}))",
}


@pytest.mark.parametrize("case", NAMES)
def test_a_class_whose_name_changes_from_load_to_load_is_refused(case: str, tmp_path: Path) -> None:
    schema = GET_SCHEMA.replace("dict(cls.SCHEMA)", "dict(cls.SCHEMA, table_name=NAME)")
    source = (
        f"NAME = 'users-' + str({NAMES[case]})\n" + HEAD + SCHEMA + schema + GET_TABLE_NAME + "        return NAME\n"
    )
    for _ in range(2):
        (sentence,) = sentences(write(tmp_path, {"users_table.py": source}))
        assert sentence.startswith("users_table.py:2:1: table_name: differs between two loads: 'users-")
        assert " and 'users-" in sentence


OTHER = "".join(f"    {line}\n" for line in USERS.replace("Users", "Others").replace("users", "others").splitlines())
OTHERS = {
    "a class that is there by chance": (
        "import random\nif random.choice([0, 1]):\n" + OTHER,
        "is declared in only one of two loads",
    ),
    "a schema by chance": (
        "import random\nUsersTable.SCHEMA['tags'] = {'build': str(random.random())}\n",
        "returns a different schema each time: .tags.build is ",
    ),
    "a schema of today": (
        "import time\nUsersTable.SCHEMA['tags'] = {'made': time.ctime()}\n",
        "returns a different schema each time: .tags.made is ",
    ),
    "an error by chance": (
        "import random\nassert random.choice([0, 1])\n",
        "cannot be loaded: AssertionError, but not every time",
    ),
    "an end by chance": (
        "import random, os\nif not random.choice([0, 1]): os._exit(0)\n",
        "ends the process that loads it with exit code 0, but not every time",
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_else_changes_from_load_to_load_is_refused(case: str, tmp_path: Path) -> None:
    code, expected = OTHERS[case]
    (sentence,) = sentences(write(tmp_path, {"users_table.py": USERS + code}))
    assert expected in sentence


def test_a_file_that_cannot_be_loaded_at_another_date_is_compared_at_this_one(tmp_path: Path) -> None:
    code = "import time\nassert time.time() < {}, 'the licence has expired'\n"
    write(tmp_path, {"users_table.py": code.format(int(time.time()) + 86_400) + USERS})
    assert sentences(tmp_path) == []


def test_lists_of_a_schema_may_come_from_sets(tmp_path: Path) -> None:
    code = "UsersTable.SCHEMA['attribute_definitions'] = [{'AttributeName': a, 'AttributeType': 'S'} for a in {'pk'}]\n"
    code += "UsersTable.SCHEMA['tags'] = {name: '1' for name in {'a', 'b', 'c', 'd', 'e'}}\n"
    assert sentences(write(tmp_path, {"users_table.py": USERS + code})) == []

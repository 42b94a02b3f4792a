"""Class files that cannot be loaded are reported with the line in the user's own file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a syntax error": (
        {"users_table.py": HEAD + "    SCHEMA = {\n"},
        ["users_table.py:2:14: is not Python: '{' was never closed. Correct the syntax."],
    ),
    "a tab among spaces": (
        {"users_table.py": "if True:\n        x = 1\n\ty = 2\n"},
        [
            (
                "users_table.py:3:1: is not Python: inconsistent use of tabs and spaces in "
                "indentation. Correct the syntax."
            )
        ],
    ),
    "a null byte": (
        {"users_table.py": b"x = 1\n\x00\n"},
        ["users_table.py: is not Python: source code string cannot contain null bytes. Correct the syntax."],
    ),
    "not UTF-8": (
        {"users_table.py": b"x = '\xff\xfe'\n"},
        [
            (
                f"users_table.py:1:{9 if sys.version_info < (3, 13) else 5}: is not Python: (unicode error) 'utf-8' codec can't decode byte 0xff in "
                "position 0: invalid start byte. Correct the syntax."
            )
        ],
    ),
    "an empty file": (
        {"users_table.py": ""},
        ["users_table.py: is empty; it may be in the middle of being saved. Fill it or remove it."],
    ),
    "an import of what is not installed": (
        {"users_table.py": "import os\nimport nowhere_to_be_found\n"},
        [
            (
                "users_table.py:2:1: cannot be loaded: ModuleNotFoundError: No module named 'nowhere_to_be_found'. "
                "Install what it imports, or correct the import."
            )
        ],
    ),
    "a name that a module does not have": (
        {"users_table.py": "from json import nothing\n"},
        [
            (
                "users_table.py:1:1: cannot be loaded: ImportError: cannot import name 'nothing' from 'json'. "
                "Install what it imports, or correct the import."
            )
        ],
    ),
    "a relative import of what is not there": (
        {"__init__.py": "", "tables/__init__.py": "", "tables/users_table.py": "from ..settings import name\n"},
        [
            (
                "tables/users_table.py:1:1: cannot be loaded: ModuleNotFoundError: No module named 'app.settings'. "
                "Install what it imports, or correct the import."
            )
        ],
    ),
    "a relative import beyond the package": (
        {"tables/__init__.py": "", "tables/users_table.py": "\nfrom ...settings import name\n"},
        [
            (
                "tables/users_table.py:2:1: cannot be loaded: ImportError: attempted relative import beyond "
                "top-level package. Install what it imports, or correct the import."
            )
        ],
    ),
    "an exception while loading": (
        {"users_table.py": "x = 1\ny = x / 0\n"},
        [
            (
                "users_table.py:2:1: cannot be loaded: ZeroDivisionError: division by zero. Correct the code, or "
                "move it out of the folder."
            )
        ],
    ),
    "an exception without text": (
        {"users_table.py": "raise ValueError\n"},
        ["users_table.py:1:1: cannot be loaded: ValueError. Correct the code, or move it out of the folder."],
    ),
    "an exit while loading": (
        {"users_table.py": "import sys\nsys.exit(0)\n"},
        [("users_table.py:2:1: calls exit. Move the call of exit under `if __name__ == '__main__':`.")],
    ),
    "a failure in a helper beside it": (
        {"helper.py": "\n\nraise KeyError('no setting')\n", "users_table.py": "from .helper import x\n"},
        [("helper.py:3:1: cannot be loaded: KeyError: 'no setting'. Correct the code, or move it out of the folder.")],
    ),
    "a failing package": (
        {"__init__.py": "1 / 0\n", "users_table.py": HEAD + SCHEMA + GET_SCHEMA},
        [
            (
                "__init__.py:1:1: cannot be loaded: ZeroDivisionError: division by zero. Correct the code, or move "
                "it out of the folder."
            )
        ],
    ),
    "endless recursion while loading": (
        {"users_table.py": "def f():\n    return f()\nf()\n"},
        ["users_table.py:2:5: recurses without end. Correct the code, or move it out of the folder."],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_class_file_that_cannot_be_loaded_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected

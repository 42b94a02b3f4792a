"""A class file that imports an application's settings, which are not there: the variable is named, with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import sentences, write

USERS = HEAD + SCHEMA + GET_SCHEMA
MESSAGES = "class {kind}(Exception): ...\nraise {kind}({text!r})\n"

PREFIXED = """from pydantic_settings import BaseSettings
class S(BaseSettings, env_prefix='NO_SUCH_'):
    a: str
    b: int
    c: int = 5
S()
"""
DJANGO = "Requested setting X, but settings are not configured. You must either define the environment variable "
DJANGO += "NO_SUCH_MODULE or call settings.configure() before accessing settings."

CASES = {
    "os.environ": ("import os\nX = os.environ['NO_SUCH_A']\n", "NO_SUCH_A"),
    "os.environ, imported by name": ("from os import environ\nX = environ['NO_SUCH_A']\n", "NO_SUCH_A"),
    "os.environ in a helper": ("from .settings import X\n", "NO_SUCH_B"),
    "getenv that is turned into a number": ("import os\nX = int(os.getenv('NO_SUCH_A'))\n", "NO_SUCH_A"),
    "getenv that is taken for a text": ("import os\nX = os.getenv('NO_SUCH_A').upper()\n", "NO_SUCH_A"),
    "environ.get that is added": ("import os\nX = 'a' + os.environ.get('NO_SUCH_A')\n", "NO_SUCH_A"),
    "pydantic settings": (
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    no_such_a: str\nS()\n",
        "NO_SUCH_A",
    ),
    "pydantic settings with a prefix": (
        PREFIXED,
        "NO_SUCH_A and NO_SUCH_B",
    ),
    "Django": (
        MESSAGES.format(
            kind="ImproperlyConfigured",
            text=DJANGO,
        ),
        "NO_SUCH_MODULE",
    ),
    "django-environ": (
        MESSAGES.format(kind="ImproperlyConfigured", text="Set the NO_SUCH_A environment variable"),
        "NO_SUCH_A",
    ),
    "decouple": (
        MESSAGES.format(
            kind="UndefinedValueError", text="NO_SUCH_A not found. Declare it as envvar or define a default value."
        ),
        "NO_SUCH_A",
    ),
    "environs": (MESSAGES.format(kind="EnvError", text='Environment variable "NO_SUCH_A" not set'), "NO_SUCH_A"),
    "Starlette": (
        MESSAGES.format(kind="Missing", text="Config 'NO_SUCH_A' is missing, and has no default."),
        "NO_SUCH_A",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_missing_setting_is_named(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, name = CASES[case]
    helper = "import os\nX = os.environ['NO_SUCH_B']\n"
    write(tmp_path, {"users_table.py": code + USERS, "settings.py": helper if "helper" in case else "X = 1\n"})
    found = sentences(tmp_path)
    plural = "s" if " and " in name else ""
    assert f"; the environment variable{plural} {name} {'are' if plural else 'is'} not set. " in found[0]
    assert found[0].endswith(f"Set {name} where the reconciler runs, or give the setting a default.")
    for each in name.split(" and "):
        monkeypatch.setenv(each, "1")
    assert not [sentence for sentence in sentences(tmp_path) if "; the environment variable" in sentence]


OTHER = {
    "a key of a mapping of its own": "X = {}['NO_SUCH_A']\n",
    "a variable that is set": "import os\nX = int(os.environ['PATH'])\n",
    "a model that is no setting": "from pydantic import BaseModel\nclass M(BaseModel):\n    a: str\nM()\n",
    "no error of settings at all": "1 / 0\n",
}


@pytest.mark.parametrize("case", OTHER)
def test_other_errors_mention_no_variable(case: str, tmp_path: Path) -> None:
    (sentence,) = sentences(write(tmp_path, {"users_table.py": OTHER[case] + USERS}))
    assert "environment variable" not in sentence

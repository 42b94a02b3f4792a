"""Whether a class that other classes inherit from is a base and no table of its own. Called by ``evaluating``.

It is one where the code says so: an empty SCHEMA, a name that is left to the classes that inherit (``TABLE_NAME: str``,
``TABLE_NAME = None``, ``raise NotImplementedError``), or neither name nor keys. A class that names a table, or that has
keys and merely fails to give a name, is not skipped: its table would count as no longer declared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.declarations.formats.python.classes import has_keys, names_a_table


def is_base(owner: type, ask: Callable[[str], Any], announced: Callable[[str, Callable[[], Any]], Any]) -> bool:
    """``ask`` calls a method of the class by its name; ``announced`` says before that it is called."""
    if not owner.__subclasses__():
        return False
    schema = getattr(owner, "SCHEMA", None)
    if schema is None or schema == {}:
        return True
    if not isinstance(schema, dict) or names_a_table(owner):
        return False
    left_open = "TABLE_NAME" in getattr(owner, "__annotations__", {}) or "TABLE_NAME" in vars(owner)
    if not callable(getattr(owner, "get_table_name", None)):
        return left_open or (not has_keys(owner) and not _named_in_schema(ask, announced))
    try:
        name = announced("get_table_name", lambda: ask("get_table_name"))
    except NotImplementedError:
        return True
    except AttributeError as error:
        return error.name == "TABLE_NAME" and (left_open or not has_keys(owner))
    except BaseException:  # noqa: BLE001 - asked again, and reported, where the class is asked for its table
        return False
    if left_open:
        return not name or str(name).startswith(("-", "_", ".", "None"))
    return name is None


def _named_in_schema(ask: Callable[[str], Any], announced: Callable[[str, Callable[[], Any]], Any]) -> bool:
    try:
        answer = announced("get_schema", lambda: ask("get_schema"))
    except NotImplementedError:
        return False
    except BaseException:  # noqa: BLE001 - as above
        return True
    return isinstance(answer, dict) and bool(answer.get("table_name") or answer.get("TableName"))

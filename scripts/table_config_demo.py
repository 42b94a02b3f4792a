#!/usr/bin/env python3
"""Shows what ``desired_state`` declares: names in all environments, schemas, validation and usage.

Run from anywhere with plain Python: ``python3 scripts/table_config_demo.py``. Where the reconciler's dependencies are
installed, the declarations are also checked by the rules of CreateTable; exit code 1 when something is wrong.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True

from desired_state.settings import ENVIRONMENTS  # noqa: E402
from desired_state.tables import TableConfig, TableNames, UnknownTableError  # noqa: E402


def main() -> int:
    """Print the four parts; 0 when every declaration is sound."""
    show_names()
    show_schemas()
    problems = show_validation()
    show_usage()
    return 1 if problems else 0


def show_names() -> None:
    """One row a table, one column an environment."""
    title("Table names")
    tables = TableConfig().list_available_tables()
    columns = [("(none)", TableConfig()), *((name, TableConfig(environment=name)) for name in ENVIRONMENTS)]
    rows = [[""] + [heading for heading, _ in columns]]
    rows += [[table] + [config.get_table_name(table) for _, config in columns] for table in tables]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def show_schemas() -> None:
    """The whole schema of every table, as an environment named local sees it."""
    title("Schemas (environment local)")
    config = TableConfig(environment="local")
    for base_name, info in config.get_table_info().items():
        print(f"{base_name}: {info['description']}")
        print(json.dumps(config.get_schema(base_name), indent=2))


def show_validation() -> list[str]:
    """Check every environment; returns the sentences it printed about what is wrong."""
    title("Validation")
    problems: list[str] = []
    for environment in (None, *ENVIRONMENTS):
        found = plain_problems(environment) + rule_problems(environment)
        problems += found
        print(f"{environment or '(none)'}: {'ok' if not found else ''}".rstrip())
        for sentence in found:
            print(f"  {sentence}")
    if not rules_available():
        print("(names and key attributes only: install the reconciler's dependencies for every rule of CreateTable)")
    return problems


def plain_problems(environment: str | None) -> list[str]:
    """What the standard library alone can tell."""
    config = TableConfig(environment)
    problems = []
    for base_name, schema in config.get_all_schemas().items():
        if schema["table_name"] != config.get_table_name(base_name):
            problems.append(f"{base_name}: get_schema and get_table_name disagree on the name")
        defined = {definition["AttributeName"] for definition in schema["attribute_definitions"]}
        problems += [
            f"{base_name}: key attribute {element['AttributeName']!r} has no definition"
            for element in schema["key_schema"]
            if element["AttributeName"] not in defined
        ]
    return problems


def rules_available() -> bool:
    """Whether the reconciler can be imported here."""
    try:
        import reconciler.declarations.document.check  # noqa: F401
    except ImportError:
        return False
    return True


def rule_problems(environment: str | None) -> list[str]:
    """Everything ``reconciler validate`` would say, where it can be imported."""
    if not rules_available():
        return []
    from reconciler.declarations.folder import FolderSource
    from reconciler.model.errors import DeclarationError

    try:
        FolderSource(str(ROOT / "desired_state"), environment).load()
    except DeclarationError as error:
        return [str(problem) for problem in error.problems]
    return []


def show_usage() -> None:
    """The calls an application makes, with their answers."""
    title("Usage")
    config = TableConfig(environment="prod")
    print(f"TableNames.get_users_table('prod')      -> {TableNames.get_users_table('prod')!r}")
    print(f"TableNames.get_projects_table()         -> {TableNames.get_projects_table()!r}")
    print(f"TableConfig('prod').list_table_names()  -> {config.list_table_names()!r}")
    print(f"TableConfig('prod').get_schema('users') -> table_name {config.get_schema('users')['table_name']!r}")
    try:
        config.get_schema("orders")
    except UnknownTableError as error:
        print(f"TableConfig('prod').get_schema('orders') raises UnknownTableError: {error}")


def title(text: str) -> None:
    """A heading with a blank line above."""
    print(f"\n{text}\n{'-' * len(text)}")


if __name__ == "__main__":
    sys.exit(main())

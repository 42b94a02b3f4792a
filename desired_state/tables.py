"""Every declared table behind one door: the application asks here for names and schemas.

A table is any class in ``table_configs`` with a dict ``SCHEMA`` and a ``get_schema``; one new file there is enough.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, TypeVar

from . import table_configs

T = TypeVar("T")


class UnknownTableError(KeyError):
    """No table of that name is declared; the text lists those that are."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"there is no table {self.name!r}; declared are: {', '.join(self.known) or 'none'}"


class TableNames:
    """The names the application spells out. Their order here is the order of every list of tables."""

    USERS = "users"
    PROJECTS = "projects_details"

    @classmethod
    def get_users_table(cls, environment: str | None = None) -> str:
        """The name of the users table in an environment."""
        return cls.get_table_name(cls.USERS, environment)

    @classmethod
    def get_projects_table(cls, environment: str | None = None) -> str:
        """The name of the projects table in an environment."""
        return cls.get_table_name(cls.PROJECTS, environment)

    @classmethod
    def get_table_name(cls, base_name: str, environment: str | None = None) -> str:
        """The name of any declared table in an environment; ``UnknownTableError`` for the others."""
        return TableConfig(environment).get_table_name(base_name)


class TableConfig:
    """The declared tables as one environment names them; without an environment, under their consistent names."""

    def __init__(self, environment: str | None = None) -> None:
        self.environment = environment or None
        self._configs = _discover()

    def get_table_name(self, base_name: str) -> str:
        """``users`` to ``users-prod``; ``UnknownTableError`` lists the known ones."""
        config = self._config(base_name)
        return str(self._ask(config.get_table_name))

    def get_schema(self, table_name: str) -> dict[str, Any]:
        """The parameters of CreateTable in snake_case, by base name or by name in this environment.

        The result is the caller's own: changing it changes no declaration.
        """
        return deepcopy(dict(self._ask(self._config(table_name).get_schema)))

    def get_all_schemas(self) -> dict[str, dict[str, Any]]:
        """Every schema, by base name."""
        return {base_name: self.get_schema(base_name) for base_name in self._configs}

    def list_table_names(self) -> list[str]:
        """The names in this environment: those of ``TableNames`` in its order, then all others by base name."""
        return [self.get_table_name(base_name) for base_name in self._configs]

    def list_available_tables(self) -> list[str]:
        """The base names, in the same order."""
        return list(self._configs)

    def get_table_info(self) -> dict[str, dict[str, Any]]:
        """A summary of every table, by base name."""
        return {base_name: self._info(base_name) for base_name in self._configs}

    def _info(self, base_name: str) -> dict[str, Any]:
        schema = self.get_schema(base_name)
        config = self._configs[base_name]
        return {
            "table_name": schema["table_name"],
            "base_name": base_name,
            "environment": self.environment,
            "description": config.get_description() if hasattr(config, "get_description") else "",
            "key_schema": schema.get("key_schema", []),
            "attribute_definitions": schema.get("attribute_definitions", []),
            "billing_mode": schema.get("billing_mode"),
            "config_class": config.__name__,
        }

    def _config(self, name: str) -> Any:
        for base_name, config in self._configs.items():
            if name in (base_name, self._ask(config.get_table_name)):
                return config
        raise UnknownTableError(name, self.list_available_tables())

    def _ask(self, method: Callable[..., T]) -> T:
        """Pass the environment on; without one, leave the class to its own default."""
        if self.environment:
            return method(self.environment)
        required = any(p.default is p.empty for p in inspect.signature(method).parameters.values())
        return method(None) if required else method()


def _discover() -> dict[str, Any]:
    found = {_base_name(config): config for config in _classes()}
    named = [value for key, value in vars(TableNames).items() if key.isupper() and value in found]
    return {name: found[name] for name in [*named, *sorted(set(found) - set(named))]}


def _classes() -> Iterator[Any]:
    for entry in pkgutil.iter_modules(table_configs.__path__):
        module = importlib.import_module(f"{table_configs.__name__}.{entry.name}")
        for value in vars(module).values():
            if inspect.isclass(value) and value.__module__ == module.__name__ and _declares(value):
                yield value


def _declares(candidate: Any) -> bool:
    return isinstance(getattr(candidate, "SCHEMA", None), dict) and callable(getattr(candidate, "get_schema", None))


def _base_name(config: Any) -> str:
    return str(getattr(config, "TABLE_NAME", None) or config.SCHEMA["table_name"])

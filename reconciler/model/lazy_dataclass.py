"""``dataclass`` whose methods are made when they are first used. For the packages that every command imports.

The standard decorator compiles six methods per class while a module is imported. For our 170 classes that is 70 ms, two
thirds of what our own modules take at the start of a command, which calls a quarter of these methods. Here the standard
decorator makes the same methods, one by one and later: it decorates a template that has the fields and nothing else.

A class with a base, or with other options than ``frozen`` and ``slots``, goes to the standard decorator at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  (mypy wants the alias of what is exported again)
else:

    def dataclass(cls=None, /, **options):
        """As ``dataclasses.dataclass``."""

        def decorated(plain):
            if plain.__bases__ != (object,) or options.keys() - {"frozen", "slots"}:
                return dataclasses.dataclass(plain, **options)
            return _Blueprint(plain, **options).made()

        return decorated if cls is None else decorated(cls)


class _Blueprint:
    """One class as its module defines it, and what is made of it."""

    def __init__(self, cls: type, *, frozen: bool = False, slots: bool = False) -> None:
        self.cls = cls
        self.frozen = frozen
        self.slots = slots
        self.own = dict(vars(cls))
        if self.own.get("__hash__", self) is None:
            # Python puts it into each class that has an __eq__; nobody wrote it.
            del self.own["__hash__"]
        annotations: dict[str, Any] = self.own.get("__annotations__", {})
        self.names = tuple(name for name, kind in annotations.items() if not str(kind).startswith("ClassVar"))
        self.template: dict[str, Any] = {name: self.own[name] for name in annotations if name in self.own}
        # Without a docstring the standard decorator writes one, for which it inspects the signature.
        self.template |= {"__annotations__": annotations, "__doc__": "A template.", "__module__": cls.__module__}
        self.template["__qualname__"] = cls.__qualname__
        if "__post_init__" in self.own:
            self.template["__post_init__"] = self.own["__post_init__"]

    def made(self) -> type:
        """The class itself, or one with ``__slots__`` in its place."""
        cls = self.cls = self._with_slots() if self.slots else self._without_fields()
        arguments = [name for name in self.names if getattr(self.template.get(name), "init", True)]
        self._add("__match_args__", tuple(arguments))
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(cls, name, _Later(self, name))
        # A field that is no argument gets its default from __init__ if it is a slot, and from the class if not.
        self._add_later(
            "__init__", init=True, frozen=self.frozen, slots=self.slots and len(arguments) < len(self.names)
        )
        self._add_later("__repr__", repr=True)
        self._add_later("__eq__", eq=True)
        if self.frozen:
            self._add_later("__hash__", eq=True, unsafe_hash=True)
            self._freeze()
        else:
            self._add("__hash__", None)
        return cls

    def from_template(self, name: str, **options: bool) -> Any:
        """One attribute of a standard dataclass with the same fields."""
        chosen = {"init": False, "repr": False, "eq": False} | options
        shape: Any = dataclasses.dataclass(**chosen)(type(self.cls.__name__, (), dict(self.template)))
        return vars(shape)[name]

    def _with_slots(self) -> type:
        namespace = {name: value for name, value in self.own.items() if name not in self.names}
        for name in ("__dict__", "__weakref__"):
            namespace.pop(name, None)
        cls = type(self.cls.__name__, (), namespace | {"__slots__": self.names})
        cls.__qualname__ = self.cls.__qualname__
        return cls

    def _without_fields(self) -> type:
        """The class with the defaults in the place of what ``dataclasses.field`` returned."""
        for name in self.names:
            default = self.own.get(name)
            if not isinstance(default, dataclasses.Field):
                continue
            if default.default is dataclasses.MISSING:
                delattr(self.cls, name)
            else:
                setattr(self.cls, name, default.default)
        return self.cls

    def _add(self, name: str, value: Any) -> None:
        if name not in self.own:
            setattr(self.cls, name, value)

    def _add_later(self, name: str, **options: bool) -> None:
        """A method that makes the real one, puts it in its own place and calls it."""

        def first(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
            real = self.from_template(name, **options)
            setattr(self.cls, name, real)
            return real(instance, *args, **kwargs)

        first.__name__, first.__qualname__ = name, f"{self.cls.__qualname__}.{name}"
        self._add(name, first)

    def _freeze(self) -> None:
        cls: Any = self.cls
        names = self.names

        def refuse_set(instance: Any, name: str, value: Any) -> None:
            if type(instance) is cls or name in names:
                raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
            super(cls, instance).__setattr__(name, value)

        def refuse_delete(instance: Any, name: str) -> None:
            if type(instance) is cls or name in names:
                raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
            super(cls, instance).__delattr__(name)

        self._add("__setattr__", refuse_set)
        self._add("__delattr__", refuse_delete)
        if self.slots:
            self._add("__getstate__", lambda instance: [getattr(instance, name) for name in names])
            self._add("__setstate__", _restorer(names))


def _restorer(names: tuple[str, ...]) -> Callable[[Any, list[Any]], None]:
    def restore(instance: Any, state: list[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(instance, name, value)

    return restore


class _Later:
    """An attribute of the class that ``dataclasses.fields`` and subclasses read, made at the first access."""

    def __init__(self, blueprint: _Blueprint, name: str) -> None:
        self.blueprint = blueprint
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        blueprint = self.blueprint
        options = {} if self.name == "__dataclass_fields__" else {"eq": True, "frozen": blueprint.frozen}
        value = blueprint.from_template(self.name, **options)
        setattr(blueprint.cls, self.name, value)
        return value

"""``dataclass`` whose methods are made when they are first used. For the packages that every command imports.

The standard decorator compiles six methods per class while a module is imported. For our 200 classes that was a quarter
of the processor time of a command that finds nothing to do. Here comparing, hashing and printing need no compiled code,
and neither do the first few objects of a class. The others are made by the standard ``__init__``, which is faster once
it exists: the standard decorator makes it for a template that has the fields and nothing else.

A class with a base, or with other options than ``frozen``, ``slots`` and ``eq``, goes to the standard one
at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

FEW = 100
"""Objects of a class before its ``__init__`` is compiled, which takes as long as making a hundred without."""

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  (mypy wants the alias of what is exported again)
else:

    def dataclass(cls=None, /, **options):
        """As ``dataclasses.dataclass``."""

        def decorated(plain):
            if plain.__bases__ != (object,) or options.keys() - {"frozen", "slots", "eq"}:
                return dataclasses.dataclass(plain, **options)
            return _Blueprint(plain, **options).made()

        return decorated if cls is None else decorated(cls)


class _Blueprint:
    """One class as its module defines it, and what is made of it."""

    def __init__(self, cls: type, *, frozen: bool = False, slots: bool = False, eq: bool = True) -> None:
        self.cls = cls
        self.eq = eq
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
        self._add("__init__", self._first_init(slots=self.slots and len(arguments) < len(self.names)))
        self._add("__repr__", _representation(self._chosen("repr")))
        if self.eq:
            self._add("__eq__", _equality(_values_of(self._chosen("compare"))))
            self._add("__hash__", _hash(_values_of(self._chosen("hash"))) if self.frozen else None)
        if self.frozen:
            self._freeze()
        return cls

    def _chosen(self, use: str) -> tuple[str, ...]:
        """The fields that take part in a use: repr, compare or hash."""

        def takes_part(name: str) -> bool:
            shape = self.template.get(name)
            if not isinstance(shape, dataclasses.Field):
                return True
            of_hash = shape.compare if shape.hash is None else shape.hash
            return bool({"repr": shape.repr, "compare": shape.compare, "hash": of_hash}[use])

        return tuple(name for name in self.names if takes_part(name))

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

    def _first_init(self, *, slots: bool) -> Callable[..., None]:
        """``__init__`` of the first objects. Then, and where it cannot tell what is meant, the standard one."""
        names, template = self.names, self.template
        plain = all(_is_plain(template.get(name)) for name in names)
        assign: Callable[[Any, str, Any], None] = object.__setattr__ if self.frozen else setattr
        made = 0

        def first(instance: Any, /, *args: Any, **kwargs: Any) -> None:
            nonlocal made
            made += 1
            values = None
            if plain and made <= FEW:
                values = _arguments(names, template, args, kwargs)
            if values is None:
                real = self.from_template("__init__", init=True, frozen=self.frozen, slots=slots)
                self.cls.__init__ = real  # type: ignore[misc]
                real(instance, *args, **kwargs)
                return
            for name, value in zip(names, values, strict=True):
                assign(instance, name, value)
            if "__post_init__" in template:
                instance.__post_init__()

        first.__name__, first.__qualname__ = "__init__", f"{self.cls.__qualname__}.__init__"
        return first

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


def _is_plain(shape: Any) -> bool:
    """Whether a field is an argument that may be given by position."""
    return not isinstance(shape, dataclasses.Field) or (shape.init and shape.kw_only in (False, dataclasses.MISSING))


def _arguments(
    names: tuple[str, ...], template: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Any] | None:
    """The values of all fields in their order; None if an argument is missing, unknown or given twice."""
    values = list(args)
    used = 0
    for name in names[len(args) :]:
        shape = template.get(name, dataclasses.MISSING)
        if name in kwargs:
            used += 1
            shape = kwargs[name]
        elif isinstance(shape, dataclasses.Field):
            shape = shape.default if shape.default_factory is dataclasses.MISSING else shape.default_factory()
        if shape is dataclasses.MISSING:
            return None
        values.append(shape)
    return values if used == len(kwargs) and len(values) == len(names) else None


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """The values of fields as a tuple, for any number of fields."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda instance: tuple(getattr(instance, name) for name in names)


def _equality(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, Any], Any]:
    def equal(instance: Any, other: Any) -> Any:
        if other.__class__ is not instance.__class__:
            return NotImplemented
        return values(instance) == values(other)

    return equal


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    return lambda instance: hash(values(instance))


def _representation(names: Iterable[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def representation(instance: Any) -> str:
        values = ", ".join(f"{name}={getattr(instance, name)!r}" for name in names)
        return f"{type(instance).__qualname__}({values})"

    return representation


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
        options = {} if self.name == "__dataclass_fields__" else {"eq": blueprint.eq, "frozen": blueprint.frozen}
        value = blueprint.from_template(self.name, **options)
        setattr(blueprint.cls, self.name, value)
        return value

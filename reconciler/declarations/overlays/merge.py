"""Merges an overlay into a declaration as written. Pure.

Mappings merge by key. A list replaces the list, but lists of named members merge by name: indexes, tags, attribute
definitions and replicas. There the overlay may also be a mapping from names to members. ``null`` removes what it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import field
from typing import Any

from pydantic.fields import FieldInfo

from reconciler.declarations.document.field_model import FieldModel, MappingForm, marker_of, spellings
from reconciler.declarations.document.table_document import TableDocument, is_list, nested_model
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import FieldOrigin, Path, did_you_mean

NAMED_LISTS = {
    "global_secondary_indexes": "index_name",
    "local_secondary_indexes": "index_name",
    "vector_indexes": "index_name",
    "indexes": "index_name",
    "attribute_definitions": "attribute_name",
    "replicas": "region_name",
    "tags": "key",
}
"""Lists whose members have a name, with the field that holds it."""
_KINDS = {"index_name": "index", "attribute_name": "attribute", "region_name": "replica", "key": "tag"}


@dataclass(frozen=True, slots=True)
class _NamedList:
    """A list whose members have a name in the field ``name``; ``form`` where it may also be a mapping."""

    part: type[FieldModel]
    name: str
    form: MappingForm | None

    def name_of(self, member: Any) -> Any:
        """The name of a member as written; None where it has none."""
        if not isinstance(member, Mapping):
            return None
        known = spellings(self.part)
        return next((value for key, value in member.items() if known.get(key) == self.name), None)


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of a file that is merged: its value, where it stands, and the source texts of its values.

    The paths of ``literals`` and ``key_literals`` are those in the file.
    """

    value: Mapping[Any, Any]
    origin: FieldOrigin
    literals: Mapping[Path, str] = field(default_factory=dict)
    key_literals: Mapping[Path, str] = field(default_factory=dict)


class Merge:
    """A declaration while overlays are merged into it. ``problems`` are those of the overlays."""

    def __init__(self, base: Layer) -> None:
        self.value: dict[Any, Any] = deepcopy(dict(base.value))
        self.base = base.origin
        self.origins: dict[Path, FieldOrigin] = {}
        self.literals = dict(base.literals)
        self.key_literals = dict(base.key_literals)
        self.problems: list[Problem] = []

    def apply(self, overlay: Layer) -> None:
        """Merge one overlay."""
        self._overlay = overlay
        self._mapping(TableDocument, self.value, (), overlay.value, overlay.origin)

    def _mapping(
        self,
        model: type[FieldModel] | None,
        target: dict[Any, Any],
        path: Path,
        over: Mapping[Any, Any],
        at: FieldOrigin,
    ) -> None:
        known = spellings(model) if model is not None else {}
        written = {known.get(key, key): key for key in target}
        given: dict[Any, Any] = {}
        for key, item in over.items():
            name, here = known.get(key, key), at.below((str(key),))
            if name in given:
                self.problems.append(here.problem(f"duplicate of {given[name]}", f"Keep {given[name]} or {key}."))
                continue
            given[name] = key
            own = written.get(name, key)
            inside = (*path, str(own))
            if item is None and (model is None or name in model.model_fields):
                target.pop(own, None)
                self._forget(inside)
                # A field that the table needs is missing because of the overlay.
                self.origins[inside] = here
            elif not self._merged(target, own, inside, item, here, field=self._field(model, name)):
                target[own] = deepcopy(item)
                self._take(inside, here)

    @staticmethod
    def _field(model: type[FieldModel] | None, name: Any) -> FieldInfo | _NamedList | None:
        """What the model says about a field: a list of named members, any other field, or nothing."""
        info = model.model_fields.get(name) if model is not None else None
        part = nested_model(info.annotation) if info is not None else None
        if info is None or part is None or not is_list(info.annotation) or name not in NAMED_LISTS:
            return info
        return _NamedList(part, NAMED_LISTS[name], marker_of(info, MappingForm))

    def _merged(
        self, target: dict[Any, Any], key: Any, path: Path, item: Any, here: FieldOrigin, *, field: Any
    ) -> bool:
        """Merge a value into the one that is there. False where it replaces that."""
        present = target.get(key)
        if not isinstance(field, _NamedList):
            if not (isinstance(present, dict) and isinstance(item, Mapping)):
                return False
            self._mapping(nested_model(field.annotation) if field is not None else None, present, path, item, here)
            return True
        if not isinstance(item, list | Mapping):
            return False
        if isinstance(present, dict) and field.form is not None:
            self._plain_members(present, path, item, here, field)
            return True
        if not isinstance(present, list):
            if not isinstance(item, Mapping) or field.form is not None:
                return False
            present = target[key] = []
        self._members(present, path, item, here, field)
        return True

    def _plain_members(
        self, target: dict[Any, Any], path: Path, item: Any, here: FieldOrigin, named: _NamedList
    ) -> None:
        """Tags that are declared as a mapping."""
        form = named.form
        for key, value, at in self._entries(item, here, named):
            if value is None or form is None:
                target.pop(key, None)
                self._forget((*path, str(key)))
            else:
                known = spellings(named.part)
                target[key] = next((each for word, each in value.items() if known.get(word) == form.value), None)
                self._take((*path, str(key)), at)

    def _members(self, target: list[Any], path: Path, item: Any, here: FieldOrigin, named: _NamedList) -> None:
        """A list of members with names."""
        for own_name, value, at in self._entries(item, here, named):
            names = [named.name_of(each) for each in target]
            if own_name not in names:
                if not self._refused(own_name, value, at, named, names):
                    target.append(deepcopy(value))
                    self._take((*path, len(target) - 1), at)
                continue
            place = names.index(own_name)
            if value is None:
                del target[place]
                self._forget((*path, place))
                for after in range(place, len(target)):
                    self._move((*path, after + 1), (*path, after))
            elif isinstance(value, Mapping) and isinstance(target[place], dict):
                self._mapping(named.part, target[place], (*path, place), value, at)
            else:
                target[place] = deepcopy(value)
                self._take((*path, place), at)

    def _refused(self, own_name: Any, value: Any, at: FieldOrigin, named: _NamedList, names: list[Any]) -> bool:
        """Whether an unknown member is not a new one: a part of an index is about an index that is there."""
        known = spellings(named.part)
        fields = {known.get(key, key) for key in value} if isinstance(value, Mapping) else set()
        needed = [each for each, info in named.part.model_fields.items() if info.is_required() and each != named.name]
        if value is not None and (named.name != "index_name" or fields.issuperset(needed)):
            return False
        declared = [str(each) for each in names if each is not None]
        suggestion = did_you_mean(str(own_name), declared)
        remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Declared: {', '.join(declared) or 'none'}."
        if value is not None and needed:
            remedy += f" To add it, write its {' and '.join(needed)}."
        kind = _KINDS[named.name]
        self.problems.append(at.problem(f"{kind} {own_name!r} is not declared in {self.base.file}", remedy))
        return True

    def _entries(self, item: Any, here: FieldOrigin, named: _NamedList) -> Iterator[tuple[Any, Any, FieldOrigin]]:
        """Name, member and origin of everything that an overlay says about a list of named members."""
        if isinstance(item, Mapping):
            for key, value in item.items():
                member = value
                if named.form is not None and value is not None:
                    member = {named.form.key: key, named.form.value: value}
                elif isinstance(value, Mapping) and named.name_of(value) is None:
                    member = {named.name: key, **value}
                yield key, member, here.below((str(key),))
            return
        for place, value in enumerate(item):
            at, own_name = here.below((place,)), named.name_of(value)
            if own_name is None:
                remedy = f"Write its {named.name}; members of this list merge by it."
                self.problems.append(at.problem(f"has no {named.name}", remedy))
            else:
                yield own_name, value, at

    def _take(self, path: Path, at: FieldOrigin) -> None:
        """Note that the value at ``path`` comes from the overlay, with all its source texts."""
        self._forget(path)
        self.origins[path] = at
        for own, given in ((self.literals, self._overlay.literals), (self.key_literals, self._overlay.key_literals)):
            size = len(at.path)
            own.update({(*path, *each[size:]): text for each, text in given.items() if each[:size] == at.path})

    def _forget(self, path: Path) -> None:
        for kept in (self.literals, self.key_literals, self.origins):
            _drop(kept, lambda each: each[: len(path)] == path)

    def _move(self, old: Path, new: Path) -> None:
        """Follow a member of a list to another position."""
        size, origin = len(old), self._origin_of(old)
        for kept in (self.literals, self.key_literals, self.origins):
            moved = {(*new, *each[size:]): value for each, value in kept.items() if each[:size] == old}
            _drop(kept, lambda each: each[:size] == old)
            kept.update(moved)  # type: ignore[arg-type]
        self.origins.setdefault(new, origin)

    def _origin_of(self, path: Path) -> FieldOrigin:
        for size in range(len(path), 0, -1):
            if path[:size] in self.origins:
                return self.origins[path[:size]].below(path[size:])
        return self.base.below(path)


def _drop(kept: dict[Path, Any], gone: Callable[[Path], bool]) -> None:
    for path in [each for each in kept if gone(each)]:
        del kept[path]

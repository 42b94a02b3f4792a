"""Converts checked declarations into plain JSON values and back. Called by ``stored_results``.

A dataclass becomes an object with its name and its values, a tuple a list, a frozenset a sorted list under ``set``. No
other type is accepted, and no code is stored: a file that somebody changed gives wrong values at worst.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from types import ModuleType
from typing import Any

from reconciler.declarations.checked import CheckedDeclaration, CheckedFile
from reconciler.declarations.raw import ConditionalTable
from reconciler.model.desired import Pointer
from reconciler.model.position import packed as packed_line
from reconciler.model.position import unpacked as unpacked_line
from reconciler.parsing.source_location import SourceLocation
from reconciler.seeds.seed_types import Generation

_SET = "set"


class NotPackable(Exception):
    """A value has a type that is not stored."""


def pack(checked: CheckedFile) -> Any:
    """A file without problems that declares something, as JSON values. Raises ``NotPackable`` for any other.

    The lines of the fields are left out, because only messages need them.
    """
    if checked.problems or not checked.declarations or checked.reads_process:
        raise NotPackable
    declarations = [_pack_declaration(each) for each in checked.declarations]
    packed = [declarations, list(checked.warnings), checked.empty_document, list(checked.notes)]
    packed += [list(checked.silent), list(checked.included)]
    packed.append([[each.name, packed_line(each.line), each.pattern] for each in checked.conditional])
    # JSON joins two surrogates into one character, which YAML keeps apart.
    restored = unpack(json.loads(json.dumps(packed)))
    if [_without_lines(each) for each in checked.declarations] != list(restored.declarations):
        raise NotPackable
    return packed


def unpack(packed: Any) -> CheckedFile:
    """What was packed. For other data it raises ``ValueError``, ``TypeError``, ``KeyError`` or ``AttributeError``."""
    declarations, warnings, empty_document, notes, silent, included, conditional = packed
    checked = tuple(_unpack_declaration(each) for each in declarations)
    return CheckedFile(
        checked,
        (),
        tuple(warnings),
        empty_document,
        tuple(notes),
        silent=tuple(silent),
        included=tuple(included),
        conditional=tuple(
            ConditionalTable(name, unpacked_line(line) or 1, pattern) for name, line, pattern in conditional
        ),
    )


def _without_lines(checked: CheckedDeclaration) -> CheckedDeclaration:
    values = {each.name: getattr(checked, each.name) for each in fields(checked)}
    return CheckedDeclaration(**values | {"location": SourceLocation(checked.location.file, checked.location.line)})


def _pack_declaration(checked: CheckedDeclaration) -> Any:
    if checked.problems or checked.class_seed is not None or checked.spec is None or checked.companion is not None:
        raise NotPackable
    return [
        *(checked.location.file, packed_line(checked.location.line)),
        *(checked.name, checked.base_name, _pack(checked.spec)),
        *(_pack(checked.lifecycle), _pack(checked.references), _pack(checked.referred)),
        *(checked.description, checked.seed_file, checked.seed_format, _pack_generation(checked.seed_generate)),
        *(checked.from_template, checked.name_pattern, checked.pointer.text if checked.pointer else None),
        *(checked.renamed_from, list(checked.other_readings)),
    ]


def _unpack_declaration(packed: Any) -> CheckedDeclaration:
    file, line, name, base_name, spec, lifecycle, references, referred, *rest = packed
    description, seed_file, seed_format, generate, from_template, name_pattern, pointer, *former = rest
    renamed_from, readings = former
    return CheckedDeclaration(
        SourceLocation(file, unpacked_line(line)),
        name,
        base_name,
        _unpack(spec),
        _unpack(lifecycle),
        _unpack(references),
        _unpack(referred),
        description,
        seed_file,
        seed_format,
        Generation(*generate) if generate is not None else None,
        from_template=from_template,
        name_pattern=name_pattern,
        pointer=Pointer.of(pointer) if pointer is not None else None,
        renamed_from=renamed_from,
        other_readings=tuple(readings),
    )


def _pack_generation(generation: Generation | None) -> Any:
    if generation is None:
        return None
    try:
        json.dumps(generation.fields)
    except (TypeError, ValueError):
        raise NotPackable from None
    return [generation.count, generation.seed, generation.fields]


def _pack(value: Any) -> Any:
    kind = type(value)
    if value is None or kind in (str, int, float, bool):
        return value
    if kind is tuple:
        return [_pack(each) for each in value]
    if kind is frozenset:
        return {_SET: sorted(_pack(each) for each in value)}
    if _classes().get(kind.__name__) is kind:
        return {kind.__name__: [_pack(getattr(value, each.name)) for each in fields(value)]}
    raise NotPackable


def _unpack(packed: Any) -> Any:
    if isinstance(packed, list):
        return tuple(_unpack(each) for each in packed)
    if not isinstance(packed, dict):
        return packed
    ((name, values),) = packed.items()
    members: Iterable[Any] = (_unpack(each) for each in values)
    return frozenset(members) if name == _SET else _classes()[name](*members)


@cache
def _classes() -> dict[str, type[Any]]:
    """The dataclasses that a declaration is made of, by name."""
    from reconciler.model import backups, desired, global_table, scaling, table

    modules: tuple[ModuleType, ...] = (backups, desired, global_table, scaling, table)
    found = (each for module in modules for each in vars(module).values())
    # Asked of the class's own names, so that no list of fields is made for what is not in the folder.
    return {each.__name__: each for each in found if isinstance(each, type) and "__dataclass_fields__" in vars(each)}

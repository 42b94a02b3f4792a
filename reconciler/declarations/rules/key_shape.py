"""The shape of a key schema, shared by the rules of tables and indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.declarations.features.keys import KeyElementPart
from reconciler.parsing.place import Finding, Path


def key_shape(keys: Sequence[KeyElementPart], path: Path, most: int) -> Iterator[Finding]:
    """1 to ``most`` HASH elements first, then up to ``most`` RANGE elements, each of another attribute."""
    roles: list[str] = [element.key_type for element in keys]
    for role, least in (("HASH", 1), ("RANGE", 0)):
        count = roles.count(role)
        if not least <= count <= most:
            allowed = f"exactly {most}" if least == most else f"{least} to {most}" if least else f"at most {most}"
            yield Finding(path, f"has {count} {role} elements", f"Give it {allowed}.")
    if roles != sorted(roles):
        yield Finding(path, "has a HASH element after a RANGE element", "Put HASH first.")
    names = [element.attribute_name for element in keys]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Finding(path, f"names the attribute {name!r} twice", "Use each attribute once in a key.")

"""The desired state: declarations with their origin, lifecycle and seed, loaded whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from reconciler.model.change import Call
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import TableSpec

OnExisting = Literal["adopt", "own", "observe", "fail"]
AttributeValue = Mapping[str, Any]
"""One DynamoDB attribute value as the wire has it: ``{"S": "…"}``, ``{"N": "1.5"}``, ``{"M": {…}}``."""
Item = Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a declaration is: a path relative to the folder of the desired state, and a line, starting at 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What the reconciler may do to a table besides changing it in place.

    ``protect_as`` is how a file of another tool says ``protect``, as ``DeletionPolicy: Retain``; empty for a field.
    """

    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    on_existing: OnExisting = "adopt"
    allow_data_loss: bool = False
    protect_as: str = ""


@dataclass(frozen=True, slots=True)
class Seed:
    """The items a table starts with, already checked against its keys, in the order they were written.

    ``items`` of a large seed are read from a file when they are asked for.
    """

    source: str
    items: Sequence[Item]
    digest: str
    """SHA-256 over the items, independent of their order. A changed seed has another digest."""
    lines: Sequence[int | None] = ()
    """The line of each item in its file; empty for a seed without lines."""
    item_digests: bytes = field(default=b"", compare=False, repr=False)
    """The digest of each item (``reconciler.seeding.provenance``), one after the other; empty where not computed."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Items of a table name items of another one: ``table`` is its base name, ``attribute`` what holds its key.

    ``key`` is the attribute of the other table; ``None`` means its partition key. DynamoDB has no foreign keys, so a
    reference is never enforced: it decides on the order of seeding and on what is checked.
    """

    table: str
    attribute: str | None = None
    key: str | None = None


CONFIGMAP = "configmap:"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where applications read which table a declared name means: the SSM parameter ``ssm``, or a key of a ConfigMap of
    Kubernetes, ``configmap``, as ``NAMESPACE/NAME/KEY``."""

    ssm: str | None = None
    configmap: str | None = None

    @property
    def text(self) -> str:
        """As records have it: the name of the parameter, or ``configmap:NAMESPACE/NAME/KEY``."""
        return self.ssm or f"{CONFIGMAP}{self.configmap}"

    @classmethod
    def of(cls, text: str) -> Pointer:
        """From ``text``. No name of a parameter has a colon."""
        return cls(configmap=text.removeprefix(CONFIGMAP)) if text.startswith(CONFIGMAP) else cls(text)

    @property
    def check(self) -> Call:
        """A read that shows whether it can be reached."""
        if self.configmap is None:
            return Call("ssm:GetParameter", {"Name": self.ssm})
        namespace, name, _ = self.configmap.split("/")
        return Call("kubernetes:GetConfigMap", {"Namespace": namespace, "Name": name})

    def publish(self, table: str) -> Call:
        """The call that writes the name of a table. Sending it twice changes nothing."""
        if self.configmap is None:
            return Call("ssm:PutParameter", {"Name": self.ssm, "Value": table, "Type": "String", "Overwrite": True})
        namespace, name, key = self.configmap.split("/")
        return Call("kubernetes:PatchConfigMap", {"Namespace": namespace, "Name": name, "Key": key, "Value": table})


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared table. ``base_name`` is the name without environment; commands accept it and ``spec.name``.

    ``declared_name`` is the declared name where another table has taken its place: ``orders`` for ``orders-g2``.
    ``renamed_from`` is the former name of the table, with environment. While its items have not moved, ``spec.name`` is
    that of the former table, and ``awaits_move`` is true. ``other_readings`` are the other names that the field may
    mean, because the former name may have had the environment in another place.
    """

    base_name: str
    spec: TableSpec
    origin: Origin
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    description: str | None = None
    seed: Seed | None = None
    references: tuple[Reference, ...] = ()
    declared_name: str | None = None
    pointer: Pointer | None = None
    renamed_from: str | None = None
    awaits_move: bool = False
    other_readings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which a person may speak of it."""
        return (self.spec.name, self.base_name, *filter(None, (self.declared_name,)))

    @property
    def former_names(self) -> tuple[str, ...]:
        """Those that it had before it was renamed: with the environment, and without it as in the declaration."""
        if self.renamed_from is None:
            return ()
        name = self.declared_name or self.spec.name
        prefix, _, suffix = name.rpartition(self.base_name)
        readings = (self.renamed_from, *self.other_readings)
        without = (each.removeprefix(prefix).removesuffix(suffix) for each in readings)
        return tuple(dict.fromkeys((*readings, *filter(None, without))))


@dataclass(frozen=True, slots=True)
class DeclarationFile:
    """One file that was read and understood.

    ``tables`` are the names of the tables that it declares. ``empty_document`` is the line of a document that holds
    nothing, None where every document holds something. ``name_patterns`` are regular expressions of the names that it
    declares with other parameters or variables. ``conditional`` are those of tables that it defines with a condition
    which does not hold, each with its line.
    """

    tables: tuple[str, ...] = ()
    empty_document: int | None = None
    name_patterns: tuple[str, ...] = ()
    conditional: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A recorded table that is no longer declared.

    ``names`` are the names that its definition may have. ``gone`` is the file that declared it and is no longer read,
    ``declared_in`` that file in any case; None where no file is recorded.
    """

    name: str
    names: frozenset[str]
    gone: str | None = None
    declared_in: str | None = None


@dataclass(frozen=True, slots=True)
class DesiredState:
    """Every declaration, sorted by table name. ``digest`` covers all files read, for the double reading.

    ``files`` are all declaration files by path, also those that declare nothing. ``settled_at`` is when the files will
    have been unchanged for long enough to delete something because of them; None where they have been. ``from_cache``
    tells that a former command checked some of them; ``DeclarationSource.still`` and ``remains`` check them anew.
    ``notes`` tell what was left out of templates of other tools, and which names were derived.
    """

    declarations: tuple[Declaration, ...]
    digest: str
    warnings: tuple[str, ...] = ()
    files: Mapping[str, DeclarationFile] = field(default_factory=dict)
    settled_at: datetime | None = None
    from_cache: bool = field(default=False, compare=False)
    notes: tuple[str, ...] = ()
    unresolved: DesiredState | None = field(default=None, compare=False, repr=False)
    """The declarations as they were read, where tables of another generation have taken the place of declared ones."""

    @property
    def as_read(self) -> DesiredState:
        """The declarations with the names of their files: what ``DeclarationSource`` knows."""
        return self.unresolved or self

    def named(self, name: str) -> Declaration | None:
        """The declaration whose table name or base name is ``name``."""
        for declaration in self.declarations:
            if name in declaration.names:
                return declaration
        return None


class Removal(StrEnum):
    """The result of one attempt to remove an item that the seeder wrote; returned by the ``ItemApi`` port."""

    REMOVED = "removed"
    GONE = "gone"
    """There was no item with this key."""
    CHANGED = "changed"
    """An item with this key differs from what was to be removed; it is kept."""


class Put(StrEnum):
    """What became of one item that was to be put where its key is free."""

    WRITTEN = "written"
    PRESENT = "present"
    """An item has its key already; nothing was written."""
    UNPROVEN = "unproven"
    """An equal item is there, and it is unknown who wrote it: the response to an earlier attempt was lost."""
    UNSENT = "unsent"
    """It was not written, for a reason that lies in other items or in the end of the work."""
    BUSY = "busy"
    """It was not written: another transaction holds it, or the table is throttled. A later attempt may succeed."""
    REFUSED = "refused"
    """It was not written: it breaks a rule of the service. The response to a PutItem of it says which."""


@dataclass(frozen=True, slots=True)
class PutTogether:
    """The ends of the items of one transaction, in their order.

    ``repeated`` means that the SDK sent it several times, so that a present item may stem from the first sending.
    """

    ends: tuple[Put, ...]
    repeated: bool = False

    @property
    def whole(self) -> bool:
        """Whether every item was written."""
        return all(end is Put.WRITTEN for end in self.ends)

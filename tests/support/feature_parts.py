"""The parts of a table feature, and which of them are missing. CONTRIBUTING.md describes how to write each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from support.markdown import ROOT, plain, table

import reconciler
from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.document.table_document import TableDocument, nested_model
from reconciler.declarations.features import FEATURES
from reconciler.declarations.features.base import Feature
from reconciler.facets import FACETS
from reconciler.model.table import TableSpec

GUIDE = ROOT / "docs" / "guides" / "declaring-tables.md"
PACKAGE = Path(reconciler.__file__).parent
FEATURES_FILE = "reconciler/declarations/features/__init__.py"
OF_ANOTHER = "a field of another feature: move it to reconciler/declarations/cross_feature_rules.py"


def _stems(folder: str) -> frozenset[str]:
    return frozenset(path.stem for path in (PACKAGE / folder).glob("*.py"))


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that is written down by feature."""

    fields: Collection[str] = tuple(field.name for field in fields(TableSpec) if field.name != "name")
    facets: Collection[str] = tuple(facet.name for facet in FACETS)
    features: tuple[Feature, ...] = FEATURES
    facet_files: Collection[str] = _stems("facets")
    feature_files: Collection[str] = _stems("declarations/features")
    guide: Collection[str] = tuple(plain(row[0]) for row in table(GUIDE, "Features of a table"))
    page: str = (ROOT / "docs" / "reference" / "declarations.md").read_text(encoding="utf-8")


def missing(parts: Parts) -> Iterator[str]:
    """A sentence for each part that is not there, or that belongs to nothing."""
    for name in sorted({*parts.fields, *parts.facets, *(feature.name for feature in parts.features)}):
        yield from _of_name(name, parts)
    for feature in parts.features:
        yield from _undescribed(feature.name, feature.fields)
        own = feature.fields.model_fields
        read = [name for rule in feature.rules for name in rule.fields]
        yield from (
            f"{feature.name} has the field {name}, which a document has not"
            for name in own
            if name not in TableDocument.model_fields
        )
        yield from (f"{feature.name} has a rule about {name}, {OF_ANOTHER}" for name in read if name not in own)


def _of_name(name: str, parts: Parts) -> Iterator[str]:
    facets, declared = parts_of(name, parts.facets), parts_of(name, [feature.name for feature in parts.features])
    found = {
        f"{name} has no field in TableSpec (reconciler/model/table.py)": name in parts.fields,
        f"{name} has {facets} facets in FACETS (reconciler/facets/__init__.py), not one": facets == 1,
        f"{name} has no file reconciler/facets/{name}.py": name in parts.facet_files,
        f"{name} has {declared} declarations in FEATURES ({FEATURES_FILE}), not one": declared == 1,
        f"{name} has no file reconciler/declarations/features/{name}.py": name in parts.feature_files,
        f"{name} is not in the table of docs/guides/declaring-tables.md": name in parts.guide,
        f"{name} is not in docs/reference/declarations.md": name in parts.page,
    }
    yield from (sentence for sentence, there in found.items() if not there)


def parts_of(name: str, names: Collection[str]) -> int:
    """How often a name is there."""
    return list(names).count(name)


def _undescribed(name: str, model: type[FieldModel]) -> Iterator[str]:
    for fieldname, info in model.model_fields.items():
        if not info.description:
            yield f"{name} has no description of the field {fieldname} of {model.__name__}"
        part = nested_model(info.annotation)
        if part is not None:
            yield from _undescribed(name, part)

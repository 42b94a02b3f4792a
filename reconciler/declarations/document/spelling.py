"""Normalises field names to snake_case, and reports unknown fields. Called by ``check.read_document``.

Fields pasted from responses of DynamoDB are reported as such, never as misspellings, with a remedy that keeps their
meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from reconciler.declarations.document.field_model import FieldModel, MappingForm, TextForm, marker_of, spellings
from reconciler.declarations.document.table_document import TableDocument, is_list, nested_model
from reconciler.declarations.features import FEATURES
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.source_location import KNOWN_FIELDS, FieldProblem, Path, camel, did_you_mean

NOT_MANAGED = ("ReplicaUpdates GlobalTableWitnessUpdates ImportSourceSpecification Backup ContinuousBackups",)
"""Of CreateTable, UpdateTable, their side APIs and CloudFormation's table resource, as AWS spells them."""

READ_ONLY = (
    "TableStatus TableArn TableId CreationDateTime ItemCount TableSizeBytes LatestStreamArn LatestStreamLabel",
    "ArchivalSummary RestoreSummary IndexStatus IndexArn",
    "IndexSizeBytes Backfilling NumberOfDecreasesToday LastIncreaseDateTime LastDecreaseDateTime GlobalTableVersion",
    "ReplicaStatus ReplicaStatusDescription ReplicaStatusPercentProgress ReplicaInaccessibleDateTime ReplicaArn",
    "WitnessStatus Status",
)
"""Of DescribeTable and its sister reads alone. ``Feature.read_only`` has those that some field declares."""

_FIELD = re.compile(
    r"\b(?:table_name|key_schema|attribute_(?:name|type|definitions)|key_type|billing_mode|provisioned_throughput"
    r"|(?:read|write)_capacity_units|(?:global|local)_secondary_indexes|index_name|projection_type"
    r"|non_key_attributes|stream_view_type|table_class|on_demand_throughput)\b"
)
"""Fields that remedies name, whose spelling by AWS follows from ours."""


def normalized_name(word: str) -> str:
    """The name of a field in lower case without underscores."""
    return word.replace("_", "").lower()


_EQUIVALENTS = {normalized_name(word): make for feature in FEATURES for word, make in feature.read_only.items()}
_KINDS = {
    **{normalized_name(word): "not managed" for line in NOT_MANAGED for word in line.split()},
    **{normalized_name(word): "read only" for line in READ_ONLY for word in line.split()},
    **dict.fromkeys(_EQUIVALENTS, "read only"),
}


def field_category(word: str) -> str | None:
    """``not managed``, ``read only`` or None, in either spelling."""
    return _KINDS.get(normalized_name(word))


def equivalent_field(key: str, item: Any) -> tuple[str, Any] | None:
    """The field, as AWS spells it, and the value that declare the same as the pasted ``key``; None if none does."""
    make = _EQUIVALENTS.get(normalized_name(key))
    return make(item) if make and isinstance(item, Mapping) else None


def in_aws_spelling(text: str) -> str:
    """A sentence with the fields of a table as AWS spells them, for a file that takes no others."""
    return _FIELD.sub(lambda found: camel(found[0]), text)


def replacement_remedy(field: str, value: Any) -> str:
    """The remedy as a sentence with the exact line, which is JSON and YAML at once."""
    return f'Write "{field}": {json.dumps(value)} in its place.'


@dataclass(frozen=True, slots=True)
class Spelled:
    """The canonical document, its problems (paths as written), and each canonical path with the path as written.

    ``misspelled`` are the canonical paths that unknown fields were probably meant for.
    """

    value: dict[str, Any]
    problems: list[FieldProblem]
    written: dict[Path, Path]
    misspelled: set[Path]


def spell(value: Mapping[Any, Any]) -> Spelled:
    """The document with canonical field names."""
    speller = _Speller()
    without_schema = {key: item for key, item in value.items() if key != "$schema"}
    value = speller.part(TableDocument, without_schema, (), ())
    return Spelled(value, speller.problems, speller.written, speller.misspelt)


class _Speller:
    """Walks a document along the model; ``path`` is canonical, ``here`` the same as written."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []
        self.written: dict[Path, Path] = {}
        self.misspelt: set[Path] = set()

    def part(self, model: type[FieldModel], value: Mapping[Any, Any], path: Path, parent: Path) -> dict[str, Any]:
        known = spellings(model)
        canonical: dict[str, Any] = {}
        for key, item in value.items():
            here = (*parent, str(key))
            name = known.get(key) if isinstance(key, str) else None
            if name is None:
                suggestion = _suggestion(str(key), known, {known.get(each) for each in value if isinstance(each, str)})
                self.misspelt.add((*path, known.get(suggestion or "", "")))
                same = _same_meaning(str(key), item, value, known)
                self.problems.append(_unknown(str(key), known, here, suggestion, same))
            elif name in canonical:
                first = self.written[*path, name][-1]
                reason = f"duplicate of {first}"
                self.problems.append(FieldProblem(here, reason, f"Keep {first} or {key}, not both."))
            else:
                self.written[*path, name] = here
                canonical[name] = self._value(model.model_fields[name], item, (*path, name), here)
        return canonical

    def _value(self, info: FieldInfo, item: Any, path: Path, here: Path) -> Any:
        mapping, annotation = marker_of(info, MappingForm), info.annotation
        if mapping is not None and isinstance(item, Mapping):
            return self._from_mapping(mapping, item, path, here)
        part = nested_model(annotation)
        if part is None:
            return item
        if isinstance(item, Mapping) and not is_list(annotation):
            return self.part(part, item, path, here)
        if isinstance(item, list) and is_list(annotation):
            text = marker_of(info, TextForm)
            return [self._element(part, each, (*path, i), (*here, i), text) for i, each in enumerate(item)]
        return item

    def _element(self, part: type[FieldModel], item: Any, path: Path, here: Path, text: TextForm | None) -> Any:
        self.written[path] = here
        if text is not None and isinstance(item, str):
            return {text.field: item}
        return self.part(part, item, path, here) if isinstance(item, Mapping) else item

    def _from_mapping(
        self, form: MappingForm, members: Mapping[Any, Any], path: Path, parent: Path
    ) -> list[dict[str, Any]]:
        for index, key in enumerate(members):
            here = (*parent, str(key))
            self.written.update({(*path, index, end): here for end in (form.key, form.value)})
        return [{form.key: key, form.value: value} for key, value in members.items()]


_EXTENSION_KEY = re.compile(r"[xX][-_]|[._]+|(?=(?:anchors?|aliases|templates?|defaults?|definitions|common|shared)$)")
"""Keys that hold anchors or notes in other tools: by their prefix or their name."""


SHORTEST_BEGINNING = 4
"""Letters from which on a key may be the beginning of a field, such as ``stream`` of ``stream_specification``."""


def _suggestion(key: str, known: Mapping[str, str], given: Container[str | None]) -> str | None:
    """The closest known field, in the style of the key: CamelCase for CamelCase.

    A key that resembles none may be the beginning of one: of the first such field, unless that is ``given`` as well.
    """
    words = [word for word in known if word[:1].isupper() == key[:1].isupper()]
    close, beginning = did_you_mean(key, words), normalized_name(key)
    if close is not None or len(beginning) < SHORTEST_BEGINNING:
        return close
    longer = next((word for word in words if normalized_name(word).startswith(beginning)), None)
    return None if longer is None or known[longer] in given else longer


def _same_meaning(key: str, item: Any, siblings: Mapping[Any, Any], known: Mapping[str, str]) -> str | None:
    """The remedy that keeps the meaning of a pasted field. None if no field declares it, or one already does."""
    same = equivalent_field(key, item)
    given = {known.get(sibling) for sibling in siblings if isinstance(sibling, str)}
    return None if same is None or known.get(same[0], same[0]) in {same[0], *given} else replacement_remedy(*same)


def _with_short_form(name: str, known: Mapping[str, str]) -> str:
    """``stream_view_type (or view)``: a field and the shorter word for it, if it has one."""
    short = (word for word, field in known.items() if field == name and word.islower() and len(word) < len(name))
    shortest = min(short, key=len, default=None)
    return name if shortest is None else f"{name} (or {shortest})"


def _unknown(key: str, known: Mapping[str, str], here: Path, suggestion: str | None, same: str | None) -> FieldProblem:
    kind = field_category(key)
    if kind == "not managed":
        reason = "DynamoDB has this field, but this release does not manage it"
        return FieldProblem(here, reason, "Remove it; the live value stays as it is.")
    if kind == "read only":
        return FieldProblem(here, "is read-only", same or "Remove it.")
    names = dict.fromkeys(known.values())
    # The fields of a table are many, and a page of the reference has them.
    fields = ", ".join(names if len(here) == 1 else (_with_short_form(name, known) for name in names))
    remedy = f"Did you mean `{suggestion}`?" if suggestion else f"{KNOWN_FIELDS}{fields}."
    if len(here) == 1 and not suggestion and _EXTENSION_KEY.match(key):
        bare = _EXTENSION_KEY.sub("", key) or key.strip("._").lower()
        remedy = f"Did you mean `x-{bare}`? Top-level keys for anchors or notes begin with x-."
    return FieldProblem(here, "unknown field", remedy)

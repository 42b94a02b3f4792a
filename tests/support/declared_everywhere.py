"""Every valid declaration in the tests and documents, by origin: for properties that must hold for all.

Tables of cases are taken whole, so that a case which is added there is held to the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from declarations.test_auto_scaling_documents import GOOD
from declarations.test_class_files import SHAPES
from declarations.test_json_schema import SOUND_DOCUMENTS
from declarations.test_normalise import MEANINGS, YAML
from support.class_files import DOCUMENTED
from support.documents import T, defs, index
from support.folders import SOUND, load, write
from support.markdown import ROOT, code_blocks
from support.setting_changes import SETTINGS
from support.side_feature_changes import ASIDE
from support.spec_changes import SPEC_CHANGES
from support.specs import gsi, provisioned, spec, stream
from support.vector_changes import VECTORS

from reconciler.cli.example import TABLE_CLASS
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica, ReplicaIndex
from reconciler.model.table import TableSpec

IMAGES = stream("NEW_AND_OLD_IMAGES")
SOURCE = "arn:aws:dynamodb:eu-west-1:999988887777:table/users"
GLOBAL: Mapping[str, TableSpec] = {
    "two replicas": spec(stream=IMAGES, replicas=(Replica("eu-west-1"), Replica("eu-west-2"))),
    "no replicas": spec(replicas=()),
    "a replica with settings of its own": spec(
        stream=IMAGES,
        global_indexes=[gsi("by_a", "a S")],
        replicas=(
            Replica("eu-west-1", "alias/one", "STANDARD_INFREQUENT_ACCESS", None, 50, (ReplicaIndex("by_a", None, 5),)),
        ),
        disassociation_protection=True,
    ),
    "a replica with capacity of its own": spec(
        stream=IMAGES, billing=provisioned(5, 5), replicas=(Replica("eu-west-1", read_capacity=7),)
    ),
    "strong consistency": spec(
        replicas=(Replica("eu-west-1"), Replica("eu-west-2")), multi_region_consistency=MultiRegionConsistency("STRONG")
    ),
    "strong consistency with a witness": spec(
        replicas=(Replica("eu-west-1"),), multi_region_consistency=MultiRegionConsistency("STRONG", "eu-west-2")
    ),
    "settings that replicas share": spec(global_table_settings=GlobalTableSettings("ENABLED")),
}
ACTION = {"name": "night", "schedule": "cron(0 22 * * ? *)", "min": 1, "timezone": "Europe/Berlin"}
DOCUMENTS: Mapping[str, Mapping[str, Any]] = {
    "auto scaling": {"auto_scaling": {"read": GOOD, "write": {**GOOD, "scale_in_cooldown": 60, "scheduled": [ACTION]}}},
    "auto scaling of an index": {
        "provisioned_throughput": T,
        "attribute_definitions": defs("pk", "mail"),
        "global_secondary_indexes": [index("by_mail", (("mail", "HASH"),), provisioned_throughput=T)],
        "auto_scaling": {"indexes": [{"index_name": "by_mail", "read": GOOD, "write": GOOD}]},
    },
    "auto scaling that is off": {"provisioned_throughput": T, "auto_scaling": {"read": {"enabled": False}}},
    "backups": {"backups": {"schedule": "@daily", "keep": 7}},
    "backups by another name": {"backups": {"schedule": "0 3 * * 0", "keep": 2, "name": "{table}-weekly-{time}"}},
}


def everywhere(folder: Path) -> dict[str, TableSpec]:
    """Specs by their origin, equal ones once; ``folder`` is for documents, which are read as a user's are."""
    found: dict[str, TableSpec] = {}
    known: set[str] = set()
    for origin, each in (*_spec_changes(), *_global(), *_documents(folder), *_files(folder)):
        table = _with_its_stream(each)
        messages = repr(table)
        if messages not in known:
            known.add(messages)
            found[origin] = table
    return found


def _with_its_stream(table: TableSpec) -> TableSpec:
    """Adds the stream that replicas and a stream policy require where no stream is declared."""
    strong = table.multi_region_consistency and table.multi_region_consistency.mode == "STRONG"
    followed = table.stream_policy and table.stream_policy.document
    needs = table.stream is None and ((table.replicas and not strong) or followed)
    return replace(table, stream=IMAGES) if needs else table


def _spec_changes() -> Iterator[tuple[str, TableSpec]]:
    for case in (*SPEC_CHANGES, *SETTINGS, *ASIDE, *VECTORS):
        yield f"{case.name}: before", case.before
        yield f"{case.name}: after", case.after


def _global() -> Iterator[tuple[str, TableSpec]]:
    return ((f"global: {name}", table) for name, table in GLOBAL.items())


def _documents(folder: Path) -> Iterator[tuple[str, TableSpec]]:
    documents = {name: changes for name, (changes, _) in MEANINGS.items()} | SOUND_DOCUMENTS
    for number, (name, changes) in enumerate({**documents, **DOCUMENTS}.items()):
        files: dict[str, Any] = {"users.json": {**SOUND, **changes}}
        if "references" in changes:
            continue
        for declaration in load(write(folder / f"document-{number}", files)).declarations:
            yield f"document: {name}", declaration.spec


def _is_whole(block: str, language: str) -> bool:
    """Whether a block of a document declares a table, and does not only name one, as the values of a chart do."""
    if not re.search(r"key_schema|KeySchema", block):
        return False
    if language == "yaml":
        return re.search(r"(?m)^(table_name|TableName): *\w", block) is not None
    return "table_name" in block or "TableName" in block


def _files(folder: Path) -> Iterator[tuple[str, TableSpec]]:
    environments = {f"class: {name}": environment for name, (_, environment, _) in SHAPES.items()}
    files = {f"class: {name}": {"new_table.py": source} for name, (source, _, _) in SHAPES.items()}
    files |= {"documented": {"new_table.py": DOCUMENTED}, "init": {"users_table.py": TABLE_CLASS}}
    files |= {"YAML with anchors": {"all.yaml": YAML}}
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for ending, language in (("py", "python"), ("yaml", "yaml"), ("json", "json")):
            for position, block in enumerate(code_blocks(page, language)):
                if _is_whole(block, language):
                    files[f"{page.name}: {language} {position}"] = {f"shown_table.{ending}": block}
    for number, (name, content) in enumerate(files.items()):
        written = write(folder / f"file-{number}", dict(content))
        for declaration in load(written, environments.get(name)).declarations:
            yield f"{name}: {declaration.base_name}", declaration.spec
    for declaration in load(ROOT / "desired_state").declarations:
        yield f"bundled: {declaration.base_name}", declaration.spec

"""Run one case of the campaign ``edited-files``: no edit of a file loses an item without consent.

Judged by the truth about the folder at the moment of each DeleteTable, and by the items that are left at the end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from campaigns.edited_files_case import Edit, MisbeliefCase, Written
from campaigns.file_edits import EDITS, Folder, GroundTruth
from simulation.clock import START
from simulation.simulated_engine import Sim, item, simulate
from support.random_tables import table_spec
from support.spec_documents import document

from reconciler.declarations.folder import FolderSource
from reconciler.model.table import Billing, TableSpec

MEMORY = Path("/dev/shm")
SETTLED = 600.0
"""Seconds after which a file counts as having been there for long."""


@dataclass
class Monitor:
    """Sees every call before the service takes it. ``lost`` are the tables that went with consent."""

    case: MisbeliefCase
    sim: Sim
    folder: Folder
    verb: str = ""
    lost: Counter[str] = field(default_factory=Counter)
    replaced: set[str] = field(default_factory=set)
    """Tables that were replaced and kept their items. The first declaration may not hold them any more."""

    def call(self, operation: str, params: Mapping[str, Any]) -> None:
        """``faults`` of the control plane."""
        if operation.rpartition(":")[2].startswith(("Describe", "List", "Get")):
            return
        name = str(params.get("TableName") or params.get("ResourceArn")).rsplit("/", 1)[-1]
        assert self.verb != "preview", f"preview sent {operation} of {name}"
        assert self.folder.understood, f"{operation} of {name}, though a part of the folder is not understood"
        if operation == "DeleteTable" and self.sim.dynamodb.tables[name].items:
            if self._is_copied(name):
                self.replaced.add(name)
            else:
                self._delete(name)
                self.lost[name] += 1

    def _is_copied(self, name: str) -> bool:
        """Whether the other table of a replacement that is under way has every item of this one."""
        tables = self.sim.dynamodb.tables
        for record in self.sim.store.snapshot.replacements.values():
            other = {record.name: record.aside, record.aside: record.name}.get(name)
            if other in tables:
                there = list(tables[other].items.values())
                if all(item in there for item in tables[name].items.values()):
                    return True
        return False

    def _delete(self, name: str) -> None:
        folder = self.folder
        if name in folder.declared:
            assert self.case.consents, f"{name} is replaced and loses its items, and nobody consented"
            return
        existed = folder.removed.get(name)
        assert existed is not None, f"{name} is deleted, and nobody removed its declaration"
        kept = (existed & folder.declared) - {name}
        assert kept, f"{name} is deleted for declarations that name no table of this stack"


def run(case: MisbeliefCase) -> Counter[str]:
    """Raises ``AssertionError`` where an item is lost without consent, or the end is not in sync."""
    base = Path(tempfile.mkdtemp(prefix="edited-files-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        return _run(case, base)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _run(case: MisbeliefCase, base: Path) -> Counter[str]:
    sim = _simulated(case)
    root = base / "desired_state"
    root.mkdir()
    folder = Folder(root, lambda: frozenset(sim.dynamodb.tables))
    monitor = Monitor(case, sim, folder)
    sim.reconciler.ports = replace(sim.reconciler.ports, source=FolderSource(str(root), None, sim.clock))
    for number, file in enumerate(case.files):
        folder.store(file.path, GroundTruth(file.form, _documents(case, file, number)))
    _date(sim, root, SETTLED)
    sim.once()
    folder.note_read()
    sim.dynamodb.settle()
    assert folder.declared == set(sim.dynamodb.tables), "the folder was not converged at first"
    for table in sim.dynamodb.tables.values():
        for key in ("one", "two", "three"):
            table.items[repr([key])] = item(key)
    sim.clock.seconds += SETTLED
    held = dict(sim.dynamodb.tables)
    sim.dynamodb.faults = monitor.call
    figures: Counter[str] = Counter()
    for edit in case.edits:
        _carry_out(sim, folder, monitor, edit, figures)
    _restore(sim, folder, monitor, case)
    for name, table in held.items():
        now = sim.dynamodb.tables.get(name)
        stays = now is table or (now is not None and name in monitor.replaced and not monitor.lost[name])
        assert stays or monitor.lost[name], f"{name} is gone, and no DeleteTable was judged"
        assert not stays or (now is not None and len(now.items) == 3), f"{name} lost items"
        figures["tables with items"] += 1
    figures["deleted with consent"] += sum(monitor.lost.values())
    return figures


def _simulated(case: MisbeliefCase) -> Sim:
    emulator = case.flavor.emulator
    options: dict[str, Any] = {
        "prune_grace": timedelta(0) if case.one_shot else timedelta(minutes=5),
        "data_loss": "allow" if case.consents else "emulator",
        "max_deletes_share": None if emulator else 1.0,
        "one_shot": case.one_shot,
    }
    return simulate(flavor=case.flavor, timeout=30, **options)


def _documents(case: MisbeliefCase, file: Written, number: int) -> list[dict[str, Any]]:
    rng = Random(f"{file.path} {number}")
    found = []
    for name in file.tables:
        key = rng.choice("SSN")
        plain = {
            "TableName": name,
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": key}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        found.append(document(_rich(rng, name)) if file.rich else plain)
    return found


def _rich(rng: Random, name: str) -> TableSpec:
    """A table with indexes, billing, stream, TTL and tags; nothing that needs another service."""
    spec = table_spec(rng, name)
    aside = {"sse": None, "kinesis_streaming": None, "warm_throughput": None, "deletion_protection": None}
    policies = {"resource_policy": None, "stream_policy": None}
    return replace(spec, **aside, **policies, billing=spec.billing or Billing("PAY_PER_REQUEST"))


def _carry_out(sim: Sim, folder: Folder, monitor: Monitor, edit: Edit, figures: Counter[str]) -> None:
    before = _state(folder)
    names = sorted(folder.files)
    # Nobody edits the files of a folder that is not there.
    if names and (not folder.damaged or edit.kind in ("lose_the_root", "another_checkout")):
        EDITS[edit.kind](folder, names[edit.at % len(names)], edit.where)
        folder.drop_set_aside()
        folder.forgive()
        figures[f"{'understood' if folder.understood else 'not understood'}"] += 1
    _date(sim, folder.root, 0.0)
    for verb in edit.verbs:
        monitor.verb = verb
        match verb:
            case "once":
                sim.once()
            case "preview":
                sim.reconciler.preview()
            case _:
                sim.run()
        sim.clock.seconds += edit.pause
        if verb != "preview":
            folder.note_read()
        figures["runs"] += 1
    if edit.undone:
        _put_back(folder, before)
        folder.forgive()
        _date(sim, folder.root, 0.0)


def _restore(sim: Sim, folder: Folder, monitor: Monitor, case: MisbeliefCase) -> None:
    """Restores the initial folder; then everything converges."""
    shutil.rmtree(folder.root, ignore_errors=True)
    folder.files, folder.damaged, folder.set_aside = {}, False, {}
    for number, file in enumerate(case.files):
        folder.store(file.path, GroundTruth(file.form, _documents(case, file, number)))
    folder.forgive()
    _date(sim, folder.root, SETTLED)
    monitor.verb = "once"
    for _ in range(3):
        sim.clock.seconds += 4000.0
        report = sim.once()
        sim.dynamodb.settle()
    unsettled = [t for t in report.tables if t.name in folder.declared and t.status.value != "in_sync"]
    missing = folder.declared - set(sim.dynamodb.tables)
    assert not missing, f"declared again and not there: {sorted(missing)}: {report.error or report.problems}"
    changed = {name for name in (*monitor.lost, *monitor.replaced) if name in folder.declared}
    left = [f"{t.name} is {t.status.value}" for t in unsettled if t.name not in changed]
    assert not left, f"not in sync at the end: {left}; {[s.message for t in unsettled for s in t.steps]}"


def _state(folder: Folder) -> dict[str, Any]:
    """Everything on disk and its ground truth, to restore."""
    copy = Path(tempfile.mkdtemp(dir=folder.root.parent))
    if folder.root.exists():
        shutil.copytree(folder.root, copy / "kept", symlinks=True, copy_function=_copied)
    files = {name: GroundTruth(t.form, list(t.documents), t.sound) for name, t in folder.files.items()}
    aside = dict(folder.set_aside)
    return {"copy": copy / "kept", "files": files, "damaged": folder.damaged, "aside": aside}


def _copied(source: str, target: str) -> None:
    if Path(source).is_fifo():
        os.mkfifo(target)
    else:
        shutil.copy2(source, target)


def _put_back(folder: Folder, before: dict[str, Any]) -> None:
    shutil.rmtree(folder.root, ignore_errors=True)
    if before["copy"].exists():
        shutil.move(before["copy"], folder.root)
    folder.files, folder.damaged, folder.set_aside = before["files"], before["damaged"], before["aside"]


def _date(sim: Sim, root: Path, ago: float) -> None:
    """Everything in the folder was changed ``ago`` seconds ago, by the clock of the simulation."""
    at = START.timestamp() + sim.clock.seconds - ago
    for path in (root, *root.rglob("*")) if root.exists() else ():
        os.utime(path, (at, at), follow_symlinks=False)

"""A desired state that is not there whole: volumes that went away, files half written, what only looks like a file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from simulation.simulated_engine import PK, simulate
from support.folders import SOUND, sentences, write

from reconciler.declarations import folder as folders
from reconciler.declarations import snapshot
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.snapshot import Snapshot, read_snapshot
from reconciler.model.errors import DeclarationError
from reconciler.model.report import Verdict

CHANGED = "changed while it was being read. If it was being saved, no action is needed; the next pass reads it again."
EMPTY_REMEDY = "Add one, or name another folder with --desired-state PATH. `reconciler init` writes an example."
ABSENT_REMEDY = "Name the folder with --desired-state PATH, or write an example with `reconciler init`."
KINDS = {"users.yaml": "a declaration", "users.py": "a class file", "seeds/users.json": "a seed"}


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
@pytest.mark.parametrize("name", KINDS, ids=KINDS.values())
def test_a_device_file_is_refused_by_name_without_reading_it(
    device: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making a device needs privileges, so a regular file becomes one when it is opened."""
    write(tmp_path, {"ok.json": SOUND, name: "x"})
    real = os.open
    monkeypatch.setattr(
        snapshot.os, "open", lambda path, *rest: real(device if Path(path) == tmp_path / name else path, *rest)
    )
    assert sentences(tmp_path) == [f"{name}: is not a regular file. Remove it or move it elsewhere."]


def test_a_link_to_a_device_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"ok.json": SOUND})
    (tmp_path / "users.yaml").symlink_to("/dev/zero")
    assert sentences(tmp_path) == [
        "users.yaml: is a link to a path outside the folder of the desired state. Copy the file here."
    ]


def empty(root: Path) -> None:
    for entry in root.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def vanished(root: Path) -> None:
    shutil.rmtree(root)


AWAY: dict[str, tuple[Callable[[Path], None], str]] = {
    "the mount point is empty": (
        empty,
        "{0}: contains no table declaration. " + EMPTY_REMEDY,
    ),
    "the folder has vanished": (
        vanished,
        "{0}: the folder does not exist. " + ABSENT_REMEDY,
    ),
}


@pytest.mark.parametrize("case", AWAY)
def test_a_volume_that_is_not_mounted_is_an_error_and_the_daemon_continues_observing(case: str, tmp_path: Path) -> None:
    take_away, sentence = AWAY[case]
    root = write(tmp_path / "app", {"users.json": SOUND, "orders.json": SOUND | {"table_name": "orders"}})
    sim = simulate(data_loss="allow")
    source = FolderSource(str(root), None)
    object.__setattr__(sim.reconciler.ports, "source", source)
    assert sim.once().verdict is Verdict.IN_SYNC
    sim.dynamodb.journal.clear()
    take_away(root)
    with pytest.raises(DeclarationError) as caught:
        source.load()
    assert [str(problem) for problem in caught.value.problems] == [sentence.format(root)]
    for _ in range(3):
        report = sim.run()
        assert report.verdict is Verdict.ERROR
        assert sorted(table.name for table in report.tables) == ["orders", "users"]
    assert (sim.dynamodb.journal, sorted(sim.dynamodb.tables)) == ([], ["orders", "users"])
    sim.reconciler.state.last_good = None
    assert sim.once().tables == ()
    assert sim.dynamodb.journal == []


BETWEEN: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "all files vanish": (empty, ["orders.json", "users.json"]),
    "the folder vanishes": (vanished, ["orders.json", "users.json"]),
    "one file vanishes": (lambda root: (root / "users.json").unlink(), ["users.json"]),
    "one file is cut": (lambda root: os.truncate(root / "users.json", 40), ["users.json"]),
    "one file is emptied": (lambda root: os.truncate(root / "users.json", 0), ["users.json"]),
    "one file comes": (lambda root: (root / "new.json").write_text("{}"), ["new.json"]),
    "one file becomes a pipe": (
        lambda root: ((root / "users.json").unlink(), os.mkfifo(root / "users.json"))[0],
        ["users.json"],
    ),
}


@pytest.mark.parametrize("case", BETWEEN)
def test_a_change_between_the_two_reads_is_reported_and_nothing_is_used(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, named = BETWEEN[case]
    root = write(tmp_path / "app", {"users.json": SOUND, "orders.json": SOUND | {"table_name": "orders"}})
    readings: list[Snapshot] = []

    def reading(path: Path) -> Snapshot:
        if readings:
            change(path)
        readings.append(read_snapshot(path))
        return readings[-1]

    monkeypatch.setattr(folders, "read_snapshot", reading)
    assert sentences(root) == [f"{name}: {CHANGED}" for name in named]
    assert len(readings) == 2


def test_a_json_file_cut_anywhere_is_never_a_declaration(tmp_path: Path) -> None:
    whole = json.dumps(SOUND)
    for length in range(len(whole)):
        write(tmp_path, {"users.json": whole[:length]})
        assert len(sentences(tmp_path)) == 1


def test_a_yaml_file_cut_anywhere_is_never_a_table_of_another_shape(tmp_path: Path) -> None:
    """What lies after the keys may be missing, and what is absent is not ours: nothing is taken away by it."""
    whole = """\
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
deletion_protection_enabled: true
"""
    for length in range(len(whole)):
        write(tmp_path, {"users.yaml": whole[:length]})
        try:
            (declaration,) = FolderSource(str(tmp_path), None).load().declarations
        except DeclarationError:
            continue
        assert declaration.spec.keys == PK
        assert declaration.spec.name == "users"
        assert declaration.spec.deletion_protection in (None, True)

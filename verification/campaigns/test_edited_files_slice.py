"""Slices of the campaigns that edit files, and tests that their monitor detects a lost item."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from campaigns.campaign import Campaign, slice_of
from campaigns.edited_files_campaign import CAMPAIGN
from campaigns.edited_files_case import Edit, MisbeliefCase, Written, draw
from campaigns.edited_files_classes_campaign import CAMPAIGN as CLASSES
from campaigns.edited_files_run import Monitor, run
from campaigns.file_edits import EDITS, Folder, GroundTruth
from simulation.simulated_engine import item, simulate

CASES, CLASS_CASES, PARTS = 400, 12, 4
ORDERS, USERS = Written("orders.yaml", "yaml", ("orders",)), Written("shop/users.json", "json", ("users",))
CLASS = Written("carts_table.py", "class", ("carts",))
SEVERAL = Written("more.yaml", "documents", ("stock", "notes"))
BOTH = MisbeliefCase(files=(ORDERS, USERS, SEVERAL), one_shot=True)


def held(campaign: Campaign, count: int, part: int) -> Counter[str]:
    """A part of a slice; a failure names the command that replays it."""
    figures: Counter[str] = Counter()
    for number in list(slice_of(campaign, count))[part::PARTS]:
        try:
            figures.update(campaign.case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='{campaign.name} --seed {number}': {error}") from error
    return figures


@pytest.mark.parametrize("part", range(PARTS))
def test_not_one_item_is_lost_without_consent(part: int) -> None:
    figures = held(CAMPAIGN, CASES, part)
    assert figures["tables with items"] > CASES / PARTS
    assert figures["understood"] > CASES / PARTS / 4
    assert figures["not understood"] > CASES / PARTS / 4


@pytest.mark.parametrize("part", range(PARTS))
def test_not_one_item_is_lost_by_class_files(part: int) -> None:
    assert held(CLASSES, CLASS_CASES, part)["tables with items"] > 0


def test_every_edit_is_drawn() -> None:
    assert {edit.kind for number in range(400) for edit in draw(number).edits} == set(EDITS)


@pytest.mark.parametrize("kind", sorted(EDITS))
@pytest.mark.parametrize("file", [0, 1, 2])
@pytest.mark.parametrize("where", [0, 501, 996])
def test_each_edit_alone(kind: str, file: int, where: int) -> None:
    run(replace(BOTH, edits=(Edit(kind, file, where, verbs=("once", "once")),)))


def test_a_deleted_file_is_consent() -> None:
    edited = replace(BOTH, edits=(Edit("delete_file", 1, verbs=("once", "once"), pause=61.0),))
    assert run(edited)["deleted with consent"] == 1


def monitor(folder: Folder, name: str = "orders") -> Monitor:
    """A monitor over tables that hold one item each."""
    sim = simulate()
    for each in ("orders", "users"):
        table = sim.dynamodb.make(
            TableName=each,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        table.items["1"] = item("1")
    return Monitor(BOTH, sim, folder, verb="once")


def folder_of(root: Path, **documents: bool) -> Folder:
    """Files by table name; the value tells whether the file is understood."""
    files = {f"{name}.yaml": GroundTruth("yaml", [{"TableName": name}], sound) for name, sound in documents.items()}
    return Folder(root, lambda: frozenset({"orders", "users"}), files)


def test_the_monitor_detects_an_unrequested_delete(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nobody removed its declaration"):
        monitor(folder_of(tmp_path, users=True)).call("DeleteTable", {"TableName": "orders"})


def test_the_monitor_detects_a_delete_for_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not understood"):
        monitor(folder_of(tmp_path, orders=False, users=True)).call("DeleteTable", {"TableName": "orders"})


def test_the_monitor_detects_a_replacement_without_consent(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nobody consented"):
        monitor(folder_of(tmp_path, orders=True)).call("DeleteTable", {"TableName": "orders"})


def test_the_monitor_detects_a_delete_for_foreign_declarations(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, theirs=True)
    folder.recorded_removal({"orders"})
    with pytest.raises(AssertionError, match="name no table of this stack"):
        monitor(folder).call("DeleteTable", {"TableName": "orders"})

"""A table is deleted only when its declaration was removed, not when its file is unreadable, missing or half written.

Uses real folders with the simulated DynamoDB. The tables at the end decide the result.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import SOUND, write

from reconciler.declarations.folder import SETTLE_SECONDS, FolderSource
from reconciler.model.errors import DeclarationError
from reconciler.model.plan import Action, Reason, StepStatus
from reconciler.model.report import PassReport, Verdict

ORDERS = SOUND | {"table_name": "orders"}
DOC = (
    "table_name: {}\nkey_schema: [{{AttributeName: pk, KeyType: HASH}}]\n"
    "attribute_definitions: [{{AttributeName: pk, AttributeType: S}}]\n"
)
USERS, CARTS = DOC.format("users"), DOC.format("carts")
CLASS = HEAD + SCHEMA + GET_SCHEMA


def simulated(root: Path, **options: Any) -> Sim:
    sim = simulate(data_loss="allow", prune_grace=timedelta(0), **options)
    object.__setattr__(sim.reconciler.ports, "source", FolderSource(str(root), None, sim.clock))
    return sim


def converged(root: Path, files: dict[str, Any], **options: Any) -> Sim:
    """Every table made, with an item that is not its seed."""
    sim = simulated(write(root, files), **options)
    assert sim.once().verdict is Verdict.IN_SYNC
    for table in sim.dynamodb.tables.values():
        table.items["theirs"] = item("theirs")
    sim.clock.seconds += 3600
    return sim


def messages(report: PassReport) -> str:
    return "\n".join(str(problem) for problem in report.problems)


def assert_not_removed(sim: Sim, how: str) -> None:
    """Three passes end in an error that names the table users, and nothing is written."""
    for _ in range(3):
        report = sim.once() if how == "once" else sim.run()
        sim.clock.seconds += 3600
        assert report.verdict is Verdict.ERROR
        assert "users" in messages(report)
    assert "theirs" in sim.dynamodb.tables["users"].items
    assert sim.dynamodb.journal == []


def as_described(root: Path) -> None:
    write(root, {"users.yaml": "Table:\n" + "".join(f"  {line}\n" for line in USERS.splitlines())})


def as_other_things(root: Path) -> None:
    write(root, {"users.yaml": "services: {}\n"})


def empty_mapping(root: Path) -> None:
    write(root, {"users.yaml": "{}\n"})


def empty_documents(root: Path) -> None:
    write(root, {"users.yaml": "---\n---\n"})


def only_a_comment(root: Path) -> None:
    write(root, {"users.yaml": "# moved\n"})


def moved_to(name: str, text: str = USERS) -> Callable[[Path], None]:
    def move(root: Path) -> None:
        (root / "users.yaml").unlink()
        write(root, {name: text})

    return move


def a_link_to_nothing(root: Path) -> None:
    (root / "users.yaml").unlink()
    (root / "users.yaml").symlink_to(root / "unmounted" / "users.yaml")


def a_folder_of_that_name(root: Path) -> None:
    (root / "users.yaml").unlink()
    (root / "users.yaml").mkdir()


def a_folder_of_that_name_in_use(root: Path) -> None:
    a_folder_of_that_name(root)
    (root / "users.yaml" / "notes.txt").write_text("mounted one level too deep\n", encoding="utf-8")


def a_pipe(root: Path) -> None:
    (root / "users.yaml").unlink()
    os.mkfifo(root / "users.yaml")


def cut(size: int) -> Callable[[Path], None]:
    return lambda root: os.truncate(root / "users.yaml", size)


MISREAD: dict[str, Callable[[Path], None]] = {
    "describe-table output saved over it": as_described,
    "something else saved over it": as_other_things,
    "an empty mapping": empty_mapping,
    "empty documents": empty_documents,
    "a comment alone": only_a_comment,
    "set aside in capitals": moved_to("users.YAML.OFF"),
    "set aside": moved_to("users.yaml.off"),
    "converted": moved_to("users.toml", "name = 'users'\n"),
    "converted to another program": moved_to("users.hcl", "users {}\n"),
    "packed": moved_to("users.zip", "PK"),
    "a link to nothing": a_link_to_nothing,
    "a folder of that name": a_folder_of_that_name,
    "a folder of that name in use": a_folder_of_that_name_in_use,
    "a pipe of that name": a_pipe,
    "cut to nothing": cut(0),
    "cut in the middle": cut(50),
    "cut after a line": cut(USERS.index("\n") + 1),
}


@pytest.mark.parametrize("case", MISREAD)
@pytest.mark.parametrize("how", ["once", "daemon", "restarted daemon"])
def test_an_unreadable_file_never_removes_its_table(case: str, how: str, tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    if how != "daemon":
        sim.reconciler.state.last_good = None
    sim.dynamodb.journal.clear()
    MISREAD[case](tmp_path)
    assert_not_removed(sim, how)


KEYLESS = USERS.partition("\n")[2]
TOML = 'table_name = "users"\nkey_schema = [{ AttributeName = "pk", KeyType = "HASH" }]\n'
TOML += 'attribute_definitions = [{ AttributeName = "pk", AttributeType = "S" }]\n'
TEMPLATE = {
    "Resources": {
        "Orders": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "orders",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": SOUND["key_schema"],
                "AttributeDefinitions": SOUND["attribute_definitions"],
            },
        }
    }
}
TURNED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an overlay, because its name was cut": (
        {"orders.json": ORDERS, "orders.users.yaml": USERS},
        {"orders.users.yaml": KEYLESS},
    ),
    "an overlay, because its keys were cut": (
        {"orders.json": ORDERS, "orders.users.yaml": USERS},
        {"orders.users.yaml": "table_name: users\n"},
    ),
    "an overlay of another table": (
        {"orders.json": ORDERS, "orders.users.yaml": USERS},
        {"orders.users.yaml": "tags: {a: b}\n"},
    ),
    "a document about a template": (
        {"stack.template": TEMPLATE, "users.yaml": USERS},
        {"users.yaml": "table_name: orders\ndescription: x\n"},
    ),
    "a part of the output of the CDK": ({"orders.json": ORDERS, "manifest.json": SOUND}, {"cdk.out": "{}"}),
    "parameters": ({"orders.json": ORDERS, "users.json": SOUND}, {"users.json": [{"ParameterKey": "A"}]}),
    "a list of other tables": ({"orders.json": ORDERS, "users.json": [SOUND]}, {"users.json": "[]"}),
    "TOML in comments": (
        {"orders.json": ORDERS, "users.toml": TOML},
        {"users.toml": "".join(f"# {line}\n" for line in TOML.splitlines())},
    ),
    "TOML of something else": ({"orders.json": ORDERS, "users.toml": TOML}, {"users.toml": "a = 1\n"}),
    "a template of something else": (
        {"orders.json": ORDERS, "users.template": json.dumps(TEMPLATE).replace("orders", "users")},
        {"users.template": "server {}\n"},
    ),
}


@pytest.mark.parametrize("case", TURNED)
def test_a_declaration_that_became_something_else_never_removes_its_table(case: str, tmp_path: Path) -> None:
    before, after = TURNED[case]
    sim = converged(tmp_path, before)
    sim.reconciler.state.last_good = None
    sim.dynamodb.journal.clear()
    write(tmp_path, after)
    for _ in range(3):
        report = sim.once()
        sim.clock.seconds += 3600
        assert report.verdict is Verdict.ERROR
    assert "theirs" in sim.dynamodb.tables["users"].items
    assert sim.dynamodb.journal == []


CLASSES = {
    "the class is imported from elsewhere": "from elsewhere import UsersTable\n",
    "neither method nor SCHEMA": "class UsersTable:\n    TABLE_NAME = 'users'\n",
    "renamed members": CLASS.replace("SCHEMA", "Schema").replace("get_schema", "schema"),
    "in comments": "".join(f"# {line}\n" for line in CLASS.splitlines()),
    "in a branch": "if False:\n" + "".join(f"    {line}\n" for line in CLASS.splitlines()),
    "helpers": "KEY = 'pk'\n",
}


@pytest.mark.parametrize("case", CLASSES)
def test_a_class_file_that_declares_nothing_any_more_never_removes_its_table(case: str, tmp_path: Path) -> None:
    others = {"orders.json": ORDERS, "shared.py": "class Unrelated: ...\n"}
    sim = converged(tmp_path, {"users_table.py": CLASS, **others})
    sim.dynamodb.journal.clear()
    text = CLASSES[case].replace("from elsewhere import UsersTable", "from .shared import Unrelated as UsersTable")
    write(tmp_path, {"users_table.py": text})
    report = sim.once()
    assert report.verdict is Verdict.ERROR
    assert messages(report).startswith("users_table.py")
    assert sim.dynamodb.journal == []


def test_the_error_names_file_table_and_remedy_and_changes_nothing_else(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    write(tmp_path, {"users.yaml": "services: {}\n", "carts.yaml": CARTS})
    report = sim.once()
    assert messages(report) == (
        "users.yaml: declared the table users and now declares nothing. Restore the declaration, or remove the file if "
        "the table is to be deleted; `reconciler release users` keeps the table unmanaged."
    )
    assert any(warning.startswith("users.yaml: declares nothing") for warning in report.warnings)
    assert sorted(sim.dynamodb.tables) == ["orders", "users"]


@pytest.mark.parametrize("lost", ["orders", "users"])
def test_nothing_is_repaired_while_a_file_cannot_be_read(lost: str, tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    write(tmp_path, {"users.yaml": "services: {}\n"})
    del sim.dynamodb.tables[lost]
    sim.dynamodb.journal.clear()
    for _ in range(3):
        assert sim.once().verdict is Verdict.ERROR
        sim.clock.seconds += 3600
    assert sim.dynamodb.journal == []
    assert lost not in sim.dynamodb.tables


def removed(root: Path) -> None:
    (root / "users.yaml").unlink()


def one_of_two(root: Path) -> None:
    write(root, {"users.yaml": CARTS})


def renamed_table(root: Path) -> None:
    write(root, {"users.yaml": USERS.replace("users", "people")})


ALLOWED: dict[str, tuple[dict[str, Any], Callable[[Path], None]]] = {
    "its file is gone": ({"users.yaml": USERS}, removed),
    "its file is gone and another was never read": ({"users.yaml": USERS, "users_notes.bin": "x"}, removed),
    "its document is gone": ({"users.yaml": USERS + "---\n" + CARTS}, one_of_two),
    "the table has another name": ({"users.yaml": USERS}, renamed_table),
    "its file is gone from a folder with others": (
        {"more/users.yaml": USERS, "more/carts.yaml": CARTS},
        lambda root: (root / "more" / "users.yaml").unlink(),
    ),
    "its file was moved and then removed": (
        {"more/users.yaml": USERS, "more/carts.yaml": CARTS},
        lambda root: (root / "more" / "users.yaml").unlink(),
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_a_removed_declaration_removes_its_table(case: str, tmp_path: Path) -> None:
    files, change = ALLOWED[case]
    sim = converged(tmp_path, {**files, "orders.json": ORDERS})
    change(tmp_path)
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC, messages(report)
    assert "users" not in sim.dynamodb.tables
    assert "theirs" in sim.dynamodb.tables["orders"].items


def test_a_commented_out_document_next_to_another_one_is_an_error(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"both.yaml": CARTS + "---\n" + USERS})
    write(tmp_path, {"both.yaml": CARTS + "".join(f"# {line}\n" for line in USERS.splitlines())})
    assert messages(sim.once()) == (
        "both.yaml:4:3: still defines the table users, but is not read as a declaration. To remove the table, "
        "delete this definition as well; `reconciler release users` keeps the table unmanaged."
    )
    assert "theirs" in sim.dynamodb.tables["users"].items


def unmounted(root: Path) -> None:
    shutil.rmtree(root / "more")
    (root / "more").mkdir()


def gone(root: Path) -> None:
    shutil.rmtree(root / "more")


def gone_with_its_parent(root: Path) -> None:
    shutil.rmtree(root / "more")
    write(root, {"other.yaml": CARTS})


def only_helpers_left(root: Path) -> None:
    (root / "more" / "users.yaml").unlink()
    write(root, {"more/__init__.py": ""})


FOLDERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "an empty mount point remains": ("more/", unmounted),
    "the folder is gone": ("more/", gone),
    "a folder in a folder is gone": ("more/tables/", gone),
    "the folder is gone and another table comes": ("more/", gone_with_its_parent),
    "only helpers are left": ("more/", only_helpers_left),
}


@pytest.mark.parametrize("case", FOLDERS)
@pytest.mark.parametrize("how", ["once", "daemon"])
def test_the_tables_of_a_folder_that_vanished_are_blocked(case: str, how: str, tmp_path: Path) -> None:
    folder, change = FOLDERS[case]
    sim = converged(tmp_path, {f"{folder}users.yaml": USERS, "orders.json": ORDERS})
    change(tmp_path)
    for _ in range(3):
        report = sim.once() if how == "once" else sim.run()
        sim.clock.seconds += 3600
    (step,) = next(table for table in report.tables if table.name == "users").steps
    assert (step.action, step.status, step.reason) == (Action.DELETE, StepStatus.BLOCKED, Reason.FOREIGN_DECLARATIONS)
    assert folder.rstrip("/") in (step.message or "")
    assert "theirs" in sim.dynamodb.tables["users"].items


def test_a_folder_that_can_no_longer_be_followed_is_an_error(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"..data/more/users.yaml": USERS, "orders.json": ORDERS, "x.yaml": CARTS})
    (tmp_path / "more").symlink_to("..data/more")
    assert sim.once().verdict is Verdict.IN_SYNC
    sim.dynamodb.tables["users"].items["theirs"] = item("theirs")
    shutil.rmtree(tmp_path / "..data")
    report = sim.once()
    assert messages(report).startswith("more: cannot be read: No such file or directory. Correct or remove the link.")
    assert "theirs" in sim.dynamodb.tables["users"].items


def test_the_inventory_says_which_file_declares_a_table_and_follows_it(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})

    def declared_in() -> dict[str, str | None]:
        return {name: entry.declared_in for name, entry in sim.store.snapshot.inventory.items()}

    assert declared_in() == {"users": "users.yaml", "orders": "orders.json"}
    (tmp_path / "users.yaml").unlink()
    write(tmp_path, {"more/tables.yaml": USERS})
    assert sim.once().verdict is Verdict.IN_SYNC
    assert declared_in() == {"users": "more/tables.yaml", "orders": "orders.json"}
    written = sim.store.written
    assert sim.run().verdict is Verdict.IN_SYNC
    assert sim.store.written == written


def test_a_record_of_an_older_release_follows_the_rules_of_that_release(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    entry = sim.store.snapshot.inventory["users"]
    sim.store.put_entry(replace(entry, declared_in=None))
    write(tmp_path, {"users.yaml": "services: {}\n"})
    assert sim.once().verdict is Verdict.IN_SYNC
    assert "users" not in sim.dynamodb.tables


def test_an_adopted_table_whose_file_is_misread_is_named_too(tmp_path: Path) -> None:
    sim = simulated(write(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS}))
    sim.dynamodb.write(_create("users"))
    sim.clock.seconds += 60
    sim.once()
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"
    write(tmp_path, {"users.yaml": "services: {}\n"})
    assert "declared the table users and now declares nothing" in messages(sim.once())


def _create(name: str) -> Any:
    from reconciler.planning.create import create_call

    return create_call(declaration(name).spec, None)


def test_a_released_table_needs_no_confirmation(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    sim.reconciler.release(("users",))
    write(tmp_path, {"users.yaml": "services: {}\n"})
    assert sim.once().verdict is Verdict.IN_SYNC
    assert "theirs" in sim.dynamodb.tables["users"].items


def test_destroy_is_not_stopped_by_it(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    write(tmp_path, {"users.yaml": "services: {}\n"})
    assert sim.reconciler.destroy().problems == ()
    assert sim.dynamodb.tables == {}


def test_nothing_is_deleted_before_the_declarations_are_settled(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    removed(tmp_path)
    report = sim.run()
    (step,) = next(table for table in report.tables if table.name == "users").steps
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.NOT_BEFORE)
    assert step.not_before is not None
    sim.clock.seconds += SETTLE_SECONDS - 0.5
    sim.run()
    assert "users" in sim.dynamodb.tables
    sim.clock.seconds += 1
    sim.run()
    assert [call.operation for call in sim.dynamodb.journal][-1] == "DeleteTable"


def test_a_file_that_comes_back_within_seconds_keeps_its_table(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    removed(tmp_path)
    sim.run()
    sim.clock.seconds += 2
    write(tmp_path, {"users.yaml": USERS})
    for _ in range(5):
        sim.run()
        sim.clock.seconds += 2
    assert "theirs" in sim.dynamodb.tables["users"].items


def test_a_file_that_keeps_changing_is_waited_for(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"all.yaml": USERS + "---\n" + CARTS, "orders.json": ORDERS})
    text = DOC.format("aaa")
    for size in range(5):
        write(tmp_path, {"all.yaml": text + f"description: {size}\n"})
        sim.run()
        sim.clock.seconds += 2
    write(tmp_path, {"all.yaml": text + "---\n" + USERS + "---\n" + CARTS})
    for _ in range(3):
        sim.run()
        sim.clock.seconds += 60
    assert all("theirs" in sim.dynamodb.tables[name].items for name in ("users", "carts"))


def test_a_deletion_in_a_converging_run_waits_and_is_done(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    removed(tmp_path)
    before = sim.clock.seconds
    assert sim.once().verdict is Verdict.IN_SYNC
    assert "users" not in sim.dynamodb.tables
    assert SETTLE_SECONDS <= sim.clock.seconds - before < SETTLE_SECONDS + 3


def test_an_index_that_is_missing_from_a_file_that_changed_just_now_stays_for_the_moment(tmp_path: Path) -> None:
    index = [
        {
            "index_name": "by_pk",
            "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "projection": {"projection_type": "ALL"},
        }
    ]
    with_index = json.dumps(ORDERS | {"global_secondary_indexes": index})
    sim = converged(tmp_path, {"orders.json": with_index}, disruption="allow")
    write(tmp_path, {"orders.json": json.dumps(ORDERS | {"global_secondary_indexes": []})})
    sim.dynamodb.journal.clear()
    sim.run()
    assert [operation for operation, _ in sim.dynamodb.journal] == []
    sim.clock.seconds += SETTLE_SECONDS + 1
    sim.run()
    assert len(sim.dynamodb.journal) == 1


def test_a_failed_load_reports_its_warnings(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    write(tmp_path, {"users.yaml": "a: [", "load.sh": ""})
    with pytest.raises(DeclarationError):
        FolderSource(str(tmp_path), None).load()
    assert any(warning.startswith("load.sh: is not read") for warning in sim.run().warnings)

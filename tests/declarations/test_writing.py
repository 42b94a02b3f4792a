"""What a live table is written down as: read again it is the same table, in both forms, for every table there is."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from simulation.simulated_engine import simulate
from support.declared_everywhere import SOURCE, everywhere
from support.specs import declaration, observed, renamed, spec
from support.table_settings import KEYS

from reconciler.declarations import writer
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.formats.class_file import class_name
from reconciler.engine.observe import observe_table
from reconciler.model.errors import UsageError
from reconciler.model.identity import Flavor
from reconciler.model.observed import ObservedTable
from reconciler.model.table import Billing, PointInTimeRecovery, Sse, Stream, TableSpec, Ttl
from reconciler.planning.diff import diff

FORMS = ("python", "yaml", "json")
NOT_WRITTEN = {"warm_throughput", "backups"}
"""Warm throughput rises by itself, and a schedule stands nowhere but in a declaration."""
OFF = (False, None, [], "STANDARD", -1, "DISABLED")


def made(table: TableSpec) -> ObservedTable:
    """The table as a strict control plane made it and tells it, read whole."""
    sim = simulate(flavor=Flavor.AWS, timeout=7200, data_loss="allow", disruption="allow")
    sim.dynamodb.aliases |= {**KEYS, "alias/app": KEYS["alias/one"]}
    sim.dynamodb.has_backups = True
    sim.dynamodb.sources[SOURCE] = "ENABLED"
    sim.declare(declaration(table))
    sim.once()
    seen = observe_table(sim.reconciler.ports, table.name, None, whole=True)
    assert seen is not None
    return seen


def without_home(table: TableSpec) -> TableSpec:
    """The table itself is told among its replicas, and of a table of one Region the rest says nothing."""
    others = tuple(replica for replica in table.replicas or () if not replica.home)
    if others:
        return replace(table, replicas=others)
    return replace(table, replicas=None, multi_region_consistency=None, global_table_settings=None)


def read_again(table: TableSpec, form: str, folder: Path) -> TableSpec:
    for name, text in writer.texts({table.name: observed(table)}, form).items():
        folder.mkdir()
        (folder / name).write_text(text, encoding="utf-8")
    (declaration,) = FolderSource(str(folder), None).load().declarations
    return declaration.spec


@pytest.mark.parametrize("form", FORMS)
def test_every_table_there_is_reads_back_as_itself(form: str, tmp_path: Path) -> None:
    """Both ways: nothing that is written differs from the table, and nothing that the table has on is left out."""
    # All lie in one folder that is read once, so a table whose name is taken gets a number.
    tables: dict[str, tuple[str, TableSpec]] = {}
    for origin, table in everywhere(tmp_path / "declared").items():
        name = f"{table.name}-{len(tables)}" if table.name in tables else table.name
        tables[name] = (origin, without_home(made(renamed(table, name)).spec))
    folder = tmp_path / "written"
    folder.mkdir()
    for file, text in writer.texts({name: observed(live) for name, (_, live) in tables.items()}, form).items():
        (folder / file).write_text(text, encoding="utf-8")
    written = {each.spec.name: each.spec for each in FolderSource(str(folder), None).load().declarations}
    assert written.keys() == tables.keys()
    wrong = []
    for name, (origin, live) in tables.items():
        wrong += [f"{origin}: {change}" for change in diff(written[name], live)]
        missing = [
            change for change in diff(live, written[name]) if not NOT_WRITTEN & {change.facet, *change.path.split(".")}
        ]
        wrong += [f"{origin}: lacks {change}" for change in missing if change.after not in OFF]
    assert wrong == []
    assert len(tables) > 200


@pytest.mark.parametrize("form", FORMS)
def test_a_disabled_feature_stays_unowned(form: str, tmp_path: Path) -> None:
    off = replace(
        spec(),
        stream=Stream(False),
        ttl=Ttl(False),
        tags=(),
        deletion_protection=False,
        table_class="STANDARD",
        sse=Sse(False),
        point_in_time_recovery=PointInTimeRecovery(False),
        global_indexes=(),
        local_indexes=(),
    )
    (text,) = writer.texts({off.name: observed(off)}, form).values()
    for name in ("stream", "time_to_live", "tags", "deletion", "table_class", "sse", "recovery", "indexes"):
        assert name not in text
    assert read_again(off, form, tmp_path / "off") == replace(spec(), billing=Billing("PAY_PER_REQUEST"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "value", ["no", "012", "1e3", "null", "~", "a: b", "{x}", "# c", "ü '\" \\", "- a", "2026-01-01"]
)
def test_a_tag_that_looks_like_something_else_stays_a_text(form: str, value: str, tmp_path: Path) -> None:
    table = replace(spec(), tags=(("no", value),))
    assert read_again(table, form, tmp_path / "tags").tags == (("no", value),)


def test_names_that_are_not_names_of_files_or_classes_get_their_own() -> None:
    tables = {name: observed(replace(spec(), name=name)) for name in ("a.b-c", "a.b_c", "2fast")}
    assert list(writer.texts(tables, "python")) == ["a_b_c_table.py", "a_b_c_2_table.py", "2fast_table.py"]
    assert class_name("orders.by-day") == "OrdersByDayTableConfig"
    assert class_name("2fast") == "T2fastTableConfig"


def test_a_name_that_a_file_of_another_table_has_gets_a_number() -> None:
    tables = {name: observed(replace(spec(), name=name)) for name in ("a.b_c", "2fast")}
    assert list(writer.texts(tables, "python", {"a_b_c_table.py"})) == ["a_b_c_2_table.py", "2fast_table.py"]


def test_a_table_of_another_environment_is_refused() -> None:
    assert writer.base_name("users-prod", "prod") == "users"
    assert writer.base_name("users-prod", None) == "users-prod"
    with pytest.raises(UsageError, match="users is not a table of environment 'prod'; its tables are called NAME-prod"):
        writer.base_name("users", "prod")


def test_an_existing_file_stops_it_before_the_first_write(tmp_path: Path) -> None:
    (tmp_path / "bbb_table.py").write_text("mine", encoding="utf-8")
    tables = {name: observed(replace(spec(), name=name)) for name in ("aaa", "bbb")}
    refused = pytest.raises(
        UsageError, match=r"bbb_table\.py exists already and is not overwritten; nothing was written"
    )
    with refused:
        writer.prepared(tmp_path, tables, "python", None)
    with refused, writer.stored(tmp_path, {"aaa_table.py": "x", "bbb_table.py": "y"}):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["bbb_table.py"]
    assert (tmp_path / "bbb_table.py").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("existed", [True, False])
def test_written_files_are_removed_where_a_later_step_fails(existed: bool, tmp_path: Path) -> None:
    folder = tmp_path / "desired_state"
    if existed:
        folder.mkdir()
        (folder / "mine.yaml").write_text("mine", encoding="utf-8")
    seen: list[str] = []

    def meanwhile() -> None:
        with writer.stored(folder, {"a_table.py": "x", "b_table.py": "y"}) as paths:
            seen.extend(path.with_name(f".{path.name}.part").read_text(encoding="utf-8") for path in paths)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        meanwhile()
    assert seen == ["x", "y"]
    assert [path.name for path in tmp_path.rglob("*.*")] == (["mine.yaml"] if existed else [])
    assert folder.exists() is existed


def test_an_impossible_file_name_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"), writer.stored(tmp_path, {"a_table.py": "x", "b" * 300: "y"}):
        pass
    assert list(tmp_path.iterdir()) == []


DECLARED = (
    "key_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: [{AttributeName: pk, AttributeType: S}]"
)
LAYOUTS = {
    "a folder that is not there": ((), "state", "state", []),
    "an empty folder": (("state/",), "state", "state", []),
    "a folder with one of configs": (("state/table_configs/aaa.yaml",), "state", "state/table_configs", ["aaa"]),
    "files beside the folder of configs": (
        ("state/aaa.yaml", "state/table_configs/"),
        "state",
        "state/table_configs",
        ["aaa"],
    ),
    "the folder of configs itself": (
        ("state/table_configs/aaa.yaml",),
        "state/table_configs",
        "state/table_configs",
        ["aaa"],
    ),
    "an empty folder of configs under declarations": (
        ("state/aaa.yaml", "state/table_configs/"),
        "state/table_configs",
        "state/table_configs",
        [],
    ),
    "a missing folder of configs under declarations": (
        ("state/aaa.yaml",),
        "state/table_configs",
        "state/table_configs",
        [],
    ),
}


@pytest.mark.parametrize(("entries", "location", "folder", "declared"), LAYOUTS.values(), ids=list(LAYOUTS))
def test_a_folder_is_classified_by_its_own_content(
    entries: tuple[str, ...], location: str, folder: str, declared: list[str], tmp_path: Path
) -> None:
    for entry in entries:
        path = tmp_path / entry
        (path if entry.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not entry.endswith("/"):
            path.write_text(f"table_name: {path.stem}\n{DECLARED}\n", encoding="utf-8")
    assert writer.target(str(tmp_path / location)) == tmp_path / folder
    found = writer.declared_so_far(str(tmp_path / location), None)
    assert [declaration.spec.name for declaration in found.declarations] == declared


def store(folder: Path, written: dict[str, str]) -> None:
    with writer.stored(folder, written):
        pass


def in_it(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_temporary_files_of_a_dead_writer_are_ignored_and_removed(tmp_path: Path) -> None:
    (tmp_path / ".a_table.py.part").write_text("half", encoding="utf-8")
    store(tmp_path, {"a_table.py": "whole"})
    assert in_it(tmp_path) == {"a_table.py": "whole"}


def test_the_temporary_name_of_a_dead_writer_is_removed(tmp_path: Path) -> None:
    store(tmp_path, {"a_table.py": "whole"})
    (tmp_path / ".a_table.py.part").hardlink_to(tmp_path / "a_table.py")
    (tmp_path / ".b_table.py.part").write_text("of others", encoding="utf-8")
    assert writer.swept(tmp_path) == ()
    assert in_it(tmp_path) == {"a_table.py": "whole", ".b_table.py.part": "of others"}
    assert writer.swept(tmp_path / "not there") == ()


def test_files_get_their_final_names_only_after_all_records_are_written(tmp_path: Path) -> None:
    with writer.stored(tmp_path, {"a_table.py": "x", "b_table.py": "y"}) as paths:
        assert in_it(tmp_path) == {".a_table.py.part": "x", ".b_table.py.part": "y"}
    assert [path.name for path in paths] == ["a_table.py", "b_table.py"]
    assert in_it(tmp_path) == {"a_table.py": "x", "b_table.py": "y"}


def test_a_file_created_in_the_meantime_is_not_overwritten_and_no_other_is_left(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"b_table\.py was created in the meantime; refusing to overwrite it"),
        writer.stored(tmp_path, {"a_table.py": "x", "b_table.py": "y"}),
    ):
        (tmp_path / "b_table.py").write_text("mine", encoding="utf-8")
    assert in_it(tmp_path) == {"b_table.py": "mine"}


def test_a_file_system_without_hard_links_gets_its_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    store(tmp_path, {"a_table.py": "x", "b_table.py": "y"})
    assert in_it(tmp_path) == {"a_table.py": "x", "b_table.py": "y"}


def test_a_text_that_would_declare_another_table_is_refused() -> None:
    table = replace(spec(), ttl=Ttl(True, "a"))
    texts = writer.texts({table.name: observed(replace(table, ttl=Ttl(True, "b")))}, "yaml")
    with pytest.raises(UsageError, match=r"cannot be declared as it is: ttl\.attribute would become 'b', but is 'a'"):
        writer.prove(texts, [observed(table)], None)


def test_the_bundled_declarations_are_not_written_to() -> None:
    with pytest.raises(UsageError, match="cannot write to the bundled declarations"):
        writer.target("bundled")

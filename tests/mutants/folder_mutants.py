"""Mutants of what a folder is believed to say: missing folders, files that are not understood, removals in haste."""

from __future__ import annotations

from mutants.mutant import Mutant

REMOVALS = "engine/test_engine_removals.py"
REMAINS = "engine/test_engine_remains.py::test_a_declaration_that_still_stands_somewhere_never_removes_its_table"
LOCATE = "declarations/test_locate.py"
RESEMBLING = "declarations/test_resembling.py"
MISREAD = f"{REMOVALS}::test_a_file_that_is_not_understood_never_removes_its_table"

MUTANTS = (
    Mutant(
        "a missing folder falls back to the package",
        "declarations/locate.py",
        "        raise _unreachable(location, Path(location).expanduser(), error) from None\n",
        "        return _package(PACKAGE + Path(location).name)\n",
        "a volume that is not mounted turns into the declarations of an installed package",
        (f"{LOCATE}::test_what_is_no_folder_is_an_error_and_nothing_is_read_in_its_place[the default]",),
    ),
    Mutant(
        "the bundled set is any package of its name",
        "declarations/locate.py",
        "importlib.machinery.PathFinder.find_spec(_BUNDLED_PACKAGE, [beside])",
        "importlib.util.find_spec(_BUNDLED_PACKAGE)",
        "the declarations of another project are read as those of the tool",
        (f"{LOCATE}::test_the_bundled_set_is_never_another_package_of_that_name",),
    ),
    Mutant(
        "a file that now declares nothing is only a warning",
        "planning/removals.py",
        "    if not file.tables:\n",
        "    if False:\n",
        "describe-table output saved over a declaration deletes the table",
        (f"{MISREAD}[once-something else saved over it]",),
    ),
    Mutant(
        "nothing is looked for beside the declarations",
        "engine/passes.py",
        "            self.problems += self.world.source.remains(desired, missing) if missing else ()\n",
        "            self.problems += ()\n",
        "a declaration that was hidden, nested or commented out deletes its table",
        (f"{REMAINS}[once-hidden]", f"{REMAINS}[once-in comments of another file]"),
    ),
    Mutant(
        "the names that a text defines do not count",
        "declarations/remains.py",
        "        if name in text.names:\n",
        "        if False:\n",
        "a document that is put into comments for a moment deletes its table",
        (
            f"{REMAINS}[once-under x- in another file]",
            f"{REMOVALS}::test_a_document_put_into_comments_beside_another_one_is_an_error",
        ),
    ),
    Mutant(
        "a class that is not loaded counts as removed",
        "declarations/remains.py",
        "            if (found.path, line) not in classes:\n",
        "            if False:\n",
        "a class under a condition deletes its table",
        (
            (
                "engine/test_engine_remains.py::test_a_class_that_is_not_loaded_never_removes_its_table"
                "[its class under a condition, its name from elsewhere]"
            ),
        ),
    ),
    Mutant(
        "a file under another suffix counts as removed",
        "declarations/remains.py",
        "    return _stem(name) == _stem(former_name)\n",
        "    return False\n",
        "a declaration that was converted to another format deletes its table",
        (f"{MISREAD}[once-converted]", f"{REMAINS}[once-packed into a hidden folder]"),
    ),
    Mutant(
        "hidden folders are not looked through",
        "declarations/remains.py",
        "                if entry.name not in _FOREIGN_FOLDERS and",
        "                if not hidden and",
        "a declaration that was moved into a hidden folder deletes its table",
        (f"{REMAINS}[once-in a hidden folder]", f"{REMAINS}[once-in __pycache__]"),
    ),
    Mutant(
        "what cannot be looked through counts as removed",
        "declarations/remains.py",
        "    if trouble is not None:\n",
        "    if False:\n",
        "a file that is too large to look through deletes a table",
        ("engine/test_engine_remains.py::test_what_cannot_be_looked_through_keeps_the_table",),
    ),
    Mutant(
        "an empty document says that its table was removed",
        "planning/removals.py",
        "    if file.hollow is not None:\n",
        "    if False:\n",
        "a file that was cut at the marks between two documents deletes a table",
        (
            (
                "engine/test_engine_remains.py::test_an_empty_document_in_the_place_of_a_declaration_is_an_error"
                "[cut at the marks]"
            ),
        ),
    ),
    Mutant(
        "misunderstood files are reported and acted upon",
        "engine/passes.py",
        "        if not self._understood(desired, permission.snapshot):\n",
        "        if not self._understood(desired, permission.snapshot) and False:\n",
        "the pass says what it does not understand, and deletes all the same",
        (f"{REMOVALS}::test_the_error_names_file_table_and_remedy_and_changes_nothing_else",),
    ),
    Mutant(
        "a dangling link is skipped",
        "declarations/snapshot.py",
        '            self.problem(path, f"cannot be read: {error.strerror}", remedy)\n            return\n        if stat',  # noqa: E501
        "            return\n        if stat",
        "a folder whose target is not mounted reads as removed declarations",
        (f"{REMOVALS}::test_a_folder_that_can_no_longer_be_followed_is_an_error",),
    ),
    Mutant(
        "a folder with the name of a declaration is walked through",
        "declarations/snapshot.py",
        "        if not in_seeds and path.suffix.lower() in DECLARATION_SUFFIXES:\n",
        "        if False:\n",
        "a bind mount whose file is missing reads as a removed declaration",
        (f"{MISREAD}[once-a folder of that name]",),
    ),
    Mutant(
        "a vanished subfolder prunes",
        "engine/passes.py",
        "vanished={} if destroy else vanished(desired, inventory)",
        "vanished={}",
        "an unmounted subfolder deletes all of its tables",
        (f"{REMOVALS}::test_the_tables_of_a_folder_that_vanished_are_blocked[once-the folder is gone]",),
    ),
    Mutant(
        "declarations need not settle",
        "declarations/settling.py",
        "return now + timedelta(seconds=left) if left > 0 else None",
        "return None",
        "a file that is gone for a second while it is saved deletes its table",
        (f"{REMOVALS}::test_nothing_is_deleted_before_the_declarations_are_settled",),
    ),
    Mutant(
        "what has not settled is removed all the same",
        "engine/applying.py",
        "    if (step.destructive or step.takes_away) and scene.still_changing:\n",
        "    if False:\n",
        "a file that is gone for a second while it is saved deletes its table",
        (f"{REMOVALS}::test_a_file_that_comes_back_within_seconds_keeps_its_table",),
    ),
    Mutant(
        "a change in the future is believed",
        "declarations/settling.py",
        "now.timestamp() - changed)",
        "abs(now.timestamp() - changed))",
        "where the clock of a file server is ahead, what was saved a moment ago counts as settled",
        ("declarations/test_settling.py::test_when_declarations_are_settled[the file server is an hour ahead]",),
    ),
    Mutant(
        "the inventory forgets which file declares a table",
        "planning/ownership.py",
        "    return replace(entry, declared_in=declaration.origin.file, project=project)\n",
        "    return entry\n",
        "a file that moved and is then misread deletes its table",
        (f"{REMOVALS}::test_the_inventory_says_which_file_declares_a_table_and_follows_it",),
    ),
    Mutant(
        "a suffix in capitals is something else",
        "declarations/unread.py",
        "    if suffix.lower() in READ_SUFFIXES:\n",
        "    if False:\n",
        "users.YAML, as some editors save it, is passed over",
        (f"{RESEMBLING}::test_a_declaration_under_a_name_that_is_not_read_is_an_error[-.Yml]",),
    ),
    Mutant(
        "a class that lost its name is something else",
        "declarations/folder.py",
        "        problems += resembling(classes, raws) if not python.problems else ()\n",
        "",
        "a class that was copied and kept its name takes the place of another table's",
        (f"{RESEMBLING}::test_a_class_file_that_looks_like_a_declaration_is_an_error[all of it in comments]",),
    ),
    Mutant(
        "a wrapped table is something else",
        "declarations/formats/text/documents.py",
        "            refuse_resembling(document, value)\n",
        "",
        "output of describe-table, a template's resource or a list under a key is passed over",
        (f"{RESEMBLING}::test_a_document_that_looks_like_a_declaration_is_an_error[describe-table]",),
    ),
)

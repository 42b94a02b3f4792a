"""Mutants of what a folder is believed to say: missing folders, files that are not understood, removals in haste."""

from __future__ import annotations

from mutants.mutant import Mutant

REMOVALS = "test_engine_removals"
REMAINS = "test_engine_declared_elsewhere::test_a_table_declared_in_another_place_is_never_removed"
COMMENTED = "test_remains::test_a_definition_that_nothing_reads_keeps_its_table_whatever_computes_its_name"
CONDITIONAL = "test_remains::test_a_resource_whose_condition_does_not_hold_still_defines_its_table"
INCLUDED = "test_serverless_files::test_resources_of_a_file_that_is_not_there_are_an_error"
LOCATE = "test_locate"
RESEMBLING = "test_lookalike_files"
MISREAD = f"{REMOVALS}::test_an_unreadable_file_never_removes_its_table"

MUTANTS = (
    Mutant(
        "a missing folder falls back to the package",
        "_folder",
        "raise _unreachable(location, Path(location).expanduser(), error) from None",
        "return _package(PACKAGE + Path(location).name)",
        "a volume that is not mounted turns into the declarations of an installed package",
        (f"{LOCATE}::test_a_path_that_is_not_a_folder_is_an_error_and_has_no_fallback[the default]",),
    ),
    Mutant(
        "the bundled set is any package of its name",
        "_bundled",
        "spec = importlib.machinery.PathFinder.find_spec(_BUNDLED_PACKAGE, [beside])",
        "spec = importlib.util.find_spec(_BUNDLED_PACKAGE)",
        "the declarations of another project are read as those of the tool",
        (f"{LOCATE}::test_the_bundled_set_is_never_another_package_of_that_name",),
    ),
    Mutant(
        "a file that now declares nothing is only a warning",
        "_problem",
        "if not file.tables: ...",
        "if False: ...",
        "describe-table output saved over a declaration deletes the table",
        (f"{MISREAD}[once-something else saved over it]",),
    ),
    Mutant(
        "nothing is looked for beside the declarations",
        "Pass._removals_are_understood",
        "self.problems += self.ports.source.remains(desired.as_read, missing) if missing else ()",
        "self.problems += ()",
        "a declaration that was hidden, nested or commented out deletes its table",
        (f"{REMAINS}[once-hidden]", f"{REMAINS}[once-in comments of another file]"),
    ),
    Mutant(
        "the names that a text defines do not count",
        "_judge",
        "if name in text.names: ...",
        "if False: ...",
        "a document that is put into comments for a moment deletes its table",
        (
            f"{REMAINS}[once-under x- in another file]",
            f"{REMOVALS}::test_a_commented_out_document_next_to_another_one_is_an_error",
        ),
    ),
    Mutant(
        "a computed name that a text defines does not count",
        "_judge",
        "place = _computed(found, text, table, declaring, places)",
        "place = None",
        "a resource that is put into comments for a moment deletes its table, because its name has the stage",
        (f"{COMMENTED}[Sub]", f"{COMMENTED}[a name that follows from the logical ID]"),
    ),
    Mutant(
        "a resource whose condition does not hold counts as removed",
        "LeftoverDefinitions.of",
        "if (problem := _conditional(files, each)) is not None: ...",
        "if False: ...",
        "a parameter that is forgotten once deletes a table, because its condition does not hold then",
        (f"{CONDITIONAL}[Sub-read]", f"{CONDITIONAL}[no name-read]"),
    ),
    Mutant(
        "a file that a service includes may be absent",
        "read_service",
        "problems += _missing(file, document, variables)",
        "problems += []",
        "a file of resources that was not copied deletes the tables that it declared",
        (f"{INCLUDED}[a part]", f"{INCLUDED}[all resources]"),
    ),
    Mutant(
        "a class that is not loaded counts as removed",
        "_judge",
        "if (found.path, line) not in places: ...",
        "if False: ...",
        "a class under a condition deletes its table",
        (
            (
                "test_engine_declared_elsewhere::test_a_class_that_is_not_loaded_never_removes_its_table"
                "[its class under a condition, its name from elsewhere]"
            ),
        ),
    ),
    Mutant(
        "a file under another suffix counts as removed",
        "_same_stem",
        "return _stem(name) == _stem(former_name)",
        "return False",
        "a declaration that was converted to another format deletes its table",
        (f"{MISREAD}[once-converted]", f"{REMAINS}[once-packed into a hidden folder]"),
    ),
    Mutant(
        "an empty folder counts as removed",
        "_walk",
        "if folder and not inside: ...",
        "if False: ...",
        "a file that was not mounted, and set aside before, deletes its table",
        (f"{REMAINS}[once-as an empty folder]", f"{REMAINS}[once-as an empty folder in a hidden one]"),
    ),
    Mutant(
        "hidden folders are not looked through",
        "_walk",
        "entry.name not in _FOREIGN_FOLDERS and ...",
        "not hidden and ...",
        "a declaration that was moved into a hidden folder deletes its table",
        (f"{REMAINS}[once-in a hidden folder]", f"{REMAINS}[once-in __pycache__]"),
    ),
    Mutant(
        "what cannot be looked through counts as removed",
        "_judge",
        "trouble = text.trouble or found.trouble",
        "trouble = None",
        "a file that is too large to look through deletes a table",
        ("test_engine_declared_elsewhere::test_an_unreadable_folder_keeps_the_table",),
    ),
    Mutant(
        "an empty document says that its table was removed",
        "_problem",
        "if file.empty_document is not None: ...",
        "if False: ...",
        "a file that was cut at the marks between two documents deletes a table",
        ("test_engine_declared_elsewhere::test_an_emptied_document_is_an_error[cut at the marks]",),
    ),
    Mutant(
        "misunderstood files are reported and acted upon",
        "Pass._run",
        "if not self._removals_are_understood(desired, authorization.snapshot): ...",
        "if not self._removals_are_understood(desired, authorization.snapshot) and False: ...",
        "the pass says what it does not understand, and deletes all the same",
        (f"{REMOVALS}::test_the_error_names_file_table_and_remedy_and_changes_nothing_else",),
    ),
    Mutant(
        "a dangling link is skipped",
        "_Walk._entry",
        'self.problem(path, f"cannot be read: {error.strerror}", remedy)',
        "",
        "a folder whose target is not mounted reads as removed declarations",
        (f"{REMOVALS}::test_a_folder_that_can_no_longer_be_followed_is_an_error",),
    ),
    Mutant(
        "a folder with the name of a declaration is walked through",
        "_Walk._subfolder",
        "if not in_seeds and path.suffix.lower() in DECLARATION_SUFFIXES: ...",
        "if False: ...",
        "a bind mount whose file is missing reads as a removed declaration",
        (f"{MISREAD}[once-a folder of that name in use]",),
    ),
    Mutant(
        "a vanished subfolder prunes",
        "Pass._tables",
        "PassContext(..., missing_folders={} if destroy else missing_folders(desired, inventory))",
        "PassContext(..., missing_folders={})",
        "an unmounted subfolder deletes all of its tables",
        (f"{REMOVALS}::test_the_tables_of_a_folder_that_vanished_are_blocked[once-the folder is gone]",),
    ),
    Mutant(
        "declarations need not settle",
        "SettlingTime.settled_at",
        "return now + timedelta(seconds=left) if left > 0 else None",
        "return None",
        "a file that is gone for a second while it is saved deletes its table",
        (f"{REMOVALS}::test_nothing_is_deleted_before_the_declarations_are_settled",),
    ),
    Mutant(
        "what has not settled is removed all the same",
        "_execute",
        "if (step.destructive or step.removes) and context.declarations_unstable: ...",
        "if False: ...",
        "a file that is gone for a second while it is saved deletes its table",
        (f"{REMOVALS}::test_a_file_that_comes_back_within_seconds_keeps_its_table",),
    ),
    Mutant(
        "a change in the future is believed",
        "SettlingTime.settled_at",
        "still = max(steady - self._since, now.timestamp() - changed)",
        "still = max(steady - self._since, abs(now.timestamp() - changed))",
        "where the clock of a file server is ahead, what was saved a moment ago counts as settled",
        ("test_settling::test_when_declarations_are_settled[the file server is an hour ahead]",),
    ),
    Mutant(
        "the inventory forgets which file declares a table",
        "declared_by",
        "return replace(entry, declared_in=declaration.origin.file, project=project)",
        "return entry",
        "a file that moved and is then misread deletes its table",
        (f"{REMOVALS}::test_the_inventory_says_which_file_declares_a_table_and_follows_it",),
    ),
    Mutant(
        "a suffix in capitals is something else",
        "classify_unread",
        "if suffix.lower() in READ_SUFFIXES: ...",
        "if False: ...",
        "users_table.Py, as some editors save it, is passed over",
        (f"{RESEMBLING}::test_a_declaration_in_an_ignored_file_name_is_an_error[-.Py]",),
    ),
    Mutant(
        "a class that lost its name is something else",
        "FolderSource._load",
        "problems += _resembling(classes, python.declarations) if not python.problems else ()",
        "",
        "a class that was copied and kept its name takes the place of another table's",
        (f"{RESEMBLING}::test_a_class_file_that_looks_like_a_declaration_is_an_error[all of it in comments]",),
    ),
    Mutant(
        "a wrapped table is something else",
        "_Reading._document",
        "refuse_overlooked(document, value)",
        "",
        "output of describe-table, a template's resource or a list under a key is passed over",
        (f"{RESEMBLING}::test_a_document_that_looks_like_a_declaration_is_an_error[describe-table in YAML]",),
    ),
    Mutant(
        "an environment without a section is silent",
        "unknown_environments",
        "if sections: ...",
        "if False: ...",
        "the protection that an overlay adds in prod is missing, because somebody wrote pord",
        (
            "test_overlays::test_a_misspelt_section_is_an_error_with_its_line_and_the_nearest_name[a section that the settings do not have]",  # noqa: E501
        ),
    ),
    Mutant(
        "two short names are misspellings",
        "_one_letter_apart",
        """
        if (
            min(len(one), len(other)) < SHORTEST
            or abs(len(one) - len(other)) > 1
            or _digits(one) == _digits(other)
        ): ...
        """,
        "if abs(len(one) - len(other)) > 1 or _digits(one) == _digits(other): ...",
        "nobody can have tables in eu and au",
        (
            "test_overlays::test_a_misspelt_section_is_an_error_with_its_line_and_the_nearest_name[short names of two places]",  # noqa: E501
        ),
    ),
)

"""Mutants of the readers of declarations: half-read folders, keys given twice, texts that are not what they seem."""

from __future__ import annotations

from mutants.mutant import Mutant

TEXTS = "test_bad_texts"

MUTANTS = (
    Mutant(
        "a stored result decides what is not declared",
        "FolderSource.remains",
        "if not self._is_confirmed(desired): ...",
        "if False: ...",
        "a damaged cache removes a declaration, and its table is deleted",
        ("test_stored_results::test_a_wrong_result_never_makes_a_table_undeclared[one-shot]",),
    ),
    Mutant(
        "a stored result is acted upon",
        "FolderSource.still",
        "self.unchanged(desired) and self._is_confirmed(desired)",
        "self.unchanged(desired)",
        "a damaged cache changes a table into something that no file declares",
        ("test_stored_results::test_a_wrong_result_is_never_acted_upon",),
    ),
    Mutant(
        "a stored result is that of any content",
        "StoredResults.get",
        "packing.unpack(packed) if digest == _digest(file) else None",
        "packing.unpack(packed)",
        "a change of a declaration has no effect",
        ("test_stored_results::test_a_change_with_the_same_size_and_times_is_seen",),
    ),
    Mutant(
        "a cache of another user is read",
        "_is_ours",
        "status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE",
        "True",
        "another user of the machine says what is declared",
        ("test_stored_results::test_a_folder_that_others_can_write_is_not_used[group]",),
    ),
    Mutant(
        "a cache of other rules is read",
        "StoredResults._read",
        'stored["key"] == self._key',
        "True",
        "what a former version accepted stays accepted",
        ("test_stored_results::test_results_of_another_version_are_ignored[rules]",),
    ),
    Mutant(
        "declarations are read once",
        "FolderSource._load",
        "problems += self._changed(first, python)",
        "",
        "a file that is being saved is acted upon",
        ("test_folder::test_what_changes_while_it_is_read_does_not_count[a declaration]",),
    ),
    Mutant(
        "a folder that cannot be read is empty",
        "_Walk._entries",
        'self.problem(folder, f"cannot be read: {error.strerror}", "Make the folder readable for this user.")',
        "pass",
        "a failure is read as emptiness, and emptiness as the wish to delete",
        ("test_folder::test_an_unreadable_folder_is_an_error_and_never_emptiness",),
    ),
    Mutant(
        "a folder without declarations is a wish",
        "FolderSource._load",
        "if not problems and not assembly.declarations: ...",
        "if False: ...",
        "an unmounted volume reads as no table wanted",
        ("test_folder::test_a_folder_without_any_declaration_is_an_error[files0]",),
    ),
    Mutant(
        "one broken file is passed over",
        "FolderSource._load",
        """
        if problems:
            raise DeclarationError(_in_order(problems), tuple(sorted(warnings)))
        """,
        "",
        "the table of the broken file is undeclared, and pruned",
        ("test_folder::test_a_folder_without_any_declaration_is_an_error[files0]",),
    ),
    Mutant(
        "a link may leave the folder",
        "_opened",
        "if not path.resolve(strict=True).is_relative_to(root): ...",
        "if not path.resolve(strict=True).exists(): ...",
        "a link in a repository reads the files of the machine",
        ("test_folder::test_a_link_that_leaves_the_folder_is_refused",),
    ),
    Mutant(
        "a linked folder may leave the folder",
        "_Walk._subfolder",
        "if not target.is_relative_to(self.root): ...",
        "if False: ...",
        "a link in a repository reads the folders of the machine",
        ("test_folder::test_a_link_that_leaves_the_folder_is_refused",),
    ),
    Mutant(
        "a pipe is waited for",
        "_opened",
        "if not stat.S_ISREG(os.fstat(handle).st_mode): ...",
        "if False: ...",
        "a FIFO or a device in the folder is read as a file",
        ("test_folder::test_a_file_that_is_not_regular_is_refused_without_waiting[users.yaml-pipe]",),
    ),
    Mutant(
        "a file may be of any size",
        "read_regular",
        "if content is None or len(content) > limit: ...",
        "if False: ...",
        "a dump in the wrong folder fills the memory",
        ("test_folder::test_a_declaration_of_more_than_ten_megabytes_is_refused",),
    ),
    Mutant(
        "a YAML key may stand twice",
        "_Builder._members",
        "if key in own: ...",
        "if False: ...",
        "the later of two values wins without a word",
        ("test_bad_texts::test_a_text_that_cannot_be_read_is_reported_with_its_line",),
    ),
    Mutant(
        "a JSON key may stand twice",
        "_JsonReader._object",
        "if key in result: ...",
        "if False: ...",
        "the later of two values wins without a word",
        ("test_bad_texts::test_a_text_that_cannot_be_read_is_reported_with_its_line",),
    ),
    Mutant(
        "aliases may multiply",
        "_Builder._count",
        "if self.built > max(_LEAST, _TIMES * len(self.distinct)): ...",
        "if False: ...",
        "nine lines of YAML become a billion values",
        ("test_bad_texts::test_a_text_that_cannot_be_read_is_reported_with_its_line",),
    ),
    Mutant(
        "an anchor may contain itself",
        "_Builder.value",
        "if id(node) in self.open: ...",
        "if False: ...",
        "an endless document",
        ("test_bad_texts::test_a_text_that_cannot_be_read_is_reported_with_its_line",),
    ),
    Mutant(
        "yes means true",
        "_Builder._scalar",
        "if not tag.startswith(_TAG): ...",
        """
        if not tag.startswith(_TAG):
            ...
        if text in ("yes", "no"):
            return text == "yes"
        """,
        "the Norway problem: country no is false",
        ("test_bad_texts::test_a_text_that_cannot_be_read_is_reported_with_its_line[YAML with yes]",),
    ),
    Mutant(
        "a strange tag is passed over",
        "_Builder._scalar",
        "if not tag.startswith(_TAG): ...",
        "if False: ...",
        "!Env HOME is the text HOME",
        ("test_bad_texts::test_a_text_that_cannot_be_read_is_reported_with_its_line[YAML with an unknown tag]",),
    ),
    Mutant(
        "an unknown field is passed over",
        "_Speller.part",
        "self.problems.append(_unknown(str(key), known, here, suggestion, same))",
        "",
        "billing_mod is ignored, and the table is on demand",
        ("test_bad_documents_fields::test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy",),
    ),
    Mutant(
        "one field in two spellings is taken",
        "_Speller.part",
        'self.problems.append(FieldProblem(here, reason, f"Keep {first} or {key}, not both."))',
        "pass",
        "of table_name and TableName one wins by chance",
        ("test_bad_documents_fields::test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy",),
    ),
    Mutant(
        "two declarations of one table are taken",
        "declared_twice",
        "if checked.name and first is not checked: ...",
        "if False: ...",
        "two files fight over one table in every pass",
        ("test_bad_texts::test_a_text_that_cannot_be_read_is_reported_with_its_line",),
    ),
    Mutant(
        "the state table may be declared",
        "RESERVED",
        'RESERVED = "reconciler_state"',
        'RESERVED = ""',
        "the tool prunes its own memory",
        ("test_bad_documents_names::test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy",),
    ),
    Mutant(
        "a number in quotes is a number",
        "FieldModel.model_config",
        "ConfigDict(..., strict=True)",
        "ConfigDict(..., strict=False)",
        'the text "false" protects a table, or does not',
        ("test_bad_documents_types::test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy",),
    ),
    Mutant(
        "an empty file is a file without tables",
        "decoded",
        """
        if not text.strip():
            raise ParseError(None, *EMPTY)
        """,
        "",
        "a file looks empty while it is being saved, and its table is pruned",
        (TEXTS,),
    ),
    Mutant(
        "a file that is imported has its name before it is whole",
        "stored",
        "_write(_part(path), text)",
        "_write(_part(path), text), _name(path), _part(path).touch()",
        "an import that is killed leaves an empty declaration behind, and the next one stops at it",
        ("test_writing::test_files_get_their_final_names_only_after_all_records_are_written",),
    ),
)

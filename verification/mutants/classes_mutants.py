"""Mutants of the reading of class files: what runs away, what changes from load to load, what is skipped."""

from __future__ import annotations

from mutants.mutant import Mutant

HOSTILE = "test_hostile_class_files"
CHANGING = "test_changing_class_files"
BASES = "test_base_classes"
NEVER_SKIPPED = "test_a_table_is_never_skipped_for_what_its_class_lacks"
NONE = "test_name_none_in_f_string"

MUTANTS = (
    Mutant(
        "an ended child counts as done",
        "_Child.look",
        "self._fail(how_it_ended(self.process.wait()))",
        "self.running, self.ending.reason = False, None",
        "os._exit(0) in a class file ends a load with success and without tables",
        (f"{HOSTILE}::test_a_hostile_class_file_is_named_and_changes_nothing[os._exit with success]",),
    ),
    Mutant(
        "an exception beyond Exception ends the child",
        "FileEvaluation._guarded",
        "except BaseException as error: ...",
        "except Exception as error: ...",
        "a script in the folder is not named by its line",
        (f"{HOSTILE}::test_a_hostile_class_file_is_named_and_changes_nothing[an interrupt of its own]",),
    ),
    Mutant(
        "frames of no kind are passed over",
        "_Answer.frame",
        'raise ValueError(f"no frame of a class file: {kind}")',
        "return",
        "an answer that is not understood is taken for a whole one",
        (f"{HOSTILE}::test_text_inside_an_answer_is_never_parsed_as_a_path[a frame of no kind]",),
    ),
    Mutant(
        "two evaluations are not compared",
        "_compared",
        "yield from evaluation_differences(first.lines, second.lines)",
        "yield from ()",
        "a name or a seed of chance is another one at each load",
        (f"{CHANGING}::test_a_class_whose_name_changes_from_load_to_load_is_refused[a uuid]",),
    ),
    Mutant(
        "the second evaluation has the same clock",
        "SECOND",
        "Variant(..., shifted_clock=True)",
        "Variant(..., shifted_clock=False)",
        "a name of this month is accepted, and its table pruned in the next",
        (f"{CHANGING}::test_a_class_whose_name_changes_from_load_to_load_is_refused[the month]",),
    ),
    Mutant(
        "the second evaluation has the same hash seed",
        "SECOND",
        'Variant(..., hash_seed="187")',
        'Variant(..., hash_seed="0")',
        "a seed by the order of a set is another one on another machine",
        (f"{CHANGING}::test_a_seed_of_other_items_each_time_is_refused[a list from a set]",),
    ),
    Mutant(
        "every abstract class is a base",
        "_classify_abstract",
        "if refused: ...",
        "if False: ...",
        "the table of a class that forgot a method is undeclared, and pruned",
        (f"{BASES}::{NEVER_SKIPPED}",),
    ),
    Mutant(
        "a class that lost its SCHEMA is another class",
        "_classify",
        "if owner.__subclasses__(): ...",
        "if True: ...",
        "an edited class file removes a table with its items",
        (f"{BASES}::{NEVER_SKIPPED}",),
    ),
    Mutant(
        "a name that fails is that of a base",
        "is_base",
        """
        if not isinstance(schema, dict) or names_a_table(owner):
            return False
        """,
        """
        if not isinstance(schema, dict):
            return False
        return not has_keys(owner)
        """,
        "a named table that lost its keys is undeclared because another class inherits from it",
        (f"{BASES}::{NEVER_SKIPPED}[a name without keys, though others inherit]",),
    ),
    Mutant(
        "a name made of None is a name",
        "FileEvaluation._refuse_none",
        "if finding: ...",
        "if False: ...",
        "a table called users-None is made",
        (f"{NONE}::test_a_name_made_of_none_is_refused",),
    ),
)

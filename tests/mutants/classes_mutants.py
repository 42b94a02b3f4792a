"""Mutants of the reading of class files: what runs away, what changes from load to load, what is skipped."""

from __future__ import annotations

from mutants.mutant import Mutant

HOSTILE = "declarations/test_hostile_class_files.py"
CHANGING = "declarations/test_changing_class_files.py"
BASES = "declarations/test_base_classes.py"
NEVER_SKIPPED = "test_a_table_is_never_skipped_for_what_its_class_lacks"
NONE = "declarations/test_names_of_none.py"
PYTHON = "declarations/formats/python/"

MUTANTS = (
    Mutant(
        "an ended child counts as done",
        f"{PYTHON}child_process.py",
        "                self._fail(_how_it_ended(self.process.wait()))\n",
        "                self.running, self.ending.reason = False, None\n",
        "os._exit(0) in a class file ends a load with success and without tables",
        (f"{HOSTILE}::test_a_hostile_class_file_is_named_and_changes_nothing[os._exit with success]",),
    ),
    Mutant(
        "an exception beyond Exception ends the child",
        f"{PYTHON}evaluating.py",
        "        except BaseException as error:  # noqa: BLE001 - the user's code may raise anything\n",
        "        except Exception as error:\n",
        "a script in the folder is not named by its line",
        (f"{HOSTILE}::test_a_hostile_class_file_is_named_and_changes_nothing[an interrupt of its own]",),
    ),
    Mutant(
        "frames of no kind are passed over",
        f"{PYTHON}reading.py",
        '                raise ValueError(f"no frame of a class file: {kind}")\n',
        "                return\n",
        "an answer that is not understood is taken for a whole one",
        (f"{HOSTILE}::test_what_is_written_into_the_answer_is_never_taken_for_one[a frame of no kind]",),
    ),
    Mutant(
        "two evaluations are not compared",
        f"{PYTHON}reading.py",
        "        yield from differences(first.lines, second.lines)\n",
        "        yield from ()\n",
        "a name or a seed of chance is another one at each load",
        (f"{CHANGING}::test_a_class_whose_name_changes_from_load_to_load_is_refused[a uuid]",),
    ),
    Mutant(
        "the second evaluation has the same clock",
        f"{PYTHON}reading.py",
        'SECOND = Variant(hash_seed="187", chance=1, shifted_clock=True)',
        'SECOND = Variant(hash_seed="187", chance=1, shifted_clock=False)',
        "a name of this month is accepted, and its table pruned in the next",
        (f"{CHANGING}::test_a_class_whose_name_changes_from_load_to_load_is_refused[the month]",),
    ),
    Mutant(
        "the second evaluation has the same hash seed",
        f"{PYTHON}reading.py",
        'SECOND = Variant(hash_seed="187", chance=1, shifted_clock=True)',
        'SECOND = Variant(hash_seed="0", chance=1, shifted_clock=True)',
        "a seed by the order of a set is another one on another machine",
        (f"{CHANGING}::test_a_seed_of_other_items_each_time_is_refused[a list from a set]",),
    ),
    Mutant(
        "every abstract class is a base",
        f"{PYTHON}classes.py",
        "    if refused:\n",
        "    if False:\n",
        "the table of a class that forgot a method is undeclared, and pruned",
        (f"{BASES}::{NEVER_SKIPPED}",),
    ),
    Mutant(
        "a class that lost its SCHEMA is another class",
        f"{PYTHON}classes.py",
        '    elif not hasattr(owner, "SCHEMA"):\n        if owner.__subclasses__():\n',
        '    elif not hasattr(owner, "SCHEMA"):\n        if True:\n',
        "an edited class file removes a table with its items",
        (f"{BASES}::{NEVER_SKIPPED}",),
    ),
    Mutant(
        "a name that fails is that of a base",
        f"{PYTHON}bases.py",
        "    if not isinstance(schema, dict) or names_a_table(owner):\n        return False\n",
        "    if not isinstance(schema, dict):\n        return False\n    return not has_keys(owner)\n",
        "a named table that lost its keys is undeclared because another class inherits from it",
        (f"{BASES}::{NEVER_SKIPPED}[a name without keys, though others inherit]",),
    ),
    Mutant(
        "a name made of None is a name",
        f"{PYTHON}evaluating.py",
        "        if finding:\n",
        "        if False:\n",
        "a table called users-None is made",
        (f"{NONE}::test_a_name_made_of_none_is_refused",),
    ),
)

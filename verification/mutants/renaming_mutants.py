"""Mutants of a rename: the former table is never taken for a removed one, and no empty table takes its place."""

from __future__ import annotations

from mutants.mutant import Mutant

RENAMES = "test_generations"
MOVES = "test_mover_renaming"
RENAMED = "test_e2e_renamed"
PENDING = "test_e2e_renamed_pending"
ENVIRONMENTS = "test_e2e_renamed_environments"

MUTANTS = (
    Mutant(
        "a renamed table looks like one that is no longer declared",
        "awaiting_moves",
        "found[name] = table",
        "",
        "the former table is pruned, and an empty one takes its place",
        (f"{RENAMES}::test_a_declared_name_means_the_former_table_until_its_items_have_moved",),
    ),
    Mutant(
        "a table without a move is pruned although another one is renamed from it",
        "former_is_kept",
        "if name not in (former, former_table(snapshot.generations, former)[0], *declaration.other_readings): ...",
        "if True: ...",
        "both names exist, so nothing moves, and the former table is deleted with its items",
        (f"{RENAMED}::test_a_target_of_this_stack_keeps_the_former_table_from_being_pruned",),
    ),
    Mutant(
        "an empty table is created beside the former one",
        "_assess_missing",
        "if declaration.renamed_from is not None: ...",
        "if False: ...",
        "an application starts with no items, and adds new ones to a table that nothing can move to",
        (f"{RENAMED}::test_a_former_table_of_nobody_is_told_and_nothing_is_created_empty",),
    ),
    Mutant(
        "a former name is read in one way alone",
        "former_names",
        "found[declaration.spec.name] = known[0]",
        "",
        "where the environment was in another place of the name, an empty table is created and the former one pruned",
        (f"{ENVIRONMENTS}::test_the_items_move_from_however_the_former_name_is_written",),
    ),
    Mutant(
        "a former name that nothing has creates an empty table",
        "creates_nothing",
        "return (base, _not_created_for(steps, declaration, meant) if meant else steps)",
        "return base, steps",
        "the empty table is in the way of the right name, and its seed makes it look complete",
        (f"{ENVIRONMENTS}::test_a_former_name_that_nothing_has_creates_nothing_and_its_advice_works",),
    ),
    Mutant(
        "items move to a table of somebody else",
        "assess_rename",
        "observe_table(context.ports, new, None, ask_owner=lambda _: True)",
        "None",
        "items of two applications are mixed",
        (f"{RENAMED}::test_a_target_that_exists_already_is_refused_and_the_former_table_kept",),
    ),
    Mutant(
        "a renamed table is judged as one that loses its items",
        "_moves",
        "assessment.declaration is not None and assessment.declaration.awaits_move",
        "False",
        "a person is told to allow the loss of items that are kept",
        (f"{RENAMED}::test_items_that_do_not_fit_the_new_key_stay",),
    ),
    Mutant(
        "a move that is under way begins again",
        "_has_items",
        "if earlier is not None and earlier.under_way: ...",
        "if False: ...",
        "a second record takes the place of the first, and what was copied and switched is forgotten",
        (f"{RENAMES}::test_a_move_that_is_under_way_is_not_begun_again",),
    ),
    Mutant(
        "a released former table moves",
        "awaiting_moves",
        "if moving or (not has_copy and (entry is None or ownership.is_released(entry))): ...",
        "if moving or (not has_copy and entry is None): ...",
        "a table that was kept after the move is moved and deleted although nobody manages it",
        (f"{RENAMES}::test_nothing_waits_to_be_moved",),
    ),
    Mutant(
        "a table whose records are lost counts as complete",
        "adopts_nothing",
        "if standing is None: ...",
        "if True: ...",
        "a half-filled table is in sync, and the former one has no record that keeps it",
        (f"{PENDING}::test_records_that_are_lost_in_mid_move_leave_both_tables_and_say_so",),
    ),
    Mutant(
        "items that do not fit are dropped where losing them is allowed",
        "_said",
        "if step.status is StepStatus.READY and judged.unfit is not None: ...",
        "if False: ...",
        "DATA_LOSS=allow turns a rename with another key into a deletion",
        (f"{PENDING}::test_items_that_do_not_fit_are_not_dropped_where_losing_them_is_allowed",),
    ),
    Mutant(
        "a table is created while the former one is replaced",
        "creates_nothing",
        "if moving: ...",
        "if False: ...",
        "an empty table has the name, and the items of the other replacement cannot move to it",
        (f"{PENDING}::test_a_table_that_is_being_replaced_itself_moves_once_that_is_given_up",),
    ),
    Mutant(
        "a pass moves items off an emulator",
        "assess_rename",
        "if not context.ports.emulator: ...",
        "if False: ...",
        "a table on AWS is switched away from its application without a person",
        (f"{MOVES}::test_the_loop_begins_nothing_and_deletes_nothing",),
    ),
    Mutant(
        "the generation of a former name stays",
        "EndsWork._end",
        "if not cancelled and record.new == record.name: ...",
        "if False: ...",
        "a new table with the former name gets the name of a generation that is gone",
        (f"{RENAMED}::test_a_table_of_a_later_generation_is_renamed",),
    ),
    Mutant(
        "commands do not know of a rename",
        "EngineContext.meant",
        "if not (generations or renamed): ...",
        "if not generations: ...",
        "a command works on a table with the new name, which nobody has created yet",
        (f"{PENDING}::test_commands_mean_the_former_table_meanwhile",),
    ),
)

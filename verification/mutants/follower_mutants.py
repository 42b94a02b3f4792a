"""Mutants of tables that follow another one: faults by which an item is lost, resurrected or overwritten."""

from __future__ import annotations

from mutants.mutant import Mutant

FOLLOWER = "test_mover_follower"
LINEAGES = "test_mover_lineages"

MUTANTS = (
    Mutant(
        "a key that was left out of a reading of several counts as free",
        "Mirror.find_some",
        "{name: item for name, item in read.items() if name not in unread}",
        "read",
        "the service returns 16 MB and leaves the other keys unread; their items are taken for deleted",
        (f"{FOLLOWER}::test_keys_that_a_reading_of_several_leaves_out_are_read_one_by_one",),
    ),
    Mutant(
        "a replayed deletion removes whatever is there",
        "BotoMoverApi.remove",
        "names.equal(former)",
        "names.equal(key)",
        "an item was deleted and another one took its new key; the replay of the deletion removes the other one",
        (f"{FOLLOWER}::test_an_item_takes_the_new_key_of_a_deleted_one_whatever_is_replayed_first",),
    ),
    Mutant(
        "a replayed change overwrites whatever is there",
        "Mirror._taken",
        "rival is None or not self._at(rival, place)",
        "True",
        "two items have one key in the new table, and the one that is replayed last wins silently",
        (f"{FOLLOWER}::test_two_items_with_one_new_key_stop_the_replay_and_neither_is_overwritten",),
    ),
    Mutant(
        "an item of somebody else is taken for one of ours",
        "Mirror._taken",
        """
        if owner is None:
            raise Undecided(FOREIGN, ...)
        """,
        """
        if False:
            raise Undecided(FOREIGN, ...)
        """,
        "an item that was written to the new table by others is overwritten",
        (f"{FOLLOWER}::test_an_item_of_somebody_else_at_the_key_of_one_of_ours_stops_the_copy",),
    ),
    Mutant(
        "old images are not looked at",
        "Replay._changes",
        "(record.old, record.new)",
        "(record.new,)",
        "an item whose new key moved is in the new table twice",
        (f"{FOLLOWER}::test_a_moved_key_leaves_nothing_behind",),
    ),
    Mutant(
        "dropped records are not noticed",
        "Lineages.nothing_dropped",
        "now - self.known_since(shard) < SAFE",
        "True",
        "the changes of an hour are missing, and a deleted item stays in the new table",
        (f"{FOLLOWER}::test_a_copy_that_took_longer_than_records_are_certainly_kept_starts_again",),
    ),
    Mutant(
        "a second copy does not look at the new table",
        "Follower.copy",
        "result.finished and capture.attempt > 1",
        "False",
        "an item that was deleted while records were dropped stays in the new table",
        (f"{FOLLOWER}::test_records_that_were_dropped_start_the_copy_again_and_sweep_the_new_table",),
    ),
    Mutant(
        "the checkpoint passes an item that a person has to decide about",
        "Replay._round",
        "if any(key_text(record.key, self.pair.source.keys) in undecided for record in each.page.records): ...",
        "if False: ...",
        "the next run does not know of the problem, and the item is missing",
        (f"{FOLLOWER}::test_two_items_with_one_new_key_stop_the_replay_and_neither_is_overwritten",),
    ),
    Mutant(
        "children are read before their parents",
        "Lineages._parent_is_done",
        "self.of(self._shards[shard.parent]).finished",
        "True",
        "the order of the changes of an item is lost",
        (f"{LINEAGES}::test_children_wait_for_their_parent_and_not_for_one_that_is_no_longer_listed",),
    ),
    Mutant(
        "foreign items do not count",
        "Verification._extra",
        "if fenced: ...",
        "if False: ...",
        "the new table has items that were never in the old one, and the comparison says equal",
        (f"{FOLLOWER}::test_an_item_of_somebody_else_in_the_new_table_is_never_overwritten",),
    ),
    Mutant(
        "a page of the copy overwrites",
        "TableCopy._single",
        "self.items.put(target.table, item, target.keys, None)",
        "self.items.put(target.table, item, target.keys, {target.keys[0]: item[target.keys[0]]})",
        "an item of somebody else at the key of one of ours is overwritten by the copy",
        (f"{FOLLOWER}::test_an_item_of_somebody_else_at_the_key_of_one_of_ours_stops_the_copy",),
    ),
)

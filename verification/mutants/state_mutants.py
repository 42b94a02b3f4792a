"""Mutants of the state table: leases that two hold, records that are dropped, scopes that mix."""

from __future__ import annotations

from mutants.mutant import Mutant

REQUESTS = "test_state_requests"
FENCE = "test_state_fence"
OVERTAKEN = "test_faults_overtaken_state"
BATCH = "test_state_record_batch"

MUTANTS = (
    Mutant(
        "the fencing token is ignored",
        "LeaseRecord._renewed",
        '{"holder": own.holder, "token": own.token}',
        '{"holder": own.holder}',
        "a clone of a process goes on beside the one that went on without it",
        (REQUESTS,),
    ),
    Mutant(
        "an overdue lease still holds",
        "LeaseRecord.holds",
        "return self._left() > 0 and self._renewed() is not None",
        "return self._renewed() is not None",
        "a leader that was paused past its lease wakes and acts",
        (REQUESTS,),
    ),
    Mutant(
        "whether the lease is held is not asked",
        "LeaseRecord.holds",
        "return self._left() > 0 and self._renewed() is not None",
        "return self._left() > 0",
        "a leader whose clock is slow deletes beside its successor",
        (REQUESTS,),
    ),
    Mutant(
        "a renewal that began before the question answers it",
        "LeaseRecord.holds",
        "if self._renewed_last > begun: ...",
        "if self._renewed_last >= begun and begun: ...",
        "a leader relies on a renewal that is older than the take-over by its successor",
        ("test_state_shared_renewals",),
    ),
    Mutant(
        "a lease is taken without a condition",
        "LeaseRecord._put",
        '{**..., "ConditionExpression": condition or "attribute_not_exists(#record)", **...}',
        "{**..., **...}",
        "two processes take the free lease in one moment",
        (REQUESTS,),
    ),
    Mutant(
        "a lease of another is taken over while it is valid",
        "LeaseRecord.acquire",
        "if found is not None and not self._is_free(found): ...",
        "if False: ...",
        "the second process acts beside the first",
        (REQUESTS,),
    ),
    Mutant(
        "the token does not rise",
        "LeaseRecord.acquire",
        "token = max(above, found.token if found is not None else 0) + 1",
        "token = found.token if found is not None else 1",
        "a former holder cannot tell that it is one",
        (REQUESTS,),
    ),
    Mutant(
        "a release takes the lease of a successor",
        "LeaseRecord._free",
        '"#holder = :holder AND #token = :token"',
        '"#holder = :holder OR #token <> :token"',
        "the process that ends late frees what is no longer its own",
        (REQUESTS,),
    ),
    Mutant(
        "records are written whoever leads by now",
        "StateTable._write",
        "self._client.call(operation, {**request, **fence.condition(token, expected)})",
        "self._client.call(operation, request)",
        "a leader that was paused overwrites what its successor wrote down",
        (FENCE, OVERTAKEN),
    ),
    Mutant(
        "an entry is dropped that came true since it was read",
        "StateTable.drop_entry",
        'self._drop(kinds.TABLE + entry.name, {**as_read, "revision": entry.revision or None})',
        "self._drop(kinds.TABLE + entry.name)",
        "the table that a paused leader made late is declared again, and its state is lost",
        (FENCE, OVERTAKEN),
    ),
    Mutant(
        "an intent that was tried again is dropped",
        "StateTable.drop_entry",
        'self._drop(kinds.TABLE + entry.name, {**as_read, "revision": entry.revision or None})',
        "self._drop(kinds.TABLE + entry.name)",
        "the table that comes of the second try has no record, and its state is lost",
        (f"{FENCE}::test_an_entry_rewritten_by_a_former_leader_is_not_dropped",),
    ),
    Mutant(
        "any record of the table will do",
        "condition",
        """
        " AND ".join(
            f"#{name} = :{name}" if name in found else f"attribute_not_exists(#{name})" for name in expected
        )
        """,
        """
        " OR ".join(
            f"#{name} = :{name}" if name in found else f"attribute_not_exists(#{name})" for name in expected
        )
        """,
        "what was released by hand while a pass went on is forgotten again",
        (f"{FENCE}::test_an_entry_rewritten_by_a_former_leader_is_not_dropped",),
    ),
    Mutant(
        "a record written anew is taken for a lost lease",
        "StateTable._write",
        "if expected and self._was_changed(request, token): ...",
        "if False: ...",
        "a leader says that another leads, and names itself",
        (FENCE, OVERTAKEN),
    ),
    Mutant(
        "an older token passes the fence",
        "condition",
        """
        names, values = {"#fence": FENCE}, {":fence": token, **{f":{name}": value for name, value in found.items()}}
        expression = "attribute_not_exists(#fence) OR #fence <= :fence"
        """,
        """
        names, values = {"#fence": FENCE}, {":fence": token, **{f":{name}": value for name, value in found.items()}}
        expression = "attribute_not_exists(#fence) OR #fence >= :fence"
        """,
        "the former leader writes, and the present one is refused",
        (FENCE,),
    ),
    Mutant(
        "a lease that was deleted starts its tokens anew",
        "LeaseRecord.acquire",
        "token = max(above, found.token if found is not None else 0) + 1",
        "token = (found.token if found is not None else 0) + 1",
        "no record of before can be written any more",
        (f"{FENCE}::test_a_lease_that_was_deleted_by_hand_gives_no_token_below_those_on_the_records",),
    ),
    Mutant(
        "what was read before the lease is taken for the present",
        "apply_all",
        "if not context.ports.store.is_current(context.snapshot): ...",
        "if False: ...",
        "a table that a rival made meanwhile is taken for one whose state was lost",
        (OVERTAKEN,),
    ),
    Mutant(
        "whoever stood still is taken to have written nothing",
        "LeaseRecord.is_current",
        "at_rest = seen is None or seen.released or seen.holder == own.holder",
        "at_rest = True",
        "the last record of a leader that died in between is not read",
        (f"{FENCE}::test_state_read_while_another_leader_was_paused_is_read_again",),
    ),
    Mutant(
        "a record of a kind that nobody knows is read all the same",
        "Fields.one_of",
        "if value not in choices: ...",
        "if False: ...",
        "what a newer version wrote is taken for what this one would have meant",
        (REQUESTS,),
    ),
    Mutant(
        "the first page of records is all",
        "pages",
        "if not last: ...",
        "if True: ...",
        "with more than a megabyte of records, the rest of the inventory is lost",
        (REQUESTS,),
    ),
    Mutant(
        "records are read eventually consistent",
        "pages",
        'page, progress = {**params, "ConsistentRead": True}, Pages(operation)',
        "page, progress = dict(params), Pages(operation)",
        "the intent written a moment ago is not there",
        (REQUESTS,),
    ),
    Mutant(
        "a stranger's table is taken for the state table",
        "has_state_table_keys",
        'return keys == KEYS and all(types.get(name) == "S" for name, _ in KEYS)',
        'return all(types.get(name) == "S" for name, _ in KEYS)',
        "records are written among the items of an application",
        (REQUESTS,),
    ),
    Mutant(
        "the state table is not protected",
        "create_request",
        '{**..., "DeletionProtectionEnabled": True}',
        "{**...}",
        "a clean-up script deletes the memory of what is ours",
        (REQUESTS,),
    ),
    Mutant(
        "the fingerprint of a later account overwrites the first",
        "StateTable._record_fingerprint",
        "self._put(kinds.FINGERPRINT, kinds.FINGERPRINTS.write(fingerprint), condition=condition)",
        "self._put(kinds.FINGERPRINT, kinds.FINGERPRINTS.write(fingerprint))",
        "of two that start at once the later one's world is recorded",
        (REQUESTS,),
    ),
    Mutant(
        "a recorded fingerprint is replaced by the present one",
        "StateTable.ensure",
        "if not snapshot.usable or snapshot.recorded_fingerprint or snapshot.actual_fingerprint is None: ...",
        "if not snapshot.usable or snapshot.actual_fingerprint is None: ...",
        "the one proof that the world is another is overwritten by it",
        (REQUESTS,),
    ),
    Mutant(
        "times lose their zone",
        "Fields.time",
        "if time.tzinfo is None: ...",
        "if False: ...",
        "a time without its zone is read as local: grace and quotas are hours off",
        (REQUESTS,),
    ),
    Mutant(
        "two identities without TableId are the same",
        "Identity.same",
        "return (self.arn, self.created) == (other.arn, other.created)",
        "return self.arn == other.arn",
        "beside DynamoDB Local a table made anew is taken for the old one",
        ("test_identity",),
    ),
    Mutant(
        "records that are written together carry no fencing token",
        "StateTable.put_entries",
        "fence.condition(token, ...)",
        'fence.condition(10**9, {"revision": entry.revision or None})',
        "a leader that was paused writes over the records of its successor",
        (f"{BATCH}::test_a_former_holder_writes_none_of_its_records",),
    ),
    Mutant(
        "records that are written together replace whatever is there",
        "StateTable.put_entries",
        'fence.condition(token, {"revision": entry.revision or None})',
        "fence.condition(token)",
        "a pass overwrites the record that says released",
        (f"{BATCH}::test_records_are_replaced_together_only_at_the_revision_that_was_read",),
    ),
    Mutant(
        "a transaction that was confirmed counts as applied",
        "put_together",
        'found.get(put["Item"]["record"]["S"]) == put["Item"]',
        "True",
        "tables are created whose owner nobody knows",
        (
            f"{BATCH}::test_a_transaction_that_was_confirmed_and_not_applied_proves_nothing",
            f"{BATCH}::test_records_that_were_not_read_back_are_not_proven",
        ),
    ),
    Mutant(
        "any record under the key proves the write",
        "put_together",
        'found.get(put["Item"]["record"]["S"]) == put["Item"]',
        'put["Item"]["record"]["S"] in found',
        "the record of another writer is taken for ours",
        (f"{BATCH}::test_another_item_than_the_one_that_was_written_proves_nothing",),
    ),
    Mutant(
        "records are read back from any replica",
        "_read",
        '{"Keys": keys, "ConsistentRead": True}',
        '{"Keys": keys}',
        "an old copy of a record is compared with the new one",
        (f"{REQUESTS}::test_records_that_were_written_together_are_read_back_consistently",),
    ),
)

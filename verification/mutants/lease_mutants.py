"""Mutants of lease, revisions and ownership: what lets a pass under way go on after somebody decided otherwise."""

from __future__ import annotations

from mutants.mutant import Mutant

REVOKED = "test_state_revoked"
LEASE = "test_state_lease"

MUTANTS = (
    Mutant(
        "a revocation keeps the token",
        "LeaseRecord.revoke",
        "token = max(above, found.token if found else 0) + 1",
        "token = found.token if found else 0",
        "the holder that was revoked writes over the record of a released table",
        (REVOKED,),
    ),
    Mutant(
        "a free lease is not revoked",
        "LeaseRecord.revoke",
        "if found is not None and found.holder == self._holder and not free: ...",
        "if found is None or free or found.holder == self._holder: ...",
        "a pass that read before a suspension and took the lease after it deletes tables",
        (REVOKED,),
    ),
    Mutant(
        "a record is written whatever its revision",
        "StateTable.put_entry",
        'self._put(kinds.TABLE + entry.name, members, expected={"revision": entry.revision or None}, confirm=True)',
        "self._put(kinds.TABLE + entry.name, members, confirm=True)",
        "a pass overwrites the record that says released",
        (REVOKED,),
    ),
    Mutant(
        "a token that fell is believed",
        "contradiction",
        "if read.lease < seen: ...",
        "if False: ...",
        "records put back from an older copy delete a released table",
        (REVOKED,),
    ),
    Mutant(
        "members of a newer version are dropped",
        "StateTable.put_entry",
        "members = {**entry.unknown, **kinds.ENTRIES.write(written)}",
        "members = kinds.ENTRIES.write(written)",
        "what a newer version wrote down is forgotten",
        (REVOKED,),
    ),
    Mutant(
        "a lease that changes is free all the same",
        "LeaseRecord._is_free",
        "return now - self._seen_at >= self._term.total_seconds()",
        "return found.expires < self._clock.now()",
        "a clock that is ahead takes the lease of a living leader",
        (LEASE,),
    ),
    Mutant(
        "an idle daemon keeps its lease",
        "give_lease_back",
        "reconciler.ports.store.release_lease()",
        "",
        "commands beside a daemon that has just written wait for a whole term, or give up",
        ("test_e2e_seed_beside_daemon::test_commands_beside_an_idle_daemon_do_not_wait",),
    ),
)

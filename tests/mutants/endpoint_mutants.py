"""Mutants of the identity of the endpoint and of the deadline of a call: a false belief that would lose tables."""

from __future__ import annotations

from mutants.mutant import Mutant

CHANGES = "aws/test_aws_endpoint_changes.py"
DEADLINE = "aws/test_aws_call_deadline.py"
CREDENTIALS = "aws/test_aws_credentials.py"
WATCH = "engine/test_engine_endpoint_watch.py"

MUTANTS = (
    Mutant(
        "an endpoint is identified once and believed for ever",
        "aws/endpoint_guard.py",
        "            self._confirmed, self._witness_due = False, True\n",
        "            return\n",
        "a port-forward moves to another endpoint between two passes, and the old flavor is believed",
        (f"{CHANGES}::test_a_change_between_two_passes_stops_the_first_write_of_the_next_one",),
    ),
    Mutant(
        "two DynamoDB Locals are one endpoint",
        "aws/endpoint_guard.py",
        "        if described is None or _identity(described) != self._witness:\n",
        "        if described is None:\n",
        "a tunnel is opened anew to another DynamoDB Local while a table is seeded, and the rest is written there",
        ("e2e/test_e2e_swapped_endpoint.py",),
    ),
    Mutant(
        "the ARN of an answer is not compared",
        "aws/caller.py",
        "                self._check(operation, answer)\n",
        "                pass\n",
        "DescribeTable shows another account, and the table is deleted there",
        (f"{CHANGES}::test_a_change_that_an_answer_shows_stops_all_writes",),
    ),
    Mutant(
        "a write does not ask whether the endpoint is confirmed",
        "aws/hooks.py",
        "            before_write(operation)\n",
        "            pass\n",
        "after a change was seen, the next table is written all the same",
        (f"{CHANGES}::test_a_change_that_an_answer_shows_stops_all_writes",),
    ),
    Mutant(
        "after a failed connection the endpoint stays confirmed",
        "aws/hooks.py",
        "        if exception is not None:\n            unconfirm()",
        "        if exception is not None:\n            pass",
        "a tunnel breaks, another one opens, and the SDK sends the request again to what is there now",
        (f"{CHANGES}::test_a_change_behind_a_failed_connection_is_seen_before_the_request_is_sent_again",),
    ),
    Mutant(
        "the Region of an ARN does not count",
        "model/identity.py",
        'expected = {"Region": (self.region, place.region)}',
        'expected = {"Region": (place.region, place.region)}',
        "a table of the same name in another Region is taken for ours",
        ("engine/test_engine_endpoint_watch.py::test_an_arn_that_contradicts_the_endpoint",),
    ),
    Mutant(
        "the ARN does not tell DynamoDB Local from AWS",
        "model/identity.py",
        "if place.local is not (self.flavor is Flavor.DYNAMODB_LOCAL):",
        "if False:",
        "an emulator's permission to lose data is used in AWS",
        ("engine/test_engine_endpoint_watch.py::test_an_arn_that_contradicts_the_endpoint",),
    ),
    Mutant(
        "another state table is believed",
        "engine/endpoint_watch.py",
        "        if before is None or now is None or before.same(now):\n            return None\n",
        "        return None\n",
        "another DynamoDB Local with another state table is pruned by its own inventory",
        (f"{WATCH}::test_a_state_table_that_is_older_than_the_last_pass_is_another_one",),
    ),
    Mutant(
        "a call has no deadline of its own",
        "aws/call_deadline.py",
        "        if left is None or (own is not None and own <= left):\n",
        "        if True:\n",
        "an answer that drips a byte every few seconds keeps a call for ever",
        (f"{DEADLINE}::test_a_slow_answer_ends_with_the_call",),
    ),
    Mutant(
        "a call is sent again after its deadline",
        "aws/hooks.py",
        "    if call_deadline.call_has_passed():\n",
        "    if False:\n",
        "four sendings outlive the lease under which the first one was allowed",
        (f"{DEADLINE}::test_a_limit_that_is_used_up_sends_nothing",),
    ),
    Mutant(
        "a token that repeats is followed",
        "model/paging.py",
        "        if known in self._seen:\n",
        "        if False:\n",
        "a Scan goes round in a circle, 450 calls a second, without an end",
        (f"{CHANGES}::test_a_token_that_repeats_is_a_malformed_answer",),
    ),
    Mutant(
        "local keys stand in before it is known to be an emulator",
        "aws/session.py",
        "if self._endpoint_url is None or not detect(url, get).emulator:",
        "if self._endpoint_url is None:",
        "an expired login is passed over, and AWS is called with made-up keys",
        (f"{CREDENTIALS}::test_off_emulators_they_are_a_problem_with_cause_and_remedy",),
    ),
)

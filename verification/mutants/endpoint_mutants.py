"""Mutants of the identity of the endpoint and of the deadline of a call: a false belief that would lose tables."""

from __future__ import annotations

from mutants.mutant import Mutant

CHANGES = "test_aws_endpoint_changes"
DEADLINE = "test_aws_call_deadline"
CREDENTIALS = "test_aws_credentials"
WATCH = "test_engine_endpoint_watch"

MUTANTS = (
    Mutant(
        "an endpoint is identified once and believed for ever",
        "EndpointGuard.unconfirm",
        "self._confirmed, self._witness_due = False, True",
        "return",
        "a port-forward moves to another endpoint between two passes, and the old flavor is believed",
        (f"{CHANGES}::test_a_change_between_two_passes_stops_the_first_write_of_the_next_one",),
    ),
    Mutant(
        "two DynamoDB Locals are one endpoint",
        "EndpointGuard._compare_witness",
        "if described is None or _identity(described) != self._witness: ...",
        "if described is None: ...",
        "a tunnel is opened anew to another DynamoDB Local while a table is seeded, and the rest is written there",
        ("test_e2e_swapped_endpoint",),
    ),
    Mutant(
        "the ARN of an answer is not compared",
        "ApiClient.call",
        "self._check(operation, answer)",
        "pass",
        "DescribeTable shows another account, and the table is deleted there",
        (f"{CHANGES}::test_a_change_that_an_answer_shows_stops_all_writes",),
    ),
    Mutant(
        "a write does not ask whether the endpoint is confirmed",
        "refuse_changed_endpoint.before_send",
        "before_write(operation)",
        "pass",
        "after a change was seen, the next table is written all the same",
        (f"{CHANGES}::test_a_change_that_an_answer_shows_stops_all_writes",),
    ),
    Mutant(
        "after a failed connection the endpoint stays confirmed",
        "unconfirm_on_failure.received",
        "unconfirm()",
        "pass",
        "a tunnel breaks, another one opens, and the SDK sends the request again to what is there now",
        (f"{CHANGES}::test_a_change_behind_a_failed_connection_is_seen_before_the_request_is_sent_again",),
    ),
    Mutant(
        "the Region of an ARN does not count",
        "Endpoint.contradiction",
        'expected = {"Region": (self.region, location.region)}',
        'expected = {"Region": (location.region, location.region)}',
        "a table of the same name in another Region is taken for ours",
        ("test_engine_endpoint_watch::test_an_arn_that_contradicts_the_endpoint",),
    ),
    Mutant(
        "the ARN does not tell DynamoDB Local from AWS",
        "Endpoint.contradiction",
        "if location.local is not (self.flavor is Flavor.DYNAMODB_LOCAL): ...",
        "if False: ...",
        "an emulator's permission to lose data is used in AWS",
        ("test_engine_endpoint_watch::test_an_arn_that_contradicts_the_endpoint",),
    ),
    Mutant(
        "another state table is believed",
        "EndpointWatch.other_state_problem",
        """
        if before is None or now is None or before.same(now):
            return None
        """,
        "return None",
        "another DynamoDB Local with another state table is pruned by its own inventory",
        (f"{WATCH}::test_a_state_table_that_is_older_than_the_last_pass_is_another_one",),
    ),
    Mutant(
        "a call has no deadline of its own",
        "_Bounded._run",
        "if left is None or (own is not None and own <= left): ...",
        "if True: ...",
        "an answer that drips a byte every few seconds keeps a call for ever",
        (f"{DEADLINE}::test_a_slow_answer_ends_with_the_call",),
    ),
    Mutant(
        "a call is sent again after its deadline",
        "limit_sending",
        "if call_deadline.call_has_passed(): ...",
        "if False: ...",
        "four sendings outlive the lease under which the first one was allowed",
        (f"{DEADLINE}::test_a_limit_that_is_used_up_sends_nothing",),
    ),
    Mutant(
        "a token that repeats is followed",
        "Pages.advance",
        "if known in self._seen: ...",
        "if False: ...",
        "a Scan goes round in a circle, 450 calls a second, without an end",
        (f"{CHANGES}::test_a_token_that_repeats_is_a_malformed_answer",),
    ),
    Mutant(
        "local keys stand in before it is known to be an emulator",
        "Connection._identify",
        "if self._endpoint_url is None or not detect(url, get).emulator: ...",
        "if self._endpoint_url is None: ...",
        "an expired login is passed over, and AWS is called with made-up keys",
        (f"{CREDENTIALS}::test_outside_emulators_they_are_a_problem_with_cause_and_remedy",),
    ),
)

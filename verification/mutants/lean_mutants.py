"""Mutants of the lean client: what its sockets, signatures and checks could get wrong, and boto3's do not."""

from __future__ import annotations

from mutants.mutant import Mutant

WIRE = "test_aws_lean_wire"
REQUESTS = "test_aws_lean_requests"
CHANGES = "test_aws_endpoint_changes"
CHOICE = "test_aws_lean_choice"
MANY = "test_aws_lean_many"

MUTANTS = (
    Mutant(
        "a connection that still owes an answer serves the next call",
        "Transport.exchange_many",
        "for connection in under_way: ...",
        "for connection in under_way: self._put_back(connection)",
        "a call gets the answer to the one before, which is about another table",
        (f"{MANY}::test_whoever_stops_listening_leaves_no_call_half_way",),
    ),
    Mutant(
        "many answers are not compared with the account",
        "ApiClient.read_many",
        "self._check is not None",
        "False",
        "the tables of another account count as those that are declared",
        (f"{MANY}::test_an_account_that_changed_ends_it_and_the_next_call_says_so",),
    ),
    Mutant(
        "many answers are not checked",
        "ApiClient.read_many",
        "answers.check(operation, requests[key], answer)",
        "pass",
        "an answer without its members counts as a table",
        (f"{MANY}::test_trouble_ends_it_and_nothing_is_made_up",),
    ),
    Mutant(
        "the lean client that sends once sends again",
        "LeanClient.invoke",
        "outcome.failure is not None and attempt < self._attempts",
        "outcome.failure is not None and attempt < 4",
        "the first delete was applied, its answer lost; the second one deletes the table made in between",
        (f"{WIRE}::test_what_destroys_is_sent_once_whatever_happens",),
    ),
    Mutant(
        "a reading lean client writes",
        "LeanClient.invoke",
        "if self._reads_only: ...",
        "if False: ...",
        "a preview that can write will do so one day",
        (f"{WIRE}::test_a_client_that_only_reads_sends_no_write",),
    ),
    Mutant(
        "the lean client does not compare checksums",
        "AnswerReader.read",
        "if expected is not None and str(zlib.crc32(answer.body)) != expected.strip(): ...",
        "if False: ...",
        "a proxy cuts or spoils an answer, and the rest of it is believed",
        (f"{WIRE}::test_a_wrong_checksum_is_asked_again_and_then_malformed",),
    ),
    Mutant(
        "the lean client believes what is no JSON",
        "AnswerReader._members",
        'raise Malformed(operation, "NotJson", "the answer is empty, truncated or garbled") from None',
        "content = {}",
        "the login page of a proxy, with status 200, reads as an empty answer",
        ("test_aws_answers::test_a_success_that_is_not_a_json_object_is_malformed",),
    ),
    Mutant(
        "the same bytes mean the same whatever was asked",
        "KnownAnswers.of",
        "key = (operation, blake2b(body, digest_size=16).digest())",
        'key = ("", blake2b(body, digest_size=16).digest())',
        "`{}` is an empty policy, and then an empty list of tables",
        ("test_aws_lean_known_answers::test_equal_bytes_of_another_operation_are_read_anew",),
    ),
    Mutant(
        "bytes after an answer are kept for the next call",
        "read_answer",
        "keep and len(data) == length and wanted == length",
        "keep",
        "one answer too many, and from then on each call gets the answer of the one before",
        (f"{WIRE}::test_bytes_after_an_answer_are_no_answer_of_the_next_call",),
    ),
    Mutant(
        "a connection that waits to be read is used",
        "_Connection.is_quiet",
        "not self._readable()",
        "True",
        "the server closed it a moment ago, and the outcome of a delete is unknown",
        (f"{WIRE}::test_a_destroying_call_never_meets_a_connection_that_the_server_closed",),
    ),
    Mutant(
        "two lengths of one answer are accepted",
        "_headers",
        'value = f"{headers[last]}, {value}"',
        "pass",
        "two servers on the way disagree on where an answer ends",
        (f"{WIRE}::test_what_is_no_answer_leaves_the_outcome_open[two lengths]",),
    ),
    Mutant(
        "a wrong key is taken for a wrong clock",
        "ServerClock.learn",
        "if abs(ahead - self._thread.offset) > SKEW_SECONDS: ...",
        "if True: ...",
        "each refused signature moves the clock and is sent again",
        (f"{WIRE}::test_a_wrong_key_is_not_taken_for_a_wrong_clock",),
    ),
    Mutant(
        "certificates do not count",
        "Transport._context",
        "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
        "ssl.SSLContext()",
        "whoever sits on the way can stand in for the endpoint",
        (f"{WIRE}::test_a_certificate_that_is_not_trusted_or_of_another_name_is_refused",),
    ),
    Mutant(
        "the lean client asks nobody before it sends",
        "LeanClient._sent",
        "hook(event_name=operation)",
        "pass",
        "what answers is another endpoint by now, and the next table is written there",
        (f"{CHANGES}::test_a_change_that_an_answer_shows_stops_all_writes",),
    ),
    Mutant(
        "a failed connection of the lean client is told to nobody",
        "LeanClient._sent",
        "self._hooks.received(exception=error)",
        "pass",
        "a tunnel breaks, another one opens, and the request is sent again to what is there now",
        (f"{CHANGES}::test_a_change_behind_a_failed_connection_is_seen_before_the_request_is_sent_again",),
    ),
    Mutant(
        "retries have no budget",
        "Budget.spend",
        "if amount > self.left: ...",
        "if False: ...",
        "a service that fails gets four times the requests from everybody",
        (f"{WIRE}::test_the_budget_of_retries_runs_out_and_fills_up_again",),
    ),
    Mutant(
        "a signature leaves the session token out",
        "Signer.headers",
        'f"x-amz-security-token:{token}\\n"',
        '""',
        "temporary credentials are refused",
        (f"{REQUESTS}::test_body_and_signature_are_those_of_botocore[ListTables]",),
    ),
    Mutant(
        "any member of a request is valid",
        "Shapes._structure_check",
        "if accepts is None or not accepts(part): ...",
        "if accepts is not None and not accepts(part): ...",
        "a misspelt member is sent, and an emulator ignores it",
        (f"{WIRE}::test_an_unknown_member_of_a_request_is_refused_before_anything_is_sent",),
    ),
    Mutant(
        "a proxy's password goes to the lean client",
        "_against_proxy",
        "if parts.username or parts.password: ...",
        "if False: ...",
        "the proxy answers 407, and every call fails",
        (f"{CHOICE}::test_what_asks_for_more_than_the_lean_client_can_do",),
    ),
)

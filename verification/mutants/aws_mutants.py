"""Mutants of the way to the service: answers believed too easily, calls sent once too often, errors misnamed."""

from __future__ import annotations

from mutants.mutant import Mutant

ANSWERS = "test_aws_answers"
CONNECTION = "test_aws_connection"
ERRORS = "test_aws_errors"
MEMBERS = f"{ANSWERS}::test_an_answer_without_its_required_members_is_malformed"

MUTANTS = (
    Mutant(
        "a server that does not implement POST is waited for",
        "_location_of_a_table",
        "root.location or error.code in BARE_501",
        "root.location",
        "a file server at the wrong port is said to be starting for a minute",
        ("test_e2e_not_dynamodb::test_what_answers_is_named_and_nothing_is_written[a page, and 501 to POST]",),
    ),
    Mutant(
        "a bare 501 says what the endpoint lacks",
        "from_answer",
        "if status == NOT_IMPLEMENTED and not is_bare(code): ...",
        "if status == NOT_IMPLEMENTED: ...",
        "a load balancer's answer makes a declared field unsupported for an hour, with exit code 0",
        ("test_aws_capabilities::test_a_proxy_answer_does_not_prove_a_missing_operation",),
    ),
    Mutant(
        "a delete is sent again by the SDK",
        "ApiClient._send",
        "destroys(operation, params) or self._capabilities.doubtful(operation)",
        "False or self._capabilities.doubtful(operation)",
        "the first delete was applied, its answer lost; the retry deletes the table made in between",
        (f"{CONNECTION}::test_a_throttled_delete_is_not_sent_again_either",),
    ),
    Mutant(
        "the removal of an index is sent again by the SDK",
        "destroys",
        'return any(("Delete" in update for member in members for update in params.get(member) or ()))',
        "return False",
        "the same, for an index that was built again in between",
        (f"{CONNECTION}::test_what_destroys_is_sent_exactly_once_whatever_comes_back",),
    ),
    Mutant(
        "a malformed 200 is accepted",
        "ApiClient.call",
        "answers.check(operation, params, answer)",
        "",
        "botocore reads a garbled answer as an empty one: no tables, no items",
        (f"{ANSWERS}::test_an_answer_without_its_required_members_is_malformed[ListTables without TableNames]",),
    ),
    Mutant(
        "a success that is no JSON is accepted",
        "check_bytes",
        'raise Malformed(model.name, "NotJson", "the answer is empty, truncated or garbled") from None',
        "return",
        "the login page of a proxy, with status 200, reads as an empty answer",
        (f"{ANSWERS}::test_a_success_that_is_not_a_json_object_is_malformed",),
    ),
    Mutant(
        "a wrong checksum is accepted",
        "check_bytes",
        "if expected is not None and str(zlib.crc32(body) & 0xFFFFFFFF) != expected: ...",
        "if False: ...",
        "botocore retries on a mismatch and then lets the answer through",
        (f"{ANSWERS}::test_a_success_that_is_not_a_json_object_is_malformed",),
    ),
    Mutant(
        "unprocessed items are ignored",
        "_batch_write",
        '_member(answer, "UnprocessedItems", dict)',
        "return",
        "a swallowed 200: a batch whose items were not written counts as written",
        (f"{MEMBERS}[BatchWriteItem without UnprocessedItems]",),
    ),
    Mutant(
        "a scan needs no count",
        "_items",
        'count = _member(answer, "Count", int)',
        'count = answer.get("Count", len(answer.get("Items", ())))',
        "a truncated answer without Count proves a table empty",
        ("test_aws_items::test_a_scan_without_its_count_proves_nothing",),
    ),
    Mutant(
        "an answer about another table is believed",
        "_description.rule",
        'raise _InvalidAnswer("is about another table than the one asked for")',
        "pass",
        "a cache or proxy mixes answers up, and the wrong table is judged",
        (f"{ANSWERS}::test_an_answer_without_its_required_members_is_malformed[DescribeTable of another table]",),
    ),
    Mutant(
        "a lost list page is taken for the end",
        "BotoTableApi.list_tables",
        "if last is None: ...",
        "if True: ...",
        "the 101st table does not exist",
        (f"{CONNECTION}::test_all_pages_of_tables_are_listed",),
    ),
    Mutant(
        "the second page of tags is not read",
        "BotoTableApi._tags",
        "if token is None: ...",
        "if True: ...",
        "the owner tag on page two is missing: not ours",
        (f"{CONNECTION}::test_the_pages_of_tags_come_merged",),
    ),
    Mutant(
        "pages may go round in a circle",
        "Pages.advance",
        "if known in self._seen: ...",
        "if len(self._seen) > 9: ...",
        "a broken emulator repeats its first page",
        (f"{ANSWERS}::test_pages_that_repeat_are_malformed",),
    ),
    Mutant(
        "expired credentials are taken for absence",
        "_by_code",
        """
        if code in BAD_CREDENTIALS or code.startswith(EXPIRED):
            return Denied
        """,
        """
        if code in BAD_CREDENTIALS or code.startswith(EXPIRED):
            return NotFound
        """,
        "expired credentials read as an endpoint without tables",
        (f"{ERRORS}::test_every_error_code_of_the_service_maps_to_its_error_class",),
    ),
    Mutant(
        "a server error is taken for a refusal",
        "_by_status",
        """
        if status >= 500 or status == 0:
            return Ambiguous
        """,
        """
        if status >= 500 or status == 0:
            return Rejected
        """,
        "a call that may have been applied counts as not made",
        (f"{ERRORS}::test_every_error_code_of_the_service_maps_to_its_error_class",),
    ),
    Mutant(
        "a timeout is taken for never sent",
        "from_exception",
        "(exceptions.HTTPClientError,), Ambiguous",
        "(exceptions.HTTPClientError,), Unreachable",
        "a call whose answer was lost counts as not made",
        (f"{ERRORS}::test_every_exception_of_the_sdk_maps_to_its_error_class",),
    ),
    Mutant(
        "a preview's client writes",
        "Connection._client",
        "if self._reads_only: ...",
        "if False: ...",
        "a preview that can write will do so one day",
        (f"{CONNECTION}::test_a_reading_client_refuses_every_operation_that_may_change_something[boto3-DeleteTable]",),
    ),
    Mutant(
        "what is not known to write is a read",
        "is_read",
        'return name.startswith(("Describe", "List", "Get")) or name in _READ_ITEMS',
        'return not name.startswith(("Create", "Update", "Delete", "Put"))',
        "BatchWriteItem, TagResource and RestoreTable pass the guard of the readers",
        (f"{CONNECTION}::test_a_reading_client_refuses_every_operation_that_may_change_something[BatchWriteItem]",),
    ),
    Mutant(
        "rotated credentials are never picked up",
        "ApiClient.call",
        "self._clients.forget()",
        "pass",
        "the daemon fails until somebody restarts it",
        (f"{CONNECTION}::test_refused_credentials_are_reloaded_for_the_next_call",),
    ),
    Mutant(
        "an endpoint is an emulator because of its URL",
        "probe",
        "return ProbeResult(Flavor.AWS if _is_aws(root) else Flavor.OTHER, root, may_be_local=False)",
        "return ProbeResult(Flavor.MOTO, root, may_be_local=False)",
        "a tunnel to AWS on localhost is taken for an emulator, where losing everything costs nothing",
        ("test_aws_flavor::test_the_answers_decide",),
    ),
    Mutant(
        "the second look at an emulator is not taken",
        "_second_look",
        "return Flavor.OTHER if flavor is Flavor.DYNAMODB_LOCAL else flavor",
        "return flavor",
        "something that answers like DynamoDB Local holds tables of AWS",
        ("test_aws_flavor::test_a_table_with_another_arn_reveals_another_endpoint",),
    ),
    Mutant(
        "an operation once refused is never asked again",
        "Capabilities.lacking",
        "if self._monotonic() - learnt < REMEMBERED_SECONDS: ...",
        "if True: ...",
        "after an upgrade of the endpoint a feature stays unsupported until a restart",
        ("test_aws_capabilities::test_learnt_capabilities_are_checked_again_after_an_hour",),
    ),
)

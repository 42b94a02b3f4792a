"""Mutants of the command line: confirmations, folding, environments, webhooks, and the daemon that is asked to seed."""

from __future__ import annotations

from mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a y confirms a loss on AWS",
        "confirm_loss",
        "if emulator: ...",
        "if True: ...",
        "tables of production are deleted by habit",
        ("test_cli_type_the_stack::test_another_answer_than_the_name_changes_nothing",),
    ),
    Mutant(
        "any text confirms a loss",
        "confirm_loss",
        "return ... == stack",
        "return True",
        "the name is asked for and not compared",
        ("test_cli_type_the_stack::test_another_answer_than_the_name_changes_nothing",),
    ),
    Mutant(
        "up does not see that a plan loses items",
        "loses",
        "return any(...)",
        "return False",
        "a plan that deletes tables of production takes a y",
        ("test_cli_type_the_stack::test_another_answer_than_the_name_changes_nothing[up-y]",),
    ),
    Mutant(
        "tables that end are folded",
        "_may_be_folded",
        "step.status not in _SHOWN_ALONE and not (step.destructive or step.hazardous)",
        "step.status not in _SHOWN_ALONE",
        "a person agrees to deletions that were not shown by name",
        ("test_cli_terminal_output::test_tables_that_end_are_never_folded",),
    ),
    Mutant(
        "an unknown environment runs with the defaults",
        "load",
        "problems += unknown or _stray_endpoint(chosen, section, origins, raw)",
        "",
        "--environment prd deploys without the section of prod",
        ("test_cli_environments::test_an_environment_that_the_file_does_not_have_is_refused",),
    ),
    Mutant(
        "a stray endpoint wins over the section",
        "load",
        'names_endpoint = "endpoint_url" in section.values',
        "names_endpoint = False",
        "--environment dev reaches what AWS_ENDPOINT_URL names",
        ("test_cli_environments::test_the_endpoint_of_the_section_wins_over_one_that_lies_around",),
    ),
    Mutant(
        "any daemon is asked to seed",
        "LocalDaemon.status",
        "if not (same_scope and same_endpoint): ...",
        "if False: ...",
        "the daemon of another stack or endpoint writes the items",
        ("test_local_daemon::test_it_is_not_asked_to_seed",),
    ),
    Mutant(
        "a daemon with other seeds is asked",
        "LocalDaemon.seed",
        "if not same_seeds: ...",
        "if False: ...",
        "other items are written than those of this folder",
        ("test_local_daemon::test_it_is_not_asked_to_seed[other items in the seed]",),
    ),
    Mutant(
        "a pass waits for a receiver",
        "Webhooks._put",
        "self._queue.put_nowait(event)",
        "self._queue.put(event)",
        "a dead receiver stops the daemon",
        ("test_webhooks::test_a_pass_never_waits_and_the_oldest_events_are_dropped",),
    ),
    Mutant(
        "the signature leaves out the time",
        "signature",
        'f"{seconds}.".encode() + content',
        "content",
        "a request can be repeated for ever",
        ("test_webhooks::test_the_body_is_signed_with_its_time",),
    ),
    Mutant(
        "keys of the environment win over a chosen profile",
        "_apply_sdk_variables",
        "os.environ.pop(name, None)",
        "",
        "production is written with the keys of another account",
        ("test_wiring_profile::test_a_profile_takes_the_place_of_keys",),
    ),
)

"""Mutants of what tests of applications use: resets of items, the pytest plugin and its check of calls."""

from __future__ import annotations

from mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "items are reset without the setting",
        "ItemReset._check",
        "if not self.options.testing: ...",
        "if False: ...",
        "any daemon beside an emulator empties tables over HTTP",
        ("test_engine_item_reset::test_nothing_is_written_unless_the_setting_allows_it",),
    ),
    Mutant(
        "items are reset off emulators",
        "ItemReset._check",
        "if not flavor.emulator: ...",
        "if False: ...",
        "a setting that was copied to production deletes every item there",
        ("test_engine_item_reset::test_nothing_is_written_off_emulators",),
    ),
    Mutant(
        "the flavor of the last pass permits a reset",
        "ItemReset._check",
        "flavor = (confirm() if confirm else self.ports.endpoint).flavor",
        "flavor = self.ports.endpoint.flavor",
        "a tunnel that leads to AWS since a moment is taken for the emulator before",
        ("test_engine_item_reset::test_an_endpoint_that_is_no_emulator_any_more_is_refused",),
    ),
    Mutant(
        "a reset writes without the lease",
        "ItemReset._reset_table",
        "if not self.ports.store.keep_lease(): ...",
        "if False: ...",
        "two processes write into one table",
        ("test_engine_item_reset::test_without_the_lease_nothing_is_written",),
    ),
    Mutant(
        "a reset empties tables of other stacks",
        "ItemReset._reset_table",
        "if other is not None: ...",
        "if False: ...",
        "the tests of one project delete the items of another one",
        ("test_engine_item_reset::test_a_table_of_another_stack_is_left_alone",),
    ),
    Mutant(
        "the routes for tests are open off emulators",
        "_check",
        "if endpoint is not None and not endpoint.flavor.emulator: ...",
        "if False: ...",
        "a request with a token reaches the engine of a daemon beside AWS",
        ("test_http_testing::test_off_emulators_the_routes_are_refused_even_with_a_token",),
    ),
    Mutant(
        "calls to AWS leave the tests",
        "OutgoingCalls.check",
        "if not of_dynamodb and is_loopback(request.url): ...",
        "if not of_dynamodb or is_loopback(request.url): ...",
        "code under test writes into a bucket of production",
        ("test_plugin_outgoing::test_what_leaves",),
    ),
    Mutant(
        "another DynamoDB on this machine may be called",
        "OutgoingCalls.check",
        "if not of_dynamodb and is_loopback(request.url): ...",
        "if is_loopback(request.url): ...",
        "tests empty the database that the developer works with",
        ("test_plugin_outgoing::test_what_leaves",),
    ),
    Mutant(
        "the file is exchanged behind the server",
        "replace",
        "source.backup(target)",
        "scratch.replace(path), scratch.write_bytes(image)",
        "the server goes on with the file of the test before",
        ("test_plugin_database_files",),
    ),
    Mutant(
        "tests run at AWS",
        "RemoteBackend._identify",
        "if not endpoint.flavor.emulator: ...",
        "if False: ...",
        "--dynamodb with a URL of AWS empties tables of production",
        ("test_plugin_remote::test_what_is_no_emulator_is_refused",),
    ),
    Mutant(
        "tables of others are taken for those of tests",
        "RemoteBackend._refuse_tables_of_others",
        "if others: ...",
        "if False: ...",
        "a test run overwrites what a developer keeps in DynamoDB Local",
        ("test_plugin_remote::test_tables_that_no_test_run_created_are_refused",),
    ),
    Mutant(
        "a profile of the user stays set",
        "Environment.apply",
        "_set(name, value)",
        "_set(name, value or os.environ.get(name))",
        "code under test takes its keys from a profile",
        ("test_plugin_environment::test_the_variables_come_back",),
    ),
)

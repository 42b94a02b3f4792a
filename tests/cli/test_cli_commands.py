"""Each command over a fake wiring: what it asks for, what it prints where, how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.fake_wiring import FakeWiring, Finding
from support.folders import load
from support.reports import NOON, a_report, a_table, blocked, converged, create, drifted, failed, in_sync, missing
from support.sample_generation import COPYING

from reconciler.engine.import_tables import Skipped
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import Lease, Suspension
from reconciler.model.report import TableStatus


def test_preview_opens_read_only_and_prints_the_plan(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing())
    fake.notices = ("credentials local/local are used",)
    ended = cli("preview users projects")
    assert fake.calls == [("open", True, True), ("preview", ("users", "projects")), ("close",)]
    assert ended.out.startswith("Stack default, environment default, at http://localhost:8000 (dynamodb-local, ")
    assert ended.out.splitlines()[1] == "+ users  desired_state/table_configs/users_table.py:12"
    assert ended.out.endswith("Plan: 1 to create, 0 to update, 0 to replace, 0 to delete, 1 to seed.\n")
    assert ended.err == "credentials local/local are used\n"
    assert ended.code == 0


def test_preview_diff_prints_requests(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing())
    assert '"TableName": "users"' in cli("preview --diff").out
    assert '"TableName": "users"' not in cli("preview").out


@pytest.mark.parametrize(("plan", "code"), [(in_sync(), 0), (missing(), 2), (blocked(), 2), (failed(), 1)])
def test_preview_expecting_no_changes_ends_with(plan: object, code: int, cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(plan)  # type: ignore[arg-type]
    assert cli("preview --expect-no-changes").code == code


def test_run_serves_and_returns_what_the_daemon_returns(cli: Callable, fake: FakeWiring) -> None:
    fake.served = 143
    assert cli("").code == 143
    assert fake.calls == [("open", False, False), ("serve",), ("close",)]
    assert fake.settings.one_shot is False


def test_once_prints_what_was_done(cli: Callable, fake: FakeWiring) -> None:
    fake.result = a_report(converged(), wrote=True)
    ended = cli("--once")
    assert ended.out.endswith("Done: 1 created, 0 updated, 0 replaced, 0 deleted, 1 seeded.\n")
    assert (ended.code, fake.settings.one_shot) == (0, True)


def test_once_in_a_suspended_stack_names_resume(cli: Callable, fake: FakeWiring) -> None:
    fake.result = a_report(drifted(), suspended=True)
    ended = cli("--once")
    assert ended.code == 2
    assert "`reconciler resume`" in ended.err


def test_once_names_the_holder_of_the_lease(cli: Callable, fake: FakeWiring) -> None:
    fake.result = a_report(drifted(), lease_holder="pod-7", leader=False)
    ended = cli("--once")
    assert ended.code == 2
    assert "pod-7" in ended.err


def test_up_with_yes_previews_then_converges(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing())
    fake.result = a_report(converged(), wrote=True)
    ended = cli("up users --yes")
    assert fake.calls == [
        ("open", True, False),
        ("preview", ("users",)),
        ("converge", "up", ("users",)),
        ("close",),
        ("publish_metrics",),
    ]
    assert "Plan: 1 to create" in ended.out
    assert ended.out.endswith("Done: 1 created, 0 updated, 0 replaced, 0 deleted, 1 seeded.\n")
    assert "+ users: created, seeded (2 items from seeds/users.json)\n" in ended.out
    assert ended.out.count("1. + create, CreateTable") == 1, "the plan is not printed again"
    assert ended.code == 0


def test_up_prints_one_json_document_only(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing())
    fake.result = a_report(converged(), wrote=True)
    assert json.loads(cli("up --yes -o json").out)["tables"][0]["steps"][0]["status"] == "done"


def test_up_without_a_terminal_or_yes_neither_asks_nor_connects(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("up")
    assert (ended.code, fake.calls, ended.out) == (1, [], "")
    assert "Add --yes." in ended.err


def test_up_with_nothing_to_do_ends_at_once(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("up --yes")
    assert ended.out.splitlines()[1:] == ["In sync: 1 table as declared."]
    assert [call[0] for call in fake.calls] == ["open", "preview", "close"]


def test_up_with_only_blocked_steps_writes_nothing_and_is_drift(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(blocked())
    assert cli("up --yes").code == 2
    assert [call[0] for call in fake.calls] == ["open", "preview", "close"]


def test_up_stops_at_a_broken_plan(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(missing(), error="the state table is refused")
    ended = cli("up --yes")
    assert ended.code == 1
    assert "error: the state table is refused" in ended.err
    assert ("converge", "up", ()) not in fake.calls


def test_up_lifts_a_suspension(cli: Callable, fake: FakeWiring) -> None:
    fake.plan = a_report(in_sync(), suspended=True)
    assert "The suspension of stack " in cli("up --yes").err
    assert ("resume",) in fake.calls


PLACE = "stack default, environment default, at http://localhost:8000, region us-east-1, account 000000000000"


class Asked:
    """A terminal where somebody answers."""

    def __init__(self, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("reconciler.cli.console.Console.interactive", property(lambda _: True))
        monkeypatch.setattr("typer.confirm", lambda question, **_: self.questions.append(question) or answer == "y")
        self.questions: list[str] = []


def test_up_asks_on_a_terminal_and_no_means_no(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.plan = a_report(missing())
    asked = Asked("n", monkeypatch)
    ended = cli("up")
    assert (ended.code, asked.questions) == (1, [f"Apply this plan to {PLACE}?"])
    assert "Nothing was changed." in ended.err
    assert ("converge", "up", ()) not in fake.calls


def test_up_asks_on_a_terminal_and_yes_means_yes(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.plan = a_report(missing())
    fake.result = a_report(converged())
    Asked("y", monkeypatch)
    ended = cli("up")
    assert (ended.code, ("converge", "up", ()) in fake.calls) == (0, True)
    assert "users: created" in ended.out


CONSENTS = {"up --yes": False, "up users --yes": True, "up": True, "up users": True}


@pytest.mark.parametrize("line", CONSENTS)
def test_yes_is_consent_to_lose_items_only_of_tables_that_are_named(
    line: str, cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.plan = a_report(missing())
    Asked("y", monkeypatch)
    assert cli(line).code == 0
    assert fake.confirming is CONSENTS[line]


def test_the_question_distinguishes_loss_from_no_loss(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = Step(Action.REPLACE, "keys")
    fake.plan = a_report(
        a_table("orders", TableStatus.DRIFTED, going, item_count=15_505),
        a_table("carts", TableStatus.DRIFTED, replace(going, nothing_lost=True)),
    )
    asked = Asked("n", monkeypatch)
    cli("up")
    (question,) = asked.questions
    assert "orders (about 15,505 items) will be replaced: all their items are lost." in question
    assert "carts will be replaced: they hold only seed items." in question


def test_up_asks_again_about_a_step_that_was_left_out_because_the_table_holds_items_by_now(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = Step(Action.REPLACE, "keys")
    fake.plan = a_report(a_table("orders", TableStatus.DRIFTED, replace(going, nothing_lost=True)))
    fake.result = a_report(
        a_table("orders", TableStatus.DRIFTED, going.blocked(Reason.NOT_APPROVED, "it holds items by now"))
    )
    answers = iter("yn")
    asked = Asked("y", monkeypatch)
    monkeypatch.setattr("typer.confirm", lambda question, **_: asked.questions.append(question) or next(answers) == "y")
    ended = cli("up")
    assert (ended.code, len(asked.questions)) == (1, 2)
    assert "were skipped; this is the current plan" in ended.err
    assert ended.err.endswith("Nothing was changed.\n")
    assert cli("up --yes").code == 2, "nobody is there to be asked again"


def test_a_later_question_of_up_that_is_refused_says_what_was_done_before_it(
    cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = Step(Action.REPLACE, "keys")
    fake.plan = a_report(a_table("orders", TableStatus.DRIFTED, replace(going, nothing_lost=True)))
    left = a_table("orders", TableStatus.DRIFTED, going.blocked(Reason.NOT_APPROVED, "it holds items by now"))
    fake.result = a_report(left, a_table("users", TableStatus.IN_SYNC, create("users").done()), wrote=True)
    answers = iter("yn")
    asked = Asked("y", monkeypatch)
    monkeypatch.setattr("typer.confirm", lambda question, **_: asked.questions.append(question) or next(answers) == "y")
    ended = cli("up")
    assert (ended.code, len(asked.questions)) == (1, 2)
    assert "Nothing was changed" not in ended.err
    assert "This plan was not applied. Before it: Done: 1 created" in ended.err


def test_destroy_names_what_it_would_delete(cli: Callable, fake: FakeWiring, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = a_table("users-prod", TableStatus.IN_SYNC, ownership="created", base_name="users", item_count=1)
    adopted = a_table("legacy", TableStatus.IN_SYNC, ownership="adopted")
    fake.plan = a_report(ours, adopted)
    asked = Asked("n", monkeypatch)
    assert cli("destroy users").code == 1
    assert asked.questions == [f"Delete users-prod (about 1 item) with every item in it and suspend {PLACE}?"]
    assert ("destroy", ("users",)) not in fake.calls


def test_destroy_with_yes_deletes_and_says_that_it_is_suspended(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("destroy --yes")
    assert (ended.code, ("destroy", ()) in fake.calls) == (0, True)
    assert "The stack is suspended: nothing is recreated" in ended.err
    named = cli("destroy users --yes")
    assert "The whole stack is suspended, not only what was named: nothing is recreated" in named.err


def test_a_destroy_that_failed_does_not_say_that_the_stack_is_suspended(cli: Callable, fake: FakeWiring) -> None:
    fake.result = a_report(missing(), error="the state table is refused")
    ended = cli("destroy --yes")
    assert (ended.code, "suspended" in ended.err + ended.out) == (1, False)


def test_destroy_with_something_blocked_is_drift(cli: Callable, fake: FakeWiring) -> None:
    fake.result = a_report(blocked())
    assert cli("destroy --yes").code == 2


@pytest.mark.parametrize(
    ("action", "words", "last"),
    [
        (Action.SEED, "1 written, 2 present, from seeds/users.json", "Done: 1 table: 1 item written, 2 present."),
        (Action.CLEAR, "3 removed, 1 kept (changed since)", "Done: 1 table: 3 items removed, 1 kept."),
    ],
)
def test_seed_and_clear_act_on_the_named_tables_and_report_in_their_own_words(
    action: Action, words: str, last: str, cli: Callable, fake: FakeWiring
) -> None:
    step = Step(action, "seed").done().with_message(words)
    counts = {"seed_written": 1, "seed_present": 2, "seed_removed": 3, "seed_kept": 1}
    table = a_table("users", TableStatus.IN_SYNC, step, **counts)
    fake.result = replace(a_report(table), trigger=action.value)
    ended = cli(f"{action.value} users")
    assert (ended.code, (action.value, ("users",)) in fake.calls) == (0, True)
    assert words in ended.out
    # The results say it; only a format for programs is followed by a sentence for people.
    assert (f"users: {words}." in ended.err) is (action is Action.CLEAR)
    assert f"users: {words}." in cli(f"{action.value} users -o json").err
    assert last in ended.out
    assert "seeded" not in ended.out


def test_clear_asks_outside_emulators_and_never_clears_unasked(cli: Callable, fake: FakeWiring) -> None:
    fake.emulator = False
    ended = cli("clear users")
    assert (ended.code, ("clear", ("users",)) in fake.calls) == (1, False)
    assert "--yes" in ended.err
    assert (cli("clear users --yes").code, ("clear", ("users",)) in fake.calls) == (0, True)


def test_import_names_what_it_wrote(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("import users --format yaml")
    assert ended.out == "wrote desired_state/users_table.py\n"
    assert ("import", ("users",), "yaml") in fake.calls
    assert json.loads(cli("import users -o json").out)["written"] == ["desired_state/users_table.py"]


@pytest.mark.parametrize(("later", "code"), [(True, 2), (False, 0)])
def test_import_reports_what_it_skipped_and_exits_with_2_if_it_is_permanent(
    later: bool, code: int, cli: Callable, fake: FakeWiring
) -> None:
    fake.passed_over = (Skipped("orders", "orders is on its way", later),)
    ended = cli("import --all")
    assert (ended.code, ended.out) == (code, "skipped: orders is on its way\nnothing was written\n")
    reported = json.loads(cli("import --all -o json").out)
    assert reported["passed_over"] == [{"table": "orders", "message": "orders is on its way", "later": later}]


@pytest.mark.parametrize("line", ["import", "import users --all"])
def test_import_requires_either_names_or_all(line: str, cli: Callable, fake: FakeWiring) -> None:
    assert (cli(line).code, fake.calls) == (1, [])


def test_release_prints_a_sentence_a_table(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("release users projects")
    assert ended.out == "users is released\nprojects is released\n"
    assert ("release", ("users", "projects")) in fake.calls


def test_release_without_a_table_is_a_usage_error(cli: Callable, fake: FakeWiring) -> None:
    assert (cli("release").code, fake.calls) == (1, [])


def test_suspend_reports_who(cli: Callable, fake: FakeWiring) -> None:
    assert cli("suspend").code == 0
    assert "@" in {call[0]: call[1:] for call in fake.calls}["suspend"][0]


@pytest.mark.parametrize(
    ("was", "sentence"), [(True, "The suspension of stack {} is lifted."), (False, "The stack {} was not suspended.")]
)
def test_resume_says_whether_it_was_suspended(was: bool, sentence: str, cli: Callable, fake: FakeWiring) -> None:
    fake.suspended = was
    ended = cli("resume")
    assert (ended.out, ended.code) == (sentence.format(f"{fake.settings.stack}, environment default") + "\n", 0)


def test_status_shows_tables_records_and_what_is_blocked(cli: Callable, fake: FakeWiring) -> None:
    users = a_table("users", TableStatus.IN_SYNC, ownership="created", live_status="ACTIVE", item_count=2)
    fake.view = {
        "report": a_report(users, blocked("orders")),
        "suspension": Suspension("ada@host", NOON),
        "lease": Lease("pod-7", 3, NOON + timedelta(microseconds=7)),
        "runs": (
            {"pass_id": "p-9", "trigger": "interval", "started": NOON, "verdict": "in_sync", "process": "pod:7"},
            {"pass_id": "p-8", "trigger": "once", "started": "2026-11-22T12:59:59.70+01:00", "verdict": "in_sync"},
        ),
        "next_run": {"url": "http://127.0.0.1:8002", "next_pass": "2026-11-22T12:01:00Z", "in_progress": None},
        "pending_migrations": (),
        "problem": None,
    }
    assert cli("status").out == (
        "Stack default, environment default, at http://localhost:8000 "
        "(dynamodb-local, region us-east-1, account 000000000000)\n"
        "suspended by ada@host since 2026-11-22T12:00:00Z; `reconciler resume` lifts it\n"
        "lease: pod-7 until 2026-11-22T12:00:00Z, by its own clock\n"
        "next run: 2026-11-22T12:01:00Z, by the daemon at http://127.0.0.1:8002\n"
        "orders: blocked (absent, not ours, no count of items)\n"
        "  replace keys: blocked (data_loss): the table holds items\n"
        "    allow with: RECONCILER_DATA_LOSS=allow reconciler up users\n"
        "1 table in sync; --all lists it\n"
        "run 2026-11-22T12:00:00Z  interval  in_sync  p-9  by pod:7\n"
        "run 2026-11-22T11:59:59Z  once  in_sync  p-8\n"
        "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 blocked.\n"
    )
    assert "\nusers: in_sync (ACTIVE, created, about 2 items)\nrun " in cli("status --all").out
    answer = json.loads(cli("status -o json").out)
    assert (answer["suspension"]["by"], answer["lease"]["holder"], answer["runs"][0]["pass_id"]) == (
        "ada@host",
        "pod-7",
        "p-9",
    )


def test_status_shows_the_jobs_that_copy_a_table(cli: Callable, fake: FakeWiring) -> None:
    orders = replace(a_table("orders", TableStatus.PENDING, ownership="created"), generation=COPYING)
    fake.plan = a_report(orders)
    shown = cli("status").out
    assert (
        "  export to S3: done, 1,200,000 items, 34,000,000 bytes, 2026-11-22T12:00:00Z to 2026-11-22T12:05:00Z\n"
        "  import: running, 17,000,000 bytes, since 2026-11-22T12:06:00Z\n"
    ) in shown
    (job, _) = json.loads(cli("status -o json").out)["tables"][0]["generation"]["jobs"]
    assert (job["kind"], job["state"], job["ended"]) == ("export", "done", "2026-11-22T12:05:00Z")


def test_status_reads_only(cli: Callable, fake: FakeWiring) -> None:
    cli("status")
    assert fake.calls == [("open", True, True), ("status",), ("close",)]


def test_validate_counts_what_it_found(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("validate some/folder")
    assert ended.out == "Valid: 1 table and 1 seed with 2 items in some/folder.\n"
    assert ended.err == "warning: odd file\n"
    assert fake.settings.desired_state == "some/folder"


@pytest.mark.parametrize(("place", "named"), [(".", "tables"), ("..", None), ("./", "tables")])
def test_validate_names_the_folder_that_a_dot_means(
    place: str, named: str | None, cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tables").mkdir()
    monkeypatch.chdir(tmp_path / "tables")
    folder = tmp_path / named if named else tmp_path
    assert cli(f"validate --desired-state {place}").out.endswith(f" with 2 items in {folder}.\n")


def test_validate_as_json(cli: Callable) -> None:
    assert json.loads(cli("validate -o json").out) == {
        "format_version": "1.0",
        "valid": True,
        "notes": [],
        "errors": [],
        "warnings": ["odd file"],
    }


def test_schema_prints_json(cli: Callable) -> None:
    assert json.loads(cli("schema").out)["title"] == "Table"


def test_init_writes_an_example_once(cli: Callable, tmp_path: Path) -> None:
    assert cli("init new").code == 0
    class_file = tmp_path / "new" / "users_table.py"
    namespace: dict[str, object] = {}
    exec(compile(class_file.read_text(), str(class_file), "exec"), namespace)  # noqa: S102 - our own example
    users = namespace["UsersTableConfig"]
    assert users.get_table_name() == "users"  # type: ignore[attr-defined]
    assert users.get_schema("prod")["table_name"] == "users-prod"  # type: ignore[attr-defined]
    assert [item["pk"] for item in json.loads((tmp_path / "new/seeds/users.json").read_text())] == ["user#1", "user#2"]
    class_file.write_text("mine")
    ended = cli("init new")
    assert (ended.code, class_file.read_text()) == (1, "mine")
    assert "new/users_table.py, new/seeds/users.json exist already and are not overwritten" in ended.err


def test_both_forms_of_the_example_declare_the_same_table(cli: Callable) -> None:
    assert cli("init as_class").code == cli("init as_document --format yaml").code == 0
    classes, documents = (load(Path(name)).declarations for name in ("as_class", "as_document"))
    assert [each.spec for each in classes] == [each.spec for each in documents]
    assert [each.description for each in classes] == [each.description for each in documents]
    assert [each.seed.digest for each in classes] == [each.seed.digest for each in documents]  # type: ignore[union-attr]
    assert [each.spec.name for each in load(Path("as_document"), "prod").declarations] == ["users-prod"]
    assert "'toml' is not one of 'python', 'yaml'" in cli("init other --format toml").err


def test_init_in_another_form_does_not_declare_the_table_twice(cli: Callable, tmp_path: Path) -> None:
    assert cli("init").code == 0
    assert cli("init --format yaml").code == 1
    assert not (tmp_path / "desired_state" / "users.yaml").exists()


def test_init_writes_nothing_at_all_if_one_file_is_there(cli: Callable, tmp_path: Path) -> None:
    (tmp_path / "desired_state" / "seeds").mkdir(parents=True)
    (tmp_path / "desired_state" / "seeds" / "users.json").write_text("[]")
    assert cli("init").code == 1
    assert not (tmp_path / "desired_state" / "users_table.py").exists()


def test_doctor_shows_findings_and_settings_and_fails_on_a_problem(cli: Callable, fake: FakeWiring) -> None:
    fake.findings = (Finding("clock", "problem", "10 minutes ahead", "Set it."), Finding("tags", "warning", "none"))
    ended = cli("doctor --interval 5m")
    assert ended.code == 1
    assert ended.out.splitlines()[:2] == ["problem  clock: 10 minutes ahead Set it.", "warning  tags: none"]
    assert any(line.split() == ["setting", "interval", "300s", "(--interval)"] for line in ended.out.splitlines())
    fake.findings = (Finding("tags", "warning", "none"),)
    assert cli("doctor").code == 0


def test_doctor_shows_problems_before_warnings_before_what_is_fine(cli: Callable, fake: FakeWiring) -> None:
    levels = ("ok", "warning", "problem", "ok", "problem")
    fake.findings = tuple(Finding(f"check {place}", level, "so") for place, level in enumerate(levels))
    lines = cli("doctor").out.splitlines()
    shown = [line for line in lines if not line.startswith("setting")]
    assert [line.split(":")[0].split()[0] + line.split(":")[0][-2:] for line in shown] == [
        *("problem 2", "problem 4", "warning 1", "ok 0", "ok 3"),
    ]
    assert [each["name"] for each in json.loads(cli("doctor -o json").out)["findings"]][:2] == ["check 2", "check 4"]


def test_doctor_never_shows_the_token(cli: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_API_TOKEN", "hunter2")
    assert "hunter2" not in cli("doctor").out + cli("doctor -o json").out


@pytest.mark.parametrize(("ready", "code"), [(True, 0), (False, 1)])
def test_healthcheck_ends_with_readiness(ready: bool, code: int, cli: Callable, fake: FakeWiring) -> None:
    fake.ready = ready
    assert cli("healthcheck").code == code


@pytest.mark.parametrize("verb", ["preview", "--once", "up --yes", "status", "seed"])
def test_the_bundled_examples_are_never_used_silently(verb: str, cli: Callable, fake: FakeWiring) -> None:
    ended = cli(f"{verb} --embedded -q")
    assert fake.settings.desired_state == "bundled"
    assert ended.err.count("There is no ./desired_state: the tables are the bundled examples, not yours.") == 1
    assert "bundled" not in cli(f"{verb} --embedded --desired-state bundled").err


def test_import_makes_the_folder_instead_of_using_the_bundled_examples(cli: Callable, fake: FakeWiring) -> None:
    ended = cli("import users --embedded")
    assert (ended.code, ended.err, fake.settings.desired_state) == (0, "", "./desired_state")


@pytest.mark.parametrize("line", ["up --yes", "--once", "seed"])
def test_what_was_made_at_embedded_is_said_to_be_gone(line: str, cli: Callable, fake: FakeWiring) -> None:
    fake.plan, fake.result = a_report(missing()), a_report(converged())
    Path("desired_state").mkdir()
    sentence = "--embedded keeps nothing after the command: its tables and items are gone now."
    assert cli(f"{line} --embedded").err.count(sentence) == 1
    assert sentence not in cli(line).err

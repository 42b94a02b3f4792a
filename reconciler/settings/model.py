"""The one table of settings: name, type, default, reader, option and help of each, then what follows from them.

``load`` reads variables, files and options by it; the command line takes its options from it;
docs/reference/settings.md is written from it (``scripts/settings_reference.py``).
"""


# Not pydantic-settings: importing it adds 130 ms to `--help`, and it does not record where a value came from.
# `--help` imports this module, so it imports no type of the model.

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import MISSING, field, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from reconciler.model.lazy_dataclass import dataclass
from reconciler.settings import values

if TYPE_CHECKING:
    from reconciler.model.identity import Flavor
    from reconciler.model.options import Options

ONE_SHOT_GRACE = timedelta(0)
DAEMON_GRACE = timedelta(minutes=5)
EMULATOR_TIMEOUT = timedelta(seconds=300)
REPLACE_HOLD = timedelta(hours=24)
AWS_TIMEOUT = timedelta(minutes=30)
MAX_DELETES_SHARE = 0.1
PLAIN = "default"
"""The stack of the bundled set, and of every state that was written before stacks were named after projects."""

_SCOPE_NAME = values.matching(
    r"[A-Za-z0-9_.-]{1,100}",
    "a name of 1 to 100 letters, digits, '_', '.' and '-'",
    "It becomes part of table names and record keys.",
)
_TABLE_NAME = values.matching(r"[A-Za-z0-9_.-]{3,255}", "a table name of 3 to 255 letters, digits, '_', '.' and '-'")
_ACCOUNT = values.matching(r"\d{12}", "AWS account IDs of 12 digits")
_ROLE = values.matching(
    r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
    "the ARN of an IAM role",
    "Write it like arn:aws:iam::123456789012:role/deploy.",
)
_EXTERNAL_ID = values.matching(r"[\w+=,.@:/-]{2,1224}", "an external ID of 2 to 1224 letters, digits and +=,.@:/-")
EVENTS = ("drift", "changed", "blocked", "failed", "recovered")
"""What webhooks tell about."""
_REGION = values.matching(r"[a-z0-9-]+", "an AWS Region", "Write it like eu-west-1.")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``choices`` are its only values, empty where ``read`` decides.

    ``metavar`` names its value in the help, ``None`` for a switch. ``help`` is one sentence; ``details`` go on in the
    reference. ``default_text`` says the default where it depends on the command, the project or the endpoint. The
    option of a ``repeatable`` one may be given several times.
    """

    name: str
    default: Any
    read: values.Reader
    metavar: str | None
    help: str
    details: str
    default_text: str
    choices: tuple[str, ...]
    common: bool
    is_option: bool
    repeatable: bool

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"RECONCILER_{self.name.upper()}"

    @property
    def option(self) -> str:
        """Its spelling on the command line."""
        return f"--{self.name.replace('_', '-')}"


def _setting(
    default: Any,
    help: str,
    details: str = "",
    *,
    read: values.Reader | None = None,
    metavar: str = "",
    default_text: str = "",
    common: bool = False,
    is_option: bool = True,
    repeatable: bool = False,
) -> Any:
    """A field of ``Settings``; a ``Literal`` needs neither reader nor metavar, and ``bool`` is a switch."""
    about = {
        "help": help,
        "details": details,
        "read": read,
        "metavar": metavar,
        "default_text": default_text,
        "common": common,
        "is_option": is_option,
        "repeatable": repeatable,
    }
    return field(default=default, metadata={"setting": about})


@dataclass(frozen=True, eq=False)
class Settings:
    """Every setting, read and checked. Made by ``load``; nothing below wiring reads it (the core gets ``Options``)."""

    desired_state: str = _setting(
        "./desired_state",
        "Folder with the declarations, package:NAME, or 'bundled' for those of the tool.",
        "A missing folder is an error, except with `--embedded`; it is never taken for a package. The default is where "
        "`init` writes.",
        read=values.text,
        metavar="PATH",
        common=True,
    )
    stack: str = _setting(
        "default",
        "Name of the stack that owns the tables.",
        "Stack and environment are the key of all records, the lease and the suspension. Two projects at one endpoint "
        "never share a stack by accident.",
        read=_SCOPE_NAME,
        metavar="NAME",
        default_text="the project's name: `pyproject.toml`, else the folder around the declarations; "
        "`default` for the bundled set and in the image",
    )
    aws_client: Literal["auto", "lean", "boto3"] = _setting(
        "auto",
        "Client that sends the calls to DynamoDB.",
        "`auto` is the lean client, which takes a fraction of boto3's time for a call, and boto3 where credentials, "
        "endpoint or proxy need more than the lean client can do. `lean` is the same. `boto3` sends everything through "
        "boto3. Calls to other services always go through it.",
    )
    environment: str | None = _setting(
        None,
        "Environment whose table names are used.",
        "It is passed to `get_table_name`, and selects the section `[environments.NAME]` of the settings file.",
        read=_SCOPE_NAME,
        metavar="NAME",
        common=True,
    )
    parameter: tuple[tuple[str, str], ...] = _setting(
        (),
        "A value for a variable, or for a template: a parameter, LogicalId.Attribute or an exported name.",
        "The option is given once for each value. The variable has them separated by spaces, as in a shell: "
        "`Stage=dev Owner='web team'`. In a file it is a table. `--environment` alone gives parameters named "
        "Environment, Env or Stage their value.",
        read=values.assignments,
        metavar="NAME=VALUE",
        repeatable=True,
    )
    parameters_file: str | None = _setting(
        None,
        "File with values for templates of other tools.",
        "JSON as the AWS CLI takes it (a list of ParameterKey and ParameterValue), a mapping under Parameters, or "
        "`samconfig.toml` or `samconfig.yaml`. `--parameter` wins.",
        read=values.text,
        metavar="FILE",
    )
    interval: timedelta = _setting(
        timedelta(seconds=60),
        "Time between two passes of the daemon.",
        "The default shows drift within a minute at a few calls per table.",
        read=values.positive_duration,
        metavar="DURATION",
    )
    jitter: str = _setting(
        "10%",
        "Random delay added to each interval: 10% or a duration.",
        "It keeps many daemons from calling at once.",
        read=values.jitter,
        metavar="SHARE",
    )
    mode: Literal["enforce", "observe"] = _setting("enforce", "`observe` reports drift and writes nothing.")
    prune: Literal["never", "owned"] = _setting(
        "owned",
        "What happens to a table this stack created that is no longer declared.",
        "`never` keeps it, `owned` deletes it. Adopted tables are never deleted.",
    )
    prune_grace: timedelta | None = _setting(
        None,
        "Grace period before a non-empty table is deleted.",
        "It also applies to replacements, and to tables that hold items other than their seed. In the daemon it "
        "outlasts a folder that is deployed in parts.",
        read=values.duration,
        metavar="DURATION",
        default_text="`5m` in the daemon, `0s` for one-shot commands",
    )
    data_loss: Literal["never", "emulator", "allow"] = _setting(
        "emulator",
        "Where a step may delete items.",
        "`never`, only on an `emulator`, or `allow`. A replacement also needs consent for its table.",
    )
    disruption: Literal["never", "emulator", "allow"] = _setting(
        "emulator",
        "Where a step may interrupt readers.",
        "An index rebuild or a new stream ARN interrupts them: `never`, only on an `emulator`, or `allow`.",
    )
    max_deletes: int | None = _setting(
        None,
        "Maximum number of deletions and replacements in a pass.",
        "A pass that plans more executes none, because a wrong folder shows as many deletions at once. Those that wait "
        "and those of the last hour count.",
        read=values.whole_number(0),
        metavar="NUMBER",
        default_text="no cap on an emulator, one tenth of the owned tables elsewhere",
    )
    allowed_accounts: tuple[str, ...] = _setting(
        (),
        "AWS accounts that may be written to, separated by commas.",
        "Unset allows every account.",
        read=values.list_of(_ACCOUNT),
        metavar="IDS",
    )
    seed: Literal["empty", "never"] = _setting(
        "empty", "Whether empty tables are seeded.", "`empty` seeds tables that a Scan shows empty; `never` seeds none."
    )
    seed_set: str | None = _setting(
        None,
        "Set of seeds to use: a folder below `seeds`.",
        "Its files come before the others. A table without a file in it has its usual seed.",
        read=_SCOPE_NAME,
        metavar="NAME",
    )
    migrations: str | None = _setting(
        None,
        "Folder with the migrations of items.",
        "`migrate` runs its files in the order of their numbers. Unset means `migrations` beside the folder of the "
        "declarations.",
        read=values.text,
        metavar="PATH",
    )
    replace_hold: timedelta | None = _setting(
        None,
        "How long the old table follows the new one after the switch of `replace`.",
        "Until then `replace TABLE --cancel` goes back without losing a write. Outside an emulator, the old table is "
        "deleted only when a person asks for it.",
        read=values.duration,
        metavar="DURATION",
        default_text="`0s` on an emulator, `24h` elsewhere",
    )
    replace_through_s3: str | None = _setting(
        None,
        "Place in S3 through which `replace` may copy a large table.",
        "The service exports the table there and loads the new table from there. Its objects stay until a rule of the "
        "bucket removes them. Unset means that tables are copied by Scan.",
        read=values.text,
        metavar="URL",
    )
    prices: str | None = _setting(
        None,
        "File with the prices of request units.",
        "`replace` shows them before it begins. Unset means the list prices that come with this release, whose date is "
        "shown with them.",
        read=values.text,
        metavar="PATH",
    )
    wait: timedelta = _setting(
        timedelta(seconds=60),
        "How long a one-shot command waits for the endpoint.",
        "An emulator that starts beside it needs a few seconds. The daemon waits without a limit.",
        read=values.duration,
        metavar="DURATION",
    )
    timeout: timedelta | None = _setting(
        None,
        "Deadline of --once and up.",
        "No table is begun after it, and a call that hangs is abandoned 10 s later.",
        read=values.positive_duration,
        metavar="DURATION",
        default_text="`300s` on an emulator, `30m` elsewhere",
    )
    workers: int = _setting(
        10,
        "Number of tables processed at the same time.",
        "The daemon uses fewer where the endpoint answers faster than the daemon can ask. DynamoDB allows few "
        "control-plane calls per second.",
        read=values.whole_number(1, 200),
        metavar="NUMBER",
    )
    state_table: str = _setting(
        "reconciler_state",
        "Name of the state table.",
        "It holds inventory, seed records, lease and history, and is the only table that the reconciler adds.",
        read=_TABLE_NAME,
        metavar="NAME",
    )
    http_host: str = _setting(
        "127.0.0.1", "Address of the HTTP server.", "The image sets `0.0.0.0`.", read=values.text, metavar="ADDRESS"
    )
    http_port: int = _setting(
        8002, "Port of the HTTP server.", "`0` picks a free one.", read=values.whole_number(0, 65535), metavar="PORT"
    )
    api_token: values.Secret | None = _setting(
        None,
        "Bearer token of the mutating routes.",
        "It is not an option, because options show in the list of processes. It is never logged or shown.",
        read=values.secret,
        metavar="TOKEN",
        is_option=False,
    )
    api_token_file: str | None = _setting(
        None,
        "File with the bearer token of the mutating routes.",
        "It is read once, at start; for mounted secrets.",
        read=values.text,
        metavar="FILE",
    )
    api_auth: Literal["auto", "token", "none"] = _setting(
        "auto",
        "Who may use the mutating routes.",
        "`auto`: the token if set, else only on loopback with an emulator. `token`: always the token. `none`: no "
        "authentication, refused off emulators.",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        ("localhost", "127.0.0.1", "::1"),
        "Host headers accepted on the mutating routes, separated by commas.",
        "They are given without port. They protect against DNS rebinding.",
        read=values.listed,
        metavar="NAMES",
    )
    runbook_url: str | None = _setting(
        None,
        "Where the runbooks of the alerts are; the status page links to them.",
        "The page of an alert is this address, `/`, the name of the alert and `.md`. An address with `{alert}` is used "
        "as it is. The files are in `monitoring/runbooks`.",
        read=values.web_address("alert"),
        metavar="URL",
    )
    docs_url: str | None = _setting(
        None,
        "Where your site of this documentation is; `explain` names the page there.",
        "The page is this address, then for example `/concepts/glossary.html`. An address with `{page}` is used as it "
        "is: `https://git.example/dynamodb-reconciler/blob/main/docs/{page}.md`. Without it, `explain` names the page "
        "in a checkout, and none in an installed wheel.",
        read=values.web_address("page"),
        metavar="URL",
    )
    grafana_url: str | None = _setting(
        None,
        "Address of the Grafana dashboard; the status page links to it.",
        "For example `https://grafana.example/d/dynamodb-reconciler-drift`. The page adds `var-environment` and "
        "`var-table`.",
        read=values.web_address(),
        metavar="URL",
    )
    console_url: str | None = _setting(
        None,
        "Address of a table in a console, with `{table}` and `{region}`; `off` for no link.",
        "The default is the DynamoDB page of the AWS console. For dynamodb-admin it is "
        "`http://localhost:8001/tables/{table}`.",
        read=values.web_address("table", "region", off=True),
        metavar="URL",
        default_text="the AWS console where the endpoint is AWS, no link elsewhere",
    )
    testing: bool = _setting(
        False,
        "Let tests reset the items of all tables over HTTP.",
        "It enables `POST /api/v1/testing/reset` and `/snapshot` of the daemon. They are refused off emulators.",
        read=values.boolean,
    )
    metrics_file: str | None = _setting(
        None,
        "Where a one-shot run writes its metrics.",
        "The file has the textfile format and is replaced atomically. Links are followed. What is no regular file, "
        "such as `/dev/stdout` or a FIFO, is written to.",
        read=values.text,
        metavar="FILE",
    )
    push_gateway: str | None = _setting(
        None,
        "Where a one-shot run pushes its metrics.",
        "The URL of a Pushgateway. A failed push is a warning.",
        read=values.endpoint_url,
        metavar="URL",
    )
    webhook_urls: values.Secret | None = _setting(
        None,
        "URLs that are told of drift, changes and failures, separated by commas.",
        "It is not an option and is never shown, because such a URL is often a secret. A delivery never delays a pass.",
        read=values.secret_urls,
        metavar="URLS",
        is_option=False,
    )
    webhook_format: Literal["auto", "json", "slack"] = _setting(
        "auto",
        "What a webhook gets.",
        "`slack`: a message for Slack and compatible services. `json`: the event as a JSON document. `auto`: `slack` "
        "for hooks.slack.com, else `json`.",
    )
    webhook_events: tuple[str, ...] = _setting(
        EVENTS,
        f"Events that webhooks are told of: {', '.join(EVENTS)}; separated by commas.",
        "Each is sent when it begins, not in every pass.",
        read=values.list_of(values.one_of(EVENTS)),
        metavar="EVENTS",
    )
    webhook_secret: values.Secret | None = _setting(
        None,
        "Secret that signs what webhooks get.",
        "The header `X-Reconciler-Signature` has the HMAC-SHA256 over time and body. It is not an option, because "
        "options show in the list of processes.",
        read=values.secret,
        metavar="SECRET",
        is_option=False,
    )
    webhook_secret_file: str | None = _setting(
        None,
        "File with the secret that signs what webhooks get.",
        "It is read once, at start; for mounted secrets.",
        read=values.text,
        metavar="FILE",
    )
    table_detail: Literal["full", "status", "none"] = _setting(
        "full",
        "How many metric series a table gets.",
        "`full`: about 40. `status`: about 10, without facets, sizes and counters. `none`: counters add up over all "
        "tables.",
    )
    log_format: Literal["auto", "console", "json", "logfmt"] = _setting(
        "auto", "Log format.", "`auto` is console on a terminal, JSON lines otherwise."
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info",
        "Minimum log level.",
        "`info` writes a line per step and per pass. One-shot commands log warnings, unless a level is set or, for "
        "`--once`, a format.",
        read=values.one_of(("debug", "info", "warning", "error"), any_case=True),
    )
    endpoint_url: str | None = _setting(
        None,
        "DynamoDB endpoint; without it AWS in the SDK's region.",
        "Without it in any of its places, `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL` and `DYNAMODB_ENDPOINT` are "
        "read, in this order.",
        read=values.endpoint_url,
        metavar="URL",
        common=True,
    )
    region: str | None = _setting(
        None, "AWS region.", "If unset, that of the SDK.", read=_REGION, metavar="NAME", common=True
    )
    profile: str | None = _setting(
        None,
        "Profile in the files of the AWS SDK.",
        "It takes the place of keys in the environment. If unset, that of the SDK (`AWS_PROFILE`).",
        read=values.text,
        metavar="NAME",
    )
    role_arn: str | None = _setting(
        None,
        "IAM role to assume for all calls.",
        "The credentials of the SDK, or of the profile, assume it; the session renews it before it expires.",
        read=_ROLE,
        metavar="ARN",
    )
    role_external_id: str | None = _setting(
        None,
        "External ID with which the role is assumed.",
        "The trust policy of a role in another account may require one.",
        read=_EXTERNAL_ID,
        metavar="ID",
    )
    embedded: bool = _setting(
        False,
        "Use an in-process emulator.",
        "It needs the extra `embedded`. Where no folder is named and there is no `./desired_state`, the tables are the "
        "bundled examples, and a warning says so. `import` makes the folder instead.",
        read=values.boolean,
        common=True,
    )

    given_origins: Mapping[str, str] = field(default_factory=dict, repr=False)
    one_shot: bool = False
    """Whether these were loaded for a one-shot command, not for the daemon."""
    sdk_variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables of the SDK (region, keys) that stand in ``.env`` beside its endpoint and are used with it."""
    stack_is_named: bool = True
    environments: tuple[str, ...] = ()
    """The sections of the settings file: where it has any, no other environment can be chosen."""
    settings_file: str | None = None
    warnings: tuple[str, ...] = ()
    """Sentences on variables that were meant as settings and are not read."""
    project: str | None = None
    """The real path of the folder that the stack is named after, or of the declarations if it has a name of its own."""

    @property
    def origins(self) -> dict[str, str]:
        """Where each value came from, by setting: an option, a variable, ``file: key``, or ``default``."""
        return {name: self.given_origins.get(name, "default") for name in SETTINGS}

    @property
    def former_scope(self) -> str | None:
        """The scope that may hold records of this stack from before stacks were named after projects."""
        return None if self.stack_is_named or self.stack == PLAIN else f"{PLAIN}/{self.environment_label}"

    @property
    def environment_label(self) -> str:
        """The environment as labels and records spell it."""
        return self.environment or "default"

    @property
    def jitter_seconds(self) -> float:
        """The largest random delay added to an interval, in seconds."""
        if self.jitter.endswith("%"):
            return self.interval.total_seconds() * float(self.jitter[:-1]) / 100
        return values.duration(self.jitter).total_seconds()

    def options(self, flavor: Flavor, *, one_shot: bool | None = None) -> Options:
        """What a pass may do at an endpoint of this flavor; ``one_shot`` defaults to how the settings were loaded."""
        from reconciler.model.options import Options

        single = self.one_shot if one_shot is None else one_shot
        grace = ONE_SHOT_GRACE if single else DAEMON_GRACE
        capped_by_share = self.max_deletes is None and not flavor.emulator
        return Options(
            stack=self.stack,
            environment=self.environment,
            mode=self.mode,
            prune=self.prune,
            prune_grace=grace if self.prune_grace is None else self.prune_grace,
            data_loss=self.data_loss,
            disruption=self.disruption,
            max_deletes=self.max_deletes,
            max_deletes_share=MAX_DELETES_SHARE if capped_by_share else None,
            seed=self.seed,
            state_table=self.state_table,
            testing=self.testing,
            one_shot=single,
            project=self.project,
            stack_is_named=self.stack_is_named,
        )

    def hold(self, flavor: Flavor) -> timedelta:
        """How long a replaced table follows the one that has taken its place."""
        if self.replace_hold is not None:
            return self.replace_hold
        return timedelta(0) if flavor.emulator else REPLACE_HOLD

    def deadline(self, flavor: Flavor) -> timedelta:
        """How long a converging one-shot command may take at an endpoint of this flavor."""
        return self.timeout or (EMULATOR_TIMEOUT if flavor.emulator else AWS_TIMEOUT)


def _choices(annotation: str) -> tuple[str, ...]:
    """``('a', 'b')`` of ``Literal['a', 'b']``; the annotations are texts, and evaluating all of them takes long."""
    start, inside = annotation[:8], annotation[7:]
    return tuple(ast.literal_eval(inside)) if start == "Literal[" else ()


def _table() -> dict[str, Setting]:
    found = {}
    for each in fields(Settings):
        about = dict(each.metadata.get("setting", {}))
        if not about:
            continue
        assert each.default is not MISSING
        choices = _choices(str(each.type))
        about["read"] = about["read"] or values.one_of(choices)
        about["metavar"] = "|".join(choices) or about["metavar"] or None
        found[each.name] = Setting(each.name, each.default, choices=choices, **about)
    return found


SETTINGS: Mapping[str, Setting] = _table()
"""Every setting by name, in the order in which people read them."""

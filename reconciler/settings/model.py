"""The settings themselves: each a typed field, then what it means, its unit, its default and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, SecretStr

from reconciler.model.identity import Flavor
from reconciler.model.options import Options, Permission
from reconciler.settings import values
from reconciler.settings.stack_name import PLAIN

ONE_SHOT_GRACE = timedelta(0)
DAEMON_GRACE = timedelta(minutes=5)
EMULATOR_TIMEOUT = timedelta(seconds=300)
AWS_TIMEOUT = timedelta(minutes=30)
MAX_DELETES_SHARE = 0.1

Duration = Annotated[timedelta, BeforeValidator(values.duration)]
PositiveDuration = Annotated[timedelta, BeforeValidator(values.positive_duration)]
Words = Annotated[tuple[str, ...], BeforeValidator(values.listed)]
ScopeName = Annotated[
    str,
    AfterValidator(
        values.matching(
            r"[A-Za-z0-9_.-]{1,100}",
            "is not a name of letters, digits, '_', '.' and '-'",
            "Names of stacks and environments become parts of table names and record keys.",
        )
    ),
]
TableName = Annotated[
    str,
    AfterValidator(
        values.matching(
            r"[A-Za-z0-9_.-]{3,255}",
            "is not a table name that DynamoDB accepts",
            "Use 3 to 255 letters, digits, '_', '.' and '-'.",
        )
    ),
]
Account = Annotated[
    str, AfterValidator(values.matching(r"\d{12}", "is not an AWS account id", "An account id is 12 digits."))
]
Url = Annotated[str, AfterValidator(values.endpoint_url)]


class Settings(BaseModel):
    """Every setting, whole and checked. Made by ``load``; nothing below wiring reads it (the core gets ``Options``)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    desired_state: str = "./desired_state"
    """Folder with the declarations, an importable package as ``package:NAME``, or ``bundled`` for the set that comes
    with the tool. The default is where ``init`` writes; a folder that is missing is an error."""

    stack: ScopeName = "default"
    """Whose tables these are; every record, the lease and the suspension are keyed by stack and environment. Default:
    the name of the project (``pyproject.toml``, else the folder around the declarations), so that two projects at one
    endpoint never share a stack by accident; ``default`` for the bundled set."""

    aws_client: Literal["auto", "lean", "boto3"] = "auto"
    """Which client sends the calls to DynamoDB. Default ``auto``: the lean client, which takes a fraction of boto3's
    time for a call, and boto3 where credentials, endpoint or proxy need more than the lean client can do. ``lean`` is
    the same. ``boto3`` sends everything through boto3; calls to other services always go through it."""

    environment: ScopeName | None = None
    """Environment given to ``get_table_name``; unset by default, so tables have their consistent names."""

    interval: PositiveDuration = timedelta(seconds=60)
    """Time between the starts of two passes of the daemon. Default 60 s: drift is seen within a minute at a few calls
    a table."""

    jitter: Annotated[str, BeforeValidator(values.jitter)] = "10%"
    """Random delay added to each interval, a share of it or a duration. Default 10 %, so that many daemons do not call
    at once."""

    mode: Literal["enforce", "observe"] = "enforce"
    """``observe`` reports drift and writes nothing. Default ``enforce``: the declared state is wanted."""

    prune: Literal["never", "owned"] = "owned"
    """What happens to a table that is no longer declared: kept, or deleted if this stack created it. Default ``owned``;
    adopted tables are never deleted."""

    prune_grace: Duration | None = None
    """Grace period before a table that holds items is deleted or replaced. Default 5 m in the daemon, to survive
    a half-deployed folder; 0 s for one-shot commands, where somebody looks on."""

    data_loss: Permission = "emulator"
    """May a step destroy items: ``never``, only where the endpoint is an ``emulator``, or ``allow``. Default
    ``emulator``: there nothing is lost that a seed does not bring back."""

    disruption: Permission = "emulator"
    """May a step interrupt readers without losing items (index rebuild, new stream ARN): ``never``, ``emulator``,
    ``allow``. Default ``emulator``."""

    max_deletes: Annotated[int, Field(ge=0)] | None = None
    """Deletes and replaces a pass may make; one more and it makes none. Default: no cap on an emulator, one tenth of
    the owned tables (at least 1) elsewhere, because a wrong folder shows as many deletes at once."""

    allowed_accounts: Annotated[tuple[Account, ...], BeforeValidator(values.listed)] = ()
    """The only AWS accounts (12 digits each) that may be written to; unset by default, which allows any."""

    seed: Literal["empty", "never"] = "empty"
    """``empty`` seeds tables that are provably empty and not yet seeded, ``never`` none. Default ``empty``: a seed that
    is declared is wanted."""

    wait: Duration = timedelta(seconds=60)
    """How long a one-shot command waits at start for an endpoint that does not answer. Default 60 s: an emulator that
    starts beside it needs a few. The daemon waits for ever."""

    timeout: PositiveDuration | None = None
    """Deadline of ``--once`` and ``up``. Default 300 s on an emulator, 30 m elsewhere, where an index takes minutes."""

    workers: Annotated[int, Field(ge=1, le=200)] = 10
    """Number of tables processed at the same time. Default 10: DynamoDB allows few control-plane calls a second (50
    tables in flight)."""

    state_table: TableName = "reconciler_state"
    """The one table that is added, for inventory, seed records, lease and history."""

    http_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """Address the daemon's HTTP server binds to. Default loopback: reachable from outside only when said so."""

    http_port: Annotated[int, Field(ge=0, le=65535)] = 8002
    """TCP port of the HTTP server; 0 takes a free one. Default 8002."""

    api_token: SecretStr | None = None
    """Bearer token of the mutating routes; unset by default. Never logged, shown or given to the API."""

    api_token_file: str | None = None
    """File that holds the bearer token, read once at start; unset by default. For mounted secrets."""

    api_auth: Literal["auto", "token", "none"] = "auto"
    """Who may use the mutating routes: ``token`` asks for the bearer token, ``none`` for nothing (refused unless the
    endpoint is an emulator). Default ``auto``: token if set, else loopback beside an emulator only."""

    allowed_hosts: Words = ("localhost", "127.0.0.1", "::1")
    """Host headers accepted on the mutating routes, without port. Default the loopback names, against DNS rebinding."""

    metrics_file: str | None = None
    """Text file to which one-shot runs write their metrics (textfile format, atomically); unset by default."""

    push_gateway: Url | None = None
    """URL of a Pushgateway to which one-shot runs push their metrics once; unset by default."""

    table_detail: Literal["full", "status", "none"] = "full"
    """How many metric series a table gets: all (``full``, about 40), those of its status (``status``, about 10), or
    ``none``, where counters add up over all tables. Default ``full``; thousands of tables want less."""

    log_format: Literal["auto", "console", "json", "logfmt"] = "auto"
    """Form of the log on standard error. Default ``auto``: console on a terminal, JSON lines otherwise."""

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
    ] = "info"
    """Minimum log level. Default ``info``: one line an action and a pass."""

    endpoint_url: Url | None = None
    """URL of the DynamoDB endpoint; unset by default, which is AWS in the SDK's region. Without the flag also
    AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL and DYNAMODB_ENDPOINT."""

    region: (
        Annotated[str, AfterValidator(values.matching(r"[a-z0-9-]+", "is not a region", "Write it like eu-west-1."))]
        | None
    ) = None
    """AWS region; unset by default, which leaves it to the SDK (AWS_REGION, profile)."""

    embedded: bool = False
    """Start an in-process emulator and use it; off by default. Needs the extra ``embedded``."""

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _one_shot: bool = PrivateAttr(default=False)
    _sdk_variables: dict[str, str] = PrivateAttr(default_factory=dict)
    _stack_named: bool = PrivateAttr(default=True)
    _project: str | None = PrivateAttr(default=None)

    @property
    def origins(self) -> dict[str, str]:
        """Where each value came from, by setting: a flag, a variable, ``file: key``, or ``default``."""
        return {name: self._origins.get(name, "default") for name in type(self).model_fields}

    @property
    def sdk_variables(self) -> dict[str, str]:
        """Variables of the SDK (region, keys) that stand in ``.env`` beside its endpoint and are used with it."""
        return dict(self._sdk_variables)

    @property
    def one_shot(self) -> bool:
        """Whether these were loaded for a one-shot command, not for the daemon."""
        return self._one_shot

    @property
    def former_scope(self) -> str | None:
        """Where a stack that nobody named finds records of its tables from before stacks were named after projects."""
        return None if self._stack_named or self.stack == PLAIN else f"{PLAIN}/{self.environment_label}"

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
        single = self._one_shot if one_shot is None else one_shot
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
            one_shot=single,
            project=self._project,
        )

    def deadline(self, flavor: Flavor) -> timedelta:
        """How long a converging one-shot command may take at an endpoint of this flavor."""
        return self.timeout or (EMULATOR_TIMEOUT if flavor.emulator else AWS_TIMEOUT)

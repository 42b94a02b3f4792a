"""The connection: one endpoint, its clients, and the adapters that speak through them. Built once by the wiring."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from reconciler.aws import call_deadline, hooks
from reconciler.aws.api_client import ApiClient, Clients
from reconciler.aws.capabilities import Capabilities
from reconciler.aws.credentials import OpenedSession, check_url, is_loopback, loaded, open_session, stand_in_keys
from reconciler.aws.endpoint_guard import EndpointGuard, Identified
from reconciler.aws.flavor import Get, detect, getter
from reconciler.aws.identify import identify
from reconciler.aws.item_api import BotoItemApi
from reconciler.aws.lean import build, choice
from reconciler.aws.lean.choice import Choice
from reconciler.aws.lean.client import Hooks, LeanClient
from reconciler.aws.lean.clock import ServerClock
from reconciler.aws.lean.transport import Transport
from reconciler.aws.sibling_services import SiblingServices
from reconciler.aws.table_api import BotoTableApi
from reconciler.engine.ports import Telemetry
from reconciler.model.errors import Denied, NotFound, SettingsError
from reconciler.model.identity import Endpoint

if TYPE_CHECKING:
    from reconciler.aws.job_api import BotoServiceJobs
    from reconciler.aws.mover_api import BotoMoverApi
    from reconciler.aws.stream_api import BotoStreamApi

CONFIRMED_SECONDS = 1.0
RENEWED_SECONDS = 5.0
CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
ATTEMPTS = 4
"""Attempts of the SDK per request, including the first. A destructive request is sent once (I4)."""


def connect(
    endpoint_url: str | None,
    region: str | None,
    workers: int,
    telemetry: Telemetry,
    *,
    embedded: bool = False,
    client: str | None = None,
    role: tuple[str, str | None] | None = None,
) -> Connection:
    """A connection that has called nobody yet. ``SettingsError`` for what can be seen to be wrong before a call.

    ``workers`` is how many threads will call at once. ``embedded`` means our own emulator: no credentials are sought.
    ``client`` is the setting ``auto``, ``lean`` or ``boto3``. ``role`` is the ARN of a role to assume, and its
    external ID if it needs one.
    """
    check_url(endpoint_url)
    reopen = partial(open_session, endpoint_url, region, embedded=embedded, role=role)
    return Connection(endpoint_url, reopen(), reopen, workers, telemetry, embedded=embedded, client=client)


class StateTableClient:
    """The same clients for the state table. Its calls do not require the lease, because they acquire and renew it."""

    def __init__(self, caller: ApiClient) -> None:
        self._caller = caller

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One request, as ``ApiClient.call``."""
        token = hooks.STATE_CALL.set(True)
        try:
            return self._caller.call(operation, params)
        finally:
            hooks.STATE_CALL.reset(token)


class Connection:
    """One endpoint with one set of credentials. ``notices`` are sentences that are logged once at the start."""

    def __init__(
        self,
        endpoint_url: str | None,
        opened: OpenedSession,
        reopen: Callable[[], OpenedSession],
        workers: int,
        telemetry: Telemetry,
        *,
        reads_only: bool = False,
        embedded: bool = False,
        client: str | None = None,
    ) -> None:
        self.region = opened.region
        self.notices = opened.notices
        self._endpoint_url = endpoint_url
        self._opened = opened
        self._used = False
        self._renewed_at = -RENEWED_SECONDS
        self._reopen = reopen
        self._workers = workers
        self._telemetry = telemetry
        self._reads_only = reads_only
        self._embedded = embedded
        self._wanted = client or choice.DEFAULT
        self._choice: Choice | None = None
        self._clock = ServerClock()
        self.make_transport: Callable[..., Transport] = Transport
        """Where the lean client's requests go; a simulation puts its own in here."""
        self._transport: Transport | None = None
        self.fence: Callable[[], bool] | None = None
        """Whether our lease still lasts, by our clock: asked right before anything that changes a table is sent."""
        self.guard = EndpointGuard(self._identify)
        self._confirming = threading.Lock()
        self._confirmed_at: float | None = None
        self._confirmed_as: Endpoint | None = None
        self._clients = Clients(self._build)
        self._capabilities = Capabilities()
        self.limits: list[call_deadline.Limit] = []
        """What else limits how long a call may take, beside ``CALL_SECONDS``: the lease, the deadline of the run."""
        self._caller = ApiClient(self._clients, telemetry, self._capabilities, self.limits, self.guard.check)
        self.siblings = SiblingServices(self._pair, self.identify, telemetry, self.limits)
        self.tables = BotoTableApi(self._caller, self.siblings, self._lasts)
        self.items = BotoItemApi(self._caller)

    @cached_property
    def mover_items(self) -> BotoMoverApi:
        """The adapter of long work on items, which most commands do not import."""
        from reconciler.aws.mover_api import BotoMoverApi

        return BotoMoverApi(self._caller)

    @cached_property
    def mover_streams(self) -> BotoStreamApi:
        """The adapter of the streams of tables."""
        from reconciler.aws.stream_api import BotoStreamApi

        return BotoStreamApi(self.siblings)

    @cached_property
    def service_jobs(self) -> BotoServiceJobs:
        """The adapter of the service's own jobs over whole tables."""
        from reconciler.aws.job_api import BotoServiceJobs

        return BotoServiceJobs(self._caller)

    def caller_user(self) -> str:
        """The ``aws:userid`` of the credentials. Raises ``ApiError``."""
        from reconciler.aws.identify import caller_user

        return caller_user(self._opened)

    @property
    def url(self) -> str:
        """Where the calls go."""
        return self._endpoint_url or _url_of(self._clients.get(once=False))

    @property
    def client(self) -> Choice:
        """Which client makes the calls to DynamoDB, and why."""
        self._clients.get(once=False)
        assert self._choice is not None
        return self._choice

    def read_only(self) -> Connection:
        """The same endpoint through clients that refuse every operation that is not known to only read."""
        copy = Connection(
            self._endpoint_url,
            self._opened,
            self._reopen,
            self._workers,
            self._telemetry,
            reads_only=True,
            embedded=self._embedded,
            client=self._wanted,
        )
        copy.guard.take_over(self.guard)
        copy._capabilities.flavor = self._capabilities.flavor
        return copy

    def state_client(self) -> StateTableClient:
        """What the state table is read and written with: ``call(operation, params)``."""
        return StateTableClient(self._caller)

    def get(self) -> Get:
        """Unsigned GETs at the endpoint, through the proxies and the CA bundle of the calls."""
        return self._getter(self._endpoint_url or self.url, self._clients.get(once=True))

    @staticmethod
    def _getter(url: str, client: Any) -> Get:
        if isinstance(client, LeanClient):
            return client.get
        return getter(url, client._endpoint.http_session)

    def watch_state_table(self, name: str) -> None:
        """Let the guard compare this table too, before it lets writes go on after a failed connection."""
        self.guard.watch_table(name, self._look)

    def _look(self, name: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._unguarded().call("DescribeTable", {"TableName": name})["Table"]
        except NotFound:
            return None
        return found

    def _unguarded(self) -> ApiClient:
        return ApiClient(self._clients, self._telemetry)

    @property
    def known(self) -> Endpoint | None:
        """The endpoint, once ``identify`` has found out what it is."""
        return self.guard.endpoint

    def identify(self) -> Endpoint:
        """What the endpoint is; asked until it has answered once, and again after a change was seen.

        ``Unreachable`` while nothing answers, ``EndpointError`` where it is no endpoint of DynamoDB. Before the first
        signed call, an access key id that DynamoDB Local would refuse raises ``SettingsError``.
        """
        return self._known_to_capabilities(self.guard.current())

    def begin_pass(self) -> Endpoint:
        """As ``identify``; until an answer confirms the endpoint, or it is identified again, nothing is written."""
        return self._known_to_capabilities(self.guard.begin_pass())

    def confirm(self) -> Endpoint:
        """Identify the endpoint now, for a permission that rests on what it is; one answer serves for a second."""
        with self._confirming:
            if self._confirmed_at is None or time.monotonic() - self._confirmed_at > CONFIRMED_SECONDS:
                self._confirmed_at, found = None, self.guard.confirm()
                self._confirmed_at, self._confirmed_as = time.monotonic(), found
            return self._confirmed_as or self.identify()

    def _known_to_capabilities(self, endpoint: Endpoint) -> Endpoint:
        self._capabilities.flavor = endpoint.flavor
        return endpoint

    def _identify(self) -> Identified:
        """Identify the endpoint, with calls that the guard does not check.

        Credentials that cannot be loaded are tried again each time. Local keys sign nothing before the probes have
        shown that the endpoint is an emulator.
        """
        if self._opened.problem is not None or self._opened.is_stand_in:
            self._clients.forget()
        client = self._clients.get(once=True)
        url, opened = self._endpoint_url or self.url, self._opened
        get = self._getter(url, client)
        if not self._embedded:
            opened = loaded(opened, self._endpoint_url)
        if opened.problem is not None:
            self._opened = opened
            if self._endpoint_url is None or not detect(url, get).emulator:
                raise SettingsError(opened.problem)
            self._opened = opened = stand_in_keys(opened)
            self._used = False
            self._clients.forget()
        self.notices = opened.notices
        return identify(self._endpoint_url, self.url, opened, self._unguarded(), get)

    def _lasts(self) -> bool:
        return self.fence is None or self.fence()

    def _build(self) -> tuple[Any, Any]:
        """Both clients; when they are built again, from a session opened anew.

        ``Denied`` where its credentials cannot be loaded: off emulators nothing is signed with their stand-in.
        """
        if self._used:
            self._renew()
        self._used = True
        url, session = self._endpoint_url, self._opened.session
        sdk = None
        if url is None:
            # Where the SDK works out the endpoint, its own client tells which one it is.
            sdk = self._pair("dynamodb", None)
            url = _url_of(sdk[0])
        target = url if sdk is None or self._wanted == choice.BOTO3 else choice.worked_out(sdk[0], session)
        chosen = self._choice = choice.choose(
            self._wanted, target, self.region, session, given=sdk is None, loopback=is_loopback(url)
        )
        if chosen.address is None:
            return sdk or self._pair("dynamodb", url)
        return self._lean_pair(url, chosen)

    def _lean_pair(self, url: str, chosen: Choice) -> tuple[LeanClient, LeanClient]:
        assert chosen.address is not None
        if self._transport is not None:
            self._transport.close()
        transport = self._transport = self.make_transport(
            chosen.address,
            ca_bundle=choice.ca_bundle(self._opened.session),
            proxy=chosen.proxy,
            connect_seconds=CONNECT_SECONDS,
            read_seconds=READ_SECONDS,
            most_idle=max(10, self._workers + 2),
        )
        around = Hooks(
            (
                hooks.refuse_changed_endpoint(self.guard.before_write),
                hooks.limit_sending,
                hooks.refuse_without_lease(self._lasts),
            ),
            hooks.unconfirm_on_failure(self.guard.unconfirm),
            self._telemetry.retry,
        )
        return build.pair(
            transport,
            endpoint_url=url,
            region=self.region,
            credentials=self._opened.session.get_credentials(),
            clock=self._clock,
            attempts=ATTEMPTS,
            hooks=around,
            reads_only=self._reads_only,
        )

    def _renew(self) -> None:
        """Open the session anew. A failure is believed for some seconds, so that many calls do not wait one by one."""
        known = self.guard.endpoint
        needed = known is not None and not known.flavor.emulator
        if not needed or time.monotonic() - self._renewed_at >= RENEWED_SECONDS or self._opened.problem is None:
            self._opened = self._reopen()
            self._renewed_at = time.monotonic()
            self.guard.unconfirm()
        if needed and self._opened.problem is not None:
            raise Denied("credentials", "CredentialsNotLoaded", self._opened.problem)

    def _pair(self, service: str, url: str | None) -> tuple[Any, Any]:
        return self._client(service, url, ATTEMPTS), self._client(service, url, 1)

    def _client(self, service: str, url: str | None, attempts: int) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            proxies={} if is_loopback(url) else None,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=max(10, self._workers + 2),
            tcp_keepalive=True,
            user_agent_extra="dynamodb-reconciler",
        )
        try:
            client = self._opened.session.client(service, self.region, endpoint_url=url, config=config)
        except (BotoCoreError, ValueError) as error:
            raise SettingsError(f"No client for {service} can be made: {error}") from error
        call_deadline.install(client)
        events, of = client.meta.events, client.meta.service_model.service_id.hyphenize()
        if self._reads_only:
            events.register(f"provide-client-params.{of}", hooks.refuse_writes)
        events.register(f"before-send.{of}", hooks.refuse_changed_endpoint(self.guard.before_write))
        events.register(f"before-send.{of}", hooks.limit_sending)
        events.register(f"response-received.{of}", hooks.unconfirm_on_failure(self.guard.unconfirm))
        events.register(f"before-send.{of}", hooks.refuse_without_lease(self._lasts))
        events.register(f"after-call.{of}", hooks.check_bytes)
        events.register(f"request-created.{of}", hooks.retry_counter(self._telemetry.retry))
        return client


def _url_of(client: Any) -> str:
    return client.endpoint_url if isinstance(client, LeanClient) else str(client.meta.endpoint_url)

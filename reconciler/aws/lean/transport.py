"""Sends requests over keep-alive connections and hands back the answers. Used by ``client``, one for a connection.

Plain sockets in the place of urllib3 or http.client: of the 0.15 ms that urllib3 takes for a call, two thirds are the
generic parsing of headers and the making of objects that nobody reads. Failures are botocore's exceptions with
botocore's texts, so that everything above names them as it does for boto3's client.

Every wait of ``exchange`` obeys ``call_deadline``. A connection is used by one thread at a time.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from reconciler.aws import call_deadline
from reconciler.aws.lean.address import Address
from reconciler.aws.lean.answer import Answer, Broken, Closed, NotHttp, read_answer

if TYPE_CHECKING:
    import selectors
    import ssl

IDLE_SECONDS = 20.0
"""How long a connection may lie unused. Jetty, under DynamoDB Local, closes it after 30 s, AWS after about a minute; a
request that meets the close half-way has an unknown outcome."""
PIECE = 256 * 1024
K = TypeVar("K")


class Transport:
    """Connections to one address. ``ca_bundle`` is the path of a file, ``proxy`` the URL of an HTTP proxy."""

    def __init__(
        self,
        address: Address,
        *,
        ca_bundle: str | None = None,
        proxy: str | None = None,
        connect_seconds: float,
        read_seconds: float,
        most_idle: int,
    ) -> None:
        self.address = address
        self.ca_bundle = ca_bundle
        self._proxy = urlsplit(proxy) if proxy else None
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._idle: deque[tuple[float, _Connection]] = deque()
        self._most_idle = most_idle
        self._tls: ssl.SSLContext | None = None
        self.target = address.path
        """What stands in the request line; a proxy of plain HTTP wants the whole URL."""
        if self._proxy is not None and not address.tls:
            self.target = f"http://{address.host}{address.path}"

    def exchange(self, request: bytes, limit: int | None = None, *, keep: bool = True) -> Answer:
        """Send the bytes once and read the answer, its body up to ``limit``; ``keep`` the connection for the next call.

        Raises botocore's ``HTTPClientError`` and ``ConnectionError``.
        """
        connection = self._take() or self._opened()
        try:
            answer = connection.exchange(request, limit)
        except BaseException as error:
            connection.close()
            failure = self._as_botocore(error)
            if failure is error:
                raise
            raise failure from error
        if keep and answer.reusable:
            self._put_back(connection)
        else:
            connection.close()
        return answer

    def exchange_many(
        self, requests: Iterable[tuple[K, bytes]], connections: int, seconds: float
    ) -> Iterator[tuple[K, Answer, float]]:
        """Send each request once, from this thread alone, one at a time on each of up to ``connections`` connections.

        Yields each answer as it comes, with its key and the seconds that it took. A request is taken from ``requests``
        right before it is sent. Raises botocore's exceptions at the first failure, which includes an answer that takes
        longer than ``seconds``; what was not yielded then has an unknown outcome.
        """
        import selectors

        waiting = iter(requests)
        under_way: dict[_Connection, _Exchange[K]] = {}
        try:
            with selectors.DefaultSelector() as selector:
                while True:
                    while len(under_way) < connections and (request := next(waiting, None)) is not None:
                        connection = self._take() or self._opened()
                        under_way[connection] = _Exchange(request[0])
                        selector.register(connection, selectors.EVENT_READ)
                        connection.send_now(request[1])
                    if not under_way:
                        return
                    # A dict keeps its order, so the first exchange is the one that has taken longest.
                    left = next(iter(under_way.values())).began + seconds - time.perf_counter()
                    ready = selector.select(left) if left > 0 else []
                    if not ready:
                        raise TimeoutError(call_deadline.PASSED)
                    whole: list[tuple[K, Answer, float]] = []
                    try:
                        # The successors of all answers are sent before one is looked at, so that no connection waits
                        # for what is made of the answers of the others.
                        for arrived, _ in ready:
                            connection = arrived.fileobj  # type: ignore[assignment]
                            self._advance(connection, under_way, waiting, selector, whole)
                    finally:
                        # What came before a failure counts: it may be an answer after which nothing is to be destroyed.
                        yield from whole
        except Exception as error:
            failure = self._as_botocore(error)
            if failure is error:
                raise
            raise failure from error
        finally:
            for connection in under_way:
                connection.close()

    def _advance(
        self,
        connection: _Connection,
        under_way: dict[_Connection, _Exchange[K]],
        waiting: Iterator[tuple[K, bytes]],
        selector: selectors.BaseSelector,
        whole: list[tuple[K, Answer, float]],
    ) -> None:
        """Take what has come on a connection. Once its answer is whole, send the next request there."""
        exchange = under_way[connection]
        answer = connection.answer_so_far(exchange)
        if answer is None:
            return
        whole.append((exchange.key, answer, time.perf_counter() - exchange.began))
        del under_way[connection]
        request = next(waiting, None) if answer.reusable else None
        if request is not None:
            under_way[connection] = _Exchange(request[0])
            connection.send_now(request[1])
            return
        selector.unregister(connection)
        if answer.reusable:
            self._put_back(connection)
        else:
            connection.close()

    def _put_back(self, connection: _Connection) -> None:
        if len(self._idle) < self._most_idle:
            self._idle.append((time.monotonic(), connection))
        else:
            connection.close()

    def close(self) -> None:
        """Close what lies unused."""
        while self._idle:
            self._idle.pop()[1].close()

    def _take(self) -> _Connection | None:
        """An open connection, the one used last; half-closed and old ones are dropped."""
        while True:
            try:
                since, connection = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since <= IDLE_SECONDS and connection.is_quiet():
                return connection
            connection.close()

    def _opened(self) -> _Connection:
        url = self.address.url
        try:
            plain = self._connected()
        except TimeoutError as error:
            from botocore import exceptions

            raise exceptions.ConnectTimeoutError(endpoint_url=url, error=error) from error
        except OSError as error:
            from botocore import exceptions

            if self._proxy is not None:
                shown = f"{self._proxy.scheme}://{self._proxy.netloc}"
                raise exceptions.ProxyConnectionError(proxy_url=shown, error=error) from error
            raise exceptions.EndpointConnectionError(endpoint_url=url, error=error) from error
        connection = _Connection(plain, self._read_seconds)
        if not self.address.tls:
            return connection
        try:
            if self._proxy is not None:
                self._tunnel(connection)
            connection.secure(self._context(), self.address.name)
        except BaseException as error:
            connection.close()
            failure = self._as_botocore(error)
            if failure is error:
                raise
            raise failure from error
        return connection

    def _connected(self) -> socket.socket:
        name, port = self.address.name, self.address.port
        if self._proxy is not None:
            name, port = self._proxy.hostname or "", self._proxy.port or 80
        # A name in bytes is taken as it is; for text Python imports the tables of international names.
        host: Any = name.encode() if name.isascii() else name
        plain = socket.create_connection((host, port), timeout=_time_left(self._connect_seconds))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return plain

    def _tunnel(self, connection: _Connection) -> None:
        assert self._proxy is not None
        where = f"{self.address.bracketed}:{self.address.port}"
        answer = connection.exchange(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode(), 0, tunnel=True)
        if answer.status != 200:
            from botocore import exceptions

            shown = f"{self._proxy.scheme}://{self._proxy.netloc}"
            refused = OSError(f"Tunnel connection failed: {answer.status}")
            raise exceptions.ProxyConnectionError(proxy_url=shown, error=refused)

    def _context(self) -> ssl.SSLContext:
        """TLS 1.2 or later, the certificate and its name verified, as botocore has it."""
        if self._tls is None:
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            try:
                context.load_verify_locations(cafile=self.ca_bundle or _certificates())
            except OSError as error:
                from botocore import exceptions

                raise exceptions.SSLError(endpoint_url=self.address.url, error=error) from error
            key_log = os.environ.get("SSLKEYLOGFILE")
            if key_log:
                context.keylog_filename = key_log
            self._tls = context
        return self._tls

    def _as_botocore(self, error: BaseException) -> BaseException:
        """The exception that botocore raises in this place."""
        import http.client
        import ssl

        from botocore import exceptions

        url = self.address.url
        if isinstance(error, exceptions.BotoCoreError):
            return error
        if isinstance(error, TimeoutError):
            return exceptions.ReadTimeoutError(endpoint_url=url, error=error)
        if isinstance(error, ssl.SSLError):
            return exceptions.SSLError(endpoint_url=url, error=error)
        cause: Exception
        if isinstance(error, NotHttp):
            cause = http.client.BadStatusLine(str(error))
        elif isinstance(error, Closed):
            cause = http.client.RemoteDisconnected(str(error))
        elif isinstance(error, Broken | OSError):
            cause = error
        else:
            return error
        return exceptions.ConnectionClosedError(endpoint_url=url, error=cause)


class _Incomplete(Exception):
    """More of the answer has to come."""


class _Exchange(Generic[K]):
    """One request of ``exchange_many`` that is under way, and what of its answer came so far."""

    def __init__(self, key: K) -> None:
        self.key = key
        self.began = time.perf_counter()
        self.received: list[bytes] = []


class _Connection:
    """One socket. Any failure leaves it in an unknown state: it is closed by whoever used it."""

    def __init__(self, plain: socket.socket, seconds: float) -> None:
        self._socket: Any = plain
        self._seconds = seconds
        self._readable = _readable(plain)
        self._pending: Callable[[], int] | None = None
        """The bytes that TLS has decrypted and nobody has read; ``None`` without TLS."""
        self._not_yet: tuple[type[Exception], ...] = (BlockingIOError,)
        """What a read raises where nothing has come so far."""

    def secure(self, context: ssl.SSLContext, name: str) -> None:
        """TLS from here on."""
        import ssl

        self._socket.settimeout(_time_left(self._seconds))
        self._socket = context.wrap_socket(self._socket, server_hostname=name)
        self._pending, self._not_yet = self._socket.pending, (BlockingIOError, ssl.SSLWantReadError)

    def is_quiet(self) -> bool:
        """Whether nothing waits to be read. What waits on an idle connection is its end, or belongs to no request."""
        return not self._readable() and not (self._pending and self._pending())

    def exchange(self, request: bytes, limit: int | None, *, tunnel: bool = False) -> Answer:
        """One request and its answer."""
        self._socket.settimeout(_time_left(self._seconds))
        # A server may answer and close before it has read a long request; its answer says why.
        with suppress(BrokenPipeError):
            self._socket.sendall(request)
        if not tunnel:
            return read_answer(self._receive, limit)
        return read_answer(self._byte, limit)

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        number: int = self._socket.fileno()
        return number

    def send_now(self, request: bytes) -> None:
        """Send without waiting; a request that the system does not take whole at once is a failure."""
        self._socket.settimeout(0)
        if self._socket.send(request) != len(request):
            raise Broken("the request could not be sent whole at once")

    def answer_so_far(self, exchange: _Exchange[Any]) -> Answer | None:
        """Take what has come; the answer once it is whole, ``None`` before."""
        ended = False
        with suppress(*self._not_yet):
            while not ended:
                piece = self._socket.recv(PIECE)
                exchange.received.append(piece)
                ended = not piece
                if not (ended or (self._pending and self._pending())):
                    break
        parts = iter(exchange.received)

        def receive() -> bytes:
            piece = next(parts, None)
            if piece is None:
                if ended:
                    return b""
                raise _Incomplete
            return piece

        try:
            return read_answer(receive)
        except _Incomplete:
            return None

    def _receive(self) -> bytes:
        self._socket.settimeout(_time_left(self._seconds))
        received: bytes = self._socket.recv(PIECE)
        return received

    def _byte(self) -> bytes:
        """Nothing of what follows the proxy's answer may be taken: it belongs to TLS."""
        self._socket.settimeout(_time_left(self._seconds))
        received: bytes = self._socket.recv(1)
        return received

    def close(self) -> None:
        self._socket.close()


def _time_left(own: float) -> float:
    """Seconds for the next operation; ``TimeoutError`` once the deadline of the call has passed."""
    left = call_deadline.remaining()
    if left is None or left >= own:
        return own
    if left <= 0:
        raise TimeoutError(call_deadline.PASSED)
    return left


def _readable(plain: socket.socket) -> Callable[[], bool]:
    """A question that takes a microsecond; the object is made once, because making it takes longer."""
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([plain], [], [], 0)[0])
    poll = select.poll()
    poll.register(plain.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    return lambda: bool(poll.poll(0))


def _certificates() -> str:
    """The certificates that botocore trusts: those of certifi where it is installed, else its own copy."""
    try:
        from certifi import where
    except ImportError:
        import botocore

        return os.path.join(os.path.dirname(botocore.__file__), "cacert.pem")  # noqa: PTH118, PTH120
    path: str = where()
    return path

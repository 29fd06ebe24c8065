# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The WinRM listeners of one host: HTTP and HTTPS on loopback, Basic authentication, connections that can be cut."""
from __future__ import annotations

import base64
import binascii
import hmac
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[bytes, str], tuple[int, bytes]]

# SO_LINGER with a time of zero makes close() send a reset, which is what a client sees of a host that went away.
_RESET = struct.pack("ii", 1, 0)


class Listener:
    """One port.

    answer: (request body, user) -> (HTTP status, response body); authenticate: (user, password) -> allowed;
    reachable: while it answers False, connections are reset as soon as they are made and requests get no answer. The port stays
    bound all the while, so that nobody else takes it while a machine reboots.
    """

    def __init__(
        self,
        address: str,
        port: int,
        answer: Answer,
        authenticate: Callable[[str, str], bool],
        reachable: Callable[[], bool],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.reachable = reachable
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _server(self, address, port, answer, authenticate, tls)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name=f"winrm {self.port}", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Resets every connection."""
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            reset(connection)

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self.cut()
        self._thread.join()

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)


def reset(connection: socket.socket) -> None:
    """Ends a connection the way a machine does that is suddenly not there any more."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        # The plain socket's method: TLS would be torn down under the thread that reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass  # The client was faster.


def _server(
    listener: Listener,
    address: str,
    port: int,
    answer: Answer,
    authenticate: Callable[[str, str], bool],
    tls: ssl.SSLContext | None,
) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "Microsoft-HTTPAPI/2.0"
        sys_version = ""
        # The headers and the body go out in two writes; without this the second waits for the client's delayed ACK.
        disable_nagle_algorithm = True
        timeout = 300

        def setup(self) -> None:
            if tls is not None:
                self.request = tls.wrap_socket(self.request, server_side=True)
            listener.opened(self.request)
            super().setup()

        def finish(self) -> None:
            try:
                super().finish()
            except OSError:
                pass  # The connection was cut.
            listener.closed(self.request)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                pass  # The connection was cut.

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not listener.reachable():
                reset(self.connection)
                self.close_connection = True
                return
            user = _user(self.headers.get("Authorization", ""), authenticate)
            if self.path.rstrip("/").lower() != "/wsman":
                self._reply(404, b"")
            elif user is None:
                self._reply(401, b"")
            else:
                self._reply(*answer(body, user))

        def _reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="WSMAN"')
            self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The journal is the log."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 128

        def verify_request(self, request: object, client_address: object) -> bool:
            if listener.reachable() or not isinstance(request, socket.socket):
                return True
            reset(request)
            return False

        def handle_error(self, request: object, client_address: object) -> None:
            """A failed TLS handshake ends one connection and says so to its client; there is nobody else to tell."""

    return Server((address, port), Handler)


def _user(authorization: str, authenticate: Callable[[str, str], bool]) -> str | None:
    scheme, _unused, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user if colon and authenticate(user, password) else None


def password_check(accounts: Mapping[str, str]) -> Callable[[str, str], bool]:
    """Compares with accounts (user -> password); Windows compares user names without regard to case."""
    known = {name.lower(): secret for name, secret in accounts.items()}

    def authenticate(user: str, password: str) -> bool:
        expected = known.get(user.lower())
        return expected is not None and hmac.compare_digest(expected.encode(), password.encode())

    return authenticate

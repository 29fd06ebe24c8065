# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The APIs of the lab's control plane over HTTP on loopback: as much of keystone, nova, placement and neutron as is modelled.

Any other request is answered with 501 and a line in the log that says what to add, never with an empty list. Bodies, status codes and
headers are those of the API references (https://docs.openstack.org/api-ref/). Lists are never cut into pages.
"""
from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .control_plane import ControlPlane

REGION = "RegionOne"
_PLACEMENT_VERSION = "1.39"
# Name in the catalog, path of the endpoint.
_SERVICES = {
    "identity": ("keystone", "/identity"), "compute": ("nova", "/compute/v2.1"), "placement": ("placement", "/placement"),
    "network": ("neutron", "/networking"),
}


@dataclass(frozen=True)
class _Request:
    """A request's method, path without a slash at its end, query, headers (lower-case names) and JSON body.

    query: the values of each name, in order.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class _Reply:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):
    """The request ends with this reply."""

    def __init__(self, reply: _Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class ControlPlaneServer:
    """Serves a control plane at `url`; `auth_url` is keystone's. Port 0: a free one. log: one line a request."""

    def __init__(self, plane: ControlPlane, log: Path, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.auth_url = f"{self.url}/identity/v3"
        self._plane = plane
        self._log = log
        self._lock = threading.Lock()
        self._tokens: set[str] = set()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="control plane", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: _Request) -> _Reply:
        """The reply, which is in the log."""
        try:
            reply = self._route(request)
        except _Refused as refused:
            reply = refused.reply
        note = f" {reply.body['rehearsal']}" if reply.status == 501 else ""
        with self._lock, self._log.open("a", encoding="utf-8") as log:
            log.write(f"{request.method} {request.path} {reply.status}{note}\n")
        return reply

    def _route(self, request: _Request) -> _Reply:
        route = f"{request.method} {request.path}"
        open_to_all: dict[str, Callable[[_Request], _Reply]] = {
            "GET /identity": self._identity_versions,
            "GET /identity/v3": self._identity_version,
            "POST /identity/v3/auth/tokens": self._log_in,
            "GET /compute/v2.1": self._compute_version,
            "GET /placement": self._placement_version,
            "GET /networking": self._network_version,
        }
        if route in open_to_all:
            return open_to_all[route](request)
        with_token: dict[str, Callable[[_Request], _Reply]] = {
            "GET /identity/v3/services": self._catalog_services,
            "GET /identity/v3/endpoints": self._catalog_endpoints,
            "GET /compute/v2.1/os-services": self._compute_services,
            "GET /compute/v2.1/os-hypervisors": self._hypervisors,
            "GET /compute/v2.1/os-hypervisors/detail": self._hypervisors,
            "GET /placement/resource_providers": self._resource_providers,
            "GET /networking/v2.0/agents": self._agents,
            "GET /networking/v2.0/networks": self._networks,
            "GET /networking/v2.0/ports": self._ports,
        }
        if route not in with_token:
            raise _not_modelled(request, "the rehearsal's control plane does not know this URL")
        if request.headers.get("x-auth-token") not in self._tokens:
            raise _unauthorized()
        return with_token[route](request)

    # Keystone: https://docs.openstack.org/api-ref/identity/v3/

    def _identity_versions(self, request: _Request) -> _Reply:
        _no_query(request)
        return _Reply(300, {"versions": {"values": [self._version_3()]}})

    def _identity_version(self, request: _Request) -> _Reply:
        _no_query(request)
        return _Reply(200, {"version": self._version_3()})

    def _version_3(self) -> dict[str, Any]:
        links = [{"rel": "self", "href": f"{self.auth_url}/"}]
        return {"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z", "links": links, "media-types": []}

    def _log_in(self, request: _Request) -> _Reply:
        auth = request.body.get("auth", {}) if isinstance(request.body, dict) else {}
        identity = auth.get("identity", {})
        if identity.get("methods") != ["password"] or "project" not in auth.get("scope", {}):
            raise _not_modelled(request, "only the method password with the scope of a project is modelled")
        user = identity["password"]["user"]
        if (user.get("name"), user.get("password")) != (self._plane.spec.user, self._plane.spec.password):
            raise _unauthorized()
        token = secrets.token_hex(16)
        self._tokens.add(token)
        now = datetime.now(timezone.utc)
        domain = {"id": "default", "name": "Default"}
        body = {
            "methods": ["password"], "roles": [{"id": "1", "name": "admin"}], "catalog": self._catalog(),
            "user": {"id": "1", "name": user["name"], "domain": domain},
            "project": {"id": "1", "name": auth["scope"]["project"].get("name", ""), "domain": domain},
            "issued_at": _time(now), "expires_at": _time(now + timedelta(hours=1)),
        }
        return _Reply(201, {"token": body}, {"X-Subject-Token": token})

    def _catalog(self) -> list[dict[str, Any]]:
        return [
            {"id": kind, "type": kind, "name": name, "endpoints": [
                {"id": f"{kind}-{interface}", "interface": interface, "region": REGION, "region_id": REGION, "url": self.url + path}
                for interface in ("public", "internal")
            ]}
            for kind, (name, path) in _SERVICES.items()
        ]

    def _catalog_services(self, request: _Request) -> _Reply:
        services = [{"id": kind, "type": kind, "name": name, "enabled": True} for kind, (name, _path) in _SERVICES.items()]
        return _Reply(200, {"services": _chosen(request, services, "type")})

    def _catalog_endpoints(self, request: _Request) -> _Reply:
        endpoints = [
            {**endpoint, "service_id": entry["id"], "enabled": True} for entry in self._catalog() for endpoint in entry["endpoints"]
        ]
        return _Reply(200, {"endpoints": _chosen(request, endpoints, "interface", "service_id", "region_id")})

    # Nova: https://docs.openstack.org/api-ref/compute/

    def _compute_version(self, request: _Request) -> _Reply:
        _no_query(request)
        version = {
            "id": "v2.1", "status": "CURRENT", "version": self._plane.spec.microversion, "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z", "links": [{"rel": "self", "href": f"{self.url}/compute/v2.1/"}], "media-types": [],
        }
        return _Reply(200, {"version": version})

    def _compute_services(self, request: _Request) -> _Reply:
        headers = _microversion(request, "compute", "2.69", self._plane.spec.microversion)
        return _Reply(200, {"services": _chosen(request, self._plane.services(), "host", "binary")}, headers)

    def _hypervisors(self, request: _Request) -> _Reply:
        headers = _microversion(request, "compute", "2.88", self._plane.spec.microversion)
        _no_query(request)
        return _Reply(200, {"hypervisors": self._plane.hypervisors(request.path.endswith("/detail"))}, headers)

    # Placement: https://docs.openstack.org/api-ref/placement/

    def _placement_version(self, request: _Request) -> _Reply:
        _no_query(request)
        version = {
            "id": "v1.0", "status": "CURRENT", "max_version": _PLACEMENT_VERSION, "min_version": "1.0",
            "links": [{"rel": "self", "href": ""}],
        }
        return _Reply(200, {"versions": [version]})

    def _resource_providers(self, request: _Request) -> _Reply:
        headers = _microversion(request, "placement", "1.14", _PLACEMENT_VERSION)
        return _Reply(200, {"resource_providers": _chosen(request, self._plane.resource_providers(), "name", "uuid")}, headers)

    # Neutron: https://docs.openstack.org/api-ref/network/v2/

    def _network_version(self, request: _Request) -> _Reply:
        _no_query(request)
        links = [{"rel": "self", "href": f"{self.url}/networking/v2.0/"}]
        return _Reply(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})

    def _agents(self, request: _Request) -> _Reply:
        return _Reply(200, {"agents": _chosen(request, self._plane.agents(), "host", "binary", "agent_type")})

    def _networks(self, request: _Request) -> _Reply:
        return _Reply(200, {"networks": _chosen(request, self._plane.networks(), "name", "provider:network_type")})

    def _ports(self, request: _Request) -> _Reply:
        # ML2 takes the host several times, and then means any of them (neutron/plugins/ml2/plugin.py, _ml2_port_result_filter_hook).
        return _Reply(200, {"ports": _chosen(request, self._plane.ports(), "name", "network_id", repeated=("binding:host_id",))})


def _microversion(request: _Request, service: str, oldest: str, newest: str) -> dict[str, str]:
    """The headers of a reply in the wanted microversion; `oldest`: from which on the reply's form is modelled."""
    wanted = request.headers.get("openstack-api-version", f"{service} 1.0").removeprefix(f"{service} ").strip()
    if not re.fullmatch(r"\d+\.\d+", wanted):
        raise _not_modelled(request, f"the microversion {wanted!r}")
    if _number(wanted) > _number(newest):
        raise _Refused(_Reply(406, {"errors": [{"status": 406, "title": f"Version {wanted} is not supported by the API"}]}))
    if _number(wanted) < _number(oldest):
        raise _not_modelled(request, f"microversion {wanted}, which is older than {oldest}")
    return {"OpenStack-API-Version": f"{service} {wanted}", "Vary": "OpenStack-API-Version"}


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _chosen(
    request: _Request, items: list[dict[str, Any]], *filters: str, repeated: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """The items that the query asks for. repeated: filters that may stand there several times."""
    unknown = sorted(set(request.query) - {*filters, *repeated})
    if unknown:
        raise _not_modelled(request, f"the query of {', '.join(unknown)}")
    twice = sorted(name for name, values in request.query.items() if len(values) > 1 and name not in repeated)
    if twice:
        raise _not_modelled(request, f"several values of {', '.join(twice)}")
    return [item for item in items if all(str(item[name]) in values for name, values in request.query.items())]


def _no_query(request: _Request) -> None:
    _chosen(request, [])


def _not_modelled(request: _Request, what: str) -> _Refused:
    text = f"NOT MODELLED: {request.method} {request.path} {dict(request.query)}: {what}; extend rehearsal/control_plane_api.py"
    return _Refused(_Reply(501, {"rehearsal": text, "error": {"code": 501, "title": "Not Implemented", "message": text}}))


def _unauthorized() -> _Refused:
    message = "The request you have made requires authentication."
    return _Refused(_Reply(401, {"error": {"code": 401, "title": "Unauthorized", "message": message}}))


def _time(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _handler(server: ControlPlaneServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply()

        def do_POST(self) -> None:
            self._reply()

        def do_PUT(self) -> None:
            self._reply()

        def do_PATCH(self) -> None:
            self._reply()

        def do_DELETE(self) -> None:
            self._reply()

        def _reply(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = {name: tuple(values) for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            request = _Request(self.command, parts.path.rstrip("/"), query, headers, _json(content))
            reply = server.answer(request)
            body = json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The server has a log of its own."""

    return Handler


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None

# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The other machines that a simulated server reaches, as the lab file describes them."""
from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import SpecError
from .fields import Fields


@dataclass(frozen=True)
class Server:
    """A machine that answers on these TCP ports. names: what DNS resolves to it; up: false for one that answers nothing."""

    address: str
    names: tuple[str, ...]
    ports: tuple[int, ...]
    up: bool


@dataclass(frozen=True)
class NetworkSpec:
    """Who is not among the servers does not answer, and a name that none of them has does not resolve."""

    servers: tuple[Server, ...]

    def resolve(self, host: str) -> str | None:
        """The address of a name, in normal form for an address; None for a name that nobody has."""
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            return next((item.address for item in self.servers if host.lower() in _lower(item.names)), None)

    def answers(self, address: str, port: int) -> bool:
        return any(item.up and item.address == address and port in item.ports for item in self.servers)


def read_network(fields: Fields) -> NetworkSpec:
    spec = NetworkSpec(tuple(_read_server(item) for item in fields.children("servers")))
    fields.done()
    _once(fields.at("servers"), [item.address for item in spec.servers], "each address once")
    _once(fields.at("servers"), [name for item in spec.servers for name in _lower(item.names)], "each name once")
    return spec


def _read_server(fields: Fields) -> Server:
    server = Server(
        address=read_address(fields.text("address"), fields.at("address")),
        names=fields.texts("names"),
        ports=fields.numbers("ports", minimum=1, maximum=65535),
        up=fields.flag("up", True),
    )
    fields.done()
    return server


def read_address(text: str, path: str) -> str:
    """An address in its normal form; SpecError names `path` where it is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise SpecError(path, text, "an IPv4 or IPv6 address") from None


def _lower(names: Iterable[str]) -> list[str]:
    return [name.lower() for name in names]


def _once(path: str, values: list[str], allowed: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise SpecError(path, value, allowed)

# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the control plane knows of the nodes, judged: docs/control-plane.md says what its APIs can tell and what they cannot."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..nova_conf.releases import control_plane_warning, control_planes_of
from ..plans import Finding
from . import port_bindings
from .port_bindings import Reach

HYPERV_AGENT = "HyperV agent"
OPEN_VSWITCH_AGENT = "Open vSwitch agent"

# Hosts in one question for ports: their names travel in the URL, which neutron's server takes up to 8192 characters of.
_HOSTS_AT_ONCE = 50

# How keystoneauth ends its message of a refused log-on.
_LOGON_REFUSED = "(HTTP 401)"
_DISCOVER = "nova-manage cell_v2 discover_hosts on the control plane, or set [scheduler] discover_hosts_in_cells_interval there."


@dataclass(frozen=True)
class Question:
    """One list to ask of openstack.cloud.resources, with its parameters; openstacksdk names the fields of the rows."""

    service: str
    type: str
    parameters: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.service}/{self.type}"


SERVICES = Question("compute", "service", (("binary", "nova-compute"),))
HYPERVISORS = Question("compute", "hypervisor", (("details", True),))
PROVIDERS = Question("placement", "resource_provider")
CATALOG = Question("identity", "service", (("type", "compute"),))
ENDPOINTS = Question("identity", "endpoint", (("interface", "public"),))
AGENTS = Question("network", "agent")
NETWORKS = Question("network", "network")
PORTS = Question("network", "port")

COMPUTE_QUESTIONS = (SERVICES, HYPERVISORS, PROVIDERS)
AGENT_QUESTIONS = (AGENTS, NETWORKS)
VERSION_QUESTIONS = (CATALOG, ENDPOINTS)


@dataclass(frozen=True)
class Node:
    """A compute node. host: as nova-compute calls itself; network_agent: whether neutron-hyperv-agent has to be alive there."""

    host: str
    network_agent: bool


@dataclass(frozen=True)
class Heard:
    """What the control plane answered. rows: by question, where there was an answer; silence: the error, where there was none.

    microversion: the newest of the compute API; empty where it is not known.
    """

    rows: Mapping[Question, Sequence[Mapping[str, Any]]]
    silence: Mapping[Question, str]
    microversion: str = ""


def logon_refused(error: str) -> bool:
    """Whether asking again is in vain, and may lock the account."""
    return _LOGON_REFUSED in error


def port_questions(nodes: Iterable[Node], heard: Heard) -> list[Question]:
    """Questions for the ports of the nodes with an agent, by the names that nova and neutron have for the hosts: letter case may count.

    Their answers together are the rows of PORTS.
    """
    wanted = [node.host for node in nodes if node.network_agent]
    known = [row["host"] for question in (SERVICES, AGENTS) for row in heard.rows.get(question, ())]
    names = sorted({name for name in known if any(same_host(name, host) for host in wanted)})
    # ML2 takes the filter several times, and then means any of them.
    parts = [names[start:start + _HOSTS_AT_ONCE] for start in range(0, len(names), _HOSTS_AT_ONCE)]
    return [replace(PORTS, parameters=(("binding:host_id", tuple(part)),)) for part in parts]


def ports_of(node: Node, heard: Heard) -> list[Mapping[str, Any]]:
    return [row for row in heard.rows.get(PORTS, ()) if same_host(row["binding_host_id"], node.host)]


def compute_api_url(catalog: Sequence[Mapping[str, Any]], endpoints: Sequence[Mapping[str, Any]], region: str) -> str:
    """Where the compute API tells its versions, to anybody; empty where no endpoint is known. region: empty for any."""
    services = {service["id"] for service in catalog}
    urls = [
        str(endpoint["url"]) for endpoint in endpoints
        if endpoint["service_id"] in services and region in ("", endpoint.get("region_id"))
    ]
    if not urls:
        return ""
    # An endpoint may go on with a project's id, or with a template for one.
    versioned = re.match(r".*/v2(\.1)?(?=/|$)", urls[0])
    return versioned.group(0) if versioned else urls[0]


def newest_microversion(document: Any) -> str:
    """The newest microversion in the compute API's version document; empty where it has none."""
    if not isinstance(document, Mapping):
        return ""
    versions = [document["version"]] if "version" in document else document.get("versions", [])
    found = (str(item.get("version", "")) for item in versions if isinstance(item, Mapping) and item.get("id") == "v2.1")
    return next(found, "")


def judge(nodes: Mapping[str, Node], heard: Heard, release: str, accept: Sequence[str]) -> dict[str, list[Finding]]:
    """The findings of each node. release: of its nova-compute. accept: names of findings that shall be warnings only."""
    return {name: [_accepted(finding, accept) for finding in _findings(node, heard, release)] for name, node in nodes.items()}


def _accepted(finding: Finding, accept: Sequence[str]) -> Finding:
    return replace(finding, severity="warning") if finding.severity == "critical" and finding.name in accept else finding


def _findings(node: Node, heard: Heard, release: str) -> Iterator[Finding]:
    yield from _silence(heard)
    yield from _compute(node, heard)
    if node.network_agent:
        yield from _network_agent(node, heard)
    yield from _release(heard.microversion, release)


def _silence(heard: Heard) -> Iterator[Finding]:
    """One finding an error, however many questions it kept from being answered."""
    for error in dict.fromkeys(heard.silence.values()):
        asked = ", ".join(question.name for question, said in heard.silence.items() if said == error)
        yield Finding(
            "control_plane_silent", "critical", asked, error, "an answer",
            "Check auth_url, credentials, region and the role (an administrator's); openstacksdk must be installed on the controller.",
        )


def _compute(node: Node, heard: Heard) -> Iterator[Finding]:
    if SERVICES not in heard.rows:
        return
    service = next((row for row in heard.rows[SERVICES] if same_host(row["host"], node.host)), None)
    if service is None:
        yield Finding(
            "compute_service_missing", "critical", node.host, "no nova-compute of this host", "nova-compute, up and enabled",
            "It never reached this control plane under this name: look at its log (win_hv_nova_log), transport_url, and host in nova.conf.",
        )
        return
    if service["state"] != "up":
        yield Finding(
            "compute_service_down", "critical", node.host, f"nova-compute is {service['state']}", "up",
            "Nothing was heard of it for service_down_time (60 s): its log, RabbitMQ, and the time of both sides tell why.",
        )
    if service["status"] != "enabled":
        reason = f" ({service['disabled_reason']})" if service.get("disabled_reason") else ""
        yield Finding(
            "compute_service_disabled", "critical", node.host, f"nova-compute is {service['status']}{reason}", "enabled",
            f"openstack compute service set --enable {service['host']} nova-compute; the scheduler passes it over until then.",
        )
    yield from _node(node, heard)


def _node(node: Node, heard: Heard) -> Iterator[Finding]:
    """The compute node in nova's list of hypervisors, which knows mapped hosts only, and in placement under the same UUID."""
    hypervisor = next((row for row in heard.rows.get(HYPERVISORS, ()) if _is_hypervisor_of(row, node.host)), None)
    provider = next((row for row in heard.rows.get(PROVIDERS, ()) if _is_provider_of(row, hypervisor, node.host)), None)
    if HYPERVISORS in heard.rows and hypervisor is None:
        if provider is None and PROVIDERS in heard.rows:
            found = "not in the list of hypervisors, and no resource provider"
            hint = "nova-compute may not have made its node yet (its log tells), or the host is not mapped: then run "
        else:
            found = "not in the list of hypervisors, though it has a resource provider"
            hint = "Run "
        yield Finding("host_not_mapped", "critical", node.host, found, "a hypervisor, mapped to a cell", hint + _DISCOVER)
    if PROVIDERS in heard.rows and provider is None:
        yield Finding(
            "resource_provider_missing", "critical", node.host, "no resource provider in placement", "one, made by nova-compute",
            "Check [placement] in nova.conf (credentials, region_name) and the log of nova-compute for placement.",
        )


def _network_agent(node: Node, heard: Heard) -> Iterator[Finding]:
    if AGENTS not in heard.rows:
        return
    here = [row for row in heard.rows[AGENTS] if same_host(row["host"], node.host)]
    if any(row["agent_type"] == OPEN_VSWITCH_AGENT and row["is_alive"] for row in here):
        yield Finding(
            "open_vswitch_agent", "critical", node.host, "an Open vSwitch agent is alive", "the Hyper-V agent only",
            "compute-hyperv 13 and newer refuse Open vSwitch ports: remove that agent and its virtual switch extension.",
        )
    agent = next((row for row in here if row["agent_type"] == HYPERV_AGENT), None)
    if agent is None:
        yield Finding(
            "network_agent_missing", "critical", node.host, "no HyperV agent of this host", "one, alive",
            "It never reached neutron: its log, transport_url in its file, and the mechanism driver hyperv on the neutron server.",
        )
        return
    if not agent["is_alive"]:
        yield Finding(
            "network_agent_down", "critical", node.host, "the HyperV agent is not alive", "alive",
            "Nothing was heard of it for agent_down_time (75 s): its log, and the virtual switches that its file names.",
        )
    if not agent["is_admin_state_up"]:
        yield Finding(
            "network_agent_disabled", "critical", node.host, "the HyperV agent is disabled", "enabled",
            f"openstack network agent set --enable {agent['id']}",
        )
    reach = Reach.of(agent.get("configuration") or {})
    networks = heard.rows.get(NETWORKS, ())
    yield from _networks(node, reach, networks)
    if PORTS in heard.rows:
        yield from port_bindings.findings(node.host, agent["is_alive"], reach, ports_of(node, heard), networks)


def _networks(node: Node, reach: Reach, networks: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Networks that no port of this node can be bound to, judged as the mechanism driver does."""
    other = {str(row["provider_network_type"]) for row in networks if row.get("provider_network_type")} - reach.types
    if other:
        yield Finding(
            "network_types", "warning", node.host, f"networks of type {', '.join(sorted(other))}", f"{', '.join(sorted(reach.types))}",
            "Ports of such networks cannot be bound on this node: use VLAN or flat networks, or keep such instances off it.",
        )
    physical = {str(row["provider_physical_network"]) for row in networks if row.get("provider_physical_network")}
    unmapped = sorted(name for name in physical if not reach.maps(name))
    if unmapped:
        yield Finding(
            "physical_networks", "information", node.host, f"no virtual switch for {', '.join(unmapped)}", "a mapping",
            "If instances of this node shall use them: physical_network_vswitch_mappings of neutron_hyperv_conf.",
        )


def _release(microversion: str, release: str) -> Iterator[Finding]:
    """What the control plane's release means for this nova-compute. One microversion may be that of several releases."""
    if not microversion:
        return
    releases = control_planes_of(microversion)
    if not releases:
        yield Finding(
            "control_plane_release", "warning", "compute API", f"microversion {microversion}", "that of a known release",
            f"Whether this control plane accepts nova-compute of {release} is not known here; see docs/driver.md.",
        )
        return
    warnings = {text: None for text in (control_plane_warning(release, other) for other in releases) if text}
    if not warnings:
        return
    certain = all(control_plane_warning(release, other) for other in releases)
    yield Finding(
        "control_plane_release", "warning" if certain else "information", "compute API",
        f"microversion {microversion}, that of {' or '.join(releases)}", f"a release that accepts nova-compute of {release}",
        "; ".join(warnings),
    )


def same_host(one: str, other: str) -> bool:
    """Windows does not mind a name's case, and a name may be given with its domain on one side only."""
    one, other = one.lower(), other.lower()
    return one == other or (("." in one) != ("." in other) and one.partition(".")[0] == other.partition(".")[0])


def _is_hypervisor_of(row: Mapping[str, Any], host: str) -> bool:
    return same_host((row.get("service_details") or {}).get("host") or row["name"], host)


def _is_provider_of(row: Mapping[str, Any], hypervisor: Mapping[str, Any] | None, host: str) -> bool:
    return row["id"] == hypervisor["id"] if hypervisor else same_host(row["name"], host)

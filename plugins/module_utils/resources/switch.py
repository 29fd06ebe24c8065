# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The external virtual switch, made without losing the host. docs/resources/switch.md names the source of every rule."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Ref, Retry
from ..evidence import switch as second_path
from ..network.host_network import network, network_changes, read_network, session_interfaces
from ..plans import Difference, Plan
from ..undo import Undo, read_undo, remove_undo, undo_left, with_vlan, without_switch_over

_SETTINGS = ("adapters", "allow_management_os", "bandwidth_mode", "iov", "vlan", "load_balancing")
# Set-VMSwitch has no parameter for these; adapters it could change, but no undo on the host could tell the former ones.
_FIXED = ("type", "adapters", "bandwidth_mode", "iov")
_MODES = ("Untagged", "Access")
_LEFT = "An earlier run left its undo armed on the host; a run with a name removes it, otherwise the host undoes that run's change."
_TEAM_SIZE = 8
# Names of VMSwitchLoadBalancingAlgorithm.
_ALGORITHMS = {"hyperv_port": "HyperVPort", "dynamic": "Dynamic"}
_MINIMUM_SECONDS = 15
# The management adapter comes a moment after its switch.
_ADAPTER_THERE = Retry(count=30, seconds=1)


@dataclass(frozen=True)
class _Host:
    """Rows of the answers, GUIDs normalised. carriers: GUIDs of the adapters, virtual and physical, that a session comes over;
    algorithms: by the GUID of a team's switch, in the words of the option, where they were asked for."""

    switches: Sequence[Mapping[str, Any]]
    adapters: Sequence[Mapping[str, Any]]
    ports: Sequence[Mapping[str, Any]]
    carriers: frozenset[str]
    algorithms: Mapping[str, str]

    def named(self, name: str) -> list[Mapping[str, Any]]:
        """Windows compares the names without regard to case, and lets two switches have the same one."""
        return [switch for switch in self.switches if switch["Name"].lower() == name.lower()]

    def carries_session(self, switch: Mapping[str, Any]) -> bool:
        return any(_guid(port["DeviceId"]) in self.carriers for port in self.management(switch))

    def management(self, switch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The management adapters of a switch."""
        return [port for port in self.ports if port["IsManagementOs"] and _guid(port["SwitchId"]) == _guid(switch["Id"])]

    def machines(self, switch: Mapping[str, Any]) -> list[str]:
        """The virtual machines that are connected to a switch."""
        connected = (port for port in self.ports if not port["IsManagementOs"] and _guid(port["SwitchId"]) == _guid(switch["Id"]))
        return sorted({port["VMName"] for port in connected})

    def adapter_names(self, switch: Mapping[str, Any]) -> list[str]:
        members = set(map(_guid, switch["NetAdapterInterfaceGuid"] or ()))
        return sorted(adapter["Name"] for adapter in self.adapters if _guid(adapter["InterfaceGuid"]) in members)


class Switch:
    """Creates a switch or changes what can be changed in place; with `recreate` it also replaces one."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("switches", "Get-VMSwitch", properties=(
                "Name", "Id", "SwitchType", "AllowManagementOS", "NetAdapterInterfaceGuid", "BandwidthReservationMode", "IovEnabled",
            )),
            Cmdlet("adapters", "Get-NetAdapter", properties=(
                "Name", "InterfaceDescription", "InterfaceGuid", "InterfaceIndex", "Status", "HardwareInterface",
            )),
            Cmdlet("ports", "Get-VMNetworkAdapter", {"All": True}, (
                "IsManagementOs", "Name?", "VMName?", "SwitchId", "DeviceId?", "VlanSetting.OperationMode", "VlanSetting.AccessVlanId",
            )),
            # The host's own local time, as text without a zone: what a trigger's -At takes.
            Cmdlet("clock", "Get-Date", {"Format": "s"}, ("$value",)),
            *_read_teams(options),
            read_undo(),
            *read_network(),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        wrong = tuple(_wrong_options(options))
        if wrong:
            return Plan(refusals=wrong)
        if answers["switches"].missing_command:
            return _without_hyper_v(options)
        host = _host(options, answers)
        state = {"switches": [_shown(host, switch) for switch in host.switches], "network": network(answers)}
        if options["name"] is None:
            return Plan(state=state, warnings=(_LEFT,) if undo_left(answers) else ())
        plan = _plan(options, host, state, answers)
        return _without_leftover(plan) if undo_left(answers) else plan

    def side_effects(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
        """What of the host's addresses, name servers and routes is not as it was before the change."""
        changes = network_changes(before["network"], after["network"])
        return tuple(f"The change of the switch has a side effect: {change}." for change in changes)

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = Switch()


def _without_leftover(plan: Plan) -> Plan:
    """The controller of an earlier run died before it could disarm its undo. This one has come back in its place."""
    if plan.refusals or plan.undo:
        return plan
    return replace(plan, differences=(*plan.differences, Difference("undo", "armed", None)), calls=(remove_undo(), *plan.calls))


def _wrong_options(options: Mapping[str, Any]) -> Iterator[str]:
    name, vlan = options["name"], options["vlan"]
    if name is not None and (not name.strip() or any(character in name for character in "*?[]`")):
        yield f"name: {name!r} is no name for a switch here; give a text without * ? [ ] and `, which cmdlets take for wildcards"
    if vlan is not None and not 0 <= vlan <= 4094:
        yield f"vlan: {vlan} is no VLAN; give 1 to 4094, or 0 for untagged"
    if vlan is not None and not options["allow_management_os"]:
        yield "vlan: it is the management operating system's, which allow_management_os false keeps off the switch"
    if options["undo_seconds"] < _MINIMUM_SECONDS:
        yield f"undo_seconds: {options['undo_seconds']} is too short for the host to come back; give at least {_MINIMUM_SECONDS}"
    names = [adapter.lower() for adapter in options["adapters"] or ()]
    if len(names) > _TEAM_SIZE or len(set(names)) < len(names):
        yield f"adapters: give 1 to {_TEAM_SIZE} network adapters, each once"


def _plan(options: Mapping[str, Any], host: _Host, state: Mapping[str, Any], answers: Answers) -> Plan:
    found = host.named(options["name"])
    if len(found) > 1:
        ids = ", ".join(_guid(switch["Id"]) for switch in found)
        several = f"name: this host has {len(found)} switches named {options['name']} ({ids}); remove or rename one"
        return Plan(state=state, refusals=(several,))
    adapters, refusals = _adapters(options, host, found[0] if found else None)
    if refusals:
        return Plan(state=state, refusals=refusals)
    current = _shown(host, found[0]) if found else {}
    if options["load_balancing"] and len(adapters) < 2:
        return Plan(state=state, refusals=("load_balancing: it is a team's, and the switch has one network adapter",))
    differences = tuple(_differences(options, adapters, current))
    refusals = tuple(_refusals(options, host, adapters, found[0] if found else None, differences))
    if refusals or not differences:
        return Plan(differences=differences, state=state, refusals=refusals)
    fixed = [difference for difference in differences if difference.path in _FIXED]
    if not found or fixed:
        undo = _undo_creation(options, host, adapters, answers)
        return Plan(differences, (*_remove(found), *_create(options, adapters)), state=state, undo=undo)
    undo = _undo_vlan(options, host, found[0], current, answers)
    return Plan(differences, tuple(_change(found[0], differences)), state=state, undo=undo)


def _adapters(
    options: Mapping[str, Any], host: _Host, switch: Mapping[str, Any] | None
) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
    """The adapters that the names stand for, and why they cannot be used; those of the switch where none are named."""
    if not options["adapters"]:
        if switch is None:
            return [], ("adapters: the switch is not there yet; name the network adapters that it is to be made over",)
        members = set(map(_guid, switch["NetAdapterInterfaceGuid"] or ()))
        return [adapter for adapter in host.adapters if _guid(adapter["InterfaceGuid"]) in members], ()
    known = {adapter["Name"].lower(): adapter for adapter in host.adapters}
    unknown = [name for name in options["adapters"] if name.lower() not in known]
    if unknown:
        names = ", ".join(sorted(adapter["Name"] for adapter in host.adapters if adapter["HardwareInterface"]))
        return [], (f"adapters: this host has no network adapter {', '.join(unknown)}; it has {names}",)
    return [known[name.lower()] for name in options["adapters"]], tuple(_taken(options, host))


def _taken(options: Mapping[str, Any], host: _Host) -> Iterator[str]:
    for switch in host.switches:
        if switch["Name"].lower() == options["name"].lower():
            continue
        for name in host.adapter_names(switch):
            if name.lower() in map(str.lower, options["adapters"]):
                yield f"adapters: {name} belongs to the switch {switch['Name']} already"


def _differences(
    options: Mapping[str, Any], adapters: Sequence[Mapping[str, Any]], current: Mapping[str, Any]
) -> Iterator[Difference]:
    wanted = {**options, "adapters": sorted(adapter["Name"] for adapter in adapters)}
    if current.get("type") != "external":
        yield Difference("type", current.get("type"), "external")
    for setting in _SETTINGS:
        if wanted[setting] is not None and wanted[setting] != current.get(setting):
            yield Difference(setting, current.get(setting), wanted[setting])


def _refusals(
    options: Mapping[str, Any],
    host: _Host,
    adapters: Sequence[Mapping[str, Any]],
    switch: Mapping[str, Any] | None,
    differences: Sequence[Difference],
) -> Iterator[str]:
    changed = {difference.path for difference in differences}
    if "allow_management_os" in changed and not options["allow_management_os"]:
        yield from _cut_off(host, adapters, switch)
    if switch is None:
        return
    fixed = [difference.path for difference in differences if difference.path in _FIXED]
    if fixed and not options["recreate"]:
        yield f"{', '.join(fixed)}: cannot be changed in place; recreate true removes the switch and makes it anew"
    elif fixed:
        yield from _not_removable(host, switch)
    if "vlan" in changed and not fixed:
        yield from _vlan_not_settable(host, switch)


def _cut_off(host: _Host, adapters: Sequence[Mapping[str, Any]], switch: Mapping[str, Any] | None) -> Iterator[str]:
    members = {_guid(adapter["InterfaceGuid"]) for adapter in adapters}
    if members & host.carriers or (switch and host.carries_session(switch)):
        yield "allow_management_os: false would cut the session, which comes over this switch's adapters"
    elif not any(_is_up(adapter) and _guid(adapter["InterfaceGuid"]) not in members for adapter in host.adapters):
        yield "allow_management_os: false would cut off the host, which has no other network adapter that is up"


def _not_removable(host: _Host, switch: Mapping[str, Any]) -> Iterator[str]:
    if machines := host.machines(switch):
        yield f"recreate: virtual machines are connected to the switch and would lose their network: {', '.join(machines)}"
    if host.carries_session(switch):
        yield (
            "recreate: the session comes over this switch, and no undo on the host could bring it back as it was; "
            "connect over another adapter, or replace it at the console"
        )


def _vlan_not_settable(host: _Host, switch: Mapping[str, Any]) -> Iterator[str]:
    for port in host.management(switch):
        mode = port["VlanSetting.OperationMode"]
        if mode not in _MODES:
            yield f"vlan: the management adapter {port['Name']} is in the VLAN mode {mode}, which is left alone"
    if len(host.management(switch)) > 1:
        names = ", ".join(sorted(port["Name"] for port in host.management(switch)))
        yield f"vlan: the switch has several management adapters ({names}); which one is meant cannot be told"


def _undo_creation(options: Mapping[str, Any], host: _Host, adapters: Sequence[Mapping[str, Any]], answers: Answers) -> Undo | None:
    guids = sorted(_guid(adapter["InterfaceGuid"]) for adapter in adapters)
    if not host.carriers & set(guids):
        return None
    return Undo(without_switch_over(guids), options["undo_seconds"], _host_time(answers))


def _undo_vlan(
    options: Mapping[str, Any], host: _Host, switch: Mapping[str, Any], current: Mapping[str, Any], answers: Answers
) -> Undo | None:
    if current["vlan"] is None or not host.carries_session(switch):
        return None
    return Undo(with_vlan(_guid(switch["Id"]), current["vlan"]), options["undo_seconds"], _host_time(answers))


def _host_time(answers: Answers) -> datetime:
    return datetime.fromisoformat(answers.row("clock")["$value"])


def _remove(found: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    for switch in found:
        yield Cmdlet("former", "Get-VMSwitch", {"Id": [_guid(switch["Id"])]})
        yield Cmdlet("remove", "Remove-VMSwitch", {"VMSwitch": [Ref("former")], "Force": True})


def _create(options: Mapping[str, Any], adapters: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    parameters: dict[str, Any] = {
        "Name": options["name"],
        "NetAdapterInterfaceDescription": [adapter["InterfaceDescription"] for adapter in adapters],
        "AllowManagementOS": options["allow_management_os"],
        "Confirm": False,
    }
    if len(adapters) > 1:
        parameters["EnableEmbeddedTeaming"] = True
    if options["bandwidth_mode"]:
        parameters["MinimumBandwidthMode"] = options["bandwidth_mode"].capitalize()
    if options["iov"] is not None:
        parameters["EnableIov"] = options["iov"]
    yield Cmdlet("create", "New-VMSwitch", parameters, ("Name", "Id"))
    if options["load_balancing"]:
        yield _balance(options["name"], options["load_balancing"])
    if options["vlan"]:
        yield from _set_vlan(options["name"], options["vlan"])


def _change(switch: Mapping[str, Any], differences: Sequence[Difference]) -> Iterator[Call]:
    for difference in differences:
        if difference.path == "allow_management_os":
            yield Cmdlet("switch", "Get-VMSwitch", {"Id": [_guid(switch["Id"])]})
            yield Cmdlet("share", "Set-VMSwitch", {"VMSwitch": [Ref("switch")], "AllowManagementOS": difference.after, "Confirm": False})
        if difference.path == "load_balancing":
            yield _balance(switch["Name"], difference.after)
        # A management adapter that was not there before is untagged.
        if difference.path == "vlan" and (difference.after or difference.before is not None):
            yield from _set_vlan(switch["Name"], difference.after)


def _set_vlan(switch: str, vlan: int) -> Iterator[Call]:
    yield Cmdlet(
        "adapter", "Get-VMNetworkAdapter", {"ManagementOS": True, "SwitchName": switch}, ("Name",),
        until={"SwitchName": switch}, retry=_ADAPTER_THERE,
    )
    mode = {"Access": True, "VlanId": vlan} if vlan else {"Untagged": True}
    yield Cmdlet("vlan", "Set-VMNetworkAdapterVlan", {"VMNetworkAdapter": [Ref("adapter")], "Confirm": False, **mode})


def _host(options: Mapping[str, Any], answers: Answers) -> _Host:
    adapters, ports, switches = answers.rows("adapters"), answers.rows("ports"), answers.rows("switches")
    indexes = session_interfaces(answers, options["session_ports"])
    carriers = {_guid(adapter["InterfaceGuid"]) for adapter in adapters if adapter["InterfaceIndex"] in indexes}
    words = {theirs: ours for ours, theirs in _ALGORITHMS.items()}
    teams = answers.rows("teams") if "teams" in answers else ()
    algorithms = {_guid(team["Id"]): words.get(str(team["LoadBalancingAlgorithm"]), "") for team in teams}
    return _Host(switches, adapters, ports, frozenset(carriers), algorithms)


def _shown(host: _Host, switch: Mapping[str, Any]) -> dict[str, Any]:
    management = host.management(switch)
    return {
        "name": switch["Name"],
        "id": _guid(switch["Id"]),
        "type": switch["SwitchType"].lower(),
        "adapters": host.adapter_names(switch),
        "allow_management_os": switch["AllowManagementOS"],
        "bandwidth_mode": switch["BandwidthReservationMode"].lower(),
        "iov": switch["IovEnabled"],
        "vlan": _vlan(management[0]) if len(management) == 1 else None,
        "load_balancing": host.algorithms.get(_guid(switch["Id"])),
    }


def _read_teams(options: Mapping[str, Any]) -> Iterator[Call]:
    if options["load_balancing"]:
        yield Cmdlet("teams", "Get-VMSwitchTeam", properties=("Id", "LoadBalancingAlgorithm"))


def _balance(name: str, word: str) -> Cmdlet:
    """By name, of which there is one: with an object alone PowerShell finds two parameter sets that fit."""
    return Cmdlet("team", "Set-VMSwitchTeam", {"Name": [name], "LoadBalancingAlgorithm": _ALGORITHMS[word]})


def _vlan(port: Mapping[str, Any]) -> int | None:
    if port["VlanSetting.OperationMode"] == "Untagged":
        return 0
    vlan: int | None = port["VlanSetting.AccessVlanId"] if port["VlanSetting.OperationMode"] == "Access" else None
    return vlan


def _without_hyper_v(options: Mapping[str, Any]) -> Plan:
    wanted = {setting: options[setting] for setting in _SETTINGS if options[setting] is not None} if options["name"] else {}
    return Plan(
        differences=tuple(Difference(setting, None, value) for setting, value in wanted.items()),
        blockers=("the Hyper-V role is not in effect on this host",),
        state={"switches": [], "network": None},
    )


def _is_up(adapter: Mapping[str, Any]) -> bool:
    return bool(adapter["HardwareInterface"]) and adapter["Status"] == "Up"


def _guid(text: Any) -> str:
    """A GUID as every cmdlet writes it: some with braces, some in capitals; empty where there is none."""
    return str(text or "").strip("{}").lower()

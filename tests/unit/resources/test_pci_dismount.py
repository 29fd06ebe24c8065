# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracles: docs/resources/pci_dismount.md, the rules of SurveyDDA.ps1 written out by hand, and addresses that os-win computes."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet, Ref, Retry
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.pci_dismount import RESOURCE

NO_OBJECT = CmdletError("ReferenceEmpty", "The reference yields no object.")
NO_COMMAND = CmdletError("CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand", "no such command")
NOT_READY = CmdletError("ObjectNotFound,Microsoft.HyperV.PowerShell.Commands.GetVMHost", "vmms does not answer")
KEYS = ("location_paths", "location_info", "address", "device_type", "base_class", "acs", "reserved_memory")
SETTLED = Retry(10, 1)
MESSAGE_INTERRUPT, LINE_INTERRUPT = 4294967290, 17


@dataclass
class Card:
    """A device as a test describes it: an Express endpoint with message interrupts that is on and can be assigned."""

    rest: str = "VEN_8086&DEV_0953&SUBSYS_370E8086&REV_01\\4&1A2B&0&0008"
    path: str = "PCIROOT(0)#PCI(0100)#PCI(0000)"
    device_class: str = "SCSIAdapter"
    problem: str | int = "CM_PROB_NONE"
    dismounted: bool = False
    machine: str = ""
    interrupts: tuple[int, ...] = (MESSAGE_INTERRUPT,)
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def node(self):
        return f"{'PCIP' if self.dismounted else 'PCI'}\\{self.rest}"

    @property
    def data(self):
        return {
            "location_paths": [f"ACPI({self.path})", self.path], "location_info": "PCI bus 1, device 0, function 0", "address": 0,
            "device_type": 2, "base_class": 1, "acs": 3, "reserved_memory": False, **self.properties,
        }

    @property
    def rows(self):
        own = {"InstanceId": f"PCI\\{self.rest}", "Class": self.device_class, "ConfigManagerErrorCode": self.problem, "Present": True}
        if not self.dismounted:
            return [own]
        taken = {"InstanceId": self.node, "Class": "System", "ConfigManagerErrorCode": "CM_PROB_NONE", "Present": True}
        return [{**own, "ConfigManagerErrorCode": "CM_PROB_PHANTOM", "Present": False}, taken]


NVME = Card()
GPU_PATH = "PCIROOT(40)#PCI(0200)#PCI(0000)"


def gpu(**changes):
    location = {"location_info": "PCI bus 65, device 0, function 0"}
    properties = {**location, **changes.pop("properties", {})}
    return Card(rest="VEN_10DE&DEV_1DB6&SUBSYS_124A10DE&REV_A1\\4&3687&0&0010", path=GPU_PATH, device_class="Display",
                properties=properties, **changes)


def host(*cards, iov=True, reasons=(), errors=None):
    rows = {
        "host": [{"IovSupport": iov, "IovSupportReasons": list(reasons)}],
        "dismounted": [{"InstanceID": card.node, "LocationPath": card.path} for card in cards if card.dismounted and not card.machine],
        "machines": [],
        "assigned": [{"LocationPath": card.path, "VMName": card.machine} for card in cards if card.machine],
        "devices": [row for card in cards for row in card.rows],
        "resources": [
            {"Dependent.DeviceID": card.node, "Antecedent.IRQNumber": number} for card in cards for number in (*card.interrupts, None)
        ],
        **{key: [{"DeviceID": card.node.lower(), "Data": card.data[key]} for card in cards] for key in KEYS},
    }
    empty = [*([] if rows["assigned"] else ["assigned"]), *([] if cards else KEYS)]
    failing = {**dict.fromkeys(empty, NO_OBJECT), **(errors or {})}
    answers = {name: Answer(name, tuple(output)) for name, output in rows.items() if name not in failing}
    return Answers({**answers, **{name: Answer(name, error=error) for name, error in failing.items()}})


def selector(**given):
    return {**dict.fromkeys(("location_path", "instance_id", "vendor_id", "product_id", "class", "count")), **given}


ALL_NVME = selector(vendor_id="8086", product_id="0953")
THE_GPU = selector(location_path=GPU_PATH)


def options(*selectors, state="present", force=False):
    return {"devices": list(selectors), "state": state, "force": force}


def planned(answers, *selectors, **more):
    return RESOURCE.plan(options(*selectors, **more), answers)


def take(card, number=1, **force):
    return (
        Cmdlet(f"disable_{number}", "Disable-PnpDevice", {"InstanceId": card.node, "Confirm": False}),
        Cmdlet(f"off_{number}", "Get-PnpDevice", {"InstanceId": card.node}, ("ConfigManagerErrorCode",),
               {"ConfigManagerErrorCode": "CM_PROB_DISABLED"}, SETTLED),
        Cmdlet(f"dismount_{number}", "Dismount-VMHostAssignableDevice", {"LocationPath": card.path, "Confirm": False, **force}),
    )


def give_back(card, number=1):
    own = f"PCI\\{card.rest}"
    return (
        Cmdlet(f"mount_{number}", "Mount-VMHostAssignableDevice", {"LocationPath": card.path, "Confirm": False}),
        Cmdlet(f"back_{number}", "Get-PnpDevice", {"InstanceId": own}, ("Present",), {"Present": True}, SETTLED),
        Cmdlet(f"enable_{number}", "Enable-PnpDevice", {"InstanceId": own, "Confirm": False}),
    )


# Reading

def test_reads_the_selected_devices_and_their_properties():
    present = Ref("devices", where={"Present": True}, property="InstanceId")

    def key(call, name):
        return Cmdlet(call, "Get-PnpDeviceProperty", {"InstanceId": present, "KeyName": [name]}, ("DeviceID", "Data?"))

    pci = "{3AB22E31-8264-4b4e-9AF5-A8D2D8E33E62}"
    assert RESOURCE.read(options(ALL_NVME)) == [
        Cmdlet("host", "Get-VMHost", properties=("IovSupport", "IovSupportReasons")),
        Cmdlet("dismounted", "Get-VMHostAssignableDevice", properties=("InstanceID", "LocationPath")),
        Cmdlet("machines", "Get-VM"),
        Cmdlet("assigned", "Get-VMAssignableDevice", {"VM": Ref("machines")}, ("LocationPath", "VMName")),
        Cmdlet("devices", "Get-PnpDevice", {"InstanceId": ["PCI\\VEN_8086&DEV_0953&*", "PCIP\\VEN_8086&DEV_0953&*"]},
               ("InstanceId", "Class", "ConfigManagerErrorCode", "Present")),
        key("location_paths", "DEVPKEY_Device_LocationPaths"),
        key("location_info", "DEVPKEY_Device_LocationInfo"),
        key("address", "DEVPKEY_Device_Address"),
        key("device_type", f"{pci}  1"),
        key("base_class", f"{pci}  3"),
        key("acs", f"{pci}  31"),
        key("reserved_memory", f"{pci}  34"),
        Cmdlet("resources", "Get-CimInstance", {"ClassName": "Win32_PnPAllocatedResource"},
               ("Dependent.DeviceID", "Antecedent.IRQNumber?")),
    ]


def test_mounting_back_needs_no_interrupts():
    assert "resources" not in [call.id for call in RESOURCE.read(options(ALL_NVME, state="absent"))]


@pytest.mark.parametrize(("selectors", "patterns"), [
    ([selector(vendor_id="10de")], ["PCI\\VEN_10DE&*", "PCIP\\VEN_10DE&*"]),
    ([selector(instance_id="PCI\\VEN_1&DEV_2\\3")], ["PCI\\VEN_1&DEV_2\\3*", "PCIP\\VEN_1&DEV_2\\3*"]),
    ([ALL_NVME, selector(vendor_id="8086", product_id="0953", location_path=GPU_PATH)],
     ["PCI\\VEN_8086&DEV_0953&*", "PCIP\\VEN_8086&DEV_0953&*"]),
    ([ALL_NVME, THE_GPU], ["PCI\\*", "PCIP\\*"]),
    ([selector(**{"class": "Display"})], ["PCI\\*", "PCIP\\*"]),
    ([], ["PCIP\\*"]),
])
def test_reads_no_more_devices_than_the_selectors_can_mean(selectors, patterns):
    devices = RESOURCE.read(options(*selectors))[4]
    assert isinstance(devices, Cmdlet)
    assert devices.parameters == {"InstanceId": patterns}


# Taking devices

@pytest.mark.parametrize("given", [
    {"location_path": GPU_PATH.lower()},
    {"instance_id": "PCI\\VEN_10DE&DEV_1DB6&SUBSYS_124A10DE&REV_A1\\4&3687&0&0010"},
    {"vendor_id": "10de", "product_id": "1db6"},
    {"vendor_id": "10DE", "class": "Display", "count": 1},
    {"class": "display"},
])
def test_each_selector_finds_the_device_before_and_after_it_was_dismounted(given):
    before = planned(host(gpu(), NVME), selector(**given))
    assert before.differences == (Difference(f"devices.{GPU_PATH}", "mounted", "dismounted"),)
    assert before.calls == take(gpu())
    assert (before.refusals, before.blockers, before.reboot) == ((), (), ())
    after = planned(host(gpu(dismounted=True), NVME), selector(**given))
    assert (after.differences, after.calls, after.refusals) == ((), (), ())
    assert [device["condition"] for device in after.state["devices"]] == ["dismounted"]


def test_every_device_that_matches_is_taken_once_in_the_order_of_location_paths():
    second = Card(rest=NVME.rest.replace("0008", "0010"), path="PCIROOT(0)#PCI(0200)#PCI(0000)")
    plan = planned(host(second, NVME), ALL_NVME, selector(location_path=second.path))
    assert plan.calls == (*take(NVME), *take(second, 2))
    assert [difference.path for difference in plan.differences] == [f"devices.{NVME.path}", f"devices.{second.path}"]


def test_a_device_that_is_off_already_is_only_dismounted():
    plan = planned(host(Card(problem="CM_PROB_DISABLED", interrupts=())), ALL_NVME)
    assert plan.differences == (Difference(f"devices.{NVME.path}", "disabled", "dismounted"),)
    assert plan.calls == take(NVME)[2:]
    assert plan.warnings == (f"{NVME.path}: its interrupts cannot be checked while it is disabled",)


def test_force_is_passed_on():
    assert planned(host(NVME), ALL_NVME, force=True).calls == take(NVME, Force=True)


def test_a_device_of_a_virtual_machine_is_dismounted():
    plan = planned(host(gpu(dismounted=True, machine="ml01")), THE_GPU)
    assert (plan.differences, plan.calls, plan.refusals) == ((), (), ())
    assert plan.state["devices"][0]["assigned_to"] == "ml01"


@pytest.mark.parametrize("problem", ["CM_PROB_NEED_RESTART", 14])
def test_a_device_in_use_waits_for_the_restart(problem):
    plan = planned(host(gpu(problem=problem)), THE_GPU)
    assert (plan.differences, plan.calls) == ((), ())
    assert plan.reboot == (
        f"{GPU_PATH} ({gpu().node}) is in use and can be dismounted only after a restart of the host, by running this again",
    )


def test_the_location_path_of_a_dismounted_device_may_come_from_hyper_v_alone():
    plan = planned(host(gpu(dismounted=True, properties={"location_paths": None})), THE_GPU)
    assert plan.differences == ()
    assert plan.state["devices"][0]["location_path"] == GPU_PATH


# The survey

@pytest.mark.parametrize(("properties", "rule"), [
    ({"reserved_memory": True}, "reserved memory: the firmware requires that it stays attached to memory of its own"),
    ({"reserved_memory": None},
     "reserved memory: the firmware does not say whether it needs memory of its own (RequiresReservedMemoryRegion is empty)"),
    ({"acs": 0}, "access control services: its traffic may be redirected to other devices (force overrides this)"),
    ({"device_type": 5}, "device type: the firmware has kept control of PCI Express for it"),
    ({"device_type": 3, "base_class": 2}, "device type: a legacy PCI Express endpoint that is not a display controller"),
    ({"device_type": 8}, "device type: an old-style PCI device, a bridge or a switch port (type 8)"),
    ({"device_type": 0}, "device type: an old-style PCI device, a bridge or a switch port (type 0)"),
    ({"location_paths": ["ACPI(_SB_)"]}, "it has no location path that starts with PCIROOT("),
])
def test_each_rule_that_a_device_fails_is_a_refusal(properties, rule):
    plan = planned(host(Card(properties=properties)), ALL_NVME)
    path = "no location path" if "location_paths" in properties else NVME.path
    assert plan.refusals == (f"{path} ({NVME.node}) is not assignable: {rule}",)
    assert (plan.differences, plan.calls) == ((), ())


def test_only_line_based_interrupts_are_a_refusal():
    plan = planned(host(Card(interrupts=(LINE_INTERRUPT, LINE_INTERRUPT + 1))), ALL_NVME)
    assert plan.refusals == (f"{NVME.path} ({NVME.node}) is not assignable: interrupts: all of its interrupts are line-based",)


@pytest.mark.parametrize("changes", [
    {"interrupts": ()},
    {"interrupts": (LINE_INTERRUPT, MESSAGE_INTERRUPT)},
    {"properties": {"device_type": 4}},
    {"properties": {"device_type": 3, "base_class": 3}},
    {"properties": {"acs": 1}},
    {"properties": {"acs": None}},
    {"properties": {"reserved_memory": 0}},
    {"properties": {"location_paths": NVME.path}},
])
def test_what_the_survey_calls_assignable(changes):
    plan = planned(host(Card(**changes)), ALL_NVME)
    assert (plan.refusals, plan.calls) == ((), take(NVME))


def test_force_overrides_access_control_only():
    card = Card(properties={"acs": 0, "reserved_memory": True})
    assert len(planned(host(card), ALL_NVME).refusals) == 2
    assert planned(host(card), ALL_NVME, force=True).refusals == (
        f"{NVME.path} ({NVME.node}) is not assignable: reserved memory: the firmware requires that it stays attached to memory of its own",
    )


def test_a_dismounted_device_is_not_surveyed_again():
    assert planned(host(gpu(dismounted=True, properties={"reserved_memory": None, "acs": 0}), iov=False), THE_GPU).refusals == ()


def test_a_host_that_cannot_assign_devices():
    plan = planned(host(NVME, iov=False, reasons=["The firmware keeps PCI Express.", "No IOMMU."]), ALL_NVME)
    assert plan.refusals == (
        "this host cannot give devices to virtual machines (IovSupport is false): The firmware keeps PCI Express. No IOMMU.",
    )


# Giving them back

def test_absent_mounts_and_enables():
    plan = planned(host(gpu(dismounted=True), iov=False), THE_GPU, state="absent")
    assert plan.differences == (Difference(f"devices.{GPU_PATH}", "dismounted", "mounted"),)
    assert plan.calls == give_back(gpu())
    assert plan.warnings == ()


def test_absent_finishes_what_a_broken_run_began():
    plan = planned(host(gpu(problem=22)), THE_GPU, state="absent")
    assert plan.differences == (Difference(f"devices.{GPU_PATH}", "disabled", "mounted"),)
    assert plan.calls == give_back(gpu())[2:]


def test_absent_leaves_a_device_of_the_host_alone():
    plan = planned(host(gpu()), THE_GPU, state="absent")
    assert (plan.differences, plan.calls) == ((), ())


def test_a_device_of_a_virtual_machine_is_not_taken_away_from_it():
    plan = planned(host(gpu(dismounted=True, machine="ml01")), THE_GPU, state="absent")
    assert plan.refusals == (
        f"{GPU_PATH} ({gpu(dismounted=True).node}) is assigned to the virtual machine 'ml01'; take it from there first",
    )
    assert plan.calls == ()


# Selectors

@pytest.mark.parametrize(("given", "refusal"), [
    ({"location_path": "PCIROOT(9)#PCI(0000)"}, "devices[0] (location_path PCIROOT(9)#PCI(0000)) matches no PCI device of this host"),
    ({"vendor_id": "15b3"}, "devices[0] (vendor_id 15b3) matches no PCI device of this host"),
    ({"vendor_id": "8086", "class": "Net"}, "devices[0] (vendor_id 8086, class Net) matches no PCI device of this host"),
    ({"vendor_id": "8086", "count": 2}, "devices[0] (vendor_id 8086) matches 1 devices, expected 2"),
])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_selector_that_does_not_match_as_expected(given, refusal, state):
    plan = planned(host(NVME), selector(**given), state=state)
    assert plan.refusals == (refusal,)
    assert plan.calls == ()


def test_a_host_without_any_such_device():
    assert planned(host(), ALL_NVME).refusals == ("devices[0] (vendor_id 8086, product_id 0953) matches no PCI device of this host",)


@pytest.mark.parametrize(("given", "refusal"), [
    ({}, "devices[0] selects nothing; give one or more of location_path, instance_id, vendor_id, product_id, class"),
    ({"count": 1}, "devices[0] selects nothing; give one or more of location_path, instance_id, vendor_id, product_id, class"),
    ({"product_id": "1db6"}, "devices[0].product_id is '1db6' without a vendor_id"),
    ({"vendor_id": "0x10de"}, "devices[0].vendor_id is '0x10de'; allowed is four hexadecimal digits"),
    ({"vendor_id": "10de", "product_id": "*"}, "devices[0].product_id is '*'; allowed is four hexadecimal digits"),
    ({"location_path": "ACPI(_SB_)"},
     "devices[0].location_path is 'ACPI(_SB_)'; allowed is a path such as PCIROOT(40)#PCI(0200)#PCI(0000)"),
    ({"instance_id": "USB\\VID_1"}, "devices[0].instance_id is 'USB\\VID_1'; allowed is an id of Plug and Play that starts with PCI\\"),
    ({"vendor_id": "10de", "count": 0}, "devices[0].count is 0; allowed is 1 and more"),
])
def test_malformed_selectors(given, refusal):
    plan = planned(host(NVME), selector(**given))
    assert plan.refusals == (refusal,)
    assert (plan.differences, plan.calls, plan.state) == ((), (), {"devices": []})


def test_no_selector_is_no_wish():
    plan = planned(host(gpu(dismounted=True)))
    assert (plan.differences, plan.calls, plan.refusals, plan.state) == ((), (), (), {"devices": []})


# What nova sees. Expected addresses: "%04x:%02x:%02x.%1x" % (device, bus, DEVPKEY_Device_Address, function), from os-win's hostutils10.

def view(**changes):
    card = Card(**changes)
    return planned(host(card), selector(location_path=card.path)).state["devices"][0]


def test_digits_only_match_by_ids():
    seen = view(properties={"location_info": "PCI bus 10, device 0, function 1", "address": 1})
    assert (seen["vendor_id"], seen["product_id"], seen["address"]) == ("8086", "0953", "0000:0a:01.1")
    assert seen["device_spec"] == {"vendor_id": "8086", "product_id": "0953"}
    assert seen["warnings"] == []


def test_letters_match_by_address_only():
    plan = planned(host(gpu(dismounted=True)), THE_GPU)
    seen = plan.state["devices"][0]
    warning = (
        "nova never matches it by vendor_id and product_id: it compares them in lower case with 10DE and 1DB6, as os-win reports them;"
        " use its address 0000:41:00.0"
    )
    assert (seen["vendor_id"], seen["product_id"], seen["address"]) == ("10DE", "1DB6", "0000:41:00.0")
    assert seen["device_spec"] == {"address": "0000:41:00.0"}
    assert seen["warnings"] == [warning]
    assert plan.warnings == (f"{GPU_PATH}: {warning}",)


@pytest.mark.parametrize(("changes", "address", "warning"), [
    ({"properties": {"location_info": "PCI Slot 4 (PCI bus 4, device 0, function 0)"}}, None,
     "its location text 'PCI Slot 4 (PCI bus 4, device 0, function 0)' has 4 numbers instead of 3, so os-win does not report it to nova"),
    ({"properties": {"location_info": None}}, None,
     "its location text '' has 0 numbers instead of 3, so os-win does not report it to nova"),
    ({"properties": {"address": None}}, None, "it has no DEVPKEY_Device_Address, so os-win does not report it to nova"),
    ({"properties": {"location_info": "PCI bus 2, device 3, function 0", "address": 3 << 16}}, "0003:02:30000.0",
     "nova refuses the address 0003:02:30000.0 that os-win computes for it"),
    ({"rest": "VEN_8086&DEV_0953\\4&1"}, None,
     "its instance id has no VEN_, DEV_ and SUBSYS_ in a row, so os-win does not report it to nova"),
])
def test_devices_that_nova_can_never_use(changes, address, warning):
    seen = view(**changes)
    assert (seen["address"], seen["device_spec"], seen["warnings"]) == (address, None, [warning])


# Hosts that are not ready

@pytest.mark.parametrize("error", [NO_COMMAND, NOT_READY])
def test_without_hyper_v_it_says_what_would_change(error):
    errors = dict.fromkeys(("host", "dismounted", "machines", "assigned"), error)
    plan = planned(host(NVME, errors=errors), ALL_NVME)
    assert plan.differences == (Difference(f"devices.{NVME.path}", "mounted", "dismounted"),)
    assert plan.blockers == (f"the Hyper-V role is not in effect on this host [{error.id}]",)
    assert (plan.calls, plan.refusals) == ((), ())


@pytest.mark.parametrize("call", ["dismounted", "assigned", "devices", "location_paths", "resources"])
def test_any_other_error_is_raised(call):
    with pytest.raises(CallFailed, match=f"call '{call}' failed: access is denied"):
        planned(host(NVME, errors={call: CmdletError("AccessDenied,X", "access is denied")}), ALL_NVME)


@pytest.mark.parametrize(("error", "text"), [
    ("ConditionNotMet", "The device is in use and is switched off only when the host restarts. Restart the host, and run this again."),
    ("OperationFailed,Microsoft.HyperV.PowerShell.Commands.DismountVMHostAssignableDevice",
     "The device stays disabled. Windows asks for force where the vendor has no driver that secures the device; other causes are a firmware"
     " that keeps control of PCI Express, and a virtualization driver (pcip.sys) that does not load."),
    ("AccessDenied,X", ""),
])
def test_explains_failed_calls(error, text):
    assert RESOURCE.explain(CmdletError(error, "no")) == text

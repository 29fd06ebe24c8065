# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The oracle is docs/resources/mpio.md: what is read, which calls close a difference, and when a LUN seen twice is critical."""
from __future__ import annotations

from itertools import chain

import pytest
from ansible_collections.winstack.hyperv.plugins.module_utils.answers import Answer, Answers, CallFailed, CmdletError
from ansible_collections.winstack.hyperv.plugins.module_utils.calls import Cmdlet
from ansible_collections.winstack.hyperv.plugins.module_utils.plans import Difference
from ansible_collections.winstack.hyperv.plugins.module_utils.resources.mpio import RESOURCE

BOOT = "2026-11-20T08:00:00.5000000Z"
BEFORE = "2026-11-01T08:00:00.5000000Z"
NO_SERVICE = CmdletError("NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand", "no such service")
NO_KEY = CmdletError("PathNotFound,Microsoft.PowerShell.Commands.GetItemPropertyCommand", "no such key")
NO_COMMAND = CmdletError("CommandNotFoundException,Microsoft.PowerShell.Commands.GetCommandCommand", "no such command")
NO_CLASS = CmdletError("HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand", "Invalid class")
DENIED = CmdletError("AccessDenied,X", "access is denied")

# 8 and 16 characters, as the registry holds them.
PLACEHOLDER = "Vendor 8Product 16      "
ISCSI = "MSFT2005iSCSIBusType_0x9"
FC = "MSFT2015FCBusType_0x6   "
PURE = "PURE    FlashArray      "

FRESH_LIST = ({"VendorId": "Vendor 8", "ProductId": "Product 16"},)
NOTHING = {
    "automatic_claim": None, "hardware": None, "hardware_state": "present", "load_balance_policy": None, "timers": None,
}
DEFAULT_TIMERS = {
    "path_verification": False, "path_verification_period": 30, "pdo_remove_period": 20, "retry_count": 3, "retry_interval": 1,
    "disk_timeout": 60, "custom_path_recovery": False, "path_recovery_interval": 40,
}
# The driver's defaults stand in mpio's key; a fresh msdsm key has none of them.
MPIO_KEY = {
    "PathVerifyEnabled": 0, "PathVerificationPeriod": 30, "PDORemovePeriod": 20, "RetryCount": 3, "RetryInterval": 1,
    "UseCustomPathRecoveryInterval": 0, "PathRecoveryInterval": 40,
}
MSDSM_KEY = {
    "PathVerifyEnabled": None, "PathVerificationPeriod": None, "PDORemovePeriod": None, "RetryCount": None, "RetryInterval": None,
}
LEAVE_NOTE = (
    Cmdlet("note_key", "New-Item", {"Path": "HKLM:\\SOFTWARE\\winstack.hyperv\\mpio", "Force": True}),
    Cmdlet("note_value", "New-ItemProperty", {
        "LiteralPath": "HKLM:\\SOFTWARE\\winstack.hyperv\\mpio", "Name": "ChangedAfterStart", "Value": BOOT, "PropertyType": "String",
    }),
)
RESTART = ("MPIO was changed since the host was last started; claims and timers take effect when it starts",)


def disk(number, *, path="\\\\?\\scsi#disk&ven_pure", unique="naa.1", kind=3, serial="S1", model="FlashArray", clustered=False):
    return {
        "Number": number, "Path": path, "UniqueId": unique, "UniqueIdFormat": kind, "SerialNumber": serial, "Size": 10 * 2**30,
        "Manufacturer": "PURE    ", "Model": model, "IsClustered": clustered,
    }


def under_mpio(number, **properties):
    return disk(number, path="\\\\?\\mpio#disk&ven_pure#1&7f6ac24", **properties)


def host(
    *, claim=(False, False), hardware=FRESH_LIST, policy="None", dsm=(PLACEHOLDER,), port=(PLACEHOLDER,), msdsm_key=None, mpio_key=None,
    disk_key=None, fc=(), iscsi=(), sas=(), redundant=(), vendor_specific=(), cluster=None, note=None, errors=None,
):
    """A host on which MPIO is in effect and nothing is claimed, but for what the arguments change."""
    outputs = {
        "driver": ({"Status": "Running"},),
        "msdsm": ({"LoadBalancePolicy": 0},),
        "claim": ({"SAS": claim[1], "iSCSI": claim[0]},),
        "hardware": tuple(hardware),
        "policy": ({"$value": policy},),
        "msdsm_key": ({**MSDSM_KEY, **(msdsm_key or {}), "DsmSupportedDeviceList": list(dsm)},),
        "mpio_key": ({**MPIO_KEY, **(mpio_key or {})},),
        "disk_key": ({"TimeOutValue": 60, **(disk_key or {})},),
        "port_key": ({"MPIOSupportedDeviceList": list(port)},),
        "disks_fc": tuple(fc),
        "disks_iscsi": tuple(iscsi),
        "disks_sas": tuple(sas),
        "redundant": tuple({"Number": number} for number in redundant),
        "vendor_specific": tuple({"Number": number} for number in vendor_specific),
        "cluster": ({"Status": cluster},),
        "system": ({"LastBootUpTime": BOOT},),
        "note": ({"ChangedAfterStart": note},),
    }
    failing = {**({} if cluster else {"cluster": NO_SERVICE}), **({} if note else {"note": NO_KEY}), **(errors or {})}
    answers = {name: Answer(name, rows) for name, rows in outputs.items() if name not in failing}
    return Answers({**answers, **{name: Answer(name, error=error) for name, error in failing.items()}})


def without_feature(**changes):
    cmdlets = dict.fromkeys(("claim", "hardware", "policy"), NO_COMMAND)
    keys = dict.fromkeys(("msdsm_key", "mpio_key", "port_key"), NO_KEY)
    return host(errors={"driver": NO_SERVICE, "msdsm": NO_CLASS, **cmdlets, **keys}, **changes)


def planned(answers, **options):
    return RESOURCE.plan({**NOTHING, **options}, answers)


def pairs(*names):
    return [dict(zip(("vendor_id", "product_id"), name.split("/"), strict=True)) for name in names]


def listed(*names):
    return FRESH_LIST + tuple({"VendorId": pair["vendor_id"], "ProductId": pair["product_id"]} for pair in pairs(*names))


def findings(plan):
    return [(finding.name, finding.severity, finding.target) for finding in plan.findings]


def test_reads_without_localised_text_and_without_changing_anything():
    wanted = ("Number", "Path", "UniqueId", "UniqueIdFormat", "SerialNumber", "Size", "Manufacturer", "Model", "IsClustered")
    services = "HKLM:\\SYSTEM\\CurrentControlSet\\Services"
    timers = ("PathVerifyEnabled?", "PathVerificationPeriod?", "PDORemovePeriod?", "RetryCount?", "RetryInterval?")

    def cim(call, namespace, name, properties, **condition):
        return Cmdlet(call, "Get-CimInstance", {"Namespace": namespace, "ClassName": name, **condition}, properties)

    def disks(call, condition, properties=wanted):
        return cim(call, "root/microsoft/windows/storage", "MSFT_Disk", properties, Filter=condition)

    def key(call, path, *properties):
        return Cmdlet(call, "Get-ItemProperty", {"LiteralPath": path}, properties)

    assert RESOURCE.read(NOTHING) == [
        Cmdlet("driver", "Get-Service", {"Name": "mpio"}, ("Status",)),
        cim("msdsm", "root/wmi", "MSDSM_DEFAULT_LOAD_BALANCE_POLICY", ("LoadBalancePolicy",)),
        Cmdlet("claim", "Get-MSDSMAutomaticClaimSettings", properties=("iSCSI", "SAS")),
        Cmdlet("hardware", "Get-MSDSMSupportedHW", properties=("VendorId", "ProductId")),
        Cmdlet("policy", "Get-MSDSMGlobalDefaultLoadBalancePolicy", properties=("$value",)),
        key("msdsm_key", f"{services}\\msdsm\\Parameters", *timers, "DsmSupportedDeviceList?"),
        key("mpio_key", f"{services}\\mpio\\Parameters", *timers, "UseCustomPathRecoveryInterval?", "PathRecoveryInterval?"),
        key("disk_key", f"{services}\\Disk", "TimeOutValue?"),
        key("port_key", "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\MPDEV", "MPIOSupportedDeviceList?"),
        disks("disks_fc", "BusType=6"),
        disks("disks_iscsi", "BusType=9"),
        disks("disks_sas", "BusType=10"),
        disks("redundant", "OfflineReason=2", ("Number",)),
        disks("vendor_specific", "UniqueIdFormat=0", ("Number",)),
        Cmdlet("cluster", "Get-Service", {"Name": "ClusSvc"}, ("Status",)),
        cim("system", "root/cimv2", "Win32_OperatingSystem", ("LastBootUpTime",)),
        key("note", "HKLM:\\SOFTWARE\\winstack.hyperv\\mpio", "ChangedAfterStart?"),
    ]


def test_as_wanted():
    plan = planned(
        host(claim=(True, False), policy="RR", hardware=listed("PURE/FlashArray"), dsm=[PLACEHOLDER, ISCSI], port=[PLACEHOLDER, ISCSI],
             iscsi=[under_mpio(2)]),
        automatic_claim={"iscsi": True, "sas": False}, hardware=pairs("PURE/FlashArray"), load_balance_policy="RR", timers=DEFAULT_TIMERS,
    )
    assert (plan.differences, plan.calls, plan.findings, plan.warnings) == ((), (), (), ())
    assert (plan.refusals, plan.blockers, plan.reboot) == ((), (), ())
    assert plan.state == {
        "in_effect": True,
        "automatic_claim": {"iscsi": True, "sas": False},
        "hardware": pairs("PURE/FlashArray"),
        "load_balance_policy": "RR",
        "timers": DEFAULT_TIMERS,
        "claimed": pairs("MSFT2005/iSCSIBusType_0x9"),
        "disks": [{"number": 2, "bus": "iscsi", "under_mpio": True, "serial_number": "S1"}],
    }


@pytest.mark.parametrize(("bus", "name"), [("iscsi", "iSCSI"), ("sas", "SAS")])
@pytest.mark.parametrize(("wanted", "verb"), [(True, "Enable"), (False, "Disable")])
def test_automatic_claim(bus, name, wanted, verb):
    claims = {"iscsi": None, "sas": None, bus: wanted}
    plan = planned(host(claim=(not wanted, not wanted)), automatic_claim=claims)
    assert plan.differences == (Difference(f"automatic_claim.{bus}", not wanted, wanted),)
    assert plan.calls == (*LEAVE_NOTE, Cmdlet(f"claim_{bus}", f"{verb}-MSDSMAutomaticClaim", {"BusType": name, "Confirm": False}))
    assert plan.reboot == RESTART


def test_automatic_claim_may_answer_with_the_names_of_booleans():
    assert planned(host(claim=("True", "False"))).state["automatic_claim"] == {"iscsi": True, "sas": False}


def test_adds_missing_hardware_only():
    plan = planned(host(hardware=listed("PURE/FlashArray")), hardware=pairs("PURE/FlashArray", "NETAPP/LUN C-Mode", "DGC/VRAID"))
    assert plan.differences == (
        Difference("hardware", pairs("PURE/FlashArray"), pairs("DGC/VRAID", "NETAPP/LUN C-Mode", "PURE/FlashArray")),
    )
    assert plan.calls == (
        *LEAVE_NOTE,
        Cmdlet("add_1", "New-MSDSMSupportedHW", {"VendorId": "DGC", "ProductId": "VRAID"}),
        Cmdlet("add_2", "New-MSDSMSupportedHW", {"VendorId": "NETAPP", "ProductId": "LUN C-Mode"}),
    )
    assert plan.reboot == RESTART


def test_removes_the_hardware_that_is_listed():
    answers = host(hardware=listed("PURE/FlashArray", "DGC/VRAID"))
    plan = planned(answers, hardware=pairs("PURE/FlashArray", "IBM/2145"), hardware_state="absent")
    assert plan.differences == (Difference("hardware", pairs("DGC/VRAID", "PURE/FlashArray"), pairs("DGC/VRAID")),)
    assert plan.calls == (*LEAVE_NOTE, Cmdlet("remove_1", "Remove-MSDSMSupportedHW", {"VendorId": "PURE", "ProductId": "FlashArray"}))


def test_exact_hardware_spares_whole_buses_and_the_placeholder():
    buses = listed("MSFT2005/iSCSIBusType_0x9", "MSFT2011/SASBusType_0xA", "MSFT2015/FCBusType_0x6", "IBM/2145")
    plan = planned(host(hardware=buses), hardware=pairs("DGC/VRAID"), hardware_state="exact")
    assert plan.differences == (
        Difference("hardware", pairs("IBM/2145", "MSFT2015/FCBusType_0x6"), pairs("DGC/VRAID", "MSFT2015/FCBusType_0x6")),
    )
    assert plan.calls == (
        *LEAVE_NOTE,
        Cmdlet("add_1", "New-MSDSMSupportedHW", {"VendorId": "DGC", "ProductId": "VRAID"}),
        Cmdlet("remove_1", "Remove-MSDSMSupportedHW", {"VendorId": "IBM", "ProductId": "2145"}),
    )
    assert planned(host(hardware=buses[:-1]), hardware=[], hardware_state="exact").differences == ()


def test_all_of_fibre_channel_goes_only_when_it_is_named():
    plan = planned(host(hardware=listed("MSFT2015/FCBusType_0x6")), hardware=pairs("MSFT2015/FCBusType_0x6"), hardware_state="absent")
    assert plan.calls[2:] == (Cmdlet("remove_1", "Remove-MSDSMSupportedHW", {"VendorId": "MSFT2015", "ProductId": "FCBusType_0x6"}),)


def test_padding_makes_no_difference():
    plan = planned(host(hardware=listed("PURE/FlashArray")), hardware=[{"vendor_id": "PURE    ", "product_id": "FlashArray  "}])
    assert plan.differences == ()


@pytest.mark.parametrize(("pair", "refusal"), [
    ("TOOLONGID/Array", "hardware[0].vendor_id is 'TOOLONGID'; allowed are 1 to 8 printable ASCII characters"),
    ("PURE/ABCDEFGHIJKLMNOPQ", "hardware[0].product_id is 'ABCDEFGHIJKLMNOPQ'; allowed are 1 to 16 printable ASCII characters"),
    (" /Array", "hardware[0].vendor_id is ''; allowed are 1 to 8 printable ASCII characters"),
    ("Größe/Array", "hardware[0].vendor_id is 'Größe'; allowed are 1 to 8 printable ASCII characters"),
    ("Vendor 8/Product 16", "hardware[0] is 'Vendor 8/Product 16', Windows' placeholder, which stands for no device"),
    ("MSFT2005/iSCSIBusType_0x9",
     "hardware[0] is 'MSFT2005/iSCSIBusType_0x9', which stands for a whole bus; use automatic_claim.iscsi instead"),
    ("MSFT2011/SASBusType_0xA", "hardware[0] is 'MSFT2011/SASBusType_0xA', which stands for a whole bus; use automatic_claim.sas instead"),
])
def test_hardware_that_cannot_be(pair, refusal):
    plan = planned(host(), hardware=pairs(pair))
    assert plan.refusals == (refusal,)
    assert (plan.differences, plan.calls) == ((), ())


def test_load_balance_policy_needs_no_restart():
    plan = planned(host(policy="FOO"), load_balance_policy="LQD")
    assert plan.differences == (Difference("load_balance_policy", "FOO", "LQD"),)
    assert plan.calls == (Cmdlet("balance", "Set-MSDSMGlobalDefaultLoadBalancePolicy", {"Policy": "LQD"}),)
    assert (plan.reboot, plan.warnings) == ((), ())


def test_names_the_disks_that_keep_their_policy():
    plan = planned(host(iscsi=[under_mpio(3), under_mpio(2, unique="naa.2")]), load_balance_policy="RR")
    assert plan.warnings == ("The default load-balance policy is for disks that MPIO claims from now on, not for disks 2, 3.",)


@pytest.mark.parametrize(("option", "wanted", "before", "parameter", "value"), [
    ("path_verification", True, False, "NewPathVerificationState", "Enabled"),
    ("path_verification_period", 10, 30, "NewPathVerificationPeriod", 10),
    ("pdo_remove_period", 80, 20, "NewPDORemovePeriod", 80),
    ("retry_count", 6, 3, "NewRetryCount", 6),
    ("retry_interval", 2, 1, "NewRetryInterval", 2),
    ("disk_timeout", 30, 60, "NewDiskTimeout", 30),
    ("custom_path_recovery", True, False, "CustomPathRecovery", "Enabled"),
    ("path_recovery_interval", 20, 40, "NewPathRecoveryInterval", 20),
])
def test_each_timer(option, wanted, before, parameter, value):
    plan = planned(host(), timers={**dict.fromkeys(DEFAULT_TIMERS), option: wanted})
    assert plan.differences == (Difference(f"timers.{option}", before, wanted),)
    assert plan.calls == (*LEAVE_NOTE, Cmdlet("timers", "Set-MPIOSetting", {parameter: value}))
    assert plan.reboot == RESTART


def test_msdsm_s_own_timers_come_before_the_driver_s():
    answers = host(msdsm_key={"RetryCount": 9, "PathVerifyEnabled": 1})
    assert planned(answers).state["timers"] == {**DEFAULT_TIMERS, "retry_count": 9, "path_verification": True}
    plan = planned(answers, timers={**DEFAULT_TIMERS, "path_verification": False, "retry_count": 9})
    assert plan.calls[2:] == (Cmdlet("timers", "Set-MPIOSetting", {"NewPathVerificationState": "Disabled"}),)


def test_a_timer_that_stands_nowhere_is_unknown():
    plan = planned(host(disk_key={"TimeOutValue": None}), timers={"disk_timeout": 60})
    assert plan.differences == (Difference("timers.disk_timeout", None, 60),)


@pytest.mark.parametrize("value", [0, -1, 2**31])
def test_numbers_that_set_mpiosetting_would_ignore_or_cannot_take(value):
    plan = planned(host(), timers={"retry_count": value})
    assert plan.refusals == (f"timers.retry_count is {value}; allowed is 1 to 2147483647, because Set-MPIOSetting ignores 0",)
    assert (plan.differences, plan.calls) == ((), ())


def test_the_note_comes_first_and_the_order_is_fixed():
    plan = planned(
        host(), automatic_claim={"iscsi": True, "sas": True}, hardware=pairs("DGC/VRAID"), load_balance_policy="RR",
        timers={"retry_count": 4, "retry_interval": 2},
    )
    assert [call.id for call in plan.calls] == [
        "note_key", "note_value", "claim_iscsi", "claim_sas", "add_1", "timers", "balance",
    ]
    assert plan.calls[5].parameters == {"NewRetryCount": 4, "NewRetryInterval": 2}


def test_a_later_run_still_knows_that_a_restart_is_due():
    plan = planned(host(claim=(True, False), note=BOOT), automatic_claim={"iscsi": True})
    assert (plan.differences, plan.calls) == ((), ())
    assert plan.reboot == RESTART


def test_the_restart_is_forgotten_once_it_happened():
    assert planned(host(claim=(True, False), note=BEFORE), automatic_claim={"iscsi": True}).reboot == ()


@pytest.mark.parametrize(("answers", "blocker"), [
    (without_feature(), "the feature Multipath-IO is not installed on this host"),
    (host(errors={"msdsm": NO_CLASS}),
     f"MPIO is not in effect on this host: MSDSM does not answer until the host is restarted [{NO_CLASS.id}]"),
])
def test_without_mpio_in_effect_it_says_what_would_change(answers, blocker):
    plan = planned(
        answers, automatic_claim={"iscsi": True, "sas": None}, hardware=pairs("DGC/VRAID"), load_balance_policy="RR",
        timers={"retry_count": 3},
    )
    assert plan.differences == (
        Difference("automatic_claim.iscsi", None, True),
        Difference("hardware", None, pairs("DGC/VRAID")),
        Difference("load_balance_policy", None, "RR"),
        Difference("timers.retry_count", None, 3),
    )
    assert (plan.calls, plan.reboot, plan.blockers) == ((), (), (blocker,))
    assert plan.state["in_effect"] is False
    assert plan.state["timers"] is None


def test_a_driver_that_waits_for_the_restart():
    answers = host()
    answers["driver"] = Answer("driver", ({"Status": "Stopped"},))
    assert planned(answers).blockers == ("MPIO is not in effect on this host: its driver 'mpio' is Stopped until the host is restarted",)


@pytest.mark.parametrize("call", ["driver", "claim", "hardware", "policy", "msdsm_key", "port_key", "disks_iscsi", "redundant", "system"])
def test_any_other_error_is_raised(call):
    with pytest.raises(CallFailed, match=f"call '{call}' failed: access is denied"):
        planned(host(note=BOOT, errors={call: DENIED}))


# One LUN seen as several disks

TWO_PATHS = (disk(1), disk(2))
CLAIMED = {"claim": (True, False), "dsm": [PLACEHOLDER, ISCSI], "port": [ISCSI]}


def test_a_repeated_lun_that_mpio_claims_is_critical():
    plan = planned(host(iscsi=TWO_PATHS, **CLAIMED))
    assert findings(plan) == [("lun_seen_several_times", "critical", "disks 1, 2")]
    assert plan.findings[0].found == "one LUN shows up as 2 disks (serial number 'S1')"


@pytest.mark.parametrize("changes", [
    {"claim": (True, False), "dsm": [ISCSI], "port": []},
    {"claim": (True, False), "dsm": [], "port": [ISCSI]},
    {"dsm": [FC], "port": [FC]},
    {**CLAIMED, "note": BOOT},
])
def test_a_repeated_lun_that_a_claim_or_restart_will_join_is_a_warning(changes):
    plan = planned(host(iscsi=TWO_PATHS, **changes))
    assert findings(plan)[0] == ("lun_seen_several_times", "warning", "disks 1, 2")


def test_changing_something_else_does_not_excuse_a_repeated_lun():
    plan = planned(host(iscsi=TWO_PATHS, **CLAIMED), timers={"retry_count": 5})
    assert findings(plan) == [("lun_seen_several_times", "critical", "disks 1, 2")]


def test_a_repeated_lun_without_mpio_is_a_warning():
    assert findings(planned(without_feature(iscsi=TWO_PATHS))) == [("lun_seen_several_times", "warning", "disks 1, 2")]


def test_a_lun_both_under_mpio_and_beside_it_is_repeated():
    plan = planned(host(iscsi=[under_mpio(1), disk(2)], **CLAIMED))
    assert findings(plan) == [("lun_seen_several_times", "critical", "disks 1, 2")]


def test_claims_by_vendor_and_product_count_and_a_product_may_be_a_prefix():
    arrays = [disk(1, model="FlashArray//X70"), disk(2, model="FlashArray//X70")]
    plan = planned(host(fc=arrays, dsm=[PURE], port=[PURE.rstrip()]))
    assert findings(plan) == [("lun_seen_several_times", "critical", "disks 1, 2")]


@pytest.mark.parametrize(("second", "repeated"), [
    ({"unique": "naa.2"}, False),
    ({"kind": 8}, False),
    ({"serial": "other"}, True),
])
def test_luns_are_told_apart_by_unique_id_and_its_format(second, repeated):
    plan = planned(host(iscsi=[disk(1), disk(2, **second)], **CLAIMED))
    assert ("lun_seen_several_times" in [finding.name for finding in plan.findings]) is repeated


@pytest.mark.parametrize(("first", "second", "repeated"), [
    ({}, {}, True),
    ({}, {"serial": " S1 "}, True),
    ({}, {"serial": "S2"}, False),
    ({}, {"model": "other"}, False),
    ({"serial": ""}, {"serial": None}, False),
])
def test_vendor_specific_ids_fall_back_on_serial_size_and_model(first, second, repeated):
    disks = [disk(1, unique="PCI\\1", kind=0, **first), disk(2, unique="PCI\\2", kind=0, **second)]
    plan = planned(host(iscsi=disks, vendor_specific=[1, 2], **CLAIMED))
    assert ("lun_seen_several_times" in [finding.name for finding in plan.findings]) is repeated


def test_disks_without_any_identity_are_not_called_repeated():
    blank = [disk(number, unique=None, serial=None) for number in (1, 2)]
    assert "lun_seen_several_times" not in [name for name, _unused, _unused in findings(planned(host(iscsi=blank)))]


def test_a_path_that_windows_calls_redundant_is_repeated_though_its_twin_is_not_seen():
    plan = planned(host(iscsi=[disk(1), disk(2, unique="naa.2")], redundant=[2], **CLAIMED))
    assert findings(plan)[0] == ("lun_seen_several_times", "critical", "disk 2")
    assert plan.findings[0].found == "Windows calls the disk a redundant path of another one (serial number 'S1')"


def test_the_disks_of_a_cluster_are_not_compared():
    assert findings(planned(host(iscsi=TWO_PATHS, cluster="Running", redundant=[2], **CLAIMED))) == [
        ("lun_seen_several_times", "critical", "disk 2"), ("claim_pending", "warning", "disk 1"),
    ]
    clustered = [disk(1, clustered=True), disk(2, clustered=True)]
    assert "lun_seen_several_times" not in [name for name, _unused, _unused in findings(planned(host(iscsi=clustered, **CLAIMED)))]
    assert findings(planned(host(iscsi=TWO_PATHS, cluster="Stopped", **CLAIMED)))[0][2] == "disks 1, 2"


def test_a_claimed_disk_outside_mpio():
    single = [disk(1)]
    assert findings(planned(host(iscsi=single, **CLAIMED))) == [("claim_pending", "warning", "disk 1")]
    assert findings(planned(host(iscsi=single, note=BOOT, **CLAIMED))) == []
    assert findings(planned(host(sas=single, **CLAIMED))) == []


def test_hardware_in_one_list_only():
    plan = planned(host(dsm=[PLACEHOLDER, PURE, ISCSI], port=[ISCSI]))
    assert findings(plan) == [("claim_incomplete", "warning", "PURE/FlashArray")]


def test_the_remedies_name_what_to_do():
    fc = planned(host(fc=TWO_PATHS)).findings[0].remediation
    iscsi = planned(without_feature(iscsi=TWO_PATHS)).findings[0].remediation
    waiting = planned(host(iscsi=TWO_PATHS, note=BOOT, **CLAIMED)).findings[0].remediation
    assert fc == "Claim the disks through hardware, and restart the host."
    assert iscsi == "Install the feature Multipath-IO, claim the disks through automatic_claim.iscsi or hardware, and restart the host."
    assert waiting == "Restart the host: a claim that was changed just now takes effect then."


def test_every_call_of_the_plan_has_an_id_of_its_own():
    answers = host(hardware=listed("A/1", "B/2"))
    plan = planned(answers, hardware=pairs("C/3", "D/4"), hardware_state="exact", automatic_claim={"iscsi": True, "sas": True})
    ids = [call.id for call in chain(RESOURCE.read(NOTHING), plan.calls)]
    assert len(ids) == len(set(ids))

# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Multipath I/O: what MSDSM claims, how it balances, its timers, and LUNs that show up as several disks."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet
from ..evidence import mpio as second_path
from ..mpio.disks import BUS_WIDE, Disk, Hardware, disks, read_disks, repeated
from ..mpio.registry import claimed, dsm_list, key_values, read_registry, set_timers, timer_differences, timer_refusals, timers
from ..plans import Difference, Finding, Plan

_AUTOMATIC_CLAIM = {"iscsi": "iSCSI", "sas": "SAS"}

# A fresh system lists this made-up pair.
_PLACEHOLDER = Hardware("Vendor 8", "Product 16")
# Listed with the hardware, but not set through it: the whole buses belong to automatic_claim.
_NOT_HARDWARE = frozenset({_PLACEHOLDER, *(BUS_WIDE[bus] for bus in _AUTOMATIC_CLAIM)})

# Claims and timers take effect when the host starts, and nothing in Windows tells afterwards whether they were written before
# or after its last start. So a change leaves a note of the start that it was made after.
_NOTE = "HKLM:\\SOFTWARE\\winstack.hyperv\\mpio"
_NOTE_VALUE = "ChangedAfterStart"
_RESTART_DUE = "MPIO was changed since the host was last started; claims and timers take effect when it starts"


@dataclass(frozen=True)
class _Current:
    """MPIO while it is in effect."""

    automatic_claim: Mapping[str, bool]
    hardware: frozenset[Hardware]
    load_balance_policy: str
    timers: Mapping[str, bool | int | None]


class Mpio:
    """Reads claims, timers and disks in language-neutral form; changes claims and timers, and says that a restart is due."""

    def read(self, options: Mapping[str, Any]) -> list[Call]:
        return [
            Cmdlet("driver", "Get-Service", {"Name": "mpio"}, ("Status",)),
            # This class exists only while msdsm is loaded. On Server 2022 the cmdlets come before that and fail until the restart.
            _cim("msdsm", "root/wmi", "MSDSM_DEFAULT_LOAD_BALANCE_POLICY", "LoadBalancePolicy"),
            Cmdlet("claim", "Get-MSDSMAutomaticClaimSettings", properties=tuple(_AUTOMATIC_CLAIM.values())),
            Cmdlet("hardware", "Get-MSDSMSupportedHW", properties=("VendorId", "ProductId")),
            Cmdlet("policy", "Get-MSDSMGlobalDefaultLoadBalancePolicy", properties=("$value",)),
            *read_registry(),
            *read_disks(),
            Cmdlet("cluster", "Get-Service", {"Name": "ClusSvc"}, ("Status",)),
            _cim("system", "root/cimv2", "Win32_OperatingSystem", "LastBootUpTime"),
            Cmdlet("note", "Get-ItemProperty", {"LiteralPath": _NOTE}, (f"{_NOTE_VALUE}?",)),
        ]

    def plan(self, options: Mapping[str, Any], answers: Answers) -> Plan:
        refusals = (*_hardware_refusals(options), *timer_refusals(options["timers"] or {}))
        missing = _missing(answers)
        current = None if missing else _read_current(answers)
        differences = () if refusals else _differences(options, current)
        noted = current is not None and _changed_after_start(answers)
        restart_due = noted or (current is not None and any(item.path != "load_balance_policy" for item in differences))
        found = disks(answers)
        return Plan(
            differences=differences,
            calls=_calls(options, current, differences, answers) if current else (),
            findings=_findings(found, answers, in_effect=current is not None, restart_due=noted),
            warnings=_policy_warning(differences, found),
            refusals=refusals,
            blockers=(missing,) if missing else (),
            reboot=(_RESTART_DUE,) if restart_due else (),
            state=_state(current, claimed(answers) - {_PLACEHOLDER}, found),
        )

    evidence = staticmethod(second_path.calls)
    promises = staticmethod(second_path.promises)


RESOURCE = Mpio()


def _cim(call: str, namespace: str, name: str, *properties: str) -> Cmdlet:
    return Cmdlet(call, "Get-CimInstance", {"Namespace": namespace, "ClassName": name}, properties)


def _missing(answers: Answers) -> str:
    """What keeps MPIO from being in effect; empty when nothing does."""
    status = _service_status(answers, "driver")
    if status is None:
        return "the feature Multipath-IO is not installed on this host"
    if status != "Running":
        return f"MPIO is not in effect on this host: its driver 'mpio' is {status} until the host is restarted"
    error = answers["msdsm"].error
    if error:
        return f"MPIO is not in effect on this host: MSDSM does not answer until the host is restarted [{error.id}]"
    return ""


def _service_status(answers: Answers, call: str) -> str | None:
    """The status of a service or driver, None for one that does not exist."""
    error = answers[call].error
    if error and error.id.startswith("NoServiceFoundForGivenName,"):
        return None
    return answers.row(call)["Status"]


def _read_current(answers: Answers) -> _Current:
    claim = answers.row("claim")
    return _Current(
        # Whether the hashtable holds Booleans or their names is not documented.
        automatic_claim={option: str(claim[name]).lower() == "true" for option, name in _AUTOMATIC_CLAIM.items()},
        hardware=frozenset(_hardware(row["VendorId"], row["ProductId"]) for row in answers.rows("hardware")) - _NOT_HARDWARE,
        load_balance_policy=answers.row("policy")["$value"],
        timers=timers(answers),
    )


def _changed_after_start(answers: Answers) -> bool:
    return key_values(answers, "note").get(_NOTE_VALUE) == answers.row("system")["LastBootUpTime"]


def _hardware(vendor: str, product: str) -> Hardware:
    return Hardware(vendor.strip(), product.strip())


def _given_hardware(options: Mapping[str, Any]) -> list[Hardware]:
    return [_hardware(entry["vendor_id"], entry["product_id"]) for entry in options["hardware"] or ()]


def _hardware_refusals(options: Mapping[str, Any]) -> list[str]:
    refusals = []
    for index, pair in enumerate(_given_hardware(options)):
        for field, value, length in (("vendor_id", pair.vendor, 8), ("product_id", pair.product, 16)):
            if not (0 < len(value) <= length and value.isascii() and value.isprintable()):
                refusals.append(f"hardware[{index}].{field} is '{value}'; allowed are 1 to {length} printable ASCII characters")
        if pair == _PLACEHOLDER:
            refusals.append(f"hardware[{index}] is '{pair}', Windows' placeholder, which stands for no device")
        refusals += [
            f"hardware[{index}] is '{pair}', which stands for a whole bus; use automatic_claim.{bus} instead"
            for bus in _AUTOMATIC_CLAIM
            if pair == BUS_WIDE[bus]
        ]
    return refusals


def _hardware_changes(options: Mapping[str, Any], listed: frozenset[Hardware]) -> tuple[list[Hardware], list[Hardware]]:
    """The pairs to add and the pairs to remove."""
    given = set(_given_hardware(options))
    if options["hardware"] is None:
        return [], []
    if options["hardware_state"] == "absent":
        return [], sorted(given & listed)
    # "Exact" leaves the id of all Fibre Channel alone: to let go of a whole bus takes more than leaving it out.
    superfluous = listed - given - {BUS_WIDE["fc"]} if options["hardware_state"] == "exact" else frozenset()
    return sorted(given - listed), sorted(superfluous)


def _differences(options: Mapping[str, Any], current: _Current | None) -> tuple[Difference, ...]:
    """What is not as wanted; on a host where MPIO is not in effect, all that is wanted."""
    return (
        *_claim_differences(options, current),
        *_hardware_difference(options, current),
        *_policy_difference(options, current),
        *timer_differences(options["timers"] or {}, current.timers if current else {}),
    )


def _claim_differences(options: Mapping[str, Any], current: _Current | None) -> list[Difference]:
    claims = current.automatic_claim if current else {}
    return [
        Difference(f"automatic_claim.{bus}", claims.get(bus), wanted)
        for bus, wanted in (options["automatic_claim"] or {}).items()
        if wanted is not None and wanted != claims.get(bus)
    ]


def _hardware_difference(options: Mapping[str, Any], current: _Current | None) -> list[Difference]:
    listed = current.hardware if current else frozenset()
    to_add, to_remove = _hardware_changes(options, listed)
    if not (to_add or to_remove):
        return []
    after = (listed | set(to_add)) - set(to_remove)
    return [Difference("hardware", _as_dicts(listed) if current else None, _as_dicts(after))]


def _policy_difference(options: Mapping[str, Any], current: _Current | None) -> list[Difference]:
    before = current.load_balance_policy if current else None
    wanted = options["load_balance_policy"]
    return [] if wanted in (None, before) else [Difference("load_balance_policy", before, wanted)]


def _calls(options: Mapping[str, Any], current: _Current, differences: Sequence[Difference], answers: Answers) -> tuple[Call, ...]:
    wanted = {difference.path: difference.after for difference in differences}
    claims = [_set_claim(bus, wanted[path]) for bus in _AUTOMATIC_CLAIM if (path := f"automatic_claim.{bus}") in wanted]
    to_add, to_remove = _hardware_changes(options, current.hardware) if "hardware" in wanted else ([], [])
    for_restart: list[Call] = [
        *claims,
        *(_for_hardware("add", "New-MSDSMSupportedHW", number, pair) for number, pair in enumerate(to_add, 1)),
        *(_for_hardware("remove", "Remove-MSDSMSupportedHW", number, pair) for number, pair in enumerate(to_remove, 1)),
        *set_timers(wanted),
    ]
    at_once: list[Call] = []
    if "load_balance_policy" in wanted:
        at_once.append(Cmdlet("balance", "Set-MSDSMGlobalDefaultLoadBalancePolicy", {"Policy": wanted["load_balance_policy"]}))
    return (*(_leave_note(answers) if for_restart else ()), *for_restart, *at_once)


def _leave_note(answers: Answers) -> tuple[Call, ...]:
    # First of all, so that a run that breaks off later has left it. New-Item -Force empties a key that exists.
    value = {"Name": _NOTE_VALUE, "Value": answers.row("system")["LastBootUpTime"], "PropertyType": "String"}
    return (
        Cmdlet("note_key", "New-Item", {"Path": _NOTE, "Force": True}),
        Cmdlet("note_value", "New-ItemProperty", {"LiteralPath": _NOTE, **value}),
    )


def _set_claim(bus: str, wanted: bool) -> Cmdlet:
    verb = "Enable" if wanted else "Disable"
    return Cmdlet(f"claim_{bus}", f"{verb}-MSDSMAutomaticClaim", {"BusType": _AUTOMATIC_CLAIM[bus], "Confirm": False})


def _for_hardware(call: str, cmdlet: str, number: int, pair: Hardware) -> Cmdlet:
    # One pair a call: whether Remove- takes two arrays as pairs or as a cross product is not documented.
    return Cmdlet(f"{call}_{number}", cmdlet, {"VendorId": pair.vendor, "ProductId": pair.product})


def _policy_warning(differences: Sequence[Difference], found: Sequence[Disk]) -> tuple[str, ...]:
    keeping = [disk for disk in found if disk.under_mpio]
    if not keeping or all(difference.path != "load_balance_policy" for difference in differences):
        return ()
    return (f"The default load-balance policy is for disks that MPIO claims from now on, not for {_names(keeping)}.",)


def _findings(found: Sequence[Disk], answers: Answers, *, in_effect: bool, restart_due: bool) -> tuple[Finding, ...]:
    ids = claimed(answers)
    member = _service_status(answers, "cluster") == "Running"
    groups = repeated(found, cluster_member=member)
    findings = [_repeated_lun(group, ids, in_effect=in_effect, restart_due=restart_due) for group in groups]
    if not in_effect or restart_due:
        return tuple(findings)
    grouped = {disk.number for group in groups for disk in group}
    waiting = [disk for disk in found if disk.claimed_by(ids) and not disk.under_mpio and disk.number not in grouped]
    return (*findings, *_not_under_mpio(waiting), *_half_claimed(dsm_list(answers) - ids - {_PLACEHOLDER}))


def _repeated_lun(group: Sequence[Disk], ids: frozenset[Hardware], *, in_effect: bool, restart_due: bool) -> Finding:
    claimed_now = in_effect and any(disk.claimed_by(ids) for disk in group)
    found = f"one LUN shows up as {len(group)} disks" if len(group) > 1 else "Windows calls the disk a redundant path of another one"
    return Finding(
        name="lun_seen_several_times",
        severity="critical" if claimed_now and not restart_due else "warning",
        target=_names(group),
        found=f"{found} (serial number '{group[0].serial}')",
        wanted="one disk under MPIO for each LUN, or its data can be corrupted",
        remediation=_repeated_lun_remedy(group[0].bus, claimed_now, in_effect, restart_due),
    )


def _repeated_lun_remedy(bus: str, claimed_now: bool, in_effect: bool, restart_due: bool) -> str:
    if restart_due:
        return "Restart the host: a claim that was changed just now takes effect then."
    if claimed_now:
        return (
            "MPIO is in effect and claims these disks, but has not joined them. Restart the host if that claim is newer than its"
            " last start; otherwise log in to the storage again with multipath, or install the array's own DSM."
        )
    claim = "hardware" if bus == "fc" else f"automatic_claim.{bus} or hardware"
    return f"{'C' if in_effect else 'Install the feature Multipath-IO, c'}laim the disks through {claim}, and restart the host."


def _not_under_mpio(waiting: Sequence[Disk]) -> list[Finding]:
    if not waiting:
        return []
    remedy = "Restart the host if the claim is newer than its last start; otherwise see whether MSDSM supports the array."
    return [Finding("claim_pending", "warning", _names(waiting), "claimed, but not under MPIO", "under MPIO", remedy)]


def _half_claimed(ids: frozenset[Hardware]) -> list[Finding]:
    if not ids:
        return []
    remedy = "Restart the host; if that does not help, claim them again with mpclaim.exe."
    names = ", ".join(str(pair) for pair in sorted(ids))
    return [Finding("claim_incomplete", "warning", names, "in MSDSM's list only", "in the port drivers' list as well", remedy)]


def _names(group: Sequence[Disk]) -> str:
    numbers = ", ".join(str(disk.number) for disk in group)
    return f"{'disks' if len(group) > 1 else 'disk'} {numbers}"


def _as_dicts(pairs: frozenset[Hardware]) -> list[dict[str, str]]:
    return [pair.as_dict() for pair in sorted(pairs)]


def _state(current: _Current | None, ids: frozenset[Hardware], found: Sequence[Disk]) -> dict[str, Any]:
    return {
        "in_effect": current is not None,
        "automatic_claim": dict(current.automatic_claim) if current else None,
        "hardware": _as_dicts(current.hardware) if current else None,
        "load_balance_policy": current.load_balance_policy if current else None,
        "timers": dict(current.timers) if current else None,
        "claimed": _as_dicts(ids),
        "disks": [disk.as_dict() for disk in found],
    }

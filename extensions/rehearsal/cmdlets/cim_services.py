# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CIM classes of services, drivers and processes."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..machine.services import Service
from .cim_schema import provides

if TYPE_CHECKING:
    from ..machine import Machine

_W32 = "MicrosoftDocs/win32 CIMWin32Prov"
# The words of Win32_Service: StartMode says Auto, State has a space.
_START_MODES = {"Automatic": "Auto"}
_STATES = {"StartPending": "Start Pending"}
_SERVICE_TYPES = {0x1: "Kernel Driver", 0x10: "Own Process", 0x20: "Share Process"}
# Win32_Service.ExitCode of a service that was never started (ERROR_SERVICE_NEVER_STARTED), or whose account may not log on
# (ERROR_SERVICE_LOGON_FAILED).
_NEVER_STARTED, _LOGON_FAILED = 1077, 1069


def _common(service: Service) -> dict[str, Any]:
    running = service.run is not None
    return {
        "Name": service.name,
        "DisplayName": service.display,
        "Caption": service.display,
        "Description": service.description or service.display,
        "PathName": service.path_name,
        "ServiceType": _SERVICE_TYPES[service.type],
        "StartMode": _START_MODES.get(service.start_mode, service.start_mode),
        "State": _STATES.get(service.state, service.state),
        "Started": running,
        "Status": "OK",
        "ErrorControl": "Normal",
        "ExitCode": 0 if running else _NEVER_STARTED,
        "AcceptStop": service.state == "Running",
        "AcceptPause": False,
        "DesktopInteract": False,
    }


@provides("root/cimv2", "Win32_Service", source=f"{_W32}/win32-service.md")
def services(machine: Machine) -> list[dict[str, Any]]:
    return [
        {
            **_common(item), "ProcessId": item.pid, "StartName": item.account, "DelayedAutoStart": item.delayed,
            **({"ExitCode": _LOGON_FAILED} if machine.accounts.logon_failed(item.name) else {}),
        }
        for item in machine.services.all()
    ]


@provides("root/cimv2", "Win32_SystemDriver", source=f"{_W32}/win32-systemdriver.md; storage-and-time.md 1.1")
def drivers(machine: Machine) -> list[dict[str, Any]]:
    return [{**_common(item), "StartName": None} for item in machine.services.all(drivers=True)]


@provides("root/cimv2", "Win32_Process", source=f"{_W32}/win32-process.md")
def processes(machine: Machine) -> list[dict[str, Any]]:
    """The processes of running services; nothing else that would run on a real server is known here."""
    return [
        {
            "ProcessId": item.pid,
            "Handle": str(item.pid),
            "Name": item.path_name.strip('"').partition(".exe")[0].rpartition("\\")[2] + ".exe",
            "CommandLine": item.path_name,
            "CreationDate": item.started_at,
        }
        for item in machine.services.all()
        if item.run is not None
    ]

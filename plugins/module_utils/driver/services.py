# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services that run a program of a Python environment through a wrapper, because nova-compute.exe is a console program."""
from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..answers import Answers
from ..calls import Call, Cmdlet, Credential, PlainSecret, Program, Ref
from ..plans import Difference
from ..wql import named
from .environment import Environment, registry_values

_SERVICES_KEY = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\"

# What NSSM reads at every start (its README): all three as REG_EXPAND_SZ.
_NSSM_VALUES = ("Application", "AppParameters", "AppDirectory")

# Accounts that have no password, or whose password Windows itself keeps (group managed service accounts end with a dollar sign).
_WITHOUT_PASSWORD = re.compile(r"LocalSystem|NT AUTHORITY\\(LocalService|NetworkService)|.+\$", re.IGNORECASE)
_ACCOUNT = re.compile(r"LocalSystem|[^\\@/\[\]:;|=,+*?<>\"]+\\[^\\@/\[\]:;|=,+*?<>\"]+|[^\\@\s]+@[^\\@\s]+", re.IGNORECASE)
_NAME = re.compile(r"[^\\/\x00-\x1f]{1,256}")
_VARIABLE = re.compile(r"[^=\x00]+")


@dataclass(frozen=True)
class ServiceWish:
    """A service as the options want it. account and environment: None and empty leave what is there."""

    name: str
    command: str
    nssm: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    password: str | None = field(default=None, repr=False)
    environment: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Present:
    """A service as the host has it. nssm: its values, empty where the key Parameters does not exist."""

    command: str
    account: str | None
    environment: tuple[str, ...]
    nssm: Mapping[str, Any]
    has_parameters: bool


def wishes(services: Sequence[Mapping[str, Any]], wrapper: Mapping[str, Any], environment: Environment) -> tuple[ServiceWish, ...]:
    return tuple(_wish(service, wrapper, environment) for service in services)


def _wish(service: Mapping[str, Any], wrapper: Mapping[str, Any], environment: Environment) -> ServiceWish:
    program = environment.script(service["program"])
    by_nssm = wrapper["kind"] == "nssm"
    # OpenStackService takes the program as its arguments, after the name that it reports to the service control manager as.
    arguments = () if by_nssm else (service["name"], program, *service["arguments"])
    parameters = {
        "Application": program,
        "AppParameters": subprocess.list2cmdline(service["arguments"]),
        "AppDirectory": environment.venv,
    }
    return ServiceWish(
        name=service["name"],
        command=subprocess.list2cmdline((wrapper["path"], *arguments)),
        nssm=parameters if by_nssm else {},
        account=service["account"],
        password=service["password"],
        environment=tuple(sorted(f"{name}={value}" for name, value in service["environment"].items())),
    )


def refusals(services: Sequence[Mapping[str, Any]], wrapper: Mapping[str, Any] | None) -> Iterator[str]:
    """What can never become a service."""
    if services and not wrapper:
        yield "wrapper: needed for services, because nova-compute.exe is a console program that Windows cannot run as a service"
    seen = [service["name"].lower() for service in services]
    for name in sorted({name for name in seen if seen.count(name) > 1}):
        yield f"services: {name} is there more than once"
    for service in services:
        yield from _service_refusals(service, wrapper["kind"] if wrapper else "")


def _service_refusals(service: Mapping[str, Any], wrapper: str) -> Iterator[str]:
    name, account = service["name"], service["account"]
    if not _NAME.fullmatch(name):
        yield f"services.name: {name!r} is no service name: 1 to 256 characters, no slash, backslash or control character"
    if account is not None and not _ACCOUNT.fullmatch(account):
        yield f"services.account: {account!r} is none of LocalSystem, DOMAIN\\user, .\\user, user@domain"
    if account and not _WITHOUT_PASSWORD.fullmatch(account) and service["password"] is None:
        yield f"services.password: the account {account} of the service {name} needs one"
    if wrapper == "nssm" and any("%" in argument for argument in service["arguments"]):
        yield f"services.arguments: NSSM would replace what stands between % in the arguments of {name}; write it out"
    for variable in service["environment"]:
        if not _VARIABLE.fullmatch(variable):
            yield f"services.environment: {variable!r} is no name of an environment variable"


def read(services: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    """Every service in one query, and two registry keys each."""
    if not services:
        return
    query = {"ClassName": "Win32_Service", "Filter": named(service["name"] for service in services)}
    yield Cmdlet("services", "Get-CimInstance", query, ("Name", "PathName", "StartName"))
    for number, service in enumerate(services):
        key = _SERVICES_KEY + service["name"]
        yield Cmdlet(f"service{number}.key", "Get-ItemProperty", {"LiteralPath": key}, ("Environment?",))
        values = tuple(f"{name}?" for name in _NSSM_VALUES)
        yield Cmdlet(f"service{number}.nssm", "Get-ItemProperty", {"LiteralPath": f"{key}\\Parameters"}, values)


def differences(wanted: Sequence[ServiceWish], answers: Answers) -> Iterator[Difference]:
    for number, wish in enumerate(wanted):
        present = _present(number, wish.name, answers)
        for setting, before, after in _settings(wish, present):
            if before != after:
                yield Difference(f"services.{wish.name}.{setting}", before, after)


def calls(wanted: Sequence[ServiceWish], answers: Answers, changed: Iterable[Difference]) -> Iterator[Call]:
    """Creates what is not there, and changes what differs. Starts, stops and restarts nothing."""
    paths = {difference.path for difference in changed}
    for number, wish in enumerate(wanted):
        present = _present(number, wish.name, answers)
        settings = {setting for setting, _unused, _unused in _settings(wish, present) if f"services.{wish.name}.{setting}" in paths}
        if settings:
            yield from _change(f"service{number}", wish, present, settings)


def state(services: Sequence[Mapping[str, Any]], answers: Answers) -> list[dict[str, Any]]:
    found = [(service["name"], _present(number, service["name"], answers)) for number, service in enumerate(services)]
    return [
        {
            "name": name,
            "exists": present is not None,
            "command": present.command if present else None,
            "application": present.nssm.get("Application") if present else None,
            "account": present.account if present else None,
            "environment": list(present.environment) if present else [],
        }
        for name, present in found
    ]


def _present(number: int, name: str, answers: Answers) -> _Present | None:
    rows = {row["Name"].lower(): row for row in answers.rows("services")}
    row = rows.get(name.lower())
    if row is None:
        return None
    parameters = registry_values(f"service{number}.nssm", answers)
    return _Present(
        command=row["PathName"] or "",
        account=row["StartName"],
        environment=tuple(sorted((registry_values(f"service{number}.key", answers) or {}).get("Environment") or ())),
        nssm=parameters or {},
        has_parameters=parameters is not None,
    )


def _settings(wish: ServiceWish, present: _Present | None) -> Iterator[tuple[str, Any, Any]]:
    """(setting, present value, wanted value) of everything that the options name."""
    yield "command", present.command if present else None, wish.command
    for name, value in wish.nssm.items():
        yield name, present.nssm.get(name) if present else None, value
    if wish.environment:
        yield "environment", list(present.environment) if present else None, list(wish.environment)
    if wish.account is not None:
        before = present.account if present else None
        # Windows compares account names without regard to case; so the wanted spelling stands for the present one.
        yield "account", wish.account if (before or "").lower() == wish.account.lower() else before, wish.account


def _change(call: str, wish: ServiceWish, present: _Present | None, settings: set[str]) -> Iterator[Call]:
    if present is None:
        yield _create(call, wish)
    elif "command" in settings:
        yield Program(f"{call}.command", "sc.exe", ("config", wish.name, "binPath=", wish.command))
    if present is not None and "account" in settings:
        yield from _set_account(call, wish)
    key = _SERVICES_KEY + wish.name
    if "environment" in settings:
        yield _registry_value(f"{call}.environment", key, "Environment", "MultiString", list(wish.environment))
    if settings.isdisjoint(wish.nssm):
        return
    if present is None or not present.has_parameters:
        # Without -Force, which would empty a key that is there.
        yield Cmdlet(f"{call}.parameters", "New-Item", {"Path": [f"{key}\\Parameters"]})
    for name in sorted(settings.intersection(wish.nssm)):
        yield _registry_value(f"{call}.{name}", f"{key}\\Parameters", name, "ExpandString", wish.nssm[name])


def _create(call: str, wish: ServiceWish) -> Call:
    """To be started by hand, until win_hv_service says otherwise: its configuration may not be there yet."""
    parameters: dict[str, Any] = {"Name": wish.name, "BinaryPathName": wish.command, "StartupType": "Manual"}
    if wish.account and wish.account.lower() != "localsystem":
        parameters["Credential"] = Credential(wish.account, wish.password or "")
    return Cmdlet(f"{call}.create", "New-Service", parameters)


def _set_account(call: str, wish: ServiceWish) -> Iterator[Call]:
    """Windows PowerShell's Set-Service has no -Credential, and a password has no place on sc.exe's command line."""
    yield Cmdlet(f"{call}.instance", "Get-CimInstance", {"ClassName": "Win32_Service", "Filter": named([wish.name])}, ("Name",))
    arguments = {"StartName": wish.account, "StartPassword": PlainSecret(wish.password or "")}
    parameters = {"InputObject": Ref(f"{call}.instance"), "MethodName": "Change", "Arguments": arguments}
    yield Cmdlet(f"{call}.account", "Invoke-CimMethod", parameters, ("ReturnValue",), until={"ReturnValue": 0})


def _registry_value(call: str, key: str, name: str, kind: str, value: Any) -> Call:
    return Cmdlet(call, "New-ItemProperty", {"LiteralPath": [key], "Name": name, "PropertyType": kind, "Value": value, "Force": True})

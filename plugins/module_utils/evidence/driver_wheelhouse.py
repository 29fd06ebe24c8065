# Copyright (c) 2026 the winstack.hyperv developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The driver as Python itself tells it, and its services as the registry does. docs/resources/driver_wheelhouse.md names the sources."""
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ..answers import Answers
from ..calls import Call, Cmdlet, Program, ReadFile
from ..driver.environment import DRIVER_MODULES, Environment
from ..driver.services import ServiceWish
from ..plans import Promise
from . import promise, seen_one

_SERVICES = "HKLM:\\SYSTEM\\CurrentControlSet\\Services\\"


def calls(environment: Environment, services: Sequence[ServiceWish], switch: str) -> list[Call]:
    python = environment.script("python")
    wanted: list[Call] = [
        Program("packages", python, ("-m", "pip", "check", "--disable-pip-version-check")),
        # Importing it takes the interpreter, all packages, and the runtime of Visual C++.
        Program("driver", python, ("-m", DRIVER_MODULES[0])),
    ]
    if services:
        wanted.append(ReadFile("current", switch))
    for number, service in enumerate(services):
        key = _SERVICES + service.name
        wanted.append(Cmdlet(f"service{number}", "Get-ItemProperty", {"LiteralPath": key}, ("ImagePath?", "ObjectName?", "Environment?")))
        if service.nssm:
            names = tuple(f"{name}?" for name in service.nssm)
            wanted.append(Cmdlet(f"nssm{number}", "Get-ItemProperty", {"LiteralPath": f"{key}\\Parameters"}, names))
    return wanted


def promises(environment: Environment, services: Sequence[ServiceWish], answers: Answers) -> tuple[Promise, ...]:
    return tuple(_promises(environment, services, answers))


def _promises(environment: Environment, services: Sequence[ServiceWish], answers: Answers) -> Iterator[Promise]:
    yield promise("packages", "fit together", _said(answers, "packages", "fit together"), "pip check")
    yield promise("driver", "can be imported", _said(answers, "driver", "can be imported"), f"python -m {DRIVER_MODULES[0]}")
    if services:
        yield promise("current", environment.name, _current(answers), "current.json, as it is read")
    for number, service in enumerate(services):
        yield from _service(service, number, answers)


def _service(service: ServiceWish, number: int, answers: Answers) -> Iterator[Promise]:
    name, row, nssm = f"services.{service.name}", seen_one(answers, f"service{number}"), {}
    yield promise(f"{name}.command", service.command, row.get("ImagePath"), "registry ImagePath")
    if service.nssm:
        nssm = dict(seen_one(answers, f"nssm{number}"))
    for value, wanted in service.nssm.items():
        yield promise(f"{name}.{value}", wanted, nssm.get(value), "registry, as it is read")
    if service.environment:
        found = sorted(row["Environment"]) if row.get("Environment") else None
        yield promise(f"{name}.environment", list(service.environment), found, "registry, as it is read")
    if service.account is not None:
        account = row.get("ObjectName")
        same = (account or "").lower() == service.account.lower()
        yield Promise(f"{name}.account", service.account, service.account if same else account, "registry ObjectName", same)


def _said(answers: Answers, call: str, well: str) -> str | None:
    """What a program of the environment ended with; nothing where it could not be run."""
    answer = answers[call]
    if answer.ok:
        return well
    if answer.exit_code is None:
        return None
    lines = (answer.stdout + answer.stderr).strip().splitlines()
    return f"exit code {answer.exit_code}: {lines[-1]}" if lines else f"exit code {answer.exit_code}"


def _current(answers: Answers) -> str | None:
    try:
        read = json.loads(answers["current"].content or b"{}")
    except ValueError:
        return None
    return read.get("environment") if isinstance(read, dict) else None
